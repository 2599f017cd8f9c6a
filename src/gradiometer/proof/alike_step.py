"""One step of an update rule as trees in what it starts from: states, gradient and position."""

from __future__ import annotations

from collections.abc import Mapping

from flint import fmpq

from gradiometer.errors import DomainError, GradiometerError, UndecidedError, UsageError
from gradiometer.formula import (
    EVERYTHING,
    ONE,
    ZERO,
    Affine,
    Apply,
    Name,
    Node,
    Range,
    apply,
    at_point,
    evaluate,
    evaluate_range,
    free_names,
    map_children,
    number,
    settle_conditions,
    substitute,
    to_affine,
)
from gradiometer.model import Rule

_NONNEGATIVE = Range(fmpq(0), None)


def first_memory(rule: Rule) -> dict[str, Node]:
    """What is remembered before the first step, as trees in the start `x`."""
    known = _values(rule)
    return {name: substitute(tree, known) for name, tree in rule.state.items()}


def take_step(
    rule: Rule, memory: Mapping[str, Node], *, step: int | None, ranges: Mapping[str, Range]
) -> dict[str, Node]:
    """The new position `x'` and new states as trees in what *memory* is made of.

    Args:
        rule: The rule, settled for the steps that are meant.
        memory: The states before the step.
        step: The number of the step; None for any step, which stays the name `t`.
        ranges: What is known of names; conditions that this decides are decided.
    """
    known: dict[str, Node] = {**_values(rule), **memory}
    if step is not None:
        known["t"] = number(step)
    for target, tree in rule.step:
        whole = settle_conditions(substitute(tree, known), {})
        known[target] = _decide(whole, ranges)
    wanted = ("x'", *(f"{name}'" for name in rule.state))
    return {target: _bounded_powers(known[target]) for target in wanted}


def keep_ranges(first: Rule, later: Rule, *, given: Mapping[str, Range]) -> dict[str, Range]:
    """For each state a range that it never leaves, as far as one is found.

    Args:
        first: The rule, whose first values count.
        later: The rule as it is for all steps from the second on.
        given: What is known of the names given from outside.
    """
    guesses = {name: _first_guesses(first, name) for name in first.state}
    while True:
        held = {name: options[0] for name, options in guesses.items()}
        failed = [
            name for name in held
            if not all(_stays(rule, name, {**given, **held}) for rule in (first, later))
        ]  # fmt: skip
        if not failed:
            return held
        for name in failed:
            guesses[name] = guesses[name][1:]


def _first_guesses(rule: Rule, name: str) -> list[Range]:
    try:
        start = evaluate(substitute(rule.state[name], _values(rule)), {})
    except (GradiometerError, UndecidedError, ArithmeticError):
        return [EVERYTHING]
    if not isinstance(start, fmpq):
        return [EVERYTHING]
    above = [_NONNEGATIVE] if start >= 0 else []
    # A running mean that starts above 0 stays above 0, but not above its start.
    return [Range(start, None), *above, EVERYTHING]


def _stays(rule: Rule, name: str, ranges: Mapping[str, Range]) -> bool:
    held = ranges[name]
    if held == EVERYTHING:
        return True
    known: dict[str, Range] = {**ranges, **{n: at_point(v) for n, v in rule.values.items()}}
    for target, tree in rule.step:
        if target == f"{name}'":
            return held.contains(_range_of(tree, known))
        known[target] = _range_of(tree, known)
    # Without an assignment that is read, the state keeps its first value.
    return False


def _range_of(tree: Node, ranges: Mapping[str, Range]) -> Range:
    try:
        return evaluate_range(tree, ranges)
    except (UndecidedError, UsageError, DomainError, ArithmeticError, ValueError):
        return EVERYTHING


def _decide(node: Node, ranges: Mapping[str, Range]) -> Node:
    """The tree without the conditions whose truth the ranges of names decide."""

    def visit(current: Node) -> Node:
        current = map_children(current, visit)
        if isinstance(current, Apply) and current.operator == "where":
            condition, if_true, if_false = current.arguments
            truth = _truth(condition, ranges)
            if truth is not None:
                return if_true if truth else if_false
        return current

    return visit(node)


def _truth(condition: Node, ranges: Mapping[str, Range]) -> bool | None:
    if not isinstance(condition, Apply) or condition.operator not in ("<", "<=", ">", ">="):
        return None
    left, right = condition.arguments
    if condition.operator in ("<", "<="):
        left, right = right, left
    span = _range_of(apply("-", left, right), ranges)
    is_strict = condition.operator in ("<", ">")
    if span.is_positive() or (not is_strict and _NONNEGATIVE.contains(span)):
        return True
    if span.is_negative() or (is_strict and Range(None, fmpq(0)).contains(span)):
        return False
    return None


def _values(rule: Rule) -> dict[str, Node]:
    return {name: number(value) for name, value in rule.values.items()}


def _bounded_powers(node: Node) -> Node:
    """The tree with each power of t whose base lies in (0, 1) written as `1/(1 + e^s)`.

    Every value in (0, 1) has such an s, so what holds for all s holds for all t; and the normal
    form sees that one minus the power is positive.
    """

    def visit(current: Node) -> Node:
        current = map_children(current, visit)
        if isinstance(current, Apply) and current.operator == "^":
            return _bounded_power(current)
        return current

    return visit(node)


def _bounded_power(node: Apply) -> Node:
    base, exponent = node.arguments
    if free_names(exponent) != {"t"} or free_names(base):
        return node
    try:
        value = evaluate(base, {})
        form = to_affine(exponent, {"t": Affine(fmpq(0), {"t": fmpq(1)})}, {})
    except (GradiometerError, UndecidedError, ArithmeticError):
        return node
    slope, shift = form.coefficients.get("t"), form.constant
    if not (isinstance(value, fmpq) and isinstance(slope, fmpq) and isinstance(shift, fmpq)):
        return node
    # Steps count from 2 here.
    if slope <= 0 or 2 * slope + shift <= 0 or not 0 <= value < 1:
        return node
    if value == 0:
        return ZERO
    whole = slope if slope.q == 1 else fmpq(1)
    name = Name(f"power {value} {slope / whole}")
    bounded = apply("/", ONE, apply("+", ONE, apply("exp", name)))
    raised = bounded if whole == 1 else apply("^", bounded, number(whole))
    return raised if shift == 0 else apply("*", raised, apply("^", number(value), number(shift)))
