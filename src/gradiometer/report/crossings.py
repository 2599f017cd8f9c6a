"""The order inside the columns of a layered graph in which few edges cross."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from itertools import pairwise

_SWEEPS = 24
_PATIENCE = 4
"""Sweeps without a gain after which the search ends."""
_PASSES = 2
"""Rounds of swaps after each sweep."""
_MANY = 64
"""Pairs of links from which sorting them is faster than looking at each pair."""


def uncross(
    columns: list[list[int]], before: Sequence[Sequence[int]], after: Sequence[Sequence[int]]
) -> None:
    """Reorder the *columns* by barycentre sweeps and swaps; the fewest crossings win.

    Args:
        columns: Places of each column, from top to bottom; reordered in place.
        before: For each place what it is linked to in the column before.
        after: For each place what it is linked to in the column after.
    """
    rank = [0] * len(before)
    for column in columns:
        for position, place in enumerate(column):
            rank[place] = position
    best, fewest, idle = [*columns], count_crossings(columns, rank, after), 0
    for sweep in range(_SWEEPS):
        if fewest == 0 or idle >= _PATIENCE:
            break
        forward = sweep % 2 == 0
        order = range(1, len(columns)) if forward else range(len(columns) - 2, -1, -1)
        for index in order:
            columns[index] = _sort_by_barycentre(columns[index], before if forward else after, rank)
        _swap_neighbours(columns, before, after, rank)
        crossings, idle = count_crossings(columns, rank, after), idle + 1
        if crossings < fewest:
            best, fewest, idle = [*columns], crossings, 0
    columns[:] = best


def _sort_by_barycentre(
    column: Sequence[int], linked: Sequence[Sequence[int]], rank: list[int]
) -> list[int]:
    keys: list[float] = []
    for position, place in enumerate(column):
        near = linked[place]
        if len(near) == 1:
            keys.append(rank[near[0]])
        else:
            keys.append(sum(rank[other] for other in near) / len(near) if near else position)
    ordered = [column[k] for k in sorted(range(len(column)), key=keys.__getitem__)]
    for position, place in enumerate(ordered):
        rank[place] = position
    return ordered


def _swap_neighbours(
    columns: Sequence[list[int]],
    before: Sequence[Sequence[int]],
    after: Sequence[Sequence[int]],
    rank: list[int],
) -> None:
    """Swap places next to each other wherever that saves a crossing."""
    waiting = set(range(len(columns)))
    for _ in range(_PASSES):
        for index in sorted(waiting):
            column, swapped = columns[index], False
            for upper in range(len(column) - 1):
                a, b = column[upper], column[upper + 1]
                gain = _gain(before[a], before[b], rank) + _gain(after[a], after[b], rank)
                if gain > 0:
                    column[upper], column[upper + 1] = b, a
                    rank[a], rank[b], swapped = upper + 1, upper, True
            if swapped:
                waiting |= {k for k in (index - 1, index + 1) if 0 <= k < len(columns)}
            else:
                waiting.discard(index)
        if not waiting:
            break


def _gain(upper: Sequence[int], lower: Sequence[int], rank: Sequence[int]) -> int:
    """Crossings of the links of two neighbours that a swap of the two saves."""
    gain = 0
    if len(upper) * len(lower) > _MANY:
        others = sorted(rank[b] for b in lower)
        heights = [rank[a] for a in upper]
        passed = sum(bisect_left(others, h) + bisect_right(others, h) for h in heights)
        return passed - len(heights) * len(others)
    for a in upper:
        height = rank[a]
        for b in lower:
            other = rank[b]
            gain += (height > other) - (height < other)
    return gain


def count_crossings(
    columns: Sequence[Sequence[int]], rank: Sequence[int], after: Sequence[Sequence[int]]
) -> int:
    """How many pairs of links between neighbouring columns cross, in O(n log n) comparisons.

    Args:
        columns: Places of each column, from top to bottom.
        rank: Position of each place in its column.
        after: For each place what it is linked to in the column after.
    """
    crossings = 0
    for left, _ in pairwise(columns):
        passed: list[int] = []
        for start in left:
            near = after[start]
            ends = [rank[near[0]]] if len(near) == 1 else sorted(rank[end] for end in near)
            for end in ends:
                # What is passed already and ends below is crossed.
                crossings += len(passed) - bisect_right(passed, end)
                insort(passed, end)
    return crossings
