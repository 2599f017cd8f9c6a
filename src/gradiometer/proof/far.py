"""Limits of smooth formulas as the variable goes to plus or minus infinity.

Quotients of polynomials in x and e^(r*x) are decided by their dominant terms; other formulas by the
limits of their parts, where these decide. Infinite limits are `math.inf` and `-math.inf`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeAlias

from flint import fmpq

from gradiometer.errors import DomainError, UndecidedError
from gradiometer.formula import (
    ONE,
    ZERO,
    Apply,
    Constant,
    Name,
    Node,
    Number,
    Ratio,
    apply,
    free_names,
    number,
    sign_of,
    tidy,
    to_ratio,
    to_text,
    to_value,
)

Extended: TypeAlias = "Node | float"
"""An exact constant, or an infinite float."""

_Term: TypeAlias = "tuple[int, int, fmpq]"
"""Power of e^(r*x), power of x, coefficient."""


def limit_far(node: Node, variable: str, *, to_right: bool) -> Extended:
    """The limit at plus infinity, or at minus infinity when not *to_right*.

    Raises:
        UndecidedError: If there is no limit, or none that these rules find.

    Example:
        >>> from gradiometer.formula import parse
        >>> limit_far(parse("x/(1 + e^(-x))").tree, "x", to_right=False).value
        0
    """
    if variable not in free_names(node):
        return _settled(node)
    found = _by_dominant_terms(node, variable, to_right)
    if found is not None:
        return found
    if not isinstance(node, Apply):
        return math.inf if to_right else -math.inf
    if node.operator in {"*", "/"} and _fades(node, variable, to_right):
        return ZERO
    inside = node.arguments
    operator = node.operator
    if operator == "^" and inside[0] == Constant("e"):
        operator, inside = "exp", inside[1:]
    limits = [limit_far(part, variable, to_right=to_right) for part in inside]
    found = _of_parts(operator, limits)
    if found is None:
        raise UndecidedError(f"the limit of `{to_text(node)}` far out is not decided")
    return found


def _settled(node: Node) -> Node:
    try:
        return to_value(node)
    except DomainError:
        raise UndecidedError(f"`{to_text(node)}` has no value") from None


def _by_dominant_terms(node: Node, variable: str, to_right: bool) -> Extended | None:
    try:
        ratio = to_ratio(node)
    except UndecidedError:
        return None
    places = _generators(ratio, variable)
    if places is None:
        return None
    at_name, at_exponential, rate = places
    grows = (rate > 0) == to_right
    top, bottom = (
        _dominant(part, at_name, at_exponential, grows)
        for part in (ratio.numerator, ratio.denominator)
    )
    if top is None or bottom is None:
        return ZERO
    powers = (top[0] - bottom[0]) * (1 if grows else -1), top[1] - bottom[1]
    factor = top[2] / bottom[2]
    if powers == (0, 0):
        return Number(factor)
    if powers < (0, 0):
        return ZERO
    sign = 1 if factor > 0 else -1
    return math.inf * sign * (1 if to_right else -1) ** abs(powers[1])


def _generators(ratio: Ratio, variable: str) -> tuple[int | None, int | None, fmpq] | None:
    """Where x and e^(r*x) stand and the rate r; None when there are other generators."""
    at_name = at_exponential = None
    rate = fmpq(1)
    for index in ratio.used() if ratio.constant() is None else ():
        generator = ratio.generators[index]
        if generator.node == Name(variable):
            at_name = index
            continue
        if generator.kind != "exponential" or not isinstance(generator.node, Apply):
            return None
        exponent = apply("/", generator.node.arguments[-1], Name(variable))
        known = to_ratio(exponent).constant()
        if known is None or at_exponential is not None:
            return None
        at_exponential, rate = index, known
    return at_name, at_exponential, rate


def _dominant(
    polynomial: Any, at_name: int | None, at_exponential: int | None, grows: bool
) -> _Term | None:
    """The term that outgrows all others far out; None for the zero polynomial."""
    terms = [
        (
            0 if at_exponential is None else int(powers[at_exponential]),
            0 if at_name is None else int(powers[at_name]),
            factor,
        )
        for powers, factor in polynomial.to_dict().items()
    ]
    # A power of e^(r*x) outgrows every power of x, so it is compared first.
    key = (lambda term: (term[0], term[1])) if grows else (lambda term: (-term[0], term[1]))
    return max(terms, key=key, default=None)


def _fades(node: Apply, variable: str, to_right: bool) -> bool:
    """Whether a product has a factor like e^(-x^2) or Phi(-x), and only tame ones besides."""
    above, below = _factors(node)
    tiny = [part for part in above if _is_tiny(part, variable, to_right)]
    rest = [part for part in above + below if part not in tiny]
    return bool(tiny) and all(_is_tame(part, variable) for part in rest)


def _factors(node: Node) -> tuple[list[Node], list[Node]]:
    """What is multiplied and what is divided by."""
    if isinstance(node, Apply) and node.operator == "neg":
        return _factors(node.arguments[0])
    if not isinstance(node, Apply) or node.operator not in {"*", "/"}:
        return [node], []
    (above, below), (more, less) = (_factors(part) for part in node.arguments)
    if node.operator == "/":
        more, less = less, more
    return above + more, below + less


def _is_tiny(node: Node, variable: str, to_right: bool) -> bool:
    """Whether the factor falls faster than every e^(-r*x)."""
    if not isinstance(node, Apply):
        return False
    is_power = node.operator == "^" and node.arguments[0] == Constant("e")
    if not is_power and node.operator not in {"exp", "Phi", "erfc"}:
        return False
    inside = node.arguments[-1]
    try:
        ratio = to_ratio(inside)
        limit = limit_far(inside, variable, to_right=to_right)
    except UndecidedError:
        return False
    if _generators(ratio, variable) is None or not ratio.denominator.is_constant():
        return False
    wanted = math.inf if node.operator == "erfc" else -math.inf
    steep = 1 if node.operator in {"Phi", "erfc"} else 2
    return limit == wanted and ratio.numerator.total_degree() >= steep


def _is_tame(node: Node, variable: str) -> bool:
    """Whether the factor and its inverse grow no faster than some e^(r*x)."""
    if variable not in free_names(node):
        return True
    try:
        return _generators(to_ratio(node), variable) is not None
    except UndecidedError:
        return False


def _of_parts(operator: str, limits: list[Extended]) -> Extended | None:
    """The limit of an operation from the limits of its arguments; None when they do not tell."""
    if operator == "neg":
        return _opposite(limits[0])
    if operator in {"+", "-"}:
        return _of_sum(limits[0], limits[1] if operator == "+" else _opposite(limits[1]))
    if operator == "/":
        inverse = _inverse(limits[1])
        return None if inverse is None else _of_product(limits[0], inverse)
    if operator == "*":
        return _of_product(limits[0], limits[1])
    if len(limits) != 1 or operator in {"tan", "sin", "cos"} and isinstance(limits[0], float):
        return None
    inner = limits[0]
    if isinstance(inner, float):
        return _AT_INFINITY.get(operator, (None, None))[inner > 0]
    if operator == "ln" and sign_of(inner) == 0:
        return -math.inf
    return None if operator == "tan" else _settled(apply(operator, inner))


def _opposite(value: Extended) -> Extended:
    return -value if isinstance(value, float) else to_value(apply("neg", value))


def _of_sum(left: Extended, right: Extended) -> Extended | None:
    if isinstance(left, float) and isinstance(right, float):
        return left if left == right else None
    if isinstance(left, float):
        return left
    return right if isinstance(right, float) else to_value(apply("+", left, right))


def _inverse(value: Extended) -> Node | None:
    if isinstance(value, float):
        return ZERO
    return None if sign_of(value) == 0 else to_value(apply("/", ONE, value))


def _of_product(left: Extended, right: Extended) -> Extended | None:
    if not isinstance(left, float) and not isinstance(right, float):
        return to_value(apply("*", left, right))
    sign = 1
    for value in (left, right):
        sign *= (1 if value > 0 else -1) if isinstance(value, float) else sign_of(value)
    return math.inf * sign if sign else None


_HALF_PI = tidy(apply("/", Constant("pi"), number(2)))
_AT_INFINITY: Mapping[str, tuple[Extended | None, Extended | None]] = {
    "exp": (ZERO, math.inf),
    "ln": (None, math.inf),
    "sqrt": (None, math.inf),
    "atan": (apply("neg", _HALF_PI), _HALF_PI),
    "sinh": (-math.inf, math.inf),
    "cosh": (math.inf, math.inf),
    "tanh": (number(-1), ONE),
    "sigmoid": (ZERO, ONE),
    "softplus": (ZERO, math.inf),
    "erf": (number(-1), ONE),
    "erfc": (number(2), ZERO),
    "Phi": (ZERO, ONE),
}
"""The limit of each function at minus and at plus infinity."""
