"""The range test: short runs whose rate grows at every step, and what rules read off them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

from gradiometer.errors import LimitError, Place, UsageError
from gradiometer.formula import parse_number, to_float
from gradiometer.model import RATE
from gradiometer.question.answer import Fact, Series
from gradiometer.question.training_arrays import Results, name_cell
from gradiometer.question.training_cells import Cell
from gradiometer.question.training_facts import describe_cell
from gradiometer.question.training_interval import estimate_mean, to_bounds, to_digits
from gradiometer.question.training_parts import make_parts
from gradiometer.question.training_range_rules import RULES, read_rates
from gradiometer.question.training_read import Request
from gradiometer.question.training_run import (
    Block,
    choose_style,
    list_blocks,
    list_splits,
    make_dense,
    make_networks,
    quiet,
)

MOST_STEPS = 10_000


@final
@dataclass(frozen=True)
class Sweep:
    """From which rate to which one, in how many steps."""

    low: float
    high: float
    steps: int

    def list_rates(self) -> Any:
        """The rate of each step."""
        import numpy as np

        return np.geomspace(self.low, self.high, self.steps)


def read_sweep(text: str | None) -> Sweep | None:
    """The sweep that a text such as `1e-5:10:100` writes.

    Raises:
        UsageError: If it is of another form.
        LimitError: If there are too many steps.
    """
    if text is None:
        return None
    place, hint = Place("range_test"), "write low:high:steps, such as 1e-5:10:100"
    parts = [parse_number(part, place=place) for part in text.split(":")]
    if len(parts) != 3 or not 0 < parts[0] < parts[1] or parts[2].q != 1 or parts[2] < 10:
        raise UsageError(f"`{text}` is no range of rates.", place=place, hint=hint)
    if parts[2] > MOST_STEPS:
        raise LimitError(f"A range test has at most {MOST_STEPS:,} steps.", place=place)
    return Sweep(to_float(parts[0]), to_float(parts[1]), int(parts[2].p))


def list_tested(request: Request) -> list[int]:
    """The first of the cells that differ in rate and schedule alone, where there is a rate."""
    seen: dict[tuple[Any, ...], int] = {}
    for number, cell in enumerate(request.cells):
        if cell.has_rate:
            key = tuple(v for name, v in cell.axes.items() if name not in (RATE, "schedule"))
            seen.setdefault(key, number)
    return list(seen.values())


def try_range(
    results: Results, sweep: Sweep | None, sensitivity: Fact | None
) -> tuple[dict[str, Fact], dict[str, Series]]:
    """The facts and arrays of a range test; nothing where none is asked for.

    Args:
        results: The grid.
        sweep: From which rate to which one; None for no test.
        sensitivity: Which rates the grid itself found good, to hold suggestions against.
    """
    if sweep is None:
        return {}, {}
    rates, tested = sweep.list_rates(), list_tested(results.request)
    rows: list[Mapping[str, Any]] = []
    tables = []
    for number in tested:
        losses = _run(results.request, number, sweep)
        found = [read_rates(rates, row) for row in losses]
        good = _find_good(results, number, sensitivity)
        rows += [_to_row(results, number, name, [row[name] for row in found], good=good)
                 for name in RULES]  # fmt: skip
        tables.append(losses)
    arrays = {
        "range_step": Series(("range_step",), list(range(1, sweep.steps + 1)), "step", "steps"),
        "range_rate": Series(("range_step",), rates, "1", "learning rate of a range test"),
        "range_cell": Series(("range_cell",), [name_cell(results.request, n) for n in tested]),
        "range_loss": Series(("range_cell", "seed", "range_step"), tables, "1", "loss before it"),
    }
    because = f"{sweep.steps} steps from rate {sweep.low:g} to {sweep.high:g}, losses smoothed; "
    because += "geometric means over the seeds in which a rule has something to read, which needs "
    because += "a loss that falls by a tenth; is_good: whether the grid with a constant rate finds "
    because += "it as good as `sensitivity` says."
    return {"range_test": Fact(rows, "measured", because)}, arrays


def _run(request: Request, number: int, sweep: Sweep) -> Any:
    """The loss before each step, shape (seeds, steps)."""
    import numpy as np

    cell = request.cells[number]
    blocks = list_blocks(request, [(number, seed) for seed in request.seeds])
    found = {}
    for block in blocks:
        losses = _run_block(request, cell, block, sweep=sweep)
        found |= {seed: row for (_, seed), row in zip(block.places, losses, strict=True)}
    return np.stack([found[seed] for seed in request.seeds])


def _run_block(request: Request, cell: Cell, block: Block, *, sweep: Sweep) -> Any:
    import numpy as np

    from gradiometer.numeric import Training, run_dense

    parts = {seed: make_parts(request, cell.data, seed) for seed in list_splits(request, block)}
    others = [name for name in cell.schedules if name != RATE]
    dense = replace(make_dense([cell]), scheduled=tuple(sorted([RATE, *others])))
    count, held = len(block.places), list(parts.values())
    steps = -(-held[0].count("train") // cell.batch)
    epochs = -(-sweep.steps // steps)
    table = {RATE: np.resize(sweep.list_rates(), epochs * steps)}
    table |= {name: np.full(epochs * steps, cell.schedules[name].float_at(0)) for name in others}

    def rates(first: int, last: int) -> Any:
        rows = np.array([table[name][first:last] for name in dense.scheduled])
        return np.repeat(rows.T[:, :, None], count, axis=2)

    training = Training(dense, cell.batch, epochs, rates=rates, threads=1,
                        style=choose_style(cell))  # fmt: skip
    networks = make_networks([cell] * count, block, dense, parts)
    examples = [each.examples("train", dense.head) for each in held]
    with quiet():
        epochs_made = run_dense(training, networks, examples)
        losses = [epoch.losses for epoch in epochs_made]
    return np.concatenate(losses)[: sweep.steps].T


def _find_good(
    results: Results, number: int, sensitivity: Fact | None
) -> tuple[float, float] | None:
    """From which rate to which one the grid finds a constant rate good, all else being alike."""
    if sensitivity is None:
        return None
    wanted = {k: v for k, v in describe_cell(results, number).items() if k != RATE}
    if "schedule" in wanted:
        wanted["schedule"] = "constant"
    for row in sensitivity.value:
        if all(row[name] == value for name, value in wanted.items()) and row["from"] is not None:
            return to_float(row["from"]), to_float(row["to"])
    return None


def _to_row(
    results: Results,
    number: int,
    name: str,
    suggested: Sequence[float],
    *,
    good: tuple[float, float] | None,
) -> Mapping[str, Any]:
    """What a rule suggests for a cell, over its seeds."""
    what = {k: v for k, v in describe_cell(results, number).items() if k not in (RATE, "schedule")}
    found = estimate_mean([math.log(rate) for rate in suggested if rate > 0])
    row: dict[str, Any] = {"rule": name, "rate": "no good suggestion", "interval": None, "n": 0}
    is_good = None
    if found is not None:
        rate = math.exp(found.mean)
        ends = found.interval
        ends = None if ends is None else to_bounds(math.exp(ends.lower), math.exp(ends.upper))
        row |= {"rate": to_digits(rate), "interval": ends, "n": found.count}
        is_good = None if good is None else good[0] <= rate <= good[1]
    row = {**what, **row, "is_good": is_good}
    return {**row, "assumes": RULES[name].assumes, "source": RULES[name].source}
