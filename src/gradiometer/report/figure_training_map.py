"""Every cell of a grid of training runs: learning rates across, all else down, and where it breaks.

The darker a cell, the better; a cell in which runs diverged says how many, and a thick line stands
between rates at which every run ends well and those at which some diverge.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, final

from gradiometer.report.canvas import sheet, to_svg
from gradiometer.report.figure import Figure
from gradiometer.report.palette import light
from gradiometer.report.training_grid import (
    RATE,
    count_seeds,
    find_band,
    list_axes,
    name_value,
    read_curves,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from gradiometer.question import Answer

_MOST_ROWS = 24
_MOST_COLUMNS = 40
_FEW = 10
"""Columns up to which a cell has room for its number."""
_HEIGHT = 0.34
_SOURCES = ("validation_accuracy", "test_accuracy", "train_accuracy",
            "validation_loss", "test_loss", "train_loss")  # fmt: skip


@final
@dataclass(frozen=True)
class _Table:
    """The grid as rows and columns of a picture."""

    source: str
    """The array whose last values are shown."""
    rates: Sequence[float]
    rows: Sequence[str]
    values: Mapping[tuple[int, int], float]
    """By row and column; NaN where every run diverged."""
    diverged: Mapping[tuple[int, int], int]
    seeds: int


def draw_training_map(answer: Answer) -> Figure | None:
    """The map, or None where the rate does not vary."""
    table = _read_table(answer)
    if table is None:
        return None
    names = len(max(table.rows, key=len)) if len(table.rows) > 1 else 0
    with sheet((_HEIGHT * len(table.rows),)) as (figure, (plot,)):
        _make_room(plot, names)
        _draw_cells(plot, table)
        _draw_edges(plot, table)
        _write_axes(plot, table)
        box = plot.get_position()
        words = f"{table.source.replace('_', ' ')} at the end"
        words += "; red: runs that diverged" if any(table.diverged.values()) else ""
        # The names of the rows leave too little room for it above the cells alone.
        plot.set_title(words, loc="left", x=(0.02 - box.x0) / box.width)
        svg = to_svg(figure)
    return Figure("Learning rates and what becomes of the runs", _describe(answer, table), svg)


def _read_table(answer: Answer) -> _Table | None:
    """Rows are everything else that varies, in the order in which it first stands."""
    axes = list_axes(answer)
    stopped = read_curves(answer, "stopped")
    source = next((name for name in _SOURCES if read_curves(answer, name) is not None), "")
    if RATE not in axes or stopped is None or not source:
        return None
    others = [name for name in axes if name != RATE]
    rates = sorted(set(axes[RATE]))
    rows: list[str] = []
    values: dict[tuple[int, int], float] = {}
    diverged: dict[tuple[int, int], int] = {}
    for cell, rate in enumerate(axes[RATE]):
        name = ", ".join(name_value(other, axes[other][cell]) for other in others)
        if name not in rows:
            rows.append(name)
        at = rows.index(name), rates.index(rate)
        diverged[at] = int((stopped[cell] >= 0).sum())
        band = find_band(answer, source, cell)
        is_done = band is not None and diverged[at] < stopped.shape[1]
        values[at] = float(band.middle[-1]) if band is not None and is_done else math.nan
    if len(rows) > _MOST_ROWS or len(rates) > _MOST_COLUMNS:
        return None
    return _Table(source, rates, rows, values, diverged, stopped.shape[1])


def _make_room(plot: Axes, letters: int) -> None:
    """Move the left edge so that the names of the rows have room."""
    box = plot.get_position()
    left = min(0.45, 0.04 + 0.0132 * min(letters, 30))
    plot.set_position((left, box.y0, box.x1 - left, box.height))


def _draw_cells(plot: Axes, table: _Table) -> None:
    from matplotlib.patches import Rectangle

    finite = [value for value in table.values.values() if math.isfinite(value)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
    is_loss = table.source.endswith("loss")
    for (row, column), value in table.values.items():
        share = (value - low) / (high - low) if high > low else 1.0
        # Small differences at the top are what a reader looks for.
        good = (1 - share if is_loss else share) ** 3 if math.isfinite(value) else 0.0
        count = table.diverged[row, column]
        is_lost = count == table.seeds
        colour, alpha = ("red", 0.4) if is_lost else ("blue", 0.06 + 0.44 * good)
        plot.add_patch(
            Rectangle((column, row), 1, 1, facecolor=light(colour), alpha=alpha, linewidth=0)
        )
        if count and not is_lost:
            plot.add_patch(
                Rectangle((column, row + 0.86), 1, 0.14, facecolor=light("red"), linewidth=0)
            )
        if len(table.rates) <= _FEW:
            said = f"{count} of {table.seeds}" if is_lost else f"{value:.3g}"
            said += f" ({count}✕)" if count and not is_lost else ""
            plot.text(column + 0.5, row + 0.52, said, ha="center", va="center", fontsize=9)


def _draw_edges(plot: Axes, table: _Table) -> None:
    """A thick line between neighbours of which one has lost runs and the other has not."""
    for row in range(len(table.rows)):
        known = [c for c in range(len(table.rates)) if (row, c) in table.diverged]
        for left, right in pairwise(known):
            if bool(table.diverged[row, left]) != bool(table.diverged[row, right]):
                plot.plot([right, right], [row, row + 1], color=light("red"), linewidth=3,
                          solid_capstyle="butt")  # fmt: skip


def _write_axes(plot: Axes, table: _Table) -> None:
    plot.grid(visible=False)
    plot.set_xlim(0, len(table.rates))
    plot.set_ylim(len(table.rows), 0)
    every = -(-len(table.rates) // _FEW)
    places = range(0, len(table.rates), every)
    plot.set_xticks([place + 0.5 for place in places], [f"{table.rates[p]:.3g}" for p in places])
    labels = [name if len(name) <= 30 else f"{name[:29]}…" for name in table.rows]
    plot.set_yticks([row + 0.5 for row in range(len(table.rows))], labels)
    plot.tick_params(length=0, labelsize=9)
    plot.set_xlabel("learning rate at the start")


def _describe(answer: Answer, table: _Table) -> str:
    about = (
        f"The {table.source.replace('_', ' ')} at the end, the mean of {count_seeds(answer)} a "
        f"cell, for {len(table.rates)} learning rates from {table.rates[0]:.3g} to "
        f"{table.rates[-1]:.3g}."
    )
    for row, name in enumerate(table.rows):
        lost = [r for c, r in enumerate(table.rates) if table.diverged.get((row, c))]
        if lost:
            said = f"{name}: runs" if name else "Runs"
            about += f" {said} diverge from {lost[0]:.3g} on."
    return about if any(table.diverged.values()) else f"{about} No run diverges."
