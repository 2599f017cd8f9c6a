"""How many bytes a number takes: recipes of precision from the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from gradiometer.catalog import read_entry
from gradiometer.errors import Place, StudyError
from gradiometer.model.entry import check_keys

BYTES: Mapping[str, int] = {
    "float64": 8,
    "float32": 4,
    "bfloat16": 2,
    "float16": 2,
    "float8": 1,
    "complex128": 16,
    "complex64": 8,
    "int64": 8,
    "int32": 4,
    "int16": 2,
    "int8": 1,
    "uint64": 8,
    "uint32": 4,
    "uint16": 2,
    "uint8": 1,
    "bool": 1,
}
"""Bytes of one number of each type."""

_TYPES = ("weights", "gradients", "state", "activations")
_KEYS = ("name", "about", "reference", *_TYPES, "master", "blocks")


@final
@dataclass(frozen=True)
class Blocks:
    """A state kept in few bits, with a scale for each block of numbers."""

    state: str
    size: int
    """Numbers of a block."""
    scale: str
    least: int
    """Tensors with fewer numbers keep the plain state."""
    table: int
    """Numbers, of the type of a scale, that say what the few bits mean; once for each state."""
    counts_steps: bool
    """Whether the counts of steps are tensors, as torch keeps them."""


@final
@dataclass(frozen=True)
class Precision:
    """The type of each kind of number in training."""

    name: str
    about: str
    weights: str
    gradients: str
    state: str
    activations: str
    master: str = ""
    """The type of a second copy of the weights, which the optimizer changes; empty for none."""
    blocks: Blocks | None = None


def read_precision(named: str) -> Precision:
    """The recipe with that name.

    Raises:
        UsageError: If there is no such recipe.

    Example:
        >>> read_precision("bf16_mixed").master
        'float32'
    """
    return precision_of(read_entry("precision", named), place=Place(f"precision `{named}`"))


def precision_of(table: Mapping[str, Any], *, place: Place) -> Precision:
    """The recipe that a table says.

    Raises:
        StudyError: If a key is missing or not known, or a type is none.
    """
    check_keys(table, _KEYS, place=place)
    types = {key: _read_type(table.get(key), key, place) for key in _TYPES}
    master = _read_type(table["master"], "master", place) if "master" in table else ""
    return Precision(
        name=str(table.get("name", "")),
        about=str(table.get("about", "")),
        **types,
        master=master,
        blocks=_read_blocks(table["blocks"], place) if "blocks" in table else None,
    )


def _read_blocks(row: Mapping[str, Any], place: Place) -> Blocks:
    check_keys(row, ("state", "size", "scale", "least", "table", "counts_steps"), place=place)
    for key in ("size", "least"):
        if not isinstance(row.get(key), int) or row[key] < 1:
            raise StudyError(f"`{key}` is a whole number from 1 on.", place=place)
    state, scale = (_read_type(row.get(key), key, place) for key in ("state", "scale"))
    table, counts = row.get("table", 0), row.get("counts_steps", True)
    if not isinstance(table, int) or not isinstance(counts, bool) or table < 0:
        raise StudyError("`table` is a whole number, and `counts_steps` a truth.", place=place)
    return Blocks(state, row["size"], scale, row["least"], table, counts)


def _read_type(value: Any, key: str, place: Place) -> str:
    if value not in BYTES:
        problem = f"`{key}` is a type of numbers, not `{value}`."
        raise StudyError(problem, place=place, known=tuple(BYTES), hint=f'write {key} = "float32"')
    return str(value)
