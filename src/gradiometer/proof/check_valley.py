"""What leads a rule along a landscape: its sign on both sides of a point of rest, and its size.

The point is a rational, or lies alone between two rationals: there is one joint at which A jumps
from below 0 to above 0, or A rises without a joint. Next to a rational point all derivatives of A
below some order are 0, and the next one has one sign.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import final

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    Exact,
    Node,
    Number,
    Range,
    at_point,
    compare,
    differentiate,
    evaluate_range,
    is_smooth,
    substitute,
)
from gradiometer.proof.check_fields import require
from gradiometer.proof.check_region import Field
from gradiometer.proof.check_total import require_values

_ZERO = fmpq(0)
_DEPTH = 12
"""How often a part of the way is halved to see its sign."""
_MOST_ORDER = 8
_PARTS = 16


@final
@dataclass(frozen=True)
class Valley:
    """What leads, piece by piece, between two outer ends."""

    field: Field
    lead: Node
    """A, in terms of the slope `g` and the position `x`."""
    low: fmpq
    high: fmpq

    @cached_property
    def trees(self) -> tuple[Node, ...]:
        """A on each piece, in terms of the position alone."""
        values = {name: Number(value) for name, value in self.field.motion.values.items()}
        pieces = self.field.replay.pieces
        return tuple(substitute(self.lead, {**values, "g": piece.slope}) for piece in pieces)

    def require_losses(self) -> None:
        """Return where the loss has a value everywhere; raises `UndecidedError` elsewhere."""
        whole = Range(self.low, self.high)
        pieces = self.field.replay.pieces
        parts = [(piece, self.field.clip(whole, index)) for index, piece in enumerate(pieces)]
        require_values((piece, part) for piece, part in parts if part is not None)

    def spread(self, low: fmpq, high: fmpq) -> list[Range]:
        """Ranges that together hold all values of A between two places."""
        found, step = [], (high - low) / _PARTS
        for index in range(_PARTS if step else 1):
            places = Range(low + index * step, low + (index + 1) * step)
            found += [self._values(p, part) for p, part in self._list_parts(places)]
        return found

    def least(self, low: fmpq, high: fmpq, sign: int, *, without: frozenset[int]) -> Exact:
        """A number above 0 that A times the sign is not below between two places.

        Args:
            low: The left end.
            high: The right end.
            sign: 1 or -1.
            without: Pieces on the other side of the point of rest.

        Raises:
            UndecidedError: If A may have another sign there.
        """
        rows = [(p, part) for p, part in self._list_parts(Range(low, high)) if p not in without]
        if not rows:
            raise UndecidedError("nothing lies on one side of the point")
        found = [self._least(self.trees[p], part, sign, _DEPTH) for p, part in rows]
        return _smallest(found)

    def _least(self, tree: Node, part: Range, sign: int, depth: int) -> Exact:
        values = evaluate_range(tree, {"x": part})
        end = values.lower if sign > 0 else values.upper
        if end is not None and compare(end * sign, _ZERO) > 0:
            return end * sign
        low, high = part.lower, part.upper
        assert isinstance(low, fmpq)
        assert isinstance(high, fmpq)
        if low == high or not depth:
            raise UndecidedError("a slope may not point home")
        middle = (low + high) / 2
        halves = Range(low, middle), Range(middle, high)
        return _smallest([self._least(tree, half, sign, depth - 1) for half in halves])

    def _list_parts(self, places: Range) -> list[tuple[int, Range]]:
        pieces = range(len(self.trees))
        parts = [(p, self.field.clip(places, p)) for p in pieces]
        return [(p, part) for p, part in parts if part is not None]

    def _values(self, piece: int, part: Range) -> Range:
        return evaluate_range(self.trees[piece], {"x": part})

    def require_rest(
        self, rest: tuple[fmpq, fmpq], inner: tuple[fmpq, fmpq]
    ) -> tuple[Exact, Exact]:
        """The least sizes of A left and right of the inner ends, up to the outer ones.

        Between them A points to one point of rest, which it leaves on neither side.

        Args:
            rest: The point itself twice, or two places with it between them.
            inner: The ends of what is looked at more closely, around these.

        Raises:
            CertificateError: If the places are in another order.
            UndecidedError: If A may point elsewhere.
        """
        (low, high), (left, right) = rest, inner
        require(self.low < left <= low <= high <= right < self.high, "Places in another order.")
        beyond = self._split(low, high)
        found = []
        for sign, near, far, end in ((-1, low, left, self.low), (1, high, right, self.high)):
            without = beyond[sign]
            if near != far:
                self._require_near(near, far, sign, without, is_point=low == high)
            found.append(self.least(min(far, end), max(far, end), sign, without=without))
        return found[0], found[1]

    def _split(self, low: fmpq, high: fmpq) -> dict[int, frozenset[int]]:
        """The pieces that do not count on the left (-1) and on the right (1) of the point."""
        ends = self.field.ends
        parts = self._list_parts(Range(low, high))
        if low == high:
            # What only touches the point says nothing of the places beside it.
            left = {p for p, _ in parts if ends[p][0] is not None and ends[p][0] >= low}
            right = {p for p, _ in parts if ends[p][1] is not None and ends[p][1] <= high}
            return {-1: frozenset(left), 1: frozenset(right)}
        pieces = [p for p, _ in parts]
        if len(pieces) == 1:
            piece, whole = pieces[0], Range(low, high)
            require(self.field.clip(whole, piece) == whole, "A joint lies beside the point.")
            tree = self.trees[piece]
            require(is_smooth(tree), "What leads has a kink of its own.")
            self._least(differentiate(tree, "x"), whole, 1, _DEPTH)
            self._least(tree, at_point(low), -1, 0)
            self._least(tree, at_point(high), 1, 0)
            return {-1: frozenset(), 1: frozenset()}
        if len(pieces) != 2:
            raise UndecidedError("more than one joint lies near the point")
        joint = ends[pieces[0]][1], ends[pieces[1]][0]
        require(joint[1] >= low and joint[0] <= high, "The joint may lie elsewhere.")
        for piece, sign in zip(pieces, (-1, 1), strict=True):
            self._least(self.trees[piece], Range(low, high), sign, _DEPTH)
        return {-1: frozenset(pieces[1:]), 1: frozenset(pieces[:1])}

    def _require_near(
        self, near: fmpq, far: fmpq, sign: int, without: frozenset[int], *, is_point: bool
    ) -> None:
        """Return where A has the sign between the point and an inner end, the point left out."""
        places = Range(min(near, far), max(near, far))
        rows = [(p, part) for p, part in self._list_parts(places) if p not in without]
        require(len(rows) == 1 and rows[0][1] == places, "A joint lies beside the point.")
        tree = self.trees[rows[0][0]]
        require(is_smooth(tree), "What leads has a kink of its own.")
        if not is_point:
            # A has its sign at the near end already, and rises on the whole way.
            self._least(tree, at_point(near), sign, 0)
            self._least(differentiate(tree, "x"), places, 1, _DEPTH)
            return
        for order in range(_MOST_ORDER + 1):
            value = evaluate_range(tree, {"x": at_point(near)})
            if not (value.is_single and value.lower == 0):
                # Of x - k to the left of k only an odd power is negative.
                self._least(tree, places, sign if order % 2 == 0 or sign > 0 else 1, _DEPTH)
                return
            tree = differentiate(tree, "x")
        raise UndecidedError("slopes are too flat at the point")


def _smallest(numbers: list[Exact]) -> Exact:
    least = numbers[0]
    for number in numbers[1:]:
        least = number if compare(number, least) < 0 else least
    return least
