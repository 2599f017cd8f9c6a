"""The order in which networks take their examples: uniform numbers, sorted, for many seeds at once.

The numbers are those of `draw_uniform`; they come from a kernel of their own, so that a process
that finds it on disk needs no compiler.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_SOURCE = '''"""Uniform draws of many seeds, a row for each; written by gradiometer."""

import numpy as np
from numba import carray

from gradiometer.numeric import lanes
from gradiometer.numeric.kernel_compile import entry
from gradiometer.numeric.kernel_fused import prefer_wide


@entry("void(CPointer(uint64), CPointer(float64), int64, int64, int64)")
def advance(seeds, drawn, rows, count, epoch):
    prefer_wide()
    key = carray(seeds, (rows,))
    out = carray(drawn, (rows, count))
    zero, step = np.uint64(0), np.uint64(epoch)
    for row in range(rows):
        seed = key[row]
        for n in range(count):
            out[row, n] = lanes.lane_draw_uniform(seed, zero, step, np.uint64(n))
'''


def draw_order(seed: int, *, epoch: int, count: int) -> NDArray[np.int32]:
    """The order in which an epoch takes its examples.

    Example:
        >>> sorted(draw_order(7, epoch=0, count=4).tolist())
        [0, 1, 2, 3]
    """
    return draw_orders([seed], epoch=epoch, count=count)[0]


def draw_orders(seeds: Sequence[int], *, epoch: int, count: int) -> NDArray[np.int32]:
    """The order of each seed, shape (seeds, examples)."""
    from gradiometer.numeric.kernel_cache import load_entry

    drawn = np.empty((len(seeds), count))
    keys = np.array([seed % 2**64 for seed in seeds], np.uint64)
    load_entry(_SOURCE, 2, 3)(keys, drawn, len(seeds), count, epoch)
    orders = np.empty((len(seeds), count), np.int32)
    for order, row in zip(orders, drawn, strict=True):
        order[:] = np.argsort(row)
        found = row[order]
        if (found[1:] == found[:-1]).any():
            # Only where two numbers are the same does the way of sorting matter.
            order[:] = np.argsort(row, kind="stable")
    return orders
