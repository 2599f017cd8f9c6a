"""Replays the certificate of a run that stays in an interval for ever.

Boxes of states, each on one piece of the landscape, hold the state after the first steps. Followed
step by step, all states of a box either stay on their piece or step into one of the boxes; all
positions on the way lie in the interval. So do all positions to come, by induction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradiometer.formula import Range, at_point, precision
from gradiometer.proof.check_fields import fields, read_rational, require
from gradiometer.proof.check_motion import read_motion
from gradiometer.proof.check_prefix import BITS, Prefix
from gradiometer.proof.check_region import Box, Field, contains, follow
from gradiometer.proof.check_walk import read_replay

_MOST_BOXES = 200


def check_excursion(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept that all positions lie in an interval, or raise `CertificateError`."""
    verdict, limit, cycle, interval = fields(claim, "verdict", "limit", "cycle", "interval")
    require(verdict == "bounded" and limit is None and cycle is None, "Another verdict.")
    require(isinstance(interval, list) and len(interval) == 2, "An interval has two ends.")
    low, high = map(read_rational, interval)
    done, rows = fields(evidence, "from", "boxes")
    require(type(done) is int, "No first step.")
    replay = read_replay(problem)
    with precision(BITS):
        prefix = Prefix(replay)
        prefix.reach(done)
        prefix.check_inside(low, high, done)
        motion = read_motion(replay, done)
        field = Field(replay, motion)
        boxes = _read_boxes(rows, ("x", *motion.memory), len(replay.pieces))
        here = {n: at_point(v) for n, v in motion.convert(prefix.states[done]).items()}
        require(_is_held(boxes, prefix.pieces[done], here), "The run is in no box.")
        for piece, box in boxes:
            flow = follow(field, piece, box)
            require(low <= flow.low and flow.high <= high, "A position may lie outside.")
            for other, there in flow.exits:
                require(_is_held(boxes, other, there), "A step may leave the boxes.")


def _read_boxes(rows: Any, names: tuple[str, ...], pieces: int) -> list[tuple[int, Box]]:
    require(isinstance(rows, list) and 0 < len(rows) <= _MOST_BOXES, "There are no boxes.")
    found = []
    for row in rows:
        piece, box = fields(row, "piece", "box")
        require(type(piece) is int and 0 <= piece < pieces, "There is no such piece.")
        found.append((piece, read_box(box, names)))
    return found


def read_box(rows: Any, names: tuple[str, ...]) -> Box:
    """A range for each name.

    Raises:
        CertificateError: If it has other parts, or a range is none.
    """
    require(isinstance(rows, Mapping) and set(rows) == set(names), "A box has other parts.")
    return {name: _read_range(rows[name]) for name in names}


def _read_range(ends: Any) -> Range:
    require(isinstance(ends, list) and len(ends) == 2, "A range has two ends.")
    lower, upper = (None if end is None else read_rational(end) for end in ends)
    if lower is not None and upper is not None:
        require(lower <= upper, "A range ends before it begins.")
        lower = upper if lower == upper else lower
    return Range(lower, upper)


def _is_held(boxes: list[tuple[int, Box]], piece: int, inner: Box) -> bool:
    return any(other == piece and contains(box, inner) for other, box in boxes)
