"""Gradients that tell optimizers apart: deterministic, and hard on rounding, signs and memory.

A tape says the gradient of each step, whatever the position, so that two optimizers are compared
without a landscape: what differs is the rule. Every number comes from exact or IEEE arithmetic
alone, and no library draws anything, so a tape is the same everywhere.
"""

import math
from functools import cache
from itertools import accumulate, repeat
from operator import mul

import numpy as np

STEPS = 1000
SHAPES = ((3,), (2, 3))
# Where recorded runs are kept; a live comparison looks at every step.
RECORDED = {(3,): (1, 2, 10, 100, 1000), (2, 3): (3, 1000)}

# Signs and sizes differ by coordinate, all exact in binary. The third starts at zero, where an
# error in a small step cannot hide behind a large position.
_WEIGHTS = (1.0, -0.5, 2.0, 0.25, -3.0, 0.75)
_START = (1.0, -0.5, 0.0, 0.75, -2.0, 0.125)


def start_of(shape):
    """The position before the first step."""
    return np.array(_START[: math.prod(shape)]).reshape(shape)


def draw(seed, step, coordinate):
    """A number in [-1, 1) that looks random: splitmix64 of where it is asked."""
    mask = (1 << 64) - 1
    z = seed * 0x9E3779B97F4A7C15 + step * 0xD1B54A32D192ED03 + coordinate * 0x8CB92BA72F3D8DD7
    z = (z + 0x9E3779B97F4A7C15) & mask
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
    z ^= z >> 31
    return (z >> 11) * 2.0**-52 - 1.0


def _powers(first, ratio):
    """The first number and its multiples by a ratio, each from the one before."""
    return list(accumulate(repeat(ratio, STEPS - 1), mul, initial=first))


def _sign(value):
    return 1.0 if value >= 0 else -1.0


# The sequence that attains Adam's largest step: older gradients shrink by beta1/beta2.
_GROWING = _powers(1e-30, 1.11)
_SHRINKING = _powers(1e3, 0.97)
# Each tape: the gradient of step k (from 1) at coordinate i, before the weight of the coordinate.
_FORMS = {
    "constant": lambda k, i: 1.0,
    "flip": lambda k, i: 1.0 if k <= 500 else -3.0,
    "spike": lambda k, i: 1e6 if k == 300 else 0.01,
    "zeros then spike": lambda k, i: 1.0 if k == 500 else 0.0,
    "growing": lambda k, i: _GROWING[k - 1],
    "shrinking": lambda k, i: _SHRINKING[k - 1],
    "denormal": lambda k, i: (k % 7 - 3) * 5e-324,
    "squares denormal": lambda k, i: (k % 5 - 1) * 1e-160,
    "tiny": lambda k, i: 1e-12 * draw(1, k, i),
    "huge": lambda k, i: 1e100 * draw(2, k, i),
    "alternating": lambda k, i: 1.0 if k % 2 else -1.0,
    # Both of Reddi, Kale and Kumar (2018), on which Adam goes the wrong way.
    "three-periodic": lambda k, i: 3.0 if k % 3 == 1 else -1.0,
    "101-periodic": lambda k, i: 1010.0 if k % 101 == 1 else -10.0,
    "noise": lambda k, i: draw(3, k, i),
    "noise on a slope": lambda k, i: 0.125 + draw(4, k, i),
    "signs": lambda k, i: _sign(draw(5, k, i)),
    "one over t": lambda k, i: 1.0 / k,
    "slow drift": lambda k, i: (k - 400) / 512,
    "steps": lambda k, i: 10.0 if 300 < k <= 600 else 0.125,
    "triangle wave": lambda k, i: abs((k + 7 * i) % 64 - 32) / 16 - 1,
    "zeros": lambda k, i: 0.0,
    "mixed sizes": lambda k, i: (1e-12, 1.0, 1e12)[i % 3] * draw(6, k, i),
    "rare": lambda k, i: draw(7, k, i) if draw(8, k, i) > 0.9 else 0.0,
    "one coordinate": lambda k, i: draw(9, k, i) if i == 0 else 0.0,
    "bursts": lambda k, i: (1e3 if k // 50 % 2 else 1e-8) * draw(10, k, i),
}
TAPES = tuple(_FORMS)

# What is no gradient: only for what leaves such steps out, since it ends every other run.
_BROKEN = {
    "infinite now and then": lambda k, i: math.inf if k % 7 == 3 else draw(12, k, i),
    "no number in a coordinate": lambda k, i: math.nan if k % 5 == 0 and i == 1 else draw(13, k, i),
    "infinite for long": lambda k, i: -math.inf if 200 < k <= 203 else draw(14, k, i),
}
BROKEN = tuple(_BROKEN)


@cache
def tape_of(name, shape):
    """The gradients of a tape, of shape (steps, *shape); not to be written to."""
    form, count = (_FORMS | _BROKEN)[name], math.prod(shape)
    rows = [[form(k, i) * _WEIGHTS[i] for i in range(count)] for k in range(1, STEPS + 1)]
    tape = np.array(rows).reshape(STEPS, *shape)
    tape.flags.writeable = False
    return tape


def tapes_of(names, shape):
    """Several tapes at once, of shape (tapes, steps, *shape)."""
    return np.stack([tape_of(name, shape) for name in names])


def loss_of(k):
    """The loss at step k, for the rules that read it."""
    return 1.0 + 1.0 / k


def noise_of(shape):
    """What stands for the draws of each step, of shape (steps, *shape)."""
    count = math.prod(shape)
    rows = [[2 * draw(11, k, i) for i in range(count)] for k in range(1, STEPS + 1)]
    return np.array(rows).reshape(STEPS, *shape)
