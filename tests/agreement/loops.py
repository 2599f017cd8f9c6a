"""Update rules and landscapes once more, with nothing but `fractions.Fraction` and loops.

The rules are written as PyTorch documents them; nothing of the package is used.
"""

from fractions import Fraction
from math import isqrt


def sgd_steps(
    slope, start, *, lr, momentum=0, dampening=0, nesterov=False, weight_decay=0, steps=100
):
    """The positions of `torch.optim.SGD`, from the start on."""
    x, buffer = Fraction(start), None
    positions = [x]
    for done in range(steps):
        gradient = slope(x) + Fraction(weight_decay) * x
        if momentum:
            buffer = (
                gradient
                if buffer is None
                else Fraction(momentum) * buffer + (1 - Fraction(dampening)) * gradient
            )
            gradient = gradient + Fraction(momentum) * buffer if nesterov else buffer
        x -= Fraction(lr(done) if callable(lr) else lr) * gradient
        positions.append(x)
    return positions


def adam_steps(slope, start, *, lr, beta1, beta2, eps=0, steps=100):
    """The positions of `torch.optim.Adam` where every root on the way is rational."""
    x, m, v = Fraction(start), Fraction(0), Fraction(0)
    beta1, beta2 = Fraction(beta1), Fraction(beta2)
    positions = [x]
    for t in range(1, steps + 1):
        g = slope(x)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        root = rational_root(v / (1 - beta2**t))
        x -= Fraction(lr) * (m / (1 - beta1**t)) / (root + Fraction(eps))
        positions.append(x)
    return positions


def rational_root(value):
    top, bottom = isqrt(value.numerator), isqrt(value.denominator)
    assert (top * top, bottom * bottom) == (value.numerator, value.denominator)
    return Fraction(top, bottom)


def straight(joints, slopes, *, side="left"):
    """The slope of straight pieces; exactly at a joint the piece on that side counts."""

    def slope(x):
        index = sum(x > end if side == "left" else x >= end for end in joints)
        return Fraction(slopes[index])

    return slope


def barrier_slope(h, *, beta=1, side="left"):
    """The slope of the landscape `barrier`: its pieces contain their right ends."""
    h = Fraction(h)
    return straight([1, 1 + h, 1 + 2 * h], [-1, 1, -1, -Fraction(beta)], side=side)


def is_beyond(x, top, *, side="left"):
    """Whether a position counts to the piece right of the top."""
    return x > top if side == "left" else x >= top
