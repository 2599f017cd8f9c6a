"""A file of weights becomes a network that `parameters` counts, without any framework."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby

from gradiometer.model import (
    LiveModel,
    NetworkCount,
    OwnTensor,
    Part,
    StoredModel,
    StoredTensor,
    to_rows,
)
from gradiometer.question.answer import Fact, proved, unknown

_FORMATS: Mapping[str, str] = {"safetensors": "safetensors", "onnx": "ONNX", "gguf": "GGUF"}
_OPEN = "A file of weights does not say"


def describe_stored(stored: StoredModel, *, path: str) -> LiveModel:
    """The tensors of a file as rows, one for all tensors of the same layer.

    Args:
        stored: What the file holds.
        path: Its name, for the answer.
    """
    parts = [
        Part(layer or "file", "tensors", tuple(map(_to_own, tensors)))
        for layer, tensors in groupby(_list_counted(stored), _layer_of)
    ]
    return LiveModel(
        framework=_FORMATS[stored.format],
        version="",
        name=path,
        rows=to_rows(_number(parts), is_counted=False),
        is_counted=False,
        work=f"{_OPEN} how its tensors are used.",
        notes=stored.notes,
    )


def _list_counted(stored: StoredModel) -> Iterator[StoredTensor]:
    return (t for t in stored.tensors if t.kind != "constant" and t.count is not None)


def _layer_of(tensor: StoredTensor) -> str:
    return tensor.name.rpartition(".")[0]


def _to_own(tensor: StoredTensor) -> OwnTensor:
    return OwnTensor(
        name=tensor.name.rpartition(".")[2],
        shape=tensor.shape,
        dtype="float32",
        key=tensor.shared_with or tensor.name,
        is_buffer=tensor.kind == "buffer",
    )


def _number(parts: list[Part]) -> Iterator[Part]:
    """The parts with a number behind a layer whose tensors do not stand together in the file."""
    seen: dict[str, int] = {}
    for part in parts:
        seen[part.path] = seen.get(part.path, 0) + 1
        again = seen[part.path] > 1
        path = f"{part.path} ({seen[part.path]})" if again else part.path
        yield Part(path, part.kind, part.tensors)


def mend_stored(
    facts: Mapping[str, Fact], stored: StoredModel, count: NetworkCount
) -> dict[str, Fact]:
    """The facts of a file: what it does not say is unknown, and what it holds is added.

    Args:
        facts: The facts as the rows of a description give them.
        stored: What the file holds.
        count: The totals of its rows.
    """
    left_out = (
        "operations", "kv_cache", "memory_inference", "memory_training", "inference_bytes",
        "training_bytes",
    )  # fmt: skip
    kept = {name: fact for name, fact in facts.items() if name not in left_out}
    hidden = [t for t in stored.tensors if t.count is None]
    if hidden:
        why = f"{len(hidden)} packed tensors do not tell their size, the first is {hidden[0].name}."
        kept["parameters"] = unknown(why)
    for name, what in (
        ("trainable", "what is trained"),
        ("frozen", "what is frozen"),
        ("embedding", "which tensors are looked up"),
        ("non_embedding", "which tensors are looked up"),
        ("active", "what works on one token"),
        ("macs", "how its tensors are used"),
        ("macs_by_line", "how its tensors are used"),
        ("flops", "how its tensors are used"),
    ):
        if name in kept:
            kept[name] = unknown(f"{_OPEN} {what}.")
    return kept | {
        "stored": proved(_by_type(stored), "Tensors by kind and type of number; the rows add up."),
        "stored_bytes": proved(
            sum(t.bytes for t in stored.tensors),
            "All tensors, data with two names once.",
        ),
    }


def _by_type(stored: StoredModel) -> list[dict[str, str | int | None]]:
    rows: dict[tuple[str, str], dict[str, str | int | None]] = {}
    for tensor in stored.tensors:
        key = (tensor.kind, tensor.dtype)
        row = rows.setdefault(
            key, {"kind": tensor.kind, "type": tensor.dtype, "tensors": 0, "numbers": 0, "bytes": 0}
        )
        count = 0 if tensor.shared_with else tensor.count
        before = row["numbers"]
        row["tensors"] = int(row["tensors"] or 0) + 1
        row["bytes"] = int(row["bytes"] or 0) + tensor.bytes
        row["numbers"] = None if count is None or before is None else int(before) + count
    return list(rows.values())
