"""Limits at infinity, by the terms of a quotient that dominate far out.

The formula less its limit is a quotient N/D of sums of terms p(t)*e^U(t). D has a leading term,
beside which its others sink. N/D falls to 0 when all terms of N sink beside it too, or have the
same exponent and a lower degree; it grows beyond all bounds when N's leading term rises above it.
"""

from __future__ import annotations

from collections.abc import Sequence

from flint import arb, fmpq

from gradiometer.errors import CertificateError
from gradiometer.formula import Node, precision, to_ball
from gradiometer.proof.check_course import BITS, VARIABLE, Limit
from gradiometer.proof.check_far import Sum, Tail
from gradiometer.proof.check_far_line import Line, sign_of_line, sinks
from gradiometer.proof.check_field import Fraction
from gradiometer.proof.check_terms import Terms
from gradiometer.proof.check_walk import require


def check_far_limit(
    formula: Node, limit: Limit, generators: Sequence[Node], *, start: fmpq, to_right: bool
) -> None:
    """Accept the limit of a formula at an infinite end.

    Args:
        formula: It has a value far out, save at isolated points.
        limit: A constant, or 1 or -1 for an infinite one.
        generators: The terms that formula and limit are written in.
        start: Where the tail begins, on its own side of 0.
        to_right: Which end.

    Raises:
        CertificateError: If the terms do not show it.
    """
    distance = start if to_right else -start
    require(distance > 0, "A tail begins on its own side of 0.")
    terms = Terms([VARIABLE], generators)
    value = terms.read(formula)
    if not isinstance(limit, int):
        value = terms.field.add(value, terms.field.scaled(terms.read(limit), -1))
    require(not terms.field.unused(), "The evidence names a generator that is not used.")
    with precision(BITS):
        tail = Tail(terms, distance, to_right=to_right, sharp=True)
        above, below = tail.sums(value)
        if isinstance(limit, int):
            require(_rise(tail, above, below) == limit, "The formula does not grow that way.")
        else:
            require(_vanishes(tail, above, below), "The formula does not fall to the limit.")


def _leading(tail: Tail, total: Sum) -> tuple[str, Fraction, Line, int]:
    """The term beside which all others sink, with its sign."""
    for key, (exponent, line) in total.items():
        sign = sign_of_line(line)
        if sign and all(
            other == key or _sinks(tail, power, exponent) for other, (power, _) in total.items()
        ):
            return key, exponent, line, sign
    raise CertificateError("No term dominates far out.")


def _sinks(tail: Tail, exponent: Fraction, beside: Fraction) -> bool:
    try:
        return sinks(tail.line_between(beside, exponent))
    except CertificateError:
        return False


def _vanishes(tail: Tail, above: Sum, below: Sum) -> bool:
    key, exponent, line, _ = _leading(tail, below)
    for other, (power, rest) in above.items():
        if other == key:
            if _most_degree(rest) >= _least_degree(line):
                return False
        elif not _sinks(tail, power, exponent):
            return False
    return True


def _rise(tail: Tail, above: Sum, below: Sum) -> int:
    """The sign with which the quotient goes to infinity."""
    key, exponent, line, sign = _leading(tail, below)
    first, power, over, way = _leading(tail, above)
    if first == key:
        # The denominator may be as steep as its last coefficient, however small that is.
        require(_least_degree(over) > _most_degree(line), "The quotient may stay bounded.")
    else:
        require(_sinks(tail, exponent, power), "The quotient may stay bounded.")
    return sign * way


def _least_degree(line: Line) -> int:
    """A power of t that the size of a line with one sign reaches, times a positive number."""
    return max(k for k, factor in enumerate(line) if abs(to_ball(factor)) > 0)


def _most_degree(line: Line) -> int:
    """A power of t that the line never exceeds, times a number."""
    return max((k for k, factor in enumerate(line) if not _is_nothing(factor)), default=0)


def _is_nothing(factor: arb | fmpq) -> bool:
    return factor.is_zero() if isinstance(factor, arb) else factor == 0
