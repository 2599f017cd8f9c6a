"""Elementary functions for kernels: a loop over lanes that calls them becomes packed instructions.

A kernel calls `lane_exp(x)` as it would call `math.exp`; an argument in float32 gives float32,
all else float64. No function branches, calls a library or reads a global flag, so that NaN,
infinity and overflow in one lane cost and change nothing in another, and the bits of a result
are the same on every machine. Kernels with `fastmath` are refused.

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

Only kernels import this module, since it loads numba.
"""

from __future__ import annotations

from gradiometer.numeric.kernel_lane import lane, root
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
