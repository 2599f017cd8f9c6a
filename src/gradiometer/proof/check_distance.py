"""Replays how far two functions are apart at most, and where: cells with a bound, and tails.

On a cell the size of the difference is at most that at its middle and what the slope can add; or
that at an end, where the difference is monotone; or that at the peak, where it bends towards 0.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, final

from flint import arb, fmpq

from gradiometer.errors import CertificateError, DomainError, LimitError, UndecidedError
from gradiometer.formula import (
    Name,
    Node,
    Piece,
    apply,
    cancel,
    compile_exact,
    differentiate,
    evaluate,
    free_names,
    is_zero,
    parse,
    precision,
    substitute,
    to_ball,
    to_piecewise,
    walk,
)
from gradiometer.proof.check_settling import bound_from
from gradiometer.proof.check_walk import fields, read_rational, require

BITS = 256
_MOST_CELLS = 20_000
_VARIABLE = "x"


@final
class Gap:
    """The difference of two functions on one smooth piece."""

    def __init__(self, piece: Piece) -> None:
        self.on, self.formula = piece.on, piece.formula
        slope = _short(differentiate(piece.formula, _VARIABLE))
        bend = _short(differentiate(slope, _VARIABLE))
        self._compiled = [compile_exact(node) for node in (piece.formula, slope, bend)]

    def value(self, x: arb, order: int = 0) -> arb:
        """A ball with all values of the difference or of a derivative over a ball."""
        try:
            return to_ball(self._compiled[order]({_VARIABLE: x}))
        except (DomainError, UndecidedError, LimitError, ArithmeticError):
            return arb(0, float("inf"))

    def size(self, x: arb | None) -> arb:
        """The distance at a point that is there."""
        if x is None:
            raise CertificateError("The piece has no end there.")
        return abs(self.value(x))

    def end(self, *, upper: bool) -> arb | None:
        """The end of the piece; None where it is infinite."""
        end = self.on.upper if upper else self.on.lower
        return None if end is None else to_ball(evaluate(end, {}))

    def bound(self, low: arb, high: arb, peak: arb | None = None) -> arb:
        """A number that the size of the difference does not exceed between two points."""
        box = low.union(high)
        if peak is not None:
            return self._bound_at_peak(box, peak)
        slope = self.value(box, 1)
        ends = [abs(self.value(at)) for at in (low, high)]
        if _keeps_sign(slope) or self._slope_keeps_sign(box, low, high):
            return ends[0].max(ends[1])
        middle = arb(box.mid())
        return (abs(self.value(middle)) + abs(slope) * (box - middle)).abs_upper()

    def _slope_keeps_sign(self, box: arb, low: arb, high: arb) -> bool:
        if not _keeps_sign(self.value(box, 2)):
            return False
        left, right = self.value(low, 1), self.value(high, 1)
        return bool((left > 0 and right > 0) or (left < 0 and right < 0))

    def _bound_at_peak(self, box: arb, peak: arb) -> arb:
        top, bend = self.value(peak), self.value(box, 2)
        if not (top > 0 and bend < 0) and not (top < 0 and bend > 0):
            raise CertificateError("The difference does not bend towards 0 around its peak.")
        if not box.contains(peak):
            raise CertificateError("The peak is outside its cell.")
        width = 2 * arb(box.rad())
        above = abs(top) + abs(self.value(peak, 1)) * width
        other = -self.value(box) if top > 0 else self.value(box)
        return above.max(other)

    def bound_tail(self, start: fmpq, *, upper: bool) -> arb:
        """A bound from *start* on outwards."""
        if upper:
            return bound_from(self.formula, _VARIABLE, start)
        mirrored = substitute(self.formula, {_VARIABLE: apply("neg", Name(_VARIABLE))})
        return bound_from(mirrored, _VARIABLE, -start)


def _short(node: Node) -> Node:
    """The normal form, in which large parts have cancelled, where that is shorter."""
    try:
        short = cancel(node)
    except UndecidedError:
        return node
    return short if len(list(walk(short))) < len(list(walk(node))) else node


def _keeps_sign(ball: arb) -> bool:
    return bool(ball > 0 or ball < 0)


def list_gaps(left: Node, right: Node) -> list[Piece]:
    """The pieces of the difference; together they are the whole line."""
    pieces = list(to_piecewise(apply("-", left, right), _VARIABLE).pieces)
    require(bool(pieces), "The functions have no common values.")
    whole = pieces[0].on.lower is None and pieces[-1].on.upper is None
    for before, after in pairwise(pieces):
        met = before.on.upper == after.on.lower
        whole = whole and met and before.on.upper_closed != after.on.lower_closed
    require(whole, "One of the functions has no value somewhere.")
    return pieces


def check_distance(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept that the supremum of |f - g| is between two numbers and near the places named.

    Raises:
        CertificateError: If a bound does not hold or a part of the line is left out.
    """
    texts = fields(problem, "f", "g")
    require(all(isinstance(text, str) for text in texts), "A formula is not written as text.")
    left, right = (parse(text).tree for text in texts)
    require(free_names(left) | free_names(right) <= {_VARIABLE}, "A name is not the input x.")
    lower, upper = (read_rational(text) for text in fields(claim, "lower", "upper", "at")[:2])
    require(isinstance(claim["at"], list), "The places are not a list.")
    places = [[read_rational(text) for text in place] for place in claim["at"]]
    require(all(len(place) == 2 and place[0] <= place[1] for place in places), "No such place.")
    witness, rows = fields(evidence, "witness", "pieces")
    with precision(BITS):
        pieces = list_gaps(left, right)
        require(isinstance(rows, list) and len(rows) == len(pieces), "A piece is left out.")
        _check_witness(pieces, witness, lower)
        for piece, row in zip(pieces, rows, strict=True):
            _check_piece(piece, row, lower, upper, places)


def _check_witness(pieces: list[Piece], witness: Any, lower: fmpq) -> None:
    """A point in a piece or at its end, where the difference comes as near as one likes."""
    index, text = fields(witness, "piece", "at")
    require(type(index) is int and 0 <= index < len(pieces), "There is no such piece.")
    gap = Gap(pieces[index])
    if text in ("lower", "upper"):
        at = gap.end(upper=text == "upper")
    else:
        at = to_ball(read_rational(text))
        low, high = gap.end(upper=False), gap.end(upper=True)
        require((low is None or at > low) and (high is None or at < high), "It is outside.")
    require(bool(gap.size(at) >= lower), "The difference is not so large at the witness.")


def _check_piece(piece: Piece, row: Any, lower: fmpq, upper: fmpq, places: Any) -> None:
    if row == "zero":
        require(is_zero(piece.formula), "The functions are not the same on a piece.")
        return
    gap = Gap(piece)
    if piece.on.is_point:
        require(row == "point", "A point is not written as one.")
        at = gap.end(upper=False)
        _check_bound(gap.size(at), lower, upper, [at, at], places)
        return
    require(isinstance(row, list) and 2 <= len(row) <= _MOST_CELLS, "A piece has no cells.")
    last = _read_cut(gap, row[0], upper=False, lower=lower)
    for place, cell in enumerate(row[1:], start=2):
        text, peak = cell if isinstance(cell, list) and len(cell) == 2 else (cell, None)
        if place == len(row):
            following = _read_cut(gap, text, upper=True, lower=lower)
        else:
            following = to_ball(read_rational(text))
        require(bool(last < following), "The cells do not follow each other.")
        middle = None if peak is None else to_ball(read_rational(peak))
        bound = gap.bound(last, following, middle)
        _check_bound(bound, lower, upper, [last, following], places)
        last = following


def _read_cut(gap: Gap, text: Any, *, upper: bool, lower: fmpq) -> arb:
    """The outermost point of the cells; what lies beyond it is bounded by the tail."""
    end = gap.end(upper=upper)
    if end is not None:
        require(text == "end", "The cells do not reach the end of the piece.")
        return end
    start = read_rational(text)
    require(start > 0 if upper else start < 0, "A tail starts on its own side of 0.")
    require(bool(gap.bound_tail(start, upper=upper) < lower), "A tail is not small enough.")
    return to_ball(start)


def _check_bound(bound: arb, lower: fmpq, upper: fmpq, cell: list[Any], places: Any) -> None:
    """The bound is below the claim; where it is not smaller, the cell is one of the places."""
    if bound < lower:
        return
    require(bool(bound <= upper), "The difference may be larger in a cell.")
    inside = any(cell[0] >= place[0] and cell[1] <= place[1] for place in places)
    require(inside, "A place where the difference is largest is not named.")
