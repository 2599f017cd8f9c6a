"""What follows for the facts of a function from what holds where its pieces meet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gradiometer.errors import UndecidedError
from gradiometer.proof.check_known import Course, Known
from gradiometer.proof.check_real import Real, Stretch, compare_real, read_real


def _continuous(known: Known) -> bool:
    if known.joints is None:
        raise UndecidedError("no part of the certificate speaks of the joints")
    if not known.joints["everywhere"]:
        return False
    return not any(row["jump"] for row in known.joint_rows())


def _kinks(known: Known) -> list[dict[str, Any]]:
    names = ("at", "left_slope", "right_slope")
    return [_reals(row, names) for row in known.joint_rows() if row["kink"]]


def _jumps(known: Known) -> list[dict[str, Any]]:
    names = ("at", "left_value", "right_value", "value")
    if known.joints is not None and known.joints["lone"]:
        raise UndecidedError("a value stands apart from the others")
    return [_reals(row, names) for row in known.joint_rows() if row["jump"]]


def _reals(row: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: None if row[name] is None else read_real(row[name]) for name in names}


def _smoothness(known: Known) -> str:
    if not _continuous(known):
        return "discontinuous"
    rows = known.joint_rows()
    if any(row["kink"] for row in rows):
        return "C^0"
    if not rows:
        return "C^oo"
    orders = [row["order"] for row in rows]
    if None in orders:
        raise UndecidedError("how smooth a joint is, is not part of the certificate")
    return f"C^{min(orders)}"


def _dead(known: Known) -> list[Stretch]:
    if "constant" in known.fails and len(known.course(0)) == 1:
        # A single analytic piece is flat throughout or nowhere.
        return []
    known.signs(0)
    joints = known.joint_rows()
    smooth = [read_real(row["at"]) for row in joints if not (row["jump"] or row["kink"])]
    found: list[Stretch] = []
    for course in known.course(0):
        if course.is_flat:
            on = course.stretch
            ends = [
                any(compare_real(end, at) == 0 for at in smooth) for end in (on.lower, on.upper)
            ]
            found.append(Stretch(on.lower, on.upper, ends[0], ends[1]))
    return found


def _is_among(end: Real, places: Sequence[Real]) -> bool:
    return any(compare_real(end, place) == 0 for place in places)


def _polynomial(known: Known) -> bool:
    return _by_form(known, "polynomial")


def _affine(known: Known) -> bool:
    return "affine" not in known.fails and _by_form(known, "affine")


def _by_form(known: Known, word: str) -> bool:
    if known.joints is not None:
        if not known.joints["everywhere"]:
            return False
        rows = known.joints["joints"] or ()
        if any(row["kink"] or row["jump"] for row in rows):
            return False
    if known.form is None:
        raise UndecidedError("no part of the certificate speaks of the form")
    return known.form[word]


def _odd(known: Known) -> bool:
    return _by_symmetry(known, "odd")


def _even(known: Known) -> bool:
    return _by_symmetry(known, "even")


def _by_symmetry(known: Known, word: str) -> bool:
    if word in known.symmetries:
        return True
    if word in known.fails:
        return False
    raise UndecidedError("no part of the certificate speaks of the symmetry")


def _suitable(known: Known) -> bool:
    """By the theorem of Leshno et al. (1993), unless no gradient ever passes."""
    if not _is_everywhere(known):
        return False
    if _affine_or_none(known) or _polynomial_almost(known) is True:
        return False
    rows = known.joint_rows()
    if any(_is_unbounded(row) for row in rows) or _is_flat(known.course(0)):
        return False
    known.signs(0)
    if _polynomial_almost(known) is None:
        raise UndecidedError("whether it is almost a polynomial is not part of the certificate")
    return True


def _affine_or_none(known: Known) -> bool:
    try:
        return _affine(known)
    except UndecidedError:
        return False


def _polynomial_almost(known: Known) -> bool | None:
    """Whether it agrees with a polynomial except at single points; None where that is open."""
    rows = known.joint_rows()
    if any(row["kink"] for row in rows) or any(_steps_for_good(row) for row in rows):
        # Sides with different limits or slopes belong to no polynomial.
        return False
    return None if known.form is None else known.form["almost"]


def _steps_for_good(row: Mapping[str, Any]) -> bool:
    sides = [read_real(row[name]) for name in ("left_value", "right_value")]
    return compare_real(*sides) in (-1, 1)


def _is_everywhere(known: Known) -> bool:
    if known.joints is None:
        raise UndecidedError("no part of the certificate speaks of the joints")
    return known.joints["everywhere"]


def _is_unbounded(row: Mapping[str, Any]) -> bool:
    return any(read_real(row[name]).infinite for name in ("left_value", "right_value"))


def _is_flat(courses: tuple[Course, ...]) -> bool:
    return all(course.is_flat for course in courses)


JOINT_RULES: Mapping[str, Callable[[Known], Any]] = {
    "continuous": _continuous,
    "kinks": _kinks,
    "jumps": _jumps,
    "smoothness": _smoothness,
    "dead": _dead,
    "affine": _affine,
    "polynomial": _polynomial,
    "odd": _odd,
    "even": _even,
    "suitable": _suitable,
}
"""The rules about joints, form and symmetry, by fact."""
