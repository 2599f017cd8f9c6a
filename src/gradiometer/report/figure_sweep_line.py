"""A sweep along one axis: where each run ends, all points of a cycle, and what becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gradiometer.report.canvas import sheet, to_svg, use_logarithm
from gradiometer.report.figure import Figure
from gradiometer.report.palette import light
from gradiometer.report.reading import read_rows
from gradiometer.report.sweep_reading import (
    Ruler,
    describe_kinds,
    draw_kinds,
    legend_height,
    list_dims,
    name_links,
    outline,
    read_kinds,
    read_proved,
    read_ruler,
    write_kinds,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from gradiometer.question import Answer

_MOST_COLUMNS, _ROWS = 480, 360
"""What a picture tells apart, across and up."""

_HEIGHT, _STRIP = 3.2, 0.45
_WIDE = 30.0
"""From where on few points far away are left out: the range of all over that of most."""

_AWAY = ("escaped", "diverged", "not_finite")


def draw_sweep_line(answer: Answer) -> Figure | None:
    """The picture, or None where not just one axis varies."""
    dims = list_dims(answer)
    if len(dims) != 1:
        return None
    ruler, kinds = read_ruler(answer, dims[0], _MOST_COLUMNS), read_kinds(answer)
    proofs = read_proved(answer)
    table = np.asarray(answer.arrays["kind"].values).reshape(-1)
    points = _read_points(answer, table, ruler)
    heights = (legend_height(kinds, proofs), *[_HEIGHT] * (points is not None), _STRIP)
    with sheet(heights, share=True) as (figure, (legend, *plots)):
        write_kinds(legend, kinds, proofs)
        if points is not None:
            _draw_points(plots[0], points, ruler)
            plots[0].set_title(_say_points(answer))
        edges = np.array([0.0, 1.0])
        draw_kinds(plots[-1], table[ruler.picked][None, :], kinds, x=ruler.edges, y=edges)
        _write_axis(plots[-1], ruler)
        _dress_strip(plots[-1])
        whole = read_ruler(answer, dims[0], len(table)).edges
        order = answer.arrays["kind"].dims
        for proved in proofs:
            at = proved.cell[order.index(dims[0])]
            outline(plots[-1], (whole[at], whole[at + 1], 0, 1), proved)
        svg = name_links(to_svg(figure), proofs)
    about = f"{_say_points(answer)}, by {ruler.name}. {describe_kinds(kinds, proofs)}"
    drawn = f"{len(ruler.picked)} of {len(table):,} values are drawn."
    return Figure(f"What becomes of the runs, by {ruler.name}", about, svg,
                  drawn if len(ruler.picked) < len(table) else "",
                  "proofs" if proofs else "")  # fmt: skip


def _say_points(answer: Answer) -> str:
    if "tail" not in answer.arrays:
        return "Where each run ends"
    count = np.shape(answer.arrays["tail"].values)[1]
    return f"Where each run stands after the last step and {count - 1} more"


def _read_points(answer: Answer, table: NDArray[Any], ruler: Ruler) -> NDArray[np.float64] | None:
    """The last positions of each drawn run, NaN where it has left; None for several variables."""
    name = "tail" if "tail" in answer.arrays else "position"
    series = answer.arrays.get(name)
    if series is None:
        return None
    points = np.asarray(series.values, np.float64).reshape(len(table), -1)[ruler.picked]
    rows = read_rows(answer, "kinds")
    away = [number for number, row in enumerate(rows) if row.get("label") in _AWAY]
    points = np.where(np.isin(table[ruler.picked], away)[:, None], np.nan, points)
    return points if np.isfinite(points).any() else None


def _draw_points(plot: Axes, points: NDArray[np.float64], ruler: Ruler) -> None:
    """All points as short strokes of one path: what falls together is drawn once."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    low, high = _find_range(points[np.isfinite(points)])
    height = (high - low) / _ROWS
    places: list[tuple[float, float]] = []
    codes: list[Any] = []
    for column, row in enumerate(points):
        inside = row[np.isfinite(row) & (row >= low) & (row <= high)]
        bins = np.unique(np.floor((inside - low) / height).astype(int))
        for run in np.split(bins, np.flatnonzero(np.diff(bins) > 1) + 1) if len(bins) else ():
            x = ruler.values[column]
            places += [(x, low + run[0] * height), (x, low + (run[-1] + 1) * height)]
            codes += [Path.MOVETO, Path.LINETO]
    width = max(1.2, 300 / max(len(points), 1) * 0.5)
    plot.add_patch(PathPatch(Path(places, codes), facecolor="none", edgecolor=light("blue"),
                             linewidth=min(width, 5.0), capstyle="butt"))  # fmt: skip
    room = 0.03 * (high - low)
    plot.set_ylim(low - room, high + room)


def _find_range(values: NDArray[np.float64]) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    most = np.quantile(values, [0.02, 0.98])
    spread = float(most[1] - most[0])
    if spread > 0 and high - low > _WIDE * spread:
        low, high = float(most[0]) - spread, float(most[1]) + spread
    if high - low <= 1e-9 * max(1.0, abs(low)):
        return low - 0.5, high + 0.5
    return low, high


def _write_axis(plot: Axes, ruler: Ruler) -> None:
    if ruler.is_log:
        use_logarithm(plot, axis="x")
    plot.set_xlim(*sorted((ruler.edges[0], ruler.edges[-1])))
    plot.set_xlabel(ruler.name + ", logarithmic scale" * ruler.is_log)


def _dress_strip(plot: Axes) -> None:
    plot.set_yticks([])
    plot.set_ylim(0, 1)
    plot.grid(visible=False)
    plot.spines["left"].set_visible(False)
