"""Reads what `trajectory` and `escape` are asked: a rule, a landscape, a start, a schedule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from gradiometer.errors import DomainError, LimitError, Place, UndecidedError, UsageError
from gradiometer.formula import check_continuity, parse_number, to_text
from gradiometer.model import (
    Landscape,
    Objective,
    Setting,
    describe_settings,
    read_objective,
    read_optimizer,
    read_schedule,
    settle,
)
from gradiometer.proof import Course
from gradiometer.question.answer import Fact, proved, unknown
from gradiometer.question.course_schedules import (
    bind_schedules,
    list_owners,
    read_varied,
)

MOST_STEPS = 200_000


@final
@dataclass(frozen=True)
class Request:
    """A course and how it was asked for."""

    course: Course
    objective: Objective
    values: Mapping[str, Setting]
    """The objective's parameters that have a value."""
    inputs: Mapping[str, Any]


def read_request(
    objective: str | Mapping[str, Any],
    *,
    optimizer: str | Mapping[str, Any],
    schedule: str | Mapping[str, Any] | None,
    settings: Mapping[str, Any] | None,
    start: Any,
    steps: int,
    at_kink: str | None,
    free: bool = False,
) -> Request:
    """The course that the inputs describe.

    Args:
        objective: A catalogue name, a formula in `x`, a file or a table.
        optimizer: A catalogue name, a file or a table.
        schedule: A catalogue name, a formula in `k`, a file or a table; None for the rule's rate.
        settings: Values of parameters of any of the three.
        start: The first position, exact.
        steps: How many steps to run.
        at_kink: `left`, `right` or None.
        free: Whether the objective's barrier parameter stays a symbol.

    Raises:
        GradiometerError: If an input cannot be used; it says which one.
    """
    surface, rule = read_objective(objective), read_optimizer(optimizer)
    plan = None if schedule is None else read_schedule(schedule)
    varied, settings = read_varied(rule, settings)
    if at_kink not in (None, "left", "right"):
        raise UsageError(f"`{at_kink}` is no side of a kink.", known=("left", "right"))
    _check_steps(steps)
    left_free = frozenset({surface.barrier}) if free and surface.barrier else frozenset[str]()
    owners = [surface.owner, *list_owners(rule, plan, varied)]
    values = settle(owners, settings, free=left_free)
    shape = {k: v for k, v in values["objective"].items() if k not in left_free}
    schedules = bind_schedules(rule, plan, varied, values, settings=settings)
    for row in schedules.values():
        row.check_steps(steps)
    course = Course(
        rule.bind(values["optimizer"]),
        _bind(surface, shape),
        parse_number(str(start), place=Place("--start")),
        steps,
        schedules,
        "left" if at_kink == "left" else "right" if at_kink == "right" else None,
    )
    inputs: dict[str, Any] = {
        "objective": surface.name,
        "optimizer": rule.name,
        "schedule": None if plan is None else plan.name,
        "set": {
            **{
                (f"{role}.{name}" if role in varied else name): text
                for role in values
                for name, text in describe_settings(values[role]).items()
                if name not in left_free and (role != "optimizer" or name not in schedules)
            },
            **{name: row.name for name, row in varied.items()},
        },
        "start": str(course.start),
        "steps": steps,
        "at_kink": at_kink,
    }
    return Request(course, surface, shape, inputs)


def _check_steps(steps: Any) -> None:
    if not isinstance(steps, int) or isinstance(steps, bool) or steps < 0:
        raise UsageError(f"`steps` = {steps} is no number of steps.", hint="write 0, 1, 2, …")
    if steps > MOST_STEPS:
        raise LimitError(
            f"An exact run has at most {MOST_STEPS:,} steps, not {steps:,}.",
            hint=f"ask for {MOST_STEPS} steps or fewer",
        )


def _bind(surface: Objective, values: Mapping[str, Setting]) -> Landscape:
    try:
        return surface.bind(values)
    except UndecidedError as error:
        raise DomainError(
            f"The landscape `{surface.name}` cannot be split into smooth pieces: {error}.",
            place=surface.place,
        ) from None


def continuity_fact(landscape: Landscape) -> Fact:
    """Whether the pieces of the landscape join, and where they do not."""
    try:
        check_continuity(landscape.loss)
    except DomainError as error:
        return proved(False, error.problem)
    except UndecidedError as error:
        return unknown(f"Whether the pieces join is not decided: {error}.")
    if len(landscape.loss.pieces) == 1:
        return proved(True, "The landscape is one smooth piece.")
    ends = [to_text(p.on.upper) for p in landscape.loss.pieces if p.on.upper is not None]
    return proved(True, f"Both pieces have the same value at each joint: x = {', '.join(ends)}.")
