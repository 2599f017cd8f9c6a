"""The numbers of another counter for a network, and what it counts otherwise, line by line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, final

from gradiometer.model import (
    Counter,
    Deviation,
    NotReconciled,
    Reconciled,
    Row,
    estimate_memory,
    reconcile,
)
from gradiometer.question.answer import Fact, computed, unknown

_NAMES = {"parameters": "parameters", "multiply_adds": "macs", "bytes": "bytes"}
_UNITS = ("bytes", "KB", "MB", "GB", "TB")


@final
@dataclass(frozen=True)
class _Line:
    """What several layers have in common: the same deviation for the same reason."""

    what: str
    because: str
    layers: tuple[str, ...]
    count: int


def list_reconciled(rows: Sequence[Row], counter: Counter) -> dict[str, Fact]:
    """The numbers of *counter*, and a table from our numbers to its own.

    They are exact arithmetic over the rule that the catalogue says. That the tool keeps to it was
    measured with the version it names and is not proved, so neither are its numbers.
    """
    found = reconcile(rows, counter)
    rule = f"exactly, by the rule of {counter.name} {counter.version}"
    facts: dict[str, Fact] = {}
    table: list[dict[str, Any]] = []
    for number in found:
        name = f"their_{_NAMES[number.measure]}"
        if isinstance(number, NotReconciled):
            facts[name] = unknown(number.because)
            continue
        facts[name] = computed(number.theirs, _say_difference(number, rule))
        table += _list_rows(number, counter)
        if number.measure == "bytes":
            facts["their_memory"] = _list_memory(number.theirs, counter, rule)
    for measure in ("parameters", "multiply_adds"):
        if measure not in counter.counts and "bytes" not in counter.counts:
            why = f"{counter.name} does not count {measure.replace('_', '-')}."
            facts[f"their_{_NAMES[measure]}"] = unknown(why)
    if counter.rows and any(isinstance(n, Reconciled) for n in found):
        facts["their_rows"] = computed(
            _add_rows(rows, found), f"What its rows add up to: {counter.rows}."
        )
    if table:
        why = (
            f"From our number to that of {counter.name}, {rule}; the lines add up. {counter.model}"
        )
        facts["reconciled"] = computed(table, why.strip())
    else:
        facts["reconciled"] = unknown(f"{counter.name} has no number for this network.")
    return facts


def _say_difference(number: Reconciled, rule: str) -> str:
    more = number.theirs - number.ours
    if not number.lines:
        return f"{rule[0].upper()}{rule[1:]}, which is ours."
    return f"{rule[0].upper()}{rule[1:]}: {number.ours:,} {'-' if more < 0 else '+'} {abs(more):,}."


def _list_rows(number: Reconciled, counter: Counter) -> Iterator[dict[str, Any]]:
    """Our number, the lines between, and theirs; the counts of a row above theirs add up to it."""
    measure = {"multiply_adds": "multiply-adds"}.get(number.measure, number.measure)
    yield {"number": measure, "what": "ours", "layers": "", "count": number.ours, "because": ""}
    for line in _group(number.lines):
        yield {
            "number": measure,
            "what": line.what,
            "layers": _join(line.layers),
            "count": line.count,
            "because": line.because,
        }
    yield {
        "number": measure,
        "what": counter.name,
        "layers": "",
        "count": number.theirs,
        "because": "the sum of the rows above",
    }


def _group(lines: Sequence[Deviation]) -> list[_Line]:
    """The lines, those of one kind and reason together."""
    groups: dict[tuple[str, str], list[Deviation]] = {}
    for line in lines:
        groups.setdefault((line.what, line.because), []).append(line)
    return [
        _Line(what, because, tuple(line.layer for line in own), sum(line.count for line in own))
        for (what, because), own in groups.items()
    ]


def _join(layers: Sequence[str]) -> str:
    shown = [layer for layer in layers if layer]
    if len(shown) <= 3:
        return ", ".join(shown)
    return f"{shown[0]}, {shown[1]}, … {shown[-1]} ({len(shown)} layers)"


def _list_memory(size: int, counter: Counter, rule: str) -> Fact:
    table = [
        {
            "type": name,
            "weights": _to_size_text(weights),
            "training": "N/A" if training is None else _to_size_text(training),
        }
        for name, weights, training in estimate_memory(counter, size)
    ]
    why = (
        f"{rule[0].upper()}{rule[1:]}: the training of a network is its largest part, four times "
        "the weights in float32 and twice in float16, and without activations."
    )
    return computed(table, why)


def _to_size_text(size: Fraction) -> str:
    """Bytes as Accelerate writes them, in steps of 1,024 and to two places."""
    value = int(size) if size.denominator == 1 else float(size)
    for unit in _UNITS:
        if value < 1024:
            return f"{round(value, 2)} {unit}"
        value /= 1024
    return f"{round(value, 2)} PB"


def _add_rows(rows: Sequence[Row], found: Sequence[Reconciled | NotReconciled]) -> int:
    """The total with every tensor counted wherever its layer is listed."""
    totals = [number.theirs for number in found if isinstance(number, Reconciled)]
    again = sum(
        tensor.size
        for row in rows
        if row.again is None or row.again.is_named
        for tensor in row.tensors
        if not tensor.count
    )
    return totals[0] + again
