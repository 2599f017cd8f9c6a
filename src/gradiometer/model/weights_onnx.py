"""Reads an ONNX file: its tensors, which of them are parameters, and where their bytes stand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gradiometer.model.weights_entry import to_tensor
from gradiometer.model.weights_model import StoredModel, StoredTensor
from gradiometer.model.weights_onnx_graph import OnnxGraphs
from gradiometer.model.weights_onnx_role import find_role
from gradiometer.model.weights_protobuf import SPAN, VARINT, Span, Wire, to_signed
from gradiometer.model.weights_source import WeightFile

_NUMBERS = {1: "ir_version", 5: "model_version"}
_TEXTS = {2: "producer_name", 3: "producer_version", 4: "domain"}
_GRAPH, _OPSET, _PAIR, _TRAINING, _FUNCTION = 7, 8, 14, 20, 25
_MOST_PAIRS = 1000
"""Pairs of texts that are kept of what the file says about itself."""

_HOW = (
    "ONNX does not mark parameters: a floating tensor is counted as one when it reaches a weight "
    "of an operator (MatMul, Gemm, Conv, LSTM, Gather, a normalization, …), is added to a product "
    "as a bias, or takes part in arithmetic under a name that its author gave; the rest are "
    "constants."
)
_WHOSE = (
    "This is the count of the file. Exporters may fold a normalization into a convolution, write "
    "equal tensors once, or write a transposed copy of a tied one, so the model that it was made "
    "of can have another."
)


def read_onnx(path: Path) -> StoredModel:
    """The tensors of an ONNX model, with those of its inner graphs and functions.

    Raises:
        StudyError: If the file is no ONNX model, or a tensor's data is not what it says.
        LimitError: If it has more fields or deeper graphs than the stated limits.
    """
    with WeightFile(path) as file:
        wire = Wire(file)
        graphs = OnnxGraphs(wire)
        metadata: dict[str, Any] = {}
        graph: Span | None = None
        for number, kind, place in wire.fields((0, file.size)):
            if kind == SPAN and number == _FUNCTION:
                graphs.add_function(place)
            elif kind == SPAN and number == _GRAPH:
                if graph is not None:
                    raise file.fault("The file has more than one graph.", offset=place[0])
                graph = place
            else:
                _note(wire, number, kind, place, metadata)
        if graph is None:
            hint = "export the model again"
            raise file.fault("The file is no ONNX model: it has no graph.", offset=0, hint=hint)
        graphs.add_graph(graph, "")
    tensors = _sort(graphs)
    return StoredModel(
        "onnx", tensors, metadata, (_HOW, _WHOSE, *_describe(graphs, tensors, metadata))
    )


def _note(wire: Wire, number: int, kind: int, place: Span, metadata: dict[str, Any]) -> None:
    """Keep what a field of the model itself says."""
    if number in _NUMBERS and kind == VARINT:
        metadata[_NUMBERS[number]] = to_signed(place[0])
    elif kind != SPAN:
        return
    elif number in _TEXTS:
        metadata[_TEXTS[number]] = wire.text(place)
    elif number == _TRAINING:
        metadata["training"] = True
    elif number in {_OPSET, _PAIR}:
        words: dict[int, Any] = {1: "", 2: ""}
        for part, wire_type, where in wire.fields(place):
            if part in words:
                words[part] = wire.text(where) if wire_type == SPAN else to_signed(where[0])
        table = metadata.setdefault("opset" if number == _OPSET else "properties", {})
        if len(table) < _MOST_PAIRS:
            table[str(words[1])] = words[2]


def _sort(graphs: OnnxGraphs) -> tuple[StoredTensor, ...]:
    """Every tensor with its role; data that two tensors point at is counted once."""
    first: dict[Any, str] = {}
    tensors: list[StoredTensor] = []
    for tensor in graphs.tensors:
        entry = tensor.entry
        kind, note, is_packed = find_role(graphs, tensor)
        shared_with = first.setdefault(entry.data, entry.name) if entry.data else entry.name
        if is_packed:
            note = f"{note}, packed; the file does not tell how many parameters"
        if tensor.is_sparse:
            note = f"{note}; sparse: only the stored elements are counted"
        if shared_with != entry.name:
            tensors.append(to_tensor(entry, kind, note=note, shared_with=shared_with))
        else:
            count = None if is_packed else entry.count
            tensors.append(to_tensor(entry, kind, note=note, count=count))
    return tuple(tensors)


def _describe(
    graphs: OnnxGraphs, tensors: tuple[StoredTensor, ...], metadata: Mapping[str, Any]
) -> list[str]:
    notes: list[str] = []
    floating = {tensor.entry.name for tensor in graphs.tensors if tensor.entry.floating}
    constants = [tensor for tensor in tensors if tensor.kind == "constant" and tensor.count]
    if constants:
        total = sum(tensor.count or 0 for tensor in constants)
        real = sum(tensor.count or 0 for tensor in constants if tensor.name in floating)
        notes.append(
            f"{len(constants)} constants with {total:,} elements ({real:,} of them floating) "
            "stand in the file besides; exporters write them out, and nothing learns them."
        )
    if metadata.get("training"):
        notes.append("The graphs of its training information are not read.")
    return notes
