"""One cell of a grid of training runs: everything that decides a run but its seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias, final

from flint import fmpq

from gradiometer.formula import free_names, to_float, to_text
from gradiometer.model import (
    RATE,
    Activation,
    BoundSchedule,
    Initialization,
    Rule,
    ScalarRule,
    unroll,
)

Head: TypeAlias = Literal["softmax", "sigmoid", "squared", "squared_classes"]


@final
@dataclass(frozen=True, eq=False)
class Cell:
    """A network, how it begins, and how it is trained."""

    axes: Mapping[str, Any]
    """The value of each axis of the grid: a word, or an exact number; None where it has none."""
    widths: tuple[int, ...]
    activation: Activation
    initialization: Initialization
    head: Head
    rule: Rule
    schedules: Mapping[str, BoundSchedule]
    """What changes from epoch to epoch or step to step, by the parameter of the rule."""
    is_per_step: bool
    batch: int
    dropout: fmpq
    label_noise: fmpq

    @cached_property
    def scalar(self) -> ScalarRule:
        """The rule for one number, as every parameter of a network follows it."""
        return unroll(self.rule, ())

    @cached_property
    def group(self) -> tuple[Any, ...]:
        """What cells share that one kernel trains side by side."""
        rule = self.scalar
        begun = {name for _, tree in rule.states for name in free_names(tree)}
        begin = tuple((name, rule.values[name]) for name in sorted(begun) if name in rule.values)
        return (self.widths, to_text(self.activation.tree), self.head, self.batch,
                bool(self.dropout), tuple((n, to_text(t)) for n, t in rule.states),
                tuple((n, to_text(t)) for n, t in rule.step), begin)  # fmt: skip

    @property
    def rate(self) -> float:
        """The learning rate at the start; NaN for a rule without one."""
        if RATE in self.schedules:
            return self.schedules[RATE].float_at(0)
        value = self.scalar.values.get(RATE)
        return float("nan") if value is None else to_float(value)

    def list_rates(self, name: str, units: int) -> list[float]:
        """A parameter of the rule in each of the first epochs, or steps where they count."""
        if name in self.schedules:
            return [self.schedules[name].float_at(unit) for unit in range(units)]
        return [to_float(self.scalar.values[name])] * units

    def to_plain(self) -> dict[str, Any]:
        """Everything that decides a run but its seed and the data, as plain JSON."""
        return {
            "widths": list(self.widths),
            "activation": to_text(self.activation.tree),
            "initialization": [self.initialization.law, to_text(self.initialization.variance),
                               to_text(self.initialization.bias_variance)],
            "head": self.head,
            "rule": [[n, to_text(t)] for n, t in (*self.scalar.states, *self.scalar.step)],
            "values": {n: str(v) for n, v in sorted(self.scalar.values.items())},
            "schedules": {n: row.to_problem() for n, row in sorted(self.schedules.items())},
            "per": "step" if self.is_per_step else "epoch",
            "batch": self.batch,
            "dropout": str(self.dropout),
            "label_noise": str(self.label_noise),
        }  # fmt: skip


def list_groups(cells: Sequence[Cell]) -> list[list[int]]:
    """The numbers of the cells that share a kernel, those with the highest rates first.

    Runs that diverge stand together then, so that whole blocks of lanes stop early.
    """
    groups: dict[tuple[Any, ...], list[int]] = {}
    for number, cell in enumerate(cells):
        groups.setdefault(cell.group, []).append(number)
    return [sorted(row, key=lambda n: -cells[n].rate) for row in groups.values()]
