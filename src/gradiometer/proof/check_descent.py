"""Replays the certificate of a run that goes down the last straight piece for ever.

A box of memory holds the state after the first steps and no step on that piece leads out of it;
every stride of a state in the box goes on downhill by at least a positive amount.
"""

from __future__ import annotations

from typing import Any

from flint import fmpq

from gradiometer.formula import Range, at_point, compare, evaluate, free_names, precision
from gradiometer.proof.check_excursion import read_box
from gradiometer.proof.check_fields import fields, require
from gradiometer.proof.check_motion import read_motion
from gradiometer.proof.check_prefix import BITS, Prefix
from gradiometer.proof.check_region import Box, Field, contains
from gradiometer.proof.check_walk import read_replay

_ZERO = fmpq(0)


def check_descent(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept that a run goes downhill for ever, or raise `CertificateError`."""
    verdict, *rest = fields(claim, "verdict", "limit", "cycle", "interval")
    done, memory = fields(evidence, "from", "memory")
    require(type(done) is int and rest == [None, None, None], "No first step.")
    replay = read_replay(problem)
    with precision(BITS):
        prefix = Prefix(replay)
        prefix.reach(done)
        motion = read_motion(replay, done)
        field = Field(replay, motion)
        direction = find_direction(prefix, done)
        state = motion.convert(prefix.states[done])
        box = read_box(memory, motion.memory)
        require(contains(box, {n: at_point(state[n]) for n in motion.memory}), "Another memory.")
        after, stride = descend(field, prefix.pieces[done], box)
        require(contains(box, after), "A step leaves the box.")
        end = stride.lower if direction > 0 else stride.upper
        require(end is not None and end * direction > 0, "A stride may fade or turn back.")
        passed = meets_rise(prefix, done, direction)
        require(verdict == ("escapes" if passed else "diverges"), "The run did something else.")


def find_direction(prefix: Prefix, done: int) -> int:
    """1 or -1 as the run is on the last or the first piece, which falls that way for ever.

    Raises:
        CertificateError: If it is on no such piece.
    """
    piece, pieces = prefix.pieces[done], prefix.replay.pieces
    require(len(pieces) > 1 and piece in (0, len(pieces) - 1), "The piece has two ends.")
    require(not free_names(pieces[piece].slope), "The piece is not straight.")
    direction = 1 if piece else -1
    falls = compare(evaluate(pieces[piece].slope, {}), _ZERO) == -direction
    require(falls, "The piece does not fall.")
    return direction


def descend(field: Field, piece: int, memory: Box) -> tuple[Box, Range]:
    """The memory after a step on a straight piece, and the stride.

    Raises:
        CertificateError: If the rule does not add a stride to the position.
        UndecidedError: If an operation is not certain to be defined.
    """
    require(not field.motion.reads_position, "The rule adds no stride to the position.")
    after = field.advance({**memory, "x": at_point(_ZERO)}, piece)
    return {name: after[name] for name in field.motion.memory}, after["x"]


def meets_rise(prefix: Prefix, done: int, direction: int) -> bool:
    """Whether a slope rises on the way to the last position from the farthest one behind it.

    Raises:
        UndecidedError: If that is not certain.
    """
    here, pieces = prefix.pieces[done], prefix.replay.pieces
    behind = prefix.pieces[: done + 1]
    first = min(behind) if direction > 0 else max(behind)
    if first != here and _stands_at_end(prefix, done, first, direction):
        first += direction
    for index in range(min(first, here), max(first, here) + 1):
        slope = pieces[index].slope
        require(not free_names(slope), "A piece on the way is not straight.")
        if compare(evaluate(slope, {}), _ZERO) == direction:
            return True
    return False


def _stands_at_end(prefix: Prefix, done: int, piece: int, direction: int) -> bool:
    """Whether the run has been on a piece only at that end of it where it goes on."""
    ends = prefix.replay.ends({})
    end = ends[piece] if direction > 0 else ends[piece - 1]
    rows = zip(prefix.states[: done + 1], prefix.pieces, strict=False)
    return all(compare(state["x"], end) == 0 for state, index in rows if index == piece)
