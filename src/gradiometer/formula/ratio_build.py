"""A tree in, its element of the field of generators out: one rule per operator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import final

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula.ratio_field import MOST_DEGREE, Field, Generator, Quotient
from gradiometer.formula.ratio_spell import spell_quotient, to_exponential
from gradiometer.formula.ratio_split import Factors, primes_of, split
from gradiometer.formula.tree import OPERATORS, Apply, Constant, Name, Node, Number, apply, number

_MOST_NODES = 5_000
_MOST_DEPTH = 200


class FinerUnitFound(Exception):  # noqa: N818 - a signal to read the tree again, never shown
    """An exponent that is no multiple of the unit of its generator."""


@final
class Builder:
    """Reads trees into one field.

    Args:
        field: Where the generators are kept.
        units: For each term met in an exponent, the rational of which all its factors are
            multiples; grows while trees are read.
        with_phi: Whether `erf` is written through `Phi`, or `Phi` through `erf`.
    """

    def __init__(self, field: Field, units: dict[Node, fmpq], *, with_phi: bool) -> None:
        self.field = field
        self._units = units
        self._with_phi = with_phi
        # Derivative trees share nodes; without this a shared node would be read many times.
        self._done: dict[int, Quotient] = {}
        self._spelled: dict[str, Node] = {}
        self._depth = 0

    def build(self, node: Node) -> Quotient:
        """The element of *node*.

        Raises:
            UndecidedError: If the tree is too large or divides by zero everywhere.
            FinerUnitFound: If the tree must be read again with the units known now.
        """
        found = self._done.get(id(node))
        if found is None:
            self._depth += 1
            if self._depth > _MOST_DEPTH or len(self._done) > _MOST_NODES:
                raise UndecidedError("the formula is too large to normalise")
            found = self._done[id(node)] = self._build(node)
            self._depth -= 1
        return found

    def _build(self, node: Node) -> Quotient:
        if isinstance(node, Number):
            return self.field.rational(node.value)
        if isinstance(node, Name):
            return self._variable(node)
        if isinstance(node, Constant):
            return self.exponential(self.field.one) if node.name == "e" else self._pi()
        if node.operator == "^":
            return self._power_node(*node.arguments)
        operator = OPERATORS.get(node.operator)
        if operator is not None and (
            operator.kind in {"relation", "logic"} or node.operator == "where"
        ):
            raise UndecidedError(f"`{node.operator}` has no normal form")
        arguments = [self.build(argument) for argument in node.arguments]
        rule = _RULES.get(node.operator)
        if rule is not None:
            return rule(self, *arguments)
        return self.opaque(node.operator, *arguments)

    def opaque(self, operator: str, *arguments: Quotient, positive: bool = False) -> Quotient:
        """The generator of an operator without a rule, one per operator and arguments."""
        key = f"{operator}({','.join(a.key() for a in arguments)})"
        index = self.field.known(key)
        if index is None:
            node = apply(operator, *(spell_quotient(self.field, a) for a in arguments))
            argument = arguments[0] if len(arguments) == 1 else None
            index = self.field.generator(key, Generator(node, "opaque", positive, argument))
        return self.field.power_of(index)

    def _variable(self, node: Name) -> Quotient:
        index = self.field.generator(f"name {node.name}", Generator(Name(node.name), "name"))
        return self.field.power_of(index)

    def _pi(self) -> Quotient:
        made = Generator(Constant("pi"), "constant", positive=True)
        return self.field.power_of(self.field.generator("pi", made))

    def exponential(self, exponent: Quotient) -> Quotient:
        """The power of e with this exponent, term by term when that is a polynomial."""
        field = self.field
        if not exponent.bottom.is_one():
            factor = exponent.top.leading_coefficient()
            return self._exponential_of(factor, field.scale(exponent, 1 / factor))
        result = field.one
        for exponents, factor in exponent.top.to_dict().items():
            term = Quotient(field.context.from_dict({exponents: fmpq(1)}), exponent.bottom)
            result = field.multiply(result, self._exponential_of(factor, term))
        return result

    def _exponential_of(self, factor: fmpq, term: Quotient) -> Quotient:
        """e^(factor*term), an integer power of the generator of *term*."""
        logarithm = self._as_logarithm(term)
        if logarithm is not None:
            return self.power(logarithm, factor)
        key = f"exp {term.key()}"
        if key not in self._spelled:
            self._spelled[key] = spell_quotient(self.field, term)
        node = self._spelled[key]
        unit = self._units.get(node)
        if unit is None or (factor / unit).q != 1:
            finer = _first_unit(term, factor) if unit is None else _common_unit(unit, factor)
            self._units[node] = finer
            if unit is not None:
                raise FinerUnitFound
            unit = finer
        index = self.field.known(key)
        if index is None:
            argument = self.field.scale(term, unit)
            made = Generator(to_exponential(self.field, argument), "exponential", True, argument)
            index = self.field.generator(key, made)
        return self.field.power_of(index, int((factor / unit).p))

    def _as_logarithm(self, term: Quotient) -> Quotient | None:
        """The u of a term that is exactly ln(u)."""
        for index, generator in enumerate(self.field.generators):
            is_logarithm = isinstance(generator.node, Apply) and generator.node.operator == "ln"
            if is_logarithm and term.top == self.field.context.gen(index):
                return generator.argument if term.bottom.is_one() else None
        return None

    def logarithm(self, value: Quotient) -> Quotient:
        """The logarithm: one for each certainly positive factor, and one for the rest."""
        field = self.field
        parts = split(field, value)
        result = self._logarithm_of_number(parts.constant)
        for index, times in parts.exponentials:
            argument = field.generators[index].argument
            assert argument is not None
            result = field.add(result, field.scale(argument, fmpq(times)))
        for index, times in parts.roots:
            base = field.generators[index].argument
            assert base is not None
            share = fmpq(times, field.generators[index].order)
            result = field.add(result, field.scale(self.logarithm(base), share))
        for factor, times in parts.positive:
            one = field.quotient(factor, field.context.constant(1))
            result = field.add(result, field.scale(self.opaque("ln", one), fmpq(times)))
        return field.add(result, self._logarithm_of_rest(parts))

    def _logarithm_of_rest(self, parts: Factors) -> Quotient:
        known = parts.rest.constant()
        if known is not None:
            if known < 0:
                raise UndecidedError("a logarithm of a number that is not positive")
            return self.field.rational(fmpq(0))
        rest, times = parts.rest, parts.times
        flipped = self.field.inverse(rest)
        if _rank(flipped) < _rank(rest):
            rest, times = flipped, -times
        return self.field.scale(self.opaque("ln", rest), fmpq(times))

    def _logarithm_of_number(self, value: fmpq) -> Quotient:
        result = self.field.rational(fmpq(0))
        for prime, times in primes_of(value):
            term = self.opaque("ln", self.field.rational(fmpq(prime)), positive=True)
            result = self.field.add(result, self.field.scale(term, fmpq(times)))
        return result

    def _power_node(self, base: Node, exponent: Node) -> Quotient:
        if isinstance(base, Constant) and base.name == "e":
            return self.exponential(self.build(exponent))
        under, over = self.build(base), self.build(exponent)
        known = over.constant()
        if known is not None:
            return self.power(under, known)
        if self.field.is_positive(under.top) and self.field.is_positive(under.bottom):
            return self.exponential(self.field.multiply(over, self.logarithm(under)))
        # A negative base has integer powers, so e^(v*ln(u)) would have another domain.
        return self.opaque("^", under, over)

    def power(self, base: Quotient, exponent: fmpq) -> Quotient:
        """A rational power; the n-th root is the one that is not negative."""
        field = self.field
        if exponent.q == 1:
            return field.power(base, _small(exponent))
        constant = base.constant()
        if constant is not None and constant == 0:
            if exponent < 0:
                raise UndecidedError("a divisor is zero everywhere")
            return base
        parts = split(field, base)
        result = self._power_of_number(parts.constant, exponent)
        for index, times in parts.exponentials:
            argument = field.generators[index].argument
            assert argument is not None
            raised = self.exponential(field.scale(argument, exponent * times))
            result = field.multiply(result, raised)
        for factor, times in parts.positive:
            one = field.quotient(factor, field.context.constant(1))
            share = exponent * times
            whole, order = _small(fmpq(share.p)), int(share.q)
            part = field.power(one, whole) if order == 1 else self._root(one, order, whole)
            result = field.multiply(result, part)
        rest = field.power(parts.rest, parts.times)
        for index, times in parts.roots:
            generator = field.generators[index]
            if generator.positive and generator.argument is not None:
                raised = self.power(generator.argument, exponent * times / generator.order)
                result = field.multiply(result, raised)
            else:
                # Such a root may be 0; then only the whole product is sure to have a root.
                rest = field.multiply(rest, field.power_of(index, times))
        return field.multiply(result, self._power_of_rest(rest, exponent))

    def _power_of_rest(self, rest: Quotient, exponent: fmpq) -> Quotient:
        field = self.field
        known = rest.constant()
        if known is not None:
            if known < 0:
                raise UndecidedError("a root of a negative number")
            return field.one
        inner = self._as_root(rest)
        if inner is not None:
            base, share = inner
            return self.power(base, share * exponent)
        return self._root(rest, int(exponent.q), _small(fmpq(exponent.p)))

    def _as_root(self, value: Quotient) -> tuple[Quotient, fmpq] | None:
        """Base and exponent of an element that is one power of a root, such as sqrt(x)^3."""
        for index, generator in enumerate(self.field.generators):
            if generator.kind == "root" and generator.argument is not None:
                times = max(value.top.degrees()[index], value.bottom.degrees()[index])
                for signed in (times, -times):
                    if times and self.field.power_of(index, signed).key() == value.key():
                        return generator.argument, fmpq(signed, generator.order)
        return None

    def _power_of_number(self, value: fmpq, exponent: fmpq) -> Quotient:
        """A power of a number above 0, through roots of primes between 0 and 1 in exponent."""
        result = self.field.one
        for prime, times in primes_of(value):
            share = exponent * times
            whole = fmpq(share.p // share.q)
            part = self.field.rational(fmpq(prime) ** _small(whole))
            if share != whole:
                base = self.field.rational(fmpq(prime))
                root = self._root(base, int(share.q), int((share - whole).p), positive=True)
                part = self.field.multiply(part, root)
            result = self.field.multiply(result, part)
        return result

    def _root(self, base: Quotient, order: int, times: int, *, positive: bool = False) -> Quotient:
        """A power of the order-th root of *base*."""
        field = self.field
        if order > MOST_DEGREE:
            raise UndecidedError(f"a power above {MOST_DEGREE} is not normalised")
        shown = spell_quotient(field, base)
        node = apply("sqrt", shown) if order == 2 else apply("^", shown, number(fmpq(1, order)))
        positive = positive or (field.is_positive(base.top) and field.is_positive(base.bottom))
        made = Generator(node, "root", positive, base, order)
        index = field.generator(f"root {order} {base.key()}", made)
        field.relate(index, order, base)
        return field.power_of(index, times)

    def tanh(self, value: Quotient) -> Quotient:
        """(e^(2u) - 1)/(e^(2u) + 1)."""
        field = self.field
        square = self.exponential(field.scale(value, fmpq(2)))
        minus, plus = (field.add(square, field.rational(fmpq(s))) for s in (-1, 1))
        return field.multiply(minus, field.inverse(plus))

    def sigmoid(self, value: Quotient) -> Quotient:
        """e^u/(e^u + 1)."""
        field = self.field
        raised = self.exponential(value)
        return field.multiply(raised, field.inverse(field.add(raised, field.one)))

    def hyperbolic(self, value: Quotient, sign: int) -> Quotient:
        """(e^u + sign*e^(-u))/2."""
        field = self.field
        raised = self.exponential(value)
        other = field.scale(field.inverse(raised), fmpq(sign))
        return field.scale(field.add(raised, other), fmpq(1, 2))

    def softplus(self, value: Quotient) -> Quotient:
        """ln(e^u + 1)."""
        return self.logarithm(self.field.add(self.exponential(value), self.field.one))

    def odd(self, operator: str, value: Quotient) -> Quotient:
        """A function with f(-u) = -f(u), hence f(0) = 0."""
        if value.constant() == 0:
            return value
        if value.top.leading_coefficient() < 0:
            return self.field.negative(self.opaque(operator, self.field.negative(value)))
        return self.opaque(operator, value)

    def cosine(self, value: Quotient) -> Quotient:
        """cos, with cos(-u) = cos(u)."""
        if value.constant() == 0:
            return self.field.one
        if value.top.leading_coefficient() < 0:
            value = self.field.negative(value)
        return self.opaque("cos", value)

    def sine(self, value: Quotient) -> Quotient:
        """sin, whose square is 1 - cos^2."""
        field = self.field
        if value.constant() == 0:
            return value
        cosine = self.cosine(value)
        result = self.odd("sin", value)
        index = next(i for i, n in enumerate(result.top.degrees()) if n)
        field.relate(index, 2, field.add(field.one, field.negative(field.power(cosine, 2))))
        return result

    def tangent(self, value: Quotient) -> Quotient:
        """sin/cos."""
        return self.field.multiply(self.sine(value), self.field.inverse(self.cosine(value)))

    def error_function(self, value: Quotient) -> Quotient:
        """erf(u), as 2*Phi(sqrt(2)*u) - 1 when the tree speaks of Phi."""
        if not self._with_phi:
            return self.odd("erf", value)
        root = self.power(self.field.rational(fmpq(2)), fmpq(1, 2))
        doubled = self.field.scale(self.phi(self.field.multiply(value, root)), fmpq(2))
        return self.field.add(doubled, self.field.rational(fmpq(-1)))

    def phi(self, value: Quotient) -> Quotient:
        """Phi(u), with Phi(-u) = 1 - Phi(u)."""
        field = self.field
        if value.constant() == 0:
            return field.rational(fmpq(1, 2))
        if value.top.leading_coefficient() < 0:
            other = self.opaque("Phi", field.negative(value), positive=True)
            return field.add(field.one, field.negative(other))
        return self.opaque("Phi", value, positive=True)


def _rank(value: Quotient) -> tuple[int, str]:
    """Decides which of u and 1/u stands under the logarithm."""
    return int(value.bottom.total_degree()), value.key()


def _first_unit(term: Quotient, factor: fmpq) -> fmpq:
    """The first factor met, so that e^(-x^2) keeps its sign; above 0 for e^x and e^(-x)."""
    return abs(factor) if term.top.total_degree() <= 1 else factor


def _common_unit(unit: fmpq, factor: fmpq) -> fmpq:
    """The largest rational of which both are integer multiples, with the sign of *unit*."""
    bottom = unit.q.lcm(factor.q)
    common = fmpq((unit * bottom).p.gcd((factor * bottom).p), bottom)
    return common if unit > 0 else -common


def _small(exponent: fmpq) -> int:
    if abs(exponent) > MOST_DEGREE:
        raise UndecidedError(f"a power above {MOST_DEGREE} is not normalised")
    return int(exponent.p)


_RULES: Mapping[str, Callable[..., Quotient]] = {
    "+": lambda b, u, v: b.field.add(u, v),
    "-": lambda b, u, v: b.field.add(u, b.field.negative(v)),
    "*": lambda b, u, v: b.field.multiply(u, v),
    "/": lambda b, u, v: b.field.multiply(u, b.field.inverse(v)),
    "neg": lambda b, u: b.field.negative(u),
    "exp": Builder.exponential,
    "ln": Builder.logarithm,
    "sqrt": lambda b, u: b.power(u, fmpq(1, 2)),
    "sin": Builder.sine,
    "cos": Builder.cosine,
    "tan": Builder.tangent,
    "atan": lambda b, u: b.odd("atan", u),
    "sinh": lambda b, u: b.hyperbolic(u, -1),
    "cosh": lambda b, u: b.hyperbolic(u, 1),
    "tanh": Builder.tanh,
    "sigmoid": Builder.sigmoid,
    "softplus": Builder.softplus,
    "erf": Builder.error_function,
    "erfc": lambda b, u: b.field.add(b.field.one, b.field.negative(b.error_function(u))),
    "Phi": Builder.phi,
}
"""Operators with a rule; every other one becomes a generator of its own."""
