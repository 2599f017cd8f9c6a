"""Turns the value of a study key into what a question takes, by the kind of its input."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

from gradiometer.errors import suggest
from gradiometer.question import Input


@final
@dataclass(frozen=True)
class Decimal:
    """A number with a point or an exponent, kept as it was written: `0.1` is one tenth."""

    text: str


class WrongKindError(Exception):
    """A value is not of the kind its key asks for; the text says what would be."""

    def __init__(self, wanted: str, hint: str = "", key: str = "") -> None:
        super().__init__(wanted)
        self.wanted = wanted
        self.hint = hint
        self.key = key
        """The key inside the value that is meant; empty for the whole value."""


_NAME = r"[A-Za-z_][A-Za-z0-9_.]*"
_NEXT = re.compile(rf"[,;]\s*(?={_NAME}'*\s*=)")
_JOINED = re.compile(rf"\s+({_NAME}'*\s*=)(?!=)")
_PAIR = re.compile(rf"\s*({_NAME}'*)\s*=\s*(.*?)\s*", re.DOTALL)


def split_settings(text: str) -> dict[str, str]:
    """The values by name in a text such as `a=-1, b=4`; a value may hold commas of its own.

    Raises:
        WrongKindError: If a part is not of the form NAME=VALUE, or a name comes twice.

    Example:
        >>> split_settings("milestones=30,60, gamma=1/2")
        {'milestones': '30,60', 'gamma': '1/2'}
    """
    values: dict[str, str] = {}
    for part in _NEXT.split(text) if text.strip() else ():
        match = _PAIR.fullmatch(part)
        if match is None or not match.group(2):
            raise WrongKindError("values such as `a=-1, b=4`", f"write NAME=VALUE for `{part}`")
        if match.group(1) in values:
            raise WrongKindError("one value a name", f"give `{match.group(1)}` once")
        if _JOINED.search(match.group(2)):
            apart = _JOINED.sub(r", \1", part.strip())
            raise WrongKindError("values apart by commas", f"put commas between: `{apart}`")
        values[match.group(1)] = match.group(2)
    return values


def read_value(item: Input, value: Any) -> Any:
    """The value of a study key as the question takes it.

    Raises:
        WrongKindError: If the value is of another kind.
    """
    return _READERS[item.kind](item, value)


def to_number_text(value: Any) -> str | None:
    """The text of a number that a study wrote in any of the allowed ways; None for others."""
    if isinstance(value, Decimal):
        return value.text
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else None


def to_plain(value: Any) -> Any:
    """The value with every decimal as text, as catalogue entries and claims have it."""
    if isinstance(value, Decimal):
        return value.text
    if isinstance(value, Mapping):
        return {key: to_plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [to_plain(item) for item in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    raise WrongKindError("a text, a number, true or false", "write a date as text")


def _read_text(item: Input, value: Any) -> str:
    if isinstance(value, str) and value.strip():
        return value
    hint = f'write {item.name} = "{value}"' if isinstance(value, int) else ""
    raise WrongKindError(
        "a text" if not isinstance(value, str) else "a text that is not empty", hint
    )


def _read_texts(item: Input, value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [value]
    if isinstance(value, list) and value and all(isinstance(v, str) and v.strip() for v in value):
        return tuple(value)
    raise WrongKindError("a text or a list of texts", f'write {item.name} = ["…"]')


def _read_number(item: Input, value: Any) -> str:
    text = to_number_text(value)
    if text is None or not text.strip():
        raise WrongKindError("a number", f'write {item.name} = 1 or {item.name} = "1/3"')
    return text


def _read_place(item: Input, value: Any) -> str:
    """A number for each variable, as one text; or the word for all starts."""
    if value == "any" and item.name == "start":
        return value
    rows = list(value.items()) if isinstance(value, Mapping) else []
    if isinstance(value, list) and value:
        rows = [("", number) for number in value]
    if not rows:
        return _read_number(item, value)
    texts = [to_number_text(number) for _, number in rows]
    if not all(texts):
        hint = f"write {item.name} = {{ x = 1, y = 2 }} or {item.name} = [1, 2]"
        raise WrongKindError("a number for each variable", hint)
    named = zip(rows, texts, strict=True)
    return ", ".join(f"{name}={text}" if name else str(text) for (name, _), text in named)


def _read_numbers(item: Input, value: Any) -> dict[str, str]:
    if isinstance(value, str):
        return split_settings(value)
    if not isinstance(value, Mapping):
        raise WrongKindError(
            "a table of numbers, or a text such as `a=-1, b=4`",
            f"write {item.name} = {{ a = -1, b = 4 }}",
        )
    return dict(_settings(value, ""))


def _settings(table: Mapping[str, Any], prefix: str) -> list[tuple[str, str]]:
    """The rows of a table of numbers; `adam.eps = 0` is a table in TOML and one name here."""
    rows: list[tuple[str, str]] = []
    for key, value in table.items():
        name = prefix + key
        if isinstance(value, Mapping):
            rows += _settings(value, name + ".")
        elif isinstance(value, bool):
            rows.append((name, "true" if value else "false"))
        elif isinstance(value, list) and value and all(to_number_text(v) for v in value):
            rows.append((name, ", ".join(str(to_number_text(v)) for v in value)))
        elif text := to_number_text(value):
            rows.append((name, text))
        else:
            raise WrongKindError("a number", f'write {key} = 1 or {key} = "1/3"', key=name)
    return rows


def _read_integer(item: Input, value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    digits = value if isinstance(value, str) and value.strip("-").isdigit() else "1000"
    raise WrongKindError("a whole number", f"write {item.name} = {digits}")


def _read_flag(item: Input, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise WrongKindError("true or false", f"write {item.name} = true")


def _read_choice(item: Input, value: Any) -> str:
    if isinstance(value, str) and value in item.choices:
        return value
    nearest = suggest(value, item.choices) if isinstance(value, str) else ""
    words = " or ".join(f'"{choice}"' for choice in item.choices)
    raise WrongKindError(words, f'write "{nearest}"' if nearest else "")


_READERS: Mapping[str, Callable[[Input, Any], Any]] = {
    "text": _read_text,
    "texts": _read_texts,
    "path": _read_text,
    "paths": _read_texts,
    "number": _read_number,
    "numbers": _read_numbers,
    "place": _read_place,
    "integer": _read_integer,
    "flag": _read_flag,
    "choice": _read_choice,
    "model": _read_text,
}
