"""The parameter that gives a wanted mean as a formula, where the equation for it is quadratic."""

from __future__ import annotations

from contextlib import suppress

from flint import fmpq

from gradiometer.errors import CertificateError, GradiometerError, UndecidedError
from gradiometer.formula import (
    Name,
    Node,
    Number,
    apply,
    cancel,
    compare,
    evaluate,
    free_names,
    is_zero,
    number,
    parse,
    precision,
    substitute,
    tidy,
    to_text,
)
from gradiometer.proof.check_family import VARIABLE, Family, Mean
from gradiometer.proof.check_root import EQUATIONS, MEANS
from gradiometer.proof.moments_exact import find_exact

_BITS = 256


def solve_exactly(
    tree: Node, name: str, on: tuple[fmpq, fmpq], wanted: tuple[str, Node], *, variance: fmpq
) -> list[Node] | None:
    """All solutions in the closed interval as constant formulas, in increasing order.

    Args:
        tree: The function of `x` and the unknown.
        name: The unknown.
        on: Where it is looked for.
        wanted: A fact and its value.
        variance: The variance of the normal number.

    Returns:
        None where the equation is not linear or quadratic with known numbers.
    """
    fact, value = wanted
    # Where the function is 0 the equation of chi holds, but chi is no number.
    if fact == "chi":
        return None
    sign = 1 if on[0] > 0 else -1 if on[1] < 0 else 0
    try:
        equation = _spell(Family(tree, {name: sign}, variance), fact, value)
        roots = None if equation is None else _solve(equation, name)
        return None if roots is None else _keep(roots, on)
    except (CertificateError, UndecidedError, GradiometerError, ArithmeticError):
        return None


def _spell(family: Family, fact: str, value: Node) -> Node | None:
    """The equation with the means as formulas in the unknown."""
    equation = parse(EQUATIONS[fact]).tree
    means: dict[str, Node] = {"wanted": value, "q": number(family.variance)}
    for of in MEANS:
        if of in free_names(equation):
            found = _spell_mean(family, of)
            if found is None:
                return None
            means[of] = found
    return substitute(equation, means)


def _spell_mean(family: Family, of: Mean) -> Node | None:
    total: Node = number(0)
    for on, terms in family.terms[of]:
        for factor, body in terms:
            if free_names(body) - {VARIABLE}:
                return None
            mean = find_exact([(on, body)], VARIABLE, family.variance)
            if mean is None:
                return None
            total = apply("+", total, apply("*", factor, mean))
    return total


def _solve(equation: Node, name: str) -> list[Node] | None:
    """The real solutions of c0 + c1*a + c2*a^2 = 0; None for others, or if every number is one."""
    at = [_short(substitute(equation, {name: number(n)})) for n in (-1, 0, 1)]
    half = number(fmpq(1, 2))
    c0 = at[1]
    c1 = _short(apply("*", apply("-", at[2], at[0]), half))
    c2 = _short(apply("-", apply("*", apply("+", at[2], at[0]), half), c0))
    a = Name(name)
    linear = apply("+", c0, apply("*", c1, a))
    whole = apply("+", linear, apply("*", c2, apply("^", a, number(2))))
    if not is_zero(apply("-", equation, whole)):
        return None
    if is_zero(c2):
        return None if is_zero(c1) else [_short(apply("neg", apply("/", c0, c1)))]
    middle = _short(apply("neg", apply("/", c1, apply("*", number(2), c2))))
    under = _short(apply("-", apply("^", middle, number(2)), apply("/", c0, c2)))
    if is_zero(under):
        return [middle]
    with precision(_BITS):
        if compare(evaluate(under, {}), fmpq(0)) < 0:
            return []
    root = _root(under)
    return [_short(apply("-", middle, root)), _short(apply("+", middle, root))]


def _root(under: Node) -> Node:
    """The square root, with squares taken out of a rational: sqrt(31)/13 and not sqrt(31/169)."""
    if not isinstance(under, Number):
        return _short(apply("sqrt", under))
    top, bottom = int(under.value.p), int(under.value.q)
    inside, outside = top * bottom, fmpq(1, bottom)
    for prime in range(2, 1000):
        while inside % (prime * prime) == 0:
            inside, outside = inside // (prime * prime), outside * prime
    return tidy(apply("*", number(outside), tidy(apply("sqrt", number(inside)))))


def _keep(roots: list[Node], on: tuple[fmpq, fmpq]) -> list[Node]:
    with precision(_BITS):
        values = [evaluate(root, {}) for root in roots]
        inside = [compare(v, on[0]) >= 0 and compare(v, on[1]) <= 0 for v in values]
    return [root for root, kept in zip(roots, inside, strict=True) if kept]


def _short(node: Node) -> Node:
    """The shortest spelling of a constant."""
    spellings = [tidy(node)]
    with suppress(UndecidedError):
        spellings.append(cancel(node))
    return min(spellings, key=lambda spelling: len(to_text(spelling)))
