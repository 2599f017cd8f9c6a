"""Takes an element apart into the factors whose sign is known, for logarithms and roots."""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd
from typing import final

from flint import fmpq, fmpz

from gradiometer.errors import UndecidedError
from gradiometer.formula.ratio_field import Field, Polynomial, Quotient, content

_MOST_FACTORED_TERMS = 200
_MOST_FACTORED_BITS = 80


@final
@dataclass(frozen=True)
class Factors:
    """constant * exponentials * roots * positive factors * rest^times."""

    constant: fmpq
    """Above 0."""
    rest: Quotient
    exponentials: tuple[tuple[int, int], ...] = ()
    """Index of the generator and its power."""
    roots: tuple[tuple[int, int], ...] = ()
    """Never negative, so positive under a logarithm."""
    positive: tuple[tuple[Polynomial, int], ...] = ()
    times: int = 1
    """Odd, so that the sign of rest^times is the sign of rest."""


def split(field: Field, value: Quotient) -> Factors:
    """All factors of an element under a logarithm or a root.

    Raises:
        UndecidedError: If the element is zero or too large to factor.
    """
    if value.top.is_zero():
        raise UndecidedError("zero under a logarithm")
    number = fmpq(1)
    exponentials: list[tuple[int, int]] = []
    roots: list[tuple[int, int]] = []
    positive: list[tuple[Polynomial, int]] = []
    others: list[tuple[Polynomial, int]] = []
    for part, direction in ((value.top, 1), (value.bottom, -1)):
        unit, factors = _factor(part)
        number *= unit**direction
        for factor, times in factors:
            index = _as_generator(field, factor)
            kind = "" if index is None else field.generators[index].kind
            if index is not None and kind == "exponential":
                exponentials.append((index, direction * times))
            elif index is not None and kind == "root":
                roots.append((index, direction * times))
            else:
                kept = positive if field.is_positive(factor) else others
                kept.append((factor, direction * times))
    rest, odd = _gathered(field, others, fmpq(1 if number > 0 else -1))
    return Factors(abs(number), rest, tuple(exponentials), tuple(roots), tuple(positive), odd)


def primes_of(value: fmpq) -> list[tuple[int, int]]:
    """Primes and powers whose product is the number above 0; a number too large stays whole."""
    found: list[tuple[int, int]] = []
    for part, direction in ((value.p, 1), (value.q, -1)):
        if int(part).bit_length() > _MOST_FACTORED_BITS:
            found.append((int(part), direction))
        elif part != 1:
            found += [(int(prime), direction * int(n)) for prime, n in fmpz(part).factor()]
    return found


def _factor(polynomial: Polynomial) -> tuple[fmpq, list[tuple[Polynomial, int]]]:
    """A rational and irreducible factors with coprime integer coefficients."""
    if len(polynomial) > _MOST_FACTORED_TERMS:
        raise UndecidedError("a logarithm or root of a formula that is too large to factor")
    number, factors = polynomial.factor()
    found = []
    for factor, times in factors:
        unit = content(factor)
        number *= unit ** int(times)
        found.append((factor / unit, int(times)))
    return fmpq(number), found


def _as_generator(field: Field, factor: Polynomial) -> int | None:
    return next((i for i in range(len(field.generators)) if factor == field.context.gen(i)), None)


def _gathered(
    field: Field, factors: list[tuple[Polynomial, int]], sign: fmpq
) -> tuple[Quotient, int]:
    """The rest of the factors as an element and the odd power it is raised to."""
    shared = gcd(*(times for _, times in factors))
    odd = max(shared, 1)
    while odd % 2 == 0:
        odd //= 2
    result = field.rational(sign)
    for factor, times in factors:
        one = field.quotient(factor, field.context.constant(1))
        result = field.multiply(result, field.power(one, times // odd))
    return result, odd
