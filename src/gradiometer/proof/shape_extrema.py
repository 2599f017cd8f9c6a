"""The least and the greatest value of a function, and where it is taken."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import final

from gradiometer.errors import UndecidedError
from gradiometer.formula import Number
from gradiometer.proof.extended import Enclosed, Extended, Infinite, compare_extended
from gradiometer.proof.limit import End
from gradiometer.proof.shape import Section, Shape
from gradiometer.proof.shape_symmetry import is_even_about_zero
from gradiometer.proof.turns import Place, value_there
from gradiometer.proof.witness import list_points


@final
@dataclass(frozen=True)
class Extremum:
    """A place where the extreme value is taken, and the value."""

    at: Place
    value: Place


@final
@dataclass(frozen=True)
class _Candidate:
    value: Extended
    at: Place | None
    """None for a limit that is no value there."""
    is_flat: bool = False
    """Whether the place is one of many in a flat part."""


def find_extremum(shape: Shape, way: int) -> Extremum | None:
    """The greatest value for *way* 1, the least for -1; None when there is none.

    Raises:
        UndecidedError: If values or limits cannot be found or compared.
    """
    waves = shape.sections[0].waves if len(shape.sections) == 1 else None
    if waves is not None:
        with suppress(UndecidedError):
            peak = waves.extremum(way)
            return None if peak is None else Extremum(peak.at, peak.value)
    best: _Candidate | None = None
    for candidate in _list_candidates(shape):
        best = candidate if best is None else _further(shape, candidate, best, way)
    if best is None or best.at is None or isinstance(best.value, Infinite):
        return None
    return Extremum(best.at, best.value)


def _list_candidates(shape: Shape) -> Iterator[_Candidate]:
    """Values and limits from left to right."""
    sections = {id(section.piece): section for section in shape.sections}
    for piece in shape.function.pieces:
        if piece.on.is_point and piece.on.lower is not None:
            variable = shape.function.variable
            yield _Candidate(value_there(piece.formula, variable, piece.on.lower), piece.on.lower)
        else:
            yield from _list_inside(sections[id(piece)])


def _list_inside(section: Section) -> Iterator[_Candidate]:
    on, turns = section.piece.on, section.slope_turns()
    if set(turns.signs) == {0}:
        closed = on.lower if on.lower_closed else on.upper if on.upper_closed else None
        inner = closed or Number(next(iter(list_points(section.open))))
        yield _Candidate(section.limit("lower"), inner, is_flat=True)
        return
    yield _at_end(section, "lower")
    for at in turns.places:
        yield _Candidate(value_there(section.piece.formula, section.variable, at), at)
    yield _at_end(section, "upper")


def _at_end(section: Section, end: End) -> _Candidate:
    on = section.piece.on
    at, closed = (on.lower, on.lower_closed) if end == "lower" else (on.upper, on.upper_closed)
    return _Candidate(section.limit(end), at if closed else None)


def _further(shape: Shape, new: _Candidate, best: _Candidate, way: int) -> _Candidate:
    try:
        order = compare_extended(new.value, best.value) * way
    except UndecidedError:
        return _equal_by_symmetry(shape, new, best)
    if order == 0:
        return new if best.at is None or (best.is_flat and new.at is not None) else best
    return new if order > 0 else best


def _equal_by_symmetry(shape: Shape, new: _Candidate, best: _Candidate) -> _Candidate:
    """Two values that no ball tells apart are equal at mirrored places of an even function."""
    values, places = (new.value, best.value), (new.at, best.at)
    known = all(isinstance(part, Enclosed) for part in (*values, *places))
    if not known or not is_even_about_zero(shape):
        raise UndecidedError("two extreme values cannot be told apart")
    first, second = (place.ball for place in places if isinstance(place, Enclosed))
    if not first.overlaps(-second):
        raise UndecidedError("two extreme values cannot be told apart")
    # Each of the two balls holds one zero of the slope, and mirrored zeros are zeros.
    return best
