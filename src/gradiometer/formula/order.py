"""Signs of constants and of formulas in parameters, and with them the order of interval ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import product
from typing import TypeAlias

from flint import fmpq

from gradiometer.errors import DomainError, LimitError, UndecidedError
from gradiometer.formula.evaluate import evaluate
from gradiometer.formula.exact import compare, precision, refine
from gradiometer.formula.interval import Interval
from gradiometer.formula.ratio import cancel, is_zero
from gradiometer.formula.tidy import is_constant, tidy
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
    substitute,
)

Signs: TypeAlias = frozenset[int]
"""The signs a formula may have: a non-empty subset of -1, 0, 1."""

Domains: TypeAlias = Mapping[str, Interval]
"""Where each parameter lies."""

ANY: Signs = frozenset((-1, 0, 1))
PLUS: Signs = frozenset((1,))

_POSITIVE = {"exp", "sigmoid", "softplus", "erfc", "Phi", "cosh"}
_LIKE_ITS_ARGUMENT = {"atan", "sinh", "tanh", "erf"}
_QUICK_BITS = 64


def possible_signs(node: Node, signs: Mapping[str, Signs]) -> Signs:
    """The signs that *node* may have, as its form shows, when its names have *signs*.

    A sign left out of the result certainly never occurs where the formula is defined.

    Example:
        >>> from gradiometer.formula import parse
        >>> sorted(possible_signs(parse("x^2 + e^x").tree, {}))
        [1]
    """
    if isinstance(node, Number):
        return frozenset((compare(node.value, fmpq(0)),))
    if isinstance(node, Constant):
        return PLUS
    if isinstance(node, Name):
        return signs.get(node.name, ANY)
    if is_constant(node):
        return _constant_signs(node)
    if node.operator in _POSITIVE:
        return PLUS
    if node.operator == "^":
        return _power_signs(node, signs)
    inner = [possible_signs(argument, signs) for argument in node.arguments]
    if node.operator in _LIKE_ITS_ARGUMENT:
        return inner[0]
    rule = _SIGN_RULES.get(node.operator)
    return frozenset().union(*(rule(*pair) for pair in product(*inner))) if rule else ANY


def _constant_signs(node: Node) -> Signs:
    try:
        with precision(_QUICK_BITS):
            return frozenset((compare(evaluate(node, {}), fmpq(0)),))
    except (UndecidedError, DomainError, LimitError):
        return ANY


def _add(left: int, right: int) -> Signs:
    if left * right < 0:
        return ANY
    return frozenset((left or right,))


_SIGN_RULES: Mapping[str, Callable[..., Signs]] = {
    "+": _add,
    "-": lambda left, right: _add(left, -right),
    "*": lambda left, right: frozenset((left * right,)),
    "/": lambda left, right: frozenset((left * right,) if right else ()),
    "neg": lambda sign: frozenset((-sign,)),
    "sqrt": lambda sign: frozenset((sign,) if sign >= 0 else ()),
    "abs": lambda sign: frozenset((abs(sign),)),
    "max": lambda *signs: frozenset((max(signs),)),
    "min": lambda *signs: frozenset((min(signs),)),
}


def _power_signs(node: Apply, signs: Mapping[str, Signs]) -> Signs:
    base, exponent = node.arguments
    below = possible_signs(base, signs)
    if isinstance(exponent, Number) and exponent.value.q == 1:
        whole = int(exponent.value.p)
        if whole == 0:
            return PLUS
        kept = {sign if whole % 2 else sign * sign for sign in below if sign or whole > 0}
        return frozenset(kept) or ANY
    if _is_broken(exponent):
        # A power that is no integer exists for bases from 0 on only.
        return frozenset(sign for sign in below if sign >= 0) or ANY
    # An exponent that varies may be an odd integer, an even one, or 0 where the base is 0 too.
    found = below | {1} if -1 in below else below
    return found | {1} if 0 in below and 0 in possible_signs(exponent, signs) else found


def _is_broken(node: Node) -> bool:
    """Whether it is a constant that is certainly no integer."""
    if not is_constant(node):
        return False
    try:
        with precision(_QUICK_BITS):
            value = evaluate(node, {})
    except (UndecidedError, DomainError, LimitError):
        return False
    return value.q != 1 if isinstance(value, fmpq) else not value.contains_integer()


def sign_of(node: Node, domains: Domains | None = None) -> int:
    """The sign of a constant, or of a formula in parameters all over their *domains*.

    Raises:
        UndecidedError: If it has no single sign there, or none that can be shown.
        DomainError: If the constant does not exist.

    Example:
        >>> from gradiometer.formula import parse, parse_interval
        >>> sign_of(parse("(1 + h) - 1").tree, {"h": parse_interval("(0, oo)")})
        1
    """
    if isinstance(node, Number):
        return compare(node.value, fmpq(0))
    if is_constant(node):
        return _constant_sign(node)
    if is_zero(node):
        return 0
    signs: dict[str, Signs] = {}
    shifted = node
    for name in sorted(free_names(node)):
        domain = (domains or {}).get(name)
        if domain is not None:
            replacement, signs[name] = _from_zero(name, domain)
            shifted = substitute(shifted, {name: replacement})
    for form in (shifted, cancel(shifted)):
        found = possible_signs(form, signs)
        if len(found) == 1:
            return next(iter(found))
    raise UndecidedError("a sign that depends on the parameters")


def _constant_sign(node: Node) -> int:
    shown = _constant_signs(node)
    if len(shown) == 1:
        return next(iter(shown))
    with precision(_QUICK_BITS), suppress(UndecidedError, LimitError):
        # A ball away from 0 spares the algebra.
        return compare(evaluate(node, {}), fmpq(0))
    evaluated = is_zero(node)
    return 0 if evaluated else refine(lambda: compare(evaluate(node, {}), fmpq(0)))


def _from_zero(name: str, domain: Interval) -> tuple[Node, Signs]:
    """A formula that runs through *domain* while the name runs from 0 to infinity."""
    lower, upper, here = domain.lower, domain.upper, Name(name)
    if lower is not None and upper is not None:
        if domain.lower_closed and domain.upper_closed:
            return here, possible_signs(lower, {}) | possible_signs(upper, {}) | ANY
        start, end = (upper, lower) if domain.upper_closed else (lower, upper)
        share = apply("/", here, apply("+", ONE, here))
        moved = apply("+", start, apply("*", tidy(apply("-", end, start)), share))
        closed = domain.lower_closed or domain.upper_closed
    elif lower is not None:
        moved, closed = apply("+", lower, here), domain.lower_closed
    elif upper is not None:
        moved, closed = apply("-", upper, here), domain.upper_closed
    else:
        return here, ANY
    return tidy(moved), frozenset((0, 1)) if closed else PLUS


def compare_nodes(left: Node, right: Node, domains: Domains | None = None) -> int:
    """-1, 0 or 1 as *left* is less than, equal to or greater than *right*.

    Raises:
        UndecidedError: If the order cannot be shown.
    """
    if left == right:
        return 0
    if isinstance(left, Number) and isinstance(right, Number):
        return compare(left.value, right.value)
    return sign_of(apply("-", left, right), domains)


def intersect(left: Interval, right: Interval, domains: Domains | None = None) -> Interval | None:
    """What lies in both intervals; None when nothing does.

    Raises:
        UndecidedError: If the order of two ends cannot be shown.
    """
    lower, lower_closed = left.lower, left.lower_closed
    if lower is None:
        lower, lower_closed = right.lower, right.lower_closed
    elif right.lower is not None:
        order = compare_nodes(lower, right.lower, domains)
        lower = right.lower if order < 0 else lower
        lower_closed = (left.lower_closed or order < 0) and (right.lower_closed or order > 0)
    upper, upper_closed = left.upper, left.upper_closed
    if upper is None:
        upper, upper_closed = right.upper, right.upper_closed
    elif right.upper is not None:
        order = compare_nodes(upper, right.upper, domains)
        upper = right.upper if order > 0 else upper
        upper_closed = (left.upper_closed or order > 0) and (right.upper_closed or order < 0)
    if lower is not None and upper is not None:
        order = compare_nodes(lower, upper, domains)
        if order > 0 or (order == 0 and not (lower_closed and upper_closed)):
            return None
        upper = lower if order == 0 else upper
    return Interval(lower, upper, lower_closed, upper_closed)


def is_same(left: Node, right: Node) -> bool:
    """Whether two constants or formulas are equal wherever both exist, as exact algebra shows."""
    return left == right or is_zero(apply("-", left, right))


def to_value(node: Node) -> Node:
    """A shorter form of a constant or a formula in parameters that certainly exists.

    Raises:
        DomainError: If the constant does not exist.
    """
    if not is_constant(node):
        return tidy(cancel(node))
    with precision(_QUICK_BITS):
        value = evaluate(node, {})
    if isinstance(value, fmpq):
        return Number(value)
    short = tidy(cancel(node))
    return ZERO if is_zero(short) else short
