"""The rates at which cycles of a rule without a state double their period, in narrow brackets."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from flint import arb, fmpq

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import Exact, compile_float, from_float, precision, to_float
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.check import check
from gradiometer.proof.check_doubling import Map, read_map
from gradiometer.proof.check_rest import Ends
from gradiometer.proof.check_stability import BITS
from gradiometer.proof.stability import Subject

_HALF = fmpq(1, 2**70)
"""Half the width of a bracket."""

_ROOM = 2**20
"""How much wider the box of the cycle is than the bracket of the rate."""

_RATIO = 4.669
"""By about this factor the ways from doubling to doubling shrink (Feigenbaum 1978)."""

_SETTLING = 20_000
_NUDGE = 1e-4
"""How far from a point a float run to a cycle near it begins."""
_SECANTS = 60
_NEWTON_STEPS = 40
_FIRST, _SECOND = 1 / (4 * _RATIO), 1 / (8 * _RATIO)
"""Where secants begin: parts of the way between the two doublings before."""
_STRETCH = 4
"""How much longer a secant may reach than the one before it; a long way may lose the cycle."""
_FLAT, _STILL = _HALF**3, _HALF**4
"""How near to -1 a multiplier is, and how short a step of Newton, when a search ends."""


@final
@dataclass(frozen=True)
class Doubling:
    """Where a cycle gives way to one of twice its period."""

    period: int
    rate: Ends
    certificate: Mapping[str, Any]


def find_doublings(subject: Subject, rest: float, critical: float, *, most: int) -> list[Doubling]:
    """The doublings that follow the loss of a point of rest by a flip.

    Args:
        subject: The rule and the landscape.
        rest: The point.
        critical: The rate at which its multiplier is -1.
        most: How many to look for.

    Returns:
        As many as were found and accepted by the checker, in order; none where the rule has a
        state, the curve has pieces, or no stable cycle takes over.
    """
    found: list[Doubling] = []
    with precision(BITS):
        try:
            step = read_map(subject.inquiry, subject.landscape)
            before, gap, place = critical, critical / 2, rest
            for turn in range(1, most + 1):
                row, place = _find_next(subject, step, place, (before, gap), period=2**turn)
                found.append(row)
                rate = to_float(row.rate.lower)
                before, gap = rate, rate - before
        except (UndecidedError, GradiometerError, ArithmeticError, ValueError):
            pass
    return found


def _find_next(
    subject: Subject, step: Map, near: float, way: tuple[float, float], *, period: int
) -> tuple[Doubling, float]:
    """The doubling of the cycle of that period, and a point of it."""
    before, gap = way
    start = before + gap * _FIRST
    place = _settle(step, near, start, period)
    rate, point = _solve(step, place, (start, start + gap * _SECOND), period)
    rates = _round(rate, _HALF)
    box = _round(point, _HALF * _ROOM)
    claim = {
        "period": period,
        "rate": [str(rates.lower), str(rates.upper)],
        "place": [str(box.lower), str(box.upper)],
    }
    certificate = make_certificate("doubling", problem=subject.to_problem(), claim=claim)
    check(certificate)
    return Doubling(period, rates, certificate), to_float(point)


def _settle(step: Map, near: float, rate: float, period: int) -> float:
    """A point of the cycle that a float run ends on."""
    move = compile_float(step.step)
    known = {name: to_float(value) for name, value in step.values.items()}
    known |= {step.parameter: rate, "x": near + _NUDGE}
    for _ in range(_SETTLING):
        known["x"] = move(known)
    first = known["x"]
    places = []
    for _ in range(period):
        known["x"] = move(known)
        places.append(known["x"])
    if not math.isclose(places[-1], first, rel_tol=1e-7, abs_tol=1e-9):
        raise UndecidedError("the run ends on no cycle of this period")
    return first


def _solve(step: Map, place: float, rates: tuple[float, float], period: int) -> tuple[arb, arb]:
    """The rate at which the multiplier is -1, and a point of the cycle there, by secants."""
    a, b = (arb(from_float(rate)) for rate in rates)
    point, height = _measure(step, arb(from_float(place)), a, period)
    for _ in range(_SECANTS):
        point, there = _measure(step, point, b, period)
        if abs(there) < arb(_FLAT):
            return b, point
        following = b - there * (b - a) / (there - height)
        shift = following - b
        most = abs(b - a) * _STRETCH
        if abs(shift) > most:
            following = b + (most if shift > 0 else -most)
        a, b, height = b, arb(following.mid()), arb(there.mid())
    raise UndecidedError("the doubling is not found")


def _measure(step: Map, near: arb, rate: Exact, period: int) -> tuple[arb, arb]:
    """A point of the cycle at that rate, and how far its multiplier is above -1."""
    point = _polish(step, near, rate, period)
    return point, step.orbit(point, rate, period)[1] + 1


def _polish(step: Map, point: arb, rate: Exact, period: int) -> arb:
    """A point of the cycle at that rate, by Newton's steps without balls."""
    for _ in range(_NEWTON_STEPS):
        closer = arb(step.newton(arb(point.mid()), rate, period).mid())
        if abs(closer - point) < arb(_STILL):
            return closer
        point = closer
    raise UndecidedError("the cycle is lost")


def _round(value: arb, half: fmpq) -> Ends:
    """Short rational ends on both sides of a number."""
    top, power = value.mid().man_exp()
    exact = fmpq(top) * fmpq(2) ** int(power)
    scale = int(16 / half)
    near = fmpq((exact * scale).floor(), scale)
    return Ends(near - half, near + half)
