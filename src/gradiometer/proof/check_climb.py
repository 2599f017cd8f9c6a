"""How far runs climb past a kink: after one run-up, and at most from a whole box of memories."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, final

from flint import arb, fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import Exact, Range, at_point, compare, size_in_bits, to_ball
from gradiometer.proof.check_drive import Drive
from gradiometer.proof.check_region import Box, contains, outward
from gradiometer.proof.check_walk import Replay
from gradiometer.proof.check_wedge import Wedge

_ZERO = fmpq(0)
_LONGEST_CLIMB = 2000
"""Steps after which a climb is given up."""
_EXACT_STEPS = 300
"""Steps of a climb whose bound is kept as it is; later ones are rounded outward."""
_LONG = 6000
"""Bits after which a rational goes on as a ball."""

Count = Callable[[int], tuple[int, int | None]]
"""The least and the largest step count of each step of a climb, by its number from 1 on."""


@final
@dataclass(frozen=True, eq=False)
class RunUp:
    """The runs that begin on the first piece, for as long as they are on it."""

    wedge: Wedge
    states: list[dict[str, Any]] = field(default_factory=list)
    """The memory after each step, with how far that step pushes as `x`."""

    def memory(self, done: int) -> dict[str, Any]:
        """The memory after *done* steps on the first slope."""
        replay = self.wedge.replay
        if not self.states:
            self.states.append(replay.begin())
        while len(self.states) <= done:
            state = {**self.states[-1], "x": _ZERO}
            if any(isinstance(value, arb) for value in state.values()):
                replay = self._rounded
            after = replay.advance(state, self.wedge.fall, len(self.states) - 1)
            self.states.append({name: shorten(value) for name, value in after.items()})
        return self.states[done]

    @cached_property
    def _rounded(self) -> Replay:
        """The rule with balls for parameters: where digits are lost anyway, powers are quick."""
        replay = self.wedge.replay
        values: dict[str, Any] = {name: to_ball(v) for name, v in replay.values.items()}
        return replace(replay, values=values)

    def climb(self, steps: int) -> tuple[Exact, int]:
        """The farthest position, and its step, when step number *steps* leaves the kink itself.

        Raises:
            UndecidedError: If there is no such run, or it cannot be told.
        """
        wedge, replay = self.wedge, self.wedge.replay
        state = {**self.memory(steps - 1), "x": wedge.kink}
        state = replay.advance(state, wedge.fall, steps - 1)
        best, best_step, done = state["x"], steps, steps
        if compare(best, wedge.kink) <= 0:
            raise UndecidedError("a run that stands on the kink does not go on")
        while compare(state["x"], wedge.kink) > 0:
            state = replay.advance(state, wedge.rise, done)
            state = {name: shorten(value) for name, value in state.items()}
            done += 1
            if compare(state["x"], best) > 0:
                best, best_step = state["x"], done
            if done > steps + _LONGEST_CLIMB:
                raise UndecidedError("a run may climb for very long")
        return best, best_step

    def require_start(self, drive: Drive, steps: int) -> None:
        """Refuse where no start reaches the kink itself with its step number *steps* - 1.

        Raises:
            UndecidedError: If a position on the way would lie past the kink.
        """
        if not drive.factor > 0:
            raise UndecidedError("no start is left behind")
        self.memory(steps - 1)
        here: Exact = self.wedge.kink
        for done in range(steps - 1, 0, -1):
            # From 0 each step goes as far as it pushes.
            here = shorten((here - self.states[done]["x"]) / drive.factor)
            if compare(here, self.wedge.kink) > 0:
                raise UndecidedError("no start reaches the kink after that many steps")


def _is_long(value: Exact) -> bool:
    return isinstance(value, fmpq) and size_in_bits(value) > _LONG


def shorten(value: Exact) -> Exact:
    """The number, as a ball where it has become a very long rational."""
    return to_ball(value) if _is_long(value) else value


def bound_climb(drive: Drive, wedge: Wedge, box: Box, highest: Exact, count: Count) -> Exact:
    """A number that no position of a climb passes, until all have come back.

    Args:
        drive: The rule.
        wedge: The slopes.
        box: Where the memory lies when the climb begins.
        highest: The farthest position where it begins.
        count: The step counts of its steps.

    Raises:
        UndecidedError: If it may climb without end.
    """
    best = here = highest
    for index in range(1, _LONGEST_CLIMB):
        if compare(here, wedge.kink) < 0 or (compare(here, wedge.kink) == 0 and wedge.keeps_kink):
            return best
        first, last = count(index)
        old, (box, push) = box, drive.step(box, wedge.rise, first=first, last=last)
        if push.upper is None:
            raise UndecidedError("a step has no bound")
        if last is None and _is_over(drive, best, push.upper, old, box):
            return best
        # All runs of the box keep below the one that began highest with the largest pushes.
        before, here = here, drive.factor * here + push.upper
        if compare(here, best) > 0:
            best = here
        if compare(here, before) < 0 or index > _EXACT_STEPS:
            box, here = {n: outward(r) for n, r in box.items()}, outward(at_point(here)).upper
            assert here is not None
    raise UndecidedError("a run may climb for very long")


def _is_over(drive: Drive, best: Exact, push: Exact, old: Box, new: Box) -> bool:
    """Whether all steps to come are like this one, and it leads nobody past the best."""
    try:
        falls = compare((drive.factor - 1) * best + push, _ZERO) <= 0
        return falls and contains(old, new)
    except UndecidedError:
        return False


def bound_all(drive: Drive, wedge: Wedge, box: Box, run_up: RunUp) -> Exact:
    """A number that no position of any run passes: the memory lies in the box from step 1 on.

    Args:
        drive: The rule from its second step on.
        wedge: The slopes.
        box: Memories that neither slope leads out of.
        run_up: The first steps.

    Raises:
        UndecidedError: If a step may leave the box, or a climb may have no end.
    """
    begun = as_box(drive.motion.convert(run_up.memory(1)))
    if not contains(box, begun):
        raise UndecidedError("the first step leaves the box")
    for slope in (wedge.fall, wedge.rise):
        after, _ = drive.step(box, slope, first=2, last=None)
        if not contains(box, after):
            raise UndecidedError("a step may leave the box")
    first = wedge.replay.advance(
        {**wedge.replay.begin(), "x": wedge.kink}, wedge.fall, 0
    )["x"]  # fmt: skip
    tops = [bound_climb(drive, wedge, begun, first, lambda index: (1 + index, 1 + index))]
    after, push = drive.step(box, wedge.fall, first=2, last=None)
    if push.upper is None:
        raise UndecidedError("a step has no bound")
    later = drive.factor * wedge.kink + push.upper
    tops.append(bound_climb(drive, wedge, after, later, lambda index: (2 + index, None)))
    return tops[0] if compare(tops[0], tops[1]) >= 0 else tops[1]


def as_box(state: Mapping[str, Any]) -> dict[str, Range]:
    """The box of a single memory; the position is no part of it."""
    return {name: at_point(value) for name, value in state.items() if name != "x"}
