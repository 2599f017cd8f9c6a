"""Options that change a whole network: no biases, an activation between its dense layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from gradiometer.errors import Place, UsageError
from gradiometer.model.network_read import read_network_tree
from gradiometer.model.network_tree import Branches, Chain, Experts, Item, Layer, Repeat
from gradiometer.model.network_values import resolve_kind

BIAS_POSITIONS: Mapping[str, int] = {"dense": 1}
"""Kinds with a setting `bias`, and how many values may stand before it without a name."""


def without_bias(tree: Chain, *, positions: Mapping[str, int] = BIAS_POSITIONS) -> Chain:
    """The network in which no layer has a bias, unless the layer itself says so.

    Args:
        tree: The network.
        positions: The kinds of layers that have a setting `bias`, each with the number of its
            settings before that one.

    Example:
        >>> without_bias(read_network_tree("3-2")).items[1].settings
        (('bias', 'false'),)
    """

    def change(layer: Layer) -> Layer:
        position = positions.get(layer.kind)
        said = "bias" in dict(layer.settings)
        if position is None or said or len(layer.arguments) > position:
            return layer
        return replace(layer, settings=(*layer.settings, ("bias", "false")))

    return change_layers(tree, change)


def with_activation(tree: Chain, activation: str, *, place: Place | None = None) -> Chain:
    """The network with an activation behind every dense layer that another one follows.

    Args:
        tree: The network; its dense layers stand one behind the other.
        activation: The activation as it is written in a network: `relu`, `leaky_relu(0.1)`.
        place: Where *activation* stands, for errors.

    Raises:
        FormulaError: If *activation* is no layer.
        UnknownNameError: If there is no such layer.
        UsageError: If dense layers stand inside braces, where the last one is not known.

    Example:
        >>> [item.kind for item in with_activation(read_network_tree("3-4-2"), "relu").items[1:]]
        ['dense', 'relu', 'dense']
    """
    read = read_network_tree(activation, place=place).items
    if len(read) != 1 or not isinstance(read[0], Layer) or read[0].name:
        problem = f"`{activation[:60]}` is not one activation."
        raise UsageError(problem, place=place, hint="write such as `relu`")
    # It is looked up here, as there may be no place where the walk would.
    resolve_kind(read[0], {}, path="activation")
    for item in tree.items:
        if any(_is_dense(inner) for body in _bodies(item) for inner in _walk(body)):
            raise UsageError(
                "An activation is put between dense layers that stand one behind the other; this "
                "network has dense layers inside braces.",
                place=place,
                hint=f"write `{activation}` in the network, where it belongs",
            )
    items: list[Item] = []
    for item, following in zip(tree.items, (*tree.items[1:], None), strict=True):
        items.append(item)
        if _is_dense(item) and _is_dense(following):
            items.append(read[0])
    return Chain(tuple(items))


def list_layers(tree: Chain) -> tuple[Layer, ...]:
    """All layers of a network as it is written, those in braces too, in no order.

    Example:
        >>> [layer.kind for layer in list_layers(read_network_tree("8 -> repeat 2 { relu }"))]
        ['relu']
    """
    return tuple(item for item in _walk(tree) if isinstance(item, Layer))


def change_layers(tree: Chain, change: Callable[[Layer], Layer]) -> Chain:
    """The network with every layer replaced by what *change* makes of it.

    Example:
        >>> tree = read_network_tree("8 -> repeat 2 { relu }")
        >>> change_layers(tree, lambda layer: Layer("tanh")).items[1].body.items[0].kind
        'tanh'
    """
    return Chain(tuple(_change(item, change) for item in tree.items))


def _change(item: Item, change: Callable[[Layer], Layer]) -> Item:
    if isinstance(item, Layer):
        return change(item)
    if isinstance(item, Repeat | Experts):
        return replace(item, body=change_layers(item.body, change))
    if isinstance(item, Branches):
        branches = tuple(change_layers(branch, change) for branch in item.branches)
        return replace(item, branches=branches)
    return item


def _is_dense(item: Item | None) -> bool:
    return isinstance(item, Layer) and item.kind == "dense"


def _bodies(item: Item) -> tuple[Chain, ...]:
    if isinstance(item, Branches):
        return item.branches
    return (item.body,) if isinstance(item, Repeat | Experts) else ()


def _walk(chain: Chain) -> Iterator[Item]:
    """All items of a chain and of the bodies in it."""
    rest = list(chain.items)
    while rest:
        item = rest.pop()
        yield item
        rest.extend(inner for body in _bodies(item) for inner in body.items)
