"""The learning rate at each step, as the staircase it is."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

from gradiometer.report.canvas import sheet, to_svg, use_logarithm
from gradiometer.report.figure import Figure
from gradiometer.report.palette import light
from gradiometer.report.reading import read_column

if TYPE_CHECKING:
    from gradiometer.question import Answer

_FEW = 40
"""Steps up to which each one gets a dot."""

_WIDE = 50.0
"""Ratio of largest and smallest rate from which the ordinate is logarithmic."""


def draw_schedule(answer: Answer) -> Figure | None:
    """The rates as a step plot, or None without any."""
    steps, rates = read_column(answer, "step"), read_column(answer, "learning_rate")
    if not steps or len(steps) != len(rates):
        return None
    finite = [rate for rate in rates if math.isfinite(rate)]
    if not finite:
        return None
    with sheet((2.4,)) as (figure, (plot,)):
        is_wide = min(finite) > 0 and max(finite) / min(finite) >= _WIDE
        ends = [*steps, steps[-1] + 1], [*rates, rates[-1]]
        plot.step(*ends, where="post", color=light("blue"))
        if len(steps) <= _FEW:
            plot.plot(steps, rates, "o", color=light("blue"), markersize=4.5)
        if is_wide:
            use_logarithm(plot)
        else:
            plot.set_ylim(min(0.0, *finite), max(finite) * 1.12 or 1)
        plot.set_xlim(steps[0], steps[-1] + 1)
        plot.set_xlabel("step")
        plot.set_title("learning rate, logarithmic scale" if is_wide else "learning rate")
        svg = to_svg(figure)
    changes = sum(a != b for a, b in itertools.pairwise(rates))
    about = (
        f"Learning rate over steps {steps[0]:g} to {steps[-1]:g}: from {rates[0]:.6g} "
        f"to {rates[-1]:.6g}, with {changes} change{'' if changes == 1 else 's'}."
    )
    return Figure("The learning rate at each step", about, svg)
