"""Decimals as people write them: rounded, so that `3.14` means between 3.135 and 3.145."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import Apply, Exact, Node, Number, compare, from_decimal, refine

_DECIMAL = re.compile(r"\s*[+-]?\d*\.(?P<places>\d*)(?:[eE](?P<exponent>[+-]?\d+))?\s*")

_MOST_PLACES = 5000


@final
@dataclass(frozen=True)
class Rounded:
    """A decimal and half a unit of the last digit that was written."""

    value: fmpq
    half_unit: fmpq

    def contains(self, compute: Callable[[], Exact]) -> bool:
        """Whether the number rounds to this decimal; a number just between two fits both.

        Args:
            compute: Gives the number at the current precision; called with more and more bits.

        Raises:
            UndecidedError: If the number is too near to the edge to tell.
        """

        def order() -> int:
            gap = compute() - self.value
            return max(compare(gap, self.half_unit), compare(-gap, self.half_unit))

        return refine(order) <= 0


def read_rounded(text: str) -> Rounded | None:
    """The decimal with its half unit; None for a text without a decimal point.

    Example:
        >>> read_rounded("2.50e-3")
        Rounded(value=1/400, half_unit=1/200000)
        >>> read_rounded("5/2") is None
        True
    """
    match = _DECIMAL.fullmatch(text)
    if match is None or not any(c.isdigit() for c in text.partition("e")[0]):
        return None
    places = len(match["places"]) - int(match["exponent"] or 0)
    if abs(places) > _MOST_PLACES:
        return None
    unit = fmpq(1, 10**places) if places >= 0 else fmpq(10**-places)
    return Rounded(from_decimal(text), unit / 2)


def find_rounded(tree: Node) -> Rounded | None:
    """What `read_rounded` gives for a tree that is one decimal, with or without a sign."""
    negative = isinstance(tree, Apply) and tree.operator == "neg"
    inner = tree.arguments[0] if isinstance(tree, Apply) and negative else tree
    if not isinstance(inner, Number) or not inner.text:
        return None
    rounded = read_rounded(inner.text)
    if rounded is None:
        return None
    return Rounded(-rounded.value, rounded.half_unit) if negative else rounded


def is_within(rounded: Rounded, compute: Callable[[], Exact]) -> bool | None:
    """Whether the number rounds to the decimal; None where it is not decided."""
    try:
        return rounded.contains(compute)
    except UndecidedError:
        return None
