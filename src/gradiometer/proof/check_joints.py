"""Replays what happens where sections meet: values, slopes, jumps, kinks, and how smooth it is."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, final

from gradiometer.formula import Node, Piece, compare_nodes
from gradiometer.proof.check_course import (
    Course,
    Limit,
    check_limit_text,
    ends_of,
    is_equal,
    is_everywhere,
    read_course,
    read_exact,
    shared_end,
    value_there,
)
from gradiometer.proof.check_limit import limit_by_value, read_limit
from gradiometer.proof.check_signs import check_roots, granted_by, read_forms
from gradiometer.proof.check_walk import fields, require

_MOST_ORDER = 8


@final
@dataclass(frozen=True)
class Side:
    """A section as it is seen from one of its ends."""

    value: Limit
    slope: Limit | None
    """None when the evidence says nothing of it."""
    forms: tuple[Node, ...]
    """The derivatives."""


@final
@dataclass(frozen=True)
class Meeting:
    """A point where two sections meet."""

    at: Node
    left: Side
    right: Side
    value: Node | None

    @property
    def is_jump(self) -> bool:
        """Whether the function is not continuous there."""
        values = (self.left.value, self.right.value)
        if self.value is None or any(isinstance(value, int) for value in values):
            return True
        return not all(is_equal(value, self.value) for value in values)

    @property
    def is_kink(self) -> bool:
        """Whether it is continuous there without a derivative."""
        slopes = (self.left.slope, self.right.slope)
        if self.is_jump:
            return False
        return any(isinstance(slope, int) for slope in slopes) or not is_equal(*slopes)


def check_joints(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept how the sections of a function meet.

    Raises:
        CertificateError: If the evidence does not show it.
    """
    course = read_course(*fields(problem, "formula", "variable"))
    everywhere, lone, joints = fields(claim, "everywhere", "lone", "joints")
    require(
        everywhere is is_everywhere(course), "Whether there is a value everywhere is otherwise."
    )
    at_edge = course.pieces[0].on.is_point or course.pieces[-1].on.is_point
    require(lone is at_edge, "Whether a value stands alone at the edge is otherwise.")
    meetings = read_meetings(course, evidence)
    if meetings is None or joints is None:
        require(joints is meetings is None, "Joints are listed when no section is apart.")
        return
    require(isinstance(joints, list) and len(joints) == len(meetings), "There are other joints.")
    for joint, meeting in zip(joints, meetings, strict=True):
        _check_joint(joint, meeting)


def read_meetings(course: Course, evidence: Any) -> list[Meeting] | None:
    """The points where sections meet; None when there is a gap between two.

    Raises:
        CertificateError: If the evidence does not show their limits.
    """
    (shown,) = fields(evidence, "sections")
    sections = course.sections
    require(isinstance(shown, list) and len(shown) == len(sections), "There are other sections.")
    sides = [_read_section(piece, part) for piece, part in zip(sections, shown, strict=True)]
    points = [shared_end(left, right) for left, right in pairwise(sections)]
    meetings = []
    for at, (left, right) in zip(points, pairwise(sides), strict=True):
        if at is None:
            return None
        if left[1] is not None and right[0] is not None:
            meetings.append(Meeting(at, left[1], right[0], value_there(course, at)))
    require(len(meetings) == len(points), "A joint has no limit from one side.")
    return meetings


def _read_section(piece: Piece, evidence: Any) -> tuple[Side | None, Side | None]:
    """The section from its lower and from its upper end; None where nothing is shown."""
    given, roots, *hows = fields(evidence, "forms", "roots", "lower", "upper")
    forms = read_forms(given, piece.on, piece.formula, least=1)
    check_roots(roots, piece.on, piece.formula)
    granted = granted_by(piece.formula)
    sides: list[Side | None] = []
    for end, (at, _), how in zip(("lower", "upper"), ends_of(piece.on), hows, strict=True):
        require(how is None or at is not None, "An infinite end is no joint.")
        if how is None:
            sides.append(None)
            continue
        first, second = fields(how, "value", "slope")
        value = read_limit(piece.formula, piece.on, end, first, granted)
        slope = None if second is None else read_limit(forms[0], piece.on, end, second, granted)
        sides.append(Side(value, slope, tuple(forms)))
    return sides[0], sides[1]


def _check_joint(joint: Any, meeting: Meeting) -> None:
    at, *limits, value, first, second, jump, kink, order = fields(
        joint, "at", "left_value", "right_value", "value", "left_slope", "right_slope",
        "jump", "kink", "order",
    )  # fmt: skip
    left, right = meeting.left, meeting.right
    require(compare_nodes(read_exact(at), meeting.at) == 0, "A joint lies elsewhere.")
    for claimed, side in zip(limits, (left, right), strict=True):
        check_limit_text(claimed, side.value)
    if value is None or meeting.value is None:
        require(value is meeting.value is None, "Whether there is a value is otherwise.")
    else:
        require(compare_nodes(read_exact(value), meeting.value) == 0, "The value is another one.")
    require(jump is meeting.is_jump, "Whether the function jumps is otherwise.")
    for claimed, side in zip((first, second), (left, right), strict=True):
        if side.slope is None:
            require(jump and claimed is None, "A slope is not shown.")
        else:
            check_limit_text(claimed, side.slope)
    require(kink is meeting.is_kink, "Whether the function has a kink is otherwise.")
    if order is not None:
        require(not (jump or kink), "A jump or a kink has no order.")
        _check_order(order, meeting)


def _check_order(order: Any, meeting: Meeting) -> None:
    """Derivatives up to the order agree, and the next one does not."""
    require(type(order) is int and 1 <= order <= _MOST_ORDER, "The order is no small number.")
    both = (meeting.left.forms, meeting.right.forms)
    require(all(len(forms) > order for forms in both), "A derivative is missing.")
    for index in range(order + 1):
        first, second = (limit_by_value(forms[index], meeting.at) for forms in both)
        agree = compare_nodes(first, second) == 0
        require(agree == (index < order), "The derivatives agree up to another order.")
