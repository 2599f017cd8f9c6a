"""A run on a surface in two variables: lines of equal loss, and the way across them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gradiometer.report.canvas import sheet, to_svg
from gradiometer.report.figure import Figure
from gradiometer.report.landscape import thin
from gradiometer.report.palette import light
from gradiometer.report.reading import read_column, read_path, read_value, to_plot_float

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from gradiometer.question import Answer

_LINES = 16
"""Lines of equal loss."""
_INNER, _OUTER = 0.01, 0.97
"""Parts of the picture that lie below the lowest and the highest line."""
_FEW = 60
"""Iterates up to which each one gets a dot."""

_MARKS: Mapping[str, tuple[str, str, str]] = {
    "minimum": ("minimum", "*", "green"),
    "local minimum": ("minimum", "*", "green"),
    "maximum": ("maximum", "^", "red"),
    "local maximum": ("maximum", "^", "red"),
    "saddle": ("saddle", "x", "orange"),
    "critical": ("critical point", "P", "orange"),
}
"""What the legend says of a critical point, its mark and its colour."""


def draw_surface(answer: Answer) -> Figure | None:
    """The path over lines of equal loss, or None where there are not two variables."""
    path = read_path(answer)
    rows = answer.arrays.get("surface_value")
    if len(path) != 2 or rows is None:
        return None
    (first, xs), (second, ys) = path.items()
    axes = read_column(answer, "surface_x"), read_column(answer, "surface_y")
    points = [p for p in zip(xs, ys, strict=True) if all(map(math.isfinite, p))]
    inside = _count_inside(points, axes)
    with sheet((3.9,)) as (figure, (plot,)):
        plot.grid(visible=False)
        _draw_lines(plot, axes, rows.to_list())
        plot.set_xlim(axes[0][0], axes[0][-1])
        plot.set_ylim(axes[1][0], axes[1][-1])
        _draw_way(plot, points[: inside + 1], is_whole=inside == len(points))
        _draw_critical(plot, answer)
        plot.set_xlabel(first)
        plot.set_title(f"{second} over {first}, with lines of equal loss")
        plot.legend(
            loc="best", fontsize=10, handletextpad=0.3, borderaxespad=0.4, frameon=True,
            facecolor=light("paper"), edgecolor="none", framealpha=0.85,
        )  # fmt: skip
        svg = to_svg(figure)
    return Figure("The run on its surface", _describe(answer, path, inside, len(points)), svg)


def _count_inside(
    points: Sequence[tuple[float, float]], axes: tuple[Sequence[float], Sequence[float]]
) -> int:
    """How many iterates there are before the run leaves the picture for good."""
    (left, right), (low, high) = ((axis[0], axis[-1]) for axis in axes)
    count = 0
    for number, (x, y) in enumerate(points):
        if left <= x <= right and low <= y <= high:
            count = number + 1
    return count


def _draw_lines(
    plot: Axes, axes: tuple[Sequence[float], Sequence[float]], rows: Sequence[Sequence[float]]
) -> None:
    """Lines of equal loss, close together where the surface is low."""
    heights = sorted(v for row in rows for v in row if math.isfinite(v))
    if not heights or heights[0] == heights[-1]:
        return
    # Corners far above the rest would take all lines; below the cells' size lines are ragged.
    inner, outer = (heights[int(part * (len(heights) - 1))] for part in (_INNER, _OUTER))
    lowest = heights[0]
    if not lowest < inner < outer:
        lowest, inner, outer = (
            heights[0],
            heights[0] + 0.01 * (heights[-1] - heights[0]),
            heights[-1],
        )
    step = ((outer - lowest) / (inner - lowest)) ** (1 / (_LINES - 1))
    levels = [lowest + (inner - lowest) * step**k for k in range(_LINES)]
    finite = [[v if math.isfinite(v) else math.nan for v in row] for row in rows]
    plot.contour(
        axes[0], axes[1], finite, levels=levels, colors=light("muted"), linewidths=0.8, alpha=0.7,
        zorder=1,
    )  # fmt: skip


def _draw_way(plot: Axes, points: Sequence[tuple[float, float]], *, is_whole: bool) -> None:
    if not points:
        return
    shown = thin(points, within=(*plot.get_xlim(), *plot.get_ylim()))
    dots = "o" if len(points) <= _FEW else None
    plot.plot(
        [x for x, _ in points] if len(points) <= _FEW else [x for x, _ in shown],
        [y for _, y in points] if len(points) <= _FEW else [y for _, y in shown],
        color=light("blue"), linewidth=1.5, marker=dots, markersize=3.5, zorder=3,
    )  # fmt: skip
    ends: list[tuple[str, tuple[float, float], str]] = [("start", points[0], "paper")]
    if is_whole:
        ends.append(("end", points[-1], "blue"))
    for label, (x, y), fill in ends:
        plot.plot(
            [x], [y], "o", markersize=7.5, color=light("blue"), markerfacecolor=light(fill),
            markeredgewidth=1.8, label=label, zorder=4,
        )  # fmt: skip


def _draw_critical(plot: Axes, answer: Answer) -> None:
    kinds = answer.arrays.get("critical_kind")
    if kinds is None:
        return
    places = zip(read_column(answer, "critical_x"), read_column(answer, "critical_y"), strict=True)
    named: set[str] = set()
    for kind, (x, y) in zip(kinds.values, places, strict=True):
        label, mark, colour = _MARKS.get(str(kind), _MARKS["critical"])
        plot.plot(
            [x], [y], mark, markersize=10 if mark == "*" else 7, color=light(colour),
            markeredgewidth=2 if mark == "x" else 0.8, linestyle="none", zorder=5,
            label=None if label in named else label,
        )  # fmt: skip
        named.add(label)


def _describe(answer: Answer, path: Mapping[str, Sequence[float]], inside: int, count: int) -> str:
    def place(at: int) -> str:
        return ", ".join(f"{name} = {column[at]:.6g}" for name, column in path.items())

    parts = [f"The run starts at {place(0)}"]
    if inside < count:
        parts.append(f"it leaves the picture after {inside} of {count} iterates")
    else:
        parts.append(f"it ends at {place(count - 1)}")
    verdict: Any = read_value(answer, "verdict")
    lowest = to_plot_float(read_value(answer, "lowest"))
    if math.isfinite(lowest):
        parts.append(f"its lowest loss is {lowest:.6g}")
    return "; ".join([*parts, f"verdict: {verdict}"]) + "."
