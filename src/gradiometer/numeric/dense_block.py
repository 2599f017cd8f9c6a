"""Networks that one call of the kernel works on, one in each lane."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
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
    seeds: tuple[int, ...]
    """The seed of each lane."""
    is_shared: bool
    """Whether all lanes see the same examples in the same order."""
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


def group_lanes(
    lanes: Iterable[int], kinds: Sequence[Hashable], *, width: int
) -> list[NDArray[np.int64]]:
    """Networks in groups of at most *width*, with few groups that have more than one kind.

    Networks of one kind see the same examples in the same order, which is faster for a whole group.

    Args:
        lanes: The networks.
        kinds: The kind of each of them.
        width: How many a group has at most.

    Example:
        >>> [row.tolist() for row in group_lanes(range(5), "aabab", width=2)]
        [[0, 1], [2, 4], [3]]
    """
    members: dict[Hashable, list[int]] = {}
    for lane, kind in zip(lanes, kinds, strict=True):
        members.setdefault(kind, []).append(lane)
    whole, parts = list[list[int]](), list[list[int]]()
    for own in members.values():
        last = len(own) - len(own) % width
        whole += [own[first : first + width] for first in range(0, last, width)]
        parts += [own[last:]] if last < len(own) else []
    mixed = [lane for part in parts for lane in part]
    cut = [mixed[first : first + width] for first in range(0, len(mixed), width)]
    return [np.array(row, int) for row in whole + (parts if len(parts) <= len(cut) else cut)]
