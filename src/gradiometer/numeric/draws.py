"""Random draws as arrays, with the same bits that kernels draw lane by lane.

A draw depends on nothing but seed, run, step and coordinate (`kernel_draw.py`).

Example:
    >>> import numpy as np
    >>> noise = draw_normal(7, run=np.arange(1000), step=3)
    >>> noise.shape, bool(abs(noise.mean()) < 0.1)
    ((1000,), True)
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gradiometer.errors import InternalError

Numbers: TypeAlias = int | NDArray[Any]
RUNS = STEPS = 2**48
COORDINATES = 2**28
INDICES = 2**32 - 1
"""How many there are of each at most; a draw for more would repeat another."""


def draw_uniform(seed: int, *, run: Numbers, step: Numbers, coordinate: Numbers = 0) -> NDArray:
    """Numbers between 0 and 1, one for each element of the arguments' common shape.

    Args:
        seed: Any whole number; what 2^64 divides it by does not count.
        run: Which run, from 0.
        step: Which step of the run, from 0.
        coordinate: Which number of that step, from 0.

    Raises:
        InternalError: A number is out of range.
    """
    from gradiometer.numeric.kernel_draw import fill_uniform

    return _fill(fill_uniform, np.float64, seed, run, step, coordinate)


def draw_normal(seed: int, *, run: Numbers, step: Numbers, coordinate: Numbers = 0) -> NDArray:
    """Numbers of the standard normal law; arguments as for `draw_uniform`.

    Raises:
        InternalError: A number is out of range.
    """
    from gradiometer.numeric.kernel_draw import fill_normal

    return _fill(fill_normal, np.float64, seed, run, step, coordinate)


def draw_index(seed: int, *, run: Numbers, step: Numbers, n: int) -> NDArray:
    """Whole numbers from 0 to n - 1, all equally likely; arguments as for `draw_uniform`.

    Raises:
        InternalError: A number is out of range.
    """
    from gradiometer.numeric.kernel_draw import fill_index

    if not 1 <= n <= INDICES:
        raise InternalError(f"an index below {n} cannot be drawn")
    return _fill(fill_index, np.int64, seed, run, step, n, last=INDICES + 1)


def _fill(fill: Any, kind: Any, seed: int, *places: Numbers, last: int = COORDINATES) -> NDArray:
    """The draws of a compiled loop, in the common shape of the places."""
    arrays = np.broadcast_arrays(*map(np.asarray, places))
    for array, limit in zip(arrays, (RUNS, STEPS, last), strict=True):
        if array.size and not 0 <= array.min() <= array.max() < limit:
            raise InternalError(f"a draw is counted by numbers from 0 to {limit - 1}")
    out = np.empty(arrays[0].shape, kind)
    flat = [np.ascontiguousarray(array, np.uint64).ravel() for array in arrays]
    fill(np.uint64(seed % 2**64), *flat, out.reshape(-1))
    return out
