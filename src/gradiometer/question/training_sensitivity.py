"""How much the starting rate matters: the range of rates that end nearly as well as the best."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from gradiometer.formula import to_float
from gradiometer.model import RATE
from gradiometer.question.answer import Fact
from gradiometer.question.training_arrays import Results
from gradiometer.question.training_best import choose_measure, list_lines, score_cells
from gradiometer.question.training_facts import describe_cell, say_seeds, to_estimate

LEAST_RATES = 3
"""Rates of a line, below which a range says nothing."""


def list_sensitivity(results: Results) -> dict[str, Fact]:
    """The range of good rates of each line of rates; nothing where there are too few rates."""
    if len(results.request.axes.get(RATE, ())) < LEAST_RATES:
        return {}
    scores = score_cells(results)
    rows = [_to_row(results, line, scores) for line in list_lines(results, RATE)]
    name, sign = choose_measure(results)
    share = to_float(results.request.within) * 100
    because = f"Rates beside the best one, on the grid, whose {name.replace('_', ' ')} is at most "
    because += (
        f"{share:g} % {'lower' if sign > 0 else 'higher'}: from and to by the means, decades "
    )
    because += f"(powers of ten between the two) for each seed alone. {say_seeds(results)}"
    return {"sensitivity": Fact(rows, "measured", because)}


def _to_row(results: Results, line: Sequence[int], scores: Any) -> dict[str, Any]:
    rates = [results.request.cells[cell].axes[RATE] for cell in line]
    means = [float(scores[cell].mean()) for cell in line]
    others = {k: v for k, v in describe_cell(results, line[0]).items() if k != RATE}
    found = find_range(means, to_float(results.request.within))
    ends = {"from": None, "to": None}
    if found is not None:
        ends = {"from": rates[found[0]], "to": rates[found[1]]}
    decades = to_estimate(measure_decades(results, line, scores))
    return {**others, **ends, "decades": decades["mean"], "interval": decades["interval"],
            "n": decades["n"]}  # fmt: skip


def measure_decades(results: Results, line: Sequence[int], scores: Any) -> list[float]:
    """The width of the range of good rates, by seed; NaN where every run diverged."""
    logs = [math.log10(to_float(results.request.cells[cell].axes[RATE])) for cell in line]
    widths = []
    for seed in range(len(results.request.seeds)):
        row = [float(scores[cell, seed]) for cell in line]
        found = find_range(row, to_float(results.request.within))
        widths.append(math.nan if found is None else logs[found[1]] - logs[found[0]])
    return widths


def find_range(scores: Sequence[float], within: float) -> tuple[int, int] | None:
    """The places from first to last round the best score that are nearly as good without a gap.

    A score is nearly as good when it is worse by at most that share of the best one's size.

    Example:
        >>> find_range([0.1, 0.96, 1.0, 0.97, 0.3, 0.99], 0.05)
        (1, 3)
    """
    best = max(range(len(scores)), key=scores.__getitem__)
    if not math.isfinite(scores[best]):
        return None
    least = scores[best] - within * abs(scores[best])
    first = last = best
    while first > 0 and scores[first - 1] >= least:
        first -= 1
    while last + 1 < len(scores) and scores[last + 1] >= least:
        last += 1
    return first, last
