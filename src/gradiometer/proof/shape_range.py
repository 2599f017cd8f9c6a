"""The values of a function and of its slope: intervals with exact ends, open or closed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cmp_to_key
from typing import TypeAlias, final

from gradiometer.errors import InternalError, UndecidedError
from gradiometer.formula import Interval, Node
from gradiometer.proof.extended import (
    PLUS,
    Enclosed,
    Extended,
    Infinite,
    compare_extended,
    negate,
)
from gradiometer.proof.limit import End
from gradiometer.proof.shape import Section, Shape, is_hole
from gradiometer.proof.turns import Turns, value_there
from gradiometer.proof.waves import Waves


@final
@dataclass(frozen=True)
class Span:
    """A connected set of values; infinite ends are never attained."""

    lower: Extended
    upper: Extended
    lower_attained: bool
    upper_attained: bool

    def to_interval(self) -> Interval | Span:
        """The set as an interval, where its ends are exact."""
        if isinstance(self.lower, Enclosed) or isinstance(self.upper, Enclosed):
            return self
        return Interval(
            None if isinstance(self.lower, Infinite) else self.lower,
            None if isinstance(self.upper, Infinite) else self.upper,
            self.lower_attained,
            self.upper_attained,
        )


_Value: TypeAlias = "tuple[Extended, bool]"
"""A value or a limit, and whether it is attained."""


def find_range(shape: Shape) -> list[Interval | Span]:
    """All values of the function, as disjoint intervals from below.

    Raises:
        UndecidedError: If the extrema or limits of a piece cannot be found.
    """
    spans = [_image_of_section(shape, section) for section in shape.sections]
    for piece in shape.function.pieces:
        if piece.on.is_point and piece.on.lower is not None:
            value = value_there(piece.formula, shape.function.variable, piece.on.lower)
            spans.append(Span(value, value, lower_attained=True, upper_attained=True))
    return [span.to_interval() for span in _union(spans)]


def _image_of_section(shape: Shape, section: Section) -> Span:
    formula, variable, on = section.piece.formula, section.variable, section.piece.on
    if section.waves is not None:
        with suppress(UndecidedError):
            return _span_of_waves(section.waves)
    turns = section.slope_turns()
    if set(turns.signs) == {0}:
        value = section.limit("lower")
        return Span(value, value, lower_attained=True, upper_attained=True)
    ends = [
        (section.limit("lower"), on.lower_closed),
        (section.limit("upper"), on.upper_closed),
    ]
    return _hull([*ends, *_inner_values(formula, variable, turns)])


def _span_of_waves(waves: Waves) -> Span:
    low, high = waves.bounds()
    return Span(low, high, not isinstance(low, Infinite), not isinstance(high, Infinite))


def _inner_values(formula: Node, variable: str, turns: Turns) -> list[_Value]:
    """The values at the points where the sign of the derivative may change."""
    return [(value_there(formula, variable, at), True) for at in turns.places]


def _hull(values: Sequence[_Value]) -> Span:
    """The smallest connected set that holds or approaches all values."""
    lowest, highest = values[0], values[0]
    for value in values[1:]:
        lowest = _further(value, lowest, -1)
        highest = _further(value, highest, 1)
    return Span(lowest[0], highest[0], lowest[1], highest[1])


def _further(new: _Value, best: _Value, direction: int) -> _Value:
    try:
        order = compare_extended(new[0], best[0]) * direction
    except UndecidedError:
        # Symmetric extrema are equal, and no ball tells so: one ball holds them both.
        if new[1] != best[1]:
            raise
        return (_either(new[0], best[0]), best[1])
    if order == 0:
        return (best[0], best[1] or new[1])
    return new if order > 0 else best


def _either(left: Extended, right: Extended) -> Enclosed:
    """A ball with both of two values that nothing tells apart."""
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Enclosed) and not isinstance(other, Infinite):
            return one.joined(other)
    raise UndecidedError("two exact values cannot be told apart")


def _union(spans: Iterable[Span]) -> list[Span]:
    """Disjoint sets from below."""
    ordered = sorted(spans, key=cmp_to_key(_order))
    if not ordered:
        raise InternalError("a function without a value anywhere")
    united = [ordered[0]]
    for span in ordered[1:]:
        last = united[-1]
        gap = compare_extended(span.lower, last.upper)
        if gap < 0 or (gap == 0 and (span.lower_attained or last.upper_attained)):
            united[-1] = _joined(last, span)
        else:
            united.append(span)
    return united


def _order(left: Span, right: Span) -> int:
    order = compare_extended(left.lower, right.lower)
    return order or right.lower_attained - left.lower_attained


def _joined(left: Span, right: Span) -> Span:
    """The union of two sets that meet, the left one starting first."""
    order = compare_extended(left.upper, right.upper)
    upper = left.upper if order >= 0 else right.upper
    attained = (left.upper_attained and order >= 0) or (right.upper_attained and order <= 0)
    return Span(left.lower, upper, left.lower_attained, attained)


def find_slope_range(shape: Shape) -> Interval | Span:
    """The smallest interval with all slopes, one-sided slopes at the joints included.

    Raises:
        UndecidedError: If the extrema or limits of a slope cannot be found.
    """
    return _slopes(shape).to_interval()


def _slopes(shape: Shape) -> Span:
    values: list[_Value] = []
    for section in shape.sections:
        values += _slopes_of_section(shape, section)
    return _hull(values)


def _slopes_of_section(shape: Shape, section: Section) -> list[_Value]:
    if section.slope_waves is not None:
        with suppress(UndecidedError):
            span = _span_of_waves(section.slope_waves)
            return [(span.lower, span.lower_attained), (span.upper, span.upper_attained)]
    turns = section.bend_turns()
    if set(turns.signs) == {0}:
        return [(section.slope_limit("lower"), True)]
    ends: list[_Value] = [
        (section.slope_limit("lower"), _has_slope_at(shape, section, "lower")),
        (section.slope_limit("upper"), _has_slope_at(shape, section, "upper")),
    ]
    return [*ends, *_inner_values(section.slope, section.variable, turns)]


def _has_slope_at(shape: Shape, section: Section, end: End) -> bool:
    """Whether the function has a one-sided slope at that end: it takes its limit as value there.

    By the mean value theorem that slope is the limit of the slopes inside.
    """
    at = section.open.lower if end == "lower" else section.open.upper
    if at is None or isinstance(section.slope_limit(end), Infinite):
        return False
    value = shape.value_at(at)
    return value is not None and compare_extended(section.limit(end), value) == 0


def find_dead(shape: Shape) -> list[Interval]:
    """The intervals throughout which the slope is 0; an end belongs where the slope exists there.

    Raises:
        UndecidedError: If whether a slope is identically 0 cannot be decided.
    """
    smooth = [joint.at for joint in shape.joints() if not (joint.is_jump or joint.is_kink)]
    return [
        Interval(on.lower, on.upper, on.lower in smooth, on.upper in smooth)
        for on in (section.open for section in shape.sections if not section.has_slope())
    ]


def find_lipschitz(shape: Shape) -> Extended:
    """The smallest L with |f(x) - f(y)| <= L*|x - y| for all x and y; infinite when there is none.

    Raises:
        UndecidedError: If the slopes cannot be bounded, or not everywhere.
    """
    if any(joint.is_jump and not is_hole(joint) for joint in shape.joints()):
        return PLUS
    if shape.has_lone_point():
        raise UndecidedError("the function has a value at a point apart from its other values")
    slopes = _slopes(shape)
    if isinstance(slopes.lower, Infinite) or isinstance(slopes.upper, Infinite):
        return PLUS
    opposite = negate(slopes.lower)
    return _further((slopes.upper, True), (opposite, True), 1)[0]
