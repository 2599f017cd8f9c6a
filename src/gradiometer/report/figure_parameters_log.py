"""How many parameters each layer has, on a logarithmic scale where bars differ much."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradiometer.report.figure import Figure
from gradiometer.report.figure_parameters import draw_bars

if TYPE_CHECKING:
    from gradiometer.question import Answer


def draw_parameters_log(answer: Answer) -> Figure | None:
    """The bars on a logarithmic scale, or None where the linear ones show as much."""
    return draw_bars(answer, log=True)
