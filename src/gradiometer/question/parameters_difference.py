"""Networks side by side: their layers aligned, and why their counts differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import final

from gradiometer.question.answer import Fact, Step, proved
from gradiometer.question.parameters_facts import Counted, join_terms
from gradiometer.question.parameters_layers import Label, LayerGroup

_MOST_ALIGNED = 2_000
"""Layers that are aligned by their kinds; in longer networks those of one number are."""


@final
@dataclass(frozen=True)
class Pair:
    """Layers of the first network beside those of the other; either may be missing."""

    left: LayerGroup | None
    right: LayerGroup | None

    @property
    def label(self) -> Label:
        """What both are called, or both names."""
        found = [side.label for side in (self.left, self.right) if side]
        return found[0] if len(set(found)) == 1 else " → ".join(map(str, found))

    @property
    def counts(self) -> tuple[int, int]:
        """The parameters on both sides."""
        left, right = (side.parameters if side else 0 for side in (self.left, self.right))
        return left, right

    @property
    def difference(self) -> int:
        """What the other network has more."""
        return self.counts[1] - self.counts[0]


def align(first: Counted, other: Counted) -> list[Pair]:
    """The layers with parameters of both networks: those of one name, else by kind and order.

    Each layer stands in one pair, so the differences add up to that of the networks.
    """
    left, right = (
        [group for group in network.groups if group.row.tensors] for network in (first, other)
    )
    matches: dict[int, int] = {}
    for name in (lambda group: group.label, lambda group: group.pattern):
        matches |= _match_names(left, right, matches, name)
    matches |= _match_kinds(left, right, matches)
    return list(_merge(left, right, matches))


def _match_names(
    left: Sequence[LayerGroup],
    right: Sequence[LayerGroup],
    matches: Mapping[int, int],
    name: Callable[[LayerGroup], Label],
) -> dict[int, int]:
    """Further pairs of places with one name, the first with the first."""
    taken = set(matches.values())
    places: dict[Label, list[int]] = {}
    for place, group in enumerate(right):
        if place not in taken:
            places.setdefault(name(group), []).append(place)
    found: dict[int, int] = {}
    for place, group in enumerate(left):
        if place not in matches and places.get(name(group)):
            found[place] = places[name(group)].pop(0)
    return found


def _match_kinds(
    left: Sequence[LayerGroup], right: Sequence[LayerGroup], matches: Mapping[int, int]
) -> dict[int, int]:
    """Further pairs of places with one kind, in the same order on both sides."""
    taken = set(matches.values())
    rest = [place for place in range(len(left)) if place not in matches]
    free = [place for place in range(len(right)) if place not in taken]
    if max(len(rest), len(free)) > _MOST_ALIGNED:
        return dict(zip(rest, free, strict=False))
    kinds = [left[place].row.kind for place in rest], [right[place].row.kind for place in free]
    matcher = SequenceMatcher(None, *kinds, autojunk=False)
    return {
        rest[block.a + k]: free[block.b + k]
        for block in matcher.get_matching_blocks()
        for k in range(block.size)
    }


def _merge(
    left: Sequence[LayerGroup], right: Sequence[LayerGroup], matches: Mapping[int, int]
) -> Iterator[Pair]:
    """All pairs in the order of the first network; what only the other has goes before its next."""
    taken = set(matches.values())
    alone = [place for place in range(len(right)) if place not in taken]
    for place, group in enumerate(left):
        match = matches.get(place)
        while match is not None and alone and alone[0] < match:
            yield Pair(None, right[alone.pop(0)])
        yield Pair(group, None if match is None else right[match])
    for place in alone:
        yield Pair(None, right[place])


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
        f"{side.formula} = {side.parameters:,}" if side else "no such layer"
        for side in (pair.left, pair.right)
    )
    return (
        f"{name} minus {base}, layer by layer; most of it is layer {pair.label}, "
        f"{right} against {left}."
    )
