"""One tensor of an ONNX file: its sizes against its bytes, wherever these are stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import final

from gradiometer.catalog import read_stored
from gradiometer.model.weights_entry import Entry
from gradiometer.model.weights_protobuf import FIXED_32, FIXED_64, SPAN, VARINT, Span, Wire
from gradiometer.model.weights_source import count_elements, shorten

_TYPED = {4: "float_data", 5: "int32_data", 7: "int64_data", 10: "double_data", 11: "uint64_data"}
_FIXED = {"float_data": (FIXED_32, 4), "double_data": (FIXED_64, 8)}
_MOST_AXES = 64
_AGAIN = "export the model again"


@final
@dataclass
class _Parts:
    """What the fields of a tensor message say, in whatever order they stand."""

    sizes: list[int] = field(default_factory=list)
    code: int = 0
    name: str = ""
    raw: Span | None = None
    entries: dict[str, int] = field(default_factory=dict)
    """Entries of each typed field."""
    text_bytes: int = 0
    external: dict[str, str] = field(default_factory=dict)
    is_external: bool = False


def read_tensor(wire: Wire, span: Span, *, name: str = "") -> Entry:
    """The entry of the tensor message in *span*; *name* where the message has none of its own.

    Raises:
        StudyError: If its bytes are not those of its shape, or not there.
    """
    parts = _read_parts(wire, span)
    label = name or parts.name
    found = read_stored("types")["onnx"].get(str(parts.code))
    if found is None:
        raise _fault(wire, label, f"its type {parts.code} is not known", span)
    dtype, bits, floating, typed, each = found
    if any(size < 0 for size in parts.sizes):
        raise _fault(wire, label, "an axis has a negative size", span)
    count = count_elements(parts.sizes)
    if count is None:
        raise _fault(wire, label, "its shape has more than 2^63 elements", span)
    length = (count * bits + 7) // 8
    file, start = wire.file.path, span[0]
    if parts.is_external:
        file, start = _find_external(wire, label, parts.external, length, span)
    elif parts.raw is not None:
        start = parts.raw[0]
        if parts.raw[1] - start != length or typed == "string_data":
            have = parts.raw[1] - start
            problem = f"{count:,} elements of {bits} bits do not fill its {have:,} bytes"
            raise _fault(wire, label, problem, span)
    else:
        entries = parts.entries.get(typed, 0)
        if -(-count // Fraction(each)) != entries:
            problem = f"{count:,} elements of {dtype} do not fill {entries:,} entries"
            raise _fault(wire, label, problem, span)
        length = parts.text_bytes if typed == "string_data" else length
    return Entry(label, tuple(parts.sizes), dtype, count, floating, file, start, length)


def _read_parts(wire: Wire, span: Span) -> _Parts:
    parts = _Parts()
    for number, kind, place in wire.fields(span):
        if number == 1:
            for size in wire.numbers(kind, place):
                parts.sizes.append(size)
                if len(parts.sizes) > _MOST_AXES:
                    raise _fault(wire, parts.name, f"more than {_MOST_AXES} axes", span)
        elif number == 2 and kind == VARINT:
            parts.code = place[0]
        elif number in _TYPED:
            typed = _TYPED[number]
            parts.entries[typed] = parts.entries.get(typed, 0) + _count(wire, typed, kind, place)
        elif number == 14 and kind == VARINT:
            parts.is_external = place[0] == 1
        elif kind != SPAN:
            continue
        elif number == 6:
            parts.entries["string_data"] = parts.entries.get("string_data", 0) + 1
            parts.text_bytes += place[1] - place[0]
        elif number == 8:
            parts.name = wire.text(place)
        elif number == 9:
            parts.raw = place
        elif number == 13:
            key, value = _read_pair(wire, place)
            parts.external[key] = value
    return parts


def _count(wire: Wire, typed: str, kind: int, place: Span) -> int:
    """Entries that one field adds: packed into a span, or one alone."""
    if typed not in _FIXED:
        return wire.count_numbers(kind, place)
    single, size = _FIXED[typed]
    if kind == single:
        return 1
    # A length that is no multiple is refused by the count, which then does not fit.
    return (place[1] - place[0]) // size if kind == SPAN else 0


def _read_pair(wire: Wire, span: Span) -> tuple[str, str]:
    """The key and the value of a pair of texts."""
    found = {1: "", 2: ""}
    for number, kind, place in wire.fields(span):
        if number in found and kind == SPAN:
            found[number] = wire.text(place)
    return found[1], found[2]


def _find_external(
    wire: Wire, name: str, said: Mapping[str, str], length: int, span: Span
) -> tuple[Path, int]:
    """The file beside the model that holds the data, and where it starts there."""
    location = said.get("location", "")
    parts = location.replace("\\", "/").split("/")
    if not location or location[0] in "/\\" or ".." in parts or {":", "\0"} & set(location):
        problem = f"its data in `{shorten(location)}` lies outside the folder of the model"
        raise _fault(wire, name, problem, span)
    path = wire.file.path.parent.joinpath(*parts)
    if not path.is_file():
        problem = f"its data file `{shorten(location)}` is missing"
        hint = "put the file beside the model"
        raise _fault(wire, name, problem, span, hint=hint)
    numbers = {key: said.get(key, "") for key in ("offset", "length")}
    for key, text in numbers.items():
        if text and not (text.isascii() and text.isdigit() and len(text) <= 20):
            problem = f"the {key} `{shorten(text)}` of its data is no whole number"
            raise _fault(wire, name, problem, span)
    start = int(numbers["offset"] or 0)
    have = int(numbers["length"]) if numbers["length"] else length
    size = path.stat().st_size
    if have != length:
        problem = f"its shape needs {length:,} bytes, and its data has {have:,}"
        raise _fault(wire, name, problem, span)
    if start + length > size:
        problem = f"its data ends at byte {start + length:,} of `{shorten(location)}`, which has "
        raise _fault(wire, name, f"{problem}{size:,}", span)
    return path, start


def _fault(wire: Wire, name: str, problem: str, span: Span, *, hint: str = _AGAIN) -> Exception:
    return wire.file.fault(f"Tensor `{shorten(name)}`: {problem}.", offset=span[0], hint=hint)
