"""Proves that a run converges because its rate fades: to a kink or a valley, or somewhere near."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import log10
from typing import Any, TypeAlias, final

from flint import arb, fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    Exact,
    Node,
    at_point,
    compile_exact,
    evaluate_range,
    from_float,
    precision,
    to_ball,
    to_float,
)
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.check_fading import SHARP, Fading, require_room
from gradiometer.proof.check_prefix import BITS
from gradiometer.proof.check_valley import Valley
from gradiometer.proof.check_walk import has_digits, spell
from gradiometer.proof.contraction_guess import REFUSALS, explain, round_short
from gradiometer.proof.fate import Fate
from gradiometer.proof.scene import Scene

Ends: TypeAlias = tuple[fmpq, fmpq]

_HORIZONS = (10, 50, 200, 1000, 3000)
_LATE = (999, 300, 100, 30)
"""Steps after which the rest of the rates is summed."""
_WIDTHS = (fmpq(1, 4), fmpq(1), fmpq(4), fmpq(1, 32), fmpq(1, 256))
_ROUNDS = 10
_PLACES, _RATIO, _FIRST = 140, 1.3, 1e-9
_HALVINGS, _GUESSES = 120, 60
_FAR = 10.0**6
_SHARE, _WIDER = 8, 4
"""The part of the hull that is the first room, and how much more room is tried next."""
_NEAR = 1e-9
_DENOMINATOR = 1000
_SPARE = fmpq(9, 8)


@final
@dataclass(frozen=True)
class Place:
    """A point of rest that is proposed, and where A is looked at more closely."""

    rest: Ends
    is_steep: tuple[bool, bool]
    """Whether A jumps there on the left and on the right."""


def find_fading(scene: Scene) -> Fate:
    """The limit of a run whose rate fades for ever.

    Raises:
        UndecidedError: If the rate does not fade, or nothing is shown.
    """
    if not scene.replay.rates.rows:
        raise UndecidedError("the rate does not fade")
    reason = "the rate does not fade"
    with precision(BITS):
        for done in (*_HORIZONS, *_LATE):
            try:
                fading = _begin(scene, done)
                if fading.fade.is_summable:
                    if done in _LATE:
                        return _find_near(scene, fading)
                elif done in _HORIZONS:
                    return _find_rest(scene, fading)
            except REFUSALS as error:
                reason = explain(error)
    raise UndecidedError(reason)


def _begin(scene: Scene, done: int) -> Fading:
    """The run after some steps, once its rate is seen to fade."""
    fading = Fading(scene.replay, done, {})
    if not fading.fade.vanishes:
        raise UndecidedError("the rate does not fade")
    # Of most rules of another kind this is seen before their steps are replayed.
    if not fading.drives:
        raise UndecidedError("the rule is of another kind")
    return Fading(scene.replay, done, scene.prefix.reach(done))


def _find_rest(scene: Scene, fading: Fading) -> Fate:
    """The fate of a run whose rates have an infinite sum."""
    reason = "no point of rest is found near the run"
    for place in _list_places(scene, fading):
        for width in _WIDTHS:
            low, high = place.rest
            inner = (
                low if place.is_steep[0] else low - width,
                high if place.is_steep[1] else high + width,
            )
            try:
                outer = _find_outer(fading, inner, place.rest)
            except REFUSALS as error:
                reason = explain(error)
                if all(place.is_steep):
                    break
                continue
            return _to_fate(scene, fading, (outer, inner), place.rest)
    raise UndecidedError(reason)


def _find_outer(fading: Fading, inner: Ends, rest: Ends) -> Ends:
    """Outer ends that the run does not come to."""
    here = to_float(fading.place)
    hull = min(here, to_float(inner[0])), max(here, to_float(inner[1]))
    room = [max(_NEAR, (hull[1] - hull[0]) / _SHARE)] * 2
    outer = _widen(hull, room)
    for _ in range(_ROUNDS):
        rooms = fading.find_rooms(outer, inner, rest)
        try:
            require_room(fading.place, outer, inner, rooms)
        except REFUSALS:
            wanted = [to_float(part * _SPARE) for part in rooms]
            room = [max(old, new) for old, new in zip(room, wanted, strict=True)]
            outer = _widen(hull, room)
        else:
            return outer
    raise UndecidedError("the run may come ever further out")


def _widen(hull: tuple[float, float], room: list[float]) -> Ends:
    return round_short(hull[0] - room[0]), round_short(hull[1] + room[1])


def _list_places(scene: Scene, fading: Fading) -> Iterator[Place]:
    """Points of rest near the last place of the run, one for each way to read the rule."""
    last, seen = to_float(scene.run.states[-1].position), set()
    far = round_short(abs(last) + _FAR)
    for drive in fading.drives:
        valley = Valley(fading.field, drive.lead, -far, far)
        lead = _follow(valley)
        for low, high in _list_brackets(lead, last):
            place = _close_in(valley, lead, (low, high))
            if place.rest not in seen:
                seen.add(place.rest)
                yield place


def _follow(valley: Valley) -> Callable[[fmpq], arb]:
    """What leads at a place."""
    runs = [compile_exact(tree) for tree in valley.trees]
    ends = valley.field.replay.ends({})

    def lead(at: fmpq) -> arb:
        return to_ball(runs[valley.field.replay.locate(at, ends)]({"x": at}))

    return lead


def _list_brackets(lead: Callable[[fmpq], arb], last: float) -> list[Ends]:
    """Places near the run between which A rises through 0, the nearest pair first."""
    scale = max(1.0, abs(last))
    steps = [_FIRST * scale * _RATIO**index for index in range(_PLACES)]
    steps = [step for step in steps if step < _FAR]
    found = []
    for side in (-1, 1):
        before, sign = from_float(last), None
        for step in [0.0, *steps]:
            at = round_short(last + side * step, 12)
            try:
                value = lead(at)
            except REFUSALS:
                break
            now = (value > 0) - (value < 0)
            if sign is not None and now != sign:
                left, right = (sign, now)[::side]
                if left <= 0 <= right:
                    found.append((step, tuple(sorted((before, at)))))
                    break
            before, sign = at, now
    return [ends for _, ends in sorted(found)]


def _close_in(valley: Valley, lead: Callable[[fmpq], arb], ends: Ends) -> Place:
    """The point between two places at which A rises through 0."""
    low, high = ends
    for index, (_, end) in enumerate(valley.field.ends[:-1]):
        if end is not None and low <= end <= high:
            begin = valley.field.ends[index + 1][0]
            rest = (min(begin, end), max(begin, end))
            return Place(rest, _find_steep(valley, rest))
    guess = _guess(lead, low, high)
    if guess is not None:
        return Place((guess, guess), (False, False))
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        value = lead(middle)
        if value > 0:
            high = middle
        elif value < 0:
            low = middle
        else:
            break
    return Place((low, high), (False, False))


def _guess(lead: Callable[[fmpq], arb], low: fmpq, high: fmpq) -> fmpq | None:
    """A short rational at which A is exactly 0."""
    left, right = low, high
    for _ in range(_GUESSES):
        middle = (left + right) / 2
        left, right = (left, middle) if lead(middle) > 0 else (middle, right)
    near = Fraction(int(right.p), int(right.q)).limit_denominator(_DENOMINATOR)
    at = fmpq(near.numerator, near.denominator)
    return at if low <= at <= high and lead(at) == 0 else None


def _find_steep(valley: Valley, rest: Ends) -> tuple[bool, bool]:
    """Whether A is not 0 on the left and on the right of a joint."""
    low, high = rest
    if low != high:
        return True, True
    found = []
    for side in (1, 0):
        trees = [t for t, ends in zip(valley.trees, valley.field.ends, strict=True)
                 if ends[side] == low and ends[0] != ends[1]]  # fmt: skip
        found.append(bool(trees) and not _is_zero_at(trees[0], low))
    return found[0], found[1]


def _is_zero_at(tree: Node, at: fmpq) -> bool:
    value = evaluate_range(tree, {"x": at_point(at)})
    return value.is_single and value.lower == 0


def _find_near(scene: Scene, fading: Fading) -> Fate:
    """The fate of a run whose rates have a finite sum."""
    here = to_float(fading.place)
    way = to_float(fading.fade.sum_from(fading.done))
    room, reason = max(_NEAR, way), "the steps to come have no greatest length"
    for _ in range(_ROUNDS):
        ends = _widen((here, here), [room, room])
        try:
            ball = fading.find_ball(ends)
        except REFUSALS as error:
            reason = explain(error)
            room *= _WIDER
        else:
            return _to_near_fate(scene, fading, ends, ball)
    raise UndecidedError(reason)


def _to_near_fate(scene: Scene, fading: Fading, ends: Ends, ball: arb) -> Fate:
    done = fading.done
    because = (
        f"from step {done} on the rates have a finite sum, so that the way to come is at most "
        f"{to_float(ball.rad()):.3g} long"
    )
    evidence = {"from": done, "outer": list(map(str, ends)), "inner": None, "rest": None}
    if has_digits(ball, SHARP):
        certificate = _make(scene, spell(ball), evidence)
        return Fate("converges", because, certificate, limit=ball)
    near = _round_outward(ball)
    certificate = _make(scene, list(map(str, near)), evidence)
    return Fate("converges", because, certificate, near=near)


def _round_outward(ball: arb) -> Ends:
    """Two short rationals around a ball, a little further out than its ends."""
    spare = to_float(ball.rad()) / 100
    low, high = to_float(ball.lower()) - spare, to_float(ball.upper()) + spare
    digits = max(3, 4 + int(log10(max(abs(low), abs(high), spare) / spare)))
    return round_short(low - spare, digits), round_short(high + spare, digits)


def _to_fate(scene: Scene, fading: Fading, ends: tuple[Ends, Ends], rest: Ends) -> Fate:
    (outer, inner), done = ends, fading.done
    limit: Exact = rest[0] if rest[0] == rest[1] else to_ball(rest[0]).union(to_ball(rest[1]))
    evidence = {
        "from": done, "outer": list(map(str, outer)), "inner": list(map(str, inner)),
        "rest": list(map(str, rest)),
    }  # fmt: skip
    because = (
        f"from step {done} on the rates fall to 0 but have no finite sum, and between {outer[0]} "
        f"and {outer[1]}, which the run never leaves, steps lead to one point: the run comes back "
        "to it again and again, by ever shorter steps"
    )
    return Fate("converges", because, _make(scene, spell(limit), evidence), limit=limit)


def _make(scene: Scene, limit: Any, evidence: dict[str, Any]) -> dict[str, Any]:
    claim = {"verdict": "converges", "limit": limit, "cycle": None, "interval": None}
    return make_certificate("fading", problem=scene.problem, claim=claim, evidence=evidence)
