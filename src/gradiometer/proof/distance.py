"""How far two functions of one variable are apart at most, and where, with a certificate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, final

from flint import arb, fmpq, fmpz

from gradiometer.errors import CertificateError, UndecidedError
from gradiometer.formula import Node, compile_float, is_zero, precision, to_ball, to_float
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.check_distance import BITS, Gap, check_distance, list_gaps
from gradiometer.proof.identity import accept, check_names, spell_formula

_SAMPLES = 1500
_STARTS = tuple(fmpq(n, 4) for n in (2, 4, 8, 12, 16, 24, 32, 48, 64, 128, 256, 1024))
_NEAR = fmpq(1, 1 << 40)
"""Half the width of a place where the difference is largest."""
_FINEST = fmpq(1, 1 << 36)
_MOST_CELLS = 4000


@final
@dataclass(frozen=True)
class Distance:
    """The supremum of the distance, and where it is attained or approached."""

    lower: fmpq
    upper: fmpq
    places: tuple[tuple[fmpq, fmpq], ...]
    """Wherever the distance is at least *lower*; empty where the functions are equal."""
    certificate: dict[str, Any]


@final
@dataclass(frozen=True)
class _Peak:
    piece: int
    at: fmpq | str
    """The point, or `lower` or `upper` for an end of the piece."""
    ball: arb
    size: arb


def find_distance(left: Node, right: Node) -> Distance:
    """The largest distance between two functions that have a value everywhere.

    Raises:
        UndecidedError: If it is not finite, or no proof was found.

    Example:
        >>> from gradiometer.formula import parse
        >>> found = find_distance(parse("max(x, 0)").tree, parse("x*Phi(x)").tree)
        >>> round(to_float(found.lower), 10)
        0.1699712075
    """
    check_names(left, right)
    try:
        with precision(BITS):
            return _find(left, right)
    except CertificateError as error:
        raise UndecidedError(f"the distance is not proved: {error.problem}") from None


def _find(left: Node, right: Node) -> Distance:
    pieces = list_gaps(left, right)
    zero = [is_zero(piece.formula) for piece in pieces]
    gaps = [Gap(piece) for piece in pieces]
    live = [index for index, gap in enumerate(gaps) if not zero[index] and not gap.on.is_point]
    if not live:
        raise UndecidedError("the functions are equal")
    peaks = [peak for index in live for peak in _find_peaks(gaps[index], index)]
    if not peaks:
        raise UndecidedError("the difference has no peak near 0")
    best = max(peaks, key=lambda peak: to_float(peak.size))
    scale = fmpz(1) << 120
    lower = fmpq((arb(best.size.lower()) * scale).floor().unique_fmpz() or fmpz(0), scale)
    if lower <= 0:
        raise UndecidedError("the functions are nearly equal")
    upper = lower + fmpq(4, scale)
    top = [peak for peak in peaks if peak.size > lower * (1 - fmpq(1, 10**12))]
    rows: list[Any] = []
    places: list[tuple[fmpq, fmpq]] = []
    for index, gap in enumerate(gaps):
        if zero[index] or gap.on.is_point:
            rows.append("zero" if zero[index] else "point")
            continue
        mine = sorted((p for p in top if p.piece == index), key=lambda p: to_float(p.ball))
        rows.append(_Cells(gap, lower, upper, mine, places).run())
    places = _joined(places)
    certificate = make_certificate(
        "distance",
        problem={"f": spell_formula(left), "g": spell_formula(right)},
        claim={"lower": str(lower), "upper": str(upper),
               "at": [[str(low), str(high)] for low, high in places]},
        evidence={"witness": {"piece": best.piece, "at": str(best.at)}, "pieces": rows},
    )  # fmt: skip
    accept(check_distance, certificate)
    return Distance(lower, upper, tuple(places), certificate)


def _joined(places: list[tuple[fmpq, fmpq]]) -> list[tuple[fmpq, fmpq]]:
    found: list[tuple[fmpq, fmpq]] = []
    for low, high in sorted(places):
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(high, found[-1][1]))
        else:
            found.append((low, high))
    return found


def _find_peaks(gap: Gap, index: int) -> list[_Peak]:
    """Ends and local maxima of the sampled distance, refined."""
    low, high = (gap.end(upper=upper) for upper in (False, True))
    peaks = [_Peak(index, name, end, abs(gap.value(end)))
             for name, end in (("lower", low), ("upper", high)) if end is not None]  # fmt: skip
    start = -74.0 if low is None else float(low)
    stop = 74.0 if high is None else float(high)
    turns = (math.asinh(start), math.asinh(stop))
    xs = [math.sinh(turns[0] + (turns[1] - turns[0]) * n / _SAMPLES) for n in range(1, _SAMPLES)]
    run = compile_float(gap.formula)
    sizes = [abs(run({"x": x})) for x in xs]
    most = max((size for size in sizes if math.isfinite(size)), default=0.0)
    for n in range(1, len(xs) - 1):
        if sizes[n] >= 0.9 * most and sizes[n - 1] <= sizes[n] >= sizes[n + 1]:
            at = _refine(gap, xs[n - 1], xs[n], xs[n + 1])
            if at is not None:
                peaks.append(_Peak(index, at, to_ball(at), abs(gap.value(to_ball(at)))))
    return peaks


def _refine(gap: Gap, low: float, middle: float, high: float) -> fmpq | None:
    """The zero of the slope near a sampled maximum, by Newton's method."""
    at = arb(middle)
    for _ in range(14):
        slope, bend = gap.value(at, 1), gap.value(at, 2)
        if not (bend > 0 or bend < 0):
            return None
        at = arb((at - slope / bend).mid())
    if not (at > low and at < high):
        return None
    scale = fmpz(1) << 160
    whole = (at * scale).floor().unique_fmpz()
    return None if whole is None else fmpq(whole, scale)


@final
class _Cells:
    """Cuts one piece into cells on which the checker finds its bounds."""

    def __init__(
        self, gap: Gap, lower: fmpq, upper: fmpq, peaks: list[_Peak], places: list[Any]
    ) -> None:
        self.gap, self.lower, self.upper = gap, lower, upper
        self.peaks, self.places = peaks, places
        self.count = 0

    def run(self) -> list[Any]:
        """The outermost point on the left, then the end of each cell."""
        first, low = self._outermost(upper=False)
        last, high = self._outermost(upper=True)
        row: list[Any] = [first]
        marks: list[tuple[fmpq, fmpq | None]] = []
        for peak in self.peaks:
            if isinstance(peak.at, fmpq):
                marks += [(peak.at - _NEAR, None), (peak.at + _NEAR, peak.at)]
                self.places.append((peak.at - _NEAR, peak.at + _NEAR))
            else:
                near = _rational(peak.ball)
                inner = near + (_NEAR if peak.at == "lower" else -_NEAR)
                marks.append((inner, None))
                self.places.append((near - _NEAR, near + _NEAR))
        ends: list[tuple[arb, Any, fmpq | None]] = [
            (to_ball(at), at, middle) for at, middle in sorted(marks, key=lambda m: m[0])
        ]
        previous = low
        for ball, at, middle in [*ends, (high, last, None)]:
            if middle is not None:
                row.append([str(at), str(middle)])
            else:
                row += self._split(previous, ball, str(at))
            previous = ball
        return row

    def _outermost(self, *, upper: bool) -> tuple[str, arb]:
        end = self.gap.end(upper=upper)
        if end is not None:
            return "end", end
        inner = self.gap.end(upper=not upper)
        for size in _STARTS:
            start = size if upper else -size
            if inner is not None and not (inner < start if upper else inner > start):
                continue
            try:
                if self.gap.bound_tail(start, upper=upper) < self.lower:
                    return str(start), to_ball(start)
            except CertificateError:
                continue
        raise UndecidedError("how far the functions are apart far out is not decided")

    def _split(self, low: arb, high: arb, name: str) -> list[Any]:
        """Cells from *low* to *high*, halved until each bound is small enough."""
        found: list[Any] = []
        waiting = [(low, high, name)]
        while waiting:
            left, right, last = waiting.pop()
            self.count += 1
            bound = self.gap.bound(left, right)
            if bound < self.lower or (bound <= self.upper and self._is_named(left, right)):
                found.append(last)
                continue
            if self.count > _MOST_CELLS or not right - left > _FINEST:
                raise UndecidedError("where the distance is largest takes too many cells")
            middle = _rational((left + right) / 2)
            waiting += [(to_ball(middle), right, last), (left, to_ball(middle), str(middle))]
        return found

    def _is_named(self, low: arb, high: arb) -> bool:
        return any(low >= place[0] and high <= place[1] for place in self.places)


def _rational(ball: arb) -> fmpq:
    scale = fmpz(1) << 60
    whole = (arb(ball.mid()) * scale).floor().unique_fmpz()
    if whole is None:
        raise UndecidedError("a point is too far out")
    return fmpq(whole, scale)
