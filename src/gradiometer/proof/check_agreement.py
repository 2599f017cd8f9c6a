"""Whether the value of a fact, as JSON, is what follows from the certificate."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flint import arb, fmpq

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import from_decimal, precision
from gradiometer.proof.check_consequences_law import Rounded
from gradiometer.proof.check_real import (
    BITS,
    Extreme,
    Real,
    Stretch,
    between,
    compare_real,
    read_real,
)

_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?(e(?P<power>-[0-9]{1,20}|[+]?[0-9]{1,7}))?")
_MOST_POWER = 10**7
_SHOWN = 17
"""Digits of a decimal that must be right."""
_FAR_DOWN = fmpq(1, 10**200)


def agrees(said: Any, derived: Any) -> bool:
    """Whether the JSON value of a fact says what was derived, or less.

    Args:
        said: Plain JSON, numbers as `{"exact", "decimal", "ball"}`.
        derived: As `derive` returns it.
    """
    if isinstance(derived, Real | Rounded):
        return _is_number(said) and _fits(said, derived)
    if isinstance(derived, Stretch):
        return _is_stretch(said, derived)
    if isinstance(derived, Extreme):
        return _is_extreme(said, derived)
    if isinstance(derived, list):
        return _is_list(said, derived)
    if isinstance(derived, Mapping):
        same = isinstance(said, Mapping) and set(said) == set(derived)
        return same and all(agrees(said[key], derived[key]) for key in derived)
    return type(said) is type(derived) and said == derived


def _is_list(said: Any, derived: list[Any]) -> bool:
    if isinstance(said, Mapping) and len(derived) == 1:
        # A range of one interval stands alone.
        return agrees(said, derived[0])
    if not isinstance(said, list) or len(said) != len(derived):
        return False
    return all(agrees(one, other) for one, other in zip(said, derived, strict=True))


def _is_number(said: Any) -> bool:
    return isinstance(said, Mapping) and set(said) == {"exact", "decimal", "ball"}


def _fits(said: Mapping[str, Any], derived: Real | Rounded) -> bool:
    exact, decimal, ball = said["exact"], said["decimal"], said["ball"]
    if isinstance(derived, Real) and derived.infinite:
        word = "inf" if derived.infinite > 0 else "-inf"
        return exact is None and ball is None and decimal == word
    try:
        stated = _read_ball(ball)
        if exact is None:
            return stated is not None and _holds(stated, ball, decimal, derived)
        return _is_exactly(exact, stated, decimal, derived)
    except (GradiometerError, UndecidedError, ValueError):
        return False


def _holds(stated: arb, text: Any, decimal: Any, derived: Real | Rounded) -> bool:
    """Whether the ball of a fact holds the number wherever the certificate lets it be."""
    if isinstance(derived, Real) and derived.ends is not None:
        middle, radius = map(_read_decimal, text)
        low, high = derived.ends
        return middle - radius <= low and high <= middle + radius and _is_rounded(decimal, stated)
    inner = derived.ball
    if inner is None or not _is_rounded(decimal, stated):
        return False
    # Means that are known by algebra give narrower balls than thirty digits do.
    is_backed = stated.overlaps if isinstance(derived, Rounded) else stated.contains
    return bool(is_backed(inner))


def _is_exactly(exact: Any, stated: arb | None, decimal: Any, derived: Real | Rounded) -> bool:
    said = _read_exact(exact)
    if said.ball is None or not _is_rounded(decimal, said.ball):
        return False
    if stated is not None and not stated.overlaps(said.ball):
        return False
    if isinstance(derived, Rounded):
        # That it is exactly this number is algebra; the certificate shows the digits.
        return bool(derived.ball.overlaps(said.ball))
    return derived.exact is not None and compare_real(said, derived) == 0


def _read_exact(text: str) -> Real:
    found = read_real(text)
    if found.exact is None:
        raise ValueError(text)
    return found


def _read_ball(ball: Any) -> arb | None:
    if ball is None:
        return None
    if not isinstance(ball, list) or len(ball) != 2:
        raise ValueError(ball)
    middle, radius = (_read_decimal(text) for text in ball)
    with precision(BITS):
        return arb(middle - radius).union(arb(middle + radius))


def _read_decimal(text: Any) -> fmpq:
    found = _DECIMAL.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(text)
    # Written out, such a number would have more than ten million digits.
    return fmpq(0) if int(found["power"] or 0) < -_MOST_POWER else from_decimal(text)


def _is_rounded(decimal: Any, ball: arb) -> bool:
    """Whether the decimal is the number to seventeen digits, or to those that the ball knows."""
    value = _read_decimal(decimal)
    with precision(BITS):
        size = arb(abs(value)) if value else arb(_FAR_DOWN)
        # Of a ball only certain digits are written, the last of them up to 100 times as wide.
        slack = size / arb(10) ** (_SHOWN - 1) + 100 * ball.rad()
        return bool((ball - arb(value)).abs_lower() <= slack)


def _is_stretch(said: Any, derived: Stretch) -> bool:
    if not isinstance(said, Mapping) or not {"lower", "upper"} <= set(said):
        return False
    closed = (said.get("lower_closed"), said.get("upper_closed"))
    if closed != (derived.lower_closed, derived.upper_closed):
        return False
    return agrees(said["lower"], derived.lower) and agrees(said["upper"], derived.upper)


def _is_extreme(said: Any, derived: Extreme) -> bool:
    if not isinstance(said, Mapping) or set(said) != {"at", "value"}:
        return False
    is_there = any(_is_at(said["at"], place) for place in derived.places)
    return is_there and agrees(said["value"], derived.value)


def _is_at(said: Any, place: Real | Stretch) -> bool:
    if isinstance(place, Real):
        return agrees(said, place)
    try:
        at = _read_place(said)
    except (GradiometerError, UndecidedError, ValueError, KeyError, TypeError):
        return False
    below, above = compare_real(place.lower, at), compare_real(at, place.upper)
    return (below == -1 or (below == 0 and place.lower_closed)) and (
        above == -1 or (above == 0 and place.upper_closed)
    )


def _read_place(said: Mapping[str, Any]) -> Real:
    if said["exact"] is not None:
        return _read_exact(said["exact"])
    ball = _read_ball(said["ball"])
    if ball is None:
        raise ValueError(said)
    return between(ball)
