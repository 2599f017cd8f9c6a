"""Where a float64 run takes another branch than exact arithmetic."""

from __future__ import annotations

import math
from typing import Any

from flint import fmpq

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import (
    Exact,
    Node,
    evaluate,
    evaluate_float,
    free_names,
    from_float,
    precision,
    to_float,
    to_text,
)
from gradiometer.numeric import advance_float, begin_float
from gradiometer.proof import Course, Regime, Threshold, advance, at_value, begin, survey
from gradiometer.question.answer import Fact, computed, unknown
from gradiometer.question.value import to_value_text


def find_rounding(course: Course, parameter: str, threshold: Threshold | None) -> Fact:
    """The first step at which float64 stands on another piece than exact arithmetic, and why.

    Both runs are compared at one value of the parameter: where the run first stays in the valley.
    """
    staying = None if threshold is None else threshold.staying
    if threshold is None or staying is None:
        return unknown("There is no run that stays in the valley to compare.")
    with precision(threshold.bits):
        try:
            value = _inside(staying)
            return _compare(at_value(course, parameter, value), staying)
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


def _compare(course: Course, regime: Regime) -> Fact:
    ground = survey(course.landscape)
    exact = begin(course.rule, course.start, course.rates(0))
    floating = begin_float(course.rule, course.start, course.float_rates(0))
    last = min(regime.step, course.steps)
    while True:
        if not math.isfinite(floating.position):
            return computed("overflow", f"float64 overflows at step {floating.step}.")
        here = ground.locate(exact.position, course.side)
        there = ground.locate(from_float(floating.position), course.side)
        if here != there:
            stands = (exact.position, floating.position)
            return _describe(course, exact.step, stands, slopes=(here, there))
        if exact.step >= last:
            return computed(
                "none", f"Float64 and exact arithmetic take the same branch in all {last} steps."
            )
        rates, rounded = course.rates(exact.step), course.float_rates(exact.step)
        slope = course.landscape.float_slopes[here]
        height = course.landscape.float_losses[here]
        value = ground.loss(here, exact.position)
        exact = advance(course.rule, exact, ground.slope(here, exact.position), rates, value)
        floating = advance_float(course.rule, floating, slope, rounded, height)


def _describe(
    course: Course, step: int, stands: tuple[Exact, float], *, slopes: tuple[int, int]
) -> Fact:
    exact, floating = stands
    trees = [course.landscape.slopes[index] for index in slopes]
    here, there = map(to_text, trees)
    because = (
        f"After step {step} exact arithmetic stands at {to_value_text(exact)}, where the slope "
        f"is {here}; float64 has added up to {floating!r}, where it is "
        f"{there}."
    )
    value: dict[str, Any] = {
        "step": step,
        "exact": exact,
        "float64": floating,
        "exact_slope": _slope_value(trees[0]),
        "float64_slope": _slope_value(trees[1]),
        "reason": because,
    }
    return computed(value, because)


def _slope_value(slope: Node) -> Any:
    """The slope as a number where it is one; as text where it moves with the position."""
    if free_names(slope):
        return to_text(slope)
    value = evaluate(slope, {})
    return value if isinstance(value, fmpq) else slope


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
