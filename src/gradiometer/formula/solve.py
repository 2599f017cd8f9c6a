"""Where a smooth formula is negative, zero and positive: intervals with exact ends.

Solved are products and quotients of: polynomials in x whose real roots are rational or quadratic
surds; the same in e^(x/d); `a*x + b` and `a*e^(x/d) + b` with constants or parameters a, b; and
formulas whose sign their form shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cmp_to_key
from typing import final

from flint import fmpq

from gradiometer.errors import DomainError, UndecidedError
from gradiometer.formula.derivative import differentiate
from gradiometer.formula.interval import Interval
from gradiometer.formula.order import (
    ANY,
    Domains,
    Signs,
    compare_nodes,
    intersect,
    possible_signs,
    sign_of,
    to_value,
)
from gradiometer.formula.ratio import Generator, Ratio, cancel, to_ratio, univariate
from gradiometer.formula.ratio_field import Polynomial, Quotient
from gradiometer.formula.ratio_spell import spell_quotient
from gradiometer.formula.roots import logarithm_of, real_roots, sign_far_left
from gradiometer.formula.spelling import to_text
from gradiometer.formula.tidy import tidy
from gradiometer.formula.tree import (
    ONE,
    ZERO,
    Apply,
    Constant,
    Name,
    Node,
    Number,
    apply,
    free_names,
    number,
    substitute,
)

_MOST_DEGREE = 64
_MOST_TERMS = 60
"""Numerators with more terms are not factored."""


def find_signs(
    node: Node, variable: str, on: Interval, domains: Domains | None = None
) -> list[tuple[Interval, int]]:
    """The interval cut where the sign of *node* changes, with the sign on each part.

    Args:
        node: A smooth formula; names besides *variable* are parameters.
        variable: Name of the variable.
        on: Where the variable lies; the formula has a value throughout, poles excepted.
        domains: Where each parameter lies.

    Returns:
        Sorted disjoint intervals and -1, 0 or 1 on each; poles are left out.

    Raises:
        UndecidedError: If the zeros cannot be written down exactly.

    Example:
        >>> from gradiometer.formula import REALS, parse
        >>> [sign for _, sign in find_signs(parse("x^2 - 2").tree, "x", REALS)]
        [1, 0, -1, 0, 1]
    """
    try:
        return _cut(tidy(node), variable, on, domains or {})
    except UndecidedError as error:
        short = factor(node)
        if short == node:
            raise _undecided(node) from error
    try:
        # Cancelling may fill a hole; the holes of a formula are cut out of its pieces before.
        return _cut(short, variable, on, domains or {})
    except UndecidedError as error:
        raise _undecided(node) from error


def factor(node: Node) -> Node:
    """The normal form with its numerator and denominator as products of irreducible factors.

    Raises:
        UndecidedError: If the formula has no normal form.

    Example:
        >>> from gradiometer.formula import parse, to_text
        >>> to_text(factor(parse("x^2 - 2x*y + y^2").tree))
        '(x - y)^2'
    """
    ratio = to_ratio(node)
    top, bottom = (_spell_factors(ratio, part) for part in (ratio.numerator, ratio.denominator))
    return top if bottom == ONE else apply("/", top, bottom)


def _spell_factors(ratio: Ratio, polynomial: Polynomial) -> Node:
    if polynomial.is_zero() or polynomial.is_constant() or len(polynomial) > _MOST_TERMS:
        return _spell(ratio, polynomial)
    unit, factors = polynomial.factor()
    product: Node = Number(unit)
    for part, times in factors:
        power = apply("^", _spell(ratio, part), Number(fmpq(times)))
        product = apply("*", product, tidy(power))
    return tidy(product)


def _spell(ratio: Ratio, polynomial: Polynomial) -> Node:
    one = ratio.field.context.constant(1)
    return spell_quotient(ratio.field, Quotient(polynomial, one))


def _undecided(node: Node) -> UndecidedError:
    return UndecidedError(f"where `{to_text(node)}` changes its sign cannot be solved exactly")


def _cut(node: Node, variable: str, on: Interval, domains: Domains) -> list[tuple[Interval, int]]:
    if variable not in free_names(node):
        return [(on, sign_of(node, domains))]
    if on.is_point and on.lower is not None:
        return [(on, sign_of(to_value(substitute(node, {variable: on.lower})), domains))]
    shown = possible_signs(node, _signs_of_names(variable, on, domains))
    if len(shown) == 1:
        return [(on, next(iter(shown)))]
    marks = _find_marks(node, variable, on, domains)
    if marks is not None:
        return _walk(*marks, on, domains)
    if isinstance(node, Apply):
        parts = _cut_product(node, variable, on, domains)
        if parts is not None:
            return parts
    raise _undecided(node)


def _signs_of_names(variable: str, on: Interval, domains: Domains) -> Mapping[str, Signs]:
    """The signs that the variable and the parameters may have."""
    return {name: _interval_signs(where) for name, where in {**domains, variable: on}.items()}


def _interval_signs(on: Interval) -> Signs:
    signs = set(ANY)
    try:
        if on.lower is not None and (low := sign_of(on.lower)) >= 0:
            signs -= {-1} if low == 0 and on.lower_closed else {-1, 0}
        if on.upper is not None and (high := sign_of(on.upper)) <= 0:
            signs -= {1} if high == 0 and on.upper_closed else {1, 0}
    except UndecidedError:
        return ANY
    return frozenset(signs)


@final
@dataclass(frozen=True)
class _Mark:
    """A zero or a pole."""

    at: Node
    is_pole: bool
    flips: bool
    """Whether the sign differs on its two sides."""


def _find_marks(
    node: Node, variable: str, on: Interval, domains: Domains
) -> tuple[int, list[_Mark]] | None:
    """The sign far left, and the zeros and poles; None when they cannot be solved."""
    try:
        ratio = to_ratio(node)
    except UndecidedError:
        return None
    if ratio.constant() is not None:
        return sign_of(Number(ratio.constant() or fmpq(0))), []
    used = [ratio.generators[index] for index in ratio.used()]
    moving = [generator for generator in used if variable in free_names(generator.node)]
    if len(moving) != 1:
        return None
    is_name = moving[0].node == Name(variable)
    if not is_name and moving[0].kind != "exponential":
        return None
    if len(used) == 1:
        return _solve_polynomial(ratio, None if is_name else _rate(moving[0], variable), is_name)
    try:
        solve = _solve_affine if is_name else _solve_exponential
        return solve(node, variable, _anchor(on, domains), domains)
    except (UndecidedError, DomainError):
        return None


def _solve_polynomial(
    ratio: Ratio, rate: fmpq | None, is_name: bool
) -> tuple[int, list[_Mark]] | None:
    """Zeros and poles of a quotient of polynomials in x, or in e^(rate*x)."""
    one = univariate(ratio)
    if one is None or (rate is None and not is_name):
        return None
    _, top, bottom = one
    if max(top.degree(), bottom.degree()) > _MOST_DEGREE:
        return None
    marks = []
    for part, is_pole in ((top, False), (bottom, True)):
        for root, multiplicity in real_roots(part):
            at = root if rate is None else logarithm_of(root, rate)
            if at is not None:
                marks.append(_Mark(at, is_pole, flips=multiplicity % 2 == 1))
    return sign_far_left(top * bottom, in_power=rate is not None), marks


def _rate(generator: Generator, variable: str) -> fmpq | None:
    """The r of a generator e^(r*x), or None."""
    if not isinstance(generator.node, Apply):
        return None
    return to_ratio(apply("/", generator.node.arguments[-1], Name(variable))).constant()


def _anchor(on: Interval, domains: Domains) -> Node:
    """A point of the interval: formulas are known to have a value there and nowhere else."""
    lower, upper = on.lower, on.upper
    below = lower is None or sign_of(lower, domains) < 0
    above = upper is None or sign_of(upper, domains) > 0
    if below and above:
        return ZERO
    if lower is not None and upper is not None:
        middle = apply("/", apply("+", lower, upper), number(2))
    elif lower is not None:
        middle = apply("+", lower, ONE)
    else:
        middle = apply("-", upper or ZERO, ONE)
    return to_value(middle)


def _solve_affine(
    node: Node, variable: str, anchor: Node, domains: Domains
) -> tuple[int, list[_Mark]] | None:
    """The zero of `a*x + b` with a and b free of x."""
    slope = to_value(cancel(differentiate(node, variable)))
    if variable in free_names(slope):
        return None
    direction = sign_of(slope, domains)
    start = to_value(tidy(substitute(node, {variable: anchor})))
    if direction == 0:
        return sign_of(start, domains), []
    root = to_value(apply("-", anchor, apply("/", start, slope)))
    return -direction, [_Mark(root, is_pole=False, flips=True)]


def _solve_exponential(
    node: Node, variable: str, anchor: Node, domains: Domains
) -> tuple[int, list[_Mark]] | None:
    """The zero of `a*e^(r*x) + b` with a, b and r free of x."""
    slope = differentiate(node, variable)
    rate = to_value(cancel(apply("/", differentiate(slope, variable), slope)))
    if variable in free_names(rate) or (grows := sign_of(rate, domains)) == 0:
        return None
    start, scaled = (tidy(substitute(part, {variable: anchor})) for part in (node, slope))
    lift = to_value(apply("/", scaled, rate))
    shift = to_value(apply("-", start, lift))
    far, lifts = sign_of(shift, domains), sign_of(lift, domains)
    if far * lifts >= 0:
        return lifts, []
    # lift*e^(r*(x - anchor)) + shift = 0
    target = apply("ln", to_value(apply("neg", apply("/", shift, lift))))
    root = to_value(tidy(apply("+", anchor, apply("/", target, rate))))
    return far if grows > 0 else lifts, [_Mark(root, is_pole=False, flips=True)]


def _walk(
    sign: int, marks: list[_Mark], on: Interval, domains: Domains
) -> list[tuple[Interval, int]]:
    """Signs from left to right on the part of the line that *on* is."""
    ordered = sorted(marks, key=cmp_to_key(lambda a, b: compare_nodes(a.at, b.at, domains)))
    parts: list[tuple[Interval, int]] = []
    left: Node | None = None
    for mark in ordered:
        parts.append((Interval(left, mark.at), sign))
        if not mark.is_pole:
            point = Interval(mark.at, mark.at, lower_closed=True, upper_closed=True)
            parts.append((point, 0))
        sign = -sign if mark.flips else sign
        left = mark.at
    parts.append((Interval(left, None), sign))
    return [
        (common, shown)
        for part, shown in parts
        if (common := intersect(part, on, domains)) is not None
    ]


def _cut_product(
    node: Apply, variable: str, on: Interval, domains: Domains
) -> list[tuple[Interval, int]] | None:
    """Signs of a product from the signs of its factors; None for other operations."""
    if node.operator == "neg":
        return [(part, -sign) for part, sign in _cut(node.arguments[0], variable, on, domains)]
    if node.operator == "ln":
        difference = tidy(apply("-", node.arguments[0], ONE))
        return _cut(difference, variable, on, domains)
    if node.operator == "^" and node.arguments[0] != Constant("e"):
        return _cut_power(node, variable, on, domains)
    if node.operator not in {"*", "/"}:
        return None
    left, right = (_cut(argument, variable, on, domains) for argument in node.arguments)
    return [
        (common, one * other)
        for part, one in left
        for share, other in right
        if (node.operator == "*" or other != 0)
        and (common := intersect(part, share, domains)) is not None
    ]


def _cut_power(
    node: Apply, variable: str, on: Interval, domains: Domains
) -> list[tuple[Interval, int]] | None:
    base, exponent = node.arguments
    if not isinstance(exponent, Number) or exponent.value.q != 1:
        return None
    whole = int(exponent.value.p)
    parts = _cut(base, variable, on, domains)
    return [(part, sign ** abs(whole)) for part, sign in parts if sign or whole > 0]
