"""What a grid of runs varies: names with their values, from texts such as `momentum=0,9/10`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from flint import fmpq

from gradiometer.errors import GradiometerError, LimitError, Place, UsageError
from gradiometer.formula import from_decimal, parse_number, to_float

MOST_VALUES = 1_000
"""Values of one axis."""

_DIGITS = 6
"""Significant digits of the numbers of a logarithmic range, which are seldom rational."""

_HINT = "write such as `learning_rate=1e-3:1:7:log` or `momentum=0,9/10`"


def read_varied(texts: str | Sequence[str]) -> dict[str, tuple[fmpq, ...]]:
    """The values of each name that is varied, in the order in which they are written.

    Args:
        texts: Each a name, and behind `=` a list `a,b,c`, or a range `first:last:count`, evenly
            spaced, or `first:last:count:log`, with even ratios and six digits.

    Raises:
        UsageError: If a text is of another form, or a name or a value comes twice.
        FormulaError: If a number cannot be read.
        LimitError: If there are too many values.

    Example:
        >>> read_varied("learning_rate=1/100:1:3:log")
        {'learning_rate': (1/100, 1/10, 1)}
    """
    found: dict[str, tuple[fmpq, ...]] = {}
    for text in [texts] if isinstance(texts, str) else texts:
        name, mark, written = (part.strip() for part in text.partition("="))
        place = Place("--vary")
        if not mark or not name or not written:
            raise UsageError(f"`{text}` says no values of a name.", place=place, hint=_HINT)
        if name in found:
            raise UsageError(f"`{name}` is varied twice.", place=place, hint="join its values")
        try:
            values = _read_range(written) if ":" in written else _read_list(written)
        except GradiometerError as error:
            raise error.located(Place(f"--vary {name}")) from None
        if len(set(values)) < len(values):
            raise UsageError(f"A value of `{name}` comes twice.", place=place,
                             hint="leave one of them out")  # fmt: skip
        found[name] = values
    return found


def _read_list(written: str) -> tuple[fmpq, ...]:
    return tuple(_read_one(part) for part in written.split(","))


def _read_one(written: str) -> fmpq:
    word = written.strip()
    return fmpq(word == "true") if word in ("true", "false") else parse_number(word)


def _read_range(written: str) -> tuple[fmpq, ...]:
    parts = [part.strip() for part in written.split(":")]
    is_log = parts[-1] == "log"
    numbers = [parse_number(part) for part in (parts[:-1] if is_log else parts)]
    if len(numbers) != 3 or numbers[2].q != 1 or numbers[2] < 2 or numbers[0] >= numbers[1]:
        raise UsageError(f"`{written}` is no range.", hint="write first:last:count, or "
                         "first:last:count:log, with a count of 2 or more")  # fmt: skip
    first, last, count = numbers[0], numbers[1], int(numbers[2].p)
    if count > MOST_VALUES:
        raise LimitError(f"An axis has at most {MOST_VALUES:,} values, not {count:,}.")
    if not is_log:
        return tuple(first + (last - first) * n / (count - 1) for n in range(count))
    if first <= 0:
        raise UsageError(f"`{written}` begins at 0 or below, where there are no ratios.",
                         hint="begin above 0")  # fmt: skip
    low, high = math.log(to_float(first)), math.log(to_float(last))
    inner = [math.exp(low + (high - low) * n / (count - 1)) for n in range(1, count - 1)]
    return (first, *(from_decimal(f"{value:.{_DIGITS - 1}e}") for value in inner), last)


def list_texts(given: Any) -> list[str]:
    """One text or several as a list; a text that comes twice is kept once."""
    rows = [given] if isinstance(given, str) else list(given or ())
    return list(dict.fromkeys(row.strip() for row in rows))
