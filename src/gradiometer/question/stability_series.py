"""Growth by the free parameter as arrays, the best value, and how far a restless run swings."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from gradiometer.errors import DomainError, GradiometerError, UndecidedError
from gradiometer.formula import to_float
from gradiometer.proof import Stability, measure_growth
from gradiometer.question.answer import Fact, Series, computed, unknown
from gradiometer.question.stability_points import Point
from gradiometer.question.stability_read import Request

_SAMPLES = 241
_ROUNDS = 15
_BEYOND = 1.3
"""How far beyond the last finite end the picture goes."""
_OFF = 0.6180339887
_STEPS, _LAST = 6000, 2000


def list_growth(request: Request, found: Stability) -> dict[str, Series]:
    """The size of the largest multiplier over a range that shows all ends."""
    low, high = _window(request, found)
    grid = [low + (high - low) * k / (_SAMPLES - 1) for k in range(1, _SAMPLES)]
    try:
        growth = measure_growth(request.subject, found.rest)(grid)
    except UndecidedError:
        return {}
    name = request.subject.parameter
    return {
        "rate": Series(("rate",), grid, "1", name.replace("_", " ")),
        "growth": Series(("rate",), growth, "1", "size of the largest multiplier, in float64"),
    }


def _window(request: Request, found: Stability) -> tuple[float, float]:
    low, top = request.subject.domain
    ends = [to_float(end.upper) for span in found.spans for end in span if end is not None]
    high = max([*ends, to_float(request.rate) if not any(ends) else 0.0])
    high = _BEYOND * high if high > 0 else 1.0
    return to_float(low), high if top is None else min(high, to_float(top))


def find_best(request: Request, found: Stability) -> Fact:
    """The safe value with the smallest growth, in float64."""
    if not found.spans:
        return unknown("No value is safe, so none is best.")
    try:
        measure = measure_growth(request.subject, found.rest)
    except UndecidedError as error:
        return unknown(f"The multipliers are not known: {error}.")
    value, growth = _minimise(measure, *_window(request, found))
    short = float(f"{value:.10g}")
    (rounded,) = measure([short])
    if rounded <= growth + 1e-12:
        value, growth = short, rounded
    row = {"rate": value, "growth": growth}
    return computed(row, "Of all safe values this one has the smallest largest multiplier.")


def _minimise(
    measure: Callable[[Sequence[float]], list[float]], low: float, high: float
) -> tuple[float, float]:
    """A search over grids that grow finer round the best place."""
    best, least = math.nan, math.inf
    left, right = low, high
    for _ in range(_ROUNDS):
        grid = [left + (right - left) * k / 33 for k in range(1, 33)]
        for value, size in zip(grid, measure(grid), strict=True):
            if size < least:
                best, least = value, size
        width = (right - left) / 8
        left, right = max(low, best - width), min(high, best + width)
        if not left < right or width < 1e-13 * max(1.0, abs(best)):
            break
    return best, least


def measure_swing(request: Request, point: Point) -> Fact:
    """How far a run in float64 finally swings about a point at which it cannot rest."""
    if len(request.objective.variables) > 1:
        return unknown("It is measured in one variable only.")
    middle = to_float(point.at[0])
    try:
        swing = _run(request, middle)
    except (DomainError, GradiometerError, ArithmeticError, ValueError):
        return unknown("The run in float64 has no value somewhere.")
    if not math.isfinite(swing):
        return unknown("The run in float64 runs away.")
    return computed(
        swing,
        f"The largest distance from the point in the last {_LAST:,} of {_STEPS:,} steps in "
        f"float64, from a start close by.",
    )


def _run(request: Request, middle: float) -> float:
    rule, curve = request.subject.rule, request.objective.bind(request.values)
    ends = [None if p.on.upper is None else p.on.upper for p in curve.loss.pieces]
    from gradiometer.formula import evaluate_float

    uppers = [math.inf if end is None else evaluate_float(end, {}) for end in ends]
    known: dict[str, float] = {**rule.float_values}
    known[request.subject.parameter] = to_float(request.rate)
    # Not a whole number of steps away, or a rule of equal steps may land on the point.
    known["x"] = middle + _OFF * to_float(request.rate)
    known |= {name: evaluate_float(tree, known) for name, tree in rule.state.items()}
    held = {name: to_float(value) for name, value in request.subject.held.items()}
    swing = 0.0
    for step in range(1, _STEPS + 1):
        known |= held
        if math.isnan(known["x"]):
            raise ArithmeticError("The position is no number.")
        piece = next(k for k, upper in enumerate(uppers) if known["x"] <= upper)
        here: Mapping[str, float] = {"x": known["x"]}
        known["g"], known["t"] = curve.float_slopes[piece](here), float(step)
        known["loss"] = curve.float_losses[piece](here)
        for target, run in rule.float_step:
            known[target] = run(known)
        known |= {name: known[f"{name}'"] for name in ("x", *rule.state)}
        if step > _STEPS - _LAST:
            swing = max(swing, abs(known["x"] - middle))
    return swing
