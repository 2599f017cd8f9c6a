"""Bounds of all climbs past a kink: boxes of memories and of states, found by growing them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from flint import fmpq

from gradiometer.errors import DomainError, UndecidedError
from gradiometer.formula import Exact, Range, hull, to_float, to_rational_text
from gradiometer.proof.check_climb import RunUp, as_box, bound_all
from gradiometer.proof.check_drive import Drive
from gradiometer.proof.check_equilibrium import find_equilibrium
from gradiometer.proof.check_region import Box, contains, inflate, join, open_ends, outward
from gradiometer.proof.check_returns import (
    LEFT,
    RIGHT,
    Opening,
    Plan,
    begin_tail,
    bound_returns,
    follow_side,
    open_runs,
)
from gradiometer.proof.check_wedge import Wedge

Bound: TypeAlias = tuple[Exact, Sequence[int], Mapping[str, Any]]
"""What no climb passes, the lengths of run-ups that promise most, and the evidence."""

_PLANS = (Plan(16, 48), Plan(32, 160), Plan(48, 500))
_MOST_WORK = 12_000
"""Steps of first climbs that a plan may take."""
_ROUNDS = 24
_CLOSING_ROUNDS = 12
_PLAIN_ROUNDS = 4


def list_simple_bounds(drive: Drive, wedge: Wedge, run_up: RunUp) -> Iterator[Bound]:
    """Bounds by a box of memories that neither slope leads out of."""
    slopes = (wedge.fall, wedge.rise)
    for box in _list_boxes(drive, run_up, slopes):
        try:
            yield bound_all(drive, wedge, box, run_up), (), {"memory": _spell(box)}
        except (UndecidedError, DomainError):
            continue


def list_return_bounds(drive: Drive, wedge: Wedge, run_up: RunUp) -> Iterator[Bound]:
    """Bounds that tell first climbs from later ones, each with a longer plan."""
    reason = ""
    for plan in _PLANS:
        try:
            yield _bound_returns(drive, wedge, run_up, plan)
        except UndecidedError as error:
            reason = str(error)
    if reason:
        raise UndecidedError(reason)


def _bound_returns(drive: Drive, wedge: Wedge, run_up: RunUp, plan: Plan) -> Bound:
    _, farthest = run_up.climb(plan.alone)
    if (farthest - plan.alone + 5) * plan.alone > _MOST_WORK:
        raise UndecidedError("the climbs are too long to be told apart")
    opening = open_runs(drive, wedge, run_up, plan)
    if not opening.peaks:
        raise UndecidedError("no run crosses the kink")
    best = max(opening.peaks, key=lambda steps: to_float(opening.peaks[steps]))
    box = _hold_run_up(drive, wedge, run_up, plan)
    tail = begin_tail(drive, wedge, run_up, plan, box)
    seeds = [opening.arrivals, None if tail is None else tail.exits]
    closed = _close(drive, wedge, opening, seeds, plan=plan, cap=_find_cap(drive, run_up, wedge))
    others = bound_returns(drive, wedge, opening, tail, plan=plan, closed=closed, without=best)
    evidence = {
        "run_up": _spell(box),
        "crowd": plan.crowd,
        "alone": plan.alone,
        "closed": [_spell(closed[side]) if side in closed else None for side in (LEFT, RIGHT)],
    }
    return others, (best,), evidence


def _find_cap(drive: Drive, run_up: RunUp, wedge: Wedge) -> Box:
    """A box that the memory never leaves; an empty one where none is found."""
    try:
        return next(_list_boxes(drive, run_up, (wedge.fall, wedge.rise)))
    except UndecidedError:
        return {}


def _close(
    drive: Drive,
    wedge: Wedge,
    opening: Opening,
    seeds: Sequence[Box | None],
    *,
    plan: Plan,
    cap: Box,
) -> dict[int, Box]:
    """For each side a box of the states that come to it, which lead into each other only."""
    first = plan.crowd + 1
    flows = [(side, follow_side(drive, wedge, side, box, first=first))
             for side, box in opening.standing]  # fmt: skip
    new = [(1 - side, flow.exits) for side, flow in flows] + [(LEFT, seed) for seed in seeds]
    closed: dict[int, Box] = {}
    for count in range(_CLOSING_ROUNDS):
        grown = False
        for side, box in new:
            if box is None or (side in closed and contains(closed[side], box)):
                continue
            closed[side] = _grow(closed.get(side), box, count, cap)
            grown = True
        if not grown:
            return closed
        new = [(1 - side, follow_side(drive, wedge, side, box, first=first).exits)
               for side, box in closed.items()]  # fmt: skip
    raise UndecidedError("it may swing ever wider after it has returned")


def _grow(old: Box | None, box: Box, count: int, cap: Box) -> Box:
    if old is None:
        return box
    wider = join(old, box)
    if count < _PLAIN_ROUNDS:
        return wider
    grown = {n: inflate(old[n], wider[n], 2 ** (count - _PLAIN_ROUNDS)) for n in wider}
    # The cap cuts off margins only, not what has really been reached.
    return {n: hull(wider[n], _meet(grown[n], cap[n])) if n in cap else grown[n] for n in wider}


def _meet(part: Range, cap: Range) -> Range:
    lower, upper = part.lower, part.upper
    if cap.lower is not None and (lower is None or lower < cap.lower):
        lower = cap.lower
    if cap.upper is not None and (upper is None or upper > cap.upper):
        upper = cap.upper
    return (
        part if lower is not None and upper is not None and lower > upper else Range(lower, upper)
    )


def _hold_run_up(drive: Drive, wedge: Wedge, run_up: RunUp, plan: Plan) -> Box:
    """Where the memory of long run-ups lies."""
    begun = as_box(drive.convert(run_up.memory(plan.alone), plan.alone))
    return next(_grow_boxes(drive, begun, (wedge.fall,), first=plan.alone + 1))


def _list_boxes(drive: Drive, run_up: RunUp, slopes: Sequence[fmpq]) -> Iterator[Box]:
    """Boxes that hold the memory from the first step on, or may."""
    return _grow_boxes(drive, as_box(drive.convert(run_up.memory(1), 1)), slopes, first=2)


def _grow_boxes(drive: Drive, begun: Box, slopes: Sequence[fmpq], *, first: int) -> Iterator[Box]:
    """Boxes around one that those slopes do not lead out of."""
    try:
        ends = [as_box(find_equilibrium(drive, slope)) for slope in slopes]
        box = {n: _tidy(hull(begun[n], *(end[n] for end in ends))) for n in begun}
        if _keeps(drive, box, slopes, first):
            yield box
    except (UndecidedError, DomainError):
        pass
    box = {name: _tidy(part) for name, part in begun.items()}
    for count in range(_ROUNDS):
        if _keeps(drive, box, slopes, first):
            yield box
            return
        wider = join(box, _image(drive, box, slopes, first))
        grow = _choose_growth(count)
        box = {name: _tidy(grow(box[name], wider[name])) for name in box}
    raise UndecidedError("no bound of its memory was found")


def _keeps(drive: Drive, box: Box, slopes: Sequence[fmpq], first: int) -> bool:
    return contains(box, _image(drive, box, slopes, first))


def _image(drive: Drive, box: Box, slopes: Sequence[fmpq], first: int) -> Box:
    images = [drive.step(box, slope, first=first, last=None)[0] for slope in slopes]
    return {name: hull(*(image[name] for image in images)) for name in box}


def _choose_growth(count: int) -> Callable[[Range, Range], Range]:
    """How a box grows in that round: plainly, then ever more, and at last without end."""
    if count < _PLAIN_ROUNDS:
        return lambda old, new: new
    grow = inflate if count < _ROUNDS - 4 else open_ends
    return lambda old, new: grow(old, new, 2 ** (count - _PLAIN_ROUNDS))


def _tidy(part: Range) -> Range:
    """The range with rational ends, outward where one is none."""
    rational = all(end is None or isinstance(end, fmpq) for end in (part.lower, part.upper))
    if rational and part.is_single:
        return Range(part.lower, part.lower)
    return part if rational else outward(part)


def _spell(box: Box) -> dict[str, list[str | None]]:
    return {name: spell_range(part) for name, part in box.items()}


def spell_range(part: Range) -> list[str | None]:
    """A range with rational ends, as a certificate writes it."""
    ends = (part.lower, part.upper)
    return [to_rational_text(end) if isinstance(end, fmpq) else None for end in ends]
