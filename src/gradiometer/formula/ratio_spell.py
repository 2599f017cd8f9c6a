"""Writes elements of the field of generators as trees a reader recognises."""

from __future__ import annotations

from collections.abc import Iterable

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula.ratio_field import Field, Polynomial, Quotient, content, lowest_power
from gradiometer.formula.tree import ONE, ZERO, Apply, Constant, Node, Number, apply, number

_MOST_FACTORED_TERMS = 60
_MOST_TERMS = 100
"""Terms of a sum; a tree has a level for each, and nobody reads more."""

_Powers = tuple[int, ...]
_RANK = {"exponential": 0, "opaque": 1, "root": 2, "name": 3, "constant": 4}
"""Which generators decide the order of the terms of a sum, first to last."""
_PLACE = {"constant": 0, "root": 1, "name": 2, "opaque": 3, "exponential": 4}
"""Where a generator stands in a product."""


def spell_quotient(field: Field, value: Quotient) -> Node:
    """The element as a tree: numerator over denominator, highest powers first.

    Raises:
        UndecidedError: If a sum would have more terms than anybody reads.
    """
    if value.top.is_zero():
        return ZERO
    if _divides_each_term(field, value.bottom):
        return _spell_sum(field, _divided_terms(field, value))
    top, bottom = _with_roots_below(field, value.top, value.bottom)
    over, under = content(top), content(bottom)
    unit = over / under
    above = _spell_product(field, top / over, fmpq(unit.p))
    return apply("/", above, _spell_product(field, bottom / under, fmpq(unit.q)))


def _divided_terms(field: Field, value: Quotient) -> dict[_Powers, fmpq]:
    """The terms of the numerator over the one term of the denominator."""
    terms: dict[_Powers, fmpq] = {}
    for above, factor in value.top.to_dict().items():
        part = field.context.from_dict({above: factor})
        top, bottom = _with_roots_below(field, part, value.bottom)
        ((over, c),), ((under, d),) = top.to_dict().items(), bottom.to_dict().items()
        powers = tuple(int(a) - int(b) for a, b in zip(over, under, strict=True))
        terms[powers] = c / d
    return terms


def _with_roots_below(
    field: Field, top: Polynomial, bottom: Polynomial
) -> tuple[Polynomial, Polynomial]:
    """The same quotient with sqrt(u)/u written as 1/sqrt(u)."""
    for index in field.roots():
        base = field.generators[index].argument
        times = lowest_power(top, index)
        if base is None or not times or not base.bottom.is_one():
            continue
        # The number of a denominator may stand in the coefficients of the numerator.
        number_below = content(top).q
        below, left_over = divmod(bottom * number_below, base.top)
        if left_over.is_zero() and content(below).q == 1:
            root = field.context.gen(index)
            missing = field.generators[index].order - times
            top, bottom = top * number_below / root**times, below * root**missing
    return top, bottom


def to_exponential(field: Field, argument: Quotient) -> Node:
    """e^argument, or c^w for an argument such as w*ln(c) with a number c."""
    if argument.constant() == 1:
        return Constant("e")
    if argument.bottom.is_one() and len(argument.top) == 1:
        for index, generator in enumerate(field.generators):
            node = generator.node
            if (
                isinstance(node, Apply)
                and node.operator == "ln"
                and argument.top.degrees()[index] == 1
                and isinstance(node.arguments[0], Number)
            ):
                rest = Quotient(argument.top / field.context.gen(index), argument.bottom)
                return apply("^", node.arguments[0], spell_quotient(field, rest))
    return apply("^", Constant("e"), spell_quotient(field, argument))


def _divides_each_term(field: Field, polynomial: Polynomial) -> bool:
    """Whether the denominator is one term without variables, better written under each term."""
    return len(polynomial) == 1 and all(
        not n or field.generators[i].kind in {"exponential", "root", "constant"}
        for i, n in enumerate(polynomial.degrees())
    )


def _spell_product(field: Field, polynomial: Polynomial, factor: fmpq) -> Node:
    """factor*polynomial, in factors where that is shorter than the sum."""
    if not 2 < len(polynomial) <= _MOST_FACTORED_TERMS:
        return _spell_sum(field, _terms(polynomial * factor))
    number_before, factors = polynomial.factor()
    if sum(len(part) for part, _ in factors) >= len(polynomial):
        return _spell_sum(field, _terms(polynomial * factor))
    factor *= number_before
    parts: list[Node] = []
    for part, times in sorted(factors, key=lambda pair: (len(pair[0]), str(pair[0]))):
        unit = content(part)
        factor *= unit ** int(times)
        node = _spell_sum(field, _terms(part / unit))
        parts.append(node if int(times) == 1 else apply("^", node, number(int(times))))
    if factor != 1:
        parts.insert(0, number(factor))
    return _multiplied(parts)


def _terms(polynomial: Polynomial) -> dict[_Powers, fmpq]:
    return {tuple(map(int, powers)): c for powers, c in polynomial.to_dict().items()}


def _spell_sum(field: Field, terms: dict[_Powers, fmpq]) -> Node:
    """The sum of the terms, highest powers first."""
    if len(terms) > _MOST_TERMS:
        raise UndecidedError(f"the normal form has more than {_MOST_TERMS} terms")
    order = sorted(
        range(len(field.generators)),
        key=lambda i: (_RANK[field.generators[i].kind], i),
    )
    ranked = sorted(terms, key=lambda powers: [powers[i] for i in order], reverse=True)
    if len(ranked) == 2 and terms[ranked[0]] < 0 < terms[ranked[1]]:
        ranked.reverse()
    result: Node | None = None
    for powers in ranked:
        coefficient = terms[powers]
        if result is None:
            term = _spell_term(field, powers, abs(coefficient))
            result = term if coefficient > 0 else _negated(term)
        else:
            term = _spell_term(field, powers, abs(coefficient))
            result = apply("+" if coefficient > 0 else "-", result, term)
    return ZERO if result is None else result


def _negated(node: Node) -> Node:
    """The opposite, with the sign on the first factor, where a reader and the parser see it."""
    if isinstance(node, Apply) and node.operator in {"*", "/"}:
        first, second = node.arguments
        return apply(node.operator, _negated(first), second)
    return apply("neg", node)


def _spell_term(field: Field, powers: _Powers, coefficient: fmpq) -> Node:
    """One product with a coefficient above 0: `3*x^2*e^x/2`."""
    order = sorted(
        (i for i, n in enumerate(powers) if n),
        key=lambda i: (_PLACE[field.generators[i].kind], i),
    )
    above: list[Node] = [number(fmpq(coefficient.p))] if coefficient.p != 1 else []
    below: list[Node] = [number(fmpq(coefficient.q))] if coefficient.q != 1 else []
    for index in order:
        if powers[index] > 0 or field.generators[index].kind == "exponential":
            above.append(_spell_power(field, index, powers[index]))
        else:
            below.append(_spell_power(field, index, -powers[index]))
    if not order:
        return number(coefficient)
    top = _multiplied(above)
    return apply("/", top, _multiplied(below)) if below else top


def _spell_power(field: Field, index: int, exponent: int) -> Node:
    generator = field.generators[index]
    if exponent == 1:
        return generator.node
    if generator.kind == "exponential" and generator.argument is not None:
        argument = generator.argument
        # Scaled by hand: field.scale would meet its own limits on the way to the page.
        return to_exponential(field, Quotient(argument.top * exponent, argument.bottom))
    return apply("^", generator.node, number(exponent))


def _multiplied(factors: Iterable[Node]) -> Node:
    result: Node = ONE
    for factor in factors:
        result = factor if result == ONE else apply("*", result, factor)
    return result
