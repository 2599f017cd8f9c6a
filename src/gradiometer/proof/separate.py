"""What becomes of a run in several variables that is as many runs in one variable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flint import fmpq

from gradiometer.errors import CertificateError, GradiometerError, UndecidedError
from gradiometer.formula import (
    Interval,
    Node,
    Number,
    Piece,
    Piecewise,
    differentiate,
    from_decimal,
    parse,
)
from gradiometer.model import Landscape, Rule
from gradiometer.proof.basin import Outcome
from gradiometer.proof.basin import find_outcome as find_basin
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.change import Ended, prove_end
from gradiometer.proof.check import check
from gradiometer.proof.check_separate import join_limits, join_words, split_problem
from gradiometer.proof.trail import Journey
from gradiometer.proof.trail_certificate import to_trail_problem
from gradiometer.proof.walk import Course

_MOST_VARIABLES = 8
_NO_PARAMETER = fmpq(0)
"""Stands for the value of a parameter where none is moved."""


def find_outcome(journey: Journey, settled_from: int | None) -> tuple[Outcome | None, str]:
    """What becomes of the run for ever where the checker accepts a proof, else None and why not.

    Args:
        journey: What is run.
        settled_from: The number of steps after which every step is the same map, or None.
    """
    outcome, reason = find_basin(journey, settled_from)
    if outcome is not None:
        return outcome, ""
    outcome, why = find_separate(journey)
    return outcome, f"{reason}; {why}"


def find_separate(journey: Journey) -> tuple[Outcome | None, str]:
    """The verdict of each coordinate alone, put together, else None and why there is none."""
    if len(journey.start) > _MOST_VARIABLES:
        return None, "there are too many variables to look at one by one"
    try:
        problem = to_trail_problem(journey)
        ends = [_prove(journey, name, alone) for name, alone in
                zip(journey.surface.variables, split_problem(problem), strict=True)]  # fmt: skip
        outcome = _join(journey, problem, ends)
        check(outcome.certificate)
    except CertificateError as error:
        return None, f"the checker refused a proof: {error.problem.rstrip('.')}"
    except UndecidedError as error:
        return None, str(error)
    except GradiometerError as error:
        return None, error.problem.rstrip(".")
    return outcome, ""


def _prove(journey: Journey, name: str, problem: Mapping[str, Any]) -> Ended:
    course = _to_course(journey, problem)
    if course.to_problem() != problem:
        raise UndecidedError("a coordinate is not told apart")
    end = prove_end(course, _NO_PARAMETER)
    if isinstance(end, str):
        raise UndecidedError(f"of `{name}` alone nothing is proved: {end}")
    return end


def _join(journey: Journey, problem: Mapping[str, Any], ends: list[Ended]) -> Outcome:
    claims = [end.certificate["claim"] for end in ends]
    word = join_words([claim["verdict"] for claim in claims])
    limits = join_limits(word, problem["variables"], claims)
    claim = {"verdict": word, "limit": limits, "cycle": None, "interval": None}
    evidence = {"parts": [end.certificate for end in ends]}
    certificate = make_certificate("separate", problem=problem, claim=claim, evidence=evidence)
    told = [f"{name} {end.ending.word}" for name, end in
            zip(journey.surface.variables, ends, strict=True)]  # fmt: skip
    because = (
        "each coordinate moves as if there were no other, since no term of the loss has two of "
        f"them in it: {', '.join(told)}"
    )
    place = tuple(end.limit for end in ends if end.limit is not None)
    return Outcome(word, because, certificate, place if limits is not None else None)


def _to_course(journey: Journey, problem: Mapping[str, Any]) -> Course:
    """The run in one variable that the problem speaks of."""
    return Course(
        _to_rule(journey, problem["rule"]),
        _to_landscape(problem["pieces"]),
        from_decimal(problem["start"]),
        journey.steps,
        journey.schedules,
    )


def _to_rule(journey: Journey, given: Mapping[str, Any]) -> Rule:
    values = {name: from_decimal(value) for name, value in given["values"].items()}
    known = {*values, *journey.schedules, *given["state"], "x", "g", "t", "loss"}
    step: list[tuple[str, Node]] = []
    for target, text in given["step"]:
        step.append((target, parse(text, names=known).tree))
        known |= {target}
    state = {name: parse(text, names=known).tree for name, text in given["state"].items()}
    text = replace(
        journey.rule.text,
        values=values,
        parameters=(*values, *journey.schedules),
        state=state,
        step=tuple(step),
        beside=(),
    )
    return replace(text.for_shape(()), values=values, state=state, step=tuple(step))


def _to_landscape(rows: list[Mapping[str, Any]]) -> Landscape:
    pieces = tuple(
        Piece(
            Interval(*(None if row[end] is None else Number(from_decimal(row[end]))
                       for end in ("lower", "upper")),
                     lower_closed=row["lower_closed"], upper_closed=row["upper_closed"]),
            parse(row["loss"], names={"x"}).tree,
        )
        for row in rows
    )  # fmt: skip
    slopes = tuple(differentiate(piece.formula, "x") for piece in pieces)
    return Landscape(Piecewise("x", pieces), slopes)
