"""A schedule that follows the losses of a run: a rule with a memory, stepped exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from flint import fmpq

from gradiometer.errors import Place, StudyError
from gradiometer.formula import Exact, Node, compile_exact, evaluate, parse
from gradiometer.model.entry import check_keys, find_entry
from gradiometer.model.parameter import Owner, Parameter, Setting, read_parameters

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

    Raises:
        StudyError: If its table lacks a part or has one too many.
        FormulaError: If a formula cannot be read.
    """
    found = find_entry("schedule", named)
    if found is None or "step" not in found[0]:
        return None
    table, place = found
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
