"""Finds the point that a run moves towards without passing it, if no factor is below 1."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from math import floor
from typing import Any

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import evaluate, precision
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.check_approach import require_approach, require_endless
from gradiometer.proof.check_tangent import read_motion
from gradiometer.proof.check_walk import Replay
from gradiometer.proof.contraction_guess import REFUSALS, explain, round_short
from gradiometer.proof.fate import Fate
from gradiometer.proof.scene import Scene

_STEPS = 1000
_ORDERS, _PARTS = (1, 2, 3, 5), (1, 30)
_SPEEDS = ("1/10", "1/1000")
_NONE = "no region is found in which every step moves towards one point"
_DENOMINATORS = (1, 2, 3, 4, 5, 8, 10)
_BITS = 256
_ENTRIES = (0, 1, 10, 100, _STEPS)
"""Steps after which the run may be where it only moves towards the point."""
_BEYOND = 1.01
"""How much farther out than the run the far end of that place is, so that it may be rounded."""


def find_approach(scene: Scene) -> Fate:
    """The fate of a run that moves towards a rational point and never past it.

    Raises:
        UndecidedError: If no such point is found.
    """
    if scene.course.rule.state:
        raise UndecidedError(_NONE)
    replay = scene.replay
    motion = read_motion(replay, 1)
    if motion.names != ("x",):
        raise UndecidedError(_NONE)
    states = [float(row[0]) for row in scene.floats.until(_STEPS)]
    with precision(_BITS):
        found, reason = _search(replay, states, None)
        if found is not None and not found[1]:
            for speed in _list_speeds(replay):
                sharper, _ = _search(replay, states, speed)
                found = sharper or found
    if found is None:
        raise UndecidedError(reason)
    evidence, reaches = found
    return _fate(scene, evidence, evidence["rest"] if reaches else None)


def _search(
    replay: Replay, states: list[float], speed: str | None
) -> tuple[tuple[dict[str, Any], bool] | None, str]:
    """The first evidence that holds, and whether the run reaches the point; else None and why."""
    reason, fallback = _NONE, None
    for evidence in _propose(replay, states, speed):
        ends = fmpq(*_parts(evidence["rest"])), fmpq(*_parts(evidence["far"]))
        sizes = evidence["order"], evidence["parts"]
        try:
            reaches = require_approach(replay, evidence["entry"], ends, sizes, speed)
        except REFUSALS as error:
            reason = explain(error)
            continue
        if reaches or replay.rates.rows:
            return (evidence, reaches), reason
        fallback = fallback or (evidence, False)
    return fallback, reason


def _list_speeds(replay: Replay) -> list[str]:
    """What the rates times the number of the step are at least, if anything."""
    for speed in _SPEEDS if replay.rates.rows else ():
        try:
            require_endless(replay, 0, fmpq(*_parts(speed)))
        except REFUSALS:
            continue
        return [speed]
    return []


def _parts(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split("/")))


def _fate(scene: Scene, evidence: dict[str, Any], limit: str | None) -> Fate:
    claim = {"verdict": "converges", "limit": limit, "cycle": None, "interval": None}
    certificate = make_certificate(
        "approach", problem=scene.problem, claim=claim, evidence=evidence
    )
    ends = f"{evidence['rest']} and {evidence['far']}"
    because = (
        f"after step {evidence['entry']} the run is between {ends}, where every step moves it "
        f"towards {evidence['rest']} and never past it"
    )
    if limit is None:
        because += "; a rate that fades may let it stop short of that point"
        return Fate("converges", because, certificate)
    return Fate("converges", because, certificate, limit=fmpq(*_parts(limit)))


def _propose(replay: Replay, states: list[float], speed: str | None) -> Iterator[dict[str, Any]]:
    """Evidence for points near the last state."""
    last = states[-1]
    ends = replay.ends({})
    for near in _near(last):
        point = fmpq(near.numerator, near.denominator)
        try:
            if evaluate(replay.pieces[replay.locate(point, ends)].slope, {"x": point}) != 0:
                continue
        except REFUSALS:
            continue
        for entry in _ENTRIES:
            away = states[entry] - float(near)
            if away == 0:
                continue
            far = point + round_short(_BEYOND * away, 3)
            for order, parts in product(_ORDERS, _PARTS):
                yield {
                    "entry": entry, "bits": _BITS, "rest": str(point), "far": str(far),
                    "order": order, "parts": parts, "speed": speed,
                }  # fmt: skip


def _near(value: float) -> list[Fraction]:
    """Short rationals on both sides of the float, the nearest ones first."""
    found = {Fraction(floor(value * b) + up, b) for b in _DENOMINATORS for up in (0, 1)}
    return sorted(found, key=lambda near: abs(float(near) - value))
