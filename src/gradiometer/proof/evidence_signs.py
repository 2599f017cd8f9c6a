"""The signs of a smooth formula on an open interval as the new certificates write them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias, final

from flint import fmpq

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import (
    ONE,
    Apply,
    Constant,
    Interval,
    Node,
    Number,
    apply,
    cancel,
    free_names,
    from_decimal,
    parse,
    possible_signs,
    sign_of,
    tidy,
    to_ratios,
    to_text,
    walk,
)
from gradiometer.proof.boxes import find_boxes
from gradiometer.proof.identity import list_generators, shorten_numbers, spell_formula
from gradiometer.proof.limit import list_factors
from gradiometer.proof.sign import show_sign
from gradiometer.proof.turns import Turns, find_turns

Zero: TypeAlias = "Node | tuple[fmpq, fmpq]"
"""A zero: exact, or between two rationals."""

_WORDS = {1: "positive", 0: "zero", -1: "negative"}
_MOST_SPELLINGS = 4


@final
@dataclass(frozen=True)
class Signed:
    """The signs on the parts of an interval, the places between them, and what shows it."""

    signs: list[int]
    places: list[Zero]
    evidence: dict[str, Any]


def prove_signs(node: Node, variable: str, on: Interval, turns: Turns) -> Signed:
    """The signs with their evidence, exact zeros kept exact.

    Raises:
        UndecidedError: If no evidence was found for what *turns* says.

    Example:
        >>> from gradiometer.formula import REALS, parse
        >>> node = parse("x^2 - 2").tree
        >>> prove_signs(node, "x", REALS, find_turns(node, "x", REALS)).evidence["points"]
        ['-sqrt(2)', 'sqrt(2)']
    """
    if turns.certificate is not None:
        return _by_boxes(turns.certificate)
    exact = [place for place in turns.places if isinstance(place, Number | Constant | Apply)]
    ways: tuple[Callable[[], Signed], ...] = (
        lambda: _by_parts(node, variable, on, turns, exact),
        lambda: _by_factor(node, variable, on),
        lambda: _by_boxes(find_boxes(node, variable, on, known=exact).certificate),
    )
    reason = UndecidedError("the signs are not shown")
    for way in ways:
        try:
            return way()
        except UndecidedError as error:
            reason = error
        except GradiometerError as error:
            reason = UndecidedError(str(error))
    raise reason


def _by_parts(
    node: Node, variable: str, on: Interval, turns: Turns, exact: Sequence[Node]
) -> Signed:
    """The sign of a quotient of polynomials in one term, between each two zeros."""
    ends = [on.lower, *exact, on.upper]
    parts = [
        {"sign": _WORDS[sign], "evidence": show_sign(node, variable, Interval(low, high))}
        for sign, (low, high) in zip(turns.signs, pairwise(ends), strict=True)
    ]
    evidence = {"by": "sign", "points": [spell_exact(at) for at in exact], "parts": parts}
    return Signed(list(turns.signs), list(exact), evidence)


def _by_factor(node: Node, variable: str, on: Interval) -> Signed:
    """The signs of what is left beside factors whose own form shows that they are positive."""
    signs = {variable: _signs_of_variable(on)}
    factor = ONE
    for operator, parts in zip("*/", list_factors(node), strict=True):
        for part in parts:
            shown = possible_signs(part, signs)
            if shown == {1}:
                factor = apply(operator, factor, part)
            elif shown == {-1}:
                factor = apply(operator, factor, apply("neg", part))
    factor = tidy(factor)
    if variable not in free_names(factor):
        raise UndecidedError("no factor shows its sign by its form")
    rest = tidy(cancel(apply("/", node, factor)))
    signed = prove_signs(rest, variable, on, find_turns(rest, variable, on))
    ratio, *_ = to_ratios(node, factor, rest)
    evidence = {
        "by": "factor",
        "factor": spell_formula(shorten_numbers(factor)),
        "rest": spell_formula(shorten_numbers(rest)),
        "generators": list_generators(ratio, node, factor, rest),
        "signs": signed.evidence,
    }
    return Signed(signed.signs, signed.places, evidence)


def _signs_of_variable(on: Interval) -> frozenset[int]:
    """The signs of the numbers inside the interval."""
    if on.lower is not None and sign_of(on.lower) >= 0:
        return frozenset((1,))
    if on.upper is not None and sign_of(on.upper) <= 0:
        return frozenset((-1,))
    return frozenset((-1, 0, 1))


def _by_boxes(certificate: Any) -> Signed:
    claim = certificate["claim"]
    places: list[Zero] = [
        tidy(parse(zero[0]).tree)
        if len(zero) == 1
        else (from_decimal(zero[0]), from_decimal(zero[1]))
        for zero in claim["zeros"]
    ]
    evidence = {"by": "boxes", "evidence": certificate["evidence"]}
    return Signed(list(claim["signs"]), places, evidence)


def prove_roots(formula: Node, variable: str, on: Interval) -> list[dict[str, Any]]:
    """For each root in the formula the evidence that what stands under it is positive.

    Without such roots a formula of our operations is analytic wherever it has a value.

    Raises:
        UndecidedError: If a radicand may be 0 or negative inside.
    """
    evidence: dict[str, dict[str, Any]] = {}
    for under in _list_radicands(formula, variable):
        text = to_text(under)
        if text in evidence:
            continue
        signed = prove_signs(under, variable, on, find_turns(under, variable, on))
        if signed.signs != [1] or signed.places:
            raise UndecidedError("whether a root is smooth where it is 0")
        evidence[text] = signed.evidence
    return list(evidence.values())


def _list_radicands(formula: Node, variable: str) -> list[Node]:
    found: list[Node] = []
    for node in walk(formula):
        if not isinstance(node, Apply) or node.operator not in {"sqrt", "^"}:
            continue
        base, power = node.arguments[0], node.arguments[-1]
        is_whole = isinstance(power, Number) and power.value.q == 1
        is_root = node.operator == "sqrt" or (not is_whole and base != Constant("e"))
        if is_root and variable in free_names(base):
            found.append(base)
    return found


def spell_exact(node: Node) -> str:
    """A constant as a certificate writes it: its text reads back as itself.

    A rational is `p/q`, of whatever length.

    Raises:
        UndecidedError: If its spelling does not settle.
    """
    short = tidy(node)
    if isinstance(short, Number):
        return str(short.value)
    text = to_text(short)
    for _ in range(_MOST_SPELLINGS):
        again = to_text(tidy(parse(text).tree))
        if again == text:
            return text
        text = again
    raise UndecidedError("a constant has no single spelling")
