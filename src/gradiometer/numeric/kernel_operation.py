"""The value and the slopes of one operation, by its code.

Each function returns the value, the slopes, and what happened: `SMOOTH`, `KINK` where the operation
has no single slope exactly here, or the reason why there is no value. At a kink the slopes are the
customary ones (0 for `relu`, `abs` and ties that are not decided), and the caller is told.
"""

from __future__ import annotations

import math

from gradiometer.numeric import operations as op
from gradiometer.numeric.kernel import inlined

SQRT_PI = math.sqrt(math.pi)
SQRT_2 = math.sqrt(2.0)
SQRT_2PI = math.sqrt(2.0 * math.pi)


@inlined
def logistic(x):
    """`1/(1 + e^(-x))` without overflow."""
    if x >= 0.0:
        return 1.0 / (1.0 + math.exp(-x))
    z = math.exp(x)
    return z / (1.0 + z)


@inlined
def bump(x):
    """`1/cosh(x)^2`, which is also `1 - tanh(x)^2`, without cancellation."""
    z = math.exp(-2.0 * abs(x))
    return 4.0 * z / ((1.0 + z) * (1.0 + z))


@inlined
def elementary(code, x):
    """Value, slope and state of the functions of the C library."""
    if code == op.EXP:
        y = math.exp(x)
        return y, y, op.SMOOTH
    if code == op.LN:
        if x <= 0.0:
            return 0.0, 0.0, op.NO_LOGARITHM
        return math.log(x), 1.0 / x, op.SMOOTH
    if code == op.SIN:
        return math.sin(x), math.cos(x), op.SMOOTH
    if code == op.COS:
        return math.cos(x), -math.sin(x), op.SMOOTH
    if code == op.TAN:
        y = math.tan(x)
        return y, 1.0 + y * y, op.SMOOTH
    if code == op.ATAN:
        return math.atan(x), 1.0 / (1.0 + x * x), op.SMOOTH
    if code == op.SINH:
        return math.sinh(x), math.cosh(x), op.SMOOTH
    if code == op.COSH:
        return math.cosh(x), math.sinh(x), op.SMOOTH
    return math.tanh(x), bump(x), op.SMOOTH


@inlined
def composed(code, x):
    """Value, slope and state of the functions that are made of those of the C library."""
    if code == op.SIGMOID:
        return logistic(x), logistic(x) * logistic(-x), op.SMOOTH
    if code == op.SOFTPLUS:
        return max(x, 0.0) + math.log1p(math.exp(-abs(x))), logistic(x), op.SMOOTH
    if code == op.ERF:
        return math.erf(x), 2.0 / SQRT_PI * math.exp(-x * x), op.SMOOTH
    if code == op.ERFC:
        return math.erfc(x), -2.0 / SQRT_PI * math.exp(-x * x), op.SMOOTH
    return math.erfc(-x / SQRT_2) / 2.0, math.exp(-x * x / 2.0) / SQRT_2PI, op.SMOOTH


@inlined
def unary(code, x):
    """Value, slope and state of an operation with one operand."""
    if code == op.NEGATE:
        return -x, -1.0, op.SMOOTH
    if code == op.SQRT:
        if x < 0.0:
            return 0.0, 0.0, op.NO_ROOT
        y = math.sqrt(x)
        return (y, 0.5 / y, op.SMOOTH) if x > 0.0 else (0.0, 0.0, op.KINK)
    state = op.KINK if x == 0.0 else op.SMOOTH
    if code == op.RELU:
        return max(x, 0.0), 1.0 if x > 0.0 else 0.0, state
    sign = 1.0 if x > 0.0 else (-1.0 if x < 0.0 else 0.0)
    if code == op.ABS:
        return abs(x), sign, state
    if code == op.SIGN:
        return sign, 0.0, state
    if code == op.FLOOR:
        y = math.floor(x)
        return y, 0.0, op.KINK if y == x else op.SMOOTH
    if code < op.SIGMOID:
        return elementary(code, x)
    return composed(code, x)


@inlined
def power(x, y, is_variable):
    """Value, both slopes and state of `x^y`; the slope for `y` only where *is_variable*."""
    whole = y == math.floor(y)
    if x == 0.0 and y < 0.0:
        return 0.0, 0.0, 0.0, op.NO_QUOTIENT
    if x < 0.0 and not whole:
        return 0.0, 0.0, 0.0, op.NO_POWER
    z = x**y if y != 2.0 else x * x
    if is_variable:
        if x <= 0.0:
            return z, 0.0, 0.0, op.KINK
        return z, (y * x ** (y - 1.0) if y != 0.0 else 0.0), z * math.log(x), op.SMOOTH
    if y == 0.0:
        return z, 0.0, 0.0, op.SMOOTH
    if x == 0.0 and not whole:
        return z, 0.0, 0.0, op.KINK
    if y == 1.0:
        return z, 1.0, 0.0, op.SMOOTH
    return z, (y * x ** (y - 1.0) if y != 2.0 else 2.0 * x), 0.0, op.SMOOTH


@inlined
def arithmetic(code, x, y, is_variable):
    """Value, both slopes and state of an operation with two operands."""
    if code == op.ADD:
        return x + y, 1.0, 1.0, op.SMOOTH
    if code == op.MULTIPLY:
        return x * y, y, x, op.SMOOTH
    if code == op.SUBTRACT:
        return x - y, 1.0, -1.0, op.SMOOTH
    if code == op.DIVIDE:
        if y == 0.0:
            return 0.0, 0.0, 0.0, op.NO_QUOTIENT
        z = x / y
        return z, 1.0 / y, -z / y, op.SMOOTH
    return power(x, y, is_variable)


@inlined
def relation(code, x, y):
    """0 or 1, and whether the two sides meet."""
    state = op.KINK if x == y else op.SMOOTH
    if code == op.LESS:
        return (1.0 if x < y else 0.0), state
    if code == op.AT_MOST:
        return (1.0 if x <= y else 0.0), state
    if code == op.GREATER:
        return (1.0 if x > y else 0.0), state
    if code == op.AT_LEAST:
        return (1.0 if x >= y else 0.0), state
    if code == op.EQUAL:
        return (1.0 if x == y else 0.0), state
    return (1.0 if x != y else 0.0), state
