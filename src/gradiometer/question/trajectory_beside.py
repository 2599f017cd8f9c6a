"""What the same run does in floats, beside the exact one."""

from __future__ import annotations

from typing import Any

from gradiometer.errors import GradiometerError
from gradiometer.formula import FloatKind
from gradiometer.question.answer import Fact, computed, unknown
from gradiometer.question.branches import KINDS
from gradiometer.question.course import Request
from gradiometer.question.trajectory_float import MOST_INTERPRETED, judge_trail, trace_request
from gradiometer.question.trajectory_places import to_place


def list_float_facts(request: Request) -> dict[str, Fact]:
    """The facts `float64` and `float32`: verdict, last and lowest place of each float run."""
    return {kind: _ask(request, kind) for kind in KINDS}


def _ask(request: Request, kind: FloatKind) -> Fact:
    if request.steps > MOST_INTERPRETED:
        return unknown(
            f"A run of more than {MOST_INTERPRETED:,} steps is made in {kind} when it is asked for "
            f"with `engine`."
        )
    try:
        trail = trace_request(request, kind)
    except GradiometerError as error:
        return unknown(f"There is no run in {kind}: {error.problem}")
    names, verdict = request.objective.variables, judge_trail(trail, kind)
    value: dict[str, Any] = {
        "verdict": verdict.value,
        "steps": trail.last,
        "final": to_place(names, trail.final),
        "lowest": trail.lowest,
        "lowest_step": trail.lowest_step,
    }
    if trail.period is not None and trail.period > 1:
        value["period"] = trail.period
    return computed(value, f"Every operation is rounded to {kind}. {verdict.because}")
