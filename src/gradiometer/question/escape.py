"""The question `escape`: which barriers does the optimizer cross?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flint import arb, fmpq

from gradiometer.errors import DomainError, UndecidedError, UsageError
from gradiometer.formula import (
    Axis,
    FloatKind,
    at_parameter,
    evaluate,
    precision,
    to_ball,
    to_float,
    to_text,
)
from gradiometer.proof import (
    Course,
    Regime,
    Threshold,
    combine,
    find_float_threshold,
    find_threshold,
    survey,
)
from gradiometer.question.answer import Answer, Fact, Series, Step, computed, proved, unknown
from gradiometer.question.branches import FACT_OF_KIND, KINDS
from gradiometer.question.course import Request, continuity_fact, is_any_start, read_request
from gradiometer.question.escape_phases import answer_any
from gradiometer.question.landscape import landscape_series
from gradiometer.question.rounding import find_differences, find_rounding, trace_floats
from gradiometer.question.value import INFINITY, MINUS_INFINITY, to_value_text

_FACTS = ("barrier", "attained", "peak", "peak_step", "regimes")


def escape(
    objective: str | Mapping[str, Any],
    *,
    optimizer: str | Mapping[str, Any] = "sgd",
    schedule: str | Mapping[str, Any] | None = None,
    set: Mapping[str, Any] | None = None,
    start: Any = None,
    steps: int = 1000,
    at_kink: str | None = None,
) -> Answer:
    """For which values of the landscape's barrier parameter the run leaves the valley.

    Args:
        objective: A catalogue name, a TOML file or a table; one parameter is its barrier.
        optimizer: A catalogue name, a TOML file or a table with an update rule.
        schedule: A catalogue name, a formula in `k` (steps done), a file or a table.
        set: Values of all other parameters; texts are exact.
        start: The first position, exact; None for that of the entry, or 0; `any` for all starts
            on the slope that leads to the barrier, with the memory as the rule begins.
        steps: How many steps the run may take. A run that stands at its farthest point then is
            followed until it turns back, at most as many steps again. Its outcome is `stays`
            unless it is certain to stay for ever, which is `trapped`.
        at_kink: Which slope to take exactly at a joint: `left`, `right`, or None for the piece
            that contains the point.

    Returns:
        Facts `barrier` (supremum of the parameter that is still escaped), `attained`, `peak`,
        `peak_step`, `regimes`, `at_kink` (both thresholds, when the run meets a joint exactly),
        `float64_barrier` and `float32_barrier` (the same in floats), `floats_differ` (where on
        the axis these escape and the exact run does not, or the other way round), `rounding` and
        `rounding_float32` (the first step on another piece), `continuous`. For `any` start,
        without an end of steps: `barrier`, `attained`, `overshoot` (the supremum past the kink),
        `reached`, `run_up`, `climb`, `settled`, `scaling`, `continuous`.

    Raises:
        GradiometerError: If an input cannot be used, or the objective has no barrier.

    Example:
        >>> escape("barrier", set={"learning_rate": "3/10"}).facts["barrier"].value
        1/5
    """
    request = read_request(
        objective, optimizer=optimizer, schedule=schedule, settings=set, start=start,
        steps=steps, at_kink=at_kink, free=True,
    )  # fmt: skip
    parameter, domain = read_barrier(request, set)
    if is_any_start(start):
        return answer_any(request, parameter, domain)
    course = request.course
    facts: dict[str, Fact] = {}
    certificate: Mapping[str, Any] | None = None
    threshold: Threshold | None = None
    try:
        threshold = find_threshold(course, parameter=parameter, domain=domain)
        facts |= _exact_facts(course, parameter, threshold)
        facts["at_kink"], other = _kink_fact(course, parameter, domain, threshold)
        certificate = combine([threshold.certificate, other])
    except UndecidedError as error:
        reason = f"The run is not decided for every `{parameter}`: {error}."
        facts |= {name: unknown(reason) for name in (*_FACTS, "at_kink")}
    facts |= _float_facts(course, parameter, domain, threshold)
    facts["continuous"] = continuity_fact(course.landscape)
    return Answer(
        "escape",
        {**request.inputs, "parameter": parameter},
        facts,
        _steps(course, parameter, threshold, facts),
        _arrays(course, parameter, facts),
        certificate,
        () if facts["continuous"].value is not False else (facts["continuous"].because,),
    )


def read_barrier(request: Request, given: Mapping[str, Any] | None) -> tuple[str, Axis]:
    """The parameter whose threshold is looked for, and the part of its axis that is allowed."""
    surface = request.objective
    if surface.barrier is None:
        raise UsageError(
            f"The objective `{surface.name}` marks no parameter as its barrier.",
            hint="add `barrier = true` to one of its parameters, or ask for `barrier`",
        )
    names = {key.rpartition(".")[2] for key in (given or {})}
    if surface.barrier in names:
        raise UsageError(
            f"`{surface.barrier}` is what `escape` looks for and cannot be set.",
            hint=f"leave `{surface.barrier}` out, or ask `trajectory` for one value of it",
        )
    domain = surface.parameters[surface.barrier].domain
    ends = [None if e is None else evaluate(e, {}) for e in (domain.lower, domain.upper)]
    if not all(end is None or isinstance(end, fmpq) for end in ends):
        raise DomainError("The domain of the barrier must have rational ends.")
    return surface.barrier, Axis(ends[0], ends[1], domain.lower_closed, domain.upper_closed)


def _exact_facts(course: Course, parameter: str, threshold: Threshold) -> dict[str, Fact]:
    top, staying = threshold.top, threshold.staying
    horizon = "" if threshold.is_final else f" within {threshold.last_step} steps"
    facts: dict[str, Fact] = {}
    if top is None:
        nobody = f"The run leaves the valley for no `{parameter}`{horizon}."
        facts["barrier"] = proved("none", nobody)
        facts["attained"] = proved(False, "There is nothing to reach.")
    else:
        lands = _lands_on_joint(course, parameter, threshold)
        facts["barrier"] = proved(
            INFINITY if top.upper is None else top.upper,
            f"The supremum of all `{parameter}` for which the run passes the top beside its "
            f"valley{horizon}"
            + (": there the farthest position and the top coincide." if lands else "."),
        )
        facts["attained"] = proved(top.upper_closed, _attained_sentence(threshold, lands))
    if staying is None or threshold.peak is None:
        reason = (
            "For no value of the parameter does the run stay in a valley."
            if staying is None
            else f"The farthest position moves with `{parameter}`."
        )
        facts["peak"], facts["peak_step"] = unknown(reason), unknown(reason)
    else:
        facts["peak"] = proved(
            threshold.peak,
            "The farthest position towards the top, for the smallest values of "
            f"`{parameter}` with which the run does not escape{horizon}.",
        )
        facts["peak_step"] = proved(staying.peak_step, "The step that reaches the peak.")
    rows = [_regime_row(regime) for regime in threshold.regimes]
    facts["regimes"] = proved(rows, _regime_sentence(parameter, threshold.regimes))
    return facts


def _lands_on_joint(course: Course, parameter: str, threshold: Threshold) -> bool:
    """Whether the run just above the threshold reaches a joint of the landscape there."""
    top = threshold.top
    after = threshold.regimes[threshold.regimes.index(top) + 1 :] if top is not None else ()
    if top is None or top.upper is None or not after or after[0].peak is None:
        return False
    with precision(threshold.bits):
        gap = [end for _, end in survey(course.landscape, {parameter: top.upper}).ends[:-1]]
        peak = at_parameter(after[0].peak, top.upper)
        return any(to_ball(peak - end).contains(0) for end in gap)


def _attained_sentence(threshold: Threshold, lands: bool) -> str:
    top = threshold.top
    if top is None or top.upper is None:
        return "The run escapes for all large values."
    if top is threshold.regimes[-1]:
        belongs = "belongs" if top.upper_closed else "does not belong"
        return f"The threshold is the end of the domain, which {belongs} to it."
    if lands:
        after = "goes on downhill." if top.upper_closed else "turns back."
        return f"At the threshold itself the run lands exactly on the top and {after}"
    return f"At the threshold itself the run {'escapes' if top.upper_closed else 'stays'}."


def _regime_row(regime: Regime) -> dict[str, Any]:
    return {
        "from": MINUS_INFINITY if regime.lower is None else regime.lower,
        "to": INFINITY if regime.upper is None else regime.upper,
        "from_closed": regime.lower_closed,
        "to_closed": regime.upper_closed,
        "outcome": regime.outcome,
        "latest_step": regime.step,
    }


def _regime_sentence(parameter: str, regimes: tuple[Regime, ...]) -> str:
    words = {
        "escapes": "escapes",
        "trapped": "is trapped for ever",
        "stays": "stays in the valley to the last step that was run",
        "outside": "starts outside every valley, on a way downhill without end",
    }
    parts = [f"for {parameter} in {_part_text(r)} it {words[r.outcome]}" for r in regimes]
    return "The axis is split wherever a branch of the run depends on it: " + "; ".join(parts) + "."


def _part_text(regime: Regime) -> str:
    left = "-oo" if regime.lower is None else to_value_text(regime.lower)
    right = "oo" if regime.upper is None else to_value_text(regime.upper)
    opening = "[" if regime.lower_closed else "("
    return f"{opening}{left}, {right}{']' if regime.upper_closed else ')'}"


def _kink_fact(
    course: Course, parameter: str, domain: Axis, threshold: Threshold
) -> tuple[Fact, Mapping[str, Any] | None]:
    """The thresholds for both slopes, when the run stands exactly on a joint on its way."""
    staying = threshold.staying
    if staying is None or staying.tie_step is None:
        return proved("none", "The run never stands exactly on a joint that is fixed."), None
    other_side = "left" if staying.tie_side == "right" else "right"
    try:
        other = find_threshold(replace(course, side=other_side), parameter=parameter, domain=domain)
    except UndecidedError as error:
        return unknown(f"With the other slope the run is not decided: {error}."), None
    sides = {staying.tie_side: threshold, other_side: other}
    value: dict[str, Any] = {"step": staying.tie_step, "at": staying.tie_at}
    for side in ("left", "right"):
        top = sides[side].top
        value[side] = "none" if top is None else INFINITY if top.upper is None else top.upper
    said = ", ".join(f"of the {s} piece {to_value_text(value[s])}" for s in ("left", "right"))
    because = (
        f"After step {staying.tie_step} the run stands exactly on the joint "
        f"x = {to_value_text(staying.tie_at)}, where the slope is a choice; the barrier is, with "
        f"the slope {said}."
    )
    return proved(value, because), other.certificate


def _float_facts(
    course: Course, parameter: str, domain: Axis, threshold: Threshold | None
) -> dict[str, Fact]:
    """What the same run does in float64 and float32."""
    facts: dict[str, Fact] = {}
    found: dict[FloatKind, Threshold] = {}
    for kind in KINDS:
        name = f"{kind}_barrier"
        try:
            found[kind] = find_float_threshold(
                course, parameter=parameter, domain=domain, kind=kind
            )
            facts[name] = _float_barrier(found[kind], parameter, kind)
        except UndecidedError as error:
            facts[name] = unknown(f"The {kind} run gives no threshold: {error}.")
        except DomainError as error:
            facts[name] = unknown(f"The {kind} run gives no threshold: {error.problem}")
    if threshold is None or not found:
        facts["floats_differ"] = unknown("There are no two runs to compare.")
    else:
        facts["floats_differ"] = find_differences(threshold, found)
    for kind in KINDS:
        facts[FACT_OF_KIND[kind]] = find_rounding(course, parameter, threshold, kind=kind)
    return facts


def _float_barrier(found: Threshold, parameter: str, kind: FloatKind) -> Fact:
    top = found.top
    if top is None:
        return computed("none", f"The {kind} run leaves the valley for no `{parameter}`.")
    value = float("inf") if top.upper is None else to_float(top.upper)
    return computed(value, f"The same threshold when every operation is rounded to {kind}.")


def _steps(
    course: Course, parameter: str, threshold: Threshold | None, facts: Mapping[str, Fact]
) -> tuple[Step, ...]:
    tops = [to_text(p.on.upper) for p in course.landscape.loss.pieces if p.on.upper is not None]
    slopes = [to_text(slope) for slope in course.landscape.slopes]
    lines = [
        Step(f"joints at x = {', '.join(tops)}", "The pieces of the landscape meet there."),
        Step(f"slopes {', '.join(slopes)}", "From left to right, one for each piece."),
        Step(
            f"run with {parameter} as a symbol",
            "The positions are the same for all its values until a branch depends on it.",
        ),
    ]
    lines += [
        Step(f"{parameter} in {_part_text(r)}: {r.outcome}", f"Decided by step {r.step}.")
        for r in (threshold.regimes if threshold else ())
    ]
    for name in ("barrier", "at_kink", "rounding"):
        value = facts[name].value
        if value is not None and value != "none":
            text = f"sup {parameter} = {to_value_text(value)}" if name == "barrier" else name
            lines.append(Step(text, facts[name].because))
    return tuple(lines)


def _arrays(course: Course, parameter: str, facts: Mapping[str, Fact]) -> dict[str, Series]:
    """The float64 run at the threshold and the landscape under it, for the picture."""
    barrier = facts["barrier"].value
    value = to_float(barrier) if isinstance(barrier, fmpq | arb) else 1.0
    positions = trace_floats(course, parameter, value)
    series = {
        "step": Series(("step",), list(range(len(positions))), "step", "steps done"),
        "x": Series(("step",), positions, "1", "position at the threshold, in float64"),
    }
    return series | landscape_series(course, positions, {parameter: value})
