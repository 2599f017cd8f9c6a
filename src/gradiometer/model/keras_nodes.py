"""Which outputs feed which call of a layer, as Keras 2 and Keras 3 write it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, final

from gradiometer.model.keras_layer import MODELS, KerasLayer, is_count, read_stated_shape
from gradiometer.model.network_rows import Shape


@final
@dataclass(frozen=True)
class Source:
    """One output of one call of a layer."""

    layer: str
    node: int
    output: int
    stated: Shape | None = None
    """Its shape where the file states it."""


@final
@dataclass(frozen=True)
class Node:
    """One call of a layer."""

    name: str
    """Of the layer, as the model around it knows it."""
    layer: KerasLayer
    number: int
    sources: tuple[Source, ...]


def read_nodes(layers: Mapping[str, KerasLayer]) -> list[Node]:
    """All calls of the layers of a functional model, in the order of the file.

    Raises:
        StudyError: If a layer does not say what it is called with.

    Example:
        >>> from gradiometer.model.keras_layer import read_keras_layer
        >>> table = {"class_name": "ReLU", "config": {"name": "r"}}
        >>> table["inbound_nodes"] = [[["i", 0, 0]]]
        >>> read_nodes({"r": read_keras_layer(table, place=None)})[0].sources[0].layer
        'i'
    """
    nodes: list[Node] = []
    for name, layer in layers.items():
        calls = layer.table.get("inbound_nodes", [])
        if not isinstance(calls, list):
            raise layer.fault("its `inbound_nodes` are no list.", 'write "inbound_nodes": [[…]]')
        if not calls and layer.kind == "InputLayer":
            calls = [[]]
        for number, call in enumerate(calls):
            sources = tuple(find_sources(call))
            if not sources and layer.kind != "InputLayer":
                problem = f"its call {number} names no layer that feeds it."
                raise layer.fault(problem, "write what it is called with in `inbound_nodes`")
            nodes.append(Node(name, layer, number, sources))
    return _count_from_zero(nodes)


def find_sources(value: Any) -> Iterator[Source]:
    """The outputs that a part of a configuration names, in its order.

    Example:
        >>> [source.layer for source in find_sources([["a", 0, 0, {}], ["b", 0, 0, {}]])]
        ['a', 'b']
    """
    # Depth first and in order, on a stack of its own: a text may be nested without end.
    stack = [value]
    while stack:
        part = stack.pop()
        stated = None
        if isinstance(part, Mapping):
            if part.get("class_name") == "__keras_tensor__":
                inner = part.get("config")
                inner = inner if isinstance(inner, Mapping) else {}
                stated = read_stated_shape(inner.get("shape"))
                part = inner.get("keras_history")
            else:
                stack.extend(reversed(list(part.values())))
                continue
        if not isinstance(part, list | tuple):
            continue
        if _is_source(part):
            yield Source(part[0], part[1], part[2], stated)
            part = part[3:]
        stack.extend(reversed(part))


def _is_source(part: Any) -> bool:
    return len(part) >= 3 and isinstance(part[0], str) and all(is_count(n) for n in part[1:3])


def _count_from_zero(nodes: list[Node]) -> list[Node]:
    """The nodes with the number under which the others name them.

    Keras starts at 1 for a model inside a model, since making the model was its first call.
    """
    named: dict[str, int] = {}
    for node in nodes:
        for source in node.sources:
            named[source.layer] = max(named.get(source.layer, 0), source.node)
    calls: dict[str, int] = {}
    for node in nodes:
        calls[node.name] = calls.get(node.name, 0) + 1
    return [
        Node(node.name, node.layer, node.number + 1, node.sources)
        if node.layer.kind in MODELS and named.get(node.name, 0) >= calls[node.name]
        else node
        for node in nodes
    ]
