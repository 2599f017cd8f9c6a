"""Where a derivative is negative, zero and positive: by exact zeros, else by balls and tails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, final

from gradiometer.errors import DomainError, UndecidedError
from gradiometer.formula import (
    Interval,
    Node,
    evaluate,
    find_signs,
    free_names,
    precision,
    substitute,
    tidy,
    to_ball,
    to_text,
    to_value,
)
from gradiometer.proof.boxes import find_boxes
from gradiometer.proof.extended import Enclosed

Place: TypeAlias = "Node | Enclosed"
"""A point: exact, or a narrow ball around it."""

_BITS = 256


@final
@dataclass(frozen=True)
class Turns:
    """The signs of a derivative on an open interval."""

    signs: tuple[int, ...]
    """On the parts of positive length, from left to right; neighbours may be equal."""
    places: tuple[Place, ...]
    """Zeros and other points between the parts."""
    parts: tuple[Interval, ...]
    """Intervals of one sign each, where the zeros are exact."""
    certificate: Mapping[str, Any] | None
    """The proof by boxes; None where the zeros are exact."""


def find_turns(node: Node, variable: str, on: Interval) -> Turns:
    """The signs of a smooth formula on an open interval and where they may change.

    Raises:
        UndecidedError: If neither exact zeros nor balls decide them.

    Example:
        >>> from gradiometer.formula import REALS, parse
        >>> find_turns(parse("x^2 - 2").tree, "x", REALS).signs
        (1, -1, 1)
    """
    try:
        parts = find_signs(node, variable, on)
    except UndecidedError as error:
        if free_names(node) != {variable}:
            raise
        return _by_boxes(node, variable, on, error)
    signs = tuple(sign for part, sign in parts if not part.is_point)
    ends = dict.fromkeys(part.upper for part, _ in parts[:-1] if part.upper is not None)
    return Turns(signs, tuple(ends), tuple(part for part, _ in parts), None)


def _by_boxes(node: Node, variable: str, on: Interval, reason: UndecidedError) -> Turns:
    try:
        found = find_boxes(node, variable, on)
    except UndecidedError as error:
        raise UndecidedError(f"{reason}, and {error}") from error
    with precision(_BITS):
        places = tuple(zero.exact or Enclosed(zero.ball()) for zero in found.zeros)
    return Turns(found.signs, places, (), found.certificate)


def value_there(formula: Node, variable: str, at: Place) -> Place:
    """The value of a formula at a point.

    Raises:
        UndecidedError: If it has none, or no narrow enclosure.
    """
    if not isinstance(at, Enclosed):
        return exact_value(formula, variable, at)
    try:
        with precision(_BITS):
            value = to_ball(evaluate(formula, {variable: at.ball}))
    except DomainError:
        raise _no_value(formula, at.ball.str(10)) from None
    if not value.rad() < 2.0**-_NARROW:
        raise UndecidedError("a value is not narrowed down")
    return Enclosed(value)


def exact_value(formula: Node, variable: str, at: Node) -> Node:
    """The value of a formula at an exact point.

    Raises:
        UndecidedError: If it has none.
    """
    try:
        return to_value(tidy(substitute(formula, {variable: at})))
    except DomainError:
        raise _no_value(formula, to_text(at)) from None


def _no_value(formula: Node, where: str) -> UndecidedError:
    return UndecidedError(f"`{to_text(formula)}` has no value at {where}")


_NARROW = 110
"""An enclosure is at most 2 to the power of minus this wide: more than 30 digits."""
