"""The facts of a run on a curve, in exact numbers: its fate is proved for all steps to come."""

from __future__ import annotations

from typing import Any

from flint import fmpq

from gradiometer.errors import CertificateError, UndecidedError
from gradiometer.formula import Exact, Number, compare, precision, to_ball, to_float, to_text
from gradiometer.proof import (
    Course,
    Run,
    Verdict,
    check,
    combine,
    find_fate,
    find_settled_step,
    judge,
    make_certificate,
    run_exactly,
    spell,
)
from gradiometer.question.answer import Answer, Fact, Series, Step, computed, proved, unknown
from gradiometer.question.course import Request, continuity_fact
from gradiometer.question.trajectory_beside import list_float_facts
from gradiometer.question.trajectory_fate import describe_fate
from gradiometer.question.trajectory_places import (
    describe_numbers,
    find_nearest,
    not_rational,
    say_steps,
)
from gradiometer.question.trajectory_rounding import find_branch_rounding
from gradiometer.question.trajectory_series import list_kept, list_series
from gradiometer.question.value import to_value_text

_SHOWN_STEPS = 8


def answer_on_curve(request: Request, engine: str | None) -> Answer:
    """The answer for one variable, in rationals and balls.

    Args:
        request: What was asked.
        engine: `exact` for rationals alone, `ball` for balls from the start, None for both.

    Raises:
        UsageError: If only rationals are allowed and a position is none.
        GradiometerError: If the curve has no value at the start.
    """
    course = request.course
    settled_from = find_settled_step(course)
    run = run_exactly(course, settled_from=settled_from, as_balls=engine == "ball")
    first_ball = _find_ball(run)
    if engine == "exact" and first_ball is not None:
        raise not_rational(request, first_ball)
    verdict = judge(course, run, settled_from)
    lowest = _find_lowest(run)
    certificate, refusal = _certify(course, run, verdict, lowest)
    facts = _facts(course, run, verdict, lowest, certified=certificate is not None)
    parts = [certificate]
    limited = facts["verdict"].value == "converges" and "limit" not in facts
    if facts["verdict"].value == "unknown" or limited:
        fate, reasons = find_fate(course, run, settled_from, to_limit=limited)
        if fate is not None or not limited:
            facts |= describe_fate(facts["verdict"], fate, reasons)
        parts += [] if fate is None else [fate.certificate]
    facts |= _place_facts(request, run, first_ball, certified=certificate is not None)
    facts |= list_float_facts(request)
    facts["continuous"] = continuity_fact(course.landscape)
    warnings = [f"The run ends after step {run.states[-1].step}: {run.ended}."] if run.ended else []
    warnings += _kink_warning(course, run)
    if refusal and engine == "ball":
        # A certificate writes rationals exactly, and balls from the start on do not know them.
        warnings.append("A run in balls from the start on has no certificate here; without "
                        "`engine` it may have one.")  # fmt: skip
    elif refusal:
        warnings.append(f"The certificate was not accepted: {refusal}")
    if facts["continuous"].value is False:
        warnings.append(facts["continuous"].because)
    inputs = {**request.inputs, **({} if engine is None else {"engine": engine})}
    return Answer(
        "trajectory", inputs, facts, _steps(course, run, facts["verdict"]), _arrays(request, run),
        combine(parts), tuple(warnings),
    )  # fmt: skip


def _find_ball(run: Run) -> int | None:
    """The first step after which the position is known as an enclosure only."""
    return next((s.step for s in run.states if not isinstance(s.position, fmpq)), None)


def _place_facts(
    request: Request, run: Run, first_ball: int | None, *, certified: bool
) -> dict[str, Fact]:
    """Which numbers were used, which critical point is near, and what rounding does."""
    course = request.course
    say = proved if certified else computed
    last = run.states[-1].step if run.ended else course.steps
    with precision(run.bits):
        place = (_position(run, last),)
        facts = {"engine": say(*describe_numbers(first_ball, run.bits))}
        near = find_nearest(request, place, say)
        if near is not None:
            facts["nearest_critical"] = near
        stands = [((s.position,), s.memory) for s in run.states]
        facts |= find_branch_rounding(request, stands, last=last)
    return facts


def _kink_warning(course: Course, run: Run) -> list[str]:
    """That the run stands exactly on a kink on its way, when nobody said which slope to take."""
    pieces = course.landscape.loss.pieces
    joints = [p.on.upper.value for p in pieces[:-1] if isinstance(p.on.upper, Number)]
    for state in run.states[:-1]:
        if course.side is None and state.position in joints:
            return [
                f"After step {state.step} the run stands exactly on the joint "
                f"x = {to_value_text(state.position)}; the slope of the piece that contains it is "
                "taken, and `at_kink` chooses another one."
            ]
    return []


def _find_lowest(run: Run) -> int | None:
    """The first step with the lowest loss, or None when two balls cannot be ordered."""
    best = 0
    try:
        with precision(run.bits):
            for step in range(1, len(run.losses)):
                if compare(run.losses[step], run.losses[best]) < 0:
                    best = step
    except UndecidedError:
        return None
    return best


def _cycle(run: Run) -> tuple[int, int] | None:
    """First step and period of a cycle of more than one point."""
    if run.repeats_from is None or run.period is None or run.period == 1:
        return None
    return run.repeats_from, run.period


def _position(run: Run, step: int) -> Exact:
    """The position after *step* steps, also beyond the end of a run that repeats."""
    if step >= len(run.states) and run.repeats_from is not None and run.period is not None:
        step = run.repeats_from + (step - run.repeats_from) % run.period
    return run.states[min(step, len(run.states) - 1)].position


def _certify(
    course: Course, run: Run, verdict: Verdict, lowest: int | None
) -> tuple[dict[str, Any] | None, str]:
    """The certificate if the checker accepts it, else None and why."""
    if run.ended:
        return None, ""
    with precision(run.bits):
        cycle = _cycle(run)
        claim = {
            "verdict": verdict.word,
            "limit": None if verdict.limit is None else spell(verdict.limit),
            "growth": None if verdict.growth is None else spell(verdict.growth),
            "cycle": None
            if cycle is None
            else {
                "period": cycle[1],
                "points": [spell(_position(run, cycle[0] + i)) for i in range(cycle[1])],
                "from_step": cycle[0],
            },
            "lowest": None if lowest is None else spell(run.losses[lowest]),
            "lowest_at": None if lowest is None else spell(run.states[lowest].position),
            "lowest_step": lowest,
            "final": spell(_position(run, course.steps)),
        }
    certificate = make_certificate(
        "run", problem=course.to_problem(), claim=claim, evidence=verdict.evidence
    )
    try:
        check(certificate)
    except CertificateError as error:
        return None, error.problem
    return certificate, ""


def _facts(
    course: Course, run: Run, verdict: Verdict, lowest: int | None, *, certified: bool
) -> dict[str, Fact]:
    say = proved if certified else computed
    facts: dict[str, Fact] = {}
    because = verdict.because[0].upper() + verdict.because[1:]
    because += "" if because.endswith(".") else "."
    if verdict.word != "unknown" and not certified:
        because = "The proof was not accepted" + (f": {run.ended}." if run.ended else ".")
    if verdict.word == "unknown" or not certified:
        facts["verdict"] = Fact("unknown", "unknown", because)
    else:
        facts["verdict"] = proved(verdict.word, because)
    facts |= _lowest_facts(course, run, lowest, say)
    last = run.states[-1].step if run.ended else course.steps
    value = _position(run, last)
    facts["final"] = say(value, f"The position after {say_steps(last)}, in exact arithmetic.")
    facts["cycle"] = _cycle_fact(run, verdict, certified=certified)
    if verdict.growth is not None and certified:
        facts["growth_factor"] = proved(
            verdict.growth,
            "The size of the largest multiplier of the step: in the long run the distance from "
            "the fixed point changes by this factor at each step, or by a smaller one if it has "
            "no part along that multiplier.",
        )
    if verdict.limit is not None and certified:
        facts["limit"] = proved(verdict.limit, "The point that the run converges to.")
    return facts


def _lowest_facts(course: Course, run: Run, lowest: int | None, say: Any) -> dict[str, Fact]:
    if lowest is None:
        guess = min(range(len(run.losses)), key=lambda i: to_float(run.losses[i]))
        because = "The lowest of the enclosures' midpoints; two of them overlap, so no proof."
        return {
            "lowest": computed(to_float(run.losses[guess]), because),
            "lowest_at": computed(to_float(run.states[guess].position), because),
            "lowest_step": computed(guess, because),
        }
    cycle = _cycle(run)
    steps = run.states[-1].step if run.ended else course.steps
    span = say_steps(steps, whole=True) if cycle is None else "all steps, since the run repeats"
    because = f"The smallest loss over {span}, start included."
    return {
        "lowest": say(run.losses[lowest], because),
        "lowest_at": say(run.states[lowest].position, f"The position of step {lowest}."),
        "lowest_step": say(lowest, "The first step with the smallest loss."),
    }


def _cycle_fact(run: Run, verdict: Verdict, *, certified: bool) -> Fact:
    cycle = _cycle(run)
    if cycle is None:
        if verdict.word in ("converges", "diverges", "escapes") and certified:
            return proved("none", f"The run {verdict.word}, so it has no cycle.")
        return unknown("No state repeats exactly in the steps that were run.")
    if not certified:
        return unknown("The certificate of the cycle was not accepted.")
    first, period = cycle
    points = [_position(run, first + index) for index in range(period)]
    value = {"period": period, "points": points, "from_step": first}
    return proved(value, f"The state after step {first} returns exactly after {period} steps.")


def _steps(course: Course, run: Run, verdict: Fact) -> tuple[Step, ...]:
    """The first iterates as lines of a derivation, then the verdict."""
    lines = [Step(f"x_0 = {course.start}", "The start.", f"x_0 = {_latex(course.start)}")]
    with precision(run.bits):
        for state in run.states[1 : _SHOWN_STEPS + 1]:
            index = state.step - 1
            before = run.states[index]
            slope = to_text(course.landscape.slopes[run.pieces[index]])
            where = to_value_text(before.position)
            because = f"One step of the rule from {where}, where the slope is {slope}."
            text = to_value_text(state.position)
            lines.append(
                Step(
                    f"x_{state.step} = {text}",
                    because,
                    f"x_{{{state.step}}} = {_latex(state.position)}",
                )
            )
    lines.append(Step(f"verdict: {verdict.value}", verdict.because))
    return tuple(lines)


def _latex(value: Exact) -> str:
    if isinstance(value, fmpq) and len(str(value)) <= 24:
        sign = "-" if value < 0 else ""
        top, bottom = abs(int(value.p)), int(value.q)
        return f"{sign}{top}" if bottom == 1 else rf"{sign}\frac{{{top}}}{{{bottom}}}"
    return to_value_text(value).replace("…", r"\ldots ")


def _arrays(request: Request, run: Run) -> dict[str, Series]:
    """Iterates (floats, and exact texts while they are short) and the landscape under them."""
    last = run.states[-1].step if run.ended else request.steps
    steps = list_kept(last)
    with precision(run.bits):
        exact = [_position(run, step) for step in steps]
        losses = [to_float(_loss(run, step)) for step in steps]
        positions = [(to_float(value),) for value in exact]
        series = list_series(request, steps, positions, losses)
        texts = {"x_exact": Series(("step",), [_short(v) for v in exact], "1", "position, exact")}
        return series | texts


def _loss(run: Run, step: int) -> Exact:
    if step >= len(run.losses) and run.repeats_from is not None and run.period is not None:
        step = run.repeats_from + (step - run.repeats_from) % run.period
    return run.losses[step]


def _short(value: Exact) -> str:
    if isinstance(value, fmpq) and len(str(value)) <= 60:
        return str(value)
    return to_value_text(to_ball(value), digits=20)
