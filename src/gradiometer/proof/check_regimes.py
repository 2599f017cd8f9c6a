"""Replays the certificate of how a run's fate depends on a free parameter of the landscape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    Axis,
    Line,
    Split,
    at_parameter,
    collapse,
    compare,
    evaluate,
    on_axis,
    precision,
)
from gradiometer.proof.check_walk import (
    LADDER,
    Replay,
    fields,
    live_step,
    read_rational,
    read_replay,
    require,
    spell,
)

_ZERO, _ONE = fmpq(0), fmpq(1)
_MOST_PARTS = 400


def check_regimes(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept the parts of the axis and their outcomes, or raise `CertificateError`."""
    fields(evidence)
    run, parameter, domain = fields(problem, "run", "parameter", "domain")
    require(isinstance(parameter, str) and parameter != "x", "The parameter has no name.")
    replay = read_replay(run, free=(parameter,))
    lower, upper = (None if end is None else read_rational(end) for end in domain)
    for bits in LADDER:
        try:
            with precision(bits):
                parts = _explore(replay, parameter, Axis(lower, upper))
                _compare(claim, parts)
                return
        except UndecidedError:
            if bits == LADDER[-1]:
                raise


class _Part:
    """One part of the axis: where it is, and what the run does there."""

    def __init__(self, axis: Any, state: Mapping[str, Any], trail: dict[Any, int]) -> None:
        self.axis = axis
        self.state = dict(state)
        self.done = 0
        self.trail = trail
        self.peak: Any = None
        self.peak_step = 0
        self.tie: int | None = None
        self.outcome = ""

    def moved(self, axis: Any) -> _Part:
        """The same run on a part of the axis or at one value of the parameter."""
        move = on_axis if isinstance(axis, Axis) else at_parameter
        part = _Part(axis, {n: move(v, axis) for n, v in self.state.items()}, dict(self.trail))
        part.done, part.peak_step = self.done, self.peak_step
        part.peak = None if self.peak is None else move(self.peak, axis)
        return part


def _explore(replay: Replay, parameter: str, axis: Axis) -> list[_Part]:
    """All parts, from left to right: `below` is followed before `at` before `above`."""
    todo, found = [_Part(axis, replay.begin(), {})], []
    while todo:
        require(len(todo) + len(found) < _MOST_PARTS, "The axis falls into too many parts.")
        part = todo.pop()
        try:
            _follow(replay, parameter, part)
            found.append(part)
        except Split as split:
            middle = part.moved(split.at)
            if not isinstance(split.at, fmpq):
                middle.tie = _joint(_ends(replay, parameter, part.axis), part.state["x"])
            todo.append(part.moved(Axis(split.at, part.axis.upper)))
            todo.append(middle)
            todo.append(part.moved(Axis(part.axis.lower, split.at)))
    return found


def _ends(replay: Replay, parameter: str, axis: Any) -> list[Any]:
    value = {parameter: Line(_ZERO, _ONE, axis) if isinstance(axis, Axis) else axis}
    return [None if p.upper is None else collapse(evaluate(p.upper, value)) for p in replay.pieces]


def _joint(ends: list[Any], position: Any) -> int:
    """The first joint whose order with the position changes inside the part."""
    for index, end in enumerate(ends):
        if isinstance(position - end, Line):
            try:
                (position - end).sign()
            except Split:
                return index
    raise UndecidedError("the axis is split at no joint")


def _follow(replay: Replay, parameter: str, part: _Part) -> None:
    """Run until the valley is left, a state returns, or the last step is reached."""
    ends = _ends(replay, parameter, part.axis)
    value = Line(_ZERO, _ONE, part.axis) if isinstance(part.axis, Axis) else part.axis
    slopes = [collapse(evaluate(p.slope, {parameter: value})) for p in replay.pieces]
    first, last = _valley([compare(s, _ZERO) for s in slopes], replay.locate(replay.start, ends))
    alive = [n[:-1] for n, _ in live_step(list(replay.step)) if n.endswith("'")]
    while True:
        position = part.state["x"]
        if part.tie is None:
            piece = replay.locate(position, ends)
        else:
            piece, part.tie = part.tie + (not replay.keeps_joint(part.tie)), None
        if not first <= piece <= last:
            part.outcome = "escapes"
            return
        if part.peak is None or compare(position, part.peak) == (-1 if first > 0 else 1):
            part.peak, part.peak_step = position, part.done
        key = _key([part.state[name] for name in sorted(alive)])
        if key is not None and replay.is_settled(part.done):
            if key in part.trail:
                part.outcome = "trapped"
                return
            part.trail[key] = part.done
        turned = part.peak_step < part.done
        if part.done >= 2 * replay.steps or (part.done >= replay.steps and turned):
            part.outcome = "stays"
            return
        part.state = replay.advance(part.state, slopes[piece], part.done)
        part.done += 1


def _key(values: list[Any]) -> Any:
    pairs = [(v.constant, v.slope) if isinstance(v, Line) else (v, _ZERO) for v in values]
    exact = all(isinstance(number, fmpq) for pair in pairs for number in pair)
    return tuple(pairs) if exact else None


def _valley(signs: list[int], start: int) -> tuple[int, int]:
    """The pieces between the nearest tops on both sides of the start."""
    first = last = start
    while last + 1 < len(signs) and not (signs[last] > 0 > signs[last + 1]):
        last += 1
    while first > 0 and not (signs[first] < 0 < signs[first - 1]):
        first -= 1
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
        lower, upper = (part.axis,) * 2 if point else (part.axis.lower, part.axis.upper)
        row = {
            "from": None if lower is None else spell(lower),
            "to": None if upper is None else spell(upper),
            "from_closed": point,
            "to_closed": point,
            "outcome": part.outcome,
        }
        if rows and rows[-1]["outcome"] == part.outcome:
            rows[-1] |= {"to": row["to"], "to_closed": point}
        else:
            rows.append(row)
    require(regimes == rows, "The regimes are others.")
    escaping = [row for row in rows if row["outcome"] == "escapes"]
    top = escaping[-1] if escaping else {"to": None, "to_closed": False}
    require(barrier == (top["to"] if escaping else None), "The threshold is another one.")
    require(attained is top["to_closed"], "The threshold is reached or not.")
    staying = [part for part in parts if part.outcome != "escapes"]
    first = staying[0] if staying else None
    said = None if first is None or isinstance(first.peak, Line) else spell(first.peak)
    require(peak == said, "The peak is another one.")
    require(peak_step == (None if first is None else first.peak_step), "The peak is at another step.")
