"""Proposes boxes that hold the memories of all runs, step by step and then for ever."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from flint import fmpq

from gradiometer.errors import DomainError, UndecidedError
from gradiometer.formula import Exact, Range, from_float, hull, to_float, to_rational_text
from gradiometer.proof.check_carry import Carry
from gradiometer.proof.check_climb import RunUp
from gradiometer.proof.check_coast import find_coast
from gradiometer.proof.check_crowd import (
    Crowd,
    bound_early,
    bound_late,
    gather,
    most_of,
)
from gradiometer.proof.check_region import Box, contains, inflate, open_ends, outward
from gradiometer.proof.check_wedge import Wedge

Bound: TypeAlias = tuple[Exact, Sequence[int] | None, Mapping[str, Any]]
"""What no climb passes, the lengths of run-ups that promise most, and the evidence.

There are no such lengths where the limit of ever longer ones promises most.
"""

_LENGTHS = (48, 512, 1024)
"""Steps up to which the step count is told apart."""
_SWEEPS = 4
_PLAIN_ROUNDS, _MOST_GROWN, _ROUNDS = 4, 16, 20
"""Rounds in which a box grows by what is new, by ever more, and in all, when ends are given up."""
_CUTS = 30
"""Cuts at each end of a range, each twice as near to it as the last."""
_BESIDE, _LEAST = fmpq(1, 2**40), 1e-30
"""How far beside a range one looks how its ends move, as a part of its width, which counts as this
at least."""
_CLOSE = (0.05, 1e-12, 0.0)
"""Where later climbs may go farther by more than this part, telling more steps apart is in vain."""
_CLOSE_COASTING = 1.0
_FIRST = 4
"""Lengths of run-ups that are named, the best ones."""


def list_crowd_bounds(
    carry: Carry, wedge: Wedge, run_up: RunUp, limit: Exact | None
) -> Iterator[Bound]:
    """Bounds by the memories that any slopes lead to, with ever more steps told apart.

    Args:
        carry: The rule from its second step on.
        wedge: The slopes.
        run_up: The first steps.
        limit: How far ever longer run-ups come, if that is known.

    Raises:
        UndecidedError: If there is none.
    """
    reason, names = "no bound of its memory was found", None
    for steps, close in zip(_LENGTHS, _CLOSE, strict=True):
        try:
            tail = _hold_tail(carry, wedge, run_up, steps)
            plain = Crowd(steps, tail, {})
            early, box = bound_early(carry, wedge, run_up, plain)
            whole = late = bound_late(carry, wedge, plain, box)
            names = list(tail) if names is None else names
            helpful: list[str] = []
            best = most_of([*early.values(), late])
            yield best, _list_best(early, late, wedge), _spell(plain)
            for name in names:
                crowd = Crowd(steps, tail, {name: _list_places(tail[name])})
                late = bound_late(carry, wedge, crowd, box)
                if to_float(whole - late) > 0:
                    helpful.append(name)
                    best = most_of([*early.values(), late])
                    yield best, _list_best(early, late, wedge), _spell(crowd)
            names = helpful
            best = most_of(list(early.values()))
            below = best if limit is None else limit
            # Where slopes count for less and less, later climbs do go less far.
            most = close if find_coast(carry) is None or not close else _CLOSE_COASTING
            if not _is_worth_more(wedge, late, below, most):
                return
        except (UndecidedError, DomainError) as error:
            reason = str(error)
    if names is None:
        raise UndecidedError(reason)


def _is_worth_more(wedge: Wedge, late: Exact, below: Exact, close: float) -> bool:
    """Whether later climbs may go a little farther than those that are known, but not much."""
    more = to_float((late - below) / (below - wedge.kink)) if below != wedge.kink else 1.0
    return 0 < more < close


def _hold_tail(carry: Carry, wedge: Wedge, run_up: RunUp, steps: int) -> Box:
    *_, (_, last) = gather(carry, wedge, run_up, steps)
    return _hold(carry, last, (wedge.fall, wedge.rise), steps + 1)


def _list_best(early: Mapping[int, Exact], late: Exact, wedge: Wedge) -> Sequence[int] | None:
    """The steps that begin the farthest climbs; None where those are later ones."""
    known = {step: to_float(top - wedge.kink) for step, top in early.items()}
    most = max(known.values())
    if to_float(late - wedge.kink) > most:
        return None
    best = sorted(known, key=lambda step: (-known[step], step))[:_FIRST]
    # Of climbs that floats do not tell apart, one after a long run-up may still go farther.
    return list(dict.fromkeys([*best, max(step for step in known if known[step] == most)]))


def _list_places(part: Range) -> tuple[fmpq, ...]:
    """Places inside a range, ever nearer to its ends."""
    low, high = part.lower, part.upper
    if not (isinstance(low, fmpq) and isinstance(high, fmpq)) or low == high:
        return ()
    steps = [(high - low) / 2**count for count in range(1, _CUTS)]
    return tuple(sorted({*(low + step for step in steps), *(high - step for step in steps)}))


def _hold(carry: Carry, begun: Box, slopes: Sequence[fmpq], first: int) -> Box:
    """A box around another one that those slopes do not lead out of.

    Raises:
        UndecidedError: If none is found.
    """
    box: Box = {name: _tidy(part) for name, part in begun.items()}
    for _ in range(_SWEEPS):
        if contains(box, _image(carry, box, slopes, first)):
            return box
        for name in box:
            box = {**box, name: _tidy(_settle(carry, box, name, (slopes, first)))}
    for count in range(_ROUNDS):
        wider = _image(carry, box, slopes, first)
        if contains(box, wider):
            return box
        wider = {name: hull(box[name], wider[name]) for name in box}
        if count < _PLAIN_ROUNDS:
            box = {name: _tidy(part) for name, part in wider.items()}
            continue
        grow = inflate if count < _MOST_GROWN else open_ends
        size = 2 ** (count - _PLAIN_ROUNDS)
        box = {name: _tidy(grow(box[name], wider[name], size)) for name in box}
    raise UndecidedError("no bound of its memory was found")


def _image(carry: Carry, box: Box, slopes: Sequence[fmpq], first: int) -> Box:
    boxes = [carry.step(box, slope, first=first, last=None).box for slope in slopes]
    return {name: hull(*(part[name] for part in boxes)) for name in box}


def _settle(carry: Carry, box: Box, name: str, ways: tuple[Sequence[fmpq], int]) -> Range:
    """The range of one name with ends that move no more, as if they moved on straight lines."""
    now, (slopes, first) = box[name], ways
    after = _image(carry, box, slopes, first)[name]
    wider = hull(now, after)
    if now.lower is None or now.upper is None or after.lower is None or after.upper is None:
        return wider
    assert wider.lower is not None
    assert wider.upper is not None
    width = max(to_float(wider.upper - wider.lower), _LEAST)
    if not math.isfinite(width):
        return wider
    margin = _BESIDE * from_float(width)
    around = Range(now.lower - margin, now.upper + margin)
    try:
        moved = _image(carry, {**box, name: around}, slopes, first)
    except (UndecidedError, DomainError):
        return wider
    ends: list[Any] = []
    for here, there, far, side in (
        (now.lower, after.lower, moved[name].lower, -1),
        (now.upper, after.upper, moved[name].upper, 1),
    ):
        if side * to_float(there - here) <= 0 or far is None:
            ends.append(here)
            continue
        slope = (far - there) / (side * margin)
        ends.append(here + (there - here) / (1 - slope) if to_float(slope) < 1 else there)
    return hull(wider, Range(*ends))


def _tidy(part: Range) -> Range:
    """The range with rational ends, outward where one is none."""
    rational = all(end is None or isinstance(end, fmpq) for end in (part.lower, part.upper))
    if rational and part.is_single:
        return Range(part.lower, part.lower)
    return outward(part)


def _spell(crowd: Crowd) -> dict[str, Any]:
    tail = {
        name: [to_rational_text(end) if isinstance(end, fmpq) else None
               for end in (part.lower, part.upper)]
        for name, part in crowd.tail.items()
    }  # fmt: skip
    cuts = {name: [to_rational_text(place) for place in row] for name, row in crowd.cuts.items()}
    return {"crowd": crowd.steps, "tail": tail, "cuts": cuts}
