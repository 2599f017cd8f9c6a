"""Polynomials in the distance t >= 0 with rational numbers or balls as coefficients.

A ball stands for any function with values in it, so what is shown holds for each t by itself.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from flint import arb, fmpq

from gradiometer.errors import CertificateError
from gradiometer.formula import Exact, exact_sqrt, to_ball
from gradiometer.proof.check_field import Fraction

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


def root_line(line: Line, start: fmpq) -> Line:
    """sqrt(p(t)) = (t + start)^d*ball, for p of degree 2*d with positive coefficients."""
    degree = len(line) - 1
    if degree % 2 or not all(c > 0 for c in line):
        raise unshown()
    power: Line = [fmpq(1)]
    for _ in range(degree):
        power = multiply(power, [start, fmpq(1)])
    # A mean of the ratios of the coefficients, with positive weights.
    ratio = to_ball(line[0] / power[0])
    for one, other in zip(line, power, strict=True):
        ratio = ratio.union(to_ball(one / other))
    ball = finite(ratio.sqrt())
    half: Line = [fmpq(1)]
    for _ in range(degree // 2):
        half = multiply(half, [start, fmpq(1)])
    return [c * ball for c in half]


def complete_square(value: Fraction, way: int) -> tuple[fmpq, fmpq, fmpq] | None:
    """a, b and r of (a*x + b)^2 + r, a with the sign *way*; None for other formulas."""
    top, bottom = value
    found = {tuple(powers): fmpq(factor) for powers, factor in top.to_dict().items()}
    if not bottom.is_constant() or any(p[0] > 2 or any(p[1:]) for p in found):
        return None
    by_power = {int(powers[0]): factor for powers, factor in found.items()}
    square, linear, rest = (by_power.get(power, fmpq(0)) for power in (2, 1, 0))
    root = exact_sqrt(square) if square > 0 else None
    if not isinstance(root, fmpq):
        return None
    slope = root * way
    offset = linear / (2 * slope)
    return slope, offset, rest - offset * offset


def split_at(polynomial: Any, index: int) -> tuple[Any, Any]:
    """A and B of A + B*s."""
    parts: list[dict[Any, Any]] = [{}, {}]
    for powers, factor in polynomial.to_dict().items():
        kept = (*powers[:index], 0, *powers[index + 1 :])
        parts[int(powers[index])][kept] = factor
    context = polynomial.context()
    return context.from_dict(parts[0]), context.from_dict(parts[1])


def shifted(polynomial: Any, index: int, limit: Any) -> Any:
    """The polynomial with g + limit for a generator g."""
    context = polynomial.context()
    moved, result = context.gen(index) + limit, context.constant(0)
    for powers, factor in polynomial.to_dict().items():
        kept = (*powers[:index], 0, *powers[index + 1 :])
        result += context.from_dict({kept: factor}) * moved ** int(powers[index])
    return result


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
