"""An optimizer as an update rule in text, read once and bound to exact parameter values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

from flint import fmpq

from gradiometer.errors import Place, StudyError, UndecidedError, UsageError, suggest
from gradiometer.formula import (
    Evaluator,
    Node,
    Range,
    at_point,
    compile_exact,
    compile_float,
    evaluate_range,
    free_names,
    parse,
    settle_conditions,
    to_float,
    to_text,
)
from gradiometer.model.entry import check_keys, find_entry
from gradiometer.model.parameter import Owner, Parameter, Setting, read_parameters

GIVEN = ("x", "g", "t")
"""Names every rule may read: the position, the gradient there, the step counted from 1."""


@final
@dataclass(frozen=True)
class Optimizer:
    """An update rule: what is remembered between steps, and the assignments of one step."""

    name: str
    about: str
    reference: str
    parameters: Mapping[str, Parameter]
    state: Mapping[str, Node]
    """What is remembered besides the position, with its value before the first step."""
    step: tuple[tuple[str, Node], ...]
    """Assignments in order; a primed name is the new value, another one is an abbreviation."""
    counter_bytes: int = 0
    """What torch's own count of the steps takes for each tensor."""

    @property
    def owner(self) -> Owner:
        """The optimizer as something that has parameters."""
        return Owner("optimizer", self.name, self.parameters)

    def bind(self, values: Mapping[str, Setting]) -> Rule:
        """The rule with its parameters' values; what cannot influence the position is left out."""
        fixed = {name: value for name, value in values.items() if isinstance(value, fmpq)}
        known = {k: v for k, v in fixed.items() if k in self.parameters}
        settled = [(target, settle_conditions(tree, known)) for target, tree in self.step]
        return _keep_alive(self, settled, known)


@final
@dataclass(frozen=True)
class Rule:
    """An update rule whose parameters have exact values."""

    name: str
    values: Mapping[str, fmpq]
    """The parameters that are read, by name."""
    state: Mapping[str, Node]
    step: tuple[tuple[str, Node], ...]

    @cached_property
    def exact_step(self) -> tuple[tuple[str, Evaluator], ...]:
        """The assignments compiled for exact numbers."""
        return tuple((target, compile_exact(tree)) for target, tree in self.step)

    @cached_property
    def float_step(self) -> tuple[tuple[str, Callable[[Mapping[str, float]], float]], ...]:
        """The assignments compiled for float64."""
        return tuple((target, compile_float(tree)) for target, tree in self.step)

    @cached_property
    def float_values(self) -> Mapping[str, float]:
        """The parameters rounded to float64."""
        return {name: to_float(value) for name, value in self.values.items()}

    def settled(self, from_step: int) -> Rule:
        """The rule as it is for all steps from this one on."""
        step = tuple(
            (target, settle_conditions(tree, self.values, from_step=from_step))
            for target, tree in self.step
        )
        return _keep_alive(self, list(step), self.values)

    @property
    def depends_on_step(self) -> bool:
        """Whether the step count `t` is read."""
        return any("t" in free_names(tree) for _, tree in self.step)

    def to_problem(self) -> dict[str, Any]:
        """The rule as plain JSON for a certificate."""
        return {
            "state": {name: to_text(tree) for name, tree in self.state.items()},
            "step": [[target, to_text(tree)] for target, tree in self.step],
            "values": {name: str(value) for name, value in self.values.items()},
        }


def _keep_alive(
    source: Optimizer | Rule, step: list[tuple[str, Node]], values: Mapping[str, fmpq]
) -> Rule:
    """The rule without assignments and state that never reach the position."""
    needed = {"x'"}
    while True:
        read: set[str] = set()
        for target, tree in step:
            if target in needed:
                read |= free_names(tree)
        # A remembered value that is read makes the assignment of its new value needed.
        grown = needed | read | {f"{name}'" for name in read if name in source.state}
        if grown == needed:
            break
        needed = grown
    kept = tuple((target, tree) for target, tree in step if target in needed)
    state = {name: tree for name, tree in source.state.items() if name in needed}
    names = frozenset().union(
        *(free_names(tree) for _, tree in kept), *map(free_names, state.values())
    )
    return Rule(source.name, {k: v for k, v in values.items() if k in names}, state, kept)


def read_optimizer(named: str | Mapping[str, Any]) -> Optimizer:
    """The optimizer with that catalogue name, file or table.

    Raises:
        UsageError: If there is no such optimizer.
        StudyError: If the table lacks a part or has one too many.
        FormulaError: If a formula cannot be read or names something unknown.

    Example:
        >>> read_optimizer("adam").state.keys()
        dict_keys(['m', 'v', 'u'])
    """
    found = find_entry("optimizer", named)
    if found is None:
        from gradiometer.catalog import list_entries

        known = list_entries("optimizer")
        nearest = suggest(str(named), known)
        raise UsageError(
            f"There is no optimizer `{named}`.",
            known=known,
            hint=f"write `{nearest}`" if nearest else "give a catalogue name or a TOML file",
        )
    table, place = found
    check_keys(
        table,
        ("name", "about", "reference", "parameters", "state", "step", "dialects", "counter_bytes"),
        place=place,
    )
    name = str(table.get("name", "rule"))
    parameters = read_parameters(table.get("parameters", {}), place=place)
    states = tuple(table.get("state", {}))
    step = _read_step(table.get("step", {}), tuple(parameters), states, place)
    state = {
        key: parse(str(text), names=tuple(parameters), place=place).tree
        for key, text in table.get("state", {}).items()
    }
    _check_complete(step, states, place)
    counter = table.get("counter_bytes", 0)
    if not isinstance(counter, int) or counter < 0:
        raise StudyError("`counter_bytes` is no whole number.", place=place, hint="write 4")
    return Optimizer(
        name,
        str(table.get("about", "")),
        str(table.get("reference", "")),
        parameters,
        state,
        step,
        counter,
    )


def _read_step(
    table: Mapping[str, Any], parameters: tuple[str, ...], states: tuple[str, ...], place: Place
) -> tuple[tuple[str, Node], ...]:
    known = [*GIVEN, *states, *parameters]
    for name in (*states, *parameters):
        if known.count(name) > 1:
            raise StudyError(f"The name `{name}` is used for two things.", place=place)
    step: list[tuple[str, Node]] = []
    for target, text in table.items():
        if target in known:
            raise StudyError(
                f"`{target}` cannot be assigned.",
                place=place,
                hint=f"write `{target}'` for the new value",
            )
        step.append((target, parse(str(text), names=known, place=place).tree))
        known.append(target)
    return tuple(step)


def _check_complete(
    step: tuple[tuple[str, Node], ...], states: tuple[str, ...], place: Place
) -> None:
    targets = [target for target, _ in step]
    for name in ("x", *states):
        if f"{name}'" not in targets:
            raise StudyError(
                f"The rule never gives `{name}` a new value.",
                place=place,
                known=tuple(targets),
                hint=f"add a line for `{name}'`",
            )
    for target in targets:
        if target.endswith("'") and target[:-1] not in ("x", *states):
            raise StudyError(
                f"`{target}` is the new value of something that is not remembered.",
                place=place,
                known=("x", *states),
                hint=f"add `{target[:-1]}` to the state",
            )


def rate_range(rate: Node, values: Mapping[str, fmpq], *, from_step: int) -> Range:
    """The learning rates of all steps from *from_step* (0-based) on.

    Raises:
        UndecidedError: If the formula cannot be evaluated over a range.
    """
    ranges = {name: at_point(value) for name, value in values.items()}
    try:
        return evaluate_range(rate, {**ranges, "k": Range(fmpq(from_step), None)})
    except UsageError as error:
        raise UndecidedError(error.problem) from None
