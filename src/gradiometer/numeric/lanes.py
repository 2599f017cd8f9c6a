"""Elementary functions for kernels: a loop over lanes that calls them becomes packed instructions.

A kernel calls `lane_exp(x)` as it would call `math.exp`; an argument in float32 gives float32,
all else float64. No function has a branch, calls a library or reads a flag, so NaN, infinity and
overflow in one lane change nothing in another. The bits of a result are the same on every machine
and in every loop; a processor without fused multiply-add is only slower. Kernels with `fastmath`
are refused. Sine, cosine and tangent keep angles beyond 2^33 in a function of its own, which is
entered when a block of lanes holds one (`kernel_lane_rare.py`).

Largest errors in units of the last place, over the whole domain with subnormal numbers, measured
at 120,000 points each against balls of 200 bits (`tests/numeric/test_lanes.py`):

              float64  float32
    exp          0.75     0.50
    ln           0.75     0.50
    sqrt         0.50     0.50
    sin          1.29     0.50
    cos          1.27     0.50
    tan          1.50     0.50
    atan         0.65     0.50
    sinh         0.79     0.50
    cosh         0.78     0.50
    tanh         0.71     0.50
    sigmoid      0.76     0.50
    softplus     1.09     0.50
    erf          0.96     0.50
    erfc         1.53     0.50
    Phi          1.46     0.50
    ^            0.77     0.50

Sine, cosine and tangent stay below 0.9 up to 2^33. float32 is computed as float64 and rounded.

Only kernels import this module, since it loads numba.
"""

from __future__ import annotations

from gradiometer.numeric.kernel_draw import (
    lane_draw_index,
    lane_draw_normal,
    lane_draw_uniform,
)
from gradiometer.numeric.kernel_lane import lane, root, use_wide_registers
from gradiometer.numeric.kernel_lane_circle import atan, cos, sin, tan
from gradiometer.numeric.kernel_lane_error import erf, erfc, normal
from gradiometer.numeric.kernel_lane_exp import cosh, exp, sigmoid, sinh, tanh
from gradiometer.numeric.kernel_lane_ln import ln, softplus
from gradiometer.numeric.kernel_lane_power import power

lane_atan = lane(atan)
lane_cos = lane(cos)
lane_cosh = lane(cosh)
lane_erf = lane(erf)
lane_erfc = lane(erfc)
lane_exp = lane(exp)
lane_ln = lane(ln)
lane_phi = lane(normal)
lane_power = lane(power)
lane_sigmoid = lane(sigmoid)
lane_sin = lane(sin)
lane_sinh = lane(sinh)
lane_softplus = lane(softplus)
lane_sqrt = lane(root)
lane_tan = lane(tan)
lane_tanh = lane(tanh)

LANES = {
    "^": lane_power, "exp": lane_exp, "ln": lane_ln, "sqrt": lane_sqrt, "sin": lane_sin,
    "cos": lane_cos, "tan": lane_tan, "atan": lane_atan, "sinh": lane_sinh, "cosh": lane_cosh,
    "tanh": lane_tanh, "sigmoid": lane_sigmoid, "softplus": lane_softplus, "erf": lane_erf,
    "erfc": lane_erfc, "Phi": lane_phi,
}  # fmt: skip
"""The functions by their names in formulas."""

__all__ = [
    "LANES",
    "lane_atan",
    "lane_cos",
    "lane_cosh",
    "lane_draw_index",
    "lane_draw_normal",
    "lane_draw_uniform",
    "lane_erf",
    "lane_erfc",
    "lane_exp",
    "lane_ln",
    "lane_phi",
    "lane_power",
    "lane_sigmoid",
    "lane_sin",
    "lane_sinh",
    "lane_softplus",
    "lane_sqrt",
    "lane_tan",
    "lane_tanh",
    "use_wide_registers",
]
