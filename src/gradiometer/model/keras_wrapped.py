"""Both directions of a Bidirectional layer of Keras."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradiometer.model.keras_layer import KerasLayer, read_keras_layer
from gradiometer.model.network_rows import Shape

MERGES = ("concat", "sum", "mul", "ave", None)
"""How the two directions become one; None leaves them apart."""


def list_halves(layer: KerasLayer) -> list[KerasLayer]:
    """The layer that reads forwards and the one that reads backwards.

    Raises:
        StudyError: If the layer inside is not described.
    """
    inner = layer.config.get("layer")
    back = layer.config.get("backward_layer") or inner
    halves: list[KerasLayer] = []
    for word, table in (("forward", inner), ("backward", back)):
        own: Any = {**table, "name": word} if isinstance(table, dict) else table
        halves.append(
            read_keras_layer(own, place=layer.place, inside=layer.path, frozen=layer.frozen)
        )
    return halves


def merge_halves(
    layer: KerasLayer, mode: Any, halves: Sequence[tuple[Shape | None, ...]]
) -> tuple[Shape | None, ...]:
    """The outputs of both directions together, and their states one behind the other.

    Raises:
        ShapeError: If the directions cannot be joined.
    """
    first, second = (half[0] for half in halves)
    states = tuple(state for half in halves for state in half[1:])
    if mode is None or first is None or second is None:
        return (first, second, *states)
    if first[:-1] != second[:-1] or (mode != "concat" and first != second):
        raise layer.misfit(f"its directions give {first} and {second}.", "give both the same units")
    if mode != "concat":
        return (first, *states)
    ends = first[-1], second[-1]
    width = None if None in ends else sum(end for end in ends if end is not None)
    return ((*first[:-1], width), *states)
