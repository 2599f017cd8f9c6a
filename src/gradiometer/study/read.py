"""Reads a study file: TOML in, a `Study` out, or everything that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gradiometer.catalog import KINDS
from gradiometer.errors import GradiometerError, StudyError
from gradiometer.model import KeyPath, read_file, read_toml
from gradiometer.study.keys import MOST_BYTES, SCHEMA_VERSION, TOP_KEYS
from gradiometer.study.kinds import Decimal, WrongKindError, to_plain
from gradiometer.study.problems import Problems
from gradiometer.study.read_question import read_questions, read_text_key
from gradiometer.study.study import Study

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def read_study(path: str | Path) -> Study:
    """The study in the TOML file at *path*.

    Raises:
        StudyError: If the file cannot be read or is no study; it names the first problem.
    """
    study, problems = read_whole_study(path)
    if study is None or problems:
        raise problems[0]
    return study


def read_whole_study(path: str | Path) -> tuple[Study | None, tuple[GradiometerError, ...]]:
    """The study at *path* and every problem of it; None where there is nothing to go on with."""
    source = str(path)
    try:
        text = read_file(Path(path), most_bytes=MOST_BYTES)
        table = read_toml(source, text, to_decimal=Decimal)
    except StudyError as error:
        return None, (error,)
    problems = Problems(source, text)
    return _read_top(problems, table), problems.in_order()


def _read_top(problems: Problems, table: Mapping[str, Any]) -> Study:
    for key in table:
        if key not in TOP_KEYS:
            problems.add_unknown_key((key,), list(TOP_KEYS))
    if "schema_version" not in table:
        hint = f"write schema_version = {SCHEMA_VERSION} in the first line"
        problem = "The key `schema_version` is missing."
        problems.add_missing_key(("schema_version",), problem, hint=hint)
    elif table["schema_version"] is True or table["schema_version"] != SCHEMA_VERSION:
        problems.add(
            ("schema_version",),
            f"This gradiometer reads studies of version {SCHEMA_VERSION}.",
            hint=f"write schema_version = {SCHEMA_VERSION}",
            value=True,
        )
    definitions = _read_definitions(problems, table.get("define", {}))
    questions = read_questions(problems, table.get("question"))
    title = read_text_key(problems, table, (), "title", required=True)
    return Study(
        title,
        questions,
        about=read_text_key(problems, table, (), "about"),
        definitions=definitions,
        source=problems.source,
        source_text=problems.text,
    )


def _read_definitions(problems: Problems, define: Any) -> dict[str, dict[str, Mapping[str, Any]]]:
    path: KeyPath = ("define",)
    if not isinstance(define, Mapping):
        problems.add(path, "`define` must be a table.", hint="write [define.objective.NAME]")
        return {}
    definitions: dict[str, dict[str, Mapping[str, Any]]] = {}
    for kind, entries in define.items():
        if kind not in KINDS:
            problems.add_unknown_key((*path, kind), list(KINDS))
        elif not isinstance(entries, Mapping):
            hint = f"write [define.{kind}.NAME]"
            problems.add((*path, kind), f"`{kind}` must be a table of tables.", hint=hint)
        else:
            definitions[kind] = {}
            for name, entry in entries.items():
                read = _read_definition(problems, (*path, kind, name), entry)
                if read is not None:
                    definitions[kind][name] = read
    return definitions


def _read_definition(problems: Problems, path: KeyPath, entry: Any) -> Mapping[str, Any] | None:
    name = str(path[-1])
    if not _NAME.fullmatch(name):
        hint = "use letters, digits and underscores, a letter first"
        problems.add(path, f"`{name}` cannot be a name.", hint=hint)
        return None
    if not isinstance(entry, Mapping):
        problems.add(path, f"The definition `{name}` must be a table.")
        return None
    try:
        return {"name": name, **to_plain(entry)}
    except WrongKindError as error:
        problems.add(path, f"The definition `{name}` holds a value that is not {error.wanted}.")
        return None
