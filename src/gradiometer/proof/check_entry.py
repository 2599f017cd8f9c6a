"""The checker's enclosure of a run: a centre and a small error in coordinates that turn with it.

Balls alone lose a digit at each step even where a run converges, since every operation adds its own
error. Here the error is carried by the slopes of the step (the mean-value form), in coordinates
that follow the directions into which errors are stretched, so that it shrinks where the run does.
Where the state hardly changes, one look at the slopes serves many steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import reduce
from math import hypot, isfinite
from typing import Any, TypeAlias, final

from flint import arb, arb_mat, ctx, fmpq

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import precision, size_in_bits, to_ball
from gradiometer.proof.check_matrix import length
from gradiometer.proof.check_modes import find_modes, stretch
from gradiometer.proof.check_tangent import Motion, read_motion
from gradiometer.proof.check_walk import Replay

AMPLE = 512
"""Bits from which on balls alone are tried, since they can lose many and still have some."""

_BLOCK = 32
"""Steps after which an enclosure is written anew, with a centre and an error."""
_FEW = 64
"""Bits with which that is done at each step; with more bits a region may grow for a while.

A step may cost a bit of the centre, so a leap needs as many bits more."""
_LEAP, _FIRST_LEAP = 64, 200
"""Steps at once where the state hardly changes, and after how many of them that is tried."""
_REST = 4
"""Blocks that are walked step by step after a leap that failed; twice as many after the next."""
_GROWTH, _KEPT = 4, 1.1
"""By how much an error may grow in a leap, and up to what growth coordinates are kept."""
_WIDE = arb(10) ** -6
_LONGEST = 1000
"""Bits of the rationals with which a run begins; later it goes on in balls."""

Watch: TypeAlias = Callable[[int, arb], None]
"""Told the number of steps done and where the position is after them."""


@final
@dataclass(frozen=True)
class Cloud:
    """All states `centre + frame * error`, each error inside its ball."""

    centre: list[Any]
    frame: arb_mat
    error: arb_mat
    names: tuple[str, ...] = field(default=())
    reach: arb | None = None
    """The length of an error at most, where that is known."""

    def box(self) -> list[Any]:
        """A ball for each coordinate that holds it in all these states."""
        spread = (self.frame * self.error).entries()
        return [middle + part for middle, part in zip(self.centre, spread, strict=True)]


def enclose_run(replay: Replay, steps: int, *, bits: int, watch: Watch | None = None) -> Cloud:
    """Where the run is after that many steps, for certain.

    Args:
        replay: The problem of a certificate.
        steps: How many steps to take.
        bits: The working precision.
        watch: What is told of each position on the way, the start included.

    Raises:
        UndecidedError: If the precision does not suffice.
        DomainError: If a step has no value.
    """
    with precision(bits):
        motion = read_motion(replay, 0, frees_powers=True)
        ends = replay.ends({})
        done, state = _walk_exactly(replay, motion, ends, steps, watch)
        size = len(motion.names)
        if bits >= AMPLE and watch is None:
            plain = _walk_plainly(replay, motion, ends, (done, state), steps)
            if plain is not None:
                return _centred(Cloud(plain, _identity(size), arb_mat(size, 1)), motion.names)
        cloud = Cloud([to_ball(v) for v in state], _identity(size), arb_mat(size, 1))
        cloud = _centred(cloud, motion.names)
        march = _March(replay, motion, ends)
        while done < steps:
            leap = march.leap(cloud, done, min(_LEAP, steps - done))
            count = min(_BLOCK, 1 + max(0, bits - _FEW) // 8, steps - done)
            cloud, places = leap or march.advance(cloud, done, count)
            for place in places:
                done += 1
                if watch is not None:
                    watch(done, place)
        return cloud


def _walk_exactly(
    replay: Replay, motion: Motion, ends: list[Any], steps: int, watch: Watch | None
) -> tuple[int, list[Any]]:
    """The steps at the beginning whose numbers are short rationals, so that ties are seen."""
    begun = replay.begin()
    state = [begun[name] for name in motion.names]
    done = 0
    while True:
        if watch is not None:
            watch(done, to_ball(state[0]))
        if done == steps or not all(_is_short(value) for value in state):
            return done, state
        known: dict[str, Any] = {**motion.values, **replay.rates.at(done)}
        known |= motion.at_step(done + 1, motion.values)
        known |= dict(zip(motion.names, state, strict=True))
        state = motion.images(replay.locate(state[0], ends), known)
        done += 1


def _walk_plainly(
    replay: Replay, motion: Motion, ends: list[Any], begun: tuple[int, list[Any]], steps: int
) -> list[Any] | None:
    """The state in balls alone, which is quick; None where too few digits are left of many."""
    done, state = begun[0], [to_ball(value) for value in begun[1]]
    pieces, least = motion.compile_pieces(), arb(2) ** (-(ctx.prec // 8))
    counted, alone = motion.later_steps(done + 1), len(ends) == 1
    try:
        while done < steps:
            known = {**next(counted), **dict(zip(motion.names, state, strict=True))}
            if replay.rates.rows:
                known |= replay.rates.at(done)
            piece = 0 if alone else replay.locate(state[0], ends)
            state = [to_ball(value) for value in pieces[piece](known)]
            done += 1
    except UndecidedError:
        return None
    return state if all(bool(value.rad() < least) for value in state) else None


def _is_short(value: Any) -> bool:
    return isinstance(value, fmpq) and size_in_bits(value) <= _LONGEST


def _identity(size: int) -> arb_mat:
    return arb_mat(size, size, [int(i == j) for i in range(size) for j in range(size)])


def _centred(cloud: Cloud, names: tuple[str, ...]) -> Cloud:
    """The same states with an exact centre; what is not exact becomes error."""
    middles = [value.mid() for value in cloud.centre]
    rest = [value - middle for value, middle in zip(cloud.centre, middles, strict=True)]
    return Cloud(middles, cloud.frame, cloud.error + arb_mat(len(rest), 1, rest), names)


@final
@dataclass(frozen=True)
class _Bound:
    """What is known of all steps of a leap."""

    slopes: arb_mat
    factor: arb
    """By how much they lengthen an error, in the coordinates of a frame."""
    reach: arb
    """The length of an error at first, in these coordinates."""
    margin: arb
    """How far the position is from its centre."""


@final
class _March:
    """Clouds that go on by some steps at a time."""

    def __init__(self, replay: Replay, motion: Motion, ends: list[Any]) -> None:
        """Compile the step at the current precision."""
        self.replay, self.motion, self.ends = replay, motion, ends
        self.images, self.slopes = motion.compile_pieces(), motion.compile_slopes()
        self.rest, self.patience, self.frame = 0, _REST, _identity(len(motion.names))

    def leap(self, cloud: Cloud, done: int, count: int) -> tuple[Cloud, list[arb]] | None:
        """The same as `advance` with one look at the slopes; None where that is too coarse."""
        if done < _FIRST_LEAP or count < _LEAP or ctx.prec < _FEW + _LEAP or self.rest > 0:
            self.rest -= 1
            return None
        try:
            after = self._leap(cloud, done, count)
        except (GradiometerError, UndecidedError, ArithmeticError, ValueError):
            # Whatever is wrong is seen again on the way step by step.
            self.rest, self.patience = self.patience, 2 * self.patience
            return None
        self.patience = _REST
        return after

    def _leap(self, cloud: Cloud, done: int, count: int) -> tuple[Cloud, list[arb]]:
        """By the slopes over one box in which all states of these steps are.

        In coordinates in which such slopes lengthen no vector by more than a factor f, an error of
        length r has at most the length `f^k*r` after k steps, and with that it is still in the box.
        """
        centres, knowns = self._run(cloud, done, count)
        kept = self._bound(cloud, self.frame, centres, knowns)
        if not kept.factor**count <= _KEPT:
            self.frame = find_modes(kept.slopes)
            kept = self._bound(cloud, self.frame, centres, knowns)
        growth = kept.factor**count
        if not growth <= _GROWTH:
            raise UndecidedError("an error grows too much in a leap")
        middles = [value.mid() for value in centres[-1]]
        rest = [value - middle for value, middle in zip(centres[-1], middles, strict=True)]
        size = len(middles)
        fresh = length((self.frame.inv() * arb_mat(size, 1, rest)).entries())
        reach = (growth * kept.reach + fresh).abs_upper()
        error = arb_mat(size, 1, [arb(0, reach)] * size)
        places = [centre[0] + kept.margin for centre in centres[1:]]
        return Cloud(middles, self.frame, error, cloud.names, reach), places

    def _bound(
        self, cloud: Cloud, frame: arb_mat, centres: list[list[arb]], knowns: list[dict[str, Any]]
    ) -> _Bound:
        """What slopes do over a box that holds all states whose errors have not grown too much."""
        back, names, size = frame.inv(), self.motion.names, len(cloud.centre)
        radius = length(cloud.error.entries()) if cloud.reach is None else cloud.reach
        reach = stretch(back * cloud.frame) * radius
        margin = [arb(0, _GROWTH * reach * length(row)) for row in frame.tolist()]
        columns = zip(zip(*centres, strict=True), margin, strict=True)
        box = [reduce(arb.union, column) + more for column, more in columns]
        known = {name: reduce(arb.union, [to_ball(k[name]) for k in knowns]) for name in knowns[0]}
        piece = self.replay.locate(box[0], self.ends)
        found = [*map(to_ball, self.slopes[piece](known | dict(zip(names, box, strict=True))))]
        if not all(value.is_finite() for value in found):
            raise UndecidedError("the enclosure of the run is lost")
        slopes = arb_mat(size, size, found[size:])
        return _Bound(slopes, stretch(back * slopes * frame), reach, margin[0])

    def _run(
        self, cloud: Cloud, done: int, count: int
    ) -> tuple[list[list[arb]], list[dict[str, Any]]]:
        """The centre of the cloud and its images, and what else is known at each step."""
        centres, knowns, names = [cloud.centre], [], self.motion.names
        counted, alone = self.motion.later_steps(done + 1), len(self.ends) == 1
        for step in range(done, done + count):
            known, here = next(counted), centres[-1]
            if self.replay.rates.rows:
                known |= self.replay.rates.at(step)
            knowns.append(known)
            piece = 0 if alone else self.replay.locate(here[0], self.ends)
            images = self.images[piece](known | dict(zip(names, here, strict=True)))
            centres.append([to_ball(value) for value in images])
        return centres, knowns

    def advance(self, cloud: Cloud, done: int, count: int) -> tuple[Cloud, list[arb]]:
        """The cloud at most *count* steps later, and where the position is after each of them."""
        try:
            return self._advance(cloud, done, count)
        except UndecidedError:
            # Balls alone carry a region through these steps, and it grows on the way.
            if count == 1:
                raise
            return self.advance(cloud, done, max(1, count // 8))

    def _advance(self, cloud: Cloud, done: int, count: int) -> tuple[Cloud, list[arb]]:
        """By the mean-value form of all these steps together.

        Each region is a product of intervals that holds all images of the one before, so the slopes
        over it bound how two states in it move apart, and those of all steps multiply.
        """
        names, size = self.motion.names, len(cloud.names)
        centre, box, carried, places = cloud.centre, cloud.box(), cloud.frame, []
        counted = self.motion.later_steps(done + 1)
        for step in range(done, done + count):
            known = {**next(counted), **self.replay.rates.at(step)}
            piece = self.replay.locate(box[0], self.ends)
            found = self.slopes[piece]({**known, **dict(zip(names, box, strict=True))})
            centre = self.images[piece]({**known, **dict(zip(names, centre, strict=True))})
            box, entries = [to_ball(value) for value in found[:size]], found[size:]
            if not all(value.is_finite() for value in (*box, *map(to_ball, entries))):
                raise UndecidedError("the enclosure of the run is lost")
            if count > 1 and any(value.rad() > _WIDE for value in box):
                raise UndecidedError("a region grows on its way through some steps")
            carried = arb_mat(size, size, [to_ball(entry) for entry in entries]) * carried
            places.append(box[0])
        balls = [to_ball(value) for value in centre]
        middles = [value.mid() for value in balls]
        rest = arb_mat(size, 1, [v - m for v, m in zip(balls, middles, strict=True)])
        if not all(entry.is_finite() for entry in (*balls, *carried.entries())):
            raise UndecidedError("the enclosure of the run is lost")
        frame = _turn(carried, cloud.error)
        back = frame.inv()
        after = Cloud(middles, frame, (back * carried) * cloud.error + back * rest, cloud.names)
        places[-1] = after.box()[0]
        return after, places


def _turn(carried: arb_mat, error: arb_mat) -> arb_mat:
    """A frame with right angles whose first direction is that of the largest error.

    Any frame is right; this one keeps errors from being wrapped in ever larger boxes.
    """
    size = carried.nrows()
    if size == 1:
        return _identity(1)
    columns = [[carried[i, j] for i in range(size)] for j in range(size)]
    tops = [_top(column) for column in columns]
    sizes = [top * error[j, 0].abs_upper() for j, top in enumerate(tops)]
    most = _top(sizes)
    if not most > 0:
        return _identity(size)
    order = sorted(range(size), key=lambda j: -float(sizes[j] / most))
    frame = _straighten([_direction(columns[j], tops[j]) for j in order], size)
    return arb_mat(size, size, [frame[j][i] for i in range(size) for j in range(size)])


def _top(entries: list[arb]) -> arb:
    """The largest size of an entry."""
    top = entries[0].abs_upper()
    for entry in entries[1:]:
        top = top.max(entry.abs_upper())
    return top


def _direction(column: list[arb], top: arb) -> list[float]:
    """The column as floats of ordinary size."""
    return [float((entry / top).mid()) for entry in column] if top > 0 else [0.0] * len(column)


def _straighten(columns: list[list[float]], size: int) -> list[list[float]]:
    """Unit vectors at right angles along the columns, filled up where columns are missing."""
    found: list[list[float]] = []
    units = [[float(i == j) for i in range(size)] for j in range(size)]
    for column in (*columns, *units):
        rest = list(column)
        for _ in range(2):
            for other in found:
                share = sum(a * b for a, b in zip(rest, other, strict=True))
                rest = [a - share * b for a, b in zip(rest, other, strict=True)]
        length = hypot(*rest)
        if isfinite(length) and length > 1e-6 and len(found) < size:
            found.append([entry / length for entry in rest])
    return found
