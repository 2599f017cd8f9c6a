"""Means over seeds with Student's t intervals, and what a paired difference says."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, final

from flint import arb

from gradiometer.question.value import Bounds

LEVEL = 0.95
"""The share of such intervals that hold the mean, were the seeds' numbers normal."""

_NORMAL = 1.959963984540054
"""Beyond which, on both sides together, one minus `LEVEL` of the normal law lies."""

_BITS = 128

_ROUNDING = 1e-9
"""Numbers that differ by this share are equal: 29/30 - 28/30 is not 12/30 - 11/30 in floats."""


@final
@dataclass(frozen=True)
class Estimate:
    """The mean of some numbers, and how far it may be off."""

    mean: float
    half: float | None
    """Half the width of the interval; None for a single number."""
    count: int

    @property
    def interval(self) -> Bounds | None:
        """The interval, both ends included."""
        if self.half is None:
            return None
        return to_bounds(self.mean - self.half, self.mean + self.half)

    def to_value(self, *, is_share: bool = False) -> dict[str, Any]:
        """The estimate as the value of a fact; a share lies between 0 and 1, whatever t says."""
        ends = self.interval
        if ends is not None and is_share:
            ends = to_bounds(max(ends.lower, 0.0), min(ends.upper, 1.0))
        return {"mean": to_digits(self.mean), "interval": ends, "n": self.count}


def to_digits(number: float) -> float:
    """The number with six significant digits: others differ from processor to processor.

    Example:
        >>> to_digits(2 / 3)
        0.666667
    """
    return float(f"{number:.6g}")


def to_bounds(lower: float, upper: float) -> Bounds:
    """An interval for a reader, both ends included."""
    return Bounds(to_digits(lower), to_digits(upper), True, True)


def estimate_mean(numbers: Sequence[float]) -> Estimate | None:
    """The mean of the finite numbers with its interval; None where there is none.

    Example:
        >>> found = estimate_mean([1.0, 2.0, 3.0])
        >>> found.mean, round(found.half, 4), found.count
        (2.0, 2.4841, 3)
    """
    kept = [float(number) for number in numbers if math.isfinite(number)]
    if not kept:
        return None
    count = len(kept)
    mean = math.fsum(kept) / count
    if count == 1:
        return Estimate(mean, None, 1)
    return Estimate(mean, find_quantile(count - 1) * _error(kept, mean), count)


def _error(numbers: Sequence[float], mean: float) -> float:
    """The standard error of the mean; 0 where all numbers are equal but for rounding."""
    if max(numbers) - min(numbers) <= _ROUNDING * max(map(abs, numbers)):
        return 0.0
    count = len(numbers)
    return math.sqrt(math.fsum((x - mean) ** 2 for x in numbers) / (count - 1) / count)


@cache
def find_quantile(freedom: int, level: float = LEVEL) -> float:
    """The t below and above which lies one minus *level* of Student's law, half on each side.

    Example:
        >>> round(find_quantile(4), 6)
        2.776445
    """
    low, high = 0.0, 1.0
    while find_tail(high, freedom) > 1 - level:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if find_tail(middle, freedom) > 1 - level else (low, middle)
    return (low + high) / 2


def find_tail(t: float, freedom: int) -> float:
    """The probability that Student's t is farther from 0 than *t*, on both sides together.

    It is the regularised incomplete beta function of freedom/2 and 1/2 at freedom/(freedom + t^2).

    Example:
        >>> round(find_tail(2.0, 5), 6)
        0.101939
    """
    from gradiometer.formula import precision

    if math.isinf(t):
        return 0.0
    with precision(_BITS):
        ratio = arb(freedom) / (arb(freedom) + arb(t) ** 2)
        return float(ratio.beta_lower(arb(freedom) / 2, arb(1) / 2, regularized=True))


def find_probability(differences: Sequence[float]) -> float | None:
    """The probability of a mean as far from 0 if there were no difference; None below two numbers.

    Equal differences have no spread to judge them by; then it is that of as many equal signs.

    Example:
        >>> find_probability([1.0, 1.0, 1.0, 1.0])
        0.125
    """
    count = len(differences)
    if count < 2:
        return None
    mean = math.fsum(differences) / count
    error = _error(differences, mean)
    if error == 0:
        return 1.0 if mean == 0 else min(1.0, 2.0 ** (1 - count))
    return find_tail(abs(mean) / error, count - 1)


def adjust_holm(probabilities: Sequence[float]) -> list[float]:
    """The probabilities made larger, so that a level holds for all statements together.

    Source: Holm (1979); the smallest counts as often as there are statements, the next once less.

    Example:
        >>> adjust_holm([0.25, 0.01, 0.03])
        [0.25, 0.03, 0.06]
    """
    order = sorted(range(len(probabilities)), key=probabilities.__getitem__)
    adjusted, largest = [0.0] * len(probabilities), 0.0
    for place, number in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - place) * probabilities[number]))
        adjusted[number] = largest
    return adjusted


def bound_share(hits: int, count: int, level: float = LEVEL) -> tuple[float, float]:
    """The exact interval of a share of which *hits* of *count* were seen.

    Source: Clopper and Pearson (1934): no share inside makes so few or so many hits rarer than
    half of one minus *level*.

    Example:
        >>> [round(end, 4) for end in bound_share(0, 5)]
        [0.0, 0.5218]
    """
    rest = (1 - level) / 2
    lower = 0.0 if hits == 0 else _solve_share(hits, count - hits + 1, rest)
    upper = 1.0 if hits == count else _solve_share(hits + 1, count - hits, 1 - rest)
    return lower, upper


def bound_share_wilson(hits: int, count: int) -> tuple[float, float]:
    """The approximate interval at `LEVEL` of a share of which *hits* of *count* were seen.

    It is narrower than the exact one, and right on average over shares. Source: Wilson (1927).

    Example:
        >>> [round(end, 4) for end in bound_share_wilson(18, 20)]
        [0.699, 0.9721]
    """
    seen, z = hits / count, _NORMAL
    middle = (seen + z * z / (2 * count)) / (1 + z * z / count)
    spread = math.sqrt(seen * (1 - seen) / count + z * z / (4 * count * count))
    half = z / (1 + z * z / count) * spread
    return max(0.0, middle - half), min(1.0, middle + half)


def _solve_share(first: int, second: int, wanted: float) -> float:
    """Where the beta law of these two numbers has that much below it."""
    from gradiometer.formula import precision

    low, high = 0.0, 1.0
    with precision(_BITS):
        for _ in range(60):
            middle = (low + high) / 2
            below = arb(middle).beta_lower(arb(first), arb(second), regularized=True)
            low, high = (middle, high) if float(below) < wanted else (low, middle)
    return (low + high) / 2
