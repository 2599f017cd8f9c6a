"""A bound of all climbs by the memories that any slopes lead to, step by step.

After each step the memory of every run lies in a box: the hull of where both slopes lead from the
box before. A climb begins with a step from the left of the kink. So it is bounded by one that
begins with that step at the kink itself, for every memory of the box and with the step count known.
From some step on one box holds all memories, and the step count may be any.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, final

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import Exact, Range, at_point, compare, hull, size_in_bits
from gradiometer.proof.check_carry import Carry, Moved, as_ball, read_carry
from gradiometer.proof.check_climb import RunUp
from gradiometer.proof.check_coast import Coast, find_coast
from gradiometer.proof.check_excursion import read_box
from gradiometer.proof.check_fields import fields, read_rational, require
from gradiometer.proof.check_region import Box, contains, outward
from gradiometer.proof.check_wedge import Wedge

_LONGEST_CLIMB = 12_000
"""Steps after which a climb is given up."""
_MOST_CUTS = 200
_MOST_STEPS = 20_000
_LONG = 1200
"""Bits after which the ends of boxes are rounded outward."""
_FAR = 2
"""Times the length of a step by which one begins before the place that it is to come to."""
_SOON = 8
"""Steps downward after which it is asked, at powers of two, whether a climb is over for good."""
_COASTS = 64
"""Steps of a climb after which it may end where later slopes only slow it down."""
_EXACT_STEPS = 300
"""Steps of a climb that are kept as they are; later ones are rounded outward."""


@final
@dataclass(frozen=True)
class Crowd:
    """How the memories of all runs are held."""

    steps: int
    """Up to this step a box belongs to one step count."""
    tail: Box
    """Where the memory lies from then on."""
    cuts: Mapping[str, tuple[fmpq, ...]]
    """Where that box is cut when a climb begins: what leads far is known better alone."""


def read_crowd(evidence: Any, carry: Carry) -> Crowd:
    """The evidence of a certificate.

    Raises:
        CertificateError: If it is malformed.
    """
    steps, tail, cuts = fields(evidence, "crowd", "tail", "cuts")
    require(type(steps) is int and 1 <= steps <= _MOST_STEPS, "The crowd is too long.")
    require(isinstance(cuts, Mapping) and set(cuts) <= set(carry.memory), "No such cuts.")
    rows = {name: tuple(map(read_rational, row)) for name, row in cuts.items()}
    require(all(len(row) <= _MOST_CUTS for row in rows.values()), "There are too many cuts.")
    require(all(list(row) == sorted(row) for row in rows.values()), "The cuts do not rise.")
    return Crowd(steps, read_box(tail, carry.memory), rows)


def begin_crowd(wedge: Wedge, run_up: RunUp) -> Moved:
    """The first step of every run, which meets the first slope.

    Raises:
        UndecidedError: If the memory depends on where the run begins.
    """
    carry = read_carry(wedge.replay, 0, (wedge.fall, wedge.rise))
    memory = {name: at_point(run_up.memory(0)[name]) for name in carry.memory}
    return carry.step(memory, wedge.fall, first=1, last=1)


def gather(carry: Carry, wedge: Wedge, run_up: RunUp, steps: int) -> Iterator[tuple[int, Box]]:
    """After each step up to that one, where the memory of every run lies."""
    box: Box = carry.convert(run_up.memory(1), 1)
    for done in range(1, steps + 1):
        if done > 1:
            moved = [carry.step(box, slope, first=done, last=done).box
                     for slope in (wedge.fall, wedge.rise)]  # fmt: skip
            box = {name: _short(hull(*(part[name] for part in moved))) for name in box}
        yield done, box


def _short(part: Range) -> Range:
    ends = (part.lower, part.upper)
    if any(isinstance(end, fmpq) and size_in_bits(end) > _LONG for end in ends):
        return outward(part)
    return part


def bound_crowd(carry: Carry, wedge: Wedge, run_up: RunUp, crowd: Crowd) -> Exact:
    """A number that no position of any run passes.

    Args:
        carry: The rule from its second step on.
        wedge: The slopes.
        run_up: The first steps.
        crowd: How the memories are held.

    Raises:
        UndecidedError: If a step may leave the boxes, or a climb may have no end.
    """
    tops, box = bound_early(carry, wedge, run_up, crowd)
    return most_of([*tops.values(), bound_late(carry, wedge, crowd, box)])


def bound_early(
    carry: Carry, wedge: Wedge, run_up: RunUp, crowd: Crowd
) -> tuple[Mapping[int, Exact], Box]:
    """What no climb passes, by the step that begins it, and the box of memories after the last.

    Raises:
        UndecidedError: If a climb may have no end.
    """
    tops: dict[int, Exact] = {1: wedge.kink}
    first = begin_crowd(wedge, run_up)
    box: Box = carry.convert(run_up.memory(1), 1)
    high = first.highest(None, wedge.kink)
    if not _is_below(high, wedge.kink):
        tops[1] = bound_ascent(carry, wedge, box, high, done=1, is_known=True, tail=crowd.tail)
    for done, box in gather(carry, wedge, run_up, crowd.steps):
        if done < crowd.steps:
            tops[done + 1] = _bound_next(carry, wedge, crowd, box, done=done, is_known=True)
    return tops, box


def bound_late(carry: Carry, wedge: Wedge, crowd: Crowd, begun: Box) -> Exact:
    """What no later climb passes.

    Args:
        carry: The rule.
        wedge: The slopes.
        crowd: How the memories are held.
        begun: Where they lie after the last step with a box of its own.

    Raises:
        UndecidedError: If a step may leave the box of all later ones, or a climb may have no end.
    """
    if not contains(crowd.tail, begun):
        raise UndecidedError("the last box leaves the one of all later steps")
    for slope in (wedge.fall, wedge.rise):
        after = carry.step(crowd.tail, slope, first=crowd.steps + 1, last=None).box
        if not contains(crowd.tail, after):
            raise UndecidedError("a step may leave the box")
    pieces = _cut(crowd.tail, crowd.cuts)
    tops = [_bound_next(carry, wedge, crowd, piece, done=crowd.steps, is_known=False)
            for piece in pieces]  # fmt: skip
    return most_of(tops)


def most_of(values: list[Exact]) -> Exact:
    """The largest of some numbers; of balls that overlap, what none of them passes."""
    most = hull(*map(at_point, values)).upper
    assert most is not None
    return most


def _bound_next(
    carry: Carry, wedge: Wedge, crowd: Crowd, box: Box, *, done: int, is_known: bool
) -> Exact:
    """What no climb passes that begins with the next step, from any memory of the box."""
    moved = carry.step(box, wedge.fall, first=done + 1, last=done + 1 if is_known else None)
    high = moved.highest(None, wedge.kink)
    if _is_below(high, wedge.kink):
        return wedge.kink
    return bound_ascent(carry, wedge, moved.box, high, done=done + 1, is_known=is_known,
                        tail=crowd.tail)  # fmt: skip


def _cut(box: Box, cuts: Mapping[str, tuple[fmpq, ...]]) -> list[Box]:
    """The box in pieces that share their ends."""
    pieces: list[Box] = [box]
    for name, places in cuts.items():
        pieces = [
            {**piece, name: part} for piece in pieces for part in _cut_range(box[name], places)
        ]
    return pieces


def _cut_range(part: Range, places: tuple[fmpq, ...]) -> list[Range]:
    found, lower = [], part.lower
    for place in places:
        inside = lower is None or compare(lower, place) < 0
        if inside and (part.upper is None or compare(place, part.upper) < 0):
            found.append(Range(lower, place))
            lower = place
    return [*found, Range(lower, part.upper)]


def bound_ascent(
    carry: Carry, wedge: Wedge, box: Box, highest: Exact, *, done: int, is_known: bool, tail: Box
) -> Exact:
    """A number that no position of a climb passes, until all have come back.

    Args:
        carry: The rule.
        wedge: The slopes.
        box: Where the memory lies when the climb has begun.
        highest: The farthest position then.
        done: How many steps were made.
        is_known: Whether it is exactly so many; else there may have been more.
        tail: Where all memories lie in the long run, as a proposal.

    Raises:
        UndecidedError: If it may climb without end.
    """
    best, here, falling = highest, highest, 0
    # Only of steps without an end is it known that their memories never leave the tail.
    coast = None if is_known else find_coast(carry)
    for step in range(done + 1, done + _LONGEST_CLIMB):
        if _is_back(wedge, here):
            return best
        moved = carry.step(box, wedge.rise, first=step, last=step if is_known else None)
        before, old, here = here, box, as_ball(moved.highest(wedge.kink, here))
        box = moved.box
        is_falling = _is_below(here, before)
        falling = falling + 1 if is_falling else 0
        # Looking ahead costs as much as a step or two, and most climbs are back soon.
        if (
            falling >= _SOON
            and falling & (falling - 1) == 0
            and _is_over(carry, wedge, best, (old, box, tail), step)
        ):
            return best
        best = most_of([best, here])
        if coast is not None and step - done == _COASTS:
            ahead = _coast_on(carry, wedge, coast, (box, tail), step)
            if ahead is not None:
                return most_of([best, here + ahead])
        if is_falling or step - done > _EXACT_STEPS:
            box, here = {n: outward(r) for n, r in box.items()}, outward(at_point(here)).upper
            assert here is not None
    raise UndecidedError("a run may climb for very long")


def _coast_on(
    carry: Carry, wedge: Wedge, coast: Coast, boxes: tuple[Box, Box], done: int
) -> Exact | None:
    """How far all steps to come lead on at most; None where some may speed up."""
    now, tail = boxes
    try:
        moved = carry.step(tail, wedge.rise, first=done + 1, last=None)
        return coast.most(now) if coast.slows(moved.known) else None
    except UndecidedError:
        return None


def _is_back(wedge: Wedge, here: Exact) -> bool:
    """Whether a position is certainly no more past the kink."""
    try:
        order = compare(here, wedge.kink)
    except UndecidedError:
        return False
    return order < 0 or (order == 0 and wedge.keeps_kink)


def _is_below(left: Exact, right: Exact) -> bool:
    """Whether a number is certainly not above another one."""
    try:
        return compare(left, right) <= 0
    except UndecidedError:
        return False


def _is_over(
    carry: Carry, wedge: Wedge, best: Exact, boxes: tuple[Box, Box, Box], done: int
) -> bool:
    """Whether no later step leads past the best, the memory moving on as it does or not at all.

    A range goes on without end where it moves to, up to where all memories lie from some step on.
    """
    before, now, tail = boxes
    extended = {name: _extend(before[name], now[name], tail[name]) for name in now}
    whole = {name: hull(now[name], tail[name]) for name in now}
    for box in (whole, extended):
        try:
            moved = carry.step(box, wedge.rise, first=done + 1, last=None)
            falls = _is_below(moved.highest(wedge.kink, best), best)
            if falls and contains(box, moved.box):
                return True
        except UndecidedError:
            continue
    return False


def _extend(before: Range, now: Range, tail: Range) -> Range:
    """The range, with those ends that move outward moved on to the ends of another one."""
    whole = hull(now, tail)
    rises = _reaches(now.lower, before.lower, 1)
    falls = _reaches(now.upper, before.upper, -1)
    return Range(now.lower if rises else whole.lower, now.upper if falls else whole.upper)


def _reaches(now: Exact | None, before: Exact | None, order: int) -> bool:
    """Whether an end has certainly not moved outward; *order* is 1 for lower ends."""
    if now is None or before is None:
        return False
    return _is_below(before, now) if order > 0 else _is_below(now, before)


def require_start(carry: Carry, wedge: Wedge, run_up: RunUp, steps: int) -> None:
    """Refuse where no start is seen whose run stands on the kink after one step less.

    Each step is continuous from some place up to the kink; it carries the kink to itself or past
    it, and that place not past the lowest of those where the next step is to begin. So it carries
    some place between them to any that is wanted. Where a run that stands on the kink meets the
    other slope, all of them must lie before it, and it is places just before it that are wanted.

    Raises:
        UndecidedError: If there is none, or a step may jump.
    """
    low: Exact = wedge.kink
    for done in range(steps - 1, 0, -1):
        if done == 1:
            moved = begin_crowd(wedge, run_up)
        else:
            box = carry.convert(run_up.memory(done - 1), done - 1)
            moved = carry.step(box, wedge.fall, first=done, last=done)
        end, near = moved.image(wedge.kink).lower, moved.image(low).upper
        if end is None or near is None or compare(end, wedge.kink) < 0:
            raise UndecidedError("no start reaches the kink after that many steps")
        here = outward(at_point(low - _FAR * (near - low))).lower
        image = None if here is None else moved.image(here).upper
        allowed = 0 if wedge.keeps_kink or low != wedge.kink else -1
        if here is None or image is None or not (here <= low and compare(image, low) <= allowed):
            raise UndecidedError("no start reaches the kink after that many steps")
        moved.require_continuous(here, wedge.kink)
        low = here
