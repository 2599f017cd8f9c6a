"""The sharpness along training runs beside the largest at which their rule is stable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradiometer.report.canvas import sheet, to_svg
from gradiometer.report.figure import Figure
from gradiometer.report.palette import light
from gradiometer.report.training_grid import (
    choose_spread,
    count_seeds,
    draw_band,
    find_band,
    legend_height,
    read_curves,
    use_scale,
    write_legend,
)

if TYPE_CHECKING:
    from gradiometer.question import Answer

_FEW = 60
"""Measurements up to which each gets a dot."""


def draw_training_sharpness(answer: Answer) -> Figure | None:
    """Sharpness and threshold over the epochs, or None where it was not measured."""
    limits = read_curves(answer, "sharpness_threshold")
    if read_curves(answer, "sharpness") is None or limits is None:
        return None
    cells, said = choose_spread(answer, "sharpness")
    ends = []
    with sheet((legend_height(len(cells)), 2.9), share=True) as (figure, plots):
        write_legend(plots[0], [(shown.label, shown.colour, "solid") for shown in cells])
        for shown in cells:
            band = find_band(answer, "sharpness", shown.cell)
            if band is None:
                continue
            mark = "o" if len(band.epochs) <= _FEW else None
            draw_band(plots[1], band, shown, linestyle="solid", marker=mark, markersize=3)
            plots[1].step(
                answer.arrays["epoch"].values, limits[shown.cell], where="mid",
                color=light(shown.colour), linewidth=1.2, linestyle=(0, (4, 2)),
            )  # fmt: skip
            last = limits[shown.cell][int(band.epochs[-1]) - 1]
            ends.append(f"{shown.label}: {band.middle[-1]:.4g} beside {last:.4g}")
        said_scale = use_scale(plots[1])
        plots[1].set_title(f"sharpness, and dashed: stable up to{said_scale}")
        plots[1].set_xlim(left=0)
        plots[1].set_xlabel("epochs done")
        svg = to_svg(figure)
    about = (
        "The largest eigenvalue of the Hessian over the epochs, the mean of "
        f"{count_seeds(answer)}, beside the largest at which the rule is stable. "
        f"At the end, {'; '.join(ends)}.{said}"
    )
    return Figure("Sharpness and the edge of stability", about, svg)
