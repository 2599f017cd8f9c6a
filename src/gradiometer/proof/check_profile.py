"""Replays the course of a function or of its slope: where it rises and falls, turns, and ends.

On each section the derivative of the course has signs with finitely many zeros between them, so the
course is strictly monotone on each part (mean value theorem), or constant where the sign is 0. What
it reaches are its values at the turns and its limits at the ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

from flint import arb, fmpq

from gradiometer.formula import Node, Piece, compare_nodes, precision
from gradiometer.proof.check_course import (
    BITS,
    Course,
    Limit,
    ball_over,
    check_limit_text,
    ends_of,
    is_equal,
    read_course,
    read_exact,
    read_pair,
    spell_interval,
    value_of,
    value_there,
)
from gradiometer.proof.check_limit import limit_by_value, read_limit
from gradiometer.proof.check_signs import (
    Place,
    check_roots,
    granted_by,
    read_forms,
    read_signs,
)
from gradiometer.proof.check_walk import fields, require, same

_WIDEST = fmpq(1, 2**100)


def check_profile(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept the course of a function, or of its slope, on all its sections.

    Raises:
        CertificateError: If the evidence does not show it.
    """
    text, variable, order = fields(problem, "formula", "variable", "order")
    require(type(order) is int and order in (0, 1), "The order is 0 or 1.")
    replay_profile(read_course(text, variable), order, claim, evidence)


def replay_profile(course: Course, order: int, claim: Any, evidence: Any) -> None:
    """Accept the course of a function that was read; raises as `check_profile`."""
    said, points = fields(claim, "sections", "points")
    (shown,) = fields(evidence, "sections")
    require(isinstance(said, list) and isinstance(shown, list), "Sections must be lists.")
    count = len(course.sections)
    require(len(said) == len(shown) == count, "The function has other sections.")
    for piece, one, other in zip(course.sections, said, shown, strict=True):
        _check_section(course, piece, order, one, other)
    _check_points(course, order, points)


def _check_points(course: Course, order: int, points: Any) -> None:
    lone = course.lone if order == 0 else ()
    require(isinstance(points, list) and len(points) == len(lone), "There are other lone points.")
    for piece, point in zip(lone, points, strict=True):
        at, value = (read_exact(text) for text in fields(point, "at", "value"))
        assert piece.on.lower is not None
        require(compare_nodes(at, piece.on.lower) == 0, "A lone point lies elsewhere.")
        there = value_of(piece.formula, piece.on.lower)
        require(compare_nodes(value, there) == 0, "A lone point has another value.")


@final
@dataclass(frozen=True)
class _Section:
    """One section of a course."""

    course: Course
    piece: Piece
    order: int
    formula: Node
    """The course itself: the formula of the piece or of its slope."""


def _check_section(course: Course, piece: Piece, order: int, claim: Any, evidence: Any) -> None:
    on, signs, turns, *limits = fields(
        claim, "on", "signs", "turns", "lower", "upper", "lower_attained", "upper_attained"
    )
    given, roots, shown, *hows = fields(evidence, "forms", "roots", "signs", "lower", "upper")
    require(on == spell_interval(piece.on), "A section is another interval.")
    require(isinstance(given, list) and len(given) == order + 1, "There is a form too many.")
    forms = read_forms(given, piece.on, piece.formula, least=order + 1)
    check_roots(roots, piece.on, piece.formula)
    section = _Section(course, piece, order, forms[0] if order else piece.formula)
    _check_signs(section, forms[-1], signs, turns, shown)
    found = [
        _check_limit(section, end, claimed, how)
        for end, claimed, how in zip(("lower", "upper"), limits[:2], hows, strict=True)
    ]
    if signs and 0 in signs and None not in found:
        require(is_equal(*found), "A constant has two limits.")
    for end, limit, attained in zip(("lower", "upper"), found, limits[2:], strict=True):
        require(isinstance(attained, bool), "Whether an end is attained is yes or no.")
        is_so = limit is not None and _is_attained(section, end, limit)
        require(attained == is_so, "Whether an end is attained is otherwise.")


def _check_signs(section: _Section, slope: Node, signs: Any, turns: Any, shown: Any) -> None:
    require(isinstance(turns, list), "Turns must be a list.")
    if signs is None:
        require(shown is None and not turns, "Signs that are not claimed have no evidence.")
        return
    require(isinstance(signs, list) and all(type(s) is int for s in signs), "Signs are no numbers.")
    found, places = read_signs(slope, section.piece.on, shown, granted_by(section.piece.formula))
    require(signs == found, "The signs are other ones.")
    require(len(turns) == len(places), "Each place between two signs has its turn.")
    for turn, place in zip(turns, places, strict=True):
        _check_turn(section.formula, turn, place)


def _check_turn(formula: Node, turn: Any, place: Place) -> None:
    at, value = fields(turn, "at", "value")
    if not isinstance(place, tuple):
        require(compare_nodes(read_exact(at), place) == 0, "A turn lies elsewhere.")
        there = value_of(formula, place)
        require(compare_nodes(read_exact(value), there) == 0, "A turn has another value.")
        return
    require(read_pair(at) == place, "A turn lies elsewhere.")
    low, high = read_pair(value)
    require(high - low <= _WIDEST, "The value at a turn is not known well enough.")
    with precision(BITS):
        ball = ball_over(formula, arb(place[0]).union(arb(place[1])))
        require(bool(ball > low and ball < high), "A turn has another value.")


def _check_limit(section: _Section, end: str, claimed: Any, evidence: Any) -> Limit | None:
    """The limit at one end, None when nothing is claimed."""
    if claimed is None:
        require(evidence is None, "A limit that is not claimed has no evidence.")
        return None
    text, how = fields(evidence, "limit", "how")
    require(same(text, claimed), "The limit in the evidence is another one.")
    piece = section.piece
    found = read_limit(section.formula, piece.on, end, how, granted_by(piece.formula))
    check_limit_text(claimed, found)
    return found


def _is_attained(section: _Section, end: str, limit: Limit) -> bool:
    """Whether the course has its limit as its value at the end.

    For a slope that is a one-sided derivative: it exists where the function itself comes to its
    own value at the end and the slope has a finite limit (mean value theorem).
    """
    piece = section.piece
    at, closed = ends_of(piece.on)[end == "upper"]
    if at is None or isinstance(limit, int):
        return False
    if section.order == 0:
        return closed and is_equal(value_of(piece.formula, at), limit)
    there = value_there(section.course, at)
    if closed or there is None:
        return closed
    return is_equal(limit_by_value(piece.formula, at), there)
