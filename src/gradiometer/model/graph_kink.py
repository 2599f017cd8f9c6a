"""Slopes of the operations with branches, and the one-sided slopes exactly where branches meet.

Each function gets the values of all arguments. A local slope is None where the operation has none:
two branches meet there, or a ball is too wide to tell which one is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import Exact, compare, to_ball

Slopes: TypeAlias = tuple[Exact | None, ...]

ZERO, ONE = fmpq(0), fmpq(1)


def order(left: Exact, right: Exact) -> int | None:
    """-1, 0 or 1 as *left* compares with *right*; None when the balls overlap."""
    try:
        return compare(left, right)
    except UndecidedError:
        return None


def find_largest(values: Sequence[Exact]) -> tuple[list[int], bool]:
    """Positions that may hold the largest value, and whether all of them certainly do."""
    best = max(range(len(values)), key=lambda k: _middle(values[k]))
    orders = [order(value, values[best]) for value in values]
    orders[best] = 0
    found = [k for k, result in enumerate(orders) if result != -1]
    is_certain = len(found) == 1 or all(orders[k] == 0 for k in found)
    return found, is_certain


def _middle(value: Exact) -> fmpq:
    if isinstance(value, fmpq):
        return value
    middle = to_ball(value).mid()
    return middle.fmpq() if middle.is_finite() else ZERO


def _by_sign(below: int, above: int) -> Callable[[Sequence[Exact]], Slopes]:
    def slopes(values: Sequence[Exact]) -> Slopes:
        sign = order(values[0], ZERO)
        return (fmpq(below if sign < 0 else above) if sign else None,)

    return slopes


def _largest(values: Sequence[Exact]) -> Slopes:
    found, _ = find_largest(values)
    if len(found) == 1:
        return tuple(fmpq(k == found[0]) for k in range(len(values)))
    return tuple(None if k in found else ZERO for k in range(len(values)))


def _smallest(values: Sequence[Exact]) -> Slopes:
    return _largest([-value for value in values])


def _clip(values: Sequence[Exact]) -> Slopes:
    """`min(max(x, low), high)` by the chain rule; None as soon as a tie takes part."""
    x, low, high = values
    inner_slopes = _largest((x, low))
    larger = _larger(x, low)
    inner, outer = _smallest((larger, high))
    if inner == 0:
        return ZERO, ZERO, outer
    if inner is None:
        return tuple(None if slope != 0 else ZERO for slope in (*inner_slopes, None))
    return *inner_slopes, outer


def _larger(left: Exact, right: Exact) -> Exact:
    result = order(left, right)
    if result is None:
        return to_ball(left).max(to_ball(right))
    return left if result > 0 else right


def _floor(values: Sequence[Exact]) -> Slopes:
    return (ZERO if _is_between_integers(values[0]) else None,)


def _is_between_integers(value: Exact) -> bool:
    if isinstance(value, fmpq):
        return value.q != 1
    return not value.contains_integer()


def _passed(values: Sequence[Exact]) -> Slopes:
    orders = [order(mark, values[0]) for mark in values[1:]]
    marks = tuple(ZERO if result else None for result in orders)
    return (None if None in marks else ZERO, *marks)


SLOPES: Mapping[str, Callable[[Sequence[Exact]], Slopes]] = {
    "abs": _by_sign(-1, 1),
    "relu": _by_sign(0, 1),
    "sign": _by_sign(0, 0),
    "max": _largest,
    "min": _smallest,
    "clip": _clip,
    "floor": _floor,
    "passed": _passed,
}
"""Local slope for each argument, by operation."""


def slide_largest(values: Sequence[Exact], speeds: Sequence[Exact | None]) -> Exact | None:
    """The speed of `max` just after the point, where each argument has its value and its speed.

    None where it is not certain: a tie that is not certain, or an argument without a speed.
    """
    found, is_certain = find_largest(values)
    known = [speed for speed in speeds if speed is not None]
    if not is_certain or len(known) < len(speeds):
        return None
    fastest, is_certain = find_largest([known[k] for k in found])
    return known[found[fastest[0]]] if is_certain else None


def _slide_smallest(values: Sequence[Exact], speeds: Sequence[Exact | None]) -> Exact | None:
    speed = slide_largest([-v for v in values], [None if s is None else -s for s in speeds])
    return None if speed is None else -speed


def _slide_clip(values: Sequence[Exact], speeds: Sequence[Exact | None]) -> Exact | None:
    x, low, high = values
    inner = slide_largest((x, low), speeds[:2])
    larger = _larger(x, low)
    return _slide_smallest((larger, high), (inner, speeds[2]))


SLIDES: Mapping[str, Callable[[Sequence[Exact], Sequence[Exact | None]], Exact | None]] = {
    "abs": lambda v, s: slide_largest((v[0], -v[0]), (s[0], None if s[0] is None else -s[0])),
    "relu": lambda v, s: slide_largest((v[0], ZERO), (s[0], ZERO)),
    "max": slide_largest,
    "min": _slide_smallest,
    "clip": _slide_clip,
}
"""One-sided speed of each continuous operation with branches, from values and one-sided speeds."""
