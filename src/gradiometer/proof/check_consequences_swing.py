"""What follows for the facts of a function from the part about how it swings for ever.

Such a function is smooth on the whole line and no polynomial, and so are its derivatives: each is 0
at isolated points only. So a slope that is never negative makes the function increase strictly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from gradiometer.errors import UndecidedError
from gradiometer.proof.check_real import (
    Extreme,
    Real,
    Stretch,
    compare_real,
    either,
    endless,
    opposite,
    read_real,
)

_Claim: TypeAlias = "Mapping[str, Any]"
_Rule: TypeAlias = "Callable[[_Claim], Any]"


def _span(order: int) -> Callable[[_Claim], Stretch]:
    """All values: an interval, as the function is continuous; finite bounds are values."""

    def rule(claim: _Claim) -> Stretch:
        low, high = (_bound(claim, order, side) for side in ("lower", "upper"))
        return Stretch(low, high, not low.infinite, not high.infinite)

    return rule


def _bound(claim: _Claim, order: int, side: str) -> Real:
    bound = claim["course"][order][side]
    if bound is None:
        raise UndecidedError("a bound of what swings is not part of the certificate")
    return read_real(bound)


def _range(claim: _Claim) -> list[Stretch]:
    return [_span(0)(claim)]


def _extreme(side: str) -> Callable[[_Claim], Extreme | str]:
    def rule(claim: _Claim) -> Extreme | str:
        bound, at = _bound(claim, 0, side), claim[f"{side}_at"]
        if bound.infinite:
            return "none"
        if at is None:
            raise UndecidedError("the place of a value is not part of the certificate")
        return Extreme(bound, (read_real(at),))

    return rule


def _lipschitz(claim: _Claim) -> Real:
    """The largest size of a slope; one end without bound is enough for infinity."""
    if claim["course"][1]["lower"] == "-oo" or claim["course"][1]["upper"] == "oo":
        return endless(1)
    below, above = opposite(_bound(claim, 1, "lower")), _bound(claim, 1, "upper")
    order = compare_real(below, above)
    if order is None:
        return either(below, above)
    return below if order > 0 else above


def _by_sign(order: int, rising: str, falling: str) -> Callable[[_Claim], str]:
    words = {"positive": rising, "nonnegative": rising, "negative": falling,
             "nonpositive": falling, "mixed": "none"}  # fmt: skip

    def rule(claim: _Claim) -> str:
        sign = claim["course"][order]["sign"]
        if sign is None:
            raise UndecidedError("the sign of what swings is not part of the certificate")
        return words[sign]

    return rule


def _far(order: int, end: str) -> Callable[[_Claim], Real | str]:
    def rule(claim: _Claim) -> Real | str:
        limit = claim["course"][order][end]
        if limit is None:
            raise UndecidedError("what happens far out is not part of the certificate")
        return limit if limit == "none" else read_real(limit)

    return rule


def _vanishes(end: str) -> Callable[[_Claim], bool]:
    def rule(claim: _Claim) -> bool:
        # Neither an infinite limit nor none is 0.
        _far(1, end)(claim)
        return False

    return rule


def _periodic(claim: _Claim) -> Real | str:
    return "none" if claim["period"] is None else read_real(claim["period"])


def _always(answer: object) -> _Rule:
    return lambda _: answer


SWING_RULES: Mapping[str, _Rule] = {
    "range": _range,
    "minimum": _extreme("lower"),
    "maximum": _extreme("upper"),
    "monotone": _by_sign(1, "increasing", "decreasing"),
    "convex": _by_sign(2, "convex", "concave"),
    "slope_range": _span(1),
    "lipschitz": _lipschitz,
    "limit_left": _far(0, "left"),
    "limit_right": _far(0, "right"),
    "slope_left": _far(1, "left"),
    "slope_right": _far(1, "right"),
    "vanishes_left": _vanishes("left"),
    "vanishes_right": _vanishes("right"),
    "periodic": _periodic,
    "dead": _always([]),
    "affine": _always(False),
    "polynomial": _always(False),
    # By the theorem of Leshno et al. (1993), as it is continuous and no polynomial.
    "suitable": _always(True),
}
"""The rules, by fact."""
