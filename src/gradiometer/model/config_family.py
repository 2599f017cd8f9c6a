"""A family of language models: what each key of its config.json means, and its network as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, final

from gradiometer.catalog import read_config_keys, read_entry
from gradiometer.errors import FormulaError, Place, StudyError, suggest
from gradiometer.model.entry import check_keys
from gradiometer.model.layer_kind import Requirement
from gradiometer.model.network_template import Template, read_template
from gradiometer.model.size_formula import SizeFormula, check_names, read_size

KEY_TYPES = ("size", "number", "truth", "layer", "word", "list", "entries")
"""What the value of a key may be: `list` is whole numbers, `entries` counts what is there."""

_KEYS = (
    "name", "about", "reference", "aliases", "architectures", "settings", "config", "ignored",
    "require", "note", "names", "body",
)  # fmt: skip
_ROW_KEYS = ("about", "default", "key", "is", "null", "least", "most", "words")


@final
@dataclass(frozen=True)
class ConfigKey:
    """One setting of a family, and the keys of the file that give it."""

    name: str
    keys: tuple[str, ...]
    """Keys of the file, of which the first counts; `a.b` is the key `b` of the part `a`."""
    default: str | None
    """A formula of other settings; None where the file must say it."""
    type: str = "size"
    null: str = ""
    """What the file means by null, where that is not the default."""
    least: int = 1
    most: int | None = None
    words: Mapping[str, str] | None = None
    """Texts it may be, and the value each stands for."""


@final
@dataclass(frozen=True)
class ConfigNote:
    """What is said when a condition holds."""

    when: SizeFormula | None
    text: str


@final
@dataclass(frozen=True)
class ConfigFamily:
    """A family of networks that one kind of config.json describes."""

    name: str
    about: str
    template: Template
    keys: Mapping[str, ConfigKey]
    architectures: Mapping[str, Mapping[str, str]]
    """Each class, and the settings that make it; the first one counts if none is named."""
    ignored: frozenset[str]
    """Keys that do not change the count."""
    requirements: tuple[Requirement, ...]
    notes: tuple[ConfigNote, ...]
    names: tuple[tuple[str, SizeFormula], ...]
    """Numbers that the library counts at names which are no place of the network, or does not."""


@lru_cache(maxsize=200)
def find_config_family(name: str) -> ConfigFamily:
    """The family of that name in the catalogue.

    Raises:
        UsageError: If there is none.
        StudyError: If its entry is wrong.

    Example:
        >>> next(iter(find_config_family("gpt2").architectures))
        'GPT2LMHeadModel'
    """
    return read_config_family(read_entry("family", name))


def read_config_family(table: Mapping[str, Any], *, place: Place | None = None) -> ConfigFamily:
    """The family that an entry describes.

    Raises:
        StudyError: If a key is not known, a part is missing, or a formula uses a name that is no
            setting.
        FormulaError: If a formula or the body cannot be read.

    Example:
        >>> table = {"name": "toy", "about": "A toy.", "architectures": {"Toy": {}},
        ...          "config": {"width": 8}, "body": "width"}
        >>> read_config_family(table).keys["width"].default
        '8'
    """
    return _Reader(place or Place(f"family `{table.get('name', '')}`"), table).read()


class _Reader:
    """Reads one entry; every formula in it is checked against the names it may use."""

    def __init__(self, place: Place, table: Mapping[str, Any]) -> None:
        self.place = place
        self.table = table
        self.settings = self._part("settings")
        self.known = {*self.settings, *self._part("config")}
        self.words = {"none", *self._words()}

    def read(self) -> ConfigFamily:
        table = self.table
        check_keys(table, _KEYS, place=self.place)
        for key in ("name", "about"):
            if not isinstance(table.get(key), str):
                raise self.fault(f"The family has no text `{key}`.", f'write {key} = "…"')
        keys = {name: self._key(name, row) for name, row in self._part("config").items()}
        own = {name: self._key(name, row) for name, row in self.settings.items()}
        architectures = self._part("architectures")
        if not architectures:
            raise self.fault("The family has no class.", "add a table [architectures]")
        name = str(table["name"])
        body = read_template({"body": table.get("body")}, place=self.place, names=self.known).body
        # A key need not stand in the body: requirements, notes and other keys may need it.
        defaults = {key.name: key.default for key in (*own.values(), *keys.values())}
        return ConfigFamily(
            name,
            str(table["about"]),
            Template(name, body, defaults),
            keys,
            {name: self._choice(name, row) for name, row in architectures.items()},
            frozenset([*table.get("ignored", ()), *read_config_keys()["harmless"]]),
            tuple(self._requirement(row) for row in table.get("require", ())),
            tuple(self._note(row) for row in table.get("note", ())),
            self._lines("names"),
        )

    def fault(self, problem: str, hint: str = "", known: Iterable[str] = ()) -> StudyError:
        return StudyError(problem, place=self.place, hint=hint, known=tuple(known))

    def _part(self, key: str) -> Mapping[str, Any]:
        found = self.table.get(key, {})
        if not isinstance(found, Mapping):
            raise self.fault(f"`{key}` must be a table.", f"write [{key}]")
        return found

    def _words(self) -> Iterable[str]:
        for row in (*self.settings.values(), *self._part("config").values()):
            if isinstance(row, Mapping):
                yield from map(str, row.get("words", ()))
        for row in self._part("architectures").values():
            yield from map(str, row.values())

    def _key(self, name: str, given: Any) -> ConfigKey:
        row = given if isinstance(given, Mapping) else {"default": given}
        check_keys(row, _ROW_KEYS, place=self.place)
        default, keys = row.get("default"), row.get("key", name)
        kind = str(row.get("is", "truth" if _to_text(default) in {"true", "false"} else "size"))
        if kind not in KEY_TYPES:
            raise self.fault(f"`{name}` is `{kind}`, which is no type.", known=KEY_TYPES)
        text = None if default is None else _to_text(default)
        if text is not None and kind not in {"layer", "word"}:
            self._formula(text)
        words = row.get("words")
        if isinstance(words, list):
            words = {str(word): str(word) for word in words}
        return ConfigKey(
            name,
            (keys,) if isinstance(keys, str) else tuple(keys),
            text,
            kind,
            _to_text(row["null"]) if "null" in row else "",
            int(row.get("least", 1)),
            None if "most" not in row else int(row["most"]),
            None if words is None else {word: _to_text(value) for word, value in words.items()},
        )

    def _choice(self, name: str, row: Any) -> dict[str, str]:
        for setting in row:
            if setting not in self.known:
                raise self.fault(f"`{name}` sets `{setting}`, which is no setting.")
        return {setting: _to_text(value) for setting, value in row.items()}

    def _requirement(self, row: Mapping[str, Any]) -> Requirement:
        check_keys(row, ("that", "because", "try"), place=self.place)
        return Requirement(self._formula(row["that"]), str(row["because"]), str(row["try"]))

    def _note(self, row: Mapping[str, Any]) -> ConfigNote:
        check_keys(row, ("when", "text"), place=self.place)
        return ConfigNote(self._formula(row["when"]) if "when" in row else None, str(row["text"]))

    def _lines(self, key: str) -> tuple[tuple[str, SizeFormula], ...]:
        return tuple((line, self._formula(text)) for line, text in self._part(key).items())

    def _formula(self, text: Any) -> SizeFormula:
        try:
            formula = read_size(" ".join(_to_text(text).split()))
        except FormulaError as error:
            raise error.located(self.place) from None
        if unknown := check_names(formula, self.known | self.words):
            nearest = suggest(unknown, self.known)
            hint = f"write `{nearest}`" if nearest else "name it in [config]"
            raise self.fault(f"`{text}` uses `{unknown}`, which is no setting.", hint)
        return formula


def _to_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
