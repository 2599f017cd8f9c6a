"""Proves that a run goes down the last straight piece of a landscape for ever."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flint import fmpq

from gradiometer.errors import CertificateError, DomainError, UndecidedError
from gradiometer.formula import at_point, compare, evaluate, precision, to_rational_text
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.check_descent import descend, find_direction, meets_rise
from gradiometer.proof.check_motion import read_motion
from gradiometer.proof.check_prefix import BITS, Prefix
from gradiometer.proof.check_region import Box, Field, contains, inflate, join, open_ends, outward
from gradiometer.proof.fate import Fate
from gradiometer.proof.scene import Scene

_HORIZONS = (50, 200, 1000)
_MARGINS = (*(2**count for count in range(11)), 0, 0, 0)
"""How far boxes are carried beyond what is new, in each round; 0 gives up ends that still move."""


def find_descent(scene: Scene) -> Fate:
    """The verdict `escapes` or `diverges` of a run that has come to the last piece.

    Raises:
        UndecidedError: If the run does not certainly go on downhill.
    """
    reason = "the run does not go downhill for ever"
    if not any(_falls_outward(scene)):
        raise UndecidedError(reason)
    prefix, replay = scene.prefix, scene.replay
    with precision(BITS):
        for done in _HORIZONS:
            try:
                prefix.reach(done)
                direction = find_direction(prefix, done)
                passed = meets_rise(prefix, done, direction)
                box = _find_box(Field(replay, read_motion(replay, done)), prefix, done, direction)
            except (CertificateError, DomainError) as error:
                reason = error.problem[0].lower() + error.problem[1:].rstrip(".")
                continue
            return _to_fate(scene.problem, done, box, direction, passed=passed)
    raise UndecidedError(reason)


def _falls_outward(scene: Scene) -> Iterator[bool]:
    """Whether the first and the last piece are straight and go down for ever."""
    for piece, sign in ((0, 1), (-1, -1)):
        slope = scene.replay.pieces[piece].slope
        yield scene.straight[piece] and compare(evaluate(slope, {}), fmpq(0)) == sign


def _find_box(field: Field, prefix: Prefix, done: int, direction: int) -> Box:
    """Memory that no step leaves and whose strides all go on."""
    state, piece = field.motion.convert(prefix.states[done]), prefix.pieces[done]
    box: Box = {name: outward(at_point(state[name])) for name in field.motion.memory}
    for margin in _MARGINS:
        after, stride = descend(field, piece, box)
        end = stride.lower if direction > 0 else stride.upper
        if end is None or compare(end, fmpq(0)) != direction:
            break
        if contains(box, after):
            return box
        wider = join(box, after)
        grow = inflate if margin else open_ends
        box = {name: grow(box[name], wider[name], margin) for name in wider}
    raise CertificateError("A stride may fade or turn back.")


def _to_fate(
    problem: Mapping[str, Any], done: int, box: Box, direction: int, *, passed: bool
) -> Fate:
    word, side = "escapes" if passed else "diverges", "right" if direction > 0 else "left"
    memory = {
        name: [None if end is None else to_rational_text(end) for end in (part.lower, part.upper)]  # pyright: ignore[reportArgumentType]  # these ends are rational
        for name, part in box.items()
    }
    certificate = make_certificate(
        "descent",
        problem=problem,
        claim={"verdict": word, "limit": None, "cycle": None, "interval": None},
        evidence={"from": done, "memory": memory},
    )
    how = "passes the top of the barrier" if passed else "never meets a rising slope"
    because = (
        f"the run {how}, and from step {done} on each step goes on downhill to the {side} by at "
        "least the same amount"
    )
    return Fate(word, because, certificate)
