"""The question `schedule`: what is the learning rate at each step?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flint import fmpq

from gradiometer.errors import LimitError, UsageError
from gradiometer.formula import to_float, to_latex, to_text
from gradiometer.model import BoundSchedule, describe_settings, read_schedule, settle
from gradiometer.question.answer import Answer, Series, Step, proved

MOST_STEPS = 100_000


def schedule(
    schedule: str | Mapping[str, Any],
    *,
    set: Mapping[str, Any] | None = None,
    steps: int = 100,
) -> Answer:
    """The exact learning rate of each step.

    Args:
        schedule: A catalogue name, a formula in `k` (the number of steps done), a TOML file or a
            table.
        set: Values of the schedule's parameters; texts are exact, a list is `30,60,90`.
        steps: How many steps to list, from 1.

    Returns:
        Facts `values` (step, counted from 0 → exact rate), `changes` (the steps with a new rate),
        `first`, `last`, `total` (the sum of all rates: how far unit gradients can carry).

    Raises:
        GradiometerError: If an input cannot be used, or a rate is negative or no rational number.

    Example:
        >>> answer = schedule("step", set={"step_size": "15", "learning_rate": "1/10"}, steps=31)
        >>> answer.facts["values"].value["30"]
        1/1000
    """
    plan = read_schedule(schedule)
    if not isinstance(steps, int) or isinstance(steps, bool) or steps < 1:
        raise UsageError(f"`steps` = {steps} is no number of steps.", hint="write 1, 2, 3, …")
    if steps > MOST_STEPS:
        raise LimitError(f"A table has at most {MOST_STEPS:,} steps, not {steps:,}.")
    values = settle([plan.owner], set)["schedule"]
    bound = plan.bind(values)
    rates = [bound.rate_at(step) for step in range(steps)]
    changes = [s for s in range(1, steps) if rates[s] != rates[s - 1]]
    facts = {
        "values": proved(
            {str(step): rate for step, rate in enumerate(rates)},
            "The formula of the rate, evaluated exactly at each step; steps count from 0.",
        ),
        "changes": proved(
            [{"step": s, "from": rates[s - 1], "to": rates[s]} for s in changes],
            f"The rate changes {len(changes)} times in {steps} steps.",
        ),
        "first": proved(rates[0], "The rate of step 0."),
        "last": proved(rates[-1], f"The rate of step {steps - 1}."),
        "total": proved(sum(rates, fmpq(0)), "The sum of all rates listed."),
    }
    arrays = {
        "step": Series(("step",), list(range(steps)), "step", "steps done"),
        "learning_rate": Series(("step",), [to_float(r) for r in rates], "1", "learning rate"),
    }
    inputs = {"schedule": plan.name, "set": describe_settings(values), "steps": steps}
    return Answer("schedule", inputs, facts, _steps(bound, rates, changes), arrays)


def _steps(bound: BoundSchedule, rates: list[fmpq], changes: list[int]) -> tuple[Step, ...]:
    lines = [
        Step(
            f"rate(k) = {to_text(bound.rate)}",
            "The schedule's formula; k counts the steps done.",
            rf"\alpha_k = {to_latex(bound.rate)}",
        ),
        Step(f"rate(0) = {rates[0]}", "The first step."),
    ]
    lines += [Step(f"rate({s}) = {rates[s]}", "The rate changes here.") for s in changes[:8]]
    return tuple(lines)
