"""A schedule that follows the losses of a run: a rule with a memory, stepped exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

from flint import fmpq

from gradiometer.catalog import find_name
from gradiometer.errors import Place, StudyError
from gradiometer.formula import Exact, Node, compile_exact, evaluate, parse
from gradiometer.model.entry import check_keys, find_entry
from gradiometer.model.parameter import Owner, Parameter, Setting, read_parameters
from gradiometer.model.schedule_part import Part, find_parts, read_settings

_KEYS = ("name", "about", "aliases", "reference", "libraries", "parameters", "state", "step",
         "calls", "dialects")  # fmt: skip


@final
@dataclass(frozen=True)
class LossSchedule:
    """What is remembered between losses, and what one loss changes."""

    name: str
    about: str
    parameters: Mapping[str, Parameter]
    state: Mapping[str, Node]
    """What is remembered, with its value before the first loss; `rate` is the learning rate."""
    step: tuple[tuple[str, Node], ...]
    """Assignments in order; a primed name is the new value, another one is an abbreviation."""
    calls: Mapping[str, str]
    """How each library is asked for the same schedule."""

    @property
    def owner(self) -> Owner:
        """The schedule as something that has parameters."""
        return Owner("schedule", self.name, self.parameters)

    def follow(
        self, losses: Sequence[fmpq], values: Mapping[str, Setting]
    ) -> list[dict[str, Exact]]:
        """Everything that each loss assigns, with what was remembered before it, in order."""
        fixed = {name: value for name, value in values.items() if isinstance(value, fmpq)}
        state = {name: evaluate(tree, fixed) for name, tree in self.state.items()}
        compiled = [(target, compile_exact(tree)) for target, tree in self.step]
        rows: list[dict[str, Exact]] = []
        for index, loss in enumerate(losses, 1):
            known: dict[str, Exact] = {**fixed, **state, "loss": loss, "t": fmpq(index)}
            for target, run in compiled:
                known[target] = run(known)
            rows.append({n: v for n, v in known.items() if n not in fixed})
            state = {name: known[f"{name}'"] for name in self.state}
        return rows


def read_loss_schedule(named: str | Mapping[str, Any]) -> LossSchedule | None:
    """The schedule that follows losses with that name, file or table; None for any other one.

    Settings may stand in brackets behind the name: `plateau(patience=3)`.

    Raises:
        StudyError: If its table lacks a part or has one too many.
        FormulaError: If a formula cannot be read.
        UnknownNameError: If it has no parameter of a name in the brackets.
        DomainError: If a value is outside its domain.

    Example:
        >>> read_loss_schedule("plateau(patience=3)").parameters["patience"].default
        3
    """
    found = find_entry("schedule", named)
    if found is not None:
        return _read_table(*found) if "step" in found[0] else None
    part = _find_part(str(named))
    found = None if part is None else find_entry("schedule", part.name)
    if part is None or found is None or "step" not in found[0]:
        return None
    schedule = _read_table(*found)
    return replace(schedule, parameters=read_settings(part, schedule.name, schedule.parameters))


def _find_part(text: str) -> Part | None:
    """The schedule of the catalogue with settings that is the whole text."""
    name = text.partition("(")[0].strip()
    if not name or find_name("schedule", name.partition(".")[0]) is None:
        return None
    offset = len(text) - len(text.lstrip())
    part = find_parts(text, offset, len(text))[0]
    return part if part.end == len(text.rstrip()) and part.count is None else None


def _read_table(table: Mapping[str, Any], place: Place) -> LossSchedule:
    check_keys(table, _KEYS, place=place)
    parameters = read_parameters(table.get("parameters", {}), place=place)
    states = dict(table.get("state", {}))
    known = ["loss", "t", *states, *parameters]
    if "rate" not in states or len(set(known)) < len(known):
        raise StudyError(
            "The schedule does not remember its `rate`, or uses a name for two things.",
            place=place,
            hint='add a table [state] with rate = "learning_rate"',
        )
    step: list[tuple[str, Node]] = []
    for target, text in table["step"].items():
        step.append((target, parse(str(text), names=known, place=place).tree))
        known.append(target)
    _check_complete(states, known, place)
    memory = {
        name: parse(str(text), names=tuple(parameters), place=place).tree
        for name, text in states.items()
    }
    name, about = str(table.get("name", "schedule")), str(table.get("about", ""))
    return LossSchedule(name, about, parameters, memory, tuple(step), table.get("calls", {}))


def _check_complete(states: Mapping[str, Any], known: Sequence[str], place: Place) -> None:
    for name in states:
        if f"{name}'" not in known:
            raise StudyError(
                f"The schedule never gives `{name}` a new value.",
                place=place,
                hint=f"add a line for `{name}'`",
            )
