"""Runs a kernel over groups of lanes: in stretches of steps, without the lanes that are decided."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Advance: TypeAlias = Callable[[Array, Array, Array, int, int, int, int], None]

FIRST_STRETCH, LAST_STRETCH = 32, 256
"""Steps between two looks at what is decided: at first, and in the end."""
FREE_STRETCH = 4096
"""Steps between two tables where nothing is decided."""
CACHE_LINE = 64
"""Bytes; vectors that begin in the middle of a line are fetched from two."""


@final
@dataclass(frozen=True)
class Job:
    """What is the same for all groups of a call."""

    advance: Advance
    lanes: int
    rows: tuple[str, ...]
    given: Array
    table: Callable[[int, int], Array]
    """The rows of the steps from the first number up to the second one."""
    steps: int
    seed: int
    repeats_from: int | None
    """From how many steps on the next state follows from the state alone; None for never."""
    labels: bool = True
    """Whether lanes stop when they are decided."""

    def choose_freshness(self, begin: int, kept: int | None) -> int:
        """Whether the state at this step is kept (1), compared with an earlier one (2), or not (0).

        The distance grows with the step, so that a cycle of any length is met in the end.
        """
        if self.repeats_from is None or begin < self.repeats_from:
            return 0
        if kept is None or begin - kept >= min(kept, max(LAST_STRETCH, kept // 4)):
            return 1
        return 2


@final
@dataclass(frozen=True)
class Ended:
    """Lanes that need no more steps: which ones, their rows, and how many steps each made."""

    lane: NDArray[np.int64]
    rows: Array
    step: NDArray[np.int64]
    kept: int | None
    """The step at which the state was kept that a lane may have come back to."""


def list_stretches(steps: int) -> list[tuple[int, int]]:
    """Where stretches of steps begin and end: at powers of two, later at equal distances."""
    ends, at = [0], FIRST_STRETCH
    while at < steps:
        ends.append(at)
        at += min(at, LAST_STRETCH)
    return list(zip(ends, [*ends[1:], steps], strict=True))


def run_group(job: Job, values: Array) -> Iterator[Ended]:
    """The lanes of one group, as they are decided; the last ones made all steps.

    Args:
        job: The kernel and its tables.
        values: One row for each of `job.rows` with a number for each lane.
    """
    lane, made = np.arange(values.shape[1]), np.zeros(values.shape[1], np.int64)
    blocks, kept = _to_blocks(values, job.lanes), None
    if not job.labels:
        for begin in range(0, job.steps, FREE_STRETCH):
            end = min(begin + FREE_STRETCH, job.steps)
            job.advance(blocks, job.table(begin, end), job.given, end - begin, begin, 0, job.seed)
        yield Ended(lane, _to_rows(blocks, job, len(lane)), made + job.steps, None)
        return
    for begin, end in list_stretches(job.steps):
        fresh = job.choose_freshness(begin, kept)
        kept = begin if fresh == 1 else kept
        job.advance(blocks, job.table(begin, end), job.given, end - begin, begin, fresh, job.seed)
        made += _read_row(blocks, "count", job)[: len(lane)].astype(np.int64)
        stopped = made < end
        pays = 8 * np.count_nonzero(stopped) >= len(lane)
        # Lanes that stopped stay as they are, until the state is kept anew.
        if end < job.steps and (pays or job.choose_freshness(end, kept) == 1) and stopped.any():
            rows = _to_rows(blocks, job, len(lane))
            yield Ended(lane[stopped], rows[:, stopped], made[stopped], kept)
            lane, made = lane[~stopped], made[~stopped]
            if not len(lane):
                return
            blocks = _to_blocks(rows[:, ~stopped], job.lanes)
    yield Ended(lane, _to_rows(blocks, job, len(lane)), made, kept)


def _read_row(blocks: Array, name: str, job: Job) -> Array:
    shape = (len(blocks), len(job.rows), job.lanes)
    return blocks.reshape(shape)[:, job.rows.index(name), :].ravel()


def _to_blocks(values: Array, lanes: int) -> Array:
    """The rows cut into blocks; the last one is filled up with copies of its last lane."""
    rows, width = values.shape
    count = -(-width // lanes)
    blocks = _make_aligned((count, rows, lanes), values.dtype)
    whole = width // lanes
    cut = values[:, : whole * lanes].reshape(rows, whole, lanes)
    blocks[:whole] = cut.transpose(1, 0, 2)
    if whole < count:
        rest = width - whole * lanes
        blocks[whole, :, :rest] = values[:, whole * lanes :]
        blocks[whole, :, rest:] = values[:, -1:]
    return blocks.reshape(count, rows * lanes)


def _make_aligned(shape: tuple[int, ...], kind: np.dtype[Any]) -> Array:
    """An array without values that begins with a line of the cache."""
    length = math.prod(shape) * kind.itemsize
    space = np.empty(length + CACHE_LINE, np.uint8)
    begin = -space.ctypes.data % CACHE_LINE
    return space[begin : begin + length].view(kind).reshape(shape)


def _to_rows(blocks: Array, job: Job, width: int) -> Array:
    shape = (len(blocks), len(job.rows), job.lanes)
    rows = blocks.reshape(shape).transpose(1, 0, 2)
    return np.ascontiguousarray(rows).reshape(len(job.rows), -1)[:, :width]
