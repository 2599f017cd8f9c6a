"""Places for the nodes of a directed graph: columns by longest path, few crossings, short edges.

Source: the layered method of Sugiyama, Tagawa and Toda (1981), with barycentre sweeps and exact
least-squares heights inside a column. Places are integers: first the nodes, then the bends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias, final

from gradiometer.errors import InternalError
from gradiometer.report.crossings import uncross
from gradiometer.report.heights import find_heights

Edge: TypeAlias = tuple[int, int]


@final
@dataclass(frozen=True)
class Layering:
    """Columns from left to right, each from top to bottom, and the height of every place."""

    columns: tuple[tuple[int, ...], ...]
    """Places of each column."""
    heights: tuple[float, ...]
    """Ordinate of the middle of each place."""
    edges: tuple[Edge, ...]
    """First and last node of each edge."""
    bends: tuple[range, ...]
    """The places each edge bends at, one in every column it crosses; none for a direct edge."""
    longest: int
    """Columns an edge crosses at most with bends; what crosses more of them is direct."""

    def route(self, edge: int) -> tuple[int, ...]:
        """All places that an edge runs through, from its first node to its last."""
        start, end = self.edges[edge]
        return (start, *self.bends[edge], end)

    def count_direct(self) -> int:
        """How many edges cross columns without a bend there."""
        column = {p: k for k, places in enumerate(self.columns) for p in places}
        return sum(
            column[end] - column[start] - 1 > len(bends)
            for (start, end), bends in zip(self.edges, self.bends, strict=True)
        )


def place_nodes(
    count: int,
    edges: Sequence[Edge],
    *,
    separation: float,
    bend: float,
    join: bool = False,
    most_bends: int = 150_000,
) -> Layering:
    """Columns and heights for a graph without cycles.

    Args:
        count: How many nodes there are.
        edges: Pairs of nodes.
        separation: Least distance of the middles of two nodes of a column.
        bend: Least distance of a bend from its neighbours, smaller than *separation*.
        join: Whether the long edges of one node run together until they turn to their ends.
        most_bends: Bends that are made in all; the longest edges go without when there are more.

    Raises:
        InternalError: If the edges lead in a circle.
    """
    column_of = _find_columns(count, edges)
    bends, longest = _bend_edges(column_of, edges, join=join, most=most_bends)
    columns: list[list[int]] = [[] for _ in range(max(column_of, default=-1) + 1)]
    for place, column in enumerate(column_of):
        columns[column].append(place)
    before, after = _link(column_of, edges, bends)
    uncross(columns, before, after)
    gaps = [
        [separation if a < count and b < count else bend if a >= count and b >= count
         else (separation + bend) / 2 for a, b in pairwise(column)]
        for column in columns
    ]  # fmt: skip
    heights = find_heights(columns, gaps, before, after)
    return Layering(tuple(map(tuple, columns)), tuple(heights), tuple(edges), tuple(bends), longest)


def _find_columns(count: int, edges: Sequence[Edge]) -> list[int]:
    """Length of the longest path that ends in each node; an input stands beside its first use."""
    onward: list[list[int]] = [[] for _ in range(count)]
    waits_for = [0] * count
    for start, end in edges:
        onward[start].append(end)
        waits_for[end] += 1
    column = [0] * count
    ready = inputs = [node for node in range(count) if not waits_for[node]]
    placed = 0
    while ready:
        placed += len(ready)
        entered = []
        for start in ready:
            for end in onward[start]:
                column[end] = max(column[end], column[start] + 1)
                waits_for[end] -= 1
                if not waits_for[end]:
                    entered.append(end)
        ready = entered
    if placed < count:
        raise InternalError("a graph with a cycle cannot be laid out in columns")
    for node in inputs:
        column[node] = min((column[end] - 1 for end in onward[node]), default=0)
    return column


def _bend_edges(
    column_of: list[int], edges: Sequence[Edge], *, join: bool, most: int
) -> tuple[list[range], int]:
    """The bends of each edge and the longest run of them; their columns follow those of nodes."""
    crossed = [column_of[end] - column_of[start] - 1 for start, end in edges]
    owners = [start for start, _ in edges] if join else range(len(edges))
    longest = max(crossed, default=0)
    while True:
        runs: dict[int, int] = {}
        for owner, length in zip(owners, crossed, strict=True):
            if 0 < length <= longest:
                runs[owner] = max(length, runs.get(owner, 0))
        if sum(runs.values()) <= most:
            break
        longest //= 2
    first: dict[int, int] = {}
    bends = []
    for (start, _), owner, length in zip(edges, owners, crossed, strict=True):
        kept = length if length <= longest else 0
        if kept and owner not in first:
            first[owner] = len(column_of)
            column_of += range(column_of[start] + 1, column_of[start] + 1 + runs[owner])
        begin = first.get(owner, 0)
        bends.append(range(begin, begin + kept))
    return bends, longest


def _link(
    column_of: Sequence[int], edges: Sequence[Edge], bends: Sequence[range]
) -> tuple[list[list[int]], list[list[int]]]:
    """What each place is linked to in the column before it and in the column after it."""
    before: list[list[int]] = [[] for _ in column_of]
    after: list[list[int]] = [[] for _ in column_of]
    known: set[Edge] = set()

    def add(a: int, b: int) -> None:
        if (a, b) not in known:
            known.add((a, b))
            after[a].append(b)
            before[b].append(a)

    for (start, end), places in zip(edges, bends, strict=True):
        if not places and column_of[end] - column_of[start] > 1:
            continue
        last = start
        # A run that edges share is linked from its far end back to what is linked already.
        for place in reversed(places):
            if before[place]:
                break
            add(place - 1 if place > places.start else start, place)
        last = places[-1] if places else start
        add(last, end)
    return before, after
