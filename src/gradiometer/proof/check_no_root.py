"""That a polynomial has no root, or exactly one, on an open interval: the rule of Descartes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import comb

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import Exact, compare

_ZERO = fmpq(0)
_DEEPEST = 60
"""Halvings of an interval before the question is given up."""


def has_no_root(
    coefficients: Sequence[Exact], lower: fmpq, upper: fmpq | None, *, depth: int = 0
) -> bool:
    """Whether the polynomial certainly has no root in the open interval.

    Args:
        coefficients: Those of the powers 0, 1, …; rationals or balls.
        lower: The left end.
        upper: The right end; None for infinity.
        depth: How often the interval has been halved already.

    Example:
        >>> has_no_root([fmpq(-2), fmpq(0), fmpq(1)], fmpq(3, 2), None)
        True
    """
    changes = count_changes(coefficients, lower, upper)
    if changes == 0:
        return True
    if depth == _DEEPEST:
        return False
    middle = 2 * abs(lower) + 1 if upper is None else (lower + upper) / 2
    try:
        if compare(value_at(coefficients, middle), _ZERO) == 0:
            return False
    except UndecidedError:
        return False
    if changes == 1:
        # Exactly one root, wherever it is.
        return False
    return has_no_root(coefficients, lower, middle, depth=depth + 1) and has_no_root(
        coefficients, middle, upper, depth=depth + 1
    )


def count_changes(coefficients: Sequence[Exact], lower: fmpq, upper: fmpq | None) -> int | None:
    """Changes of sign that bound the roots in the open interval; None when a sign is uncertain.

    None of them means no root, one means exactly one simple root.
    """
    moved = _moved(coefficients, lower, upper)
    signs: list[int] = []
    for value in moved:
        try:
            sign = compare(value, _ZERO)
        except UndecidedError:
            return None
        if sign:
            signs.append(sign)
    if not signs:
        return None
    return sum(left != right for left, right in pairwise(signs))


def _moved(coefficients: Sequence[Exact], lower: fmpq, upper: fmpq | None) -> list[Exact]:
    """The polynomial of u > 0 at `lower + u`, or at `(lower + upper*u)/(1 + u)`."""
    degree = len(coefficients) - 1
    if upper is None:
        return _shifted(coefficients, lower)
    # First to w in (0, 1), then w = u/(1 + u): reverse, shift by 1, reverse.
    scaled = _shifted(coefficients, lower)
    width = upper - lower
    scaled = [value * width**power for power, value in enumerate(scaled)]
    moved: list[Exact] = [_ZERO] * (degree + 1)
    for power, value in enumerate(scaled):
        for more in range(degree - power + 1):
            moved[power + more] = moved[power + more] + value * comb(degree - power, more)
    return moved


def _shifted(coefficients: Sequence[Exact], by: fmpq) -> list[Exact]:
    """The coefficients of the polynomial of `by + u` in powers of u."""
    degree = len(coefficients) - 1
    shifted: list[Exact] = [_ZERO] * (degree + 1)
    for power, value in enumerate(coefficients):
        for less in range(power + 1):
            shifted[less] = shifted[less] + value * (comb(power, less) * by ** (power - less))
    return shifted


def value_at(coefficients: Sequence[Exact], place: Exact) -> Exact:
    """The value of the polynomial at a number."""
    total: Exact = _ZERO
    for coefficient in reversed(coefficients):
        total = total * place + coefficient
    return total
