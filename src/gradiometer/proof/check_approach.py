"""Replays the certificate that a run moves towards a point and never past it.

With `h` the distance from the point, one step takes h to `h - D(h)`. On `[0, H]` let D be at least 0
and its slope at most 1: then `0 <= h' <= h`, so the distances fall and have a limit. Let further all
derivatives of D at 0 below some order m be 0 and the m-th be at least d > 0 on `[0, H]`, for every
rate of a step to come: then `D(h) >= d*h^m/m!`, and the limit is 0. So it is too where D is a rate r
times such a formula and `r >= c/(k + 1)` after k steps with c > 0: the sum of these has no bound.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flint import fmpq

from gradiometer.formula import (
    Name,
    Node,
    Number,
    Range,
    apply,
    at_point,
    cancel,
    compare,
    differentiate,
    evaluate_range,
    is_zero,
    precision,
    substitute,
)
from gradiometer.proof.check_contraction import MOST_STEPS
from gradiometer.proof.check_entry import enclose_run
from gradiometer.proof.check_fields import fields, read_rational, require
from gradiometer.proof.check_frozen import outward, reads_step
from gradiometer.proof.check_tangent import Motion, read_motion
from gradiometer.proof.check_walk import Replay, read_replay, spell

_ZERO, _ONE = fmpq(0), fmpq(1)
_MOST_ORDER = 20
_HERE, _RATE = "x", "learning_rate"


def check_approach(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept that a run converges without passing its limit, or raise `CertificateError`."""
    verdict, limit, cycle, interval = fields(claim, "verdict", "limit", "cycle", "interval")
    require([verdict, cycle, interval] == ["converges", None, None], "The run converges.")
    entry, bits, rest, far, order, speed = fields(
        evidence, "entry", "bits", "rest", "far", "order", "speed"
    )
    require(type(entry) is int and 0 <= entry <= MOST_STEPS, "`entry` is no step count.")
    require(type(bits) is int and 53 <= bits <= 20_000, "`bits` is no precision.")
    require(type(order) is int and 0 < order <= _MOST_ORDER, "`order` is no order.")
    point, end = read_rational(rest), read_rational(far)
    require(point != end, "The region is empty.")
    replay = read_replay(problem)
    with precision(bits):
        reaches = require_approach(replay, entry, (point, end), order, speed)
        position = enclose_run(replay, entry, bits=bits).box()[0]
        low, high = sorted((point, end))
        held = compare(position, low) >= 0 and compare(position, high) <= 0
        require(held, "The run is not in the region by then.")
    require(limit == (spell(point) if reaches else None), "The limit is another one.")


def require_approach(
    replay: Replay, entry: int, ends: tuple[fmpq, fmpq], order: int, speed: Any
) -> bool:
    """Whether the distances fall to 0; refuse unless they fall."""
    motion = read_motion(replay, entry)
    require(motion.names == (_HERE,), "The rule remembers something.")
    require(not reads_step(motion), "The rule reads the step count.")
    tree = find_advance(motion, replay, ends)
    known = {name: at_point(value) for name, value in motion.values.items()}
    known |= {name: outward(span) for name, span in replay.rates.from_step(entry).items()}
    region = {**known, _HERE: Range(_ZERO, abs(ends[1] - ends[0]))}
    first = differentiate(tree, _HERE)
    top = evaluate_range(first, region).upper
    require(top is not None and compare(top, _ONE) <= 0, "A step may pass the point.")
    if speed is None:
        return _is_positive(tree, order, known, region)
    # Only then is the way made up of rates times one formula.
    require(_RATE in replay.rates.rows, "There is no schedule of learning rates.")
    share = differentiate(tree, _RATE)
    require(differentiate(share, _RATE) == Number(_ZERO), "The way is not in proportion.")
    still = substitute(tree, {_RATE: Number(_ZERO)})
    require(is_zero(still), "The way is not in proportion.")
    require(_is_positive(share, order, known, region), "The slope may vanish elsewhere.")
    _require_endless(replay, entry, read_rational(speed))
    return True


def find_advance(motion: Motion, replay: Replay, ends: tuple[fmpq, fmpq]) -> Node:
    """What a step takes off the distance from the first end, as a formula in that distance."""
    point, far = ends
    joints = replay.ends({})
    piece = replay.locate((point + far) / 2, joints)
    for index, joint in enumerate(joints[:-1]):
        beside = (
            compare(joint, max(ends)) >= 0 if index >= piece else compare(joint, min(ends)) <= 0
        )
        require(beside, "A joint lies in the region.")
    same = all(replay.locate(end, joints) == piece for end in ends)
    require(same, "An end of the region is on another piece.")
    side = Number(_ONE if far > point else -_ONE)
    here = apply("+", Number(point), apply("*", side, Name(_HERE)))
    trees: dict[str, Node] = {_HERE: here}
    for row in motion.pieces[piece]:
        trees[row.target] = substitute(row.tree, trees)
    return apply("*", side, apply("-", here, trees["x'"]))


def _is_positive(
    tree: Node, order: int, known: Mapping[str, Range], region: Mapping[str, Range]
) -> bool:
    """Whether the formula grows from 0 like a power; refuse where it may be negative."""
    start = {**known, _HERE: at_point(_ZERO)}
    for _ in range(order):
        value = evaluate_range(tree, start)
        require(value.is_single and value.lower == 0, "The point is not fixed to that order.")
        tree = differentiate(tree, _HERE)
    low = evaluate_range(tree, region).lower
    require(low is not None and compare(low, _ZERO) >= 0, "A step may lead away.")
    return low is not None and compare(low, _ZERO) > 0


def _require_endless(replay: Replay, entry: int, speed: fmpq) -> None:
    """Refuse unless each rate to come is at least *speed* over the number of the step."""
    require(speed > 0, "The rates are not bounded from below.")
    tree, values = replay.rates.rows[_RATE]
    # With u = 1/(k + 1) in the place of k the quotient has no infinite part.
    count = apply("-", apply("/", Number(_ONE), Name("u")), Number(_ONE))
    known = {**{name: Number(value) for name, value in values.items()}, "k": count}
    quotient = cancel(apply("/", substitute(tree, known), Name("u")))
    span = evaluate_range(quotient, {"u": Range(_ZERO, fmpq(1, entry + 1))})
    low = span.lower
    require(low is not None and compare(low, speed) >= 0, "The rates fall faster.")
