"""Whether the form of a network shows that its count grows with a setting."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gradiometer.model import Chain, Input, Layer, find_layer_kind
from gradiometer.question.parameters_read import Described

_GROWING = re.compile(r"[\w\s+*]+")
"""Sums and products of whole numbers and names."""
_NAME = re.compile(r"[A-Za-z_]\w*")


def grows_with(network: Described, name: str) -> bool:
    """Whether no larger value of a setting can give fewer parameters, by the form alone.

    That is so for dense layers one behind the other, with layers between them that keep shapes
    and hold nothing, where the setting stands in widths only, as a sum or product of itself.

    Args:
        network: The network.
        name: The setting, or `widths[1]` and the like.

    Example:
        >>> from gradiometer.question.parameters_read import read_text
        >>> grows_with(read_text("100 -> dense(2*w); relu; dense(1)"), "w")
        True
        >>> grows_with(read_text("100 -> dense(w, if=w < 9); dense(1)"), "w")
        False
    """
    if not isinstance(network.tree, Chain) or network.live is not None:
        return False
    return all(_keeps_growing(item, name) for item in network.tree.items)


def _keeps_growing(item: object, name: str) -> bool:
    if isinstance(item, Input):
        return all(_is_growing(text, name) for text in item.shape)
    if not isinstance(item, Layer):
        return False
    kind = find_layer_kind(item.kind)
    if kind is None or {"if", "from", "tie"} & dict(item.settings).keys():
        return False
    given = dict(_list_values(item, tuple(kind.settings)))
    if kind.name == "dense":
        width = given.pop("out", "")
        return _is_growing(width, name) and not any(_uses(text, name) for text in given.values())
    holds_nothing = kind.body is None and not kind.tensors and len(kind.forms) == 1
    if not holds_nothing or any(_uses(text, name) for text in given.values()):
        return False
    form = kind.forms[0]
    return form.input == tuple("*" * part.star + part.formula.text for part in form.output)


def _list_values(item: Layer, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    yield from zip(names, item.arguments, strict=False)
    yield from item.settings


def _uses(text: str, name: str) -> bool:
    return name in _NAME.findall(text)


def _is_growing(text: str, name: str) -> bool:
    """Whether a width is the same always, or a sum or product of whole numbers and the setting."""
    if not _uses(text, name):
        return True
    return _GROWING.fullmatch(text) is not None and set(_NAME.findall(text)) == {name}
