"""What the pictures of training runs read from an answer: curves by cell, and cells by name."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from gradiometer.report.canvas import use_logarithm
from gradiometer.report.reading import read_rows, to_plot_float

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from gradiometer.question import Answer

RATE = "learning_rate"
MOST = 5
"""Cells that one picture tells apart by colour and stroke."""
_COLOURS = ("blue", "orange", "green", "purple", "red")
_STROKES: Sequence[Any] = ("solid", (0, (5, 1.6)), (0, (1.5, 1.2)), (0, (6, 1.5, 1.5, 1.5)))
_NAME = 44
_NARROW = 3.0
"""Ratio of largest and smallest value below which a logarithm would leave no ticks."""
_DECADES = 300.0
"""The same below which ticks at powers of ten alone are too few."""


@final
@dataclass(frozen=True)
class Shown:
    """One cell in a picture."""

    cell: int
    label: str
    colour: str
    stroke: Any


@final
@dataclass(frozen=True, eq=False)
class Band:
    """A curve over epochs: the mean of its runs, and how far they reach; without stopped ones."""

    epochs: NDArray[np.float64]
    middle: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def read_curves(answer: Answer, name: str) -> NDArray[np.float64] | None:
    """The array of that name, or None where there is none or nothing finite in it."""
    import numpy as np

    series = answer.arrays.get(name)
    if series is None:
        return None
    values = np.asarray(series.values, dtype=np.float64)
    return values if np.isfinite(values).any() else None


def find_band(answer: Answer, name: str, cell: int, *, layer: int | None = None) -> Band | None:
    """The curve of one cell, or None where it has none.

    Args:
        answer: The grid.
        name: The array, over `cell`, `seed`, `epoch` and perhaps `layer`.
        cell: Which cell.
        layer: Which layer, counted from 0.
    """
    import numpy as np

    values = read_curves(answer, name)
    if values is None:
        return None
    rows = values[cell] if layer is None else values[cell, :, :, layer]
    is_known = np.isfinite(rows)
    # A mean over fewer and fewer runs would jump where one of them stops.
    # Cells of fewer epochs end before the last column.
    last = int(np.flatnonzero(is_known.any(axis=0))[-1]) if is_known.any() else -1
    stopped = read_curves(answer, "stopped")
    is_whole = is_known[:, last] if stopped is None else stopped[cell] < 0
    is_whole = is_whole[:, None] if is_whole.any() else np.ones((len(rows), 1), dtype=bool)
    rows = np.where(is_known & is_whole, rows, np.nan)
    columns = np.flatnonzero(np.isfinite(rows).any(axis=0))
    if not len(columns):
        return None
    kept = rows[:, columns]
    epochs = np.asarray(answer.arrays["epoch"].values, dtype=np.float64)[columns]
    return Band(epochs, np.nanmean(kept, axis=0), np.nanmin(kept, axis=0), np.nanmax(kept, axis=0))


def list_axes(answer: Answer) -> dict[str, list[Any]]:
    """What varies from cell to cell, by name, a value for each cell."""
    return {
        name: list(series.values)
        for name, series in answer.arrays.items()
        if tuple(series.dims) == ("cell",) and name != "cell" and len(set(series.values)) > 1
    }


def choose_best(answer: Answer) -> tuple[list[Shown], str]:
    """The cells with the best rate for all else, and a sentence that says so."""
    axes = list_axes(answer)
    count = len(answer.arrays["cell"].values)
    rows = read_rows(answer, "best_rate") or read_rows(answer, "best")
    cells = [cell for row in rows for cell in range(count) if _is_cell(row, axes, cell)]
    if RATE not in axes or not cells:
        said = "" if count <= MOST else f" The first {MOST} of {count} cells are shown."
        return name_cells(answer, range(min(count, MOST))), said
    said = "" if len(axes) == 1 else " for everything else that varies"
    more = "" if len(cells) <= MOST else f", the first {MOST} of {len(cells)}"
    return name_cells(answer, cells[:MOST]), f" Shown at the best learning rate{said}{more}."


def choose_spread(answer: Answer, name: str) -> tuple[list[Shown], str]:
    """Cells that have a curve of that name, from the first to the last one."""
    count = len(answer.arrays["cell"].values)
    cells = [cell for cell in range(count) if find_band(answer, name, cell) is not None]
    if len(cells) <= MOST:
        return name_cells(answer, cells), ""
    places = [round(i * (len(cells) - 1) / (MOST - 1)) for i in range(MOST)]
    return name_cells(
        answer, [cells[i] for i in places]
    ), f" {MOST} of {len(cells)} cells are shown."


def _is_cell(row: Mapping[str, Any], axes: Mapping[str, Sequence[Any]], cell: int) -> bool:
    """Whether a row of a fact speaks of that cell."""
    if RATE in axes and RATE not in row:
        return False
    for name in set(row) & set(axes):
        there = axes[name][cell]
        if isinstance(there, str):
            if str(row[name]) != there and row[name] is not None:
                return False
        elif not math.isclose(to_plot_float(row[name]), there, rel_tol=1e-9):
            return False
    return True


def name_cells(answer: Answer, cells: Sequence[int]) -> list[Shown]:
    """Each cell with a label that tells it from the others, its colour and its stroke."""
    axes = list_axes(answer)
    told = [n for n, values in axes.items() if n == RATE or len({values[c] for c in cells}) > 1]
    found: list[Shown] = []
    for place, cell in enumerate(cells):
        label = ", ".join(name_value(name, axes[name][cell]) for name in told) or "all runs"
        short = label if len(label) <= _NAME else f"{label[: _NAME - 1]}…"
        colour, stroke = _COLOURS[place % len(_COLOURS)], _STROKES[place % len(_STROKES)]
        found.append(Shown(cell, short, colour, stroke))
    return found


def name_value(name: str, value: Any) -> str:
    """A value of an axis in a few signs."""
    if name == RATE:
        return f"rate {to_plot_float(value):.3g}"
    return f"{name} {value:.4g}" if isinstance(value, int | float) else str(value)


def draw_band(plot: Axes, band: Band, shown: Shown, **style: Any) -> None:
    """The mean as a line, and from the lowest to the highest run as a band round it."""
    from gradiometer.report.palette import light

    colour = light(shown.colour)
    plot.fill_between(band.epochs, band.low, band.high, facecolor=colour, alpha=0.16, linewidth=0)
    options = {"linestyle": shown.stroke, "linewidth": 1.8, **style}
    plot.plot(band.epochs, band.middle, color=colour, **options)


def use_scale(plot: Axes) -> str:
    """Make the ordinate logarithmic where that shows more, and say so in words for the title."""
    import numpy as np
    from matplotlib.ticker import FixedLocator

    rows = [np.asarray(line.get_ydata(), dtype=np.float64) for line in plot.get_lines()]
    values = [v for row in rows for v in row.tolist() if math.isfinite(v)]
    if not values or min(values) <= 0 or max(values) < _NARROW * min(values):
        return ""
    use_logarithm(plot)
    low, high = plot.get_ylim()
    if high < _DECADES * low:
        ends = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        ticks = [size * 10.0**power for power in ends for size in (1, 2, 5)]
        plot.yaxis.set_major_locator(FixedLocator([t for t in ticks if low <= t <= high]))
    return ", logarithmic scale"


def write_legend(plot: Axes, rows: Sequence[tuple[str, str, Any]]) -> None:
    """A legend above the plots, where no curve can be: label, colour and stroke of each row."""
    from matplotlib.lines import Line2D

    from gradiometer.report.palette import light

    plot.axis("off")
    handles = [
        Line2D([], [], color=light(colour), linestyle=stroke, linewidth=1.8)
        for _, colour, stroke in rows
    ]
    plot.legend(
        handles, [label for label, _, _ in rows], frameon=False, loc="upper left", fontsize=10,
        handlelength=2.6, borderaxespad=0.0, borderpad=0.0, labelspacing=0.35,
        bbox_to_anchor=(0.0, 1.0), bbox_transform=plot.transAxes,
    )  # fmt: skip


def legend_height(rows: int) -> float:
    """Inches that a legend of so many rows takes."""
    return 0.2 * rows + 0.02


def count_seeds(answer: Answer) -> str:
    """How many runs a cell has, in words."""
    count = len(answer.arrays["seed"].values)
    return "one run" if count == 1 else f"{count} runs"
