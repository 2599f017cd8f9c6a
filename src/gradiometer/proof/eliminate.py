"""Finds proofs that polynomial equations have no common solution, by elimination and cases."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, TypeAlias, final

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.proof.check_algebra import (
    Polynomial,
    Region,
    coefficient,
    cut_span,
    live_factors,
    remainder,
    signs_of,
)

Steps: TypeAlias = list[list[Any]]

_MOST_CASES = 30
MOST_WORK = 12_000
"""Products of terms after which a search is given up."""
_HIGHEST = 12
_MOST_HALVES = 60
_MOST_TERMS = 80
_MOST_BITS = 6_000


class GivenUpError(Exception):
    """The equations are beyond what is tried; nothing is said about them."""


def find_refutation(region: Region, work: list[int] | None = None) -> Steps | None:
    """Steps with which the checker sees that the region is empty, or None where none are found.

    A product is zero where one of its factors is: each factor is a case of its own. An equation
    that is linear in an unknown takes it out of all others, by exact pseudo-division; then one of
    higher degree does. A case is closed where the signs of all terms contradict an equation.
    None proves nothing.

    Args:
        region: What is to be shown empty.
        work: How many terms may be multiplied, in its only place; what was used is taken off.
    """
    search = _Search(count(), [_MOST_CASES], [MOST_WORK] if work is None else work)
    try:
        return _close(search, region, tuple(region.equations))
    except (GivenUpError, UndecidedError, ArithmeticError):
        return None


@final
@dataclass(frozen=True)
class _Search:
    """What is left of a search."""

    labels: Iterator[int]
    cases: list[int]
    work: list[int]

    def divide(self, value: Polynomial, divisor: Polynomial, variable: int) -> Polynomial:
        """The remainder of a division, as long as there is work left."""
        self.work[0] -= len(value) * len(divisor)
        if self.work[0] < 0:
            raise GivenUpError
        return remainder(value, divisor, variable)

    def label(self) -> str:
        """A label that nothing has."""
        return f"d{next(self.labels)}"


def _close(search: _Search, region: Region, active: Sequence[str]) -> Steps:
    """The proof that the region is empty.

    Args:
        search: Its budget.
        region: All that is known.
        active: The equations that are not consequences of others.
    """
    search.cases[0] -= 1
    if search.cases[0] < 0:
        raise GivenUpError
    steps: Steps = []
    settled: set[str] = set()
    while True:
        region, active, added, end = _simplify(search, region, active, settled)
        steps += added
        if end is not None:
            return _pruned([*steps, end])
        settled.update(active)
        taken = _eliminate(search, region, active, highest=1)
        end = _try_halves(region, active) if taken is None else None
        if end is not None:
            return _pruned([*steps, end])
        taken = taken or _eliminate(search, region, active, highest=_HIGHEST)
        if taken is None:
            return _pruned([*steps, _split_lead(search, region, active)])
        region, active, added = taken
        steps += added


_Simplified: TypeAlias = tuple[Region, tuple[str, ...], Steps, "list[Any] | None"]


def _simplify(
    search: _Search, region: Region, active: Sequence[str], settled: Collection[str]
) -> _Simplified:
    """Each equation as one irreducible factor; or the end of the proof."""
    for label, value in region.nonzero.items():
        if value.is_zero():
            return region, (), [], ["zero", label]
    steps: Steps = []
    kept: dict[str, Polynomial] = {}
    several: list[tuple[str, list[Polynomial]]] = []

    def keep(label: str, value: Polynomial) -> None:
        if value not in kept.values():
            kept[label] = value

    for label in active:
        value = region.equations[label]
        if value.is_zero():
            continue
        if label in settled and str(value) not in region.units:
            keep(label, value)
            continue
        if len(value) > _MOST_TERMS or _size(value) > _MOST_BITS:
            # What is too large to be of use is set aside, not the whole search.
            continue
        factors = live_factors(value, region)
        if not factors:
            return region, (), steps, ["sign", label]
        if len(factors) > 1:
            several.append((label, factors))
            keep(label, value)
        elif factors[0] != value:
            new = search.label()
            steps.append(["factor", new, label])
            region = region.with_equation(new, factors[0])
            keep(new, factors[0])
        else:
            keep(label, value)
    if not several:
        return region, tuple(kept), steps, None
    label, factors = min(several, key=lambda row: (len(row[1]), row[0]))
    rest = [other for other in kept if other != label]
    cases: list[Any] = []
    for factor in factors:
        new = search.label()
        cases.append([new, _close(search, region.with_equation(new, factor), [new, *rest])])
    return region, (), steps, ["factors", label, cases]


def _size(value: Polynomial) -> int:
    return max(int(c.p).bit_length() + int(c.q).bit_length() for c in value.coeffs())


_Taken: TypeAlias = tuple[Region, tuple[str, ...], Steps]


def _eliminate(
    search: _Search, region: Region, active: Sequence[str], highest: int
) -> _Taken | None:
    """All equations after division by one of them, or None where none may be divided by."""
    for degree, variable, label in _divisors(region, active):
        if degree > highest:
            return None
        divisor = region.equations[label]
        others = [
            other
            for other in active
            if other != label and region.equations[other].degrees()[variable] >= degree
        ]
        carried = [
            other
            for other, value in region.nonzero.items()
            if degree == 1 and not value.is_zero() and value.degrees()[variable] > 0
        ]
        if not others:
            continue
        lead = coefficient(divisor, variable, degree)
        if 0 in signs_of(lead, region):
            continue
        return _divide(search, region, active, divisor=(label, variable), others=(others, carried))
    return None


def _divisors(region: Region, active: Sequence[str]) -> list[tuple[int, int, str]]:
    """Degrees, unknowns and labels of equations to divide by, the most promising first."""
    found = [
        (int(degree), len(region.equations[label]), place, variable, label)
        for place, label in enumerate(active)
        for variable, degree in enumerate(region.equations[label].degrees())
        if degree > 0
    ]
    return [(degree, variable, label) for degree, _, _, variable, label in sorted(found)]


def _divide(
    search: _Search,
    region: Region,
    active: Sequence[str],
    *,
    divisor: tuple[str, int],
    others: tuple[Sequence[str], Sequence[str]],
) -> _Taken:
    through, variable = divisor
    unknown = region.unknowns[variable]
    steps: Steps = []
    renamed: dict[str, str] = {}
    by = region.equations[through]
    is_linear = by.degrees()[variable] == 1
    for label in others[0]:
        new = search.label()
        region = region.with_equation(new, search.divide(region.equations[label], by, variable))
        steps.append(["divide", new, label, through, unknown])
        renamed[label] = new
    for label in others[1]:
        new = search.label()
        region = region.with_nonzero(new, search.divide(region.nonzero[label], by, variable))
        steps.append(["carry", new, label, through, unknown])
    left = [renamed.get(label, label) for label in active if label != through or not is_linear]
    return region, tuple(left), steps


def _split_lead(search: _Search, region: Region, active: Sequence[str]) -> list[Any]:
    """Cases: the leading coefficient of an equation is zero or not."""
    for degree, variable, label in _divisors(region, active):
        lead = coefficient(region.equations[label], variable, degree)
        if degree == 1 and signs_of(lead, region) > {0}:
            new = search.label()
            if_zero = _close(search, region.with_equation(new, lead), [new, *active])
            otherwise = _close(search, region.with_nonzero(new, lead), active)
            return ["lead", new, label, region.unknowns[variable], if_zero, otherwise]
    raise GivenUpError


def _try_halves(region: Region, active: Sequence[str]) -> list[Any] | None:
    try:
        return _halve(region, active, most=_MOST_HALVES)[0]
    except GivenUpError:
        return None


def _halve(region: Region, active: Sequence[str], most: int) -> tuple[list[Any], int]:
    """A step that closes the case by the ranges of the only unknown, cut as often as needed.

    Returns:
        The step, and how many more cuts are allowed.
    """
    for label in active:
        if 0 not in signs_of(region.equations[label], region):
            return ["sign", label], most
    open_unknowns = {
        variable
        for label in active
        for variable, degree in enumerate(region.equations[label].degrees())
        if degree > 0 and not region.spans[variable].is_single
    }
    if len(open_unknowns) != 1 or most <= 0:
        raise GivenUpError
    (variable,) = open_unknowns
    span = region.spans[variable]
    if not (isinstance(span.lower, fmpq) and isinstance(span.upper, fmpq)):
        raise GivenUpError
    at = (span.lower + span.upper) / 2
    halves: list[Any] = []
    most -= 1
    for part in cut_span(span, at):
        spans = (*region.spans[:variable], part, *region.spans[variable + 1 :])
        step, most = _halve(replace(region, spans=spans), active, most)
        halves.append([step])
    return ["cut", region.unknowns[variable], str(at), *halves], most


def _pruned(steps: Steps) -> Steps:
    """The steps without those whose consequence is never used."""
    used = set(_labels(steps[-1]))
    kept: Steps = [steps[-1]]
    for step in reversed(steps[:-1]):
        if step[0] == "carry" or step[1] in used:
            used.update(step[2:])
            kept.append(step)
    return kept[::-1]


def _labels(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for part in value:
            yield from _labels(part)
