"""Points worth trying against a statement, the simplest first. Nothing here is a proof."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import islice, pairwise, product
from random import Random
from typing import Any

from flint import fmpq

from gradiometer.errors import DomainError, LimitError, UndecidedError
from gradiometer.formula import (
    Apply,
    Interval,
    Node,
    Number,
    apply,
    compare,
    compile_exact,
    compile_float,
    evaluate,
    precision,
    to_float,
    walk,
)
from gradiometer.proof.refute_tight import find_tightest

_SIMPLE = tuple(
    fmpq(p, q)
    for p, q in (
        *((0, 1), (1, 1), (-1, 1), (2, 1), (-2, 1), (3, 1), (-3, 1)),
        *((1, 2), (-1, 2), (4, 1), (1, 4)),
    )
)
_MORE = tuple(
    fmpq(sign * p, q)
    for p, q in (
        *((1, 8), (1, 3), (3, 2), (5, 1), (10, 1), (20, 1), (100, 1)),
        *((7, 3), (1, 10), (1, 100), (1, 1000), (1000, 1), (10**6, 1)),
    )
    for sign in (1, -1)
)
_STEPS = tuple(fmpq(p, 8) for p in (0, 8, -8, 4, -4, 1, -1, 80, -80))
"""Offsets from a breakpoint."""

_GRID = tuple(
    sign * scale * (1 + step / 16)
    for scale in (0.01, 0.1, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 64.0, 500.0)
    for step in range(16)
    for sign in (-1, 1)
)
"""Where breakpoints that are not rational are looked for."""

_MOST_POINTS = 200
_MOST_SWITCHES = 12
_SEED = 20220910

_SIDES = {"<": 1, "<=": 1, ">": -1, ">=": -1}
"""1 where left minus right must not be large, -1 where it must not be small."""

_Values = Mapping[str, fmpq]


def list_tiers(
    left: Node,
    right: Node,
    names: Sequence[str],
    domains: Mapping[str, Interval],
    relation: str = "==",
) -> Iterator[list[dict[str, fmpq]]]:
    """Lists of points, each list less simple than the one before.

    Args:
        left: Left side of the statement.
        right: Right side of the statement.
        names: Names that take a value.
        domains: Where a name lies; its own simple points are added.
        relation: For an inequality the points at which it is tightest are looked for too.
    """
    if not names:
        yield [{}]
        return
    simple = {name: _simple_points(domains.get(name)) for name in names}
    yield _combine(names, simple)
    yield _around_switches(left, right, names, simple)
    if len(names) == 1:
        yield [{names[0]: value} for value in _MORE]
    else:
        yield _scattered(names)
    yield _widest(left, right, names)
    if relation in _SIDES:
        yield find_tightest(left, right, names, _SIDES[relation])


def has_point(interval: Interval, value: fmpq) -> bool:
    """Whether the number certainly lies in the interval; False where an end is not decided."""
    try:
        with precision(256):
            if interval.lower is not None:
                order = compare(value, evaluate(interval.lower, {}))
                if order < 0 or (order == 0 and not interval.lower_closed):
                    return False
            if interval.upper is not None:
                order = compare(value, evaluate(interval.upper, {}))
                return order < 0 or (order == 0 and interval.upper_closed)
    except UndecidedError:
        return False
    return True


def _simple_points(domain: Interval | None) -> tuple[fmpq, ...]:
    ends = domain.rational_ends() if domain is not None else None
    if domain is None or ends is None:
        return _SIMPLE
    lower, upper = ends
    inner: list[fmpq] = []
    if lower is not None and upper is not None:
        inner = [lower + (upper - lower) * fmpq(k, 8) for k in (4, 2, 6, 1, 7, 0, 8)]
    elif lower is not None:
        inner = [lower + step for step in (*_SIMPLE, fmpq(1, 8)) if step >= 0]
    elif upper is not None:
        inner = [upper - step for step in (*_SIMPLE, fmpq(1, 8)) if step >= 0]
    inside = [value for value in (*_SIMPLE, *inner) if has_point(domain, value)]
    return tuple(sorted(dict.fromkeys(inside), key=_effort))


def _effort(value: fmpq) -> tuple[int, int, bool]:
    """How much work it is to put the number into a formula by hand."""
    return int(value.q), abs(int(value.p)), value < 0


def _combine(names: Sequence[str], choices: Mapping[str, Sequence[fmpq]]) -> list[dict[str, fmpq]]:
    """Points whose coordinates are simple, those with the simplest coordinates first."""
    width = 11 if len(names) == 1 else 7 if len(names) == 2 else 4 if len(names) == 3 else 2
    ranked = product(*(list(enumerate(choices[name][:width])) for name in names))
    best = sorted(islice(ranked, 4096), key=lambda point: sum(rank for rank, _ in point))
    return [
        {name: value for name, (_, value) in zip(names, point, strict=True)}
        for point in best[:_MOST_POINTS]
    ]


def _around_switches(
    left: Node, right: Node, names: Sequence[str], simple: Mapping[str, Sequence[fmpq]]
) -> list[dict[str, fmpq]]:
    """Points at, around, between and beyond the places where a formula changes its piece."""
    switches = list(dict.fromkeys((*_switches(left), *_switches(right))))[:_MOST_SWITCHES]
    bases: list[dict[str, fmpq]] = [{}]
    if len(names) > 1:
        bases = [{name: simple[name][k % len(simple[name])] for name in names} for k in (1, 3, 6)]
    points = []
    for base in bases:
        for name in names:
            values = _near_breakpoints(switches, name, base)
            points.extend({**base, name: value} for value in values[:_MOST_POINTS])
    return points


def _near_breakpoints(switches: Iterable[Node], name: str, base: _Values) -> list[fmpq]:
    breaks = sorted({b for switch in switches for b in _breakpoints(switch, name, base)})
    near = {b + step for b in breaks for step in _STEPS}
    near |= {(a + b) / 2 for a, b in pairwise(breaks)}
    near |= {2 * b for b in breaks}
    return sorted(near, key=_effort)


def _switches(tree: Node) -> Iterator[Node]:
    """Expressions whose sign decides which piece is used, or whether there is a value."""
    for node in walk(tree):
        if not isinstance(node, Apply):
            continue
        parts = node.arguments
        if node.operator in {"abs", "sign", "relu", "ln", "sqrt", "floor"}:
            yield parts[0]
        elif node.operator == "/":
            yield parts[1]
        elif node.operator == "^" and not isinstance(parts[1], Number):
            yield parts[0]
        elif node.operator in {"<", "<=", ">", ">=", "==", "!="}:
            yield apply("-", *parts)
        elif node.operator == "clip":
            yield apply("-", parts[0], parts[1])
            yield apply("-", parts[0], parts[2])
        elif node.operator == "passed":
            yield from (apply("-", mark, parts[0]) for mark in parts[1:])
        elif node.operator in {"max", "min"}:
            yield from (apply("-", a, b) for i, a in enumerate(parts) for b in parts[i + 1 :])


def _breakpoints(switch: Node, name: str, base: _Values) -> list[fmpq]:
    """Roots of the expression in one name: exact where it is affine, else near simple numbers."""
    exact = compile_exact(switch)
    at = [_value(exact, {**base, name: fmpq(k)}) for k in (0, 1, 2)]
    if all(isinstance(value, fmpq) for value in at):
        start, slope = at[0], at[1] - at[0]
        if at[2] - at[1] == slope:
            return [-start / slope] if slope != 0 else []
    roots = []
    grid = sorted({0.0, *_GRID})
    floats = {key: to_float(value) for key, value in base.items()}
    nearly = compile_float(switch)
    signs = [nearly({**floats, name: x}) for x in grid]
    for low, high, left, right in zip(grid, grid[1:], signs, signs[1:], strict=False):
        if left == 0:
            roots.append(Fraction(low))
        elif left * right < 0:
            roots.append(_bisect(lambda x: nearly({**floats, name: x}), low, high))
    exact = [fmpq(root.numerator, root.denominator) for root in roots[:_MOST_SWITCHES]]
    return [*exact, *(fmpq((8 * root).p // (8 * root).q, 8) for root in exact)]


def _bisect(sign: Callable[[float], float], low: float, high: float) -> Fraction:
    left = sign(low)
    for _ in range(40):
        middle = (low + high) / 2
        if sign(middle) * left > 0:
            low = middle
        else:
            high = middle
    return Fraction(low).limit_denominator(10**6)


def _value(compute: Callable[[_Values], Any], values: _Values) -> Any:
    try:
        return compute(values)
    except (DomainError, LimitError, UndecidedError):
        return None


def _scattered(names: Sequence[str]) -> list[dict[str, fmpq]]:
    """Points with unlike coordinates, the same in every run."""
    random = Random(_SEED)
    sizes = (*_SIMPLE[1:], *_MORE)
    return [{name: random.choice(sizes) for name in names} for _ in range(_MOST_POINTS)]


def _widest(left: Node, right: Node, names: Sequence[str]) -> list[dict[str, fmpq]]:
    """Points of a float64 scan at which the two sides differ most, relative to their size."""
    random = Random(_SEED)
    ranked = []
    sides = compile_float(left), compile_float(right)
    for _ in range(2 * _MOST_POINTS):
        point = {name: random.choice(_GRID) + random.choice((0, 0.125, 0.3125)) for name in names}
        a, b = (side(point) for side in sides)
        gap = abs(a - b) / (abs(a) + abs(b) + 1e-300)
        if math.isfinite(gap) and gap > 0:
            ranked.append((gap, sorted(point.items())))
    ranked.sort(reverse=True)
    return [
        {name: fmpq(*Fraction(x).limit_denominator(16).as_integer_ratio()) for name, x in point}
        for _, point in ranked[:20]
    ]
