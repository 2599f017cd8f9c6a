"""How far the first climb past a kink goes, by where on the run-up it begins."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gradiometer.report.canvas import sheet, to_svg
from gradiometer.report.figure import Figure
from gradiometer.report.landscape import draw_legend
from gradiometer.report.palette import light
from gradiometer.report.reading import read_column, read_value, to_plot_float

if TYPE_CHECKING:
    from gradiometer.question import Answer


def draw_phases(answer: Answer) -> Figure | None:
    """The overshoot over the start, and its supremum; None for an answer about one start."""
    starts, tops = read_column(answer, "start"), read_column(answer, "climbed")
    if not starts or not tops:
        return None
    highest = to_plot_float(read_value(answer, "overshoot"))
    with sheet([2.6]) as (figure, plots):
        plot = plots[0]
        plot.margins(y=0.15)
        plot.plot(starts, tops, "o", color=light("blue"), markersize=3.5, label="one start")
        if math.isfinite(highest):
            plot.axhline(
                highest, color=light("orange"), linestyle=(0, (4, 2)), linewidth=1.6,
                label=f"supremum {highest:.8g}",
            )  # fmt: skip
        plot.set_title("first climb past the kink")
        plot.set_xlabel("start x")
        draw_legend(plot)
        svg = to_svg(figure)
    said = f"from {min(starts):.6g} to {max(starts):.6g} the first climb goes from {min(tops):.6g}"
    about = f"For starts {said} to {max(tops):.6g} past the kink"
    about += f"; the supremum is {highest:.8g}." if math.isfinite(highest) else "."
    return Figure("Overshoot by phase", about, svg)
