"""Replays the certificate that a rule of bounded steps stays near where slopes point home.

Between two inner ends a, b the run may do what it likes. From b to an outer end H all slopes are
at least some `u > 0`, and likewise on the other side. The step points home as soon as the slope
and the running means of slopes that it follows do, and no step is longer than S (`check_pull`). A
run that passes b has made a step of at most S to get there, and it goes on outward only while a
mean points outward: a mean of slopes that are at least `-V` is above 0 after n steps that point
home where `k^n*V <= (1 - k^n)*u`. So no position lies beyond `b + (1 + n)*S`, if H does not, by
induction over the steps: as long as all positions lie between the outer ends, so do all slopes
that the means remember.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    Exact,
    Range,
    compare,
    precision,
    to_ball,
)
from gradiometer.proof.check_fields import fields, read_rational, require
from gradiometer.proof.check_motion import read_motion
from gradiometer.proof.check_prefix import BITS, Prefix
from gradiometer.proof.check_pull import Pull, read_pull
from gradiometer.proof.check_region import Field
from gradiometer.proof.check_total import require_values
from gradiometer.proof.check_walk import Replay, read_replay

_ZERO = fmpq(0)
_PARTS = 16
"""Parts of an interval on which slopes are bounded one by one."""
_MOST_TURNS = 10_000


def check_tether(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept that all positions lie in an interval, or raise `CertificateError`."""
    verdict, limit, cycle, interval = fields(claim, "verdict", "limit", "cycle", "interval")
    require(verdict == "bounded" and limit is None and cycle is None, "Another verdict.")
    require(isinstance(interval, list) and len(interval) == 2, "An interval has two ends.")
    low, high = map(read_rational, interval)
    done, inner = fields(evidence, "from", "inner")
    require(type(done) is int and done > 0, "No first step.")
    require(isinstance(inner, list) and len(inner) == 2, "An interval has two ends.")
    left, right = map(read_rational, inner)
    require(low < left <= right < high, "The inner ends do not lie between the outer ones.")
    replay = read_replay(problem)
    with precision(BITS):
        prefix = Prefix(replay)
        prefix.reach(done)
        prefix.check_inside(low, high, done)
        place = prefix.states[done]["x"]
        within = compare(place, left) >= 0 and compare(place, right) <= 0
        require(within, "The run is not between the inner ends.")
        pull = require_home(replay, done, (low, left, right, high))
        if pull.square:
            square = prefix.states[done][pull.square]
            require(compare(square, _ZERO) >= 0, "A mean of squares is negative.")


def require_home(replay: Replay, done: int, ends: Sequence[fmpq]) -> Pull:
    """The step of a rule whose runs from between the inner ends never leave the outer ones.

    Args:
        replay: The problem.
        done: The steps made before.
        ends: Outer, inner, inner and outer end, from left to right.

    Raises:
        CertificateError: If that is not shown.
        UndecidedError: If the rule is of another kind, or a slope is not known to point home.
    """
    low, left, right, high = ends
    motion = read_motion(replay, done)
    field = Field(replay, motion)
    pull = read_pull(field)
    if pull.decays:
        require(left <= 0 <= right, "The decay does not lead between the inner ends.")
    inside = [(p, part) for p in range(len(replay.pieces))
              if (part := field.clip(Range(low, high), p)) is not None]  # fmt: skip
    require_values((replay.pieces[piece], part) for piece, part in inside)
    least, most = bound_slopes(field, low, high)
    for begin, end, sign in ((right, high, 1), (low, left, -1)):
        lower, upper = bound_slopes(field, begin, end)
        home, away = (lower, -least) if sign > 0 else (-upper, most)
        if not compare(home, _ZERO) > 0:
            raise UndecidedError("a slope between inner and outer end may not point home")
        room = (high - right) if sign > 0 else (left - low)
        turns = count_turns(pull.keeps, home, away)
        require(compare((1 + turns) * pull.reach, room) <= 0, "The run may pass an outer end.")
    return pull


def count_turns(keeps: fmpq, home: Exact, away: Exact) -> int:
    """After how many slopes that point home a mean certainly does, whatever came before.

    Args:
        keeps: What the mean keeps of itself at each step.
        home: The least slope that points home, above 0.
        away: The largest slope that pointed away before.

    Raises:
        UndecidedError: If it takes too long.
    """
    if keeps == 0 or compare(away, _ZERO) <= 0:
        return 0
    # The mean points home where `k^n <= u/(u + V)`: logarithms are negative here.
    turns = (to_ball(home) / (to_ball(home) + away)).log() / to_ball(keeps).log()
    whole = turns.upper().ceil().unique_fmpz()
    if whole is None or whole > _MOST_TURNS:
        raise UndecidedError("the mean of slopes forgets too slowly")
    return max(0, int(whole))


def bound_slopes(field: Field, low: fmpq, high: fmpq) -> tuple[Exact, Exact]:
    """Two numbers that all slopes between two places lie between.

    Raises:
        UndecidedError: If a slope is not known to be finite.
    """
    width = (high - low) / _PARTS
    found: list[Range] = []
    for index in range(_PARTS):
        places = Range(low + index * width, low + (index + 1) * width)
        for piece in range(len(field.replay.pieces)):
            part = field.clip(places, piece)
            if part is not None:
                found.append(field.slopes(piece, part))
    lowers, uppers = [part.lower for part in found], [part.upper for part in found]
    least, most = lowers[0], uppers[0]
    for lower, upper in zip(lowers, uppers, strict=True):
        if lower is None or upper is None or least is None or most is None:
            raise UndecidedError("a slope is not known to be finite")
        least = lower if compare(lower, least) < 0 else least
        most = upper if compare(upper, most) > 0 else most
    assert least is not None
    assert most is not None
    return least, most
