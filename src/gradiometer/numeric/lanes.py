"""Elementary functions for kernels: a loop over lanes that calls them becomes packed instructions.

A kernel calls `lane_exp(x)` as it would call `math.exp`; an argument in float32 gives float32,
all else float64. No function branches, calls a library or reads a global flag, so that NaN,
infinity and overflow in one lane cost and change nothing in another, and the bits of a result
are the same on every machine. Kernels with `fastmath` are refused.

Largest errors in units of the last place, over the whole domain with subnormal numbers, measured
at 120,000 points each against balls of 200 bits (`tests/numeric/test_lanes.py`):

            float64  float32
    exp        0.75     0.50
    ln         0.75     0.50
    tanh       0.71     0.50

Only kernels import this module, since it loads numba.
"""

from __future__ import annotations

from gradiometer.numeric.kernel_lane import lane
from gradiometer.numeric.kernel_lane_exp import exp, tanh
from gradiometer.numeric.kernel_lane_ln import ln

lane_exp = lane(exp)
lane_ln = lane(ln)
lane_tanh = lane(tanh)
