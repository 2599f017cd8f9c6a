"""Networks side by side: their layers aligned, and why their counts differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TypeAlias, final

from gradiometer.model import Row
from gradiometer.question.answer import Fact, Step, proved
from gradiometer.question.parameters_facts import Counted, join_terms

Label: TypeAlias = "str | int"

_MOST_ALIGNED = 2_000
"""Layers that are aligned by their kinds; in longer networks those of one number are."""


@final
@dataclass(frozen=True)
class Pair:
    """A layer of the first network beside one of the other; either may be missing."""

    label: Label
    left: Row | None
    right: Row | None

    @property
    def counts(self) -> tuple[int, int]:
        """The parameters on both sides."""
        return (
            self.left.parameters if self.left else 0,
            self.right.parameters if self.right else 0,
        )

    @property
    def difference(self) -> int:
        """What the other network has more."""
        return self.counts[1] - self.counts[0]


def align(first: Counted, other: Counted) -> list[Pair]:
    """The layers with parameters of both networks: those of one name, else by kind and order.

    The differences of the pairs add up to that of the networks.
    """
    left, right = _list_named(first), _list_named(other)
    names = dict(right)
    matches: dict[Label, Label] = {label: label for label, _ in left if label in names}
    rest_left = [(label, row) for label, row in left if label not in matches]
    taken = set(matches.values())
    rest_right = [(label, row) for label, row in right if label not in taken]
    matches.update(_match_kinds(rest_left, rest_right))
    return list(_merge(left, right, matches))


def _list_named(network: Counted) -> list[tuple[Label, Row]]:
    pairs = zip(network.labels, network.rows, strict=True)
    return [(label, row) for label, row in pairs if row.tensors]


def _match_kinds(
    left: Sequence[tuple[Label, Row]], right: Sequence[tuple[Label, Row]]
) -> Iterator[tuple[Label, Label]]:
    if max(len(left), len(right)) > _MOST_ALIGNED:
        yield from ((a[0], b[0]) for a, b in zip(left, right, strict=False))
        return
    kinds = [[row.kind for _, row in side] for side in (left, right)]
    matcher = SequenceMatcher(None, kinds[0], kinds[1], autojunk=False)
    for block in matcher.get_matching_blocks():
        for k in range(block.size):
            yield left[block.a + k][0], right[block.b + k][0]


def _merge(
    left: Sequence[tuple[Label, Row]],
    right: Sequence[tuple[Label, Row]],
    matches: dict[Label, Label],
) -> Iterator[Pair]:
    """All pairs: in the order of the first network, and what only the other has where it stands."""
    others = dict(right)
    back = {there: here for here, there in matches.items()}
    rest = iter(right)
    done: set[Label] = set()
    for label, row in left:
        match = matches.get(label)
        if match is not None and match not in done:
            # What stands before the partner and has none of its own comes first.
            for name, other in rest:
                if name not in back:
                    yield Pair(name, None, other)
                done.add(name)
                if name == match:
                    break
        shown = label if match in (None, label) else f"{label} → {match}"
        yield Pair(shown, row, None if match is None else others[match])
    for name, other in rest:
        if name not in back:
            yield Pair(name, None, other)


def list_difference_facts(networks: Sequence[Counted]) -> dict[str, Fact]:
    """What every further network has more than the first, layer by layer and in all."""
    first, others = networks[0], networks[1:]
    tables = {
        other.name: [
            {
                "layer": pair.label,
                first.name: pair.counts[0],
                other.name: pair.counts[1],
                "difference": pair.difference,
            }
            for pair in align(first, other)
        ]
        for other in others
    }
    totals = {other.name: other.count.parameters - first.count.parameters for other in others}
    why = f"Parameters of each layer minus those of {first.name}; the rows add up."
    if len(others) == 1:
        name = others[0].name
        counts = others[0].count.parameters, first.count.parameters
        return {
            "difference": proved(tables[name], why),
            "total_difference": proved(
                totals[name], f"{counts[0]:,} - {counts[1]:,} = {totals[name]:,}."
            ),
        }
    return {
        "difference": proved(tables, why),
        "total_difference": proved(totals, f"Each total minus that of {first.name}."),
    }


def list_difference_steps(networks: Sequence[Counted]) -> Iterator[Step]:
    """The sum of the differences of each further network, with the layer that does most of it."""
    first = networks[0]
    seen = {first.described.name}
    for other in networks[1:]:
        if other.described.name in seen and other.described.name != first.described.name:
            continue
        seen.add(other.described.name)
        pairs = align(first, other)
        terms = [str(pair.difference) for pair in pairs if _counts(pair, first)]
        total = other.count.parameters - first.count.parameters
        summed = join_terms(terms or ["0"]).replace("+ -", "- ")
        yield Step(f"{summed} = {total}", _why(first, other, pairs), f"{summed} = {total}")


def _counts(pair: Pair, first: Counted) -> bool:
    """Whether a term is written: of widths all are, of other networks those that differ."""
    return first.described.widths_given or pair.difference != 0


def _why(first: Counted, other: Counted, pairs: Sequence[Pair]) -> str:
    """One sentence that names the layer in which the two networks differ most."""
    name, base = other.described.name, first.described.name
    pair = max(pairs, key=lambda pair: abs(pair.difference), default=None)
    if pair is None or pair.difference == 0:
        return f"{name} and {base} count the same in every layer."
    left, right = (
        f"{row.formula} = {row.parameters:,}" if row else "no such layer"
        for row in (pair.left, pair.right)
    )
    return (
        f"{name} minus {base}, layer by layer; most of it is layer {pair.label}, "
        f"{right} against {left}."
    )
