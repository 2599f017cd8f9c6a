"""Many numbers in decimal notation as float64, each the one that is nearest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gradiometer.model.listing_runs import MOST_PACKED, Runs

_TEN = 10.0 ** np.arange(MOST_PACKED + 1)
"""Exact in float64, as is an integer of that many digits."""


def read_decimals(runs: Runs) -> NDArray[np.float64]:
    """The float64 that is nearest to each number.

    Raises:
        ValueError: If a run is no number.

    Example:
        >>> from gradiometer.model.listing_runs import pack
        >>> read_decimals(pack("0.1 2e-3", np.array([0, 4]), np.array([3, 4]))).tolist()
        [0.1, 0.002]
    """
    cells, length = runs.cells(), runs.length
    whole = np.zeros(len(length), np.int64)
    digits, points, behind = np.zeros((3, len(length)), np.uint8)
    for column in range(min(int(length.max(initial=0)), MOST_PACKED)):
        code = cells[:, column]
        digit = code - np.uint8(ord("0"))
        is_digit = digit < 10
        whole = np.where(is_digit, 10 * whole + digit, whole)
        digits += is_digit
        behind += is_digit & (points > 0)
        points += code == ord(".")
    # One division of exact numbers rounds once, as the nearest float64 does.
    value = whole / _TEN[behind]
    is_plain = (digits > 0) & (points < 2) & (digits + points == length)
    rest = np.flatnonzero(~is_plain)
    words = runs.spell(rest)
    # Python reads `1_0` as a number.
    if any("_" in word for word in words):
        raise ValueError("_")
    value[rest] = [*map(float, words)]
    return value
