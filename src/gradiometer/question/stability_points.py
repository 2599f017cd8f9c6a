"""The critical points of a landscape: those its entry knows, or those that can be found."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import final

from flint import fmpq

from gradiometer.errors import DomainError, GradiometerError, UndecidedError
from gradiometer.formula import (
    Exact,
    Node,
    compare,
    differentiate,
    evaluate,
    free_names,
    from_float,
    precision,
    to_float,
)
from gradiometer.model import Landscape, Objective, Setting

_BITS = 384
_FARTHEST = 1000.0
"""Distance from 0 up to which critical points of a curve are looked for."""
_SAMPLES = 2000
"""Places on each side of 0 at which a slope is looked at."""
_MOST = 12
"""Critical points that are listed."""


@final
@dataclass(frozen=True)
class Point:
    """A critical point, at least nearly."""

    at: tuple[Exact, ...]
    kind: str
    """What its entry calls it; empty where nobody has said."""
    kink: bool = False
    """Whether the slope jumps there."""


def list_points(
    objective: Objective, values: Mapping[str, Setting], near: Sequence[fmpq] | None
) -> tuple[list[Point], bool]:
    """The critical points, the one that is asked about first; and whether these may not be all.

    Args:
        objective: The landscape.
        values: Its parameters.
        near: Where somebody asks; None for the first minimum.

    Raises:
        DomainError: If the curve cannot be split into smooth pieces.
    """
    found = [
        Point(tuple(_evaluate(tree) for tree in row.at), row.kind)
        for row in objective.list_critical(values)
    ]
    if len(objective.variables) == 1:
        curve = objective.bind(values)
        kinks = list(_list_kinks(curve))
        searched = [] if found else _search(curve)
        found = [p for p in found if not any(_is_same(p, kink) for kink in kinks)]
        found = (found or searched) + kinks
        partial = bool(searched) and not all(map(_is_straight, curve.slopes))
    else:
        partial = not found
        start = [_evaluate(tree) for tree in objective.list_start(values)]
        origin = [fmpq(0)] * len(objective.variables)
        found = found or [Point(tuple(place), "") for place in (origin, start) if place]
    if near is None:
        return sorted(found, key=lambda p: "minimum" not in p.kind)[:_MOST], partial
    if not found or partial:
        found.append(Point(tuple(near), ""))
    return sorted(found, key=lambda p: _distance(p.at, near))[:_MOST], partial


def _is_straight(slope: Node) -> bool:
    """Whether a slope has one zero at most, since its own slope is a number."""
    return not free_names(differentiate(slope, "x"))


def _evaluate(tree: Node) -> Exact:
    with precision(_BITS):
        return evaluate(tree, {})


def _distance(place: Sequence[Exact], near: Sequence[Exact]) -> float:
    return math.dist([to_float(v) for v in place], [to_float(v) for v in near])


def _is_same(left: Point, right: Point) -> bool:
    return _distance(left.at, right.at) < 1e-9


def find_piece(curve: Landscape, at: Exact) -> int:
    """The number of the piece whose inside holds a position.

    Raises:
        UndecidedError: If it lies on a joint.
    """
    for index, piece in enumerate(curve.loss.pieces):
        if piece.on.upper is None or compare(at, _evaluate(piece.on.upper)) < 0:
            lower = piece.on.lower
            if lower is not None and compare(at, _evaluate(lower)) <= 0:
                break
            return index
    raise UndecidedError("the point lies on a joint of two pieces")


def _list_kinks(curve: Landscape) -> Iterator[Point]:
    """Joints at which the slope changes its sign, or jumps to or from 0."""
    for index, piece in enumerate(curve.loss.pieces[:-1]):
        if piece.on.upper is None:
            continue
        joint = _evaluate(piece.on.upper)
        try:
            with precision(_BITS):
                left, right = (
                    compare(evaluate(slope, {"x": joint}), fmpq(0))
                    for slope in curve.slopes[index : index + 2]
                )
        except (UndecidedError, GradiometerError):
            continue
        if left != right:
            kind = "minimum" if left < right else "local maximum"
            yield Point((joint,), f"{kind} at a kink", kink=True)


def _search(curve: Landscape) -> list[Point]:
    """Zeros of the slope between which it changes its sign, and those met exactly."""
    found: list[Point] = []
    for slope, piece, tree in zip(curve.float_slopes, curve.loss.pieces, curve.slopes, strict=True):
        if not free_names(tree):
            # A flat piece has no single point of rest.
            continue
        ends = [-_FARTHEST, _FARTHEST]
        for place, end in enumerate((piece.on.lower, piece.on.upper)):
            if end is not None:
                ends[place] = min(max(to_float(_evaluate(end)), -_FARTHEST), _FARTHEST)
        for left, right in _zeros(lambda x, slope=slope: _value(slope, x), *ends):
            place = _bisect(lambda x, slope=slope: _value(slope, x), left, right)
            at = _short(tree, place)
            # A slope that is 0 in float64 may only be very small.
            if left < right or (isinstance(at, fmpq) and _is_zero(tree, at)):
                found.append(Point((at,), ""))
    return found[:_MOST]


def _value(slope: Callable[[Mapping[str, float]], float], place: float) -> float:
    try:
        return slope({"x": place})
    except (ArithmeticError, ValueError, DomainError):
        return math.nan


def _zeros(
    slope: Callable[[float], float], low: float, high: float
) -> Iterator[tuple[float, float]]:
    """Places between which a slope changes its sign; the same twice where it is 0."""
    # Close to 0 the places lie close together.
    scale = math.asinh(_FARTHEST)
    grid = [math.sinh(scale * k / _SAMPLES) for k in range(-_SAMPLES, _SAMPLES + 1)]
    grid = [x for x in grid if low < x < high]
    for left, right in pairwise(grid):
        before, after = slope(left), slope(right)
        if before == 0:
            yield left, left
        elif before * after < 0:
            yield left, right


def _bisect(slope: Callable[[float], float], left: float, right: float) -> float:
    rising = slope(left) < 0
    for _ in range(200):
        middle = (left + right) / 2
        if not left < middle < right:
            break
        if (slope(middle) < 0) == rising:
            left = middle
        else:
            right = middle
    return (left + right) / 2


def _short(slope: Node, place: float) -> Exact:
    """A short rational close by at which the slope is exactly 0, else the place itself."""
    guess = Fraction(place).limit_denominator(1000)
    short = fmpq(guess.numerator, guess.denominator)
    return short if _is_zero(slope, short) else from_float(place)


def _is_zero(slope: Node, place: fmpq) -> bool:
    try:
        return evaluate(slope, {"x": place}) == 0
    except (UndecidedError, GradiometerError):
        return False
