"""Limits: constants, or plus and minus infinity as `math.inf` and `-math.inf`."""

from __future__ import annotations

import math
from typing import Literal

from gradiometer.formula import (
    Interval,
    Node,
    compare_nodes,
    find_signs,
    free_names,
    value_at,
)
from gradiometer.proof.far import Extended, limit_far

def is_finite(value: Extended) -> bool:
    """Whether the limit is a number."""
    return not isinstance(value, float)


def compare_extended(left: Extended, right: Extended) -> int:
    """-1, 0 or 1 as *left* is less than, equal to or greater than *right*.

    Raises:
        UndecidedError: If two constants cannot be told apart.
    """
    if isinstance(left, float) and isinstance(right, float):
        return (left > right) - (left < right)
    if isinstance(left, float):
        return 1 if left > 0 else -1
    if isinstance(right, float):
        return -1 if right > 0 else 1
    return compare_nodes(left, right)


def limit_inside(
    formula: Node, variable: str, on: Interval, side: Literal["lower", "upper"]
) -> Extended:
    """The limit of a smooth formula at one end of the interval on which it is defined.

    Raises:
        UndecidedError: If the limit does not exist or cannot be found.
    """
    at = on.lower if side == "lower" else on.upper
    if variable not in free_names(formula):
        return formula
    if at is not None:
        value = value_at(formula, variable, at)
        if value is not None:
            return value
        signs = find_signs(formula, variable, on)
        return math.inf * signs[0 if side == "lower" else -1][1]
    return limit_far(formula, variable, to_right=side == "upper")
