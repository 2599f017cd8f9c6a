"""The angle of one lane less its right angles: near 0 by constants, far away by digits of 2/pi.

Near 0, pi/2 is taken in three parts (Cody and Waite 1980). Beyond `LIMIT` the digits of 2/pi that
matter for `x = m 2^e` are multiplied by m in whole numbers (Payne and Hanek 1983): 192 binary
digits from the one on that gives less than four right angles.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from llvmlite import ir

from gradiometer.numeric.kernel_lane import (
    ROUNDER,
    WORD,
    Lane,
    bits,
    bits_of,
    equal,
    fma,
    from_bits,
    select,
    size,
    to_float,
)
from gradiometer.numeric.kernel_lane_rare import where_far

TWO_OVER_PI = 0.6366197723675814
HALF_PI, HALF_PI_REST, HALF_PI_LAST = (
    1.5707963267948966, 6.123233995736766e-17, -1.4973849048591698e-33,
)  # fmt: skip
LIMIT = 2.0**33
"""Up to here three parts leave an error below 2^-65 of the smallest remainder."""


def two_over_pi() -> list[int]:
    """The binary digits of 2/pi in words, after a word of zeros."""
    from flint import arb, ctx

    count = 22
    with ctx.workprec(64 * count + 64):
        whole: Any = (arb(2) / arb.pi() * arb(2) ** (64 * (count - 1))).floor().unique_fmpz()
    digits = int(whole)
    return [(digits >> 64 * i) & (2**64 - 1) for i in reversed(range(count))]


def digit_words(place: Lane) -> tuple[Lane, Lane, Lane]:
    """Three words of the digits of 2/pi from a place on."""
    builder = place.builder
    name = "two_over_pi"
    table: Any = builder.module.globals.get(name)
    if table is None:
        words = two_over_pi()
        kind = ir.ArrayType(WORD, len(words))
        table = ir.GlobalVariable(builder.module, kind, name)
        table.linkage, table.global_constant = "internal", True
        table.initializer = ir.Constant(kind, words)
    first, offset = place >> 6, place & 63
    zero = ir.Constant(WORD, 0)
    loaded = [
        Lane(builder, builder.load(builder.gep(table, [zero, (first + i).held]))) for i in range(4)
    ]
    high, middle, low = (
        (left << offset) | ((right >> 1) >> (63 - offset)) for left, right in pairwise(loaded)
    )
    return high, middle, low


def high_product(a: Lane, b: Lane) -> Lane:
    """The upper word of the product of two words."""
    builder, wide = a.builder, ir.IntType(128)
    both = builder.mul(builder.zext(a.held, wide), builder.zext(b.held, wide))
    return Lane(builder, builder.trunc(builder.lshr(both, ir.Constant(wide, 64)), WORD))


def far_turn(x: Lane) -> Lane:
    """The remainder r of a number beyond `LIMIT` times 2^(128(1 + q)), q its right angles mod 4."""
    word = bits(x)
    exponent = (word >> 52) & 0x7FF
    m = (word & (2**52 - 1)) | 2**52
    # For `x = m 2^e` the digit of weight 2^(1 - e) is the first that matters.
    high, middle, low = digit_words(exponent - (1023 + 52 - 62))
    carried = high_product(m, low)
    low, above = m * low, m * middle + carried
    high = m * high + high_product(m, middle)
    high = select(above < carried, high + 1, high)
    # Two digits count right angles; what is above half of one is taken from the next.
    over = (high >> 61) & 1
    q = (high >> 62) + over
    down = equal(over, 1)
    high, above, low = (select(down, word ^ (2**64 - 1), word) for word in (high, above, low))
    r = remainder(high & (2**62 - 1), above, low)
    negative = x < 0.0
    q = select(negative, 4 - q, q) & 3
    r = select(negative, -r, r)
    r = select(down, -r, r)
    return r * from_bits(((q + 1) << 59) + bits_of(1.0))


def remainder(high: Lane, middle: Lane, low: Lane) -> Lane:
    """The angle that is this fraction of pi/2, in 190 binary digits."""
    parts = []
    for word, weight in ((high, -62), (middle, -126), (low, -190)):
        parts.append(to_float(word >> 32) * 2.0 ** (weight + 32))
        parts.append(to_float(word & (2**32 - 1)) * 2.0**weight)
    value = parts[-1]
    for part in reversed(parts[:-1]):
        value += part
    rest = parts[0] - value
    for part in parts[1:]:
        rest += part
    r = value * HALF_PI
    lost = fma(value, HALF_PI, -r) + fma(value, HALF_PI_REST, rest * HALF_PI)
    return r + lost


def reduce(x: Lane) -> tuple[Lane, Lane, Lane]:
    """A word whose last two bits count right angles, and the remainder with its rest."""
    rounded = fma(x, TWO_OVER_PI, ROUNDER)
    k = rounded - ROUNDER
    # Exact: both terms are multiples of the last bit of a number below 1.
    high = fma(-k, HALF_PI, x)
    product = k * HALF_PI_REST
    lost = fma(k, HALF_PI_REST, -product)
    r = high - product
    # Either may be the larger one.
    part = r - high
    lost = ((high - (r - part)) - (product + part)) - lost
    rest = fma(-k, HALF_PI_LAST, lost)
    far = size(x) > LIMIT
    word = bits(where_far(x, far_turn, LIMIT))
    # |r| lies between 2^-64 and 1, so that adding 100 to the exponent leaves 8 + (1 + q) above.
    turns = ((word & (0x7FF << 52)) + (100 << 52)) >> 59
    r = select(far, from_bits(word - ((turns - 8) << 59)), r)
    # The product is 0, or NaN for an infinite x.
    return select(far, turns - 9, bits(rounded)), r, select(far, x * 0.0, rest)
