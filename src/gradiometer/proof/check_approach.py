"""Replays the certificate that a run moves towards a point and never past it.

With `h` the distance from the point, one step takes h to `h - D(h)`. On `[0, H]` let D be at
least 0 and its slope at most 1: then `0 <= h' <= h`, so the distances fall and have a limit. Let
further all derivatives of D at 0 below some order m be 0 and the m-th be at least d > 0 on
`[0, H]`, for every rate of a step to come: then `D(h) >= d*h^m/m!`, and the limit is 0. So it is
too where D is a rate r times such a formula and `r >= c/(k + 1)` after k steps with c > 0: the sum
of these has no bound.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flint import fmpq

from gradiometer.formula import (
    Apply,
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
from gradiometer.proof.check_contraction_read import MOST_STEPS
from gradiometer.proof.check_entry import enclose_run
from gradiometer.proof.check_fields import fields, read_rational, require
from gradiometer.proof.check_frozen import outward, reads_step
from gradiometer.proof.check_tangent import Motion, read_motion
from gradiometer.proof.check_total import is_total, require_values
from gradiometer.proof.check_walk import Replay, read_replay, spell

_ZERO, _ONE = fmpq(0), fmpq(1)
_MOST_ORDER, _MOST_PARTS = 20, 10_000
_HERE, _RATE = "x", "learning_rate"


def check_approach(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept that a run converges without passing its limit, or raise `CertificateError`."""
    verdict, limit, cycle, interval = fields(claim, "verdict", "limit", "cycle", "interval")
    require([verdict, cycle, interval] == ["converges", None, None], "The run converges.")
    entry, bits, rest, far, order, parts, speed = fields(
        evidence, "entry", "bits", "rest", "far", "order", "parts", "speed"
    )
    require(type(entry) is int and 0 <= entry <= MOST_STEPS, "`entry` is no step count.")
    require(type(bits) is int and 53 <= bits <= 20_000, "`bits` is no precision.")
    require(type(order) is int and 0 < order <= _MOST_ORDER, "`order` is no order.")
    require(type(parts) is int and 0 < parts <= _MOST_PARTS, "`parts` is no number of parts.")
    point, end = read_rational(rest), read_rational(far)
    require(point != end, "The region is empty.")
    replay = read_replay(problem)
    with precision(bits):
        reaches = require_approach(replay, entry, (point, end), (order, parts), speed)
        position = enclose_run(replay, entry, bits=bits).box()[0]
        low, high = sorted((point, end))
        held = compare(position, low) >= 0 and compare(position, high) <= 0
        require(held, "The run is not in the region by then.")
    require(limit == (spell(point) if reaches else None), "The limit is another one.")


def require_approach(
    replay: Replay, entry: int, ends: tuple[fmpq, fmpq], sizes: tuple[int, int], speed: Any
) -> bool:
    """Whether the distances fall to 0; refuse unless they fall.

    Args:
        replay: The problem.
        entry: The steps after which the run is in the region.
        ends: The point, and the far end of the region.
        sizes: The order of the first derivative that is not 0, and into how many parts the region
            is cut; beyond the first part no derivative is needed.
        speed: What the rates times the number of the step are at least, or None.
    """
    motion = read_motion(replay, entry)
    require(motion.names == (_HERE,), "The rule remembers something.")
    require(not reads_step(motion), "The rule reads the step count.")
    tree = find_advance(motion, replay, ends)
    known = {name: at_point(value) for name, value in motion.values.items()}
    known |= {name: outward(span) for name, span in replay.rates.from_step(entry).items()}
    width = abs(ends[1] - ends[0]) / sizes[1]
    spans = [Range(width * k, width * (k + 1)) for k in range(sizes[1])]
    _require_steps(motion, replay, ends, known, sizes[1])
    first = differentiate(tree, _HERE)
    for span in spans:
        top = evaluate_range(first, {**known, _HERE: span}).upper
        require(top is not None and compare(top, _ONE) <= 0, "A step may pass the point.")
    if speed is None:
        return _is_positive(tree, sizes[0], known, spans)
    # Only then is the way made up of rates times one formula.
    require(_RATE in replay.rates.rows, "There is no schedule of learning rates.")
    share = differentiate(tree, _RATE)
    require(differentiate(share, _RATE) == Number(_ZERO), "The way is not in proportion.")
    still = substitute(tree, {_RATE: Number(_ZERO)})
    require(is_zero(still), "The way is not in proportion.")
    require(_is_positive(share, sizes[0], known, spans), "The slope may vanish elsewhere.")
    require_endless(replay, entry, read_rational(speed))
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
    require_values([(replay.pieces[piece], Range(min(ends), max(ends)))])
    side = Number(_ONE if far > point else -_ONE)
    here = apply("+", Number(point), apply("*", side, Name(_HERE)))
    trees: dict[str, Node] = {_HERE: here}
    for row in motion.pieces[piece]:
        trees[row.target] = substitute(row.tree, trees)
    there = trees["x'"]
    if isinstance(there, Apply) and there.operator == "-" and there.arguments[0] == here:
        # Taken apart so that the position does not occur twice.
        return apply("*", side, there.arguments[1])
    return apply("*", side, apply("-", here, there))


def _require_steps(
    motion: Motion, replay: Replay, ends: tuple[fmpq, fmpq], known: Mapping[str, Range], parts: int
) -> None:
    """Refuse unless each assignment, read or not, has a value in the region."""
    rows = motion.pieces[replay.locate((ends[0] + ends[1]) / 2, replay.ends({}))]
    if all(is_total(row.tree) for row in rows):
        return
    low, width = min(ends), abs(ends[1] - ends[0]) / parts
    for part in range(parts):
        found = {**known, _HERE: Range(low + width * part, low + width * (part + 1))}
        for row in rows:
            found[row.target] = evaluate_range(row.tree, found)


def _is_positive(tree: Node, order: int, known: Mapping[str, Range], spans: list[Range]) -> bool:
    """Whether the formula grows from 0 like a power; refuse where it may be negative."""
    lows = [evaluate_range(tree, {**known, _HERE: span}).lower for span in spans[1:]]
    for _ in range(order):
        value = evaluate_range(tree, {**known, _HERE: at_point(_ZERO)})
        require(value.is_single and value.lower == 0, "The point is not fixed to that order.")
        tree = differentiate(tree, _HERE)
    lows.append(evaluate_range(tree, {**known, _HERE: spans[0]}).lower)
    signs = [-1 if low is None else compare(low, _ZERO) for low in lows]
    require(min(signs) >= 0, "A step may lead away.")
    return min(signs) > 0


def require_endless(replay: Replay, entry: int, speed: fmpq) -> None:
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
