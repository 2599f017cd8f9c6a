"""Finds weights that are stored packed, and how many parameters they really are."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

from flint import fmpq

from gradiometer.catalog import read_stored
from gradiometer.errors import GradiometerError, ShapeError
from gradiometer.formula import Exact, Node, evaluate, free_names, parse
from gradiometer.model.weights_entry import Entry, to_tensor
from gradiometer.model.weights_model import StoredTensor
from gradiometer.model.weights_source import WeightFile, count_elements, parse_json

_MOST_READ = 65_536
"""Bytes of a tensor that says the shape of another; they are the only stored numbers ever read."""
_MOST_BITS = 16
"""Bits of an element of something that is called packed."""

Group = Mapping[str, Entry]
"""The parts of one packed weight that are there, by their names in the catalogue."""


def unpack_groups(entries: Sequence[Entry]) -> dict[str, StoredTensor]:
    """Packed weights and what belongs to them, by name; every other tensor is left out."""
    by_name = {entry.name: entry for entry in entries}
    found: dict[str, StoredTensor] = {}
    for entry in entries:
        for key, rule in _packings_for(entry):
            group = _gather(entry, rule, by_name)
            if group is None or not _is_meant(rule, group):
                continue
            found[entry.name] = _unpack(entry, key, rule, group)
            for part, meaning in rule["buffers"].items():
                if part in group:
                    note = f"{key}: {meaning} of a packed weight"
                    found.setdefault(group[part].name, to_tensor(group[part], "buffer", note=note))
            break
    return found


def _packings_for(entry: Entry) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for key, rule in read_stored("packings").items():
        if entry.name.endswith(rule["weight"]) and entry.dtype in rule["types"]:
            yield key, rule


def _gather(entry: Entry, rule: Mapping[str, Any], by_name: Mapping[str, Entry]) -> Group | None:
    """The parts of the group; None where one is missing or the name only ends alike."""
    weight = rule["weight"]
    prefix = entry.name[: -len(weight)]
    if prefix and not prefix.endswith(".") and not weight.startswith("_"):
        return None
    if any(prefix + part not in by_name for part in rule["needs"]):
        return None
    parts = {part: by_name[prefix + part] for part in rule["buffers"] if prefix + part in by_name}
    return {weight: entry, **parts}


def _is_meant(rule: Mapping[str, Any], group: Group) -> bool:
    """Whether the sizes of the parts are those of this packing."""
    try:
        return all(
            _evaluate(left, group) == _evaluate(right, group)
            for left, right in rule.get("equal", ())
        ) and not any(
            _evaluate(left, group) == _evaluate(right, group)
            for left, right in rule.get("differ", ())
        )
    except GradiometerError:
        # A part with fewer axes than the formula names is another thing.
        return False


def _unpack(entry: Entry, key: str, rule: Mapping[str, Any], group: Group) -> StoredTensor:
    shape = _find_shape(rule, group)
    count = None if shape is None else count_elements(shape)
    bits = Fraction(8 * entry.bytes, count) if count else None
    stored = f"stored as {entry.dtype} {list(entry.shape)}"
    if bits is None or not 1 <= bits <= _MOST_BITS or not _is_filled(rule, entry, count or 0):
        note = f"{key}: {rule['about']} {stored}; the file does not tell how many parameters."
        return to_tensor(entry, "parameter", note=note, count=None)
    width = str(bits) if bits.denominator == 1 else f"{float(bits):.4g}"
    note = f"{key}: {rule['about']} {stored}, {width} bits for each parameter."
    return to_tensor(entry, "parameter", note=note, shape=shape, count=count)


def _is_filled(rule: Mapping[str, Any], entry: Entry, count: int) -> bool:
    """Whether that many elements fill the stored bytes, padded only where the shape is told."""
    if "bits" in rule:
        return (count * rule["bits"] + 7) // 8 == entry.bytes
    return "read" in rule or 8 * entry.bytes % count == 0


def _find_shape(rule: Mapping[str, Any], group: Group) -> tuple[int, ...] | None:
    """The shape of the weight itself, by the rule's formulas or from the tensor that says it."""
    try:
        if "read" in rule:
            sizes = _read_shape(group[rule["read"]["tensor"]], rule["read"]["as"])
        else:
            sizes = [_evaluate(text, group) for text in rule.get("shape", ())]
    except GradiometerError:
        return None
    if not sizes or any(size <= 0 or size != int(size) for size in sizes):
        return None
    return tuple(map(int, sizes))


def _read_shape(entry: Entry, how: str) -> list[int]:
    """The sizes that a small tensor holds, as JSON with a key `shape` or as 64-bit numbers."""
    if entry.bytes > _MOST_READ:
        return []
    with WeightFile(entry.file) as file:
        data = file.read(entry.start, entry.bytes)
        if how == "json":
            state = parse_json(file, data, offset=entry.start, what="The state")
            sizes = state.get("shape") if isinstance(state, dict) else None
            is_list = isinstance(sizes, list) and all(type(size) is int for size in sizes)
            return sizes if is_list and sizes else []
    if entry.dtype != "int64":
        return []
    return list(struct.unpack(f"<{entry.count}q", data))


def _evaluate(text: str, group: Group) -> Fraction:
    """A formula of the sizes of the parts."""
    sizes: dict[str, Exact] = {
        f"{part.strip('_')}{axis}": fmpq(size)
        for part, entry in group.items()
        for axis, size in enumerate(entry.shape)
        if "." not in part
    }
    tree = _parse(text)
    if not free_names(tree) <= set(sizes):
        raise ShapeError(f"`{text}` needs an axis that is not there.")
    value = evaluate(tree, sizes)
    if not isinstance(value, fmpq):
        raise ShapeError(f"`{text}` is no rational number.")
    return Fraction(int(value.p), int(value.q))


@cache
def _parse(text: str) -> Node:
    return parse(text).tree
