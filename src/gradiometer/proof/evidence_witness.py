"""Points at which something fails: rational numbers with values that certainly do not fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice, pairwise
from typing import Any, Literal, TypeAlias

from flint import fmpq

from gradiometer.errors import DomainError, GradiometerError, UndecidedError
from gradiometer.formula import Exact, compare, evaluate, precision
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.evidence_ground import Ground
from gradiometer.proof.shape_symmetry import list_mirrored
from gradiometer.proof.witness import list_points

Failing: TypeAlias = Literal["monotone", "convex", "affine", "odd", "even", "constant"]
_Row: TypeAlias = tuple[fmpq, Exact]
"""A point and the value there."""

_BITS = 512
_MOST_POINTS = 21
"""Points for each piece."""


def prove_witness(ground: Ground, name: Failing) -> dict[str, Any]:
    """The certificate that the function is not what *name* says, by its values at some points.

    Raises:
        UndecidedError: If no such points are among those that are looked at.
    """
    points = _break_parity(ground, name) if name in {"odd", "even"} else _break(ground, name)
    return make_certificate(
        "witness",
        problem=ground.problem(),
        claim={"fails": name},
        evidence={"points": [str(point) for point in points]},
    )


def _break(ground: Ground, name: Failing) -> list[fmpq]:
    with precision(_BITS):
        return _SEARCHES[name](_list_rows(ground))


def _list_rows(ground: Ground) -> list[_Row]:
    """Points of all pieces with their values, from left to right."""
    rows: dict[fmpq, Exact] = {}
    for plot in ground.plots:
        for point in islice(list_points(plot.open), _MOST_POINTS):
            try:
                rows[point] = evaluate(plot.node(0), {ground.variable: point})
            except (GradiometerError, UndecidedError):
                continue
    return sorted(rows.items(), key=lambda row: row[0])


def _find_monotone(rows: Sequence[_Row]) -> list[fmpq]:
    """A rise and a fall."""
    return [*_first_pair(rows, -1), *_first_pair(rows, 1)]


def _find_constant(rows: Sequence[_Row]) -> list[fmpq]:
    try:
        return _first_pair(rows, -1)
    except UndecidedError:
        return _first_pair(rows, 1)


def _first_pair(rows: Sequence[_Row], order: int) -> list[fmpq]:
    for (a, here), (b, there) in pairwise(rows):
        if _order(here, there) == order:
            return [a, b]
    raise UndecidedError("no two points show it")


def _find_convex(rows: Sequence[_Row]) -> list[fmpq]:
    """A chord below the graph and one above it."""
    return [*_first_triple(rows, {1}), *_first_triple(rows, {-1})]


def _find_affine(rows: Sequence[_Row]) -> list[fmpq]:
    return _first_triple(rows, {-1, 1})


def _first_triple(rows: Sequence[_Row], orders: set[int]) -> list[fmpq]:
    """Three neighbours whose middle lies above (1) or below (-1) the chord of the outer ones."""
    for (a, left), (b, middle), (c, right) in zip(rows, rows[1:], rows[2:], strict=False):
        if _order((c - a) * middle, (c - b) * left + (b - a) * right) in orders:
            return [a, b, c]
    raise UndecidedError("no three points show it")


def _order(left: Exact, right: Exact) -> int:
    try:
        return compare(left, right)
    except UndecidedError:
        return 0


_SEARCHES: Mapping[str, Callable[[Sequence[_Row]], list[fmpq]]] = {
    "monotone": _find_monotone,
    "convex": _find_convex,
    "affine": _find_affine,
    "constant": _find_constant,
}


def _break_parity(ground: Ground, name: Failing) -> list[fmpq]:
    sign = 1 if name == "even" else -1
    with precision(_BITS):
        for point in list_mirrored(ground.shape):
            try:
                here, there = (_value(ground, at) for at in (point, -point))
                if here is None or there is None:
                    differs = (here is None) != (there is None)
                else:
                    differs = compare(here - sign * there, fmpq(0)) != 0
            except (GradiometerError, UndecidedError):
                continue
            if differs:
                return [point]
    raise UndecidedError("no point breaks the symmetry")


def _value(ground: Ground, point: fmpq) -> Exact | None:
    try:
        piece = ground.shape.function.piece_at(point)
    except DomainError:
        return None
    return evaluate(piece.formula, {ground.variable: point})
