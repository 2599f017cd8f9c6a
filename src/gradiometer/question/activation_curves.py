"""Curves of several functions on one grid, with an enclosure of every curve between its points.

Points are laid on joints, extrema and wherever an enclosure shows that a curve does more between
two points than a straight line would, so that a kink of width 1e-6 is not stepped over. At a joint
the grid has three rows: the limits from the left, the values there, the limits from the right.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import pairwise
from typing import TypeAlias, final

from flint import arb

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import (
    Evaluator,
    FloatEvaluator,
    Node,
    compile_exact,
    compile_float,
    evaluate,
    evaluate_float,
    precision,
    to_ball,
    to_float,
)
from gradiometer.proof import Shape
from gradiometer.question.answer import Series

Bounds: TypeAlias = tuple[float, float]
"""The least and the greatest value; infinite where none is known."""

_ROOM = 5.0
_CELLS = 400
_MOST_POINTS = 1000
_MOST_HALVINGS = 24
_SHARE = 0.01
"""What a curve may do between two points beyond a line, as a share of the heights drawn."""
_TRIMMED = 0.02
"""Heights that fewer points than this share have do not count for the size of a drawing."""
_BITS = 64
_WIDE = (-math.inf, math.inf)
_KINDS = ("f", "slope")


@final
class Curve:
    """One function, its slope, and their bounds over an interval."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self._name = shape.function.variable
        self._ends = [
            (_to_float(s.open.lower, -math.inf), _to_float(s.open.upper, math.inf))
            for s in shape.sections
        ]

    @cached_property
    def joints(self) -> list[float]:
        """The finite ends of the pieces."""
        return sorted({end for pair in self._ends for end in pair if math.isfinite(end)})

    @cached_property
    def _compiled(self) -> list[list[Evaluator]]:
        return [
            [compile_exact(node) for node in (s.piece.formula, s.slope, s.bend)]
            for s in self.shape.sections
        ]

    @cached_property
    def _floats(self) -> list[tuple[FloatEvaluator, FloatEvaluator]]:
        return [
            (compile_float(s.piece.formula), compile_float(s.slope)) for s in self.shape.sections
        ]

    def point(self, x: float, side: int = 0) -> tuple[float, float]:
        """The value and the slope; with a *side*, what they tend to there from the left or right.

        At a joint itself the slope is not said.
        """
        if side == 0 and x in self.joints:
            return self._value_at_joint(x), math.nan
        place = self._find(x, x, side)
        if place is None:
            return math.nan, math.nan
        value, slope = self._floats[place]
        return value({self._name: x}), slope({self._name: x})

    def _value_at_joint(self, x: float) -> float:
        for piece in self.shape.function.pieces:
            ends = _to_float(piece.on.lower, -math.inf), _to_float(piece.on.upper, math.inf)
            is_in = [ends[0] <= x, x <= ends[1]]
            if x == ends[0]:
                is_in[0] = piece.on.lower_closed
            if x == ends[1]:
                is_in[1] = piece.on.upper_closed
            if all(is_in):
                return evaluate_float(piece.formula, {self._name: x})
        return math.nan

    def bounds(self, low: float, high: float) -> tuple[Bounds, Bounds]:
        """Numbers between which the function and its slope certainly stay."""
        place = self._find(low, high, 0)
        if place is None:
            return _WIDE, _WIDE
        with precision(_BITS):
            box = arb(low).union(arb(high))
            middle = arb(box.mid())
            values = [self._run(place, order, box) for order in range(3)]
            centre = [self._run(place, order, middle) for order in range(2)]
            first, second = (
                _meet(values[order], centre[order] + values[order + 1] * (box - middle))
                for order in range(2)
            )
        return first, second

    def _find(self, low: float, high: float, side: int) -> int | None:
        for place, (left, right) in enumerate(self._ends):
            if left <= low and high <= right and (low < high or _is_beside(low, left, right, side)):
                return place
        return None

    def _run(self, place: int, order: int, x: arb) -> arb:
        try:
            return to_ball(self._compiled[place][order]({self._name: x}))
        except (GradiometerError, UndecidedError, ArithmeticError, ValueError):
            return arb("nan")


def _is_beside(x: float, left: float, right: float, side: int) -> bool:
    """Whether a piece reaches the point from that side."""
    return (side >= 0 or x > left) and (side <= 0 or x < right)


def _to_float(end: Node | None, infinite: float) -> float:
    if end is None:
        return infinite
    with precision(_BITS):
        return to_float(evaluate(end, {}))


def _meet(first: arb, second: arb) -> Bounds:
    """The numbers that two enclosures have in common, rounded outwards."""
    low, high = _WIDE
    for ball in (first, second):
        if ball.is_finite():
            low = max(low, math.nextafter(float(ball.lower()), -math.inf))
            high = min(high, math.nextafter(float(ball.upper()), math.inf))
    return low, high


_Cell: TypeAlias = tuple[float, float]


def list_curves(shapes: Mapping[str, Shape], points: Iterable[float]) -> dict[str, Series]:
    """All functions, slopes and their bounds on one grid.

    Args:
        shapes: The functions by name; the first is named "".
        points: Places that must be on the grid, such as extrema.
    """
    curves = {name: Curve(shape) for name, shape in shapes.items()}
    joints = sorted({joint for curve in curves.values() for joint in curve.joints})
    grid = _lay(joints, points)
    cells = {name: {c: curve.bounds(*c) for c in pairwise(grid)} for name, curve in curves.items()}
    _refine(grid, curves, cells)
    rows = [(x, side) for x in grid for side in ((-1, 0, 1) if x in joints else (0,))]
    about = "; at a joint the limit from the left, the value there, the limit from the right"
    arrays = {"x": Series(("x",), [x for x, _ in rows], about="input; three times at a joint")}
    for name, curve in curves.items():
        label = f" {name}" if name else ""
        known = [curve.point(x, side) for x, side in rows]
        for index, kind in enumerate(_KINDS):
            noun = ("value", "slope")[index] + " of the function"
            values = [pair[index] for pair in known]
            arrays[kind + label] = Series(("x",), values, about=noun + about)
    for name in curves:
        label = f" {name}" if name else ""
        for index, kind in enumerate(_KINDS):
            pairs = [
                list(cells[name][a, b][index]) if a < b else [math.nan, math.nan]
                for (a, _), (b, _) in pairwise(rows)
            ]
            noun = f"bounds of the {('value', 'slope')[index]} from each x to the next"
            arrays[f"{kind} bounds{label}"] = Series(("cell", "end"), pairs, about=noun)
    return arrays


def _lay(joints: list[float], points: Iterable[float]) -> list[float]:
    """Equal steps over a window with room on both sides of 0 and all joints, and the points."""
    low, high = min([0.0, *joints]), max([0.0, *joints])
    room = max(_ROOM, 0.25 * (high - low))
    low, high = low - room, high + room
    steps = {low + (high - low) * index / _CELLS for index in range(_CELLS + 1)}
    return sorted(steps | set(joints) | {x for x in points if low < x < high})


def _refine(
    grid: list[float],
    curves: Mapping[str, Curve],
    cells: Mapping[str, dict[_Cell, tuple[Bounds, Bounds]]],
) -> None:
    """Halve the cells on which some curve may leave the line between its ends."""
    sizes = [
        _measure([curve.point(x)[index] for curve in curves.values() for x in grid])
        for index in range(len(_KINDS))
    ]
    waiting: list[_Cell] = list(pairwise(grid))
    for _ in range(_MOST_HALVINGS):
        rough = [
            cell
            for cell in waiting
            if any(
                _is_rough(curve, cell, cells[name][cell], sizes) for name, curve in curves.items()
            )
        ]
        if not rough or len(grid) + len(rough) > _MOST_POINTS:
            break
        waiting = []
        for low, high in rough:
            middle = low + (high - low) / 2
            if low < middle < high:
                grid.append(middle)
                waiting += [(low, middle), (middle, high)]
        for name, curve in curves.items():
            cells[name].update({cell: curve.bounds(*cell) for cell in waiting})
    grid.sort()


def _is_rough(curve: Curve, cell: _Cell, bounds: tuple[Bounds, Bounds], sizes: list[float]) -> bool:
    ends = curve.point(cell[0], 1), curve.point(cell[1], -1)
    for index, (low, high) in enumerate(bounds):
        rise = abs(ends[1][index] - ends[0][index])
        if math.isfinite(rise) and high - low > rise + _SHARE * sizes[index]:
            return True
    return False


def _measure(values: list[float]) -> float:
    """The height that most values span."""
    known = sorted(value for value in values if math.isfinite(value))
    if not known:
        return 1.0
    cut = int(_TRIMMED * len(known))
    return (known[-1 - cut] - known[cut]) or 1.0
