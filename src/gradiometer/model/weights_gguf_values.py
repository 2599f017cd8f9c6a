"""The typed values of a GGUF header, read one after the other within limits."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any, final

from gradiometer.model.weights_source import WeightFile, shorten

MOST_KEPT = 1024
"""Items of a list that are kept; a longer one (a vocabulary) is read over and described."""
MOST_ITEMS = 10_000_000
"""Items of all lists of a header."""
_MOST_TEXT = 1 << 20
"""Bytes of one text."""
_MOST_NESTING = 8
"""Lists inside one another."""

_TEXT, _LIST = 8, 9
_NUMBERS: Mapping[int, str] = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
"""Type in the file and its letter for `struct`."""


@final
class Cursor:
    """A place in the header that moves as it is read."""

    def __init__(self, file: WeightFile, *, at: int, order: str, version: int) -> None:
        self.file = file
        self.at = at
        self.order = order
        self.version = version
        self.items = 0

    def read_number(self, letter: str) -> Any:
        """The number of that `struct` letter that stands next."""
        size = struct.calcsize(f"={letter}")
        data = self.file.read(self.at, size, what="The GGUF header")
        self.at += size
        return struct.unpack(f"{self.order}{letter}", data)[0]

    def read_size(self) -> int:
        """A count or a length: 32 bits in version 1, 64 bits since."""
        return self.read_number("I" if self.version == 1 else "Q")

    def read_text(self) -> str:
        """The text that stands next."""
        at = self.at
        length = self.read_size()
        self.check_room(length, what=f"a text of {length:,} bytes")
        if length > _MOST_TEXT:
            raise self.file.limit(f"A text has more than {_MOST_TEXT:,} bytes.", offset=at)
        data = self.file.read(self.at, length)
        self.at += length
        # Vocabularies hold pieces of characters; a name that is no text is shown with `�`.
        return data.decode("utf-8", "replace")

    def check_room(self, length: int, *, what: str) -> None:
        """Refuse what cannot stand in the rest of the file.

        Raises:
            StudyError: If it cannot.
        """
        left = self.file.size - self.at
        if length > left:
            problem = f"The header announces {what}, and {left:,} bytes are left."
            hint = "download or convert the file again"
            raise self.file.fault(problem, offset=self.at, hint=hint)


def read_value(cursor: Cursor, key: str) -> Any:
    """The value that stands next: a number, a truth value, a text, a list, or its description."""
    kind = cursor.read_number("I")
    if kind == _TEXT:
        return cursor.read_text()
    if kind in _NUMBERS:
        return cursor.read_number(_NUMBERS[kind])
    if kind == _LIST:
        return _read_list(cursor, key)
    raise cursor.file.fault(f"Key `{shorten(key)}` has unknown type {kind}.", offset=cursor.at - 4)


def _read_list(cursor: Cursor, key: str, depth: int = 0) -> Any:
    kind = cursor.read_number("I")
    length = cursor.read_size()
    cursor.items += length
    least = struct.calcsize(f"={_NUMBERS[kind]}") if kind in _NUMBERS else 4
    cursor.check_room(length * least, what=f"a list of {length:,} items")
    if cursor.items > MOST_ITEMS or depth > _MOST_NESTING:
        problem = f"The lists of the header, up to `{shorten(key)}`, are too long or too deep."
        raise cursor.file.limit(problem, offset=cursor.at)
    if kind in _NUMBERS:
        return _read_numbers(cursor, _NUMBERS[kind], length)
    if kind not in {_TEXT, _LIST}:
        problem = f"A list of key `{shorten(key)}` has unknown type {kind}."
        raise cursor.file.fault(problem, offset=cursor.at)
    kept: list[Any] = []
    for _ in range(length):
        item = cursor.read_text() if kind == _TEXT else _read_list(cursor, key, depth + 1)
        if len(kept) < MOST_KEPT:
            kept.append(item)
    return tuple(kept) if length <= MOST_KEPT else _describe(length)


def _read_numbers(cursor: Cursor, letter: str, length: int) -> Any:
    size = struct.calcsize(f"={letter}")
    if length > MOST_KEPT:
        cursor.at += size * length
        return _describe(length)
    data = cursor.file.read(cursor.at, size * length)
    cursor.at += size * length
    return struct.unpack(f"{cursor.order}{length}{letter}", data)


def _describe(length: int) -> str:
    return f"{length:,} items, not kept"
