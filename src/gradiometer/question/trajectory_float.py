"""The facts of a run in floats: what was computed, and nothing proved."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from gradiometer.errors import DomainError
from gradiometer.formula import FloatKind, to_float, to_text
from gradiometer.numeric import (
    FloatTrail,
    GradientNoise,
    draw_column,
    make_stochastic,
    to_field,
    trace_compiled,
    trace_floats,
)
from gradiometer.proof import Journey
from gradiometer.question.answer import Answer, Fact, Step, computed, unknown
from gradiometer.question.course import Request, continuity_fact
from gradiometer.question.trajectory_places import find_nearest, say_steps, to_place
from gradiometer.question.trajectory_series import list_series
from gradiometer.question.value import to_value_text

_SHOWN_STEPS = 8
FAR = 1e100
"""A coordinate of this size has diverged."""
MOST_INTERPRETED = 20_000
"""Steps up to which compiling would take longer than the run itself."""
_STILL = 100
"""Steps without any change after which a run is said to have come to rest."""


def answer_in_floats(
    request: Request, engine: FloatKind, why: str, noise: GradientNoise | None = None, seed: int = 0
) -> Answer:
    """The answer in float64 or float32.

    Args:
        request: What was asked.
        engine: `float64` or `float32`.
        why: Why floats are used, for the fact `engine`.
        noise: What is drawn in place of the whole gradient.
        seed: What decides the draws of a rule that draws for itself.

    Raises:
        GradiometerError: If the noise does not fit the objective.
    """
    journey = request.journey
    trail = trace_request(request, engine, noise, seed)
    if trail.not_finite == 0 and math.isnan(trail.losses[0]):
        numbers = ", ".join(map(str, request.start))
        raise DomainError(f"The landscape has no value at the start ({numbers}).")
    names = request.objective.variables
    facts = {"verdict": judge_trail(trail, engine)}
    facts |= _lowest_facts(request, trail, engine)
    facts["final"] = computed(
        to_place(names, trail.final), f"The position after {say_steps(trail.last)}, in {engine}."
    )
    facts["cycle"] = _cycle(trail)
    facts["not_finite"] = _not_finite(trail)
    facts["engine"] = computed(engine, f"{why} Every operation is rounded to the nearest {engine}.")
    near = find_nearest(request, trail.final, computed)
    if near is not None:
        facts["nearest_critical"] = near
    if len(names) == 1 and not request.is_online:
        facts["continuous"] = continuity_fact(request.curve)
    series = list_series(request, trail.steps, trail.positions, trail.losses)
    return Answer(
        "trajectory", {**request.inputs, "engine": engine}, facts,
        _steps(journey, trail, facts), series, None, tuple(_warnings(request, trail)),
    )  # fmt: skip


def trace_request(
    request: Request, engine: FloatKind, noise: GradientNoise | None = None, seed: int = 0
) -> FloatTrail:
    """The run, operation by operation while it is short, else as a compiled kernel."""
    journey = request.journey
    is_curve = len(request.start) == 1 and not request.is_online
    landscape = request.curve if is_curve else journey.surface
    field = to_field(landscape, request.side, precision=engine)
    tables: dict[str, Any] = {}
    # The first coordinates that are drawn in a step are those of the gradient.
    if "noise" in request.rule.reads:
        tables = {
            name: draw_column(seed, request.steps, at)
            for at, name in enumerate(journey.code.noises, len(journey.code.coordinates))
        }
    if noise is not None:
        drawn = make_stochastic(
            noise, field, steps=request.steps, name=request.objective.name,
            term_gradients=journey.surface.term_gradients,
        )  # fmt: skip
        field, tables = drawn.field, {**tables, **drawn.tables}
    start = [to_float(number) for number in request.start]
    is_settled = not request.schedules and not request.rule.depends_on_step
    if request.steps <= MOST_INTERPRETED:
        return trace_floats(
            journey.code, field, start,
            steps=request.steps,
            rates=journey.float_rates,
            draws=_look_up(tables) if tables else None,
            is_settled=is_settled, kind=engine,
        )  # fmt: skip
    return trace_compiled(
        journey.code, field, start, steps=request.steps, schedules=request.schedules, draws=tables,
        precision=engine, is_settled=is_settled,
    )  # fmt: skip


def _look_up(tables: Mapping[str, Any]) -> Callable[[int], Mapping[str, float]]:
    columns = {name: column.tolist() for name, column in tables.items()}
    return lambda step: {name: column[step] for name, column in columns.items()}


def judge_trail(trail: FloatTrail, engine: str) -> Fact:
    """What the floats look like at the end; they prove nothing about later steps."""
    if trail.not_finite is not None:
        if all(map(math.isfinite, trail.final)) and math.isnan(trail.losses[-1]):
            because = f"After step {trail.last:,} the landscape has no value in {engine}."
            return Fact("unknown", "unknown", because)
        because = f"After step {trail.not_finite:,} a number of the {engine} run is not finite."
        return computed("diverges", because)
    if max(map(abs, trail.final)) > FAR:
        return computed("diverges", f"A coordinate of the {engine} run is larger than {FAR:g}.")
    if trail.period is not None and trail.period > 1:
        because = (
            f"The whole {engine} state after step {trail.last:,} returns exactly after "
            f"{trail.period} more steps."
        )
        return computed("cycle", because)
    if trail.period == 1 or trail.still >= _STILL:
        because = f"The {engine} position did not change in {trail.still:,} steps at the end."
        if trail.period == 1:
            because = f"The {engine} state does not change any more from the last step on."
        return computed("converges", because)
    moved = math.dist(trail.positions[-1], trail.positions[-2]) if len(trail.steps) > 1 else 0.0
    gap = trail.steps[-1] - trail.steps[-2] if len(trail.steps) > 1 else 0
    span = "step" if gap == 1 else f"{gap:,} steps"
    because = f"The run still moves: {moved:.3g} in the last {span}. Floats prove no later step."
    return Fact("unknown", "unknown", because)


def _lowest_facts(request: Request, trail: FloatTrail, engine: str) -> dict[str, Fact]:
    if math.isnan(trail.lowest):
        reason = "No loss on the way is a number."
        return {name: unknown(reason) for name in ("lowest", "lowest_at", "lowest_step")}
    place = to_place(request.objective.variables, trail.lowest_at)
    because = (
        f"The smallest loss over {say_steps(trail.last, whole=True)} in {engine}, start included."
    )
    return {
        "lowest": computed(trail.lowest, because),
        "lowest_at": computed(place, f"The position of step {trail.lowest_step:,}."),
        "lowest_step": computed(trail.lowest_step, "The first step with the smallest loss."),
    }


def _cycle(trail: FloatTrail) -> Fact:
    if trail.period is not None and trail.period > 1:
        return computed({"period": trail.period}, "The last state returns exactly.")
    return unknown("The last state does not return exactly in the steps that were looked at.")


def _not_finite(trail: FloatTrail) -> Fact:
    if trail.not_finite is None:
        return computed("none", f"All numbers of all {trail.last:,} steps are finite.")
    because = "The first step after which a number of the state, or the loss, is inf or nan."
    return computed(trail.not_finite, because)


def _warnings(request: Request, trail: FloatTrail) -> list[str]:
    if trail.not_finite is not None and trail.last < request.steps:
        return [f"The run ends after step {trail.last:,}: a number is no longer finite."]
    return []


def _steps(journey: Journey, trail: FloatTrail, facts: Mapping[str, Fact]) -> tuple[Step, ...]:
    """The gradient, then the first iterates, then the verdict."""
    names = journey.surface.variables
    lines = [
        Step(f"gradient in {name}: {to_text(slope)}", f"The derivative with respect to {name}.")
        for name, slope in zip(names, journey.surface.gradient[:_SHOWN_STEPS], strict=False)
    ]
    for step, point in list(zip(trail.steps, trail.positions, strict=True))[: _SHOWN_STEPS + 1]:
        parts = [f"{n} = {to_value_text(v)}" for n, v in zip(names, point, strict=True)]
        because = "The start." if step == 0 else "As the rule goes on from the step before."
        lines.append(Step(f"step {step:,}: {', '.join(parts[:_SHOWN_STEPS])}", because))
    word: Any = facts["verdict"].value
    lines.append(Step(f"verdict: {word}", facts["verdict"].because))
    return tuple(lines)
