"""Networks that one call of the kernel works on, one in each lane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from gradiometer.numeric.dense_shape import DenseShape
from gradiometer.numeric.lattice import Array


@final
@dataclass(eq=False)
class Block:
    """Networks that one call of the kernel works on."""

    lanes: Array
    """Which networks; behind the last one stand copies of it."""
    count: int
    work: Array
    given: Array
    labels: Array


def move_lanes(before: Sequence[Block], lanes: Array, work: Array) -> None:
    """Copy what these networks hold from the blocks in which they were."""
    where = {int(n): (block, at) for block in before
             for at, n in enumerate(block.lanes[: block.count])}  # fmt: skip
    for at, number in enumerate(lanes):
        block, old = where[int(number)]
        work[:, at] = block.work[:, old]


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


def group_lanes(lanes: Array, seeds: Array, *, width: int) -> list[Array]:
    """Networks in groups of at most *width*, with few groups that have more than one seed.

    Networks of one seed see the same examples in the same order, which is faster for a whole group.
    """
    whole, parts = [], []
    for seed in np.unique(seeds):
        own = lanes[seeds == seed]
        last = len(own) - len(own) % width
        whole += [own[first : first + width] for first in range(0, last, width)]
        parts += [own[last:]] if last < len(own) else []
    mixed = np.concatenate(parts) if parts else lanes[:0]
    cut = [mixed[first : first + width] for first in range(0, len(mixed), width)]
    return whole + (parts if len(parts) <= len(cut) else cut)
