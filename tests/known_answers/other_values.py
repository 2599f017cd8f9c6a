"""The value of a formula by mpmath: code that shares only the tree with the package."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

import mpmath

from gradiometer.formula import Apply, Constant, Name, Node, Number

RELATIONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
MOST_EXPONENT = 10**6
"""Exponentials beyond are not computed."""


class NoValueError(ValueError):
    """There is none, or it is too large to compute."""


def holds_between(relation: str, left: Any, right: Any) -> bool:
    """Whether the relation holds; a gap of the size of a rounding error counts as a tie."""
    rounding = mpmath.mpf(10) ** (20 - mpmath.mp.dps) * (1 + abs(left))
    gap = left - right
    return RELATIONS[relation](0 if abs(gap) <= rounding else gap, 0)


def _relation(name: str) -> Callable[[Any, Any], bool]:
    return lambda left, right: holds_between(name, left, right)


def _divide(a: Any, b: Any) -> Any:
    if b == 0:
        raise NoValueError
    return a / b


def _power(a: Any, b: Any) -> Any:
    whole = b == mpmath.floor(b)
    if (a == 0 and b < 0) or (a < 0 and not whole):
        raise NoValueError
    if a == 0:
        return mpmath.mpf(0 if b else 1)
    if abs(b * mpmath.log(abs(a))) > MOST_EXPONENT:
        raise NoValueError
    return a ** int(b) if whole else a**b


def _above(least: int, function: Callable[[Any], Any], *, strictly: bool) -> Callable[[Any], Any]:
    def run(a: Any) -> Any:
        if a < least or (strictly and a == least):
            raise NoValueError
        return function(a)

    return run


def _growing(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def run(a: Any) -> Any:
        if abs(a) > MOST_EXPONENT:
            raise NoValueError
        return function(a)

    return run


_CALLS: Mapping[str, Callable[..., Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": _divide, "^": _power,
    "neg": operator.neg, "exp": _growing(mpmath.exp), "sinh": _growing(mpmath.sinh),
    "cosh": _growing(mpmath.cosh), "ln": _above(0, mpmath.log, strictly=True),
    "sqrt": _above(0, mpmath.sqrt, strictly=False), "sin": mpmath.sin, "cos": mpmath.cos,
    "tan": mpmath.tan, "atan": mpmath.atan, "tanh": mpmath.tanh, "erf": mpmath.erf,
    "erfc": mpmath.erfc, "sigmoid": _growing(lambda a: 1 / (1 + mpmath.exp(-a))),
    "softplus": lambda a: max(a, 0) + mpmath.log1p(mpmath.exp(-abs(a))),
    "Phi": lambda a: mpmath.erfc(-a / mpmath.sqrt(2)) / 2, "abs": abs, "sign": mpmath.sign,
    "relu": lambda a: max(a, mpmath.mpf(0)), "max": max, "min": min, "floor": mpmath.floor,
    "clip": lambda a, low, high: min(max(a, low), high), "and": operator.and_,
    "or": operator.or_, "not": operator.not_,
    **{name: _relation(name) for name in RELATIONS},
}  # fmt: skip


def value_of(node: Node, at: Mapping[str, Any]) -> Any:
    """The value at the point, with as many digits as mpmath is set to.

    Raises:
        NoValueError: If there is none.
    """
    if isinstance(node, Number):
        return mpmath.mpf(int(node.value.p)) / int(node.value.q)
    if isinstance(node, Constant):
        return +(mpmath.e if node.name == "e" else mpmath.pi)
    if isinstance(node, Name):
        return at[node.name]
    assert isinstance(node, Apply)
    if node.operator == "where":
        condition, *branches = node.arguments
        return value_of(branches[0 if value_of(condition, at) else 1], at)
    parts = [value_of(part, at) for part in node.arguments]
    if node.operator in {"max", "min"} and len(parts) == 1:
        return parts[0]
    return _CALLS[node.operator](*parts)
