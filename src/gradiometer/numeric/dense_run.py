"""Trains many networks of one shape at once: blocks of lanes, epoch by epoch, on all processors."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from threading import Lock
from typing import Literal, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from gradiometer.errors import ShapeError, UsageError, unknown_name
from gradiometer.formula import Node, evaluate_float
from gradiometer.numeric.dense_block import Block, allocate, group_lanes, list_places, move_lanes
from gradiometer.numeric.dense_epoch import Epoch, Growth
from gradiometer.numeric.dense_examples import Examples, Networks, Prepared
from gradiometer.numeric.dense_order import draw_orders
from gradiometer.numeric.dense_source import Dense, write_dense
from gradiometer.numeric.dense_style import DenseStyle, choose_style
from gradiometer.numeric.lattice import Array

Watched: TypeAlias = Literal["weights", "units"]


@final
@dataclass(frozen=True)
class Training:
    """How networks are trained."""

    dense: Dense
    batch: int
    epochs: int
    rates: Callable[[int, int], Array] | None = None
    """The scheduled parameters of the steps from the first number up to the second one, shape
    (steps, parameters, networks)."""
    far: float = 1e6
    """A network has diverged when its loss is no number, or this many times the first one."""
    check_every: int = 1
    threads: int = 0
    """0 for as many as there are processors."""
    seed: int = 0
    style: DenseStyle = field(default_factory=choose_style)
    watch: frozenset[Watched] = frozenset()
    """What else epochs tell: `weights` the size of each layer's weights, `units` which hidden units
    are dead or saturated on the examples that are checked."""


def run_dense(
    training: Training,
    networks: Networks,
    examples: Examples | Sequence[Examples],
    *,
    checks: Mapping[str, Examples | Sequence[Examples]] | None = None,
) -> Iterator[Epoch]:
    """What each epoch leaves, one after the other; whoever stops asking stops the training.

    Args:
        training: How networks are trained.
        networks: Where they begin.
        examples: What they learn from: one set, or several of one size, of which
            `Networks.splits` says which one each network has.
        checks: Other examples by name, on which they are checked after epochs; as many sets.

    Raises:
        ShapeError: If parameters, labels or targets have another shape than the networks need, or
            sets of examples do not go together.
        UsageError: If a parameter of the rule has no value, or what has a value is none of them.
    """
    yield from _Run(training, networks, examples, checks or {}).epochs()


class _Run:
    """One call of `run_dense`."""

    def __init__(
        self,
        training: Training,
        networks: Networks,
        examples: Examples | Sequence[Examples],
        checks: Mapping[str, Examples | Sequence[Examples]],
    ) -> None:
        self.training, self.networks = training, networks
        self.real = np.dtype(training.style.precision)
        self.peaks = "units" in training.watch
        self.shape = training.dense.shape(training.style, peaks=self.peaks)
        self.examples = Prepared(examples, training.dense, self.real)
        # On the examples that they learn from, networks have their own labels in checks too.
        self.checks = {
            name: self.examples if row is examples else Prepared(row, training.dense, self.real)
            for name, row in checks.items()
        }
        self.places = list_places(training.dense.widths, self.shape)
        if networks.parameters.shape[1:] != self.places.shape:
            raise ShapeError(
                f"These networks have {len(self.places)} parameters, not "
                f"{networks.parameters.shape[1:]}."
            )
        self.given = self._list_given()
        self.stopped = np.full(len(networks), -1, np.int64)
        names = ["parameters", *training.dense.states]
        self.last = {name: np.array(networks.parameters, self.real) for name in names}
        self.growth = Growth(len(self.shape.layers), len(networks))
        self.top = find_top(training.dense.slope) if self.peaks else 0.0
        self.first_loss = np.full(len(networks), np.nan)
        self.kernels: dict[bool, Callable[..., None]] = {}
        self.lock = Lock()
        self.seeds = np.broadcast_to(networks.seeds, len(networks))
        self.splits = self._list_splits()
        self.count = self.examples.count
        self.blocks = self._pack(self._group(np.arange(len(networks))), None)
        self.steps = -(-self.count // training.batch)

    def _list_splits(self) -> NDArray[np.int64]:
        """The set of examples that each network has."""
        own = self.networks.splits
        splits = np.broadcast_to(np.asarray(0 if own is None else own, int), len(self.networks))
        rows = [self.examples, *self.checks.values()]
        least = min(len(each.sets) for each in rows)
        alike = len({len(each.sets) for each in rows}) == 1
        if not alike or not ((splits >= 0) & (splits < least)).all():
            raise ShapeError(f"Each network has one of {least} sets of examples, in checks too.")
        return splits

    def _list_given(self) -> Array:
        """The numbers of each network in the kernel's order, shape (numbers, networks)."""
        count, rows = len(self.networks), []
        seeds = np.broadcast_to(np.asarray(self.networks.seeds, np.int64), count)
        self._check_given()
        own = {**self.networks.given, "seed.high": seeds >> 24, "seed.low": seeds & (2**24 - 1)}
        for name in self.training.dense.given:
            if name not in own:
                raise UsageError(f"The parameter `{name}` has no value.", known=tuple(own))
            rows.append(np.broadcast_to(np.asarray(own[name], self.real), count))
        return np.array(rows, self.real).reshape(len(rows), count)

    def _check_given(self) -> None:
        """Refuse numbers for a name that no network has a use for."""
        dense = self.training.dense
        for name in self.networks.given:
            if name in dense.scheduled:
                raise UsageError(f"`{name}` is given to each network, and by `rates` to each step.",
                                 hint=f"leave `{name}` out of one of them")  # fmt: skip
            if name not in dense.given:
                raise unknown_name(name, dense.given, problem=f"`{name}` is no parameter that "
                                   f"networks with the rule `{dense.rule.name}` read.")  # fmt: skip

    def epochs(self) -> Iterator[Epoch]:
        """All epochs, or as many as are asked for."""
        threads = self.training.threads or os.cpu_count() or 1
        with ThreadPoolExecutor(threads) as pool:
            for number in range(self.training.epochs):
                yield self._epoch(number, pool)

    def _epoch(self, number: int, pool: ThreadPoolExecutor) -> Epoch:
        count, layers = len(self.networks), len(self.shape.layers)
        record = np.full((self.steps, 2 + layers, count), np.nan)
        rows = 2 + (2 * (layers - 1) if self.peaks else 0)
        checks = {name: np.full((rows, count), np.nan) for name in self.checks}
        wants = (number + 1) % self.training.check_every == 0 or (
            number + 1 == self.training.epochs
        )
        orders, rates = self._draw_orders(number), self._list_rates(number)

        def work(block: Block) -> None:
            alive = block.lanes[: block.count]
            found = self._train(block, number, orders, rates)
            record[:, :, alive] = found[:, :, : block.count]
            for name, examples in self.checks.items() if wants else ():
                checks[name][:, alive] = self._check(block, examples)[:, : block.count]

        for _ in pool.map(work, self.blocks):
            pass
        self._stop(number, record)
        gone = self.stopped >= 0
        for row in checks.values():
            row[:, gone] = np.nan
        sizes = np.full(self.steps, self.training.batch, float)
        sizes[-1] = self.count - self.training.batch * (self.steps - 1)
        return Epoch(
            number,
            (record[:, 0] * sizes[:, None]).sum(axis=0) / self.count,
            record[:, 1].sum(axis=0) / self.count,
            record[:, 0],
            np.sqrt(record[:, 2:]),
            {name: (row[0], row[1]) for name, row in checks.items()},
            self.stopped.copy(),
            self.growth.blame(self.stopped),
            lambda: self._read("parameters"),
            lambda: {name: self._read(name) for name in list(self.last)[1:]},
            self._measure_weights() if "weights" in self.training.watch else None,
            *self._share_units(checks),
        )

    def _measure_weights(self) -> Array:
        parameters = self._read("parameters").astype(float)
        first = [0, *np.cumsum([(a + 1) * b for a, b in pairwise(self.shape.widths)])[:-1]]
        with np.errstate(over="ignore"):
            return np.sqrt(np.add.reduceat(parameters**2, first, axis=1)).T

    def _share_units(
        self, checks: Mapping[str, Array]
    ) -> tuple[Mapping[str, Array] | None, Mapping[str, Array] | None]:
        if not self.peaks:
            return None, None
        rows = {name: row[2:].reshape(2, -1, row.shape[1]) for name, row in checks.items()}
        return {n: row[0] for n, row in rows.items()}, {n: row[1] for n, row in rows.items()}

    def _draw_orders(self, number: int) -> Mapping[int, Array]:
        """The order of the examples in this epoch, by seed."""
        seeds = sorted({seed for block in self.blocks for seed in block.seeds})
        rows = draw_orders(seeds, epoch=number, count=self.count)
        return dict(zip(seeds, rows, strict=True))

    def _list_rates(self, number: int) -> Array | None:
        """The scheduled parameters of this epoch's steps, shape (steps, parameters, networks)."""
        first, rates = number * self.steps, self.training.rates
        return None if rates is None else np.asarray(rates(first, first + self.steps))

    def _train(
        self, block: Block, number: int, orders: Mapping[int, Array], rates: Array | None
    ) -> Array:
        training, lanes = self.training, self.training.style.lanes
        first = number * self.steps
        if block.is_shared:
            order = orders[block.seeds[0]]
        else:
            order = np.empty((self.count, lanes), np.int32)
            for lane, seed in enumerate(block.seeds):
                order[:, lane] = orders[seed]
        table = np.zeros((self.steps, max(len(training.dense.scheduled), 1), lanes), self.real)
        if rates is not None:
            table[:] = rates[:, :, block.lanes]
        record = np.zeros((self.steps, self.shape.records, lanes), self.real)
        way = (self.examples, order, block.labels, table, record)
        self._call(block, way, (self.steps, first, training.batch, 1))
        return record

    def _check(self, block: Block, examples: Prepared) -> Array:
        """Loss and share of hits on these examples."""
        lanes, count = self.training.style.lanes, examples.count
        order = np.arange(count, dtype=np.int32)
        if not block.is_shared:
            order = np.repeat(order[:, None], lanes, axis=1)
        own = examples is self.examples
        labels = block.labels if own else examples.table_labels(self.splits[block.lanes])
        table = np.zeros((1, max(len(self.training.dense.scheduled), 1), lanes), self.real)
        record = np.zeros((1, self.shape.records, lanes), self.real)
        way = (examples, order, labels, table, record)
        self._call(block, way, (1, 0, count, 0))
        rows = [record[0, 0], record[0, 1] / count]
        if self.peaks:
            places = [self.shape.sections[f"peak {n + 1}"] for n in self.shape.layers[:-1]]
            peaks = [block.work[first : first + size] for first, size in places]
            rows += [(peak == 0).mean(axis=0) for peak in peaks]
            rows += [(peak < self.top / 100).mean(axis=0) for peak in peaks]
        return np.stack(rows)

    def _call(
        self,
        block: Block,
        way: tuple[Prepared, Array, Array, Array, Array],
        numbers: tuple[int, int, int, int],
    ) -> None:
        """Steps over examples, in an order, with labels and a table, into a record.

        The numbers are how many steps, how many before, the size of a batch, and whether it trains.
        """
        examples, order, labels, table, record = way
        steps, first, batch, trains = numbers
        begins = (self.splits[block.lanes] * examples.count).astype(np.uint32)
        self._load(block.is_shared)(
            block.work, examples.inputs, examples.targets, labels, order, begins, table,
            block.given, record, steps, first, examples.count, batch, trains, self.training.seed,
        )  # fmt: skip

    def _load(self, shared: bool) -> Callable[..., None]:
        """The kernel for a block, compiled when the first block needs it."""
        from gradiometer.numeric.kernel_cache import load_entry

        with self.lock:
            if shared not in self.kernels:
                dense, style = self.training.dense, self.training.style
                source = write_dense(dense, style, peaks=self.peaks, shared=shared)
                self.kernels[shared] = load_entry(source, 9, 6)
        return self.kernels[shared]

    def _stop(self, number: int, record: Array) -> None:
        """Note which networks diverged, and work on fewer blocks where that is possible."""
        if number == 0:
            self.first_loss = record[0, 0].copy()
        gone = self.stopped >= 0
        if gone.any():
            record[:, :, gone] = np.nan
        with np.errstate(invalid="ignore", over="ignore"):
            self.growth.follow(np.sqrt(record[:, 2:]), number * self.steps)
        alive = np.flatnonzero(~gone)
        left_over = record[:, :, alive] if gone.any() else record
        with np.errstate(invalid="ignore"):
            fine = np.isfinite(left_over).all(axis=1)
            fine &= left_over[:, 0] <= self.training.far * np.maximum(self.first_loss[alive], 1.0)
        lost = ~fine.all(axis=0)
        left = alive[~lost]
        if lost.any():
            # What a network had when it stopped is kept; its lane may run on.
            for name in self.last:
                self._read(name)
            self.stopped[alive[lost]] = number * self.steps + np.argmin(fine[:, lost], axis=0)
            groups = self._group(left)
            if len(groups) < len(self.blocks):
                self.blocks = self._pack(groups, self.blocks)

    def _read(self, name: str) -> Array:
        """The parameters, or what is remembered for them, as they are now."""
        number = list(self.last).index(name)
        begin = self.shape.at(f"state {number - 1}" if number else "parameters")
        for block in self.blocks:
            lanes = block.lanes[: block.count]
            going = self.stopped[lanes] < 0
            values = block.work[begin + self.places, : block.count]
            self.last[name][lanes[going]] = values.T[going]
        return self.last[name].copy()

    def _group(self, lanes: Array) -> list[Array]:
        """Which networks share a block: those that see the same where that takes no more blocks."""
        seen = zip(self.seeds[lanes].tolist(), self.splits[lanes].tolist(), strict=True)
        return group_lanes(lanes.tolist(), list(seen), width=self.training.style.lanes)

    def _pack(self, groups: Sequence[Array], before: Sequence[Block] | None) -> list[Block]:
        """Blocks of these networks, with all that they hold."""
        width, blocks = self.training.style.lanes, []
        for chosen in groups:
            filled = np.concatenate([chosen, np.repeat(chosen[-1:], width - len(chosen))])
            work = allocate((self.shape.length, width), self.real)
            if before is None:
                work[self.shape.at("parameters") + self.places] = self.last["parameters"][filled].T
                self._begin_states(work, filled)
            else:
                move_lanes(before, filled, work)
            seeds = tuple(int(seed) for seed in self.seeds[filled])
            alike = len(set(zip(seeds, self.splits[filled].tolist(), strict=True))) == 1
            blocks.append(Block(filled, len(chosen), seeds, alike, work,
                                np.ascontiguousarray(self.given[:, filled]),
                                self._labels(filled)))  # fmt: skip
        return blocks

    def _begin_states(self, work: Array, lanes: Array) -> None:
        """The rule's memory before the first step."""
        from gradiometer.numeric.dense_begin import begin_states

        dense, rates = self.training.dense, self.training.rates
        numbers = dict(zip(dense.given, self.given[:, lanes], strict=True))
        if rates is not None:
            numbers |= dict(zip(dense.scheduled, rates(0, 1)[0][:, lanes], strict=True))
        begin_states(dense, work, self.shape, numbers=numbers)

    def _labels(self, lanes: Array) -> Array:
        own = self.networks.labels
        if own is None:
            return self.examples.table_labels(self.splits[lanes])
        rows = np.broadcast_to(np.asarray(own, np.int32), (len(self.networks), self.count))
        return np.ascontiguousarray(rows[lanes].T)


def find_top(slope: Node) -> float:
    """The size of the largest slope from -8 to 8, at 161 points."""
    sizes = [abs(evaluate_float(slope, {"x": n / 10})) for n in range(-80, 81)]
    return max((size for size in sizes if math.isfinite(size)), default=0.0)
