"""A config.json as a table, and its values as the texts of settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from gradiometer.catalog import find_name, read_config_keys
from gradiometer.errors import (
    DomainError,
    GradiometerError,
    LimitError,
    Place,
    StudyError,
    suggest,
    unknown_name,
)
from gradiometer.model.config_family import ConfigKey
from gradiometer.model.layer_kind_read import find_layer_kind
from gradiometer.model.layer_rule import MOST_SIZE
from gradiometer.model.toml_source import read_file

MOST_BYTES = 10_000_000
"""Largest file that is read; names of labels may be many."""

MOST_ENTRIES = 10_000
"""Longest list of whole numbers."""

_ABSENT = object()


def read_config_table(source: str | Path | Mapping[str, Any]) -> tuple[Mapping[str, Any], Place]:
    """The table of a config.json and where it stands.

    Args:
        source: The path of the file or of its folder, or the table itself.

    Raises:
        StudyError: If the file cannot be read, or holds no JSON object.

    Example:
        >>> read_config_table({"model_type": "gpt2"})[0]["model_type"]
        'gpt2'
    """
    if isinstance(source, Mapping):
        return source, Place("config.json")
    path = Path(source)
    if path.is_dir():
        path /= "config.json"
    table = _parse(read_file(path, most_bytes=MOST_BYTES), str(path))
    if not isinstance(table, dict):
        problem = "The file holds no JSON object."
        hint = "give the config.json that stands beside the weights"
        raise StudyError(problem, place=Place(str(path)), hint=hint)
    return table, Place(str(path))


def _parse(text: str, source: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        lines = text.splitlines() or [""]
        shown = lines[min(error.lineno, len(lines)) - 1]
        problem = f"The file is no JSON: {error.msg[:1].lower()}{error.msg[1:]}."
        place = Place(source, error.lineno, error.colno)
        raise StudyError(problem, text=shown[:2_000], start=error.colno - 1, place=place) from None
    except RecursionError:
        raise StudyError("The file is nested too deeply.", place=Place(source)) from None
    except ValueError:
        # Python refuses to convert whole numbers of thousands of digits.
        problem = "The file holds a whole number with too many digits."
        raise StudyError(problem, place=Place(source)) from None


def find_given(key: ConfigKey, table: Mapping[str, Any], place: Place) -> str | None:
    """The text of a setting that the file gives; None where it does not.

    Raises:
        DomainError: If the value is of another type, or below the least one.
        LimitError: If it is too large.
        UnknownNameError: If it is a word that is not known.

    Example:
        >>> find_given(ConfigKey("width", ("n_embd",), "1"), {"n_embd": 768}, Place())
        '768'
    """
    texts: dict[str, str] = {}
    for named in key.keys:
        value = _look(table, named)
        if value is None and key.null and not texts:
            texts[named] = key.null
        if value is not _ABSENT and value is not None:
            texts[named] = _to_text(key, named, value, place)
    if key.type in {"size", "entries"} and len(set(texts.values())) > 1:
        (one, first), (two, second) = list(texts.items())[:2]
        problem = f"`{one}` says {first} and `{two}` says {second}, and they mean the same."
        raise DomainError(problem, place=place, hint=f"leave out `{two}`")
    return next(iter(texts.values()), None)


def has_key(key: ConfigKey, table: Mapping[str, Any]) -> bool:
    """Whether the file has a key of this setting, be it null."""
    return any(_look(table, named) is not _ABSENT for named in key.keys)


def _look(table: Mapping[str, Any], named: str) -> Any:
    value: Any = table
    for part in named.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return _ABSENT
        value = value[part]
    return value


def _to_text(key: ConfigKey, named: str, value: Any, place: Place) -> str:
    if key.words is not None and (isinstance(value, str) or key.type == "word"):
        return _find_word(key, named, value, place)
    if key.type == "truth":
        if not isinstance(value, bool):
            raise _wrong(named, value, "true or false", place, "write true or false")
        return "true" if value else "false"
    if key.type == "layer":
        return _find_activation(named, value, place)
    if key.type == "list":
        return _list_numbers(key, named, value, place)
    if key.type == "number":
        return _find_number(named, value, place)
    if key.type == "entries" and isinstance(value, Mapping | list):
        value = len(value)
    return str(check_size(key, named, value, place))


def check_size(key: ConfigKey, named: str, value: Any, place: Place) -> int:
    """The whole number that a value is.

    Raises:
        DomainError: If it is none, or below the least one.
        LimitError: If it is too large.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < key.least:
        wanted = f"a whole number from {key.least} on"
        raise _wrong(named, value, wanted, place, f'write such as "{named}": {max(key.least, 8)}')
    most = MOST_SIZE if key.most is None else key.most
    if value > most:
        said = f"{most:,}" if key.most else "10^30"
        raise LimitError(
            f"`{named}` is larger than {said}.", place=place, hint="write a smaller number"
        )
    return value


def _find_word(key: ConfigKey, named: str, value: Any, place: Place) -> str:
    assert key.words is not None
    if isinstance(value, str) and value in key.words:
        return key.words[value]
    word = str(value)[:60]
    nearest = suggest(word, key.words)
    problem = f"`{named}` is `{word}`, and this family is described for other values."
    hint = f"write `{nearest}`" if nearest else ""
    raise DomainError(problem, place=place, known=tuple(key.words), hint=hint)


def _find_activation(named: str, value: Any, place: Place) -> str:
    if not isinstance(value, str):
        raise _wrong(named, value, "the name of an activation", place, 'write such as "gelu"')
    names = read_config_keys()["activations"]
    name = names.get(value, value)
    kind = find_layer_kind(name) if find_name("activation", name) else None
    if kind is None or kind.tensors:
        known = ("gelu", "gelu_new", "gelu_pytorch_tanh", "relu", "silu", "swish", "tanh")
        problem = f"`{named}` is `{value[:60]}`, and that activation is not known."
        raise unknown_name(value, known, problem=problem, place=place)
    return kind.name


def _find_number(named: str, value: Any, place: Place) -> str:
    """A share from 0 to 1, exactly as it was written."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise _wrong(named, value, "a number from 0 to 1", place, "write such as 0.5")
    return str(Fraction(repr(value)))


def _list_numbers(key: ConfigKey, named: str, value: Any, place: Place) -> str:
    """Several numbers as the axes of a size; -1 where there is none, which no counter reaches."""
    if not isinstance(value, list):
        raise _wrong(named, value, "a list of whole numbers", place, "write such as [0, 1]")
    if len(value) > MOST_ENTRIES:
        raise LimitError(f"`{named}` has more than {MOST_ENTRIES:,} entries.", place=place)
    if key.words is not None:
        return "x".join(_find_word(key, named, each, place) for each in value) or "-1"
    return "x".join(str(check_size(key, named, each, place)) for each in value) or "-1"


def _wrong(named: str, value: Any, wanted: str, place: Place, hint: str) -> GradiometerError:
    said = json.dumps(value, default=str)[:60] if not isinstance(value, Mapping | list) else "…"
    kind = {dict: "an object", list: "a list"}.get(type(value), f"`{said}`")
    return DomainError(f"`{named}` is {wanted}, not {kind}.", place=place, hint=hint)
