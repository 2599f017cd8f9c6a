"""Reads every formula of a study without answering anything, so that mistakes show at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gradiometer.errors import GradiometerError, UndecidedError, UnknownNameError
from gradiometer.formula import parse, parse_relation
from gradiometer.model import (
    Owner,
    read_activation,
    read_graph,
    read_network,
    read_objective,
    read_optimizer,
    read_schedule,
    settle,
)
from gradiometer.question import QUESTIONS, Input
from gradiometer.study.locate import KeyPath
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
            _note(found, ("define", kind, name), lambda k=kind, e=entry: _READERS[k](e))
    if not found.found:
        for index, question in enumerate(study.questions):
            _check_question(found, study, question, index)
    return study, found.in_order()


def _note(problems: Problems, path: KeyPath, read: Callable[[], Any]) -> None:
    """Read something, and add what is wrong with it."""
    try:
        read()
    except GradiometerError as error:
        problems.found.append(problems.locate(path, error))
    except UndecidedError:
        return


def _check_question(problems: Problems, study: Study, question: StudyQuestion, index: int) -> None:
    inputs = find_inputs(study, question)
    path: KeyPath = ("question", index)
    try:
        owners = []
        for item in QUESTIONS[question.ask].inputs:
            if item.name in inputs:
                owners += _read_input(item, inputs[item.name])
        if owners and inputs.get("set"):
            settle(owners, inputs["set"], free=_names(owners))
    except GradiometerError as error:
        problems.found.append(locate_in_question(study, question, index, error))
    except UndecidedError:
        pass
    for number, claim in enumerate(question.claims):
        if claim.says:
            _note(problems, (*path, "claim", number), lambda says=claim.says: _read_says(says))


def _names(owners: list[Owner]) -> frozenset[str]:
    return frozenset(name for owner in owners for name in owner.parameters)


def _read_input(item: Input, value: Any) -> list[Owner]:
    """Read one input; what has parameters is returned."""
    if item.entry:
        return [_READERS[item.entry](value).owner]
    if item.name == "networks":
        for text in value:
            read_network(text, bias=True)
    elif item.name == "computation":
        read_graph(value)
    elif item.kind == "number":
        parse(value)
    elif item.kind == "numbers":
        for text in value.values():
            for part in text.split(","):
                parse(part)
    elif item.name == "says":
        _read_says(value)
    return []


def _read_says(text: str) -> None:
    """Read a statement as far as its signs; what its names mean depends on the answer."""
    try:
        parse_relation(text)
    except UnknownNameError:
        return
