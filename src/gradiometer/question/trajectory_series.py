"""The iterates of a run as arrays, and the landscape round them for a picture."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from gradiometer.formula import compile_float
from gradiometer.question.answer import Series
from gradiometer.question.course import Request
from gradiometer.question.landscape import landscape_series, shown_positions
from gradiometer.question.trajectory_places import list_known_points

_CELLS = 60
"""Cells of a surface in each direction."""
_FARTHEST = 1e12
_RATED = 10_000


def list_series(
    request: Request,
    steps: Sequence[int],
    positions: Sequence[Sequence[float]],
    losses: Sequence[float],
    *,
    stride: int,
) -> dict[str, Series]:
    """Steps, coordinates, losses and rates, and in one or two variables the landscape.

    Args:
        request: What was asked.
        steps: The steps that are kept.
        positions: The position of each.
        losses: The loss of each.
        stride: Every how many steps one is kept.
    """
    about = "steps done" if stride == 1 else f"steps done, every {stride:,} of them and the last"
    series = {"step": Series(("step",), list(steps), "step", about)}
    columns = list(zip(*positions, strict=True))
    for name, column in zip(request.objective.variables, columns, strict=True):
        series[to_column(name)] = Series(("step",), list(column), "1", f"position, {name}")
    series["value"] = Series(("step",), list(losses), "1", "loss")
    for name, row in request.schedules.items():
        rates = [row.float_at(step) for step in steps[:_RATED]]
        rates += [math.nan] * (len(steps) - len(rates))
        about = f"{name.replace('_', ' ')} of the next step"
        series[name] = Series(("step",), rates, "1", about)
    if len(columns) == 1 and request.objective.variables == ("x",):
        return series | landscape_series(request.course, [x for (x,) in positions])
    return series | (_surface(request, positions) if len(columns) == 2 else {})


def to_column(variable: str) -> str:
    """The name of a variable's array; a word that another array has is told apart."""
    return f"position_{variable}" if variable in ("step", "value", "learning_rate") else variable


def _surface(request: Request, positions: Sequence[Sequence[float]]) -> Mapping[str, Series]:
    """The loss on a grid that shows the run, and the critical points near it."""
    known = list_known_points(request)
    shown = shown_positions_2d(positions)
    low = [min(column) for column in zip(*shown, strict=True)]
    high = [max(column) for column in zip(*shown, strict=True)]
    span = max(1e-3, *(h - w for h, w in zip(high, low, strict=True)))
    near = [
        point for point in known
        if all(w - span <= v <= h + span for v, w, h in zip(point, low, high, strict=True))
    ]  # fmt: skip
    axes = []
    for at in range(2):
        ends = [low[at], high[at], *(point[at] for point in near)]
        left, right = min(ends), max(ends)
        # Neither side of the picture is much shorter than the other.
        room = max(0.12 * (right - left), 0.25 * span - (right - left) / 2, 0.06 * span)
        left, right = left - room, right + room
        axes.append([left + (right - left) * i / _CELLS for i in range(_CELLS + 1)])
    height = compile_float(request.journey.surface.value)
    names = request.journey.surface.variables
    rows = [[height(dict(zip(names, (x, y), strict=True))) for x in axes[0]] for y in axes[1]]
    return {
        "surface_x": Series(("surface_x",), axes[0], "1", f"position, {names[0]}"),
        "surface_y": Series(("surface_y",), axes[1], "1", f"position, {names[1]}"),
        "surface_value": Series(("surface_y", "surface_x"), rows, "1", "loss"),
    }


def shown_positions_2d(positions: Sequence[Sequence[float]]) -> list[Sequence[float]]:
    """The positions that a picture shows: all of them, or the first of a run that runs off."""
    distances = [math.dist(point, positions[0]) if all(map(math.isfinite, point)) else math.inf
                 for point in positions]  # fmt: skip
    count = len(shown_positions([d if d < _FARTHEST else math.inf for d in distances]))
    return list(positions[: max(count, 1)])
