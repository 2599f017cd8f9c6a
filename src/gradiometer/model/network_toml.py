"""Reads a network written as TOML: one table a layer, the same tree as from text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from gradiometer.errors import GradiometerError, LimitError, Place, suggest
from gradiometer.model.network_items import (
    BODY_WORDS,
    ITEM_SETTINGS,
    JOIN_SETTINGS,
    JOINS,
    Head,
    close_item,
    make_item,
)
from gradiometer.model.network_read import read_shape
from gradiometer.model.network_tokens import MOST_ITEMS, MOST_NESTING, Value, is_name, shorten
from gradiometer.model.network_toml_values import Document, to_value_text
from gradiometer.model.network_tree import Chain, Input, Item
from gradiometer.model.toml_places import KeyPath
from gradiometer.model.toml_source import read_file, read_toml

MOST_BYTES = 1_000_000
"""Size of a file that is read."""

TOP_KEYS = ("name", "about", "input", "layer")
WORDS: Mapping[str, tuple[str, ...]] = {
    "kind": ("kind", "name", "arguments", "settings"),
    "repeat": ("repeat", "as", "layers", "name", "settings", *ITEM_SETTINGS),
    "join": ("join", "branches", "layers", "name", "settings", *JOIN_SETTINGS["concat"]),
    "experts": ("experts", "active", "layers", "name", "settings", *ITEM_SETTINGS),
    "use": ("use", "name", "settings", *ITEM_SETTINGS),
    "input": ("input", "name"),
}
"""The key that says what a table is, and the keys it may have besides; `kind` allows any."""


def read_network_file(path: str | Path) -> Chain:
    """The network in the TOML file at *path*.

    Raises:
        StudyError: If the file cannot be read or is no TOML, or has an unknown key.
        FormulaError: If a layer lacks something or has a value too many.
    """
    text = read_file(Path(path), most_bytes=MOST_BYTES)
    return read_network_toml(text, source=str(path))


def read_network_toml(text: str, *, source: str = "") -> Chain:
    """The network that a TOML text describes.

    Args:
        text: `input = "3x32x32"`, then a table `[[layer]]` for each item.
        source: The name of the file, for errors.

    Raises:
        StudyError: If the text is no TOML, or has an unknown key.
        FormulaError: If a layer lacks something or has a value too many.
        LimitError: If it is larger than the stated limits.

    Example:
        >>> tree = read_network_toml('input = "784"\\n[[layer]]\\nkind = "dense"\\nout = 10')
        >>> tree.items[1].settings
        (('out', '10'),)
    """
    if len(text) > MOST_BYTES:
        raise LimitError(f"The text has more than {MOST_BYTES:,} characters.", place=Place(source))
    table = read_toml(source, text)
    return _Reader(Document(text, source)).read(table)


class _Reader:
    """Turns tables into items, innermost first; the depth is bounded before it is walked."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.count = 0

    def read(self, table: Mapping[str, Any]) -> Chain:
        """The whole network."""
        document = self.document
        for key in table:
            if key not in TOP_KEYS:
                hint = "give the text itself, or add an `input`" if key == "body" else ""
                raise document.unknown_key((key,), TOP_KEYS, hint=hint)
        first = [self._read_input(table["input"], ("input",), "")] if "input" in table else []
        rest = self._read_items(table.get("layer", []), ("layer",), 0)
        if not rest:
            hint = 'write [[layer]] and under it kind = "dense"'
            raise document.fault((), "The network has no layers.", hint=hint)
        return Chain((*first, *rest))

    def _read_items(self, rows: Any, path: KeyPath, depth: int) -> tuple[Item, ...]:
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
            hint = 'write such as layers = [{ kind = "relu" }]'
            hint = "write [[layer]]" if path == ("layer",) else hint
            raise self.document.fault(path, f"`{path[-1]}` must be a list of tables.", hint=hint)
        if depth > MOST_NESTING:
            problem = f"At most {MOST_NESTING} lists of layers may stand inside one another."
            raise LimitError(problem, place=self.document.place_of(path))
        return tuple(self._read_item(row, (*path, k), depth) for k, row in enumerate(rows))

    def _read_item(self, row: Mapping[str, Any], path: KeyPath, depth: int) -> Item:
        document = self.document
        self.count += 1
        if self.count > MOST_ITEMS:
            problem = f"A network may have at most {MOST_ITEMS:,} items."
            raise LimitError(problem, place=document.place_of(path))
        key = self._find_word(row, path)
        name = self._read_name(row, path)
        if key == "input":
            return self._read_input(row["input"], (*path, "input"), name)
        word = self._read_kind(row[key], (*path, key)) if key in {"kind", "join"} else key
        values = [*self._first_values(row, path, key), *self._read_settings(row, path, key)]
        # The word itself is marked: a key, or what stands in quotes behind `kind` and `join`.
        start = document.span((*path, key), value=word != key)[0] + (word != key)
        head = Head(word, start, name, values)
        bodies = [] if key in {"kind", "use"} else self._read_bodies(row, path, key, depth)
        try:
            make = make_item if key in {"kind", "use"} else partial(close_item, bodies=bodies)
            return make(document.cursor, head)
        except GradiometerError as error:
            # The reader of text says what to write in braces; here it would be no help.
            raise (replace(error, hint="") if "{" in error.hint else error) from None

    def _find_word(self, row: Mapping[str, Any], path: KeyPath) -> str:
        """The key that says what a table is; the other keys are checked."""
        word = next((word for word in WORDS if word in row), "")
        if not word:
            for key in row:
                if nearest := suggest(key, WORDS):
                    hint = f"write `{nearest}`"
                    raise self.document.unknown_key((*path, key), tuple(WORDS), hint=hint)
            problem = "This table does not say what it is."
            hint = 'write such as kind = "dense"'
            raise self.document.fault(path, problem, known=tuple(WORDS), hint=hint)
        for key in row:
            if word != "kind" and key not in WORDS[word]:
                raise self.document.unknown_key((*path, key), WORDS[word])
            if not is_name(key):
                raise self.document.fault((*path, key), f"`{shorten(key)}` cannot be a setting.")
        return word

    def _read_name(self, row: Mapping[str, Any], path: KeyPath) -> str:
        name = row.get("name", "")
        if "name" in row and not (isinstance(name, str) and is_name(name)):
            hint = "use letters, digits and underscores, a letter first"
            problem = "This cannot be the name of an item."
            raise self.document.fault((*path, "name"), problem, hint=hint, value=True)
        return name

    def _read_kind(self, kind: Any, path: KeyPath) -> str:
        document = self.document
        if path[-1] == "join":
            if kind not in JOINS and kind != "residual":
                known = (*JOINS, "residual")
                raise document.unknown_value(path, "There is no such join.", str(kind), known)
            return kind
        if not isinstance(kind, str) or not is_name(kind):
            problem = "A kind of layer is one word in quotes."
            raise document.fault(path, problem, hint='write such as "dense"', value=True)
        if kind in {*BODY_WORDS, "use", "input", "tokens"}:
            key = "join" if kind in {*JOINS, "residual"} else "input" if kind == "tokens" else kind
            problem = f"`{kind}` is no kind of layer."
            raise document.fault(path, problem, hint=f"write a key `{key}` instead", value=True)
        return kind

    def _read_input(self, value: Any, path: KeyPath, name: str) -> Input:
        document = self.document
        place = document.place_of(path, value=True)
        if isinstance(value, list):
            value = f"input({', '.join(item.text for item in document.list_values(value, path))})"
        text = to_value_text(value)
        if isinstance(value, bool) or not text:
            problem = "This is no shape of an input."
            hint = 'write such as "3x32x32" or "tokens(1024)"'
            raise document.fault(path, problem, hint=hint, value=True)
        return replace(read_shape(text, place=place), name=name)

    def _first_values(self, row: Mapping[str, Any], path: KeyPath, key: str) -> list[Value]:
        """The values that have no name in the text notation."""
        if key == "kind":
            arguments = row.get("arguments", [])
            return self.document.list_values(arguments, (*path, "arguments"))
        if key == "join":
            return []
        values = [self.document.value(row[key], (*path, key), "")]
        own = {"repeat": "as", "experts": "active"}.get(key, "")
        if own in row:
            values.append(self.document.value(row[own], (*path, own), own))
        return values

    def _read_settings(self, row: Mapping[str, Any], path: KeyPath, key: str) -> list[Value]:
        known = WORDS[key]
        own = JOIN_SETTINGS["concat"] if key == "join" else ITEM_SETTINGS
        allowed = [name for name in row if name not in known or name in own]
        found = [self.document.value(row[name], (*path, name), name) for name in allowed]
        settings = row.get("settings", {})
        if not isinstance(settings, Mapping):
            problem = "`settings` must be a table."
            hint = "write such as settings = { name = 3 }"
            raise self.document.fault((*path, "settings"), problem, hint=hint)
        for name, value in settings.items():
            inner = (*path, "settings", name)
            if not is_name(name):
                raise self.document.fault(inner, f"`{shorten(name)}` cannot be a setting.")
            if name in allowed:
                raise self.document.fault(inner, f"`{name}` is given twice.")
            found.append(self.document.value(value, inner, name))
        return found

    def _read_bodies(
        self, row: Mapping[str, Any], path: KeyPath, key: str, depth: int
    ) -> list[Chain]:
        if key == "join" and "branches" in row:
            branches, inner = row["branches"], (*path, "branches")
            if "layers" in row or not isinstance(branches, list):
                hint = 'write such as branches = [[{ kind = "relu" }], []]'
                problem = "`branches` is a list of lists, and stands without `layers`."
                raise self.document.fault(inner, problem, hint=hint)
            return [
                self._read_branch(branch, (*inner, k), depth) for k, branch in enumerate(branches)
            ]
        if "layers" not in row:
            hint = 'write layers = [{ kind = "relu" }]'
            wanted = "branches" if key == "join" else "layers"
            raise self.document.fault(path, f"The key `{wanted}` is missing.", hint=hint)
        return [Chain(self._read_items(row["layers"], (*path, "layers"), depth + 1))]

    def _read_branch(self, branch: Any, path: KeyPath, depth: int) -> Chain:
        if isinstance(branch, Mapping):
            for key in branch:
                if key != "layers":
                    raise self.document.unknown_key((*path, key), ("layers",))
            branch, path = branch.get("layers", []), (*path, "layers")
        return Chain(self._read_items(branch, path, depth + 1))
