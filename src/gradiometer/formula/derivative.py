"""A smooth tree in, its derivative out, by the rules of calculus and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gradiometer.errors import UndecidedError
from gradiometer.formula.tidy import tidy
from gradiometer.formula.tree import (
    ONE,
    ZERO,
    Apply,
    Constant,
    Name,
    Node,
    Number,
    apply,
    free_names,
    number,
)

_TWO = number(2)
_PI = Constant("pi")


def differentiate(node: Node, variable: str) -> Node:
    """The derivative with respect to *variable*, valid wherever *node* is differentiable.

    Raises:
        UndecidedError: If an operator without a derivative stands in the tree (`max`, `floor`).

    Example:
        >>> from gradiometer.formula import parse, to_text
        >>> to_text(differentiate(parse("ln(e^(3x) + 1)").tree, "x"))
        '3*e^(3*x)/(e^(3*x) + 1)'
    """
    return tidy(_slope(tidy(node), variable))


def _slope(node: Node, variable: str) -> Node:
    if isinstance(node, Name):
        return ONE if node.name == variable else ZERO
    if not isinstance(node, Apply) or variable not in free_names(node):
        return ZERO
    # Kept on the node: parts that a tree shares stay shared in its slope.
    kept, key = node.__dict__, f"_slope {variable}"
    if key not in kept:
        kept[key] = _slope_of_operation(node, variable)
    return kept[key]


def _slope_of_operation(node: Apply, variable: str) -> Node:
    if node.operator in _ARITHMETIC:
        return _ARITHMETIC[node.operator](node, variable)
    if node.operator not in _CHAIN and node.operator not in _DIVISORS:
        raise UndecidedError(f"`{node.operator}` has no derivative by a rule for smooth formulas")
    inner = node.arguments[0]
    slope = _slope(inner, variable)
    if node.operator in _DIVISORS:
        return tidy(apply("/", slope, _DIVISORS[node.operator](inner)))
    return _times(slope, _CHAIN[node.operator](inner))


def _times(left: Node, right: Node) -> Node:
    # The factor 0 may go: the rule holds where the formula is defined, on the formula's own domain.
    if ZERO in (left, right):
        return ZERO
    if left == ONE:
        return right
    return left if right == ONE else tidy(apply("*", left, right))


def _plus(left: Node, right: Node) -> Node:
    if left == ZERO:
        return right
    return left if right == ZERO else apply("+", left, right)


def _sum(node: Apply, variable: str) -> Node:
    left, right = (_slope(argument, variable) for argument in node.arguments)
    if node.operator == "+":
        return _plus(left, right)
    return left if right == ZERO else apply("-", left, right)


def _product(node: Apply, variable: str) -> Node:
    left, right = node.arguments
    return _plus(_times(_slope(left, variable), right), _times(left, _slope(right, variable)))


def _quotient(node: Apply, variable: str) -> Node:
    top, bottom = node.arguments
    top_slope, bottom_slope = _slope(top, variable), _slope(bottom, variable)
    if bottom_slope == ZERO:
        return ZERO if top_slope == ZERO else apply("/", top_slope, bottom)
    if top_slope == ZERO:
        product = _times(bottom_slope, top)
        return apply("neg", apply("/", product, apply("^", bottom, _TWO)))
    difference = apply("-", _times(top_slope, bottom), _times(top, bottom_slope))
    return apply("/", difference, apply("^", bottom, _TWO))


def _power(node: Apply, variable: str) -> Node:
    base, exponent = node.arguments
    base_slope, exponent_slope = _slope(base, variable), _slope(exponent, variable)
    if exponent_slope == ZERO:
        lower = apply("^", base, tidy(apply("-", exponent, ONE)))
        return _times(_times(exponent, tidy(lower)), base_slope)
    grow = _times(exponent_slope, tidy(apply("ln", base)))
    if base_slope == ZERO:
        return _times(grow, node)
    bend = apply("/", _times(exponent, base_slope), base)
    return _times(node, _plus(grow, bend))


_ARITHMETIC: Mapping[str, Callable[[Apply, str], Node]] = {
    "+": _sum,
    "-": _sum,
    "neg": lambda node, variable: apply("neg", _slope(node.arguments[0], variable)),
    "*": _product,
    "/": _quotient,
    "^": _power,
}


def _square(node: Node) -> Node:
    return apply("^", node, _TWO)


def _bell(exponent: Node, top: Node, under_root: Node) -> Node:
    """`top*exp(exponent)/sqrt(under_root)`, the slope of the error function and its relatives."""
    return apply("/", _times(top, apply("exp", exponent)), apply("sqrt", under_root))


def _gauss(u: Node, top: Node) -> Node:
    return _bell(apply("neg", _square(u)), top, _PI)


_CHAIN: Mapping[str, Callable[[Node], Node]] = {
    "exp": lambda u: apply("exp", u),
    "sin": lambda u: apply("cos", u),
    "cos": lambda u: apply("neg", apply("sin", u)),
    "tan": lambda u: apply("+", ONE, _square(apply("tan", u))),
    "sinh": lambda u: apply("cosh", u),
    "cosh": lambda u: apply("sinh", u),
    "tanh": lambda u: apply("-", ONE, _square(apply("tanh", u))),
    "sigmoid": lambda u: apply("*", apply("sigmoid", u), apply("-", ONE, apply("sigmoid", u))),
    "softplus": lambda u: apply("sigmoid", u),
    "erf": lambda u: _gauss(u, _TWO),
    "erfc": lambda u: _gauss(u, Number(-_TWO.value)),
    "Phi": lambda u: _bell(apply("neg", apply("/", _square(u), _TWO)), ONE, apply("*", _TWO, _PI)),
}
"""The slope of each smooth function at its argument."""

_DIVISORS: Mapping[str, Callable[[Node], Node]] = {
    "ln": lambda u: u,
    "sqrt": lambda u: apply("*", _TWO, apply("sqrt", u)),
    "atan": lambda u: apply("+", ONE, _square(u)),
}
"""One over the slope, where the slope is a quotient."""
