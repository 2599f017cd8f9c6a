"""Proves that a run stays in an interval for ever: boxes of states that no step leaves.

The boxes grow from the run's own state: what steps out of a box is joined to the box of the piece
that it steps onto, until nothing is new. Growth that goes on is overtaken by ever larger margins.
"""

from __future__ import annotations

from collections.abc import Mapping

from flint import fmpq

from gradiometer.errors import CertificateError, DomainError, UndecidedError
from gradiometer.formula import Range, at_point, free_names, hull, precision, to_rational_text
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.check_motion import read_motion
from gradiometer.proof.check_prefix import BITS, Prefix
from gradiometer.proof.check_region import (
    Box,
    Field,
    Flow,
    contains,
    follow,
    inflate,
    join,
    open_ends,
    outward,
)
from gradiometer.proof.fate import Fate
from gradiometer.proof.scene import Scene
from gradiometer.proof.span import shorten_ends

_FIRST_STEPS = (2, 60, 400)
"""Steps after which boxes are begun: later ones start from a calmer state."""

_MOST_STEPS = 1500
"""Steps of boxes after which the search is given up."""

_CURVED_STEPS = 150
"""The same where all is one curved piece, so that a box keeps itself or only grows."""

_NARROWINGS = 8
_WORTH = fmpq(1, 20)
"""The part of a width that a narrowing has to win for another one to be tried."""
_CAP_MARGINS = (*(2**count for count in range(13)), 0, 0, 0)
"""How far a cap is carried beyond what is new, in each round; 0 gives up ends that still move."""
_HALVINGS = 12
_PLAIN_ROUNDS = 3
"""Rounds in which boxes grow by no more than they must."""
_MARGINS = (*[0] * _PLAIN_ROUNDS, *(2 ** (count // 2) for count in range(27)))
"""How far boxes are carried beyond what is new, in each round."""
_ROUNDS = len(_MARGINS) + 10
"""Rounds; in those after the last margin, ends of the memory that still move are given up."""


def find_excursion(scene: Scene) -> Fate:
    """The verdict `bounded` with an interval that holds all positions.

    Raises:
        UndecidedError: If no boxes are found; it says why.
    """
    prefix, replay = scene.prefix, scene.replay
    reason = "no interval was found that it stays in"
    with precision(BITS):
        for done in _FIRST_STEPS:
            try:
                prefix.reach(done)
                field = Field(replay, read_motion(replay, done))
                boxes, low, high = _grow(field, prefix, done)
            except (UndecidedError, DomainError, CertificateError) as error:
                reason = f"no interval was found that it stays in: {error}"
                continue
            return _to_fate(scene.problem, done, boxes, _span(prefix, done, low, high))
    raise UndecidedError(reason)


def _grow(field: Field, prefix: Prefix, done: int) -> tuple[dict[int, Box], fmpq, fmpq]:
    """Boxes that no step leaves, by piece, and the ends of all positions met on the way."""
    state = field.motion.convert(prefix.states[done])
    begun = prefix.pieces[done], {n: outward(at_point(v)) for n, v in state.items()}
    boxes: dict[int, Box] = dict([begun])
    flows: dict[int, Flow] = {}
    pieces = field.replay.pieces
    is_one_curve = len(pieces) == 1 and bool(free_names(pieces[0].slope))
    cap, left = _find_cap(field, boxes), _CURVED_STEPS if is_one_curve else _MOST_STEPS
    for count in range(_ROUNDS):
        grown: dict[int, Box] = {}
        for piece, box in boxes.items():
            if piece not in flows:
                flows[piece] = follow(field, piece, box, most=left)
                left -= flows[piece].steps
            for other, there in flows[piece].exits:
                known = grown.get(other, boxes.get(other))
                if known is None or not contains(known, there):
                    wider = there if known is None else _widen(known, there, count)
                    # The cap cuts off margins only, not what has really been reached.
                    least = there if known is None else join(known, there)
                    grown[other] = join(_meet(wider, cap), least)
        if not grown:
            return _settle(field, begun, boxes, flows)
        boxes |= grown
        flows = {piece: flow for piece, flow in flows.items() if piece not in grown}
    raise UndecidedError("it may swing ever wider")


def _settle(
    field: Field, begun: tuple[int, Box], boxes: dict[int, Box], flows: dict[int, Flow]
) -> tuple[dict[int, Box], fmpq, fmpq]:
    """The boxes and the ends of their flows, both narrowed to what the flows really reach."""
    best = boxes, min(f.low for f in flows.values()), max(f.high for f in flows.values())
    for _ in range(_NARROWINGS):
        less: dict[int, Box] = dict([begun])
        for other, there in (exit for flow in flows.values() for exit in flow.exits):
            less[other] = join(less[other], there) if other in less else there
        try:
            flows = {piece: follow(field, piece, box) for piece, box in less.items()}
        except UndecidedError:
            return best
        exits = [exit for flow in flows.values() for exit in flow.exits]
        if not all(other in less and contains(less[other], there) for other, there in exits):
            return best
        low, high = min(f.low for f in flows.values()), max(f.high for f in flows.values())
        won = (best[2] - best[1]) - (high - low)
        best = less, low, high
        if won < _WORTH * (high - low):
            return best
    return best


def _widen(old: Box, there: Box, count: int) -> Box:
    """Both, and after some rounds a growing part of what is new besides."""
    new = join(old, there)
    if count < len(_MARGINS):
        return {name: inflate(old[name], new[name], _MARGINS[count]) for name in new}
    return {n: new[n] if n == "x" else open_ends(old[n], new[n], count) for n in new}


def _find_cap(field: Field, boxes: Mapping[int, Box]) -> Box | None:
    """Ranges of memory that no slope of the landscape leads out of; None where none is found."""
    (box,) = boxes.values()
    everywhere = Range(None, None)
    try:
        slopes = hull(*(field.slopes(piece, everywhere) for piece in range(len(field.ends))))
        inner = outer = {**box, "x": everywhere}
        for margin in _CAP_MARGINS:
            after = {**field.step(outer, slopes), "x": everywhere}
            if contains(outer, after):
                return _tighten(field, slopes, inner, outer)
            wider = join(outer, after)
            grow = inflate if margin else open_ends
            outer = {name: grow(outer[name], wider[name], margin) for name in wider}
    except (UndecidedError, DomainError):
        return None
    return None


def _tighten(field: Field, slopes: Range, inner: Box, outer: Box) -> Box:
    """A box between both that no slope leads out of either, found by halving."""
    for _ in range(_HALVINGS):
        middle = {name: _halfway(inner[name], outer[name]) for name in outer}
        after = {**field.step(middle, slopes), "x": middle["x"]}
        if contains(middle, after):
            outer = middle
        else:
            inner = middle
    return outer


def _halfway(inner: Range, outer: Range) -> Range:
    ends = [
        high if low is None or high is None else (low + high) / 2
        for low, high in ((inner.lower, outer.lower), (inner.upper, outer.upper))
    ]
    return outward(Range(*ends))


def _meet(box: Box, cap: Box | None) -> Box:
    """The box without what lies beyond the cap; the position is not capped."""
    if cap is None:
        return box
    met = {}
    for name, part in box.items():
        low, high = cap[name].lower, cap[name].upper
        lower, upper = part.lower, part.upper
        lower = low if lower is None or (low is not None and lower < low) else lower
        upper = high if upper is None or (high is not None and upper > high) else upper
        apart = lower is not None and upper is not None and lower > upper
        met[name] = part if apart else Range(lower, upper)
    return met


def _span(prefix: Prefix, done: int, low: fmpq, high: fmpq) -> tuple[fmpq, fmpq]:
    """Short rationals between which those ends and the first positions lie."""
    places = [state["x"] for state in prefix.states[: done + 1]]
    return shorten_ends([low, *places], [high, *places])


def _to_fate(
    problem: Mapping[str, object], done: int, boxes: dict[int, Box], ends: tuple[fmpq, fmpq]
) -> Fate:
    low, high = map(to_rational_text, ends)
    rows = [
        {"piece": piece, "box": {name: _spell(part) for name, part in box.items()}}
        for piece, box in sorted(boxes.items())
    ]
    claim = {"verdict": "bounded", "limit": None, "cycle": None, "interval": [low, high]}
    certificate = make_certificate(
        "excursion", problem=problem, claim=claim, evidence={"from": done, "boxes": rows}
    )
    because = (
        f"from step {done} on the state lies in boxes on {len(boxes)} pieces of the landscape, and "
        "every state of a box stays on its piece or steps into one of the boxes: it swings back "
        "each time before it is further out than the ends"
    )
    return Fate("bounded", because, certificate, interval=ends)


def _spell(part: Range) -> list[str | None]:
    return [None if end is None else to_rational_text(end) for end in (part.lower, part.upper)]  # pyright: ignore[reportArgumentType]  # these ends are rational
