"""Error bounds along a tape, and along the backward sweep of its graph."""

from __future__ import annotations

import math

from gradiometer.numeric import operations as op
from gradiometer.numeric.kernel import compiled, inlined
from gradiometer.numeric.kernel_error import ROOM, ROUND, add_up, meets, one_error, two_error
from gradiometer.numeric.kernel_wide import norm, plus, times, widen

BEYOND = 1 << 30
"""The exponent of an infinite error, above that of any other."""


@inlined
def choice_error(code, low, high, operand, value, error, slope_error):
    """For an operation that chooses: the value; marks the slopes that are not certain."""
    largest, unsure = 0.0, False
    for k in range(low, high):
        slope_error[k] = 0.0
        if code != op.WHERE or k > low:
            largest = max(largest, error[operand[k]])
    if code == op.WHERE:
        t, f = operand[low + 1], operand[low + 2]
        if error[operand[low]] == 0.0:
            return error[t] if value[operand[low]] != 0.0 else error[f]
        unsure, largest = True, add_up(largest, abs(value[t] - value[f]) * ROOM)
    elif code == op.CLIP:
        x, floor, top = operand[low], operand[low + 1], operand[low + 2]
        inner = max(error[x], error[floor])
        unsure = meets(value[x], value[floor], error[x], error[floor]) or meets(
            max(value[x], value[floor]), value[top], inner, error[top]
        )
    else:
        sign = 1.0 if code == op.MAX else -1.0
        best = operand[low]
        for k in range(low + 1, high):
            if sign * value[operand[k]] > sign * value[best]:
                best = operand[k]
        for k in range(low, high):
            u = operand[k]
            unsure |= u != best and meets(value[u], value[best], error[u], error[best])
    if unsure:
        slope_error[low:high] = 1.0
    return largest


@inlined
def truth_error(code, low, high, operand, value, error, slope_error):
    """For a relation, a logical operation or a count: how far the value may be off."""
    total = 0.0
    slope_error[low:high] = 0.0
    x = operand[low]
    if code == op.PASSED or code < op.AND:
        for k in range(low + 1, high):
            u = operand[k]
            total += 1.0 if meets(value[x], value[u], error[x], error[u]) else 0.0
        return total
    for k in range(low, high):
        total = max(total, error[operand[k]])
    return total


@compiled
def bound_tape(opcode, first, operand, value, slope, given, error, slope_error):
    """Fills in how far each value and each slope is at most from the true one.

    *given* holds the errors of inputs and constants in the order of their nodes.
    """
    leaf = 0
    for v in range(len(opcode)):
        code, low, high = opcode[v], first[v], first[v + 1]
        if code <= op.CONSTANT:
            error[v] = given[leaf]
            leaf += 1
        elif code >= op.PASSED:
            error[v] = truth_error(code, low, high, operand, value, error, slope_error)
        elif code >= op.MAX:
            error[v] = choice_error(code, low, high, operand, value, error, slope_error)
        elif high - low == 1:
            x = operand[low]
            error[v], slope_error[low] = one_error(
                code, value[x], value[v], abs(slope[low]), error[x]
            )
        else:
            x, y = operand[low], operand[low + 1]
            error[v], slope_error[low], slope_error[low + 1] = two_error(
                code, value[x], value[y], value[v], error[x], error[y]
            )


@inlined
def plus_up(m, e, n, f):
    """At least the sum of two non-negative wide numbers."""
    if max(m, n) == math.inf:
        return math.inf, BEYOND
    m, e = plus(m, e, n, f)
    return norm(m * ROOM, e)


@inlined
def times_up(m, e, n, f):
    """At least the product of two non-negative wide numbers; 0 if one is."""
    if m == 0.0 or n == 0.0:
        return 0.0, 0
    # The exponents of two infinite numbers would leave the range of an int32.
    if max(m, n) == math.inf:
        return math.inf, BEYOND
    m, e = times(m, e, n, f)
    return norm(m * ROOM, e)


@inlined
def error_of(x):
    """A bound as a wide number, an infinite one beyond all others."""
    if x == math.inf:
        return x, BEYOND
    return widen(x)


@inlined
def add_edge(w, slope_error, b, bx, a, ax, c, cx):
    """The adjoint *c* after one more edge of weight *w*, and what this adds to its error.

    The node after the edge has the computed adjoint *b*, which is at most *a* off.
    """
    d, dx = error_of(slope_error)
    s, sx = plus_up(abs(b), bx, a, ax)
    e, ex = times_up(d, dx, s, sx)
    w, wx = widen(w)
    t, tx = times_up(abs(w), wx, a, ax)
    e, ex = plus_up(e, ex, t, tx)
    t, tx = times(w, wx, b, bx)
    if abs(w) != 1.0 or wx != 0:
        s, sx = norm(abs(t) * ROUND, tx)
        e, ex = plus_up(e, ex, s, sx)
    if c == 0.0:
        return t, tx, e, ex
    c, cx = plus(c, cx, t, tx)
    # A sum of wide numbers may drop a part that is 2^-512 times smaller: twice the rounding.
    s, sx = norm(abs(c) * (2.0 * ROUND), cx)
    e, ex = plus_up(e, ex, s, sx)
    return c, cx, e, ex


@compiled
def bound_adjoint(first, start, local, slope_error, output, m, x):
    """Fills in adjoints, as the backward sweep computes them, and how far off each is at most."""
    m[output, 0] = 1.0
    for v in range(output, -1, -1):
        b, bx, a, ax = m[v, 0], x[v, 0], m[v, 1], x[v, 1]
        if b == 0.0 and a == 0.0:
            continue
        for k in range(first[v], first[v + 1]):
            if local[k] == 0.0 and slope_error[k] == 0.0:
                continue
            u = start[k]
            m[u, 0], x[u, 0], e, ex = add_edge(
                local[k], slope_error[k], b, bx, a, ax, m[u, 0], x[u, 0]
            )
            m[u, 1], x[u, 1] = plus_up(m[u, 1], x[u, 1], e, ex)
