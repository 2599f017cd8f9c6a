"""A sheet to draw curves on (matplotlib), and its SVG in the page's own colours and fonts."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from gradiometer.report.palette import COLOURS, light, reference

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Sheet

WIDTH = 6.4
"""Inches; the page scales the sheet, so this sets how large letters are beside the lines."""

_TICK_STEPS = (1, 2, 2.5, 5, 10)

_SCALE = 1.4
"""Pixels of a page for each point of a sheet, so that letters are as large as the page's own."""

Line: TypeAlias = tuple[list[float], list[float]]
"""Abscissas and ordinates of one unbroken line."""

_STYLE: Any = {
    "axes.axisbelow": True,
    "axes.edgecolor": light("muted"),
    "axes.formatter.limits": (-4, 7),
    "axes.formatter.useoffset": False,
    "axes.grid": True,
    "axes.labelcolor": light("ink"),
    "axes.labelsize": 12,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 12,
    # A given height spares matplotlib the search for one, a third of its time.
    "axes.titley": 1.0,
    "font.size": 11,
    "grid.color": light("faint"),
    "grid.linewidth": 0.7,
    "hatch.linewidth": 0.8,
    "lines.linewidth": 2.2,
    "lines.solid_capstyle": "round",
    "path.simplify": True,
    "svg.fonttype": "none",
    "svg.hashsalt": "gradiometer",
    "text.color": light("ink"),
    # A user's `$` is a dollar sign, never the start of a formula.
    "text.parse_math": False,
    "xtick.color": light("muted"),
    "xtick.labelcolor": light("ink"),
    "ytick.color": light("muted"),
    "ytick.labelcolor": light("ink"),
}

_DROPPED = re.compile(
    r"<\?xml.*?\?>|<!DOCTYPE.*?>|<metadata>.*?</metadata>"
    r'|<defs>\s*<style type="text/css">.*?</style>\s*</defs>'
    r'|<g id="(?:patch|text|figure)_\d+">\s*</g>|<!--.*?-->',
    re.DOTALL,
)
_GROUP_ID = re.compile(r'<g id="[^"]*">')
_TEXT_FONT = re.compile(r" font-family: [^;\"]*;?")
_NO_TURN = re.compile(r' transform="rotate\(-0 [^"]*\)"')
_TAG = re.compile(r"<[^>]*>")
_LONG_DECIMAL = re.compile(r"(?<=[ \"(])(-?\d+\.\d\d)\d+")
_ROOT = re.compile(r"<svg [^>]*?viewBox=\"0 0 ([\d.]+) ([\d.]+)\"[^>]*>")


@contextmanager
def sheet(heights: Sequence[float], *, share: bool = False) -> Iterator[tuple[Sheet, list[Axes]]]:
    """A sheet with one plot above the other.

    Args:
        heights: Height of each plot in inches, without its labels.
        share: Whether the plots have one common abscissa.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure as Sheet
    from matplotlib.ticker import MaxNLocator

    gap = 0.3 if share else 0.85
    top, bottom = 0.34, 0.56
    total = sum(heights) + gap * (len(heights) - 1) + top + bottom
    with mpl.rc_context(_STYLE):
        figure = Sheet(figsize=(WIDTH, total))
        plots: list[Axes] = []
        upper = total - top
        for height in heights:
            box = (0.78 / WIDTH, (upper - height) / total, (WIDTH - 1.0) / WIDTH, height / total)
            plots.append(figure.add_axes(box, sharex=plots[0] if share and plots else None))
            plots[-1].patch.set_visible(False)
            plots[-1].xaxis.set_major_locator(MaxNLocator(6, steps=_TICK_STEPS))
            plots[-1].yaxis.set_major_locator(
                MaxNLocator(max(2, round(2.2 * height)), steps=_TICK_STEPS)
            )
            plots[-1].yaxis.get_offset_text().set_x(-0.12)
            upper -= height + gap
        for plot in plots[:-1] if share else ():
            plot.tick_params(labelbottom=False)
        figure.patch.set_visible(False)
        yield figure, plots


def to_svg(figure: Sheet) -> str:
    """The sheet as one small `<svg>` element without scripts, fonts or fixed colours."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    stream = io.StringIO()
    FigureCanvasSVG(figure).print_svg(stream, metadata={"Date": None})
    text = _DROPPED.sub("", stream.getvalue()).replace("xlink:href", "href")
    text = _GROUP_ID.sub("<g>", text)
    text = _TEXT_FONT.sub("", _NO_TURN.sub("", text))
    text = re.sub(r"\s*\n\s*", " ", text)
    # Places are shortened, never what is written: a number in a label is an answer.
    text = _TAG.sub(lambda tag: _LONG_DECIMAL.sub(r"\1", tag[0]), text)
    for name in COLOURS:
        text = text.replace(light(name), "currentColor" if name == "ink" else reference(name))
    return _ROOT.sub(_root, text, count=1).strip()


def _root(match: re.Match[str]) -> str:
    return open_svg(float(match[1]), float(match[2]))


def open_svg(width: float, height: float) -> str:
    """The opening tag of a picture; on a narrow page it shrinks to a pixel a point, then scrolls.

    Args:
        width: In points of the sheet.
        height: In points of the sheet.
    """
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width * _SCALE:.0f}" height="{height * _SCALE:.0f}" '
        f'style="min-width:{width:.0f}px;'
        'stroke-linejoin:round;font-family:system-ui,sans-serif">'
    )


def use_logarithm(plot: Axes, *, threshold: float = 0.0, axis: Literal["x", "y"] = "y") -> None:
    """Make the ordinate logarithmic; with a *threshold*, on both sides of a linear middle."""
    if axis == "x":
        plot.set_xscale("log")
        plot.xaxis.set_major_formatter(lambda value, _: f"{value:g}".replace("-", "−"))
        plot.minorticks_off()
        return
    if threshold:
        plot.set_yscale("symlog", linthresh=threshold)
        plot.set_yticks([threshold * size for size in (-1000, -10, 0, 10, 1000)])
    else:
        plot.set_yscale("log")
    plot.yaxis.set_major_formatter(lambda value, _: f"{value:g}".replace("-", "−"))
    # Ninety small ticks say nothing here and take as long to draw as all the rest.
    plot.minorticks_off()


def draw_line(plot: Axes, lines: Sequence[Line], *, colour: str, **style: Any) -> None:
    """Draw unbroken lines in one colour; a label is given to the first only."""
    for number, (xs, ys) in enumerate(lines):
        if number:
            style.pop("label", None)
        plot.plot(xs, ys, color=light(colour), **style)


def draw_dot(plot: Axes, x: float, y: float, *, colour: str, is_open: bool = False) -> None:
    """Mark a point: filled where it belongs to the curve, hollow where it does not."""
    plot.plot(
        [x], [y], "o", markersize=6.5, markeredgewidth=1.6, zorder=4, clip_on=False,
        markeredgecolor=light(colour), markerfacecolor=light("paper" if is_open else colour),
    )  # fmt: skip


def draw_axes(plot: Axes) -> None:
    """Draw the two lines through the origin."""
    plot.axhline(0, color=light("muted"), linewidth=0.9, zorder=1)
    plot.axvline(0, color=light("muted"), linewidth=0.9, zorder=1)
