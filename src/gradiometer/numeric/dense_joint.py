"""Rules that join the numbers of a tensor, or of all tensors, such as one that reads a norm.

A tensor is the weights or the biases of one layer, as a library holds them. A call such as
`norm(g)` in a table whose scope is the model joins all tensors: it is taken out of the rule's
lines here, so that each tensor adds its part and reads the whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import final

from flint import fmpq

from gradiometer.formula import Apply, Name, Node, free_names, map_children, number
from gradiometer.model import Rule, RuleText, Shape

SIZE = "model.size"
"""The name that stands for the count of all parameters of a network."""


@final
@dataclass(frozen=True)
class Whole:
    """A call that joins all tensors."""

    operator: str
    part: str
    """The line that says what each tensor has of it."""
    name: str
    """What stands for its value in the lines behind."""


@final
@dataclass(frozen=True, eq=False)
class JointRule:
    """An update rule that joins numbers of a tensor, or of all tensors of a network."""

    rule: Rule
    has_output_rows: bool = True
    """Whether a matrix has a row for each output, as PyTorch holds it, or for each input."""

    @property
    def name(self) -> str:
        """The rule's name."""
        return self.rule.name

    @property
    def values(self) -> Mapping[str, fmpq]:
        """The parameters that have a value."""
        return self.rule.text.values

    @property
    def first_values(self) -> Mapping[str, Node]:
        """What is remembered, with its value before the first step."""
        return self.rule.text.state

    @cached_property
    def parts(self) -> tuple[RuleText, tuple[Whole, ...]]:
        """The rule without the calls that join all tensors, and those."""
        return take_out(self.rule.text)

    @cached_property
    def _bound(self) -> dict[Shape, Rule]:
        return {}

    def for_shape(self, shape: Shape) -> Rule:
        """The lines for a tensor of that shape, with those that say its parts of joint calls."""
        if shape not in self._bound:
            self._bound[shape] = self.parts[0].for_shape(shape)
        return self._bound[shape]

    def bind_all(self, widths: Sequence[int]) -> list[Rule]:
        """The lines for the weights and the biases of each layer."""
        return [self.for_shape(shape) for shape in list_shapes(widths, self.has_output_rows)]

    def list_states(self, widths: Sequence[int]) -> tuple[str, ...]:
        """What is remembered for some of the tensors."""
        rules, (text, calls) = self.bind_all(widths), self.parts
        parts = {call.part.removesuffix("'") for call in calls}
        used = frozenset[str]().union(*(rule.state for rule in rules))
        return tuple(name for name in text.state if name in used and name not in parts)

    def list_given(self, widths: Sequence[int], scheduled: Sequence[str]) -> tuple[str, ...]:
        """The parameters that each network has its own number of."""
        rules, (text, calls) = self.bind_all(widths), self.parts
        read = frozenset[str]().union(*(free_names(t) for rule in rules for _, t in rule.step))
        known = {SIZE, *(call.name for call in calls), *scheduled}
        return tuple(sorted((read & {*text.parameters, *text.values}) - known))


def list_shapes(widths: Sequence[int], has_output_rows: bool) -> list[Shape]:
    """The shapes of weights and biases, layer by layer.

    Example:
        >>> list_shapes((3, 2), True)
        [(2, 3), (2,)]
    """
    found: list[Shape] = []
    for fan_in, fan_out in pairwise(widths):
        found += [(fan_out, fan_in) if has_output_rows else (fan_in, fan_out), (fan_out,)]
    return found


def take_out(text: RuleText) -> tuple[RuleText, tuple[Whole, ...]]:
    """A rule without the calls that join all tensors, and those in the order of its lines.

    Each has a line of its own before the first one that reads it, as if it were remembered, so that
    nothing leaves it out; the value of it is a number that is given.
    """
    found: dict[Node, Whole] = {}
    step: list[tuple[str, Node]] = []

    def visit(node: Node) -> Node:
        if node not in text.whole or not isinstance(node, Apply):
            return map_children(node, visit)
        if node.operator == "size":
            return Name(SIZE)
        inside = visit(node.arguments[0])
        key = Apply(node.operator, (inside,))
        if key not in found:
            at = len(found)
            found[key] = Whole(node.operator, f"model.{at}'", f"model.{at}.all")
            step.append((found[key].part, inside))
        return Name(found[key].name)

    for target, tree in text.step:
        line = (target, visit(tree))
        step.append(line)
    parts = tuple(call.part for call in found.values())
    memory = {part.removesuffix("'"): number(0) for part in parts}
    # First values that join all tensors are found apart.
    state = {name: number(0) if name in text.joint_states else tree
             for name, tree in text.state.items()}  # fmt: skip
    changed = replace(
        text, state={**state, **memory}, step=tuple(step), beside=tuple(memory),
        parameters=(*text.parameters, SIZE, *(call.name for call in found.values())),
    )  # fmt: skip
    return changed, tuple(found.values())
