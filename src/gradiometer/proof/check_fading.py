"""Replays the certificate that a run converges because its rate fades.

After N steps a rule moves by `x' = x - r*S` with a rate r that depends on the step count alone.

If the rates have a finite sum (`check_fade`) and `|S| <= U` between two ends that lie further than
U times that sum from where the run is, it never comes to an end, and its way has a finite length:
it converges, to a point no further away than that.

Let the rates vanish, with an infinite sum, and let S point home after n steps on one side of a
point of rest (`check_home`, `check_valley`). A run that has left the neighbourhood of the point is
at most one step outside when it does, and goes on outward for at most n more; then it comes back,
since steps are at least some p > 0 times the rates, whose sum is infinite. So it never is further
out than `(n + 1)*U*r`, with r the largest rate to come: the run stays between the outer ends. As
that holds for every neighbourhood, with an n and a p of its own, and r vanishes, it converges to
the point. (The conditions on rates are those of Robbins and Monro, and of Shor for subgradients.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, final

from flint import arb, fmpq

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import (
    Exact,
    Range,
    compare,
    differentiate,
    free_names,
    hull,
    precision,
    to_ball,
)
from gradiometer.proof.check_fade import Fade, read_fade
from gradiometer.proof.check_fields import fields, read_rational, require
from gradiometer.proof.check_home import RATE, Drive, Part, Reading, list_drives, range_over
from gradiometer.proof.check_motion import read_motion
from gradiometer.proof.check_prefix import BITS, Prefix
from gradiometer.proof.check_pull import read_pull
from gradiometer.proof.check_rates import Rates
from gradiometer.proof.check_region import Field, outward
from gradiometer.proof.check_total import is_total
from gradiometer.proof.check_valley import Valley
from gradiometer.proof.check_walk import Replay, has_digits, read_replay, spell

SHARP = 60
"""Bits of a limit from which on it is written by its digits."""
_ZERO, _ONE = fmpq(0), fmpq(1)
_MOST_TURNS = 100_000
_SHARE = fmpq(7, 8)
"""A memory points home where what it kept is at most this part of what it is to be."""


def check_fading(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept that a run converges since its rate fades, or raise `CertificateError`."""
    verdict, limit, cycle, interval = fields(claim, "verdict", "limit", "cycle", "interval")
    require([verdict, cycle, interval] == ["converges", None, None], "The run converges.")
    done, outer, inner, rest = fields(evidence, "from", "outer", "inner", "rest")
    require(type(done) is int and done > 0, "No first step.")
    ends = _read_pair(outer)
    replay = read_replay(problem)
    with precision(BITS):
        prefix = Prefix(replay)
        prefix.reach(done)
        fading = Fading(replay, done, prefix.states[done])
        if rest is None:
            require(inner is None, "There is no point of rest.")
            _check_limit(limit, fading.find_ball(ends))
            return
        point = _read_pair(rest)
        rooms = fading.find_rooms(ends, _read_pair(inner), point)
        require_room(fading.place, ends, _read_pair(inner), rooms)
        exact = point[0] if point[0] == point[1] else to_ball(point[0]).union(to_ball(point[1]))
        require(has_digits(exact, SHARP), "The point of rest is not known well enough.")
        require(limit == spell(exact), "The limit is another one.")


def _read_pair(pair: Any) -> tuple[fmpq, fmpq]:
    require(isinstance(pair, list) and len(pair) == 2, "Two ends are a list of two numbers.")
    low, high = map(read_rational, pair)
    require(low <= high, "The ends do not rise.")
    return low, high


def _check_limit(limit: Any, ball: arb) -> None:
    """Refuse unless the claimed limit is the ball, or two ends around it."""
    if isinstance(limit, str):
        require(has_digits(ball, SHARP) and limit == spell(ball), "The limit is another one.")
        return
    low, high = _read_pair(limit)
    held = compare(ball.lower(), low) >= 0 and compare(ball.upper(), high) <= 0
    require(held, "The limit may lie elsewhere.")


def require_room(
    place: Exact,
    outer: tuple[fmpq, fmpq],
    inner: tuple[fmpq, fmpq],
    rooms: tuple[arb, arb],
) -> None:
    """Return where the run does not come to the outer ends.

    Raises:
        CertificateError: If it may.
    """
    here = to_ball(place)
    left = here.min(to_ball(inner[0])) - rooms[0]
    right = here.max(to_ball(inner[1])) + rooms[1]
    require(bool(left > outer[0] and right < outer[1]), "The run may pass an outer end.")


@final
@dataclass(frozen=True)
class Fading:
    """A run whose rate fades from some step on."""

    replay: Replay
    done: int
    state: Mapping[str, Any]
    """Its state after that many steps."""

    @property
    def place(self) -> Exact:
        """Where it is then."""
        return self.state["x"]

    @cached_property
    def fade(self) -> Fade:
        """How its rate fades.

        Raises:
            UndecidedError: If that is not known, or another parameter goes on changing.
        """
        rates = self.replay.rates
        moving = set(rates.rows) - set(rates.resting(self.done))
        if moving != {RATE}:
            raise UndecidedError("it is not the learning rate alone that changes")
        return read_fade(*rates.rows[RATE], self.done)

    @cached_property
    def field(self) -> Field:
        """The rule from that step on, on its landscape."""
        return Field(self.replay, read_motion(self.replay, self.done))

    @cached_property
    def drives(self) -> tuple[Drive, ...]:
        """The ways to read the rule."""
        rates = self.replay.rates.from_step(self.done)
        known = {**self.field.known, **rates}
        steady = {name: outward(span) for name, span in known.items()}
        return tuple(list_drives(self.field.motion, steady))

    def find_ball(self, ends: tuple[fmpq, fmpq]) -> arb:
        """Where the limit lies, if the rates have a finite sum.

        Raises:
            UndecidedError: If that is not shown.
            CertificateError: If the run may come to an end.
        """
        way = self.fade.sum_from(self.done)
        reason = "the rule is of another kind"
        for drive in self.drives:
            try:
                _, spans = self.bound(drive, ends)
                length = self._bound_stride(drive, spans) * way
            except UndecidedError as error:
                reason = str(error)
                continue
            ball = to_ball(self.place) + arb(0, 1) * length
            held = ball.lower() > ends[0] and ball.upper() < ends[1]
            require(bool(held), "The run may come to an outer end.")
            return ball
        raise UndecidedError(reason)

    def find_rooms(
        self, outer: tuple[fmpq, fmpq], inner: tuple[fmpq, fmpq], rest: tuple[fmpq, fmpq]
    ) -> tuple[arb, arb]:
        """How far beyond the left and the right inner end the run may come.

        Raises:
            UndecidedError: If it is not known to come back.
        """
        if not (self.fade.vanishes and self.fade.is_endless):
            raise UndecidedError("the rates do not vanish with an infinite sum")
        reason = "the rule is of another kind"
        for drive in self.drives:
            try:
                return self._find_rooms(drive, outer, inner, rest)
            except UndecidedError as error:
                reason = str(error)
        raise UndecidedError(reason)

    def _find_rooms(
        self,
        drive: Drive,
        outer: tuple[fmpq, fmpq],
        inner: tuple[fmpq, fmpq],
        rest: tuple[fmpq, fmpq],
    ) -> tuple[arb, arb]:
        valley, spans = self.bound(drive, outer)
        least = valley.require_rest(rest, inner)
        Reading(drive, spans, from_zero=rest == (_ZERO, _ZERO)).require()
        step = self._bound_stride(drive, spans) * self.fade.most(self.done)
        rooms = []
        for sign, home in zip((-1, 1), least, strict=True):
            most = _largest(spans["lead "])
            side = Range(home, most) if sign > 0 else Range(-most, -home)
            turns = max((_count_turns(part, side, sign, spans)
                         for part in drive.parts if not part.is_size), default=0)  # fmt: skip
            rooms.append(((1 + turns) * step).upper())
        return rooms[0], rooms[1]

    def bound(self, drive: Drive, ends: tuple[fmpq, fmpq]) -> tuple[Valley, dict[str, Range]]:
        """What leads between two ends, and where everything lies that a step reads."""
        valley = Valley(self.field, drive.lead, *ends)
        valley.require_losses()
        leads = [outward(span) for span in valley.spread(*ends)]
        state = self.field.motion.convert(self.state)
        spans: dict[str, Range] = {**drive.known, "x": Range(*ends), "lead ": hull(*leads)}
        for part in drive.parts:
            entries = [range_over(part.entry, {**spans, "lead ": lead}) for lead in leads]
            span = outward(_remember(part, hull(*entries), state[part.name]))
            spans |= {part.name: span, f"{part.name}'": span}
        rated = {**spans, RATE: Range(_ZERO, self.fade.most(self.done))}
        for row in drive.rows:
            if not is_total(row):
                range_over(row, rated)
        return valley, spans

    def _bound_stride(self, drive: Drive, spans: Mapping[str, Range]) -> arb:
        """What S never exceeds in size."""
        whole = to_ball(_largest(range_over(drive.stride, spans)))
        if self._reach is None:
            return whole
        reach, decays = self._reach
        if decays:
            # What the weights shrink by is in proportion to the position, and comes on top.
            shrinks = differentiate(drive.stride, "x")
            if not free_names(shrinks) <= drive.known.keys():
                return whole
            reach += to_ball(_largest(range_over(shrinks, spans))) * _largest(spans["x"])
        return whole.min(reach.upper())

    @cached_property
    def _reach(self) -> tuple[arb, bool] | None:
        """What a step at a rate of 1 is not longer than, by its means of slopes and squares.

        With it, whether the weights shrink besides.
        """
        replay = self.replay
        others = {name: row for name, row in replay.rates.rows.items() if name != RATE}
        unit = replace(replay, values={**replay.values, RATE: _ONE}, rates=Rates(others))
        try:
            pull = read_pull(Field(unit, read_motion(unit, self.done)))
        except (UndecidedError, GradiometerError):
            return None
        if pull.square and compare(self.state[pull.square], _ZERO) < 0:
            return None
        return to_ball(pull.reach), pull.decays


def _remember(part: Part, entries: Range, now: Exact) -> Range:
    """Where a memory stays: between what it is and what its entries come to.

    Raises:
        UndecidedError: If a size may be negative.
    """
    if entries.lower is None or entries.upper is None:
        raise UndecidedError("what a memory takes up has no bound")
    ends = entries.lower * part.gain, entries.upper * part.gain
    ball = to_ball(now)
    span = hull(Range(*ends), Range(ball.lower(), ball.upper()))
    if part.is_size and compare(span.lower, _ZERO) < 0:  # pyright: ignore[reportArgumentType]  # both ends are numbers
        raise UndecidedError("a memory of sizes may be negative")
    return span


def _largest(span: Range) -> Exact:
    """The greatest size in a range."""
    if span.lower is None or span.upper is None:
        raise UndecidedError("a step has no greatest length")
    return to_ball(span.lower).abs_upper().max(to_ball(span.upper).abs_upper())


def _count_turns(part: Part, side: Range, sign: int, spans: Mapping[str, Range]) -> int:
    """After how many steps with what leads in a range a memory has its sign for certain.

    Raises:
        UndecidedError: If it may never have.
    """
    entries, span = range_over(part.entry, {**spans, "lead ": side}), spans[part.name]
    least, worst = (s.lower if sign > 0 else s.upper for s in (entries, span))
    assert worst is not None
    if least is None or compare(least * sign, _ZERO) <= 0:
        raise UndecidedError("a memory may not follow the slopes")
    home = to_ball(least) * sign * part.gain
    gap = (home - to_ball(worst) * sign).upper()
    if part.keeps == 0 or gap <= 0:
        return 1
    turns = (_SHARE * home.lower() / gap).log() / to_ball(part.keeps).log()
    whole = turns.upper().ceil().unique_fmpz()
    if whole is None or whole > _MOST_TURNS:
        raise UndecidedError("a memory forgets too slowly")
    return max(1, int(whole))
