"""Whether a loss has a value where a run may go: its slope alone does not say so.

The slope of `ln(x)` is `1/x`, which has values left of 0, where the loss has none and runs end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flint import fmpq

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import (
    Apply,
    Constant,
    Node,
    Number,
    Range,
    at_point,
    compare,
    evaluate,
    evaluate_range,
    free_names,
    walk,
)
from gradiometer.proof.check_walk import Surface

_TOTAL = {
    *("+", "-", "*", "neg", "abs", "sign", "max", "min", "relu", "clip", "floor", "exp", "sin"),
    *("cos", "tanh", "sigmoid", "softplus", "erf", "erfc", "Phi", "atan", "sinh", "cosh", "where"),
    *("<", "<=", ">", ">=", "==", "!=", "and", "or", "not"),
}
"""Operations that have a value for all numbers."""


def is_total(node: Node) -> bool:
    """Whether the tree certainly has a value, whatever its names are."""
    return all(_has_value(part) for part in walk(node) if isinstance(part, Apply))


def _has_value(node: Apply) -> bool:
    if node.operator in _TOTAL:
        return True
    if node.operator not in ("^", "/"):
        return False
    first, last = node.arguments
    if not isinstance(last, Number):
        return node.operator == "^" and first == Constant("e")
    whole = last.value.q == 1 and last.value > 0
    return whole if node.operator == "^" else last.value != 0


def is_total_in(node: Node, names: frozenset[str], values: Mapping[str, fmpq]) -> bool:
    """Whether the tree has a value whatever *names* are, where its parts without them have one."""
    if not isinstance(node, Apply) or not free_names(node) & names:
        return True
    return (_has_value(node) or _divides_by_number(node, values)) and all(
        is_total_in(part, names, values) for part in node.arguments
    )


def _divides_by_number(node: Apply, values: Mapping[str, fmpq]) -> bool:
    last = node.arguments[-1]
    if node.operator != "/" or not free_names(last) <= values.keys():
        return False
    try:
        return compare(evaluate(last, values), fmpq(0)) != 0
    except (UndecidedError, GradiometerError):
        return False


def has_value(node: Node, values: Mapping[str, fmpq], done: int) -> bool:
    """Whether a tree in parameters and `t` certainly has a value at each step after *done*."""
    known = {name: at_point(value) for name, value in values.items()}
    try:
        evaluate_range(node, {**known, "t": Range(fmpq(done + 1), None)})
    except (UndecidedError, GradiometerError):
        return is_total(node)
    return True


def require_values(pieces: Iterable[tuple[Surface, Range]]) -> None:
    """Return where each loss has a value on its range, its ends included.

    Raises:
        UndecidedError: If one may have none.
    """
    for piece, places in pieces:
        if not is_total(piece.loss):
            evaluate_range(piece.loss, {"x": places})


def require_all_values(pieces: Sequence[Surface], ends: Sequence[Any]) -> None:
    """Return where each loss has a value on its whole piece; *ends* are the right ends.

    Raises:
        UndecidedError: If one may have none.
    """
    spans = map(Range, [None, *ends[:-1]], ends)
    require_values(zip(pieces, spans, strict=True))
