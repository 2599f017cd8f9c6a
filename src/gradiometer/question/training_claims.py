"""Statements about one axis of a grid, judged by differences paired over the seeds."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, final

from gradiometer.model import RATE
from gradiometer.question.answer import Fact
from gradiometer.question.training_arrays import Results, name_value
from gradiometer.question.training_best import choose_measure, list_lines, score_cells
from gradiometer.question.training_facts import choose_judge, count_epochs, find_target
from gradiometer.question.training_interval import (
    LEVEL,
    adjust_holm,
    estimate_mean,
    find_probability,
    to_digits,
)
from gradiometer.question.training_sensitivity import LEAST_RATES, measure_decades

CLAIMS = {
    "improves_accuracy": "accuracy gained",
    "converges_faster": "epochs saved",
    "reduces_gap": "gap lost",
    "less_sensitive": "decades gained",
}
"""What may be claimed of a value against the first one, and what its effect counts."""


@final
@dataclass(frozen=True)
class Judged:
    """One claim about one value, before all claims are looked at together."""

    claim: str
    value: str
    differences: tuple[float, ...]
    """One for each seed; positive where the claim is right."""

    @property
    def probability(self) -> float | None:
        """As `find_probability` has it."""
        return find_probability(self.differences)


def list_claims(results: Results) -> dict[str, Fact]:
    """The claims about the axis that is compared; nothing where no axis is."""
    axis = results.request.compare
    if axis is None or len(results.request.axes.get(axis, ())) < 2:
        return {}
    values = results.request.axes[axis]
    judged = [
        Judged(claim, name_value(axis, value), tuple(d for d in row if math.isfinite(d)))
        for value in values[1:]
        for claim, row in _list_differences(results, axis, value).items()
    ]
    known = [row.probability for row in judged]
    adjusted = adjust_holm([1.0 if p is None else p for p in known])
    found: dict[str, Any] = {}
    for row, p, corrected in zip(judged, known, adjusted, strict=True):
        told = _tell(row, None if p is None else corrected)
        if len(values) == 2:
            found[row.claim] = told
        else:
            found.setdefault(row.claim, []).append({axis: row.value, **told})
    return {"claims": Fact(found, "measured", _say_claims(results, axis, len(judged)))}


def _tell(row: Judged, p: float | None) -> dict[str, Any]:
    """The verdict: undecided unless the difference is larger than chance would make it."""
    found = estimate_mean(row.differences)
    verdict = None
    if found is not None and found.half is not None and p is not None and p <= 1 - LEVEL:
        verdict = found.mean > 0 if abs(found.mean) > found.half else None
    told = {"mean": None, "interval": None, "n": 0} if found is None else found.to_value()
    return {"verdict": verdict, "effect": told["mean"], "interval": told["interval"],
            "n": told["n"], "p": None if p is None else to_digits(p)}  # fmt: skip


def _say_claims(results: Results, axis: str, count: int) -> str:
    first = name_value(axis, results.request.axes[axis][0])
    others = ", ".join(name_value(axis, value) for value in results.request.axes[axis][1:])
    effects = ", ".join(CLAIMS.values())
    where = "each at all rates where neither diverges"
    if results.request.compares_best and axis != RATE and RATE in results.request.axes:
        where = f"each at the rate with the best {choose_measure(results)[0].replace('_', ' ')}"
    return (f"{others} against {first}, {where}: differences ({effects}) between runs with the "
            "same seed; undecided where the 95 % t interval holds 0, or where p, raised for "
            f"{count} claims at once by Holm's rule, is above 1/20.")  # fmt: skip


def _list_differences(results: Results, axis: str, value: Any) -> dict[str, list[float]]:
    """The differences of every claim that can be judged, by seed."""
    pairs = _list_pairs(results, axis, value)
    found = {}
    judge = choose_judge(results, "accuracy") or choose_judge(results, "loss")
    if judge is not None:
        sign = 1 if judge.endswith("accuracy") else -1
        ends = sign * results.ends(results.curves[judge])
        found["improves_accuracy"] = _average(
            results, pairs, lambda a, b, s: ends[b, s] - ends[a, s]
        )
    found["converges_faster"] = _average(results, pairs, _compare_speed(results))
    gap_judge = choose_judge(results, "loss")
    if gap_judge is not None:
        gaps = results.ends(results.curves[gap_judge] - results.curves["train_loss"])
        found["reduces_gap"] = _average(results, pairs, lambda a, b, s: gaps[a, s] - gaps[b, s])
    if axis != RATE and len(results.request.axes.get(RATE, ())) >= LEAST_RATES:
        found["less_sensitive"] = _compare_widths(results, axis, value)
    return found


def _list_pairs(results: Results, axis: str, value: Any) -> list[tuple[int, int]]:
    """Cells with the first value and with this one, all else being the same."""
    cells, first = results.request.cells, results.request.axes[axis][0]
    if results.request.compares_best and axis != RATE and RATE in results.request.axes:
        return _pair_best(results, axis, value)
    pairs = []
    for line in list_lines(results, axis):
        by_value = {cells[number].axes[axis]: number for number in line}
        if first in by_value and value in by_value:
            pairs.append((by_value[first], by_value[value]))
    return pairs


def _pair_best(results: Results, axis: str, value: Any) -> list[tuple[int, int]]:
    """The cells at the best rate of the first value and of this one, all else being the same."""
    scores = score_cells(results).mean(axis=1)
    cells, first = results.request.cells, results.request.axes[axis][0]
    best: dict[tuple[Any, ...], dict[Any, int]] = {}
    for line in list_lines(results, RATE):
        axes = cells[line[0]].axes
        others = tuple(v for name, v in axes.items() if name not in (axis, RATE))
        top = max(line, key=lambda cell: scores[cell])
        if math.isfinite(scores[top]):
            best.setdefault(others, {})[axes[axis]] = top
    return [(by[first], by[value]) for by in best.values() if first in by and value in by]


def _average(
    results: Results,
    pairs: Sequence[tuple[int, int]],
    compare: Callable[[int, int, int], float],
) -> list[float]:
    """The mean difference over the pairs in which neither run diverged, by seed; NaN for none."""
    rows = []
    for seed in range(len(results.request.seeds)):
        found = [float(compare(a, b, seed)) for a, b in pairs
                 if results.stopped[a, seed] < 0 and results.stopped[b, seed] < 0]  # fmt: skip
        rows.append(math.fsum(found) / len(found) if found else math.nan)
    return rows


def _compare_speed(results: Results) -> Callable[[int, int, int], float]:
    """How many epochs earlier the second run is at the target, or where both come in the end."""
    import numpy as np

    target = find_target(results)
    name = "train_loss" if target is None else target[0]
    curves, rises = results.curves[name], name.endswith("accuracy")
    late = results.request.epochs + 1

    def compare(a: int, b: int, seed: int) -> float:
        rows = (curves[a, seed], curves[b, seed])
        # A run of fewer epochs has no numbers behind its last one.
        lowest = [float(np.nanmin(row)) for row in rows]
        wanted = max(lowest) if target is None else target[1]
        counts = [count_epochs(row, wanted, rises=rises) for row in rows]
        # A run that never arrives counts as if it did after the last epoch: too kind to it.
        before, after = (late if math.isnan(count) else count for count in counts)
        return before - after

    return compare


def _compare_widths(results: Results, axis: str, value: Any) -> list[float]:
    """How many more decades of rates are good, as mean over the lines, by seed."""
    import numpy as np

    scores, first = score_cells(results), results.request.axes[axis][0]
    cells = results.request.cells
    widths: dict[tuple[Any, ...], dict[Any, list[float]]] = {}
    for line in list_lines(results, RATE):
        axes = cells[line[0]].axes
        others = tuple(v for name, v in axes.items() if name not in (axis, RATE))
        widths.setdefault(others, {})[axes[axis]] = measure_decades(results, line, scores)
    rows = [np.subtract(by[value], by[first]) for by in widths.values()
            if value in by and first in by]  # fmt: skip
    return [float(x) for x in np.mean(rows, axis=0)] if rows else []
