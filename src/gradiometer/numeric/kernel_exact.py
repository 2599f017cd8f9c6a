"""Which of two products of float64 is larger: by pairs, by residues, and by whole integers.

A float64 is a whole number times a power of 2, so products of them are compared without rounding.
Pairs decide nearly always; a near tie with equal residues of a prime of 61 bits is a tie; what is
left is multiplied out.
"""

from __future__ import annotations

import numpy as np

from gradiometer.numeric.kernel import inlined
from gradiometer.numeric.kernel_wide import DOWN, PRIME

NEAR = 2.0**-70
"""Products of 10^7 factors are known better than this, relative to their size."""

LIMB = 30
MASK = (1 << LIMB) - 1


@inlined
def whole_and_power(x):
    """A whole number below 2^53 and the power of 2 it takes to make the size of a float64."""
    bits = np.float64(abs(x)).view(np.int64)
    e = bits >> 52
    if e == 0:
        return bits, np.int64(-1074)
    return (bits & ((1 << 52) - 1)) | (1 << 52), e - 1075


@inlined
def residue_of(x):
    """The size of a float64 modulo 2^61 - 1, where a factor 2 turns the 61 bits round."""
    m, e = whole_and_power(x)
    turn = (e + 1098) % 61
    return ((m << turn) & PRIME) | (m >> (61 - turn))


@inlined
def order_pairs(h, l, e, m, k, f):
    """1 or -1 as the first number is larger or smaller, 0 when they are too near to tell."""
    if abs(e - f) > 1:
        return 1 if e > f else -1
    if e > f:
        m, k = m * DOWN, k * DOWN
    elif f > e:
        h, l = h * DOWN, l * DOWN
    difference = (h - m) + (l - k)
    if abs(difference) <= NEAR * max(h, m):
        return 0
    return 1 if difference > 0.0 else -1


@inlined
def scale_up(big, used, factor):
    """Multiplies the whole number in *big*, limbs of 30 bits, by one below 2^53; its new length."""
    low, high = factor & MASK, factor >> LIMB
    carry = previous = np.int64(0)
    for i in range(used + 2):
        current = big[i]
        total = current * low + previous * high + carry
        big[i] = total & MASK
        carry = total >> LIMB
        previous = current
    used += 2
    while used > 1 and big[used - 1] == 0:
        used -= 1
    return used


@inlined
def product_of(local, edges, room):
    """The whole number and the exponent of 2 of a product of sizes of local derivatives."""
    big = np.zeros(room, np.int64)
    big[0] = 1
    used, exponent = 1, 0
    for edge in edges:
        m, e = whole_and_power(local[edge])
        used = scale_up(big, used, m)
        exponent += e
    return big, used, exponent


@inlined
def shift_up(big, used, count):
    """Multiplies the whole number by `2^count`; its new length."""
    limbs = count // LIMB
    for i in range(used - 1, -1, -1):
        big[i + limbs] = big[i]
    big[:limbs] = 0
    return scale_up(big, used + limbs, np.int64(1) << (count % LIMB))


@inlined
def cancel_common(more, less):
    """The two lists of edges without what stands in both, each edge as often as it does."""
    more.sort()
    less.sort()
    left, right = [np.int64(0) for _ in range(0)], [np.int64(0) for _ in range(0)]
    i = j = 0
    while i < len(more) or j < len(less):
        if j == len(less) or (i < len(more) and more[i] < less[j]):
            left.append(more[i])
            i += 1
        elif i == len(more) or less[j] < more[i]:
            right.append(less[j])
            j += 1
        else:
            i += 1
            j += 1
    return left, right


@inlined
def order_products(local, more, less):
    """1, 0 or -1 as the first product of sizes is larger, equal or smaller: exactly.

    The products must be near each other, so that neither has many more bits after shifting.
    """
    left, right = cancel_common(more, less)
    room = 2 * (len(left) + len(right)) + 8
    big, used, exponent = product_of(local, left, room)
    other, length, power = product_of(local, right, room)
    if exponent > power:
        used = shift_up(big, used, exponent - power)
    elif power > exponent:
        length = shift_up(other, length, power - exponent)
    if used != length:
        return 1 if used > length else -1
    for i in range(used - 1, -1, -1):
        if big[i] != other[i]:
            return 1 if big[i] > other[i] else -1
    return 0
