"""What each use of a tensor brings to its gradient, as bars under the name of the tensor."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gradiometer.report.canvas import sheet, to_svg
from gradiometer.report.figure import Figure
from gradiometer.report.palette import light
from gradiometer.report.reading import read_number, read_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from gradiometer.question import Answer

_MOST = 30
"""Bars that still fit on one sheet."""

_LONGEST = 64
"""Letters of a label that fit beside each other."""


def draw_uses(answer: Answer) -> Figure | None:
    """A bar for each use of the tensors that have several, or None where none has.

    Of more bars than a sheet can hold, those of the first tensors are drawn.
    """
    groups = _read_groups(answer)
    if not groups:
        return None
    count = sum(len(rows) + 1 for rows in groups.values())
    with sheet((0.3 * count + 0.2,)) as (figure, (plot,)):
        _draw_groups(plot, groups)
        svg = to_svg(figure)
    parts = [
        f"{tensor}: " + ", ".join(f"{_label(row)} {read_number(row, 'norm'):.4g}" for row in rows)
        for tensor, rows in groups.items()
    ]
    legend = "Striped bars point against the gradient; the share of the gradient stands behind."
    return Figure("Norm of what each use brings", "; ".join(parts) + ".", svg, legend)


def _read_groups(answer: Answer) -> dict[str, list[Mapping[str, Any]]]:
    """The uses by tensor, as far as they fit."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in read_rows(answer, "uses"):
        if math.isfinite(read_number(row, "norm")):
            groups.setdefault(str(row["tensor"]), []).append(row)
    kept: dict[str, list[Mapping[str, Any]]] = {}
    left = _MOST
    for tensor, rows in groups.items():
        if 1 < len(rows) <= left:
            kept[tensor] = rows
            left -= len(rows)
    return kept


def _label(row: Mapping[str, Any]) -> str:
    text = f"{row['place']} ({row['use']})"
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _draw_groups(plot: Axes, groups: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    largest = max(read_number(row, "norm") for rows in groups.values() for row in rows) or 1.0
    place = 0.0
    for tensor, rows in groups.items():
        shown = tensor if len(tensor) <= _LONGEST else tensor[: _LONGEST - 1] + "…"
        plot.text(0, place, shown, va="center", fontsize=11, fontweight="bold")
        for row in rows:
            place += 1
            norm, share = read_number(row, "norm"), row.get("share")
            against = share is not None and share < 0
            plot.barh(
                [place], [norm], 0.8, facecolor=light("orange" if against else "blue"), alpha=0.35,
                edgecolor=light("paper"), hatch="//" if against else "", linewidth=0,
            )  # fmt: skip
            plot.text(0.006 * largest, place, _label(row), va="center", fontsize=10)
            part = "" if share is None else f"{100 * share:.3g} %".replace("-", "−")
            plot.text(1.02 * largest, place, part, va="center", fontsize=10)
        place += 1.2
    plot.set_ylim(place - 0.4, -0.7)
    plot.set_xlim(0, largest * 1.16)
    plot.set_yticks([])
    plot.grid(visible=False, axis="y")
    plot.set_title("norm of what each use brings, and its share")
