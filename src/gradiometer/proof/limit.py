"""Limits of smooth formulas at the ends of an interval, finite or infinite.

Far out, quotients of polynomials in x and e^(r*x) are decided by their dominant terms; other
formulas by the limits of their parts, where these decide.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from flint import fmpq

from gradiometer.errors import DomainError, UndecidedError
from gradiometer.formula import (
    ONE,
    REALS,
    ZERO,
    Apply,
    Constant,
    Interval,
    Name,
    Node,
    Number,
    Ratio,
    apply,
    find_signs,
    free_names,
    number,
    sign_of,
    tidy,
    to_ratio,
    to_text,
    to_value,
    value_at,
    walk,
)
from gradiometer.proof.extended import MINUS, PLUS, Infinite, Limit, sign_extended
from gradiometer.proof.limit_bounds import limit_by_bounds
from gradiometer.proof.limit_growth import limit_by_growth
from gradiometer.proof.waves import read_waves

_Term: TypeAlias = "tuple[int, int, fmpq]"
"""Power of e^(r*x), power of x, coefficient."""


End: TypeAlias = Literal["lower", "upper"]


def limit_inside(formula: Node, variable: str, on: Interval, end: End) -> Limit:
    """The limit of a smooth formula at one end of the interval on which it is defined.

    Raises:
        UndecidedError: If the limit does not exist or cannot be found.
    """
    at = on.lower if end == "lower" else on.upper
    if variable not in free_names(formula):
        return _settled(formula)
    if at is None:
        return limit_far(formula, variable, to_right=end == "upper")
    try:
        value = value_at(formula, variable, at)
    except UndecidedError as error:
        return _near_by_parts(formula, variable, on, end, error)
    if value is not None:
        return value
    signs = find_signs(formula, variable, on)
    return Infinite(signs[0 if end == "lower" else -1][1])


def _near_by_parts(
    formula: Node, variable: str, on: Interval, end: End, error: UndecidedError
) -> Limit:
    if not isinstance(formula, Apply):
        raise error
    operator, inside = read_operation(formula)
    found = limit_of_parts(operator, [limit_inside(part, variable, on, end) for part in inside])
    if found is None:
        raise error
    return found


def read_operation(node: Apply) -> tuple[str, tuple[Node, ...]]:
    """The operation and what it is done to; `e^u` is `exp(u)`."""
    if node.operator == "^" and node.arguments[0] == Constant("e"):
        return "exp", node.arguments[1:]
    return node.operator, node.arguments


def limit_far(node: Node, variable: str, *, to_right: bool) -> Limit:
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
        return PLUS if to_right else MINUS
    found = limit_by_growth(
        node,
        variable,
        1 if to_right else -1,
        lambda part: limit_far(part, variable, to_right=to_right),
    )
    if found is not None:
        return found
    if node.operator in {"*", "/"} and _fades(node, variable, to_right):
        return ZERO
    found = _by_swing(node, variable, to_right)
    return _far_by_parts(node, variable, to_right) if found is None else found


def _by_swing(node: Apply, variable: str, to_right: bool) -> Limit | None:
    waves = read_waves(node, variable, REALS)
    return None if waves is None else waves.limit(1 if to_right else -1)


def _far_by_parts(node: Apply, variable: str, to_right: bool) -> Limit:
    operator, inside = read_operation(node)
    try:
        limits = [limit_far(part, variable, to_right=to_right) for part in inside]
    except UndecidedError:
        found = limit_by_bounds(
            node, variable, lambda part: limit_far(part, variable, to_right=to_right)
        )
        if found is None:
            raise
        return found
    found = limit_of_parts(operator, limits)
    if found is None:
        found = _by_squares(node, limits, variable, to_right)
    if found is None:
        raise UndecidedError(f"the limit of `{to_text(node)}` far out is not decided")
    return found


def _by_squares(node: Apply, limits: list[Limit], variable: str, to_right: bool) -> Limit | None:
    """Limits with roots: u/v from (u/v)^2, and u - v from (u^2 - v^2)/(u + v)."""
    if len(limits) != 2 or not any(_has_root(part, variable) for part in node.arguments):
        return None
    left, right = node.arguments
    if node.operator in {"*", "/"}:
        sign = sign_extended(limits[0]) * sign_extended(limits[1])
        square = _by_dominant_terms(apply("^", node, number(2)), variable, to_right)
        if not sign or square is None or isinstance(square, Infinite):
            return None
        root = to_value(apply("sqrt", square))
        return root if sign > 0 else to_value(apply("neg", root))
    if node.operator in {"+", "-"}:
        other = apply("-" if node.operator == "+" else "+", left, right)
        gap = apply("-", *(apply("^", part, number(2)) for part in (left, right)))
        above = _by_dominant_terms(gap, variable, to_right)
        below = limit_far(other, variable, to_right=to_right)
        if isinstance(below, Infinite) and above is not None and not isinstance(above, Infinite):
            return ZERO
    return None


def _has_root(node: Node, variable: str) -> bool:
    return any(
        isinstance(part, Apply) and part.operator == "sqrt" and variable in free_names(part)
        for part in walk(node)
    )


def _settled(node: Node) -> Node:
    try:
        return to_value(node)
    except DomainError:
        raise UndecidedError(f"`{to_text(node)}` has no value") from None


def _by_dominant_terms(node: Node, variable: str, to_right: bool) -> Limit | None:
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
    return Infinite(sign * (1 if to_right else -1) ** abs(powers[1]))


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
    way = 1 if grows else -1
    return max(terms, key=lambda term: (way * term[0], term[1]), default=None)


def _fades(node: Apply, variable: str, to_right: bool) -> bool:
    """Whether a product has a factor like e^(-x^2) or Phi(-x), and only tame ones besides."""
    above, below = list_factors(node)
    tiny = [part for part in above if _is_tiny(part, variable, to_right)]
    rest = [part for part in above + below if part not in tiny]
    return bool(tiny) and all(_is_tame(part, variable) for part in rest)


def list_factors(node: Node) -> tuple[list[Node], list[Node]]:
    """What is multiplied and what is divided by."""
    if isinstance(node, Apply) and node.operator == "neg":
        return list_factors(node.arguments[0])
    if not isinstance(node, Apply) or node.operator not in {"*", "/"}:
        return [node], []
    (above, below), (more, less) = (list_factors(part) for part in node.arguments)
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
    wanted = PLUS if node.operator == "erfc" else MINUS
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


def limit_of_parts(operator: str, limits: list[Limit]) -> Limit | None:
    """The limit of an operation from the limits of its arguments; None when they do not tell."""
    if operator == "neg":
        return _negate(limits[0])
    if operator in {"+", "-"}:
        return _of_sum(limits[0], limits[1] if operator == "+" else _negate(limits[1]))
    if operator == "/":
        inverse = _inverse(limits[1])
        return None if inverse is None else _of_product(limits[0], inverse)
    if operator == "*":
        return _of_product(limits[0], limits[1])
    if operator == "^":
        return _of_power(limits[0], limits[1])
    if len(limits) != 1:
        return None
    inner = limits[0]
    if isinstance(inner, Infinite):
        return _AT_INFINITY.get(operator, (None, None))[inner.sign > 0]
    if operator == "ln" and sign_of(inner) == 0:
        return MINUS
    return None if operator == "tan" else _settled(apply(operator, inner))


def _of_sum(left: Limit, right: Limit) -> Limit | None:
    if isinstance(left, Infinite) and isinstance(right, Infinite):
        return left if left == right else None
    if isinstance(left, Infinite):
        return left
    return right if isinstance(right, Infinite) else to_value(apply("+", left, right))


def _negate(value: Limit) -> Limit:
    return Infinite(-value.sign) if isinstance(value, Infinite) else to_value(apply("neg", value))


def _inverse(value: Limit) -> Node | None:
    if isinstance(value, Infinite):
        return ZERO
    return None if sign_of(value) == 0 else to_value(apply("/", ONE, value))


def _of_product(left: Limit, right: Limit) -> Limit | None:
    if not isinstance(left, Infinite) and not isinstance(right, Infinite):
        return to_value(apply("*", left, right))
    sign = sign_extended(left) * sign_extended(right)
    return Infinite(sign) if sign else None


def _of_power(base: Limit, exponent: Limit) -> Limit | None:
    if isinstance(exponent, Infinite) or sign_extended(base) <= 0:
        return None
    if not isinstance(base, Infinite):
        return _settled(apply("^", base, exponent))
    growth = sign_of(exponent)
    return PLUS if growth > 0 else ZERO if growth < 0 else None


_HALF_PI = tidy(apply("/", Constant("pi"), number(2)))
_AT_INFINITY: Mapping[str, tuple[Limit | None, Limit | None]] = {
    "exp": (ZERO, PLUS),
    "ln": (None, PLUS),
    "sqrt": (None, PLUS),
    "atan": (apply("neg", _HALF_PI), _HALF_PI),
    "sinh": (MINUS, PLUS),
    "cosh": (PLUS, PLUS),
    "tanh": (number(-1), ONE),
    "sigmoid": (ZERO, ONE),
    "softplus": (ZERO, PLUS),
    "erf": (number(-1), ONE),
    "erfc": (number(2), ZERO),
    "Phi": (ZERO, ONE),
}
"""The limit of each function at minus and at plus infinity."""
