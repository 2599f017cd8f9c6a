"""A run at the threshold of a barrier, and the barriers it crosses as a coloured bar."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gradiometer.report.canvas import sheet, to_svg
from gradiometer.report.figure import Figure
from gradiometer.report.landscape import draw_landscape, draw_legend, thin
from gradiometer.report.palette import light
from gradiometer.report.reading import (
    read_column,
    read_number,
    read_rows,
    read_value,
    to_plot_float,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from gradiometer.question import Answer

_LOOKS: Mapping[str, tuple[str, str]] = {
    "escapes": ("green", ""),
    "trapped": ("red", "//"),
    "stays": ("orange", "\\\\"),
    "unknown": ("muted", "..."),
}
"""Colour and hatch of an outcome, so that colour is never alone."""

_AROUND = 4.0
"""How many barrier heights are shown on each side of the farthest point."""


def draw_escape(answer: Answer) -> Figure | None:
    """The crest of the threshold landscape and the regimes; None when there is neither."""
    curve = read_column(answer, "landscape_x"), read_column(answer, "landscape_value")
    xs = [x for x in read_column(answer, "x") if math.isfinite(x)]
    bars = _read_bars(answer)
    has_curve = bool(curve[0]) and bool(xs)
    heights = [2.4] * has_curve + [0.5] * bool(bars)
    if not heights:
        return None
    with sheet(heights) as (figure, plots):
        if has_curve:
            _draw_crest(plots[0], answer, curve, xs)
        if bars:
            _draw_bars(plots[-1], bars, str(answer.inputs.get("parameter") or "barrier height"))
        svg = to_svg(figure)
    return Figure("Which barriers are crossed", _describe(bars), svg)


def _read_bars(answer: Answer) -> list[tuple[float, float, str]]:
    rows = read_rows(answer, "regimes")
    return [
        (read_number(row, "from"), read_number(row, "to"), str(row.get("outcome", "")))
        for row in rows
    ]


def _draw_crest(
    plot: Axes, answer: Answer, curve: tuple[Sequence[float], Sequence[float]], xs: Sequence[float]
) -> None:
    import numpy as np

    plot.margins(y=0.12)
    draw_landscape(plot, *curve)
    peak = to_plot_float(read_value(answer, "peak"))
    barrier = to_plot_float(read_value(answer, "barrier"))
    if math.isfinite(peak):
        plot.axvline(
            peak, color=light("orange"), linestyle=(0, (4, 2)), linewidth=1.6,
            label=f"farthest point x = {peak:.8g}",
        )  # fmt: skip
        if math.isfinite(barrier) and 0 < barrier < 0.05 * (max(xs) - min(xs)):
            _zoom(plot, curve, peak, barrier)
    order = np.argsort(curve[0], kind="stable")
    heights = np.interp(xs, np.asarray(curve[0])[order], np.asarray(curve[1])[order])
    run = list(zip(xs, map(float, heights), strict=True))
    points = thin(run, within=(*plot.get_xlim(), *plot.get_ylim()))
    plot.plot(
        [x for x, _ in points], [y for _, y in points], "o", color=light("blue"),
        markersize=4 if len(points) > 60 else 5.5, zorder=3, label="the run, in float64",
    )  # fmt: skip
    plot.set_title("loss at x, barrier at its threshold")
    plot.set_xlabel("x")
    draw_legend(plot)


def _zoom(
    plot: Axes, curve: tuple[Sequence[float], Sequence[float]], peak: float, barrier: float
) -> None:
    """Show the neighbourhood of the crest when the samples are dense enough there."""
    left, right = peak - _AROUND * barrier, peak + _AROUND * barrier
    inside = [v for x, v in zip(*curve, strict=False) if left <= x <= right]
    if len(inside) >= 5:
        room = max(inside) - min(inside) or 1.0
        plot.set_xlim(left, right)
        plot.set_ylim(min(inside) - 0.15 * room, max(inside) + 0.3 * room)


def _draw_bars(plot: Axes, bars: Sequence[tuple[float, float, str]], parameter: str) -> None:
    ends = [end for bar in bars for end in bar[:2] if math.isfinite(end)]
    high = max(ends, default=1.0) * 1.6 or 1.0
    low = min((end for end in ends), default=0.0)
    named: dict[str, Any] = {}
    for start, stop, outcome in bars:
        left = start if math.isfinite(start) else low
        right = stop if math.isfinite(stop) else high
        colour, hatch = _LOOKS.get(outcome, ("purple", "xx"))
        plot.axvspan(left, right, facecolor=light(colour), alpha=0.25)
        # Hatched apart, since one patch has one opacity for its ground and its hatch.
        named[outcome] = plot.axvspan(
            left, right, facecolor="none", hatch=hatch, edgecolor=light(colour), linewidth=0
        )
        if (right - left) > 0.16 * (high - low):
            plot.text(
                (left + right) / 2, 0.5, outcome, ha="center", va="center", fontsize=12,
                weight="bold", transform=plot.get_xaxis_transform(),
            )  # fmt: skip
            named.pop(outcome)
        if left > low:
            plot.axvline(left, color=light("ink"), linewidth=1.6)
    _dress_bars(plot, (low, high), named)
    plot.set_xlabel(parameter)


def _dress_bars(plot: Axes, limits: tuple[float, float], unnamed: Mapping[str, Any]) -> None:
    plot.set_xlim(*limits)
    plot.set_yticks([])
    plot.grid(visible=False)
    plot.spines["left"].set_visible(False)
    plot.set_title("outcome by the height of the barrier")
    if unnamed:
        plot.legend(
            list(unnamed.values()), list(unnamed), frameon=False, fontsize=10, ncols=3,
            loc="lower right", bbox_to_anchor=(1, 0.95), borderaxespad=0,
        )  # fmt: skip


def _describe(bars: Sequence[tuple[float, float, str]]) -> str:
    if not bars:
        return "The landscape at the threshold barrier with the run on it."
    parts = [f"{outcome} from {start:.8g} to {stop:.8g}" for start, stop, outcome in bars]
    return "Outcome by the barrier's height: " + "; ".join(parts) + "."
