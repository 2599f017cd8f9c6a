"""What follows for the facts of a function from the accepted parts of its certificate.

Every fact is combined anew from the claims, by the rules below; nothing that a prover said about a
fact is used. A fact that does not follow is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cmp_to_key
from itertools import pairwise
from typing import Any

from gradiometer.errors import UndecidedError
from gradiometer.formula import sign_of
from gradiometer.proof.check_consequences_joints import JOINT_RULES
from gradiometer.proof.check_consequences_law import LAW_FACTS, LAWS
from gradiometer.proof.check_consequences_swing import SWING_RULES
from gradiometer.proof.check_known import Course, Known, Part, read_known
from gradiometer.proof.check_real import (
    Extreme,
    Real,
    Stretch,
    compare_real,
    either,
    endless,
    opposite,
    order_of,
    read_real,
)

_Entry = tuple[Real, bool]
"""A value or a limit, and whether it is taken."""


def derive(formula: str, inputs: Mapping[str, Any], parts: Sequence[Part]) -> dict[str, Any]:
    """What the facts of `activation` must say, by name, as far as accepted parts show it.

    Args:
        formula: The function, as the fact `formula` spells it.
        inputs: What was asked, such as the `variance` of the normal input.
        parts: Parts of a certificate that the checker accepted; those about other functions, as
            in a comparison, say nothing here.

    Returns:
        Truth values, words, numbers (`Real`), intervals (`Stretch`), extrema (`Extreme`), and lists
        and tables of these.

    Example:
        >>> derive("x", {}, [])
        {}
    """
    known = read_known(formula, parts)
    found: dict[str, Any] = {}
    for name, rule in {**RULES, **JOINT_RULES}.items():
        try:
            found[name] = rule(known)
        except UndecidedError:
            continue
    if known.swing is not None:
        found = {**_of_swing(known.swing), **found}
    for law in LAWS:
        found |= law(known, inputs)
    return found


def _of_swing(claim: Mapping[str, Any]) -> dict[str, Any]:
    """What follows from how the function swings; the other rules come first."""
    found: dict[str, Any] = {}
    for name, rule in SWING_RULES.items():
        with suppress(UndecidedError):
            found[name] = rule(claim)
    return found


def _range(known: Known) -> list[Stretch]:
    known.signs(0)
    spans = [_image(course) for course in known.course(0)]
    spans += [Stretch(value, value, True, True) for _, value in known.points]
    return _union(spans)


def _image(course: Course) -> Stretch:
    lower, upper = _ends(course)
    if course.is_flat:
        return Stretch(lower, lower, lower_closed=True, upper_closed=True)
    entries = [
        (lower, course.attained[0]),
        *((value, True) for _, value in course.turns),
        (upper, course.attained[1]),
    ]
    return _hull(entries)


def _ends(course: Course) -> tuple[Real, Real]:
    lower, upper = course.ends
    if lower is None or upper is None:
        raise UndecidedError("a limit is not part of the certificate")
    return lower, upper


def _hull(entries: Sequence[_Entry]) -> Stretch:
    low, high = entries[0], entries[0]
    for entry in entries[1:]:
        low, high = _further(entry, low, -1), _further(entry, high, 1)
    return Stretch(low[0], high[0], low[1], high[1])


def _further(new: _Entry, best: _Entry, way: int) -> _Entry:
    order = compare_real(new[0], best[0])
    if order is None:
        if new[1] != best[1]:
            raise UndecidedError("two values of a certificate cannot be told apart")
        return either(new[0], best[0]), best[1]
    if order == 0:
        return best[0], best[1] or new[1]
    return new if order == way else best


def _union(spans: Sequence[Stretch]) -> list[Stretch]:
    """Disjoint intervals from below."""
    united: list[Stretch] = []
    for span in sorted(spans, key=cmp_to_key(_starts_before)):
        if united:
            last = united[-1]
            gap = order_of(span.lower, last.upper)
            if gap < 0 or (gap == 0 and (span.lower_closed or last.upper_closed)):
                united[-1] = _joined(last, span)
                continue
        united.append(span)
    return united


def _starts_before(left: Stretch, right: Stretch) -> int:
    return order_of(left.lower, right.lower) or right.lower_closed - left.lower_closed


def _joined(left: Stretch, right: Stretch) -> Stretch:
    order = order_of(left.upper, right.upper)
    closed = (order >= 0 and left.upper_closed) or (order <= 0 and right.upper_closed)
    upper = left.upper if order >= 0 else right.upper
    return Stretch(left.lower, upper, left.lower_closed, closed)


def _extreme(way: int) -> Callable[[Known], Extreme | str]:
    def rule(known: Known) -> Extreme | str:
        known.signs(0)
        rows = [row for course in known.course(0) for row in _candidates(course)]
        rows += [(value, at) for at, value in known.points]
        best: list[tuple[Real, Real | Stretch | None]] = [rows[0]]
        for row in rows[1:]:
            order = _order_with_symmetry(known, row, best[0])
            if order == 0:
                best.append(row)
            elif order == way:
                best = [row]
        places = tuple(place for _, place in best if place is not None)
        if best[0][0].infinite or not places:
            return "none"
        return Extreme(best[0][0], places)

    return rule


def _candidates(course: Course) -> list[tuple[Real, Real | Stretch | None]]:
    """Values and limits with the places where they are taken."""
    lower, upper = _ends(course)
    stretch = course.stretch
    if course.is_flat:
        return [(lower, stretch)]
    return [
        (lower, stretch.lower if course.attained[0] else None),
        *((value, at) for at, value in course.turns),
        (upper, stretch.upper if course.attained[1] else None),
    ]


def _order_with_symmetry(
    known: Known,
    new: tuple[Real, Real | Stretch | None],
    best: tuple[Real, Real | Stretch | None],
) -> int:
    order = compare_real(new[0], best[0])
    if order is not None:
        return order
    if not _are_mirrored(known, new[1], best[1]):
        raise UndecidedError("two values of a certificate cannot be told apart")
    return 0


def _are_mirrored(known: Known, one: Any, other: Any) -> bool:
    """Whether two turns of an even function are certainly at mirrored places."""
    if "even" not in known.symmetries or not isinstance(one, Real) or not isinstance(other, Real):
        return False
    turns = [at for course in known.course(0) for at, _ in course.turns]
    if one not in turns or other not in turns:
        return False
    # The mirror of a turn is a turn or a joint, and each bracket holds exactly one turn.
    ends = [end for c in known.course(0) for end in (c.stretch.lower, c.stretch.upper)]
    places = [*turns, *ends]
    return _meet(opposite(one), places) == [other] and _meet(opposite(other), places) == [one]


def _meet(mirror: Real, places: Sequence[Real]) -> list[Real]:
    return [at for at in places if compare_real(at, mirror) in (0, None)]


def _monotone(known: Known) -> str:
    if "monotone" in known.fails or known.some_signs(0) == {-1, 1}:
        return "none"
    joints, signs = _joints_of_whole(known), known.signs(0)
    ways = {sign for row in signs for sign in row if sign}
    ways |= {step for row in joints if row["jump"] for step in _steps(row)}
    if ways == {-1, 1}:
        return "none"
    if not ways:
        return "constant"
    is_flat = any(row == {0} for row in signs)
    if 1 in ways:
        return "nondecreasing" if is_flat else "increasing"
    return "nonincreasing" if is_flat else "decreasing"


def _joints_of_whole(known: Known) -> Sequence[Mapping[str, Any]]:
    rows = known.joint_rows()
    if known.joints is None or known.joints["lone"]:
        raise UndecidedError("a value stands apart from the others")
    return rows


def _steps(row: Mapping[str, Any]) -> set[int]:
    """The directions in which the function steps at a jump: to its value and on from there."""
    stops = [read_real(row["left_value"]), read_real(row["right_value"])]
    if row["value"] is not None:
        stops.insert(1, read_real(row["value"]))
    return {order_of(after, before) for before, after in pairwise(stops)} - {0}


def _convex(known: Known) -> str:
    rows = _joints_of_whole(known)
    if any(row["jump"] and not _is_hole(row) for row in rows) or "convex" in known.fails:
        return "none"
    ways = known.some_signs(1) | {_turn(row) for row in rows if row["kink"]}
    if {-1, 1} <= ways:
        return "none"
    if any(row["jump"] for row in rows):
        raise UndecidedError("the function has a hole")
    known.signs(1)
    return {1: "convex", -1: "concave"}.get(next(iter(ways - {0}), 0), "affine")


def _turn(row: Mapping[str, Any]) -> int:
    return order_of(read_real(row["right_slope"]), read_real(row["left_slope"]))


def _slope_range(known: Known) -> Stretch:
    known.signs(1)
    known.joint_rows()
    entries: list[_Entry] = []
    for course in known.course(1):
        lower, upper = _ends(course)
        if course.is_flat:
            entries.append((lower, True))
            continue
        entries += [
            (lower, course.attained[0]),
            *((value, True) for _, value in course.turns),
            (upper, course.attained[1]),
        ]
    return _hull(entries)


def _lipschitz(known: Known) -> Real:
    if any(row["jump"] and not _is_hole(row) for row in _joints_of_whole(known)):
        return endless(1)
    slopes = _slope_range(known)
    if slopes.lower.infinite or slopes.upper.infinite:
        return endless(1)
    return _further((slopes.upper, True), (opposite(slopes.lower), True), 1)[0]


def _is_hole(row: Mapping[str, Any]) -> bool:
    sides = [read_real(row[side]) for side in ("left_value", "right_value")]
    finite = not any(side.infinite for side in sides)
    return row["value"] is None and finite and compare_real(*sides) == 0


def _far_limit(order: int, end: str) -> Callable[[Known], Real]:
    def rule(known: Known) -> Real:
        if (order, end) not in known.limits:
            raise UndecidedError("the limit is not part of the certificate")
        return known.limits[order, end]

    return rule


def _vanishes(end: str) -> Callable[[Known], bool]:
    def rule(known: Known) -> bool:
        limit = _far_limit(1, end)(known)
        if limit.exact is not None:
            return sign_of(limit.exact) == 0
        if limit.ball is not None and limit.ball.contains(0):
            raise UndecidedError("an enclosed limit may be 0")
        return False

    return rule


def _periodic(known: Known) -> Real | str:
    if "periodic" in known.symmetries:
        return read_real(known.symmetries["periodic"])
    rows = next(iter(known.courses.values()), None)
    has_end = rows is not None and (rows[0].on.lower is not None or rows[-1].on.upper is not None)
    # A function with a limit at infinity that repeats is constant, and has no least period.
    has_limit = any(order == 0 for order, _ in known.limits)
    if has_end or has_limit:
        return "none"
    if _monotone(known) in ("increasing", "decreasing", "constant"):
        return "none"
    raise UndecidedError("whether it repeats is not part of the certificate")


RULES: Mapping[str, Callable[[Known], Any]] = {
    "range": _range,
    "minimum": _extreme(-1),
    "maximum": _extreme(1),
    "monotone": _monotone,
    "convex": _convex,
    "slope_range": _slope_range,
    "lipschitz": _lipschitz,
    "limit_left": _far_limit(0, "lower"),
    "limit_right": _far_limit(0, "upper"),
    "slope_left": _far_limit(1, "lower"),
    "slope_right": _far_limit(1, "upper"),
    "vanishes_left": _vanishes("lower"),
    "vanishes_right": _vanishes("upper"),
    "periodic": _periodic,
}
"""The rules about values, slopes and limits, by fact."""

RULES_OF_FACTS = frozenset({*RULES, *JOINT_RULES, *LAW_FACTS})
"""Facts that only a certificate makes `proved`."""
