"""Quotients of polynomials in variables and named terms, for the checker.

Arithmetic is flint's; what stands here is the table of terms, the relations between them
(`sqrt(u)^2 = u`, `sin^2 + cos^2 = 1`) and limits on size. A quotient has the value of its formula
wherever that has one, and its denominator is not zero there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from typing import Any, TypeAlias, final

from flint import Ordering, fmpq, fmpq_mpoly_ctx, fmpz

from gradiometer.errors import CertificateError

Fraction: TypeAlias = tuple[Any, Any]
"""Numerator and denominator: coprime, the denominator primitive with a positive first number."""

_MOST_GENERATORS = 64
_MOST_DEGREE = 4_000
_MOST_PRODUCTS = 400_000
_MOST_FACTORED_TERMS = 200
_MOST_TERMS = 4_000
_MOST_BITS = 200_000


@final
@dataclass(frozen=True)
class Term:
    """What one generator stands for."""

    kind: str
    """`exp`, `root`, `pi`, or the name of an operator."""
    arguments: tuple[Fraction, ...] = ()
    order: int = 1
    """For a root, the n of the n-th root."""


@final
class Field:
    """The quotients in the variables and the terms declared so far."""

    def __init__(self, variables: Sequence[str], terms: int) -> None:
        count = len(variables) + terms
        if count > _MOST_GENERATORS:
            raise CertificateError("The evidence names too many generators.")
        names = [f"g{i}" for i in range(max(count, 1))]
        self._context = fmpq_mpoly_ctx.get(names, Ordering.lex)
        self.variables = {name: i for i, name in enumerate(variables)}
        self.terms: dict[int, Term] = {}
        self._used: set[int] = set()

    def forget_use(self) -> None:
        """Count from here on which generators are used."""
        self._used.clear()

    def variable(self, name: str) -> Fraction:
        """The generator of a variable."""
        if name not in self.variables:
            raise CertificateError(f"The name `{name}` is not among the variables.")
        return self.whole(self.symbol(self.variables[name]))

    def symbol(self, index: int) -> Any:
        """The generator as a polynomial."""
        return self._context.gen(index)

    def whole(self, polynomial: Any) -> Fraction:
        """The polynomial over 1."""
        return polynomial, self._context.constant(1)

    def unused(self) -> list[int]:
        """Places of the terms that nothing needed that was read."""
        seen = set(self._used)
        for index in sorted(self.terms, reverse=True):
            if index in seen:
                parts = [p for u in self.terms[index].arguments for p in u]
                parts += self._relation(index)[1]
                seen |= {i for part in parts for i, n in enumerate(part.degrees()) if n}
        return [index - len(self.variables) for index in self.terms if index not in seen]

    def is_same(self, left: Fraction, right: Fraction) -> bool:
        """Whether both quotients are equal wherever both denominators are not zero."""
        top, _ = self._reduced(
            _product(left[0], right[1]) - _product(right[0], left[1]), self._context.constant(1)
        )
        return bool(top.is_zero())

    def constant(self, value: int | fmpq) -> Fraction:
        """The quotient of a number."""
        return self.fraction(self._context.constant(fmpq(value)), self._context.constant(1))

    def fraction(self, top: Any, bottom: Any) -> Fraction:
        """top/bottom in lowest terms.

        Raises:
            CertificateError: If the denominator is zero everywhere or a part is too large.
        """
        top, bottom = self._reduced(top, bottom)
        if bottom.is_zero():
            raise CertificateError("A divisor is zero everywhere.")
        if max(len(top), len(bottom)) > _MOST_TERMS:
            raise _too_large()
        shared = top.gcd(bottom)
        top, bottom = top / shared, bottom / shared
        for index, term in self.terms.items():
            times = min((int(powers[index]) for powers in bottom.monoms()), default=0)
            if times and term.kind == "root":
                # A root that divides the denominator is not 0, so it may move above.
                missing = self.symbol(index) ** (term.order - times)
                return self.fraction(_product(top, missing), _product(bottom, missing))
        unit = _content(bottom)
        return top / unit, bottom / unit

    def add(self, left: Fraction, right: Fraction) -> Fraction:
        """The sum, over the smallest common denominator."""
        shared = left[1].gcd(right[1])
        first, second = left[1] / shared, right[1] / shared
        top = _product(left[0], second) + _product(right[0], first)
        return self.fraction(top, _product(left[1], second))

    def multiply(self, left: Fraction, right: Fraction) -> Fraction:
        """The product."""
        return self.fraction(_product(left[0], right[0]), _product(left[1], right[1]))

    def scaled(self, value: Fraction, factor: fmpq | int) -> Fraction:
        """A rational multiple."""
        return self.fraction(value[0] * fmpq(factor), value[1])

    def divide(self, left: Fraction, right: Fraction) -> Fraction:
        """The quotient of two."""
        return self.multiply(left, self.fraction(right[1], right[0]))

    def power(self, base: Fraction, exponent: int) -> Fraction:
        """An integer power."""
        if exponent < 0:
            base, exponent = self.fraction(base[1], base[0]), -exponent
        return self.fraction(_raise(base[0], exponent), _raise(base[1], exponent))

    def generator(self, index: int, exponent: int = 1) -> Fraction:
        """A power of a generator, which counts as used."""
        self._used.add(index)
        return self.power((self._context.gen(index), self._context.constant(1)), exponent)

    def index(self, kind: str, *arguments: Fraction, order: int = 1) -> int | None:
        """The generator of a term, or None."""
        term = Term(kind, arguments, order)
        return next((index for index, other in self.terms.items() if other == term), None)

    def factors(self, value: Fraction) -> tuple[fmpq, list[tuple[Any, int]]]:
        """A number and primitive factors with their powers, whose product is the value."""
        if value[0].is_zero():
            raise CertificateError("A logarithm or root of zero.")
        constant, found = fmpq(1), []
        for part, direction in ((value[0], 1), (value[1], -1)):
            if len(part) > _MOST_FACTORED_TERMS:
                raise _too_large()
            unit, factors = part.factor()
            constant *= fmpq(unit) ** direction
            for factor, times in factors:
                scale = _content(factor)
                constant *= scale ** (direction * int(times))
                found.append((factor / scale, direction * int(times)))
        return constant, found

    def term_of(self, factor: Any) -> Term | None:
        """The term whose generator this polynomial is, or None."""
        for index, term in self.terms.items():
            if factor == self._context.gen(index):
                self._used.add(index)
                return term
        return None

    def is_positive_fraction(self, value: Fraction) -> bool:
        """Whether numerator and denominator are certainly positive."""
        return self.is_positive(value[0]) and self.is_positive(value[1])

    def is_positive(self, polynomial: Any) -> bool:
        """Positive numbers before squares and positive generators, one without squares."""
        plain = False
        for exponents, coefficient in polynomial.to_dict().items():
            doubtful = [n for i, n in enumerate(exponents) if n and not self._is_above_zero(i)]
            if coefficient < 0 or any(n % 2 for n in doubtful):
                return False
            plain |= not doubtful
        return plain

    def _is_above_zero(self, index: int) -> bool:
        term = self.terms.get(index)
        if term is None:
            return False
        if term.kind in {"exp", "pi", "Phi"}:
            return True
        if term.kind == "root":
            return self.is_positive_fraction(term.arguments[0])
        known = known_number(term.arguments[0]) if term.kind == "ln" else None
        return known is not None and known > 1

    def _reduced(self, top: Any, bottom: Any) -> Fraction:
        """Both parts with root^n -> radicand and sin^2 -> 1 - cos^2."""
        for index in sorted(self.terms, reverse=True):
            power, value = self._relation(index)
            if power and max(top.degrees()[index], bottom.degrees()[index]) >= power:
                top, under = self._lowered(top, index, power, value)
                bottom, over = self._lowered(bottom, index, power, value)
                top, bottom = _product(top, over), _product(bottom, under)
        return top, bottom

    def _relation(self, index: int) -> tuple[int, Fraction]:
        term, one = self.terms[index], self._context.constant(1)
        if term.kind == "root":
            return term.order, term.arguments[0]
        if term.kind == "sin":
            cosine = self.index("cos", *term.arguments)
            if cosine is not None and cosine < index:
                return 2, (one - self._context.gen(cosine) ** 2, one)
        return 0, (one, one)

    def _lowered(self, part: Any, index: int, power: int, value: Fraction) -> Fraction:
        most = int(part.degrees()[index]) // power
        result = self._context.constant(0)
        for exponents, coefficient in part.to_dict().items():
            times, rest = divmod(int(exponents[index]), power)
            kept = (*exponents[:index], rest, *exponents[index + 1 :])
            term = self._context.from_dict({kept: coefficient})
            factor = _product(_raise(value[0], times), _raise(value[1], most - times))
            result += _product(term, factor)
        return result, _raise(value[1], most)


def known_number(value: Fraction) -> fmpq | None:
    """The rational number that a quotient is, or None."""
    if not (value[0].is_constant() and value[1].is_constant()):
        return None
    return fmpq(0) if value[0].is_zero() else fmpq(value[0].leading_coefficient())


def _content(polynomial: Any) -> fmpq:
    """The rational that leaves coprime integers and a positive first one."""
    top, bottom = fmpz(0), fmpz(1)
    for coefficient in polynomial.coeffs():
        top, bottom = top.gcd(coefficient.p), bottom.lcm(coefficient.q)
    return fmpq(top, bottom) * (-1 if polynomial.leading_coefficient() < 0 else 1)


def primes(value: fmpq) -> list[tuple[int, int]]:
    """Primes with their powers; a part of more than 80 bits is left whole."""
    found: list[tuple[int, int]] = []
    for part, direction in ((int(value.p), 1), (int(value.q), -1)):
        if part.bit_length() > 80:
            found.append((part, direction))
        elif part > 1:
            found += [(int(prime), direction * int(n)) for prime, n in fmpz(part).factor()]
    return found


def _product(left: Any, right: Any) -> Any:
    if len(left) * len(right) > _MOST_PRODUCTS:
        raise _too_large()
    return left * right


def _raise(polynomial: Any, exponent: int) -> Any:
    """The power, refused before it is computed when it would be large."""
    terms = len(polynomial)
    degree = max(polynomial.degrees()) * exponent
    bits = sum(int(c.p).bit_length() + int(c.q).bit_length() - 2 for c in polynomial.coeffs())
    if max(exponent, degree) > _MOST_DEGREE or bits * exponent > _MOST_BITS:
        raise _too_large()
    if terms > 1 and comb(terms + exponent - 1, exponent) > _MOST_PRODUCTS:
        raise _too_large()
    return polynomial**exponent


def _too_large() -> CertificateError:
    return CertificateError("The formula is too large to replay.")
