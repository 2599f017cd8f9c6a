"""Random draws of one lane, each a function of what it is for: seed, run, step and coordinate.

Nothing is carried from draw to draw, so the numbers are the same in any order and at any count of
threads. The generator is Philox 4x32 with 10 rounds: J. Salmon, M. Moraes, R. Dror and D. Shaw,
Parallel random numbers: as easy as 1, 2, 3, SC 2011. Its key is the seed; its counter holds the
run (48 bits), the step (48 bits), the coordinate (28 bits) and what kind of draw it is (4 bits).
"""

from __future__ import annotations

from gradiometer.numeric.kernel import compiled
from gradiometer.numeric.kernel_lane import (
    ROUNDER,
    Lane,
    bits,
    bits_of,
    equal,
    fma,
    from_bits,
    lane_of_words,
    root,
    select,
    to_float,
)
from gradiometer.numeric.kernel_lane_circle import both
from gradiometer.numeric.kernel_lane_ln import ln
from gradiometer.numeric.kernel_lane_turn import HALF_PI

HALF_WORD = 2**32 - 1
MULTIPLIERS = 0xD2511F53, 0xCD9E8D57
KEY_STEPS = 0x9E3779B9, 0xBB67AE85
"""The golden ratio and the root of 3, less their whole parts, in 32 bits."""
UNIFORM, NORMAL, INDEX = 0, 1, 2


def philox(seed: Lane, counter: tuple[Lane, ...]) -> tuple[Lane, ...]:
    """Four random numbers of 32 bits for a counter of four."""
    a, b, c, d = counter
    left, right = seed & HALF_WORD, seed >> 32
    for _ in range(10):
        first, second = a * MULTIPLIERS[0], c * MULTIPLIERS[1]
        a, b = (second >> 32) ^ b ^ left, second & HALF_WORD
        c, d = (first >> 32) ^ d ^ right, first & HALF_WORD
        left = (left + KEY_STEPS[0]) & HALF_WORD
        right = (right + KEY_STEPS[1]) & HALF_WORD
    return a, b, c, d


def two_words(seed: Lane, run: Lane, step: Lane, last: Lane) -> tuple[Lane, Lane]:
    """Two random words of 64 bits."""
    middle = ((run >> 32) & 0xFFFF) | (((step >> 32) & 0xFFFF) << 16)
    a, b, c, d = philox(seed, (run & HALF_WORD, middle, step & HALF_WORD, last))
    return a | (b << 32), c | (d << 32)


def for_coordinate(coordinate: Lane, kind: int) -> Lane:
    """The last part of a counter."""
    return (coordinate & (2**28 - 1)) | (kind << 28)


def to_uniform(word: Lane) -> Lane:
    """One of the 2^52 middles of equal parts of the interval from 0 to 1."""
    return from_bits((word >> 12) | bits_of(1.0)) - (1.0 - 2.0**-53)


def draw_uniform(seed: Lane, run: Lane, step: Lane, coordinate: Lane) -> Lane:
    """A number between 0 and 1, neither of which is drawn."""
    word, _ = two_words(seed, run, step, for_coordinate(coordinate, UNIFORM))
    return to_uniform(word)


def draw_normal(seed: Lane, run: Lane, step: Lane, coordinate: Lane) -> Lane:
    """A number from the standard normal law, by Box and Muller's two uniform numbers.

    The size is at most 8.6, since a uniform number is at least 2^-53.
    """
    first, second = two_words(seed, run, step, for_coordinate(coordinate, NORMAL))
    far = root(ln(to_uniform(first)) * -2.0)
    turn = to_uniform(second)
    rounded = fma(turn, 4.0, ROUNDER)
    part = fma(turn, 4.0, -(rounded - ROUNDER))
    sine, sine_rest, cosine, cosine_rest = both(part * HALF_PI, part * 0.0)
    quadrant = bits(rounded)
    odd = equal(quadrant & 1, 1)
    value = far * (select(odd, sine, cosine) + select(odd, sine_rest, cosine_rest))
    # The cosine is below 0 in the second and third quadrant.
    return select(equal((quadrant + 1) & 2, 2), -value, value)


def draw_index(seed: Lane, run: Lane, step: Lane, n: Lane) -> Lane:
    """A whole number from 0 to n - 1, for n below 2^32."""
    first, second = two_words(seed, run, step, for_coordinate(run ^ run, INDEX))
    return to_index(first, second, n)


def to_index(first: Lane, second: Lane, n: Lane) -> Lane:
    """The index that a word stands for, or a second one if the first belongs to no index.

    A word times n holds the index in its upper half. 2^64 mod n words would make some indices
    likelier than others; they are known by a small lower half (Lemire 2019). That both words are
    of this kind has a chance below 2^-64.
    """
    high, low = split_product(first, n)
    other, _ = split_product(second, n)
    return select(low < remainder_of_2_64(n), other, high)


def split_product(word: Lane, n: Lane) -> tuple[Lane, Lane]:
    """The upper and the lower word of the product of a word and a number below 2^32."""
    upper, lower = (word >> 32) * n, (word & HALF_WORD) * n
    return (upper + (lower >> 32)) >> 32, (upper << 32) + lower


def remainder_of_2_64(n: Lane) -> Lane:
    """2^64 mod n, for a whole number n from 1 to 2^32 - 1."""
    size = to_float(n)
    start = (n ^ n) + 2**32
    once = less(start, to_float(start), n, size)
    # Both factors are below n, so that the quotient is below 2^32 too.
    value = to_float(once)
    return less(once * once, value * value, n, size)


def less(number: Lane, near: Lane, n: Lane, size: Lane) -> Lane:
    """The number mod n, where *near* and *size* are both of them as floats."""
    quotient = bits(near / size + 2.0**52) & (2**52 - 1)
    rest = number - quotient * n
    rest = select(rest >= 2**63, rest + n, rest)
    return select(rest >= n, rest - n, rest)


lane_draw_uniform = lane_of_words(draw_uniform, float)
lane_draw_normal = lane_of_words(draw_normal, float)
lane_draw_index = lane_of_words(draw_index, int)


@compiled
def fill_uniform(seed, run, step, coordinate, out):
    """Uniform draws for each place of the arrays."""
    for i in range(out.size):
        out[i] = lane_draw_uniform(seed, run[i], step[i], coordinate[i])


@compiled
def fill_normal(seed, run, step, coordinate, out):
    """Normal draws for each place of the arrays."""
    for i in range(out.size):
        out[i] = lane_draw_normal(seed, run[i], step[i], coordinate[i])


@compiled
def fill_index(seed, run, step, n, out):
    """Draws of indices for each place of the arrays."""
    for i in range(out.size):
        out[i] = lane_draw_index(seed, run[i], step[i], n[i])
