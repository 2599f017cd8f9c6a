"""Reads a Keras configuration as rows: what each layer owns, found by carrying shapes through it.

Nothing of the file is run. A class without a rule, and a shape that only code knows, are refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from heapq import heapify, heappop, heappush
from typing import Any

from gradiometer.errors import LimitError, Place, StudyError
from gradiometer.model.keras_kinds import apply_keras, find_keras_kind
from gradiometer.model.keras_layer import (
    MODELS,
    KerasLayer,
    read_keras_layer,
    read_stated_shape,
)
from gradiometer.model.keras_nodes import Node, Source, find_sources, read_nodes
from gradiometer.model.keras_rules import Made
from gradiometer.model.keras_wrapped import MERGES, list_halves, merge_halves
from gradiometer.model.live_model import Part, to_rows
from gradiometer.model.network_rows import Row, Shape

MOST_DEPTH = 40
"""Models and layers that may stand inside one another."""
MOST_CALLS = 50_000
"""Calls of layers that are followed; models called twice inside each other double them."""

_UNKNOWN: tuple[Shape | None, ...] = (None,)


def read_keras_config(config: Mapping[str, Any], *, place: Place | None) -> tuple[Row, ...]:
    """One row for each layer of a Keras model, with its tensors; statistics are buffers.

    Args:
        config: What `config.json` holds: a Sequential or functional model of Keras 2 or 3.
        place: The file, for errors.

    Raises:
        StudyError: If the text is no such model, a class has no rule, or a shape is not known.
        ShapeError: If layers do not fit together.
        DomainError: If a setting has a value that it cannot have.
        UsageError: If a setting is missing.
        LimitError: If the model is larger or deeper than the stated limits.

    Example:
        >>> dense = {"class_name": "Dense", "config": {"name": "d", "units": 3}}
        >>> start = {"class_name": "InputLayer", "config": {"batch_shape": [None, 4]}}
        >>> model = {"class_name": "Sequential", "config": {"layers": [start, dense]}}
        >>> [(row.path, row.parameters) for row in read_keras_config(model, place=None)]
        [('inputlayer', 0), ('d', 15)]
    """
    if not isinstance(config, Mapping) or config.get("class_name") not in MODELS:
        found = config.get("class_name") if isinstance(config, Mapping) else config
        problem = f"The model is of the class `{str(found)[:60]}`, whose layers are code."
        hint = "save a Sequential or functional model, or ask the model itself"
        raise StudyError(problem, place=place, known=MODELS, hint=hint)
    walk = _Walk()
    top = read_keras_layer({**config, "name": "model"}, place=place)
    walk.follow_model(top, None, inside="")
    return to_rows(walk.parts.values(), is_counted=False)


def note_keras(rows: Iterable[Row]) -> tuple[str, ...]:
    """What is to be said about rows that were read from a Keras configuration.

    Example:
        >>> note_keras(())
        ()
    """
    notes: list[str] = []
    listed = tuple(rows)
    if any(row.buffers for row in listed):
        notes.append(
            "Means and variances that are measured, not learned, are buffers here; "
            "Keras counts them among its parameters as non-trainable."
        )
    if any(row.kind == "Lambda" for row in listed):
        notes.append("The code of Lambda layers was not run; their shapes are as the file says.")
    return tuple(notes)


class _Walk:
    """Follows every call of every layer, and keeps what each layer owns under its path."""

    def __init__(self) -> None:
        self.parts: dict[str, Part] = {}
        self.kinds: dict[str, KerasLayer] = {}
        self.known: dict[tuple[str, Any], tuple[Shape | None, ...]] = {}
        self.shared: dict[Any, KerasLayer] = {}
        self.calls = 0

    def follow_model(
        self, model: KerasLayer, inputs: tuple[Shape | None, ...] | None, *, inside: str
    ) -> tuple[Shape | None, ...]:
        """The shapes that come out of a model; None for the inputs that the file states."""
        if inside.count(".") > MOST_DEPTH:
            problem = f"More than {MOST_DEPTH} models or layers stand inside one another."
            raise LimitError(problem, place=model.place, hint="take them apart")
        tables = model.config.get("layers")
        if not isinstance(tables, list) or not tables:
            raise model.fault("it has no list `layers`.", 'add "layers": […]')
        layers: dict[str, KerasLayer] = {}
        for table in tables:
            layer = read_keras_layer(table, place=model.place, inside=inside, frozen=model.frozen)
            layer = self._find_shared(layer)
            key = str(table.get("name") or layer.config.get("name") or layer.name)
            if key in layers:
                raise model.fault(f"two layers have the name `{key[:60]}`.", "give each its own")
            layers[key] = layer
        if model.kind == "Sequential":
            return self._follow_sequence(model, layers, inputs)
        return self._follow_graph(model, layers, inputs)

    def _find_shared(self, layer: KerasLayer) -> KerasLayer:
        """The layer itself, or the one that it is another mention of."""
        number = layer.table.get("shared_object_id")
        if not isinstance(number, int):
            return layer
        return self.shared.setdefault((number, layer.kind), layer)

    def _follow_sequence(
        self,
        model: KerasLayer,
        layers: Mapping[str, KerasLayer],
        inputs: tuple[Shape | None, ...] | None,
    ) -> tuple[Shape | None, ...]:
        flow = inputs
        if flow is None:
            first = next(iter(layers.values()))
            shape = _find_input(first)
            if shape is None:
                shape = read_stated_shape(model.config.get("build_input_shape"))
            flow = None if shape is None and first.kind in MODELS else (shape,)
        for layer in layers.values():
            flow = self.call(layer, flow)
        assert flow is not None
        return flow

    def _follow_graph(
        self,
        model: KerasLayer,
        layers: Mapping[str, KerasLayer],
        inputs: tuple[Shape | None, ...] | None,
    ) -> tuple[Shape | None, ...]:
        starts = [source.layer for source in find_sources(model.config.get("input_layers"))]
        ends = list(find_sources(model.config.get("output_layers")))
        if not starts or not ends:
            problem = "it does not say its `input_layers` and `output_layers`."
            raise model.fault(problem, 'add "input_layers": [["input", 0, 0]]')
        if inputs is not None and len(inputs) != len(starts):
            problem = f"{len(inputs)} inputs come in, and it has {len(starts)}."
            raise model.misfit(problem, "look at its `inbound_nodes`")
        given = dict(zip(starts, inputs, strict=True)) if inputs is not None else {}
        made: dict[tuple[str, int], tuple[Shape | None, ...]] = {}
        for node in _sort_nodes(model, read_nodes(layers)):
            name = node.name
            feeds = tuple(_take(node.layer, made, source) for source in node.sources)
            if node.layer.kind == "InputLayer":
                feeds = (given.get(name, _find_input(node.layer)),)
            made[name, node.number] = self.call(node.layer, feeds)
        return tuple(_take(model, made, source) for source in ends)

    def call(
        self, layer: KerasLayer, inputs: tuple[Shape | None, ...] | None
    ) -> tuple[Shape | None, ...]:
        """The shapes that come out of one call of a layer."""
        key = (layer.path, inputs)
        if key in self.known:
            return self.known[key]
        self.calls += 1
        if self.calls > MOST_CALLS:
            problem = f"The model makes more than {MOST_CALLS:,} different calls of layers."
            raise LimitError(problem, place=layer.place, hint="ask a part of it")
        if layer.kind in MODELS:
            outputs = self.follow_model(layer, inputs, inside=layer.path)
        else:
            outputs = self._call_layer(layer, inputs or _UNKNOWN)
        self.known[key] = outputs
        return outputs

    def _call_layer(
        self, layer: KerasLayer, inputs: tuple[Shape | None, ...]
    ) -> tuple[Shape | None, ...]:
        if layer.path.count(".") > MOST_DEPTH:
            problem = f"More than {MOST_DEPTH} models or layers stand inside one another."
            raise LimitError(problem, place=layer.place, hint="take them apart")
        if layer.kind == "InputLayer":
            return self._keep(layer, inputs, Made(inputs))
        if layer.is_operation or layer.kind == "Lambda":
            # Neither owns tensors. Their shapes are those that the file states at what they feed.
            stated = read_stated_shape(layer.config.get("output_shape"))
            return self._keep(layer, inputs, Made((stated if layer.kind == "Lambda" else None,)))
        if layer.kind in {"Bidirectional", "TimeDistributed"}:
            return self._call_wrapper(layer, _need_shapes(layer, inputs))
        find_keras_kind(layer)
        return self._keep(layer, inputs, apply_keras(layer, _need_shapes(layer, inputs)))

    def _call_wrapper(
        self, layer: KerasLayer, inputs: tuple[Shape, ...]
    ) -> tuple[Shape | None, ...]:
        """A layer that calls the layer inside it, for each step or in both directions."""
        self._keep(layer, inputs, Made(_UNKNOWN))
        if layer.kind == "Bidirectional":
            mode = layer.config.get("merge_mode", "concat")
            if mode not in MERGES:
                raise layer.fault("its `merge_mode` is not known.", 'write "concat"')
            halves = [self.call(half, inputs[:1]) for half in list_halves(layer)]
            return merge_halves(layer, mode, halves)
        inner = read_keras_layer(
            layer.config.get("layer"), place=layer.place, inside=layer.path, frozen=layer.frozen
        )
        if not inputs[0]:
            raise layer.misfit("its input has no axis of time.", "put a `Reshape` before it")
        outputs = self.call(inner, (inputs[0][1:],))
        return tuple(None if out is None else (inputs[0][0], *out) for out in outputs)

    def _keep(
        self, layer: KerasLayer, inputs: tuple[Shape | None, ...], made: Made
    ) -> tuple[Shape | None, ...]:
        """Notes what the layer owns; a further call must find the same tensors."""
        shapes = [shape if shape is not None else (None,) for shape in (inputs[0], made.outputs[0])]
        kind = layer.kind
        if not layer.is_operation and kind not in {"Lambda", "InputLayer", *_WRAPPERS}:
            kind = find_keras_kind(layer).word or kind
        part = Part(layer.path, kind, made.tensors, shapes[0], shapes[1])
        before = self.parts.setdefault(layer.path, part)
        if [own.shape for own in before.tensors] != [own.shape for own in made.tensors]:
            problem = "it is called with inputs for which its tensors would differ."
            raise layer.misfit(problem, "give each input a layer of its own")
        if self.kinds.setdefault(layer.path, layer).config != layer.config:
            raise layer.fault("two different layers have this name.", "give each its own")
        return made.outputs


_WRAPPERS = ("Bidirectional", "TimeDistributed")


def _need_shapes(layer: KerasLayer, inputs: tuple[Shape | None, ...]) -> tuple[Shape, ...]:
    built = layer.table.get("build_config")
    stated = read_stated_shape(built.get("input_shape")) if isinstance(built, Mapping) else None
    found = [stated if shape is None else shape for shape in inputs]
    known = tuple(shape for shape in found if shape is not None)
    if len(known) < len(found):
        problem = (
            "the shape of its input is not known: the file does not state it, "
            "and no code of a model, such as that of a Lambda layer, is run."
        )
        raise layer.fault(problem, "save the model after it was built, with its input shape")
    return known


def _find_input(layer: KerasLayer) -> Shape | None:
    """The input that a layer states for itself."""
    for key in ("batch_shape", "batch_input_shape"):
        shape = read_stated_shape(layer.config.get(key))
        if shape is not None:
            return shape
    built = layer.table.get("build_config")
    return read_stated_shape(built.get("input_shape")) if isinstance(built, Mapping) else None


def _take(
    layer: KerasLayer, made: Mapping[tuple[str, int], tuple[Shape | None, ...]], source: Source
) -> Shape | None:
    """The output that a source names; what the file states about it must be true."""
    outputs = made.get((source.layer, source.node))
    if outputs is None:
        problem = f"it is fed by call {source.node} of `{source.layer[:60]}`, which is not there."
        raise layer.fault(problem, "look at its `inbound_nodes`")
    if len(outputs) == 1 and outputs[0] is None:
        return source.stated
    if source.output >= len(outputs):
        problem = f"it is fed by output {source.output} of `{source.layer[:60]}`, which has fewer."
        raise layer.fault(problem, "look at its `inbound_nodes`")
    found, stated = outputs[source.output], source.stated
    if found is None or stated is None:
        return stated if found is None else found
    if len(found) != len(stated) or any(
        own != other and None not in {own, other} for own, other in zip(found, stated, strict=True)
    ):
        problem = f"the file says that {stated} comes from `{source.layer[:60]}`, and that is"
        raise layer.misfit(f"{problem} {found}.", "save the model again")
    return tuple(other if own is None else own for own, other in zip(found, stated, strict=True))


def _sort_nodes(model: KerasLayer, nodes: list[Node]) -> list[Node]:
    """The calls in an order in which each comes after those that feed it."""
    numbers = {(node.name, node.number): place for place, node in enumerate(nodes)}
    waits = [0] * len(nodes)
    feeds: dict[int, list[int]] = {}
    for place, node in enumerate(nodes):
        for source in node.sources:
            before = numbers.get((source.layer, source.node))
            # A source that is not there is reported when it is taken.
            if before is not None:
                feeds.setdefault(before, []).append(place)
                waits[place] += 1
    ready = [place for place, count in enumerate(waits) if not count]
    heapify(ready)
    found: list[Node] = []
    while ready:
        place = heappop(ready)
        found.append(nodes[place])
        for after in feeds.get(place, ()):
            waits[after] -= 1
            if not waits[after]:
                heappush(ready, after)
    if len(found) < len(nodes):
        stuck = nodes[next(place for place, count in enumerate(waits) if count)].layer
        problem = f"its layer `{stuck.name[:60]}` is fed by what it feeds itself."
        raise model.fault(problem, "look at the `inbound_nodes`")
    return found
