"""Where a float run takes another branch than exact arithmetic, and another end."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeAlias

from flint import fmpq

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import (
    Exact,
    FloatKind,
    Node,
    compare,
    evaluate,
    evaluate_float,
    free_names,
    from_float,
    precision,
    to_float,
    to_text,
)
from gradiometer.numeric import advance_float, begin_float
from gradiometer.proof import (
    Course,
    FloatStepper,
    Regime,
    Threshold,
    advance,
    at_value,
    begin,
    survey,
)
from gradiometer.question.answer import Fact, computed, unknown
from gradiometer.question.value import INFINITY, MINUS_INFINITY, to_value_text


def find_rounding(
    course: Course, parameter: str, threshold: Threshold | None, *, kind: FloatKind = "float64"
) -> Fact:
    """The first step at which floats stand on another piece than exact arithmetic, and why.

    Both runs are compared at one value of the parameter: where the run first stays in the valley.
    """
    staying = None if threshold is None else threshold.staying
    if threshold is None or staying is None:
        return unknown("There is no run that stays in the valley to compare.")
    with precision(threshold.bits):
        try:
            value = _inside(staying)
            return _compare(at_value(course, parameter, value), staying, kind)
        except (UndecidedError, GradiometerError) as error:
            return unknown(f"The two runs cannot be compared: {error}.")


def _inside(regime: Regime) -> fmpq:
    """A short rational inside the part of the axis."""
    if regime.lower is None or regime.upper is None:
        anchor = regime.lower if regime.lower is not None else regime.upper
        whole = fmpq(0) if anchor is None else _floor(anchor)
        return whole + 2 if regime.upper is None else whole - 2
    middle = (regime.lower + regime.upper) / 2
    return from_float(float(middle)) if not isinstance(middle, fmpq) else middle


def _floor(value: Exact) -> fmpq:
    return fmpq(math.floor(to_float(value)))


def _compare(course: Course, regime: Regime, kind: FloatKind) -> Fact:
    ground = survey(course.landscape)
    exact = begin(course.rule, course.start, course.rates(0))
    stepper = FloatStepper(kind)
    floating = stepper.begin(course)
    last = min(regime.step, course.steps)
    while True:
        if not math.isfinite(floating.position):
            return computed("overflow", f"{kind} overflows at step {floating.step}.")
        here = ground.locate(exact.position, course.side)
        there = ground.locate(from_float(floating.position), course.side)
        if here != there:
            stands = (exact.position, floating.position)
            return _describe(course, exact.step, stands, slopes=(here, there), kind=kind)
        if exact.step >= last:
            return computed(
                "none",
                f"{kind.capitalize()} and exact arithmetic take the same branch in all "
                f"{last} steps.",
            )
        rates, value = course.rates(exact.step), ground.loss(here, exact.position)
        exact = advance(course.rule, exact, ground.slope(here, exact.position), rates, value)
        floating = stepper.advance(course, ground, floating, here)


def _describe(
    course: Course,
    step: int,
    stands: tuple[Exact, float],
    *,
    slopes: tuple[int, int],
    kind: FloatKind,
) -> Fact:
    exact, floating = stands
    trees = [course.landscape.slopes[index] for index in slopes]
    here, there = map(to_text, trees)
    because = (
        f"After step {step} exact arithmetic stands at {to_value_text(exact)}, where the slope "
        f"is {here}; {kind} has added up to {floating!r}, where it is "
        f"{there}."
    )
    value: dict[str, Any] = {
        "step": step,
        "exact": exact,
        kind: floating,
        "exact_slope": _slope_value(trees[0]),
        f"{kind}_slope": _slope_value(trees[1]),
        "reason": because,
    }
    return computed(value, because)


def _slope_value(slope: Node) -> Any:
    """The slope as a number where it is one; as text where it moves with the position."""
    if free_names(slope):
        return to_text(slope)
    value = evaluate(slope, {})
    return value if isinstance(value, fmpq) else slope


def find_differences(exact: Threshold, floats: Mapping[FloatKind, Threshold]) -> Fact:
    """For which values of the parameter a float run leaves the valley and the exact one does not.

    Args:
        exact: The regimes of the exact run.
        floats: Those of each float run.
    """
    try:
        with precision(exact.bits):
            rows = [
                {"engine": kind, **_describe_part(part), "exact": mine.outcome, kind: other.outcome}
                for kind, found in floats.items()
                for mine in exact.regimes
                for other in found.regimes
                if "escapes" in (mine.outcome, other.outcome) and mine.outcome != other.outcome
                for part in _meet(mine, other)
            ]
    except UndecidedError as error:
        return unknown(f"The ends of the regimes cannot be compared: {error}.")
    engines = " and ".join(floats)
    if not rows:
        return computed("none", f"For every value {engines} leave the valley as the exact run.")
    because = "The parts of the axis on which a float run leaves the valley and the exact one does "
    return computed(rows, f"{because}not, or the other way round, of {engines}.")


_Part: TypeAlias = tuple[Exact | None, Exact | None, bool, bool]
"""Two ends of a part of the axis, and which of them belong to it."""


def _meet(one: Regime, other: Regime) -> list[_Part]:
    """What two parts of the axis have in common: one part or none."""
    lower, from_closed = _inner_end((one.lower, one.lower_closed),
                                    (other.lower, other.lower_closed), sign=1)  # fmt: skip
    upper, to_closed = _inner_end((one.upper, one.upper_closed),
                                  (other.upper, other.upper_closed), sign=-1)  # fmt: skip
    if lower is not None and upper is not None:
        order = compare(lower, upper)
        if order > 0 or (order == 0 and not (from_closed and to_closed)):
            return []
    return [(lower, upper, from_closed, to_closed)]


def _inner_end(
    one: tuple[Exact | None, bool], other: tuple[Exact | None, bool], *, sign: int
) -> tuple[Exact | None, bool]:
    """The end that cuts off more: of two lower ends (sign 1) the larger one."""
    if one[0] is None or other[0] is None:
        return other if one[0] is None else one
    order = 0 if one[0] is other[0] else sign * compare(one[0], other[0])
    if order == 0:
        return one[0], one[1] and other[1]
    return one if order > 0 else other


def _describe_part(part: _Part) -> dict[str, Any]:
    lower, upper, from_closed, to_closed = part
    return {
        "from": MINUS_INFINITY if lower is None else lower,
        "to": INFINITY if upper is None else upper,
        "from_closed": from_closed,
        "to_closed": to_closed,
    }


def trace_floats(course: Course, parameter: str, value: float) -> list[float]:
    """The positions of a float64 run at one value of the parameter, at most 2,000 of them."""
    if not math.isfinite(value):
        value = 1.0
    fixed = at_value(course, parameter, from_float(value))
    state = begin_float(fixed.rule, fixed.start, fixed.float_rates(0))
    positions = [state.position]
    ends = [
        evaluate_float(p.on.upper, {})
        for p in fixed.landscape.loss.pieces
        if p.on.upper is not None
    ]
    for _ in range(min(fixed.steps, 2000)):
        piece = sum(state.position > end for end in ends)
        slope, height = fixed.landscape.float_slopes[piece], fixed.landscape.float_losses[piece]
        rates = fixed.float_rates(state.step)
        state = advance_float(fixed.rule, state, slope, rates, height)
        if not math.isfinite(state.position):
            break
        positions.append(state.position)
    return positions
