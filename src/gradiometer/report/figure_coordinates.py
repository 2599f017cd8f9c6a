"""The coordinates of a run in three variables or more, step by step."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gradiometer.report.canvas import sheet, to_svg
from gradiometer.report.figure import Figure
from gradiometer.report.landscape import draw_legend
from gradiometer.report.palette import light
from gradiometer.report.reading import read_column, read_path

if TYPE_CHECKING:
    from gradiometer.question import Answer

_COLOURS = ("blue", "orange", "green", "red", "purple", "muted")
"""One for each coordinate; of more, the first ones are drawn."""
_LARGEST = 1e100


def draw_coordinates(answer: Answer) -> Figure | None:
    """A line for each coordinate, or None in one or two variables."""
    path = read_path(answer)
    if len(path) < 3:
        return None
    steps = read_column(answer, "step")
    shown = dict(list(path.items())[: len(_COLOURS)])
    with sheet((2.4,)) as (figure, (plot,)):
        for colour, (name, column) in zip(_COLOURS, shown.items(), strict=False):
            values = [v if abs(v) < _LARGEST else math.nan for v in column]
            plot.plot(steps, values, color=light(colour), linewidth=1.6, label=name)
        plot.set_xlabel("step")
        plot.set_title("coordinates at each step")
        draw_legend(plot)
        svg = to_svg(figure)
    parts = [f"{name} from {column[0]:.6g} to {column[-1]:.6g}" for name, column in shown.items()]
    more = f"; {len(path) - len(shown)} more are not drawn" if len(path) > len(shown) else ""
    return Figure("The coordinates at each step", "; ".join(parts) + more + ".", svg)
