"""How far two functions are apart at most: the facts `distance` and `distance_at`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from flint import fmpq

from gradiometer.errors import DomainError, GradiometerError, UndecidedError
from gradiometer.formula import (
    FloatEvaluator,
    Node,
    apply,
    compile_float,
    is_zero,
    precision,
    to_ball,
    to_decimal,
    to_piecewise,
)
from gradiometer.proof import Infinite, Shape, find_distance, limit_far
from gradiometer.question.answer import Fact, proved, unknown
from gradiometer.question.value import INFINITY, to_value_text

_WINDOW = 8
_SAMPLES = 3200
_BITS = 256

_Found = tuple[dict[str, Fact], Mapping[str, Any] | None]


def describe_distance(left: Node, right: Node) -> _Found:
    """The supremum of |f - g| and where it is attained or approached, with the certificate."""
    try:
        found = _by_algebra(left, right)
        return _by_cells(left, right) if found is None else (found, None)
    except (UndecidedError, GradiometerError) as error:
        return _not_proved(left, right, error), None


def _by_algebra(left: Node, right: Node) -> dict[str, Fact] | None:
    """Functions that are equal, or whose distance grows without a bound; None for others."""
    function = to_piecewise(apply("-", left, right), "x")
    if not Shape(function).is_everywhere():
        raise DomainError("One of the functions has no value somewhere.")
    pieces = function.pieces
    if all(is_zero(piece.formula) for piece in pieces):
        because = "On each piece the difference is 0 by algebra."
        return {"distance": proved(fmpq(0), because), "distance_at": proved([], because)}
    for piece, to_right in ((pieces[0], False), (pieces[-1], True)):
        try:
            limit = limit_far(piece.formula, "x", to_right=to_right)
        except UndecidedError:
            continue
        if isinstance(limit, Infinite):
            far = "oo" if to_right else "-oo"
            because = f"The difference grows without a bound as x -> {far}."
            return {"distance": proved(INFINITY, because), "distance_at": proved([], because)}
    return None


def _by_cells(left: Node, right: Node) -> _Found:
    found = find_distance(left, right)
    with precision(_BITS):
        size = to_ball(found.lower).union(to_ball(found.upper))
        places = [to_ball(low).union(to_ball(high)) for low, high in found.places]
    where = ", ".join(f"x {to_value_text(place)}" for place in places)
    because = (
        "The supremum of |f - g|: bounds on cells of the line and on both tails, and a point "
        f"that reaches it. It is only near {where}."
    )
    return {
        "distance": proved(size, because),
        "distance_at": proved(places, "Elsewhere the functions are certainly nearer."),
    }, found.certificate


def _not_proved(left: Node, right: Node, error: Exception) -> dict[str, Fact]:
    """What float64 samples of a window show, said in the reason only."""
    reason = error.problem if isinstance(error, GradiometerError) else str(error)
    xs = [_WINDOW * (2 * index / _SAMPLES - 1) for index in range(_SAMPLES + 1)]
    runs = compile_float(left), compile_float(right)
    sizes = [(_size(runs, x), x) for x in xs]
    known = [pair for pair in sizes if math.isfinite(pair[0])]
    seen = ""
    if known:
        most, at = max(known)
        seen = f" Samples on [-{_WINDOW}, {_WINDOW}] reach {most:.6g} at x = {to_decimal(at)}."
    fact = unknown(f"Not proved: {reason.rstrip('.')}.{seen}")
    return {"distance": fact, "distance_at": fact}


def _size(runs: tuple[FloatEvaluator, FloatEvaluator], x: float) -> float:
    left, right = (run({"x": x}) for run in runs)
    return abs(left - right)
