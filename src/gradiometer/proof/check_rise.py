"""How fast a formula may rise with the position, over a whole range of positions.

The answer encloses every quotient of differences, so that corners such as those of `abs` and `max`
need no slope of their own.
"""

from __future__ import annotations

from collections.abc import Mapping

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    Apply,
    Name,
    Node,
    Range,
    apply,
    at_point,
    evaluate_range,
    free_names,
    hull,
)

_ZERO, _ONE = at_point(fmpq(0)), at_point(fmpq(1))
_LEFT, _RIGHT = Name("left "), Name("right ")


def rise_of(node: Node, known: Mapping[str, Range]) -> Range:
    """A range of all quotients `(f(b) - f(a))/(b - a)` with a < b in the range of `x`.

    Raises:
        UndecidedError: If an operation is none of those seen here, or may have no value.
    """
    if "x" not in free_names(node):
        return _ZERO
    if not isinstance(node, Apply):
        return _ONE
    if node.operator == "where" and "x" not in free_names(node.arguments[0]):
        # Both places take the same branch.
        return hull(*(rise_of(part, known) for part in node.arguments[1:]))
    parts = [(part, rise_of(part, known)) for part in node.arguments]
    if node.operator in ("+", "-"):
        return _combine(node.operator, parts[0][1], parts[1][1])
    if node.operator == "neg":
        return _combine("-", _ZERO, parts[0][1])
    if node.operator == "*":
        (left, one), (right, other) = parts
        return _combine("+", _times(one, right, known), _times(other, left, known))
    if node.operator == "/" and "x" not in free_names(node.arguments[1]):
        return _combine("/", parts[0][1], evaluate_range(node.arguments[1], known))
    if node.operator == "abs":
        return _rise_of_abs(node.arguments[0], parts[0][1], known)
    if node.operator in ("max", "min"):
        return hull(*(rise for _, rise in parts))
    raise UndecidedError("the rule reads the position in other ways than to move it")


def _times(rise: Range, factor: Node, known: Mapping[str, Range]) -> Range:
    return _ZERO if rise is _ZERO else _combine("*", rise, evaluate_range(factor, known))


def _rise_of_abs(inner: Node, rise: Range, known: Mapping[str, Range]) -> Range:
    values = evaluate_range(inner, known)
    if values.lower is not None and values.lower >= 0:
        return rise
    falling = _combine("-", _ZERO, rise)
    if values.upper is not None and values.upper <= 0:
        return falling
    return hull(rise, falling)


def _combine(operator: str, left: Range, right: Range) -> Range:
    return evaluate_range(apply(operator, _LEFT, _RIGHT), {"left ": left, "right ": right})
