"""The supremum, over all starts on the run-up, of how far a rule climbs past a kink."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, final

from flint import fmpq

from gradiometer.errors import CertificateError, DomainError, GradiometerError, UndecidedError
from gradiometer.formula import (
    Axis,
    Exact,
    Range,
    at_point,
    compare,
    from_decimal,
    hull,
    precision,
    size_in_bits,
    to_float,
)
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.check import check
from gradiometer.proof.check_climb import RunUp
from gradiometer.proof.check_equilibrium import climb_from_equilibrium, require_arrival
from gradiometer.proof.check_phases import (
    BITS,
    Ways,
    barrier_of,
    climb_after,
    is_attained,
    is_reached,
    read_ways,
    spell_degree,
)
from gradiometer.proof.check_wedge import Wedge, read_wedge, to_problem
from gradiometer.proof.crowd import Bound, list_crowd_bounds
from gradiometer.proof.phases_bound import (
    list_return_bounds,
    list_simple_bounds,
    spell_range,
)
from gradiometer.proof.span import shorten_ends
from gradiometer.proof.walk import Course

_LENGTHS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 1024,
            2048, 4096, 8192)  # fmt: skip
"""Run-ups that are tried, in steps."""
_SHORT = _LENGTHS[:18]
"""Those that are tried where ever longer ones come to the bound itself."""
_MOST_WORK = 12_000
"""Steps of run-ups and climbs after which no further length is tried."""
_PROBES = (24, 96, 384)
"""Run-ups whose climbs are compared before a bound is looked for."""
_GROWTH = 3
"""How many times farther each of them climbs where a bound is not looked for."""
_CLOSE = fmpq(1, 10**22)
"""How far apart two ends of the supremum may be, as a part of it."""
_SAME = 1e-23
"""How far apart they are when no better bound is looked for."""
_NARROW = 1e-9
"""How far apart they are when returns are not told apart."""
_LONG = 2000
"""Bits of the longest rational that is claimed as it is."""
_SAYING = 150
"""Letters of the longest reason that is given as it is."""
_LONGEST_CLIMB = 2000
"""What a climb may have cost that was given up."""


@final
@dataclass(frozen=True)
class Below:
    """How far one run-up climbs, or the limit of ever longer ones."""

    top: Exact
    after: int | None
    """How many steps the run-up has; None for the limit."""
    climbing: int
    """Steps from the crossing of the kink to the farthest position."""


@final
@dataclass(frozen=True)
class Phases:
    """How far a rule climbs past a kink, over all starts on the run-up."""

    wedge: Wedge
    overshoot: tuple[fmpq, fmpq]
    """The supremum lies between these; they are equal where it is known exactly."""
    reached: bool | None
    after: int | None
    """How many steps the run-up has that comes so far; None when ever longer ones come to it."""
    climbing: int
    """Steps from the crossing of the kink to the farthest position."""
    settled: tuple[fmpq, fmpq] | None
    """What ever longer run-ups come to."""
    barrier: tuple[fmpq, fmpq] | None
    attained: bool | None
    degree: fmpq | None
    certificate: Mapping[str, Any]

    @property
    def is_sharp(self) -> bool:
        """Whether the two ends are close enough to be called one number."""
        low, high = self.overshoot
        return high - low <= _CLOSE * high


def find_phases(course: Course, *, parameter: str, domain: Axis) -> Phases:
    """The supremum and the threshold of the parameter that follows, checked.

    Args:
        course: The rule and the landscape; its start is not used.
        parameter: The parameter that moves the top.
        domain: The values that it may have.

    Raises:
        UndecidedError: If nothing is proved; it says why.
    """
    problem = to_phases_problem(course, parameter=parameter, domain=domain)
    try:
        with precision(BITS):
            return _find(problem)
    except CertificateError as error:
        raise UndecidedError(f"the checker did not accept the proof: {error.problem}") from None
    except GradiometerError as error:
        raise UndecidedError(error.problem.rstrip(".")) from None


def to_phases_problem(course: Course, *, parameter: str, domain: Axis) -> dict[str, Any]:
    """What is asked of all starts, as plain JSON for a certificate.

    Args:
        course: The rule and the landscape; its start is not used.
        parameter: The parameter that moves the top.
        domain: The values that it may have.
    """
    ends = [None if end is None else str(end) for end in (domain.lower, domain.upper)]
    row = [*ends, domain.lower_closed, domain.upper_closed]
    return to_problem(course.to_problem(), parameter, row)


def _find(problem: Mapping[str, Any]) -> Phases:
    wedge = read_wedge(problem)
    ways, run_up = read_ways(wedge), RunUp(wedge)
    _require_calm(wedge, run_up)
    below, others, evidence = _choose(ways, wedge, run_up, _settle(ways, wedge, is_whole=False))
    settled = _settle(ways, wedge, is_whole=True)
    above = hull(at_point(below.top), at_point(others)).upper
    assert above is not None
    low, high = _ends_of(below.top - wedge.kink, above - wedge.kink)
    limit = None if settled is None else _ends_of(*[settled.top - wedge.kink] * 2)
    reached = is_reached(wedge, ways, below.top, others, below.after)
    barrier, attained = barrier_of(wedge, low, high), is_attained(wedge, low, high, reached)
    degree = spell_degree(wedge)
    claim = {
        "overshoot": spell_range(Range(low, high)),
        "reached": reached,
        "after": below.after,
        "climbing": below.climbing,
        "settled": None if limit is None else spell_range(Range(*limit)),
        "barrier": barrier,
        "attained": attained,
        "degree": degree,
    }
    certificate = make_certificate("phases", problem=problem, claim=claim, evidence=evidence)
    check(certificate)
    ends = None if barrier is None else (from_decimal(barrier[0]), from_decimal(barrier[1]))
    return Phases(
        wedge, (low, high), reached, below.after, below.climbing, limit, ends, attained,
        None if degree is None else from_decimal(degree), certificate,
    )  # fmt: skip


def _require_calm(wedge: Wedge, run_up: RunUp) -> None:
    """Refuse to look for a bound where climbs grow as the run-ups before them do.

    Raises:
        UndecidedError: If they do.
    """
    tops: list[float] = []
    for steps in _PROBES:
        try:
            tops.append(to_float(run_up.climb(steps)[0] - wedge.kink))
        except (UndecidedError, DomainError):
            break
    if len(tops) > 1 and all(later > _GROWTH * sooner for sooner, later in pairwise(tops)):
        raise UndecidedError("climbs grow as the run-ups that were tried do")


def _choose(
    ways: Ways, wedge: Wedge, run_up: RunUp, settled: Below | None
) -> tuple[Below, Exact, Mapping[str, Any]]:
    """The run-up that climbs farthest, what no other climb passes, and the evidence."""
    best: tuple[Below, Exact, Mapping[str, Any]] | None = None
    reasons: list[str] = []
    limit = None if settled is None else settled.top
    for others, first, evidence in _list_bounds(ways, wedge, run_up, limit, reasons):
        if "tail" in evidence and best is not None and _gap(best[0], best[1], wedge) < _SAME:
            # Boxes of memories never tell which run comes farthest.
            break
        try:
            below = _search(ways, wedge, run_up, others, settled, first=first)
        except (UndecidedError, DomainError) as error:
            reasons.append(str(error))
            continue
        gap = _gap(below, others, wedge)
        if best is None or gap < _gap(best[0], best[1], wedge):
            best = below, others, evidence
        if gap <= 0 or (gap < _SAME and (below.after is None or "tail" in evidence)):
            return best
    if best is None:
        # A reason that spells a number of many digits says nothing to anybody.
        said = reasons[-1]
        raise UndecidedError(said if len(said) < _SAYING else "numbers grow out of all proportion")
    return best


def _list_bounds(
    ways: Ways, wedge: Wedge, run_up: RunUp, limit: Exact | None, reasons: list[str]
) -> Iterator[Bound]:
    """Bounds of all climbs, quick ones first; *reasons* are told why there are no more."""
    drive, carry = ways.drive, ways.carry
    lists: list[Iterator[Bound]] = []
    if drive is not None:
        lists.append(list_simple_bounds(drive, wedge, run_up))
    if drive is not None:
        lists.append(list_return_bounds(drive, wedge, run_up))
    if carry is not None:
        lists.append(list_crowd_bounds(carry, wedge, run_up, limit))
    for found in lists:
        try:
            yield from found
        except (UndecidedError, DomainError) as error:
            reasons.append(str(error))


def _gap(below: Below, others: Exact, wedge: Wedge) -> float:
    """By how much other climbs may go farther, as a part of the overshoot."""
    return to_float((others - below.top) / (below.top - wedge.kink))


def _settle(ways: Ways, wedge: Wedge, *, is_whole: bool) -> Below | None:
    try:
        drive = ways.require_limit()
        require_arrival(drive, wedge)
        top, steps = climb_from_equilibrium(drive, wedge, is_whole=is_whole)
    except (UndecidedError, DomainError):
        return None
    return Below(top, None, steps)


def _search(
    ways: Ways,
    wedge: Wedge,
    run_up: RunUp,
    above: Exact,
    settled: Below | None,
    *,
    first: Sequence[int] | None,
) -> Below:
    """The run-up that climbs farthest; *first* are the lengths that promise most, or the limit."""
    if first is None and settled is not None:
        return settled
    best: Below | None = None
    # A limit that is the bound itself needs no run-up to show it, but one may reach it.
    gap = _CLOSE / 4 * (above - wedge.kink)
    is_limit = settled is not None and compare(above - settled.top, gap) < 0
    reason, spent = "no run crosses the kink", 0
    for steps in first or (_SHORT if is_limit or first is None else _LENGTHS):
        try:
            top, step = climb_after(wedge, ways, run_up, steps)
        except (UndecidedError, DomainError) as error:
            reason = str(error)
            spent += _LONGEST_CLIMB
            continue
        if best is None or compare(top, best.top) > 0:
            best = Below(top, steps, step - steps)
        spent += step
        if spent > _MOST_WORK:
            break
        if _is_same(best.top, above) or (not is_limit and compare(above - best.top, gap) < 0):
            return best
    if settled is not None and (best is None or is_limit or compare(settled.top, best.top) > 0):
        return settled
    if best is None:
        raise UndecidedError(reason)
    return best


def _is_same(left: Exact, right: Exact) -> bool:
    return isinstance(left, fmpq) and isinstance(right, fmpq) and left == right


def _ends_of(low: Exact, high: Exact) -> tuple[fmpq, fmpq]:
    """Both ends as rationals that may be written down."""
    if _is_same(low, high) and isinstance(low, fmpq) and size_in_bits(low) <= _LONG:
        return low, low
    ends = shorten_ends([low], [high])
    return ends[0], ends[1]
