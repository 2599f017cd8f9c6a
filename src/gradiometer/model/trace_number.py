"""A plain number that a traced function computes with, as a rational."""

from __future__ import annotations

from decimal import Decimal
from numbers import Rational
from typing import Any

from flint import fmpq

from gradiometer.errors import UsageError
from gradiometer.formula import from_decimal


def read_number(value: Any) -> fmpq:
    """The number, exactly; a float is the decimal that writes it.

    Raises:
        UsageError: If it is no finite number, or float64 would round it.

    Example:
        >>> read_number(0.1)
        1/10
    """
    if isinstance(value, Rational):
        return fmpq(int(value.numerator), int(value.denominator))
    if not isinstance(value, float | Decimal | fmpq):
        try:
            # What float64 would round is no plain number: a text, a long double, a symbol.
            near = float(value)
            is_exact = bool(near == value)
        except (TypeError, ValueError, OverflowError):
            near, is_exact = 0.0, False
        if not is_exact:
            raise UsageError(
                f"`{value!r}` is no number that can be traced.",
                hint="compute with plain numbers and the inputs only",
            )
        value = near
    if isinstance(value, float | Decimal):
        if not Decimal(str(value)).is_finite():
            raise UsageError(f"`{value}` is no finite number.")
        return from_decimal(str(value))
    return value
