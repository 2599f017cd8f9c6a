"""What the certificates of an answer must be about, read anew from the inputs it records."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from gradiometer.catalog import find_name
from gradiometer.errors import GradiometerError, UndecidedError, UnknownNameError
from gradiometer.proof import to_phases_problem, to_trail_problem
from gradiometer.question.course import Request, is_any_start, read_request
from gradiometer.question.escape import read_barrier
from gradiometer.question.stability_read import read_stability

Problem: TypeAlias = Mapping[str, Any]

_KINDS = ("objective", "optimizer", "schedule")
"""Inputs that may be a table or a file of a user, of which an answer keeps the name."""
_PLAIN: Mapping[str, Any] = {
    "name": "plain", "about": "Plain descent.", "step": {"x'": "x - learning_rate*g"},
    "parameters": {"learning_rate": {"default": "1", "domain": "(0, oo)"}},
}  # fmt: skip
_NAME = re.compile(r"[^\W\d][\w.-]*")


def list_tables(inputs: Mapping[str, Any]) -> list[str]:
    """The inputs that only name a table or a file of a user, as far as the catalogue tells.

    Example:
        >>> list_tables({"objective": "x^2/2", "optimizer": "my_rule", "schedule": None})
        ['optimizer']
    """
    return [
        kind for kind in _KINDS
        if isinstance(said := inputs.get(kind), str)
        and _NAME.fullmatch(said) and find_name(kind, said) is None
    ]  # fmt: skip


def restate_landscape(question: str, inputs: Mapping[str, Any]) -> Problem | None:
    """The problem that the inputs describe, but of plain descent: only its landscape is theirs.

    None where the inputs do not say the landscape.

    Args:
        question: `trajectory`, `escape` or `stability`.
        inputs: The inputs of an answer about a rule of a user.

    Example:
        >>> from gradiometer.question.trajectory import trajectory
        >>> inputs = {**trajectory("x^2/2", start="1", steps=3).inputs, "optimizer": "my_rule"}
        >>> restate_landscape("trajectory", inputs)["pieces"][0]["loss"]
        'x^2/2'
    """
    settings = dict(inputs["set"]) if isinstance(inputs.get("set"), Mapping) else {}
    settings.pop("learning_rate", None)
    plain = {**inputs, "optimizer": _PLAIN, "schedule": None, "vary": "learning_rate", "hold": {}}
    while question in _READERS:
        try:
            return json.loads(json.dumps(_READERS[question]({**plain, "set": settings})))
        except UnknownNameError as error:
            # Numbers of the rule are none of the landscape.
            if settings.pop(error.text, None) is None:
                return None
        except (GradiometerError, UndecidedError, KeyError, TypeError, AttributeError):
            return None
    return None


def restate_problem(question: str, inputs: Mapping[str, Any]) -> Problem | None:
    """The problem that the inputs describe, as a certificate states it.

    None where they do not say it: of a table or a file of a user they hold the name alone.

    Args:
        question: `trajectory`, `escape` or `stability`; other questions have no such problem.
        inputs: The inputs of an answer.

    Example:
        >>> from gradiometer.question.trajectory import trajectory
        >>> answer = trajectory("x^2/2", start="1", steps=3)
        >>> restate_problem("trajectory", answer.inputs)["start"]
        '1'
    """
    if question not in _READERS:
        return None
    try:
        problem = _READERS[question](inputs)
    except (GradiometerError, UndecidedError, KeyError, TypeError, AttributeError):
        return None
    plain: Problem = json.loads(json.dumps(problem))
    return plain


def restate_cell(
    inputs: Mapping[str, Any], cell: str
) -> tuple[Mapping[str, str], Problem | None] | None:
    """The settings in one cell of a sweep by the names of their axes, and the run as a problem.

    None where the inputs describe no grid with such a cell.

    Args:
        inputs: The inputs of a sweep.
        cell: Its place, such as `3,17`.

    Example:
        >>> from gradiometer.question.sweep import sweep
        >>> answer = sweep("x^2/2", set={"learning_rate": "1/2:1:2"}, start=1, steps=3)
        >>> settings, problem = restate_cell(answer.inputs, "1")
        >>> dict(settings), problem["start"]
        ({'learning_rate': '1'}, '1')
    """
    from gradiometer.question.sweep_grid import read_cell, read_grid, settings_at, start_at

    try:
        grid = read_grid(inputs["set"], inputs["start"])
        place = read_cell(cell, grid)
        asked = {**inputs, "set": settings_at(grid, place, inputs["set"]),
                 "start": start_at(grid, place, inputs["start"])}  # fmt: skip
    except (GradiometerError, KeyError, TypeError, AttributeError):
        return None
    settings = {axis.label: str(value) for axis, value in grid.pick(place).items()}
    return settings, restate_problem("trajectory", asked)


def _read_course(inputs: Mapping[str, Any], *, free: bool) -> Request:
    return read_request(
        inputs["objective"], optimizer=inputs["optimizer"], schedule=inputs["schedule"],
        settings=inputs["set"], start=inputs["start"], steps=inputs["steps"],
        at_kink=inputs["at_kink"], free=free,
    )  # fmt: skip


def _of_trajectory(inputs: Mapping[str, Any]) -> Problem:
    request = _read_course(inputs, free=False)
    if len(request.start) == 1 and not request.is_online:
        return request.course.to_problem()
    return to_trail_problem(request.journey)


def _of_escape(inputs: Mapping[str, Any]) -> Problem:
    request = _read_course(inputs, free=True)
    parameter, axis = read_barrier(request, None)
    if is_any_start(inputs["start"]):
        return to_phases_problem(request.course, parameter=parameter, domain=axis)
    ends = [None if end is None else str(end) for end in (axis.lower, axis.upper)]
    return {
        "run": request.course.to_problem(),
        "parameter": parameter,
        "domain": [*ends, axis.lower_closed, axis.upper_closed],
    }


def _of_stability(inputs: Mapping[str, Any]) -> Problem:
    request = read_stability(
        inputs["objective"], optimizer=inputs["optimizer"], settings=inputs["set"],
        vary=inputs["vary"], hold=inputs["hold"], at=inputs["at"],
    )  # fmt: skip
    return request.subject.to_problem()


_READERS: Mapping[str, Callable[[Mapping[str, Any]], Problem]] = {
    "trajectory": _of_trajectory,
    "escape": _of_escape,
    "stability": _of_stability,
}
