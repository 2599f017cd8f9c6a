"""Replays the certificate that some run comes at least so far past a kink: one run is followed.

Nothing is said of other runs. So this holds for every rule, whatever its memory reads.
"""

from __future__ import annotations

from typing import Any

from flint import fmpq

from gradiometer.errors import DomainError, UndecidedError
from gradiometer.formula import Exact, compare, evaluate, free_names, precision, to_ball
from gradiometer.formula import to_rational_text as spell
from gradiometer.proof.check_fields import fields, read_rational, require
from gradiometer.proof.check_walk import Replay, read_replay
from gradiometer.proof.check_wedge import Wedge, is_on_axis, read_wedge

BITS = 512
"""Working precision of the balls."""
MOST_STEPS = 20_000
"""A longer run is not replayed."""
_EXACT_STEPS = 16
"""A run of so few steps is followed in rationals."""


def check_reach(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept how far some run comes at least, or raise `CertificateError`."""
    wedge = read_wedge(problem)
    least, step, barrier = fields(claim, "least", "step", "barrier")
    (start,) = fields(evidence, "start")
    low, begin = read_rational(least), read_rational(start)
    require(type(step) is int and 1 <= step <= MOST_STEPS, "No such step.")
    require(low > 0, "That is not past the kink.")
    with precision(BITS):
        try:
            last = follow(wedge, read_rule(problem), begin, step)
        except (UndecidedError, DomainError) as error:
            require(False, f"The run cannot be followed: {error}")
            raise
        require(compare(last - wedge.kink, low) >= 0, "The run does not come so far.")
    require(barrier == barrier_of(wedge, low), "The parameter is another one.")


def read_rule(problem: Any) -> Replay:
    """The rule as it is written: told from where the run stands, balls would soon grow wide."""
    run = {**problem["run"], "start": "0", "steps": 0}
    return read_replay(run, free=(problem["parameter"],))


def follow(wedge: Wedge, replay: Replay, start: fmpq, steps: int) -> Exact:
    """The position after that many steps.

    Args:
        wedge: The slopes.
        replay: The rule.
        start: Where the run begins, on the first piece.
        steps: How many steps are made.

    Raises:
        UndecidedError: If the start is past the kink, or a side of it is not certain.
    """
    if not is_before(wedge, start):
        raise UndecidedError("the run begins past the kink")
    losses = [piece.loss for piece in replay.pieces[:2]]
    reads_loss = any("loss" in free_names(tree) for _, tree in replay.step)
    if reads_loss and any(free_names(loss) - {"x"} for loss in losses):
        raise UndecidedError("the loss moves with the parameter")
    if reads_loss and replay.side is not None:
        on_kink = [evaluate(loss, {"x": wedge.kink}) for loss in losses]
        if compare(on_kink[0], on_kink[1]) != 0:
            raise UndecidedError("the loss jumps at the kink, where a side is chosen")
    state: dict[str, Any] = replay.begin_at(start)
    if steps > _EXACT_STEPS:
        # A ball of radius 0 keeps the numbers of the run from growing longer at each step.
        state["x"] = to_ball(start)
    for done in range(steps):
        side = 0 if is_before(wedge, state["x"]) else 1
        loss = evaluate(losses[side], {"x": state["x"]}) if reads_loss else None
        state = replay.advance(state, (wedge.fall, wedge.rise)[side], done, loss)
    return state["x"]


def is_before(wedge: Wedge, position: Exact) -> bool:
    """Whether a position is on the first slope.

    Raises:
        UndecidedError: If that is not certain.
    """
    order = compare(position, wedge.kink)
    return order < 0 or (order == 0 and wedge.keeps_kink)


def barrier_of(wedge: Wedge, low: fmpq) -> str | None:
    """The parameter below which that run crosses; None where none of the domain is below it."""
    value = wedge.parameter_at(low)
    most = wedge.axis.upper
    if isinstance(most, fmpq) and value > most:
        value = most
    least = wedge.axis.lower
    if isinstance(least, fmpq) and value <= least and not is_on_axis(wedge.axis, value):
        return None
    return spell(value)
