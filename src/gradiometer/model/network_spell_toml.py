"""Writes the tree of a network as TOML that is read back as the same tree."""

from __future__ import annotations

import json
import re

from gradiometer.model.network_spell import spell_input, to_network_text
from gradiometer.model.network_toml import WORDS
from gradiometer.model.network_tree import Branches, Chain, Experts, Input, Item, Layer, Repeat

_INTEGER = re.compile(r"0|[1-9][0-9]{0,17}")
_INDENT = "  "


def to_network_toml(tree: Chain) -> str:
    """The network as TOML, a table `[[layer]]` for each item.

    Raises:
        UsageError: If the notation cannot say the tree, such as for a name with a blank.
        LimitError: If the tree is nested more deeply than is read.

    Example:
        >>> print(to_network_toml(Chain((Input(("784",)), Layer("dense", ("10",))))))
        input = 784
        <BLANKLINE>
        [[layer]]
        kind = "dense"
        arguments = [10]
    """
    # What the text notation can say, TOML can: names and values are checked there.
    to_network_text(tree)
    first = tree.items[0]
    blocks: list[str] = []
    rest = tree.items
    if isinstance(first, Input) and not first.name and len(tree.items) > 1:
        blocks.append(f"input = {_value(spell_input(first, short=True))}")
        rest = tree.items[1:]
    for item in rest:
        pairs = (f"{key} = {value}" for key, value in _pairs(item, ""))
        blocks.append("\n".join(["[[layer]]", *pairs]))
    return "\n\n".join(blocks)


def _pairs(item: Item, indent: str) -> list[tuple[str, str]]:
    """Keys and values of an item's table."""
    if isinstance(item, Input):
        found = [("input", _value(spell_input(item, short=True)))]
    elif isinstance(item, Layer):
        found = [("kind", _quote(item.kind))]
        if item.arguments:
            found.append(("arguments", f"[{', '.join(map(_value, item.arguments))}]"))
    elif isinstance(item, Repeat):
        found = [("repeat", _value(item.count))]
        found += [("as", _quote(item.counter))] if item.counter else []
    elif isinstance(item, Experts):
        found = [("experts", _value(item.count)), ("active", _value(item.active))]
    elif isinstance(item, Branches):
        found = [("join", _quote(item.join))]
    else:
        found = [("use", _quote(item.of))]
    found += [("name", _quote(item.name))] if item.name else []
    found += _settings(item)
    if isinstance(item, Repeat | Experts):
        found.append(("layers", _chain(item.body, indent)))
    elif isinstance(item, Branches):
        inner = indent + _INDENT
        branches = [f"{inner}{_chain(branch, inner)},\n" for branch in item.branches]
        found.append(("branches", f"[\n{''.join(branches)}{indent}]"))
    return found


def _settings(item: Item) -> list[tuple[str, str]]:
    if isinstance(item, Input):
        return []
    pairs = [(name, _value(value)) for name, value in item.settings]
    if isinstance(item, Layer) and any(name in WORDS["kind"] for name, _ in pairs):
        # A setting with the name of a key of the table itself stands in a table of its own.
        return [("settings", _inline(pairs))]
    return pairs


def _chain(chain: Chain, indent: str) -> str:
    if not chain.items:
        return "[]"
    inner = indent + _INDENT
    rows = [f"{inner}{_inline(_pairs(item, inner))},\n" for item in chain.items]
    return f"[\n{''.join(rows)}{indent}]"


def _inline(pairs: list[tuple[str, str]]) -> str:
    return "{ " + ", ".join(f"{key} = {value}" for key, value in pairs) + " }"


def _value(text: str) -> str:
    return text if _INTEGER.fullmatch(text) or text in {"true", "false"} else _quote(text)


def _quote(text: str) -> str:
    # The escapes of JSON are also those of TOML, except in characters no value has.
    return json.dumps(text, ensure_ascii=False)
