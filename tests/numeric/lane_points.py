"""Points where functions of a lane are compared with balls of 200 bits, and by how much they err.

An error is counted in units of the last place of the exact value: `|computed - exact|/ulp(exact)`,
where an infinite result counts as 2^1024 (2^128 in float32).
"""

import math
from functools import cache

import numpy as np
from flint import arb, ctx
from numba import njit

from gradiometer.numeric import lanes

LIMITS = {np.float64: (53, -1074, 1024), np.float32: (24, -149, 128)}
"""Bits of a mantissa, exponents of the smallest number and of the first that is too large."""


@cache
def over_lanes(function, arity=1):
    """A compiled loop of blocks of 64 lanes that applies a function."""
    if arity == 2:

        @njit(nogil=True, error_model="numpy")
        def loop_two(x, y, out):
            for start in range(0, x.size, 64):
                u, v, w = x[start : start + 64], y[start : start + 64], out[start : start + 64]
                for i in range(64):
                    w[i] = function(u[i], v[i])

        return loop_two

    @njit(nogil=True, error_model="numpy")
    def loop(x, out):
        for start in range(0, x.size, 64):
            u, w = x[start : start + 64], out[start : start + 64]
            for i in range(64):
                w[i] = function(u[i])

    return loop


def apply(name, *arguments):
    """Values of a lane function at arrays, whose last block is filled up."""
    count = arguments[0].size
    padded = [np.resize(a, -(-count // 64) * 64) for a in arguments]
    out = np.empty_like(padded[0])
    over_lanes(lanes.LANES[name], len(arguments))(*padded, out)
    return out[:count]


def near(function, limit=2000):
    """The function of the number, or of the nearest whose exponential a ball can hold."""
    return lambda x: function(max(min(x, arb(limit)), arb(-limit)))


EXACT = {
    "exp": near(arb.exp),
    "ln": arb.log,
    "tanh": near(arb.tanh),
    "sin": arb.sin,
    "cos": arb.cos,
    "tan": arb.tan,
    "atan": arb.atan,
    "sinh": near(arb.sinh),
    "cosh": near(arb.cosh),
    "sigmoid": near(lambda x: 1 / (1 + (-x).exp())),
    "softplus": lambda x: x if x > 2000 else near(lambda y: y.exp().log1p())(x),
    "erf": near(arb.erf, 100),
    "erfc": near(arb.erfc, 100),
    "Phi": near(lambda x: (-x / arb(2).sqrt()).erfc() / 2, 100),
    "^": lambda x, y: x**y,
    "sqrt": arb.sqrt,
}


def split(ball):
    """A ball as a sum of two float64 and a power of two that keeps both in range."""
    middle = ball.mid()
    high, shift = float(middle), 0
    if not 1e-250 < abs(high) < 1e300:
        if middle == 0:
            return 0.0, 0.0, 0
        if math.isnan(high):
            return math.nan, 0.0, 0
        assert ball.rel_accuracy_bits() > 120
        mantissa, exponent = middle.man_exp()
        shift = int(exponent) + int(mantissa).bit_length()
        # Far out of range is far out of range.
        middle *= arb(2) ** -shift
        shift = max(min(shift, 4000), -4000)
        high = float(middle)
    return high, float(middle - high), shift


def errors(got, exact, points):
    """Errors of the results in units of the last place of the exact values."""
    digits, bottom, top = LIMITS[got.dtype.type]
    with ctx.workprec(200):
        parts = [split(exact(*map(arb, point))) for point in points]
    high, low, shift = (np.array(column) for column in zip(*parts, strict=True))
    place = np.frexp(high)[1] + shift
    high, low = (np.where(place > top, edge, part) for edge, part in ((0.5, high), (0, low)))
    shift = np.where(place > top, top + 1, shift)
    high = np.copysign(high, [part[0] for part in parts])
    unit = np.maximum(np.minimum(place, top) - digits, bottom)
    got = got.astype(np.float64)
    endless = np.isinf(got)
    mantissa, exponent = np.frexp(np.where(endless, 0.5, got))
    mantissa = np.where(endless, np.copysign(0.5, got), mantissa)
    exponent = np.where(endless, top + 1, exponent)
    with np.errstate(over="ignore"):
        gap = (np.ldexp(mantissa, exponent - shift) - high) - low
        return np.abs(np.ldexp(gap, shift - unit))


def measure(name, *arguments):
    """The largest error over the points, and where it is."""
    got = apply(name, *arguments)
    points = list(zip(*(a.tolist() for a in arguments), strict=True))
    found = errors(got, EXACT[name], points)
    # NaN is no smaller than anything, so it is found too.
    worst = int(np.argmax(np.where(np.isnan(found), np.inf, found)))
    return float(found[worst]), points[worst]


def by_exponent(low, high, count, *, seed, kind=np.float64, both=True):
    """Random numbers whose exponents are spread evenly, of both signs."""
    rng = np.random.default_rng(seed)
    x = np.ldexp(rng.uniform(1, 2, count), rng.integers(low, high, count))
    if both:
        x *= rng.choice([-1.0, 1.0], count)
    return x.astype(kind)


def evenly(low, high, count, *, seed, kind=np.float64):
    """Random numbers spread evenly over an interval."""
    return np.random.default_rng(seed).uniform(low, high, count).astype(kind)


def near_right_angles(count):
    """Numbers m*2^e that are close to a multiple of pi/2, for all e, by continued fractions."""
    found = []
    with ctx.workprec(1400):
        half = arb.pi() / 2
        for e in range(-50, 970):
            # The denominators of the convergents of 2^e/(pi/2): their products are near integers.
            rest, last, m = arb(2) ** e / half, 0, 1
            while m < 2**53:
                found += [math.ldexp(m, e)] if m > 2**40 else []
                digit = int(rest.floor().unique_fmpz())
                rest = 1 / (rest - digit)
                following = int(rest.floor().unique_fmpz())
                last, m = m, following * m + last
    return np.random.default_rng(5).choice(found, min(count, len(found)), replace=False)
