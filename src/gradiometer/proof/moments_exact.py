"""Means of polynomial pieces over a normal number, by the recursion of its truncated moments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import final

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    Constant,
    Interval,
    Name,
    Node,
    Number,
    apply,
    number,
    tidy,
    to_ratio,
    univariate,
)

_MOST_DEGREE = 64


@final
@dataclass
class _Sum:
    """A rational, plus tails P(z > e) and densities at e with rational factors."""

    constant: fmpq = field(default_factory=lambda: fmpq(0))
    tails: dict[fmpq, fmpq] = field(default_factory=lambda: defaultdict(lambda: fmpq(0)))
    bells: dict[fmpq, fmpq] = field(default_factory=lambda: defaultdict(lambda: fmpq(0)))

    def add_below(self, end: fmpq, factor: fmpq) -> None:
        """Add the factor times P(z < end)."""
        if end == 0:
            self.constant += factor / 2
        elif end > 0:
            self.constant += factor
            self.tails[end] -= factor
        else:
            self.tails[-end] += factor

    def add_bell(self, end: fmpq, factor: fmpq) -> None:
        """Add the factor times the density at the end."""
        self.bells[abs(end)] += factor


def find_exact(
    parts: Sequence[tuple[Interval, Node]], variable: str, variance: fmpq
) -> Node | None:
    """The sum of the integrals of polynomials over intervals, as a constant formula.

    Source: integration by parts, E[z^n] = variance*((n-1)*E[z^(n-2)] + boundary terms).

    Returns:
        A formula in `Phi`, `exp` and `pi`; None when a part is no polynomial over the rationals.
    """
    total = _Sum()
    for on, formula in parts:
        numbers = _read_polynomial(formula, variable)
        ends = [end.value if isinstance(end, Number) else end for end in (on.lower, on.upper)]
        rational = [end for end in ends if end is None or isinstance(end, fmpq)]
        if numbers is None or len(rational) < len(ends):
            return None
        _add_part(total, rational[0], rational[1], numbers, variance)
    return _spell(total, variance)


def _read_polynomial(formula: Node, variable: str) -> list[fmpq] | None:
    if isinstance(formula, Number):
        return [formula.value]
    try:
        ratio = to_ratio(formula)
        constant = ratio.constant()
        if constant is not None:
            return [constant] if isinstance(constant, fmpq) else None
        found = univariate(ratio)
    except UndecidedError:
        return None
    if found is None or found[0].node != Name(variable) or found[2].degree() > 0:
        return None
    numbers = [fmpq(c) / fmpq(found[2].coeffs()[0]) for c in found[1].coeffs()]
    return numbers if len(numbers) <= _MOST_DEGREE else None


def _add_part(
    total: _Sum, lower: fmpq | None, upper: fmpq | None, numbers: list[fmpq], variance: fmpq
) -> None:
    """Add the integral of the polynomial between the ends."""
    rest = list(numbers)
    for power in range(len(rest) - 1, 0, -1):
        factor = rest[power] * variance
        if power >= 2:
            rest[power - 2] += factor * (power - 1)
        for end, sign in ((lower, 1), (upper, -1)):
            if end is not None:
                total.add_bell(end, sign * factor * end ** (power - 1))
    if upper is None:
        total.constant += rest[0]
    else:
        total.add_below(upper, rest[0])
    if lower is not None:
        total.add_below(lower, -rest[0])


def _spell(total: _Sum, variance: fmpq) -> Node:
    """The sum as a constant formula."""
    deviation = apply("sqrt", number(variance))
    bottom = apply("sqrt", apply("*", number(2 * variance), Constant("pi")))
    terms: list[tuple[fmpq, Node | None]] = [(total.constant, None)]
    for end, factor in _sorted(total.tails):
        terms.append((factor, apply("Phi", tidy(apply("/", number(-end), deviation)))))
    for end, factor in _sorted(total.bells):
        height = number(1) if end == 0 else apply("exp", number(-end * end / (2 * variance)))
        terms.append((factor, apply("/", height, bottom)))
    kept = [(factor, node) for factor, node in terms if factor != 0]
    result: Node = number(0)
    for index, (factor, node) in enumerate(kept):
        size = abs(factor) if index else factor
        term = number(size) if node is None else apply("*", number(size), node)
        result = term if index == 0 else apply("+" if factor > 0 else "-", result, term)
    return tidy(result)


def _sorted(factors: Mapping[fmpq, fmpq]) -> list[tuple[fmpq, fmpq]]:
    return sorted(factors.items(), key=lambda item: item[0])
