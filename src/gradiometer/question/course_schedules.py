"""Which parameters of a rule change from step to step, and by which schedules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gradiometer.errors import GradiometerError, Place, UsageError
from gradiometer.model import (
    RATE,
    BoundSchedule,
    LossSchedule,
    Optimizer,
    Owner,
    Schedule,
    Setting,
    is_schedule_text,
    read_schedule,
)


def read_varied(
    rule: Optimizer, settings: Mapping[str, Any] | None
) -> tuple[dict[str, Schedule], dict[str, Any]]:
    """The parameters of the rule that are set to a schedule, and the other settings.

    Raises:
        GradiometerError: If a schedule cannot be read; it says of which parameter.
    """
    varied: dict[str, Schedule] = {}
    rest: dict[str, Any] = {}
    for key, value in (settings or {}).items():
        found = rule.owner.find(key) if isinstance(value, str) and is_schedule_text(value) else []
        if not found:
            rest[key] = value
            continue
        try:
            varied[found[0].name] = read_schedule(value)
        except GradiometerError as error:
            raise replace(error, place=Place(f"--set {key}")) from None
    return varied, rest


def list_owners(
    rule: Optimizer, plan: Schedule | LossSchedule | None, varied: Mapping[str, Schedule]
) -> list[Owner]:
    """What of a rule and its schedules can be set: what a schedule gives is not set in the rule.

    Raises:
        UsageError: If the rule has no learning rate that the schedule could give.
    """
    given = {*varied, *(() if plan is None else _rate_of(rule))}
    kept = {name: row for name, row in rule.parameters.items() if name not in given}
    owners = [replace(rule.owner, parameters=kept)]
    owners += [] if plan is None else [plan.owner]
    return owners + [Owner(name, row.name, row.parameters, True) for name, row in varied.items()]


def _rate_of(rule: Optimizer) -> tuple[str, ...]:
    if RATE not in rule.parameters:
        raise UsageError(
            f"The rule `{rule.name}` has no parameter `learning_rate` that a schedule gives.",
            known=tuple(rule.parameters),
            hint="name the rate `learning_rate` in the rule",
        )
    return (RATE,)


def bind_schedules(
    rule: Optimizer,
    plan: Schedule | None,
    varied: Mapping[str, Schedule],
    values: dict[str, dict[str, Setting]],
    *,
    settings: Mapping[str, Any],
) -> dict[str, BoundSchedule]:
    """What changes from step to step, by parameter of the rule; its own values of those go.

    Raises:
        UsageError: If the rule lacks a parameter that the schedule gives, or it is given twice.
    """
    found: dict[str, BoundSchedule] = {}
    for name, row in varied.items():
        bound = replace(row.bind(values[name]), parameter=name)
        domain = bound.domain if name == RATE else rule.parameters[name].domain
        found[name] = replace(bound, domain=domain)
    if plan is None:
        return found
    rows = [((RATE,), plan.bind(values["schedule"])), *plan.bind_others(values["schedule"])]
    for names, bound in rows:
        name = _choose(rule, plan, names)
        is_set = name != RATE and any(
            row.name == name for key in settings for row in rule.owner.find(key)
        )
        if name in found or is_set:
            raise UsageError(
                f"`{name}` is given twice: by the schedule `{plan.name}` and by itself.",
                place=Place(f"--set {name}"),
                hint="leave one of them out",
            )
        domain = bound.domain if name == RATE else rule.parameters[name].domain
        found[name] = replace(bound, parameter=name, domain=domain)
        values["optimizer"].pop(name, None)
    return found


def _choose(rule: Optimizer, plan: Schedule, names: tuple[str, ...]) -> str:
    """The first of the names that is a parameter of the rule."""
    for name in names:
        if name in rule.parameters:
            return name
    flags = [row.when for row in plan.given if row.names == names and row.when]
    raise UsageError(
        f"The schedule `{plan.name}` gives `{names[0]}`, which the rule `{rule.name}` has not.",
        known=tuple(rule.parameters),
        hint=f"write `--set {flags[0]}=false`" if flags else "choose another schedule",
    )
