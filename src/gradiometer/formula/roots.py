"""Real roots of rational polynomials as exact trees: rational numbers and quadratic surds."""

from __future__ import annotations

from typing import Any

from flint import fmpq, fmpq_poly

from gradiometer.errors import UndecidedError
from gradiometer.formula.order import sign_of
from gradiometer.formula.tidy import tidy
from gradiometer.formula.tree import Node, Number, apply


def sign_far_left(poly: fmpq_poly, *, in_power: bool) -> int:
    """The sign at minus infinity, or near 0 from above for a polynomial in e^(x/d)."""
    if in_power:
        first = next(c for c in poly.coeffs() if c != 0)
        return 1 if first > 0 else -1
    degree = poly.degree()
    lead = poly.coeffs()[degree]
    return (1 if lead > 0 else -1) * (-1) ** degree


def logarithm_of(root: Node, rate: fmpq) -> Node | None:
    """The x with e^(rate*x) = *root*; None when there is none."""
    if sign_of(root) <= 0:
        return None
    scale = Number(1 / rate)
    if isinstance(root, Number) and root.value < 1:
        return tidy(apply("*", Number(-scale.value), apply("ln", Number(1 / root.value))))
    return tidy(apply("*", scale, tidy(apply("ln", root))))


def real_roots(poly: fmpq_poly) -> list[tuple[Node, int]]:
    """Real roots with their multiplicity.

    Raises:
        UndecidedError: If an irreducible factor of degree above 2 has a real root.
    """
    if poly.degree() < 1:
        return []
    found: list[tuple[Node, int]] = []
    for factor, multiplicity in poly.numer().factor()[1]:
        coefficients = [fmpq(c) for c in factor.coeffs()]
        if factor.degree() == 1:
            found.append((Number(-coefficients[0] / coefficients[1]), multiplicity))
        elif factor.degree() == 2:
            found += [(root, multiplicity) for root in _surds(*coefficients)]
        elif _has_real_root(factor):
            raise UndecidedError("a root that is no quadratic surd")
    return found


def _has_real_root(factor: Any) -> bool:
    """Whether an irreducible polynomial has one; flint gives these the imaginary part 0."""
    return any(root.imag == 0 for root, _ in factor.complex_roots())


def _surds(c: fmpq, b: fmpq, a: fmpq) -> list[Node]:
    """Both roots of an irreducible `a x^2 + b x + c`, the smaller one first."""
    middle, square = -b / (2 * a), (b * b - 4 * a * c) / (4 * a * a)
    if square < 0:
        return []
    # sqrt(p/q) = sqrt(p*q)/q, and squares leave the root.
    outside, inside = _split_square(int(square.p * square.q))
    root = apply("sqrt", Number(fmpq(inside)))
    spread = tidy(apply("*", Number(fmpq(outside, int(square.q))), root))
    return [tidy(apply(sign, Number(middle), spread)) for sign in ("-", "+")]


def _split_square(value: int) -> tuple[int, int]:
    """`(a, b)` with `value = a*a*b`, small squares taken out."""
    outside, factor = 1, 2
    while factor * factor <= value and factor < 1000:
        while value % (factor * factor) == 0:
            value //= factor * factor
            outside *= factor
        factor += 1
    return outside, value
