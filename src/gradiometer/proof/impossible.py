"""Proves that no settings let one update rule step like another one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from flint import fmpq

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import (
    RELATIONS,
    Apply,
    Name,
    Node,
    apply,
    evaluate,
    free_names,
    map_children,
    number,
    to_ratios,
)
from gradiometer.model import Optimizer, Parameter, Rule, is_inside
from gradiometer.proof.alike_step import first_memory, take_step
from gradiometer.proof.eliminate import Polynomial, have_no_solution

_MOST_CHOICES = 16
_TAPES = (
    ((0, (1, 1)), (0, (2, 2))),
    ((0, (1, 1)), (0, (2, 2)), (0, (1, 2))),
    ((0, (1, 1)), (0, (2, 2)), (0, (1, -1)), (1, (1, 1))),
    ((0, (1, 1)), (0, (2, 2)), (0, (1, -1)), (0, (1, 2))),
)
"""Starts and gradients, few at first: each set gives equations that all settings must fulfil."""

_Case = tuple[Rule, Mapping[str, fmpq]]
"""A rule with some parameters fixed, and those that differ from a value."""


def rule_out(
    source: Rule, target: Optimizer, flags: Mapping[str, fmpq]
) -> tuple[list[dict[str, fmpq]], bool]:
    """The flags with which no settings of *target* step like *source*; and whether those are all.

    Equal positions on a few short tapes are polynomial equations in the unknown settings and in
    the roots that occur. They are shown to have no common solution, for one choice of the flags
    after another. A choice that is not among them proves nothing.

    Args:
        source: A rule whose parameters have values, for a single number.
        target: The rule whose settings are sought.
        flags: The choice to begin with; where it is not ruled out, no other one is tried.
    """
    if any(isinstance(p.default, tuple) for p in target.parameters.values()):
        return [], False
    options = [(fmpq(0), fmpq(1))] * len(flags)
    choices = [dict(zip(flags, values, strict=True)) for values in product(*options)]
    choices = [c for c in choices if _is_allowed(target, c)]
    choices.sort(key=lambda choice: choice != dict(flags))
    if len(choices) > _MOST_CHOICES:
        return [], False
    ruled_out: list[dict[str, fmpq]] = []
    for choice in choices:
        if _is_choice_impossible(source, target, choice):
            ruled_out.append(choice)
        elif not ruled_out:
            break
    return ruled_out, len(ruled_out) == len(choices)


def _is_allowed(target: Optimizer, choice: Mapping[str, fmpq]) -> bool:
    return all(is_inside(value, target.parameters[name].domain) for name, value in choice.items())


def _is_choice_impossible(source: Rule, target: Optimizer, choice: Mapping[str, fmpq]) -> bool:
    try:
        cases = list(_split(target, choice, {}))
        return all(_is_case_impossible(source, case, target) for case in cases)
    except (GradiometerError, UndecidedError, ArithmeticError, RecursionError):
        return False


def _is_case_impossible(source: Rule, case: _Case, target: Optimizer) -> bool:
    for tapes in _TAPES:
        found = _find_equations(source, case, target, tapes)
        if have_no_solution(*found):
            return True
    return False


def _split(
    target: Optimizer, fixed: Mapping[str, fmpq], apart: Mapping[str, fmpq]
) -> Iterator[_Case]:
    rule = target.bind(fixed)
    for _, tree in rule.step:
        for name, value in _comparisons(tree, target.parameters):
            if name not in apart:
                yield from _split(target, {**fixed, name: value}, apart)
                yield from _split(target, fixed, {**apart, name: value})
                return
    yield rule, apart


def _comparisons(node: Node, parameters: Mapping[str, Parameter]) -> Iterator[tuple[str, fmpq]]:
    """Parameters that a tree compares with a number for equality."""
    if not isinstance(node, Apply):
        return
    if node.operator in ("==", "!="):
        left, right = node.arguments
        if isinstance(left, Name) and left.name in parameters and not free_names(right):
            value = evaluate(right, {})
            if isinstance(value, fmpq):
                yield left.name, value
    for part in node.arguments:
        yield from _comparisons(part, parameters)


def _find_equations(
    source: Rule,
    case: _Case,
    target: Optimizer,
    tapes: Sequence[tuple[int, Sequence[int]]],
) -> tuple[list[Polynomial], list[Polynomial]]:
    """Polynomials that are zero at all settings in question, and those that are not."""
    rule, apart = case
    differences: list[Node] = []
    for start, gradients in tapes:
        pairs = zip(_follow(source, start, gradients, {}),
                    _follow(rule, start, gradients, apart), strict=True)  # fmt: skip
        differences += [apply("-", own, other) for own, other in pairs]
    excluded = [apply("-", Name(name), number(value)) for name, value in apart.items()]
    excluded += [node for name, p in target.parameters.items()
                 if name not in rule.values for node in _open_ends(name, p)]  # fmt: skip
    named = len(excluded)
    first = to_ratios(*excluded, *differences)
    choices = [tree for g in first[0].generators for tree in _choices(g.node)] if first else []
    ratios = to_ratios(*excluded, *differences, *choices)
    nonzero = [ratio.numerator for ratio in ratios[:named]]
    equations = [ratio.numerator for ratio in ratios[named:]]
    nonzero += [ratio.denominator for ratio in ratios]
    field, context = ratios[0].field, ratios[0].field.context
    for index, generator in enumerate(field.generators):
        if generator.kind == "root" and generator.argument is not None:
            base = generator.argument
            equations.append(context.gen(index) ** generator.order * base.bottom - base.top)
            nonzero.append(base.bottom)
    return equations, nonzero


def _choices(node: Node) -> Iterator[Node]:
    """What is zero since a largest or smallest of several is one of them."""
    if isinstance(node, Apply) and node.operator in ("max", "min", "abs"):
        others = list(node.arguments)
        if node.operator == "abs":
            others.append(apply("neg", others[0]))
        tree: Node = number(1)
        for other in others:
            tree = apply("*", tree, apply("-", node, other))
        yield tree


def _follow(
    rule: Rule, start: int, gradients: Sequence[int], apart: Mapping[str, fmpq]
) -> list[Node]:
    """The positions after each step as trees in the parameters without a value."""
    position: Node = number(start)
    first = first_memory(rule)
    memory = {name: _at(tree, position) for name, tree in first.items()}
    positions: list[Node] = []
    for step, gradient in enumerate(gradients, 1):
        known = {**memory, "g": number(gradient), "x": position}
        taken = take_step(rule, known, step=step, ranges={})
        after = {name: _without_conditions(tree, apart) for name, tree in taken.items()}
        position = after["x'"]
        memory = {name: after[f"{name}'"] for name in memory}
        positions.append(position)
    return positions


def _at(tree: Node, position: Node) -> Node:
    if tree == Name("x"):
        return position
    return map_children(tree, lambda part: _at(part, position))


def _without_conditions(node: Node, apart: Mapping[str, fmpq]) -> Node:
    """The tree with the branch of each condition on a parameter that differs from a value."""
    if isinstance(node, Apply) and node.operator == "where":
        condition, if_true, if_false = node.arguments
        truth = _truth(condition, apart)
        if truth is not None:
            return _without_conditions(if_true if truth else if_false, apart)
    return map_children(node, lambda part: _without_conditions(part, apart))


def _truth(condition: Node, apart: Mapping[str, fmpq]) -> bool | None:
    if not isinstance(condition, Apply) or condition.operator not in RELATIONS:
        return None
    left, right = condition.arguments
    if condition.operator not in ("==", "!=") or not isinstance(left, Name) or free_names(right):
        return None
    if left.name in apart and evaluate(right, {}) == apart[left.name]:
        return condition.operator == "!="
    return None


def _open_ends(name: str, parameter: Parameter) -> Iterator[Node]:
    """What is not zero because the domain leaves out its ends."""
    domain = parameter.domain
    for end, is_closed in (
        (domain.lower, domain.lower_closed),
        (domain.upper, domain.upper_closed),
    ):
        if end is not None and not is_closed:
            yield apply("-", Name(name), end)
