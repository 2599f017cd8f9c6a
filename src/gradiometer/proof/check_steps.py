"""The checker's own reading of update rules: one step as trees in what it starts from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, final

from flint import fmpq

from gradiometer.errors import DomainError, UndecidedError, UsageError
from gradiometer.formula import (
    EVERYTHING,
    Apply,
    Exact,
    Name,
    Node,
    Range,
    apply,
    compare,
    compile_exact,
    evaluate,
    evaluate_range,
    map_children,
    number,
    parse,
    settle_conditions,
    size_in_bits,
    substitute,
    to_ball,
    walk,
)
from gradiometer.proof.check_fields import fields, read_rational, require

GIVEN = ("x", "g", "t", "loss", "noise")
"""What each step is given: position, gradient, its number from 1, loss and draw."""

Signs: TypeAlias = Callable[[Node], frozenset[int]]
"""The signs that a tree may have, of -1, 0 and 1."""

ANY_SIGN = frozenset((-1, 0, 1))

_MOST_NODES = 5_000
_LONGEST = 4_000
"""Rationals of more bits go on as balls."""


@final
@dataclass(frozen=True)
class Steps:
    """A rule for a single number with the values of its parameters put in."""

    state: Mapping[str, Node]
    """First values, which may read `x`, the start."""
    trees: tuple[tuple[str, Node], ...]

    def settled(self, from_step: int) -> Steps:
        """The rule as it is for all steps from this one on."""
        trees = ((n, settle_conditions(tree, {}, from_step=from_step)) for n, tree in self.trees)
        return Steps(self.state, tuple(trees))

    def begin(self, position: Node) -> dict[str, Node]:
        """What is remembered before the first step."""
        return {name: _at(tree, position) for name, tree in self.state.items()}

    def advance(
        self, known: Mapping[str, Node], *, step: int | None, signs: Signs
    ) -> dict[str, Node]:
        """The new values of position and states, by `x'` and the names of states.

        Args:
            known: Trees for position, gradient and states; a name left out stands for itself.
            step: The number of the step; None for any step, which stays the name `t`.
            signs: What is known of trees; conditions that this decides are decided.
        """
        trees: dict[str, Node] = dict(known)
        if step is not None:
            trees["t"] = number(step)

        def signs_now(tree: Node) -> frozenset[int]:
            return signs(substitute(tree, trees))

        for target, tree in self.trees:
            # Deciding first keeps what is walked through small: trees of states may be long.
            trees[target] = substitute(decide(tree, signs_now), trees)
        return {name: trees[f"{name}'"] for name in ("x", *self.state)}

    def positions(self, start: fmpq, rows: Sequence[Mapping[str, fmpq]]) -> Iterator[Exact]:
        """The position after each step, as a rational or a ball at the current precision.

        Args:
            start: Where it begins.
            rows: Gradient, loss and draw of each step.

        Raises:
            UndecidedError: If a condition is not decided, or a value is not finite.
            DomainError: If a value does not exist.
        """
        state = {name: evaluate(tree, {"x": start}) for name, tree in self.state.items()}
        compiled = [(target, compile_exact(tree)) for target, tree in self.trees]
        position: Exact = start
        for index, row in enumerate(rows, 1):
            known: dict[str, Exact] = {**state, **row, "x": position, "t": fmpq(index)}
            for target, run in compiled:
                known[target] = _shorten(run(known))
            state = {name: known[f"{name}'"] for name in state}
            position = known["x'"]
            yield position


def _shorten(value: Exact) -> Exact:
    short = to_ball(value) if isinstance(value, fmpq) and size_in_bits(value) > _LONGEST else value
    if not (isinstance(short, fmpq) or short.is_finite()):
        raise UndecidedError("a value is not finite")
    return short


def side_of(gradient: fmpq) -> dict[str, fmpq]:
    """What a step is given besides its number: the gradient, and a loss and a draw made from it."""
    return {"g": gradient, "loss": 2 + gradient * gradient, "noise": gradient / 3}


def read_steps(rule: Any, unknown: tuple[str, ...] = ()) -> Steps:
    """The rule of a certificate.

    Args:
        rule: A table of `state`, `step` and `values`.
        unknown: Parameters without a value, which stay names.

    Raises:
        CertificateError: If a name stands for two things, or a new value is missing.
    """
    state, step, values = fields(rule, "state", "step", "values")
    require(all(isinstance(table, Mapping) for table in (state, values)), "A part is no table.")
    given = [*values, *unknown, *state, *GIVEN]
    require(len(set(given)) == len(given), "A name stands for two things.")
    numbers: dict[str, Node] = {name: number(read_rational(v)) for name, v in values.items()}
    trees: list[tuple[str, Node]] = []
    known = set(given)
    for target, text in step:
        require(isinstance(target, str) and target not in known, "A name is assigned twice.")
        trees.append((target, substitute(parse(text, names=known).tree, numbers)))
        known = {*known, target}
    require(all(f"{name}'" in known for name in ("x", *state)), "The rule is not complete.")
    before = {*values, *unknown, "x"}
    first = {n: substitute(parse(text, names=before).tree, numbers) for n, text in state.items()}
    return Steps(first, tuple(trees))


def _at(tree: Node, position: Node) -> Node:
    if tree == Name("x"):
        return position
    return map_children(tree, lambda part: _at(part, position))


def decide(node: Node, signs: Signs) -> Node:
    """The tree with one branch for each `where`, `max`, `min` and `abs` that signs decide."""
    if isinstance(node, Apply) and node.operator == "where":
        truth = _truth(node.arguments[0], signs)
        if truth is not None:
            return decide(node.arguments[1 if truth else 2], signs)
    inside = map_children(node, lambda part: decide(part, signs))
    if not isinstance(inside, Apply):
        return inside
    if inside.operator in ("max", "min") and len(inside.arguments) == 2:
        found = signs(apply("-", *inside.arguments))
        # With max(a, b) the first one is taken where a - b is never below 0.
        larger, smaller = inside.arguments
        if inside.operator == "min":
            larger, smaller = smaller, larger
        return larger if -1 not in found else smaller if 1 not in found else inside
    if inside.operator == "abs":
        (value,) = inside.arguments
        found = signs(value)
        return value if -1 not in found else apply("neg", value) if 1 not in found else inside
    return inside


def _truth(condition: Node, signs: Signs) -> bool | None:
    if not isinstance(condition, Apply):
        return None
    operator, parts = condition.operator, condition.arguments
    if operator in ("and", "or", "not"):
        truths = [_truth(part, signs) for part in parts]
        if operator == "not":
            return None if truths[0] is None else not truths[0]
        decisive = operator == "or"
        if decisive in truths:
            return decisive
        return None if None in truths else not decisive
    holds_for = _HOLDS.get(operator)
    if holds_for is None:
        return None
    found = signs(apply("-", *parts))
    return True if found <= holds_for else None if found & holds_for else False


_HOLDS: Mapping[str, frozenset[int]] = {
    "<": frozenset((-1,)),
    "<=": frozenset((-1, 0)),
    ">": frozenset((1,)),
    ">=": frozenset((0, 1)),
    "==": frozenset((0,)),
    "!=": frozenset((-1, 1)),
}
"""The signs of left minus right with which a relation is true."""


def range_of(tree: Node, ranges: Mapping[str, Range]) -> Range:
    """A range that holds all values of the tree; everything where none is found."""
    if any(count > _MOST_NODES for count, _ in enumerate(walk(tree))):
        return EVERYTHING
    try:
        return evaluate_range(tree, ranges)
    except (UndecidedError, UsageError, DomainError, ArithmeticError, ValueError):
        return EVERYTHING


def signs_in(span: Range) -> frozenset[int]:
    """The signs that numbers of the range may have."""
    try:
        if span.is_positive() or span.is_negative():
            return frozenset((1 if span.is_positive() else -1,))
        below = span.lower is None or compare(span.lower, fmpq(0)) < 0
        above = span.upper is None or compare(span.upper, fmpq(0)) > 0
    except UndecidedError:
        return ANY_SIGN
    possible = ((-1, below), (0, True), (1, above))
    return frozenset(order for order, is_possible in possible if is_possible)
