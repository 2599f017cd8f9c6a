"""Finds what a user named: a catalogue entry, a TOML file of their own, or a definition."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gradiometer.catalog import find_name, read_entry
from gradiometer.errors import Place, StudyError, UsageError, suggest

_MOST_BYTES = 1_000_000


def find_entry(kind: str, named: str | Mapping[str, Any]) -> tuple[Mapping[str, Any], Place] | None:
    """The entry's table and where it stands, or None when *named* is no entry (a formula, say).

    Args:
        kind: `optimizer`, `objective`, `schedule` or `activation`.
        named: A catalogue name or an alias, perhaps with the dialect of a library such as
            `gelu.jax`; a path that ends in `.toml`; or the table itself.

    Raises:
        StudyError: If a file cannot be read or is no TOML.
        UsageError: If an entry has no such dialect.

    Example:
        >>> find_entry("activation", "leaky_relu.keras")[0]["parameters"]["negative_slope"]
        {'default': '1/5', 'domain': '[0, oo)'}
    """
    if isinstance(named, Mapping):
        return named, Place(f"{kind} `{named.get('name', 'defined here')}`")
    if named.endswith(".toml"):
        return _read_file(Path(named)), Place(named)
    base, _, dialect = named.partition(".")
    name = find_name(kind, base)
    if name is None:
        return None
    table, place = read_entry(kind, name), Place(f"{kind} `{named}`")
    return (_in_dialect(table, dialect, place) if dialect else table), place


def _in_dialect(table: Mapping[str, Any], dialect: str, place: Place) -> Mapping[str, Any]:
    """The entry as one library has it: its defaults and whatever else it says differently."""
    dialects: Mapping[str, Any] = table.get("dialects", {})
    known = tuple(dict.fromkeys([*table.get("libraries", ()), *dialects]))
    name = table["name"]
    if dialect not in known:
        nearest = suggest(dialect, known)
        hint = f"write `{name}.{nearest}`" if nearest else f"write `{name}`"
        raise UsageError(f"`{name}` has no dialect `{dialect}`.", known=known, hint=hint)
    own = dialects.get(dialect, {})
    # What is published about one formula says nothing of another.
    dropped = {"dialects", *(("published",) if "formula" in own else ())}
    base = {key: value for key, value in table.items() if key not in dropped}
    known = ("about", "defaults", *(key for key in table if key not in ("name", "dialects")))
    check_keys(own, (*known, "parameters", "published", "terms", "calls"), place=place)
    rows = {**table.get("parameters", {}), **own.get("parameters", {})}
    for parameter, default in own.get("defaults", {}).items():
        rows[parameter] = {**rows.get(parameter, {}), "default": default}
    about = " ".join(filter(None, [str(table.get("about", "")), str(own.get("about", ""))]))
    changed = {key: value for key, value in own.items() if key != "defaults"}
    return {**base, **changed, "name": f"{name}.{dialect}", "about": about, "parameters": rows}


def check_keys(
    table: Mapping[str, Any],
    known: tuple[str, ...],
    *,
    place: Place,
    hints: Mapping[str, str] | None = None,
) -> None:
    """Refuse a key that nobody reads.

    Args:
        table: The entry, or a part of it.
        known: The keys that are read.
        place: Where the table stands.
        hints: What to write instead of keys that other kinds of entries have.

    Raises:
        StudyError: With the nearest known key.
    """
    for key in table:
        if key not in known:
            nearest = suggest(key, known)
            raise StudyError(
                f"Unknown key `{key}`.",
                place=place,
                text=key,
                start=0,
                end=len(key),
                known=known,
                hint=(hints or {}).get(key) or (f"write `{nearest}`" if nearest else ""),
            )


def _read_file(path: Path) -> Mapping[str, Any]:
    import tomllib

    place = Place(str(path))
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise StudyError(f"The file has more than {_MOST_BYTES:,} bytes.", place=place)
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = error.strerror or "it cannot be opened"
        raise StudyError(f"The file cannot be read: {reason}.", place=place) from None
    except UnicodeDecodeError:
        raise StudyError("The file is not UTF-8 text.", place=place) from None
    except tomllib.TOMLDecodeError as error:
        raise StudyError(f"The file is no TOML: {error}.", place=place) from None
