"""Symmetries of a function: odd, even, periodic; and how often it can be differentiated."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from itertools import islice
from math import gcd
from typing import Literal

from flint import fmpq

from gradiometer.errors import DomainError, LimitError, UndecidedError
from gradiometer.formula import (
    ONE,
    Apply,
    Constant,
    Exact,
    Interval,
    Name,
    Node,
    Number,
    Piecewise,
    apply,
    compare,
    differentiate,
    evaluate,
    free_names,
    is_zero,
    number,
    precision,
    sign_of,
    substitute,
    tidy,
    to_ratio,
    value_at,
    walk,
)
from gradiometer.proof.limit import End
from gradiometer.proof.shape import Section, Shape
from gradiometer.proof.turns import find_turns
from gradiometer.proof.witness import list_points

_BITS = 192
SYMMETRY_POINTS = tuple(
    fmpq(p, q) for p, q in ((1, 1), (1, 2), (2, 1), (7, 3), (1, 8), (5, 1), (1, 64), (20, 1))
)
_MOST_POINTS = 3
"""Points of each piece that are compared with their mirrors."""
_MOST_ORDER = 8
_MOST_FREQUENCY = 12


def is_odd_about_zero(shape: Shape) -> bool:
    """Whether f(-x) = -f(x) for all x.

    Raises:
        UndecidedError: If neither a proof nor a counterexample is found.
    """
    return _has_parity(shape, -1)


def is_even_about_zero(shape: Shape) -> bool:
    """Whether f(-x) = f(x) for all x.

    Raises:
        UndecidedError: If neither a proof nor a counterexample is found.
    """
    return _has_parity(shape, 1)


def _has_parity(shape: Shape, sign: int) -> bool:
    function = shape.function
    if any(_breaks_parity(function, point, sign) for point in list_mirrored(shape)):
        return False
    if _is_mirrored(function, sign, strict=not shape.is_continuous()):
        return True
    raise UndecidedError("no point breaks the symmetry, and the formulas do not show it")


def list_mirrored(shape: Shape) -> Iterator[fmpq]:
    """Points that are compared with their mirrors: some near 0, and some of every piece."""
    yield fmpq(0)
    yield from SYMMETRY_POINTS
    for section in shape.sections:
        yield from islice(list_points(section.open), _MOST_POINTS)


def _breaks_parity(function: Piecewise, point: fmpq, sign: int) -> bool:
    """Whether the values at the point and its mirror certainly do not fit."""
    try:
        with precision(_BITS):
            here, there = (_value(function, x) for x in (point, -point))
            if here is None or there is None:
                return (here is None) != (there is None)
            return compare(here - sign * there, fmpq(0)) != 0
    except (UndecidedError, LimitError, DomainError):
        return False


def _value(function: Piecewise, point: fmpq) -> Exact | None:
    try:
        piece = function.piece_at(point)
    except DomainError:
        return None
    return evaluate(piece.formula, {function.variable: point})


def _is_mirrored(function: Piecewise, sign: int, *, strict: bool) -> bool:
    """Whether each piece is the mirror of its counterpart, as sets without ends unless *strict*."""
    pieces = function.pieces
    opposite = tidy(apply("neg", Name(function.variable)))
    for left, right in zip(pieces, reversed(pieces), strict=True):
        if not _are_mirrored(left.on, right.on, strict=strict):
            return False
        mirrored = substitute(right.formula, {function.variable: opposite})
        gap = apply("-", left.formula, apply("*", number(sign), mirrored))
        if not is_zero(gap):
            return False
    return True


def _are_mirrored(left: Interval, right: Interval, *, strict: bool) -> bool:
    if strict and (left.lower_closed, left.upper_closed) != (
        right.upper_closed,
        right.lower_closed,
    ):
        return False
    for end, other in ((left.lower, right.upper), (left.upper, right.lower)):
        if (end is None) != (other is None):
            return False
        if end is not None and other is not None and not is_zero(apply("+", end, other)):
            return False
    return True


def find_period(shape: Shape) -> Node | None:
    """The least period; None when there is none.

    Raises:
        UndecidedError: If that cannot be decided.
    """
    waves = shape.sections[0].waves if len(shape.function.pieces) == 1 else None
    if waves is not None:
        return waves.period()
    if _settles_or_ends(shape):
        return None
    if not shape.sections[0].has_slope():
        raise UndecidedError("whether a function that may be constant repeats")
    period, most = find_waves(shape)
    formula, variable = shape.function.pieces[0].formula, shape.function.variable
    # A least period is a whole part of every period, and no faster than the fastest wave.
    for share in range(2, most + 1):
        if find_difference(formula, variable, tidy(apply("/", period, number(share)))) is None:
            raise UndecidedError(f"whether a {share}-th of the period is one")
    return period


def find_waves(shape: Shape) -> tuple[Node, int]:
    """A period of a polynomial in sines and cosines, and how many least ones it may hold.

    Raises:
        UndecidedError: If the function is no such polynomial, or its waves are too fast.
    """
    pieces = shape.function.pieces
    if len(pieces) != 1 or pieces[0].on != Interval(None, None):
        raise UndecidedError("whether a function of several pieces repeats")
    formula, variable = pieces[0].formula, shape.function.variable
    rates, frequency = _read_waves(formula, variable)
    if not rates:
        raise UndecidedError("a function that is constant has no least period")
    unit = fmpq(
        reduce(gcd, (int(rate.p) for rate in rates)),
        reduce(_multiple, (int(rate.q) for rate in rates)),
    )
    if not unit:
        raise UndecidedError("whether a function that may be constant repeats")
    most = frequency / unit
    if most > _MOST_FREQUENCY:
        raise UndecidedError("waves that are too fast for a proof of the least period")
    return tidy(apply("/", apply("*", number(2), Constant("pi")), number(unit))), int(most)


def _multiple(left: int, right: int) -> int:
    return left * right // gcd(left, right)


def _settles_or_ends(shape: Shape) -> bool:
    """Whether a limit at infinity, or an end of the domain, rules every period out."""
    sides: tuple[tuple[Section, End, Node | None], ...] = (
        (shape.sections[0], "lower", shape.sections[0].open.lower),
        (shape.sections[-1], "upper", shape.sections[-1].open.upper),
    )
    for section, end, far in sides:
        if far is not None:
            return True
        try:
            section.limit(end)
        except UndecidedError:
            continue
        # A function with a limit that repeats is constant: every number is a period, none least.
        return True
    return False


def _read_waves(formula: Node, variable: str) -> tuple[list[fmpq], fmpq]:
    """The rates of all sines and cosines, and a bound on the rate of their products.

    Raises:
        UndecidedError: If the formula is no polynomial in sines and cosines of rational rates.
    """
    if variable not in free_names(formula):
        return [], fmpq(0)
    if not isinstance(formula, Apply):
        raise UndecidedError("whether a function that is no sum of waves repeats")
    if formula.operator in {"sin", "cos"}:
        slope = to_ratio(differentiate(formula.arguments[0], variable)).constant()
        if slope is None:
            raise UndecidedError("waves without a rational rate")
        return [abs(slope)], abs(slope)
    if formula.operator == "^":
        base, power = formula.arguments
        if isinstance(power, Number) and power.value.q == 1 and power.value > 0:
            rates, top = _read_waves(base, variable)
            return rates, top * power.value
    if formula.operator in {"+", "-", "neg", "*"}:
        parts = [_read_waves(part, variable) for part in formula.arguments]
        tops = [top for _, top in parts]
        rates = [rate for found, _ in parts for rate in found]
        return rates, sum(tops, fmpq(0)) if formula.operator == "*" else max(tops)
    raise UndecidedError("whether a function that is no sum of waves repeats")


def find_difference(formula: Node, variable: str, shift: Node) -> fmpq | None:
    """A point where the formula changes its value when moved by *shift*; None if none is seen."""
    moved = substitute(formula, {variable: apply("+", Name(variable), shift)})
    gap = apply("-", moved, formula)
    for point in SYMMETRY_POINTS:
        try:
            with precision(_BITS):
                if compare(evaluate(gap, {variable: point}), fmpq(0)):
                    return point
        except UndecidedError:
            continue
    return None


def find_smoothness(shape: Shape) -> int | Literal["all"] | None:
    """How many continuous derivatives the function has; None when it is not continuous.

    Raises:
        UndecidedError: If that cannot be decided.
    """
    if not shape.is_continuous():
        return None
    if any(joint.is_kink for joint in shape.joints()):
        return 0
    for section in shape.sections:
        _require_analytic(section)
    if not shape.joints():
        return "all"
    order = 1
    slopes = [section.slope for section in shape.sections]
    while order < _MOST_ORDER:
        slopes = [differentiate(slope, shape.function.variable) for slope in slopes]
        order += 1
        for joint, left, right in zip(shape.joints(), slopes, slopes[1:], strict=False):
            if _values_differ(left, right, shape.function.variable, joint.at):
                return order - 1
    raise UndecidedError(f"pieces that join with more than {_MOST_ORDER} equal derivatives")


def _values_differ(left: Node, right: Node, variable: str, at: Node) -> bool:
    one, other = (value_at(node, variable, at) for node in (left, right))
    if one is None or other is None:
        return True
    return sign_of(tidy(apply("-", one, other))) != 0


def _require_analytic(section: Section) -> None:
    """Refuse roots of what may be 0: there a formula has a value and no slope."""
    for node in walk(section.piece.formula):
        if not isinstance(node, Apply) or section.variable not in free_names(node):
            continue
        power = node.arguments[-1] if node.operator == "^" else ONE
        is_whole = isinstance(power, Number) and power.value.q == 1
        if node.operator == "sqrt" or (not is_whole and node.arguments[0] != Constant("e")):
            signs = find_turns(node.arguments[0], section.variable, section.open)
            if signs.places or set(signs.signs) != {1}:
                raise UndecidedError("whether a root is smooth where it is 0")
