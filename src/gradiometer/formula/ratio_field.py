"""Quotients of polynomials in generators: the arithmetic under the normal form.

A generator stands for a variable or for a term such as `e^(x/2)`, `sqrt(2)` or `ln(x)`. At every
point where a tree has a value, each generator met on the way has one, the denominator is not zero,
and the quotient equals the tree: every operation here keeps that.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import Any, TypeAlias, final

from flint import Ordering, fmpq, fmpq_mpoly_ctx, fmpz

from gradiometer.errors import UndecidedError
from gradiometer.formula.tree import Node

Polynomial: TypeAlias = Any
"""A `fmpq_mpoly` of the field's context; python-flint has no annotations."""

MOST_TERMS = 2_000
MOST_DEGREE = 2_000
MOST_COEFFICIENT_BITS = 20_000
_MOST_PRODUCTS = 400_000
_SIZES = (8, 16, 32, 64)


@final
@dataclass(frozen=True, eq=False)
class Quotient:
    """Numerator and denominator without a common factor.

    The denominator has coprime integer coefficients and a positive leading one, so equal elements
    of the field have equal parts.
    """

    top: Polynomial
    bottom: Polynomial

    def key(self) -> str:
        """A text that two quotients of one field share only when they are equal."""
        return f"{self.top}|{self.bottom}"

    def constant(self) -> fmpq | None:
        """The rational this is, or None."""
        if not (self.top.is_constant() and self.bottom.is_constant()):
            return None
        return fmpq(0) if self.top.is_zero() else self.top.leading_coefficient()


@final
@dataclass(frozen=True, eq=False)
class Generator:
    """One indeterminate of the normal form and what it stands for."""

    node: Node
    """What it stands for; for an exponential, the first power."""
    kind: str
    """`name`, `exponential`, `root`, `constant` or `opaque`."""
    positive: bool = False
    """Whether its value is above 0 wherever it exists."""
    argument: Quotient | None = None
    """What is raised, rooted or handed to the function; None for a name or a constant."""
    order: int = 1
    """For a root, the n of the n-th root."""


class Field:
    """The quotients in up to 64 generators, found while a tree is read."""

    def __init__(self, size: int) -> None:
        room = next((n for n in _SIZES if n >= size), None)
        if room is None:
            raise UndecidedError("the formula has too many different terms to normalise")
        # The names are always the same, so that flint's cache of contexts stays small.
        self.context = fmpq_mpoly_ctx.get([f"g{i}" for i in range(room)], Ordering.lex)
        self.generators: list[Generator] = []
        self._index: dict[str, int] = {}
        self._relations: dict[int, tuple[int, Quotient]] = {}
        self.one = self.rational(fmpq(1))

    def rational(self, value: fmpq) -> Quotient:
        """The element of a rational number."""
        return Quotient(self.context.constant(value), self.context.constant(1))

    def known(self, key: str) -> int | None:
        """The index of the generator with this key, when it was met before."""
        return self._index.get(key)

    def generator(self, key: str, make: Generator) -> int:
        """The index of the generator with this key, new when it was not met before."""
        if key not in self._index:
            if len(self.generators) == self.context.nvars():
                raise UndecidedError("the formula has too many different terms to normalise")
            self._index[key] = len(self.generators)
            self.generators.append(make)
        return self._index[key]

    def relate(self, index: int, power: int, value: Quotient) -> None:
        """Let the generator's *power* be *value*, an element of the generators before it."""
        self._relations[index] = (power, value)

    def roots(self) -> list[int]:
        """Indices of the roots, the last one first."""
        return [
            i for i in sorted(self._relations, reverse=True) if self.generators[i].kind == "root"
        ]

    def power_of(self, index: int, exponent: int = 1) -> Quotient:
        """A generator to an integer power."""
        if abs(exponent) > MOST_DEGREE:
            raise UndecidedError(f"a power above {MOST_DEGREE} is not normalised")
        monomial = self.context.gen(index) ** abs(exponent)
        one = self.context.constant(1)
        pair = (monomial, one) if exponent >= 0 else (one, monomial)
        return self.quotient(*pair)

    def quotient(self, top: Polynomial, bottom: Polynomial) -> Quotient:
        """The element top/bottom in lowest terms.

        Raises:
            UndecidedError: If *bottom* is zero, or a part is larger than a stated limit.
        """
        for index in sorted(self._relations, reverse=True):
            top, bottom = self._reduced(index, top, bottom)
        if bottom.is_zero():
            raise UndecidedError("a divisor is zero everywhere")
        if top.is_zero():
            return self.rational(fmpq(0))
        _check(top)
        _check(bottom)
        shared = top.gcd(bottom)
        if not shared.is_one():
            top, bottom = top / shared, bottom / shared
        for index in sorted(self._relations, reverse=True):
            times = lowest_power(bottom, index)
            if times and self.generators[index].kind == "root":
                # A root that divides the denominator is not 0, so it may move above.
                missing = self.context.gen(index) ** (self._relations[index][0] - times)
                return self.quotient(_product(top, missing), _product(bottom, missing))
        unit = content(bottom)
        return Quotient(top / unit, bottom / unit)

    def add(self, left: Quotient, right: Quotient) -> Quotient:
        """The sum, over the smallest common denominator."""
        shared = left.bottom.gcd(right.bottom)
        first, second = left.bottom / shared, right.bottom / shared
        top = _product(left.top, second) + _product(right.top, first)
        return self.quotient(top, _product(left.bottom, second))

    def negative(self, value: Quotient) -> Quotient:
        """The opposite element."""
        return Quotient(-value.top, value.bottom)

    def multiply(self, left: Quotient, right: Quotient) -> Quotient:
        """The product."""
        return self.quotient(_product(left.top, right.top), _product(left.bottom, right.bottom))

    def scale(self, value: Quotient, factor: fmpq) -> Quotient:
        """A rational multiple."""
        return self.multiply(value, self.rational(factor))

    def inverse(self, value: Quotient) -> Quotient:
        """One over the element."""
        return self.quotient(value.bottom, value.top)

    def power(self, value: Quotient, exponent: int) -> Quotient:
        """An integer power."""
        if exponent < 0:
            return self.power(self.inverse(value), -exponent)
        return self.quotient(_power(value.top, exponent), _power(value.bottom, exponent))

    def is_positive(self, polynomial: Polynomial) -> bool:
        """Whether the polynomial is certainly above 0 wherever its generators have values."""
        strictly = False
        for exponents, coefficient in polynomial.to_dict().items():
            if coefficient < 0:
                return False
            odd = [i for i, n in enumerate(exponents) if n % 2 and not self._is_positive(i)]
            if odd:
                return False
            strictly |= all(self._is_positive(i) for i, n in enumerate(exponents) if n)
        return strictly

    def _is_positive(self, index: int) -> bool:
        return self.generators[index].positive

    def _reduced(
        self, index: int, top: Polynomial, bottom: Polynomial
    ) -> tuple[Polynomial, Polynomial]:
        """Both parts with the relation of one generator applied."""
        if max(top.degrees()[index], bottom.degrees()[index]) < self._relations[index][0]:
            return top, bottom
        top, under_top = self._lowered(index, top)
        bottom, under_bottom = self._lowered(index, bottom)
        return _product(top, under_bottom), _product(bottom, under_top)

    def _lowered(self, index: int, polynomial: Polynomial) -> tuple[Polynomial, Polynomial]:
        """Numerator and denominator of the polynomial with high powers of one generator gone."""
        power, value = self._relations[index]
        most = polynomial.degrees()[index] // power
        result = self.context.constant(0)
        for times, part in _by_power(self.context, polynomial, index, power).items():
            factor = _product(_power(value.top, times), _power(value.bottom, most - times))
            result += _product(part, factor)
        return result, _power(value.bottom, most)


def content(polynomial: Polynomial) -> fmpq:
    """The rational whose quotient leaves coprime integers and a positive leading coefficient."""
    top, bottom = fmpz(0), fmpz(1)
    for coefficient in polynomial.coeffs():
        top = top.gcd(coefficient.p)
        bottom = bottom.lcm(coefficient.q)
    sign = -1 if polynomial.leading_coefficient() < 0 else 1
    return fmpq(sign * top, bottom)


def lowest_power(polynomial: Polynomial, index: int) -> int:
    """How often a generator divides the polynomial."""
    return min((int(powers[index]) for powers in polynomial.monoms()), default=0)


def _by_power(
    context: Any, polynomial: Polynomial, index: int, power: int
) -> dict[int, Polynomial]:
    """The polynomial as a sum over powers of one generator's *power*."""
    parts: dict[int, dict[tuple[int, ...], fmpq]] = {}
    for exponents, coefficient in polynomial.to_dict().items():
        times, rest = divmod(int(exponents[index]), power)
        lowered = (*exponents[:index], rest, *exponents[index + 1 :])
        parts.setdefault(times, {})[lowered] = coefficient
    return {times: context.from_dict(terms) for times, terms in parts.items()}


def _product(left: Polynomial, right: Polynomial) -> Polynomial:
    if len(left) * len(right) > _MOST_PRODUCTS:
        raise UndecidedError("the normal form has too many terms")
    return left * right


def _power(polynomial: Polynomial, exponent: int) -> Polynomial:
    """The power, refused before it is computed when it would be large."""
    terms = len(polynomial)
    if exponent > MOST_DEGREE:
        raise UndecidedError(f"a power above {MOST_DEGREE} is not normalised")
    if terms > 1 and exponent > 1 and comb(terms + exponent - 1, exponent) > _MOST_PRODUCTS:
        raise UndecidedError("the normal form has too many terms")
    if _coefficient_bits(polynomial) * exponent > MOST_COEFFICIENT_BITS:
        raise UndecidedError("the normal form has too large numbers")
    return polynomial**exponent


def _check(polynomial: Polynomial) -> None:
    if len(polynomial) > MOST_TERMS:
        raise UndecidedError("the normal form has too many terms")
    if max(polynomial.degrees()) > MOST_DEGREE:
        raise UndecidedError(f"a power above {MOST_DEGREE} is not normalised")
    if _coefficient_bits(polynomial) > MOST_COEFFICIENT_BITS:
        raise UndecidedError("the normal form has too large numbers")


def _coefficient_bits(polynomial: Polynomial) -> int:
    """Bits beyond a plain 1 of the largest coefficient."""
    if polynomial.is_one():
        return 0
    return max(
        (int(c.p).bit_length() + int(c.q).bit_length() - 2 for c in polynomial.coeffs()),
        default=0,
    )
