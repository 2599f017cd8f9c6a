"""The facts of a run in several variables, in exact numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradiometer.errors import CertificateError, UndecidedError
from gradiometer.formula import Exact, compare, precision, to_float, to_text
from gradiometer.proof import (
    Arithmetic,
    Journey,
    NotRationalError,
    Outcome,
    Trail,
    certify_trail,
    check,
    combine,
    count_certain_bits,
    find_outcome,
    find_settled_step,
    follow,
)
from gradiometer.question.answer import Answer, Fact, Series, Step, computed, proved, unknown
from gradiometer.question.course import Request
from gradiometer.question.trajectory_beside import list_float_facts
from gradiometer.question.trajectory_float import answer_in_floats
from gradiometer.question.trajectory_places import (
    describe_numbers,
    find_nearest,
    not_rational,
    say_steps,
    to_place,
)
from gradiometer.question.trajectory_rounding import find_branch_rounding, find_meeting
from gradiometer.question.trajectory_series import list_kept, list_series
from gradiometer.question.value import to_value_text

_MOST_MIXED_STEPS = 2_000
"""Steps that are tried in exact numbers when nobody asks for them."""

_MIXED_BITS = 2_048
"""Precision up to which balls are tried when nobody asks for them."""

_SHOWN_STEPS = 8
_BLURRED = 16
"""Certain bits below which an enclosure is not worth an answer when nobody asks for one."""


def answer_exactly(request: Request, engine: str | None) -> Answer:
    """The answer in rationals and balls; in float64 where these are hopeless and nobody asked.

    Args:
        request: What was asked.
        engine: `exact` for rationals alone, `ball` for balls from the start, None for whatever
            lasts.

    Raises:
        UsageError: If only rationals are allowed and a number is none.
        GradiometerError: If the surface has no value at the start.
    """
    if engine is None and request.steps > _MOST_MIXED_STEPS:
        reason = f"Exact numbers are tried up to {_MOST_MIXED_STEPS:,} steps."
        return answer_in_floats(request, "float64", reason)
    journey = request.journey
    arithmetic: Arithmetic = (
        "exact" if engine == "exact" else "ball" if engine == "ball" else "mixed"
    )
    try:
        trail = follow(
            journey, arithmetic, settled_from=find_settled_step(journey),
            **({} if engine else {"most_bits": _MIXED_BITS}),
        )  # fmt: skip
    except NotRationalError as error:
        raise not_rational(request, error.step, error.where) from None
    if engine is None and _is_hopeless(trail):
        reason = f"In balls of {trail.bits} bits {trail.ended or 'the last position has no digits'}"
        return answer_in_floats(request, "float64", f"{reason}, after step {trail.last}.")
    return _answer(request, journey, trail, engine)


def _is_hopeless(trail: Trail) -> bool:
    return trail.undecided or count_certain_bits(trail.positions[-1]) < _BLURRED


def _answer(request: Request, journey: Journey, trail: Trail, engine: str | None) -> Answer:
    lowest, final = _find_lowest(trail), _find_final(trail, request.steps)
    certificate, refusal = _certify(journey, trail, lowest, final)
    certified = certificate is not None
    facts = _facts(request, trail, lowest, final, certified=certified)
    parts = [certificate]
    if trail.repeats_from is None:
        outcome, reason = find_outcome(journey, find_settled_step(journey))
        facts |= _describe_outcome(request, facts["verdict"], outcome, reason)
        parts += [] if outcome is None else [outcome.certificate]
    facts |= list_float_facts(request)
    warnings = _list_meetings(journey, trail)
    if trail.ended:
        warnings.append(f"The run ends after step {trail.last}: {trail.ended}.")
    if refusal:
        warnings.append(f"The certificate was not accepted: {refusal}")
    inputs = {**request.inputs, **({} if engine is None else {"engine": engine})}
    return Answer(
        "trajectory", inputs, facts, _steps(journey, trail, facts), _arrays(request, trail),
        combine(parts), tuple(warnings),
    )  # fmt: skip


def _describe_outcome(
    request: Request, verdict: Fact, outcome: Outcome | None, reason: str
) -> dict[str, Fact]:
    """What is proved of all steps to come, or why nothing is."""
    if outcome is None:
        because = f"{verdict.because.rstrip('.')}; {reason}."
        return {"verdict": Fact("unknown", "unknown", because)}
    because = outcome.because[0].upper() + outcome.because[1:] + "."
    facts = {
        "verdict": proved(outcome.word, because),
        "cycle": proved("none", f"The run {outcome.word}, so it has no cycle."),
    }
    if outcome.limit is not None:
        place = to_place(request.objective.variables, outcome.limit)
        facts["limit"] = proved(place, "The point that the run converges to.")
    return facts


def _list_meetings(journey: Journey, trail: Trail) -> list[str]:
    """That a slope was taken where there are several, which nobody can choose."""
    found = find_meeting(journey.surface, trail.positions[:-1])
    if found is None:
        return []
    step, left, right = found
    return [
        f"After step {step} branches of the landscape meet, where `{to_text(left)}` = "
        f"`{to_text(right)}`; the slope of the branch that the formula takes there is used, which "
        "of `abs` and `relu` at 0 is 0, and of `max` and `min` the first."
    ]


def _find_lowest(trail: Trail) -> int | None:
    """The first step with the lowest loss, or None when two balls cannot be ordered."""
    best = 0
    try:
        with precision(trail.bits):
            for step in range(1, len(trail.losses)):
                if compare(trail.losses[step], trail.losses[best]) < 0:
                    best = step
    except UndecidedError:
        return None
    return best


def _find_final(trail: Trail, steps: int) -> int:
    """The step of the run whose position is the last one, also beyond a cycle."""
    if trail.repeats_from is None or trail.period is None:
        return trail.last
    return trail.repeats_from + (steps - trail.repeats_from) % trail.period


def _certify(
    journey: Journey, trail: Trail, lowest: int | None, final: int
) -> tuple[dict[str, Any] | None, str]:
    """The certificate if the checker accepts it, else None and why."""
    if trail.ended or lowest is None:
        return None, ""
    certificate = certify_trail(journey, trail, lowest=lowest, final=final)
    try:
        check(certificate)
    except CertificateError as error:
        return None, error.problem
    return certificate, ""


def _facts(
    request: Request, trail: Trail, lowest: int | None, final: int, *, certified: bool
) -> dict[str, Fact]:
    say = proved if certified else computed
    names = request.objective.variables
    last = trail.last if trail.ended else request.steps
    with precision(trail.bits):
        place = trail.positions[final]
        facts = {"verdict": _verdict(trail, certified=certified)}
        facts |= _lowest_facts(request, trail, lowest, say)
        facts["final"] = say(
            to_place(names, place), f"The position after {say_steps(last)}, in exact arithmetic."
        )
        facts["cycle"] = _cycle(request, trail, certified=certified)
        facts["engine"] = say(*describe_numbers(trail.first_ball, trail.bits))
        near = find_nearest(request, place, say)
        if near is not None:
            facts["nearest_critical"] = near
        states = list(zip(trail.positions, trail.memories, strict=True))
        facts |= find_branch_rounding(request, states, last=last)
    return facts


def _verdict(trail: Trail, *, certified: bool) -> Fact:
    if trail.ended:
        because = f"The run ends at step {trail.last}: {trail.ended}."
        return Fact("unknown", "unknown", because)
    if trail.repeats_from is None or not certified:
        because = f"No state repeats exactly within {say_steps(trail.last)}."
        return Fact("unknown", "unknown", because)
    first, period = trail.repeats_from, trail.period
    if period == 1:
        because = f"From step {first} on the state does not change any more."
        return proved("converges", because)
    because = f"The state after step {first} returns after {period} steps, and decides the next."
    return proved("cycle", because)


def _lowest_facts(request: Request, trail: Trail, lowest: int | None, say: Any) -> dict[str, Fact]:
    names = request.objective.variables
    if lowest is None:
        guess = min(range(len(trail.losses)), key=lambda i: to_float(trail.losses[i]))
        because = "The lowest of the enclosures' midpoints; two of them overlap, so no proof."
        point = [to_float(number) for number in trail.positions[guess]]
        return {
            "lowest": computed(to_float(trail.losses[guess]), because),
            "lowest_at": computed(to_place(names, point), because),
            "lowest_step": computed(guess, because),
        }
    repeats = trail.repeats_from is not None
    span = "all steps, since the run repeats" if repeats else say_steps(trail.last, whole=True)
    place = to_place(names, trail.positions[lowest])
    return {
        "lowest": say(trail.losses[lowest], f"The smallest loss over {span}, start included."),
        "lowest_at": say(place, f"The position of step {lowest}."),
        "lowest_step": say(lowest, "The first step with the smallest loss."),
    }


def _cycle(request: Request, trail: Trail, *, certified: bool) -> Fact:
    first, period = trail.repeats_from, trail.period
    if first is None or period is None:
        return unknown("No state repeats exactly in the steps that were run.")
    if not certified:
        return unknown("The certificate of the cycle was not accepted.")
    if period == 1:
        return proved("none", "The run converges, so it has no cycle.")
    names = request.objective.variables
    points = [to_place(names, trail.positions[first + index]) for index in range(period)]
    value = {"period": period, "points": points, "from_step": first}
    return proved(value, f"The state after step {first} returns exactly after {period} steps.")


def _steps(journey: Journey, trail: Trail, facts: Mapping[str, Fact]) -> tuple[Step, ...]:
    """The gradient, then the first iterates as lines of a derivation, then the verdict."""
    names = journey.surface.variables
    lines = [
        Step(f"gradient in {name}: {to_text(slope)}", f"The derivative with respect to {name}.")
        for name, slope in zip(names, journey.surface.gradient[:_SHOWN_STEPS], strict=False)
    ]
    with precision(trail.bits):
        for step, point in enumerate(trail.positions[: _SHOWN_STEPS + 1]):
            because = "The start." if step == 0 else f"One step of the rule from step {step - 1}."
            lines.append(Step(f"step {step}: {_spell(names, point)}", because))
    verdict = facts["verdict"]
    lines.append(Step(f"verdict: {verdict.value}", verdict.because))
    return tuple(lines)


def _spell(names: tuple[str, ...], point: tuple[Exact, ...]) -> str:
    parts = [f"{n} = {to_value_text(v)}" for n, v in zip(names, point, strict=True)]
    return ", ".join(parts[:_SHOWN_STEPS]) + (", …" if len(parts) > _SHOWN_STEPS else "")


def _arrays(request: Request, trail: Trail) -> dict[str, Series]:
    """The iterates as floats, up to the last step or the end of the first cycle."""
    steps = list_kept(trail.last)
    positions = [tuple(map(to_float, trail.positions[step])) for step in steps]
    losses = [to_float(trail.losses[step]) for step in steps]
    return list_series(request, steps, positions, losses)
