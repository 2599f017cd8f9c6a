"""A catalogue entry as one library has it: what its dialect says, merged into the entry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradiometer.errors import Place, StudyError, UsageError, suggest

_MERGED = ("state", "step")
"""Tables that a dialect changes by key; it replaces every other one as a whole."""


def list_dialects(table: Mapping[str, Any]) -> tuple[str, ...]:
    """The libraries that an entry speaks of: those it agrees with, then those that differ.

    Example:
        >>> list_dialects({"libraries": ["torch"], "dialects": {"keras": {}}})
        ('torch', 'keras')
    """
    return tuple(dict.fromkeys([*table.get("libraries", ()), *table.get("dialects", {})]))


def to_dialect(table: Mapping[str, Any], dialect: str, place: Place) -> Mapping[str, Any]:
    """The entry as one library has it: its defaults and whatever else it says differently.

    Raises:
        UsageError: If the entry has no such dialect.
        StudyError: If the dialect drops or sets what the entry does not have.
    """
    known = list_dialects(table)
    name = table["name"]
    if dialect not in known:
        nearest = suggest(dialect, known)
        hint = f"write `{name}.{nearest}`" if nearest else f"write `{name}`"
        raise UsageError(f"`{name}` has no dialect `{dialect}`.", known=known, hint=hint)
    own: Mapping[str, Any] = table.get("dialects", {}).get(dialect, {})
    _check_dialect_keys(table, own, place)
    # What is published about one formula says nothing of another.
    dropped = {"dialects", "libraries", *(("published",) if "formula" in own else ())}
    base = _without({k: v for k, v in table.items() if k not in dropped}, own, place)
    rows = {**base.get("parameters", {}), **own.get("parameters", {})}
    for parameter, default in own.get("defaults", {}).items():
        row = rows.get(parameter)
        if row is None:
            raise _unknown(parameter, tuple(rows), place, "The dialect gives a default of")
        rows[parameter] = {**(row if isinstance(row, Mapping) else {}), "default": default}
    about = " ".join(filter(None, [str(table.get("about", "")), str(own.get("about", ""))]))
    changed = {key: value for key, value in own.items() if key not in ("defaults", "drop")}
    for key in _MERGED:
        if isinstance(changed.get(key), Mapping) and isinstance(base.get(key), Mapping):
            changed[key] = _merge(base[key], changed[key])
    return {**base, **changed, "name": f"{name}.{dialect}", "about": about, "parameters": rows}


def _check_dialect_keys(table: Mapping[str, Any], own: Mapping[str, Any], place: Place) -> None:
    from gradiometer.model.entry import check_keys

    known = (
        "about",
        "defaults",
        "drop",
        *(key for key in table if key not in ("name", "dialects")),
        "parameters",
        "published",
        *(("state", "step") if "step" in table else ()),
        *(("terms", "calls") if "schedule" in table else ()),
    )
    check_keys(own, tuple(dict.fromkeys(known)), place=place)


def _without(table: Mapping[str, Any], own: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """The entry without the states, abbreviations and parameters that its dialect drops."""
    kept = dict(table)
    dropped = own.get("drop", ())
    if not isinstance(dropped, list | tuple):
        raise StudyError("`drop` is no list of names.", place=place, hint='write ["u"]')
    for name in dropped:
        targets = (name, f"{name}'")
        parts = ("state", "step", "parameters")
        known = tuple(dict.fromkeys(k.rstrip("'") for part in parts for k in kept.get(part, {})))
        if name not in known:
            raise _unknown(str(name), known, place, "The dialect drops")
        for part in parts:
            if part in kept:
                kept[part] = {k: v for k, v in kept[part].items() if k not in targets}
    return kept


def _merge(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """The table with its own keys replaced where they stand.

    A new key goes directly before the next key of *own* that the base has, or to the end: in a
    step an assignment must come before those that read it.
    """
    order, later = list(base), list(own)
    for index, key in enumerate(own):
        if key in base:
            continue
        after = next((other for other in later[index + 1 :] if other in base), None)
        order.insert(len(order) if after is None else order.index(after), key)
    return {key: own.get(key, base.get(key)) for key in order}


def _unknown(name: str, known: tuple[str, ...], place: Place, said: str) -> StudyError:
    nearest = suggest(name, known)
    return StudyError(
        f"{said} `{name}`, which the entry does not have.",
        place=place,
        text=name,
        start=0,
        end=len(name),
        known=known,
        hint=f"write `{nearest}`" if nearest else "",
    )
