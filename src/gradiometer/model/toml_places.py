"""Where each key and value of a TOML text stands, so that an error can point at it.

`tomllib` reads the values but forgets their places. This scanner only runs on text that `tomllib`
has accepted, so it never judges; it only walks.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, final

KeyPath: TypeAlias = tuple[str | int, ...]
"""Keys and array positions from the top of the file, such as `("question", 0, "ask")`."""

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
_DOT = re.compile(r"[ \t]*\.[ \t]*")
_STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}'
    r"|'''(?:[^']|'{1,2}(?!'))*'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_PLAIN = re.compile(r"[^,\]}#\n]*[^,\]}#\n\s]")


@final
@dataclass(frozen=True)
class Spot:
    """Offsets of one entry in the text; for a table header the value is the header's key."""

    key_start: int
    key_end: int
    value_start: int
    value_end: int


@final
@dataclass(frozen=True)
class Line:
    """One line of the text and the part of it that is meant."""

    number: int
    """1-based."""
    text: str
    start: int
    """0-based offset in *text*."""
    end: int


def locate_keys(text: str) -> Mapping[KeyPath, Spot]:
    """The place of every key, table header and array item of a valid TOML text.

    Example:
        >>> spot = locate_keys("a = [1, 22]")["a", 1]
        >>> spot.value_start, spot.value_end
        (8, 10)
    """
    scanner = _Scanner(text)
    scanner.walk()
    return scanner.spots


def find_line(text: str, start: int, end: int) -> Line:
    """The line that holds offset *start*, cut at the line's end."""
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", first)
    line = (text[first:] if last < 0 else text[first:last]).rstrip("\r")
    number = text.count("\n", 0, first) + 1
    return Line(number, line, start - first, max(min(end - first, len(line)), start - first))


class _Scanner:
    """One walk over a text; `spots` fills as it goes."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.spots: dict[KeyPath, Spot] = {}
        self.lengths: dict[KeyPath, int] = {}

    def walk(self) -> None:
        prefix: KeyPath = ()
        while self._skip_blank() < len(self.text):
            if self.text[self.at] == "[":
                prefix = self._header()
            else:
                self._pair(prefix)

    def _skip_blank(self) -> int:
        match = _BLANK.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.at

    def _header(self) -> KeyPath:
        """The path of `[a.b]` or `[[a.b]]`, whose tables of tables mean their last one."""
        brackets = 2 if self.text.startswith("[[", self.at) else 1
        self.at += brackets
        self._skip_blank()
        keys = self._keys()
        self.at = self.text.index("]", self.at) + brackets
        path: KeyPath = ()
        for key, key_start, key_end in keys[:-1]:
            path = (*path, key)
            self.spots.setdefault(path, Spot(key_start, key_end, key_start, key_end))
            path = self._last_item(path)
        key, start, end = keys[-1]
        path = (*path, key)
        if brackets == 2:
            self.lengths[path] = self.lengths.get(path, 0) + 1
            self.spots.setdefault(path, Spot(start, end, start, end))
            path = self._last_item(path)
        self.spots[path] = Spot(start, end, start, end)
        return path

    def _last_item(self, path: KeyPath) -> KeyPath:
        return (*path, self.lengths[path] - 1) if path in self.lengths else path

    def _keys(self) -> list[tuple[str, int, int]]:
        """Each part of a dotted key with its offsets."""
        found = []
        while match := _KEY.match(self.text, self.at):
            raw = match.group()
            name = tomllib.loads(f"k = {raw}")["k"] if raw[0] in "\"'" else raw
            found.append((name, match.start(), match.end()))
            dot = _DOT.match(self.text, match.end())
            self.at = dot.end() if dot else match.end()
            if not dot:
                break
        return found

    def _pair(self, prefix: KeyPath) -> None:
        keys = self._keys()
        self.at = self.text.index("=", self.at) + 1
        self._skip_blank()
        start = self.at
        path = prefix
        for key, _, _ in keys:
            path = (*path, key)
        self._value(path)
        for depth, (_, key_start, key_end) in enumerate(keys, start=len(prefix) + 1):
            spot = Spot(key_start, key_end, start, self.at)
            self.spots.setdefault(path[:depth], spot)
        self.spots[path] = Spot(keys[-1][1], keys[-1][2], start, self.at)

    def _value(self, path: KeyPath) -> None:
        first = self.text[self.at]
        if first in "\"'":
            match = _STRING.match(self.text, self.at)
        elif first in "[{":
            self._items(path, inline_table=first == "{")
            return
        else:
            match = _PLAIN.match(self.text, self.at)
        self.at = match.end() if match else len(self.text)

    def _items(self, path: KeyPath, *, inline_table: bool) -> None:
        """The items of an array, or the pairs of an inline table."""
        self.at += 1
        index = 0
        while self._skip_blank() < len(self.text) and self.text[self.at] not in "]}":
            if self.text[self.at] == ",":
                self.at += 1
            elif inline_table:
                self._pair(path)
            else:
                start = self.at
                self._value((*path, index))
                self.spots[*path, index] = Spot(start, self.at, start, self.at)
                index += 1
        self.at += 1
