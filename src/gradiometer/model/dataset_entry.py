"""Data sets of the catalogue and of a user's own entries: stored with a package, or made here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

from gradiometer.catalog import list_aliases, list_entries
from gradiometer.errors import (
    FormulaError,
    GradiometerError,
    Place,
    StudyError,
    UsageError,
    suggest,
)
from gradiometer.model.dataset import Dataset
from gradiometer.model.dataset_made import make_dataset
from gradiometer.model.dataset_stored import load_dataset
from gradiometer.model.entry import check_keys, find_entry
from gradiometer.model.parameter import Owner, read_parameters, settle
from gradiometer.model.schedule_words import find_outside

_KEYS = ("name", "about", "reference", "aliases", "parameters", "classes", "draws", "inputs",
         "targets", "stored")  # fmt: skip
_CALL = re.compile(r"([^()]*)\((.*)\)", re.DOTALL)
_SETTING = re.compile(r"\s*([A-Za-z]\w*)\s*=\s*(.*?)\s*", re.DOTALL)
_PLACE = Place("data")


def read_dataset_entry(text: str, *, target: str | None = None) -> Dataset:
    """The data set of an entry, perhaps with settings in brackets: `moons(noise=1/5)`.

    Raises:
        UsageError: If there is no such entry, or it has a target of its own already.
        FormulaError: If the settings cannot be read.
        StudyError: If the entry lacks a part or has one too many.
    """
    name, settings = _split_call(text)
    found = find_entry("dataset", name)
    if found is None:
        raise _not_found(name)
    table, place = found
    check_keys(table, _KEYS, place=place)
    if target is not None:
        raise UsageError(
            f"`{name}` has its own target; `target` names a column of a file.",
            hint="leave `target` out",
        )
    if ("stored" in table) == ("inputs" in table):
        raise StudyError(
            "A data set is either `stored` with a package, or made from formulas of its `inputs`.",
            place=place,
            hint='add a table [inputs] with lines such as x = "2*u - 1"',
        )
    parameters = read_parameters(table.get("parameters", {}), place=place)
    owner = Owner("data", str(table.get("name", name)), parameters)
    try:
        values = settle([owner], settings)["data"]
    except GradiometerError as error:
        # The text of a call is where a user looks, not an option `--set`.
        word = error.text or next((n for n in settings if f"`{n}`" in error.problem), "")
        start = text.find(word) if word else -1
        spot = (start, start + len(word)) if start >= 0 else (None, None)
        raise replace(error, place=_PLACE, text=text, start=spot[0], end=spot[1]) from None
    if "stored" in table:
        return load_dataset(table, place=place)
    return make_dataset(table, values, place=place)


def _split_call(text: str) -> tuple[str, dict[str, str]]:
    """The name and the settings in the brackets behind it."""
    found = _CALL.fullmatch(text)
    if found is None:
        if "(" in text:
            where = text.index("(")
            raise FormulaError(
                "This bracket is not closed.", text, where, where + 1, _PLACE,
                hint="write `)` behind the settings",
            )  # fmt: skip
        return text, {}
    name, inner = found.groups()
    settings: dict[str, str] = {}
    for left, right in pairwise([-1, *find_outside(inner, 0, len(inner), ","), len(inner)]):
        written = inner[left + 1 : right]
        if not written.strip() and not inner.strip():
            continue
        start = found.start(2) + left + 1
        setting = _SETTING.fullmatch(written)
        if setting is None or setting[1] in settings:
            what = "is no setting" if setting is None else "is set twice"
            raise FormulaError(
                f"`{written.strip() if setting is None else setting[1]}` {what}.",
                text, start, found.start(2) + right, _PLACE,
                hint=f"write `{name.strip()}(NAME=VALUE)`",
            )  # fmt: skip
        settings[setting[1]] = setting[2]
    return name.strip(), settings


def _not_found(name: str) -> UsageError:
    known = list_entries("dataset")
    nearest = suggest(name, (*known, *list_aliases("dataset")))
    return UsageError(
        f"There is no data set `{name}`.",
        place=_PLACE,
        known=known,
        hint=f"write `{nearest}`"
        if nearest
        else "name one of these, or a .csv, .npz or .parquet file",
    )


def read_classes(table: Mapping[str, Any], place: Place) -> tuple[str, ...]:
    """The names of the classes that an entry lists; empty where it lists none.

    Raises:
        StudyError: If they are no list of different texts.
    """
    given = table.get("classes", [])
    if not isinstance(given, list) or len({str(name) for name in given}) < len(given):
        raise StudyError(
            "`classes` is a list of different names.",
            place=place,
            hint='write classes = ["left", "right"]',
        )
    return tuple(map(str, given))
