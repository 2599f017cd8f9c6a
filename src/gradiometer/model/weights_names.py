"""Tells buffers from parameters by the names that libraries give them, and by type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from gradiometer.catalog import read_stored
from gradiometer.model.weights_entry import Entry, to_tensor
from gradiometer.model.weights_model import Kind, StoredTensor
from gradiometer.model.weights_packed import unpack_groups

NOT_LEARNED = "whole numbers and truth values have no gradient"


def find_rule(name: str, *, shape: tuple[int, ...], dtype: str) -> tuple[Kind, str] | None:
    """The kind and the reason that a documented name gives; None where no rule holds.

    Example:
        >>> find_rule("h.0.attn.bias", shape=(1, 1, 1024, 1024), dtype="float32")
        ('buffer', 'causal_mask: a causal mask: which positions may be seen')
        >>> find_rule("h.0.attn.c_attn.bias", shape=(2304,), dtype="float32") is None
        True
    """
    for tail, key, rule in _rules_by_last_part().get(name.rpartition(".")[2], ()):
        if not _ends_with(name, (tail,)):
            continue
        if "types" in rule and dtype not in rule["types"]:
            continue
        if "shapes" in rule and not any(_has_shape(shape, text) for text in rule["shapes"]):
            continue
        return rule["kind"], f"{key}: {rule['because']}"
    return None


def sort_entries(entries: Sequence[Entry]) -> tuple[StoredTensor, ...]:
    """Every entry as a tensor of its kind, in the same order; the same data is counted once."""
    packed = unpack_groups(entries)
    first: dict[tuple[Any, ...], str] = {}
    tensors: list[StoredTensor] = []
    for entry in entries:
        shared_with = first.setdefault(entry.data, entry.name) if entry.data else entry.name
        if shared_with != entry.name:
            note = f"the same bytes as `{shared_with}`"
            kind = tell_kind(entry)[0]
            tensors.append(to_tensor(entry, kind, note=note, shared_with=shared_with))
        elif entry.name in packed:
            tensors.append(packed[entry.name])
        else:
            kind, note = tell_kind(entry)
            tensors.append(to_tensor(entry, kind, note=note))
    return tuple(tensors)


def tell_kind(entry: Entry) -> tuple[Kind, str]:
    """The kind of a tensor that belongs to no packing, and the rule that says so."""
    rule = find_rule(entry.name, shape=entry.shape, dtype=entry.dtype)
    if rule is not None:
        return rule
    return ("parameter", "") if entry.floating else ("buffer", NOT_LEARNED)


def describe_heads(entries: Sequence[Entry]) -> tuple[str, ...]:
    """What the file leaves open about an output layer that may share the embedding."""
    by_name = {entry.name: entry for entry in entries}
    tails = read_stored("heads")
    heads = [name for name in by_name if _ends_with(name, tails["output"])]
    embeddings = [name for name in by_name if _ends_with(name, tails["embedding"])]
    if embeddings and not heads:
        return (
            f"No output layer is stored beside `{embeddings[0]}`: if the model has one, it shares "
            "that tensor, which is counted once.",
        )
    notes: list[str] = []
    for head in heads:
        for embedding in embeddings:
            one, other = by_name[head], by_name[embedding]
            if one.shape == other.shape and one.data != other.data:
                notes.append(
                    f"`{head}` and `{embedding}` have one shape but are stored apart, so both are "
                    "counted; if the model's description says that they are tied, they are one."
                )
    return tuple(notes)


@cache
def _rules_by_last_part() -> Mapping[str, list[tuple[str, str, Mapping[str, Any]]]]:
    found: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = {}
    for key, rule in read_stored("names").items():
        for tail in rule["names"]:
            found.setdefault(tail.rpartition(".")[2], []).append((tail, key, rule))
    return found


def _ends_with(name: str, tails: Sequence[str]) -> bool:
    """Whether the last parts of a dotted name are one of *tails*."""
    return any(name == tail or name.endswith(f".{tail}") for tail in tails)


def _has_shape(shape: tuple[int, ...], text: str) -> bool:
    """Whether the sizes are those of the pattern, such as `1,1,n,n`."""
    wanted = text.split(",") if text else []
    if len(wanted) != len(shape):
        return False
    sizes: dict[str, int] = {}
    return all(
        size == (int(word) if word.isdigit() else sizes.setdefault(word, size))
        for word, size in zip(wanted, shape, strict=True)
    )
