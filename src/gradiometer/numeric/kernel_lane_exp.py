"""Exponential and hyperbolic functions of one lane.

Arguments are reduced to `x = k ln 2 + r` with |r| at most half of ln 2 (Cody and Waite 1980);
polynomials in r are minimax, made by `tests/numeric/minimax.py`. What a sum loses is kept in a
second number (Dekker 1971) where one rounding more would be felt.
"""

from __future__ import annotations

from gradiometer.numeric.kernel_lane import (
    ROUNDER,
    Lane,
    fma,
    polynomial,
    power_of_two,
    scale,
    select,
    size,
    with_sign,
)

LOG2_E = 1.4426950408889634
LN2 = 0.6931471805599453
LN2_REST = 2.3190468138462996e-17
"""What the float64 `LN2` leaves of ln 2."""

FAR = 800.0
"""The exponential of any number beyond is 0 or infinite."""

EXP = (
    0.5000000000000011, 0.1666666666666641, 0.04166666666652925, 0.008333333333495962,
    0.0013888888943907344, 0.0001984126950396342, 2.4801492777995724e-05, 2.755758809348553e-06,
    2.763037336691561e-07, 2.4999721495864353e-08,
)  # fmt: skip
"""(e^r - 1 - r)/r^2 for |r| up to half of ln 2, weighted by r^2/e^r."""
EXPM1 = (
    0.5, 0.16666666666666677, 0.04166666666666669, 0.008333333333321612, 0.0013888888888870102,
    0.0001984126988622521, 2.4801587356227737e-05, 2.7557244069290215e-06, 2.755724546997526e-07,
    2.5109097353121284e-08, 2.092379416419701e-09,
)  # fmt: skip
"""The same, weighted by r, with a first term that is exact."""


def reduce(x: Lane) -> tuple[Lane, Lane, Lane, Lane]:
    """`k + ROUNDER`, k, and r with its rest, for a number that is not beyond `FAR`."""
    rounded = fma(x, LOG2_E, ROUNDER)
    k = rounded - ROUNDER
    # Exact: both terms are multiples of the last bit of a number below 1/2.
    high = fma(k, -LN2, x)
    low = k * -LN2_REST
    r = high + low
    return rounded, k, r, (high - r) + low


def clamp(x: Lane) -> Lane:
    """The number, or the nearest that is not beyond `FAR`; NaN stays."""
    x = select(x > FAR, FAR, x)
    return select(x < -FAR, -FAR, x)


def exp(x: Lane) -> Lane:
    """e^x."""
    _, k, r, rest = reduce(clamp(x))
    high = 1.0 + r
    low = (1.0 - high) + r
    return scale(high + (low + fma(r * r, polynomial(r, EXP), rest)), k)


def expm1_below(x: Lane) -> tuple[Lane, Lane]:
    """e^x - 1 and its rest, for x from -700 to 0."""
    rounded, _, r, rest = reduce(x)
    square = r * r * polynomial(r, EXPM1)
    s = r + square
    s_rest = ((r - s) + square) + rest
    two_k = power_of_two(rounded)
    whole, part = two_k - 1.0, two_k * s
    high = whole + part
    whole_rest = two_k - (whole + 1.0)
    return high, ((whole - high) + part) + fma(two_k, s_rest, whole_rest)


def tanh(x: Lane) -> Lane:
    """Hyperbolic tangent."""
    far = size(x)
    # From 19.1 on the nearest float64 is 1.
    far = select(far > 20.0, 20.0, far)
    e, e_rest = expm1_below(far * -2.0)
    below = e + 2.0
    below_rest = ((2.0 - below) + e) + e_rest
    return with_sign(divide(-e, -e_rest, below, below_rest), x)


def divide(a: Lane, a_rest: Lane, b: Lane, b_rest: Lane) -> Lane:
    """The quotient of two numbers with their rests, with little more than one rounding."""
    inverse = 1.0 / b
    q = a * inverse
    left = fma(-q, b, a) + fma(-q, b_rest, a_rest)
    return fma(left, inverse, q)
