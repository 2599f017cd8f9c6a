"""Exact numbers: a rational while possible, a ball (certain enclosure) from the first root on.

`Exact` is `fmpq` or `arb`. Everything here is rigorous; floats appear only on request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from fractions import Fraction
from math import isfinite
from threading import RLock
from typing import TypeAlias

from flint import arb, ctx, fmpq, fmpz

from gradiometer.errors import UndecidedError

Exact: TypeAlias = fmpq | arb

_DIGITS = 20
"""Significant digits of a decimal text of a number that is not exact in fewer."""

_WIDE = Context(prec=10**6, Emax=MAX_EMAX, Emin=MIN_EMIN)
"""Decimals of any size; the ordinary context turns 1e-1000100 into 0."""

_ALONE = RLock()
"""The working precision belongs to the whole process: one thread at a time may set it."""

_START_BITS = 128
_MOST_BITS = 8192


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Ball arithmetic with *bits* of working precision inside the block.

    Another thread that wants a precision waits until the block ends, so a block waits for no
    thread that may want one.
    """
    with _ALONE:
        before = ctx.prec
        ctx.prec = bits
        try:
            yield
        finally:
            ctx.prec = before


def to_ball(value: Exact | int) -> arb:
    """The value as a ball at the current precision."""
    return value if isinstance(value, arb) else arb(value)


def compare(left: Exact, right: Exact) -> int:
    """-1, 0 or 1 as *left* is less than, equal to or greater than *right*.

    Raises:
        UndecidedError: If the two balls overlap, so that the order is not certain.
    """
    if isinstance(left, fmpq) and isinstance(right, fmpq):
        return (left > right) - (left < right)
    difference = left - right
    if not isinstance(difference, fmpq | arb):
        # A number with a free parameter knows itself whether its sign is certain.
        return difference.sign()
    if difference > 0:
        return 1
    if difference < 0:
        return -1
    if difference == 0:
        return 0
    raise UndecidedError(f"the order of {to_decimal(left)} and {to_decimal(right)} is not certain")


def refine(compute: Callable[[], int], *, bits: int = _START_BITS, most: int = _MOST_BITS) -> int:
    """The result of *compute*, repeated with twice the precision until it is decided.

    Raises:
        UndecidedError: If it stays undecided at *most* bits.
    """
    while True:
        try:
            with precision(bits):
                return compute()
        except UndecidedError:
            bits *= 2
            if bits > most:
                raise


def to_float(value: Exact) -> float:
    """The nearest float64; infinite when the value is beyond the largest one."""
    if isinstance(value, arb):
        return float(value)
    try:
        return int(value.p) / int(value.q)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def from_float(value: float) -> fmpq:
    """The exact rational value of a finite float64."""
    top, bottom = value.as_integer_ratio()
    return fmpq(top, bottom)


def from_decimal(text: str) -> fmpq:
    """The exact rational of a decimal or quotient text such as `0.1`, `1e-3` or `1/1000`."""
    value = Fraction(text.replace(" ", ""))
    return fmpq(value.numerator, value.denominator)


def to_rational_text(value: fmpq) -> str:
    """`p/q`, or the integer."""
    return str(value)


def to_decimal(value: Exact | float, *, digits: int = _DIGITS) -> str:
    """At least 17 significant digits as a decimal text, shorter when that is exact.

    `inf`, `-inf` and `nan` are written in words. A ball gives its certain digits, at most *digits*,
    and 0 when it contains zero.

    Example:
        >>> to_decimal(fmpq(17, 5))
        '3.4'
    """
    if isinstance(value, float):
        return _plain(Decimal(repr(value))) if isfinite(value) else repr(value)
    if isinstance(value, arb):
        if not value.is_finite():
            return "inf" if value > 0 else "-inf" if value < 0 else "nan"
        if value.contains(0):
            return "0"
        shown = max(1, min(digits, int(value.rel_accuracy_bits() * 0.30103)))
        middle, _, exponent = value.mid_rad_10exp(shown)
        return _round(int(middle), int(exponent), shown)
    if not isinstance(value, fmpq):
        value = fmpq(value)
    context = Context(prec=max(digits, 17), Emax=MAX_EMAX, Emin=MIN_EMIN)
    return _plain(context.divide(Decimal(int(value.p)), Decimal(int(value.q))))


def _plain(value: Decimal) -> str:
    """The decimal without a trailing zero, scientific only for very large or small ones."""
    sign, digits, exponent = value.as_tuple()
    return _spell("-" if sign else "", "".join(map(str, digits)), int(exponent))


def _round(middle: int, exponent: int, digits: int) -> str:
    """`middle * 10^exponent` rounded to that many significant digits."""
    extra = len(str(abs(middle))) - digits
    if extra > 0:
        whole, rest = divmod(abs(middle), 10**extra)
        whole += 2 * rest >= 10**extra
        middle, exponent = (-whole if middle < 0 else whole), exponent + extra
    return _spell("-" if middle < 0 else "", str(abs(middle)), exponent)


def _place(middle: fmpz, exponent: fmpz) -> str:
    """`middle * 10^exponent` as text, for any exponent."""
    digits = str(middle)
    sign = "-" if digits.startswith("-") else ""
    return _spell(sign, digits.lstrip("-"), int(exponent))


def _spell(sign: str, digits: str, exponent: int) -> str:
    text = digits.lstrip("0").rstrip("0")
    if not text:
        return "0"
    exponent += len(digits) - len(digits.rstrip("0"))
    point = len(text) + exponent
    if -6 < point <= 21:
        if point <= 0:
            return f"{sign}0.{'0' * -point}{text}"
        if point >= len(text):
            return sign + text + "0" * (point - len(text))
        return f"{sign}{text[:point]}.{text[point:]}"
    mantissa = text[0] + ("." + text[1:] if len(text) > 1 else "")
    return f"{sign}{mantissa}e{point - 1:+03d}"


def to_ball_text(value: arb, *, digits: int = 30) -> tuple[str, str]:
    """Midpoint and radius as decimal texts whose ball contains *value*."""
    middle, radius, exponent = value.mid_rad_10exp(digits)
    return _place(middle, exponent), _place(radius, exponent)


def from_ball_text(middle: str, radius: str) -> arb:
    """The ball written by `to_ball_text`, widened by the rounding of the current precision."""
    return arb(from_decimal(middle)) + arb(0, arb(from_decimal(radius)).abs_upper())


def size_in_bits(value: Exact) -> int:
    """Bits of numerator and denominator together; 0 for a ball, whose size is its precision."""
    if isinstance(value, arb):
        return 0
    return value.p.bit_length() + value.q.bit_length()


def ball_power(base: arb, exponent: int) -> arb:
    """A whole power of a ball."""
    if exponent > 0 and not base.is_exact() and base.contains(0):
        # Across 0 an even power is not negative; and flint has none for a ball centred at 0.
        most = (base.abs_upper() ** fmpz(exponent)).abs_upper()
        return arb(0).union(most) if exponent % 2 == 0 else arb(0, most)
    return base ** fmpz(exponent)


def exact_sqrt(value: Exact) -> Exact:
    """The root, rational when numerator and denominator are squares, else a ball.

    Raises:
        UndecidedError: If the sign of a ball is not certain.
        ValueError: If the value is negative.
    """
    if isinstance(value, arb):
        if not value >= 0:
            if value < 0:
                raise ValueError("square root of a negative number")
            raise UndecidedError("the sign under a root is not certain")
        return value.sqrt()
    if value < 0:
        raise ValueError("square root of a negative number")
    top, bottom = value.p, value.q
    root_top, root_bottom = top.isqrt(), bottom.isqrt()
    if root_top * root_top == top and root_bottom * root_bottom == bottom:
        return fmpq(root_top, root_bottom)
    return arb(value).sqrt()
