"""What a model of another library holds, as rows like those of our own networks."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, final

from gradiometer.catalog import find_name
from gradiometer.errors import ModelError
from gradiometer.model.network_rows import CountLine, Row, SavedRow, Shape, TensorRow
from gradiometer.model.precision import BYTES

PLAIN_TYPE = "float32"
"""Numbers of this type follow the recipe of precision that is asked for."""


@final
@dataclass(frozen=True)
class OwnTensor:
    """A tensor that one part of a model owns itself."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    key: Hashable
    """Equal for two places that hold the same tensor, and for no others."""
    is_buffer: bool = False
    frozen: bool = False
    is_stored: bool = True


@final
@dataclass(frozen=True)
class Part:
    """One module or layer of a model."""

    path: str
    kind: str
    """The name of its class."""
    tensors: tuple[OwnTensor, ...] = ()
    shape_in: Shape = (None,)
    shape_out: Shape = (None,)
    work: tuple[CountLine, ...] = ()


@final
@dataclass(frozen=True)
class Example:
    """What a model is called with."""

    positional: tuple[Any, ...] = ()
    named: Mapping[str, Any] | None = None
    shape: tuple[int, ...] = ()
    """In place of tensors: the shape of one input, of which one example is made."""
    is_tokens: bool = False


@final
@dataclass(frozen=True)
class LiveModel:
    """A model as its library holds it."""

    framework: str
    version: str
    name: str
    rows: tuple[Row, ...]
    is_counted: bool
    """Whether its multiply-adds are known."""
    work: str
    """For which input the multiply-adds are counted, or why they are not known."""
    notes: tuple[str, ...] = ()


def to_rows(parts: Iterable[Part], *, is_counted: bool) -> tuple[Row, ...]:
    """The rows of a model; a tensor counts at its first place and is shown at the others.

    Args:
        parts: The modules in the order of the model.
        is_counted: Whether all multiply-adds are known; else those of parts with tensors are open.

    Raises:
        ModelError: If numbers are of a type that is not known.

    Example:
        >>> weight = OwnTensor("weight", (5, 3), "float32", 7)
        >>> rows = to_rows([Part("a", "Linear", (weight,)), Part("b", "Linear", (weight,))],
        ...                is_counted=False)
        >>> [row.parameters for row in rows], rows[1].tensors[0].shared_with
        ([15, 0], 'a.weight')
    """
    seen: dict[Hashable, str] = {}
    rows = [_to_row(part, seen, is_counted=is_counted) for part in parts]
    if rows:
        # What the way back keeps is the choice of the library, so its size stays open.
        first = rows[0]
        kept = (SavedRow("activations", "activations", (None,)),)
        rows[0] = Row(**{**vars(first), "saved": kept})
    return tuple(rows)


def _to_row(part: Part, seen: dict[Hashable, str], *, is_counted: bool) -> Row:
    rows = [(own.is_buffer, _to_tensor_row(part, own, seen)) for own in part.tensors]
    tensors = tuple(row for is_buffer, row in rows if not is_buffer)
    kind = find_name("layer", part.kind) or part.kind
    work = part.work
    if not work and not is_counted and tensors:
        work = (CountLine("products", None, "needs the shapes of an input"),)
    counted = [row for row in tensors if not row.shared_with]
    return Row(
        path=part.path,
        kind=kind,
        settings=(),
        shape_in=part.shape_in,
        shape_out=part.shape_out,
        tensors=tensors,
        buffers=tuple(row for is_buffer, row in rows if is_buffer),
        multiply_adds=work,
        formula=" + ".join(_product(row.shape) for row in counted),
        words=" + ".join(row.name for row in counted),
        is_embedding=kind == "embedding",
        spelled=" + ".join(f"{_product(row.shape)} {row.name}" for row in counted) or "0",
    )


def _to_tensor_row(part: Part, own: OwnTensor, seen: dict[Hashable, str]) -> TensorRow:
    name = f"{part.path}.{own.name}"
    if own.dtype not in BYTES:
        raise ModelError(
            f"The numbers of `{name}` are of type `{own.dtype}`, whose size is not known.",
            known=tuple(BYTES),
        )
    first = seen.setdefault(own.key, name)
    row = TensorRow(
        name=own.name,
        shape=own.shape,
        count=0,
        dtype=None if own.dtype == PLAIN_TYPE else own.dtype,
        shared_with="" if first == name else first,
        frozen=own.frozen,
        is_stored=own.is_stored,
    )
    return row if row.shared_with else TensorRow(**{**vars(row), "count": row.size})


def _product(shape: tuple[int, ...]) -> str:
    return "*".join(map(str, shape)) or "1"


def to_shape(values: Iterable[int]) -> tuple[int, ...]:
    """The sizes of the axes as plain whole numbers."""
    return tuple(int(value) for value in values)


def to_type(dtype: object) -> str:
    """The name of a type of numbers as precisions spell it.

    Example:
        >>> to_type("torch.quint8"), to_type("float8_e4m3fn")
        ('uint8', 'float8')
    """
    name = str(dtype).rpartition(".")[2]
    name = re.sub(r"^q(?=u?int)", "", name)
    return "float8" if name.startswith("float8_") else name


def join_names(names: Iterable[str]) -> str:
    """The names in backticks; only the first of many.

    Example:
        >>> join_names(["a", "b"])
        '`a`, `b`'
    """
    listed = list(names)
    shown = ", ".join(f"`{name}`" for name in listed[:8])
    return shown + (f" and {len(listed) - 8} more" if len(listed) > 8 else "")
