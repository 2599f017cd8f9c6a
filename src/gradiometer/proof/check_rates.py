"""The checker's own reading of schedules: what changes from step to step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    Evaluator,
    Node,
    Range,
    at_point,
    compile_short,
    evaluate_range,
    parse,
)
from gradiometer.proof.check_fields import fields, read_rational, require


@final
@dataclass(frozen=True)
class Rates:
    """For each parameter that changes, a formula in `k` and the values of its other names."""

    rows: Mapping[str, tuple[Node, Mapping[str, fmpq]]]

    def at(self, done: int) -> dict[str, Any]:
        """What they give when *done* steps are done.

        Raises:
            CertificateError: If a value is not known, or a learning rate is negative.
        """
        found: dict[str, Any] = {}
        for name, rate in self._compiled.items():
            value = rate({**self.rows[name][1], "k": fmpq(done)})
            finite = isinstance(value, fmpq) or value.is_finite()
            require(finite, f"A value of `{name}` is not known.")
            require(name != "learning_rate" or not value < 0, "A learning rate is negative.")
            found[name] = value
        return found

    @cached_property
    def _compiled(self) -> Mapping[str, Evaluator]:
        return {name: compile_short(tree) for name, (tree, _) in self.rows.items()}

    def from_step(self, done: int) -> dict[str, Range]:
        """Where what they give lies, from that number of done steps on."""
        found = {}
        for name, (tree, values) in self.rows.items():
            ranges = {key: at_point(value) for key, value in values.items()}
            found[name] = evaluate_range(tree, {**ranges, "k": Range(fmpq(done), None)})
        return found

    def resting(self, done: int) -> dict[str, fmpq]:
        """What they give as one rational in all steps from *done* steps on."""
        try:
            rests = [name for name, rates in self.from_step(done).items() if rates.is_single]
        except UndecidedError:
            return {}
        # A range loses that the cosine of a whole number of turns is exact; a step does not.
        found = self.at(done) if rests else {}
        return {name: found[name] for name in rests if isinstance(found[name], fmpq)}

    def is_at_rest(self, done: int) -> bool:
        """Whether none of them certainly changes any more."""
        try:
            return all(rates.is_single for rates in self.from_step(done).values())
        except UndecidedError:
            return False


def read_rates(schedules: Any) -> Rates:
    """The schedules of a certificate's problem.

    Raises:
        CertificateError: If they are no table, or a formula names something else.
    """
    require(isinstance(schedules, Mapping), "The schedules are no table.")
    return Rates({name: _read_row(row) for name, row in schedules.items()})


def _read_row(row: Any) -> tuple[Node, Mapping[str, fmpq]]:
    text, given = fields(row, "rate", "values")
    values = {name: read_rational(number) for name, number in given.items()}
    require("k" not in values, "`k` counts the steps.")
    return parse(text, names={"k", *values}).tree, values
