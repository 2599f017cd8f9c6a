"""Reads a Hugging Face config.json without its library: the network, its settings and notes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, final

from gradiometer.catalog import find_name, list_aliases, list_entries, read_config_keys
from gradiometer.errors import (
    DomainError,
    Place,
    ShapeError,
    StudyError,
    UsageError,
    suggest,
    unknown_name,
)
from gradiometer.model.config_family import ConfigFamily, find_config_family
from gradiometer.model.config_value import check_size, find_given, has_key, read_config_table
from gradiometer.model.network_rows import CountLine
from gradiometer.model.network_template import Template
from gradiometer.model.network_values import Values, settle_settings
from gradiometer.model.size_formula import SizeFormula, to_size_text

_MOST_NAMED = 12
"""Keys that one note names."""


@final
@dataclass(frozen=True)
class ConfigNetwork:
    """The network that a config.json describes."""

    tree: Template
    settings: Mapping[str, str]
    """Values of the template's settings that the file gives, for the walk."""
    notes: tuple[str, ...]
    """What the count does not hold, and what was assumed."""
    family: str
    architecture: str
    """The class of the library that has these parameters."""
    values: Values
    """All settings with their values, those that the file does not give too."""
    names: tuple[CountLine, ...]
    """What the library's list of names counts beside the places of the network; below 0 where
    it has one name for several places."""


def read_config(
    source: str | Path | Mapping[str, Any], *, settings: Mapping[str, Any] | None = None
) -> ConfigNetwork:
    """The network that a config.json describes, read without any framework.

    Args:
        source: The path of the file or of its folder, or the table itself.
        settings: Values that replace those of the file, by the family's names.

    Raises:
        StudyError: If the file cannot be read or is no config.json.
        UsageError: If the family or its class is not known, or a key that may change the count.
        DomainError: If a value is of another type than its key needs.
        ShapeError: If values do not fit each other.

    Example:
        >>> from gradiometer.model.network_count import count_network
        >>> from gradiometer.model.network_walk import walk_network
        >>> small = read_config({"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"]})
        >>> count_network(walk_network(small.tree, settings=small.settings)).parameters
        124439808
    """
    table, place = read_config_table(source)
    family = find_config_family(_find_family(table, place))
    table = {**table, **_check_overrides(family, settings or {}, place)}
    architecture, notes = _find_architecture(family, table, place)
    _refuse_unknown(family, table, place)
    given = {
        name: text
        for name, key in family.keys.items()
        if (text := find_given(key, table, place)) is not None
    }
    given |= family.architectures[architecture]
    lacking = [n for n, text in family.template.defaults.items() if text is None and n not in given]
    if lacking:
        problem = f"The file does not say `{lacking[0]}`."
        raise StudyError(problem, place=place, hint=f'add "{lacking[0]}": …')
    values = settle_settings({**family.template.defaults, **given}, place=place)
    _check_values(family, values, place)
    notes += _list_notes(family, table, values)
    return ConfigNetwork(
        tree=family.template,
        settings=given,
        notes=tuple(notes),
        family=family.name,
        architecture=architecture,
        values=values,
        names=_count_lines(family.names, values),
    )


def _count_lines(
    lines: tuple[tuple[str, SizeFormula], ...], values: Values
) -> tuple[CountLine, ...]:
    found = [(name, formula.run(values), formula.text) for name, formula in lines]
    return tuple(
        CountLine(name, count if isinstance(count, int) else None, text)
        for name, count, text in found
    )


def _find_family(table: Mapping[str, Any], place: Place) -> str:
    named = table.get("model_type")
    known = list_entries("family")
    if not isinstance(named, str):
        problem = "The file has no text `model_type`, so its family is not known."
        hint = 'add such as "model_type": "llama"'
        raise StudyError(problem, place=place, hint=hint, known=known)
    if name := find_name("family", named):
        return name
    parts = [
        key
        for key, part in table.items()
        if isinstance(part, Mapping) and find_name("family", str(part.get("model_type")))
    ]
    nearest = suggest(named, (*known, *list_aliases("family")))
    hint = f"give the part `{parts[0]}` alone" if parts else ""
    if nearest and not parts:
        hint = f"if it is built alike, write `{nearest}` as its `model_type`"
    problem = f"The family `{named[:60]}` is not in the catalogue."
    raise UsageError(problem, place=place, known=known, hint=hint)


def _check_overrides(
    family: ConfigFamily, settings: Mapping[str, Any], place: Place
) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for name, value in settings.items():
        if name not in family.keys:
            problem = f"The family `{family.name}` has no setting `{name[:60]}`."
            raise unknown_name(name, family.keys, problem=problem, place=place)
        found[family.keys[name].keys[0]] = value
    return found


def _find_architecture(
    family: ConfigFamily, table: Mapping[str, Any], place: Place
) -> tuple[str, list[str]]:
    """The class whose parameters are counted, and what to say of that."""
    named = table.get("architectures")
    if named is None or named == []:
        first = next(iter(family.architectures))
        return first, [f"The file names no class of `architectures`; `{first}` is counted."]
    if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
        problem = "`architectures` is a list of names of classes."
        first = next(iter(family.architectures))
        raise DomainError(problem, place=place, hint=f'write "architectures": ["{first}"]')
    for name in named:
        if name in family.architectures:
            return name, []
    known = tuple(family.architectures)
    problem = f"The class `{named[0][:60]}` is not described for the family `{family.name}`."
    hint = f"write `{suggest(named[0], known) or known[0]}`"
    raise UsageError(problem, place=place, known=known, hint=hint)


def _check_values(family: ConfigFamily, values: Values, place: Place) -> None:
    for requirement in family.requirements:
        if requirement.that.run(values) is False:
            problem = f"{_fill(requirement.because, values)}."
            hint = _fill(requirement.hint, values)
            raise ShapeError(problem, place=place, hint=hint)
    for key in family.keys.values():
        value = values[key.name]
        if key.type == "size" and value is not None:
            if isinstance(value, Fraction):
                problem = f"`{key.name}` is `{key.default}` where the file does not say it"
                problem += f", and that is {value}."
                raise ShapeError(problem, place=place, hint="choose sizes that divide each other")
            check_size(key, key.name, value, place)


def _list_notes(family: ConfigFamily, table: Mapping[str, Any], values: Values) -> list[str]:
    notes = [
        _fill(note.text, values)
        for note in family.notes
        if note.when is None or note.when.run(values) is True
    ]
    assumed = [
        f"`{key.name}` = {to_size_text(values[key.name])}"
        for key in family.keys.values()
        if key.type == "size" and (key.default or "").isdigit() and not has_key(key, table)
    ]
    if assumed:
        notes.append(f"Not in the file, so the value of the family: {_join(assumed)}.")
    if unknown := [f"`{key[:60]}`" for key in _list_unknown(family, table)]:
        notes.append(
            f"Keys that are not known for this family, which the count does not hold: "
            f"{_join(unknown)}."
        )
    if table.get("quantization_config"):
        notes.append("The weights are stored quantised; what is counted are the numbers they mean.")
    if table.get("auto_map"):
        notes.append("The file names code of its own (`auto_map`), which was not read.")
    return notes


def _list_unknown(family: ConfigFamily, table: Mapping[str, Any]) -> list[str]:
    used = {part.partition(".")[0] for key in family.keys.values() for part in key.keys}
    used |= {"architectures", "model_type", "quantization_config", "auto_map"}
    return [str(key) for key in table if key not in used | family.ignored]


def _refuse_unknown(family: ConfigFamily, table: Mapping[str, Any], place: Place) -> None:
    """Refuse a key that by its name may change the count, and has a value that is something."""
    sizing = read_config_keys()["sizing"]
    for key in _list_unknown(family, table):
        value = table.get(key)
        if isinstance(value, str) or not value or not any(part in key.lower() for part in sizing):
            continue
        known = tuple(name for row in family.keys.values() for name in row.keys)
        near = suggest(key, known)
        raise UsageError(
            f"`{key[:60]}` is not known for the family `{family.name}`, and by its name it may "
            "change what is counted.",
            place=place,
            hint=f"write `{near}`" if near else f"leave out `{key[:60]}` if it changes no count",
        )


def _join(parts: list[str]) -> str:
    more = len(parts) - _MOST_NAMED
    return ", ".join(parts[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _fill(text: str, values: Values) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: to_size_text(values[match[1]]), text)
