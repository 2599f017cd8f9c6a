"""Heights inside the columns of a layered graph: near what is linked, in order, with room."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

_SWEEPS = 8
_SEEN = 0.01
"""Move that can be seen, in the unit of the gaps (a pixel)."""


def find_heights(
    columns: Sequence[Sequence[int]],
    gaps: Sequence[Sequence[float]],
    before: Sequence[Sequence[int]],
    after: Sequence[Sequence[int]],
) -> list[float]:
    """Heights near the mean of the linked places, in order and at their distances.

    Args:
        columns: Places of each column, from top to bottom.
        gaps: Least distances of the neighbours in each column.
        before: For each place what it is linked to in the column before.
        after: For each place what it is linked to in the column after.
    """
    heights = [0.0] * len(before)
    linked = [[*a, *b] for a, b in zip(before, after, strict=True)]
    for column, gap in zip(columns, gaps, strict=True):
        steps = [0.0, *accumulate(gap)]
        for place, step in zip(column, steps, strict=True):
            heights[place] = step - steps[-1] / 2
    for _ in range(_SWEEPS):
        moved = 0.0
        for column, gap in zip(columns, gaps, strict=True):
            wished = []
            for place in column:
                near = linked[place]
                if len(near) == 2:
                    wished.append((heights[near[0]] + heights[near[1]]) / 2)
                else:
                    total = sum(heights[other] for other in near)
                    wished.append(total / len(near) if near else heights[place])
            for place, height in zip(column, keep_apart(wished, gap), strict=True):
                moved = max(moved, abs(height - heights[place]))
                heights[place] = height
        if moved < _SEEN:
            break
    return heights


def keep_apart(wished: Sequence[float], gaps: Sequence[float]) -> list[float]:
    """The nearest places to *wished* (least squares) that keep their order and the *gaps*.

    Example:
        >>> keep_apart([0.0, 0.0], [2.0])
        [-1.0, 1.0]
    """
    shift = [0.0, *accumulate(gaps)]
    blocks: list[tuple[float, int]] = []
    for value in (wish - by for wish, by in zip(wished, shift, strict=True)):
        total, count = value, 1
        while blocks and blocks[-1][0] / blocks[-1][1] > total / count:
            before, size = blocks.pop()
            total, count = total + before, count + size
        blocks.append((total, count))
    means = [total / count for total, count in blocks for _ in range(count)]
    return [mean + by for mean, by in zip(means, shift, strict=True)]
