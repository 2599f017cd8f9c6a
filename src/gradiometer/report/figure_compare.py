"""Several functions above and their slopes below: lines through points, bands where they may lie.

Between two points the answer bounds every curve by balls. Where these bounds leave the line by as
much as can be seen, a band shows them, so nothing between the points is hidden. At a kink the band
spans the one-sided slopes; at a jump one end is filled and the other open.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from gradiometer.report.canvas import Line, draw_axes, draw_dot, draw_line, sheet, to_svg
from gradiometer.report.figure import Figure
from gradiometer.report.palette import light
from gradiometer.report.reading import read_column, read_rows, to_plot_float

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from gradiometer.question import Answer

_COLOURS = ("blue", "orange", "green", "purple", "red")
_STROKES: Sequence[Any] = ("solid", (0, (5, 1.6)), (0, (1.5, 1.2)), (0, (6, 1.5, 1.5, 1.5)))
"""Colour and stroke of each function; their numbers share no factor, so pairs last for twenty."""
_KINDS = {"f": "f(x)", "slope": "slope f′(x)"}
_SEEN = 0.004
"""A height, as a share of the plot's, that can be seen."""
_TRIMMED = 0.01
_TALL = 8.0
"""How much taller than nearly all of its curves a plot becomes for single peaks."""
_NAME = 34
_ROW = 0.2
"""Inches of a row of the legend."""


@final
@dataclass(frozen=True)
class _Curve:
    """One function of the comparison, with what belongs to each point and each cell."""

    name: str
    colour: str
    stroke: Any
    ys: list[float]
    bounds: list[tuple[float, float]]
    jumps: set[float]
    kinks: set[float]
    """Where slopes differ; empty above, where the line goes on."""


def draw_comparison(answer: Answer, xs: Sequence[float]) -> Figure:
    """All compared functions above, all their slopes below, each in its own colour and stroke."""
    rows = read_rows(answer, "comparison")
    names = [str(row["function"]) for row in rows]
    missing = {n for place, n in enumerate(names) if place and f"f {n}" not in answer.arrays}
    columns = 3 if max(map(len, names)) <= 18 else 2 if max(map(len, names)) <= _NAME else 1
    legend = _ROW * math.ceil(len(names) / columns) + 0.05
    hidden: list[str] = []
    with sheet((legend, 2.6, 1.9), share=True) as (figure, plots):
        for plot, kind, title in zip(
            plots[1:], ("f", "slope"), ("f(x)", "slope f′(x)"), strict=True
        ):
            draw_axes(plot)
            curves = _read_curves(answer, kind)
            low, high, is_cut = _choose_heights(xs, curves)
            plot.set_ylim(low, high)
            plot.set_title(title + (", cut off where it is far larger" if is_cut else ""))
            hidden += [kind] * is_cut
            for curve in curves:
                _draw_curve(plot, xs, curve, height=high - low, has_values=kind == "f")
        labels = [n + " (not known)" * (n in missing) for n in names]
        _write_legend(plots[0], labels, columns)
        plots[-1].set_xlabel("x")
        plots[1].set_xlim(xs[0], xs[-1])
        svg = to_svg(figure)
    return Figure("The functions and their slopes", _describe(xs, names, hidden), svg)


def _read_curves(answer: Answer, kind: str) -> list[_Curve]:
    curves = []
    for place, row in enumerate(read_rows(answer, "comparison")):
        name = str(row["function"])
        label = f" {name}" if place else ""
        series = answer.arrays.get(f"{kind} bounds{label}")
        bounds = [] if series is None else [(float(a), float(b)) for a, b in series.values]
        jumps, kinks = (
            {to_plot_float(at) for at in row.get(word) or ()} for word in ("jumps", "kinks")
        )
        curves.append(
            _Curve(
                name,
                _COLOURS[place % len(_COLOURS)],
                _STROKES[place % len(_STROKES)],
                read_column(answer, kind + label) or [math.nan] * len(read_column(answer, "x")),
                bounds,
                jumps,
                kinks if kind == "slope" else set(),
            )
        )
    return curves


def _choose_heights(xs: Sequence[float], curves: Sequence[_Curve]) -> tuple[float, float, bool]:
    """The lower and upper end of a plot, and whether single peaks are cut off."""
    # A point counts as much as the stretch around it: points crowd where a curve is steep.
    shares = [(b - a) / 2 for a, b in zip([xs[0], *xs], [*xs[1:], xs[-1]], strict=False)]
    known = sorted(
        (y, share)
        for curve in curves
        for y, share in zip(curve.ys, shares, strict=True)
        if math.isfinite(y)
    )
    if not known:
        return -1.0, 1.0, False
    low, high = known[0][0], known[-1][0]
    rest = _TRIMMED * sum(share for _, share in known) / len(curves)
    usual = (_trim(known, rest), _trim(known[::-1], rest))
    size = (usual[1] - usual[0]) or max(abs(usual[1]), 1.0)
    is_cut = high - low > _TALL * size
    if is_cut:
        low, high = max(low, usual[0] - size), min(high, usual[1] + size)
    room = 0.08 * ((high - low) or size)
    return low - room, high + room, is_cut


def _trim(known: Sequence[tuple[float, float]], rest: float) -> float:
    """The height from which on the points before it make up that much of the axis."""
    total = 0.0
    for height, share in known:
        total += share
        if total > rest:
            return height
    return known[-1][0]


def _draw_curve(
    plot: Axes, xs: Sequence[float], curve: _Curve, *, height: float, has_values: bool
) -> None:
    _draw_bands(plot, xs, curve, seen=_SEEN * height)
    draw_line(plot, _split(xs, curve), colour=curve.colour, linestyle=curve.stroke, linewidth=1.8)
    for index in range(len(xs) - 2):
        if not xs[index] == xs[index + 1] == xs[index + 2]:
            continue
        left, there, right = curve.ys[index : index + 3]
        if has_values and xs[index] in curve.jumps:
            _draw_ends(plot, xs[index], (left, there, right), curve.colour)
        elif xs[index] in curve.kinks and math.isfinite(left) and math.isfinite(right):
            ends = ([xs[index]] * 2, [left, right])
            draw_line(plot, [ends], colour=curve.colour, linewidth=4.0, alpha=0.3)


def _draw_bands(plot: Axes, xs: Sequence[float], curve: _Curve, *, seen: float) -> None:
    """Fill the bounds of the cells on which the curve may leave its line by what can be seen."""
    runs: list[list[tuple[float, float, float, float]]] = [[]]
    for index, (low, high) in enumerate(curve.bounds):
        a, b = curve.ys[index], curve.ys[index + 1]
        is_wide = math.isfinite(high - low) and high - low > abs(b - a) + seen
        if xs[index] < xs[index + 1] and is_wide:
            runs[-1].append((xs[index], xs[index + 1], low, high))
        elif xs[index] < xs[index + 1] and runs[-1]:
            runs.append([])
    for run in filter(None, runs):
        sides = [x for left, right, _, _ in run for x in (left, right)]
        lows = [low for _, _, low, _ in run for _ in range(2)]
        highs = [high for _, _, _, high in run for _ in range(2)]
        # An outline keeps a band visible that is narrower than a pixel.
        plot.fill_between(
            sides, lows, highs, facecolor=light(curve.colour), edgecolor=light(curve.colour),
            alpha=0.3, linewidth=1.0,
        )  # fmt: skip


def _draw_ends(plot: Axes, x: float, ends: tuple[float, float, float], colour: str) -> None:
    """The two ends of a jump, filled where the function has that value."""
    left, there, right = ends
    for end in (left, right):
        if math.isfinite(end) and end != there:
            draw_dot(plot, x, end, colour=colour, is_open=True)
    # Last, so that a jump too low to be seen still shows the value.
    if math.isfinite(there):
        draw_dot(plot, x, there, colour=colour)


def _split(xs: Sequence[float], curve: _Curve) -> list[Line]:
    """The points as unbroken lines: cut at breaks, and where a cell has no bounds at all."""
    lines: list[Line] = [([], [])]
    for index, (x, y) in enumerate(zip(xs, curve.ys, strict=True)):
        is_repeated = index > 0 and xs[index - 1] == x
        is_open = index > 0 and not is_repeated and not _is_bounded(curve, index - 1)
        if (is_repeated and x in curve.jumps | curve.kinks) or is_open:
            lines.append(([], []))
        is_middle = is_repeated and index + 1 < len(xs) and xs[index + 1] == x
        if is_middle:
            continue
        if math.isfinite(y):
            lines[-1][0].append(x)
            lines[-1][1].append(y)
        elif lines[-1][0]:
            lines.append(([], []))
    return [line for line in lines if len(line[0]) > 1]


def _is_bounded(curve: _Curve, cell: int) -> bool:
    return cell >= len(curve.bounds) or all(map(math.isfinite, curve.bounds[cell]))


def _write_legend(plot: Axes, names: Sequence[str], columns: int) -> None:
    """The names above the plots, where no curve can be."""
    from matplotlib.lines import Line2D

    plot.axis("off")
    handles = [
        Line2D(
            [], [], color=light(_COLOURS[place % len(_COLOURS)]),
            linestyle=_STROKES[place % len(_STROKES)], linewidth=1.8,
        )
        for place in range(len(names))
    ]  # fmt: skip
    labels = [name if len(name) <= 2 * _NAME else name[: 2 * _NAME - 1] + "…" for name in names]
    plot.legend(
        handles, labels, frameon=False, loc="upper left", ncols=columns, fontsize=10,
        handlelength=2.6, borderaxespad=0.0, borderpad=0.0, labelspacing=0.35,
        bbox_to_anchor=(0.0, 1.0), bbox_transform=plot.transAxes,
    )  # fmt: skip


def _describe(xs: Sequence[float], names: Sequence[str], hidden: Sequence[str]) -> str:
    about = (
        f"The functions {', '.join(names)} above and their slopes below, for x from {xs[0]:g} to "
        f"{xs[-1]:g}. A band shows where a curve may be between two points of its line, and the "
        "slopes between the two sides of a kink."
    )
    for kind in hidden:
        what = "Slopes" if kind == "slope" else "Values"
        about += f" {what} that are far larger than the others are cut off."
    return about
