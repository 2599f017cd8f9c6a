"""What the accepted parts of a certificate say about one function, ready to be combined."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, final

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import (
    Interval,
    Node,
    Number,
    map_children,
    parse,
    parse_interval,
    tidy,
    to_piecewise,
)
from gradiometer.proof.check_real import Real, Stretch, endless, exactly, read_real

Part: TypeAlias = Mapping[str, Any]

KINDS_OF_FUNCTIONS = (
    "fixed_point",
    "form",
    "joints",
    "limit",
    "moment",
    "profile",
    "swing",
    "symmetry",
    "witness",
)
"""Kinds of certificates whose problem names the function that facts are about."""


@final
@dataclass(frozen=True, eq=False)
class Course:
    """How a function or its slope runs on one piece."""

    on: Interval
    signs: tuple[int, ...] | None
    """Signs of its derivative between the turns; None where nothing is claimed."""
    turns: tuple[tuple[Real, Real], ...]
    """Where the sign may change, and the value there."""
    ends: tuple[Real | None, Real | None]
    """The limits at both ends."""
    attained: tuple[bool, bool]

    @property
    def is_flat(self) -> bool:
        """Whether it is constant on the piece."""
        return self.signs is not None and set(self.signs) == {0}

    @property
    def stretch(self) -> Stretch:
        """The piece."""
        on = self.on
        lower = endless(-1) if on.lower is None else exactly(on.lower)
        upper = endless(1) if on.upper is None else exactly(on.upper)
        return Stretch(lower, upper, on.lower_closed, on.upper_closed)


@final
@dataclass(frozen=True, eq=False)
class Known:
    """All claims about one function."""

    courses: Mapping[int, tuple[Course, ...]]
    """By order: 0 for the function, 1 for its slope."""
    points: tuple[tuple[Real, Real], ...]
    """Points that are pieces of their own, with the values there."""
    joints: Mapping[str, Any] | None
    """The claim of the part about joints."""
    limits: Mapping[tuple[int, str], Real]
    """By order and far end (`lower` or `upper`)."""
    form: Mapping[str, bool] | None
    symmetries: Mapping[str, str]
    """`odd`, `even`, `periodic` and what is claimed: the period, else an empty text."""
    swing: Mapping[str, Any] | None
    """The claim of the part about a function that swings for ever."""
    fails: frozenset[str]
    """What certainly does not hold."""
    moments: Sequence[Part]
    fixed_points: Sequence[Part]

    def course(self, order: int) -> tuple[Course, ...]:
        """The course of every piece.

        Raises:
            UndecidedError: If there is no part about it.
        """
        if order not in self.courses:
            raise UndecidedError("no part of the certificate follows the function")
        return self.courses[order]

    def signs(self, order: int) -> list[set[int]]:
        """The signs of the derivative on every piece.

        Raises:
            UndecidedError: If they are not claimed for all.
        """
        rows = [course.signs for course in self.course(order)]
        known = [set(row) for row in rows if row is not None]
        if len(known) < len(rows):
            raise UndecidedError("the signs on a piece are not part of the certificate")
        return known

    def some_signs(self, order: int) -> set[int]:
        """The signs other than 0 that a derivative certainly takes somewhere."""
        rows = [course.signs or () for course in self.courses.get(order, ())]
        return {sign for row in rows for sign in row} - {0}

    def joint_rows(self) -> Sequence[Mapping[str, Any]]:
        """What holds where pieces meet.

        Raises:
            UndecidedError: If the pieces do not all meet, or no part speaks of them.
        """
        if self.joints is None or self.joints["joints"] is None:
            raise UndecidedError("no part of the certificate speaks of all joints")
        return self.joints["joints"]


def is_same_formula(left: str, right: str) -> bool:
    """Whether two texts write the same formula, however they spell its numbers."""
    if left == right:
        return True
    try:
        return _plain(left) == _plain(right)
    except (GradiometerError, UndecidedError):
        return False


def _plain(text: str) -> Node:
    return _without_spelling(tidy(parse(text).tree))


def _without_spelling(node: Node) -> Node:
    if isinstance(node, Number):
        return Number(node.value)
    return map_children(node, _without_spelling)


def read_known(formula: str, parts: Sequence[Part]) -> Known:
    """What the accepted parts say about the function that *formula* writes."""
    mine = list(_about(formula, parts))
    profiles = {row["problem"]["order"]: row["claim"] for row in _of_kind(mine, "profile")}
    joints, forms = _of_kind(mine, "joints"), _of_kind(mine, "form")
    symmetries = [row["claim"] for row in _of_kind(mine, "symmetry")]
    swings = _of_kind(mine, "swing")
    courses = {order: tuple(map(_course, claim["sections"])) for order, claim in profiles.items()}
    return Known(
        courses=courses,
        points=tuple(
            (read_real(row["at"]), read_real(row["value"]))
            for row in profiles.get(0, {"points": []})["points"]
        ),
        joints=joints[0]["claim"] if joints else None,
        limits=_limits(courses, _of_kind(mine, "limit")),
        form=forms[0]["claim"] if forms else None,
        symmetries={row["symmetry"]: row.get("period", "") for row in symmetries},
        swing=swings[0]["claim"] if swings else None,
        fails=frozenset(row["claim"]["fails"] for row in _of_kind(mine, "witness")),
        moments=_of_kind(mine, "moment"),
        fixed_points=_of_kind(mine, "fixed_point"),
    )


def _about(formula: str, parts: Sequence[Part]) -> Iterator[Part]:
    same: dict[str, bool] = {}
    for part in parts:
        if part["kind"] in KINDS_OF_FUNCTIONS:
            text = part["problem"]["formula"]
            if text not in same:
                same[text] = is_same_formula(text, formula)
            if same[text]:
                yield part


def _of_kind(parts: Sequence[Part], kind: str) -> list[Part]:
    return [part for part in parts if part["kind"] == kind]


def _course(row: Mapping[str, Any]) -> Course:
    ends = [None if row[end] is None else read_real(row[end]) for end in ("lower", "upper")]
    return Course(
        parse_interval(row["on"]),
        None if row["signs"] is None else tuple(row["signs"]),
        tuple((read_real(turn["at"]), read_real(turn["value"])) for turn in row["turns"]),
        (ends[0], ends[1]),
        (row["lower_attained"], row["upper_attained"]),
    )


def _limits(
    courses: Mapping[int, Sequence[Course]], parts: Sequence[Part]
) -> dict[tuple[int, str], Real]:
    """The limits at both far ends of the line, from the courses and from parts of their own."""
    found: dict[tuple[int, str], Real] = {}
    for order, rows in courses.items():
        if not rows:
            continue
        first, last = rows[0], rows[-1]
        if first.on.lower is None and first.ends[0] is not None:
            found[order, "lower"] = first.ends[0]
        if last.on.upper is None and last.ends[1] is not None:
            found[order, "upper"] = last.ends[1]
    for part in parts:
        problem = part["problem"]
        # A part says at which end of which piece; only the far ends of the line are facts.
        if _is_far(problem, courses):
            found.setdefault((problem["order"], problem["end"]), read_real(part["claim"]["limit"]))
    return found


def _is_far(problem: Mapping[str, Any], courses: Mapping[int, Sequence[Course]]) -> bool:
    """Whether the end of the piece is an end of the whole line."""
    rows = next(iter(courses.values()), None)
    if rows is not None:
        places = [row.on for row in rows]
    else:
        pieces = to_piecewise(parse(problem["formula"]).tree, problem["variable"]).pieces
        places = [piece.on for piece in pieces if not piece.on.is_point]
    is_lower = problem["end"] == "lower"
    edge = places[0].lower if is_lower else places[-1].upper
    return edge is None and problem["section"] == (0 if is_lower else len(places) - 1)
