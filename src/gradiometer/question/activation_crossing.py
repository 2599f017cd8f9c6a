"""Where a function of a variance changes its sign, in floating point: a proposal, no proof."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TypeAlias

from gradiometer.errors import GradiometerError, UndecidedError

Row: TypeAlias = tuple[float, float]
"""A variance and the value there."""

GRID = (1e-6, *(4.0**power for power in range(-9, 10)), 1e6)
"""Variances between which a fixed point is looked for; the outer ones are the last replayed."""
_MOST_STEPS = 60


def find_crossing(surplus: Callable[[float], float]) -> tuple[tuple[Row, Row] | None, bool]:
    """Two variances with F of opposite signs, the first where F falls; and whether it falls."""
    rows: list[Row] = []
    for variance in GRID:
        try:
            value = surplus(variance)
        except (UndecidedError, GradiometerError, ArithmeticError):
            break
        if value == 0:
            continue
        rows.append((variance, value))
        if len(rows) > 1 and rows[-2][1] > 0 > value:
            return (rows[-2], rows[-1]), True
    crossings = (pair for pair in pairwise(rows) if pair[0][1] * pair[1][1] < 0)
    return next(crossings, None), False


def narrow_crossing(surplus: Callable[[float], float], low: Row, high: Row) -> float:
    """Where F vanishes, by false position with halved ends, to the precision of floats."""
    (a, value_a), (b, value_b) = low, high
    guess = a
    for _ in range(_MOST_STEPS):
        last, guess = guess, (a * value_b - b * value_a) / (value_b - value_a)
        if abs(guess - last) <= 4e-16 * guess or not a < guess < b:
            break
        value = surplus(guess)
        if value == 0:
            break
        if (value > 0) == (value_a > 0):
            a, value_a, value_b = guess, value, value_b / 2
        else:
            b, value_b, value_a = guess, value, value_a / 2
    return guess
