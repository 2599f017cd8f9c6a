"""How certificates write numbers: exactly while short, else rounded to a fixed number of digits."""

from __future__ import annotations

from flint import arb, fmpq

from gradiometer.formula import (
    Exact,
    from_decimal,
    size_in_bits,
    to_ball,
    to_ball_text,
    to_decimal,
    to_rational_text,
)

MOST_BITS = 2000
DIGITS = 20


def spell(value: Exact) -> str:
    """`p/q` for a short rational, else `~` and its certain digits, at most 20.

    A ball that contains zero has no certain digit: `~0±1e-30` says how large it can be.
    """
    if isinstance(value, fmpq) and size_in_bits(value) <= MOST_BITS:
        return to_rational_text(value)
    ball = to_ball(value)
    if ball.contains(0):
        middle, radius, exponent = arb(ball.abs_upper()).mid_rad_10exp(1)
        size = len(str(int(middle) + int(radius))) + int(exponent)
        return f"~0±1e{size}"
    return "~" + to_decimal(ball, digits=DIGITS)


def spell_lower(value: Exact) -> str:
    """A rational text that is certainly not above the value."""
    return _outward(value, -1)


def spell_upper(value: Exact) -> str:
    """A rational text that is certainly not below the value."""
    return _outward(value, 1)


def _outward(value: Exact, sign: int) -> str:
    if isinstance(value, fmpq) and size_in_bits(value) <= MOST_BITS:
        return to_rational_text(value)
    middle, radius = to_ball_text(to_ball(value))
    return to_rational_text(from_decimal(middle) + sign * from_decimal(radius))
