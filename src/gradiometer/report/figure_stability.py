"""The size of the largest multiplier by learning rate, with the safe values shaded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradiometer.report.canvas import sheet, to_svg
from gradiometer.report.figure import Figure
from gradiometer.report.landscape import draw_legend
from gradiometer.report.palette import light
from gradiometer.report.reading import read_column, read_number, read_value, to_plot_float

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from gradiometer.question import Answer

_TOP = 2.0
"""The growth up to which the picture reaches; beyond it a curve says nothing more."""


def draw_stability(answer: Answer) -> Figure | None:
    """The growth of each step over the free parameter; None when no curve is known."""
    rates, growth = read_column(answer, "rate"), read_column(answer, "growth")
    if not rates or not any(map(math.isfinite, growth)):
        return None
    parameter = str(answer.inputs.get("vary", "learning_rate")).replace("_", " ")
    spans = _read_spans(answer, max(rates))
    with sheet([2.6]) as (figure, plots):
        plot = plots[0]
        for index, (low, high) in enumerate(spans):
            label = "safe" if index == 0 else "_nolegend_"
            plot.axvspan(low, high, facecolor=light("green"), alpha=0.2, label=label)
        _draw_curve(plot, rates, growth)
        _draw_critical(plot, answer)
        plot.set_xlim(min(rates), max(rates))
        plot.set_xlabel(parameter)
        plot.set_title("size of the largest multiplier of a step")
        draw_legend(plot)
        svg = to_svg(figure)
    return Figure("Which values are safe", _describe(parameter, spans), svg)


def _draw_curve(plot: Axes, rates: Sequence[float], growth: Sequence[float]) -> None:
    finite = [size for size in growth if math.isfinite(size)]
    plot.plot(rates, growth, color=light("blue"), label="growth by step")
    plot.axhline(1, color=light("ink"), linewidth=1.2, linestyle=(0, (4, 2)))
    plot.set_ylim(0, min(_TOP, max(1.15, 1.08 * max(finite))))


def _draw_critical(plot: Axes, answer: Answer) -> None:
    critical = to_plot_float(read_value(answer, "critical"))
    if math.isfinite(critical):
        plot.axvline(critical, color=light("red"), linewidth=1.6, label=f"critical {critical:.6g}")
    best = read_value(answer, "best")
    if isinstance(best, dict):
        place = read_number(best, "rate"), read_number(best, "growth")
        plot.plot(*place, "o", color=light("orange"), markersize=6, label=f"best {place[0]:.4g}")


def _read_spans(answer: Answer, last: float) -> list[tuple[float, float]]:
    spans = read_value(answer, "safe")
    found: list[tuple[float, float]] = []
    for span in spans if isinstance(spans, list) else []:
        low, high = to_plot_float(span.lower), to_plot_float(span.upper)
        found.append((low, high if math.isfinite(high) else last))
    return found


def _describe(parameter: str, spans: Sequence[tuple[float, float]]) -> str:
    if not spans:
        return f"For no {parameter} does the largest multiplier stay below 1."
    parts = " and ".join(f"from {low:.6g} to {high:.6g}" for low, high in spans)
    return f"The largest multiplier is below 1 for {parameter} {parts}."
