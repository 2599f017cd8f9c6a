"""The values of facts, and the one way they become JSON and text.

A value is a Python object that keeps what is known: `fmpq` or `int` (exact), a constant tree such
as `ln(2)` (exact), `arb` (enclosure), `float` (float64), `Infinity` (a limit), `Interval`,
`Bounds`, `bool`, `str` (a word), None (undecided), and lists and dicts of these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias, final

from flint import arb, fmpq

from gradiometer.errors import GradiometerError, InternalError, UndecidedError
from gradiometer.formula import (
    Apply,
    Constant,
    Interval,
    Name,
    Node,
    Number,
    evaluate,
    free_names,
    from_decimal,
    precision,
    size_in_bits,
    to_ball,
    to_ball_text,
    to_decimal,
    to_rational_text,
    to_text,
)

Value: TypeAlias = Any
"""One of the kinds in the module's docstring."""

_BITS = 192
"""Working precision for the decimal of an exact constant: far more than the 20 digits shown."""


_MOST_EXACT_BITS = 2000
"""A longer quotient is written as an enclosure: nobody reads 600 digits."""


@final
@dataclass(frozen=True)
class Infinity:
    """Plus or minus infinity, as a limit or a supremum."""

    sign: int = 1


@final
@dataclass(frozen=True, eq=False)
class Bounds:
    """An interval with an end that is known as an enclosure only."""

    lower: Value
    upper: Value
    lower_closed: bool
    upper_closed: bool


INFINITY = Infinity(1)
MINUS_INFINITY = Infinity(-1)


def to_json_value(value: Value) -> Any:
    """The value as plain JSON: numbers as `{"exact", "decimal", "ball"}`, see the design's schema.

    Raises:
        InternalError: If the value is of no known kind.
    """
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int | float | fmpq | arb | Infinity):
        return _to_number(value)
    if isinstance(value, Number | Constant | Name | Apply):
        return to_text(value) if free_names(value) else _to_number(value)
    if isinstance(value, Interval | Bounds):
        return _to_interval(value)
    if isinstance(value, Mapping):
        return {str(key): to_json_value(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [to_json_value(item) for item in value]
    raise InternalError(f"{type(value).__name__} is no kind of value")


def _to_number(value: int | float | fmpq | arb | Infinity | Node) -> dict[str, Any]:
    if isinstance(value, Infinity):
        text = "inf" if value.sign > 0 else "-inf"
        return {"exact": None, "decimal": text, "ball": None}
    if isinstance(value, float):
        return {"exact": None, "decimal": to_decimal(value), "ball": None}
    if isinstance(value, arb):
        return {"exact": None, "decimal": to_decimal(value), "ball": list(to_ball_text(value))}
    if isinstance(value, int):
        value = fmpq(value)
    if isinstance(value, fmpq) and size_in_bits(value) > _MOST_EXACT_BITS:
        with precision(_BITS):
            value = to_ball(value)
        return {"exact": None, "decimal": to_decimal(value), "ball": list(to_ball_text(value))}
    if isinstance(value, fmpq):
        return {"exact": to_rational_text(value), "decimal": to_decimal(value), "ball": None}
    with precision(_BITS):
        size = evaluate(value, {})
        ball = None if isinstance(size, fmpq) else list(to_ball_text(to_ball(size)))
        exact = to_rational_text(size) if isinstance(size, fmpq) else to_text(value)
        return {"exact": exact, "decimal": to_decimal(size), "ball": ball}


def _to_interval(value: Interval | Bounds) -> dict[str, Any]:
    return {
        "lower": to_json_value(MINUS_INFINITY if value.lower is None else value.lower),
        "upper": to_json_value(INFINITY if value.upper is None else value.upper),
        "lower_closed": value.lower_closed,
        "upper_closed": value.upper_closed,
        "text": to_interval_text(value),
    }


def to_interval_text(value: Interval | Bounds) -> str:
    """The interval as `(-oo, 1]`, or `{1}` for a single point."""
    if isinstance(value, Bounds):
        ends = f"{to_value_text(value.lower)}, {to_value_text(value.upper)}"
        return f"{'[' if value.lower_closed else '('}{ends}{']' if value.upper_closed else ')'}"
    if value.is_point and value.lower is not None:
        return f"{{{to_text(value.lower)}}}"
    left = "-oo" if value.lower is None else to_text(value.lower)
    right = "oo" if value.upper is None else to_text(value.upper)
    opening = "[" if value.lower_closed else "("
    return f"{opening}{left}, {right}{']' if value.upper_closed else ')'}"


def to_value_text(value: Value, *, digits: int = 10) -> str:
    """The value for a person to read on one line.

    Example:
        >>> to_value_text([fmpq(9, 10), fmpq(6, 5)])
        '[9/10, 6/5]'
    """
    if value is None:
        return "undecided"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if isinstance(value, Interval | Bounds):
        return to_interval_text(value)
    if isinstance(value, Mapping):
        parts = (f"{key}: {to_value_text(item, digits=digits)}" for key, item in value.items())
        return "{" + ", ".join(parts) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(to_value_text(item, digits=digits) for item in value) + "]"
    return _to_number_text(value, digits)


def _to_number_text(value: Value, digits: int) -> str:
    if isinstance(value, Infinity):
        return "oo" if value.sign > 0 else "-oo"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    if isinstance(value, float):
        return to_decimal(value)
    if isinstance(value, fmpq):
        text = to_rational_text(value)
        return text if len(text) <= 2 * digits else _rounded(value, digits)
    if isinstance(value, arb):
        return _rounded(value, digits)
    text = to_text(value)
    if isinstance(value, Number) or free_names(value):
        return text
    try:
        with precision(_BITS):
            return f"{text} {_rounded(evaluate(value, {}), digits)}"
    except (UndecidedError, GradiometerError):
        return text


_LONGEST_POWER = 12
"""Characters of an exponent that a decimal of the standard library may have."""


def _rounded(value: fmpq | arb, digits: int) -> str:
    """The decimal when it is short and exact, else `≈` and *digits* significant digits."""
    text = to_decimal(value)
    if text in ("nan", "inf", "-inf"):
        return text
    if isinstance(value, fmpq) and len(text) <= 2 * digits and from_decimal(text) == value:
        return text
    head, _, power = text.partition("e")
    is_far = len(power) > _LONGEST_POWER
    mantissa, mark, exponent = f"{Decimal(head if is_far else text):.{digits}g}".partition("e")
    if is_far:
        mark, exponent = "e", power
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"≈ {mantissa}{mark}{exponent}"
