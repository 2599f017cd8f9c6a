"""Whether runs that leave from just before the kink climb as one would that leaves from it.

Where a run that stands on the kink itself meets the slope after it, none leaves from there down the
slope before it. Then how far such a run would come says something of others only if no step on the
way jumps where it is.
"""

from __future__ import annotations

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import Exact, at_point
from gradiometer.proof.check_carry import Carry
from gradiometer.proof.check_climb import RunUp, shorten
from gradiometer.proof.check_crowd import begin_crowd
from gradiometer.proof.check_region import outward
from gradiometer.proof.check_wedge import Wedge

_NEAR = fmpq(1, 2**64)
"""How far around a position a step must be continuous, as a part of how far the kink is."""


def require_near(carry: Carry, wedge: Wedge, run_up: RunUp, *, steps: int, top: int) -> None:
    """Refuse where runs from just before the kink may climb otherwise than one from the kink.

    Args:
        carry: The rule from its second step on.
        wedge: The slopes.
        run_up: The first steps.
        steps: The number of the step that leaves the kink.
        top: The number of the step that comes farthest.

    Raises:
        UndecidedError: If a step may jump, or may have no value, where the run is.
    """
    state = {**run_up.memory(steps - 1), "x": wedge.kink}
    for done in range(steps - 1, top):
        leaves = done == steps - 1
        here, slope = state["x"], wedge.fall if leaves else wedge.rise
        if done == 0:
            moved = begin_crowd(wedge, run_up)
        else:
            moved = carry.step(carry.convert(state, done), slope, first=done + 1, last=done + 1)
        near = _NEAR if leaves else _NEAR * (here - wedge.kink)
        left, right = _around(here - near, wedge.kink if leaves else here + near)
        moved.require_continuous(left, right)
        state = wedge.replay.advance(state, slope, done)
        state = {name: shorten(value) for name, value in state.items()}


def _around(low: Exact, high: Exact) -> tuple[fmpq, fmpq]:
    """Rationals between which two numbers lie."""
    left, right = outward(at_point(low)).lower, outward(at_point(high)).upper
    if not (isinstance(left, fmpq) and isinstance(right, fmpq)):
        raise UndecidedError("a position is not known well enough")
    return left, right
