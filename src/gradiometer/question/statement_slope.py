"""Derivatives of formulas with branches, as trees that have no value where there is no slope."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from gradiometer.errors import InternalError, UndecidedError
from gradiometer.formula import (
    ONE,
    OPERATORS,
    ZERO,
    Apply,
    Name,
    Node,
    Piecewise,
    apply,
    compare_nodes,
    differentiate,
    differentiate_pieces,
    find_joints,
    free_names,
    is_smooth,
    map_children,
    substitute,
    tidy,
    to_piecewise,
    walk,
)

NO_VALUE = apply("/", ONE, ZERO)
"""A tree without a value, for points at which a function has no slope."""


@final
@dataclass(frozen=True)
class Slope:
    """A derivative."""

    formula: Node
    gaps: tuple[Node, ...] = ()
    """Points at which the function has a value and certainly no slope."""
    is_whole: bool = True
    """False when the formula may lack a value at points where there is a slope."""


def find_slope(formula: Node, variable: str) -> Slope:
    """The derivative of *formula* with respect to *variable*.

    Raises:
        UndecidedError: If there is no derivative by the rules, or a joint cannot be decided.

    Example:
        >>> from gradiometer.formula import parse
        >>> [at.value for at in find_slope(parse("abs(x)").tree, "x").gaps]
        [0]
    """
    if variable not in free_names(formula):
        return Slope(ZERO)
    if is_smooth(formula):
        return Slope(differentiate(formula, variable), is_whole=not _has_root(formula))
    if free_names(formula) == {variable}:
        return _slope_by_pieces(to_piecewise(formula, variable), formula)
    return Slope(tidy(_slope_by_branches(formula, variable)), is_whole=False)


def _has_root(formula: Node) -> bool:
    """Whether the rules may divide by zero where there still is a slope, as for sqrt(x^4)."""
    return any(
        isinstance(node, Apply)
        and (node.operator == "sqrt" or (node.operator == "^" and not _is_whole(node.arguments[1])))
        for node in walk(formula)
    )


def _is_whole(exponent: Node) -> bool:
    value = getattr(exponent, "value", None)
    return value is not None and value.q == 1


def _slope_by_pieces(function: Piecewise, formula: Node) -> Slope:
    """The slopes of the pieces, and where two of them meet the common slope or none."""
    x = Name(function.variable)
    slopes = list(differentiate_pieces(function).pieces)
    gaps: list[Node] = []
    tree = slopes.pop().formula
    for slope in reversed(slopes):
        at = slope.on.upper
        if at is None:
            raise InternalError("a piece without an end stands before another one")
        there = _slope_between(function, at)
        if there is None:
            gaps.append(at)
        tree = apply("where", apply("==", x, at), NO_VALUE if there is None else there, tree)
        tree = apply("where", apply("<", x, at), slope.formula, tree)
    return Slope(tree, tuple(reversed(gaps)), is_whole=not _has_root(formula))


def _slope_between(function: Piecewise, at: Node) -> Node | None:
    """The slope at the end of a piece; None where the function has no value or no slope.

    Raises:
        UndecidedError: If a limit cannot be decided.
    """
    around = tuple(
        piece for piece in function.pieces if _is(piece.on.lower, at) or _is(piece.on.upper, at)
    )
    has_value = any(
        (piece.on.lower_closed and _is(piece.on.lower, at))
        or (piece.on.upper_closed and _is(piece.on.upper, at))
        for piece in around
    )
    if not has_value or sum(not piece.on.is_point for piece in around) < 2:
        return None
    [joint] = find_joints(Piecewise(function.variable, around))
    return None if joint.is_jump or joint.is_kink else joint.left_slope


def _is(end: Node | None, at: Node) -> bool:
    """Whether the end is that number, however the two are spelled."""
    return end is not None and compare_nodes(end, at) == 0


def _slope_by_branches(formula: Node, variable: str) -> Node:
    """The derivative branch by branch, without a value where two branches meet."""
    inner: dict[str, Node] = {}

    def cut(node: Node) -> Node:
        if isinstance(node, Apply) and not _is_smooth_operator(node):
            label = f"\0{len(inner)}"
            inner[label] = node
            return Name(label)
        return map_children(node, cut)

    outer = cut(formula)
    total = differentiate(outer, variable) if variable in free_names(outer) else ZERO
    for label, node in inner.items():
        if variable in free_names(node):
            slope = apply("*", differentiate(outer, label), _slope_of_branch(node, variable))
            total = apply("+", total, slope)
    return substitute(total, inner)


def _is_smooth_operator(node: Apply) -> bool:
    entry = OPERATORS.get(node.operator)
    return entry is not None and entry.kind in {"arithmetic", "smooth"}


def _slope_of_branch(node: Node, variable: str) -> Node:
    if not isinstance(node, Apply):
        raise InternalError("a branch has arguments")
    parts, operator = node.arguments, node.operator
    if operator == "where":
        condition, if_true, if_false = parts
        return _choose(condition, _inner(if_true, variable), _inner(if_false, variable))
    if operator == "relu":
        return _pick(">", parts[0], ZERO, variable)
    if operator == "abs":
        return _pick(">", parts[0], apply("neg", parts[0]), variable)
    if operator == "sign":
        return apply("where", apply("!=", parts[0], ZERO), ZERO, NO_VALUE)
    if operator in {"max", "min"}:
        first, *rest = parts
        if not rest:
            return _inner(first, variable)
        other = rest[0] if len(rest) == 1 else apply(operator, *rest)
        return _pick(">" if operator == "max" else "<", first, other, variable)
    if operator == "clip":
        lifted = apply("max", parts[0], parts[1])
        return _slope_of_branch(apply("min", lifted, parts[2]), variable)
    raise UndecidedError(f"`{operator}` has no derivative by the rules")


def _inner(node: Node, variable: str) -> Node:
    return _slope_by_branches(node, variable)


def _pick(relation: str, left: Node, right: Node, variable: str) -> Node:
    """The slope of the side that is the larger (`>`) or the smaller (`<`) one."""
    slopes = _inner(left, variable), _inner(right, variable)
    otherwise = apply("where", apply(relation, right, left), slopes[1], NO_VALUE)
    return apply("where", apply(relation, left, right), slopes[0], otherwise)


def _choose(condition: Node, if_true: Node, if_false: Node) -> Node:
    """The slope of the chosen branch, without a value where the choice changes."""
    chosen = apply("where", condition, if_true, if_false)
    for relation in walk(condition):
        if isinstance(relation, Apply) and relation.operator in {"<", "<=", ">", ">=", "==", "!="}:
            chosen = apply("where", apply("!=", *relation.arguments), chosen, NO_VALUE)
    return chosen
