"""An update rule whose parameters have values, for tensors of one shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import prod
from typing import Any, TypeAlias, final

from flint import fmpq

from gradiometer.errors import DomainError, GradiometerError, Place, ShapeError
from gradiometer.formula import (
    ONE,
    Apply,
    Evaluator,
    FloatEvaluator,
    Node,
    Range,
    apply,
    at_point,
    compile_exact,
    compile_float,
    find_needed,
    free_names,
    map_children,
    number,
    settle_conditions,
    to_float,
    to_text,
)
from gradiometer.model.rule_kinds import NUMBER, TENSOR, Inference, Kind, infer_kinds
from gradiometer.model.rule_words import FUNCTIONS, GIVEN, SHAPES, TENSORS, has_calls

Shape: TypeAlias = tuple[int, ...]
"""The shape of `x`: `()` for a number, `(n,)` for a vector, `(rows, columns)` for a matrix."""

Step: TypeAlias = tuple[tuple[str, Node], ...]

_IDENTITIES = frozenset(FUNCTIONS) - {*SHAPES, "norm", "matmul"}
"""Functions of a tensor that leave a single number as it is."""


@final
@dataclass(frozen=True)
class RuleText:
    """A rule before its shape is known: trees in the notation of the catalogue."""

    name: str
    values: Mapping[str, fmpq]
    """The parameters with a fixed value."""
    parameters: tuple[str, ...]
    state: Mapping[str, Node]
    step: Step
    sources: Mapping[str, str]
    """The texts of first values and assignments, for errors."""
    from_step: int | None = None
    """If given, conditions on `t` are decided for all steps from this one on."""
    beside: tuple[str, ...] = ()
    """What is remembered though it never reaches the position, where that is wanted."""
    whole: frozenset[Node] = frozenset()
    """The calls that join all tensors of a model; a run on one tensor takes it for all of them."""
    joint_states: frozenset[str] = frozenset()
    """What begins with a value that joins all tensors."""

    def for_shape(self, shape: Shape) -> Rule:
        """The rule for tensors of that shape; a single number has no function of tensors left.

        Raises:
            ShapeError: If a length is not positive.
            FormulaError: If parts of the rule do not fit.
            DomainError: If a condition that is settled has no value.
        """
        _check_shape(shape)
        try:
            return self._bind(shape)
        except GradiometerError as error:
            raise error.located(Place(f"optimizer `{self.name}`")) from None

    def _bind(self, shape: Shape) -> Rule:
        state, step = dict(self.state), self._settle(self.step)
        known = kinds_of(self, state, step, Inference(is_settled=False, allows_numbers=True))
        # The shape of a name may rest on a condition that another shape settles.
        while any(_asks_shape(tree) for tree in (*state.values(), *(tree for _, tree in step))):
            state = {n: _with_shapes(tree, known, shape) for n, tree in state.items()}
            step = tuple((n, _with_shapes(tree, known, shape)) for n, tree in step)
            step = self._settle(step)
            known = kinds_of(self, state, step, Inference(is_settled=False, allows_numbers=True))
        known = kinds_of(self, state, step, Inference(is_settled=True, allows_numbers=True))
        if not shape:
            state = {name: _of_number(tree) for name, tree in state.items()}
            step = self._settle(tuple((target, _of_number(tree)) for target, tree in step))
        kinds = {name: kind for name, kind in known.items() if kind is not None}
        return _keep_alive(self, state, step, kinds=kinds, shape=shape)

    def _settle(self, step: Step) -> Step:
        return tuple((target, self._decide(target, tree)) for target, tree in step)

    def _decide(self, target: str, tree: Node) -> Node:
        try:
            return settle_conditions(tree, self.values, from_step=self.from_step)
        except DomainError as error:
            raise replace(error, text=self.sources.get(target, "")) from None


@final
@dataclass(frozen=True)
class Rule:
    """An update rule whose parameters have exact values, for tensors of one shape."""

    name: str
    values: Mapping[str, fmpq]
    """The parameters that are read, by name."""
    state: Mapping[str, Node]
    """What is remembered, with its value before the first step; it may read `x`, the start."""
    step: Step
    kinds: Mapping[str, Kind]
    """How many values each name has."""
    shape: Shape
    text: RuleText = field(repr=False)
    """The rule for every shape."""

    @cached_property
    def exact_step(self) -> tuple[tuple[str, Evaluator], ...]:
        """The assignments compiled for exact numbers; for a rule of a single number."""
        return tuple((target, compile_exact(tree)) for target, tree in self.step)

    @cached_property
    def float_step(self) -> tuple[tuple[str, FloatEvaluator], ...]:
        """The assignments compiled for float64; for a rule of a single number."""
        return tuple((target, compile_float(tree)) for target, tree in self.step)

    @cached_property
    def float32_step(self) -> tuple[tuple[str, FloatEvaluator], ...]:
        """The assignments compiled for float32."""
        return tuple((target, compile_float(tree, "float32")) for target, tree in self.step)

    @cached_property
    def float_values(self) -> Mapping[str, float]:
        """The parameters rounded to float64."""
        return {name: to_float(value) for name, value in self.values.items()}

    @cached_property
    def reads(self) -> frozenset[str]:
        """The names that are given from outside at each step, `loss` and `noise` among them."""
        used = frozenset().union(*(free_names(tree) for _, tree in self.step))
        return used & frozenset(GIVEN)

    def for_shape(self, shape: Shape) -> Rule:
        """The same rule for tensors of another shape.

        Raises:
            ShapeError: If a length is not positive.
            FormulaError: If parts of the rule do not fit.

        Example:
            >>> from gradiometer.model import read_optimizer
            >>> str(read_optimizer("sgd").bind({}).for_shape((2, 3)).kinds["m"])
            'tensor'
        """
        return self if shape == self.shape else self.text.for_shape(shape)

    def settled(self, from_step: int, fixed: Mapping[str, fmpq] | None = None) -> Rule:
        """The rule as it is for all steps from this one on; *fixed* are schedules that rest."""
        values = {**self.text.values, **(fixed or {})}
        return replace(self.text, values=values, from_step=from_step).for_shape(self.shape)

    @property
    def depends_on_step(self) -> bool:
        """Whether the step count `t` is read."""
        return "t" in self.reads

    def to_problem(self) -> dict[str, Any]:
        """The rule as plain JSON for a certificate."""
        return {
            "state": {name: to_text(tree) for name, tree in self.state.items()},
            "step": [[target, to_text(tree)] for target, tree in self.step],
            "values": {name: str(value) for name, value in self.values.items()},
        }


def kinds_of(
    rule: RuleText, state: Mapping[str, Node], step: Step, rules: Inference
) -> dict[str, Kind | None]:
    """The kind of every name of the rule; see `infer_kinds`."""
    given = {name: TENSOR if name in TENSORS else NUMBER for name in GIVEN}
    given |= dict.fromkeys((*rule.parameters, *rule.values), NUMBER)
    return infer_kinds(state, step, given, rules=rules, sources=rule.sources)


def count_values(kind: Kind, shape: Shape) -> int:
    """How many numbers a name of that kind holds for a tensor of that shape.

    Of more than two axes the last two are the rows and columns of many matrices.

    Example:
        >>> from gradiometer.model.rule_kinds import ROW
        >>> count_values(ROW, (3, 5)), count_values(TENSOR, (7, 3, 5))
        (3, 105)
    """
    if kind == NUMBER:
        return 1
    lengths = lengths_of(shape)
    return prod(shape[:-2]) * lengths[kind.rows] * lengths[kind.columns]


def lengths_of(shape: Shape) -> dict[str, int]:
    """The lengths that the symbols of kinds stand for."""
    return {"1": 1, "R": shape[-2] if len(shape) > 1 else 1, "C": shape[-1] if shape else 1}


def _check_shape(shape: Shape) -> None:
    if not all(isinstance(length, int) and length > 0 for length in shape):
        raise ShapeError(
            f"The shape {shape} of a tensor has a length that is not positive.",
            hint="write the lengths of its axes, such as (2, 3)",
        )


def _asks_shape(node: Node) -> bool:
    """Whether a function of the shape alone stands in the tree."""
    if not isinstance(node, Apply):
        return False
    return node.operator in SHAPES or any(map(_asks_shape, node.arguments))


def _with_shapes(node: Node, known: Mapping[str, Kind | None], shape: Shape) -> Node:
    """The tree with numbers for what only the shape decides, as far as kinds are known."""
    if isinstance(node, Apply) and node.operator in SHAPES:
        rules = Inference(is_settled=False, allows_numbers=True)
        kind = rules.kind_of(node.arguments[0], known)
        # A shape that another one decides is asked for again in the next round.
        return node if kind is None else number(_shape_value(node.operator, kind, shape))
    return map_children(node, lambda part: _with_shapes(part, known, shape))


def _shape_value(function: str, kind: Kind, shape: Shape) -> int:
    if function == "axes":
        return len(shape)
    lengths, spread = lengths_of(shape), kind.spread
    if function == "size":
        return count_values(spread, shape)
    return lengths[spread.rows if function == "rows" else spread.columns]


def _of_number(node: Node) -> Node:
    """The tree for a single number, for which functions of tensors are plain arithmetic."""
    if not has_calls(node):
        return node
    node = map_children(node, _of_number)
    if not isinstance(node, Apply) or node.operator not in FUNCTIONS:
        return node
    if node.operator == "norm":
        return replace(apply("abs", *node.arguments), span=node.span)
    if node.operator == "matmul":
        return replace(apply("*", *node.arguments), span=node.span)
    return node.arguments[0] if node.operator in _IDENTITIES else ONE


def _keep_alive(
    text: RuleText,
    state: Mapping[str, Node],
    step: Step,
    *,
    kinds: Mapping[str, Kind],
    shape: Shape,
) -> Rule:
    """The rule without assignments and state that never reach what is wanted of it.

    What may have no value stays all the same, since a run ends where it has none.
    """
    wanted = {"x'", *(f"{name}'" for name in text.beside)}
    ranges = {name: at_point(value) for name, value in text.values.items()}
    ranges["t"] = Range(fmpq(text.from_step or 1), None)
    needed = find_needed(step, wanted, states=state, ranges=ranges)
    kept = tuple((target, tree) for target, tree in step if target in needed)
    memory = {name: tree for name, tree in state.items() if name in needed}
    names = frozenset().union(
        *(free_names(tree) for _, tree in kept), *map(free_names, memory.values())
    )
    values = {name: value for name, value in text.values.items() if name in names}
    # A rule may find the new position without the old one, as FTRL does from its sums.
    alive = {"x", *names, *memory, *dict(kept)}
    kept_kinds = {n: k for n, k in kinds.items() if n in alive}
    return Rule(text.name, values, memory, kept, kept_kinds, shape, text)
