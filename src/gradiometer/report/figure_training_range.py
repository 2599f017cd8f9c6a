"""A range test: the loss while the rate grows at every step, and the rates that rules read off."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gradiometer.report.canvas import sheet, to_svg
from gradiometer.report.figure import Figure
from gradiometer.report.palette import light
from gradiometer.report.reading import read_number, read_rows
from gradiometer.report.training_grid import (
    count_seeds,
    legend_height,
    read_curves,
    use_scale,
    write_legend,
)

if TYPE_CHECKING:
    from gradiometer.question import Answer

_COLOURS = ("orange", "green", "purple", "red", "blue", "muted")
_SAID: Mapping[Any, tuple[str, Any]] = {
    True: (", good on the grid", "solid"),
    False: (", not among the good ones of the grid", (0, (5, 1.6))),
    None: ("", (0, (1.5, 1.2))),
}
"""What the grid says of a rule's rate, and the stroke that shows it."""
_TALL = 2.0
"""How far above its start the loss is drawn; beyond that it only says that the test is over."""


def draw_training_range(answer: Answer) -> Figure | None:
    """The losses of the first cell that was tested, or None where there was no test."""
    import numpy as np

    rates, losses = read_curves(answer, "range_rate"), read_curves(answer, "range_loss")
    if rates is None or losses is None:
        return None
    rows = _read_first(answer)
    legend = [(_label(row), _COLOURS[i % len(_COLOURS)], _SAID[row.get("is_good")][1])
              for i, row in enumerate(rows)]  # fmt: skip
    with sheet((legend_height(len(rows)), 2.7), share=True) as (figure, plots):
        write_legend(plots[0], legend)
        plot = plots[1]
        top = _TALL * float(np.nanmax(losses[0][:, 0]))
        for run in losses[0]:
            kept = np.where(run <= top, run, np.nan)
            plot.plot(rates, kept, color=light("blue"), linewidth=0.8, alpha=0.7)
        title = f"loss of each batch{use_scale(plot)}"
        plot.set_xscale("log")
        plot.xaxis.set_major_formatter(lambda value, _: f"{value:g}".replace("-", "−"))
        for row, (_, colour, stroke) in zip(rows, legend, strict=True):
            rate = read_number(row, "rate")
            if math.isfinite(rate):
                plot.axvline(rate, color=light(colour), linestyle=stroke, linewidth=1.8)
        plot.set_title(title)
        plot.set_xlabel("learning rate, growing at every step")
        plot.minorticks_off()
        svg = to_svg(figure)
    about = (
        f"The loss before each of {len(rates)} steps while the rate grows from {rates[0]:.3g} to "
        f"{rates[-1]:.3g}, {count_seeds(answer)}. Suggested: {'; '.join(map(_label, rows))}."
    )
    return Figure("What a range test suggests", about, svg)


def _read_first(answer: Answer) -> Sequence[Mapping[str, Any]]:
    """The rows about the first cell: until a rule comes a second time."""
    found: dict[str, Mapping[str, Any]] = {}
    for row in read_rows(answer, "range_test"):
        if row["rule"] in found:
            break
        found[row["rule"]] = row
    return list(found.values())


def _label(row: Mapping[str, Any]) -> str:
    rate = read_number(row, "rate")
    said = f"{rate:.3g}" if math.isfinite(rate) else "no good suggestion"
    return f"{row['rule']}: {said}{_SAID[row.get('is_good')][0]}"
