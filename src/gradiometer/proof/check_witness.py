"""Replays that a property fails at points: values by balls that are certainly apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flint import arb, fmpq

from gradiometer.errors import CertificateError, DomainError, UndecidedError
from gradiometer.formula import Exact, compare, evaluate, number, precision
from gradiometer.proof.check_course import VARIABLE, Course, is_inside, read_course
from gradiometer.proof.check_walk import fields, read_rational, require

_LADDER = (128, 512, 2048)


def check_witness(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept that a function certainly lacks a property.

    Raises:
        CertificateError: If the points do not show it.
    """
    course = read_course(*fields(problem, "formula", "variable"))
    (name,) = fields(claim, "fails")
    (texts,) = fields(evidence, "points")
    require(isinstance(name, str) and name in _FAILS, "The property is not known.")
    count, fails = _FAILS[name]
    require(isinstance(texts, list) and len(texts) == count, "There is another number of points.")
    points = [read_rational(text) for text in texts]
    require(_settled(course, points, fails), "The points do not show that the property fails.")


_Points = Sequence[fmpq]


def _settled(course: Course, points: _Points, fails: Callable[[Course, _Points], bool]) -> bool:
    for bits in _LADDER:
        with precision(bits):
            try:
                return fails(course, points)
            except UndecidedError:
                continue
            except DomainError as error:
                raise CertificateError(f"A point has no value: {error.problem}") from None
    raise CertificateError("The values at the points are not certainly apart.")


def _value(course: Course, point: fmpq) -> Exact | None:
    """The value at a point; None when the function certainly has none."""
    for piece in course.pieces:
        if is_inside(number(point), piece.on, closed=True):
            value = evaluate(piece.formula, {VARIABLE: point})
            if isinstance(value, arb) and not value.is_finite():
                raise UndecidedError("a value without an enclosure")
            return value
    return None


def _values(course: Course, points: _Points) -> list[Exact]:
    values = [_value(course, point) for point in points]
    known = [value for value in values if value is not None]
    require(len(known) == len(values), "A point has no value.")
    return known


def _not_monotone(course: Course, points: _Points) -> bool:
    a, b, c, d = points
    first, second, third, fourth = _values(course, points)
    return a < b and c < d and compare(first, second) < 0 and compare(third, fourth) > 0


def _bend(course: Course, points: _Points) -> int:
    """The sign of the chord less the graph at the middle one of three points that rise."""
    a, b, c = points
    require(a < b < c, "The points do not rise.")
    first, second, third = _values(course, points)
    return compare(first * (c - b) + third * (b - a), second * (c - a))


def _not_convex(course: Course, points: _Points) -> bool:
    return _bend(course, points[:3]) < 0 and _bend(course, points[3:]) > 0


def _not_affine(course: Course, points: _Points) -> bool:
    return _bend(course, points) != 0


def _not_constant(course: Course, points: _Points) -> bool:
    first, second = _values(course, points)
    return compare(first, second) != 0


def _without_symmetry(sign: int) -> Callable[[Course, _Points], bool]:
    def fails(course: Course, points: _Points) -> bool:
        here, there = (_value(course, point) for point in (points[0], -points[0]))
        if here is None or there is None:
            return here is not there
        return compare(here, there * sign) != 0

    return fails


_FAILS: Mapping[str, tuple[int, Callable[[Course, _Points], bool]]] = {
    "monotone": (4, _not_monotone),
    "convex": (6, _not_convex),
    "affine": (3, _not_affine),
    "constant": (2, _not_constant),
    "even": (1, _without_symmetry(1)),
    "odd": (1, _without_symmetry(-1)),
}
"""How many points each property takes to fail, and when it does."""
