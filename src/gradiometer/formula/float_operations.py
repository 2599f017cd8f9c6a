"""Operations of float64 that never raise: where Python would, they give infinity or NaN."""

from __future__ import annotations

import math
from ctypes import c_float
from typing import Any


def float_divide(left: float, right: float) -> float:
    """The quotient of IEEE 754, infinite or NaN where there is none."""
    if right == 0:
        if left == 0 or math.isnan(left):
            return math.nan
        return math.copysign(math.inf, left) * math.copysign(1.0, right)
    return left / right


def float_power(left: float, right: float) -> float:
    """The power; NaN where it is no real number."""
    if left == 0 and right < 0:
        return math.inf
    if right in (2.0, 4.0):
        # As kernels do it, which differs from the library's power in the last bit now and then.
        square = left * left
        return square if right == 2 else square * square
    if right == 3.0:
        return left * left * left
    try:
        value: Any = left**right
    except OverflowError:
        return -math.inf if left < 0 and right % 2 == 1 else math.inf
    return value if isinstance(value, float) else math.nan


def float32_power(left: float, right: float) -> float:
    """The power of two numbers of float32, not rounded at the end; small powers are products."""
    if right == 4.0:
        square = c_float(left * left).value
        return square * square
    if right == 3.0:
        return c_float(left * left).value * left
    return float_power(left, right)


def float_exp(value: float) -> float:
    """The exponential; infinite where it is too large."""
    return math.exp(value) if value < 710 else math.inf
