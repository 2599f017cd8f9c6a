"""Names of the items of a network: the given ones, else the kind and a number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

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


@final
@dataclass(frozen=True)
class ItemName:
    """The name of an item, and how many names it and the items in it take in their list."""

    name: str
    span: int


def name_items(chain: Chain) -> tuple[ItemName, ...]:
    """The names of all items of a chain, those of branches without a name among them, in order.

    Example:
        >>> chain = Chain((Layer("conv"), Layer("relu"), Layer("conv", name="last")))
        >>> [item.name for item in name_items(chain)]
        ['conv', 'relu', 'last']
    """
    items: list[Item] = []
    ends: dict[int, int] = {}
    open_places: list[tuple[int, Iterator[Item]]] = [(-1, iter(chain.items))]
    while open_places:
        place, rest = open_places[-1]
        item = next(rest, None)
        if item is None:
            open_places.pop()
            ends[place] = len(items)
            continue
        items.append(item)
        # What stands in branches without a name is named as if it stood beside them.
        inner = item.branches if isinstance(item, Branches) and not item.name else ()
        inside = [part for branch in inner for part in branch.items]
        open_places.append((len(items) - 1, iter(inside)))
    bases = [_base(item) for item in items]
    given = {item.name for item in items if item.name}
    often = Counter(base for base, item in zip(bases, items, strict=True) if not item.name)
    numbers: Counter[str] = Counter()
    names: list[ItemName] = []
    for place, (item, base) in enumerate(zip(items, bases, strict=True)):
        name = item.name
        if not name:
            name = base if often[base] == 1 else ""
            while not name or name in given:
                numbers[base] += 1
                name = f"{base}{numbers[base]}"
        names.append(ItemName(name, ends[place] - place))
    return tuple(names)


def is_single(body: Chain) -> bool:
    """Whether a repeated body is one layer without a name, which then takes the name of the turn.

    Example:
        >>> is_single(Chain((Layer("block"),)))
        True
    """
    items = body.items
    return len(items) == 1 and isinstance(items[0], Layer | Use) and not items[0].name


def _base(item: Item) -> str:
    if isinstance(item, Layer):
        return item.kind
    if isinstance(item, Repeat):
        return _base(item.body.items[0]) if is_single(item.body) else "repeat"
    if isinstance(item, Branches):
        return item.join
    words = {Input: "input", Experts: "experts", Use: "use"}
    return words[type(item)]
