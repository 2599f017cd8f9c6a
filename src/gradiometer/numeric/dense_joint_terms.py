"""The terms of a rule on one tensor, and in which order calls that join its numbers are made.

A call is made in a pass over the tensor, and the terms that read it come in a later pass.
Positions, gradients and memory stay as they are until the last pass, so that each pass computes
again what it needs from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import final

from gradiometer.formula import Apply, Node, number, substitute
from gradiometer.model import NUMBER, TENSOR, Kind, Rule, join_kinds, lengths_of
from gradiometer.numeric.dense_code import Code
from gradiometer.numeric.dense_joint import SIZE, JointRule, Whole

PARTWISE = ("transpose", "matmul")
"""Calls whose arguments are written out as matrices before."""

_CALLS = frozenset(
    ("sum", "mean", "norm", "largest", "row_sum", "row_mean", "row_max",
     "column_sum", "column_mean", "column_max", *PARTWISE)
)  # fmt: skip


@final
@dataclass(frozen=True)
class Call:
    """A call that joins numbers of a tensor."""

    operator: str
    arguments: tuple[int, ...]
    """The terms of its arguments."""
    loops: tuple[Kind, ...]
    """Over what its arguments are spread."""
    kind: Kind
    """Of its result."""
    place: int
    """The term that stands for it."""
    stage: int
    """The pass in which it is made, from 0."""


@final
@dataclass(eq=False)
class TensorTerms:
    """The terms of a rule on one tensor."""

    layer: int
    rule: Rule
    outputs: int
    has_output_rows: bool
    begin: int
    """Where it begins among the entries of the parameters."""
    first: int
    """The number of its first parameter in a network."""
    prefix: str
    code: Code = field(init=False)
    kinds: dict[int, Kind] = field(default_factory=dict[int, Kind])
    stages: dict[int, int] = field(default_factory=dict[int, int])
    """In which pass a term can be read at the earliest."""
    calls: list[Call] = field(default_factory=list[Call])
    parts: dict[str, int] = field(default_factory=dict[str, int])
    """The terms of its parts of calls that join all tensors."""

    def __post_init__(self) -> None:
        self.code = Code(self.prefix)

    @cached_property
    def lengths(self) -> Mapping[str, int]:
        """The lengths that the symbols of kinds stand for."""
        return lengths_of(self.rule.shape)

    @property
    def strides(self) -> tuple[int, int]:
        """How many entries lie between its rows, and between its columns."""
        if len(self.rule.shape) < 2:
            return 0, 1
        return (1, self.outputs) if self.has_output_rows else (self.outputs, 1)

    def open(self, name: str, kind: Kind) -> None:
        """Let a name stand for something that is read."""
        self.code.open(name, "")
        self.mark(self.code.known[name], kind, 0)

    def mark(self, place: int, kind: Kind, stage: int) -> None:
        """Say of what kind a term is that is read, and from which pass on."""
        self.kinds[place], self.stages[place] = kind, stage

    def kind_of(self, at: int) -> Kind:
        """How many values a term has."""
        if at not in self.kinds:
            kind: Kind | None = NUMBER
            for place in self.code.build.terms[at].arguments:
                kind = join_kinds(kind, self.kind_of(place)) if kind is not None else None
            assert kind is not None, "kinds were checked when the rule was bound"
            self.kinds[at] = kind
        return self.kinds[at]

    def stage_of(self, at: int) -> int:
        """The pass from which on a term can be computed."""
        if at not in self.stages:
            inside = self.code.build.terms[at].arguments
            self.stages[at] = max((self.stage_of(place) for place in inside), default=0)
        return self.stages[at]

    def lower(self, target: str, tree: Node) -> int:
        """The term of a line, with the calls in it."""
        self.code.known[target] = at = self._visit(tree)
        return at

    def _visit(self, node: Node) -> int:
        if not isinstance(node, Apply):
            return self.code.lower(node)
        inside = tuple(map(self._visit, node.arguments))
        if node.operator in _CALLS:
            return self._call(node.operator, inside)
        return self.code.build.apply(node.operator, *inside)

    def _call(self, operator: str, inside: tuple[int, ...]) -> int:
        name = f"{operator} of {', '.join(map(str, inside))}"
        if name not in self.code.known:
            loops = tuple(self.kind_of(at).spread for at in inside)
            kind = _find_kind(operator, loops)
            stage = max(map(self.stage_of, inside))
            self.open(name, kind)
            place = self.code.known[name]
            self.mark(place, kind, stage + 1)
            self.calls.append(Call(operator, inside, loops, kind, place, stage))
        return self.code.known[name]


def _find_kind(operator: str, loops: tuple[Kind, ...]) -> Kind:
    if operator == "matmul":
        return Kind(loops[0].rows, loops[1].columns)
    if operator == "transpose":
        return loops[0].flipped
    if operator.startswith("row_"):
        return Kind(loops[0].rows, "1")
    return Kind("1", loops[0].columns) if operator.startswith("column_") else NUMBER


@final
@dataclass(frozen=True, eq=False)
class JointTerms:
    """The terms of a rule on all tensors of a network."""

    tensors: tuple[TensorTerms, ...]
    wholes: tuple[tuple[Whole, int], ...]
    """The calls that join all tensors, and the pass in which each is made."""
    states: tuple[str, ...]
    given: tuple[str, ...]
    """The parameters that each network has its own number of."""
    size: int
    """How many parameters a network has."""

    @cached_property
    def stages(self) -> int:
        """How many passes come before the last one."""
        made = [call.stage for tensor in self.tensors for call in tensor.calls]
        return 1 + max((*made, *(stage for _, stage in self.wholes)), default=-1)


def find_terms(
    joint: JointRule, widths: tuple[int, ...], weights: tuple[int, ...], scheduled: tuple[str, ...]
) -> JointTerms:
    """The terms of a rule on the weights and the biases of each layer.

    Args:
        joint: The rule.
        widths: Of the network.
        weights: Where each layer begins among the entries of the parameters.
        scheduled: The parameters with a number for each step.
    """
    rules, wholes = joint.bind_all(widths), joint.parts[1]
    size = sum((a + 1) * b for a, b in pairwise(widths))
    states, given = joint.list_states(widths), joint.list_given(widths, scheduled)
    tensors, first = [], 0
    for number_, rule in enumerate(rules):
        layer, is_bias = divmod(number_, 2)
        begin = weights[layer] + (widths[layer] * widths[layer + 1] if is_bias else 0)
        tensors.append(TensorTerms(layer, rule, widths[layer + 1], joint.has_output_rows,
                                   begin, first, f"k{number_}_"))  # fmt: skip
        first += rule.shape[0] * (1 if is_bias else rule.shape[1])
    for tensor in tensors:
        for name in ("x", "g", "noise"):
            tensor.open(name, TENSOR)
        for name in ("t", "loss", *given, *scheduled):
            tensor.open(name, NUMBER)
        for name in states:
            tensor.open(name, tensor.rule.kinds.get(name, NUMBER))
    made = _lower_all(tensors, wholes, size)
    return JointTerms(tuple(tensors), made, states, given, size)


def _lower_all(
    tensors: list[TensorTerms], wholes: tuple[Whole, ...], size: int
) -> tuple[tuple[Whole, int], ...]:
    """Lower all lines; a call that joins all tensors waits for the parts of all of them."""
    waiting = [iter(tensor.rule.step) for tensor in tensors]
    count = {SIZE: number(size)}
    made: list[tuple[Whole, int]] = []
    for call in wholes:
        for tensor, lines in zip(tensors, waiting, strict=True):
            for target, tree in lines:
                at = tensor.lower(target, substitute(tree, count))
                if target == call.part:
                    tensor.parts[call.name] = at
                    break
        stage = max(tensor.stage_of(tensor.parts[call.name]) for tensor in tensors)
        for tensor in tensors:
            tensor.open(call.name, NUMBER)
            tensor.mark(tensor.code.known[call.name], NUMBER, stage + 1)
        made.append((call, stage))
    for tensor, lines in zip(tensors, waiting, strict=True):
        for target, tree in lines:
            tensor.lower(target, substitute(tree, count))
    return tuple(made)
