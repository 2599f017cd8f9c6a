"""Replays that a function is odd, even or periodic.

Odd and even: each piece is the mirror image of the piece as far from the other end. Periodic: the
formula is a polynomial in waves sin(a*x + b) with rational rates a, so all its frequencies are
multiples of one; that the shares 1/k of its period are no periods is seen at points.
"""

from __future__ import annotations

from typing import Any

from flint import fmpq, fmpz

from gradiometer.errors import CertificateError, UndecidedError
from gradiometer.formula import (
    Apply,
    Constant,
    Name,
    Node,
    Number,
    apply,
    compare,
    compare_nodes,
    differentiate,
    evaluate,
    free_names,
    number,
    precision,
    sign_of,
    substitute,
    tidy,
    to_ball,
)
from gradiometer.proof.check_course import (
    VARIABLE,
    Course,
    ends_of,
    is_equal,
    read_course,
    read_exact,
    value_of,
    value_there,
)
from gradiometer.proof.check_formula import check_equal
from gradiometer.proof.check_walk import fields, read_rational, require

_MOST_WAVES = 12
_LADDER = (128, 512)


def check_symmetry(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept that a function is odd, even, or periodic with that least period.

    Raises:
        CertificateError: If the evidence does not show it.
    """
    course = read_course(*fields(problem, "formula", "variable"))
    if isinstance(claim, dict) and claim.get("symmetry") == "periodic":
        _, period = fields(claim, "symmetry", "period")
        _check_period(course, read_exact(period), evidence)
        return
    (word,) = fields(claim, "symmetry")
    require(word in ("odd", "even"), "The symmetry is not known.")
    (rows,) = fields(evidence, "rows")
    count = len(course.pieces)
    # A row for a piece and its mirror image serves both.
    enough = isinstance(rows, list) and len(rows) in (count, (count + 1) // 2)
    require(enough, "Each piece has its row.")
    for index, row in enumerate(rows):
        _check_row(course, index, row, 1 if word == "even" else -1)


def _check_row(course: Course, index: int, row: Any, sign: int) -> None:
    ends, identity = fields(row, "ends", "identity")
    require(isinstance(ends, list) and len(ends) == 2, "A row has two ends.")
    piece, other = course.pieces[index], course.pieces[-1 - index]
    mirrored = zip(ends_of(piece.on), reversed(ends_of(other.on)), ends, strict=True)
    for (end, closed), (far, far_closed), shown in mirrored:
        if end is None or far is None:
            require(end is far is shown is None, "The ends are no mirror images.")
            continue
        _check_mirrored(end, far, shown)
        if closed != far_closed:
            # The end belongs to one of both pieces only, but both come to the function's value.
            for formula, at in ((piece.formula, end), (other.formula, far)):
                there = value_there(course, at)
                require(there is not None, "An end has no mirror image.")
                require(is_equal(value_of(formula, at), there), "The function jumps at an end.")
    image = substitute(other.formula, {VARIABLE: apply("neg", Name(VARIABLE))})
    image = tidy(image if sign > 0 else apply("neg", image))
    check_equal(piece.formula, image, identity)


def _check_mirrored(end: Node, far: Node, shown: Any) -> None:
    if shown is None:
        require(sign_of(tidy(apply("+", end, far))) == 0, "The ends are no mirror images.")
    else:
        check_equal(end, tidy(apply("neg", far)), shown)


def _check_period(course: Course, period: Node, evidence: Any) -> None:
    identity, shares = fields(evidence, "identity", "shares")
    require(identity is None, "The period follows from the waves.")
    only = course.pieces[0]
    whole = len(course.pieces) == 1 and only.on.lower is only.on.upper is None
    require(whole, "The function is not one formula everywhere.")
    unit, top = _waves(only.formula)
    require(unit > 0, "The formula has no wave.")
    turn = apply("*", number(2 / unit), Constant("pi"))
    require(compare_nodes(period, turn) == 0, "The waves have another common period.")
    most = int((top / unit).ceil())
    require(most <= _MOST_WAVES, "The waves have too many frequencies.")
    require(isinstance(shares, list), "Shares must be a list.")
    # Without a wave of a higher frequency only a constant has a shorter period.
    needed = list(range(2, most + 1)) or [3]
    require([_check_share(only.formula, turn, s) for s in shares] == needed, "A share is missing.")


def _check_share(formula: Node, turn: Node, share: Any) -> int:
    """Accept that the k-th part of a turn is no period, and return k."""
    k, text = fields(share, "k", "at")
    require(type(k) is int and k > 1, "A share is a whole part.")
    at = read_rational(text)
    for bits in _LADDER:
        with precision(bits):
            moved = at + to_ball(evaluate(turn, {})) / k
            values = [to_ball(evaluate(formula, {VARIABLE: point})) for point in (at, moved)]
            try:
                require(compare(*values) != 0, "A share of the period may be a period.")
            except UndecidedError:
                continue
            return k
    raise CertificateError("A share of the period may be a period.")


def _waves(formula: Node) -> tuple[fmpq, fmpq]:
    """The largest number that all frequencies are multiples of, and a bound of them."""
    if VARIABLE not in free_names(formula):
        return fmpq(0), fmpq(0)
    if not isinstance(formula, Apply):
        raise CertificateError("The formula is not built from waves.")
    if formula.operator in ("sin", "cos"):
        rate = differentiate(formula.arguments[0], VARIABLE)
        if not isinstance(rate, Number):
            raise CertificateError("A wave has no constant rate.")
        return abs(rate.value), abs(rate.value)
    if formula.operator == "^":
        base, power = formula.arguments
        whole = isinstance(power, Number) and power.value.q == 1 and power.value > 0
        require(whole, "A power of waves is no whole one.")
        unit, top = _waves(base)
        return unit, top * power.value if isinstance(power, Number) else top
    found = [_waves(part) for part in formula.arguments]
    unit = fmpq(0)
    for one, _ in found:
        unit = _common(unit, one)
    tops = [top for _, top in found]
    if formula.operator in ("+", "-", "neg"):
        return unit, max(tops)
    if formula.operator == "/":
        require(VARIABLE not in free_names(formula.arguments[1]), "A divisor is no constant.")
        return found[0]
    require(formula.operator == "*", "The formula is not built from waves.")
    return unit, tops[0] + tops[1]


def _common(left: fmpq, right: fmpq) -> fmpq:
    """The largest rational that goes a whole number of times into both."""
    return fmpq(fmpz(left.p * right.q).gcd(right.p * left.q), left.q * right.q)
