"""A tree in, the same function with constants folded and idle zeros and ones dropped out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flint import fmpq

from gradiometer.errors import DomainError, LimitError, UndecidedError
from gradiometer.formula.evaluate import evaluate
from gradiometer.formula.exact import size_in_bits
from gradiometer.formula.tree import (
    ONE,
    OPERATORS,
    ZERO,
    Apply,
    Constant,
    Name,
    Node,
    Number,
    apply,
    map_children,
    number,
    walk,
)

_MOST_BITS = 4096
"""Constants are folded up to this size; larger ones stay as they were written."""

_TOTAL = {"+", "-", "*", "neg", "exp", "sin", "cos", "atan", "sinh", "cosh", "tanh", "sigmoid",
          "softplus", "erf", "erfc", "Phi", "abs", "sign", "relu", "max", "min"}  # fmt: skip


def tidy(node: Node) -> Node:
    """The tree with constants folded and neutral zeros and ones dropped.

    The function stays the same with the same domain: `0*x` becomes 0, `0/x` stays.

    Example:
        >>> from gradiometer.formula import parse, to_text
        >>> to_text(tidy(parse("0*x + 1*e^x*(2 - 1/2)").tree))
        '3/2*e^x'
    """
    if not isinstance(node, Apply):
        return node
    # Kept on the node itself: an equal tree may spell its numbers in another way.
    kept = node.__dict__
    if "_tidied" not in kept:
        kept["_tidied"] = _tidy(node)
    return kept["_tidied"]


def _tidy(node: Apply) -> Node:
    changed = map_children(node, tidy)
    if not isinstance(changed, Apply) or changed.operator not in OPERATORS:
        return changed
    if all(isinstance(argument, Number) for argument in changed.arguments):
        return _fold(changed)
    rule = _RULES.get(changed.operator)
    return rule(changed) if rule is not None else changed


def is_total(node: Node) -> bool:
    """Whether the formula has a value for all real values of its names, as its form shows."""
    return all(
        not isinstance(n, Apply)
        or n.operator in _TOTAL
        or (n.operator == "^" and (_is_whole(n.arguments[1]) or n.arguments[0] == _E))
        or (n.operator == "/" and isinstance(n.arguments[1], Number) and n.arguments[1] != ZERO)
        for n in walk(node)
    )


_E = Constant("e")


def _is_whole(node: Node) -> bool:
    return isinstance(node, Number) and node.value.q == 1 and node.value >= 0


def _fold(node: Apply) -> Node:
    """The rational value of an operation on numbers, or the operation when it has none."""
    kind = OPERATORS[node.operator].kind
    if kind not in {"arithmetic", "smooth", "piecewise"} or node.operator == "where":
        return node
    if node.operator == "^" and _is_large_power(node):
        return node
    try:
        value = evaluate(node, {})
    except (DomainError, LimitError, UndecidedError):
        return node
    if isinstance(value, fmpq) and size_in_bits(value) <= _MOST_BITS:
        return Number(value)
    return node


def _is_large_power(node: Apply) -> bool:
    base, exponent = node.arguments
    if not isinstance(base, Number) or not isinstance(exponent, Number):
        return True
    return size_in_bits(base.value) * abs(exponent.value) > _MOST_BITS


def _opposite_of_product(node: Node) -> Node | None:
    """The positive product or quotient of which *node* is the opposite by its first number."""
    if isinstance(node, Number) and node.value < 0:
        return Number(-node.value)
    if isinstance(node, Apply) and node.operator in {"*", "/"}:
        first = node.arguments[0]
        if isinstance(first, Number) and first.value < 0:
            return tidy(apply(node.operator, Number(-first.value), node.arguments[1]))
    return None


def _sum(node: Apply) -> Node:
    left, right = node.arguments
    if left == ZERO:
        return right
    if right == ZERO:
        return left
    if isinstance(right, Apply) and right.operator == "neg":
        return tidy(apply("-", left, right.arguments[0]))
    opposite = _opposite_of_product(right)
    if opposite is not None:
        return tidy(apply("-", left, opposite))
    return node


def _difference(node: Apply) -> Node:
    left, right = node.arguments
    if right == ZERO:
        return left
    if left == ZERO:
        return _negate(apply("neg", right))
    if left == right and is_total(left):
        return ZERO
    if isinstance(right, Apply) and right.operator == "neg":
        return tidy(apply("+", left, right.arguments[0]))
    opposite = _opposite_of_product(right)
    if opposite is not None:
        return tidy(apply("+", left, opposite))
    return node


def _negate(node: Apply) -> Node:
    inner = node.arguments[0]
    if isinstance(inner, Number):
        return Number(-inner.value)
    if isinstance(inner, Apply):
        if inner.operator == "neg":
            return inner.arguments[0]
        first = inner.arguments[0]
        if inner.operator in {"*", "/"} and isinstance(first, Number):
            return tidy(apply(inner.operator, Number(-first.value), inner.arguments[1]))
    return node


def _product(node: Apply) -> Node:
    left, right = node.arguments
    for one, other in ((left, right), (right, left)):
        if one == ONE:
            return other
        if one == ZERO and is_total(other):
            return ZERO
        if one == _MINUS_ONE:
            return _negate(apply("neg", other))
    return _gather(node)


_MINUS_ONE = number(-1)


def _gather(node: Apply) -> Node:
    """`c*(d*u)` as `(c*d)*u`, and the sign of a product in front of it."""
    left, right = node.arguments
    if isinstance(right, Number) and not isinstance(left, Number):
        left, right = right, left
        node = apply("*", left, right)
    if isinstance(left, Number) and isinstance(right, Apply):
        first = right.arguments[0]
        if right.operator in {"*", "/"} and isinstance(first, Number):
            factor = Number(left.value * first.value)
            return tidy(apply(right.operator, factor, right.arguments[1]))
        if right.operator == "neg":
            return tidy(apply("*", Number(-left.value), first))
    if isinstance(left, Apply) and left.operator == "neg":
        return _negate(apply("neg", tidy(apply("*", left.arguments[0], right))))
    return node


def _quotient(node: Apply) -> Node:
    left, right = node.arguments
    if right == ONE:
        return left
    if left == right and isinstance(left, Constant):
        return ONE
    if isinstance(right, Number) and right.value != 0 and isinstance(left, Apply):
        first = left.arguments[0]
        if left.operator == "*" and isinstance(first, Number):
            return tidy(apply("*", Number(first.value / right.value), left.arguments[1]))
    if isinstance(left, Apply) and left.operator == "neg":
        return _negate(apply("neg", tidy(apply("/", left.arguments[0], right))))
    return node


def _power(node: Apply) -> Node:
    base, exponent = node.arguments
    if exponent == ONE:
        return base
    if exponent == ZERO and is_total(base):
        return ONE
    if base == ONE and is_total(exponent):
        return ONE
    return node


def _logarithm(node: Apply) -> Node:
    return ONE if node.arguments[0] == _E else node


_RULES: Mapping[str, Callable[[Apply], Node]] = {
    "+": _sum,
    "-": _difference,
    "neg": _negate,
    "*": _product,
    "/": _quotient,
    "^": _power,
    "ln": _logarithm,
}


def is_constant(node: Node) -> bool:
    """Whether no name stands in the tree."""
    return not any(isinstance(n, Name) for n in walk(node))
