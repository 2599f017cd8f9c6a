"""Reads a schedule: a catalogue entry, a table, or a text that may join several of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradiometer.errors import Place, StudyError, UsageError, suggest
from gradiometer.formula import Node, free_names, parse, substitute
from gradiometer.model.entry import check_keys, find_entry
from gradiometer.model.parameter import Parameter, read_parameters
from gradiometer.model.schedule import RATE, Given, Schedule
from gradiometer.model.schedule_lists import SCHEDULE_FUNCTIONS

_KEYS = ("name", "about", "aliases", "reference", "libraries", "parameters", "terms", "schedule",
         "calls", "dialects")  # fmt: skip


def read_schedule(named: str | Mapping[str, Any]) -> Schedule:
    """The schedule with that catalogue name, file, table, or text.

    Args:
        named: Such as `cosine`, `cosine.keras`, `mine.toml`, `1/(k + 1)`, or several joined:
            `warmup for 5, then cosine(T_max=95)`.

    Raises:
        StudyError: If a table lacks a part or has one too many.
        UsageError: If a text names no schedule.
        FormulaError: If a formula cannot be read.

    Example:
        >>> read_schedule("1/(k + 1)").bind({}).rate_at(3)
        1/4
    """
    found = find_entry("schedule", named)
    if found is None:
        from gradiometer.model.schedule_text import read_schedule_text

        return read_schedule_text(str(named))
    return read_schedule_table(*found)


def read_schedule_table(table: Mapping[str, Any], place: Place) -> Schedule:
    """The schedule of a catalogue entry or of a table like one.

    Raises:
        StudyError: If it lacks a part or has one too many.
        FormulaError: If a formula cannot be read.
    """
    if "step" in table:
        raise UsageError(
            f"The schedule `{table.get('name')}` needs the losses of a run.",
            place=place,
            hint="give them, such as `--losses 1,0.9,0.9`",
        )
    check_keys(table, _KEYS, place=place)
    parameters = read_parameters(table.get("parameters", {}), place=place)
    body = table.get("schedule", {})
    if not isinstance(body, Mapping) or RATE not in body:
        raise StudyError(
            "The schedule does not say its `learning_rate`.",
            place=place,
            hint='add a table [schedule] with learning_rate = "a formula in k"',
        )
    terms = _read_terms(table.get("terms", {}), tuple(parameters), place)
    rows = [RATE, *(key for key in body if key != RATE)]
    given = tuple(_read_given(key, body[key], parameters, terms, place) for key in rows)
    name = str(table.get("name", "schedule"))
    if "." in name:
        parameters = _read_only(parameters, given)
    return Schedule(name, str(table.get("about", "")), parameters, given, table.get("calls", {}))


def _read_only(
    parameters: Mapping[str, Parameter], given: tuple[Given, ...]
) -> dict[str, Parameter]:
    """The parameters that a dialect still reads: what it leaves out cannot be set."""
    read = {name for row in given for name in (*free_names(row.formula), row.when)}
    return {name: row for name, row in parameters.items() if name in read}


def _read_terms(
    table: Mapping[str, Any], parameters: tuple[str, ...], place: Place
) -> dict[str, Node]:
    """Abbreviations, each written into what follows."""
    terms: dict[str, Node] = {}
    for name, text in table.items():
        if name in parameters or name == "k":
            raise StudyError(f"The name `{name}` is used for two things.", place=place)
        terms[name] = _read_formula(str(text), parameters, terms, place)
    return terms


def _read_formula(
    text: str, parameters: tuple[str, ...], terms: Mapping[str, Node], place: Place
) -> Node:
    names = ("k", *parameters, *terms)
    tree = parse(text, names=names, functions=SCHEDULE_FUNCTIONS, place=place).tree
    return substitute(tree, terms)


def _read_given(
    key: str,
    row: Any,
    parameters: Mapping[str, Parameter],
    terms: Mapping[str, Node],
    place: Place,
) -> Given:
    names = tuple(key.split(" or "))
    if isinstance(row, Mapping):
        check_keys(row, ("formula", "when"), place=place)
        text, when = str(row.get("formula", "")), str(row.get("when", ""))
    else:
        text, when = str(row), ""
    if when and not (when in parameters and parameters[when].is_flag):
        nearest = suggest(when, parameters)
        raise StudyError(
            f"`{when}` is no flag among the parameters.",
            place=place,
            known=tuple(name for name, row in parameters.items() if row.is_flag),
            hint=f"write `{nearest}`" if nearest else "add it with `flag = true`",
        )
    tree = _read_formula(text, tuple(parameters), terms, place)
    # An error shows the formula as written; with terms its spans would point elsewhere.
    return Given(names, tree, "" if terms else text, when)
