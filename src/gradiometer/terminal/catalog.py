"""`gradiometer catalog [KIND [NAME]]`: what has a name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from gradiometer.catalog import KINDS, list_entries, list_vector_functions, read_entry
from gradiometer.terminal.exits import Exit
from gradiometer.terminal.output import print_text


@click.command("catalog", epilog="Example: gradiometer catalog optimizer adam")
@click.argument("kind", required=False)
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(kind: str | None, name: str | None, as_json: bool) -> int:
    """List what has a name.

    KIND is activation, layer, network, objective, optimizer, precision or schedule.
    """
    if kind is not None and name is not None:
        entry = read_entry(kind, name)
        print_text(_to_json(entry) if as_json else "\n".join(_entry_lines(entry)))
        return Exit.DONE
    kinds = [kind] if kind is not None else KINDS
    listed = {each: _abouts(each, list_entries(each)) for each in kinds}
    for each in kinds:
        if list_vector_functions(each):
            listed[f"{each} of vectors"] = _abouts(each, list_vector_functions(each))
    print_text(_to_json(listed) if as_json else _to_list(listed))
    return Exit.DONE


def _abouts(kind: str, names: Sequence[str]) -> dict[str, str]:
    return {name: _about(read_entry(kind, name)) for name in names}


def _about(entry: Mapping[str, Any]) -> str:
    """The sentence of the entry, with its other names and its dialects."""
    parts = [str(entry.get("about", ""))]
    if entry.get("aliases"):
        parts.append(f"Also {', '.join(entry['aliases'])}.")
    if entry.get("dialects"):
        parts.append(f"Differs as {', '.join(f'.{name}' for name in entry['dialects'])}.")
    return " ".join(parts)


def _to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _to_list(listed: Mapping[str, Mapping[str, str]]) -> str:
    lines: list[str] = []
    for kind, entries in listed.items():
        width = max(map(len, entries), default=0)
        lines += [kind, *(f"  {name:<{width}}  {about}" for name, about in entries.items()), ""]
    return "\n".join(lines)


def _entry_lines(table: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """The entry in the notation of its file: plain values first, then tables."""
    tables: list[tuple[str, Any]] = []
    for key, value in table.items():
        rows = isinstance(value, list) and all(isinstance(row, Mapping) for row in value) and value
        if rows or (isinstance(value, Mapping) and key != prefix):
            tables.append((key, value))
        else:
            yield f"{_to_key(key)} = {_to_toml(value)}"
    for key, value in tables:
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and all(isinstance(v, Mapping) for v in value.values()):
            yield f"\n[{name}]"
            yield from (f"{_to_key(inner)} = {_to_toml(row)}" for inner, row in value.items())
        elif isinstance(value, Mapping):
            yield f"\n[{name}]"
            yield from _entry_lines(value, f"{name}.")
        else:
            for row in value:
                yield f"\n[[{name}]]"
                yield from _entry_lines(row, f"{name}.")


def _to_key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() else f'"{key}"'


def _to_toml(value: Any) -> str:
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_to_key(key)} = {_to_toml(item)}" for key, item in value.items())
        return f"{{ {inner} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_to_toml, value))}]"
    if isinstance(value, str) and "\n" in value and not {'"', "\\"} & set(value):
        return f'"""\n{value}"""'
    # JSON's spelling of texts, numbers and truth values is TOML's too.
    return json.dumps(value, ensure_ascii=False)
