"""The learning rate of each step of a run, where a schedule gives it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gradiometer.report.canvas import sheet, to_svg, use_logarithm
from gradiometer.report.figure import Figure
from gradiometer.report.palette import light
from gradiometer.report.reading import read_column

if TYPE_CHECKING:
    from gradiometer.question import Answer

_WIDE = 50.0
"""Ratio of largest and smallest rate from which the ordinate is logarithmic."""


def draw_rate(answer: Answer) -> Figure | None:
    """The rates as a staircase, or None where no schedule gives them."""
    steps, rates = read_column(answer, "step"), read_column(answer, "learning_rate")
    rows = [(s, r) for s, r in zip(steps, rates, strict=False) if math.isfinite(r)]
    # After the last step no further one takes a rate.
    rows = rows[:-1] if len(rows) > 1 else rows
    if not rows:
        return None
    values = [rate for _, rate in rows]
    is_wide = min(values) > 0 and max(values) / min(values) >= _WIDE
    with sheet((1.8,)) as (figure, (plot,)):
        ends = [*(s for s, _ in rows), steps[-1]], [*values, values[-1]]
        plot.step(*ends, where="post", color=light("blue"))
        if is_wide:
            use_logarithm(plot)
        else:
            plot.set_ylim(min(0.0, *values, 0.0), max(values) * 1.12 or 1)
        plot.set_xlabel("step")
        plot.set_title("learning rate, logarithmic scale" if is_wide else "learning rate")
        svg = to_svg(figure)
    about = f"The learning rate goes from {values[0]:.6g} to {values[-1]:.6g}."
    return Figure("The learning rate of each step", about, svg)
