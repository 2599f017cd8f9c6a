"""A schedule: formulas in `k`, the number of steps done so far, for the rate and perhaps more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, final

from flint import arb, fmpq

from gradiometer.errors import DomainError, Place, UndecidedError
from gradiometer.formula import (
    ZERO,
    Evaluator,
    Exact,
    Interval,
    Node,
    compare,
    compile_short,
    evaluate,
    precision,
    to_decimal,
    to_float,
    to_text,
)
from gradiometer.model.parameter import Owner, Parameter, Setting, domain_text, to_setting_text
from gradiometer.model.schedule_lists import write_out

RATE = "learning_rate"
"""What a schedule gives when nothing else is said."""

NOT_NEGATIVE = Interval(ZERO, None, lower_closed=True)
"""Where a learning rate must lie; a step with the rate 0 stands still."""

_MOST_BITS = 4096
"""A ball is not refined further for the nearest float64 of a rate."""


@final
@dataclass(frozen=True)
class Given:
    """What a schedule says of one parameter of a rule."""

    names: tuple[str, ...]
    """The parameter; where a rule lacks it, the next name that it has."""
    formula: Node
    """Its value as a formula in `k` and the schedule's parameters."""
    source: str = ""
    """The same formula as it was written."""
    when: str = ""
    """The flag among the schedule's parameters that switches it on; empty for always."""

    def is_on(self, values: Mapping[str, Setting]) -> bool:
        """Whether it is given under these settings."""
        return not self.when or values.get(self.when) == 1


@final
@dataclass(frozen=True)
class Schedule:
    """A rate formula with parameters, and formulas of other parameters of the rule."""

    name: str
    about: str
    parameters: Mapping[str, Parameter]
    given: tuple[Given, ...]
    """The learning rate first."""
    calls: Mapping[str, str] = field(default_factory=dict)
    """How each library is asked for the same schedule."""
    spelled: Mapping[str, str] = field(default_factory=dict)
    """The names inside formulas of parameters with a point in their name."""

    @property
    def rate(self) -> Node:
        """The learning rate as a formula in `k` and the parameters."""
        return self.given[0].formula

    @property
    def source(self) -> str:
        """The same formula as it was written."""
        return self.given[0].source

    @property
    def owner(self) -> Owner:
        """The schedule as something that has parameters."""
        return Owner("schedule", self.name, self.parameters)

    def bind(self, values: Mapping[str, Setting]) -> BoundSchedule:
        """The learning rate with exact parameter values."""
        return self._bind(self.given[0], values)

    def bind_others(
        self, values: Mapping[str, Setting]
    ) -> tuple[tuple[tuple[str, ...], BoundSchedule], ...]:
        """What else it gives, with the names that it may have in a rule."""
        rest = [row for row in self.given[1:] if row.is_on(values)]
        return tuple((row.names, self._bind(row, values)) for row in rest)

    def _bind(self, row: Given, values: Mapping[str, Setting]) -> BoundSchedule:
        inner = {self.spelled.get(name, name): value for name, value in values.items()}
        tree = write_out(row.formula, inner)
        numbers = {k: v for k, v in inner.items() if isinstance(v, fmpq)}
        return BoundSchedule(self.name, tree, numbers, row.source, row.names[0])


@final
@dataclass(frozen=True)
class BoundSchedule:
    """A formula in `k` whose parameters have values."""

    name: str
    rate: Node
    values: Mapping[str, fmpq]
    source: str = ""
    """The formula as it was written."""
    parameter: str = RATE
    """The parameter of the rule that it gives."""
    domain: Interval = NOT_NEGATIVE
    """Where its values must lie."""

    @cached_property
    def _compiled(self) -> Evaluator:
        return compile_short(self.rate)

    def rate_at(self, step: int) -> Exact:
        """The value when *step* steps (>= 0) are done: a rational, or a ball that contains it.

        Raises:
            DomainError: If it is negative, outside the parameter's domain, or does not exist.
            UndecidedError: If the working precision does not tell which branch holds.
        """
        try:
            value = self._compiled({**self.values, "k": fmpq(step)})
        except DomainError as error:
            said = error.problem.removeprefix("There is no value here: ")
            problem = f"The {self._word} at step {step} (k = {step}) has no value: {said}"
            raise self._error(problem, start=error.start, end=error.end) from None
        if isinstance(value, arb) and not value.is_finite():
            raise UndecidedError(f"the {self._word} at step {step} is not enclosed")
        self._check(value, step)
        return value

    def float_at(self, step: int) -> float:
        """The float64 nearest to the value when *step* steps are done."""
        bits = 96
        while True:
            with precision(bits):
                try:
                    value = self.rate_at(step)
                except UndecidedError:
                    if bits >= _MOST_BITS:
                        raise
                    bits *= 2
                    continue
            if isinstance(value, fmpq):
                return to_float(value)
            low, high = float(value.lower()), float(value.upper())
            if low == high or bits >= _MOST_BITS:
                return to_float(value)
            bits *= 2

    def check_steps(self, steps: int) -> None:
        """Refuse a formula with a value that no step may have among the first *steps*.

        Raises:
            DomainError: With the first such step.
        """
        from gradiometer.model.optimizer import rate_range

        with precision(96):
            try:
                values = rate_range(self.rate, self.values, from_step=0)
                ends = [end for end in (values.lower, values.upper) if end is not None]
                if len(ends) == 2 and not any(_is_outside(end, self.domain) for end in ends):
                    return
            except (UndecidedError, DomainError):
                pass
            for step in range(steps):
                try:
                    self.rate_at(step)
                except UndecidedError:
                    continue

    @property
    def _word(self) -> str:
        return "learning rate" if self.parameter == RATE else f"`{self.parameter}`"

    def _check(self, value: Exact, step: int) -> None:
        """Refuse a value that certainly lies outside the domain."""
        if _is_outside(value, self.domain):
            shown = value if isinstance(value, fmpq) else to_decimal(value, digits=17)
            if self.domain == NOT_NEGATIVE:
                said, hint = f"negative: {shown}", "choose a formula that stays at 0 or above"
            else:
                where = domain_text(self.domain)
                said, hint = f"{shown}, outside its domain {where}", "choose a formula that stays "
                hint += f"in {where}"
            raise self._error(f"The {self._word} at step {step} is {said}.", hint=hint)

    def _error(
        self, problem: str, *, start: int | None = None, end: int | None = None, hint: str = ""
    ) -> DomainError:
        text = self.source or to_text(self.rate)
        start, end = (start, end) if self.source else (None, None)
        place = "schedule" if self.parameter == RATE else f"schedule of `{self.parameter}`"
        return DomainError(problem, text, start, end, Place(place), hint=hint)

    def to_problem(self) -> dict[str, Any]:
        """The formula as plain JSON for a certificate."""
        return {
            "rate": to_text(self.rate),
            "values": {name: str(value) for name, value in self.values.items()},
        }


def _is_outside(value: Exact, domain: Interval) -> bool:
    """Whether the value is certain not to lie in the domain."""
    for end, closed, sign in (
        (domain.lower, domain.lower_closed, 1),
        (domain.upper, domain.upper_closed, -1),
    ):
        if end is None:
            continue
        try:
            order = sign * compare(value, evaluate(end, {}))
        except UndecidedError:
            continue
        if order < 0 or (order == 0 and not closed):
            return True
    return False


def describe_settings(values: Mapping[str, Setting]) -> dict[str, str]:
    """The settings as text, for an answer's inputs."""
    return {name: to_setting_text(value) for name, value in values.items()}
