"""An optimizer as an update rule in text, read once and bound to exact parameter values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import final

from flint import fmpq

from gradiometer.errors import (
    UndecidedError,
    UsageError,
)
from gradiometer.formula import Node, Range, at_point, evaluate_range
from gradiometer.model.parameter import Owner, Parameter, Setting
from gradiometer.model.rule import Rule, RuleText, Shape, kinds_of
from gradiometer.model.rule_kinds import Inference


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
    parts: Mapping[str, str] = field(default_factory=dict[str, str])
    """Where rules are wrapped: `adam.eps` and what that parameter is called here."""
    whole: frozenset[Node] = frozenset()
    """The calls, such as `norm(g)`, that join all tensors of a model and not those of one alone."""
    joint_states: frozenset[str] = frozenset()
    """What begins with a value that joins all tensors of a model."""
    has_output_rows: bool = True
    """Whether a matrix of weights has a row for each output, as in PyTorch, or for each input."""

    @property
    def owner(self) -> Owner:
        """The optimizer as something that has parameters."""
        return Owner("optimizer", self.name, self.parameters, parts=self.parts)

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
            >>> from gradiometer.model import read_optimizer
            >>> tuple(read_optimizer("asgd").remember({}).state)
            ('rate', 'share', 'average')
        """
        text = replace(self.bind(values, shape=shape).text, beside=self.beside)
        return text.for_shape(shape)

    def _text(self, values: Mapping[str, fmpq]) -> RuleText:
        names = tuple(self.parameters)
        return RuleText(
            self.name, values, names, self.state, self.step, self.sources, whole=self.whole,
            joint_states=self.joint_states,
        )  # fmt: skip

    def check_kinds(self) -> None:
        """Refuse parts that fit for no shape and no setting.

        Raises:
            FormulaError: If matrices do not fit, or a function of a tensor is taken of a number.
        """
        rules = Inference(is_settled=False, allows_numbers=False)
        kinds_of(self._text({}), self.state, self.step, rules)


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
