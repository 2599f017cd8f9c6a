"""Cuts an interval into cells on each of which balls show a sign or one zero."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, final

from flint import arb, fmpq, fmpz

from gradiometer.errors import UndecidedError
from gradiometer.formula import ZERO, Interval, Node, Number, evaluate, to_ball, to_text
from gradiometer.proof.check_boxes import Slopes, sign_of_ball

Cell: TypeAlias = Any
"""`+`, `-`, a dict with an exact zero, or a tuple of two rationals with a zero between them."""

_COARSE = fmpq(1, 1 << 14)
_FINEST = fmpq(1, 1 << 40)
_SPLIT = fmpq(4871, 10000)
"""Never the middle: zeros of odd functions would lie on the cuts."""
_RADII = tuple(fmpq(1, n) for n in (1, 4, 16, 64, 1024))
_MOST_BLURRED = 8
"""Points without a sign: where e^(-x) has sunk below all digits, no smaller box will show one."""
_MOST_ORDER = 6
_MOST_STARTS = 6
_NARROW = 160


@final
@dataclass(frozen=True)
class _Point:
    """An end of a cell."""

    node: Node
    near: fmpq
    ball: arb


@final
@dataclass(frozen=True)
class _Exact:
    """A cell around an exact zero."""

    low: _Point
    high: _Point
    cell: dict[str, Any]


class _ZeroFoundError(Exception):
    """A box that no ball decides holds an exact zero: start again with it."""

    def __init__(self, found: _Exact) -> None:
        super().__init__()
        self.found = found


class TooManyBoxesError(UndecidedError):
    """More boxes might have decided it."""


@final
class Hunt:
    """A search on one interval.

    Args:
        slopes: The formula with its derivatives.
        on: The open interval.
        low: Its lower end, or where the left tail ends.
        high: Its upper end, or where the right tail begins.
        most: How many boxes may be looked at.
    """

    def __init__(
        self, slopes: Slopes, on: Interval, low: Node, high: Node, *, most: int = 1500
    ) -> None:
        self._slopes = slopes
        self._on = on
        self._most = most
        self._low, self._high = _to_point(low), _to_point(high)
        self._tried: set[Node] = set()
        self._count = 0

    def run(self, guesses: Sequence[Node] = ()) -> tuple[list[Node], list[Cell]]:
        """The ends of the cells, and the cells.

        Args:
            guesses: Points that may be zeros, to be looked at first.

        Raises:
            UndecidedError: If some box stays undecided.
        """
        known: list[_Exact] = []
        for at in (self._on.lower, ZERO, self._on.upper, *guesses):
            if at is not None and at not in self._tried:
                known += self._exact_zero(at)
        for _ in range(_MOST_STARTS):
            try:
                return self._sweep(known)
            except _ZeroFoundError as found:
                known.append(found.found)
        raise UndecidedError("a slope with too many zeros that are no changes of sign")

    def _sweep(self, known: list[_Exact]) -> tuple[list[Node], list[Cell]]:
        ends, cells, at = [self._low.node], [], self._low
        for zero in sorted(known, key=lambda zero: zero.low.near):
            for cell, end in self._cut(at, zero.low):
                cells.append(cell)
                ends.append(end.node)
            cells.append(zero.cell)
            ends.append(zero.high.node)
            at = zero.high
        for cell, end in self._cut(at, self._high):
            cells.append(cell)
            ends.append(end.node)
        return ends, cells

    def _cut(self, low: _Point, high: _Point) -> Iterator[tuple[Cell, _Point]]:
        """Cells from left to right, each with its upper end."""
        if low.node == high.node:
            return
        if not low.ball < high.ball:
            raise UndecidedError("cells around exact zeros overlap")
        stack, blurred = [(low, high)], 0
        while stack:
            left, right = stack.pop()
            self._count += 1
            if self._count > self._most:
                reason = f"the sign of a slope is not decided by {self._most} boxes"
                raise TooManyBoxesError(reason)
            cell = self._decide(left, right)
            if cell is not None:
                yield cell, right
                continue
            self._look_for_zero(left, right)
            middle = _to_point(Number(_split(left.near, right.near)))
            blurred += not sign_of_ball(self._slopes.over(middle.ball))
            if blurred > _MOST_BLURRED:
                raise UndecidedError("a slope is too near to 0 for balls to tell its sign")
            stack += [(middle, right), (left, middle)]

    def _decide(self, left: _Point, right: _Point) -> Cell:
        slopes = self._slopes
        sign = slopes.sign_over(left.ball, right.ball)
        if not sign and slopes.sign_over(left.ball, right.ball, 1):
            first, last = (sign_of_ball(slopes.over(p.ball)) for p in (left, right))
            sign = first if first == last else 0
            if first * last < 0:
                return (left.near, right.near)
        return {1: "+", -1: "-", 0: None}[sign]

    def _look_for_zero(self, left: _Point, right: _Point) -> None:
        width = right.near - left.near
        if width > _COARSE:
            return
        guess = Number(find_simplest(left.near, right.near))
        if guess not in self._tried:
            for found in self._exact_zero(guess):
                raise _ZeroFoundError(found)
        if width < _FINEST:
            raise UndecidedError(f"the sign near {to_text(guess)} is not decided by balls")

    def _exact_zero(self, at: Node) -> list[_Exact]:
        """A cell around an exact zero; nothing when the point is none."""
        self._tried.add(at)
        point = _to_point(at)
        if not (self._low.near <= point.near <= self._high.near):
            return []
        value = self._slopes.over(point.ball)
        if value is None or sign_of_ball(value):
            return []
        order = 0
        while order < _MOST_ORDER and self._slopes.is_zero_at(at, order + 1):
            order += 1
        if not order:
            return []
        for radius in _RADII:
            low = self._low if at == self._on.lower else _rounded(point.near - radius)
            high = self._high if at == self._on.upper else _rounded(point.near + radius)
            if low.near < self._low.near:
                low = self._low
            if high.near > self._high.near:
                high = self._high
            if low.ball < high.ball and self._slopes.sign_over(low.ball, high.ball, order):
                return [_Exact(low, high, {"at": to_text(at), "order": order})]
        return []


def narrow(slopes: Slopes, low: fmpq, high: fmpq) -> list[str]:
    """Two rationals close to each other with a zero between them.

    Raises:
        UndecidedError: If the values there have no opposite signs.
    """
    box, first = arb(low).union(arb(high)), sign_of_ball(slopes.over(arb(low)))
    # Relative widths would shrink without end towards a zero at 0: the width is absolute.
    while box.rad() > arb(2) ** -(_NARROW + 8):
        newer = _newton(slopes, box) or _half(slopes, box, first)
        if newer is None:
            break
        box = newer
    unit = fmpq(1, 1 << _NARROW)
    whole = (box.mid() * (1 << _NARROW)).floor().unique_fmpz()
    if whole is None:
        raise UndecidedError("a zero is not narrowed down")
    for steps in (1, 16, 1 << 12, 1 << 40):
        near = [max(low, unit * (whole - steps)), min(high, unit * (whole + steps + 1))]
        signs = [sign_of_ball(slopes.over(arb(point))) for point in near]
        if signs[0] * signs[1] < 0:
            return [str(point) for point in near]
    raise UndecidedError("a zero is not narrowed down")


def _newton(slopes: Slopes, box: arb) -> arb | None:
    """A box less than half as wide with the zero; None when a step does not give one."""
    middle = box.mid()
    slope, value = slopes.over(box, 1), slopes.over(middle)
    if slope is None or value is None or slope.contains(0):
        return None
    newer = middle - value / slope
    if not newer.overlaps(box):
        return None
    newer = newer.intersection(box)
    return newer if newer.rad() * 2 < box.rad() else None


def _half(slopes: Slopes, box: arb, first: int) -> arb | None:
    """The half with the change of sign, from *first* on the left."""
    middle = box.mid()
    sign = sign_of_ball(slopes.over(middle))
    if not sign:
        return None
    return middle.union(box.upper().mid() if sign == first else box.lower().mid())


def _to_point(node: Node) -> _Point:
    ball = to_ball(evaluate(node, {}))
    if isinstance(node, Number):
        return _Point(node, node.value, ball)
    mantissa, exponent = ball.mid().man_exp()
    return _Point(node, fmpq(mantissa) * fmpq(2) ** int(exponent), ball)


def _rounded(value: fmpq) -> _Point:
    """A point with a short denominator nearby."""
    return _to_point(Number(_down(value, 16)))


def _split(low: fmpq, high: fmpq) -> fmpq:
    width = high - low
    bits = 8
    while width * (1 << bits) < 256:
        bits += 8
    return _down(low + width * _SPLIT, bits)


def _down(value: fmpq, bits: int) -> fmpq:
    scaled = value * (1 << bits)
    return fmpq(fmpz(scaled.p) // fmpz(scaled.q), 1 << bits)


def find_simplest(low: fmpq, high: fmpq) -> fmpq:
    """The rational with the smallest denominator between two, both included.

    Example:
        >>> find_simplest(fmpq(33, 100), fmpq(34, 100))
        1/3
    """
    if low <= 0 <= high:
        return fmpq(0)
    if high < 0:
        return -find_simplest(-high, -low)
    whole = fmpq(low.p // low.q)
    if whole == low:
        return low
    if whole + 1 <= high:
        return whole + 1
    return whole + 1 / find_simplest(1 / (high - whole), 1 / (low - whole))
