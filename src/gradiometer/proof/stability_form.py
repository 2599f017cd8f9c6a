"""The ends of safe values as formulas in the parameters of the rule and the curvature."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

from flint import fmpq

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import Node, apply, compare, evaluate, number, to_text
from gradiometer.proof.check_multipliers import CURVATURE, Linear, boundaries
from gradiometer.proof.check_quotient import Quotient, Symbols, spell_product
from gradiometer.proof.check_rest import Ends
from gradiometer.proof.check_stability import Inquiry, in_parameter, vanishes_at
from gradiometer.proof.check_stable_set import Crossing, Span, name_loss

_ZERO = fmpq(0)
_MOST_LETTERS = 200
"""A longer formula is read by nobody."""

Place = tuple[int, str, Ends]
"""The number of a span, `from` or `to`, and that end."""


@final
@dataclass(frozen=True)
class Form:
    """A formula that is the end of a span, whatever the parameters are."""

    tree: Node
    span: int
    side: str
    """`from` or `to`."""
    curvature: int
    """The number of the curvature that `lambda` stands for."""

    def to_claim(self) -> dict[str, Any]:
        """The formula as a certificate writes it."""
        return {
            "text": to_text(self.tree),
            "curvature": self.curvature,
            "span": self.span,
            "side": self.side,
        }


def list_ends(spans: Sequence[Span]) -> list[Place]:
    """All finite ends of the spans."""
    return [
        (index, side, end)
        for index, span in enumerate(spans)
        for side, end in zip(("from", "to"), span, strict=True)
        if end is not None
    ]


def find_form(
    inquiry: Inquiry,
    curvatures: Sequence[Ends],
    crossings: Sequence[Sequence[Crossing]],
    place: Place,
    *,
    at_origin: bool,
) -> Form | None:
    """The formula of an end, or None where it has none of the first degree.

    Args:
        inquiry: The rule.
        curvatures: All curvatures.
        crossings: For each of them, what may vanish.
        place: The end.
        at_origin: Whether the rule rests at 0.
    """
    index, side, end = place
    for number_, (ends, rows) in enumerate(zip(curvatures, crossings, strict=True)):
        if name_loss(rows, end, inquiry.domain) in ("", "domain"):
            continue
        linear = inquiry.linear(ends.value, at_origin=at_origin, named=True)
        tree = _find_tree(inquiry, linear, ends, end)
        if tree is not None:
            return Form(tree, index, side, number_)
    return None


def _find_tree(inquiry: Inquiry, linear: Linear, curvature: Ends, end: Ends) -> Node | None:
    values = {**inquiry.values, CURVATURE: curvature.value}
    for polynomial, place in _list_places(linear, inquiry.parameter):
        try:
            tree = _spell(linear.symbols, place)
            short = len(to_text(tree)) <= _MOST_LETTERS
            fits = short and end.holds(evaluate(tree, values))
            if fits and vanishes_at(linear, polynomial, inquiry, tree):
                return tree
        except (UndecidedError, GradiometerError):
            continue
    return None


def _list_places(linear: Linear, parameter: str) -> Iterator[tuple[Any, Quotient]]:
    """Where the factors of the first degree vanish, with the polynomial that they belong to."""
    for block in linear.blocks:
        for polynomial in boundaries(block.polynomial).values():
            if not linear.symbols.holds(polynomial, parameter):
                continue
            for part, _ in polynomial.factor()[1]:
                rows = in_parameter(linear, part, parameter)
                if len(rows) == 2:
                    yield polynomial, -rows[0] / rows[1]


def _spell(symbols: Symbols, value: Quotient) -> Node:
    """The quotient in factors, each written so that it is positive."""
    top, above = _factors(symbols, value.top)
    bottom, below = _factors(symbols, value.bottom)
    content = above / below
    if abs(content.p) != 1:
        top.insert(0, number(int(abs(content.p))))
    if content.q != 1:
        bottom.insert(0, number(int(content.q)))
    tree = spell_product(top)
    tree = tree if content > 0 else apply("neg", tree)
    return tree if not bottom else apply("/", tree, spell_product(bottom))


def _factors(symbols: Symbols, polynomial: Any) -> tuple[list[Node], fmpq]:
    """The factors of a polynomial as trees that are positive, and the number before them."""
    content, parts = polynomial.factor()
    content = fmpq(content)
    found: list[Node] = []
    for part, power in sorted(parts, key=lambda row: len(row[0])):
        negative = compare(symbols.value(part), _ZERO) == -1
        content = -content if negative and int(power) % 2 else content
        tree = symbols.spell(-part if negative else part)
        found.append(tree if power == 1 else apply("^", tree, number(int(power))))
    return found, content
