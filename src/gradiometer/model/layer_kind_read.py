"""Reads the entry of a kind of layer, and checks each formula against the names it may use."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from gradiometer.catalog import find_name, list_aliases, list_entries, read_entry
from gradiometer.errors import FormulaError, Place, StudyError, suggest
from gradiometer.model.entry import check_keys
from gradiometer.model.layer_kind import (
    SAVED_TYPES,
    SETTING_TYPES,
    LayerKind,
    LayerSetting,
    LineRule,
    Part,
    Requirement,
    ShapeForm,
    TensorRule,
)
from gradiometer.model.network_template import read_template
from gradiometer.model.size_formula import SizeFormula, check_names, read_size

_KEYS = (
    "name", "about", "reference", "aliases", "settings", "shape", "require", "tensors", "buffers",
    "multiply_adds", "extra", "saved", "cache", "embedding", "takes", "view", "body",
)  # fmt: skip
_LEAF_KEYS = (
    "tensors", "buffers", "multiply_adds", "extra", "saved", "cache", "embedding", "takes", "view",
)  # fmt: skip
"""What a kind with a body has from its layers."""
_SETTING_KEYS = ("about", "default", "each_axis", "words", "is", "least")
_SHAPE_KEYS = ("input", "memory", "output", "axes", "when", "try")


@lru_cache(maxsize=1_000)
def find_layer_kind(named: str) -> LayerKind | None:
    """The kind of that catalogue name or alias; None when there is none.

    Raises:
        StudyError: If its entry is wrong.

    Example:
        >>> find_layer_kind("dense").settings["out"].default is None
        True
    """
    name = find_name("layer", named)
    table = read_entry("layer", name) if name else _activation_table(named)
    return read_layer_kind(table) if table else None


def read_layer_kind(table: Mapping[str, Any], *, place: Place | None = None) -> LayerKind:
    """The kind of layer that an entry describes.

    Raises:
        StudyError: If a key is not known, a part is missing, or a formula uses a name that is
            neither a setting nor an axis.
        FormulaError: If a formula or the body cannot be read.

    Example:
        >>> table = {"name": "double", "about": "Twice.", "shape": {"input": "n", "output": "2*n"}}
        >>> read_layer_kind(table).forms[0].input
        ('n',)
    """
    return _Reader(place or Place(f"layer `{table.get('name', '')}`"), table).read()


class _Reader:
    """Reads one entry; every formula in it is checked against the names that it may use."""

    def __init__(self, place: Place, table: Mapping[str, Any]) -> None:
        self.place = place
        self.table = table
        self.known: set[str] = set()
        self.words: set[str] = {"none"}

    def read(self) -> LayerKind:
        table = self.table
        is_composite = "body" in table
        keys = tuple(key for key in _KEYS if not (is_composite and key in _LEAF_KEYS))
        check_keys(table, keys, place=self.place)
        for key in ("name", "about"):
            if not isinstance(table.get(key), str):
                raise self.fault(f"The kind of layer has no text `{key}`.", f'write {key} = "…"')
        rows = self._table(table, "settings")
        self._collect_names(rows)
        settings = {name: self._setting(name, row) for name, row in rows.items()}
        forms = tuple(self._form(row) for row in self._shapes())
        name, about = str(table["name"]), str(table["about"])
        requirements = tuple(self._requirement(row) for row in table.get("require", ()))
        if is_composite:
            body = read_template(table, place=self.place).body
            return LayerKind(name, about, settings, forms, requirements, body=body)
        if not forms:
            raise self.fault("The kind of layer has no `shape`.", "add a table [shape]")
        return LayerKind(
            name,
            about,
            settings,
            forms,
            requirements=requirements,
            tensors=tuple(self._tensors("tensors")),
            buffers=tuple(self._tensors("buffers")),
            multiply_adds=tuple(self._lines("multiply_adds")),
            extra=tuple(self._lines("extra")),
            saved=tuple(self._saved()),
            cache=tuple(self._tensors("cache", "for")),
            is_embedding=table.get("embedding") is True,
            takes_tokens=self._takes_tokens(),
            view=self._view(),
        )

    def fault(self, problem: str, hint: str = "", known: Iterable[str] = ()) -> StudyError:
        return StudyError(problem, place=self.place, hint=hint, known=tuple(known))

    def _table(self, table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        found = table.get(key, {})
        if not isinstance(found, Mapping):
            raise self.fault(f"`{key}` must be a table.", f"write [{key}]")
        return found

    def _shapes(self) -> list[Mapping[str, Any]]:
        shape = self.table.get("shape", [])
        return [shape] if isinstance(shape, Mapping) else list(shape)

    def _collect_names(self, rows: Mapping[str, Any]) -> None:
        self.known |= set(rows)
        for row in rows.values():
            if isinstance(row, Mapping) and isinstance(row.get("words"), Mapping | list):
                self.words |= set(row["words"])
        for shape in self._shapes():
            for key in ("input", "memory"):
                self.known |= {name.lstrip("*") for name in _split(str(shape.get(key, "")))}
            self.known |= set(self._table(shape, "axes"))

    def _formula(self, value: Any, where: str) -> SizeFormula:
        if isinstance(value, bool):
            value = "true" if value else "false"
        if not isinstance(value, str | int):
            raise self.fault(f"`{where}` is no formula.", f'write {where} = "a formula"')
        try:
            formula = read_size(" ".join(str(value).split()))
        except FormulaError as error:
            raise error.located(self.place) from None
        if unknown := check_names(formula, self.known | self.words):
            nearest = suggest(unknown, self.known)
            hint = f"write `{nearest}`" if nearest else "name it in [settings] or in [shape]"
            problem = f"`{where}` uses `{unknown}`, which is neither a setting nor an axis."
            raise self.fault(problem, hint, sorted(self.known))
        return formula

    def _when(self, row: Mapping[str, Any]) -> SizeFormula | None:
        return self._formula(row["when"], "when") if "when" in row else None

    def _setting(self, name: str, row: Any) -> LayerSetting:
        row = row if isinstance(row, Mapping) else {"default": row}
        check_keys(row, _SETTING_KEYS, place=self.place)
        default, given = row.get("default"), row.get("words", {})
        truth = str(default).lower() in {"true", "false"}
        kind = row.get("is", "truth" if truth else "size")
        if kind not in SETTING_TYPES:
            problem = f"The setting `{name}` is `{kind}`, which is no type."
            raise self.fault(problem, known=SETTING_TYPES)
        words: dict[str, SizeFormula | None] = (
            {word: self._formula(value, word) for word, value in given.items()}
            if isinstance(given, Mapping)
            else dict.fromkeys(given)
        )
        if kind == "layer" and default is not None:
            self.words.add(str(default))
        each = row.get("each_axis")
        return LayerSetting(
            name,
            str(row.get("about", "")),
            None if default is None else self._formula(default, name),
            kind,
            None if each in (None, False) else 0 if each is True else int(each),
            int(row.get("least", 1)),
            words,
        )

    def _form(self, row: Mapping[str, Any]) -> ShapeForm:
        check_keys(row, _SHAPE_KEYS, place=self.place)
        composite = "body" in self.table
        for key in ("input",) if composite else ("input", "output"):
            if not isinstance(row.get(key), str):
                raise self.fault(f"The shape has no text `{key}`.", f'write {key} = "…"')
        axes = self._table(row, "axes")
        return ShapeForm(
            self._pattern(row["input"]),
            self._pattern(str(row.get("memory", ""))),
            self._parts(str(row.get("output", "")), "output"),
            tuple((name, self._formula(text, name)) for name, text in axes.items()),
            self._when(row),
            str(row.get("try", "")),
        )

    def _pattern(self, text: str) -> tuple[str, ...]:
        names = tuple(_split(text))
        for name in names:
            if not re.fullmatch(r"\*?[A-Za-z_]\w*", name):
                raise self.fault(f"`{name}` cannot name an axis.", 'write "channels, *space"')
        if sum(name.startswith("*") for name in names) > 1:
            raise self.fault("Only one name of an input may have a star.", 'write "*before, width"')
        return names

    def _parts(self, text: str, where: str) -> tuple[Part, ...]:
        return tuple(
            Part(part.startswith("*"), self._formula(part.removeprefix("*"), where))
            for part in _split(text)
        )

    def _requirement(self, row: Mapping[str, Any]) -> Requirement:
        check_keys(row, ("that", "because", "try"), place=self.place)
        for key in ("that", "because", "try"):
            if not isinstance(row.get(key), str):
                raise self.fault(f"A requirement has no text `{key}`.", f'write {key} = "…"')
        for text in (row["because"], row["try"]):
            for name in re.findall(r"\{(\w+)\}", text):
                if name not in self.known:
                    raise self.fault(f"`{{{name}}}` is neither a setting nor an axis.")
        return Requirement(self._formula(row["that"], "that"), row["because"], row["try"])

    def _tensors(self, key: str, *more: str) -> Iterator[TensorRule]:
        for name, given in self._table(self.table, key).items():
            row = given if isinstance(given, Mapping) else {"shape": given}
            check_keys(row, ("shape", "when", "dtype", "name", "say", *more), place=self.place)
            if not isinstance(row.get("shape"), str):
                raise self.fault(f"The tensor `{name}` has no `shape`.", 'write shape = "out"')
            yield TensorRule(
                str(row.get("name", name)),
                self._parts(row["shape"], name),
                self._when(row),
                self._dtype(row),
                needed_for=str(row.get("for", "")),
                say=tuple(self._say(str(row.get("say", "")), name)),
            )

    def _say(self, text: str, name: str) -> Iterator[str | SizeFormula]:
        """The words of a text, and the formulas that stand in braces."""
        for number, part in enumerate(re.split(r"\{([^}]*)\}", text)):
            if part:
                yield self._formula(part, name) if number % 2 else part

    def _takes_tokens(self) -> bool:
        takes = self.table.get("takes", "features")
        if takes not in ("tokens", "features"):
            raise self.fault("`takes` is no kind of input.", known=("tokens", "features"))
        return takes == "tokens"

    def _view(self) -> SizeFormula | None:
        """When the output is the input itself: `true`, or a condition of settings."""
        given = self.table.get("view")
        return None if given is None else self._formula(given, "view")

    def _dtype(self, row: Mapping[str, Any]) -> str:
        dtype = str(row.get("dtype", ""))
        if dtype and dtype not in SAVED_TYPES:
            raise self.fault(f"`{dtype}` is no type of numbers.", known=SAVED_TYPES)
        return dtype

    def _lines(self, key: str) -> Iterator[LineRule]:
        for name, given in self._table(self.table, key).items():
            row = given if isinstance(given, Mapping) else {"count": given}
            check_keys(row, ("count", "when"), place=self.place)
            yield LineRule(name, self._formula(row.get("count"), name), self._when(row))

    def _saved(self) -> Iterator[TensorRule]:
        saved = self._table(self.table, "saved")
        check_keys(saved, ("tensors",), place=self.place)
        for given in saved.get("tensors", ()):
            row = given if isinstance(given, Mapping) else {"name": given}
            check_keys(row, ("name", "shape", "dtype", "when", "for", "once"), place=self.place)
            name = str(row.get("name", ""))
            of = "" if "shape" in row else name
            if of not in {"", "input", "memory", "output"} or not name:
                hint = "write `input`, `memory` or `output`, or give it a shape"
                raise self.fault(f"The saved tensor `{name}` has no shape.", hint)
            shape = self._parts(str(row.get("shape", "")), name)
            needed = str(row.get("for", ""))
            once = row.get("once") is True
            yield TensorRule(name, shape, self._when(row), self._dtype(row), of, needed, once=once)


def _split(text: str) -> Collection[str]:
    """The parts of a list apart by commas outside brackets."""
    parts = re.split(r",(?![^(]*\))", text)
    return [part.strip() for part in parts if part.strip()]


def list_layer_kinds() -> tuple[str, ...]:
    """The names of all kinds of layers, activations and other names among them.

    Example:
        >>> {"dense", "relu", "softmax"} <= set(list_layer_kinds())
        True
    """
    kinds = (*list_entries("layer"), *list_aliases("layer"))
    return tuple(dict.fromkeys((*kinds, *list_entries("activation"), *list_aliases("activation"))))


def _activation_table(named: str) -> Mapping[str, Any] | None:
    """Any activation of the catalogue as a layer that is applied to each number."""
    name = find_name("activation", named)
    entry = read_entry("activation", name) if name else {}
    if not name or entry.get("vector"):
        return None
    rows = entry.get("parameters", {})
    settings = {key: {"is": "number", "default": row["default"]} for key, row in rows.items()}
    kept = entry.get("saved", "input")
    names = [kept] if isinstance(kept, str) else list(kept)
    return {
        "name": name,
        "about": entry["about"],
        "settings": settings,
        "shape": {"input": "*shape", "output": "*shape"},
        "extra": {"values": "product(shape)"},
        "saved": {"tensors": [_kept_by_activation(name) for name in names if name != "none"]},
    }


def _kept_by_activation(name: str) -> str | dict[str, str]:
    """The input, the output, or numbers of its own, one for each of the input."""
    return name if name in {"input", "output"} else {"name": name, "shape": "*shape"}
