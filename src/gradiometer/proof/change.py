"""Where a parameter changes what becomes of a run: brackets whose two ends are both proved."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias, final

from flint import fmpq

from gradiometer.errors import CertificateError, DomainError, LimitError, UndecidedError
from gradiometer.formula import Exact, precision
from gradiometer.proof.boxes_hunt import find_simplest
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.check import check
from gradiometer.proof.check_change import Ending, is_change, read_ending
from gradiometer.proof.descent import find_descent
from gradiometer.proof.fate import Fate, find_fate
from gradiometer.proof.scene import Scene
from gradiometer.proof.settled import find_settled_step
from gradiometer.proof.spelling import spell
from gradiometer.proof.verdict import judge
from gradiometer.proof.walk import Course, Run, run_exactly

WIDTH = fmpq(1, 10**12)
"""The width of a bracket that is narrow enough, as a part of a value below 1."""

_PARTS = ((4, 8), (1, 3), (9, 11))
"""Where the next value is looked for, in twelfths of a bracket: in the middle, else nearer an
end; the simplest number there is taken, so that a change at a simple number is met exactly."""

_SIMPLE = 1000
"""A denominator up to which a change may well be exactly there."""

_MOST_ROUNDS = 150


@final
@dataclass(frozen=True)
class Ended:
    """A proved end of a bracket."""

    ending: Ending
    limit: Exact | None
    certificate: Mapping[str, Any]


@final
@dataclass(frozen=True)
class Change:
    """Two values between which the proved verdict changes, as close as they were brought."""

    before: Ended
    after: Ended
    certificate: Mapping[str, Any]
    reason: str
    """Why the bracket is not narrower; empty where it is narrow enough."""

    @property
    def width(self) -> fmpq:
        """The distance of the two values."""
        return self.after.ending.value - self.before.ending.value


Prover: TypeAlias = "Callable[[fmpq], Ended | str]"
"""The proved end at a value, or why there is none."""


def prove_end(course: Course, value: fmpq) -> Ended | str:
    """What is proved to become of the run at that value of a parameter, or why nothing is.

    Args:
        course: The run, in which the parameter has the value.
        value: The value.
    """
    try:
        settled_from = find_settled_step(course)
        run = run_exactly(course, settled_from=settled_from)
        verdict = judge(course, run, settled_from)
        if verdict.word == "escapes":
            fate = _find_descent(course, run, settled_from)
            if fate is not None:
                return Ended(read_ending(value, fate.certificate), None, fate.certificate)
        if verdict.word != "unknown" and not run.ended:
            certificate = _certify_run(course, run, verdict)
            check(certificate)
            return Ended(read_ending(value, certificate), verdict.limit, certificate)
        fate, reasons = find_fate(course, run, settled_from)
    except (CertificateError, DomainError, LimitError) as error:
        return error.problem.rstrip(".")
    except UndecidedError as error:
        return str(error)
    if fate is None:
        return "; ".join(dict.fromkeys([verdict.because.rstrip("."), *reasons]))
    return Ended(read_ending(value, fate.certificate), fate.limit, fate.certificate)


def _find_descent(course: Course, run: Run, settled_from: int | None) -> Fate | None:
    """That every stride has a least size, which the verdict `escapes` alone does not say."""
    try:
        fate = find_descent(Scene(course, run, settled_from))
        check(fate.certificate)
    except (UndecidedError, CertificateError, DomainError, LimitError):
        return None
    return fate


def _certify_run(course: Course, run: Run, verdict: Any) -> dict[str, Any]:
    """The certificate of a verdict that exact steps show; of the lowest loss it says nothing."""
    with precision(run.bits):
        places = [state.position for state in run.states]
        first, period = run.repeats_from, run.period
        cycle, last = None, places[-1]
        if first is not None and period is not None:
            last = places[first + (course.steps - first) % period]
        if verdict.word == "cycle" and first is not None and period is not None:
            points = [spell(place) for place in places[first : first + period]]
            cycle = {"period": period, "points": points, "from_step": first}
        claim = {
            "verdict": verdict.word,
            "limit": None if verdict.limit is None else spell(verdict.limit),
            "growth": None if verdict.growth is None else spell(verdict.growth),
            "cycle": cycle,
            "lowest": None,
            "lowest_at": None,
            "lowest_step": None,
            "final": spell(last),
        }
    problem = course.to_problem()
    return make_certificate("run", problem=problem, claim=claim, evidence=verdict.evidence)


def find_changes(
    prove: Prover, values: Sequence[fmpq], parameter: str, *, most: int
) -> tuple[list[Change], int, str]:
    """The changes between neighbouring values with a proved end, in order.

    Args:
        prove: What is proved at a value.
        values: Where to look first, in order.
        parameter: Its name.
        most: How many changes to bracket.

    Returns:
        The changes; how many more there are between the values; and the last reason why a value
        has no proved end.
    """
    ends = [prove(value) for value in values]
    reason = next((end for end in reversed(ends) if isinstance(end, str)), "")
    known = [end for end in ends if isinstance(end, Ended)]
    pairs = [(a, b) for a, b in pairwise(known) if _differ(a, b)]
    found: list[Change] = []
    while pairs and len(found) < most:
        left, right, stopped, later = _narrow(prove, *pairs.pop(0))
        # What was cut off holds another change; it comes after those that were seen first.
        pairs += later
        if _differ(left, right):
            found.append(_certify(left, right, parameter, stopped))
    found.sort(key=lambda change: change.before.ending.value)
    return found, len(pairs), reason


def _differ(left: Ended, right: Ended) -> bool:
    return is_change(left.ending, right.ending)


def _narrow(
    prove: Prover, left: Ended, right: Ended
) -> tuple[Ended, Ended, str, list[tuple[Ended, Ended]]]:
    """The bracket made narrow, why it is not narrower, and brackets that it left to its right."""
    later: list[tuple[Ended, Ended]] = []
    left, right = _touch(prove, left, right)
    for _ in range(_MOST_ROUNDS):
        low, high = left.ending.value, right.ending.value
        if high - low <= _room(left, right):
            return left, right, "", later
        stopped = ""
        for first, last in _PARTS:
            way = (high - low) / 12
            middle = prove(find_simplest(low + way * first, low + way * last))
            if isinstance(middle, str):
                stopped = stopped or middle
                continue
            stopped = stopped or _say_both(middle)
            if _differ(left, middle) or _differ(middle, right):
                break
        else:
            return left, right, stopped, later
        if _differ(left, middle) and _differ(middle, right):
            later.append((middle, right))
        left, right = (left, middle) if _differ(left, middle) else (middle, right)
        left, right = _touch(prove, left, right)
    return left, right, "it became narrow too slowly", later


def _room(left: Ended, right: Ended) -> fmpq:
    """How wide a bracket may be: about 0 no part of the value is asked for."""
    sizes = [abs(end.ending.value) for end in (left, right)]
    return WIDTH * min(fmpq(1), max(*sizes, WIDTH))


def _say_both(middle: Ended) -> str:
    return f"at {middle.ending.value} the verdict `{middle.ending.word}` does not rule out either"


def _touch(prove: Prover, left: Ended, right: Ended) -> tuple[Ended, Ended]:
    """The bracket, at once as narrow as wanted where the change is at one end, a simple number."""
    low, high = left.ending.value, right.ending.value
    room = _room(left, right)
    if high - low <= room:
        return left, right
    if high.q <= _SIMPLE:
        near = prove(find_simplest(high - room, high - room / 2))
        if isinstance(near, Ended) and _differ(near, right) and not _differ(left, near):
            return near, right
    if low.q <= _SIMPLE:
        near = prove(find_simplest(low + room / 2, low + room))
        if isinstance(near, Ended) and _differ(left, near) and not _differ(near, right):
            return left, near
    return left, right


def _certify(left: Ended, right: Ended, parameter: str, stopped: str) -> Change:
    width = right.ending.value - left.ending.value
    sides = {"from": left.certificate, "to": right.certificate}
    problem = {name: part["problem"] for name, part in sides.items()}
    claim = {"from": left.ending.to_claim(), "to": right.ending.to_claim(), "width": str(width)}
    certificate = make_certificate(
        "change", problem={"parameter": parameter, **problem}, claim=claim, evidence=sides
    )
    check(certificate)
    return Change(left, right, certificate, stopped)
