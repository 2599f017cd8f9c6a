"""Places for the nodes of a directed graph: columns by longest path, few crossings, short edges.

Source: the layered method of Sugiyama, Tagawa and Toda (1981), with barycentre sweeps and exact
least-squares heights inside a column.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, final

Edge: TypeAlias = tuple[str, str]
Place: TypeAlias = "str | tuple[int, int]"
"""A node, or a bend of a long edge: the edge's number and the column."""

_SWEEPS = 8


@final
@dataclass(frozen=True)
class Layering:
    """Columns from left to right, each from top to bottom, and the height of every place."""

    columns: tuple[tuple[Place, ...], ...]
    heights: Mapping[Place, float]
    """Ordinate of the middle of each place."""
    routes: tuple[tuple[Place, ...], ...]
    """For each edge the places it runs through, one a column."""


def place_nodes(
    nodes: Sequence[str], edges: Sequence[Edge], *, separation: float, bend: float
) -> Layering:
    """Columns and heights for a graph without cycles.

    Args:
        nodes: Names in an order in which every edge points forward.
        edges: Pairs of names.
        separation: Least distance of the middles of two nodes of a column.
        bend: Least distance of a bend from its neighbours, smaller than *separation*.
    """
    column_of = _find_columns(nodes, edges)
    routes = tuple(
        (
            start,
            *((number, column) for column in range(column_of[start] + 1, column_of[end])),
            end,
        )
        for number, (start, end) in enumerate(edges)
    )
    columns = _fill_columns(column_of, routes)
    links = list(dict.fromkeys(pair for route in routes for pair in itertools.pairwise(route)))
    columns = _uncross(columns, links)
    heights = _level(columns, links, separation=separation, bend=bend)
    return Layering(tuple(map(tuple, columns)), heights, routes)


def _find_columns(nodes: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    """Length of the longest path that ends in each node."""
    column = dict.fromkeys(nodes, 0)
    order = {name: place for place, name in enumerate(nodes)}
    for start, end in sorted(edges, key=lambda edge: order[edge[0]]):
        column[end] = max(column[end], column[start] + 1)
    return column


def _fill_columns(
    column_of: Mapping[str, int], routes: Sequence[Sequence[Place]]
) -> list[list[Place]]:
    columns: list[list[Place]] = [[] for _ in range(max(column_of.values(), default=-1) + 1)]
    for name, column in column_of.items():
        columns[column].append(name)
    for route in routes:
        for bend in route[1:-1]:
            if isinstance(bend, tuple):
                columns[bend[1]].append(bend)
    return columns


def _neighbours(links: Sequence[tuple[Place, Place]], *, side: int) -> dict[Place, list[Place]]:
    """What each place is linked to in the column before (side 0) or after it (side 1)."""
    found: dict[Place, list[Place]] = {}
    for link in links:
        found.setdefault(link[1 - side], []).append(link[side])
    return found


def _uncross(columns: list[list[Place]], links: Sequence[tuple[Place, Place]]) -> list[list[Place]]:
    """The columns reordered by barycentre sweeps; the order with the fewest crossings wins."""
    sides = [_neighbours(links, side=side) for side in (0, 1)]
    best, fewest = [list(column) for column in columns], _count_crossings(columns, sides[1])
    for sweep in range(_SWEEPS):
        if fewest == 0:
            break
        side = sweep % 2
        order = range(1, len(columns)) if side == 0 else range(len(columns) - 2, -1, -1)
        for index in order:
            other = columns[index - 1 if side == 0 else index + 1]
            rank = {place: position for position, place in enumerate(other)}
            columns[index] = _sort_by_barycentre(columns[index], sides[side], rank)
        crossings = _count_crossings(columns, sides[1])
        if crossings < fewest:
            best, fewest = [list(column) for column in columns], crossings
    return best


def _sort_by_barycentre(
    column: Sequence[Place], neighbours: Mapping[Place, Sequence[Place]], rank: Mapping[Place, int]
) -> list[Place]:
    def centre(item: tuple[int, Place]) -> float:
        linked = neighbours.get(item[1], ())
        return sum(rank[place] for place in linked) / len(linked) if linked else item[0]

    return [place for _, place in sorted(enumerate(column), key=centre)]


def _count_crossings(
    columns: Sequence[Sequence[Place]], after: Mapping[Place, Sequence[Place]]
) -> int:
    crossings = 0
    for left, right in itertools.pairwise(columns):
        rank = {place: position for position, place in enumerate(right)}
        ends = [rank[end] for start in left for end in sorted(after.get(start, ()), key=rank.get)]  # pyright: ignore[reportArgumentType, reportCallIssue]  # every end has a rank
        crossings += sum(a > b for a, b in itertools.combinations(ends, 2))
    return crossings


def _level(
    columns: Sequence[Sequence[Place]],
    links: Sequence[tuple[Place, Place]],
    *,
    separation: float,
    bend: float,
) -> dict[Place, float]:
    """Heights near the mean of the linked places, in order and at their distances."""
    linked: dict[Place, list[Place]] = {}
    for start, end in links:
        linked.setdefault(start, []).append(end)
        linked.setdefault(end, []).append(start)
    gaps = [
        [
            (separation + bend) / 2 if isinstance(a, str) != isinstance(b, str)
            else separation if isinstance(a, str) else bend
            for a, b in itertools.pairwise(column)
        ]
        for column in columns
    ]  # fmt: skip
    heights: dict[Place, float] = {}
    for column, gap in zip(columns, gaps, strict=True):
        steps = [0.0, *itertools.accumulate(gap)]
        heights |= {p: s - steps[-1] / 2 for p, s in zip(column, steps, strict=True)}
    for _ in range(_SWEEPS):
        for column, gap in zip(columns, gaps, strict=True):
            wished = [
                sum(heights[other] for other in linked[place]) / len(linked[place])
                if place in linked
                else heights[place]
                for place in column
            ]
            heights |= dict(zip(column, keep_apart(wished, gap), strict=True))
    return heights


def keep_apart(wished: Sequence[float], gaps: Sequence[float]) -> list[float]:
    """The nearest places to *wished* (least squares) that keep their order and the *gaps*.

    Example:
        >>> keep_apart([0.0, 0.0], [2.0])
        [-1.0, 1.0]
    """
    shift = [0.0, *itertools.accumulate(gaps)]
    blocks: list[tuple[float, int]] = []
    for value in (wish - by for wish, by in zip(wished, shift, strict=True)):
        total, count = value, 1
        while blocks and blocks[-1][0] / blocks[-1][1] > total / count:
            before, size = blocks.pop()
            total, count = total + before, count + size
        blocks.append((total, count))
    means = [total / count for total, count in blocks for _ in range(count)]
    return [mean + by for mean, by in zip(means, shift, strict=True)]
