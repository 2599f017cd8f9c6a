"""Polynomials in the distance t >= 0 with rational numbers or balls as coefficients.

A ball stands for any function with values in it, so what is shown holds for each t by itself.
"""

from __future__ import annotations

from typing import TypeAlias

from flint import arb, fmpq

from gradiometer.errors import CertificateError
from gradiometer.formula import Exact, to_ball

Line: TypeAlias = "list[Exact]"
"""Coefficients, the constant one first."""

_MOST_DEGREE = 40


def is_zero(line: Line) -> bool:
    """Whether it is 0 throughout; a ball around 0 is not 0, though nothing tells them apart."""
    return all(c.is_zero() if isinstance(c, arb) else c == 0 for c in line)


def add(left: Line, right: Line) -> Line:
    """The sum."""
    if len(left) < len(right):
        left, right = right, left
    return [c + (right[i] if i < len(right) else 0) for i, c in enumerate(left)]


def multiply(left: Line, right: Line) -> Line:
    """The product.

    Raises:
        CertificateError: If its degree is too high.
    """
    if len(left) + len(right) > _MOST_DEGREE:
        raise unshown()
    product: Line = [fmpq(0)] * (len(left) + len(right) - 1)
    for i, one in enumerate(left):
        for k, other in enumerate(right):
            product[i + k] = product[i + k] + one * other
    return product


def sign_of_line(line: Line) -> int:
    """The sign for all t >= 0 when the coefficients show one, else 0."""
    for sign in (1, -1):
        if line[0] * sign > 0 and all(c * sign >= 0 for c in line):
            return sign
    return 0


def sinks(fall: Line) -> bool:
    """Whether e^-fall(t) falls all the way to 0."""
    return len(fall) > 1 and fall[1] > 0 and all(c >= 0 for c in fall[1:])


def largest(line: Line, fall: Line) -> arb:
    """A bound of |p(t)|*e^-fall(t): t^k*e^(-r*t) is at most (k/(e*r))^k."""
    size = arb(0)
    for k, factor in enumerate(line):
        peak = (arb(k) / (arb(1).exp() * fall[1])) ** k if k else arb(1)
        size += abs(to_ball(factor)) * peak
    return finite(size * (-to_ball(fall[0])).exp()).abs_upper()


def slow_growth(line: Line) -> Line:
    """ln(p(t)) = ln(p(0)) + t*ball, for p with positive coefficients."""
    if not all(c > 0 for c in line):
        raise unshown()
    steep = arb(0)
    for k in range(1, len(line)):
        steep = steep.max(k * to_ball(line[k]) / to_ball(line[k - 1]))
    return [to_ball(line[0]).log(), arb(0).union(steep)]


def logarithm(value: Exact) -> Exact:
    """Ln of a positive number, 0 kept exact."""
    return fmpq(0) if value == 1 else to_ball(value).log()


def finite(value: arb) -> arb:
    """The ball.

    Raises:
        CertificateError: If it has no end.
    """
    if not value.is_finite():
        raise unshown()
    return value


def unshown() -> CertificateError:
    """What a tail outside the hypotheses of the lemma is met with."""
    return CertificateError("The sign far out does not follow from the tail lemma.")
