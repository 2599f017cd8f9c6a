"""The question `escape`: which barriers does the optimizer cross?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flint import fmpq

from gradiometer.errors import CertificateError, DomainError, UndecidedError, UsageError
from gradiometer.formula import (
    Axis,
    Exact,
    Line,
    evaluate,
    precision,
    to_float,
    to_text,
)
from gradiometer.proof import (
    Course,
    ExactStepper,
    FloatStepper,
    Regime,
    check,
    find_regimes,
    find_settled_step,
    make_certificate,
    merge,
    spell,
)
from gradiometer.question.answer import Answer, Fact, Series, Step, computed, proved, unknown
from gradiometer.question.course import Request, continuity_fact, read_request
from gradiometer.question.landscape import landscape_series
from gradiometer.question.rounding import find_rounding, trace_floats
from gradiometer.question.value import INFINITY, MINUS_INFINITY, to_value_text

_FACTS = ("barrier", "attained", "peak", "peak_step", "regimes")


def escape(
    objective: str | Mapping[str, Any],
    *,
    optimizer: str | Mapping[str, Any] = "sgd",
    schedule: str | Mapping[str, Any] | None = None,
    set: Mapping[str, Any] | None = None,
    start: Any = "0",
    steps: int = 2000,
    at_kink: str | None = None,
) -> Answer:
    """For which values of the landscape's barrier parameter the run leaves the valley.

    Args:
        objective: A catalogue name, a TOML file or a table; one parameter is its barrier.
        optimizer: A catalogue name, a TOML file or a table with an update rule.
        schedule: A catalogue name, a formula in `k` (steps done), a file or a table.
        set: Values of all other parameters; texts are exact.
        start: The first position, exact.
        steps: How many steps the run may take. A run that stands at its farthest point then is
            followed until it turns back, at most as many steps again. Its outcome is `stays`
            unless it is certain to stay for ever, which is `trapped`.
        at_kink: Which slope to take exactly at a joint: `left`, `right`, or None for the piece
            that contains the point.

    Returns:
        Facts `barrier` (supremum of the parameter that is still escaped), `attained`, `peak`,
        `peak_step`, `regimes`, `float64_barrier`, `rounding`, `continuous`.

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
    parameter, domain = _barrier(request, set)
    course = request.course
    facts: dict[str, Fact] = {}
    certificate: dict[str, Any] | None = None
    regimes: tuple[Regime, ...] = ()
    bits = 256
    try:
        found, bits = find_regimes(
            course, parameter=parameter, domain=domain, stepper=ExactStepper(),
            settled_from=find_settled_step(course),
        )  # fmt: skip
        with precision(bits):
            regimes = merge(found)
            certificate, refusal = _certify(course, parameter, domain, regimes)
            say = computed if refusal else proved
            facts |= _exact_facts(course, parameter, regimes, say)
    except UndecidedError as error:
        reason = f"The run is not decided for every `{parameter}`: {error}."
        facts |= {name: unknown(reason) for name in _FACTS}
    floats = _float_regimes(course, parameter, domain)
    facts["float64_barrier"] = _float_barrier(floats, parameter)
    facts["rounding"] = find_rounding(course, parameter, regimes, bits)
    facts["continuous"] = continuity_fact(course.landscape)
    steps_shown = _steps(course, parameter, regimes, facts)
    arrays = _arrays(course, parameter, facts)
    inputs = {**request.inputs, "parameter": parameter, "steps": steps}
    warnings = () if facts["continuous"].value is not False else (facts["continuous"].because,)
    return Answer("escape", inputs, facts, steps_shown, arrays, certificate, warnings)


def _barrier(request: Request, given: Mapping[str, Any] | None) -> tuple[str, Axis]:
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
    axis = Axis(ends[0], ends[1], domain.lower_closed, domain.upper_closed)
    return surface.barrier, axis


def _certify(
    course: Course, parameter: str, domain: Axis, regimes: tuple[Regime, ...]
) -> tuple[dict[str, Any] | None, str]:
    """The certificate if the checker accepts it, else None and why."""
    top = _top(regimes)
    staying = next((r for r in regimes if r.outcome != "escapes"), None)
    peak = None if staying is None or isinstance(staying.peak, Line) else spell(staying.peak)
    certificate = make_certificate(
        "regimes",
        problem={
            "run": course.to_problem(),
            "parameter": parameter,
            "domain": [
                *(None if e is None else str(e) for e in (domain.lower, domain.upper)),
                domain.lower_closed,
                domain.upper_closed,
            ],
        },
        claim={
            "regimes": [
                {
                    "from": None if r.lower is None else spell(r.lower),
                    "to": None if r.upper is None else spell(r.upper),
                    "from_closed": r.lower_closed,
                    "to_closed": r.upper_closed,
                    "outcome": r.outcome,
                }
                for r in regimes
            ],
            "barrier": None if top is None or top.upper is None else spell(top.upper),
            "attained": top is not None and top.upper_closed,
            "peak": peak,
            "peak_step": None if staying is None else staying.peak_step,
        },
    )
    try:
        check(certificate)
    except CertificateError as error:
        return None, error.problem
    return certificate, ""


def _top(regimes: tuple[Regime, ...]) -> Regime | None:
    """The escaping regime with the largest values of the parameter."""
    escaping = [r for r in regimes if r.outcome == "escapes"]
    return escaping[-1] if escaping else None


def _exact_facts(
    course: Course, parameter: str, regimes: tuple[Regime, ...], say: Any
) -> dict[str, Fact]:
    top = _top(regimes)
    staying = next((r for r in regimes if r.outcome != "escapes"), None)
    horizon = (
        "" if all(r.outcome != "stays" for r in regimes) else f" within {course.steps} steps"
    )
    facts: dict[str, Fact] = {}
    if top is None:
        facts["barrier"] = say("none", f"The run leaves the valley for no `{parameter}`{horizon}.")
        facts["attained"] = say(False, "There is nothing to reach.")
    else:
        value = INFINITY if top.upper is None else top.upper
        facts["barrier"] = say(
            value,
            f"The supremum of all `{parameter}` for which the run passes the top{horizon}: "
            "there the farthest position and the top coincide.",
        )
        facts["attained"] = say(
            top.upper_closed,
            "At the threshold itself the run lands exactly on the top and "
            + ("goes on downhill." if top.upper_closed else "turns back."),
        )
    if staying is None:
        facts["peak"] = unknown("The run escapes for every value of the parameter.")
        facts["peak_step"] = unknown("The run escapes for every value of the parameter.")
    else:
        peak = staying.peak.at(_sample(staying)) if isinstance(staying.peak, Line) else staying.peak
        facts["peak"] = say(peak, f"The farthest position of a run that does not escape{horizon}.")
        facts["peak_step"] = say(staying.peak_step, "The step that reaches the peak.")
    facts["regimes"] = say(_regime_rows(regimes), _regime_sentence(parameter, regimes))
    return facts


def _sample(regime: Regime) -> Exact:
    return regime.lower if regime.lower is not None else fmpq(0)


def _regime_rows(regimes: tuple[Regime, ...]) -> list[dict[str, Any]]:
    return [
        {
            "from": MINUS_INFINITY if r.lower is None else r.lower,
            "to": INFINITY if r.upper is None else r.upper,
            "from_closed": r.lower_closed,
            "to_closed": r.upper_closed,
            "outcome": r.outcome,
            "step": r.step,
        }
        for r in regimes
    ]


def _regime_sentence(parameter: str, regimes: tuple[Regime, ...]) -> str:
    words = {
        "escapes": "escapes",
        "trapped": "is trapped for ever",
        "stays": "stays in the valley to the last step that was run",
    }
    parts = []
    for r in regimes:
        left = "(-oo" if r.lower is None else ("[" if r.lower_closed else "(") + to_value_text(r.lower)
        right = "oo)" if r.upper is None else to_value_text(r.upper) + ("]" if r.upper_closed else ")")
        parts.append(f"for {parameter} in {left}, {right} it {words[r.outcome]}")
    return "The axis is split wherever a branch of the run depends on it: " + "; ".join(parts) + "."


def _float_regimes(course: Course, parameter: str, domain: Axis) -> tuple[Regime, ...] | str:
    try:
        found, _ = find_regimes(
            course, parameter=parameter, domain=domain, stepper=FloatStepper(),
            settled_from=find_settled_step(course),
        )  # fmt: skip
    except (UndecidedError, DomainError) as error:
        return str(error) if isinstance(error, UndecidedError) else error.problem
    return merge(found)


def _float_barrier(floats: tuple[Regime, ...] | str, parameter: str) -> Fact:
    if isinstance(floats, str):
        return unknown(f"The float64 run gives no threshold: {floats}.")
    top = _top(floats)
    if top is None:
        return computed("none", f"The float64 run leaves the valley for no `{parameter}`.")
    value = float("inf") if top.upper is None else to_float(top.upper)
    return computed(value, "The same threshold when every operation is rounded to float64.")


def _steps(
    course: Course, parameter: str, regimes: tuple[Regime, ...], facts: Mapping[str, Fact]
) -> tuple[Step, ...]:
    lines = [
        Step(
            f"the run stays left of the top until a branch depends on {parameter}",
            "Until then its positions are the same for every value of the parameter.",
        )
    ]
    for r in regimes:
        left = "-oo" if r.lower is None else to_value_text(r.lower)
        right = "oo" if r.upper is None else to_value_text(r.upper)
        lines.append(
            Step(
                f"{left} {'<=' if r.lower_closed else '<'} {parameter} "
                f"{'<=' if r.upper_closed else '<'} {right}: {r.outcome}",
                f"Decided at step {r.step}.",
            )
        )
    if facts["barrier"].value is not None:
        text = to_value_text(facts["barrier"].value)
        lines.append(Step(f"sup {parameter} = {text}", facts["barrier"].because))
    tops = [to_text(p.on.upper) for p in course.landscape.loss.pieces if p.on.upper is not None]
    lines.append(Step(f"joints at x = {', '.join(tops)}", "The pieces of the landscape."))
    return tuple(lines)


def _arrays(course: Course, parameter: str, facts: Mapping[str, Fact]) -> dict[str, Series]:
    """The float64 run at the threshold and the landscape under it, for the picture."""
    barrier = facts["barrier"].value
    known = barrier is not None and not isinstance(barrier, str) and barrier != INFINITY
    value = to_float(barrier) if known else 1.0
    positions = trace_floats(course, parameter, value)
    series = {
        "step": Series(("step",), list(range(len(positions))), "step", "steps done"),
        "x": Series(("step",), positions, "1", "position at the threshold, in float64"),
    }
    return series | landscape_series(course, positions, {parameter: value})
