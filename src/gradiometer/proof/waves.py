"""Functions that swing for ever: polynomials in x whose factors are sums of waves.

A sum of waves is decided on one period. Where it stands before the highest power of x, it tells
what happens far out: a factor of one sign leads to infinity, and one of both signs has values
beyond every bound on both sides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

from flint import arb, fmpq, fmpq_poly

from gradiometer.errors import CertificateError, UndecidedError
from gradiometer.formula import (
    REALS,
    Apply,
    Constant,
    Interval,
    Node,
    Number,
    apply,
    number,
    precision,
    tidy,
    walk,
)
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.check_wave import (
    Swing,
    check_wave,
    find_rate,
    find_word,
    read_swing,
    to_tangent,
)
from gradiometer.proof.extended import MINUS, PLUS, Enclosed, Extended, Infinite, compare_extended
from gradiometer.proof.identity import accept, spell_formula

_BITS = 320
_SIGNS = {"positive": 1, "negative": -1, "nonnegative": 1, "nonpositive": -1}


@final
@dataclass(frozen=True)
class Peak:
    """A place where the slope of a sum of waves is 0, and the value there."""

    at: Node | Enclosed
    value: Node | Enclosed
    tangent: fmpq | arb | None
    """tan(rate*x/2) there; None is infinity."""


@final
@dataclass(frozen=True, eq=False)
class Waves:
    """A formula as a polynomial in the variable with sums of waves as factors."""

    node: Node
    variable: str
    swing: Swing

    @cached_property
    def word(self) -> str:
        """The sign of the factor of the highest power of the variable."""
        return find_word(self.swing[-1])

    @property
    def is_periodic(self) -> bool:
        """Whether no power of the variable is left."""
        return len(self.swing) == 1

    def period(self) -> Node | None:
        """The least period; None where a power of the variable is left.

        A sum of waves has one Fourier series, so a period is one of each of its waves.
        """
        if not self.is_periodic:
            return None
        return _over(Constant("pi"), find_rate(self.swing[0]) / 2)

    def may_settle(self) -> bool:
        """Whether it may tend to something far out: False is proved, True is not."""
        return not self.is_periodic and self.word != "mixed"

    def limit(self, way: int) -> Infinite | None:
        """The infinity it tends to on the right (way 1) or on the left; None when to none."""
        sign = _SIGNS.get(self.word)
        if self.is_periodic or self.word not in {"positive", "negative"} or sign is None:
            return None
        return Infinite(sign * way ** (len(self.swing) - 1))

    def bounds(self) -> tuple[Extended, Extended]:
        """The least and the greatest value, or infinity where there is none.

        Raises:
            UndecidedError: If they are not decided.
        """
        if self.is_periodic:
            return _furthest(self.peaks, -1).value, _furthest(self.peaks, 1).value
        ends = (self.limit(-1), self.limit(1))
        if self._decided() != "mixed" and ends[0] == ends[1]:
            raise UndecidedError("the least value of what swings and grows is not decided")
        return MINUS, PLUS

    def extremum(self, way: int) -> Peak | None:
        """A place of the greatest (way 1) or least value; None when there is none.

        Raises:
            UndecidedError: If several places cannot be told apart.
        """
        if not self.is_periodic:
            self.bounds()
            return None
        best = _furthest(self.peaks, way)
        if not isinstance(best, Peak):
            raise UndecidedError("two extreme values cannot be told apart")
        return best

    def signs(self) -> set[int] | None:
        """The signs it has except at single points; None when they are not decided."""
        if not self.is_periodic and self.word != "mixed":
            return None
        return {-1, 1} if self.word == "mixed" else {_SIGNS[self.word]}

    def certificate(self) -> dict[str, Any]:
        """The certificate of the sign of what is periodic.

        Raises:
            UndecidedError: If a power of the variable is left.
        """
        if not self.is_periodic:
            raise UndecidedError("the sign of what swings and grows is not decided")
        problem = {"formula": spell_formula(self.node), "variable": self.variable}
        proof = make_certificate("wave", problem=problem, claim={"sign": self.word}, evidence={})
        accept(check_wave, proof)
        return proof

    @cached_property
    def peaks(self) -> tuple[Peak, ...]:
        """Where the slope is 0 in one period, from t = -infinity on."""
        wave = self.swing[0]
        rate, (top, most) = find_rate(wave), to_tangent(wave)
        slope, _ = to_tangent({r: (r * b, -r * a) for r, (a, b) in wave.items() if r})
        polynomial = fmpq_poly(top)
        roots = list(_roots(fmpq_poly(slope)))
        if not any(odd for _, odd in wave.values()):
            # An even function has the same values at mirrored places.
            roots = [root for root in roots if not root < 0]
        peaks = [_peak(polynomial, most, root, rate) for root in roots]
        if len(slope) - 1 < most:
            # t = infinity is x = pi/rate.
            last = Number(top[most] if len(top) > most else fmpq(0))
            peaks.append(Peak(_over(Constant("pi"), rate), last, None))
        return tuple(peaks)

    def _decided(self) -> str:
        if self.word not in {"positive", "negative", "mixed"}:
            raise UndecidedError("what happens far out where a growing swing touches 0")
        return self.word


@final
@dataclass(frozen=True)
class _Several:
    """A value of two places or more that share a ball."""

    value: Enclosed


def read_waves(node: Node, variable: str, on: Interval) -> Waves | None:
    """The formula as waves; None when it is no such formula, or swings in no way, on the line.

    Example:
        >>> from gradiometer.formula import parse
        >>> read_waves(parse("x + sin(x)^2").tree, "x", REALS).limit(1).sign
        1
    """
    if Interval(on.lower, on.upper) != REALS:
        return None
    operators = {part.operator for part in walk(node) if isinstance(part, Apply)}
    if not operators & {"sin", "cos"}:
        return None
    try:
        swing = read_swing(node, variable)
        for wave in swing:
            # Rates too far apart for one tangent are refused here, not in the midst of a fact.
            to_tangent(wave)
    except CertificateError:
        return None
    moves = any(rate for wave in swing for rate in wave)
    return Waves(node, variable, swing) if moves else None


def _roots(polynomial: fmpq_poly) -> Iterator[fmpq | arb]:
    """The different real roots from left to right."""
    found: list[tuple[arb, fmpq | arb]] = []
    _, factors = polynomial.factor()
    with precision(_BITS):
        for factor, _ in factors:
            if factor.degree() == 1:
                exact = -factor[0] / factor[1]
                found.append((arb(exact), exact))
                continue
            isolated: Any = factor.complex_roots()
            found += [(root.real, root.real) for root, _ in isolated if root.imag == 0]
    yield from (root for _, root in sorted(found, key=lambda pair: float(pair[0].mid())))


def _peak(top: fmpq_poly, most: int, root: fmpq | arb, rate: fmpq) -> Peak:
    if isinstance(root, fmpq):
        value = Number(top(root) / (1 + root * root) ** (most // 2))
        return Peak(_place(root, rate), value, root)
    with precision(_BITS):
        total = arb(0)
        for coefficient in reversed(top.coeffs()):
            total = total * root + arb(coefficient)
        value = total / (1 + root * root) ** (most // 2)
        return Peak(Enclosed(2 * root.atan() / arb(rate)), Enclosed(value), root)


def _place(tangent: fmpq, rate: fmpq) -> Node:
    """The x with tan(rate*x/2) = tangent."""
    if tangent == 0:
        return number(0)
    if abs(tangent) == 1:
        return _over(Constant("pi"), 2 * tangent * rate)
    return _over(apply("atan", number(tangent)), rate / 2)


def _over(node: Node, factor: fmpq) -> Node:
    return tidy(apply("*", number(1 / factor), node))


def _furthest(peaks: tuple[Peak, ...], way: int) -> Peak | _Several:
    best: Peak | _Several = peaks[0]
    for peak in peaks[1:]:
        try:
            order = compare_extended(peak.value, best.value) * way
        except UndecidedError:
            if not isinstance(best.value, Enclosed):
                raise
            best = _Several(best.value.joined(peak.value))
            continue
        best = peak if order > 0 else best
    return best
