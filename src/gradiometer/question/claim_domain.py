"""Points at which one side of a statement has a value and the other has none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, product
from typing import TypeAlias

from flint import fmpq

from gradiometer.errors import DomainError, LimitError, UndecidedError
from gradiometer.formula import Apply, Node, evaluate, free_names, precision, walk
from gradiometer.question.statement import Side

_BITS = 128
_SIMPLE = tuple(fmpq(*ends) for ends in ((0, 1), (-1, 1), (1, 1), (-2, 1), (2, 1), (1, 2), (-1, 2)))
_MOST_POINTS = 150
_MOST_LIMITS = 12

_Point: TypeAlias = dict[str, fmpq]


def find_lone_value(left: Side, right: Side, names: Sequence[str]) -> tuple[_Point, Side] | None:
    """A point at which exactly one side has a value, with the side that has none, or None.

    Example:
        >>> from gradiometer.question.statement import read_statement
        >>> from gradiometer.question.statement_names import Names
        >>> sides = read_statement("ln(x^2) = 2*ln(x)", Names()).sides
        >>> point, side = find_lone_value(*sides, ["x"])
        >>> point, side.text
        ({'x': -1}, '2*ln(x)')
    """
    # A formula that is not whole may lack a value where its side has one.
    if not names or not (left.is_whole and right.is_whole):
        return None
    # The point of a kink is named anyhow, as a point that is left out.
    gaps = {gap for side in (left, right) for gap in side.gaps}
    for point in _list_points((left, right), names):
        if gaps and any(_value(gap, {}) in point.values() for gap in gaps):
            continue
        has_left, has_right = _has_value(left, point), _has_value(right, point)
        if {has_left, has_right} == {True, False}:
            return point, right if has_left else left
    return None


def _has_value(side: Side, point: _Point) -> bool | None:
    """Whether the side has a value there; None where that is not decided."""
    try:
        with precision(_BITS):
            for tree in (side.formula, *side.defined):
                evaluate(tree, point)
    except DomainError:
        return False
    except (UndecidedError, LimitError):
        return None
    return True


def _list_points(sides: Sequence[Side], names: Sequence[str]) -> Iterator[_Point]:
    """Points with simple coordinates, then points at which a part may cease to have a value."""
    width = 7 if len(names) < 3 else 3 if len(names) < 5 else 2
    simple = product(_SIMPLE[:width], repeat=len(names))
    for values in islice(simple, _MOST_POINTS):
        yield dict(zip(names, values, strict=True))
    for limit in _limits(sides):
        for name in sorted(free_names(limit)):
            base = {other: fmpq(place + 2) for place, other in enumerate(names)}
            at = _root(limit, name, base)
            if at is not None:
                yield from ({**base, name: at + step} for step in (0, -1, 1))


def _limits(sides: Sequence[Side]) -> list[Node]:
    """Denominators, and what roots and logarithms are taken of."""
    found: dict[Node, None] = {}
    for side in sides:
        for tree in (side.formula, *side.defined):
            for node in walk(tree):
                if isinstance(node, Apply) and node.operator in _LIMITED:
                    found[node.arguments[_LIMITED[node.operator]]] = None
    return [node for node in islice(found, _MOST_LIMITS) if free_names(node)]


_LIMITED = {"/": 1, "ln": 0, "sqrt": 0, "^": 0}
"""Operations without a value for some values of the argument in this place."""


def _root(node: Node, name: str, base: _Point) -> fmpq | None:
    """Where the part vanishes when it is affine in the name; some other number when it is not."""
    start, end = (_value(node, {**base, name: fmpq(at)}) for at in (0, 1))
    if not isinstance(start, fmpq) or not isinstance(end, fmpq) or start == end:
        return None
    return start / (start - end)


def _value(node: Node, point: _Point) -> fmpq | None:
    try:
        with precision(_BITS):
            value = evaluate(node, point)
    except (DomainError, UndecidedError, LimitError):
        return None
    return value if isinstance(value, fmpq) else None
