"""Values of a network's TOML text with their places, and the errors about them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from gradiometer.errors import Place, StudyError, suggest
from gradiometer.model.network_tokens import MOST_VALUES, Cursor, Value, is_value, shorten
from gradiometer.model.toml_places import KeyPath, Spot, find_line, locate_keys

_MOST_NUMBER = 10**60
_AXIS = re.compile(r"[0-9]+|\?")


class Document:
    """A TOML text in which every key and value has its place."""

    def __init__(self, text: str, source: str) -> None:
        self.text = text
        self.cursor = Cursor(text, Place(source), most=len(text))
        """Makes the errors that the readers of text and of TOML have in common."""
        try:
            self._spots: Mapping[KeyPath, Spot] = locate_keys(text)
        except RecursionError:
            self._spots = {}

    def span(self, path: KeyPath, *, value: bool = False) -> tuple[int, int]:
        """The offsets of a key, or of its value; of what is round it where it has no place."""
        while path:
            if path in self._spots:
                spot = self._spots[path]
                if value:
                    return spot.value_start, spot.value_end
                return spot.key_start, spot.key_end
            path = path[:-1]
        return 0, 0

    def place_of(self, path: KeyPath, *, value: bool = False) -> Place:
        """Line and column of a key or of its value."""
        return self.cursor.place(self.span(path, value=value)[0])

    def fault(
        self,
        path: KeyPath,
        problem: str,
        *,
        hint: str = "",
        known: tuple[str, ...] = (),
        value: bool = False,
    ) -> StudyError:
        """An error about a key, or about its value."""
        start, end = self.span(path, value=value)
        line = find_line(self.text, start, end)
        return StudyError(
            problem,
            text=line.text,
            start=line.start,
            end=line.end,
            place=self.cursor.place(start),
            known=known,
            hint=hint,
        )

    def unknown_key(self, path: KeyPath, known: tuple[str, ...], *, hint: str = "") -> StudyError:
        """An error about a key that is none of *known*."""
        nearest = suggest(str(path[-1]), known)
        hint = hint or (f"write `{nearest}`" if nearest else "")
        problem = f"Unknown key `{shorten(str(path[-1]))}`."
        return self.fault(path, problem, known=known, hint=hint)

    def unknown_value(
        self, path: KeyPath, problem: str, value: str, known: tuple[str, ...]
    ) -> StudyError:
        """An error about a value that is none of *known*."""
        nearest = suggest(value, known)
        hint = f"write `{nearest}`" if nearest else ""
        return self.fault(path, problem, known=known, hint=hint, value=True)

    def value(self, value: Any, path: KeyPath, name: str) -> Value:
        """The text of a value: a number, a truth value, a text, or a list of sizes."""
        start, end = self.span(path, value=True)
        text = to_value_text(value)
        if isinstance(value, list):
            parts = [to_value_text(item) for item in value]
            if parts and all(map(_AXIS.fullmatch, parts)):
                text = "x".join(parts)
        text = " ".join(text.split())
        if not text or not is_value(text, named=bool(name)):
            problem = "This cannot be the value of a setting."
            hint = "write a number, true, false, or a text such as a formula"
            raise self.fault(path, problem, hint=hint, value=True)
        return Value(name, text, start, end)

    def list_values(self, values: Any, path: KeyPath) -> list[Value]:
        """The texts of the values of a list."""
        if not isinstance(values, list):
            hint = f"write such as {path[-1]} = [64, 3]"
            raise self.fault(path, f"`{path[-1]}` must be a list.", hint=hint, value=True)
        if len(values) > MOST_VALUES:
            problem = f"A layer may have at most {MOST_VALUES} values."
            raise self.fault(path, problem, value=True)
        return [self.value(item, (*path, k), "") for k, item in enumerate(values)]


def to_value_text(value: Any) -> str:
    """A value of TOML as it is written in the text notation; empty for what has none.

    Example:
        >>> to_value_text(True), to_value_text(64), to_value_text([])
        ('true', '64', '')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        # TOML allows numbers of any base, and Python refuses to write very long ones.
        return str(value) if abs(value) < _MOST_NUMBER else ""
    return value if isinstance(value, str) else ""
