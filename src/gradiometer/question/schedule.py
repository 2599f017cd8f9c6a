"""The question `schedule`: what is the learning rate at each step?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flint import fmpq

from gradiometer.errors import LimitError, UsageError
from gradiometer.formula import Exact, to_latex, to_text
from gradiometer.model import (
    BoundSchedule,
    Schedule,
    Setting,
    describe_settings,
    read_loss_schedule,
    read_schedule,
)
from gradiometer.question.answer import Answer, Fact, Series, Step, proved
from gradiometer.question.schedule_compare import compare_schedules, split_settings
from gradiometer.question.schedule_facts import describe_rates, list_rates
from gradiometer.question.schedule_losses import answer_losses, read_losses
from gradiometer.question.value import to_value_text

MOST_STEPS = 100_000


def schedule(
    schedule: str | Mapping[str, Any],
    *,
    set: Mapping[str, Any] | None = None,
    steps: int = 100,
    compare: str | Sequence[str] = (),
    losses: str | Sequence[Any] = (),
) -> Answer:
    """The exact learning rate of each step.

    Args:
        schedule: A catalogue name, a formula in `k` (the number of steps done), several of both
            joined such as `warmup for 5, then cosine(T_max=95)`, a TOML file or a table.
        set: Values of the schedule's parameters; texts are exact, a list is `30,60,90`.
        steps: How many steps to list, from 1.
        compare: Libraries (`torch`, `optax`, `keras`, `transformers`, `timm`) whose own form of
            the schedule is set beside it, or other schedules.
        losses: The losses of a run, or the path of a file with them, for a schedule that
            follows them such as `plateau`.

    Returns:
        Facts `values` (step, counted from 0 → rate, a rational or a ball), `changes` (the steps
        with a new rate), `first`, `last`, `peak`, `warmup_end`, `constant_from`, `rises_again`,
        `total` (the sum of all rates: how far unit gradients can carry), `others` (what else it
        gives a rule), `compared`, `settings`, `live`; with losses `values`, `reductions`, `best`,
        `first`, `last`.

    Raises:
        GradiometerError: If an input cannot be used, or a rate is negative or has no value.

    Example:
        >>> answer = schedule("step", set={"step_size": "15", "learning_rate": "1/10"}, steps=31)
        >>> answer.facts["values"].value["30"]
        1/1000
    """
    _check_steps(steps)
    follower = read_loss_schedule(schedule)
    if follower is not None:
        return answer_losses(follower, read_losses(losses), set)
    if losses:
        raise UsageError("This schedule does not follow losses.", hint="leave `losses` out")
    plan = read_schedule(schedule)
    rows = [compare] if isinstance(compare, str) else list(compare)
    values, rest = split_settings(plan, rows, set)
    bound = plan.bind(values)
    rates = list_rates(bound, steps)
    facts = describe_rates(bound, rates)
    arrays = {
        "step": Series(("step",), list(range(steps)), "step", "steps done"),
        "learning_rate": _series(bound, steps, "learning rate"),
    }
    arrays |= _add_others(plan, values, steps, facts)
    warnings: list[str] = []
    if rows:
        found = compare_schedules(plan, values, rates, others=rows, settings=rest)
        facts |= found.facts
        arrays |= found.arrays
        warnings += found.warnings
    inputs: dict[str, Any] = {
        "schedule": plan.name, "set": describe_settings(values), "steps": steps,
    }  # fmt: skip
    inputs |= {"compare": rows} if rows else {}
    return Answer("schedule", inputs, facts, _steps(bound, rates, facts), arrays,
                  warnings=tuple(warnings))  # fmt: skip


def _check_steps(steps: Any) -> None:
    if not isinstance(steps, int) or isinstance(steps, bool) or steps < 1:
        raise UsageError(f"`steps` = {steps} is no number of steps.", hint="write 1, 2, 3, …")
    if steps > MOST_STEPS:
        raise LimitError(f"A table has at most {MOST_STEPS:,} steps, not {steps:,}.")


def _series(bound: BoundSchedule, steps: int, about: str) -> Series:
    rates = [bound.float_at(step) for step in range(steps)]
    return Series(("step",), rates, "1", about)


def _add_others(
    plan: Schedule, values: Mapping[str, Setting], steps: int, facts: dict[str, Fact]
) -> dict[str, Series]:
    """The arrays of what else the schedule gives a rule; its values become a fact."""
    arrays: dict[str, Series] = {}
    found: dict[str, Any] = {}
    for names, row in plan.bind_others(values):
        bound = replace(row, parameter=names[0])
        found[names[0]] = {str(step): v for step, v in enumerate(list_rates(bound, steps))}
        arrays[names[0]] = _series(bound, steps, " or ".join(names))
    if found:
        facts["others"] = proved(found, "What else the schedule gives a rule at each step.")
    return arrays


def _steps(
    bound: BoundSchedule, rates: Sequence[Exact], facts: Mapping[str, Fact]
) -> tuple[Step, ...]:
    lines = [
        Step(
            f"rate(k) = {to_text(bound.rate)}",
            "The schedule's formula; k counts the steps done.",
            rf"\alpha_k = {to_latex(bound.rate)}",
        ),
        Step(f"rate(0) = {_text(rates[0])}", "The first step."),
    ]
    changes = facts["changes"].value or []
    lines += [
        Step(f"rate({row['step']}) = {_text(row['to'])}", "The rate changes here.")
        for row in changes[:8]
    ]
    return tuple(lines)


def _text(value: Exact) -> str:
    return str(value) if isinstance(value, fmpq) else to_value_text(value)
