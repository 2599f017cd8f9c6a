"""How large each layer's gradient and weights are over the epochs of training runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradiometer.report.canvas import sheet, to_svg
from gradiometer.report.figure import Figure
from gradiometer.report.training_grid import (
    MOST,
    Shown,
    choose_best,
    count_seeds,
    draw_band,
    find_band,
    legend_height,
    name_cells,
    read_curves,
    use_scale,
    write_legend,
)

if TYPE_CHECKING:
    from gradiometer.question import Answer

_TITLES = {
    "gradient_norm": "size of the gradient",
    "weight_norm": "size of weights and biases",
}


def draw_training_layers(answer: Answer) -> Figure | None:
    """The norms by layer of the first cell with the best rate, or None without any."""
    if any(read_curves(answer, name) is None for name in _TITLES):
        return None
    cells, _ = choose_best(answer)
    cell = cells[0].cell
    count = len(answer.arrays["layer"].values)
    places = sorted({round(i * (count - 1) / (MOST - 1)) for i in range(MOST)})
    looks = name_cells(answer, [cell] * len(places))
    layers = [(place, replace(look, label=f"layer {place + 1}")) for place, look
              in zip(places, looks, strict=True)]  # fmt: skip
    known = [row for row in layers if find_band(answer, "gradient_norm", cell, layer=row[0])]
    heights = (legend_height(len(known)), 2.0, 1.7)
    with sheet(heights, share=True) as (figure, plots):
        write_legend(plots[0], [(look.label, look.colour, look.stroke) for _, look in known])
        for plot, (name, title) in zip(plots[1:], _TITLES.items(), strict=True):
            for place, look in known:
                band = find_band(answer, name, cell, layer=place)
                if band is not None:
                    draw_band(plot, band, look)
            plot.set_title(title + use_scale(plot))
            plot.set_xlim(left=0)
        plots[-1].set_xlabel("epochs done")
        svg = to_svg(figure)
    return Figure("Gradients and weights by layer", _describe(answer, cells[0], known), svg)


def _describe(answer: Answer, shown: Shown, layers: list[tuple[int, Shown]]) -> str:
    ends = []
    for place, look in layers:
        band = find_band(answer, "gradient_norm", shown.cell, layer=place)
        if band is not None:
            ends.append(f"{look.label}: {band.middle[0]:.3g} at first, {band.middle[-1]:.3g} at "
                        "the end")  # fmt: skip
    return (
        f"Norms by layer, from the inputs on, for {shown.label}; a line is the mean of "
        f"{count_seeds(answer)}, its band reaches from the lowest to the highest of them. "
        f"Gradient of {'; '.join(ends)}."
    )
