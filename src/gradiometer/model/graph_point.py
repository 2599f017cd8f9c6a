"""A graph at a point: every value, every local slope, and the gradient by the backward sweep.

Numbers are rational while every operation allows it, balls from the first root on. A value or a
slope that does not exist, or that a ball leaves open, is None; nothing is guessed at a kink.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import final

from flint import arb, ctx, fmpq, fmpz

from gradiometer.errors import DomainError, LimitError, UndecidedError
from gradiometer.formula import (
    Apply,
    Exact,
    Name,
    Node,
    differentiate,
    evaluate,
    holds,
    size_in_bits,
    to_ball,
    to_rational_text,
)
from gradiometer.model.graph import Graph, GraphNode, operand_trees
from gradiometer.model.graph_kink import ONE, SLOPES, ZERO, Slopes, order

MOST_BITS = 100_000
"""Largest size of one exact value, in bits of numerator and denominator together."""

_LARGEST = arb(fmpz(2) ** MOST_BITS)
_SMALLEST = 1 / _LARGEST

_MOST_WRITTEN = 16
"""Characters of a number that an error writes in full."""

MOST_TOTAL_BITS = 5_000_000
"""Largest size of all exact values of a graph together."""


@final
@dataclass(frozen=True)
class GraphPoint:
    """What holds at one point, node by node."""

    graph: Graph
    values: tuple[Exact | None, ...]
    """None where the value does not exist and is not needed (a branch that is not taken)."""
    slopes: tuple[Slopes, ...]
    """Local derivative for each operand of each node; None where there is no single one."""
    is_live: tuple[bool, ...]
    """Whether a gradient can reach the node from the output through branches that are taken."""
    adjoints: tuple[Exact | None, ...]
    """Derivative of the output with respect to each node; None behind a slope that is None."""
    bits: int = 0
    """Working precision of the balls, which all further arithmetic needs too."""

    def flow(self, index: int, position: int) -> Exact | None:
        """What one edge contributes to the derivative at its start: slope times adjoint."""
        if not self.is_live[index] or position not in reached_positions(self, index):
            return ZERO
        slope, adjoint = self.slopes[index][position], self.adjoints[index]
        return None if slope is None or adjoint is None else multiply(slope, adjoint)


def multiply(left: Exact, right: Exact) -> Exact:
    """The product; an exact zero stays exact beside a ball."""
    if (isinstance(left, fmpq) and left == 0) or (isinstance(right, fmpq) and right == 0):
        return ZERO
    return check_size(left * right)


def check_size(value: Exact) -> Exact:
    """The value itself; a ball closer to zero than any number of that size may contain zero too.

    Raises:
        LimitError: If it has more than `MOST_BITS` bits.
        UndecidedError: If it is a ball without bounds.
    """
    if isinstance(value, arb):
        if not value.is_finite():
            raise UndecidedError("a value is too large for an enclosure")
        if value.abs_upper() < _SMALLEST:
            return ZERO if value.is_zero() else arb(0, _SMALLEST)
        is_long = bool(value.abs_lower() > _LARGEST)
    else:
        is_long = size_in_bits(value) > MOST_BITS
    if is_long:
        raise LimitError(
            f"A value of the computation has more than {MOST_BITS:,} bits.",
            hint="choose smaller numbers, or fewer steps that square a value",
        )
    return value


def evaluate_graph(graph: Graph, at: Mapping[str, Exact]) -> GraphPoint:
    """Values, local slopes and adjoints at the point, at the current precision.

    Raises:
        DomainError: If the output has no value there.
        UndecidedError: If a ball is too wide to say whether it has one.
        LimitError: If a number is larger than the stated limits.
    """
    values = _values(graph, at)
    slopes = tuple(
        _local_slopes(node, values) if values[index] is not None else (None,) * len(node.operands)
        for index, node in enumerate(graph.nodes)
    )
    point = GraphPoint(graph, values, slopes, (), (), ctx.prec)
    point = replace(point, is_live=_find_live(point))
    return replace(point, adjoints=_sweep_back(point))


def _values(graph: Graph, at: Mapping[str, Exact]) -> tuple[Exact | None, ...]:
    values: list[Exact | None] = []
    errors: dict[int, DomainError | UndecidedError] = {}
    total = 0
    for index, node in enumerate(graph.nodes):
        value: Exact | None = None
        try:
            if node.template is None:
                value = check_size(at[node.name])
            else:
                missing = _missing_operand(node, values)
                if missing is None:
                    value = check_size(evaluate(node.template, _arguments(node, values)))
                else:
                    errors[index] = errors[missing]
        except LimitError as error:
            raise replace(error, text=node.source) from None
        except DomainError as error:
            hint = error.hint or _say_here(node, graph, values)
            errors[index] = replace(error, text=node.source, hint=hint)
        except UndecidedError as error:
            errors[index] = error
        values.append(value)
        total += 0 if value is None else size_in_bits(value)
        if total > MOST_TOTAL_BITS:
            raise LimitError(
                f"The values of the computation have more than {MOST_TOTAL_BITS:,} bits together.",
                text=graph.text,
                start=0,
            )
    if graph.output in errors:
        raise errors[graph.output]
    return tuple(values)


def _arguments(node: GraphNode, values: Sequence[Exact | None]) -> dict[str, Exact]:
    """The values that exist, under the names of the template."""
    pairs = ((f"u{k}", values[index]) for k, index in enumerate(node.operands))
    return {name: value for name, value in pairs if value is not None}


def _say_here(node: GraphNode, graph: Graph, values: Sequence[Exact | None]) -> str:
    """That another point is needed, with the values that the operation meets at this one."""
    found = dict.fromkeys(node.operands)
    here = [
        f"`{graph.nodes[index].name}` is {_short(value)}"
        for index in found
        if (value := values[index]) is not None
    ]
    return "choose another point" + (f"; here {' and '.join(here)}" if here else "")


def _short(value: Exact) -> str:
    text = to_rational_text(value) if isinstance(value, fmpq) else ""
    return text if 0 < len(text) <= _MOST_WRITTEN else f"about {float(to_ball(value).mid()):.6g}"


def _missing_operand(node: GraphNode, values: Sequence[Exact | None]) -> int | None:
    """An operand that is needed and has no value."""
    for position in _needed_positions(node, values):
        if values[node.operands[position]] is None:
            return node.operands[position]
    return None


def reached_positions(point: GraphPoint, index: int) -> Sequence[int]:
    """Positions of the operands that a node depends on near the point.

    Of a `where` these are the condition and the value that is taken, or both values where the
    condition is about to change.
    """
    node, slopes = point.graph.nodes[index], point.slopes[index]
    if point.values[index] is None or not is_where(node) or None in slopes[: node.gates]:
        return range(len(node.operands))
    return _needed_positions(node, point.values)


def _needed_positions(node: GraphNode, values: Sequence[Exact | None]) -> Sequence[int]:
    everything = range(len(node.operands))
    if not is_where(node) or any(values[k] is None for k in node.operands[: node.gates]):
        return everything
    taken = taken_branch(node, values)
    branch = list(range(node.gates))
    return branch if taken is None else [*branch, taken]


def has_idle_branch(point: GraphPoint) -> bool:
    """Whether a `where` that a gradient meets has a value that is not taken near the point."""
    nodes = point.graph.nodes
    return any(
        point.is_live[index] and len(reached_positions(point, index)) < len(nodes[index].operands)
        for index in range(point.graph.output + 1)
    )


def is_where(node: GraphNode) -> bool:
    """Whether the node chooses between two values by a condition."""
    return isinstance(node.template, Apply) and node.template.operator == "where"


def taken_branch(node: GraphNode, values: Sequence[Exact | None]) -> int | None:
    """Which operand of a `where` its value is; None when it is a constant."""
    assert isinstance(node.template, Apply)
    condition, if_true, if_false = node.template.arguments
    return slot_of(if_true if holds(condition, _arguments(node, values)) else if_false)


def slot_of(part: Node) -> int | None:
    """Which operand an argument of a template is; None for a constant."""
    return int(part.name[1:]) if isinstance(part, Name) else None


def known_operands(point: GraphPoint, index: int) -> dict[str, Exact]:
    """The values of a node's operands that exist, under the names of its template."""
    return _arguments(point.graph.nodes[index], point.values)


def _local_slopes(node: GraphNode, values: Sequence[Exact | None]) -> Slopes:
    if node.template is None:
        return ()
    known = _arguments(node, values)
    if is_where(node):
        taken = taken_branch(node, values)
        gates = tuple(ZERO if is_apart else None for is_apart in _gates_apart(node, values))
        # Where the condition is about to change, the branch taken at the point says little.
        branches = range(node.gates, len(node.operands))
        if None in gates:
            return gates + (None,) * len(branches)
        return gates + tuple(fmpq(position == taken) for position in branches)
    if isinstance(node.template, Apply) and node.template.operator in SLOPES:
        arguments = [evaluate(part, known) for part in node.template.arguments]
        slopes = SLOPES[node.template.operator](arguments)
        parts = node.template.arguments
        return tuple(s for s, part in zip(slopes, parts, strict=True) if isinstance(part, Name))
    return tuple(_smooth_slope(node.template, k, known) for k in range(len(node.operands)))


def _gates_apart(node: GraphNode, values: Sequence[Exact | None]) -> list[bool]:
    """For each operand that decides a condition, whether its relation is away from equality."""
    known = _arguments(node, values)
    assert node.template is not None
    sides = operand_trees(node.template)[:-2]
    apart: list[bool] = []
    for left, right in zip(sides[::2], sides[1::2], strict=True):
        is_apart = bool(order(evaluate(left, known), evaluate(right, known)))
        apart += [is_apart] * (isinstance(left, Name) + isinstance(right, Name))
    return apart


def _smooth_slope(template: Node, position: int, known: Mapping[str, Exact]) -> Exact | None:
    """The derivative for one operand; None where the function ends or is not smooth."""
    if not isinstance(template, Apply):
        return ONE
    # Constants are given as values too, so that all operations of a kind share one slope.
    arguments = [evaluate(part, known) for part in template.arguments]
    place = template.arguments.index(Name(f"u{position}"))
    if template.operator == "^":
        base, exponent = arguments
        is_whole = isinstance(exponent, fmpq) and exponent.q == 1
        # Below 0, and at 0 for exponents that are not whole, the power ends or has no slope.
        if (place == 1 or not is_whole) and order(base, ZERO) != 1:
            return None
        if place == 0 and exponent == 0:
            return ZERO
    try:
        values = {f"u{k}": value for k, value in enumerate(arguments)}
        slope = evaluate(_general_slope(template.operator, len(arguments), place), values)
        return check_size(slope)
    except (DomainError, UndecidedError):
        return None


@lru_cache(maxsize=256)
def _general_slope(operator: str, arity: int, position: int) -> Node:
    names = tuple(Name(f"u{k}") for k in range(arity))
    return differentiate(Apply(operator, names), f"u{position}")


@lru_cache(maxsize=4096)
def slope_tree(template: Node, position: int) -> Node:
    """The derivative of a smooth operation, with its constants, for one of its operands.

    Raises:
        UndecidedError: If the operation has branches.
    """
    return differentiate(template, f"u{position}")


def _find_live(point: GraphPoint) -> tuple[bool, ...]:
    graph = point.graph
    is_live = [False] * len(graph.nodes)
    is_live[graph.output] = True
    for index in range(graph.output, -1, -1):
        if is_live[index]:
            for position in reached_positions(point, index):
                is_live[graph.nodes[index].operands[position]] = True
    return tuple(is_live)


def _sweep_back(point: GraphPoint) -> tuple[Exact | None, ...]:
    """Adjoints from the output to the inputs, each edge once."""
    graph = point.graph
    adjoints: list[Exact | None] = [ZERO] * len(graph.nodes)
    adjoints[graph.output] = ONE
    for index in range(graph.output, -1, -1):
        if not point.is_live[index]:
            continue
        node, adjoint = graph.nodes[index], adjoints[index]
        for position in reached_positions(point, index):
            operand, slope = node.operands[position], point.slopes[index][position]
            so_far = adjoints[operand]
            if position < node.gates and slope is not None:
                continue
            if slope is None or adjoint is None or so_far is None:
                adjoints[operand] = None
            else:
                adjoints[operand] = check_size(so_far + multiply(slope, adjoint))
    return tuple(adjoints)
