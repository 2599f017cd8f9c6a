"""Replays the mean of a function of a normal number: integrates again, and bounds what is left."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from flint import acb, arb, fmpq

from gradiometer.errors import CertificateError
from gradiometer.formula import (
    ONE,
    Interval,
    Node,
    Piece,
    apply,
    compile_analytic,
    differentiate,
    evaluate,
    free_names,
    from_decimal,
    is_zero,
    number,
    parse,
    precision,
    to_ball,
    to_piecewise,
    to_text,
)
from gradiometer.proof.check_tail import Ray
from gradiometer.proof.check_walk import fields, read_rational, require

_VARIABLE = "x"
_OF = ("value", "square", "slope_square", "dead")
_DIGITS = re.compile(r"-?[1-9]\.[0-9]{29}e(0|-?[1-9][0-9]?)")
"""Thirty significant digits, written in one way."""
_LEAST = fmpq(1, 10**30)
_SMALLEST_POWER = -90
_LEAST_BITS, _SPARE_BITS = 100, 30
_MOST_EVALUATIONS = 20_000
_LONGEST = 4_000
_PROBES = (fmpq(1, 3), fmpq(5, 7), fmpq(1, 11))


def check_moment(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept 30 digits of a mean over z with the normal law of mean 0 and that variance.

    The mean is that of f(z), of its square, of the square of its slope, or of being on a stretch
    where the slope is 0.

    Raises:
        CertificateError: If the digits are not those of the integral, or that is not certain.
    """
    text, of, law = fields(problem, "formula", "of", "variance")
    (digits,) = fields(claim, "digits")
    fields(evidence)
    require(isinstance(of, str) and of in _OF, "What the mean is of is not known.")
    variance = read_rational(law)
    require(fmpq(1, 10**6) <= variance <= 10**6, "The variance is not within what is replayed.")
    value, allowed = read_digits(digits)
    bits = max(_LEAST_BITS, _bits(allowed)) + _SPARE_BITS
    with precision(bits):
        found = arb(0)
        for piece in _read_pieces(text, of):
            found += _integrate(piece, variance, allowed)
        require(found.is_finite(), "The integral has no enclosure.")
        require(abs(found - arb(value)) <= arb(allowed), "The integral has other digits.")


def read_digits(digits: Any) -> tuple[fmpq, fmpq]:
    """The number and half a unit of its last digit; "0" is a number below 1e-30."""
    require(isinstance(digits, str), "The digits must be a text.")
    if digits == "0":
        return fmpq(0), _LEAST
    require(_DIGITS.fullmatch(digits) is not None, "The digits are not 30 significant ones.")
    power = int(digits.partition("e")[2])
    require(power >= _SMALLEST_POWER, "The number is too small to be replayed.")
    return from_decimal(digits), fmpq(10) ** (power - 29) / 2


def _bits(allowed: fmpq) -> int:
    """Bits after the point that a number needs to be told from its neighbours."""
    return int(allowed.q).bit_length() - int(allowed.p).bit_length() + 1


def _read_pieces(text: Any, of: str) -> list[Piece]:
    """What is integrated where."""
    require(isinstance(text, str) and len(text) <= _LONGEST, "The formula must be a text.")
    tree = parse(text).tree
    require(to_text(tree) == text, "The formula is spelled in another way.")
    require(free_names(tree) <= {_VARIABLE}, "The formula holds another name.")
    pieces = [p for p in to_piecewise(tree, _VARIABLE).pieces if not p.on.is_point]
    require(bool(pieces), "The function has no value anywhere.")
    ends = pieces[0].on.lower is None and pieces[-1].on.upper is None
    whole = ends and all(a.on.upper == b.on.lower for a, b in pairwise(pieces))
    require(whole, "The function has no value on a whole stretch.")
    return [Piece(p.on, node) for p in pieces for node in _integrands(p, of)]


def _integrands(piece: Piece, of: str) -> Iterator[Node]:
    if of == "value":
        yield piece.formula
    elif of == "square":
        yield apply("^", piece.formula, number(2))
    else:
        slope = differentiate(piece.formula, _VARIABLE)
        if of == "slope_square":
            yield apply("^", slope, number(2))
        elif is_zero(slope):
            yield ONE
        else:
            require(_differs(slope, piece.on), "Whether a slope is 0 throughout is not certain.")


def _differs(slope: Node, on: Interval) -> bool:
    """Whether the slope is certainly not 0 at some point of the piece."""
    lower, upper = (None if e is None else to_ball(evaluate(e, {})) for e in (on.lower, on.upper))
    low = lower if lower is not None else (upper - 3 if upper is not None else arb(-2))
    high = upper if upper is not None else low + 3
    for share in _PROBES:
        value = to_ball(evaluate(slope, {_VARIABLE: low + (high - low) * share}))
        if value.is_finite() and not value.contains(0):
            return True
    return False


def _integrate(piece: Piece, variance: fmpq, allowed: fmpq) -> arb:
    """The part of the mean that belongs to the piece."""
    ends: list[arb] = []
    total = arb(0)
    for side, end, other in (
        (-1, piece.on.lower, piece.on.upper),
        (1, piece.on.upper, piece.on.lower),
    ):
        if end is not None:
            ends.append(to_ball(evaluate(end, {})))
            continue
        start, rest = _cut(piece.formula, side, other, variance, allowed)
        total += arb(0, rest.abs_upper())
        ends.append(arb(side * start))
    # Not at the middle: there an odd integrand would have its zero on the cut.
    inner = ends[0] + (ends[1] - ends[0]) * fmpq(4, 9)
    integrand = _weighed(piece.formula, variance)
    for low, high in ((ends[0], inner), (inner, ends[1])):
        part = acb.integral(integrand, low, high, eval_limit=_MOST_EVALUATIONS)
        require(part.imag.contains(0), "The integral is not real.")
        total += part.real
    return total


def _weighed(formula: Node, variance: fmpq) -> Any:
    """The formula times the density of the normal law."""
    run = compile_analytic(formula, _VARIABLE)
    rate, scale = arb(-1 / (2 * variance)), (2 * arb(variance) * arb.pi()).sqrt()
    return lambda point, analytic: run(point, analytic) * (point * point * rate).exp() / scale


def _cut(
    formula: Node, side: int, other: Node | None, variance: fmpq, allowed: fmpq
) -> tuple[fmpq, arb]:
    """Where the tail begins, and a bound of all that lies in it."""
    deviation = fmpq(int(arb(variance).sqrt().ceil().unique_fmpz() or 1))
    least = fmpq(2)
    if other is not None:
        beyond = (to_ball(evaluate(other, {})) * side).abs_upper().ceil().unique_fmpz()
        if beyond is None:
            raise CertificateError("An end of a piece is not known.")
        least = max(least, fmpq(beyond) + 1)
    problem = CertificateError("The tail of the integral is not small enough.")
    for deviations in (13, 14, 16, 19, 24, 31, 40, 60):
        start = max(least, deviations * deviation)
        try:
            rest = Ray(_VARIABLE, side, start).above(formula).tail(start, variance)
        except CertificateError as error:
            problem = error
            continue
        if rest.is_finite() and rest < arb(allowed) / 10**6:
            return start, rest
    raise problem
