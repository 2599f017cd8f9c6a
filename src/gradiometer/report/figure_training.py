"""Loss and accuracy of training runs over their epochs, and under them the learning rate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradiometer.report.canvas import sheet, to_svg
from gradiometer.report.figure import Figure
from gradiometer.report.palette import light
from gradiometer.report.training_grid import (
    Shown,
    choose_best,
    count_seeds,
    draw_band,
    find_band,
    legend_height,
    read_curves,
    use_scale,
    write_legend,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from gradiometer.question import Answer

_WIDE = 50.0
"""Ratio of largest and smallest rate from which the ordinate is logarithmic."""
_PARTS = ("validation", "test")


def draw_training(answer: Answer) -> Figure | None:
    """The curves of the cells with the best rate, or None for a plan without runs."""
    if read_curves(answer, "train_loss") is None:
        return None
    cells, said = choose_best(answer)
    part = next((p for p in _PARTS if read_curves(answer, f"{p}_loss") is not None), "")
    has_accuracy = read_curves(answer, "train_accuracy") is not None
    heights = [2.3, *([1.9] if has_accuracy else []), 1.2]
    legend = [(shown.label, shown.colour, shown.stroke) for shown in cells]
    with sheet((legend_height(len(cells)), *heights), share=True) as (figure, plots):
        write_legend(plots[0], legend)
        _draw_curves(answer, plots[1], cells, part=part, what="loss")
        thin = ", thin: training" if part else ""
        plots[1].set_title(f"{part or 'training'} loss{thin}{use_scale(plots[1])}")
        if has_accuracy:
            _draw_curves(answer, plots[2], cells, part=part, what="accuracy")
            plots[2].set_title(f"share of right answers{thin}")
        _draw_staircase(answer, plots[-1], cells)
        plots[-1].set_xlabel("epochs done")
        svg = to_svg(figure)
    return Figure("The runs over their epochs", _describe(answer, cells, part) + said, svg)


def _draw_curves(
    answer: Answer, plot: Axes, cells: Sequence[Shown], *, part: str, what: str
) -> None:
    """What the examples that are held back show, and as a thin line what those trained on show."""
    for shown in cells:
        held = find_band(answer, f"{part}_{what}", shown.cell) if part else None
        trained = find_band(answer, f"train_{what}", shown.cell)
        if held is not None:
            draw_band(plot, held, shown)
        if trained is not None and held is not None:
            plot.plot(trained.epochs, trained.middle, color=light(shown.colour), linewidth=0.9)
        elif trained is not None:
            draw_band(plot, trained, shown)


def _draw_staircase(answer: Answer, plot: Axes, cells: Sequence[Shown]) -> None:
    """The rate of each epoch, from its beginning to its end."""
    import numpy as np

    rates = read_curves(answer, "rate")
    if rates is None:
        plot.set_title("no learning rate")
        return
    ends = list(range(rates.shape[1] + 1))
    for shown in cells:
        row = rates[shown.cell].tolist()
        plot.step(
            ends, [*row, row[-1]], where="post", color=light(shown.colour),
            linestyle=shown.stroke, linewidth=1.8,
        )  # fmt: skip
    drawn = rates[[shown.cell for shown in cells]]
    drawn = drawn[np.isfinite(drawn)]
    if not len(drawn):
        plot.set_title("no learning rate")
        return
    is_wide = drawn.min() > 0 and drawn.max() / drawn.min() >= _WIDE
    said = use_scale(plot) if is_wide else ""
    if not is_wide:
        plot.set_ylim(min(0.0, float(drawn.min())), float(drawn.max()) * 1.15 or 1)
    plot.set_xlim(0, len(ends) - 1)
    plot.set_title(f"learning rate{said}")


def _describe(answer: Answer, cells: Sequence[Shown], part: str) -> str:
    about = (
        "Loss, share of right answers where there are classes, and learning rate over the epochs. "
        f"A line is the mean of {count_seeds(answer)}, its band reaches from the lowest to the "
        "highest of them; runs that diverged are left out, unless all of a cell did."
    )
    ends = []
    for shown in cells:
        band = find_band(answer, f"{part or 'train'}_loss", shown.cell)
        if band is not None:
            ends.append(f"{shown.label}: {band.middle[-1]:.4g}")
    return f"{about} {(part or 'training').capitalize()} loss at the end: {'; '.join(ends)}."
