"""How a rate fades, for the checker: it lies between two multiples of `k^p * e^(-d*k)`.

A formula in k is followed from its leaves up. Each part is positive and lies, for every real
`k >= N`, between `low*k^p*e^(-d*k)` and `high*k^p*e^(-d*k)`. Of a sum one term leads; the others,
which may be negative, are at most a multiple of it that only falls from N on. What is read in no
such way, a logarithm or what swings, say, is refused.

So the rate vanishes where d > 0, or where d is 0 and p < 0. Its sum is infinite where d is 0 and
`p >= -1`, and finite where d > 0 or `p < -1`: then the sum from N on is at most that of a geometric
series, or an integral from N - 1/2 (`k^p` is convex).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from flint import arb, fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    ONE,
    ZERO,
    Apply,
    Constant,
    Exact,
    Name,
    Node,
    Range,
    apply,
    at_point,
    compare,
    evaluate_range,
    map_children,
    to_ball,
)

_ZERO, _ONE = fmpq(0), fmpq(1)
_COUNT = Name("k")


@final
@dataclass(frozen=True)
class Fade:
    """Between which multiples of `k^power * e^(-decay*k)` something positive lies."""

    low: arb
    """Above 0."""
    high: arb
    power: fmpq
    decay: Exact

    @property
    def vanishes(self) -> bool:
        """Whether it comes as close to 0 as you like and stays there."""
        order = compare(self.decay, _ZERO)
        return order > 0 or (order == 0 and self.power < 0)

    @property
    def is_endless(self) -> bool:
        """Whether its sum over all steps to come is certainly infinite."""
        return compare(self.decay, _ZERO) == 0 and self.power >= -1

    @property
    def is_summable(self) -> bool:
        """Whether its sum over all steps to come is certainly finite."""
        order = compare(self.decay, _ZERO)
        return order > 0 or (order == 0 and self.power < -1)

    def most(self, done: int) -> arb:
        """What it never exceeds from that many steps on."""
        return (self.high * _most(self.power, self.decay, done)).upper()

    def sum_from(self, done: int) -> arb:
        """What the sum from that many steps on does not exceed.

        Raises:
            UndecidedError: If that is not shown.
        """
        if not self.is_summable:
            raise UndecidedError("the sum of the rates may be infinite")
        first = to_ball(fmpq(done))
        if compare(self.decay, _ZERO) == 0:
            rest = (first - fmpq(1, 2)) ** to_ball(self.power + 1) / -(self.power + 1)
            return (self.high * rest).upper()
        growth = ((first + 1) / first) ** to_ball(max(self.power, _ZERO))
        ratio = (growth * (-to_ball(self.decay)).exp()).upper()
        if not ratio < 1:
            raise UndecidedError("the rates do not fall from the first step on")
        value = _value(self.power, self.decay, done)
        return (self.high * value / (1 - ratio)).upper()


def read_fade(tree: Node, values: Mapping[str, fmpq], done: int) -> Fade:
    """How a formula in `k` fades from *done* steps on.

    Args:
        tree: The formula.
        values: What its other names stand for.
        done: A number of steps, at least 1.

    Raises:
        UndecidedError: If it is not certainly positive and of this kind.
    """
    if done < 1:
        raise UndecidedError("the first rate is no power of the step")
    known = {name: at_point(value) for name, value in values.items()}
    reader = _Reader({**known, "k": Range(fmpq(done), None)}, done)
    return reader.read(reader.settle(tree))


def _value(power: fmpq, decay: Exact, done: int) -> arb:
    return to_ball(fmpq(done)) ** to_ball(power) * (-to_ball(decay) * done).exp()


def _most(power: fmpq, decay: Exact, done: int) -> arb:
    """The most that `k^power * e^(-decay*k)` is for k from *done* on.

    Raises:
        UndecidedError: If it may rise there.
    """
    order = compare(decay, _ZERO)
    rises = order < 0 or (order == 0 and power > 0)
    # Its slope is negative beyond k = power/decay.
    if rises or (order > 0 and compare(power, decay * done) > 0):
        raise UndecidedError("a part of the rate may still rise")
    return _value(power, decay, done).upper()


@final
@dataclass(frozen=True)
class _Slant:
    """Between `rise*k + low` and `rise*k + high`."""

    rise: fmpq
    low: Exact
    high: Exact


@final
@dataclass(frozen=True)
class _Reader:
    ranges: Mapping[str, Range]
    done: int

    def settle(self, node: Node) -> Node:
        """The tree without branches and without the larger or smaller one that never is."""
        if not isinstance(node, Apply):
            return node
        if node.operator == "where":
            condition, inner, outer = node.arguments
            truth = evaluate_range(apply("where", condition, ONE, ZERO), self.ranges)
            if not truth.is_single:
                raise UndecidedError("the rate has branches at all times")
            return self.settle(inner if truth.lower == 1 else outer)
        node = map_children(node, self.settle)
        assert isinstance(node, Apply)
        if node.operator == "clip":
            inner, low, high = node.arguments
            return self.settle(apply("min", apply("max", inner, low), high))
        if node.operator in ("max", "min") and len(node.arguments) == 2:
            left, right = node.arguments
            gap = evaluate_range(apply("-", left, right), self.ranges)
            above = gap.lower is not None and compare(gap.lower, _ZERO) >= 0
            below = gap.upper is not None and compare(gap.upper, _ZERO) <= 0
            if above or below:
                return left if above == (node.operator == "max") else right
        return node

    def _constant(self, node: Node) -> Exact | None:
        """The one value that it has from now on, if it has."""
        try:
            span = evaluate_range(node, self.ranges)
        except UndecidedError:
            return None
        return span.lower if span.is_single else None

    def read(self, node: Node) -> Fade:
        """How a settled tree fades."""
        constant = self._constant(node)
        if constant is not None:
            if compare(constant, _ZERO) <= 0:
                raise UndecidedError("a part of the rate is not positive")
            ball = to_ball(constant)
            return Fade(ball.lower(), ball.upper(), _ZERO, _ZERO)
        if node == _COUNT:
            return Fade(arb(1), arb(1), _ONE, _ZERO)
        if not isinstance(node, Apply):
            raise UndecidedError("the rate has a part of another kind")
        if node.operator in ("+", "-", "neg"):
            return self._sum(self._terms(node, 1))
        if node.operator in ("*", "/"):
            left, right = map(self.read, node.arguments)
            return _times(left, right if node.operator == "*" else _power(right, fmpq(-1)))
        if node.operator in ("^", "exp"):
            return self._read_power(node)
        if node.operator == "sqrt":
            return _power(self.read(node.arguments[0]), fmpq(1, 2))
        if node.operator == "floor":
            return self._floor(self.read(node.arguments[0]))
        raise UndecidedError(f"how fast `{node.operator}` fades is not known")

    def _read_power(self, node: Apply) -> Fade:
        base, exponent = (
            node.arguments if node.operator == "^" else (Constant("e"), *node.arguments)
        )
        known = self._constant(base)
        if known is None:
            power = self._constant(exponent)
            if not isinstance(power, fmpq):
                raise UndecidedError("a power of the rate is no rational number")
            return _power(self.read(base), power)
        if compare(known, _ZERO) <= 0:
            raise UndecidedError("the base of a power is not positive")
        slant = self._slant(exponent)
        natural = base == Constant("e")
        log: Exact = _ONE if natural else _ZERO if known == 1 else to_ball(known).log()
        ends = (to_ball(log * end).exp() for end in (slant.low, slant.high))
        first, last = ends
        return Fade(first.min(last).lower(), first.max(last).upper(), _ZERO, -slant.rise * log)

    def _slant(self, node: Node) -> _Slant:
        """Between which parallel lines an exponent lies."""
        constant = self._constant(node)
        if constant is not None:
            return _Slant(_ZERO, constant, constant)
        if node == _COUNT:
            return _Slant(_ONE, _ZERO, _ZERO)
        if not isinstance(node, Apply):
            raise UndecidedError("an exponent has a part of another kind")
        if node.operator in ("+", "-"):
            one, other = map(self._slant, node.arguments)
            other = _scaled(other, fmpq(-1)) if node.operator == "-" else other
            return _Slant(one.rise + other.rise, one.low + other.low, one.high + other.high)
        if node.operator == "neg":
            return _scaled(self._slant(node.arguments[0]), fmpq(-1))
        if node.operator == "floor":
            inner = self._slant(node.arguments[0])
            return _Slant(inner.rise, inner.low - 1, inner.high)
        if node.operator in ("*", "/"):
            left, right = node.arguments
            share = self._constant(right)
            if share is None and node.operator == "*":
                left, share = right, self._constant(left)
            if isinstance(share, fmpq) and (node.operator == "*" or share != 0):
                return _scaled(self._slant(left), share if node.operator == "*" else 1 / share)
        raise UndecidedError("an exponent is no line")

    def _terms(self, node: Node, sign: int) -> list[tuple[int, Fade]]:
        """The terms of a sum with their signs; those that are 0 are left out."""
        constant = self._constant(node)
        if constant is not None:
            order = compare(constant, _ZERO)
            ball = to_ball(constant) * order
            return [(sign * order, Fade(ball.lower(), ball.upper(), _ZERO, _ZERO))] if order else []
        if isinstance(node, Apply) and node.operator in ("+", "-", "neg"):
            *first, last = node.arguments
            turned = -sign if node.operator in ("-", "neg") else sign
            return [t for part in first for t in self._terms(part, sign)] + self._terms(
                last, turned
            )
        return [(sign, self.read(node))]

    def _sum(self, terms: list[tuple[int, Fade]]) -> Fade:
        if not terms:
            raise UndecidedError("the rate is 0")
        lead = terms[0][1]
        for _, term in terms[1:]:
            if _outlasts(term, lead):
                lead = term
        low = high = arb(0)
        for sign, term in terms:
            share = _most(term.power - lead.power, term.decay - lead.decay, self.done)
            equal = term.power == lead.power and compare(term.decay, lead.decay) == 0
            if sign > 0:
                high += term.high * share
                low += term.low if equal else 0
            else:
                low -= term.high * share
                high -= term.low if equal else 0
        if not low.lower() > 0:
            raise UndecidedError("a difference in the rate may not be positive yet")
        return Fade(low.lower(), high.upper(), lead.power, lead.decay)

    def _floor(self, inner: Fade) -> Fade:
        """`y - 1 < floor(y) <= y`, and `y - 1` is at least `y*(1 - 1/m)` where y is at least m."""
        rises = compare(inner.decay, _ZERO) <= 0 and inner.power >= 0
        least = (inner.low * _value(inner.power, inner.decay, self.done)).lower()
        if not rises or not least > 1:
            raise UndecidedError("a whole part in the rate may be 0")
        return Fade((inner.low * (1 - 1 / least)).lower(), inner.high, inner.power, inner.decay)


def _outlasts(term: Fade, lead: Fade) -> bool:
    """Whether a term is in the end larger than any multiple of another one."""
    order = compare(term.decay, lead.decay)
    return order < 0 or (order == 0 and term.power > lead.power)


def _scaled(slant: _Slant, share: fmpq) -> _Slant:
    low, high = share * slant.low, share * slant.high
    return _Slant(share * slant.rise, *((low, high) if share >= 0 else (high, low)))


def _times(left: Fade, right: Fade) -> Fade:
    return Fade(
        (left.low * right.low).lower(),
        (left.high * right.high).upper(),
        left.power + right.power,
        left.decay + right.decay,
    )


def _power(base: Fade, power: fmpq) -> Fade:
    low, high = (to_ball(end) ** to_ball(power) for end in (base.low, base.high))
    if power < 0:
        low, high = high, low
    return Fade(low.lower(), high.upper(), base.power * power, base.decay * power)
