"""A run on its loss curve: the curve, the iterates on it, and where they go step by step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradiometer.report.canvas import draw_line, use_logarithm
from gradiometer.report.palette import light

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Points = Sequence[tuple[float, float]]

_NUMBERED = 8
"""Iterates that carry their number when there is room."""

_CELLS = 250
"""Cells of a plot in each direction; two points in one cell look like one."""

_ROOM = 0.045
"""Smallest distance of two numbers, in parts of the plot's width or height."""

_WIDE = 1e3
"""Ratio of largest and typical size from which the ordinate is no longer linear."""


def draw_landscape(plot: Axes, xs: Sequence[float], values: Sequence[float]) -> None:
    """Draw the loss curve; a value that is not finite leaves a gap."""
    lines: list[tuple[list[float], list[float]]] = [([], [])]
    for x, value in zip(xs, values, strict=False):
        if math.isfinite(value):
            lines[-1][0].append(x)
            lines[-1][1].append(value)
        elif lines[-1][0]:
            lines.append(([], []))
    draw_line(plot, lines, colour="muted", linewidth=2.0, zorder=2)


def frame(plot: Axes, xs: Sequence[float], values: Sequence[float], points: Points) -> None:
    """Fit the plot to the iterates, with some of the curve on both sides of them."""
    inside = [x for x, _ in points]
    spread = (max(inside) - min(inside)) or max(abs(inside[0]), 1.0)
    left, right = min(inside) - 0.15 * spread, max(inside) + 0.25 * spread
    heights = [v for x, v in zip(xs, values, strict=False) if left <= x <= right]
    heights = [v for v in (*heights, *(y for _, y in points)) if math.isfinite(v)]
    low, high = min(heights), max(heights)
    room = (high - low) or 1.0
    plot.set_xlim(left, right)
    plot.set_ylim(low - 0.1 * room, high + 0.2 * room)


def thin(points: Points, *, within: tuple[float, float, float, float]) -> Points:
    """The points that can be told apart on a plot: the first one of each small cell.

    Args:
        points: Places in the order in which they are drawn.
        within: Left, right, lower and upper end of the plot.
    """
    left, right, low, high = within
    cells: dict[tuple[int, int], tuple[float, float]] = {}
    for x, y in points:
        if left <= x <= right and low <= y <= high:
            cell = int(_CELLS * (x - left) / (right - left)), int(_CELLS * (y - low) / (high - low))
            cells.setdefault(cell, (x, y))
    return list(cells.values())


def draw_points(plot: Axes, points: Points) -> None:
    """Draw the iterates on the framed plot, the first ones numbered where there is room."""
    apart = thin(points, within=(*plot.get_xlim(), *plot.get_ylim()))
    plot.plot(
        [x for x, _ in apart], [y for _, y in apart],
        "o", color=light("blue"), markersize=5.5, alpha=0.85, zorder=3,
    )  # fmt: skip
    (left, right), (low, high) = plot.get_xlim(), plot.get_ylim()
    placed: list[tuple[float, float]] = []
    for step, (x, y) in enumerate(points[:_NUMBERED]):
        place = (x - left) / (right - left), (y - low) / (high - low)
        if all(max(abs(place[0] - a), abs(place[1] - b)) > _ROOM for a, b in placed):
            placed.append(place)
            plot.annotate(
                str(step), (x, y), xytext=(0, 9), textcoords="offset points", ha="center",
                color=light("blue"), fontsize=10, zorder=5,
            )  # fmt: skip


def draw_rings(plot: Axes, points: Points, *, label: str) -> None:
    """Ring the points of a cycle."""
    plot.plot(
        [x for x, _ in points], [y for _, y in points], "o", markersize=12,
        markerfacecolor="none", markeredgecolor=light("orange"), markeredgewidth=2.2,
        label=label, zorder=4,
    )  # fmt: skip


def draw_best(plot: Axes, x: float, y: float, *, label: str) -> None:
    """Mark the lowest point of the run."""
    plot.plot(
        [x], [y], "v", markersize=8, color=light("green"), markeredgecolor=light("paper"),
        label=label, zorder=5,
    )  # fmt: skip


def draw_course(plot: Axes, steps: Sequence[float], xs: Sequence[float]) -> None:
    """Draw where the run is at each step; sizes far apart are drawn on a signed logarithm."""
    plot.plot(
        steps, xs, color=light("blue"), linewidth=1.6,
        marker="o" if len(steps) <= 60 else None, markersize=4,
    )  # fmt: skip
    sizes = sorted(abs(x) for x in xs if x)
    if sizes and sizes[-1] / max(sizes[len(sizes) // 2], 1e-12) > _WIDE:
        use_logarithm(plot, threshold=10.0 ** (math.floor(math.log10(sizes[-1])) - 3))
        plot.set_title("x at each step, signed logarithmic scale")
    else:
        plot.set_title("x at each step")
    plot.set_xlabel("step")


def draw_legend(plot: Axes) -> None:
    """Say what the marks mean, where the curve leaves room."""
    plot.legend(frameon=False, loc="best", fontsize=10, handletextpad=0.3, borderaxespad=0.2)
