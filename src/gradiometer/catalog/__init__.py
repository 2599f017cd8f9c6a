"""The catalogue: one TOML file a thing, in the notation users write themselves.

Variety lives here, as text. This door only finds and reads the files.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from gradiometer.errors import UsageError, suggest

__all__ = ["KINDS", "list_entries", "read_entry", "read_reference"]

KINDS: Mapping[str, str] = {
    "activation": "activations",
    "objective": "objectives",
    "optimizer": "optimizers",
    "schedule": "schedules",
}
"""Each kind of entry and the folder of its files."""


def list_entries(kind: str) -> tuple[str, ...]:
    """The names of all entries of that kind, sorted.

    Raises:
        UsageError: If there is no such kind.

    Example:
        >>> "adam" in list_entries("optimizer")
        True
    """
    folder = resources.files(__name__) / _folder(kind)
    return tuple(sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".toml")))


@cache
def read_entry(kind: str, name: str) -> Mapping[str, Any]:
    """The entry as its file says it.

    Raises:
        UsageError: If there is no such kind or entry; the nearest name is suggested.

    Example:
        >>> read_entry("objective", "barrier")["parameters"]["h"]["barrier"]
        True
    """
    known = list_entries(kind)
    if name not in known:
        nearest = suggest(name, known)
        raise UsageError(
            f"There is no {kind} `{name}` in the catalogue.",
            known=known,
            hint=f"write `{nearest}`" if nearest else f"see `gradiometer catalog {kind}`",
        )
    return _read_toml(f"{_folder(kind)}/{name}.toml")


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
