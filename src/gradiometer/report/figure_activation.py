"""The curve of an activation with its slope below it: kinks marked, jumps open or closed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from gradiometer.report.canvas import Line, draw_axes, draw_dot, draw_line, sheet, to_svg
from gradiometer.report.figure import Figure
from gradiometer.report.figure_compare import draw_comparison
from gradiometer.report.palette import light
from gradiometer.report.reading import read_column, read_number, read_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from gradiometer.question import Answer


@final
@dataclass(frozen=True)
class _Break:
    """A point where a line ends and another begins; NaN where an end is not known."""

    at: float
    left: float
    right: float
    value: float = math.nan


def draw_activation(answer: Answer) -> Figure | None:
    """The function and its slope over the sampled range, or None without samples."""
    xs, values, slopes = (read_column(answer, name) for name in ("x", "f", "slope"))
    if not xs or not values:
        return None
    if read_rows(answer, "comparison"):
        return draw_comparison(answer, xs)
    jumps = _read_jumps(answer)
    kinks = _read_kinks(answer)
    with sheet((2.3, 1.5) if slopes else (2.3,), share=True) as (figure, plots):
        _draw_values(plots[0], xs, values, jumps, kinks)
        if slopes:
            _draw_slopes(plots[1], xs, slopes, [*kinks, *_slope_breaks(jumps, kinks)])
        plots[-1].set_xlabel("x")
        plots[0].set_xlim(xs[0], xs[-1])
        svg = to_svg(figure)
    return Figure("The function and its slope", _describe(xs, kinks, jumps), svg)


def _read_jumps(answer: Answer) -> list[_Break]:
    rows = read_rows(answer, "jumps")
    return [
        _Break(
            read_number(row, "at"),
            read_number(row, "left_value", "left"),
            read_number(row, "right_value", "right"),
            read_number(row, "value"),
        )
        for row in rows
    ]


def _read_kinks(answer: Answer) -> list[_Break]:
    return [
        _Break(
            read_number(row, "at"), read_number(row, "left_slope"), read_number(row, "right_slope")
        )
        for row in read_rows(answer, "kinks")
    ]


def _slope_breaks(jumps: Sequence[_Break], kinks: Sequence[_Break]) -> list[_Break]:
    """Jumps as breaks of the slope, whose one-sided values there are not said."""
    known = {kink.at for kink in kinks}
    return [_Break(jump.at, math.nan, math.nan) for jump in jumps if jump.at not in known]


def _draw_values(
    plot: Axes,
    xs: Sequence[float],
    values: Sequence[float],
    jumps: Sequence[_Break],
    kinks: Sequence[_Break],
) -> None:
    draw_axes(plot)
    draw_line(plot, split_line(xs, values, jumps), colour="blue")
    for kink in kinks:
        height = _value_at(xs, values, kink.at)
        if math.isfinite(height) and all(kink.at != jump.at for jump in jumps):
            draw_dot(plot, kink.at, height, colour="orange")
            _write_place(plot, "kink", kink.at, height)
    for jump in jumps:
        for end in (jump.left, jump.right):
            if math.isfinite(end):
                draw_dot(plot, jump.at, end, colour="blue", is_open=end != jump.value)
        if math.isfinite(jump.value) and jump.value not in (jump.left, jump.right):
            draw_dot(plot, jump.at, jump.value, colour="blue")
    plot.set_title("f(x)")
    plot.margins(y=0.08)


def _draw_slopes(
    plot: Axes, xs: Sequence[float], slopes: Sequence[float], breaks: Sequence[_Break]
) -> None:
    draw_axes(plot)
    draw_line(plot, split_line(xs, slopes, breaks), colour="purple", linestyle=(0, (5, 1.6)))
    for point in breaks:
        for end in {point.left, point.right}:
            if math.isfinite(end) and point.left != point.right:
                draw_dot(plot, point.at, end, colour="purple", is_open=True)
    plot.set_title("slope f′(x)")
    plot.margins(y=0.16)


def _write_place(plot: Axes, word: str, x: float, y: float) -> None:
    plot.annotate(
        f"{word} at {x:.4g}".replace("-", "−"), (x, y), xytext=(8, -15),
        textcoords="offset points", color=light("orange"),
    )  # fmt: skip


def _value_at(xs: Sequence[float], values: Sequence[float], at: float) -> float:
    """The sampled curve at a point, on the straight line between its neighbours."""
    for index in range(1, len(xs)):
        if xs[index - 1] <= at <= xs[index]:
            share = (at - xs[index - 1]) / ((xs[index] - xs[index - 1]) or 1)
            return values[index - 1] + share * (values[index] - values[index - 1])
    return math.nan


def split_line(xs: Sequence[float], ys: Sequence[float], breaks: Sequence[_Break]) -> list[Line]:
    """The samples as unbroken lines: cut at every break and wherever a sample is no number."""
    lines: list[Line] = [([], [])]
    waiting = sorted(breaks, key=lambda point: point.at)
    for x, y in zip(xs, ys, strict=False):
        while waiting and waiting[0].at <= x:
            point = waiting.pop(0)
            _extend(lines[-1], point.at, point.left)
            lines.append(([], []))
            _extend(lines[-1], point.at, point.right)
        if any(x == point.at for point in breaks):
            continue
        if math.isfinite(y):
            _extend(lines[-1], x, y)
        elif lines[-1][0]:
            lines.append(([], []))
    return [line for line in lines if len(line[0]) > 1]


def _extend(line: Line, x: float, y: float) -> None:
    if math.isfinite(y):
        line[0].append(x)
        line[1].append(y)


def _describe(xs: Sequence[float], kinks: Sequence[_Break], jumps: Sequence[_Break]) -> str:
    parts = [f"The function above and its slope below, for x from {xs[0]:g} to {xs[-1]:g}"]
    for word, points in (("kink", kinks), ("jump", jumps)):
        places = ", ".join(f"{point.at:.6g}" for point in points)
        parts.append(f"{word}s at {places}" if points else f"no {word}")
    return "; ".join(parts) + "."
