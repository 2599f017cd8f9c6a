"""Replays the certificate of how a run's fate depends on a free parameter of the landscape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    EVERYTHING,
    Axis,
    Line,
    Range,
    Split,
    at_parameter,
    collapse,
    compare,
    evaluate,
    free_names,
    on_axis,
    precision,
)
from gradiometer.proof.check_clock import Known, has_values
from gradiometer.proof.check_walk import (
    LADDER,
    Replay,
    fields,
    read_rational,
    read_replay,
    require,
    same,
    spell,
)

_ZERO, _ONE = fmpq(0), fmpq(1)
_MOST_PARTS = 4000
_MOST_WORK = 8
"""A replay may take this many times the steps of one whole run."""


def check_regimes(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept the parts of the axis and their outcomes, or raise `CertificateError`."""
    fields(evidence)
    run, parameter, domain = fields(problem, "run", "parameter", "domain")
    require(isinstance(parameter, str) and parameter != "x", "The parameter has no name.")
    replay = read_replay(run, free=(parameter,))
    axis = read_domain(domain)
    for bits in LADDER:
        try:
            with precision(bits):
                _require_losses(replay, parameter, axis)
                parts = _explore(replay, parameter, axis)
                _compare(claim, parts)
                return
        except UndecidedError:
            if bits == LADDER[-1]:
                raise


def read_domain(domain: Any) -> Axis:
    """The part of the axis that the claim is about."""
    require(isinstance(domain, list) and len(domain) == 4, "A domain has two ends.")
    lower, upper = (None if end is None else read_rational(end) for end in domain[:2])
    lower_closed, upper_closed = domain[2:]
    require(type(lower_closed) is bool and type(upper_closed) is bool, "An end is closed or not.")
    require(lower is not None or not lower_closed, "An infinite end is open.")
    require(upper is not None or not upper_closed, "An infinite end is open.")
    require(lower is None or upper is None or lower < upper, "The domain is empty.")
    return Axis(lower, upper, lower_closed, upper_closed)


def _require_losses(replay: Replay, parameter: str, axis: Axis) -> None:
    """Refuse a landscape that may have no value for some value of the parameter."""
    signs = {-1, 0, 1}
    if axis.lower is not None and axis.lower >= 0:
        signs -= {-1} if axis.lower == 0 and axis.lower_closed else {-1, 0}
    ranges = {parameter: Range(axis.lower, axis.upper), "x": EVERYTHING}
    known = Known(parameter, ranges, {parameter: frozenset(signs)})
    for piece in replay.pieces:
        if not has_values(piece.loss, known):
            raise UndecidedError("the landscape may have no value for some of the parameter's")


class _Part:
    """One part of the axis: where it is, and what the run does there."""

    def __init__(self, axis: Any, state: Mapping[str, Any], trail: dict[Any, int]) -> None:
        self.axis = axis
        self.state = dict(state)
        self.done = 0
        self.trail = trail
        self.peak: Any = None
        self.peak_step = 0
        self.known: dict[int, int] = {}
        """The order with joints at this step, where the axis was split by them."""
        self.outcome = ""

    def moved(self, axis: Any) -> _Part:
        """The same run on a part of the axis or at one value of the parameter."""
        move: Any = on_axis if isinstance(axis, Axis) else at_parameter
        part = _Part(axis, {n: move(v, axis) for n, v in self.state.items()}, dict(self.trail))
        part.done, part.peak_step = self.done, self.peak_step
        part.peak = None if self.peak is None else move(self.peak, axis)
        part.known = dict(self.known) if isinstance(axis, Axis) else {}
        return part


def _explore(replay: Replay, parameter: str, axis: Axis) -> list[_Part]:
    """All parts, from left to right: `below` is followed before `at` before `above`."""
    todo, found, work = [_Part(axis, replay.begin(), {})], [], 0
    while todo:
        require(len(todo) + len(found) < _MOST_PARTS, "The axis falls into too many parts.")
        require(work <= _MOST_WORK * (2 * replay.steps + 1000), "The replay is too long.")
        part = todo.pop()
        work -= part.done
        try:
            _follow(replay, parameter, part)
            found.append(part)
            work += part.done
        except Split as split:
            work += part.done
            todo.extend(reversed(_parts(replay, part, split)))
    return found


def _parts(replay: Replay, part: _Part, split: Split) -> list[_Part]:
    """What a part of the axis falls into, from left to right."""
    below, above = split.parts()
    if split.inner_sign() is not None:
        rest = [a for a in (below, above) if a.lower is None or a.upper is None or
                compare(a.lower, a.upper) < 0]  # fmt: skip
        point = part.moved(split.at)
        first = rest and rest[0] is below
        return [part.moved(rest[0]), point] if first else [point, *(part.moved(a) for a in rest)]
    joint = split.joint
    if joint is None:
        require(isinstance(split.at, fmpq), "The axis is split at an irrational value.")
        return [part.moved(below), part.moved(split.at), part.moved(above)]
    # Exactly at the joint the position counts to the piece that the side says.
    orders = (-split.direction, split.direction)
    counts_below = orders[0] == (-1 if replay.keeps_joint(joint) else 1)
    below = replace(below, upper_closed=counts_below)
    above = replace(above, lower_closed=not counts_below)
    pair = [part.moved(below), part.moved(above)]
    for piece, order in zip(pair, orders, strict=True):
        piece.known[joint] = order
    return pair


def _ends(replay: Replay, parameter: str, axis: Any) -> list[Any]:
    value = {parameter: Line(_ZERO, _ONE, axis) if isinstance(axis, Axis) else axis}
    return replay.ends(value)


def _locate(replay: Replay, part: _Part, ends: list[Any], first: int = 0) -> int:
    """The piece of the position; a closed end of the part must count to the same one."""
    position = part.state["x"]
    for index in range(first, len(ends)):
        if ends[index] is None:
            return index
        tie = index if replay.keeps_joint(index) else replay.after_joint(index, ends)
        known = part.known.get(index)
        try:
            order = compare(position, ends[index]) if known is None else known
        except Split as split:
            split.joint = index
            inner = split.inner_sign()
            beyond = inner is not None and inner > 0
            piece = _locate(replay, part, ends, index + 1) if beyond else index
            if inner is None or piece != tie:
                raise
            return tie
        if order < 0:
            return index
        if order == 0:
            return tie
    raise UndecidedError("the position is on no piece")


def _follow(replay: Replay, parameter: str, part: _Part) -> None:
    """Run until the valley is left, a state returns, or the last step is reached."""
    ends = _ends(replay, parameter, part.axis)
    value: Any = Line(_ZERO, _ONE, part.axis) if isinstance(part.axis, Axis) else part.axis
    replay.require_one_loss({parameter: value})
    slopes = [collapse(evaluate(p.slope, {parameter: value})) for p in replay.pieces]
    signs = [compare(slope, _ZERO) for slope in slopes]
    first, last = _valley(signs, replay.locate(replay.start, ends))
    falling = [index for index in range(first, last + 1) if signs[index] < 0]
    if not any(signs[index] > 0 for index in range(min(falling, default=last), last + 1)):
        part.outcome = "outside"
        return
    alive = replay.live_state(0)
    reads_loss = any("loss" in free_names(tree) for _, tree in replay.step)
    while True:
        position = part.state["x"]
        piece = _locate(replay, part, ends)
        part.known = {}
        if not first <= piece <= last:
            part.outcome = "escapes"
            return
        if part.peak is None or compare(position, part.peak) == (-1 if first > 0 else 1):
            part.peak, part.peak_step = position, part.done
        key = _key([part.state[name] for name in sorted(alive)])
        if key is not None and replay.is_settled(part.done) and key in part.trail:
            part.outcome = "trapped"
            return
        turned = part.peak_step < part.done
        if part.done >= 2 * replay.steps or (part.done >= replay.steps and turned):
            part.outcome = "stays"
            return
        # Noted only after the step, which may split the axis and be taken again on each part.
        loss = None
        if reads_loss:
            known = {parameter: value, "x": position}
            loss = collapse(evaluate(replay.pieces[piece].loss, known))
        part.state = replay.advance(part.state, slopes[piece], part.done, loss)
        if key is not None and replay.is_settled(part.done):
            part.trail[key] = part.done
        part.done += 1


def _key(values: list[Any]) -> Any:
    pairs = [(v.constant, v.slope) if isinstance(v, Line) else (v, _ZERO) for v in values]
    exact = all(isinstance(number, fmpq) for pair in pairs for number in pair)
    return tuple(pairs) if exact else None


def _valley(signs: list[int], start: int) -> tuple[int, int]:
    """The pieces between the nearest tops on both sides of the start."""
    first = last = start
    # A flat top is a top too: what counts is the last slope met that is not zero.
    slope = signs[start]
    while last + 1 < len(signs) and not slope > 0 > signs[last + 1]:
        last += 1
        slope = signs[last] or slope
    slope = signs[start]
    while first > 0 and not slope < 0 < signs[first - 1]:
        first -= 1
        slope = signs[first] or slope
    require((first, last) != (0, len(signs) - 1), "There is no barrier.")
    return first, last


def _compare(claim: Any, parts: list[_Part]) -> None:
    """The claimed regimes, threshold and peak against the parts found."""
    regimes, barrier, attained, peak, peak_step = fields(
        claim, "regimes", "barrier", "attained", "peak", "peak_step"
    )
    rows: list[dict[str, Any]] = []
    for part in parts:
        point = not isinstance(part.axis, Axis)
        axis = Axis(part.axis, part.axis, True, True) if point else part.axis
        row = {
            "from": None if axis.lower is None else spell(axis.lower),
            "to": None if axis.upper is None else spell(axis.upper),
            "from_closed": axis.lower_closed,
            "to_closed": axis.upper_closed,
            "outcome": part.outcome,
        }
        if rows and rows[-1]["outcome"] == part.outcome:
            rows[-1] |= {"to": row["to"], "to_closed": row["to_closed"]}
        else:
            rows.append(row)
    require(same(regimes, rows), "The regimes are others.")
    escaping = [row for row in rows if row["outcome"] == "escapes"]
    top = escaping[-1] if escaping else {"to": None, "to_closed": False}
    require(same(barrier, top["to"] if escaping else None), "The threshold is another one.")
    require(attained is top["to_closed"], "The threshold is reached or not.")
    staying = [part for part in parts if part.outcome in ("stays", "trapped")]
    first = staying[0] if staying else None
    said = None if first is None or isinstance(first.peak, Line) else spell(first.peak)
    require(same(peak, said), "The peak is another one.")
    step = None if first is None else first.peak_step
    require(same(peak_step, step), "The peak is at another step.")
