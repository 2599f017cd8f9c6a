"""The checker's decision that trees are equal whatever their conditions turn out to be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import (
    RELATIONS,
    Apply,
    Node,
    apply,
    map_children,
    to_ratio,
    to_ratios,
    to_text,
    walk,
)

_MOST_CONDITIONS = 6
_MOST_NODES = 6000

Pair = tuple[Node, Node]


def are_equal(pairs: Sequence[Pair]) -> bool:
    """Whether both trees of each pair are proved equal wherever both have a value.

    Every combination of truth values of the conditions is taken, also those that cannot occur.
    False proves nothing.
    """
    try:
        return all(_is_equal(left, right) for left, right in pairs)
    except (UndecidedError, GradiometerError, RecursionError):
        return False


def _is_equal(left: Node, right: Node) -> bool:
    if left == right:
        return True
    size = 0
    for tree in (left, right):
        for _ in walk(tree):
            size += 1
            if size > _MOST_NODES:
                raise UndecidedError("one step is too large a formula")
    for truths in _cases(left, right):
        first, second = to_ratios(_choose(left, truths), _choose(right, truths))
        if not first.equals(second):
            return False
    return True


def _cases(*trees: Node) -> Iterator[Mapping[str, bool]]:
    """All truth values of all conditions; equal conditions have one key."""
    keys = sorted({_key(node) for tree in trees for node in walk(tree) if _is_relation(node)})
    if len(keys) > _MOST_CONDITIONS:
        raise UndecidedError("one step has too many conditions")
    for truths in product((True, False), repeat=len(keys)):
        yield dict(zip(keys, truths, strict=True))


def _is_relation(node: Node) -> bool:
    return isinstance(node, Apply) and node.operator in RELATIONS


def _key(node: Node) -> str:
    """The condition in a form that equal conditions share."""
    assert isinstance(node, Apply)
    difference = apply("-", *node.arguments)
    try:
        shown = to_text(to_ratio(difference).to_tree())
    except UndecidedError:
        shown = to_text(difference)
    return f"{node.operator} {shown}"


def _choose(node: Node, truths: Mapping[str, bool]) -> Node:
    """The tree with each `where` replaced by the branch that the truth values choose."""
    if isinstance(node, Apply) and node.operator == "where":
        condition, if_true, if_false = node.arguments
        return _choose(if_true if _truth(condition, truths) else if_false, truths)
    return map_children(node, lambda part: _choose(part, truths))


def _truth(condition: Node, truths: Mapping[str, bool]) -> bool:
    if not isinstance(condition, Apply):
        raise UndecidedError("a condition is no relation")
    if condition.operator in ("and", "or", "not"):
        parts = [_truth(part, truths) for part in condition.arguments]
        return {"and": all(parts), "or": any(parts), "not": not parts[0]}[condition.operator]
    return truths[_key(condition)]
