"""Limits far out of quotients of polynomials in x and one e^u, u a polynomial, by their growth.

Numbers such as pi and sqrt(2) may stand in the coefficients and in u.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from flint import fmpq

from gradiometer.errors import DomainError, UndecidedError
from gradiometer.formula import (
    ZERO,
    Apply,
    Generator,
    Name,
    Node,
    Number,
    Ratio,
    apply,
    free_names,
    number,
    sign_of,
    to_ratio,
    to_value,
)
from gradiometer.proof.extended import Infinite, Limit

_Leading: TypeAlias = "tuple[tuple[int, int], Node]"
"""Powers of e^u and of x, and the coefficient."""


def limit_by_growth(
    node: Node, variable: str, way: int, limit_of: Callable[[Node], Limit]
) -> Limit | None:
    """The limit at plus (way 1) or minus (way -1) infinity; None when these rules do not tell.

    Args:
        node: The formula.
        variable: Its variable.
        way: On which side.
        limit_of: Finds the limit of an exponent on that side.
    """
    try:
        ratio = to_ratio(node)
        used = [ratio.generators[index] for index in ratio.used()]
        moving = [g for g in used if variable in free_names(g.node) and g.node != Name(variable)]
        if len(moving) != 1 or not _is_power(moving[0], variable):
            return None
        inside = moving[0].node
        grows = limit_of(inside.arguments[-1]) if isinstance(inside, Apply) else None
        if not isinstance(grows, Infinite):
            return None
        top, bottom = (
            _leading(part, ratio, variable, moving[0], grows.sign)
            for part in (ratio.numerator, ratio.denominator)
        )
        return _compare(top, bottom, grows.sign, way)
    except (UndecidedError, DomainError):
        return None


def _is_power(generator: Generator, variable: str) -> bool:
    """Whether it is e^u with u a polynomial in x with constant coefficients."""
    if generator.kind != "exponential" or not isinstance(generator.node, Apply):
        return False
    inside = to_ratio(generator.node.arguments[-1])
    used = [inside.generators[index] for index in inside.used()]
    if any(variable in free_names(g.node) and g.node != Name(variable) for g in used):
        return False
    degrees = inside.denominator.degrees()
    return all(
        not degrees[index] for index, g in enumerate(inside.generators) if g.node == Name(variable)
    )


def _leading(
    polynomial: Any, ratio: Ratio, variable: str, power: Generator, grows: int
) -> _Leading:
    """The term that outgrows all others; its coefficient is not 0."""
    parts: dict[tuple[int, int], Node] = {}
    for powers, factor in polynomial.to_dict().items():
        key, term = [0, 0], _constant(fmpq(factor))
        for index, times in enumerate(powers):
            if not times:
                continue
            generator = ratio.generators[index]
            if generator.node == power.node:
                key[0] = int(times)
            elif generator.node == Name(variable):
                key[1] = int(times)
            else:
                term = apply("*", term, apply("^", generator.node, number(int(times))))
        place = (key[0], key[1])
        parts[place] = apply("+", parts[place], term) if place in parts else term
    best = max(parts, key=lambda place: (grows * place[0], place[1]))
    if sign_of(parts[best]) == 0:
        raise UndecidedError("a leading coefficient that is 0")
    return best, parts[best]


def _constant(value: fmpq) -> Node:
    return Number(value)


def _compare(top: _Leading, bottom: _Leading, grows: int, way: int) -> Limit:
    order = (grows * (top[0][0] - bottom[0][0]), top[0][1] - bottom[0][1])
    if order < (0, 0):
        return ZERO
    if order == (0, 0):
        return to_value(apply("/", top[1], bottom[1]))
    return Infinite(sign_of(top[1]) * sign_of(bottom[1]) * way ** abs(order[1]))
