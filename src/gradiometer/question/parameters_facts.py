"""The facts of one network: its counts, its layers and tensors, its multiply-adds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

from gradiometer.model import (
    NetworkCount,
    Row,
    count_network,
    to_shape_text,
)
from gradiometer.question.answer import Fact, Series, computed, proved, unknown
from gradiometer.question.parameters_layers import LayerGroup, group_layers
from gradiometer.question.parameters_live import mend_facts
from gradiometer.question.parameters_memory import MemoryRequest, list_memory_facts
from gradiometer.question.parameters_read import Described
from gradiometer.question.parameters_stored import mend_stored

CONVENTION = "multiply-adds of matrix products and convolutions for one example"
"""What `macs` counts; everything else stands under `operations`."""

_MOST_TERMS = 20
"""Longer sums are written with their middle left out."""


@final
@dataclass(frozen=True)
class Counted:
    """A network with its rows and their counts."""

    described: Described
    name: str
    """Its name in the answer, unlike that of every other network."""
    rows: tuple[Row, ...]

    @cached_property
    def count(self) -> NetworkCount:
        """The totals."""
        return count_network(self.rows)

    @cached_property
    def is_dense(self) -> bool:
        """Whether only dense layers have parameters, so that these are weights and biases."""
        kinds = {row.kind for row in self.rows if row.tensors}
        names = {tensor.name for row in self.rows for tensor in row.tensors}
        # Other libraries have other names for them, and layers may hold more.
        return kinds == {"dense"} and names <= {"weight", "bias"}

    @cached_property
    def groups(self) -> tuple[LayerGroup, ...]:
        """The layers, those that a repetition makes alike together."""
        return group_layers(self.rows, numbered=self.described.widths_given)

    @property
    def weights(self) -> int:
        """The parameters of dense layers that are no biases."""
        return self._sum_of("weight")

    @property
    def biases(self) -> int:
        """The biases of dense layers."""
        return self._sum_of("bias")

    def _sum_of(self, name: str) -> int:
        return sum(t.count for row in self.rows for t in row.tensors if t.name == name)

    def sum_of(self, name: str, *, times: str = "*") -> str:
        """The sum of the tensors of that name, such as `100*100 + 100*20 + 20*1`."""
        terms = [
            times.join(map(str, reversed(t.shape)))
            for row in self.rows
            for t in row.tensors
            if t.name == name and not t.shared_with
        ]
        return join_terms(terms)


def join_terms(terms: Sequence[str]) -> str:
    """The terms as a sum; the middle of a long one is left out."""
    if len(terms) > _MOST_TERMS:
        terms = [*terms[: _MOST_TERMS - 1], "…", terms[-1]]
    return " + ".join(terms)


def list_facts(network: Counted, request: MemoryRequest) -> dict[str, Fact]:
    """Everything that is said of one network, in reading order."""
    facts = {
        **_list_counts(network),
        **_list_tables(network),
        **_list_work(network),
        **list_memory_facts(network.rows, request),
    }
    live, stored = network.described.live, network.described.stored
    if stored is not None:
        return mend_stored(facts, stored, network.count)
    facts = facts if live is None else mend_facts(facts, live, network.count)
    return rest_on_rule(facts, network.described.rule)


def rest_on_rule(facts: dict[str, Fact], rule: str) -> dict[str, Fact]:
    """The facts, none of which is proved where they rest on a rule beside what is written."""
    if not rule:
        return facts
    return {
        name: computed(fact.value, f"{fact.because} {rule}") if fact.status == "proved" else fact
        for name, fact in facts.items()
    }


def _list_counts(network: Counted) -> dict[str, Fact]:
    count = network.count
    facts = {"parameters": proved(count.parameters, _why_parameters(network))}
    if network.is_dense:
        facts |= _list_dense(network)
    facts |= {
        "trainable": proved(count.trainable, "Parameters that are not frozen."),
        "frozen": proved(count.frozen, _why_frozen(network)),
        "shared": proved(count.shared, _why_shared(network)),
        "buffers": proved(
            count.buffers,
            "Numbers that are kept and not learned, such as running means."
            if count.buffers
            else "No layer keeps numbers that are not learned.",
        ),
        "embedding": proved(
            count.embedding,
            "Tables of tokens and of positions."
            if count.embedding
            else "There is no table of tokens or positions.",
        ),
        "non_embedding": proved(
            count.non_embedding,
            f"{count.parameters:,} - {count.embedding:,}: all parameters outside these tables.",
        ),
        "active": proved(count.active, _why_active(count)),
    }
    return facts


def _list_dense(network: Counted) -> dict[str, Fact]:
    weights, biases = network.weights, network.biases
    return {
        "weights": proved(weights, f"{network.sum_of('weight')}: every unit meets every input."),
        "biases": proved(
            biases,
            f"{network.sum_of('bias')}: one for each unit." if biases else "The layers have none.",
        ),
    }


def _why_parameters(network: Counted) -> str:
    if network.is_dense:
        weights, biases = network.weights, network.biases
        start = _name(weights, "weight")
        return (
            f"{start} and {_name(biases, 'bias')}." if biases else f"{start}; there are no biases."
        )
    rows = [row for row in network.rows if row.tensors]
    largest = max(rows, key=lambda row: row.parameters, default=None)
    if largest is None:
        return "No layer has parameters."
    return (
        f"The sum over {_name(len(rows), 'layer')}; the largest, {largest.path}, has "
        f"{largest.spelled} = {largest.parameters:,}."
    )


def _name(number: int, what: str) -> str:
    many = f"{what}{'es' if what.endswith('s') else 's'}"
    return f"{number:,} {what if number == 1 else many}"


def _why_frozen(network: Counted) -> str:
    names = [
        str(group.label)
        for group in network.groups
        if any(tensor.frozen and tensor.count for tensor in group.row.tensors)
    ]
    if not names:
        return "Nothing is frozen."
    return f"Frozen: {', '.join(names[:8])}{' and others' if len(names) > 8 else ''}."


def _why_shared(network: Counted) -> str:
    count, further = network.count, network.described.further_names
    if not count.shared:
        why = "No tensor stands in two places."
    else:
        why = (
            "Numbers of tensors that stand in several places, counted once; counted at each place "
            f"the total would be {count.at_every_name:,}."
        )
    if further:
        why += (
            f" At every name of the library's class it would be {count.at_every_name + further:,}."
        )
    return why


def _why_active(count: NetworkCount) -> str:
    if count.active == count.parameters:
        return "All parameters work on every example."
    return f"Parameters that work on one token; {count.parameters - count.active:,} rest."


def _list_tables(network: Counted) -> dict[str, Fact]:
    counted = "weights and biases" if network.is_dense and network.biases else "parameters"
    if network.is_dense and not network.biases:
        counted = "weights; there are no biases"
    return {
        "layers": proved(list_layer_rows(network), f"Each row counts {counted}; the rows add up."),
        "tensors": proved(
            _list_tensor_rows(network),
            "Every tensor with its shape; one that stands in several places counts at the first.",
        ),
    }


def list_layer_rows(network: Counted) -> list[dict[str, Any]]:
    """One row a layer, or one for all layers that a repetition makes alike."""
    repeated = any(group.times > 1 for group in network.groups)
    numbered = network.described.widths_given
    return [
        {
            "layer": group.label,
            "kind": group.row.kind,
            **({"times": group.times} if repeated else {}),
            "in": to_shape_text(group.row.shape_in),
            "out": to_shape_text(group.row.shape_out),
            "parameters": group.parameters,
            **({"formula": group.formula} if numbered else {"counted": _count_in_words(group)}),
            "macs": group.macs,
        }
        for group in network.groups
    ]


def _count_in_words(group: LayerGroup) -> str:
    if not group.row.tensors:
        return ""
    return f"{group.spelled} = {group.parameters:,}{group.note}"


def _list_tensor_rows(network: Counted) -> list[dict[str, Any]]:
    """One row a tensor, or one for all tensors that a repetition makes alike."""
    places: dict[str, list[str]] = {}
    for row in network.rows:
        for tensor in row.tensors:
            if tensor.shared_with:
                places.setdefault(tensor.shared_with, []).append(f"{row.path}.{tensor.name}")
    repeated = any(group.times > 1 for group in network.groups)
    return [
        {
            "tensor": f"{group.row.path if numbered else group.label}.{tensor.name}",
            "role": "frozen" if tensor.frozen and role == "parameter" else role,
            **({"times": group.times} if repeated else {}),
            "shape": to_shape_text(tensor.shape),
            "numbers": group.times * tensor.count,
            "also_at": tensor.shared_with
            or ", ".join(places.get(f"{group.row.path}.{tensor.name}", ())),
        }
        for numbered in [network.described.widths_given]
        for group in network.groups
        for role, tensors in (("parameter", group.row.tensors), ("buffer", group.row.buffers))
        for tensor in tensors
    ]


def _list_work(network: Counted) -> dict[str, Fact]:
    count = network.count
    if count.multiply_adds is None:
        where = ", ".join(count.lacking[:3])
        why = f"A size of the input of {where} is not known; write it, or give `--input`."
        facts = {"macs": unknown(why), "macs_by_line": unknown(why), "flops": unknown(why)}
    else:
        macs = count.multiply_adds
        facts = {
            "macs": proved(macs, f"The {CONVENTION}."),
            "macs_by_line": proved(_list_lines(count.multiply_adds_by_line), "They add up."),
            "flops": proved(2 * macs, f"2 * {macs:,}: a product and an addition each."),
        }
    lines = {name: number for name, number in count.extra.items() if number is not None}
    short = len(lines) < len(count.extra)
    facts["operations"] = proved(
        _list_lines(lines),
        "What is in no other count: additions of biases, norms, activations and the like"
        + ("; where a size is not known the line is left out." if short else "."),
    )
    return facts


def _list_lines(lines: Mapping[str, int | None]) -> dict[str, int | None]:
    return {name.replace("_", " "): number for name, number in lines.items()}


def list_arrays(networks: Sequence[Counted]) -> dict[str, Series]:
    """The layers of all networks as columns, for tables of other programs."""
    rows = [
        {
            "network": network.name,
            "layer": str(group.label),
            "kind": group.row.kind,
            "times": group.times,
            "in": to_shape_text(group.row.shape_in),
            "out": to_shape_text(group.row.shape_out),
            "parameters": group.parameters,
            "formula": group.formula,
            "macs": group.macs,
        }
        for network in networks
        for group in network.groups
    ]
    return {key: Series(("row",), [row[key] for row in rows]) for key in (rows[0] if rows else ())}
