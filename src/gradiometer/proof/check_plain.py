"""An assignment of a rule without what the slopes and the count of later steps decide."""

from __future__ import annotations

from collections.abc import Mapping

from flint import fmpq

from gradiometer.errors import GradiometerError
from gradiometer.formula import (
    Apply,
    Name,
    Node,
    Range,
    apply,
    at_point,
    compare,
    evaluate_range,
    free_names,
    map_children,
    number,
)
from gradiometer.proof.check_motion import read_mean
from gradiometer.proof.check_walk import Replay

_ZERO = fmpq(0)


def settle_step(node: Node, replay: Replay, done: int, slopes: tuple[fmpq, fmpq]) -> Node:
    """The tree without what the slopes and the count of later steps decide.

    Args:
        node: What is assigned.
        replay: The rule.
        done: How many steps were made.
        slopes: The slopes that it ever meets.
    """
    ranges = {name: at_point(value) for name, value in replay.values.items()}
    ranges["t"] = Range(fmpq(done + 1), None)

    def visit(part: Node) -> Node:
        part = map_children(part, visit)
        if not isinstance(part, Apply):
            return part
        if part.operator == "where":
            truth = _truth_for(part.arguments[0], ranges, slopes)
            return part if truth is None else part.arguments[1 if truth else 2]
        if part.operator == "max" and len(part.arguments) == 2:
            first, second = part.arguments
            if free_names(part) <= {*replay.values, "t"} and _is_never_negative(
                apply("-", first, second), ranges
            ):
                return first
        return _join_constant(part, replay.values)

    return visit(node)


def _is_never_negative(node: Node, ranges: Mapping[str, Range]) -> bool:
    try:
        low = evaluate_range(node, ranges).lower
        return low is not None and compare(low, _ZERO) >= 0
    except GradiometerError:
        return False


def _truth_for(
    condition: Node, ranges: Mapping[str, Range], slopes: tuple[fmpq, fmpq]
) -> bool | None:
    """Whether a condition on the slope alone holds for all of them, or for none."""
    if not free_names(condition) <= {*ranges.keys() - {"t"}, "g"}:
        return None
    found: set[bool] = set()
    test = apply("where", condition, number(1), number(0))
    for slope in slopes:
        try:
            value = evaluate_range(test, {**ranges, "g": at_point(slope)})
        except GradiometerError:
            return None
        if value.lower is None or value.lower != value.upper:
            return None
        found.add(value.lower == 1)
    return found.pop() if len(found) == 1 else None


def _join_constant(node: Apply, values: Mapping[str, fmpq]) -> Node:
    """`b*z + (1 - b)*e + c` as the mean `b*z + (1 - b)*(e + c/(1 - b))`, c being a parameter."""
    if node.operator != "+" or not isinstance(node.arguments[1], Name):
        return node
    inner, constant = node.arguments
    assert isinstance(constant, Name)
    if constant.name not in values or not (isinstance(inner, Apply) and inner.operator == "+"):
        return node
    kept = inner.arguments[0]
    if not (
        isinstance(kept, Apply) and kept.operator == "*" and isinstance(kept.arguments[1], Name)
    ):
        return node
    if read_mean(kept.arguments[1].name, inner, values) is None:
        return node
    moves = inner.arguments[1]
    assert isinstance(moves, Apply)
    share, entry = moves.arguments
    entry = apply("+", entry, apply("/", constant, share))
    return apply("+", kept, apply("*", share, entry))
