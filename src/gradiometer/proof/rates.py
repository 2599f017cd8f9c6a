"""What the schedules of a run give: exactly, rounded, and from some step on for ever."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from gradiometer.formula import Exact, Range
from gradiometer.model import BoundSchedule, rate_range

Schedules: TypeAlias = Mapping[str, BoundSchedule]
"""What changes from step to step, by the parameter of the rule that it gives."""


def give_rates(schedules: Schedules, step: int) -> dict[str, Exact]:
    """What they give when *step* steps are done."""
    return {name: row.rate_at(step) for name, row in schedules.items()}


def give_float_rates(schedules: Schedules, step: int) -> dict[str, float]:
    """The same, each rounded to the nearest float64."""
    return {name: row.float_at(step) for name, row in schedules.items()}


def bound_rates(schedules: Schedules, done: int) -> dict[str, Range]:
    """Where each of them lies in all steps from *done* steps on.

    Raises:
        UndecidedError: If a formula cannot be evaluated over a range.
    """
    return {
        name: rate_range(row.rate, row.values, from_step=done) for name, row in schedules.items()
    }
