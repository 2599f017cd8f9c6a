"""Powers with a real exponent of one lane: `x^y = e^(y ln x)` with the logarithm in two numbers.

An exponential multiplies the relative error of `y ln x` by up to 745, so the logarithm is carried
to about 2^-66 of its size. Signs, zeros and infinities are as in IEEE 754.
"""

from __future__ import annotations

import math

from gradiometer.numeric.kernel_lane import (
    Lane,
    bits,
    bits_of,
    divide_parts,
    equal,
    fma,
    polynomial,
    scale,
    select,
    size,
)
from gradiometer.numeric.kernel_lane_exp import FAR, exp_parts
from gradiometer.numeric.kernel_lane_ln import LN2_SHORT, LN2_SHORT_REST, cut

THIRD, THIRD_REST = 0.6666666666666666, 3.700743415417188e-17
LN_FINE = (
    0.4000000000000061, 0.2857142857090362, 0.2222222237551088, 0.18181796982363935,
    0.1538618025764119, 0.13270112902767361, 0.1307455161461486,
)  # fmt: skip
"""((ln((1+s)/(1-s))/s - 2)/z - 2/3)/z for z = s^2 up to (3 - 2 sqrt 2)^2, weighted by z."""
WHOLE = 2.0**52
"""From here on every float64 is an integer."""


def product(a: Lane, a_rest: Lane, b: Lane, b_rest: Lane) -> tuple[Lane, Lane]:
    """The product of two numbers with their rests."""
    high = a * b
    return high, fma(a, b, -high) + fma(a, b_rest, a_rest * b)


def total(a: Lane, b: Lane, rest: Lane) -> tuple[Lane, Lane]:
    """The sum of a number, a smaller one and a rest."""
    high = a + b
    return high, ((a - high) + b) + rest


def ln_parts(x: Lane) -> tuple[Lane, Lane]:
    """The logarithm of a positive finite number, with its rest."""
    k, m = cut(x)
    f = m - 1.0
    below = f + 2.0
    s, s_rest = divide_parts(f, 0.0, below, f - (below - 2.0))
    s, s_rest = s + s_rest, (s - (s + s_rest)) + s_rest
    z, z_rest = product(s, s_rest, s, s_rest)
    series = z * polynomial(z, LN_FINE)
    r = series + THIRD
    r_rest = ((THIRD - r) + series) + THIRD_REST
    cube, cube_rest = product(*product(s, s_rest, z, z_rest), r, r_rest)
    small, small_rest = total(s + s, cube, fma(s_rest, 2.0, cube_rest))
    high, rest = total(k * LN2_SHORT, small, small_rest)
    more = k * LN2_SHORT_REST
    high, rest = total(high, more, fma(k, LN2_SHORT_REST, -more) + rest)
    return high + rest, (high - (high + rest)) + rest


def is_integer(size_of: Lane) -> Lane:
    """Whether a number from 0 is an integer."""
    near = (size_of + WHOLE) - WHOLE
    return select(size_of >= WHOLE, 1, equal(near, size_of))


def power(x: Lane, y: Lane) -> Lane:
    """x^y; for x below 0 only with an integer y."""
    far, steps = size(x), size(y)
    high, rest = ln_parts(far)
    p = y * high
    p_rest = fma(y, high, -p) + y * rest
    beyond = size(p) > FAR
    p_rest = select(beyond, 0.0, p_rest)
    k, e, e_rest = exp_parts(p)
    value = scale(e + fma(p_rest, e, e_rest), k)
    return settle(x, y, far, steps, value)


def settle(x: Lane, y: Lane, far: Lane, steps: Lane, value: Lane) -> Lane:
    """The power, where *value* is right for positive finite numbers."""
    rising = y > 0.0
    value = select(equal(far, 0.0), select(rising, 0.0, math.inf), value)
    value = select(equal(far, math.inf), select(rising, math.inf, 0.0), value)
    whole = is_integer(steps)
    odd = whole & (is_integer(steps * 0.5) ^ 1)
    negative = bits(x) >= bits_of(-0.0)
    value = select(negative & odd, -value, value)
    nowhere = (x < 0.0) & (far < math.inf) & (whole ^ 1)
    value = select(nowhere, math.nan, value)
    # NaN is neither equal to itself nor finite; it gives way to the two powers that are always 1.
    value = select(equal(x, x) & equal(y, y), value, math.nan)
    one = equal(far, 1.0) & equal(steps, math.inf)
    return select(equal(y, 0.0) | equal(x, 1.0) | one, 1.0, value)
