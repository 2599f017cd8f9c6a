"""The sign of a quotient of polynomials between two ends, by Sturm's chain, for the checker.

Source: C. Sturm, Mémoire sur la résolution des équations numériques, 1829.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import final

from flint import arb, fmpq, fmpq_poly

from gradiometer.errors import CertificateError, UndecidedError
from gradiometer.formula import Node, apply, evaluate, number, precision, to_ball
from gradiometer.proof.check_field import Fraction
from gradiometer.proof.check_terms import Terms

_LADDER = (128, 512, 2048)


@final
class End:
    """One end of the interval in which the polynomials' variable runs.

    Args:
        terms: Knows constants such as ln(2).
        node: The end; None for an infinite one.
        rate: The r of a variable e^(r*x), None for x itself.
        side: -1 for the lower end, 1 for the upper one.
    """

    def __init__(self, terms: Terms, node: Node | None, rate: fmpq | None, side: int) -> None:
        self._terms = terms
        self._node: Node | None = None
        self.exact: fmpq | None = None
        self._value: Fraction | None = None
        self.is_infinite = node is None and (rate is None or side > 0)
        self._side = side
        if node is None:
            self.exact = None if self.is_infinite else fmpq(0)
            return
        self._node = node if rate is None else apply("exp", apply("*", number(rate), node))
        self._value = terms.read(self._node)
        self.exact = terms.known(self._value)

    def sign(self, polynomial: fmpq_poly) -> int:
        """The sign of a polynomial at this end, or near it when it is infinite."""
        if polynomial.degree() < 0:
            return 0
        if self.is_infinite:
            leading = polynomial[polynomial.degree()]
            flips = self._side < 0 and polynomial.degree() % 2
            return _sign(-leading if flips else leading)
        if self.exact is not None:
            return _sign_at(polynomial, self.exact)
        with precision(_LADDER[0]), suppress(UndecidedError):
            # A ball away from 0 spares the algebra.
            return _sign_of_ball(_at_ball(polynomial, self.ball()))
        if self._is_root(polynomial):
            return 0
        return _settled(lambda: _sign_of_ball(_at_ball(polynomial, self.ball())))

    def ball(self) -> arb:
        """An enclosure of a finite end at the current precision."""
        if self._node is None or self.exact is not None:
            return arb(self.exact)
        return to_ball(evaluate(self._node, {}))

    def _is_root(self, polynomial: fmpq_poly) -> bool:
        field, value = self._terms.field, self._value
        assert value is not None
        total = field.constant(0)
        for coefficient in reversed(polynomial.coeffs()):
            total = field.add(field.multiply(total, value), field.constant(coefficient))
        return bool(total[0].is_zero())


def find_sign_at(top: Sequence[fmpq], bottom: Sequence[fmpq], end: End) -> str:
    """The sign of top/bottom at one point.

    Raises:
        CertificateError: If the denominator is zero there.
    """
    under = end.sign(fmpq_poly(list(bottom)))
    if under == 0:
        raise CertificateError("The denominator is zero at the point.")
    return {-1: "negative", 0: "zero", 1: "positive"}[end.sign(fmpq_poly(list(top))) * under]


def find_sign(
    top: Sequence[fmpq], bottom: Sequence[fmpq], lower: End, upper: End, closed: tuple[bool, bool]
) -> str:
    """The sign of top/bottom on an interval that is no point.

    Returns:
        `positive`, `negative`, `zero`, `nonnegative`, `nonpositive` or `mixed`; the words with
        `non` only when there is a zero.

    Raises:
        CertificateError: If the denominator has a zero there.
    """
    above, below = fmpq_poly(list(top)), fmpq_poly(list(bottom))
    if _count(below, lower, upper, closed):
        raise CertificateError("The denominator has a zero in the interval.")
    if above.degree() < 0:
        return "zero"
    if _count(_odd_part(above), lower, upper, (False, False)):
        return "mixed"
    sign = _sign_inside(above * below, lower, upper)
    if _count(above, lower, upper, closed):
        return "nonnegative" if sign > 0 else "nonpositive"
    return "positive" if sign > 0 else "negative"


def _count(polynomial: fmpq_poly, lower: End, upper: End, closed: tuple[bool, bool]) -> int:
    """How many different roots the polynomial has in the interval."""
    if polynomial.degree() <= 0:
        return 0
    chain = list(_chain(_without_squares(polynomial)))
    found = _variations(chain, lower) - _variations(chain, upper)
    # Sturm's count includes a root at the upper end and not one at the lower end.
    if not closed[1] and not upper.is_infinite and upper.sign(polynomial) == 0:
        found -= 1
    if closed[0] and not lower.is_infinite and lower.sign(polynomial) == 0:
        found += 1
    return found


def _chain(polynomial: fmpq_poly) -> Iterator[fmpq_poly]:
    first, second = polynomial, polynomial.derivative()
    while first.degree() >= 0:
        yield first
        first, second = second, -(first % second) if second.degree() >= 0 else fmpq_poly([])


def _variations(chain: Sequence[fmpq_poly], end: End) -> int:
    signs = [sign for sign in map(end.sign, chain) if sign]
    return sum(left != right for left, right in pairwise(signs))


def _without_squares(polynomial: fmpq_poly) -> fmpq_poly:
    return polynomial // polynomial.gcd(polynomial.derivative())


def _odd_part(polynomial: fmpq_poly) -> fmpq_poly:
    """The product of the different factors with odd powers, at whose roots the sign changes."""
    result = fmpq_poly([1])
    rest = polynomial.gcd(polynomial.derivative())
    factors, power = polynomial // rest, 1
    while factors.degree() > 0:
        higher = factors.gcd(rest)
        if power % 2:
            result *= factors // higher
        factors, rest, power = higher, rest // higher, power + 1
    return result


def _sign_inside(polynomial: fmpq_poly, lower: End, upper: End) -> int:
    """The sign at a rational point inside that is no root."""
    for point in _points(lower, upper, polynomial.degree() + 1):
        sign = _sign_at(polynomial, point)
        if sign:
            return sign
    raise CertificateError("No point of the interval was found.")


def _points(lower: End, upper: End, count: int) -> Iterator[fmpq]:
    """Enough different rational points inside the interval."""
    with precision(_LADDER[1]):
        low = None if lower.is_infinite else _rational(lower.ball().upper())
        high = None if upper.is_infinite else _rational(upper.ball().lower())
    if low is not None and high is not None and not low < high:
        raise CertificateError("The ends of the interval are too near to each other.")
    for n in range(1, count + 1):
        if low is not None and high is not None:
            yield low + (high - low) * fmpq(n, count + 1)
        elif low is not None:
            yield low + n
        else:
            yield fmpq(n) if high is None else high - n


def _rational(ball: arb) -> fmpq:
    """The rational of a ball without radius."""
    mantissa, exponent = ball.mid().man_exp()
    return fmpq(mantissa) * fmpq(2) ** int(exponent)


def _at_ball(polynomial: fmpq_poly, point: arb) -> arb:
    total = arb(0)
    for coefficient in reversed(polynomial.coeffs()):
        total = total * point + arb(coefficient)
    return total


def _sign_at(polynomial: fmpq_poly, point: fmpq) -> int:
    """The sign at a rational point, by exact arithmetic only where a ball does not show it."""
    with precision(_LADDER[0]), suppress(UndecidedError):
        return _sign_of_ball(_at_ball(polynomial, arb(point)))
    return _sign(polynomial(point))


def _sign(value: fmpq) -> int:
    return (value > 0) - (value < 0)


def _sign_of_ball(value: arb) -> int:
    if value > 0:
        return 1
    if value < 0:
        return -1
    raise UndecidedError("a sign is not certain")


def _settled(decide: Callable[[], int]) -> int:
    for bits in _LADDER:
        with precision(bits):
            try:
                return decide()
            except UndecidedError:
                continue
    raise CertificateError("The sign at an end of the interval is not certain.")
