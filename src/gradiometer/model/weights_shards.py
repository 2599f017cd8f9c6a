"""Reads a model that is spread over several files: an index beside its shards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradiometer.model.weights_entry import Entry
from gradiometer.model.weights_model import StoredModel
from gradiometer.model.weights_names import describe_heads, sort_entries
from gradiometer.model.weights_safetensors import list_removed_names, read_entries
from gradiometer.model.weights_source import WeightFile, shorten

_MOST_SHARDS = 10_000
_SHOWN = 5
"""Missing shards that are named one by one."""


def read_shards(file: WeightFile, table: Mapping[str, Any]) -> StoredModel:
    """The tensors of every shard that an index (already read from *file*) names.

    Raises:
        StudyError: If a shard is missing, lies elsewhere, or lacks a tensor.
        LimitError: If there are more than 10,000 shards.
    """
    places = table["weight_map"]
    metadata = table.get("metadata", {})
    if not isinstance(places, dict) or not all(isinstance(name, str) for name in places.values()):
        raise file.fault("`weight_map` must be a table from tensors to files.")
    if not isinstance(metadata, dict):
        raise file.fault("`metadata` must be a table.")
    shards = sorted(set(places.values()))
    _check_shards(file, shards)
    entries: list[Entry] = []
    unnamed = 0
    for shard in shards:
        rows, own = read_entries(file.path.parent / shard)
        kept = [row for row in rows if places.get(row.name) == shard]
        unnamed += len(rows) - len(kept)
        entries += kept
        metadata = {**own, **metadata}
    missing = sorted(set(places) - {entry.name for entry in entries})
    if missing:
        name = shorten(missing[0])
        raise file.fault(
            f"The index has tensor `{name}` in `{shorten(places[missing[0]])}`, "
            f"which does not hold it ({len(missing)} such tensors).",
            hint="download the files again, all of one version",
        )
    notes = (f"Read from {len(shards)} shards.", *_describe(entries, metadata, unnamed))
    tensors = sort_entries(entries)
    removed = list_removed_names(tensors, metadata)
    tensors = (*tensors, *removed)
    heads = () if removed else describe_heads(entries)
    return StoredModel("safetensors", tensors, metadata, (*notes, *heads))


def _check_shards(file: WeightFile, shards: list[str]) -> None:
    """Refuse names that leave the folder of the index, and name the shards that are missing."""
    if len(shards) > _MOST_SHARDS:
        raise file.limit(f"The index names more than {_MOST_SHARDS:,} shards.")
    for shard in shards:
        if not is_plain_name(shard):
            raise file.fault(f"Shard `{shorten(shard)}` does not lie beside the index.")
        if not shard.endswith(".safetensors"):
            raise file.fault(
                f"Shard `{shorten(shard)}` is no safetensors file; only those are read.",
                hint="convert the model with `save_pretrained(folder, safe_serialization=True)`",
            )
    absent = [shard for shard in shards if not (file.path.parent / shard).is_file()]
    if absent:
        more = f" and {len(absent) - _SHOWN} more" if len(absent) > _SHOWN else ""
        names = ", ".join(f"`{shorten(name)}`" for name in absent[:_SHOWN])
        raise file.fault(
            f"{len(absent)} of {len(shards)} shards are missing: {names}{more}.",
            hint="download them into the same folder",
        )


def is_plain_name(name: str) -> bool:
    r"""Whether a name stays in its folder on every system.

    Example:
        >>> [is_plain_name(name) for name in ("a.safetensors", "../a", "b/a", "c:a", "..")]
        [True, False, False, False, False]
    """
    return bool(name) and name not in {".", ".."} and not set(name) & set("/\\:\0")


def _describe(entries: list[Entry], metadata: Mapping[str, Any], unnamed: int) -> list[str]:
    notes: list[str] = []
    if unnamed:
        notes.append(f"{unnamed} tensors of the shards are not in the index and are not counted.")
    size = sum({entry.data: entry.bytes for entry in entries}.values())
    said = metadata.get("total_size")
    if type(said) is int and said != size:
        notes.append(f"The index says {said:,} bytes in all; the shards hold {size:,}.")
    return notes
