"""The map of a sweep: one setting across, another one up, and what becomes of each run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradiometer.report.canvas import sheet, to_svg, use_logarithm
from gradiometer.report.figure import Figure
from gradiometer.report.sweep_reading import (
    Proved,
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

_MOST_COLUMNS, _MOST_ROWS = 120, 90
_HEIGHT, _SPARE = 3.6, 0.4
_LEAST_WIDTH = 0.014
"""Of a frame, in parts of the plot: thinner cells are framed with what is around them."""


def draw_sweep_map(answer: Answer) -> Figure | None:
    """The map over the first two axes, or None where fewer vary."""
    dims = list_dims(answer)
    if len(dims) < 2:
        return None
    across = read_ruler(answer, dims[0], _MOST_COLUMNS)
    up = read_ruler(answer, dims[1], _MOST_ROWS)
    order, kinds = answer.arrays["kind"].dims, read_kinds(answer)
    table = _cut(answer, dims[:2])[np.ix_(across.picked, up.picked)].T
    proofs = [p for p in read_proved(answer) if _is_drawn(p, order, dims[:2])]
    with sheet((legend_height(kinds, proofs, spare=_SPARE), _HEIGHT)) as (figure, (legend, plot)):
        write_kinds(legend, kinds, proofs)
        draw_kinds(plot, table, kinds, x=across.edges, y=up.edges)
        _write_axes(plot, across, up)
        for proved in proofs:
            at = [proved.cell[order.index(name)] for name in dims[:2]]
            width = _find_cell(answer, dims[0], at[0], across)
            height = _find_cell(answer, dims[1], at[1], up)
            outline(plot, (*width, *height), proved)
        svg = name_links(to_svg(figure), proofs)
    about = f"{across.name} across, {up.name} up. {describe_kinds(kinds, proofs)}"
    return Figure(_title(answer, across, up), about, svg, _say_rest(answer, dims, (across, up)),
                  "proofs" if proofs else "")  # fmt: skip


def _title(answer: Answer, across: Ruler, up: Ruler) -> str:
    return f"What becomes of the runs, by {across.name} and {up.name}"


def _cut(answer: Answer, shown: tuple[str, ...]) -> Any:
    """The kinds over two axes, at the first value of all others."""
    series = answer.arrays["kind"]
    at = tuple(slice(None) if name in shown else 0 for name in series.dims)
    return np.asarray(series.values)[at]


def _is_drawn(proved: Proved, order: tuple[str, ...], shown: tuple[str, ...]) -> bool:
    return all(at == 0 for name, at in zip(order, proved.cell, strict=True) if name not in shown)


def _find_cell(answer: Answer, name: str, at: int, ruler: Ruler) -> tuple[float, float]:
    """Where a frame round that value of the axis begins and ends."""
    whole = read_ruler(answer, name, len(answer.arrays[name].values)).edges
    ends = np.log(ruler.edges) if ruler.is_log else ruler.edges
    low, high = (np.log(whole[at : at + 2]) if ruler.is_log else whole[at : at + 2]).tolist()
    lack = _LEAST_WIDTH * abs(float(ends[-1] - ends[0])) - abs(high - low)
    if lack > 0:
        sign = 1 if high >= low else -1
        low, high = low - sign * lack / 2, high + sign * lack / 2
    return (float(np.exp(low)), float(np.exp(high))) if ruler.is_log else (low, high)


def _write_axes(plot: Axes, across: Ruler, up: Ruler) -> None:
    plot.grid(visible=False)
    if across.is_log:
        use_logarithm(plot, axis="x")
    if up.is_log:
        use_logarithm(plot)
    plot.set_xlim(*sorted((across.edges[0], across.edges[-1])))
    plot.set_ylim(*sorted((up.edges[0], up.edges[-1])))
    plot.set_xlabel(across.name + ", logarithmic scale" * across.is_log)
    plot.set_title(up.name + ", logarithmic scale" * up.is_log)


def _say_rest(answer: Answer, dims: tuple[str, ...], rulers: tuple[Ruler, Ruler]) -> str:
    """What the picture leaves out."""
    said = []
    for ruler, name in zip(rulers, dims, strict=False):
        count = len(answer.arrays[name].values)
        if len(ruler.picked) < count:
            said.append(f"{len(ruler.picked)} of {count:,} values of {ruler.name} are drawn.")
    for name in dims[2:]:
        values = answer.arrays[name].values
        said.append(f"Drawn at the first of {len(values):,} values of {name.replace('_', ' ')}, "
                    f"{values[0]:.6g}.")  # fmt: skip
    return " ".join(said)
