"""Logarithms of one lane, and what rests on them.

`x = 2^k m` with m between the roots of 1/2 and 2; with `s = (m - 1)/(m + 1)` the logarithm of m is
`2s + s z R(z)`, `z = s^2`, as in FreeBSD's msun; R is minimax, made by `tests/numeric/minimax.py`.
"""

from __future__ import annotations

import math

from gradiometer.numeric.kernel_lane import (
    Lane,
    bits,
    bits_of,
    equal,
    fma,
    from_bits,
    polynomial,
    scale,
    select,
    size,
)
from gradiometer.numeric.kernel_lane_exp import exp_parts

SMALLEST = 2.2250738585072014e-308
"""The smallest normal float64."""
LN2_SHORT, LN2_SHORT_REST = 0.6931471803691238, 1.9082149292705877e-10
"""ln 2 cut so that its product with an exponent is exact, and what is left."""
ROOT_HALF = bits_of(math.sqrt(0.5))
LN = (
    0.6666666666666734, 0.3999999999941402, 0.28571428742543575, 0.22222198556129522,
    0.1818356526703054, 0.1531402509567711, 0.14796218122607604,
)  # fmt: skip
"""(ln((1+s)/(1-s))/s - 2)/z for z = s^2 up to (3 - 2 sqrt 2)^2."""


def cut(x: Lane) -> tuple[Lane, Lane]:
    """Exponent k and m from root 1/2 to root 2 with `x = 2^k m`, for a positive finite number."""
    small = x < SMALLEST
    word = bits(select(small, x * 2.0**54, x)) + (bits_of(1.0) - ROOT_HALF)
    exponent = from_bits((word >> 52) | bits_of(2.0**52))
    k = exponent - select(small, 2.0**52 + 1023.0 + 54.0, 2.0**52 + 1023.0)
    return k, from_bits((word & (2**52 - 1)) + ROOT_HALF)


def settle(x: Lane, value: Lane) -> Lane:
    """The logarithm, where *value* is right for positive finite numbers."""
    value = select(x < math.inf, value, x)
    value = select(x < 0.0, math.nan, value)
    return select(equal(x, 0.0), -math.inf, value)


def ln(x: Lane) -> Lane:
    """Natural logarithm."""
    k, m = cut(x)
    f = m - 1.0
    s = f / (f + 2.0)
    z = s * s
    half = f * f * 0.5
    tail = fma(s, fma(z, polynomial(z, LN), half), k * LN2_SHORT_REST)
    return settle(x, fma(k, LN2_SHORT, f - (half - tail)))


def softplus(x: Lane) -> Lane:
    """ln(1 + e^x)."""
    k, high, low = exp_parts(-size(x))
    e, e_rest = scale(high, k), scale(low, k)
    u = 1.0 + e
    lost = ((1.0 - u) + e) + e_rest
    k, m = cut(u)
    f = m - 1.0
    # One division serves f/(f + 2), whose last bit matters little, and 1/u.
    two = f + 2.0
    inverse = 1.0 / (two * u)
    s = f * (u * inverse)
    z = s * s
    half = f * f * 0.5
    tail = fma(s, fma(z, polynomial(z, LN), half), k * LN2_SHORT_REST)
    tail = fma(lost, two * inverse, tail)
    high = k * LN2_SHORT + f
    low = (k * LN2_SHORT - high) + f
    above = select(x > 0.0, x, 0.0)
    total = above + high
    # Either may be the larger one.
    part = total - above
    low = low + ((above - (total - part)) + (high - part))
    # From 37 on the exponential is below half a unit in the last place, and an infinite x stays.
    return select(x > 40.0, x, total + (low + (tail - half)))
