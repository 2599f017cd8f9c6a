"""The best cell of a grid, and the best learning rate beside everything else that varies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradiometer.model import RATE
from gradiometer.question.answer import Fact
from gradiometer.question.training_arrays import Results
from gradiometer.question.training_facts import (
    describe_cell,
    say_seeds,
    to_row,
)


def choose_measure(results: Results) -> tuple[str, int]:
    """By which curve cells are ranked, and 1 where more of it is better, else -1."""
    part = "validation" if results.has("validation_loss") else "train"
    if results.request.has_classes:
        return f"{part}_accuracy", 1
    return f"{part}_loss", -1


def score_cells(results: Results) -> Any:
    """How good each run ends, more is better, shape (cells, seeds); minus infinity if diverged."""
    import numpy as np

    name, sign = choose_measure(results)
    ends = sign * results.ends(results.curves[name])
    return np.where(np.isfinite(ends), ends, -np.inf)


def list_lines(results: Results, axis: str) -> list[list[int]]:
    """The cells that differ in one axis only, each line in the order of its values."""
    lines: dict[tuple[Any, ...], list[int]] = {}
    for number, cell in enumerate(results.request.cells):
        if cell.axes[axis] is not None or axis == "schedule":
            others = tuple(value for name, value in cell.axes.items() if name != axis)
            lines.setdefault(others, []).append(number)
    order = {value: place for place, value in enumerate(results.request.axes[axis])}
    return [sorted(row, key=lambda n: order[results.request.cells[n].axes[axis]])
            for row in lines.values()]  # fmt: skip


def list_best(results: Results) -> dict[str, Fact]:
    """The best cell, and the best rate of each line of rates."""
    scores = score_cells(results).mean(axis=1)
    name, _ = choose_measure(results)
    said = f"By the {name.replace('_', ' ')} after the last epoch, mean over the seeds"
    facts = {}
    if len(scores) > 1:
        facts["best"] = _tell_best(results, scores, f"{said}; a cell with a run that diverged is "
                                   "never the best.")  # fmt: skip
    if RATE in results.request.axes:
        rows = [_to_rate(results, line, scores) for line in list_lines(results, RATE)]
        said += ", for everything else that varies; mean is that of the measure at this rate."
        facts["best_rate"] = Fact(rows, "measured", f"{said} {say_seeds(results)}")
    return facts


def _tell_best(results: Results, scores: Any, because: str) -> Fact:
    import numpy as np

    if not np.isfinite(scores).any():
        return Fact("none", "measured", "In every cell a run diverged.")
    cell = int(np.argmax(scores))
    name, _ = choose_measure(results)
    ends = results.ends(results.curves[name])[cell]
    return Fact(
        to_row(results, cell, ends, is_share=name.endswith("accuracy")), "measured", because
    )


def _to_rate(results: Results, line: Sequence[int], scores: Any) -> dict[str, Any]:
    import numpy as np

    name, _ = choose_measure(results)
    cell = line[int(np.argmax(scores[list(line)]))]
    ends = results.ends(results.curves[name])[cell]
    row = to_row(results, cell, ends, is_share=name.endswith("accuracy"))
    if np.isfinite(scores[cell]):
        return row
    others = {k: v for k, v in describe_cell(results, line[0]).items() if k != RATE}
    return {RATE: "none", **others, "mean": None, "interval": None, "n": 0}
