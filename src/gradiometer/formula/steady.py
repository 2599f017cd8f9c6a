"""The same formula written so that floats can compute it far out, where exponentials overflow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from flint import fmpq

from gradiometer.formula.tidy import tidy
from gradiometer.formula.tree import (
    ONE,
    ZERO,
    Apply,
    Constant,
    Node,
    Number,
    apply,
    free_names,
    map_children,
    number,
)

_MOST_TERMS = 6
"""A longer sum above a fraction line stays as it is."""


@final
@dataclass(frozen=True)
class _Term:
    """`factor * e^exponent`."""

    factor: Node
    exponent: Node


def to_steady(node: Node) -> Node:
    """The formula with sums of two exponentials as `sigmoid` and `softplus`, which never overflow.

    `1/(1 + e^(-x))` is infinity over infinity in its slope, and `ln(1 + e^x)` infinity, for an `x`
    of 89 in float32. Both are the same function as the result, wherever they are defined.

    Example:
        >>> from gradiometer.formula import parse, to_text
        >>> to_text(to_steady(parse("x/(1 + e^(-x))").tree))
        'x*sigmoid(x)'
        >>> to_text(to_steady(parse("ln(e^(3x) + 1)").tree))
        'softplus(3*x)'
    """
    done: dict[Node, Node] = {}

    def visit(current: Node) -> Node:
        if not isinstance(current, Apply) or not free_names(current):
            return current
        if current not in done:
            done[current] = _rewrite(map_children(current, visit))
        return done[current]

    return visit(tidy(node))


def _rewrite(node: Node) -> Node:
    if not isinstance(node, Apply):
        return node
    first = node.arguments[0]
    if node.operator == "ln":
        return _logarithm(node)
    if node.operator == "/":
        return _quotient(node, first, node.arguments[1])
    if node.operator == "^" and isinstance(node.arguments[1], Number):
        power = node.arguments[1].value
        if power < 0 and power.denominator == 1:
            return _quotient(node, ONE, tidy(apply("^", first, number(-power))))
    return node


def _logarithm(node: Apply) -> Node:
    """`ln(e^a + e^b) = b + softplus(a - b)`."""
    pair = _read_pair(node.arguments[0])
    if pair is None:
        return node
    high, low = pair
    return tidy(apply("+", _shifted(low), apply("softplus", _distance(high, low))))


def _quotient(node: Apply, top: Node, bottom: Node) -> Node:
    """`e^a/(e^a + e^b) = sigmoid(a - b)`, for each term above and each power below the line."""
    power = 1
    if isinstance(bottom, Apply) and bottom.operator == "^":
        base, exponent = bottom.arguments
        if not isinstance(exponent, Number) or exponent.value.denominator != 1:
            return node
        bottom, power = base, int(exponent.value.numerator)
    pair, terms = _read_pair(bottom), _read_terms(top)
    if pair is None or not 1 <= power <= 4 or len(terms) > _MOST_TERMS:
        return node
    for _ in range(power):
        terms = [_divide(term, pair) for term in terms]
    # Where an exponential is left over, it may overflow while the rest is 0.
    if any(term.exponent != ZERO for term in terms):
        return node
    total = terms[0].factor
    for term in terms[1:]:
        total = apply("+", total, term.factor)
    return tidy(total)


def _divide(term: _Term, pair: tuple[_Term, _Term]) -> _Term:
    """One term over a sum of two exponentials: the one with the same exponent cancels."""
    one, other = pair if term.exponent != pair[1].exponent else (pair[1], pair[0])
    part = apply("sigmoid", _distance(one, other))
    factor = tidy(apply("/", apply("*", term.factor, part), one.factor))
    return _Term(factor, _difference(term.exponent, one.exponent))


def _distance(one: _Term, other: _Term) -> Node:
    """The logarithm of the quotient of two terms."""
    if one.factor == other.factor:
        return _difference(one.exponent, other.exponent)
    return _difference(_shifted(one), _shifted(other))


def _difference(left: Node, right: Node) -> Node:
    """`left - right` without what is 0."""
    if left == right:
        return ZERO
    if left == ZERO and isinstance(right, Apply) and right.operator == "neg":
        return right.arguments[0]
    return tidy(apply("-", left, right)) if right != ZERO else left


def _shifted(term: _Term) -> Node:
    """The exponent with the factor in it."""
    if term.factor == ONE:
        return term.exponent
    return tidy(apply("+", term.exponent, apply("ln", term.factor)))


def _read_pair(node: Node) -> tuple[_Term, _Term] | None:
    """The two exponentials that *node* is a sum of, with factors above 0; the constant last."""
    terms = _read_terms(node)
    if len(terms) != 2 or not all(isinstance(t.factor, Number) for t in terms):
        return None
    if any(t.factor.value <= 0 for t in terms if isinstance(t.factor, Number)):
        return None
    first, second = sorted(terms, key=lambda t: t.exponent == ZERO)
    return (first, second) if first.exponent not in {ZERO, second.exponent} else None


def _read_terms(node: Node) -> list[_Term]:
    """A sum as factors times exponentials."""
    if isinstance(node, Apply):
        if node.operator in {"+", "-"}:
            left, right = map(_read_terms, node.arguments)
            return left + (right if node.operator == "+" else [_scaled(t, -1) for t in right])
        if node.operator == "neg":
            return [_scaled(t, -1) for t in _read_terms(node.arguments[0])]
        if node.operator in {"cosh", "sinh"}:
            inner, sign = node.arguments[0], 1 if node.operator == "cosh" else -1
            half = number("1/2")
            return [_Term(half, inner), _scaled(_Term(half, tidy(apply("neg", inner))), sign)]
        if node.operator == "exp":
            return [_Term(ONE, tidy(node.arguments[0]))]
        if node.operator == "^" and node.arguments[0] == Constant("e"):
            return [_Term(ONE, tidy(node.arguments[1]))]
        if node.operator == "*":
            return [_product(a, b) for a in _read_terms(node.arguments[0])
                    for b in _read_terms(node.arguments[1])]  # fmt: skip
    return [_Term(node, ZERO)]


def _scaled(term: _Term, factor: int) -> _Term:
    return _Term(tidy(apply("*", number(fmpq(factor)), term.factor)), term.exponent)


def _product(left: _Term, right: _Term) -> _Term:
    exponent = tidy(apply("+", left.exponent, right.exponent))
    return _Term(tidy(apply("*", left.factor, right.factor)), exponent)
