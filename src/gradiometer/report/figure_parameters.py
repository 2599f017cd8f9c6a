"""How many parameters each layer has, networks side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gradiometer.report.canvas import sheet, to_svg
from gradiometer.report.figure import Figure
from gradiometer.report.palette import light
from gradiometer.report.reading import read_number, read_rows, read_value

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from gradiometer.question import Answer

_COLOURS = ("blue", "orange", "purple", "green", "red")
_HATCHES = ("", "//", "..", "xx", "\\\\")
"""Drawn in the colour of the paper, so that colour is never alone."""

_MOST = 30
"""Layers that still fit on one sheet."""


def draw_parameters(answer: Answer) -> Figure | None:
    """A bar for each layer, or None without layers or with more than a sheet can hold."""
    networks = _read_networks(answer)
    names = list(dict.fromkeys(name for bars in networks.values() for name in bars))
    if not names or len(names) > _MOST or len(networks) > len(_COLOURS):
        return None
    with sheet((0.35 + 0.27 * len(names) * (len(networks) + 0.6),)) as (figure, (plot,)):
        _draw_bars(plot, networks, names)
        svg = to_svg(figure)
    parts = [
        f"{network}: " + ", ".join(f"{layer} {count:,.0f}" for layer, count in bars.items())
        for network, bars in networks.items()
    ]
    return Figure("Parameters by layer", "; ".join(parts) + ".", svg)


def _read_networks(answer: Answer) -> dict[str, dict[str, float]]:
    """For each network the parameters by layer; a single network has no name."""
    value = read_value(answer, "layers")
    tables = value if isinstance(value, Mapping) else {"": read_rows(answer, "layers")}
    networks = {
        str(network): {f"layer {row['layer']}": read_number(row, "parameters") for row in rows}
        for network, rows in tables.items()
    }
    return {network: bars for network, bars in networks.items() if bars}


def _draw_bars(plot: Axes, networks: Mapping[str, Mapping[str, float]], names: list[str]) -> None:
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
            plot.text(count + 0.012 * largest, row, f"{count:,.0f}", va="center", fontsize=10)
    plot.set_yticks(range(len(names)), names)
    plot.invert_yaxis()
    plot.set_xlim(0, largest * 1.16)
    plot.grid(visible=False, axis="y")
    plot.tick_params(axis="y", length=0)
    plot.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    plot.set_title("parameters by layer")
    if len(networks) > 1:
        plot.legend(frameon=False, loc="best", fontsize=10)
