"""A bound of all climbs that tells the first one, from a long run-up, from those after a return.

Memories of the first climb are known exactly. Up to some step all later ones are followed with the
step count known; from there on two boxes, of the states that have just come to each side of the
kink, are shown to lead into each other only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import Exact, Range, at_point, compare, hull
from gradiometer.proof.check_climb import RunUp, as_box, shorten
from gradiometer.proof.check_drive import Drive
from gradiometer.proof.check_region import Box, contains, join, outward
from gradiometer.proof.check_wedge import Wedge

_LONGEST = 400
"""Steps on one side after which a region is given up."""

LEFT, RIGHT = 0, 1


@final
@dataclass(frozen=True)
class Plan:
    """Until when step counts are told apart, and how long the run-ups are that are."""

    crowd: int
    """Up to this step all runs are followed with the step count known."""
    alone: int
    """Up to this many steps each run-up has a climb of its own; not less than *crowd*."""


@final
@dataclass(frozen=True)
class Flow:
    """Where states go until all have left their side of the kink."""

    exits: Box | None
    top: Exact
    """No position passes it."""


@final
@dataclass(frozen=True)
class Opening:
    """What happens before the closed boxes speak."""

    peaks: Mapping[int, Exact]
    """How far the first climb comes, by the length of its run-up."""
    tops: tuple[Exact, ...]
    """No other position up to then passes these."""
    standing: tuple[tuple[int, Box], ...]
    """Sides and states of the runs that have returned, after step `crowd`."""
    arrivals: Box | None
    """The states that first climbs bring back to the left after that step."""


def follow_side(drive: Drive, wedge: Wedge, side: int, box: Box, *, first: int) -> Flow:
    """Where the states of a box on one side of the kink go.

    Args:
        drive: The rule.
        wedge: The slopes.
        side: `LEFT` or `RIGHT`.
        box: Where the states lie, `x` included.
        first: The least count of the first step; each step may also have any larger one.

    Raises:
        UndecidedError: If they may stay for very long.
    """
    exits, top, here = None, box["x"].upper, box
    for index in range(_LONGEST):
        after = _advance(drive, wedge, side, here, first=first + index, last=None)
        top = _most(top, after["x"].upper)
        gone, stays = _part(wedge, 1 - side, after), _part(wedge, side, after)
        if gone is not None:
            exits = gone if exits is None else join(exits, gone)
        if stays is None:
            return Flow(exits, top)
        here = stays
    raise UndecidedError("a run may stay on one side of the kink for very long")


def _advance(
    drive: Drive, wedge: Wedge, side: int, box: Box, *, first: int, last: int | None
) -> Box:
    """All states one step later, with short rational ends."""
    slope = wedge.fall if side == LEFT else wedge.rise
    memory = {name: part for name, part in box.items() if name != "x"}
    after, push = drive.step(memory, slope, first=first, last=last)
    here = box["x"]
    if push.lower is None or push.upper is None or here.lower is None or here.upper is None:
        raise UndecidedError("a step has no bound")
    place = Range(drive.factor * here.lower + push.lower, drive.factor * here.upper + push.upper)
    return {name: outward(part) for name, part in {**after, "x": place}.items()}


def _part(wedge: Wedge, side: int, box: Box) -> Box | None:
    """The states of a box on one side of the kink, the kink included; None where none are."""
    low, high, kink = box["x"].lower, box["x"].upper, wedge.kink
    assert isinstance(low, fmpq)
    assert isinstance(high, fmpq)
    if side == LEFT:
        return None if low > kink else {**box, "x": Range(low, min(high, kink))}
    if high < kink or (high == kink and wedge.keeps_kink):
        return None
    return {**box, "x": Range(max(low, kink), high)}


def _most(left: Any, right: Any) -> Any:
    return right if compare(right, left) > 0 else left


def open_runs(drive: Drive, wedge: Wedge, run_up: RunUp, plan: Plan) -> Opening:
    """All first climbs of short run-ups, and what becomes of their runs up to step `crowd`.

    Raises:
        UndecidedError: If a step is not certain to be defined.
    """
    peaks: dict[int, Exact] = {}
    came: dict[int, Box] = {}
    for steps in range(1, plan.alone + 1):
        for done, box in _climb_alone(drive, wedge, run_up, steps, peaks):
            came[done] = join(came[done], box) if done in came else box
    # Runs are kept apart by the step that brought them to their side: alike in age, they differ
    # in little else.
    groups: dict[tuple[int, int], Box] = {}
    tops: list[Exact] = [wedge.kink]
    for done in range(2, plan.crowd + 1):
        moved: dict[tuple[int, int], Box] = {}
        for (side, entered), box in groups.items():
            after = _advance(drive, wedge, side, box, first=done, last=done)
            tops.append(_most(tops[-1], after["x"].upper))
            for key in ((side, entered), (1 - side, done)):
                part = _part(wedge, key[0], after)
                if part is not None:
                    moved[key] = join(moved[key], part) if key in moved else part
        if done in came:
            key = (LEFT, done)
            moved[key] = join(moved[key], came[done]) if key in moved else came[done]
        groups = moved
    late: Box | None = None
    for done, box in came.items():
        if done > plan.crowd:
            late = box if late is None else join(late, box)
    standing = tuple((side, box) for (side, _), box in groups.items())
    return Opening(peaks, (tops[-1],), standing, late)


def _climb_alone(
    drive: Drive, wedge: Wedge, run_up: RunUp, steps: int, peaks: dict[int, Exact]
) -> list[tuple[int, Box]]:
    """The states that the climb after so many steps brings back, with the step that does."""
    replay, kink = wedge.replay, wedge.kink
    state = replay.advance({**run_up.memory(steps - 1), "x": kink}, wedge.fall, steps - 1)
    back, done = [], steps
    if compare(state["x"], kink) <= 0:
        return back
    peaks[steps] = state["x"]
    while compare(state["x"], kink) > 0:
        before = state["x"]
        state = replay.advance(state, wedge.rise, done)
        state = {name: shorten(value) for name, value in state.items()}
        done += 1
        peaks[steps] = _most(peaks[steps], state["x"])
        low = drive.factor * kink + (state["x"] - drive.factor * before)
        if compare(low, kink) <= 0:
            memory = as_box(drive.convert(state, done))
            place = hull(at_point(low), at_point(state["x"]))
            box = _part(wedge, LEFT, {n: outward(r) for n, r in {**memory, "x": place}.items()})
            back += [] if box is None else [(done, box)]
        if done > steps + _LONGEST:
            raise UndecidedError("a run may climb for very long")
    return back


def begin_tail(drive: Drive, wedge: Wedge, run_up: RunUp, plan: Plan, box: Box) -> Flow | None:
    """The first climbs of all longer run-ups; None where none of them crosses the kink.

    Args:
        drive: The rule.
        wedge: The slopes.
        run_up: The first steps.
        plan: How many there are.
        box: Where the memory lies from then on, for as long as it is on the first slope.

    Raises:
        UndecidedError: If a step on the first slope may leave the box.
    """
    begun = as_box(drive.convert(run_up.memory(plan.alone), plan.alone))
    after, push = drive.step(box, wedge.fall, first=plan.alone + 1, last=None)
    if not (contains(box, begun) and contains(box, after)):
        raise UndecidedError("a step may leave the box of long run-ups")
    if push.upper is None:
        raise UndecidedError("a step has no bound")
    highest = outward(at_point(drive.factor * wedge.kink + push.upper)).upper
    assert highest is not None
    if compare(highest, wedge.kink) <= 0:
        return None
    state = {name: outward(part) for name, part in after.items()}
    state["x"] = Range(wedge.kink, highest)
    return follow_side(drive, wedge, RIGHT, state, first=plan.alone + 2)


def bound_returns(
    drive: Drive,
    wedge: Wedge,
    opening: Opening,
    tail: Flow | None,
    *,
    plan: Plan,
    closed: Mapping[int, Box],
    without: int | None,
) -> Exact:
    """A number that no position of any run passes, first climbs of one length set aside.

    Args:
        drive: The rule from its second step on.
        wedge: The slopes.
        opening: What comes before step `crowd`.
        tail: The first climbs of long run-ups.
        plan: How many steps these are.
        closed: For each side, all states that have just come to it after step `crowd`.
        without: The length of the run-ups that are set aside.

    Raises:
        UndecidedError: If a run may come to a side in another state.
    """
    first = plan.crowd + 1
    flows = [(side, follow_side(drive, wedge, side, box, first=first))
             for side, box in (*opening.standing, *closed.items())]  # fmt: skip
    leaving = [(1 - side, flow.exits) for side, flow in flows]
    leaving += [(LEFT, opening.arrivals)] + ([(LEFT, tail.exits)] if tail is not None else [])
    for side, box in leaving:
        if box is not None and not (side in closed and contains(closed[side], box)):
            raise UndecidedError("a run may come back in another state")
    tops = [*opening.tops, *(flow.top for _, flow in flows)]
    tops += [peak for steps, peak in opening.peaks.items() if steps != without]
    tops += [] if tail is None else [tail.top]
    most = hull(*map(at_point, tops)).upper
    assert most is not None
    return most
