"""Sine, cosine, tangent and inverse tangent of one lane.

An argument is reduced to `x = k pi/2 + r` with |r| at most pi/4; polynomials in r^2 are minimax,
made by `tests/numeric/minimax.py`.
"""

from __future__ import annotations

from gradiometer.numeric.kernel_lane import (
    Lane,
    divide,
    divide_parts,
    equal,
    fma,
    polynomial,
    select,
    size,
    with_sign,
)
from gradiometer.numeric.kernel_lane_turn import HALF_PI, HALF_PI_REST, reduce

QUARTER_PI, QUARTER_PI_REST = 0.7853981633974483, 3.061616997868383e-17
TAN_EIGHTH, TAN_THREE_EIGHTHS = 0.41421356237309503, 2.414213562373095
"""Tangents of pi/8 and 3 pi/8."""

SIN = (
    -0.16666666666666632, 0.008333333333322415, -0.0001984126982980852, 2.75573136921965e-06,
    -2.5050758163155734e-08, 1.589679865517045e-10,
)  # fmt: skip
"""(sin(r) - r)/r^3 in r^2, weighted by r^2."""
COS = (
    0.0416666666666666, -0.0013888888888874127, 2.4801587289483218e-05, -2.75573143525713e-07,
    2.087572329843178e-09, -1.1359648799118275e-11,
)  # fmt: skip
"""(cos(r) - 1 + r^2/2)/r^4 in r^2, weighted by r^4."""
ATAN = (
    -0.333333333333332, 0.19999999999953674, -0.14285714280205059, 0.1111111078385742,
    -0.09090897768092675, 0.07692060376484305, -0.06663105591474322, 0.05847898195331222,
    -0.05039333779149108, 0.0380650163792158, -0.017907399482364347,
)  # fmt: skip
"""(atan(t) - t)/t^3 in t^2 for |t| up to tan(pi/8), weighted by t^2."""


def both(r: Lane, rest: Lane) -> tuple[Lane, Lane, Lane, Lane]:
    """Sine and cosine of `r + rest`, each as a number and what is to be added to it."""
    z = r * r
    half = z * 0.5
    one = 1.0 - half
    sine = fma(z * r, polynomial(z, SIN), rest * one)
    cosine = ((1.0 - one) - half) + fma(z * z, polynomial(z, COS), -(r * rest))
    return r, sine, one, cosine


def turned(x: Lane, turns: int) -> Lane:
    """sin(x + turns*pi/2)."""
    quadrant, r, rest = reduce(x)
    s, s_rest, c, c_rest = both(r, rest)
    quadrant += turns
    odd = equal(quadrant & 1, 1)
    value = select(odd, c, s) + select(odd, c_rest, s_rest)
    return select(equal(quadrant & 2, 2), -value, value)


def sin(x: Lane) -> Lane:
    """Sine."""
    return select(equal(x, 0.0), x, turned(x, 0))


def cos(x: Lane) -> Lane:
    """Cosine."""
    return turned(x, 1)


def tan(x: Lane) -> Lane:
    """Tangent."""
    quadrant, r, rest = reduce(x)
    r, s_rest, one, c_rest = both(r, rest)
    s, c = r + s_rest, one + c_rest
    s_rest, c_rest = (r - s) + s_rest, (one - c) + c_rest
    odd = equal(quadrant & 1, 1)
    value = divide(
        select(odd, -c, s), select(odd, -c_rest, s_rest),
        select(odd, s, c), select(odd, s_rest, c_rest),
    )  # fmt: skip
    return select(equal(x, 0.0), x, value)


def atan(x: Lane) -> Lane:
    """Inverse tangent."""
    far = size(x)
    # Beyond, the result is a right angle, and 1/x would be no normal number.
    far = select(far > 1e300, 1e300, far)
    middle, large = far > TAN_EIGHTH, far > TAN_THREE_EIGHTHS
    below_one, above_one = far - 1.0, far + 1.0
    top = select(large, -1.0, select(middle, below_one, far))
    bottom = select(large, far, select(middle, above_one, 1.0))
    # Of a large number only the quotient -1/x is used, and of a small one x/1.
    top_rest = select(large, 0.0, select(middle, far - (below_one + 1.0), 0.0))
    bottom_rest = select(large, 0.0, select(middle, far - (above_one - 1.0), 0.0))
    t, t_rest = divide_parts(top, top_rest, bottom, bottom_rest)
    base = select(large, HALF_PI, select(middle, QUARTER_PI, 0.0))
    base_rest = select(large, HALF_PI_REST, select(middle, QUARTER_PI_REST, 0.0))
    z = t * t
    high = base + t
    low = ((base - high) + t) + (base_rest + t_rest)
    return with_sign(high + fma(z * t, polynomial(z, ATAN), low), x)
