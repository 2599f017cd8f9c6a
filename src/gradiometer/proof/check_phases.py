"""Replays the certificate of how far a rule climbs past a kink, over all starts on the run-up.

From above, boxes of memories that no slope leads out of bound every climb of every run. From below,
one run-up is replayed that leaves the kink itself in its last step, or the limit of ever longer
ones is computed. Where both are the same number, that is the supremum.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from flint import arb, fmpq

from gradiometer.errors import DomainError, UndecidedError
from gradiometer.formula import Exact, at_point, compare, hull, precision, to_rational_text
from gradiometer.proof.check_carry import Carry, read_carry, to_drive
from gradiometer.proof.check_climb import RunUp, bound_all
from gradiometer.proof.check_crowd import bound_crowd, read_crowd, require_start
from gradiometer.proof.check_degrees import find_degree
from gradiometer.proof.check_drive import Drive, read_drive
from gradiometer.proof.check_equilibrium import climb_from_equilibrium, require_arrival
from gradiometer.proof.check_excursion import read_box
from gradiometer.proof.check_fields import fields, read_rational, require
from gradiometer.proof.check_leave import require_near
from gradiometer.proof.check_returns import Plan, begin_tail, bound_returns, open_runs
from gradiometer.proof.check_wedge import Wedge, is_on_axis, read_wedge

BITS = 512
"""Working precision of the balls."""
MOST_STEPS = 20_000
"""A longer run-up is not replayed."""


def check_phases(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept the supremum and the threshold that follows from it, or raise `CertificateError`."""
    wedge = read_wedge(problem)
    overshoot, reached, after, climbing, settled, barrier, attained, degree = fields(
        claim, "overshoot", "reached", "after", "climbing", "settled", "barrier", "attained",
        "degree",
    )  # fmt: skip
    low, high = _read_ends(overshoot)
    with precision(BITS):
        ways, run_up = read_ways(wedge), RunUp(wedge)
        best, steps = _replay_below(wedge, ways, run_up, after)
        others = _bound_others(wedge, ways, run_up, evidence, after)
        require(compare(best - wedge.kink, low) >= 0, "That run-up does not climb so far.")
        # Of balls that overlap the larger end is meant.
        above = hull(at_point(best), at_point(others)).upper
        require(above is not None and compare(above - wedge.kink, high) <= 0, "It climbs farther.")
        require(type(climbing) is int and climbing == steps, "The top is met at another step.")
        known = is_reached(wedge, ways, best, others, after)
        require(reached is known, "It is reached or not.")
        _check_settled(settled, wedge, ways)
    require(barrier == barrier_of(wedge, low, high), "The threshold is another one.")
    require(attained is is_attained(wedge, low, high, reached), "The threshold is attained or not.")
    require(degree == spell_degree(wedge), "The degree is another one.")


@final
@dataclass(frozen=True)
class Ways:
    """A rule from its second step on, in the ways in which it is read."""

    drive: Drive | None
    """None where the position is moved by more than a push and a fixed share of it."""
    carry: Carry | None
    """None where the memory reads the position."""
    limit: Drive | None
    """The rule in which long run-ups are looked at, which knows the slopes that it meets."""
    reason: str
    """Why one of them is None."""

    @property
    def keeps_apart(self) -> bool:
        """Whether a step certainly leads no two positions to the same one."""
        return any(way is not None and way.factor > 0 for way in (self.drive, self.limit))

    def require_drive(self) -> Drive:
        """The first of them; raises `UndecidedError` where it is None."""
        if self.drive is None:
            raise UndecidedError(self.reason)
        return self.drive

    def require_limit(self) -> Drive:
        """The third one; raises `UndecidedError` where it is None."""
        if self.limit is None:
            raise UndecidedError(self.reason)
        return self.limit

    def require_carry(self) -> Carry:
        """The second one; raises `UndecidedError` where it is None."""
        if self.carry is None:
            raise UndecidedError(self.reason)
        return self.carry


def read_ways(wedge: Wedge) -> Ways:
    """The rule of a wedge.

    Raises:
        UndecidedError: If it is read in neither way.
    """
    drive, carry, reason = None, None, ""
    try:
        carry = read_carry(wedge.replay, 1, (wedge.fall, wedge.rise))
    except (UndecidedError, DomainError) as error:
        reason = str(error)
    try:
        drive = read_drive(wedge.replay, 1)
    except (UndecidedError, DomainError) as error:
        reason = str(error)
    limit = drive
    try:
        limit = limit if carry is None else to_drive(carry)
    except (UndecidedError, DomainError) as error:
        reason = str(error)
    if limit is not None:
        # Both say of every step but the first what it does to the position.
        reason = _unlike(wedge, limit)
        if reason:
            drive, limit = None, None
    if drive is None and carry is None:
        raise UndecidedError(reason)
    return Ways(drive, carry, limit, reason)


def _unlike(wedge: Wedge, drive: Drive) -> str:
    """Why the first step moves the position otherwise than all later ones; empty if it does not."""
    try:
        first = to_drive(read_carry(wedge.replay, 0, (wedge.fall, wedge.rise)))
    except (UndecidedError, DomainError) as error:
        return str(error)
    alike = first.factor == drive.factor
    return "" if alike else "the first step moves the position in another way"


def climb_after(wedge: Wedge, ways: Ways, run_up: RunUp, steps: int) -> tuple[Exact, int]:
    """The farthest position, and its step, of runs that leave the kink with step number *steps*.

    Raises:
        UndecidedError: If no run does, or not all that leave from just before it climb like it.
    """
    if ways.drive is not None:
        run_up.require_start(ways.drive, steps)
        return run_up.climb(steps)
    carry = ways.require_carry()
    require_start(carry, wedge, run_up, steps)
    best, top = run_up.climb(steps)
    if not wedge.keeps_kink:
        # No run leaves from the kink itself, so how far it would come is only a limit.
        require_near(carry, wedge, run_up, steps=steps, top=top)
    return best, top


def _replay_below(wedge: Wedge, ways: Ways, run_up: RunUp, after: Any) -> tuple[Exact, int]:
    """How far the claimed run-up climbs, and in how many steps from the crossing on."""
    if after is None:
        drive = ways.require_limit()
        require_arrival(drive, wedge)
        return climb_from_equilibrium(drive, wedge, is_whole=False)
    require(type(after) is int and 1 <= after <= MOST_STEPS, "No such run-up.")
    best, step = climb_after(wedge, ways, run_up, after)
    return best, step - after


def _bound_others(
    wedge: Wedge, ways: Ways, run_up: RunUp, evidence: Any, after: int | None
) -> Exact:
    """What no other climb passes than the first one after the claimed run-up."""
    require(isinstance(evidence, Mapping), "There is no evidence.")
    if "tail" in evidence:
        carry = ways.require_carry()
        return bound_crowd(carry, wedge, run_up, read_crowd(evidence, carry))
    drive = ways.require_drive()
    if "memory" in evidence:
        (rows,) = fields(evidence, "memory")
        return bound_all(drive, wedge, read_box(rows, drive.memory), run_up)
    rows, crowd, alone, closed = fields(evidence, "run_up", "crowd", "alone", "closed")
    require(type(crowd) is int and type(alone) is int, "A step count is no number.")
    require(1 <= crowd <= alone <= MOST_STEPS, "The run-ups are too long.")
    require(isinstance(closed, list) and len(closed) == 2, "There are two sides.")
    plan = Plan(crowd, alone)
    names = ("x", *drive.memory)
    boxes = {side: read_box(row, names) for side, row in enumerate(closed) if row is not None}
    opening = open_runs(drive, wedge, run_up, plan)
    tail = begin_tail(drive, wedge, run_up, plan, read_box(rows, drive.memory))
    return bound_returns(
        drive, wedge, opening, tail, plan=plan, closed=boxes, without=after
    )  # fmt: skip


def is_reached(
    wedge: Wedge, ways: Ways, best: Exact, others: Exact, after: int | None
) -> bool | None:
    """Whether some run reaches the supremum; None where that is not known."""
    try:
        known = compare(others, best) <= 0
    except UndecidedError:
        known = False
    if not known:
        return None
    if not wedge.keeps_kink:
        # Every run leaves from before the kink. It comes less far than one from the kink would
        # where a step keeps positions apart; one that lifts them to a floor need not.
        return False if ways.keeps_apart else None
    return None if after is None else True


def barrier_of(wedge: Wedge, low: fmpq, high: fmpq) -> list[str] | None:
    """The ends of the largest parameter that is crossed; None where none of the domain is."""
    ends = [wedge.parameter_at(low), wedge.parameter_at(high)]
    least, most = wedge.axis.lower, wedge.axis.upper
    assert not isinstance(most, arb)
    if least is not None and ends[1] <= least:
        return None
    if least is not None and ends[0] < least:
        raise UndecidedError("the threshold may lie outside the domain")
    if most is not None:
        ends = [min(end, most) for end in ends]
    return [to_rational_text(end) for end in ends]


def is_attained(wedge: Wedge, low: fmpq, high: fmpq, reached: bool | None) -> bool | None:
    """Whether the threshold itself is crossed in some phase; None where that is not known."""
    value = wedge.parameter_at(high)
    if not is_on_axis(wedge.axis, value) or wedge.keeps_top:
        # A top that is met exactly counts to the valley, and none goes farther than it.
        beyond = wedge.axis.upper is not None and value > wedge.axis.upper
        return None if beyond else False
    return reached


def spell_degree(wedge: Wedge) -> str | None:
    """The degree of the overshoot in the slopes; None where the rule has a scale of its own."""
    try:
        return to_rational_text(find_degree(wedge.replay))
    except (UndecidedError, DomainError):
        return None


def _check_settled(settled: Any, wedge: Wedge, ways: Ways) -> None:
    """The overshoot that ever longer run-ups come to, which may be left open."""
    if settled is None:
        return
    low, high = _read_ends(settled)
    drive = ways.require_limit()
    require_arrival(drive, wedge)
    best, _ = climb_from_equilibrium(drive, wedge, is_whole=True)
    value = best - wedge.kink
    require(compare(value, low) >= 0 and compare(value, high) <= 0, "Long run-ups climb elsewhere.")


def _read_ends(row: Any) -> tuple[fmpq, fmpq]:
    require(isinstance(row, list) and len(row) == 2, "An enclosure has two ends.")
    low, high = read_rational(row[0]), read_rational(row[1])
    require(low <= high, "An enclosure ends before it begins.")
    return low, high
