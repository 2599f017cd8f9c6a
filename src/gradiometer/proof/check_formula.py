"""Replays statements about formulas: an identity, the sign on an interval, a counterexample."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flint import arb, fmpq

from gradiometer.errors import CertificateError, DomainError, UndecidedError
from gradiometer.formula import (
    RELATIONS,
    Exact,
    Interval,
    Node,
    compare,
    evaluate,
    free_names,
    parse,
    parse_interval,
    precision,
    to_text,
)
from gradiometer.proof.check_field import Fraction
from gradiometer.proof.check_sturm import End, find_sign, find_sign_at
from gradiometer.proof.check_terms import Terms
from gradiometer.proof.check_walk import fields, read_rational, require

_LADDER = (128, 512, 2048)


def check_identity(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept that two formulas are equal wherever both have a value.

    Raises:
        CertificateError: If the evidence does not show it.
    """
    texts = fields(problem, "left", "right", "relation")
    require(texts[2] == "==", "An identity is about the relation ==.")
    require(fields(claim, "holds")[0] is True, "An identity says that the relation holds.")
    check_equal(_formula(texts[0]), _formula(texts[1]), evidence)


def check_equal(left: Node, right: Node, evidence: Any) -> None:
    """Accept that two formulas are equal wherever both have a value.

    Raises:
        CertificateError: If the evidence does not show it.
    """
    listed, *parts = fields(evidence, "generators", "numerator", "denominator")
    terms = Terms(sorted(free_names(left) | free_names(right)), _formulas(listed))
    first, second = terms.read(left), terms.read(right)
    require(terms.is_same(first, second), "Both sides have different normal forms.")
    top, bottom = (_polynomial(terms.read(_formula(text))) for text in parts)
    require(terms.is_same(first, (top, bottom)), "The normal form is another one.")
    require(not top.is_zero() or parts == ["0", "1"], "Zero is written as 0 over 1.")
    require(not terms.field.unused(), "The evidence names a generator that is not used.")


def check_counterexample(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept that a relation certainly fails at a point.

    Raises:
        CertificateError: If a side has no value there, or the relation may hold.
    """
    left, right, relation = fields(problem, "left", "right", "relation")
    require(fields(claim, "holds")[0] is False, "A counterexample says that a relation fails.")
    require(isinstance(relation, str) and relation in RELATIONS, "The relation is not known.")
    (point,) = fields(evidence, "at")
    require(isinstance(point, dict), "The point must give each name its value.")
    at = {name: read_rational(value) for name, value in point.items()}
    sides = [_formula(left), _formula(right)]
    names = free_names(sides[0]) | free_names(sides[1])
    require(names == set(at), "The point must give a value to each name, and to no other.")
    order = _settled(lambda: compare(*(_finite(evaluate(side, at)) for side in sides)))
    require(not RELATIONS[relation](order), "The relation holds at the point.")


def check_sign(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept the sign of a formula on an interval, wherever it has a value there.

    Raises:
        CertificateError: If the sign is another one or the evidence does not show it.
    """
    text, variable, where = fields(problem, "formula", "variable", "on")
    (said,) = fields(claim, "sign")
    formula, on = _formula(text), parse_interval(_text(where))
    require(isinstance(variable, str), "The variable must be a name.")
    require(free_names(formula) <= {variable}, "The formula holds another name.")
    found = find_sign_on(formula, variable, on, evidence)
    require(isinstance(said, str) and said == found, f"The sign is {found}.")


def find_sign_on(formula: Node, variable: str, on: Interval, evidence: Any) -> str:
    """The word for the sign of a formula on an interval, wherever it has a value there.

    Raises:
        CertificateError: If the evidence does not show it.
    """
    if variable not in free_names(formula):
        fields(evidence)
        order = _settled(lambda: compare(_finite(evaluate(formula, {})), fmpq(0)))
        return {-1: "negative", 0: "zero", 1: "positive"}[order]
    listed, generator, *lists = fields(
        evidence, "generators", "generator", "numerator", "denominator"
    )
    terms = Terms([variable], _formulas(listed))
    index, rate = _generator(terms, generator, variable)
    top, bottom = (_numbers(numbers) for numbers in lists)
    symbol = terms.field.symbol(index)
    shown = _in_generator(symbol, top), _in_generator(symbol, bottom)
    require(terms.is_same(terms.read(formula), shown), "The formula is not this quotient.")
    lower, upper = (End(terms, end, rate, side) for end, side in ((on.lower, -1), (on.upper, 1)))
    if on.is_point:
        found = find_sign_at(top, bottom, lower)
    else:
        found = find_sign(top, bottom, lower, upper, (on.lower_closed, on.upper_closed))
    require(not terms.field.unused(), "The evidence names a generator that is not used.")
    return found


def _generator(terms: Terms, text: Any, variable: str) -> tuple[int, fmpq | None]:
    """The generator of a sign, and its r when it is e^(r*x)."""
    if text == variable:
        return terms.field.variables[variable], None
    power = terms.read(_formula(text))
    for index, term in terms.field.terms.items():
        if power == terms.field.generator(index) and term.kind == "exp":
            slope = terms.field.divide(term.arguments[0], terms.field.variable(variable))
            rate = terms.known(slope)
            require(rate is not None and rate > 0, "The exponent does not rise with the variable.")
            return index, rate
    raise CertificateError("The generator is neither the variable nor an exponential.")


def _in_generator(symbol: Any, numbers: list[fmpq]) -> Any:
    return sum((number * symbol**n for n, number in enumerate(numbers)), 0 * symbol)


def _polynomial(value: Fraction) -> Any:
    require(value[1].is_one(), "A part of the normal form is no polynomial.")
    return value[0]


def _numbers(values: Any) -> list[fmpq]:
    require(isinstance(values, list) and 0 < len(values) <= 100, "Coefficients must be a list.")
    require(all(isinstance(v, str) and len(v) < 1_000 for v in values), "A coefficient is no text.")
    numbers = [read_rational(value) for value in values]
    require(numbers[-1] != 0 or len(numbers) == 1, "The leading coefficient is zero.")
    return numbers


def _formulas(texts: Any) -> list[Node]:
    require(isinstance(texts, list), "The generators must be a list of formulas.")
    return [_formula(text) for text in texts]


def _formula(text: Any) -> Node:
    """The formula of a text that is spelled as the product spells it."""
    tree = parse(_text(text)).tree
    require(to_text(tree) == text, f"The formula `{text[:60]}` is spelled in another way.")
    return tree


def _text(text: Any) -> str:
    if not isinstance(text, str):
        raise CertificateError("A formula must be a text.")
    return text


def _settled(decide: Callable[[], int]) -> int:
    """The order, from balls that are narrow enough."""
    for bits in _LADDER:
        with precision(bits):
            try:
                return decide()
            except UndecidedError:
                continue
            except DomainError as error:
                raise CertificateError(f"A formula has no value: {error.problem}") from None
    raise CertificateError("The order of the two values is not certain.")


def _finite(value: Exact) -> Exact:
    if isinstance(value, arb) and not value.is_finite():
        raise UndecidedError("a value without an enclosure")
    return value
