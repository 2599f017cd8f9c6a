"""What a file of weights holds: tensors by name, and what each of them is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, final

Kind = Literal["parameter", "buffer", "constant"]
"""Learned; kept beside what is learned; a number of the computation that an exporter wrote out."""


DESCRIPTIONS = ("keras", "keras_config", "huggingface_config")
"""Formats that say how a model is built and list no tensors."""


@final
@dataclass(frozen=True)
class StoredTensor:
    """One tensor of a file, under one of its names."""

    name: str
    shape: tuple[int, ...]
    """Sizes of the axes; of a packed weight those of the weight itself, where the file tells."""
    dtype: str
    """Type of the stored numbers, or the name of their blocks (`float32`, `Q4_K`)."""
    count: int | None
    """Elements; None for a packed weight whose number of elements the file does not tell."""
    bytes: int
    """Bytes in the file; 0 under a second name of the same data."""
    kind: Kind
    shared_with: str = ""
    """The first name of the same data; empty where this is it."""
    note: str = ""
    """The rule that told its kind, or how it is packed."""


@final
@dataclass(frozen=True)
class StoredModel:
    """What a file says about a model, read without running or loading anything of it."""

    format: str
    """`safetensors`, `onnx`, `gguf`, `keras`, `keras_config` or `huggingface_config`."""
    tensors: tuple[StoredTensor, ...]
    """Every name, in the order of the file; empty for a description without weights."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """What the file says besides; descriptions have the parsed text under `config`."""
    notes: tuple[str, ...] = ()
    """How the file was read and what it leaves open, one sentence each."""

    def count(self, kind: Kind = "parameter") -> int | None:
        """Elements of that kind, data with two names once.

        None where the file does not tell: for a packing that hides them, and for a description.

        Example:
            >>> weight = StoredTensor("w", (2, 3), "float32", 6, 24, "parameter")
            >>> again = StoredTensor("v", (2, 3), "float32", 6, 0, "parameter", shared_with="w")
            >>> StoredModel("safetensors", (weight, again)).count()
            6
        """
        if self.format in DESCRIPTIONS:
            return None
        total = 0
        for tensor in self.tensors:
            if tensor.kind != kind or tensor.shared_with:
                continue
            if tensor.count is None:
                return None
            total += tensor.count
        return total
