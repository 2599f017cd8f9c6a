"""Points at which an inequality is tightest, by a search in float64. Nothing here is a proof."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from random import Random
from typing import TypeAlias

from flint import fmpq

from gradiometer.formula import Node, compile_float

_Place: TypeAlias = tuple[float, ...]
_Excess: TypeAlias = Callable[[_Place], float]

_LINE = tuple(
    sign * scale * (1 + step / 8)
    for scale in (0.01, 0.1, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 64.0)
    for step in range(8)
    for sign in (-1, 1)
)
_STARTS = 4
_SCATTERED = 200
_MOST_STEPS = 150
_SMALLEST = 1e-9
_FAR = 1e6
_DENOMINATORS = (16, 1000, 10**6, 10**9)
_SEED = 20220910


def find_tightest(
    left: Node, right: Node, names: Sequence[str], side: int
) -> list[dict[str, fmpq]]:
    """Rational points near the places where `side*(left - right)` is largest, simple ones first.

    Example:
        >>> from gradiometer.formula import parse
        >>> find_tightest(parse("x*(2-x)").tree, parse("1").tree, ["x"], 1)[0]
        {'x': 1}
    """
    excess = _measure(compile_float(left), compile_float(right), names, side)
    points = []
    for place in _best(excess, len(names)):
        found = _climb(excess, place)
        points += [
            {
                name: fmpq(*Fraction(x).limit_denominator(most).as_integer_ratio())
                for name, x in zip(names, found, strict=True)
            }
            for most in _DENOMINATORS
        ]
    return points


def _measure(
    first: Callable[[Mapping[str, float]], float],
    second: Callable[[Mapping[str, float]], float],
    names: Sequence[str],
    side: int,
) -> _Excess:
    def excess(place: _Place) -> float:
        point = dict(zip(names, place, strict=True))
        value = side * (first(point) - second(point))
        return -math.inf if math.isnan(value) else value

    return excess


def _best(excess: _Excess, dimensions: int) -> list[_Place]:
    """Starting places: the highest local maxima of a scan."""
    if dimensions == 1:
        scan = [(x,) for x in sorted(_LINE)]
        heights = [excess(place) for place in scan]
        padded = [-math.inf, *heights, -math.inf]
        tops = [
            (height, place)
            for height, place, before, after in zip(heights, scan, padded, padded[2:], strict=False)
            if height >= before and height >= after
        ]
    else:
        random = Random(_SEED)
        scan = [tuple(random.choice(_LINE) for _ in range(dimensions)) for _ in range(_SCATTERED)]
        tops = [(excess(place), place) for place in scan]
    finite = [top for top in tops if math.isfinite(top[0])]
    return [place for _, place in sorted(finite, reverse=True)[:_STARTS]]


def _climb(excess: _Excess, place: _Place) -> _Place:
    """Uphill along the axes in steps that shrink."""
    steps = [max(abs(x), 0.01) / 8 for x in place]
    height = excess(place)
    for _ in range(_MOST_STEPS):
        if max(steps) < _SMALLEST or max(map(abs, place)) > _FAR:
            break
        moved = False
        for axis, step in enumerate(steps):
            for way in (step, -step):
                other = (*place[:axis], place[axis] + way, *place[axis + 1 :])
                value = excess(other)
                if height < value < math.inf:
                    place, height, moved = other, value, True
                    break
        if not moved:
            steps = [step / 3 for step in steps]
    return place
