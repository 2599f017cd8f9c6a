"""One cell of a grid of training runs: everything that decides a run but its seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, final

from flint import fmpq

from gradiometer.formula import Node, free_names, to_float, to_text
from gradiometer.model import (
    RATE,
    Activation,
    BoundSchedule,
    Dataset,
    Initialization,
    Rule,
    ScalarRule,
    unroll,
)
from gradiometer.proof import is_elementwise
from gradiometer.question.training_follow import Follower

if TYPE_CHECKING:
    from gradiometer.numeric import JointRule

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
    has_output_rows: bool
    """Whether the rule sees a matrix with a row for each output, or for each input."""
    follower: Follower | None
    """What gives the learning rate from the losses of the run."""
    data: Dataset
    epochs: int
    precision: Literal["float32", "float64"]

    @cached_property
    def scalar(self) -> ScalarRule:
        """The rule for one number, as every parameter follows it where the rule joins none."""
        return unroll(self.rule, ())

    @cached_property
    def is_joint(self) -> bool:
        """Whether the rule reads norms or other things of a whole tensor, losses, or draws."""
        return bool({"loss", "noise"} & self.rule.reads) or not is_elementwise(self.rule)

    @cached_property
    def networks_rule(self) -> ScalarRule | JointRule:
        """The rule as networks follow it."""
        from gradiometer.numeric import JointRule

        return JointRule(self.rule, self.has_output_rows) if self.is_joint else self.scalar

    @property
    def values(self) -> Mapping[str, fmpq]:
        """The rule's parameters that do not change, by name."""
        return self.networks_rule.values

    @property
    def lines(self) -> tuple[Sequence[tuple[str, Node]], Sequence[tuple[str, Node]]]:
        """What the rule remembers, with first values, and its assignments."""
        rule = self.networks_rule
        if isinstance(rule, ScalarRule):
            return rule.states, rule.step
        # Parameters have decided conditions, and shapes too.
        step = [line for each in rule.bind_all(self.widths) for line in each.step]
        return tuple(rule.first_values.items()), step

    @cached_property
    def group(self) -> tuple[Any, ...]:
        """What cells share that stand in one block."""
        return (id(self.data), self.epochs, *self.kernel)

    @cached_property
    def kernel(self) -> tuple[Any, ...]:
        """What cells share that are trained by one kernel."""
        (states, step), values = self.lines, self.values
        begun = {name for _, tree in states for name in free_names(tree)}
        begin = tuple((name, values[name]) for name in sorted(begun) if name in values)
        return (self.precision, self.widths, to_text(self.activation.tree), self.head, self.batch,
                bool(self.dropout), tuple((n, to_text(t)) for n, t in states),
                tuple((n, to_text(t)) for n, t in step), begin, *self._joint)  # fmt: skip

    @property
    def _joint(self) -> tuple[Any, ...]:
        """What a joint rule is besides its lines."""
        if not self.is_joint:
            return ()
        calls = sorted(to_text(call) for call in self.rule.text.whole)
        return (self.has_output_rows, *calls)

    @property
    def rate(self) -> float:
        """The learning rate at the start; NaN for a rule without one."""
        if self.follower is not None:
            return self.follower.begin()["rate"]
        if RATE in self.schedules:
            return self.schedules[RATE].float_at(0)
        value = self.values.get(RATE)
        return float("nan") if value is None else to_float(value)

    @property
    def has_rate(self) -> bool:
        """Whether there is a learning rate."""
        return self.follower is not None or RATE in self.schedules or RATE in self.values

    @property
    def scheduled(self) -> tuple[str, ...]:
        """The parameters of the rule that change while it runs."""
        return (*self.schedules, *((RATE,) if self.follower is not None else ()))

    def list_rates(self, name: str, units: int) -> list[float]:
        """A parameter of the rule in each of the first epochs, or steps where they count."""
        if name == RATE and self.follower is not None:
            # What losses make of it is not known before the run.
            return [self.rate] * units
        if name in self.schedules:
            return [self.schedules[name].float_at(unit) for unit in range(units)]
        return [to_float(self.values[name])] * units

    def to_plain(self) -> dict[str, Any]:
        """Everything that decides a run but its seed and split, as plain JSON."""
        return {
            "data": self.data.to_digest(),
            "epochs": self.epochs,
            "precision": self.precision,
            "widths": list(self.widths),
            "activation": to_text(self.activation.tree),
            "initialization": [self.initialization.law, to_text(self.initialization.variance),
                               to_text(self.initialization.bias_variance)],
            "head": self.head,
            "rule": [[n, to_text(t)] for n, t in (*self.lines[0], *self.lines[1])],
            "values": {n: str(v) for n, v in sorted(self.values.items())},
            **({"joint": list(self._joint)} if self.is_joint else {}),
            "schedules": {n: row.to_problem() for n, row in sorted(self.schedules.items())},
            **({"follower": self.follower.to_plain()} if self.follower is not None else {}),
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
