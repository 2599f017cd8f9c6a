"""Reads the header of a GGUF file, versions 1 to 3: what it says and which tensors it has."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

from gradiometer.catalog import read_stored
from gradiometer.errors import Place, StudyError
from gradiometer.model.weights_entry import Entry
from gradiometer.model.weights_gguf_values import Cursor, read_value
from gradiometer.model.weights_model import StoredModel
from gradiometer.model.weights_names import describe_heads, sort_entries
from gradiometer.model.weights_source import WeightFile, count_elements, shorten

_PART = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$")
_VERSIONS = (1, 2, 3)
_MOST_AXES = 4
"""The format's own limit."""
_MOST_PADDING = 1 << 20
"""Bytes that data may be aligned to."""
_LEAST_ROW = {1: 16, 2: 24, 3: 24}
"""Bytes that a row of the list of tensors has at least, by version."""


def read_gguf(path: Path) -> StoredModel:
    """The tensors of a GGUF file and of the other parts of its model, by their real elements.

    Raises:
        StudyError: If a header lies, or a file is cut short or missing; the error names the byte.
        LimitError: If a header is larger than the stated limits.
    """
    entries, metadata, version = _read_part(path)
    notes = [f"GGUF version {version}."]
    parts = metadata.get("split.count", 1)
    name = _PART.search(path.name)
    if type(parts) is int and parts > 1:
        if name is None or int(name[2]) != parts:
            number = metadata.get("split.no", 0)
            part = number + 1 if type(number) is int else "?"
            notes.append(f"This is part {part} of {parts}: only its own tensors are counted.")
        else:
            entries += _read_others(path, name)
            notes.append(f"Read from {parts} parts.")
    notes += describe_heads(entries)
    return StoredModel("gguf", sort_entries(entries), metadata, tuple(notes))


def _read_others(path: Path, name: re.Match[str]) -> list[Entry]:
    """The tensors of the parts beside this one."""
    entries: list[Entry] = []
    for number in range(1, int(name[2]) + 1):
        part = path.with_name(f"{path.name[: name.start()]}-{number:05}-of-{name[2]}.gguf")
        if number == int(name[1]):
            continue
        if not part.is_file():
            raise StudyError(
                f"Part `{part.name}` of the model is missing.",
                place=Place(str(path)),
                hint="download all parts into one folder",
            )
        entries += _read_part(part)[0]
    return entries


def _read_part(path: Path) -> tuple[list[Entry], dict[str, Any], int]:
    """The checked entries of one file, what it says besides, and its version."""
    with WeightFile(path) as file:
        cursor = _open_cursor(file)
        count = cursor.read_size()
        keys = cursor.read_size()
        cursor.check_room(count * _LEAST_ROW[cursor.version], what=f"{count:,} tensors")
        cursor.check_room(keys * 12, what=f"{keys:,} keys")
        metadata = _read_metadata(cursor, keys)
        rows = [_read_row(cursor) for _ in range(count)]
        alignment = metadata.get("general.alignment", 32)
        if type(alignment) is not int or not 1 <= alignment <= _MOST_PADDING:
            raise file.fault("`general.alignment` must be a whole number, such as 32.")
        start = -(-cursor.at // alignment) * alignment
        entries = [_check_row(file, row, start, alignment) for row in rows]
        _check_overlaps(file, entries)
    return entries, metadata, cursor.version


def _open_cursor(file: WeightFile) -> Cursor:
    """A cursor behind the version, in the byte order that the version shows."""
    data = file.read(0, 8, what="The GGUF header")
    if data[:4] != b"GGUF":
        raise file.fault("The file does not start with `GGUF`.", offset=0)
    for order in ("<", ">"):
        version = int.from_bytes(data[4:], "little" if order == "<" else "big")
        if version in _VERSIONS:
            return Cursor(file, at=8, order=order, version=version)
    version = int.from_bytes(data[4:], "little")
    raise file.fault(f"GGUF version {version} is not known; 1, 2 and 3 are.", offset=4)


def _read_metadata(cursor: Cursor, keys: int) -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    for _ in range(keys):
        at = cursor.at
        key = cursor.read_text()
        if key in metadata:
            raise cursor.file.fault(f"Key `{shorten(key)}` stands twice.", offset=at)
        metadata[key] = read_value(cursor, key)
    return metadata


def _read_row(cursor: Cursor) -> tuple[int, str, tuple[int, ...], int, int]:
    """Where the row stands, name, sizes from the slowest axis, type and offset."""
    at = cursor.at
    name = cursor.read_text()
    axes = cursor.read_number("I")
    if axes > _MOST_AXES:
        problem = f"Tensor `{shorten(name)}` has {axes:,} axes, more than {_MOST_AXES}."
        raise cursor.file.fault(problem, offset=at)
    # The file lists the fastest axis first; every other format lists it last.
    shape = tuple(cursor.read_size() for _ in range(axes))[::-1]
    return at, name, shape, cursor.read_number("I"), cursor.read_number("Q")


def _check_row(
    file: WeightFile, row: tuple[int, str, tuple[int, ...], int, int], start: int, alignment: int
) -> Entry:
    """The entry of a row whose blocks fit the file."""
    at, name, shape, code, offset = row
    fault = _fault_at(file, name, at)
    found = read_stored("types")["gguf"].get(str(code))
    if found is None:
        raise fault(f"its type {code} is not known")
    dtype, block, size, floating = found
    count = count_elements(shape)
    if count is None:
        raise fault("its shape has more than 2^63 elements")
    if (shape[-1] if shape else 1) % block:
        raise fault(f"rows of {shape[-1] if shape else 1} do not fill blocks of {block} ({dtype})")
    length = count // block * size
    if offset % alignment:
        raise fault(f"its data at {offset:,} is not aligned to {alignment}")
    if start + offset + length > file.size:
        have = max(file.size - start, 0)
        raise fault(f"it ends at byte {offset + length:,} of the data, which has {have:,}")
    return Entry(name, shape, dtype, count, floating, file.path, start + offset, length)


def _fault_at(file: WeightFile, name: str, at: int) -> Callable[[str], Exception]:
    hint = "download or convert the file again"
    return lambda problem: file.fault(f"Tensor `{shorten(name)}`: {problem}.", offset=at, hint=hint)


def _check_overlaps(file: WeightFile, entries: list[Entry]) -> None:
    """Refuse two tensors of one name, and data that overlaps without being the same."""
    names: set[str] = set()
    for entry in entries:
        if entry.name in names:
            raise file.fault(f"Tensor `{shorten(entry.name)}` stands in the list twice.")
        names.add(entry.name)
    full = sorted((entry for entry in entries if entry.bytes), key=lambda entry: entry.start)
    for one, other in pairwise(full):
        if other.start < one.start + one.bytes and one.data != other.data:
            problem = f"Tensor `{shorten(other.name)}` overlaps with `{shorten(one.name)}`."
            raise file.fault(problem, offset=other.start)
