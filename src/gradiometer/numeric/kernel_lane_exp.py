"""Exponential and hyperbolic functions of one lane.

Arguments are reduced to `x = k ln 2 + r` with |r| at most half of ln 2 (Cody and Waite 1980);
polynomials in r are minimax, made by `tests/numeric/minimax.py`. What a sum loses is kept in a
second number (Dekker 1971) where one rounding more would be felt.
"""

from __future__ import annotations

from gradiometer.numeric.kernel_lane import (
    ROUNDER,
    Lane,
    divide,
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
SINH = (
    0.16666666666666677, 0.00833333333332153, 0.00019841269886401825, 2.7557243911715583e-06,
    2.51091471447584e-08,
)  # fmt: skip
"""(sinh(r) - r)/r^3 in r^2, weighted by r^2."""
COSH = (0.04166666666660241, 0.001388888892744278, 2.4801507851857673e-05, 2.762552292794059e-07)
"""(cosh(r) - 1 - r^2/2)/r^4 in r^2, weighted by r^4."""


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


def exp_parts(x: Lane) -> tuple[Lane, Lane, Lane]:
    """Exponent k and a number from 0.7 to 1.42 with its rest, whose product with 2^k is e^x."""
    _, k, r, rest = reduce(clamp(x))
    one = 1.0 + r
    lost = (1.0 - one) + r
    tail = lost + fma(r * r, polynomial(r, EXP), rest)
    high = one + tail
    return k, high, (one - high) + tail


def exp(x: Lane) -> Lane:
    """e^x."""
    k, high, _ = exp_parts(x)
    return scale(high, k)


def sigmoid(x: Lane) -> Lane:
    """1/(1 + e^(-x))."""
    k, high, low = exp_parts(-size(x))
    e, e_rest = scale(high, k), scale(low, k)
    below = 1.0 + e
    below_rest = ((1.0 - below) + e) + e_rest
    right = x >= 0.0
    return divide(select(right, 1.0, e), select(right, 0.0, e_rest), below, below_rest)


def both_halves(x: Lane) -> tuple[Lane, ...]:
    """What hyperbolic sine and cosine share, for a number from 0: k, halves and series.

    The functions are `2^k` times sum and difference of `e^r/2` and `e^(-r)/2^(2k+1)`. With
    `minus, plus = 1/2 -+ 2^(-2k-1)` and their rests that is
    `minus*cosh(r) + plus*sinh(r)` and `plus*cosh(r) + minus*sinh(r)`.
    """
    _, k, r, rest = reduce(clamp(x))
    # Beyond k = 500 the second exponential is lost, and its power of two might not exist.
    last = select(k < 500.0, k, 500.0)
    small = power_of_two((ROUNDER - 1.0) - (last + last))
    minus, plus = 0.5 - small, 0.5 + small
    minus_rest, plus_rest = (0.5 - minus) - small, (0.5 - plus) + small
    z = r * r
    sine = fma(z * r, polynomial(z, SINH), rest)
    cosine = z * fma(z, polynomial(z, COSH), 0.5)
    return k, r, sine, cosine, minus, minus_rest, plus, plus_rest


def weigh(of_one: Lane, rest: Lane, of_r: Lane, r: Lane, tail: Lane) -> Lane:
    """The sum `of_one + rest + of_r*r + tail`, where the first two products matter most."""
    product = of_r * r
    lost = fma(of_r, r, -product)
    high = of_one + product
    low = (of_one - high) + product
    return high + (low + (lost + (rest + tail)))


def sinh(x: Lane) -> Lane:
    """Hyperbolic sine."""
    k, r, sine, cosine, minus, minus_rest, plus, _ = both_halves(size(x))
    value = weigh(minus, minus_rest, plus, r, fma(plus, sine, minus * cosine))
    return with_sign(scale(value, k), x)


def cosh(x: Lane) -> Lane:
    """Hyperbolic cosine."""
    k, r, sine, cosine, minus, _, plus, plus_rest = both_halves(size(x))
    value = weigh(plus, plus_rest, minus, r, fma(minus, sine, plus * cosine))
    return scale(value, k)


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
