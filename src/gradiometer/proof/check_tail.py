"""How fast a formula can grow far out, for the checker: bounds that hold on a whole half-line.

Everything is a bound of a logarithm: `ln |f(side*t)| <= c + l*t + s*t^2` for all `t >= start >= 1`.
Products add such bounds, powers stretch them, and the normal law integrates them in closed form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

from flint import arb, fmpq

from gradiometer.errors import CertificateError, GradiometerError, UndecidedError
from gradiometer.formula import (
    Apply,
    Exact,
    Name,
    Node,
    Number,
    Range,
    apply,
    evaluate,
    evaluate_range,
    free_names,
    to_ball,
    to_text,
)

_MOST_DEGREE = 12


@final
@dataclass(frozen=True)
class Growth:
    """The numbers c, l and s of a bound."""

    constant: arb
    linear: arb
    square: arb

    def times(self, other: Growth) -> Growth:
        """The bound of a product."""
        return Growth(
            self.constant + other.constant,
            self.linear + other.linear,
            self.square + other.square,
        )

    def power(self, exponent: arb) -> Growth:
        """The bound of a power that is not negative."""
        return Growth(self.constant * exponent, self.linear * exponent, self.square * exponent)

    def plus(self, other: Growth) -> Growth:
        """The bound of a sum: twice the larger one."""
        both = self.larger(other)
        return Growth(both.constant + arb(2).log(), both.linear, both.square)

    def larger(self, other: Growth) -> Growth:
        """A bound of both."""
        return Growth(
            self.constant.max(other.constant),
            self.linear.max(other.linear),
            self.square.max(other.square),
        )

    def tail(self, start: fmpq, variance: fmpq) -> arb:
        """A bound of the mean of |f| over all values from *start* on.

        Raises:
            CertificateError: If the bound grows as fast as the normal law decays.
        """
        a = 1 / arb(2 * variance) - self.square
        if not a > 0:
            raise CertificateError("The formula may grow as fast as the normal law decays.")
        centre = self.linear / (2 * a)
        height = (self.constant + self.linear * centre / 2).exp()
        root = a.sqrt()
        share = (root * (arb(start) - centre)).erfc() / (2 * root)
        return height * share / (2 * arb(variance)).sqrt()


def _bounded(value: Exact) -> Growth:
    """The bound by a constant."""
    size = to_ball(value).abs_upper()
    if not size.is_finite():
        raise CertificateError("A part of the formula has no enclosure far out.")
    # A part that is 0 is bounded by 1 as well.
    return Growth(arb(0) if size == 0 else size.log(), arb(0), arb(0))


_ONE = fmpq(1)


@final
class Ray:
    """All numbers `side*t` with `t >= start`; other names stand for every number in their balls."""

    def __init__(
        self, variable: str, side: int, start: fmpq, values: Mapping[str, arb] | None = None
    ) -> None:
        self._variable, self._side, self._start = variable, side, start
        self._known = values or {}
        far = Range(start, None) if side > 0 else Range(None, -start)
        fixed = {name: Range(arb(b.lower()), arb(b.upper())) for name, b in self._known.items()}
        self._ranges = {**fixed, variable: far}

    def varies(self, node: Node) -> bool:
        """Whether the formula depends on the place on the ray."""
        return self._variable in free_names(node)

    def constant(self, node: Node) -> arb:
        """All values of a formula that does not."""
        return to_ball(evaluate(node, self._known))

    def above(self, node: Node) -> Growth:
        """A bound of the formula's size.

        Raises:
            CertificateError: If none is found.
        """
        if not self.varies(node):
            return _bounded(self.constant(node))
        if isinstance(node, Name):
            # The logarithm lies below its tangent at the start.
            start = arb(self._start)
            return Growth(start.log() - 1, 1 / start, arb(0))
        if isinstance(node, Apply) and node.operator in _ABOVE:
            return _ABOVE[node.operator](self, *node.arguments)
        raise _no_bound(node)

    def below(self, node: Node) -> Growth:
        """A bound of one over the formula's size.

        Raises:
            CertificateError: If none is found.
        """
        if not self.varies(node):
            return _bounded(1 / self.constant(node))
        if isinstance(node, Name):
            return _bounded(1 / to_ball(self._start))
        if isinstance(node, Apply) and node.operator in _BELOW:
            return _BELOW[node.operator](self, *node.arguments)
        return self.away_from_zero(node)

    def away_from_zero(self, node: Node) -> Growth:
        """The bound of one over a formula whose values all have one sign."""
        values = self._values(node)
        if values is not None and values.lower is not None and values.lower > 0:
            return _bounded(1 / to_ball(values.lower))
        if values is not None and values.upper is not None and values.upper < 0:
            return _bounded(1 / to_ball(values.upper))
        terms = self._polynomial(node)
        if terms is not None and self._is_led(terms):
            *rest, top = terms
            return _bounded(1 / (self._size(top, len(rest)) - self._rest(rest)))
        raise _no_bound(node)

    def exponential(self, exponent: Node) -> Growth:
        """The bound of e to the power of a formula."""
        terms = self._polynomial(exponent)
        if terms is not None and len(terms) <= 3:
            return Growth(*terms, *[arb(0)] * (3 - len(terms)))
        if terms is not None and terms[-1] < 0 and self._is_led(terms):
            return _bounded(_ONE)
        values = self._values(exponent)
        if values is not None and values.upper is not None:
            return Growth(to_ball(values.upper), arb(0), arb(0))
        raise CertificateError(
            f"No bound of e^({to_text(exponent)}) is found that the normal law outweighs."
        )

    def logarithm(self, inside: Node) -> Growth:
        """The bound of a logarithm, which is a bound of its own logarithm."""
        bound = self.above(inside).larger(self.below(inside))
        parts = [part.max(arb(0)) for part in (bound.constant, bound.linear, bound.square)]
        degree = max(index for index, part in enumerate(parts) if index == 0 or not part.is_zero())
        total = parts[0] + parts[1] + parts[2]
        return _bounded(total).times(self.above(Name(self._variable)).power(arb(degree)))

    def _values(self, node: Node) -> Range | None:
        try:
            return evaluate_range(node, self._ranges)
        except (UndecidedError, GradiometerError, ValueError, ZeroDivisionError):
            return None

    def _is_led(self, terms: list[arb]) -> bool:
        """Whether the highest power outweighs the rest together on the whole ray."""
        *rest, top = terms
        return bool(self._size(top, len(rest)) > self._rest(rest))

    def _size(self, number: arb, power: int) -> arb:
        return abs(number) * arb(self._start) ** power

    def _rest(self, terms: list[arb]) -> arb:
        return sum((self._size(term, power) for power, term in enumerate(terms)), arb(0))

    def _polynomial(self, node: Node) -> list[arb] | None:
        """The coefficients in t when the formula is a polynomial."""
        if not self.varies(node):
            return [self.constant(node)]
        if isinstance(node, Name):
            return [arb(0), arb(self._side)]
        if not isinstance(node, Apply):
            return None
        first, *others = node.arguments
        if node.operator == "^" and isinstance(others[0], Number):
            return self._raised(first, others[0].value)
        if node.operator not in _SUMS:
            return None
        parts = [self._polynomial(argument) for argument in node.arguments]
        known = [part for part in parts if part is not None]
        if len(known) < len(parts) or (node.operator == "/" and len(known[1]) > 1):
            return None
        return _SUMS[node.operator](*known)

    def _raised(self, base: Node, exponent: fmpq) -> list[arb] | None:
        inside = self._polynomial(base)
        if inside is None or exponent.q != 1 or not 0 <= exponent <= _MOST_DEGREE:
            return None
        result = [arb(1)]
        for _ in range(int(exponent.p)):
            result = _product(result, inside)
        return result if len(result) <= _MOST_DEGREE + 1 else None


def _no_bound(node: Node) -> CertificateError:
    return CertificateError(f"No bound of `{to_text(node)[:60]}` far out is found.")


def _sum(left: list[arb], right: list[arb]) -> list[arb]:
    size = max(len(left), len(right))
    padded = [part + [arb(0)] * (size - len(part)) for part in (left, right)]
    return [a + b for a, b in zip(*padded, strict=True)]


def _opposite(part: list[arb]) -> list[arb]:
    return [-number for number in part]


def _product(left: list[arb], right: list[arb]) -> list[arb]:
    result = [arb(0)] * (len(left) + len(right) - 1)
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            result[i + j] += a * b
    return result


_SUMS: Mapping[str, Callable[..., list[arb]]] = {
    "+": _sum,
    "-": lambda left, right: _sum(left, _opposite(right)),
    "neg": _opposite,
    "*": _product,
    "/": lambda left, right: [number / right[0] for number in left],
}


def _power_above(ray: Ray, base: Node, exponent: Node) -> Growth:
    return _power(ray, base, exponent, 1)


def _power_below(ray: Ray, base: Node, exponent: Node) -> Growth:
    return _power(ray, base, exponent, -1)


def _power(ray: Ray, base: Node, exponent: Node, sign: int) -> Growth:
    """The bound of a power, or of one over it."""
    if not ray.varies(exponent):
        value = ray.constant(exponent) * sign
        if value >= 0:
            return ray.above(base).power(value)
        if value < 0:
            return ray.below(base).power(-value)
        raise _no_bound(apply("^", base, exponent))
    exponent = exponent if sign > 0 else apply("neg", exponent)
    if ray.varies(base):
        raise _no_bound(apply("^", base, exponent))
    return ray.exponential(apply("*", exponent, apply("ln", base)))


def _both_ways(ray: Ray, exponent: Node) -> Growth:
    return ray.exponential(exponent).larger(ray.exponential(apply("neg", exponent)))


def _at_most(bound: fmpq) -> Callable[..., Growth]:
    return lambda *_: _bounded(bound)


_ABOVE: Mapping[str, Callable[..., Growth]] = {
    "+": lambda ray, a, b: ray.above(a).plus(ray.above(b)),
    "-": lambda ray, a, b: ray.above(a).plus(ray.above(b)),
    "neg": lambda ray, a: ray.above(a),
    "*": lambda ray, a, b: ray.above(a).times(ray.above(b)),
    "/": lambda ray, a, b: ray.above(a).times(ray.below(b)),
    "^": _power_above,
    "exp": lambda ray, a: ray.exponential(a),
    "ln": lambda ray, a: ray.logarithm(a),
    "sqrt": lambda ray, a: ray.above(a).power(arb(fmpq(1, 2))),
    "sin": _at_most(_ONE),
    "cos": _at_most(_ONE),
    "atan": _at_most(fmpq(11, 7)),
    "sinh": _both_ways,
    "cosh": _both_ways,
    "tanh": _at_most(_ONE),
    "sigmoid": _at_most(_ONE),
    "softplus": lambda ray, a: _bounded(_ONE).plus(ray.above(a)),
    "erf": _at_most(_ONE),
    "erfc": _at_most(fmpq(2)),
    "Phi": _at_most(_ONE),
}

_BELOW: Mapping[str, Callable[..., Any]] = {
    "neg": lambda ray, a: ray.below(a),
    "*": lambda ray, a, b: ray.below(a).times(ray.below(b)),
    "/": lambda ray, a, b: ray.below(a).times(ray.above(b)),
    "^": _power_below,
    "exp": lambda ray, a: ray.exponential(apply("neg", a)),
    "sqrt": lambda ray, a: ray.below(a).power(arb(fmpq(1, 2))),
    "cosh": _at_most(_ONE),
    "sigmoid": lambda ray, a: _bounded(_ONE).plus(ray.exponential(apply("neg", a))),
}
