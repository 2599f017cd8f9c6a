"""A learning-rate schedule: a formula in `k`, the number of steps done so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from flint import fmpq

from gradiometer.errors import DomainError, Place, StudyError, UsageError, suggest
from gradiometer.formula import (
    REALS,
    Apply,
    Name,
    Node,
    Number,
    evaluate,
    free_names,
    map_children,
    parse,
    to_text,
)
from gradiometer.model.entry import check_keys, find_entry
from gradiometer.model.parameter import (
    Owner,
    Parameter,
    Setting,
    read_parameters,
    to_setting_text,
)


@final
@dataclass(frozen=True)
class Schedule:
    """A rate formula with parameters."""

    name: str
    about: str
    parameters: Mapping[str, Parameter]
    rate: Node
    """The learning rate as a formula in `k` and the parameters."""
    source: str = ""
    """The same formula as it was written."""

    @property
    def owner(self) -> Owner:
        """The schedule as something that has parameters."""
        return Owner("schedule", self.name, self.parameters)

    def bind(self, values: Mapping[str, Setting]) -> BoundSchedule:
        """The schedule with exact parameter values."""
        numbers = {k: v for k, v in values.items() if isinstance(v, fmpq)}
        return BoundSchedule(self.name, _splice(self.rate, values), numbers, self.source)


@final
@dataclass(frozen=True)
class BoundSchedule:
    """A rate formula whose parameters have values."""

    name: str
    rate: Node
    values: Mapping[str, fmpq]
    source: str = ""
    """The formula as it was written."""

    def rate_at(self, step: int) -> fmpq:
        """The exact learning rate when *step* steps (>= 0) are done.

        Raises:
            DomainError: If the rate is negative, no rational number or does not exist.
        """
        try:
            value = evaluate(self.rate, {**self.values, "k": fmpq(step)})
        except DomainError as error:
            said = error.problem.removeprefix("There is no value here: ")
            problem = f"The learning rate at step {step} (k = {step}) has no value: {said}"
            raise self._error(problem, start=error.start, end=error.end) from None
        if not isinstance(value, fmpq):
            raise self._error(f"The learning rate at step {step} is no rational number.")
        if value < 0:
            raise self._error(
                f"The learning rate at step {step} is negative: {value}.",
                hint="choose a formula that stays at 0 or above",
            )
        return value

    def _error(
        self, problem: str, *, start: int | None = None, end: int | None = None, hint: str = ""
    ) -> DomainError:
        text = self.source or to_text(self.rate)
        start, end = (start, end) if self.source else (None, None)
        return DomainError(problem, text, start, end, Place("schedule"), hint=hint)

    def to_problem(self) -> dict[str, Any]:
        """The schedule as plain JSON for a certificate."""
        return {
            "rate": to_text(self.rate),
            "values": {name: str(value) for name, value in self.values.items()},
        }


def _splice(node: Node, values: Mapping[str, Setting]) -> Node:
    """The tree with every parameter that is a list written out among its function's arguments."""
    if isinstance(node, Apply):
        arguments: list[Node] = []
        for part in node.arguments:
            value = values.get(part.name) if isinstance(part, Name) else None
            if isinstance(value, tuple):
                if node.operator not in ("passed", "max", "min"):
                    raise DomainError(
                        f"`{part.name}` is a list, which `{node.operator}` does not take."
                        if isinstance(part, Name)
                        else "A list stands where a number is needed."
                    )
                arguments.extend(Number(item) for item in value)
            else:
                arguments.append(_splice(part, values))
        return Apply(node.operator, tuple(arguments), node.span)
    return map_children(node, lambda child: child)


def read_schedule(named: str | Mapping[str, Any]) -> Schedule:
    """The schedule with that catalogue name, file, table, or formula in `k`.

    Raises:
        StudyError: If a table lacks a part or has one too many.
        FormulaError: If a formula cannot be read.

    Example:
        >>> read_schedule("1/(k + 1)").bind({}).rate_at(3)
        1/4
    """
    found = find_entry("schedule", named)
    if found is None:
        return _from_formula(str(named))
    table, place = found
    known = ("name", "about", "reference", "parameters", "schedule", "libraries", "dialects")
    check_keys(table, known, place=place)
    parameters = read_parameters(table.get("parameters", {}), place=place)
    body = table.get("schedule", {})
    if not isinstance(body, Mapping) or "learning_rate" not in body:
        raise StudyError(
            "The schedule does not say its `learning_rate`.",
            place=place,
            hint='add a table [schedule] with learning_rate = "a formula in k"',
        )
    source = str(body["learning_rate"])
    rate = parse(source, names=("k", *parameters), place=place).tree
    name = str(table.get("name", "schedule"))
    return Schedule(name, str(table.get("about", "")), parameters, rate, source)


def _from_formula(text: str) -> Schedule:
    """The schedule of a formula; names other than `k` are parameters without a default."""
    from gradiometer.catalog import list_entries

    formula = parse(text, place=Place("schedule"))
    names = sorted(free_names(formula.tree) - {"k"})
    entries = list_entries("schedule")
    nearest = suggest(text, entries)
    if isinstance(formula.tree, Name) and (nearest or text.strip() != "k"):
        raise UsageError(
            f"There is no schedule `{text}`.",
            known=entries,
            hint=f"write `{nearest}`" if nearest else "write a formula in k",
        )
    parameters = {name: Parameter(name, REALS) for name in names}
    return Schedule(text, "", parameters, formula.tree, text)


def describe_settings(values: Mapping[str, Setting]) -> dict[str, str]:
    """The settings as text, for an answer's inputs."""
    return {name: to_setting_text(value) for name, value in values.items()}
