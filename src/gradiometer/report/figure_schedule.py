"""The learning rate at each step, as the staircase it is; several schedules in one picture."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from gradiometer.report.canvas import sheet, to_svg, use_logarithm
from gradiometer.report.figure import Figure
from gradiometer.report.palette import light
from gradiometer.report.reading import read_column

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from gradiometer.question import Answer

_FEW = 40
"""Steps up to which each one gets a dot."""

_WIDE = 50.0
"""Ratio of largest and smallest rate from which the ordinate is logarithmic."""

_COLOURS = ("blue", "orange", "green", "red", "purple")
_STROKES = ("-", "--", "-.", ":")
_PREFIX = "learning_rate "


def draw_schedule(answer: Answer) -> Figure | None:
    """The rates as a step plot, with those they are compared with, or None without any."""
    steps, rates = read_column(answer, "step"), read_column(answer, "learning_rate")
    if not steps or len(steps) != len(rates):
        return None
    others = {
        name.removeprefix(_PREFIX): read_column(answer, name)
        for name in answer.arrays
        if name.startswith(_PREFIX)
    }
    finite = [rate for row in (rates, *others.values()) for rate in row if math.isfinite(rate)]
    if not finite:
        return None
    momentum = _read_momentum(answer)
    heights = (2.4, 1.3) if momentum else (2.4,)
    with sheet(heights, share=bool(momentum)) as (figure, plots):
        _draw_rates(plots[0], steps, {str(answer.inputs["schedule"]): rates, **others})
        is_wide = min(finite) > 0 and max(finite) / min(finite) >= _WIDE
        if is_wide:
            use_logarithm(plots[0])
        else:
            plots[0].set_ylim(min(0.0, *finite), max(finite) * 1.12 or 1)
        plots[0].set_title("learning rate, logarithmic scale" if is_wide else "learning rate")
        for name, values in momentum.items():
            _draw_staircase(plots[1], steps, values, place=0)
            plots[1].set_title(name)
        plots[-1].set_xlim(steps[0], steps[-1] + 1)
        plots[-1].set_xlabel("step")
        svg = to_svg(figure)
    changes = sum(a != b for a, b in itertools.pairwise(rates))
    about = (
        f"Learning rate over steps {steps[0]:g} to {steps[-1]:g}: from {rates[0]:.6g} "
        f"to {rates[-1]:.6g}, with {changes} change{'' if changes == 1 else 's'}."
    )
    about += f" Beside it: {', '.join(others)}." if others else ""
    return Figure("The learning rate at each step", about, svg)


def _read_momentum(answer: Answer) -> Mapping[str, Sequence[float]]:
    """What else the schedule gives a rule, at most one of it: there is one more plot."""
    fact = answer.facts.get("others")
    names = list(fact.value)[:1] if fact is not None else []
    return {name: read_column(answer, name) for name in names}


def _draw_rates(plot: Axes, steps: Sequence[float], rows: Mapping[str, Sequence[float]]) -> None:
    for place, (name, rates) in enumerate(rows.items()):
        _draw_staircase(plot, steps, rates, place=place, label=name)
    if len(rows) > 1:
        plot.legend(loc="best", frameon=False, fontsize=8)


def _draw_staircase(
    plot: Axes, steps: Sequence[float], rates: Sequence[float], *, place: int, label: str = ""
) -> None:
    colour = light(_COLOURS[place % len(_COLOURS)])
    ends = [*steps, steps[-1] + 1], [*rates, rates[-1]]
    stroke = _STROKES[place % len(_STROKES)]
    plot.step(*ends, where="post", color=colour, linestyle=stroke, label=label)
    if len(steps) <= _FEW and place == 0:
        plot.plot(steps, rates, "o", color=colour, markersize=4.5)
