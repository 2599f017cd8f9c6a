"""The sign of a formula from a point on to infinity, for the checker.

Beyond L the formula is a sum of terms p(t)*e^U(t) with t >= 0 the distance from L, U a polynomial
and p a polynomial whose coefficients are balls. Bounded functions are balls; error functions are
1 or -1 plus a Gauss bell over the argument times a ball (Mills). One term dominates when its p
keeps its sign and all others together stay smaller.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

from flint import arb, fmpq

from gradiometer.formula import Exact, to_ball
from gradiometer.proof.check_far_line import (
    Line,
    add,
    complete_square,
    finite,
    is_zero,
    largest,
    logarithm,
    multiply,
    root_line,
    shifted,
    sign_of_line,
    sinks,
    slow_growth,
    split_at,
    unshown,
)
from gradiometer.proof.check_field import Fraction, Term
from gradiometer.proof.check_terms import Terms

Sum = dict[str, tuple[Fraction, Line]]
"""Terms p(t)*e^U by the text of the exponent U."""

_MOST_TERMS = 400


@final
@dataclass(frozen=True)
class Bell:
    """What a function approaches far out, and how near it comes."""

    limit: Any
    """A polynomial or a number."""
    scale: Line
    """A positive line."""
    rest: Sum
    """The line times the function without its limit."""


@final
class Tail:
    """Reads quotients in the terms beyond a point.

    Args:
        terms: The generators; the only variable is the first one.
        start: Where the tail begins: x >= start, or x <= -start.
        to_right: Which of the two.
        sharp: Whether arctangents and roots are read by how near they come to what they approach.
    """

    def __init__(self, terms: Terms, start: fmpq, *, to_right: bool, sharp: bool = False) -> None:
        self._field = terms.field
        self._start = start
        self._way = 1 if to_right else -1
        self._values: dict[int, arb] = {}
        self._sums: dict[int, Sum] = {}
        self._sharp = sharp
        self._bells: dict[int, Bell | None] = {}
        for index, term in self._field.terms.items():
            if not any(self._moves(part) for part in term.arguments):
                self._values[index] = self._constant_term(term)

    def sign(self, value: Fraction) -> int:
        """-1 or 1, the sign throughout the tail.

        Raises:
            CertificateError: If the lemma does not show one.
        """
        return self._sign_of_part(value[0]) * self._sign_of_part(value[1])

    def _moves(self, value: Fraction) -> bool:
        """Whether the quotient depends on the variable."""
        used = [i for part in value for i, n in enumerate(part.degrees()) if n > 0]
        return any(i not in self._values for i in used)

    def _constant_term(self, term: Term) -> arb:
        if term.kind == "pi":
            return arb.pi()
        if len(term.arguments) != 1:
            raise unshown()
        inside = term.arguments[0]
        argument = finite(to_ball(self._number(inside[0]) / self._number(inside[1])))
        if term.kind == "root" and argument > 0:
            return finite((argument.log() / term.order).exp())
        if term.kind not in _CONSTANTS:
            raise unshown()
        return finite(_CONSTANTS[term.kind](argument))

    def _number(self, polynomial: Any) -> Exact:
        """The value of a polynomial without the variable."""
        total: Exact = fmpq(0)
        for powers, factor in polynomial.to_dict().items():
            total += self._coefficient(powers, factor)
        return total

    def _coefficient(self, powers: Any, factor: fmpq) -> Exact:
        value: Exact = fmpq(factor)
        for index, times in enumerate(powers):
            if times and index in self._values:
                value = value * self._values[index] ** int(times)
        return value

    def _moving(self, polynomial: Any) -> dict[int, int]:
        """The terms that depend on the variable, with their highest powers."""
        degrees = enumerate(polynomial.degrees())
        return {i: int(n) for i, n in degrees if n > 0 and i and i not in self._values}

    def _sign_of_part(self, polynomial: Any) -> int:
        moving = self._moving(polynomial)
        roots = [i for i in moving if self._field.terms[i].kind == "root"]
        if not roots:
            return self._sign_of_sum(self._read(polynomial))
        if len(roots) > 1 or moving[roots[0]] > 1 or self._field.terms[roots[0]].order != 2:
            raise unshown()
        # A + B*s with s > 0: where A and B have opposite signs, A^2 - B^2*s^2 decides.
        plain, factor = split_at(polynomial, roots[0])
        top, bottom = self._field.terms[roots[0]].arguments[0]
        below = self._sign_of_part(bottom)
        if self._sign_of_part(top) != below:
            raise unshown()
        second = self._sign_of_part(factor)
        if plain.is_zero():
            return second
        first = self._sign_of_part(plain)
        if first == second:
            return first
        return first * below * self._sign_of_part(plain * plain * bottom - factor * factor * top)

    def _read(self, polynomial: Any) -> Sum:
        """The polynomial in the terms as a sum, times positive functions where need be."""
        total: Sum = {}
        for index in self._moving(polynomial):
            bell = self._bell(index)
            if bell is not None:
                polynomial = shifted(polynomial, index, bell.limit)
        moving = self._moving(polynomial)
        for powers, factor in polynomial.to_dict().items():
            scale = self._coefficient(powers, factor)
            product = self._single([c * scale for c in self._power_of_x(int(powers[0]))])
            for index, most in moving.items():
                for count in range(most):
                    part = self._term(index) if count < powers[index] else self._scale(index)
                    product = self._times(product, part)
            total = self._plus(total, product)
        return total

    def _single(self, line: Line, exponent: Fraction | None = None) -> Sum:
        power = exponent or self._field.constant(0)
        return {} if is_zero(line) else {f"{power[0]}|{power[1]}": (power, line)}

    def _plus(self, left: Sum, right: Sum) -> Sum:
        total = dict(left)
        for key, (exponent, line) in right.items():
            total[key] = exponent, add(total[key][1], line) if key in total else line
        return {key: part for key, part in total.items() if not is_zero(part[1])}

    def _times(self, left: Sum, right: Sum) -> Sum:
        if len(left) * len(right) > _MOST_TERMS:
            raise unshown()
        total: Sum = {}
        for exponent, line in left.values():
            for other, factor in right.values():
                power = self._field.add(exponent, other)
                total = self._plus(total, self._single(multiply(line, factor), power))
        return total

    def _power_of_x(self, degree: int) -> Line:
        line: Line = [fmpq(1)]
        for _ in range(degree):
            line = multiply(line, [self._start * self._way, fmpq(self._way)])
        return line

    def _line(self, value: Fraction) -> Line:
        """A polynomial in the variable, in t.

        Raises:
            CertificateError: If the quotient is none.
        """
        top, bottom = value
        if self._moves((bottom, bottom)) or self._moving(top):
            raise unshown()
        under = self._number(bottom)
        total: Line = [fmpq(0)]
        for powers, factor in top.to_dict().items():
            share = self._coefficient(powers, factor) / under
            total = add(total, [c * share for c in self._power_of_x(int(powers[0]))])
        return total

    def _term(self, index: int) -> Sum:
        if index not in self._sums:
            bell = self._bell(index)
            term = self._field.terms[index]
            self._sums[index] = self._make_term(term) if bell is None else bell.rest
        return self._sums[index]

    def _make_term(self, term: Term) -> Sum:
        if len(term.arguments) != 1:
            raise unshown()
        inside = term.arguments[0]
        if term.kind == "exp":
            # The exponent must be a polynomial in the variable: anything else is refused here.
            self._line(inside)
            return self._single([fmpq(1)], inside)
        if term.kind in {"sin", "cos"}:
            return self._single([arb(0, 1)])
        if term.kind == "ln":
            return self._logarithm(inside)
        if term.kind == "atan":
            way, least = self._way_out(inside)
            return self._single([way * least.atan().union(arb.pi() / 2)])
        if term.kind == "root" and term.order == 2:
            return self._single(root_line(self._line(inside), self._start))
        raise unshown()

    def _way_out(self, value: Fraction) -> tuple[int, arb]:
        """The direction in which a polynomial leaves 0 for infinity, and its least distance."""
        line = self._line(value)
        way = sign_of_line(line)
        if not way or not any(c * way > 0 for c in line[1:]):
            raise unshown()
        return way, to_ball(line[0]) * way

    def _bell(self, index: int) -> Bell | None:
        """How near a term comes to what it approaches; None for other terms."""
        if index not in self._bells:
            self._bells[index] = self._make_bell(self._field.terms[index])
        return self._bells[index]

    def _make_bell(self, term: Term) -> Bell | None:
        inside = term.arguments[0] if len(term.arguments) == 1 else None
        if inside is None or (term.kind not in _BELLS and not self._sharp):
            return None
        if term.kind in _BELLS:
            return self._error_function(term.kind, inside)
        if term.kind == "root" and term.order == 2:
            return self._near_line(inside)
        turn = self._field.index("pi")
        if term.kind != "atan" or turn is None:
            return None
        # 1/u - 1/(3*u^3) < pi/2 - atan(u) < 1/u for u > 0.
        way, least = self._way_out(inside)
        ball = finite((1 - 1 / (3 * least * least)).union(arb(1)))
        limit = self._field.symbol(turn) * fmpq(way, 2)
        return Bell(limit, [c * way for c in self._line(inside)], self._single([ball * -way]))

    def _near_line(self, inside: Fraction) -> Bell | None:
        """sqrt(p) - L = r/(sqrt(p) + L) for p = L^2 + r; sqrt(p) approaches the line L."""
        found = complete_square(inside, self._way)
        if found is None:
            return None
        slope, offset, rest = found
        limit = self._field.symbol(0) * slope + offset
        line = self._line((limit, self._field.constant(1)[0]))
        if sign_of_line(line) != 1:
            raise unshown()
        least = to_ball(line[0])
        ratio = finite(arb(1).union(1 + rest / (least * least)).sqrt())
        return Bell(limit, line, self._single([rest / (ratio + 1) if rest else fmpq(0)]))

    def _error_function(self, kind: str, inside: Fraction) -> Bell:
        """|u| times the function without its limit: a bell times a ball.

        Source: Mills' ratio, u/(1 + u^2) < (1 - Phi(u))/phi(u) < 1/u for u > 0.
        """
        way, least = self._way_out(inside)
        limits, rate, square = _BELLS[kind]
        scale = (arb.pi() * (2 if kind == "Phi" else 1)).sqrt()
        low = square * least * least
        ball = (low / (1 + low)).union(arb(1)) / scale
        exponent = self._field.scaled(self._field.multiply(inside, inside), rate)
        line = [c * way for c in self._line(inside)]
        return Bell(limits[way > 0], line, self._single([ball * -way], exponent))

    def _scale(self, index: int) -> Sum:
        """What terms without the function are multiplied by, to fit those with it."""
        bell = self._bell(index)
        return self._single([fmpq(1)] if bell is None else bell.scale)

    def sums(self, value: Fraction) -> tuple[Sum, Sum]:
        """Numerator and denominator as sums, both times the same positive function."""
        top, bottom = value
        above = self._times(self._read(top), self._scale_of(bottom))
        return above, self._times(self._read(bottom), self._scale_of(top))

    def _scale_of(self, polynomial: Any) -> Sum:
        """What reading the polynomial multiplies it by."""
        total = self._single([fmpq(1)])
        for index, most in self._moving(polynomial).items():
            for _ in range(most):
                total = self._times(total, self._scale(index))
        return total

    def line_between(self, upper: Fraction, lower: Fraction) -> Line:
        """The difference of two exponents in t.

        Raises:
            CertificateError: If it is no polynomial.
        """
        return self._line(self._field.add(upper, self._field.scaled(lower, -1)))

    def _logarithm(self, inside: Fraction) -> Sum:
        """ln(c*e^U*(1 + d)) = ln(c) + U + d*ball for small d, and slow growth for polynomials."""
        top, bottom = inside
        moving = [self._field.terms[i].kind for i in self._moving(top)]
        if not bottom.is_one() or not set(moving) <= {"exp", "sin", "cos", "ln", "atan"}:
            raise unshown()
        total = self._read(top)
        alone = next(iter(total.values())) if len(total) == 1 else None
        if alone is not None and alone[0][0].is_zero():
            return self._single(slow_growth(alone[1]))
        for exponent, line in total.values():
            if len(line) > 1 or not line[0] > 0:
                continue
            unit = self._single([1 / line[0]], self._field.scaled(exponent, -1))
            rest = self._plus(self._times(total, unit), self._single([fmpq(-1)]))
            size = self._bound(rest)
            if size is not None and size < fmpq(1, 2):
                # |ln(1 + d)/d - 1| <= |d| for |d| < 1/2.
                near = self._times(rest, self._single([1 + arb(0, size)]))
                start = add(self._line(exponent), [logarithm(line[0])])
                return self._plus(self._single(start), near)
        raise unshown()

    def _bound(self, total: Sum) -> arb | None:
        """What the sum of sinking terms never exceeds in size; None when one does not sink."""
        size = arb(0)
        for exponent, line in total.values():
            fall = [-c for c in self._line(exponent)]
            if not sinks(fall):
                return None
            size += largest(line, fall)
        return size.abs_upper()

    def _sign_of_sum(self, total: Sum) -> int:
        for key, (exponent, line) in total.items():
            sign = sign_of_line(line)
            if sign and self._dominates(total, key, exponent, to_ball(line[0]) * sign, sign):
                return sign
        raise unshown()

    def _dominates(self, total: Sum, key: str, exponent: Fraction, room: arb, sign: int) -> bool:
        for other, (power, rest) in total.items():
            if other == key or sign_of_line(rest) == sign:
                continue
            fall = self._line(self._field.add(exponent, self._field.scaled(power, -1)))
            if not sinks(fall):
                return False
            room -= largest(rest, fall)
        return bool(room > 0)


_CONSTANTS: Any = {
    "exp": arb.exp,
    "ln": arb.log,
    "sin": arb.sin,
    "cos": arb.cos,
    "atan": arb.atan,
    "erf": arb.erf,
    "Phi": lambda a: (-a / arb(2).sqrt()).erfc() / 2,
}

_BELLS: Any = {
    "erf": ((-1, 1), fmpq(-1), 2),
    "Phi": ((0, 1), fmpq(-1, 2), 1),
}
"""Limits at both infinities; the bell's exponent over u^2; the square in Mills' ratio over u^2."""
