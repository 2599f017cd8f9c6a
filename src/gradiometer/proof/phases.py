"""The supremum, over all starts on the run-up, of how far a rule climbs past a kink."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, final

from flint import fmpq

from gradiometer.errors import CertificateError, DomainError, GradiometerError, UndecidedError
from gradiometer.formula import (
    Axis,
    Exact,
    Range,
    compare,
    hull,
    precision,
    size_in_bits,
    to_ball,
    to_rational_text,
)
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.check import check
from gradiometer.proof.check_climb import RunUp, as_box, bound_all
from gradiometer.proof.check_drive import Drive, read_drive
from gradiometer.proof.check_equilibrium import (
    climb_from_equilibrium,
    find_equilibrium,
    require_arrival,
)
from gradiometer.proof.check_phases import (
    BITS,
    barrier_of,
    is_attained,
    reaches,
    spell_degree,
)
from gradiometer.proof.check_region import contains, inflate, open_ends, outward
from gradiometer.proof.check_wedge import Wedge, read_wedge, to_problem
from gradiometer.proof.span import shorten_ends
from gradiometer.proof.walk import Course

_LENGTHS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 1024,
            2048, 4096, 8192)  # fmt: skip
"""Run-ups that are tried, in steps."""
_ROUNDS = 24
_CLOSE = fmpq(1, 10**12)
"""How far apart two ends of the supremum may be, as a part of it."""
_LONG = 2000
"""Bits of the longest rational that is claimed as it is."""


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
    ends = [None if end is None else str(end) for end in (domain.lower, domain.upper)]
    row = [*ends, domain.lower_closed, domain.upper_closed]
    problem = to_problem(course.to_problem(), parameter, row)
    try:
        with precision(BITS):
            return _find(problem)
    except CertificateError as error:
        raise UndecidedError(f"the checker did not accept the proof: {error.problem}") from None
    except GradiometerError as error:
        raise UndecidedError(error.problem.rstrip(".")) from None


def _find(problem: Mapping[str, Any]) -> Phases:
    wedge = read_wedge(problem)
    drive, run_up = read_drive(wedge.replay, 1), RunUp(wedge)
    box, above = _bound(drive, wedge, run_up)
    settled = _settle(drive, wedge)
    below, after, climbing = _search(drive, wedge, run_up, above, settled)
    low, high = _ends_of(below - wedge.kink, above - wedge.kink)
    limit = None if settled is None else _ends_of(*[settled[0] - wedge.kink] * 2)
    reached = reaches(wedge, low, high, after)
    barrier, attained = barrier_of(wedge, low, high), is_attained(wedge, low, high, reached)
    degree = spell_degree(wedge)
    claim = {
        "overshoot": _spell(low, high),
        "reached": reached,
        "after": after,
        "climbing": climbing,
        "settled": None if limit is None else _spell(*limit),
        "barrier": barrier,
        "attained": attained,
        "degree": degree,
    }
    evidence = {"memory": {name: _spell(part.lower, part.upper) for name, part in box.items()}}
    certificate = make_certificate("phases", problem=problem, claim=claim, evidence=evidence)
    check(certificate)
    ends = None if barrier is None else (wedge.parameter_at(low), wedge.parameter_at(high))
    power = None if degree is None else fmpq(*map(int, (*degree.split("/"), "1")[:2]))
    return Phases(wedge, (low, high), reached, after, climbing, limit, ends, attained, power,
                  certificate)  # fmt: skip


def _bound(drive: Drive, wedge: Wedge, run_up: RunUp) -> tuple[dict[str, Range], Exact]:
    """A box of memories and the least bound of all climbs that was found."""
    best: tuple[dict[str, Range], Exact] | None = None
    reason = "no bound of its memory was found"
    for box in _list_boxes(drive, wedge, run_up):
        try:
            above = bound_all(drive, wedge, box, run_up)
            if best is None or compare(above, best[1]) < 0:
                best = box, above
        except (UndecidedError, DomainError) as error:
            reason = str(error)
    if best is None:
        raise UndecidedError(reason)
    return best


def _list_boxes(drive: Drive, wedge: Wedge, run_up: RunUp) -> Iterator[dict[str, Range]]:
    """Boxes that hold the memory, or are tried."""
    begun = as_box(drive.motion.convert(run_up.memory(1)))
    slopes = (wedge.fall, wedge.rise)
    try:
        ends = [as_box(find_equilibrium(drive, slope)) for slope in slopes]
        yield {n: _tidy(hull(begun[n], *(end[n] for end in ends))) for n in begun}
    except (UndecidedError, DomainError):
        pass
    box = {name: _tidy(part) for name, part in begun.items()}
    for count in range(_ROUNDS):
        images = [drive.step(box, slope, first=2, last=None)[0] for slope in slopes]
        wider = {name: hull(box[name], *(image[name] for image in images)) for name in box}
        if contains(box, wider):
            yield box
            return
        grow = (lambda old, new: new) if count < 3 else inflate_by(count)
        box = {name: _tidy(grow(box[name], wider[name])) for name in box}


def inflate_by(count: int) -> Any:
    """How a box grows in that round: ever more, and at last without end."""
    grow = inflate if count < _ROUNDS - 4 else open_ends
    return lambda old, new: grow(old, new, 2 ** (count - 2))


def _tidy(part: Range) -> Range:
    """The range with rational ends, outward where one is none."""
    rational = all(end is None or isinstance(end, fmpq) for end in (part.lower, part.upper))
    if rational and part.is_single:
        return Range(part.lower, part.lower)
    return part if rational else outward(part)


def _settle(drive: Drive, wedge: Wedge) -> tuple[Exact, int] | None:
    try:
        require_arrival(drive, wedge)
        return climb_from_equilibrium(drive, wedge)
    except (UndecidedError, DomainError):
        return None


def _search(
    drive: Drive, wedge: Wedge, run_up: RunUp, above: Exact, settled: tuple[Exact, int] | None
) -> tuple[Exact, int | None, int]:
    """The run-up that climbs farthest, how many steps it has, and how many its climb."""
    best: tuple[Exact, int | None, int] | None = None
    # A limit that is the bound itself needs no run-up to show it, but one may reach it.
    gap = _CLOSE / 4 * (above - wedge.kink)
    is_limit = settled is not None and compare(above - settled[0], gap) < 0
    reason = "no run crosses the kink"
    for steps in _LENGTHS if not is_limit else _LENGTHS[:18]:
        try:
            run_up.require_start(drive, steps)
            top, step = run_up.climb(steps)
        except (UndecidedError, DomainError) as error:
            reason = str(error)
            continue
        if best is None or compare(top, best[0]) > 0:
            best = top, steps, step - steps
        if _is_same(best[0], above) or (
            not is_limit and compare(above - best[0], gap) < 0
        ):
            return best
    if settled is not None and (best is None or is_limit):
        return settled[0], None, settled[1]
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


def _spell(low: Any, high: Any) -> list[str | None]:
    return [None if end is None else to_rational_text(end) for end in (low, high)]
