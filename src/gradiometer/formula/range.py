"""The values of a tree while its names run through ranges, infinite ones included.

The result always contains every value; it may be wider. Used where a statement must hold for all
steps or for a whole region of states.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from gradiometer.errors import DomainError, UndecidedError, UsageError
from gradiometer.formula.evaluate import RELATIONS, evaluate
from gradiometer.formula.exact import compare
from gradiometer.formula.range_operations import Range, apply_to_ranges, at_point, hull
from gradiometer.formula.tree import Apply, Constant, Name, Node, Number, free_names, map_children


def evaluate_range(node: Node, ranges: Mapping[str, Range]) -> Range:
    """A range that contains every value of *node* while each name runs through its range.

    Raises:
        UndecidedError: If an operation is not certain to be defined on the whole range, or is
            none of those handled here.

    Example:
        >>> from flint import fmpq
        >>> from gradiometer.formula import parse
        >>> evaluate_range(parse("1 - x").tree, {"x": Range(fmpq(2), None)})
        Range(lower=None, upper=-1)
    """
    if isinstance(node, Number):
        return at_point(node.value)
    if isinstance(node, Constant):
        return at_point(evaluate(node, {}))
    if isinstance(node, Name):
        if node.name not in ranges:
            raise UsageError(f"The name `{node.name}` has no range.", known=tuple(ranges))
        return ranges[node.name]
    if node.operator == "where":
        return _where(node, ranges)
    return apply_to_ranges(
        node.operator, *(evaluate_range(argument, ranges) for argument in node.arguments)
    )


def _where(node: Apply, ranges: Mapping[str, Range]) -> Range:
    condition, if_true, if_false = node.arguments
    chosen = _truth(condition, ranges)
    if chosen is None:
        return hull(evaluate_range(if_true, ranges), evaluate_range(if_false, ranges))
    return evaluate_range(if_true if chosen else if_false, ranges)


def settle_branches(node: Node, ranges: Mapping[str, Range]) -> Node:
    """The tree with every `where` resolved whose condition is the same all over the ranges.

    Example:
        >>> from flint import fmpq
        >>> from gradiometer.formula import parse, to_text
        >>> tree = parse("where(x > 1, x, y)").tree
        >>> to_text(settle_branches(tree, {"x": Range(fmpq(2), None)}))
        'x'
    """
    if isinstance(node, Apply) and node.operator == "where":
        condition, if_true, if_false = node.arguments
        truth = None
        if free_names(condition) <= ranges.keys():
            with suppress(UndecidedError, DomainError):
                truth = _truth(condition, ranges)
        if truth is not None:
            return settle_branches(if_true if truth else if_false, ranges)
    return map_children(node, lambda part: settle_branches(part, ranges))


def _truth(condition: Node, ranges: Mapping[str, Range]) -> bool | None:
    """Whether a condition holds everywhere (True) or nowhere (False) in the ranges, or None."""
    if not isinstance(condition, Apply):
        return None
    operator, parts = condition.operator, condition.arguments
    if operator in ("and", "or", "not"):
        truths = [_truth(part, ranges) for part in parts]
        if operator == "not":
            return None if truths[0] is None else not truths[0]
        decisive = operator == "or"
        if decisive in truths:
            return decisive
        return None if None in truths else not decisive
    if operator not in RELATIONS:
        return None
    # Sides that may have no value are not caught: then the whole may have none.
    left, right = (evaluate_range(part, ranges) for part in parts)
    try:
        orders = {order for order in (-1, 0, 1) if _is_possible(order, left, right)}
    except UndecidedError:
        return None
    truths = {RELATIONS[operator](order) for order in orders}
    return truths.pop() if len(truths) == 1 else None


def _is_possible(order: int, left: Range, right: Range) -> bool:
    """Whether a number of *left* and one of *right* may be in that order."""
    if order > 0:
        return _is_possible(-1, right, left)
    gap = -1 if left.lower is None or right.upper is None else compare(left.lower, right.upper)
    if order < 0:
        return gap < 0
    return gap <= 0 and (
        left.upper is None or right.lower is None or compare(right.lower, left.upper) <= 0
    )
