"""The catalogue: one TOML file a thing, in the notation users write themselves.

Variety lives here, as text. This door only finds and reads the files.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from gradiometer.errors import UsageError, suggest

__all__ = [
    "KINDS",
    "find_name",
    "list_aliases",
    "list_entries",
    "list_reasons",
    "list_vector_functions",
    "read_config_keys",
    "read_entry",
    "read_keras_layers",
    "read_reference",
    "read_stored",
]

KINDS: Mapping[str, str] = {
    "activation": "activations",
    "counter": "counters",
    "dataset": "datasets",
    "family": "families",
    "initialization": "initializations",
    "layer": "layers",
    "network": "networks",
    "objective": "objectives",
    "optimizer": "optimizers",
    "precision": "precisions",
    "schedule": "schedules",
    "wrapper": "wrappers",
}
"""Each kind of entry and the folder of its files."""

_VARIANT_KEYS = ("about", "aliases", "reference")
"""What a variant of an entry may say beside the defaults that it changes."""


def list_entries(kind: str) -> tuple[str, ...]:
    """The names of all entries of that kind, sorted; functions of vectors are listed apart.

    Raises:
        UsageError: If there is no such kind.

    Example:
        >>> "adam" in list_entries("optimizer")
        True
    """
    return tuple(name for name, entry in _read_kind(kind).items() if not entry.get("vector"))


def list_vector_functions(kind: str = "activation") -> tuple[str, ...]:
    """The names of entries that take a whole vector; no question is asked about them.

    Example:
        >>> "softmax" in list_vector_functions()
        True
    """
    return tuple(name for name, entry in _read_kind(kind).items() if entry.get("vector"))


@cache
def list_aliases(kind: str) -> Mapping[str, str]:
    """The other names of entries of that kind, such as those of libraries, and what they mean.

    Example:
        >>> list_aliases("activation")["swish"]
        'silu'
    """
    found = {
        alias: name
        for name, entry in _read_kind(kind).items()
        for alias in entry.get("aliases", ())
    }
    return dict(sorted(found.items()))


def find_name(kind: str, named: str) -> str | None:
    """The name of the entry that *named* is a name or an alias of; None when there is none.

    Example:
        >>> find_name("activation", "swish"), find_name("activation", "x^2")
        ('silu', None)
    """
    return named if named in _read_kind(kind) else list_aliases(kind).get(named)


def read_entry(kind: str, name: str) -> Mapping[str, Any]:
    """The entry as its file says it, found by its name or an alias.

    Raises:
        UsageError: If there is no such kind or entry; the nearest name is suggested.

    Example:
        >>> read_entry("objective", "barrier")["parameters"]["h"]["barrier"]
        True
    """
    found = find_name(kind, name)
    if found is None:
        known = tuple(_read_kind(kind))
        nearest = suggest(name, (*known, *list_aliases(kind)))
        raise UsageError(
            f"There is no {kind} `{name}` in the catalogue.",
            known=known,
            hint=f"write `{nearest}`" if nearest else f"see `gradiometer catalog {kind}`",
        )
    return _read_kind(kind)[found]


@cache
def _read_kind(kind: str) -> Mapping[str, Mapping[str, Any]]:
    """Every entry of that kind by its name, sorted."""
    folder = resources.files(__name__) / _folder(kind)
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".toml"))
    found: dict[str, Mapping[str, Any]] = {}
    for name in names:
        entry = _read_toml(f"{_folder(kind)}/{name}")
        found[name[:-5]] = entry
        for variant, row in entry.get("variants", {}).items():
            found[variant] = _make_variant(entry, variant, row)
    return dict(sorted(found.items()))


def _make_variant(entry: Mapping[str, Any], name: str, row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The entry with other defaults of its settings; the row may have its own words about it."""
    own = {key: row[key] for key in _VARIANT_KEYS if key in row}
    defaults = {key: value for key, value in row.items() if key not in _VARIANT_KEYS}
    settings = {
        key: {**setting, "default": defaults[key]} if key in defaults else setting
        for key, setting in entry.get("settings", {}).items()
    }
    listed = ", ".join(f"{key} = {value}" for key, value in defaults.items())
    about = f"{entry.get('about', '')} Here {listed}." if listed else entry.get("about", "")
    kept = {key: value for key, value in entry.items() if key not in {"aliases", "variants"}}
    return {**kept, "about": about, **own, "name": name, "settings": settings}


def list_reasons() -> tuple[Mapping[str, Any], ...]:
    """What speaks for and against a function as an activation, in reading order.

    Example:
        >>> list_reasons()[0]["fact"]
        'affine'
    """
    return tuple(_read_toml("suitability.toml").values())


def read_stored(what: str) -> Mapping[str, Any]:
    """What is known of files of weights: `names`, `packings`, `types` or `uses`.

    Example:
        >>> read_stored("types")["safetensors"]["BF16"]
        ['bfloat16', 16, True]
    """
    return _read_toml(f"stored_{what}.toml")


def read_config_keys() -> Mapping[str, Any]:
    """Keys of a config.json that change no count in any family, and its names of activations.

    Example:
        >>> read_config_keys()["activations"]["gelu_new"]
        'gelu_tanh'
    """
    return _read_toml("config_keys.toml")


def read_keras_layers() -> Mapping[str, Any]:
    """What the classes of Keras hold and make of a shape, by the name of the entry.

    Example:
        >>> read_keras_layers()["dense"]["classes"]
        ['Dense']
    """
    return _read_toml("keras_layers.toml")


def read_reference(key: str) -> Mapping[str, Any]:
    """The literature entry with that key: authors, title, year, where.

    Raises:
        UsageError: If there is no such key.
    """
    references = _read_toml("references.toml")
    if key not in references:
        nearest = suggest(key, references)
        raise UsageError(
            f"There is no reference `{key}`.",
            hint=f"write `{nearest}`" if nearest else "",
        )
    return references[key]


def _folder(kind: str) -> str:
    if kind not in KINDS:
        nearest = suggest(kind, KINDS)
        raise UsageError(
            f"The catalogue has no kind `{kind}`.",
            known=tuple(KINDS),
            hint=f"write `{nearest}`" if nearest else "",
        )
    return KINDS[kind]


@cache
def _read_toml(path: str) -> Mapping[str, Any]:
    import tomllib

    file = resources.files(__name__).joinpath(path)
    return tomllib.loads(file.read_text(encoding="utf-8"))
