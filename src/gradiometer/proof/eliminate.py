"""Shows that polynomial equations have no common solution, by elimination and cases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from gradiometer.errors import InternalError

Polynomial: TypeAlias = Any
"""A `fmpq_mpoly`; python-flint has no annotations."""

_MOST_CASES = 40
_MOST_TERMS = 60
_MOST_DEGREE = 60


class TooLargeError(Exception):
    """The equations are beyond what is tried; nothing is said about them."""


def have_no_solution(equations: Sequence[Polynomial], nonzero: Sequence[Polynomial]) -> bool:
    """Whether no complex numbers solve all equations and keep every one of *nonzero* off 0.

    A product is zero where one of its factors is: each factor is a case of its own. An equation
    that is linear in an unknown takes it out of all others, by exact pseudo-division. A case is
    closed where an equation has become a number other than 0. False proves nothing.
    """
    budget = [_MOST_CASES]
    try:
        return _is_closed([p for p in equations if not p.is_zero()], list(nonzero), budget)
    except TooLargeError:
        return False


def _is_closed(equations: list[Polynomial], nonzero: list[Polynomial], budget: list[int]) -> bool:
    budget[0] -= 1
    if budget[0] < 0 or any(len(p) > _MOST_TERMS for p in (*equations, *nonzero)):
        raise TooLargeError
    if any(p.is_zero() for p in nonzero):
        return True
    units = _factors_of(nonzero)
    reduced: list[Polynomial] = []
    for index, equation in enumerate(equations):
        factors = [f for f in _factors(equation) if f not in units]
        if not factors:
            return True
        if len(factors) > 1:
            rest = reduced + equations[index + 1 :]
            # Where an earlier factor is 0 its own case has been closed already.
            return all(
                _is_closed([factor, *rest], [*nonzero, *factors[:place]], budget)
                for place, factor in enumerate(factors)
            )
        if factors[0] not in reduced:
            reduced.append(factors[0])
    return _eliminate(reduced, nonzero, units, budget)


def _eliminate(
    equations: list[Polynomial],
    nonzero: list[Polynomial],
    units: list[Polynomial],
    budget: list[int],
) -> bool:
    linear = [(p, v) for p in sorted(equations, key=len)
              for v, degree in enumerate(p.degrees()) if degree == 1]  # fmt: skip
    for chosen, variable in linear:
        if _is_unit(_coefficient(chosen, variable, 1), units):
            others = [p for p in equations if p is not chosen]
            left = [_remainder(p, chosen, variable) for p in others]
            kept = [_remainder(p, chosen, variable) for p in nonzero]
            return _is_closed([p for p in left if not p.is_zero()], kept, budget)
    lowered = _lower(equations, units)
    if lowered is not None:
        return _is_closed(lowered, nonzero, budget)
    if not linear:
        return False
    # Nothing else is left than to ask whether the factor of an unknown is zero.
    factor = _coefficient(linear[0][0], linear[0][1], 1)
    return _is_closed([factor, *equations], nonzero, budget) and _is_closed(
        equations, [*nonzero, factor], budget
    )


def _lower(equations: Sequence[Polynomial], units: Sequence[Polynomial]) -> list[Polynomial] | None:
    """The equations after division by one of higher degree, or None where none is divided."""
    for chosen in sorted(equations, key=len):
        for variable, degree in enumerate(chosen.degrees()):
            if degree < 2 or not _is_unit(_coefficient(chosen, variable, degree), units):
                continue
            left = [
                p if p is chosen or p.degrees()[variable] < degree
                else _remainder(p, chosen, variable)
                for p in equations
            ]  # fmt: skip
            if any(new is not old for new, old in zip(left, equations, strict=True)):
                return [p for p in left if not p.is_zero()]
    return None


def _is_unit(polynomial: Polynomial, units: Sequence[Polynomial]) -> bool:
    return all(part in units for part in _factors(polynomial))


def _remainder(value: Polynomial, divisor: Polynomial, variable: int) -> Polynomial:
    """`factor^n * value - quotient * divisor`, of lower degree; *factor* is never zero."""
    context = value.context()
    least = int(divisor.degrees()[variable])
    factor = _coefficient(divisor, variable, least)
    rest, scale, quotient = value, context.constant(1), context.constant(0)
    while not rest.is_zero() and (degree := int(rest.degrees()[variable])) >= least:
        if degree > _MOST_DEGREE or len(rest) > _MOST_TERMS:
            raise TooLargeError
        part = _coefficient(rest, variable, degree) * context.gen(variable) ** (degree - least)
        rest = factor * rest - part * divisor
        scale, quotient = factor * scale, factor * quotient + part
    if scale * value - quotient * divisor != rest:
        raise InternalError("a pseudo-division is wrong")
    return rest


def _coefficient(polynomial: Polynomial, variable: int, degree: int) -> Polynomial:
    """The polynomial in the other variables that stands before a power of this one."""
    terms = {
        (*powers[:variable], 0, *powers[variable + 1 :]): factor
        for powers, factor in polynomial.to_dict().items()
        if powers[variable] == degree
    }
    return polynomial.context().from_dict(terms)


def _factors(polynomial: Polynomial) -> list[Polynomial]:
    """The different irreducible factors, each with leading coefficient 1."""
    if polynomial.is_constant():
        return []
    return [_monic(factor) for factor, _ in polynomial.factor()[1]]


def _factors_of(polynomials: Sequence[Polynomial]) -> list[Polynomial]:
    return [factor for p in polynomials for factor in _factors(p)]


def _monic(polynomial: Polynomial) -> Polynomial:
    return polynomial / polynomial.leading_coefficient()
