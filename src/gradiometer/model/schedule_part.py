"""Finds the schedules of the catalogue that stand inside a line, with their settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import final

from gradiometer.catalog import find_name
from gradiometer.errors import FormulaError, GradiometerError, Place, unknown_name
from gradiometer.model.entry import find_entry
from gradiometer.model.parameter import Parameter, read_setting
from gradiometer.model.schedule import Schedule
from gradiometer.model.schedule_read import read_schedule_table
from gradiometer.model.schedule_words import find_outside

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)?")
_SETTING = re.compile(r"\s*([A-Za-z][A-Za-z0-9_]*)\s*=(?!=)\s*(.*?)\s*$", re.DOTALL)


@final
@dataclass(frozen=True)
class Part:
    """One schedule of the catalogue in a line."""

    name: str
    start: int
    word_end: int
    """Where its name ends."""
    end: int
    """Where the bracket behind it ends."""
    count: tuple[int, int] | None
    """Where the count it is asked at stands, when it is another one than `k`."""
    settings: Mapping[str, tuple[str, int, int]]
    """The settings in its brackets: what is written, and where."""
    text: str
    """The line that it stands in."""


def find_parts(text: str, start: int, end: int) -> list[Part]:
    """The schedules of the catalogue that stand between two places, from left to right.

    Raises:
        FormulaError: If a bracket is not closed, or what stands in it makes no sense.
    """
    parts: list[Part] = []
    place = start
    while True:
        found = _WORD.search(text, place, end)
        if found is None:
            return parts
        place = found.end()
        base = found.group().partition(".")[0]
        if find_name("schedule", base) is None or found.group() == "k":
            continue
        part = _read(found, text, end)
        parts.append(part)
        place = part.end


def is_alone(text: str) -> Schedule | None:
    """The schedule when the text is one of the catalogue with settings, and nothing else."""
    found = _WORD.match(text.strip())
    if found is None or find_name("schedule", found.group().partition(".")[0]) is None:
        return None
    offset = len(text) - len(text.lstrip())
    parts = find_parts(text, offset, len(text))
    part = parts[0]
    if part.end != len(text.rstrip()) or part.count is not None:
        return None
    return read_part(part, text)[0]


def read_part(part: Part, text: str) -> tuple[Schedule, tuple[str, ...]]:
    """The schedule with its settings as defaults, and which ones were set.

    Raises:
        UnknownNameError: If it has no such parameter.
        DomainError: If a value is outside its domain.
    """
    found = find_entry("schedule", part.name)
    if found is None:  # A part has been found by its name.
        raise FormulaError(f"There is no schedule `{part.name}`.")
    table, place = found
    schedule = read_schedule_table(table, place)
    parameters = read_settings(part, part.name, schedule.parameters)
    return replace(schedule, parameters=parameters), tuple(part.settings)


def read_settings(
    part: Part, schedule: str, known: Mapping[str, Parameter]
) -> dict[str, Parameter]:
    """The parameters of a schedule, with the settings in a part's brackets as their defaults.

    Raises:
        UnknownNameError: If it has no such parameter.
        DomainError: If a value is outside its domain.
    """
    parameters, text = dict(known), part.text
    for name, (written, start, end) in part.settings.items():
        if name not in parameters:
            raise unknown_name(
                name, tuple(parameters), problem=f"The part `{schedule}` has no `{name}`.",
                place=Place("schedule"), text=text, start=start, end=end,
            )  # fmt: skip
        try:
            items = written[1:-1].split(",") if written.startswith("[") else written
            value = read_setting(
                parameters[name], items, place=Place(f"the part `{part.name}` of the schedule")
            )
        except GradiometerError as error:
            raise replace(error, text=text, start=start, end=end) from None
        parameters[name] = replace(parameters[name], default=value)
    return parameters


def _read(found: re.Match[str], text: str, end: int) -> Part:
    name, start, word_end = found.group(), found.start(), found.end()
    opening = re.compile(r"\s*\(").match(text, word_end, end)
    if opening is None:
        return Part(name, start, word_end, word_end, None, {}, text)
    inner = opening.end()
    closing = next(find_outside(text, inner - 1, end, ")"), None)
    if closing is None:
        raise FormulaError(
            "This bracket is not closed.", text, inner - 1, inner, Place("schedule"),
            hint="write `)` behind the settings",
        )  # fmt: skip
    count, settings = None, {}
    commas = [inner - 1, *find_outside(text, inner, closing, ","), closing]
    for left, right in pairwise(commas):
        written = text[left + 1 : right]
        setting = _SETTING.match(written)
        if setting is not None:
            where = (left + 1 + setting.start(1), left + 1 + setting.end(2))
            settings[setting.group(1)] = (setting.group(2), *where)
        elif not written.strip() and len(commas) == 2:
            continue
        elif count is None and left == commas[0]:
            count = (left + 1, right)
        else:
            raise FormulaError(
                f"`{written.strip()}` is no setting of `{name}`.",
                text, left + 1, right, Place("schedule"),
                hint=f"write `{name}(NAME=VALUE)`",
            )  # fmt: skip
    return Part(name, start, word_end, closing + 1, count, settings, text)
