"""`gradiometer catalog [KIND [NAME]]`: what has a name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from gradiometer.catalog import KINDS, find_name, list_entries, list_vector_functions, read_entry
from gradiometer.errors import UsageError
from gradiometer.terminal.exits import Exit
from gradiometer.terminal.output import can_draw, print_text, screen_width, wants_color

_STEPPED = ("optimizer", "schedule", "wrapper")
"""Kinds whose dialects are shown merged: a line of a step says little without the others."""

_FORMULAS = ("state", "step", "schedule")
_WIDTH = 100
_TRANSLATE = "translate"


@click.command("catalog", epilog="Example: gradiometer catalog optimizer adam")
@click.argument("kind", required=False)
@click.argument("name", required=False)
@click.option("--from", "source", metavar="LIBRARY", help="With translate: what is known.")
@click.option("--to", "target", metavar="LIBRARY", help="With translate: what is wanted.")
@click.option("--set", "texts", multiple=True, metavar="NAME=VALUE",
              help="With translate: settings of --from. May be repeated.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    kind: str | None,
    name: str | None,
    *,
    source: str | None,
    target: str | None,
    texts: Sequence[str],
    as_json: bool,
) -> int:
    """List what has a name.

    KIND is activation, dataset, layer, network, objective, optimizer, precision, schedule or
    wrapper, or its plural. The wrappers around optimizers are listed with them, and `catalog
    optimizer "clip(adam)"` shows the whole rule.

    `catalog translate adam --from torch --to keras` gives the settings that make an optimizer
    step alike in two libraries, or the first step that differs.
    """
    if kind == _TRANSLATE:
        print_text(_translate(name, source, target, texts=texts, as_json=as_json))
        return Exit.DONE
    if source or target or texts:
        hint = f"write `gradiometer catalog {_TRANSLATE} adam --from torch --to keras`"
        raise UsageError("`--from`, `--to` and `--set` belong to a translation.", hint=hint)
    kind = next((each for each, folder in KINDS.items() if folder == kind), kind)
    if kind is not None and name is not None:
        is_wrapper = kind == "optimizer" and find_name("wrapper", name.partition(".")[0])
        kind = "wrapper" if is_wrapper else kind
        entry = _read(kind, name)
        lines = [*_entry_lines(entry), *_dialect_lines(kind, entry)]
        print_text(_to_json(entry) if as_json else "\n".join(lines))
        return Exit.DONE
    kinds = [kind] if kind is not None else KINDS
    listed = {each: _abouts(each, list_entries(each)) for each in kinds}
    for each in kinds:
        if list_vector_functions(each):
            listed[f"{each} of vectors"] = _abouts(each, list_vector_functions(each))
        if each == "optimizer" and kind is not None:
            listed["wrapper around an optimizer"] = _abouts("wrapper", list_entries("wrapper"))
    print_text(_to_json(listed) if as_json else _to_list(listed))
    return Exit.DONE


def _translate(
    name: str | None,
    source: str | None,
    target: str | None,
    *,
    texts: Sequence[str],
    as_json: bool,
) -> str:
    if name is None or source is None or target is None:
        raise UsageError(
            "A translation needs an optimizer and two libraries.",
            hint=f"write `gradiometer catalog {_TRANSLATE} adam --from torch --to keras`",
        )
    from gradiometer.question import translate
    from gradiometer.study import WrongKindError, split_settings

    values: dict[str, str] = {}
    for text in texts:
        try:
            values |= split_settings(text)
        except WrongKindError as error:
            raise click.BadParameter(f"{error.hint}.", param_hint="'--set'") from None
    answer = translate(name, source=source, target=target, set=values)
    if as_json:
        return answer.to_json()
    from gradiometer.report import to_terminal

    return to_terminal(
        answer, explain=False, color=wants_color(), width=screen_width(), ascii_only=not can_draw()
    )


def _read(kind: str, name: str) -> Mapping[str, Any]:
    """The entry, or what it is in the dialect of a library, as in `adam.keras`."""
    base, _, dialect = name.partition(".")
    if kind == "optimizer" and "(" in name:
        return _read_wrapped(name)
    if dialect and find_name(kind, base):
        from gradiometer.model import find_entry

        found = find_entry(kind, name)
        return found[0] if found else {}
    return read_entry(kind, name)


def _read_wrapped(name: str) -> Mapping[str, Any]:
    """The whole rule that a wrapper and what stands in its brackets make."""
    from gradiometer.formula import to_text
    from gradiometer.model import describe_settings, read_optimizer

    rule = read_optimizer(name)
    defaults = {n: row.default for n, row in rule.parameters.items() if row.default is not None}
    return {
        "name": rule.name,
        "about": rule.about,
        "parameters": describe_settings(defaults),
        "state": {n: to_text(tree) for n, tree in rule.state.items()},
        "step": {target: to_text(tree) for target, tree in rule.step},
    }


def _abouts(kind: str, names: Sequence[str]) -> dict[str, str]:
    return {name: _about(kind, read_entry(kind, name)) for name in names}


def _about(kind: str, entry: Mapping[str, Any]) -> str:
    """The sentence of the entry, with its other names and its dialects."""
    parts = [str(entry.get("about", ""))]
    if entry.get("aliases"):
        parts.append(f"Also {', '.join(entry['aliases'])}.")
    same = [name for name in entry.get("libraries", ()) if name not in entry.get("dialects", {})]
    if kind in _STEPPED and same:
        parts.append(f"The same in {', '.join(same)}.")
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


def _dialect_lines(kind: str, entry: Mapping[str, Any]) -> Iterator[str]:
    """What each library's rule is when the entry and its dialect are merged, as comments."""
    if kind not in _STEPPED:
        return
    from gradiometer.model import find_entry

    name = entry["name"]
    same = [f"{name}.{each}" for each in entry.get("libraries", ())
            if each not in entry.get("dialects", {})]  # fmt: skip
    if same:
        yield f"\n# {', '.join(same)}: as above."
    for dialect in entry.get("dialects", {}):
        merged = (find_entry(kind, f"{name}.{dialect}") or ({}, None))[0]
        yield f"\n# {name}.{dialect}, merged:"
        rows = {k: v.get("default") if isinstance(v, Mapping) else v
                for k, v in merged.get("parameters", {}).items()}  # fmt: skip
        tables = {"parameters": rows, **{k: merged.get(k, {}) for k in _FORMULAS}}
        for key, table in tables.items():
            yield from (f"#   {left} = {right}" for left, right in table.items())
            if table and key == "parameters":
                yield "#"


def _entry_lines(table: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """The entry in the notation of its file: plain values first, then tables."""
    tables: list[tuple[str, Any]] = []
    for key, value in table.items():
        rows = isinstance(value, list) and all(isinstance(row, Mapping) for row in value) and value
        if (rows or isinstance(value, Mapping)) and not (prefix and _is_short(key, value)):
            tables.append((key, value))
        else:
            yield f"{_to_key(key)} = {_to_toml(value)}"
    for key, value in tables:
        name = f"{prefix}{_to_key(key)}"
        if isinstance(value, Mapping) and all(
            isinstance(row, Mapping) and _is_short(inner, row) for inner, row in value.items()
        ):
            yield f"\n[{name}]"
            yield from (f"{_to_key(inner)} = {_to_toml(row)}" for inner, row in value.items())
        elif isinstance(value, Mapping):
            if any(not isinstance(r, Mapping) or _is_short(k, r) for k, r in value.items()):
                yield f"\n[{name}]"
            yield from _entry_lines(value, f"{name}.")
        else:
            for row in value:
                yield f"\n[[{name}]]"
                yield from _entry_lines(row, f"{name}.")


def _is_short(key: str, value: Any) -> bool:
    """Whether a table is read with ease on one line."""
    return len(f"{_to_key(key)} = {_to_toml(value)}") <= _WIDTH


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
