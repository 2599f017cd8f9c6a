"""Decides the conditions in a rule that its parameters and the step count already settle."""

from __future__ import annotations

from collections.abc import Mapping

from flint import fmpq

from gradiometer.errors import UndecidedError, UsageError
from gradiometer.formula.evaluate import RELATIONS, evaluate
from gradiometer.formula.exact import compare
from gradiometer.formula.tree import OPERATORS, Apply, Name, Node, map_children, walk


def settle_conditions(
    node: Node, values: Mapping[str, fmpq], *, from_step: int | None = None
) -> Node:
    """The tree with every `where` resolved whose condition is the same from some step on.

    Args:
        node: A tree in the notation of update rules; `t` counts steps from 1.
        values: Parameters with a fixed value.
        from_step: If given, conditions that compare `t` with a constant are decided for all
            steps from this one on.

    Nothing else is simplified, so float64 keeps the order of operations that the rule states.
    """

    def visit(current: Node) -> Node:
        if isinstance(current, Apply) and current.operator == "where":
            condition, if_true, if_false = current.arguments
            truth = _truth(condition, values, from_step)
            if truth is not None:
                return visit(if_true if truth else if_false)
        return map_children(current, visit)

    return visit(node)


def _truth(condition: Node, values: Mapping[str, fmpq], from_step: int | None) -> bool | None:
    if not isinstance(condition, Apply):
        return None
    operator, parts = condition.operator, condition.arguments
    if operator == "not":
        inner = _truth(parts[0], values, from_step)
        return None if inner is None else not inner
    if operator in ("and", "or"):
        truths = [_truth(part, values, from_step) for part in parts]
        decisive = operator == "or"
        if decisive in truths:
            return decisive
        return None if None in truths else not decisive
    if operator not in RELATIONS or not all(map(_has_value, parts)):
        return None
    left, right = parts
    if isinstance(right, Name) and right.name == "t" and left != right:
        mirrored = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
        return _truth(Apply(mirrored.get(operator, operator), (right, left)), values, from_step)
    if isinstance(left, Name) and left.name == "t" and "t" not in values:
        return _truth_of_step(operator, right, values, from_step)
    try:
        return RELATIONS[operator](compare(evaluate(left, values), evaluate(right, values)))
    except (UsageError, UndecidedError):
        return None


def _has_value(node: Node) -> bool:
    """Whether every operation is one of ours; a function of the caller has no value here."""
    return all(not isinstance(part, Apply) or part.operator in OPERATORS for part in walk(node))


def _truth_of_step(
    operator: str, bound: Node, values: Mapping[str, fmpq], from_step: int | None
) -> bool | None:
    """Whether `t operator bound` has one truth value for all t >= from_step."""
    if from_step is None:
        return None
    try:
        limit = evaluate(bound, values)
    except (UsageError, UndecidedError):
        return None
    if not isinstance(limit, fmpq) or limit > from_step:
        return None
    if limit == from_step:
        return {"<": False, ">=": True}.get(operator)
    return operator in (">", ">=", "!=")
