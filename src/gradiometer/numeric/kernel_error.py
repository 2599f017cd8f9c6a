"""Bounds on the error of a value and its slopes, operation by operation.

An operand `x` stands for a true value at most `a` away. All bounds are computed in float64 and
rounded up: a sum, product or quotient of two non-negative numbers is at most its float64 times
`1 + 2^-51`, plus the smallest normal number where it may underflow. So the bounds hold as they
stand, not only to first order. Functions of the C library are taken to be within `LIBRARY` of their
size (8 units in the last place; the GNU library states at most 5 for each function used here).
"""

from __future__ import annotations

import math

from gradiometer.numeric import operations as op
from gradiometer.numeric.kernel import inlined

ROUND = 2.0**-53
ROOM = 1.0 + 2.0**-51
TINY = 2.0**-1022
LIBRARY = 16.0 * ROUND
WIDE_ROOM = 1.0 + 2.0**-30
"""For suprema of slopes, where a little more costs nothing."""


@inlined
def add_up(a, b):
    """At least the sum of two non-negative numbers."""
    return (a + b) * ROOM


@inlined
def times_up(a, b):
    """At least the product of two non-negative numbers; 0 if one is, even times infinity."""
    if a == 0.0 or b == 0.0:
        return 0.0
    return a * b * ROOM + TINY


@inlined
def over_up(a, b):
    """At least the quotient of two non-negative numbers; infinite over 0."""
    if a == 0.0:
        return 0.0
    return a / b * ROOM + TINY if b > 0.0 else math.inf


@inlined
def under(a, b):
    """At most the difference of two non-negative numbers, and at least 0."""
    return max((a - b) * (1.0 - 2.0**-51), 0.0)


@inlined
def rounded(z, share):
    """At least *share* of the size of a result, and what underflow may lose."""
    return abs(z) * share * ROOM + TINY


@inlined
def exp_up(a):
    """At least `e^a` for `a` at least 0."""
    return math.exp(a) * WIDE_ROOM


@inlined
def product_error(x, y, z, a, b):
    """For `x*y`: the value and both slopes."""
    e = add_up(add_up(times_up(abs(x), b), times_up(abs(y), a)), times_up(a, b))
    if x != 0.0 and y != 0.0:
        e = add_up(e, rounded(z, ROUND))
    return e, b, a


@inlined
def quotient_error(y, z, a, b):
    """For `x/y`: the value and both slopes, where `z` is the computed quotient."""
    far = under(abs(y), b)
    q = add_up(abs(z), rounded(z, ROUND))
    e = add_up(over_up(add_up(a, times_up(q, b)), far), rounded(z, ROUND))
    slope = over_up(1.0, abs(y))
    d = add_up(over_up(times_up(slope, b), far), rounded(slope, ROUND))
    steep = over_up(q, abs(y))
    f = add_up(over_up(add_up(e, times_up(steep, b)), far), rounded(steep, ROUND))
    return e, d, f


@inlined
def root_error(x, z, a):
    """For the square root of `x`: the value and the slope."""
    if under(x, a) == 0.0:
        return add_up(math.sqrt(add_up(x, a)) * ROOM, rounded(z, ROUND)), math.inf
    e = add_up(over_up(a, under(z, z * 2.0**-50)), rounded(z, ROUND))
    slope = over_up(0.5, z)
    return e, add_up(over_up(times_up(slope, e), under(z, e)), rounded(slope, ROUND))


@inlined
def growth(rate):
    """At least `e^rate - 1`, which is at most `rate*e^rate`."""
    return times_up(rate, exp_up(rate))


@inlined
def power_error(x, y, z, a, b):
    """For `x^y`: the value and both slopes; infinite where the base may vanish or be negative."""
    whole = b == 0.0 and y == math.floor(y)
    if b == 0.0 and y == 2.0:
        return product_error(x, x, z, a, a)[0], 2.0 * a, 0.0
    near = under(abs(x), a)
    if near == 0.0 or (x < 0.0 and not whole):
        return vanishing_power_error(x, y, z, a, whole)
    # Relative errors: of the logarithm of the base, then of the power and of the power before.
    shift = over_up(a, near)
    log = abs(math.log(abs(x))) * (1.0 + LIBRARY) + TINY
    rate = add_up(times_up(abs(y), shift), times_up(b, add_up(log, shift)))
    e = add_up(times_up(add_up(abs(z), TINY) * WIDE_ROOM, growth(rate)), rounded(z, LIBRARY))
    p = abs(x) ** (y - 1.0) * WIDE_ROOM + TINY
    exponent = abs(y) + 1.0
    loss = 0.0 if whole else times_up(log, exponent * 2.0 * ROUND)
    rate = add_up(add_up(times_up(exponent, shift), times_up(b, add_up(log, shift))), loss)
    before = add_up(times_up(p, growth(rate)), rounded(p, LIBRARY))
    d = add_up(times_up(abs(y), before), times_up(b, add_up(p, before)))
    d = add_up(d, rounded(times_up(abs(y), p), 2.0 * ROUND))
    f = add_up(add_up(times_up(abs(z), shift), times_up(log, e)), times_up(e, shift))
    return e, d, add_up(f, rounded(times_up(abs(z), log), LIBRARY + 2.0 * ROUND))


@inlined
def vanishing_power_error(x, y, z, a, whole):
    """For a whole power of a base that may be 0: the value and both slopes."""
    if not whole or y < 0.0:
        return math.inf, math.inf, math.inf
    if y == 0.0:
        return 0.0, 0.0, math.inf
    top = add_up(abs(x), a)
    p = top ** (y - 1.0) * WIDE_ROOM + TINY
    e = add_up(times_up(times_up(y, p), a), rounded(z, LIBRARY))
    if y == 1.0:
        return e, 0.0, math.inf
    q = top ** (y - 2.0) * WIDE_ROOM + TINY
    d = times_up(times_up(y * (y - 1.0), q), a)
    return e, add_up(d, rounded(times_up(y, p), LIBRARY + 2.0 * ROUND)), math.inf


@inlined
def bell_error(x, z, slope, a, turn):
    """For erf, erfc (*turn* 2) and Phi (*turn* 1), whose slope falls like `e^(-turn*x^2/2)`."""
    a = add_up(a, abs(x) * 8.0 * ROUND if turn == 1.0 else 0.0)
    near = under(abs(x), a)
    top = 1.1284 if turn == 2.0 else 0.39895
    first = top * math.exp(-turn / 2.0 * near * near * (1.0 - 2.0**-40)) * WIDE_ROOM + TINY
    second = times_up(times_up(turn, add_up(abs(x), a)), first)
    e = add_up(times_up(first, a), rounded(z, LIBRARY))
    # Beyond this the slope has underflowed, and what it loses is below the smallest number.
    share = LIBRARY + (8.0 + 2.0 * min(x * x, 1e6)) * ROUND
    return e, add_up(times_up(second, a), rounded(slope, share))


@inlined
def tangent_error(z, slope, a):
    """For the tangent: the value and the slope `1 + tan(x)^2`."""
    # tan(a) is at most 1.1*a here, and tan(x + a) follows from the sum of two angles.
    turn = times_up(1.1, a)
    room = under(1.0, times_up(abs(z) * WIDE_ROOM, turn))
    if a > 0.5 or room == 0.0:
        return math.inf, math.inf
    top = over_up(add_up(abs(z) * WIDE_ROOM, turn), room)
    e = add_up(times_up(add_up(1.0, times_up(top, top)), a), rounded(z, LIBRARY))
    d = times_up(add_up(2.0 * abs(z), e), e)
    return e, add_up(d, rounded(slope, 4.0 * ROUND))


@inlined
def library_error(code, x, z, slope, a):
    """For the functions of one operand that the C library rounds: the value and the slope."""
    if code == op.TAN:
        return tangent_error(z, slope, a)
    if code in (op.ERF, op.ERFC):
        return bell_error(x, z, slope, a, 2.0)
    if code == op.PHI:
        return bell_error(x, z, slope, a, 1.0)
    value_share, slope_share = LIBRARY, LIBRARY
    # First and second derivative are at most these everywhere the true operand may be.
    first = second = 1.0
    if code == op.EXP:
        first = second = times_up(add_up(z, TINY) * WIDE_ROOM, exp_up(a))
    elif code == op.LN:
        first = over_up(1.0, under(x, a))
        second = times_up(first, first)
    elif code in (op.SINH, op.COSH):
        first = second = times_up(math.cosh(x) * WIDE_ROOM, exp_up(a))
    elif code == op.TANH:
        first = min(times_up(add_up(slope, TINY) * WIDE_ROOM, exp_up(2.0 * a)), 1.0)
        second, slope_share = 2.0 * first, 5.0 * LIBRARY
    elif code == op.SIGMOID:
        first = min(times_up(add_up(slope, TINY) * WIDE_ROOM, exp_up(a)), 0.25)
        second, value_share, slope_share = first, 3.0 * LIBRARY, 6.0 * LIBRARY
    elif code == op.SOFTPLUS:
        first = min(times_up(add_up(slope, TINY) * WIDE_ROOM, exp_up(a)), 1.0)
        second, value_share, slope_share = min(first, 0.25), 3.0 * LIBRARY, 3.0 * LIBRARY
    e = add_up(times_up(first, a), rounded(z, value_share))
    return e, add_up(times_up(second, a), rounded(slope, slope_share))


@inlined
def one_error(code, x, z, slope, a):
    """For an operation with one operand: the value and the slope."""
    if code == op.NEGATE:
        return a, 0.0
    if code == op.SQRT:
        return root_error(x, z, a)
    if op.EXP <= code <= op.PHI:
        return library_error(code, x, z, slope, a)
    is_certain = a < abs(x) or a == 0.0
    if code == op.ABS:
        return a, 0.0 if is_certain else 2.0
    if code == op.RELU:
        return a, 0.0 if is_certain else 1.0
    if code == op.SIGN:
        return 0.0 if is_certain else 2.0, 0.0
    below, above = under(x - z, 0.0), under(z + 1.0 - x, 0.0)
    if a == 0.0 or (a < below and a < above):
        return 0.0, 0.0
    return math.ceil(a) + 1.0, 0.0


@inlined
def two_error(code, x, y, z, a, b):
    """For an operation with two operands: the value and both slopes."""
    if code == op.MULTIPLY:
        return product_error(x, y, z, a, b)
    if code == op.DIVIDE:
        return quotient_error(y, z, a, b)
    if code == op.POWER:
        return power_error(x, y, z, a, b)
    return add_up(add_up(a, b), abs(z) * ROUND), 0.0, 0.0


@inlined
def meets(x, y, a, b):
    """Whether the order of two true values is not certain."""
    gap = add_up(a, b)
    return gap > 0.0 and under(abs(x - y), 0.0) <= gap
