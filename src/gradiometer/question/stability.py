"""The question `stability`: which learning rates are safe here?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from flint import arb, fmpq

from gradiometer.errors import DomainError, UndecidedError
from gradiometer.formula import Exact, from_decimal, to_float, to_text
from gradiometer.proof import Doubling, Stability, combine, find_stability
from gradiometer.question.answer import Answer, Fact, Step, computed, unknown
from gradiometer.question.stability_doublings import check_doublings, list_doublings, to_fact
from gradiometer.question.stability_facts import (
    describe_condition,
    describe_multipliers,
    list_facts,
    list_safe,
    to_number,
    to_place,
)
from gradiometer.question.stability_points import Point
from gradiometer.question.stability_read import Request, read_stability
from gradiometer.question.stability_series import find_best, list_growth, measure_swing
from gradiometer.question.stability_step_bound import list_step_bound
from gradiometer.question.value import INFINITY

_ASIDE = fmpq(1, 100)
"""How far above and below the critical value the run is described."""


@final
@dataclass(frozen=True)
class Case:
    """One critical point with what is known of it."""

    point: Point
    found: Stability | None
    reason: str
    """Why nothing is known; empty otherwise."""


def stability(
    objective: str | Mapping[str, Any],
    *,
    optimizer: str | Mapping[str, Any] = "sgd",
    set: Mapping[str, Any] | None = None,
    vary: str = "learning_rate",
    hold: Mapping[str, Any] | None = None,
    at: Any = None,
    doublings: int = 0,
) -> Answer:
    """For which learning rates the optimizer returns to a critical point from close by.

    Args:
        objective: A catalogue name, a formula, a TOML file or a table.
        optimizer: A catalogue name, a TOML file or a table with an update rule.
        set: Values of parameters of both; texts are exact.
        vary: The parameter of the rule whose safe values are wanted.
        hold: What is remembered and taken as fixed, such as `v=1/100` for a mean of squares that
            has not faded; all else stands at its limit.
        at: Near which critical point; None for the first minimum.
        doublings: How many rates to look for, in one variable and for a rule without a state, at
            which the cycle that takes over doubles its period.

    Returns:
        Facts `critical condition safe loss stable multipliers growth below above best at curvature
        points assumed`, of the rule alone `step_bound worst_gradients`, `doublings` where they are
        asked for, and `swing` where nothing is proved.

    Raises:
        GradiometerError: If an input cannot be used, or no critical point is found.

    Example:
        >>> answer = stability("x^2/2", set={"momentum": "9/10"})
        >>> answer.facts["critical"].value, answer.facts["condition"].value
        (19/5, 'learning_rate < 2*(1 + momentum)/lambda')
    """
    check_doublings(doublings)
    request = read_stability(
        objective, optimizer=optimizer, settings=set, vary=vary, hold=hold, at=at
    )
    cases = [_study(request, point) for point in request.points]
    if at is None:
        cases.sort(key=lambda case: "minimum" not in _name_kind(case))
    main = cases[0]
    facts: dict[str, Fact] = {}
    rows: list[Doubling] = []
    if main.found is None:
        facts |= _silent_facts(request, main)
    else:
        facts |= list_facts(request, main.found)
        facts["best"] = find_best(request, main.found)
        rows = list_doublings(request, main.found, doublings)
        facts |= {"doublings": to_fact(rows, request.subject.parameter)} if doublings else {}
    facts["points"] = _points_fact(request, cases)
    step_facts, step_certificate = list_step_bound(request)
    facts |= step_facts
    certificates = [case.found.certificate for case in cases if case.found is not None]
    certificates += [row.certificate for row in rows]
    certificates += [step_certificate] if step_certificate else []
    warnings = []
    if request.is_partial:
        where = "between -1000 and 1000" if len(request.objective.variables) == 1 else "from there"
        warnings.append(f"Critical points were looked for {where}; there may be others.")
    return Answer(
        "stability",
        {**request.inputs, "doublings": doublings},
        facts,
        _steps(request, main),
        {} if main.found is None else list_growth(request, main.found),
        combine(certificates),
        tuple(warnings),
    )


def _study(request: Request, point: Point) -> Case:
    """One point, with its multipliers at the value that is set and on both sides of the end."""
    if point.kink:
        return Case(point, None, "the landscape has a kink there, so that slopes do not fade")
    try:
        piece = request.piece(point)
        rates = [request.rate]
        found = find_stability(request.subject, point.at, piece=piece, rates=rates)
        end = _critical_end(found)
        if end is not None:
            rates += [end * (1 - _ASIDE), end * (1 + _ASIDE)]
            found = find_stability(request.subject, point.at, piece=piece, rates=rates)
        return Case(point, found, "")
    except UndecidedError as error:
        return Case(point, None, str(error))
    except DomainError as error:
        return Case(point, None, error.problem.rstrip("."))


def _critical_end(found: Stability) -> fmpq | None:
    """A short rational at, or very near, the end of the first safe values."""
    if not found.spans:
        return None
    lower, upper = found.spans[0]
    ends = upper if upper is not None else lower
    if ends.lower == ends.upper or ends.lower <= 0:
        return ends.lower if ends.lower > 0 else None
    return from_decimal(f"{to_float(ends.lower):.8g}")


def _silent_facts(request: Request, case: Case) -> dict[str, Fact]:
    """That nothing is proved of the point, and what a run does near it."""
    said = f"Nothing is proved of this point: {case.reason}."
    if "jumps" in case.reason or case.point.kink:
        said += " Where steps do not shrink, a run cannot come to rest."
    elif request.subject.rule.state and not request.subject.held:
        said += " What the rule remembers can be held fixed with `hold`."
    facts = {name: unknown(said) for name in ("critical", "safe", "stable")}
    facts["at"] = computed(
        to_place(request, [_shown(v) for v in case.point.at]), "As its entry says, or as found."
    )
    facts["swing"] = measure_swing(request, case.point)
    return facts


def _shown(value: Exact) -> Exact | float:
    return value if isinstance(value, fmpq) else to_float(value)


def _points_fact(request: Request, cases: list[Case]) -> Fact:
    """All critical points in a table."""
    rows: list[dict[str, Any]] = []
    for case in cases:
        found = case.found
        if found is None:
            place = to_place(request, [_shown(v) for v in case.point.at])
            rows.append({"at": place, "kind": _name_kind(case), "curvature": None,
                         "critical": None, "is": "unknown"})  # fmt: skip
            continue
        curvatures = [to_number(ends) for ends in found.rest.curvatures]
        rows.append(
            {
                "at": to_place(request, [to_number(ends) for ends in found.rest.place]),
                "kind": _name_kind(case),
                "curvature": curvatures[0] if len(curvatures) == 1 else curvatures,
                "critical": _critical_value(found),
                "is": found.rates[0].word,
            }
        )
    known = sum(case.found is not None for case in cases)
    because = f"{known} of {len(cases)} critical points, each at {request.subject.parameter} = "
    because += f"{request.rate} as set."
    return Fact(rows, "proved" if known == len(cases) else "computed", because)


def _critical_value(found: Stability) -> Any:
    if not found.spans:
        return "none"
    lower, upper = found.spans[0]
    if upper is not None:
        return to_number(upper)
    return INFINITY if found.losses[0][0] == "domain" else to_number(lower)


def _name_kind(case: Case) -> str:
    """What kind of critical point it is, as its entry says or as its curvatures do."""
    if case.point.kind or case.found is None:
        return case.point.kind or "unknown"
    found = case.found
    signs = {ends.lower > 0 for ends in found.rest.curvatures}
    if any(ends.lower <= 0 <= ends.upper for ends in found.rest.curvatures):
        return "degenerate"
    if len(signs) == 2:
        return "saddle"
    return "local minimum" if True in signs else "local maximum"


def _steps(request: Request, case: Case) -> tuple[Step, ...]:
    found = case.found
    if found is None:
        return (Step("no linear part", f"{case.reason[0].upper()}{case.reason[1:]}."),)
    lines = []
    for ends in found.rest.curvatures:
        number = to_number(ends)
        shown = str(number) if isinstance(number, fmpq) else arb(number).str(15, radius=False)
        lines.append(Step(f"lambda = {shown}", "The slope of the gradient at the critical point."))
    lines += [Step(text, because) for text, because in found.polynomials]
    lines += [
        Step(f"{request.subject.parameter} = {to_text(form.tree)}",
             "There a multiplier reaches the unit circle, whatever the parameters are.")
        for form in found.forms
    ]  # fmt: skip
    for rate in found.rates:
        lines.append(
            Step(
                f"{request.subject.parameter} = {rate.value}: {rate.word}",
                f"The multipliers are {describe_multipliers(rate)}.",
            )
        )
    if list_safe(found):
        lines.append(Step(describe_condition(request, found), "All multipliers lie inside then."))
    return tuple(lines)
