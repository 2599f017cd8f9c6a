"""Intervals with exact ends: numbers, constants such as `ln(2)`, or formulas in parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from flint import fmpq

from gradiometer.formula.tree import Node, Number


@final
@dataclass(frozen=True)
class Interval:
    """A connected set of real numbers; a single point is a closed interval with equal ends."""

    lower: Node | None
    """Left end; None is minus infinity."""
    upper: Node | None
    """Right end; None is plus infinity."""
    lower_closed: bool = False
    """Whether the left end belongs to the set; False when it is infinite."""
    upper_closed: bool = False
    """Whether the right end belongs to the set; False when it is infinite."""

    @property
    def is_point(self) -> bool:
        """Whether the interval holds one number only."""
        return self.lower is not None and self.lower == self.upper

    def rational_ends(self) -> tuple[fmpq | None, fmpq | None] | None:
        """Both ends as rationals (None for an infinite one), or None when one is no rational."""
        ends: list[fmpq | None] = []
        for end in (self.lower, self.upper):
            if end is None:
                ends.append(None)
            elif isinstance(end, Number):
                ends.append(end.value)
            else:
                return None
        return ends[0], ends[1]


REALS = Interval(None, None)
"""All real numbers."""
