"""Reads the header of a safetensors file: names, types, shapes and where the bytes stand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gradiometer.catalog import read_stored
from gradiometer.errors import suggest
from gradiometer.model.weights_entry import Entry
from gradiometer.model.weights_model import StoredModel, StoredTensor
from gradiometer.model.weights_names import describe_heads, sort_entries
from gradiometer.model.weights_source import (
    MOST_JSON,
    WeightFile,
    count_elements,
    parse_json,
    shorten,
)

_LENGTH = 8
"""Bytes of the number in front that says how long the header is."""
_SHARD = re.compile(r"-(\d{1,6})-of-(\d{1,6})\.safetensors$")
_KEYS = {"dtype", "shape", "data_offsets"}
_AGAIN = "download or export the file again"


def read_safetensors(path: Path) -> StoredModel:
    """The tensors of one safetensors file.

    Raises:
        StudyError: If the header lies or the file is cut short; the error names the byte.
        LimitError: If the header has more than 100 MB.
    """
    entries, metadata = read_entries(path)
    tensors = sort_entries(entries)
    tensors = (*tensors, *list_removed_names(tensors, metadata))
    tied = sum(bool(tensor.shared_with) for tensor in tensors)
    notes = [f"{tied} names share their data with another one."] if tied else []
    part = _SHARD.search(path.name)
    if part and int(part[2]) > 1:
        notes.append(
            f"By its name this is shard {int(part[1])} of {int(part[2])}: only its own tensors are "
            "counted; name the index `model.safetensors.index.json` to read all."
        )
    if not any(tensor.shared_with for tensor in tensors if tensor.name in metadata):
        notes += describe_heads(entries)
    return StoredModel("safetensors", tensors, metadata, tuple(notes))


def list_removed_names(
    tensors: tuple[StoredTensor, ...], metadata: Mapping[str, Any]
) -> list[StoredTensor]:
    """Names of tied tensors that the writer left out and noted, each with the name it kept.

    Source: `save_model` of safetensors writes a pair of names into the file's metadata.
    """
    by_name = {tensor.name: tensor for tensor in tensors}
    return [
        replace(
            by_name[kept],
            name=removed,
            bytes=0,
            shared_with=by_name[kept].shared_with or kept,
            note=f"tied: the file notes that it is `{shorten(kept)}`",
        )
        for removed, kept in metadata.items()
        if isinstance(kept, str) and kept in by_name and removed not in by_name
    ]


def read_entries(path: Path) -> tuple[list[Entry], Mapping[str, str]]:
    """The checked entries of one file, in the order of their bytes, and its own metadata.

    Raises:
        StudyError: If the header lies or the file is cut short; the error names the byte.
        LimitError: If the header has more than 100 MB.
    """
    with WeightFile(path) as file:
        length = int.from_bytes(file.read(0, _LENGTH, what="The safetensors header"), "little")
        if length > MOST_JSON and length <= file.size - _LENGTH:
            raise file.limit(f"The header has {length:,} bytes, more than {MOST_JSON:,}.", offset=0)
        data = file.read(_LENGTH, length, what="The safetensors header")
        table = parse_json(file, data, offset=_LENGTH, what="The safetensors header")
        if not isinstance(table, dict):
            raise file.fault("The safetensors header is no table.", offset=_LENGTH)
        metadata = _read_metadata(file, table.pop("__metadata__", {}))
        start = _LENGTH + length
        entries = [_read_entry(file, name, row, start) for name, row in table.items()]
        entries.sort(key=lambda entry: (entry.start, entry.bytes))
        _check_order(file, entries, start)
    return entries, metadata


def _read_metadata(file: WeightFile, table: Any) -> Mapping[str, str]:
    if not isinstance(table, dict) or not all(isinstance(value, str) for value in table.values()):
        raise file.fault("`__metadata__` must be a table of texts.", offset=_LENGTH)
    return table


def _read_entry(file: WeightFile, name: str, row: Any, start: int) -> Entry:
    """One row of the header, with its own sizes checked against one another."""

    def fault(problem: str, hint: str = _AGAIN) -> Exception:
        return file.fault(f"Tensor `{shorten(name)}`: {problem}.", offset=_LENGTH, hint=hint)

    if not isinstance(row, dict) or set(row) != _KEYS:
        raise fault("its row must have exactly `dtype`, `shape` and `data_offsets`")
    types = read_stored("types")["safetensors"]
    if not isinstance(row["dtype"], str) or row["dtype"] not in types:
        word = shorten(str(row["dtype"]))
        near = suggest(word, types)
        raise fault(f"`{word}` is no known type", f"write `{near}`" if near else _AGAIN)
    dtype, bits, floating = types[row["dtype"]]
    shape, offsets = row["shape"], row["data_offsets"]
    if not _are_sizes(shape) or not _are_sizes(offsets) or len(offsets) != 2:
        raise fault("shape and offsets must be lists of whole numbers that are not negative")
    count = count_elements(shape)
    if count is None:
        raise fault("its shape has more than 2^63 elements")
    begin, end = offsets
    if begin > end or start + end > file.size:
        have = max(file.size - start, 0)
        raise fault(f"it ends at byte {end:,} of the data, which has {have:,}")
    if count * bits != 8 * (end - begin):
        raise fault(f"{count:,} elements of {bits} bits do not fill its {end - begin:,} bytes")
    return Entry(name, tuple(shape), dtype, count, floating, file.path, start + begin, end - begin)


def _are_sizes(values: Any) -> bool:
    # `true` would pass for 1.
    return isinstance(values, list) and all(type(value) is int and value >= 0 for value in values)


def _check_order(file: WeightFile, entries: list[Entry], start: int) -> None:
    """Refuse data that overlaps or has holes; two names for exactly the same bytes are tied."""
    at = start
    before: Entry | None = None
    for entry in entries:
        if before is not None and entry.data == before.data and entry.bytes:
            continue
        name = shorten(entry.name)
        if entry.start < at:
            other = shorten(before.name) if before is not None else ""
            problem = f"Tensor `{name}` overlaps with `{other}`."
            raise file.fault(problem, offset=entry.start, hint=_AGAIN)
        if entry.start > at:
            problem = f"{entry.start - at:,} bytes before tensor `{name}` belong to no tensor."
            raise file.fault(problem, offset=at, hint=_AGAIN)
        at = entry.start + entry.bytes
        before = entry if entry.bytes else before
    if at != file.size:
        problem = f"{file.size - at:,} bytes after the last tensor belong to no tensor."
        raise file.fault(problem, offset=at, hint=_AGAIN)
