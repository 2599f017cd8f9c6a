"""How the parameters of networks grow with a setting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradiometer.report.canvas import draw_line, sheet, to_svg
from gradiometer.report.figure import Figure
from gradiometer.report.figure_parameters import to_short
from gradiometer.report.reading import read_number, read_rows

if TYPE_CHECKING:
    from gradiometer.question import Answer

_COLOURS = ("blue", "orange", "purple", "green", "red")
_STYLES = ("-", "--", "-.", ":", (0, (5, 1)))
"""One for each colour, so that colour is never alone."""


def draw_scaling(answer: Answer) -> Figure | None:
    """A curve for each network, or None where no setting was varied."""
    rows = read_rows(answer, "scaling")
    if len(rows) < 2:
        return None
    setting = next(iter(rows[0]))
    columns = [key for key in rows[0] if key == "parameters" or key.endswith(": parameters")]
    if len(columns) > len(_COLOURS):
        return None
    values = [read_number(row, setting) for row in rows]
    with sheet((2.8,)) as (figure, (plot,)):
        for place, column in enumerate(columns):
            counts = [read_number(row, column) for row in rows]
            name = column.removesuffix(": parameters")
            style = {"linestyle": _STYLES[place], "label": name}
            if len(values) <= _MOST_MARKS:
                style |= {"marker": "o", "markersize": 4}
            draw_line(plot, [(values, counts)], colour=_COLOURS[place], **style)
        plot.set_xlabel(setting)
        plot.set_title("parameters")
        plot.set_ylim(bottom=0)
        plot.yaxis.set_major_formatter(lambda value, _: to_short(value))
        plot.xaxis.set_major_formatter(lambda value, _: to_short(value))
        if len(columns) > 1:
            plot.legend(frameon=False, loc="best", fontsize=10)
        svg = to_svg(figure)
    ends = [
        f"{column.removesuffix(': parameters')}: from {read_number(rows[0], column):,.0f} at "
        f"{setting} {values[0]:,.0f} to {read_number(rows[-1], column):,.0f} at {values[-1]:,.0f}"
        for column in columns
    ]
    return Figure(f"Parameters by {setting}", "; ".join(ends) + ".", svg)


_MOST_MARKS = 40
"""Values that are marked on a curve one by one."""
