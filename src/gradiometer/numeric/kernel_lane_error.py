"""Error functions and the normal law of one lane.

For y from 0 on, `erfc(y) = e^(-y^2) Q(t)/(1 + 2y)` with `t = (y - K)/(y + K)`, where Q is close to
a constant (Shepherd and Laframboise 1981); the polynomials are minimax, made by
`tests/numeric/minimax.py`.
"""

from __future__ import annotations

from gradiometer.numeric.kernel_lane import Lane, fma, polynomial, scale, select, size
from gradiometer.numeric.kernel_lane_exp import exp_parts

TURN = 4.5
"""K of the text above: with it one polynomial reaches from 0 to 28."""
END = 28.0
"""From here on even subnormal numbers cannot hold erfc."""
ROOT_HALF, ROOT_HALF_REST = 0.7071067811865476, -4.833646656726457e-17

TAIL_MIDDLE, TAIL_MIDDLE_REST = 1.224848042738414, 9.81195785046761e-17
TAIL = (
    -0.1367070998554379, 0.03334406396823076, 0.04337222005886234, -0.08357835444788546,
    0.09033360602516875, -0.07519744544002958, 0.05161384332891598, -0.029681792253019392,
    0.014166837383137976, -0.005404217953185232, 0.0014843222973776862, -0.00018218606892026666,
    -6.778825886399278e-05, 4.4052887966028084e-05,
    -7.814295616956105e-06, -2.5187767645271153e-06, 1.62682045177271e-06,
    -1.0252060518044269e-07, -1.8752959627143258e-07, 4.799735474252951e-08,
    1.9907880021661554e-08, -6.617227760013594e-09, -2.367951088991497e-09,
)  # fmt: skip
"""(1 + 2y) e^(y^2) erfc(y) for y up to 28 is `TAIL_MIDDLE` and t times this in t."""
SLOPE = (
    -0.08897554996415492, 0.13359964100408428, -0.6256383478608851, -0.7244562374495375,
    2.0356240833005574,
)  # fmt: skip
"""Its derivative to one digit, which is enough for the rest of t."""
ERF = (
    0.1283791670955126, -0.3761263890318375, 0.11283791670954885, -0.026866170645077816,
    0.005223977624827858, -0.0008548326981391728, 0.00012055331131686038,
    -1.4925595740778103e-05, 1.6461007960154007e-06, -1.6350390593850666e-07,
    1.4660289956809138e-08, -1.1374802566777424e-09, 5.960420879387433e-11,
)  # fmt: skip
"""erf(x)/x - 1 in x^2 for |x| up to 1."""


def tail(y: Lane, rest: Lane | None, square: Lane, square_rest: Lane) -> Lane:
    """erfc(y + rest) for y from 0 to `END`, where `square + square_rest` is (y + rest)^2."""
    k, e, e_rest = exp_parts(-square)
    e_rest = fma(-square_rest, e, e_rest)
    far, near, double = y + TURN, y - TURN, fma(y, 2.0, 1.0)
    far_rest, near_rest = y - (far - TURN), y - (near + TURN)
    double_rest = fma(y, 2.0, 1.0 - double)
    if rest is not None:
        far_rest, near_rest = far_rest + rest, near_rest + rest
        double_rest = fma(rest, 2.0, double_rest)
    # One division serves both quotients; what it lacks is made up for below.
    inverse = 1.0 / (far * double)
    over_far, over_double = double * inverse, far * inverse
    t = near * over_far
    t_rest = (fma(-t, far, near) + fma(-t, far_rest, near_rest)) * over_far
    product = t * polynomial(t, TAIL)
    q = product + TAIL_MIDDLE
    q_rest = fma(polynomial(t, SLOPE), t_rest, ((TAIL_MIDDLE - q) + product) + TAIL_MIDDLE_REST)
    top = e * q
    top_rest = fma(e, q, -top) + fma(e, q_rest, e_rest * q)
    value = top * over_double
    left = fma(-value, double, top) + fma(-value, double_rest, top_rest)
    return scale(fma(left, over_double, value), k)


def square_of(y: Lane) -> tuple[Lane, Lane]:
    """The square and what it loses."""
    square = y * y
    return square, fma(y, y, -square)


def erfc(x: Lane) -> Lane:
    """1 - erf(x)."""
    y = size(x)
    y = select(y > END, END, y)
    value = tail(y, None, *square_of(y))
    return select(x < 0.0, 2.0 - value, value)


def erf(x: Lane) -> Lane:
    """Error function."""
    y = size(x)
    y = select(y > END, END, y)
    square, square_rest = square_of(y)
    far = 1.0 - tail(y, None, square, square_rest)
    near = fma(x, polynomial(square, ERF), x)
    return select(y < 1.0, near, select(x < 0.0, -far, far))


def normal(x: Lane) -> Lane:
    """Distribution function of the standard normal law."""
    y = size(x)
    y = select(y > 39.0, 39.0, y)
    square, square_rest = square_of(y)
    less = y * ROOT_HALF
    rest = fma(y, ROOT_HALF_REST, fma(y, ROOT_HALF, -less))
    value = tail(less, rest, square * 0.5, square_rest * 0.5) * 0.5
    return select(x > 0.0, 1.0 - value, value)
