"""A run of an optimizer: on its loss curve above, step by step below."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gradiometer.report.canvas import sheet, to_svg
from gradiometer.report.figure import Figure
from gradiometer.report.landscape import (
    draw_best,
    draw_course,
    draw_landscape,
    draw_legend,
    draw_points,
    draw_rings,
    frame,
)
from gradiometer.report.reading import read_column, read_path, read_value, to_plot_float

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from gradiometer.question import Answer

_PERIODS = 4
"""Periods of a cycle that are drawn after it began."""

_FEWEST = 5
_GROWTH = 15.0
"""A growing run is drawn until it is this many first steps away; more would flatten the first."""

_LARGEST = 1e100
"""Sizes beyond this are left out: scales lose their meaning first, then float64."""


def draw_trajectory(answer: Answer) -> Figure | None:
    """The iterates on the loss curve and over the steps, or None without iterates."""
    if len(read_path(answer)) > 1:
        return None
    xs, values = read_column(answer, "x"), read_column(answer, "value")
    shown = _count_shown(answer, xs)
    if shown == 0:
        return None
    curve = read_column(answer, "landscape_x"), read_column(answer, "landscape_value")
    points = [(x, y) for x, y in zip(xs[:shown], values, strict=False) if math.isfinite(y)]
    has_curve = bool(curve[0]) and bool(points)
    with sheet((2.5, 1.35) if has_curve else (2.0,)) as (figure, plots):
        if has_curve:
            _draw_run(plots[0], answer, curve, points)
        draw_course(plots[-1], list(range(shown)), xs[:shown])
        svg = to_svg(figure)
    return Figure("The run on its loss curve", _describe(answer, xs, shown), svg)


def _count_shown(answer: Answer, xs: Sequence[float]) -> int:
    """How many iterates tell the story: the rest of a cycle, or of a blow-up, repeats it."""
    finite = next(
        (k for k, x in enumerate(xs) if not math.isfinite(x) or abs(x) > _LARGEST), len(xs)
    )
    cycle = read_value(answer, "cycle")
    if isinstance(cycle, Mapping) and isinstance(cycle.get("period"), int):
        start = int(to_plot_float(cycle.get("from_step", 0)))
        return min(finite, max(start + _PERIODS * cycle["period"] + 1, 12))
    if read_value(answer, "verdict") in {"diverges", "escapes"}:
        first = max(abs(xs[1] - xs[0]) if len(xs) > 1 else 0.0, 1e-300)
        away = (k for k, x in enumerate(xs[:finite]) if abs(x - xs[0]) > _GROWTH * first)
        return min(finite, max(next(away, finite - 1) + 1, _FEWEST))
    return finite


def _draw_run(
    plot: Axes,
    answer: Answer,
    curve: tuple[Sequence[float], Sequence[float]],
    points: Sequence[tuple[float, float]],
) -> None:
    frame(plot, *curve, points)
    draw_landscape(plot, *curve)
    draw_points(plot, points)
    cycle = read_value(answer, "cycle")
    if isinstance(cycle, Mapping):
        ringed = _cycle_points(cycle, points)
        if ringed:
            draw_rings(plot, ringed, label=f"cycle of period {len(ringed)}")
    lowest, at = (to_plot_float(read_value(answer, key)) for key in ("lowest", "lowest_at"))
    left, right = plot.get_xlim()
    if math.isfinite(lowest) and left <= at <= right:
        step = read_value(answer, "lowest_step")
        suffix = "" if step is None else f" (step {step})"
        draw_best(plot, at, lowest, label=f"lowest {lowest:.6g}{suffix}")
    plot.set_xlabel("x")
    plot.set_title("loss at x")
    if plot.get_legend_handles_labels()[0]:
        draw_legend(plot)


def _cycle_points(
    cycle: Mapping[str, Any], points: Sequence[tuple[float, float]]
) -> list[tuple[float, float]]:
    """The points of the cycle among the iterates, each with its height."""
    wanted = [to_plot_float(point) for point in cycle.get("points") or ()]
    found = []
    for x in wanted:
        near = min(points, key=lambda point: abs(point[0] - x))
        if math.isclose(near[0], x, rel_tol=1e-6, abs_tol=1e-9):
            found.append(near)
    return found


def _describe(answer: Answer, xs: Sequence[float], shown: int) -> str:
    parts = [f"The run starts at x = {xs[0]:.6g}"]
    if shown < len(xs):
        parts.append(f"the first {shown} of {len(xs)} iterates are drawn")
    verdict = read_value(answer, "verdict")
    if isinstance(verdict, str):
        parts.append(f"verdict: {verdict}")
    parts.append(f"the last iterate drawn is x = {xs[shown - 1]:.6g}")
    return "; ".join(parts) + "."
