"""Equality of formulas with branches in several variables, branch by branch.

Each expression whose sign decides a branch is taken as negative, zero or positive in turn; equal
expressions, also multiples of each other, are decided together. In every case no branch is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import TypeAlias

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    ONE,
    RELATIONS,
    ZERO,
    Apply,
    Name,
    Node,
    apply,
    cancel,
    differentiate,
    free_names,
    is_smooth,
    map_children,
    number,
    possible_signs,
    substitute,
    tidy,
    to_ratio,
)
from gradiometer.question.claim_feasible import can_occur

_MOST_SWITCHES = 5
"""Three cases for each: 243 in all."""

_Signs: TypeAlias = Mapping[Node, int]
_Pair: TypeAlias = tuple[Node, Node]


def split_cases(left: Node, right: Node) -> list[_Pair]:
    """Pairs of smooth formulas; where all pairs are equal, both sides are equal.

    Raises:
        UndecidedError: If there are too many cases, or an operator that cannot be split.

    Example:
        >>> from gradiometer.formula import parse
        >>> len(split_cases(parse("|a*b|").tree, parse("|a|*|b|").tree))
        9
    """
    found: list[_Pair] = []
    _split((_fold(left), _fold(right)), {}, found.append, _MOST_SWITCHES)
    return found


def _fold(node: Node) -> Node:
    """The tree with all branches written by `max`-free means: `abs`, `sign` and `where`."""
    node = map_children(node, _fold)
    if not isinstance(node, Apply):
        return node
    parts = node.arguments
    if node.operator == "relu":
        return _choose(parts[0], ZERO)
    if node.operator == "abs":
        return _choose(parts[0], apply("neg", parts[0]))
    if node.operator == "max":
        return _chain(parts, _choose)
    if node.operator == "min":
        return _chain(parts, lambda a, b: apply("where", apply("<=", a, b), a, b))
    if node.operator == "clip":
        low = _choose(parts[0], parts[1])
        return apply("where", apply("<=", low, parts[2]), low, parts[2])
    if node.operator == "sign":
        below = apply("where", apply("<", parts[0], ZERO), number(-1), ZERO)
        return apply("where", apply(">", parts[0], ZERO), ONE, below)
    inner = parts[0]
    if node.operator == "sqrt" and isinstance(inner, Apply) and inner.operator == "^":
        base, exponent = inner.arguments
        return _fold(apply("abs", base)) if exponent == number(2) else node
    return node


def _choose(left: Node, right: Node) -> Node:
    return apply("where", apply(">=", left, right), left, right)


def _chain(parts: tuple[Node, ...], join: Callable[[Node, Node], Node]) -> Node:
    folded = parts[0]
    for part in parts[1:]:
        folded = join(folded, part)
    return folded


def _split(pair: _Pair, signs: _Signs, keep: Callable[[_Pair], None], budget: int) -> None:
    """Hand every case of the pair that can occur to *keep*."""
    pair = _settle(pair[0], signs), _settle(pair[1], signs)
    switches = sorted(_open_switches(pair), key=lambda switch: len(free_names(switch)))
    if not switches:
        if not all(map(is_smooth, pair)):
            raise UndecidedError("an operator that cannot be split into cases")
        keep(pair)
        return
    if budget == 0:
        raise UndecidedError(f"more than {3**_MOST_SWITCHES} cases")
    label = cancel(switches[0])
    for sign in (-1, 0, 1):
        case = {**signs, label: sign}
        if not can_occur(case):
            continue
        zero = _solve(switches[0]) if sign == 0 else None
        if zero is None:
            _split(pair, case, keep, budget - 1)
        else:
            # What was said of the old names still limits the case, but under other labels.
            moved = (substitute(pair[0], zero), substitute(pair[1], zero))
            _split(moved, case, keep, budget - 1)


def _open_switches(pair: _Pair) -> Iterator[Node]:
    """Differences whose sign decides a branch, innermost first."""
    for tree in pair:
        yield from _switches_of(tree)


def _switches_of(node: Node) -> Iterator[Node]:
    if not isinstance(node, Apply):
        return
    for part in node.arguments:
        yield from _switches_of(part)
    if node.operator in RELATIONS and all(map(is_smooth, node.arguments)):
        yield apply("-", *node.arguments)


def _settle(node: Node, signs: _Signs) -> Node:
    """The tree without the branches that the signs decide."""
    if isinstance(node, Apply) and node.operator == "where":
        condition = _settle(node.arguments[0], signs)
        truth = _truth(condition, signs)
        if truth is not None:
            return _settle(node.arguments[1 if truth else 2], signs)
        rest = (_settle(part, signs) for part in node.arguments[1:])
        return apply("where", condition, *rest)
    return map_children(node, lambda part: _settle(part, signs))


def _truth(condition: Node, signs: _Signs) -> bool | None:
    if not isinstance(condition, Apply):
        return None
    parts = condition.arguments
    if condition.operator in {"and", "or"}:
        truths = [_truth(part, signs) for part in parts]
        decisive = condition.operator == "or"
        if decisive in truths:
            return decisive
        return None if None in truths else not decisive
    if condition.operator == "not":
        inner = _truth(parts[0], signs)
        return None if inner is None else not inner
    if condition.operator not in RELATIONS or not all(map(is_smooth, parts)):
        return None
    sign = _known_sign(apply("-", *parts), signs)
    if sign is not None:
        return RELATIONS[condition.operator](sign)
    difference = tidy(apply("-", *parts))
    known = {
        name: frozenset((sign,))
        for name in free_names(difference)
        if (sign := _known_sign(Name(name), signs)) is not None
    }
    found = possible_signs(difference, known)
    truths = {RELATIONS[condition.operator](sign) for sign in found}
    return truths.pop() if len(truths) == 1 else None


def _known_sign(switch: Node, signs: _Signs) -> int | None:
    """The sign of an expression that is a multiple of one whose sign is known."""
    for label, sign in signs.items():
        factor = _factor(switch, label)
        if factor is not None:
            return sign if factor > 0 else -sign
    return None


@lru_cache(maxsize=1024)
def _factor(switch: Node, label: Node) -> fmpq | None:
    """The number other than 0 that one expression is times the other."""
    try:
        factor = to_ratio(apply("/", switch, label)).constant()
    except UndecidedError:
        return None
    return None if factor == 0 else factor


def _solve(switch: Node) -> dict[str, Node] | None:
    """What one variable must be for the expression to vanish, when it is affine in it."""
    for name in sorted(free_names(switch)):
        slope = to_ratio(differentiate(switch, name)).constant()
        if slope:
            return {name: cancel(apply("-", Name(name), apply("/", switch, number(slope))))}
    return None
