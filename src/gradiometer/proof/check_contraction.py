"""Replays the certificate that a run comes ever closer to a point or to a cycle.

Near the claimed orbit `c_0, c_1, …` a state is `c_0 + A*y` with a vector y of length at most 1. By
the mean-value form one whole period takes such a y to `d + G*y` with G in a matrix of balls. Where
`|d| + |G| <= 1` and `|G| < 1` the period maps this region into itself and shrinks all distances by
the same factor, so exactly one periodic orbit goes through it, and whoever enters comes ever
closer.

When powers `b^t` with b < 1 stand in the step, the maps T_t tend to a limit T, uniformly on the
region. If all of them map the region into itself and shrink it by one factor q < 1, then the
distance from T's orbit obeys `r' <= q*r + e_t` with e_t -> 0, and tends to 0.

When other numbers change for ever they are frozen (see `check_frozen`). Then one and the same fixed
point is asked of all the maps, and `r' <= q*r` holds whatever these numbers are at each step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, final

from flint import arb, arb_mat, fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import Range, collapse, compare, precision, to_ball
from gradiometer.proof.check_contraction_read import Evidence, read_contraction
from gradiometer.proof.check_entry import enclose_run
from gradiometer.proof.check_fields import fields, require
from gradiometer.proof.check_frozen import Frozen, freeze, reads_step, to_hull
from gradiometer.proof.check_matrix import (
    length,
    real_eigenvalues,
    shrinks,
    to_column,
    to_matrix,
)
from gradiometer.proof.check_tangent import Matrix, Motion, read_motion
from gradiometer.proof.check_walk import Replay, read_replay, spell

Step: TypeAlias = Callable[[int, list[fmpq], list[arb]], tuple[list[Any], Matrix]]
"""A piece, a place and a region around it in; the image of the place and the slopes out."""


@final
@dataclass(frozen=True)
class Attractor:
    """What a run comes ever closer to."""

    points: tuple[Any, ...]
    """The positions of the orbit: rationals, or balls that contain them."""
    multipliers: tuple[Any, ...] | None


@final
@dataclass(frozen=True)
class Tour:
    """Where one period takes the region: `d + M*y`, and the same after each step of it."""

    middles: list[list[Any]]
    spreads: list[arb_mat]


def check_contraction(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept that a run converges to a point or a cycle, or raise `CertificateError`."""
    verdict, limit, cycle, interval = fields(claim, "verdict", "limit", "cycle", "interval")
    require(interval is None, "Nothing is shown about bounds.")
    read = read_contraction(evidence)
    found = replay_contraction(read_replay(problem), read)
    with precision(read.bits):
        if len(found.points) == 1:
            require(verdict == "converges" and cycle is None, "The run converges.")
            require(limit == spell(found.points[0]), "The limit is another one.")
            return
        require(verdict == "cycle" and limit is None, "The run has a cycle as its limit.")
        require(cycle == spell_cycle(found), "The cycle is another one.")


def replay_contraction(replay: Replay, read: Evidence) -> Attractor:
    """What the run comes ever closer to, or raise `CertificateError`."""
    with precision(read.bits):
        found = find_attractor(replay, read)
        enter_region(replay, read)
    return found


def spell_cycle(found: Attractor) -> dict[str, Any]:
    """The cycle as a claim says it."""
    known = found.multipliers
    return {
        "period": len(found.points),
        "points": [spell(point) for point in found.points],
        "multipliers": None if known is None else [spell(value) for value in known],
        "from_step": None,
    }


def find_attractor(replay: Replay, read: Evidence) -> Attractor:
    """The orbit that every run in the region comes ever closer to.

    Raises:
        CertificateError: If that is not shown.
        UndecidedError: If a region meets a joint or a branch.
    """
    require(0 <= read.factor < 1, "The factor does not shrink anything.")
    motion = read_motion(replay, read.entry, frees_powers=True)
    names = {*read.names, *read.free}
    require(names == set(motion.names) and read.names[0] == "x", "The state has other names.")
    require(len(read.names) + len(read.free) == len(motion.names), "A name stands twice.")
    rests = set(replay.rates.rows) <= set(replay.rates.resting(read.entry))
    if not motion.powers and not read.free and rests and not reads_step(motion):
        require(read.root is None and not read.cuts, "There is nothing frozen.")
        inverse = _shrink(replay, read, _smooth_step(motion))
        return _locate(replay, read, motion, inverse)
    shared = bool(read.free) or not rests or reads_step(motion)
    inverse = _shrink_frozen(replay, read, motion, shared=shared)
    if shared:
        return Attractor((_shared_point(read),), None)
    require(read.root is None, "There is nothing frozen.")
    return _locate(replay, read, motion, inverse)


def enter_region(replay: Replay, read: Evidence) -> None:
    """Refuse unless the run is in the region after the steps that the evidence says."""
    cloud = enclose_run(replay, read.entry, bits=read.bits)
    ways = bound_drifts(replay, read)
    box = dict(zip(cloud.names, cloud.box(), strict=True))
    for name, span in read.free.items():
        value = box[name]
        way = ways.get(name, fmpq(0))
        here = Range((value - way).lower(), (value + way).upper())
        require(span.contains(here), "A frozen number is not in its range.")
    places = [cloud.names.index(name) for name in read.names]
    # The region lies around the fixed point itself, which may be known by two ends only.
    centre = [read.points[0][0] if read.root is None else _hull(read.root), *read.points[0][1:]]
    away = [cloud.centre[p] - to_ball(c) for p, c in zip(places, centre, strict=True)]
    frame = [[cloud.frame[p, j] for j in range(len(cloud.names))] for p in places]
    back = to_matrix(read.matrix).inv()
    if read.root is not None:
        away[0] = away[0] + centre[0] - _hull(read.root)
    error = back * to_column(away) + (back * to_matrix(frame)) * cloud.error
    reach = length(error.entries())
    if not reach <= 1 and any(entry.contains(0) or entry.rad() > 1 for entry in error.entries()):
        raise UndecidedError("the run is not enclosed closely enough to be in the region")
    require(bool(reach <= 1), "The run is not in the region by then.")


def bound_drifts(replay: Replay, read: Evidence) -> dict[str, arb]:
    """How far each number that drifts comes at most, in all steps after the entry together.

    Raises:
        CertificateError: If that has no bound.
    """
    if not read.drifts:
        return {}
    motion = read_motion(replay, read.entry, frees_powers=True)
    frozen = freeze(replay, motion, read.entry, read.free, read.drifts)
    centre = [to_ball(value) for value in read.points[0]]
    spans = [Range(value, value) for value in read.points[0]]
    if read.root is not None:
        centre[0], spans[0] = _hull(read.root), Range(*read.root)
    frame = to_matrix(read.matrix)
    size = len(read.names)
    box = [c + arb(0, length(row)) for c, row in zip(centre, frame.tolist(), strict=True)]
    piece = replay.locate(box[0], replay.ends({}))
    place = dict(zip(read.names, spans, strict=True))
    frozen.require_still(piece, place, flat=read.root is not None)
    found = {}
    for name, slopes in zip(read.drifts, frozen.drift(piece, box), strict=True):
        most = length((arb_mat(1, size, slopes) * frame).entries())
        found[name] = (most / (1 - to_ball(read.factor))).abs_upper()
    return found


def _hull(ends: tuple[fmpq, fmpq]) -> arb:
    return to_ball(ends[0]).union(to_ball(ends[1]))


def _smooth_step(motion: Motion, gone: Mapping[str, Any] | None = None) -> Step:
    """The step in balls; *gone* gives the powers that have reached their limit."""
    exact, balls = {**motion.values, **(gone or {})}, {**motion.balls(), **(gone or {})}

    def step(piece: int, place: list[fmpq], box: list[arb]) -> tuple[list[Any], Matrix]:
        there = motion.images(piece, {**exact, **dict(zip(motion.names, place, strict=True))})
        region = dict(zip(motion.names, box, strict=True))
        return there, motion.slopes(piece, {**balls, **region})[1]

    return step


def _frozen_step(frozen: Frozen) -> Step:
    def step(piece: int, place: list[fmpq], box: list[arb]) -> tuple[list[Any], Matrix]:
        there = [_to_exact(span) for span in frozen.point(piece, place)]
        return there, frozen.slopes(piece, box)

    return step


def _to_exact(span: Range) -> Any:
    return span.lower if span.is_single and span.lower is not None else to_hull(span)


def _shrink(replay: Replay, read: Evidence, step: Step) -> arb_mat:
    """The inverse of the matrix, after one period is shown to shrink the region into itself."""
    frame = to_matrix(read.matrix)
    try:
        back = frame.inv()
    except ZeroDivisionError:
        raise UndecidedError("the matrix has no inverse") from None
    tour = go_round(replay, read, step, frame, arb(1))
    around = back * tour.spreads[-1]
    require(shrinks(around, read.factor), "One period does not shrink distances by that factor.")
    shift = length((back * to_column(tour.middles[-1])).entries())
    require(bool(shift + read.factor <= 1), "One period leaves the region.")
    return back


def go_round(replay: Replay, read: Evidence, step: Step, frame: arb_mat, radius: arb) -> Tour:
    """Where one period takes all states `c_0 + frame*y` with y no longer than *radius*."""
    ends = replay.ends({})
    size = len(read.names)
    middle: list[Any] = [fmpq(0)] * size
    spread = frame
    tour = Tour([middle], [spread])
    for index, place in enumerate(read.points):
        rows = [[spread[i, j] for j in range(size)] for i in range(size)]
        reach = [arb(0, length(row) * radius) for row in rows]
        # The region also holds the point itself, at which the mean-value form begins.
        box = [
            to_ball(c) + to_ball(d).union(arb(0)) + r
            for c, d, r in zip(place, middle, reach, strict=True)
        ]
        there, slopes = step(replay.locate(box[0], ends), list(place), box)
        goal = read.points[(index + 1) % len(read.points)]
        jump = [collapse(v - g) for v, g in zip(there, goal, strict=True)]
        middle = [j + _dot(row, middle) for j, row in zip(jump, slopes, strict=True)]
        spread = to_matrix(slopes) * spread
        tour.middles.append(middle)
        tour.spreads.append(spread)
    return tour


def _dot(row: list[arb], column: list[Any]) -> Any:
    if all(value == 0 for value in column):
        return fmpq(0)
    total: Any = arb(0)
    for factor, value in zip(row, column, strict=True):
        total += factor * value
    return total


def _locate(replay: Replay, read: Evidence, motion: Motion, back: arb_mat) -> Attractor:
    """The orbit and its multipliers, as sharp as the points of the certificate allow."""
    gone = dict.fromkeys(motion.powers, fmpq(0))
    step = _smooth_step(motion, gone)
    point = go_round(replay, read, step, to_matrix(read.matrix), arb(0))
    shift = length((back * to_column(point.middles[-1])).entries())
    radius = (shift / (1 - to_ball(read.factor))).abs_upper()
    tour = go_round(replay, read, step, to_matrix(read.matrix), radius)
    size = len(read.names)
    places = []
    for place, middle, spread in zip(read.points, tour.middles, tour.spreads, strict=False):
        reach = length([spread[0, j] for j in range(size)]) * radius
        is_exact = reach == 0 and isinstance(middle[0], fmpq)
        places.append(place[0] + middle[0] if is_exact else place[0] + middle[0] + arb(0, reach))
    _require_period(places)
    around = back * tour.spreads[-1]
    known = real_eigenvalues(around) if len(places) > 1 else None
    return Attractor(tuple(places), None if known is None else tuple(known))


def _require_period(places: list[Any]) -> None:
    """Refuse an orbit that returns earlier: each shorter period must be refuted at some point."""
    period = len(places)
    for prime in range(2, period + 1):
        if period % prime == 0:
            short = period // prime
            pairs = ((places[i], places[(i + short) % period]) for i in range(period))
            apart = any(not to_ball(a).overlaps(to_ball(b)) for a, b in pairs)
            require(apart, "The orbit may have a shorter period.")


def _shrink_frozen(replay: Replay, read: Evidence, motion: Motion, *, shared: bool) -> arb_mat:
    """The same for each part of the frozen ranges, with one fixed point for all if *shared*."""
    require(not shared or len(read.points) == 1, "Maps that go on changing share no cycle.")
    frozen = freeze(replay, motion, read.entry, read.free, read.drifts)
    require(frozen.names == read.names, "The state has other names.")
    require(shared or not read.drifts, "Nothing drifts where nothing is frozen.")
    if shared:
        _require_shared(replay, read, frozen)
    back = None
    for part in _parts(read, frozen):
        step = _around_root(replay, part, read) if shared else _frozen_step(part)
        back = _shrink(replay, read, step)
    if back is None:
        raise UndecidedError("there is no part to look at")
    return back


def _around_root(replay: Replay, frozen: Frozen, read: Evidence) -> Step:
    """The step around the fixed point itself, which is known to lie between two places."""
    low_high, ends = read.root, replay.ends({})

    def run(piece: int, place: list[fmpq], box: list[arb]) -> tuple[list[Any], Matrix]:
        if low_high is not None:
            box = [box[0] - place[0] + _hull(low_high), *box[1:]]
            # The region around another place may have met no joint where this one does.
            require(replay.locate(box[0], ends) == piece, "The region meets a joint.")
        return list(place), frozen.slopes(piece, box)

    return run


def _parts(read: Evidence, frozen: Frozen) -> list[Frozen]:
    """The frozen step on each part of one range; the parts must cover it."""
    if not read.cuts:
        return [frozen]
    name = read.cuts[0][0]
    require(name in read.free and name not in read.drifts, "Another name is cut.")
    reached = read.free[name].lower
    parts = []
    for other, span in read.cuts:
        require(other == name and span.lower == reached, "The parts leave a gap.")
        reached = span.upper
        news = {**frozen.news, f"{name}'": span}
        parts.append(replace(frozen, news=news))
    require(reached == read.free[name].upper, "The parts do not cover the range.")
    return parts


def _require_shared(replay: Replay, read: Evidence, frozen: Frozen) -> None:
    """Refuse unless one point is fixed, whatever the frozen numbers are."""
    place, ends = list(read.points[0]), replay.ends({})
    if read.root is None:
        there = frozen.point(replay.locate(place[0], ends), place)
        same = all(s.is_single and s.lower == p for s, p in zip(there, place, strict=True))
        require(same, "The point is not fixed for all the steps to come.")
        return
    low, high = read.root
    require(low <= place[0] <= high, "The fixed point is not the zero of the slope.")
    piece = replay.locate(_hull(read.root), ends)
    slope = frozen.motion.pieces[piece][0]
    require(slope.target == "g", "The rule does not read the slope.")
    left, right = (compare(slope.value({"x": end}), fmpq(0)) for end in (low, high))
    require(left * right < 0, "The slope has no zero there.")
    spans = [Range(low, high), *(Range(p, p) for p in place[1:])]
    there = frozen.rest(piece, dict(zip(read.names, spans, strict=True)))
    same = all(
        s.is_single and s.lower == p for s, p in zip(there, [fmpq(0), *place[1:]], strict=True)
    )
    require(same, "The point is not fixed for all the steps to come.")


def _shared_point(read: Evidence) -> Any:
    return read.points[0][0] if read.root is None else _hull(read.root)
