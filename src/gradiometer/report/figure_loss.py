"""The loss of a run over its steps, on a logarithm."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradiometer.report.canvas import Line, draw_line, sheet, to_svg, use_logarithm
from gradiometer.report.figure import Figure
from gradiometer.report.reading import read_column

if TYPE_CHECKING:
    from gradiometer.question import Answer

_FEWEST = 3
_LARGEST = 1e100
"""Losses beyond this are left out: scales lose their meaning first, then float64."""
_CELLS = 900
"""Points of a line; of more, the highest and the lowest of each stretch are drawn."""


def draw_loss(answer: Answer) -> Figure | None:
    """The loss at each step, or None where there are too few."""
    steps, losses = read_column(answer, "step"), read_column(answer, "value")
    heights = read_column(answer, "height")
    shown, title = (heights, "loss above its lowest value") if heights else (losses, "loss")
    rows = [(s, v) for s, v in zip(steps, shown, strict=False) if abs(v) < _LARGEST]
    if len(rows) < _FEWEST:
        return None
    is_positive = all(value >= 0 for _, value in rows) and any(value > 0 for _, value in rows)
    lines = _split(_thin(rows), above=0.0 if is_positive else -math.inf)
    with sheet((2.2,)) as (figure, (plot,)):
        draw_line(plot, lines, colour="blue", linewidth=1.6)
        if is_positive:
            use_logarithm(plot)
        plot.set_xlabel("step")
        plot.set_title(f"{title}, logarithmic scale" if is_positive else title)
        svg = to_svg(figure)
    about = (
        f"{title[0].upper()}{title[1:]} from {rows[0][1]:.6g} at step {rows[0][0]:g} to "
        f"{rows[-1][1]:.6g} at step {rows[-1][0]:g}."
    )
    return Figure("The loss at each step", about, svg)


def _thin(rows: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """As many points as can be told apart, with the extremes of each stretch."""
    if len(rows) <= _CELLS:
        return list(rows)
    size = -(-2 * len(rows) // _CELLS)
    kept: list[tuple[float, float]] = []
    for begin in range(0, len(rows), size):
        stretch = rows[begin : begin + size]
        ends = {min(stretch, key=_height), max(stretch, key=_height)}
        kept += sorted(ends)
    return kept


def _height(row: tuple[float, float]) -> float:
    return row[1]


def _split(rows: Sequence[tuple[float, float]], *, above: float) -> list[Line]:
    """Unbroken lines; what is not above the bound has no place on a logarithm and leaves a gap."""
    lines: list[Line] = [([], [])]
    for step, value in rows:
        if value > above:
            lines[-1][0].append(step)
            lines[-1][1].append(value)
        elif lines[-1][0]:
            lines.append(([], []))
    return lines
