"""All runs of a grid as arrays: cell by seed by epoch, and what each cell is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

from flint import fmpq

from gradiometer.formula import to_float
from gradiometer.model import RATE
from gradiometer.question.answer import Series
from gradiometer.question.training_parts import make_parts
from gradiometer.question.training_read import Request
from gradiometer.question.training_result import CURVES, LAYERS, Run

_ABOUT = {
    "batch_loss": "loss of the batches of an epoch, before their steps",
    "batch_accuracy": "share of right answers in the batches of an epoch",
    "gradient_norm": "size of a layer's gradient in the last batch of an epoch",
    "weight_norm": "size of a layer's weights and biases after an epoch",
    "dead_units": "share of a hidden layer's units with slope 0 on all training examples",
    "followed_rate": "learning rate of each run whose schedule follows its losses",
    "saturated_units": "share of a hidden layer's units whose slope is below 1/100 of the largest",
}


@final
@dataclass(frozen=True, eq=False)
class Results:
    """A grid whose runs are made."""

    request: Request
    runs: Mapping[tuple[int, int], Run]
    """By the number of the cell and the seed."""

    @cached_property
    def curves(self) -> Mapping[str, Any]:
        """The curves by name, shape (cells, seeds, epochs) or (cells, seeds, epochs, layers)."""
        import numpy as np

        request = self.request
        shape = (len(request.cells), len(request.seeds), request.epochs)
        deepest = max(len(cell.widths) - 1 for cell in request.cells)
        found: dict[str, Any] = {}
        for (cell, seed), run in self.runs.items():
            at = (cell, request.seeds.index(seed))
            for name, values in run.curves.items():
                if name in LAYERS:
                    table = found.setdefault(name, np.full((*shape, deepest), np.nan))
                    table[at][: len(values), : values.shape[1]] = values
                else:
                    found.setdefault(name, np.full(shape, np.nan))[at][: len(values)] = values
        return {name: found[name] for name in (*CURVES, *LAYERS) if name in found}

    @cached_property
    def stopped(self) -> Any:
        """The step at which each run diverged, -1 for none; shape (cells, seeds)."""
        import numpy as np

        request = self.request
        return np.array([[self.runs[cell, seed].stopped for seed in request.seeds]
                         for cell in range(len(request.cells))])  # fmt: skip

    @cached_property
    def steps(self) -> list[int]:
        """The steps of an epoch, by cell."""
        first = self.request.seeds[0]
        counts = [make_parts(self.request, cell.data, first).count("train")
                  for cell in self.request.cells]  # fmt: skip
        return [-(-n // cell.batch) for n, cell in zip(counts, self.request.cells, strict=True)]

    def ends(self, table: Any) -> Any:
        """What a table has at the last epoch of each cell, without the axis of the epochs."""
        import numpy as np

        pairs = zip(table, self.request.cells, strict=True)
        return np.stack([rows[:, cell.epochs - 1] for rows, cell in pairs])

    def has(self, name: str) -> bool:
        """Whether there is a curve of that name."""
        return name in self.curves

    def list_rates(self) -> list[list[float]]:
        """The learning rate at the start of each epoch, by cell; NaN for rules without.

        Where it follows losses it is the mean over the runs.
        """
        rows = []
        for number, (cell, steps) in enumerate(zip(self.request.cells, self.steps, strict=True)):
            if cell.follower is not None:
                rows.append(mean_known(self.curves["followed_rate"][number]))
                continue
            each = steps if cell.is_per_step else 1
            values = cell.list_rates(RATE, cell.epochs * each) if cell.has_rate else []
            known = values[::each]
            rows.append([*known, *[float("nan")] * (self.request.epochs - len(known))])
        return rows


def mean_known(table: Any) -> list[float]:
    """The mean of each column's finite numbers; NaN where there are none.

    Example:
        >>> import numpy as np
        >>> mean_known(np.array([[1.0, np.nan], [3.0, np.nan]]))
        [2.0, nan]
    """
    import numpy as np

    known = np.isfinite(table)
    count = known.sum(axis=0)
    total = np.where(known, table, 0.0).sum(axis=0)
    return [float(t / c) if c else float("nan") for t, c in zip(total, count, strict=True)]


def list_series(results: Results) -> dict[str, Series]:
    """The arrays of the answer by name, over `cell`, `seed`, `epoch` and `layer`."""
    request = results.request
    layers = max(len(cell.widths) - 1 for cell in request.cells)
    found = {
        "cell": Series(("cell",), [name_cell(request, n) for n in range(len(request.cells))]),
        "seed": Series(("seed",), list(request.seeds)),
        "epoch": Series(("epoch",), list(range(1, request.epochs + 1)), "epoch", "epochs done"),
        "layer": Series(("layer",), list(range(1, layers + 1)), "1", "layer, from the inputs on"),
    }
    for name, values in results.curves.items():
        dims = ("cell", "seed", "epoch", "layer")[: values.ndim]
        part, _, what = name.partition("_")
        about = _ABOUT.get(name, f"{what} on the {part} examples after an epoch")
        found[name] = Series(dims, values, "1", about)
    found["stopped"] = Series(("cell", "seed"), results.stopped, "step", "where a run diverged")
    rates = results.list_rates()
    found["rate"] = Series(("cell", "epoch"), rates, "1", "learning rate")
    found |= list_coordinates(request)
    found.setdefault(RATE, Series(("cell",), [row[0] for row in rates], "1", "starting rate"))
    return found


def list_coordinates(request: Request) -> dict[str, Series]:
    """The value of each axis, by cell."""
    rows: dict[str, Series] = {}
    for name in request.axes:
        values = [cell.axes[name] for cell in request.cells]
        if all(isinstance(value, fmpq) for value in values):
            rows[name] = Series(("cell",), [to_float(value) for value in values], "1", name)
        else:
            rows[name] = Series(("cell",), [name_value(name, v) for v in values], "1", name)
    return rows


def name_value(axis: str, value: Any) -> str:
    """The value of an axis as a word; no schedule is a constant rate."""
    if value is None:
        return "constant" if axis == "schedule" else "none"
    return str(value)


def name_cell(request: Request, number: int) -> str:
    """A cell by what varies."""
    axes = request.cells[number].axes
    return ", ".join(f"{name} = {name_value(name, axes[name])}" for name in request.axes) or "all"
