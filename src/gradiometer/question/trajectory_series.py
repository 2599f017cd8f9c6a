"""The iterates of a run as arrays, and the landscape round them for a picture."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from gradiometer.formula import compile_float
from gradiometer.numeric import choose_stride
from gradiometer.question.answer import Series
from gradiometer.question.course import Request
from gradiometer.question.landscape import landscape_series, shown_positions
from gradiometer.question.trajectory_places import find_known_minimum, list_known_points

_CELLS = 100
"""Cells of a surface in each direction."""
_FARTHEST = 1e12
_TAKEN = ("step", "value", "height", "learning_rate")
"""Names of arrays that no variable's array may have."""


def list_series(
    request: Request,
    steps: Sequence[int],
    positions: Sequence[Sequence[float]],
    losses: Sequence[float],
) -> dict[str, Series]:
    """Steps, coordinates, losses and rates, and in one or two variables the landscape.

    Args:
        request: What was asked.
        steps: The steps that are kept.
        positions: The position of each.
        losses: The loss of each.
    """
    stride = steps[1] - steps[0] if len(steps) > 1 else 1
    about = "steps done" if stride == 1 else f"steps done; every {stride:,} and the last are kept"
    series = {"step": Series(("step",), list(steps), "step", about)}
    columns = list(zip(*positions, strict=True))
    for name, column in zip(request.objective.variables, columns, strict=True):
        series[to_column(name, request.schedules)] = Series(
            ("step",), list(column), "1", f"position, {name}"
        )
    series["value"] = Series(("step",), list(losses), "1", "loss")
    series |= list_heights(request, losses) | list_rates(request, steps)
    if request.is_online:
        return series
    if len(columns) == 1 and request.objective.variables == ("x",):
        return series | landscape_series(request.course, [x for (x,) in positions])
    return series | (_surface(request, positions) if len(columns) == 2 else {})


def list_kept(last: int) -> list[int]:
    """The steps whose positions are kept: all, or evenly spaced ones and the last.

    Example:
        >>> list_kept(3), list_kept(20_001)[-2:]
        ([0, 1, 2, 3], [19998, 20001])
    """
    steps = list(range(0, last + 1, choose_stride(last)))
    return steps if steps[-1] == last else [*steps, last]


def list_heights(request: Request, losses: Sequence[float]) -> dict[str, Series]:
    """How far each loss is above the lowest value of the landscape, where that is known."""
    lowest = find_known_minimum(request)
    if lowest is None:
        return {}
    heights = [loss - lowest for loss in losses]
    about = f"loss above the lowest value {lowest:.6g}"
    return {"height": Series(("step",), heights, "1", about)}


def list_rates(request: Request, steps: Sequence[int]) -> dict[str, Series]:
    """What schedules give for the step after each kept one, by parameter of the rule."""
    return {
        name: Series(
            ("step",), [row.float_at(step) for step in steps], "1",
            f"{name.replace('_', ' ')} of the next step",
        )
        for name, row in request.schedules.items()
    }  # fmt: skip


def to_column(variable: str, scheduled: Collection[str] = ()) -> str:
    """The name of a variable's array; a word that another array has is told apart."""
    return f"position_{variable}" if variable in (*_TAKEN, *scheduled) else variable


def _surface(request: Request, positions: Sequence[Sequence[float]]) -> dict[str, Series]:
    """The loss on a grid that shows the run, and the critical points near it."""
    known = list_known_points(request)
    shown = shown_positions_2d(positions)
    low = [min(column) for column in zip(*shown, strict=True)]
    high = [max(column) for column in zip(*shown, strict=True)]
    span = max(1e-3, *(h - w for h, w in zip(high, low, strict=True)))
    near = [
        (kind, point)
        for kind, point in known
        if all(w - span <= v <= h + span for v, w, h in zip(point, low, high, strict=True))
    ]
    axes = []
    for at in range(2):
        ends = [low[at], high[at], *(point[at] for _, point in near)]
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
        "critical_x": Series(("critical",), [point[0] for _, point in near], "1", "critical point"),
        "critical_y": Series(("critical",), [point[1] for _, point in near], "1", "critical point"),
        "critical_kind": Series(("critical",), [kind for kind, _ in near], "1", "its kind"),
    }


def shown_positions_2d(positions: Sequence[Sequence[float]]) -> list[Sequence[float]]:
    """The positions that a picture shows: all of them, or the first of a run that runs off."""
    distances = [math.dist(point, positions[0]) if all(map(math.isfinite, point)) else math.inf
                 for point in positions]  # fmt: skip
    count = len(shown_positions([d if d < _FARTHEST else math.inf for d in distances]))
    return list(positions[: max(count, 1)])
