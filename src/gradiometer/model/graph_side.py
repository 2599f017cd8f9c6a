"""Derivatives of a graph's output along each input, also where branches meet.

Away from kinks the backward sweep has them. An input whose gradient passes a place without a single
slope is moved to the left and to the right instead: the two one-sided speeds of the output are
exact, and there is a derivative only where they agree.

Source: directional derivatives follow the chain rule for functions that are smooth or piecewise
linear in each operation; Griewank and Walther, Evaluating Derivatives (2008), chapter 14.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from flint import arb, fmpq

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import RELATIONS, Apply, Exact, Node, evaluate, holds, precision
from gradiometer.model.graph import Graph
from gradiometer.model.graph_kink import ONE, SLIDES, ZERO, order
from gradiometer.model.graph_point import (
    GraphPoint,
    check_size,
    evaluate_graph,
    is_where,
    known_operands,
    multiply,
    reached_positions,
    slot_of,
)

_FIRST_BITS = 192
_LAST_BITS = 3072
_TINY = arb(fmpq(1, 10**200))
_ENOUGH_BITS = 120
"""Relative accuracy of every ball, well above the 20 digits that are shown."""


@final
@dataclass(frozen=True)
class Sides:
    """The one-sided derivatives of the output along one input; None is not decided."""

    left: Exact | None
    right: Exact | None

    @property
    def derivative(self) -> Exact | None:
        """The derivative where both sides certainly agree."""
        both = isinstance(self.left, fmpq) and isinstance(self.right, fmpq)
        return self.left if both and self.left == self.right else None


@final
@dataclass(frozen=True)
class Gradient:
    """The derivative of the output along each input."""

    derivatives: Mapping[str, Exact | None]
    """None where there is none, or where it is not decided."""
    sides: Mapping[str, Sides]
    """Both one-sided derivatives of the inputs whose gradient meets a place without one slope."""


def find_gradient(point: GraphPoint) -> Gradient:
    """Derivatives along all inputs, each certain or None."""
    inputs = point.graph.inputs
    unsettled = _find_unsettled(point)
    sides: dict[str, Sides] = {}
    for name, index in inputs.items():
        if unsettled[index]:
            backward = _speed(point, index, -ONE)
            sides[name] = Sides(None if backward is None else -backward, _speed(point, index, ONE))
    derivatives = {
        name: sides[name].derivative if name in sides else point.adjoints[index]
        for name, index in inputs.items()
    }
    return Gradient(derivatives, sides)


def solve_gradient(graph: Graph, at: Mapping[str, Node]) -> tuple[GraphPoint, Gradient]:
    """The graph at a point and its gradient, with the precision raised until balls are narrow.

    Args:
        graph: The computation.
        at: A constant formula for each input.

    Raises:
        DomainError: If the output or an input has no value.
        UndecidedError: If balls stay too wide to say whether it has one.
        LimitError: If a number is larger than the stated limits.
    """
    bits = _FIRST_BITS
    while True:
        is_last = bits >= _LAST_BITS
        with precision(bits):
            try:
                point = evaluate_graph(graph, {name: evaluate(at[name], {}) for name in at})
                gradient = find_gradient(point)
                if is_last or _is_settled(point, gradient):
                    return point, gradient
            except UndecidedError:
                if is_last:
                    raise
        bits = min(4 * bits, _LAST_BITS)


def _is_settled(point: GraphPoint, gradient: Gradient) -> bool:
    """Whether more precision would change nothing that is said."""
    balls = [
        value
        for value in (*point.values, *point.adjoints, *gradient.derivatives.values())
        if isinstance(value, arb)
    ]
    is_narrow = all(
        ball.rel_accuracy_bits() >= _ENOUGH_BITS or ball.abs_upper() < _TINY for ball in balls
    )
    return is_narrow and not (balls and _has_gap(point))


def _has_gap(point: GraphPoint) -> bool:
    """Whether a value is missing, or a local slope that a gradient meets."""
    return None in point.values or any(
        None in slopes
        for slopes, is_live in zip(point.slopes, point.is_live, strict=True)
        if is_live
    )


def _find_unsettled(point: GraphPoint) -> list[bool]:
    """For each node whether something between it and the output has no single local slope."""
    unsettled = [False] * len(point.graph.nodes)
    for index in range(point.graph.output, -1, -1):
        if not point.is_live[index]:
            continue
        node = point.graph.nodes[index]
        for position in reached_positions(point, index):
            if unsettled[index] or point.slopes[index][position] is None:
                unsettled[node.operands[position]] = True
    return unsettled


@final
@dataclass(frozen=True)
class _Motion:
    """What one moving input does to the nodes."""

    speeds: list[Exact | None]
    """One-sided speed of each node; None where it is not certain."""
    moves: list[bool]
    """Whether the node depends on the moving input."""


def _speed(point: GraphPoint, start: int, direction: fmpq) -> Exact | None:
    """One-sided speed of the output when the input *start* begins to move."""
    count = point.graph.output + 1
    if start >= count:
        return ZERO
    motion = _Motion([ZERO] * count, [False] * count)
    motion.speeds[start], motion.moves[start] = direction, True
    for index in range(start + 1, count):
        node = point.graph.nodes[index]
        if point.values[index] is not None and any(motion.moves[k] for k in node.operands):
            motion.moves[index] = True
            motion.speeds[index] = _node_speed(point, index, motion)
    return motion.speeds[point.graph.output]


def _node_speed(point: GraphPoint, index: int, motion: _Motion) -> Exact | None:
    node = point.graph.nodes[index]
    if is_where(node):
        return _where_speed(point, index, motion)
    if any(motion.speeds[operand] is None for operand in node.operands):
        return None
    total: Exact = ZERO
    for position, operand in enumerate(node.operands):
        if not motion.moves[operand]:
            continue
        slope, speed = point.slopes[index][position], motion.speeds[operand]
        if slope is None or speed is None:
            return _slide(point, index, motion)
        total = check_size(total + multiply(slope, speed))
    return total


def _slide(point: GraphPoint, index: int, motion: _Motion) -> Exact | None:
    """The speed of an operation that stands exactly at its kink."""
    template = point.graph.nodes[index].template
    if not isinstance(template, Apply) or template.operator not in SLIDES:
        return None
    known = known_operands(point, index)
    values = [evaluate(part, known) for part in template.arguments]
    own = [_part_speed(part, point, index, motion) for part in template.arguments]
    return SLIDES[template.operator](values, own)


def _part_speed(part: Node, point: GraphPoint, index: int, motion: _Motion) -> Exact | None:
    slot = slot_of(part)
    return ZERO if slot is None else motion.speeds[point.graph.nodes[index].operands[slot]]


def _where_speed(point: GraphPoint, index: int, motion: _Motion) -> Exact | None:
    """The speed of the branch that is taken just after the point, if the value joins there."""
    node = point.graph.nodes[index]
    assert isinstance(node.template, Apply)
    condition, *branches = node.template.arguments
    known = known_operands(point, index)
    here = holds(condition, known)
    after: bool | None = here
    gates = node.operands[: node.gates]
    if any(motion.moves[gate] for gate in gates):
        if any(motion.speeds[gate] is None for gate in gates):
            return None
        after = _holds_after(condition, point, index, motion)
        if after is None:
            return None
    branch = branches[0 if after else 1]
    if after != here and not _joins(branch, point, index):
        return None
    return _part_speed(branch, point, index, motion)


def _joins(branch: Node, point: GraphPoint, index: int) -> bool:
    """Whether a branch that is not taken has certainly the value of the one that is."""
    try:
        value = evaluate(branch, known_operands(point, index))
    except (GradiometerError, UndecidedError):
        return False
    here = point.values[index]
    return here is not None and order(value, here) == 0


def _holds_after(
    condition: Node,
    point: GraphPoint,
    index: int,
    motion: _Motion,
) -> bool | None:
    """Whether a condition is true just after the point; None where that is not certain."""
    if not isinstance(condition, Apply):
        return None
    if condition.operator in RELATIONS:
        left, right = condition.arguments
        result = _order_after(left, right, point, index, motion)
        return None if result is None else RELATIONS[condition.operator](result)
    truths = [_holds_after(p, point, index, motion) for p in condition.arguments]
    if condition.operator == "not":
        return None if truths[0] is None else not truths[0]
    decisive = condition.operator == "or"
    if decisive in truths:
        return decisive
    return None if None in truths else not decisive


def _order_after(
    left: Node,
    right: Node,
    point: GraphPoint,
    index: int,
    motion: _Motion,
) -> int | None:
    known = known_operands(point, index)
    result = order(evaluate(left, known), evaluate(right, known))
    slots = [slot for slot in map(slot_of, (left, right)) if slot is not None]
    if result != 0 or not any(motion.moves[point.graph.nodes[index].operands[k]] for k in slots):
        return result
    here, there = (_part_speed(part, point, index, motion) for part in (left, right))
    if here is None or there is None:
        return None
    # Equal values that leave at equal speeds may part either way.
    return order(here, there) or None
