"""Writes the tree of a network as text that is read back as the same tree."""

from __future__ import annotations

import re
from typing import NamedTuple

from gradiometer.errors import GradiometerError, InternalError, LimitError, UsageError
from gradiometer.model.network_read import read_network_tree
from gradiometer.model.network_tokens import MOST_NESTING
from gradiometer.model.network_tree import (
    Branches,
    Chain,
    Experts,
    Input,
    Item,
    Layer,
    Repeat,
    Use,
)

_MOST_INLINE = 80
"""Characters of an item in braces that still stands on one line."""
_INDENT = "    "
_AXIS = re.compile(r"[0-9]+|\?")
_WIDTH = re.compile(r"[1-9][0-9]*")
_SIMPLE_COUNT = re.compile(r"[A-Za-z0-9_]+")


class _Spelled(NamedTuple):
    inline: str
    """On one line."""
    lines: list[str]


def to_network_text(tree: Chain, *, one_line: bool = False) -> str:
    """The text of a network; reading it gives the same tree.

    Args:
        tree: The network.
        one_line: Whether the items stand on one line, apart by `; `.

    Raises:
        UsageError: If the notation has no text for the tree, such as for a name with a blank.
        LimitError: If the tree is nested more deeply than is read.

    Example:
        >>> tree = read_network_tree("3x8x8 -> residual { identity | conv(3, 1) }")
        >>> to_network_text(tree, one_line=True)
        '3x8x8; residual { conv(3, 1) }'
    """
    text = _spell_widths(tree)
    if not text:
        items = [
            _spell(item, 0, first=number == 0 and len(tree.items) > 1)
            for number, item in enumerate(tree.items)
        ]
        parts = [item.inline for item in items] if one_line else _join_lines(items)
        text = ("; " if one_line else "\n").join(parts)
    _check(tree, text)
    return text


def _join_lines(items: list[_Spelled]) -> list[str]:
    """The lines of all items."""
    return [line for item in items for line in item.lines]


def spell_input(item: Input, *, short: bool) -> str:
    """The shape of an input: `3x32x32`, `tokens(1024)`, or `input(3, n, n)`.

    Args:
        item: The input.
        short: Whether it stands where a shape may stand alone.

    Example:
        >>> spell_input(Input(("3", "?")), short=True), spell_input(Input(("n",)), short=True)
        ('3x?', 'input(n)')
    """
    if item.is_tokens:
        return f"tokens({', '.join(item.shape)})"
    if short and item.shape and all(map(_AXIS.fullmatch, item.shape)):
        return "x".join(item.shape)
    return f"input({', '.join(item.shape)})"


def _spell_widths(tree: Chain) -> str:
    """The widths of a network of dense layers only; empty for any other."""
    widths: list[str] = []
    for number, item in enumerate(tree.items):
        if number == 0:
            if not isinstance(item, Input) or item.is_tokens or item.name or len(item.shape) != 1:
                return ""
            widths.append(item.shape[0])
        else:
            if not isinstance(item, Layer) or (item.kind, item.name) != ("dense", ""):
                return ""
            if item.settings or len(item.arguments) != 1:
                return ""
            widths.append(item.arguments[0])
    return "-".join(widths) if len(widths) > 1 and all(map(_WIDTH.fullmatch, widths)) else ""


def _spell(item: Item, depth: int, *, first: bool = False) -> _Spelled:
    name = f"{item.name}: " if item.name else ""
    if isinstance(item, Input):
        text = spell_input(item, short=first or bool(item.name))
    elif isinstance(item, Layer):
        # Without brackets `identity` is an empty chain and no layer.
        text = _call(item.kind, item.arguments, item.settings)
        text += "()" if item == Layer("identity") else ""
    elif isinstance(item, Use):
        text = _call("use", (item.of,), item.settings)
    else:
        return _spell_bodies(name + _head(item), _bodies(item), depth)
    return _Spelled(name + text, [name + text])


def _head(item: Repeat | Experts | Branches) -> str:
    """What stands before the braces."""
    if isinstance(item, Repeat):
        counter = f" as {item.counter}" if item.counter else ""
        if not item.settings and item.count != "as" and _SIMPLE_COUNT.fullmatch(item.count):
            return f"repeat {item.count}{counter}"
        named = (("as", item.counter),) if item.counter else ()
        return _call("repeat", (item.count,), (*named, *item.settings))
    if isinstance(item, Experts):
        return _call("experts", (item.count,), (("active", item.active), *item.settings))
    return _call("residual" if _is_residual(item) else item.join, (), item.settings)


def _bodies(item: Repeat | Experts | Branches) -> tuple[Chain, ...]:
    if not isinstance(item, Branches):
        return (item.body,)
    return item.branches[1:] if _is_residual(item) else item.branches


def _is_residual(item: Branches) -> bool:
    """Whether the input is added to the output of one branch."""
    two = item.join == "add" and len(item.branches) == 2
    return two and not item.branches[0].items and bool(item.branches[1].items)


def _spell_bodies(head: str, bodies: tuple[Chain, ...], depth: int) -> _Spelled:
    if depth >= MOST_NESTING:
        raise LimitError(f"At most {MOST_NESTING} braces may stand inside one another.")
    spelled = [[_spell(item, depth + 1) for item in body.items] for body in bodies]
    inline = " | ".join("; ".join(item.inline for item in items) or "identity" for items in spelled)
    inline = f"{head} {{ {inline} }}"
    if len(inline) <= _MOST_INLINE:
        return _Spelled(inline, [inline])
    lines = [f"{head} {{"]
    for number, items in enumerate(spelled):
        lines += ["|"] if number else []
        lines += [_INDENT + line for line in _join_lines(items) or ["identity"]]
    return _Spelled(inline, [*lines, "}"])


def _call(word: str, arguments: tuple[str, ...], settings: tuple[tuple[str, str], ...]) -> str:
    values = [*arguments, *(f"{name}={value}" for name, value in settings)]
    return f"{word}({', '.join(values)})" if values else word


def _check(tree: Chain, text: str) -> None:
    """Refuse a tree made by hand whose words mean something else when they are read."""
    try:
        same = read_network_tree(text) == tree
    except LimitError:
        raise
    except GradiometerError as error:
        raise UsageError(
            f"The notation has no text for this network: {error.problem}",
            text=error.text,
            start=error.start,
            end=error.end,
        ) from None
    except RecursionError as error:
        raise InternalError("A tree within the limits cannot be compared.") from error
    if not same:
        raise UsageError("A name or a value of this network means something else when it is read.")
