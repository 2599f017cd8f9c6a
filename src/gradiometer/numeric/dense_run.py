"""Trains many networks of one shape at once: blocks of lanes, epoch by epoch, on all processors."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from gradiometer.errors import ShapeError, UsageError
from gradiometer.numeric.dense_shape import DenseShape
from gradiometer.numeric.dense_source import Dense, DenseStyle, write_dense
from gradiometer.numeric.draws import draw_uniform

Array: TypeAlias = NDArray[Any]


@final
@dataclass(frozen=True, eq=False)
class Examples:
    """What networks learn from or are checked on."""

    inputs: Array
    """Shape (examples, inputs)."""
    labels: Array | None = None
    """The class of each example, shape (examples,), for a head of classes."""
    targets: Array | None = None
    """The wanted outputs, shape (examples, outputs), where there are no classes."""


@final
@dataclass(frozen=True, eq=False)
class Networks:
    """Where each network begins and what is its own; one entry or row for each."""

    parameters: Array
    """Shape (networks, parameters): layer by layer weights row by row, then biases."""
    given: Mapping[str, Array]
    """The rule's parameters that are not scheduled, and `dropout` where units are dropped."""
    seeds: Array
    """Decides the order of the examples, and which units are dropped."""
    labels: Array | None = None
    """Shape (networks, examples), where networks have labels of their own."""

    def __len__(self) -> int:
        return len(self.parameters)


@final
@dataclass(frozen=True, eq=False)
class Epoch:
    """What one epoch of all networks left; NaN for those that have stopped."""

    number: int
    """From 0."""
    loss: Array
    """The mean over the batches of the loss before their steps, shape (networks,)."""
    hits: Array
    """The share of examples whose class had the largest output, in the same batches."""
    norms: Array
    """The size of the last batch's gradient in each layer, shape (layers, networks)."""
    losses: Array
    """The loss of each batch before its step, shape (steps, networks)."""
    checks: Mapping[str, tuple[Array, Array]]
    """Loss and share of hits on other examples, after the epoch."""
    stopped: NDArray[np.int64]
    """The step at which a network diverged, from 0; -1 while it has not."""
    parameters: Callable[[], Array]
    """The parameters after the epoch, or where the network stopped; shape as at the start."""


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
    style: DenseStyle = field(default_factory=DenseStyle)


@final
@dataclass(eq=False)
class _Block:
    """Networks that one call of the kernel works on."""

    lanes: Array
    """Which networks; behind the last one stand copies of it."""
    count: int
    work: Array
    given: Array
    labels: Array


def run_dense(
    training: Training,
    networks: Networks,
    examples: Examples,
    *,
    checks: Mapping[str, Examples] | None = None,
) -> Iterator[Epoch]:
    """What each epoch leaves, one after the other; whoever stops asking stops the training.

    Args:
        training: How networks are trained.
        networks: Where they begin.
        examples: What they learn from.
        checks: Other examples by name, on which they are checked after epochs.

    Raises:
        ShapeError: If parameters, labels or targets have another shape than the networks need.
        UsageError: If a parameter of the rule has no value.
    """
    yield from _Run(training, networks, examples, checks or {}).epochs()


class _Run:
    """One call of `run_dense`."""

    def __init__(
        self,
        training: Training,
        networks: Networks,
        examples: Examples,
        checks: Mapping[str, Examples],
    ) -> None:
        from gradiometer.numeric.kernel_cache import load_entry

        self.training, self.networks = training, networks
        self.real = np.dtype(training.style.precision)
        self.shape = training.dense.shape(training.style)
        self.examples = _Prepared(examples, training.dense, self.real)
        # On the examples that they learn from, networks have their own labels in checks too.
        self.checks = {
            name: self.examples if row is examples else _Prepared(row, training.dense, self.real)
            for name, row in checks.items()
        }
        self.advance = load_entry(write_dense(training.dense, training.style), 8, 6)
        self.places = list_places(training.dense.widths, self.shape)
        if networks.parameters.shape[1:] != self.places.shape:
            raise ShapeError(
                f"These networks have {len(self.places)} parameters, not "
                f"{networks.parameters.shape[1:]}."
            )
        self.given = self._list_given()
        self.stopped = np.full(len(networks), -1, np.int64)
        self.last = np.array(networks.parameters, self.real)
        self.first_loss = np.full(len(networks), np.nan)
        self.blocks = self._pack(np.arange(len(networks)), None)
        self.count = len(examples.inputs)
        self.steps = -(-self.count // training.batch)

    def _list_given(self) -> Array:
        """The numbers of each network in the kernel's order, shape (numbers, networks)."""
        count, rows = len(self.networks), []
        seeds = np.broadcast_to(np.asarray(self.networks.seeds, np.int64), count)
        own = {**self.networks.given, "seed.high": seeds >> 24, "seed.low": seeds & (2**24 - 1)}
        for name in self.training.dense.given:
            if name not in own:
                raise UsageError(f"The parameter `{name}` has no value.", known=tuple(own))
            rows.append(np.broadcast_to(np.asarray(own[name], self.real), count))
        return np.array(rows, self.real).reshape(len(rows), count)

    def epochs(self) -> Iterator[Epoch]:
        """All epochs, or as many as are asked for."""
        threads = self.training.threads or os.cpu_count() or 1
        with ThreadPoolExecutor(threads) as pool:
            for number in range(self.training.epochs):
                yield self._epoch(number, pool)

    def _epoch(self, number: int, pool: ThreadPoolExecutor) -> Epoch:
        count, layers = len(self.networks), len(self.shape.layers)
        record = np.full((self.steps, 2 + layers, count), np.nan)
        checks = {name: np.full((2, count), np.nan) for name in self.checks}
        wants = (number + 1) % self.training.check_every == 0 or (
            number + 1 == self.training.epochs
        )
        orders = self._draw_orders(number)

        def work(block: _Block) -> None:
            alive = block.lanes[: block.count]
            record[:, :, alive] = self._train(block, number, orders)[:, :, : block.count]
            for name, examples in self.checks.items() if wants else ():
                checks[name][:, alive] = self._check(block, examples)[:, : block.count]

        for _ in pool.map(work, self.blocks):
            pass
        self._stop(number, record)
        sizes = np.full(self.steps, self.training.batch, float)
        sizes[-1] = self.count - self.training.batch * (self.steps - 1)
        return Epoch(
            number,
            (record[:, 0] * sizes[:, None]).sum(axis=0) / self.count,
            record[:, 1].sum(axis=0) / self.count,
            np.sqrt(record[-1, 2:]),
            record[:, 0],
            {name: (row[0], row[1]) for name, row in checks.items()},
            self.stopped.copy(),
            self._read_parameters,
        )

    def _draw_orders(self, number: int) -> Mapping[int, Array]:
        """The order of the examples in this epoch, by seed."""
        seeds = {int(s) for block in self.blocks for s in self._seeds(block)}
        return {seed: draw_order(seed, epoch=number, count=self.count) for seed in seeds}

    def _seeds(self, block: _Block) -> Array:
        return np.broadcast_to(self.networks.seeds, len(self.networks))[block.lanes]

    def _train(self, block: _Block, number: int, orders: Mapping[int, Array]) -> Array:
        training, lanes = self.training, self.training.style.lanes
        first = number * self.steps
        order = np.stack([orders[int(seed)] for seed in self._seeds(block)], axis=1)
        table = np.zeros((self.steps, max(len(training.dense.scheduled), 1), lanes), self.real)
        if training.rates is not None:
            table[:] = training.rates(first, first + self.steps)[:, :, block.lanes]
        record = np.zeros((self.steps, self.shape.records, lanes), self.real)
        order = np.ascontiguousarray(order, np.int32)
        way = (self.examples, order, block.labels, table, record)
        self._call(block, way, (self.steps, first, training.batch, 1))
        return record

    def _check(self, block: _Block, examples: _Prepared) -> Array:
        """Loss and share of hits on these examples."""
        lanes, count = self.training.style.lanes, len(examples.inputs)
        order = np.repeat(np.arange(count, dtype=np.int32)[:, None], lanes, axis=1)
        labels = np.repeat(examples.labels[:, None], lanes, axis=1)
        labels = block.labels if examples is self.examples else labels
        table = np.zeros((1, max(len(self.training.dense.scheduled), 1), lanes), self.real)
        record = np.zeros((1, self.shape.records, lanes), self.real)
        self._call(block, (examples, order, labels, table, record), (1, 0, count, 0))
        return np.stack([record[0, 0], record[0, 1] / count])

    def _call(
        self,
        block: _Block,
        way: tuple[_Prepared, Array, Array, Array, Array],
        numbers: tuple[int, int, int, int],
    ) -> None:
        """Steps over examples, in an order, with labels and a table, into a record.

        The numbers are how many steps, how many before, the size of a batch, and whether it trains.
        """
        examples, order, labels, table, record = way
        steps, first, batch, trains = numbers
        self.advance(
            block.work, examples.inputs, examples.targets, labels, order, table, block.given,
            record, steps, first, len(examples.inputs), batch, trains, self.training.seed,
        )  # fmt: skip

    def _stop(self, number: int, record: Array) -> None:
        """Note which networks diverged, and work on fewer blocks where that is possible."""
        if number == 0:
            self.first_loss = record[0, 0]
        alive = np.concatenate([b.lanes[: b.count] for b in self.blocks] or [np.arange(0)])
        loss = record[:, 0, alive]
        with np.errstate(invalid="ignore"):
            fine = np.isfinite(record[:, :, alive]).all(axis=1)
            fine &= loss <= self.training.far * np.maximum(self.first_loss[alive], 1.0)
        lost = ~fine.all(axis=0)
        # Whoever stopped before stays in a block as long as others there go on.
        fresh = lost & (self.stopped[alive] < 0)
        self.stopped[alive[fresh]] = number * self.steps + np.argmin(fine[:, fresh], axis=0)
        left = alive[~lost]
        if lost.any() and -(-len(left) // self.training.style.lanes) < len(self.blocks):
            self._read_parameters()
            self.blocks = self._pack(left, self.blocks)

    def _read_parameters(self) -> Array:
        """The parameters of all networks as they are now, shape as at the start."""
        begin = self.shape.at("parameters")
        for block in self.blocks:
            values = block.work[begin + self.places, : block.count]
            self.last[block.lanes[: block.count]] = values.T
        return self.last.copy()

    def _pack(self, lanes: Array, before: Sequence[_Block] | None) -> list[_Block]:
        """Blocks of these networks, with all that they hold."""
        width, blocks = self.training.style.lanes, []
        for first in range(0, len(lanes), width):
            chosen = lanes[first : first + width]
            filled = np.concatenate([chosen, np.repeat(chosen[-1:], width - len(chosen))])
            work = allocate((self.shape.length, width), self.real)
            if before is None:
                work[self.shape.at("parameters") + self.places] = self.last[filled].T
                self._begin_states(work)
            else:
                _move(before, filled, work)
            blocks.append(_Block(filled, len(chosen), work,
                                 np.ascontiguousarray(self.given[:, filled]),
                                 self._labels(filled)))  # fmt: skip
        return blocks

    def _begin_states(self, work: Array) -> None:
        """The rule's memory before the first step."""
        from gradiometer.numeric.dense_begin import begin_states

        begin_states(self.training.dense.rule, work, self.shape)

    def _labels(self, lanes: Array) -> Array:
        own = self.networks.labels
        rows = self.examples.labels[None, :] if own is None else np.asarray(own, np.int32)
        rows = np.broadcast_to(rows, (len(self.networks), rows.shape[1]))[lanes]
        return np.ascontiguousarray(rows.T, np.int32)


def _move(before: Sequence[_Block], lanes: Array, work: Array) -> None:
    """Copy what these networks hold from the blocks in which they were."""
    where = {int(n): (block, at) for block in before
             for at, n in enumerate(block.lanes[: block.count])}  # fmt: skip
    for at, number in enumerate(lanes):
        block, old = where[int(number)]
        work[:, at] = block.work[:, old]


@final
class _Prepared:
    """Examples as the kernel reads them."""

    def __init__(self, examples: Examples, dense: Dense, real: Any) -> None:
        inputs = np.ascontiguousarray(examples.inputs, real)
        count, outputs = len(inputs), dense.widths[-1]
        if inputs.ndim != 2 or inputs.shape[1] != dense.widths[0]:
            raise ShapeError(f"The inputs have the shape {inputs.shape}, and these networks take "
                             f"{dense.widths[0]} numbers.")  # fmt: skip
        self.inputs = inputs
        self.labels = np.zeros(count, np.int32)
        self.targets = np.zeros((count, outputs), real)
        if examples.labels is not None:
            self.labels = np.ascontiguousarray(examples.labels, np.int32)
            classes = max(outputs, 2)
            if (
                self.labels.shape != (count,)
                or not ((self.labels >= 0) & (self.labels < classes)).all()
            ):
                raise ShapeError(f"Labels are {count} whole numbers from 0 to {classes - 1}.")
        if examples.targets is not None:
            self.targets = np.ascontiguousarray(examples.targets, real)
            if self.targets.shape != (count, outputs):
                raise ShapeError(f"Targets have the shape ({count}, {outputs}).")


def draw_order(seed: int, *, epoch: int, count: int) -> NDArray[np.int64]:
    """The order in which an epoch takes its examples: uniform numbers, sorted."""
    drawn = draw_uniform(seed, run=0, step=epoch, coordinate=np.arange(count))
    return np.argsort(drawn, kind="stable")


def list_places(widths: Sequence[int], shape: DenseShape) -> NDArray[np.int64]:
    """Where each parameter lies among the entries of the parameters."""
    rows = [
        np.arange(shape.weights[layer], shape.weights[layer] + (widths[layer] + 1) * width)
        for layer, width in enumerate(widths[1:])
    ]
    return np.concatenate(rows)


def allocate(shape: tuple[int, int], real: Any) -> Array:
    """Zeros that begin at a multiple of 64 bytes, where packed loads are fastest."""
    size = np.dtype(real).itemsize
    count = shape[0] * shape[1]
    room = np.zeros(count + 64 // size, real)
    first = (-room.ctypes.data % 64) // size
    return room[first : first + count].reshape(shape)
