"""The polynomials of the lane functions are those that the exchange finds, and as good."""

import mpmath
import pytest
from flint import arb, ctx
from mpmath import mp, mpf

from gradiometer.numeric import kernel_lane_circle as circle
from gradiometer.numeric import kernel_lane_error as error
from gradiometer.numeric import kernel_lane_exp as exp
from gradiometer.numeric import kernel_lane_ln as ln
from gradiometer.numeric import kernel_lane_power as power
from numeric.minimax import fit

TINY = mpf(10) ** -12
"""Series in r^2 are fitted from here, since their quotients are not defined at 0."""
with mpmath.workdps(60):
    HALF_LN2 = mp.ln2 / 2 * mpf("1.001")
    SQUARE_LN2 = HALF_LN2**2
    EIGHTH = (mp.pi / 4 * mpf("1.0001")) ** 2
    ATAN_END = mpmath.tan(mp.pi / 8) ** 2 * mpf("1.001")
    LN_END = ((mpmath.sqrt(2) - 1) / (mpmath.sqrt(2) + 1) * mpf("1.0001")) ** 2
    TURN = mpf(error.TURN)
    TAIL_END = (error.END - TURN) / (error.END + TURN)


def in_square(function):
    """The function of a root as a function of its square."""
    return lambda z: function(mpmath.sqrt(z))


def ln_series(s):
    return (mpmath.log((1 + s) / (1 - s)) / s - 2) / s**2


def scaled_tail(t):
    """(1 + 2y) e^(y^2) erfc(y) for the y of t, with the ball that `mpmath` is slow to find."""
    y = TURN * (1 + t) / (1 - t)
    with ctx.workprec(260):
        value = arb(mpmath.nstr(y, 65)).erfc().str(62, radius=False)
    return (1 + 2 * y) * mpmath.exp(y * y) * mpf(value)


def identity(z):
    return z


def square(z):
    return z * z


FITS = {
    "EXP": (exp.EXP, 0, lambda r: (mpmath.exp(r) - 1 - r) / r**2, -HALF_LN2, HALF_LN2,
            lambda r: r**2 / mpmath.exp(r), -57),
    "EXPM1": (exp.EXPM1[1:], 0, lambda r: (mpmath.exp(r) - 1 - r - r * r / 2) / r**3,
              -HALF_LN2, HALF_LN2, square, -61),
    "SINH": (exp.SINH, 0, in_square(lambda r: (mpmath.sinh(r) - r) / r**3), TINY, SQUARE_LN2,
             identity, -61),
    "COSH": (exp.COSH, 0, in_square(lambda r: (mpmath.cosh(r) - 1 - r * r / 2) / r**4), TINY,
             SQUARE_LN2, square, -57),
    "LN": (ln.LN, 0, in_square(ln_series), TINY, LN_END, lambda z: z / 2, -59),
    "LN_FINE": (power.LN_FINE, 0, in_square(lambda s: (ln_series(s) - mpf(2) / 3) / s**2),
                mpf(10) ** -8, LN_END, identity, -58),
    "SIN": (circle.SIN, 0, in_square(lambda r: (mpmath.sin(r) - r) / r**3), TINY, EIGHTH,
            identity, -57),
    "COS": (circle.COS, 0, in_square(lambda r: (mpmath.cos(r) - 1 + r * r / 2) / r**4), TINY,
            EIGHTH, square, -64),
    "ATAN": (circle.ATAN, 0, in_square(lambda t: (mpmath.atan(t) - t) / t**3), TINY, ATAN_END,
             identity, -59),
    "ERF": (error.ERF, 1, in_square(lambda x: mpmath.erf(x) / x), TINY, mpf(1.0001),
            lambda _z: mpf(1), -62),
    "TAIL": ((error.TAIL_MIDDLE, *error.TAIL), 0, scaled_tail, mpf(-1), TAIL_END,
             lambda _t: mpf(1), -60),
}  # fmt: skip
"""Coefficients, what was taken from the first, function, interval, weight, log2 of the error."""


@pytest.mark.parametrize("name", FITS)
def test_coefficients_are_those_of_the_exchange(name):
    stored, taken, function, low, high, weight, most = FITS[name]
    found, largest = fit(function, len(stored) - 1, low, high, weight=weight)
    assert mpmath.log(largest, 2) < most
    found[0] -= taken
    # The last coefficients are the loosest: what matters is their part at the end.
    reach = max(abs(low), abs(high))
    for i, (ours, theirs) in enumerate(zip(stored, found, strict=True)):
        assert abs(ours - theirs) * reach**i <= mpf(2) ** -53 * max(1, abs(theirs) * reach**i)


def test_the_exchange_finds_a_known_best_polynomial():
    # The best line for x^2 on [0, 1] is x - 1/8, everywhere within 1/8.
    coefficients, largest = fit(lambda x: x * x, 1, 0, 1)
    assert abs(coefficients[0] + mpf(1) / 8) < 1e-3
    assert abs(coefficients[1] - 1) < 1e-3
    assert abs(largest - mpf(1) / 8) < 1e-3


def test_constants_in_two_parts_are_those_of_many_digits():
    with mpmath.workdps(60):
        exact = {
            (exp.LN2, exp.LN2_REST): mp.ln2,
            (ln.LN2_SHORT, ln.LN2_SHORT_REST): mp.ln2,
            (circle.HALF_PI, circle.HALF_PI_REST): mp.pi / 2,
            (circle.QUARTER_PI, circle.QUARTER_PI_REST): mp.pi / 4,
            (error.ROOT_HALF, error.ROOT_HALF_REST): mpmath.sqrt(mpf(1) / 2),
            (power.THIRD, power.THIRD_REST): mpf(2) / 3,
        }
        for (high, low), value in exact.items():
            assert low == float(value - mpf(high))
