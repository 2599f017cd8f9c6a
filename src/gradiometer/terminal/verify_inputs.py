"""Compares what an answer says was asked with what its certificates are about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gradiometer.formula import from_decimal
from gradiometer.question import list_tables, restate_landscape, restate_problem

_SKIPPED = ("graph", "alike", "difference", "impossible")
"""Kinds whose problem is compared elsewhere."""

_LANDSCAPE = ("pieces", "variables", "loss", "landscape")
"""What a problem says of the landscape, with `run` around it or without."""

_PLACES = re.compile(r"[^=,]+=\s*(?P<number>-?[0-9/]+)(, |$)")

_NUMBER = r"-?[0-9]+(/[0-9]*[1-9][0-9]*)?"
_SPAN = re.compile(rf"(?P<name>[^=]+)=(?P<low>{_NUMBER}):(?P<high>{_NUMBER}):[0-9]+")
"""The input `between`, as an answer writes it."""

Difference = tuple[str, Any, Any]
"""The path of an input, what stands there, and what the certificate is about."""


def compare_inputs(
    question: Any, inputs: Mapping[str, Any], parts: Sequence[Mapping[str, Any]]
) -> Iterator[Difference]:
    """The first difference of each part, where the inputs describe another problem.

    Args:
        question: The word of the question.
        inputs: The inputs of the answer.
        parts: The parts of its certificate, all accepted.
    """
    if question not in ("trajectory", "escape", "stability"):
        return
    wanted = restate_problem(question, inputs)
    if wanted is None and parts and not list_tables(inputs):
        yield "objective", inputs.get("objective"), "something that can be asked"
    for index, part in enumerate(parts):
        if part["kind"] in _SKIPPED:
            continue
        problem = part["problem"]
        if part["kind"] == "change":
            found = _compare_change(inputs, part)
        elif part["kind"] in ("step_bound", "stride"):
            found = _compare_rule(inputs, problem)
        elif wanted is None:
            found = _compare_named(question, inputs, parts[0]["problem"], problem)
        else:
            found = _differences("", _with_side(wanted, problem) if index else wanted, problem)
        yield from list(found)[:1]


def _compare_rule(inputs: Mapping[str, Any], problem: Mapping[str, Any]) -> Iterator[Difference]:
    """Differences of a rule whose rate alone is free, whatever is varied besides."""
    asked = {**inputs, "vary": "learning_rate", "hold": {}}
    wanted = restate_problem("stability", asked)
    if wanted is None:
        yield from _compare_loosely(inputs, problem)
    else:
        yield from _differences("", {"rule": wanted["rule"]}, problem)


def _compare_change(inputs: Mapping[str, Any], part: Mapping[str, Any]) -> Iterator[Difference]:
    """Differences of each of the two runs from what is asked at its value of the parameter."""
    said = _SPAN.fullmatch(str(inputs.get("between")))
    name = part["problem"]["parameter"]
    if said is None or said["name"] != name:
        yield "between", inputs.get("between"), name
        return
    for side in ("from", "to"):
        value = part["claim"][side]["value"]
        if not from_decimal(said["low"]) <= from_decimal(value) <= from_decimal(said["high"]):
            yield "between", inputs["between"], value
        asked = {**inputs, "set": {**inputs["set"], name: value}}
        wanted = restate_problem("trajectory", asked)
        run = part["problem"][side]
        if wanted is None:
            yield from _compare_loosely(asked, run)
        else:
            yield from _differences("", wanted, run)


def _with_side(wanted: Mapping[str, Any], problem: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same with the other slope at joints, which later parts of an escape speak of."""
    if "run" not in wanted or not isinstance(problem.get("run"), Mapping):
        return wanted
    return {**wanted, "run": {**wanted["run"], "side": problem["run"].get("side")}}


def _differences(path: str, said: Any, proved: Any) -> Iterator[Difference]:
    if isinstance(said, Mapping) and isinstance(proved, Mapping):
        for key in dict.fromkeys((*said, *proved)):
            yield from _differences(f"{path}.{key}", said.get(key), proved.get(key))
    elif isinstance(said, list) and isinstance(proved, list) and len(said) == len(proved):
        for index, (left, right) in enumerate(zip(said, proved, strict=True)):
            yield from _differences(f"{path}.{index}", left, right)
    elif type(said) is not type(proved) or said != proved:
        yield path.removeprefix("."), said, proved


def _compare_named(
    question: Any, inputs: Mapping[str, Any], first: Mapping[str, Any], problem: Mapping[str, Any]
) -> Iterator[Difference]:
    """Differences where a table of a user is only named; all parts speak of one problem."""
    yield from _compare_loosely(inputs, problem)
    yield from _differences("", _with_side(first, problem), problem)
    landscape = restate_landscape(question, inputs)
    if landscape is None:
        if "objective" not in list_tables(inputs):
            yield "objective", inputs.get("objective"), "something else"
        return
    for said, proved in ((landscape, problem), (landscape.get("run"), problem.get("run"))):
        for key in _LANDSCAPE:
            if isinstance(said, Mapping) and isinstance(proved, Mapping) and key in said:
                yield from _differences(f"objective.{key}", said[key], proved.get(key))


def _compare_loosely(inputs: Mapping[str, Any], problem: Mapping[str, Any]) -> Iterator[Difference]:
    """What of the inputs shows without the table of a user that they name."""
    run = problem["run"] if isinstance(problem.get("run"), Mapping) else problem
    pairs = [("steps", "steps"), ("at_kink", "side"), ("vary", "parameter"), ("hold", "held")]
    for name, key in pairs:
        source = problem if name in ("vary", "hold") else run
        if name not in inputs or key not in source or (name == "at_kink" and run is not problem):
            continue
        if name != "hold" and inputs[name] != source[key]:
            yield name, inputs[name], source[key]
    yield from _compare_starts(inputs.get("start"), run.get("start"))
    given = inputs.get("set")
    settings: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    for name, value in run["rule"]["values"].items():
        said = settings.get(f"optimizer.{name}", settings.get(name))
        if said != value:
            yield f"set.{name}", said, value
    if inputs.get("schedule") is not None and not run.get("schedules"):
        yield "schedule", inputs["schedule"], None
    for name in run.get("schedules", {}):
        if inputs.get("schedule") is None and name not in settings:
            yield "schedule", None, name


def _compare_starts(said: Any, proved: Any) -> Iterator[Difference]:
    if isinstance(proved, str) and said != proved:
        yield "start", said, proved
    if isinstance(proved, list) and isinstance(said, str) and "=" in said:
        numbers = [match["number"] for match in _PLACES.finditer(said)]
        if numbers != proved:
            yield "start", said, ", ".join(map(str, proved))
