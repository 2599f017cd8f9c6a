"""Reads every formula of a study without answering anything, so that mistakes show at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from gradiometer.errors import (
    FormulaError,
    GradiometerError,
    UndecidedError,
    UnknownNameError,
    UsageError,
)
from gradiometer.formula import parse_number, parse_relation, read_text
from gradiometer.model import (
    KeyPath,
    read_activation,
    read_graph,
    read_loss_schedule,
    read_objective,
    read_optimizer,
    read_schedule,
    settle,
)
from gradiometer.question import (
    QUESTIONS,
    check_fact,
    read_networks,
    read_request,
    read_run,
    read_stability,
    read_steps,
    read_sweep,
)
from gradiometer.study.problems import Problems
from gradiometer.study.read import read_whole_study
from gradiometer.study.run import find_inputs, locate_in_question
from gradiometer.study.study import Study, StudyQuestion

_READERS: Mapping[str, Callable[[Any], Any]] = {
    "activation": read_activation,
    "objective": read_objective,
    "optimizer": read_optimizer,
    "schedule": read_schedule,
}
"""How an entry of each kind is read."""


def check_study(path: str | Path) -> tuple[Study | None, tuple[GradiometerError, ...]]:
    """The study at *path* and everything that is wrong with it, in the order of the file.

    The study is None where there is nothing to go on with.
    """
    study, problems = read_whole_study(path)
    if study is None or problems:
        return study, problems
    found = Problems(study.source, study.source_text)
    for kind, entries in study.definitions.items():
        for name, entry in entries.items():
            _note(found, ("define", kind, name), partial(_read_definition, kind, entry))
    if not found.found:
        for index, question in enumerate(study.questions):
            _check_question(found, study, question, index)
    return study, found.in_order()


def _note(problems: Problems, path: KeyPath, read: Callable[[], Any]) -> None:
    """Read something, and add what is wrong with it."""
    try:
        read()
    except GradiometerError as error:
        problems.add_error(path, error)
    except UndecidedError:
        return


def _check_question(problems: Problems, study: Study, question: StudyQuestion, index: int) -> None:
    path: KeyPath = ("question", index)
    try:
        _read_inputs(question, find_inputs(study, question))
    except GradiometerError as error:
        problems.found.append(locate_in_question(study, question, index, error))
    except UndecidedError:
        pass
    for number, claim in enumerate(question.claims):
        if claim.says:
            _note(problems, (*path, "claim", number), partial(_read_says, claim.says))
        elif claim.steps:
            where = (*_list_grounds(question), *claim.where)
            read = partial(_read_steps, claim.steps, where=where)
            _note(problems, (*path, "claim", number), read)
        elif claim.fact:
            named = partial(check_fact, question.ask, claim.fact, claim.equals)
            _note(problems, (*path, "claim", number), named)


def _read_inputs(question: StudyQuestion, inputs: Mapping[str, Any]) -> None:
    """Read everything a question takes, the way the question itself will."""
    defaults = {item.name: item.default for item in QUESTIONS[question.ask].inputs}
    given = {**defaults, **inputs}
    if question.ask == "trajectory":
        read_run(**given)
    elif question.ask == "sweep":
        read_sweep(**{name: value for name, value in given.items()
                      if name not in ("keep", "cluster")})  # fmt: skip
    elif question.ask == "stability":
        wanted = ("optimizer", "vary", "hold", "at")
        read_stability(given["objective"], settings=given["set"], **{n: given[n] for n in wanted})
    elif "objective" in given:
        settings = given.pop("set")
        read_request(**given, settings=settings, free=True)
    elif question.ask == "activation":
        read_activation(given["formula"], settings=given["set"])
    elif question.ask == "schedule":
        follower = read_loss_schedule(given["schedule"])
        owner = (follower or read_schedule(given["schedule"])).owner
        # Settings may belong to a schedule that it is compared with.
        settle([owner], None if given["compare"] else given["set"])
    elif question.ask == "gradient" and given["computation"]:
        point = given["at"] or {}
        for text in point.values():
            parse_number(text)
        read_graph(given["computation"], inputs=point, of=given["of"] or "")
    elif question.ask == "parameters":
        read_networks(**given)
    elif question.ask == "claim" and given["says"]:
        _read_says(given["says"])
    elif question.ask == "claim":
        _read_steps(given["steps"] or (), given["file"] or "", given["where"] or ())


def _read_definition(kind: str, entry: Mapping[str, Any]) -> None:
    try:
        if kind in _READERS:
            _READERS[kind](entry)
    except UsageError:
        # A parameter without a default gets its value where the definition is used.
        return


def _read_steps(steps: Sequence[str], file: str = "", where: Sequence[str] = ()) -> None:
    """Read a derivation; what an answer defines besides is not known yet."""
    try:
        read_steps(steps=steps, file=file, where=where)
    except UnknownNameError:
        if file:
            raise


def _list_grounds(question: StudyQuestion) -> tuple[str, ...]:
    """Definitions of the names that the answer will define; only the names matter here."""
    computation = str(question.inputs.get("computation", ""))
    if question.ask == "gradient" and "=" in computation:
        return (computation,)
    return ("f(x) = x",) if question.ask == "activation" else ()


def _read_says(text: str) -> None:
    """Read a statement as far as its signs; what its names mean depends on the answer."""
    refusals: list[FormulaError] = []
    for functions in ((), _FUNCTIONS):
        try:
            parse_relation(read_text(text, functions=functions, slopes=()), functions=functions)
        except UnknownNameError:
            return
        except FormulaError as error:
            refusals.append(error)
        else:
            return
    raise refusals[0]


_FUNCTIONS = ("f", "f'", "f''")
"""What an activation's claims may call; `\\ln f(x)` is only clear where `f` is a function."""
