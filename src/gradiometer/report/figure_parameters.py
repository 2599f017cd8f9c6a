"""How many parameters each layer has, networks side by side."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gradiometer.report.canvas import WIDTH, sheet, to_svg
from gradiometer.report.figure import Figure
from gradiometer.report.palette import light
from gradiometer.report.reading import read_number, read_rows, read_value

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Sheet

    from gradiometer.question import Answer

_COLOURS = ("blue", "orange", "purple", "green", "red")
_HATCHES = ("", "//", "..", "xx", "\\\\")
"""Drawn in the colour of the paper, so that colour is never alone."""

_LARGE_RATIO = 100
"""From this ratio of the largest to the smallest bar on, a logarithmic picture shows more."""

_TURNS = re.compile(r"[0-9]+…[0-9]+")

_MOST = 30
"""Layers that still fit on one sheet; of more the largest are drawn."""


def draw_parameters(answer: Answer) -> Figure | None:
    """A bar for each layer with parameters, or None without layers or with too many networks."""
    return draw_bars(answer, log=False)


def draw_bars(answer: Answer, *, log: bool) -> Figure | None:
    """The bars on a linear or a logarithmic scale, or None where there is nothing to draw.

    Args:
        answer: The answer with a fact `layers`.
        log: Whether the scale is logarithmic; such a picture is drawn only where the linear one
            hides short bars.
    """
    networks = _read_networks(answer)
    names = list(dict.fromkeys(name for bars in networks.values() for name in bars))
    if not names or len(networks) > len(_COLOURS):
        return None
    counts = [count for bars in networks.values() for count in bars.values()]
    if log and max(counts) < _LARGE_RATIO * min(counts):
        return None
    title = "Parameters by layer"
    if len(names) > _MOST:
        largest = sorted(names, key=lambda name: -max(b.get(name, 0) for b in networks.values()))
        kept = frozenset(largest[:_MOST])
        names = [name for name in names if name in kept]
        networks = {n: {k: v for k, v in b.items() if k in kept} for n, b in networks.items()}
        title = f"Parameters of the {_MOST} largest layers"
    title += ", logarithmic" if log else ""
    with sheet((0.35 + 0.27 * len(names) * (len(networks) + 0.6),)) as (figure, (plot,)):
        _draw_bars(plot, networks, names, log=log)
        plot.set_title(title[:1].lower() + title[1:])
        _make_room(figure, plot, names)
        svg = to_svg(figure)
    parts = [
        f"{network}: " + ", ".join(f"{layer} {count:,.0f}" for layer, count in bars.items())
        for network, bars in networks.items()
    ]
    return Figure(title, "; ".join(parts) + ".", svg)


def _read_networks(answer: Answer) -> dict[str, dict[str, float]]:
    """For each network the parameters by layer; a single network has no name."""
    value = read_value(answer, "layers")
    tables = value if isinstance(value, Mapping) else {"": read_rows(answer, "layers")}
    networks: dict[str, dict[str, float]] = {}
    for network, rows in tables.items():
        bars: dict[str, float] = {}
        for row in rows:
            count = read_number(row, "parameters")
            label = row["layer"]
            name = f"layer {label}" if isinstance(label, int) else str(label)
            if len(tables) > 1:
                # Blocks of networks of different depth stand side by side.
                name = _TURNS.sub("*", name)
            if count > 0:
                bars[name] = bars.get(name, 0) + count
        if bars:
            networks[str(network)] = bars
    return networks


def _draw_bars(
    plot: Axes, networks: Mapping[str, Mapping[str, float]], names: list[str], *, log: bool
) -> None:
    thickness = 0.82 / len(networks)
    largest = max(count for bars in networks.values() for count in bars.values())
    for place, (network, bars) in enumerate(networks.items()):
        rows = [names.index(name) + (place + 0.5) * thickness - 0.41 for name in bars]
        colour = light(_COLOURS[place])
        plot.barh(
            rows, list(bars.values()), thickness * 0.9, label=network, facecolor=colour,
            edgecolor=light("paper"), hatch=_HATCHES[place], linewidth=0,
        )  # fmt: skip
        for row, count in zip(rows, bars.values(), strict=True):
            end = count * 1.06 if log else count + 0.012 * largest
            plot.text(end, row, f"{count:,.0f}", va="center", fontsize=10)
    plot.set_yticks(range(len(names)), names)
    # Below the last bar there is room for the legend.
    room = 0.5 * len(networks) if len(networks) > 1 else 0
    plot.set_ylim(len(names) - 0.45 + room, -0.55)
    plot.grid(visible=False, axis="y")
    plot.tick_params(axis="y", length=0)
    if log:
        plot.set_xscale("log")
        # A bar has no length on such a scale, so it starts below the smallest count.
        least = min(count for bars in networks.values() for count in bars.values())
        plot.set_xlim(least / 4, largest * (largest / least) ** 0.3)
        plot.minorticks_off()
    else:
        plot.set_xlim(0, largest * 1.26)
    plot.xaxis.set_major_formatter(lambda value, _: to_short(value))
    if len(networks) > 1:
        plot.legend(frameon=False, loc="lower right", fontsize=10)


def to_short(count: float) -> str:
    """A count at an axis: `250`, `12,000`, `2.5 M`, `40 B`.

    Example:
        >>> to_short(12_000), to_short(2_500_000), to_short(4e10)
        ('12,000', '2.5 M', '40 B')
    """
    for size, unit in ((1e12, "T"), (1e9, "B"), (1e6, "M")):
        if abs(count) >= size:
            return f"{count / size:g} {unit}"
    return f"{count:,.0f}" if count >= 1 or count == 0 else f"{count:g}"


def _make_room(figure: Sheet, plot: Axes, names: list[str]) -> None:
    """Give the names of the layers the width that they need."""
    longest = max(map(len, names))
    needed = min(0.5, (0.25 + 0.085 * longest) / WIDTH)
    box = plot.get_position()
    if needed > box.x0:
        plot.set_position((needed, box.y0, box.x1 - needed, box.height))
