"""How sharp the loss is along a run, beside the sharpness up to which its rule is stable."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gradiometer.formula import to_float
from gradiometer.model import RATE
from gradiometer.question.answer import Fact, Series
from gradiometer.question.training_arrays import Results
from gradiometer.question.training_cells import Cell
from gradiometer.question.training_facts import describe_cell, say_seeds, to_estimate
from gradiometer.question.training_interval import to_digits
from gradiometer.question.training_threshold import LinearPart, find_linear_part

if TYPE_CHECKING:
    from gradiometer.numeric import Dense, Epoch, Examples, Networks, Training

TOLERANCE = 1e-3
"""The largest residual, as a share of the value; a value with a larger one is not told."""


class Sharpener:
    """Measures the sharpness of the networks of a block."""

    def __init__(
        self, cells: Sequence[Cell], dense: Dense, training: Training, *, networks: Networks,
        examples: Sequence[Examples],
    ) -> None:  # fmt: skip
        self.cells, self.dense, self.training = cells, dense, training
        self.networks, self.examples = networks, examples
        self.parts = [find_part(cell) for cell in cells]
        self.steps = -(-len(examples[0].inputs) // training.batch)

    def measure_start(self) -> Any:
        """The sharpness before the first step, where no state scales it; else NaN."""
        import numpy as np

        plain = np.array([part is None or part.held is None for part in self.parts])
        going = np.flatnonzero(plain)
        return self._find(self.networks.parameters, going, [None] * len(self.cells))

    def measure(self, epoch: Epoch) -> Any:
        """The sharpness after an epoch; NaN for networks that have stopped."""
        import numpy as np

        done = (epoch.number + 1) * self.steps
        states = epoch.states() if any(part and part.held for part in self.parts) else {}
        scales = [
            None if part is None or part.held is None
            else part.scale(states[part.held][n], done, self._values(n, done))
            for n, part in enumerate(self.parts)
        ]  # fmt: skip
        return self._find(epoch.parameters(), np.flatnonzero(epoch.stopped < 0), scales)

    def _values(self, number: int, done: int) -> dict[str, float]:
        """The rule's parameters at the last step that is done."""
        values = {n: to_float(v) for n, v in self.cells[number].values.items()}
        if self.training.rates is not None:
            row = self.training.rates(done - 1, done)[0, :, number]
            values |= dict(zip(self.dense.scheduled, map(float, row), strict=True))
        return values

    def _find(self, parameters: Any, going: Any, scales: Sequence[Any]) -> Any:
        import numpy as np

        from gradiometer.numeric import find_sharpness

        found = np.full(len(self.cells), np.nan)
        size = np.ones(parameters.shape)
        for number, scale in enumerate(scales):
            size[number] = 1.0 if scale is None else scale
        labels, splits = self.networks.labels, self.networks.splits
        for number, examples in enumerate(self.examples):
            some = going if splits is None else going[splits[going] == number]
            if not len(some):
                continue
            sharp = find_sharpness(
                self.dense, np.asarray(parameters, float)[some], examples,
                labels=None if labels is None else labels[some],
                preconditioner=None if all(scale is None for scale in scales) else size[some],
                tolerance=TOLERANCE,
            )  # fmt: skip
            is_found = sharp.residual <= TOLERANCE * np.abs(sharp.value)
            found[some] = np.where(is_found, sharp.value, np.nan)
        return found


def find_part(cell: Cell) -> LinearPart | None:
    """The linear part of a cell's rule; a rule that joins numbers of a tensor has none here."""
    return None if cell.is_joint else find_linear_part(cell.scalar)


def list_thresholds(results: Results) -> Any:
    """The sharpness up to which each cell's rule is stable, shape (cells, epochs); NaN for none."""
    import numpy as np

    rows = []
    for cell, rates in zip(results.request.cells, results.list_rates(), strict=True):
        # Runs whose rates follow their losses have thresholds of their own.
        if cell.follower is not None:
            rows.append([math.nan] * len(rates))
            continue
        found = {rate: _find_limit(cell, rate) for rate in set(map(float, rates))}
        rows.append([found.get(float(rate), math.nan) for rate in rates])
    return np.array(rows)


def _find_limit(cell: Cell, rate: float) -> float:
    """The sharpness at which the rule of a cell becomes unstable at that rate; NaN for none."""
    part: LinearPart | None = find_part(cell) if rate > 0 else None
    if part is None:
        return math.nan
    values = {name: to_float(value) for name, value in cell.values.items()}
    values |= {name: row.float_at(0) for name, row in cell.schedules.items()}
    # Weight decay makes the product of rate and sharpness depend on the rate.
    product = part.find_threshold({**values, RATE: rate})
    return math.nan if product is None else product / rate


def tell_sharpness(results: Results) -> tuple[dict[str, Fact], dict[str, Series]]:
    """The facts and arrays about sharpness; nothing where it was not measured."""
    import numpy as np

    if not results.request.sharpness:
        return {}, {}
    limits = list_thresholds(results)
    rows = []
    for number, curves in enumerate(results.curves["sharpness"]):
        with np.errstate(invalid="ignore"):
            ratios = curves / limits[number]
        starts = [results.runs[number, seed].start_sharpness for seed in results.request.seeds]
        begun = to_estimate([start / limits[number, 0] for start in starts])
        sharp = to_estimate([_read_last(row) for row in curves])
        ended = to_estimate([_read_last(row) for row in ratios])
        # One reading says little where the sharpness is thrown back and rises again.
        through = ratios[results.stopped[number] < 0]
        late, peak = _average_late(through), _read_peak(through)
        limit = _show(limits[number, results.request.cells[number].epochs - 1])
        gone = to_digits(float((results.stopped[number] >= 0).mean()))
        rows.append({
            **describe_cell(results, number), "start_ratio": begun["mean"],
            "sharpness": sharp["mean"], "threshold": limit,
            "ratio": ended["mean"], "interval": ended["interval"], "n": ended["n"],
            "late_ratio": late["mean"], "late_interval": late["interval"],
            "peak_ratio": peak["mean"], "peak_interval": peak["interval"],
            "diverged": gone,
        })  # fmt: skip
    because = "The largest eigenvalue of the Hessian of the training loss when last measured "
    because += "(scaled by the mean of squares where the rule has one), over the one up to which "
    because += "the linear part of the rule is stable at that epoch's rate; start_ratio before the "
    because += "first step, late_ratio as an average over the last half of the epochs, and "
    because += "peak_ratio where it is largest after the first step. Meant for whole batches. "
    because += (
        "Measured by Lanczos from a start drawn at random: some eigenvalue lies within 1/1000 "
    )
    because += (
        "of each value, and but for rounding the largest is no smaller; that none is larger is "
    )
    because += "likely, not certain. "
    because += say_seeds(results)
    arrays = {"sharpness_threshold": Series(("cell", "epoch"), limits, "1", "stable up to here")}
    return {"sharpness": Fact(rows, "measured", because)}, arrays


def _read_last(curve: Any) -> float:
    """The last number of a curve that has gaps."""
    import numpy as np

    known = curve[np.isfinite(curve)]
    return float(known[-1]) if len(known) else math.nan


def _average_late(ratios: Any) -> Mapping[str, Any]:
    """The mean of what was measured in the last half of the epochs of each run, over runs."""
    import numpy as np

    late = [row[np.isfinite(row)] for row in ratios[:, ratios.shape[1] // 2 :]]
    return to_estimate([float(row.mean()) for row in late if len(row)])


def _read_peak(ratios: Any) -> Mapping[str, Any]:
    """The largest that was measured of each run, over runs."""
    import numpy as np

    known = [row[np.isfinite(row)] for row in ratios]
    return to_estimate([float(row.max()) for row in known if len(row)])


def _show(number: float) -> float | None:
    return None if math.isnan(number) else to_digits(float(number))
