"""An optimizer as an update rule in text, read once and bound to exact parameter values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, final

from flint import fmpq

from gradiometer.errors import (
    FormulaError,
    GradiometerError,
    Place,
    StudyError,
    UndecidedError,
    UsageError,
    suggest,
)
from gradiometer.formula import Node, Range, at_point, evaluate_range
from gradiometer.model.entry import check_keys, find_entry
from gradiometer.model.entry_place import locate_in_file
from gradiometer.model.parameter import Owner, Parameter, Setting, read_parameters
from gradiometer.model.rule import Rule, RuleText, Shape, kinds_of
from gradiometer.model.rule_kinds import Inference
from gradiometer.model.rule_words import GIVEN, check_name, parse_rule

_KEYS = (
    "name",
    "about",
    "reference",
    "parameters",
    "state",
    "step",
    "libraries",
    "dialects",
    "counter_bytes",
    "beside",
)


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
    sources: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """The texts of first values and assignments, as they were written."""
    beside: tuple[str, ...] = ()
    """What is remembered though it never reaches the position, as an average of positions."""

    @property
    def owner(self) -> Owner:
        """The optimizer as something that has parameters."""
        return Owner("optimizer", self.name, self.parameters)

    def bind(self, values: Mapping[str, Setting], *, shape: Shape = ()) -> Rule:
        """The rule with its parameters' values; what cannot influence the position is left out.

        Args:
            values: Exact values; a parameter without one stays a name that each run gives.
            shape: The shape of `x`; a single number when left out.

        Raises:
            FormulaError: If parts of the rule do not fit.
        """
        fixed = {name: value for name, value in values.items() if isinstance(value, fmpq)}
        known = {k: v for k, v in fixed.items() if k in self.parameters}
        return self._text(known).for_shape(shape)

    def remember(self, values: Mapping[str, Setting], *, shape: Shape = ()) -> Rule:
        """The rule with all that is remembered, also what cannot influence the position.

        Args:
            values: As for `bind`.
            shape: As for `bind`.

        Raises:
            FormulaError: If parts of the rule do not fit.

        Example:
            >>> tuple(read_optimizer("asgd").remember({}).state)
            ('rate', 'share', 'average')
        """
        text = replace(self.bind(values, shape=shape).text, beside=self.beside)
        return text.for_shape(shape)

    def _text(self, values: Mapping[str, fmpq]) -> RuleText:
        names = tuple(self.parameters)
        return RuleText(self.name, values, names, self.state, self.step, self.sources)

    def check_kinds(self) -> None:
        """Refuse parts that fit for no shape and no setting.

        Raises:
            FormulaError: If matrices do not fit, or a function of a tensor is taken of a number.
        """
        rules = Inference(is_settled=False, allows_numbers=False)
        kinds_of(self._text({}), self.state, self.step, rules)


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
    try:
        return _read_table(*found)
    except GradiometerError as error:
        raise locate_in_file(named, error) from None


def _read_table(table: Mapping[str, Any], place: Place) -> Optimizer:
    check_keys(table, _KEYS, place=place)
    parameters = read_parameters(table.get("parameters", {}), place=place)
    counter = table.get("counter_bytes", 0)
    if not isinstance(counter, int) or counter < 0:
        raise StudyError("`counter_bytes` is no whole number.", place=place, hint="write 4")
    texts, first = _texts(table, "step", place), _texts(table, "state", place)
    step = _read_step(texts, tuple(parameters), tuple(first), place)
    state = {
        key: parse_rule(text, (*parameters, "x"), place=place).tree for key, text in first.items()
    }
    _check_complete(step, tuple(first), place)
    optimizer = Optimizer(
        str(table.get("name", "rule")),
        str(table.get("about", "")),
        str(table.get("reference", "")),
        parameters,
        state,
        step,
        counter,
        {**first, **texts},
        _read_beside(table, tuple(first), place),
    )
    try:
        optimizer.check_kinds()
    except FormulaError as error:
        raise error.located(place) from None
    return optimizer


def _read_beside(
    table: Mapping[str, Any], states: tuple[str, ...], place: Place
) -> tuple[str, ...]:
    names = table.get("beside", ())
    if not isinstance(names, list | tuple):
        raise StudyError("`beside` is no list of names.", place=place, hint='write ["average"]')
    for name in names:
        if name not in states:
            raise StudyError(
                f"`{name}` stands in `beside` and is not remembered.",
                place=place,
                known=states,
                hint=f"add `{name}` to the state",
            )
    return tuple(map(str, names))


def _texts(table: Mapping[str, Any], key: str, place: Place) -> dict[str, str]:
    """The formulas of a part of the table, by name."""
    part = table.get(key, {})
    if not isinstance(part, Mapping):
        raise StudyError(f"`{key}` is no table of formulas.", place=place, hint=f"write [{key}]")
    return {str(name): str(text) for name, text in part.items()}


def _read_step(
    texts: Mapping[str, str], parameters: tuple[str, ...], states: tuple[str, ...], place: Place
) -> tuple[tuple[str, Node], ...]:
    known = [*GIVEN, *states, *parameters]
    for name in (*states, *parameters):
        check_name(name, place=place)
        if known.count(name) > 1:
            raise StudyError(f"The name `{name}` is used for two things.", place=place)
    step: list[tuple[str, Node]] = []
    for target, text in texts.items():
        check_name(target, place=place)
        if target in known:
            raise StudyError(
                f"`{target}` cannot be assigned.",
                place=place,
                hint=f"write `{target}'` for the new value",
            )
        step.append((target, parse_rule(text, tuple(known), place=place).tree))
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
