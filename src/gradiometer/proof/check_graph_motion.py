"""The checker's own rules of motion: local slopes, and what happens where branches meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from flint import arb, fmpq

from gradiometer.errors import DomainError, UndecidedError
from gradiometer.formula import RELATIONS, Apply, Exact, Name, compare, evaluate
from gradiometer.proof.check_graph_read import Condition, Item, Part
from gradiometer.proof.check_graph_slope import (
    bounded,
    find_slope,
    larger,
    order_of,
    product,
)

_ZERO, _ONE = fmpq(0), fmpq(1)


@final
@dataclass(frozen=True)
class Edge:
    """One use of a node: its local slope, and whether its value counts near the point."""

    node: int
    slope: Exact | None
    is_reached: bool = True


@final
@dataclass(frozen=True)
class Stage:
    """A node at the point."""

    item: Item
    value: Exact | None
    edges: tuple[Edge, ...] = ()
    """One for each operand that carries a value on."""
    gates: tuple[Edge, ...] = ()
    """One for each operand that only decides a condition."""
    is_true: bool = False
    """What the condition of a `where` says."""

    def used(self) -> list[Edge]:
        """The gates and the edges whose value counts near the point."""
        return [*self.gates, *(edge for edge in self.edges if edge.is_reached)]


@final
@dataclass(frozen=True)
class Motion:
    """How fast a node moves just after the start; None if that is not certain."""

    speed: Exact | None
    is_bent: bool = False
    """Whether a place without a single local slope was met on the way."""


def prepare(items: Sequence[Item], point: Mapping[str, Exact], *, is_last: bool) -> list[Stage]:
    """Every node with its value and its local slopes; nodes that are not needed may have none.

    Raises:
        UndecidedError: If something is open that more precision may settle.
    """
    stages: list[Stage] = []
    reasons: dict[int, DomainError | UndecidedError] = {}
    for number, item in enumerate(items):
        try:
            stages.append(_stage(item, stages, point, reasons))
        except (DomainError, UndecidedError) as error:
            reasons[number] = error
            sides = [] if item.test is None else item.test.sides()
            stages.append(Stage(item, None, _open_edges(item.parts), _open_edges(sides)))
    has_gap = any(s.value is None or any(e.slope is None for e in s.used()) for s in stages)
    if has_gap and not is_last and any(isinstance(stage.value, arb) for stage in stages):
        raise UndecidedError("a branch may be decided at a higher precision")
    return stages


def _open_edges(parts: Sequence[Part]) -> tuple[Edge, ...]:
    return tuple(Edge(part, None) for part in parts if isinstance(part, int))


def _stage(
    item: Item,
    stages: Sequence[Stage],
    point: Mapping[str, Exact],
    reasons: Mapping[int, DomainError | UndecidedError],
) -> Stage:
    if not item.operator:
        return Stage(item, bounded(point[item.name]))
    if item.test is not None:
        return _choice(item, item.test, stages, reasons)
    values = [_value(part, stages, reasons) for part in item.parts]
    if item.operator == "=":
        value = values[0]
    else:
        names = [Name(f"x{k}") for k in range(len(values))]
        known = {name.name: v for name, v in zip(names, values, strict=True)}
        value = evaluate(Apply(item.operator, tuple(names)), known)
    edges = tuple(
        Edge(part, find_slope(item.operator, k, values))
        for k, part in enumerate(item.parts)
        if isinstance(part, int)
    )
    return Stage(item, bounded(value), edges)


def _value(
    part: Part, stages: Sequence[Stage], reasons: Mapping[int, DomainError | UndecidedError]
) -> Exact:
    if not isinstance(part, int):
        return evaluate(part, {})
    value = stages[part].value
    if value is None:
        raise reasons[part]
    return value


def _choice(
    item: Item,
    test: Condition,
    stages: Sequence[Stage],
    reasons: Mapping[int, DomainError | UndecidedError],
) -> Stage:
    """A `where`: the value of one branch; no slope at all where the condition is at its limit."""
    gates: list[Edge] = []
    is_apart = True
    for left, right in _relations(test):
        order = order_of(_value(left, stages, reasons), _value(right, stages, reasons))
        slope = _ZERO if order else None
        sides = [part for part in (left, right) if isinstance(part, int)]
        gates += [Edge(part, slope) for part in sides]
        is_apart = is_apart and not (sides and slope is None)
    is_true = _holds(test, stages, reasons)
    taken = 0 if is_true else 1
    edges = tuple(
        Edge(part, fmpq(k == taken), k == taken)
        for k, part in enumerate(item.parts)
        if isinstance(part, int)
    )
    if not is_apart:
        edges = _open_edges(item.parts)
    value = _value(item.parts[taken], stages, reasons)
    return Stage(item, value, edges, tuple(gates), is_true)


def _relations(test: Condition) -> list[tuple[Part, Part]]:
    sides = test.sides()
    return list(zip(sides[::2], sides[1::2], strict=True))


def _holds(
    test: Condition, stages: Sequence[Stage], reasons: Mapping[int, DomainError | UndecidedError]
) -> bool:
    if test.operator in RELATIONS:
        left, right = (
            _value(part, stages, reasons) for part in test.parts if not isinstance(part, Condition)
        )
        return RELATIONS[test.operator](compare(left, right))
    parts = (_holds(part, stages, reasons) for part in test.parts if isinstance(part, Condition))
    if test.operator == "not":
        return not next(parts)
    return any(parts) if test.operator == "or" else all(parts)


def move(stages: Sequence[Stage], start: int, direction: fmpq, output: int) -> Motion:
    """How fast the output moves just after the input *start* has begun to move."""
    motions: dict[int, Motion] = {start: Motion(direction)}
    for number in range(start + 1, output + 1):
        stage = stages[number]
        if any(edge.node in motions for edge in stage.used()):
            motions[number] = _motion(stage, stages, motions)
    return motions.get(output, Motion(_ZERO))


def _motion(stage: Stage, stages: Sequence[Stage], motions: Mapping[int, Motion]) -> Motion:
    moving = [edge for edge in stage.used() if edge.node in motions]
    is_bent = any(motions[e.node].is_bent or e.slope is None for e in moving)
    if stage.item.test is not None and stage.value is not None:
        return Motion(_choice_speed(stage, stage.item.test, stages, motions), is_bent)
    if stage.value is None or any(motions[edge.node].speed is None for edge in moving):
        return Motion(None, is_bent)
    if any(edge.slope is None for edge in moving):
        return Motion(_bend_speed(stage.item, stages, motions), is_bent)
    total: Exact = _ZERO
    for edge in moving:
        speed = motions[edge.node].speed
        if speed is not None and edge.slope is not None:
            total = bounded(total + product(edge.slope, speed))
    return Motion(total, is_bent)


def _speed(part: Part, motions: Mapping[int, Motion]) -> Exact | None:
    if isinstance(part, int) and part in motions:
        return motions[part].speed
    return _ZERO


def _at(part: Part, stages: Sequence[Stage]) -> Exact | None:
    return stages[part].value if isinstance(part, int) else evaluate(part, {})


def _bend_speed(item: Item, stages: Sequence[Stage], motions: Mapping[int, Motion]) -> Exact | None:
    """The speed where branches meet: max takes the fastest of the arguments that are level."""
    values = [_at(part, stages) for part in item.parts]
    speeds = [_speed(part, motions) for part in item.parts]
    pairs = [(v, s) for v, s in zip(values, speeds, strict=True) if v is not None and s is not None]
    if len(pairs) < len(values):
        return None
    if item.operator == "abs":
        return _fastest([*pairs, *((-v, -s) for v, s in pairs)])
    if item.operator == "relu":
        return _fastest([*pairs, (_ZERO, _ZERO)])
    if item.operator == "max":
        return _fastest(pairs)
    if item.operator == "min":
        return _slowest(pairs)
    if item.operator == "clip":
        inner = _fastest(pairs[:2])
        largest = larger(pairs[0][0], pairs[1][0])
        return None if inner is None else _slowest([(largest, inner), pairs[2]])
    return None


def _slowest(pairs: Sequence[tuple[Exact, Exact]]) -> Exact | None:
    speed = _fastest([(-value, -speed) for value, speed in pairs])
    return None if speed is None else -speed


def _fastest(pairs: Sequence[tuple[Exact, Exact]]) -> Exact | None:
    """The largest speed among the largest values; None where values or speeds are not certain."""
    level = [
        (value, speed)
        for value, speed in pairs
        if not any(order_of(other, value) == 1 for other, _ in pairs)
    ]
    if len(level) > 1 and any(order_of(value, level[0][0]) != 0 for value, _ in level[1:]):
        return None
    speeds = [s for _, s in level if not any(order_of(other, s) == 1 for _, other in level)]
    if len(speeds) > 1 and any(order_of(speed, speeds[0]) != 0 for speed in speeds[1:]):
        return None
    return speeds[0]


def _choice_speed(
    stage: Stage, test: Condition, stages: Sequence[Stage], motions: Mapping[int, Motion]
) -> Exact | None:
    """The speed of the branch that is taken just after the start, when it joins the one before."""
    after: bool | None = stage.is_true
    moved = [motions[edge.node] for edge in stage.gates if edge.node in motions]
    if moved:
        if any(motion.speed is None for motion in moved):
            return None
        after = _holds_after(test, stages, motions)
        if after is None:
            return None
    part = stage.item.parts[0 if after else 1]
    if after != stage.is_true:
        try:
            value = _at(part, stages)
        except (DomainError, UndecidedError):
            return None
        if value is None or stage.value is None or order_of(value, stage.value) != 0:
            return None
    return _speed(part, motions)


def _holds_after(
    test: Condition, stages: Sequence[Stage], motions: Mapping[int, Motion]
) -> bool | None:
    if test.operator in RELATIONS:
        left, right = (part for part in test.parts if not isinstance(part, Condition))
        order = _order_after(left, right, stages, motions)
        return None if order is None else RELATIONS[test.operator](order)
    truths = [
        _holds_after(part, stages, motions) for part in test.parts if isinstance(part, Condition)
    ]
    if test.operator == "not":
        return None if truths[0] is None else not truths[0]
    decisive = test.operator == "or"
    if decisive in truths:
        return decisive
    return None if None in truths else not decisive


def _order_after(
    left: Part, right: Part, stages: Sequence[Stage], motions: Mapping[int, Motion]
) -> int | None:
    values = [_at(part, stages) for part in (left, right)]
    speeds = [_speed(part, motions) for part in (left, right)]
    if values[0] is None or values[1] is None:
        return None
    order = order_of(values[0], values[1])
    is_moving = any(isinstance(part, int) and part in motions for part in (left, right))
    if order != 0 or not is_moving:
        return order
    if speeds[0] is None or speeds[1] is None:
        return None
    return order_of(speeds[0], speeds[1]) or None
