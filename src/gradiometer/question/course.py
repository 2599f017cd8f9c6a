"""Reads what `trajectory` and `escape` are asked: a rule, a landscape, a start, a schedule."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, final

from flint import fmpq

from gradiometer.errors import DomainError, LimitError, Place, UndecidedError, UsageError
from gradiometer.formula import check_continuity, evaluate, to_text
from gradiometer.model import (
    BoundSchedule,
    Landscape,
    Objective,
    Rule,
    Schedule,
    Setting,
    Start,
    describe_settings,
    read_objective,
    read_optimizer,
    read_schedule,
    read_start,
    settle,
)
from gradiometer.proof import Course, Journey, Side
from gradiometer.question.answer import Fact, proved, unknown
from gradiometer.question.course_schedules import (
    bind_schedules,
    list_owners,
    read_varied,
)

MOST_STEPS = 200_000

_RANGE = re.compile(r"[^:]+:[^:]+:[0-9]+(:log)?")

ANY = "any"
"""What is written for the start that stands for all of them."""


@final
@dataclass(frozen=True)
class Request:
    """A run in any number of variables, and how it was asked for."""

    objective: Objective
    values: Mapping[str, Setting]
    """The objective's parameters that have a value."""
    rule: Rule
    schedules: Mapping[str, BoundSchedule]
    """What changes from step to step, by the parameter of the rule that it gives."""
    start: tuple[fmpq, ...]
    """One number for each variable."""
    steps: int
    side: Side
    inputs: Mapping[str, Any]

    @property
    def is_online(self) -> bool:
        """Whether each step has a loss of its own, so that the run is on no curve."""
        return self.objective.depends_on_step

    @cached_property
    def course(self) -> Course:
        """The run on a curve.

        Raises:
            UsageError: If there are several variables, or the rule draws noise.
            DomainError: If the curve cannot be split into smooth pieces.
        """
        if "noise" in self.rule.reads:
            name = self.rule.name
            problem = f"The rule `{name}` draws noise at each step, and an exact run draws none."
            raise UsageError(problem, hint="choose a rule or settings without noise")
        curve = self.curve
        return Course(self.rule, curve, self.start[0], self.steps, self.schedules, self.side)

    @cached_property
    def curve(self) -> Landscape:
        """The landscape in one variable.

        Raises:
            UsageError: If there are several variables.
            DomainError: If it cannot be split into smooth pieces.
        """
        return _bind(self.objective, self.values)

    @cached_property
    def journey(self) -> Journey:
        """The run in any number of variables, the branches of the landscape in its formula."""
        surface = self.objective.bind_surface(self.values)
        if len(self.start) == 1 and not self.is_online:
            surface = replace(surface, value=self.curve.to_tree(self.side))
        return Journey(self.rule, surface, self.start, self.steps, self.schedules)


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
    most: int = MOST_STEPS,
) -> Request:
    """The course that the inputs describe.

    Args:
        objective: A catalogue name, a formula in `x`, a file or a table.
        optimizer: A catalogue name, a file or a table.
        schedule: A catalogue name, a formula in `k`, a file or a table; None for the rule's rate.
        settings: Values of parameters of any of the three.
        start: The first position, exact; None for that of the objective's entry, or 0.
        steps: How many steps to run.
        at_kink: `left`, `right` or None.
        free: Whether the objective's barrier parameter stays a symbol; then the start may be
            `any`, which is read as None.
        most: How many steps may be asked for.

    Raises:
        GradiometerError: If an input cannot be used; it says which one.
    """
    _refuse_ranges(settings, start)
    is_any = free and is_any_start(start)
    begin = None if start is None or is_any else read_start(start)
    surface, rule = find_objective(objective, begin), read_optimizer(optimizer)
    plan = None if schedule is None else read_schedule(schedule)
    varied, settings = read_varied(rule, settings)
    _check_kink(at_kink, surface)
    _check_steps(steps, most)
    left_free = frozenset({surface.barrier}) if free and surface.barrier else frozenset[str]()
    owners = [surface.owner, *list_owners(rule, plan, varied)]
    values = settle(owners, settings, free=left_free)
    shape = {k: v for k, v in values["objective"].items() if k not in left_free}
    schedules = bind_schedules(rule, plan, varied, values, settings=settings)
    for row in schedules.values():
        row.check_steps(steps)
    surface = surface.fit(values["objective"])
    place = _place(surface, shape, begin)
    _check_side(at_kink, len(place))
    inputs: dict[str, Any] = {
        "objective": surface.name,
        "optimizer": rule.name,
        "schedule": None if plan is None else plan.name,
        "set": _spell_settings(values, varied, free=left_free, driven=schedules),
        "start": _spell_place(surface, place),
        "steps": steps,
        "at_kink": at_kink,
    }
    return Request(
        surface,
        shape,
        rule.bind(values["optimizer"]),
        schedules,
        place,
        steps,
        "left" if at_kink == "left" else "right" if at_kink == "right" else None,
        inputs,
    )


def _refuse_ranges(settings: Mapping[str, Any] | None, start: Any) -> None:
    """Refuse what only a grid of runs has a use for, and say who does."""
    for name, value in [*(settings or {}).items(), ("start", start)]:
        if isinstance(value, str) and _RANGE.fullmatch(value.strip()):
            flag = f"--start={value}" if name == "start" else f"--set {name}={value}"
            raise UsageError(
                f"`{name}` is a range of values, and a single run has one.",
                place=Place("--start" if name == "start" else f"--set {name}"),
                hint=f"write `gradiometer sweep` for many runs, with `{flag}`, or give one value",
            )


def is_any_start(start: Any) -> bool:
    """Whether the start stands for all of them."""
    return isinstance(start, str) and start.strip() == ANY


def _check_kink(at_kink: str | None, surface: Objective) -> None:
    if at_kink not in (None, "left", "right"):
        raise UsageError(f"`{at_kink}` is no side of a kink.", known=("left", "right"))
    if at_kink is not None and surface.depends_on_step:
        raise UsageError(
            f"The objective `{surface.name}` changes with the step, and has no joints to choose a "
            "side of.",
            hint="leave `at_kink` out",
        )


def _spell_settings(
    values: Mapping[str, Mapping[str, Setting]],
    varied: Mapping[str, Schedule],
    *,
    free: Collection[str],
    driven: Collection[str],
) -> dict[str, str]:
    """All settings as text; what schedules drive is named by its schedule."""
    numbers = {
        (f"{role}.{name}" if role in varied else name): text
        for role in values
        for name, text in describe_settings(values[role]).items()
        if name not in free and (role != "optimizer" or name not in driven)
    }
    return numbers | {name: row.name for name, row in varied.items()}


def find_objective(objective: str | Mapping[str, Any], start: Start | None) -> Objective:
    """The objective in the variables that the start names, or in as many as it has numbers.

    Raises:
        GradiometerError: If there is no such objective, or it has other variables.
    """
    if start is None:
        return read_objective(objective)
    if start.names:
        return read_objective(objective, variables=start.names)
    return read_objective(objective, coordinates=len(start.values))


def _place(
    surface: Objective, values: Mapping[str, Setting], start: Start | None
) -> tuple[fmpq, ...]:
    """Where the run starts: as it was given, as the entry says, or at 0."""
    if start is not None:
        return start.arrange(surface.variables)
    usual = [evaluate(tree, {}) for tree in surface.list_start(values)]
    if all(isinstance(number, fmpq) for number in usual) and usual:
        return tuple(number for number in usual if isinstance(number, fmpq))
    if len(surface.variables) == 1:
        return (fmpq(0),)
    numbers = ", ".join(f"{name}=1" for name in surface.variables)
    raise UsageError(
        f"The objective `{surface.name}` has {len(surface.variables)} variables and no start.",
        known=surface.variables,
        hint=f"write `--start {numbers}`",
    )


def _spell_place(surface: Objective, place: tuple[fmpq, ...]) -> str:
    if len(place) == 1:
        return str(place[0])
    return ", ".join(f"{n}={v}" for n, v in zip(surface.variables, place, strict=True))


def _check_side(at_kink: str | None, variables: int) -> None:
    if at_kink is not None and variables > 1:
        raise UsageError(
            f"A kink in {variables} variables has no side that is `{at_kink}`.",
            hint="leave `at_kink` out",
        )


def _check_steps(steps: Any, most: int) -> None:
    if not isinstance(steps, int) or isinstance(steps, bool) or steps < 0:
        raise UsageError(f"`steps` = {steps} is no number of steps.", hint="write 0, 1, 2, …")
    if steps > most:
        kind = "An exact run" if most == MOST_STEPS else "A run"
        raise LimitError(
            f"{kind} has at most {most:,} steps, not {steps:,}.",
            hint=f"ask for {most} steps or fewer",
        )


def _bind(surface: Objective, values: Mapping[str, Setting]) -> Landscape:
    try:
        landscape = surface.bind(values)
    except UndecidedError as error:
        raise DomainError(
            f"The landscape `{surface.name}` cannot be split into smooth pieces: {error}.",
            place=surface.place,
        ) from None
    if not landscape.loss.pieces:
        raise DomainError(
            f"The landscape `{surface.name}` has no value anywhere.", place=surface.place
        )
    return landscape


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
