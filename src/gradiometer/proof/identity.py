"""Proves that two formulas are equal wherever both have a value, by their normal forms."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flint import fmpq

from gradiometer.errors import CertificateError, GradiometerError, UndecidedError
from gradiometer.formula import (
    CONSTANTS,
    Node,
    Number,
    Ratio,
    apply,
    free_names,
    map_children,
    number,
    parse,
    to_ratios,
    to_text,
)
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.check_formula import check_identity
from gradiometer.proof.check_terms import Terms

_MOST_DIGITS = 40
"""Longer numbers are written as sums, since texts of formulas may not hold them."""


def prove_equal(left: Node, right: Node, *, names: Collection[str] | None = None) -> dict[str, Any]:
    """The certificate that both formulas are equal wherever both have a value.

    Args:
        left: One side, without relations.
        right: The other side.
        names: The names that may occur; all by default.

    Raises:
        UndecidedError: If no proof was found, which says nothing about the truth.

    Example:
        >>> from gradiometer.formula import parse
        >>> proof = prove_equal(parse("2*sigmoid(2x) - 1").tree, parse("tanh(x)").tree)
        >>> proof["evidence"]["numerator"]
        'e^(2*x) - 1'
    """
    check_names(left, right, names=names)
    certificate = make_certificate(
        "identity",
        problem={"left": spell_formula(left), "right": spell_formula(right), "relation": "=="},
        claim={"holds": True},
        evidence=find_identity(left, right),
    )
    accept(check_identity, certificate)
    return certificate


def find_identity(left: Node, right: Node) -> dict[str, Any]:
    """The evidence that both formulas have one normal form, not replayed yet.

    Raises:
        UndecidedError: If no proof was found, which says nothing about the truth.
    """
    first, second = to_ratios(left, right)
    if not first.equals(second):
        raise UndecidedError("the normal forms of both sides differ")
    numerator, denominator = first.parts()
    return {
        "generators": list_generators(first, left, right),
        "numerator": spell_formula(shorten_numbers(numerator)),
        "denominator": spell_formula(shorten_numbers(denominator)),
    }


def check_names(*trees: Node, names: Collection[str] | None = None) -> None:
    """Refuse trees whose spelling would read back with another meaning.

    Raises:
        UndecidedError: If a name is not among *names*, or is the name of a constant.
    """
    for name in sorted(frozenset().union(*map(free_names, trees))):
        if name in CONSTANTS or (names is not None and name not in names):
            raise UndecidedError(f"the name `{name}` cannot stand in a certificate")


def spell_formula(node: Node) -> str:
    """The formula as a certificate writes it.

    Raises:
        UndecidedError: If the text does not read back as it was spelled.
    """
    text = to_text(node)
    try:
        again = to_text(parse(text).tree)
    except GradiometerError as error:
        raise UndecidedError(
            f"the formula is too large for a certificate: {error.problem}"
        ) from None
    if again != text:
        raise UndecidedError("the formula has no single spelling")
    return text


def shorten_numbers(node: Node) -> Node:
    """The same formula without numbers that are too long to be read back."""
    if isinstance(node, Number) and _is_long(node.value):
        top, bottom = (_cut(int(part)) for part in (abs(node.value).p, node.value.q))
        value = apply("/", top, bottom)
        return apply("neg", value) if node.value < 0 else value
    return map_children(node, shorten_numbers)


def _is_long(value: fmpq) -> bool:
    return max(len(str(value.p)), len(str(value.q))) > _MOST_DIGITS


def _cut(whole: int) -> Node:
    """A positive number as `a*10^n + b`."""
    if whole < 10**_MOST_DIGITS:
        return number(whole)
    above, rest = divmod(whole, 10**_MOST_DIGITS)
    shift = apply("^", number(10), number(_MOST_DIGITS))
    product = shift if above == 1 else apply("*", _cut(above), shift)
    return apply("+", product, number(rest)) if rest else product


def list_generators(ratio: Ratio, *trees: Node) -> list[str]:
    """What the generators that the trees need stand for, each after those it is made of."""
    names = sorted(frozenset().union(*map(free_names, trees)))
    nodes = [g.node for g in ratio.generators if g.kind != "name"]
    try:
        terms = Terms(names, nodes)
        for tree in trees:
            terms.read(tree)
    except CertificateError as error:
        raise UndecidedError(f"the proof cannot be replayed: {error.problem}") from None
    unused = set(terms.field.unused())
    return [spell_formula(node) for place, node in enumerate(nodes) if place not in unused]


def accept(check: Any, certificate: dict[str, Any]) -> None:
    """Let the checker replay a certificate before anybody sees it.

    Raises:
        UndecidedError: If the checker knows fewer rules than the prover used.
    """
    try:
        check(certificate["problem"], certificate["claim"], certificate["evidence"])
    except CertificateError as error:
        raise UndecidedError(f"the proof cannot be replayed: {error.problem}") from None
