"""Formulas as quotients of polynomials, for the checker: small, strict and apart from the provers.

The evidence names the generators: exponentials, roots, logarithms and other terms, each in the
formula's own words. A formula is read into a quotient of polynomials in them. Each rule holds at
every point where the formula has a value, so equal quotients prove equal values there; a generator
that is missing or does not fit makes the certificate void, never true.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, final

from flint import fmpq

from gradiometer.errors import CertificateError
from gradiometer.formula import ONE, OPERATORS, Apply, Constant, Name, Node, Number, apply, number
from gradiometer.proof.check_field import Field, Fraction, Term, known_number, primes


@final
class Terms:
    """Reads formulas into quotients of polynomials in the variables and the named generators.

    Args:
        variables: Names that may take any value.
        generators: What the further generators stand for; each is written with those before it.
    """

    def __init__(self, variables: Sequence[str], generators: Sequence[Node]) -> None:
        self.field = Field(variables, len(generators))
        self._done: dict[Node, Fraction] = {}
        for index, node in enumerate(generators, start=len(variables)):
            term = self._declared(node)
            if term in self.field.terms.values():
                raise CertificateError("The evidence names a generator twice.")
            self.field.terms[index] = term
            # With one more generator a formula may be read in another way.
            self._done.clear()
        self.field.forget_use()

    def read(self, node: Node) -> Fraction:
        """The quotient of a formula.

        Raises:
            CertificateError: If a generator is missing, or the formula has no value anywhere.
        """
        # Slopes repeat their parts.
        if node not in self._done:
            self._done[node] = self._read(node)
        return self._done[node]

    def _read(self, node: Node) -> Fraction:
        if isinstance(node, Number):
            return self.field.constant(node.value)
        if isinstance(node, Name):
            return self.field.variable(node.name)
        if isinstance(node, Constant):
            return self._exp(self.field.constant(1)) if node.name == "e" else self._found("pi")
        if node.operator == "erf" and self._speaks_of_phi():
            return self.read(_through_phi(*node.arguments))
        if node.operator in _DEFINITIONS:
            return self.read(_DEFINITIONS[node.operator](*node.arguments))
        if node.operator == "^":
            return self._raised(*node.arguments)
        arguments = [self.read(argument) for argument in node.arguments]
        if node.operator in _ARITHMETIC:
            return _ARITHMETIC[node.operator](self, *arguments)
        if node.operator == "exp":
            return self._exp(*arguments)
        if node.operator == "ln":
            return self._ln(*arguments)
        if node.operator in _PARITY and len(arguments) == 1:
            return self._with_parity(node.operator, *arguments)
        return self._found(node.operator, *arguments)

    def is_same(self, left: Fraction, right: Fraction) -> bool:
        """Whether both quotients are equal wherever both denominators are not zero."""
        return self.field.is_same(left, right)

    def known(self, value: Fraction) -> fmpq | None:
        """The rational number that a quotient is, or None."""
        return known_number(value)

    def _speaks_of_phi(self) -> bool:
        return any(term.kind == "Phi" for term in self.field.terms.values())

    def _declared(self, node: Node) -> Term:
        """What a generator of the evidence stands for."""
        if node == Constant("pi"):
            return Term("pi")
        if node == Constant("e"):
            return Term("exp", (self.field.constant(1),))
        if not isinstance(node, Apply) or node.operator in _ARITHMETIC:
            raise CertificateError("A generator must be a term that is not arithmetic.")
        if node.operator == "^":
            return self._declared_power(*node.arguments)
        arguments = tuple(self.read(argument) for argument in node.arguments)
        if node.operator == "sqrt":
            return Term("root", arguments, 2)
        if node.operator in _DEFINITIONS:
            raise CertificateError(f"`{node.operator}` is written through other terms.")
        if node.operator in OPERATORS and OPERATORS[node.operator].kind in {"relation", "logic"}:
            raise CertificateError("A relation is no term.")
        return Term(node.operator, arguments)

    def _declared_power(self, base: Node, exponent: Node) -> Term:
        over = self.read(exponent)
        if base == Constant("e"):
            return Term("exp", (over,))
        under, known = self.read(base), known_number(over)
        if known is not None and known.p == 1 and known.q > 1:
            return Term("root", (under,), int(known.q))
        if self.field.is_positive_fraction(under):
            return Term("exp", (self.field.multiply(over, self._ln(under)),))
        return Term("^", (under, over))

    def _found(self, kind: str, *arguments: Fraction) -> Fraction:
        index = self.field.index(kind, *arguments)
        if index is None:
            raise CertificateError(f"The evidence names no generator for a term `{kind}`.")
        return self.field.generator(index)

    def _with_parity(self, kind: str, value: Fraction) -> Fraction:
        """op(-u) = offset - op(u) for odd functions, op(u) for the cosine."""
        if value[0].is_zero():
            return self.field.constant(_PARITY[kind][1])
        if self.field.index(kind, value) is None:
            other = self._found(kind, (-value[0], value[1]))
            sign, at_zero = _PARITY[kind]
            offset = self.field.constant(at_zero * (1 - sign))
            return self.field.add(offset, self.field.scaled(other, sign))
        return self._found(kind, value)

    def _exp(self, value: Fraction) -> Fraction:
        """e^u, with u a sum of integer multiples of the exponents of exponentials."""
        result, left = self.field.constant(1), value
        for index, term in self.field.terms.items():
            times = _multiple(left, term.arguments[0]) if term.kind == "exp" else 0
            if times:
                result = self.field.multiply(result, self.field.generator(index, times))
                left = self.field.add(left, self.field.scaled(term.arguments[0], -times))
        for index, term in self.field.terms.items():
            # e^(r*ln(u)) = u^r where ln(u) has a value.
            share = _coefficient(left, self.field.symbol(index))
            if term.kind == "ln" and share:
                result = self.field.multiply(result, self._rooted(term.arguments[0], share))
                left = self.field.add(left, self.field.scaled(self.field.generator(index), -share))
        if not left[0].is_zero():
            raise CertificateError("The evidence names no generator for an exponential.")
        return result

    def _ln(self, value: Fraction) -> Fraction:
        """ln(u) = sum of the logarithms of factors that are certainly positive, and of the rest."""
        constant, factors = self.field.factors(value)
        result, rest = self.field.constant(0), self.field.constant(1)
        for factor, times in factors:
            term = self.field.term_of(factor)
            if term is not None and term.kind == "exp":
                part = term.arguments[0]
            elif term is not None and term.kind == "root":
                part = self.field.scaled(self._ln(term.arguments[0]), fmpq(1, term.order))
            elif self.field.is_positive(factor):
                part = self._found("ln", self.field.whole(factor))
            else:
                rest = self.field.multiply(rest, self.field.power(self.field.whole(factor), times))
                continue
            result = self.field.add(result, self.field.scaled(part, times))
        for prime, times in primes(abs(constant)):
            result = self.field.add(
                result, self.field.scaled(self._found("ln", self.field.constant(prime)), times)
            )
        rest = self.field.scaled(rest, 1 if constant > 0 else -1)
        return self.field.add(result, self._ln_of_rest(rest))

    def _ln_of_rest(self, rest: Fraction) -> Fraction:
        """ln(u^n) = n*ln(u) for odd n, where u has an unknown sign."""
        if known_number(rest) == 1:
            return self.field.constant(0)
        for times in (1, -1, 3, -3, 5, -5, 7, -7, 9, -9):
            for index, term in self.field.terms.items():
                if term.kind == "ln" and self.field.power(term.arguments[0], times) == rest:
                    return self.field.scaled(self.field.generator(index), times)
        raise CertificateError("The evidence names no generator for a logarithm.")

    def _raised(self, base: Node, exponent: Node) -> Fraction:
        over = self.read(exponent)
        if base == Constant("e"):
            return self._exp(over)
        under, known = self.read(base), known_number(over)
        if known is not None:
            return self._rooted(under, known)
        if self.field.is_positive_fraction(under):
            return self._exp(self.field.multiply(over, self._ln(under)))
        return self._found("^", under, over)

    def _rooted(self, value: Fraction, exponent: fmpq) -> Fraction:
        """u^(p/q), factor by factor where the factor is certainly positive."""
        if exponent.q == 1:
            return self.field.power(value, int(exponent.p))
        if value[0].is_zero():
            if exponent < 0:
                raise CertificateError("A divisor is zero everywhere.")
            return value
        constant, factors = self.field.factors(value)
        result, rest = self.field.constant(1), self.field.constant(1 if constant > 0 else -1)
        for prime, times in primes(abs(constant)):
            part = self._root(self.field.constant(prime), exponent * times)
            result = self.field.multiply(result, part)
        for factor, times in factors:
            term, share = self.field.term_of(factor), exponent * times
            if term is not None and term.kind == "exp":
                part = self._exp(self.field.scaled(term.arguments[0], share))
            elif term is not None and term.kind == "root" and self.field.is_positive(factor):
                part = self._rooted(term.arguments[0], share / term.order)
            elif self.field.is_positive(factor):
                part = self._root(self.field.whole(factor), share)
            else:
                rest = self.field.multiply(rest, self.field.power(self.field.whole(factor), times))
                continue
            result = self.field.multiply(result, part)
        return self.field.multiply(result, self._root_of_rest(rest, exponent))

    def _root_of_rest(self, rest: Fraction, exponent: fmpq) -> Fraction:
        for index, term in self.field.terms.items():
            # A power of one root, which is not negative: (v^(1/n))^(k*p/q) = v^(k*p/(n*q)).
            degree = max(part.degrees()[index] for part in rest)
            for times in (int(degree), -int(degree)):
                if term.kind == "root" and times and self.field.generator(index, times) == rest:
                    return self._rooted(term.arguments[0], exponent * times / term.order)
        return self._root(rest, exponent)

    def _root(self, base: Fraction, exponent: fmpq) -> Fraction:
        if exponent.q == 1:
            return self.field.power(base, int(exponent.p))
        if known_number(base) == 1:
            return base
        index = self.field.index("root", base, order=int(exponent.q))
        if index is None:
            raise CertificateError("The evidence names no generator for a root.")
        return self.field.generator(index, int(exponent.p))


def _multiple(value: Fraction, unit: Fraction) -> int:
    """How many times *unit* goes into *value*, or into its terms; 0 if it does not."""
    if unit[1].is_one() and value[1].is_one():
        powers = unit[0].monoms()[0]
        found = value[0].to_dict().get(tuple(powers), fmpq(0))
        share = found / unit[0].leading_coefficient()
        return int(share.p) if share.q == 1 else 0
    above, below = value[0] * unit[1], unit[0] * value[1]
    if above.is_zero():
        return 0
    share = above.leading_coefficient() / below.leading_coefficient()
    return int(share.p) if share.q == 1 and above == below * share else 0


def _coefficient(value: Fraction, generator: Any) -> fmpq:
    """The rational factor of a generator as a term of its own."""
    if not value[1].is_one():
        return fmpq(0)
    return fmpq(value[0].to_dict().get(tuple(generator.monoms()[0]), fmpq(0)))


def _exp_of(node: Node) -> Node:
    return apply("exp", node)


def _through_phi(node: Node) -> Node:
    """erf(u) = 2*Phi(sqrt(2)*u) - 1."""
    value = apply("Phi", apply("*", apply("sqrt", _TWO), node))
    return apply("-", apply("*", _TWO, value), ONE)


_TWO = number(2)
_DEFINITIONS: Mapping[str, Callable[..., Node]] = {
    "sqrt": lambda u: apply("^", u, number(fmpq(1, 2))),
    "sigmoid": lambda u: apply("/", _exp_of(u), apply("+", _exp_of(u), ONE)),
    "softplus": lambda u: apply("ln", apply("+", _exp_of(u), ONE)),
    "tanh": lambda u: apply("-", apply("*", _TWO, apply("sigmoid", apply("*", _TWO, u))), ONE),
    "sinh": lambda u: apply("/", apply("-", _exp_of(u), _exp_of(apply("neg", u))), _TWO),
    "cosh": lambda u: apply("/", apply("+", _exp_of(u), _exp_of(apply("neg", u))), _TWO),
    "tan": lambda u: apply("/", apply("sin", u), apply("cos", u)),
    "erfc": lambda u: apply("-", ONE, apply("erf", u)),
}
"""Functions that are read through others."""

_ARITHMETIC: Mapping[str, Callable[..., Fraction]] = {
    "+": lambda terms, u, v: terms.field.add(u, v),
    "-": lambda terms, u, v: terms.field.add(u, terms.field.scaled(v, -1)),
    "*": lambda terms, u, v: terms.field.multiply(u, v),
    "/": lambda terms, u, v: terms.field.divide(u, v),
    "neg": lambda terms, u: terms.field.scaled(u, -1),
}

_PARITY: Mapping[str, tuple[int, fmpq]] = {
    "sin": (-1, fmpq(0)),
    "atan": (-1, fmpq(0)),
    "erf": (-1, fmpq(0)),
    "cos": (1, fmpq(1)),
    "Phi": (-1, fmpq(1, 2)),
}
"""Sign under u -> -u, and the value at 0: op(-u) - at_zero = sign*(op(u) - at_zero)."""
