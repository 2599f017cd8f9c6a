"""Replays the certificate that a rule of bounded steps stays near where slopes point home.

Between two inner ends a, b the run may do what it likes. From b to an outer end H all slopes are
at least some `u > 0`, and likewise on the other side. The step points home as soon as the slope
and the running means of slopes that it follows do, and no step is longer than S (`check_pull`).

A run that passes b came from nearby: j steps earlier it was above `b - j*S`. So where it passes b,
a mean that keeps k of itself is at least `-V`, the sum of `(1 - k)*k^j` times the least slope from
`b - (j + 2)*S` up to H (2, since the step may follow the mean of one step before). If that sum is
above 0, so is each mean of fewer slopes, and each one that forgets faster: the least slopes only
fall with j. The run goes on outward only while a mean points outward, and a mean that was at least
`-V` is above 0 after n steps that point home where `k^n*V <= (1 - k^n)*u`. So no position lies
beyond `b + (1 + n)*S`, if H does not, by induction over the steps: as long as all positions lie
between the outer ends, so do all slopes that the means remember.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from flint import arb, fmpq

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
        pull = require_home(replay, done, (low, left, right, high), longest_step(prefix, done))
        if pull.square:
            square = prefix.states[done][pull.square]
            require(compare(square, _ZERO) >= 0, "A mean of squares is negative.")


def longest_step(prefix: Prefix, done: int) -> Exact:
    """A number that none of the first steps of a run is longer than."""
    places = [to_ball(state["x"]) for state in prefix.states[: done + 1]]
    longest = arb(0)
    for here, there in pairwise(places):
        longest = longest.max((there - here).abs_upper())
    return longest.abs_upper()


def require_home(replay: Replay, done: int, ends: Sequence[fmpq], longest: Exact) -> Pull:
    """The step of a rule whose runs from between the inner ends never leave the outer ones.

    Args:
        replay: The problem.
        done: The steps made before.
        ends: Outer, inner, inner and outer end, from left to right.
        longest: None of the steps made before is longer.

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
    turns = count_outward(field, pull, ends, longest)
    for count, room in zip(turns, (left - low, high - right), strict=True):
        require(compare((1 + count) * pull.reach, room) <= 0, "The run may pass an outer end.")
    return pull


def count_outward(
    field: Field, pull: Pull, ends: Sequence[fmpq], longest: Exact
) -> tuple[int, int]:
    """How many steps a run may go on outward beyond the left and the right inner end.

    Raises:
        UndecidedError: If a slope between inner and outer end is not known to point home.
    """
    low, left, right, high = ends
    stride = to_ball(longest).max(to_ball(pull.reach)).upper()
    counts = []
    for sign in (-1, 1):
        begin, far, opposite = (right, high, low) if sign > 0 else (left, low, high)
        homes = list_slopes(field, begin, far, sign)
        home = _least(homes)
        if not compare(home, _ZERO) > 0:
            raise UndecidedError("a slope between inner and outer end may not point home")
        back = list_slopes(field, begin, opposite, sign)
        if pull.decays:
            # Where positions shrink besides, how near the run was before is not known.
            away = -_least([home, *back])
        else:
            width = abs(begin - opposite) / _PARTS
            away = -bound_mean(pull.keeps, home, back, to_ball(width) / stride)
        counts.append(count_turns(pull.keeps, home, away))
    return counts[0], counts[1]


def bound_mean(keeps: fmpq, home: Exact, back: Sequence[Exact], width: arb) -> Exact:
    """What a running mean of slopes is at least where a run passes an inner end.

    Args:
        keeps: What it keeps of itself at each step.
        home: The least slope beyond that end.
        back: The least slopes of parts on the way back to the opposite outer end.
        width: How wide a part is, in steps.
    """
    least, total, left = to_ball(home), arb(0), arb(1)
    for index, slope in enumerate(back):
        least = least.min(to_ball(slope))
        if index + 1 == len(back):
            total += left * least
            break
        whole = ((index + 1) * width).lower().floor().unique_fmpz()
        if whole is None:
            raise UndecidedError("a part is too wide")
        # Slopes of this part, and of those before, are remembered from that many steps.
        rest = to_ball(keeps) ** max(0, int(whole) - 1) if keeps else arb(whole < 2)
        total += (left - rest) * least
        left = rest
    return total.lower()


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


def list_slopes(field: Field, begin: fmpq, end: fmpq, sign: int) -> list[Exact]:
    """The least value of the slopes times a sign, for each part of the way between two places.

    Raises:
        UndecidedError: If a slope is not known to be finite.
    """
    step, found = (end - begin) / _PARTS, []
    for index in range(_PARTS):
        near, far = begin + index * step, begin + (index + 1) * step
        places = Range(min(near, far), max(near, far))
        parts = []
        for piece in range(len(field.replay.pieces)):
            part = field.clip(places, piece)
            if part is not None:
                slopes = field.slopes(piece, part)
                least = slopes.lower if sign > 0 else slopes.upper
                if least is None:
                    raise UndecidedError("a slope is not known to be finite")
                parts.append(least * sign)
        found.append(_least(parts))
    return found


def _least(numbers: Sequence[Exact]) -> Exact:
    """The smallest one."""
    least = numbers[0]
    for number in numbers[1:]:
        least = number if compare(number, least) < 0 else least
    return least
