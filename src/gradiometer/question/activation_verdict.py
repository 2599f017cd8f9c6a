"""Whether a function is suitable as an activation, with every reason for and against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gradiometer.errors import UndecidedError
from gradiometer.formula import Interval
from gradiometer.proof import Shape, is_polynomial_almost
from gradiometer.question.answer import Fact, proved, unknown
from gradiometer.question.value import Infinity, to_value_text

_AFFINE = "It is affine: a composition of affine maps is affine, so more layers add nothing."
_POLYNOMIAL = (
    "It is a polynomial: networks with one hidden layer of it approximate polynomials of that "
    "degree only (Leshno et al. 1993)."
)
_UNIVERSAL = (
    "It is no polynomial, so networks with one hidden layer of it approximate every continuous "
    "function on a bounded region (Leshno et al. 1993)."
)


def judge(shape: Shape, facts: Mapping[str, Fact]) -> tuple[Fact, tuple[str, ...]]:
    """The fact `suitable`, and the cautions that hold even when it is true.

    Source: M. Leshno, V. Lin, A. Pinkus, S. Schocken, Neural Networks 6 (1993).
    """
    against = _reasons_against(shape, facts)
    cautions = _cautions(shape, facts)
    if against:
        return proved(False, " ".join([*against, *cautions])), cautions
    if facts["polynomial"].value is None or facts["jumps"].value is None:
        missing = facts["polynomial" if facts["polynomial"].value is None else "jumps"]
        return unknown(" ".join([missing.because, *cautions])), cautions
    return proved(True, " ".join([_UNIVERSAL, *cautions])), cautions


def _reasons_against(shape: Shape, facts: Mapping[str, Fact]) -> list[str]:
    reasons: list[str] = []
    if facts["affine"].value is True:
        reasons.append(_AFFINE)
    elif facts["polynomial"].value is True:
        reasons.append(_POLYNOMIAL)
    elif _is_polynomial_almost(shape):
        reasons.append(f"Except at single points it is a polynomial. {_POLYNOMIAL}")
    if not shape.is_everywhere():
        reasons.append("It has no value for some x.")
    reasons += [
        f"It is not bounded near x = {to_value_text(row['at'])}."
        for row in facts["jumps"].value or ()
        if isinstance(row["left_value"], Infinity) or isinstance(row["right_value"], Infinity)
    ]
    if facts["affine"].value is not True and _is_flat(shape):
        reasons.append("Its slope is 0 wherever it exists, so no gradient ever passes.")
    return reasons


def _is_polynomial_almost(shape: Shape) -> bool:
    try:
        return is_polynomial_almost(shape)
    except UndecidedError:
        return False


def _is_flat(shape: Shape) -> bool:
    try:
        return not any(section.has_slope() for section in shape.sections)
    except UndecidedError:
        return False


def _cautions(shape: Shape, facts: Mapping[str, Fact]) -> tuple[str, ...]:
    """What to know before using it."""
    found: list[str] = []
    sides = [side for side in ("left", "right") if facts[f"vanishes_{side}"].value is True]
    dead = facts["dead"].value or []
    if dead and not _is_flat(shape):
        places = ", ".join(to_value_text(on) for on in dead)
        found.append(f"The gradient is exactly 0 on {places}: a unit that stays there is dead.")
    settling = [side for side in sides if not _is_dead_far(dead, side)]
    if settling:
        places = " and on ".join(f"the {side}" for side in settling)
        found.append(f"The gradient vanishes on {places}.")
    open_sides = [s for s in ("left", "right") if facts[f"vanishes_{s}"].value is None]
    if open_sides and shape.is_everywhere():
        places = " and on ".join(f"the {side}" for side in open_sides)
        found.append(f"Whether the gradient vanishes on {places} is not decided.")
    jumps = facts["jumps"].value or []
    if jumps:
        found.append("It jumps, and no gradient sees a jump.")
    elif str(facts["lipschitz"].because).endswith("not bounded."):
        found.append("Its slope is not bounded, so gradients can explode.")
    return tuple(found)


def _is_dead_far(dead: Sequence[Interval], side: str) -> bool:
    ends = [on.lower if side == "left" else on.upper for on in dead]
    return None in ends
