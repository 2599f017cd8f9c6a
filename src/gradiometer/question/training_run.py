"""Makes the runs of a grid: blocks of networks side by side, several blocks at once."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, final

from gradiometer.formula import to_float
from gradiometer.model import RATE
from gradiometer.question.training_cells import Cell, list_groups
from gradiometer.question.training_follow import FollowedRates
from gradiometer.question.training_parts import Parts, make_parts
from gradiometer.question.training_read import Request
from gradiometer.question.training_result import LAYERS, PARTS, Run
from gradiometer.question.training_sharpness import Sharpener
from gradiometer.question.training_start import draw_start

if TYPE_CHECKING:
    from gradiometer.numeric import Dense, DenseStyle, Epoch, Networks, Training

Place: TypeAlias = tuple[int, int]
"""The number of a cell, and a seed."""


WATCHED: tuple[Literal["weights", "units"], ...] = ("weights", "units")
"""What epochs tell besides losses."""


MOST_POOLED = 2**22
"""How many numbers of inputs the runs of a block hold at most in all their splits together."""


@final
@dataclass(frozen=True)
class Block:
    """Runs that one call of a kernel makes: at most as many as it has lanes."""

    places: tuple[Place, ...]


def list_blocks(request: Request, missing: Sequence[Place]) -> list[Block]:
    """The runs that are missing, cut into blocks; runs that share a kernel stand together.

    Runs that see the same examples in the same order share a block where that takes no more of
    them; the others fill lanes side by side, with different splits where the data are not large.
    """
    from gradiometer.numeric import group_lanes

    wanted, blocks = set(missing), []
    for group in list_groups(request.cells):
        first = request.cells[group[0]]
        lanes = choose_style(first).lanes
        for seeds in _list_alike(request, first, lanes):
            row = [(cell, seed) for cell in group for seed in seeds if (cell, seed) in wanted]
            cut = group_lanes(range(len(row)), [seed for _, seed in row], width=lanes)
            blocks += [Block(tuple(row[n] for n in some)) for some in cut]
    return blocks


def _list_alike(request: Request, cell: Cell, lanes: int) -> list[list[int]]:
    """The seeds whose runs may share a block; their parts have one size, whatever the split is."""
    pooled = cell.data.inputs.size * min(lanes, len(request.seeds))
    if request.splits_each and pooled > MOST_POOLED:
        return [[seed] for seed in request.seeds]
    return [list(request.seeds)]


def list_splits(request: Request, block: Block) -> list[int]:
    """A seed for each split that the runs of a block have, in the order in which they come."""
    if not request.splits_each:
        return [request.seeds[0]]
    return list(dict.fromkeys(seed for _, seed in block.places))


def choose_style(cell: Cell) -> DenseStyle:
    """How kernels are written for this processor and the precision of a cell."""
    from gradiometer.numeric import choose_style as choose

    return choose(precision=cell.precision)


def make_runs(
    request: Request,
    blocks: Sequence[Block],
    *,
    threads: int = 0,
    on_epoch: Callable[[int], None] | None = None,
) -> Iterator[Mapping[Place, Run]]:
    """The runs of each block, as blocks are done.

    Args:
        request: What is asked.
        blocks: What to run.
        threads: How many blocks at once; 0 for as many as there are processors.
        on_epoch: Told how many networks have ended one more epoch, from any thread.
    """
    halt = threading.Event()
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        waiting: set[Future[Mapping[Place, Run]]] = {
            pool.submit(_run_block, request, block, halt, on_epoch) for block in blocks
        }
        try:
            while waiting:
                # A wait without an end would not let an interrupt through on every system.
                done, waiting = wait(waiting, timeout=0.5, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        finally:
            halt.set()
            for future in waiting:
                future.cancel()


def _run_block(
    request: Request,
    block: Block,
    halt: threading.Event,
    on_epoch: Callable[[int], None] | None,
) -> Mapping[Place, Run]:
    """All runs of a block; none where somebody called a halt."""
    from gradiometer.numeric import run_dense

    cells = [request.cells[cell] for cell, _ in block.places]
    data = cells[0].data
    parts = {seed: make_parts(request, data, seed) for seed in list_splits(request, block)}
    first = next(iter(parts.values()))
    dense = make_dense(cells)
    table = make_table(cells, dense, first.count("train"))
    training = make_training(cells, dense, first.count("train"), table=table)
    networks = make_networks(cells, block, dense, parts)
    checks = {name: [each.examples(name, dense.head) for each in parts.values()]
              for name in PARTS if first.count(name)}  # fmt: skip
    sharpener = Sharpener(cells, dense, training, networks=networks, examples=checks["train"])
    counts = {name: first.count(name) for name in checks}
    recorder = Recorder(request, dense, sharpener, counts=counts)
    followed = follow_losses(cells, dense, table)
    with quiet():
        for epoch in run_dense(training, networks, checks["train"], checks=checks):
            if halt.is_set():
                return {}
            recorder.note(epoch, rates=None if followed is None else followed.list_rates())
            if followed is not None:
                followed.note(epoch, epochs=training.epochs)
            if on_epoch is not None:
                on_epoch(len(block.places))
    return dict(zip(block.places, recorder.to_runs(), strict=True))


def quiet() -> Any:
    """Runs that diverge overflow; that is recorded, not warned of."""
    import numpy as np

    return np.errstate(all="ignore")


def make_dense(cells: Sequence[Cell]) -> Dense:
    """The networks and the rule that all these cells share."""
    from gradiometer.numeric import Dense

    first = cells[0]
    scheduled = tuple(sorted({name for cell in cells for name in cell.scheduled}))
    return Dense(first.widths, first.activation.tree, first.head, first.networks_rule,
                 scheduled, bool(first.dropout))  # fmt: skip


def make_table(cells: Sequence[Cell], dense: Dense, examples: int) -> Any:
    """What is scheduled, shape (networks, parameters, epochs or steps)."""
    import numpy as np

    units = cells[0].epochs * (-(-examples // cells[0].batch) if cells[0].is_per_step else 1)
    known: dict[int, Any] = {}
    rows = []
    for cell in cells:
        if id(cell) not in known:
            known[id(cell)] = [cell.list_rates(name, units) for name in dense.scheduled]
        rows.append(known[id(cell)])
    return np.array(rows, float).reshape(len(cells), len(dense.scheduled), units)


def follow_losses(cells: Sequence[Cell], dense: Dense, table: Any) -> FollowedRates | None:
    """What changes the rates in a table after each epoch, where a schedule follows losses."""
    if all(cell.follower is None for cell in cells):
        return None
    return FollowedRates(cells, table, dense.scheduled.index(RATE))


def make_training(
    cells: Sequence[Cell], dense: Dense, examples: int, *, table: Any = None
) -> Training:
    """How the networks of these cells learn from so many examples, with rates from a table."""
    import numpy as np

    from gradiometer.numeric import Training

    steps, per_step = -(-examples // cells[0].batch), cells[0].is_per_step
    table = make_table(cells, dense, examples) if table is None else table

    def rates(first: int, last: int) -> Any:
        at = np.arange(first, last) // (1 if per_step else steps)
        return table[:, :, at].transpose(2, 1, 0)

    first = cells[0]
    return Training(dense, first.batch, first.epochs, rates=rates if dense.scheduled else None,
                    threads=1, style=choose_style(first), watch=frozenset(WATCHED))  # fmt: skip


def make_networks(
    cells: Sequence[Cell], block: Block, dense: Dense, parts: Mapping[int, Parts]
) -> Networks:
    """Where the runs of a block begin, and what is their own; the parts of each split by its seed.

    Splits are counted in the order of *parts*; where there is one it belongs to all seeds.
    """
    import numpy as np

    from gradiometer.numeric import Networks

    given = {name: np.array([to_float(cell.values[name]) for cell in cells])
             for name in dense.given if name in cells[0].values}  # fmt: skip
    if dense.drops:
        given["dropout"] = np.array([to_float(cell.dropout) for cell in cells])
    seeds = [seed for _, seed in block.places]
    start = np.stack([draw_start(cell, seed) for cell, seed in zip(cells, seeds, strict=True)])
    noisy = any(cell.label_noise for cell in cells)
    held, order = list(parts.values()), list(parts)
    splits = [order.index(seed) if len(order) > 1 else 0 for seed in seeds]
    runs = zip(cells, seeds, splits, strict=True)
    labels = [held[at].labels(cell.label_noise, seed) for cell, seed, at in runs] if noisy else None
    return Networks(start, given, np.array(seeds), None if labels is None else np.stack(labels),
                    np.array(splits))  # fmt: skip


class Recorder:
    """Collects what each epoch leaves of the networks of a block."""

    def __init__(
        self, request: Request, dense: Dense, sharpener: Sharpener, *, counts: Mapping[str, int]
    ) -> None:
        import numpy as np

        self.counts = counts
        count, self.sharpener, self.every = len(sharpener.cells), sharpener, request.sharpness
        self.start = self.nothing = np.full(count, np.nan)
        if self.every:
            self.start = sharpener.measure_start()
        self.has_classes = request.has_classes
        self.epochs, self.count = sharpener.cells[0].epochs, count
        layers = len(dense.widths) - 1
        sizes = {name: layers if name.endswith("norm") else layers - 1 for name in LAYERS}
        self.curves: dict[str, Any] = {
            name: np.full((self.epochs, size, count), np.nan) for name, size in sizes.items()
        }
        self.stopped = np.full(count, -1, np.int64)
        self.layer = np.full(count, -1, np.int64)

    def note(self, epoch: Epoch, *, rates: Sequence[float] | None = None) -> None:
        """Take down one epoch, and its rates where they follow losses."""
        import numpy as np

        self.stopped, self.layer = epoch.stopped, epoch.exploded
        found = {"batch_loss": epoch.loss, "batch_accuracy": epoch.hits}
        for part, (loss, hits) in epoch.checks.items():
            # Shares are those of whole numbers: float32 would tell 27 of 30 from 9/10.
            right = np.round(np.asarray(hits, float) * self.counts[part])
            found |= {f"{part}_loss": loss, f"{part}_accuracy": right / self.counts[part]}
        done = epoch.number + 1
        if self.every:
            wanted = done % self.every == 0 or done == self.epochs
            found["sharpness"] = self.sharpener.measure(epoch) if wanted else self.nothing
        if rates is not None:
            found["followed_rate"] = np.array(rates)
        gone = epoch.stopped >= 0
        for name, values in found.items():
            if self.has_classes or not name.endswith("accuracy"):
                row = self.curves.setdefault(name, np.full((self.epochs, self.count), np.nan))
                row[epoch.number] = np.where(gone, np.nan, values)
        units = [(epoch.dead or {})["train"], (epoch.saturated or {})["train"]]
        for name, values in zip(LAYERS, (epoch.norms, epoch.weight_norms, *units), strict=True):
            self.curves[name][epoch.number] = values

    def to_runs(self) -> list[Run]:
        """The run of each network."""
        return [
            Run({name: rows[..., n].copy() for name, rows in self.curves.items()},
                int(self.stopped[n]), int(self.layer[n]), float(self.start[n]))
            for n in range(self.count)
        ]  # fmt: skip
