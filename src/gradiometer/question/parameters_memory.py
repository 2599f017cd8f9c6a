"""What a network takes in memory, to the byte: tables whose rows add up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, final

from gradiometer.model import (
    BYTES,
    Precision,
    Row,
    Rule,
    SavedRow,
    TensorRow,
    count_values,
    list_saved,
)
from gradiometer.question.answer import Fact, computed, proved, unknown

Part: TypeAlias = "dict[str, Any]"
"""One row of a table: its part, how it is counted, and its bytes."""


@final
@dataclass(frozen=True)
class Remembered:
    """What an optimizer remembers of the tensors that are trained."""

    name: str
    """The optimizer; empty for plain gradient descent, which remembers nothing."""
    rule: Rule | None = None
    counter_bytes: int = 0

    def counts(self, shape: tuple[int, ...]) -> dict[str, int]:
        """How many numbers of each remembered name belong to a tensor of that shape.

        One for each coordinate, or one for each row or column, or a single one; what no
        condition of the rule reaches for this shape is not remembered.
        """
        if self.rule is None:
            return {}
        rule = self.rule.for_shape(shape)
        return {name: count_values(rule.kinds[name], shape) for name in rule.state}


@final
@dataclass(frozen=True)
class MemoryRequest:
    """Under which conditions memory is counted."""

    precision: Precision
    remembered: Remembered
    batch: int = 1


def list_memory_facts(rows: Sequence[Row], request: MemoryRequest) -> dict[str, Fact]:
    """The tables of memory for use and for training, their totals, and the cache of attention."""
    inference = list_inference(rows, request)
    training = list_training(rows, request)
    cache = list_cache(rows, request)
    facts: dict[str, Fact] = {}
    for name, table, why in (
        ("inference", inference, _why_inference(request)),
        ("training", training, _why_training(request)),
    ):
        total = _sum_fact(table)
        if name == "training":
            # What is kept for the way back is what torch was seen to keep, which proves nothing.
            facts["memory_training"] = computed(table, why)
            facts["training_bytes"] = replace(total, status="computed") if total.value else total
            continue
        facts[f"memory_{name}"] = proved(table, why)
        facts[f"{name}_bytes"] = total
    facts["kv_cache"] = _cache_fact(cache, request)
    return facts


def list_inference(rows: Sequence[Row], request: MemoryRequest) -> list[Part]:
    """Weights, buffers, and what attention keeps of the places before."""
    return [
        *_list_tensors("weights", _tensors(rows), request.precision.weights),
        *_list_tensors("buffers", _buffers(rows), request.precision.weights),
        *list_cache(rows, request),
    ]


def list_training(rows: Sequence[Row], request: MemoryRequest) -> list[Part]:
    """Weights, gradients, the state of the optimizer, buffers and saved activations."""
    precision = request.precision
    tensors = _tensors(rows)
    trained = [tensor for tensor in tensors if not tensor.frozen]
    parts = _list_tensors("weights", tensors, precision.weights)
    if precision.master:
        parts += _list_tensors("master copy of the weights", trained, precision.master, force=True)
    parts += _list_tensors("gradients", trained, precision.gradients)
    parts += _list_state(trained, request)
    parts += _list_tensors("buffers", _buffers(rows), precision.weights)
    return parts + list(_list_saved(rows, request))


def list_cache(rows: Sequence[Row], request: MemoryRequest) -> list[Part]:
    """Keys and values that causal attention keeps while it writes a text."""
    kind = request.precision.activations
    own = [kept for row in rows for kept in row.cache if kept.needed_for != "memory"]
    if not own:
        # Nothing writes a text here, so what looks at another sequence keeps nothing either.
        return []
    other = [kept for row in rows for kept in row.cache if kept.needed_for == "memory"]
    if any(row.memory is not None and not row.cache for row in rows):
        # What such a layer keeps of the other sequence it does not say.
        other.append(SavedRow("other keys", "other keys", (None,)))
    return [
        *_list_kept("keys and values", own, request, kind),
        *_list_kept("keys and values of the other sequence", other, request, kind),
    ]


def _tensors(rows: Sequence[Row]) -> list[TensorRow]:
    return [tensor for row in rows for tensor in row.tensors if tensor.count]


def _buffers(rows: Sequence[Row]) -> list[TensorRow]:
    return [buffer for row in rows for buffer in row.buffers if buffer.count]


def _part(name: str, count: int, kind: str) -> Part:
    return {
        "part": name,
        "counted": f"{count:,} numbers * {BYTES[kind]} B",
        "type": kind,
        "bytes": count * BYTES[kind],
    }


def _list_tensors(
    name: str, tensors: Sequence[TensorRow], kind: str, *, force: bool = False
) -> list[Part]:
    """One row for each type of numbers; a tensor may have a type of its own."""
    counts: dict[str, int] = {}
    for tensor in tensors:
        own = kind if force else tensor.dtype or kind
        counts[own] = counts.get(own, 0) + tensor.count
    return [_part(name, count, own) for own, count in counts.items()]


def _list_state(trained: Sequence[TensorRow], request: MemoryRequest) -> list[Part]:
    precision, remembered = request.precision, request.remembered
    parts: list[Part] = []
    blocks = precision.blocks
    for name, counts in _count_state(trained, remembered).items():
        label = f"{remembered.name}: {name}"
        small = [count for count in counts if blocks is None or count < blocks.least]
        large = [count for count in counts if blocks is not None and count >= blocks.least]
        if small:
            parts.append(_part(label, sum(small), precision.state))
        if blocks is not None and large:
            parts.append(_part(label, sum(large), blocks.state))
            # A block that is not full has a scale too.
            scales = sum(-(-count // blocks.size) for count in large)
            parts.append(_part(f"{label}, scales of blocks", scales, blocks.scale))
            if blocks.table:
                parts.append(_part(f"{label}, meanings of its bits", blocks.table, blocks.scale))
    if remembered.counter_bytes and trained and (blocks is None or blocks.counts_steps):
        size = remembered.counter_bytes
        parts.append(
            {
                "part": f"{remembered.name}: step counts",
                "counted": f"{len(trained):,} tensors * {size} B",
                "type": "",
                "bytes": len(trained) * size,
            }
        )
    return parts


def _count_state(trained: Sequence[TensorRow], remembered: Remembered) -> dict[str, list[int]]:
    """For each remembered name its numbers of every tensor that has some."""
    by_shape: dict[tuple[int, ...], dict[str, int]] = {}
    found: dict[str, list[int]] = {}
    for tensor in trained:
        if tensor.shape not in by_shape:
            by_shape[tensor.shape] = remembered.counts(tensor.shape)
        for name, count in by_shape[tensor.shape].items():
            found.setdefault(name, []).append(count)
    return found


def _list_saved(rows: Sequence[Row], request: MemoryRequest) -> Iterator[Part]:
    kind = request.precision.activations
    return _list_kept("saved activations", list_saved(rows, dtype=kind), request, kind)


def _list_kept(
    name: str, kept: Sequence[SavedRow], request: MemoryRequest, kind: str
) -> Iterator[Part]:
    """Rows of what is there for each example, and of what is there once for a batch."""
    counts: dict[tuple[str, bool], int | None] = {}
    for row in kept:
        key = (row.dtype or kind, row.once)
        before = counts.get(key, 0)
        counts[key] = None if before is None or row.size is None else before + row.size
    for (own, once), count in counts.items():
        times = 1 if once else request.batch
        if count is None:
            formula = "a size of the input is not known"
            yield {"part": name, "counted": formula, "type": own, "bytes": None}
            continue
        start = f"{times:,} examples * " if times > 1 else ""
        part = _part(f"{name} of the batch" if once else name, count, own)
        yield {
            **part,
            "counted": start + part["counted"],
            "bytes": times * part["bytes"],
        }


def _sum_fact(table: Sequence[Part]) -> Fact:
    total = 0
    for part in table:
        if part["bytes"] is None:
            return unknown(f"The {part['part']} need a size that is not known.")
        total += part["bytes"]
    return proved(total, f"The sum of the rows, {to_size_text(total)}.")


def _cache_fact(cache: Sequence[Part], request: MemoryRequest) -> Fact:
    if not cache:
        return proved(0, "No layer is causal attention, so no keys and values are kept.")
    if any(part["bytes"] is None for part in cache):
        return unknown(
            "A length is not known, or a layer does not say what it keeps of another sequence."
        )
    return proved(
        sum(part["bytes"] for part in cache),
        "Keys and values of every place that a later one may look at, in every causal layer: "
        + "; ".join(part["counted"] for part in cache) + ".",
    )  # fmt: skip


def _why_inference(request: MemoryRequest) -> str:
    return (
        f"By the recipe {request.precision.name}; activations on their way through are not in it."
    )


def _why_training(request: MemoryRequest) -> str:
    name = request.remembered.name
    rule = f"state of {name}" if name else "no state, as plain gradient descent keeps none"
    many = f"{request.batch:,} examples" if request.batch > 1 else "one example"
    return (
        f"For {many} by the recipe {request.precision.name}, with the {rule}; activations are "
        "those that torch keeps for the way back."
    ).replace("with the no", "with no")


def to_size_text(count: int) -> str:
    """A number of bytes in the largest unit that leaves at least one of it.

    Example:
        >>> to_size_text(48_564), to_size_text(3)
        ('47.4 KiB', '3 B')
    """
    size, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB", "PiB"):
        if size < 1024:
            break
        size, unit = size / 1024, larger
    return f"{count} B" if unit == "B" else f"{size:.1f} {unit}"
