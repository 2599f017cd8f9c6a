"""Replays the certificate of a run that settles on a periodic sequence of pieces.

While the sequence of pieces is known, the memory of a rule follows it without looking at the
position. Near its periodic value it comes closer by a factor in each period, so all that the
position still drifts is a geometric sum; the pieces hold every position by more than that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, final

from flint import arb, fmpq

from gradiometer.errors import CertificateError, UndecidedError
from gradiometer.formula import Exact, compare, evaluate, free_names, precision, to_ball
from gradiometer.proof.check_fields import fields, read_rational, require
from gradiometer.proof.check_motion import Motion, read_motion
from gradiometer.proof.check_prefix import BITS, Prefix
from gradiometer.proof.check_tube import Clock, Near, advance, at_most, near
from gradiometer.proof.check_walk import Replay, read_replay, same, spell

_ZERO, _ONE = fmpq(0), fmpq(1)
_MOST_PERIOD = 20_000

Tour: TypeAlias = tuple[dict[str, Near], list[Near]]
"""The state after one period, and all positions up to it."""


@final
@dataclass(frozen=True)
class Course:
    """One period of a settled run: what it visits, and how close it is at first."""

    pieces: Sequence[int]
    state: Mapping[str, Near]
    """The periodic memory with the distance from it; the position too where it settles itself."""
    shrink: fmpq
    """The factor by which all distances shrink in each period."""


@final
@dataclass(frozen=True)
class Visit:
    """Where one position of the period finally is, and where it is in all periods."""

    place: Exact
    """The middle of both."""
    finally_within: fmpq
    always_within: fmpq


def check_itinerary(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept the cycle or the limit of a settled run, or raise `CertificateError`."""
    verdict, limit, cycle, interval = fields(claim, "verdict", "limit", "cycle", "interval")
    done, pieces, memory, shrink, position = fields(
        evidence, "from", "pieces", "memory", "shrink", "position"
    )
    require(type(done) is int, "No first step.")
    require(isinstance(pieces, list) and 0 < len(pieces) <= _MOST_PERIOD, "No period.")
    replay = read_replay(problem)
    with precision(BITS):
        prefix = Prefix(replay)
        prefix.reach(done)
        motion = read_motion(replay, done)
        state = _read_state(memory, position, motion)
        visits = visit(prefix, motion, done, Course(pieces, state, read_rational(shrink)))
        _check_interval(interval, prefix, done, visits)
        points = [spell_visit(visit) for visit in visits]
        if len(pieces) == 1:
            require(verdict == "converges" and cycle is None, "The run converges.")
            require(same(limit, points[0]), "The limit is another one.")
            return
        require(verdict == "cycle" and limit is None, "The run is periodic.")
        first = find_first(prefix, done, visits)
        turned = 0 if first is None else (first - done) % len(points)
        points = points[turned:] + points[:turned]
        said = {"period": len(pieces), "points": points, "multipliers": None, "from_step": first}
        require(same(cycle, said), "The cycle is another one.")


def _read_state(memory: Any, position: Any, motion: Motion) -> dict[str, Near]:
    require(isinstance(memory, Mapping) and set(memory) == set(motion.memory), "Another memory.")
    rows = dict(memory)
    if position is not None:
        rows["x"] = position
    state = {}
    for name, row in rows.items():
        require(isinstance(row, list) and len(row) == 2, "A part has a centre and a distance.")
        centre, spread = map(read_rational, row)
        require(spread >= 0, "A distance is negative.")
        state[name] = Near(centre, spread)
    return state


def visit(prefix: Prefix, motion: Motion, done: int, course: Course) -> list[Visit]:
    """Where the run is in each step of all periods from *done* steps on.

    Raises:
        CertificateError: If the course is not what the rule makes of it.
        UndecidedError: If something is not certain.
    """
    return find_visits(prefix, motion, done, course, follow(prefix.replay, motion, done, course))


def find_visits(
    prefix: Prefix, motion: Motion, done: int, course: Course, tour: Tour
) -> list[Visit]:
    """The same from the *tour* that `follow` has found for the course."""
    require(prefix.replay.rates.is_at_rest(done), "A schedule still changes.")
    require(0 <= course.shrink < 1, "The distances do not shrink.")
    now = motion.convert(prefix.states[done])
    for name, part in course.state.items():
        gap = at_most(now[name] - part.centre)
        require(gap <= part.spread, "The run is further away when the period begins.")
    settles = "x" in course.state
    require(settles or not motion.reads_position, "The rule reads the position.")
    state, places = tour
    for name, part in course.state.items():
        back = state[name]
        require(isinstance(back.centre, fmpq), "The memory is not periodic exactly.")
        require(back.centre == part.centre, "The memory does not return.")
        require(back.spread <= course.shrink * part.spread, "A distance does not shrink.")
    visits = _settled(places) if settles else _drifting(places, now["x"], course.shrink)
    _check_shortest(places[:-1])
    _check_pieces(prefix, visits, course.pieces)
    return visits


def follow(replay: Replay, motion: Motion, done: int, course: Course) -> Tour:
    """The state after one period, and all positions up to it.

    Where the position does not settle itself it counts from where the period begins.
    """
    period, settles = len(course.pieces), "x" in course.state
    state = {"x": Near(_ZERO), **course.state}
    places = [state["x"]]
    for index, piece in enumerate(course.pieces):
        clock = Clock(done + 1 + index, period, course.shrink)
        slope = _slope(replay, piece, state["x"], clock, settles=settles)
        after = advance(motion, state, slope, clock)
        places.append(after["x"] if settles else _moved(places[-1], after["x"]))
        state = after if settles else {**after, "x": Near(_ZERO)}
    return state, places


def _slope(replay: Replay, piece: Any, place: Near, clock: Clock, *, settles: bool) -> Near:
    require(type(piece) is int and 0 <= piece < len(replay.pieces), "There is no such piece.")
    tree = replay.pieces[piece].slope
    if not free_names(tree):
        return Near(evaluate(tree, {}))
    require(settles, "A slope depends on the position.")
    return near(tree, {"x": place}, clock)


def _moved(place: Near, stride: Near) -> Near:
    return Near(place.centre + stride.centre, at_most(place.spread + stride.spread))


def _settled(places: list[Near]) -> list[Visit]:
    """The visits of a run whose position comes closer itself."""
    return [Visit(place.centre, _ZERO, place.spread) for place in places[:-1]]


def _drifting(places: list[Near], start: Exact, shrink: fmpq) -> list[Visit]:
    """The visits of a run that returns to where it started, but for a drift that fades."""
    total = places[-1].centre
    require(isinstance(total, fmpq) and total == 0, "The strides of a period do not add up to 0.")
    drift = at_most(places[-1].spread / (1 - shrink))
    return [
        Visit(start + place.centre, drift, at_most(drift + place.spread)) for place in places[:-1]
    ]


def _check_shortest(places: list[Near]) -> None:
    """Refuse a period that is a shorter one several times over."""
    period, centres = len(places), [place.centre for place in places]
    for shorter in range(1, period // 2 + 1):
        if period % shorter == 0:
            moved = centres[shorter:] + centres[:shorter]
            same_there = all(_equal(a, b) for a, b in zip(centres, moved, strict=True))
            require(not same_there, "The period is shorter.")


def _equal(left: Exact, right: Exact) -> bool:
    gap = left - right
    return gap == 0 if isinstance(gap, fmpq) else gap.contains(0)


def _check_pieces(prefix: Prefix, visits: list[Visit], pieces: Sequence[int]) -> None:
    """Every position lies on its piece in every period."""
    ends = prefix.replay.ends({})
    for visit, piece in zip(visits, pieces, strict=True):
        if visit.always_within == 0 and isinstance(visit.place, fmpq):
            require(prefix.replay.locate(visit.place, ends) == piece, "Another piece.")
            continue
        low, high = visit.place - visit.always_within, visit.place + visit.always_within
        lower = ends[piece - 1] if piece else None
        inside = lower is None or compare(low, lower) > 0
        inside = inside and (ends[piece] is None or compare(high, ends[piece]) < 0)
        if not inside:
            raise UndecidedError("a position may cross a joint before the memory has settled")


def spell_visit(visit: Visit) -> str:
    """Where the position finally is."""
    if visit.finally_within == 0 and isinstance(visit.place, fmpq):
        return spell(visit.place)
    return spell(enclosed(visit))


def enclosed(visit: Visit) -> Exact:
    """A number or ball with the final position."""
    if visit.finally_within == 0 and isinstance(visit.place, fmpq):
        return visit.place
    return to_ball(visit.place) + arb(0, arb(visit.finally_within).abs_upper())


def find_first(prefix: Prefix, done: int, visits: list[Visit]) -> int | None:
    """The first step from which the positions are exactly on the cycle; None without one."""
    if any(v.always_within or not isinstance(v.place, fmpq) for v in visits):
        return None
    first, period = done, len(visits)
    while first > 0:
        before = prefix.states[first - 1]["x"]
        if not isinstance(before, fmpq) or before != visits[(first - 1 - done) % period].place:
            break
        first -= 1
    return first


def _check_interval(interval: Any, prefix: Prefix, done: int, visits: list[Visit]) -> None:
    require(isinstance(interval, list) and len(interval) == 2, "An interval has two ends.")
    low, high = map(read_rational, interval)
    prefix.check_inside(low, high, done)
    for part in visits:
        inside = compare(part.place - part.always_within, low) >= 0
        inside = inside and compare(part.place + part.always_within, high) <= 0
        if not inside:
            raise CertificateError("A position may lie outside the interval.")
