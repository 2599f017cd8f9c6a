"""Places of a large graph in pixels: columns in rows, one below the other like lines of a text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import final

from gradiometer.report.layering import Layering

ROW_WIDTH = 1024
"""Pixels after which the drawing goes on in a row below; a page shows as many."""

MARGIN, ROW_GAP = 16, 40
_NARROWEST, _WIDEST = 12, 30
"""Pixels from one column to the next."""
_STUB = 14
"""Length of a line that goes on in another row."""
_LETTER = 6.1
"""Mean width of a letter of 11 px in a system font."""


@final
class Rows:
    """Where every place of a layering stands.

    Args:
        layering: Columns and heights in pixels.
        names: What is written beside some nodes: before those of *inputs*, after the others.
        inputs: Nodes whose names stand before them.
    """

    def __init__(
        self, layering: Layering, names: Mapping[int, str], *, inputs: frozenset[int]
    ) -> None:
        self._layering, self._names, self._inputs = layering, names, inputs
        self._column = [0] * len(layering.heights)
        for index, places in enumerate(layering.columns):
            for place in places:
                self._column[place] = index
        self._x: list[int] = []
        self._row: list[int] = []
        self._ends: list[tuple[int, int]] = []
        """Left and right end of each row."""
        self._break_rows()
        self.starts: list[int] = []
        """Ordinate at which each row starts."""
        self._top: list[float] = []
        """What each row adds to the heights of its places."""
        self.height = self._stack_rows()
        is_broken = len(self._ends) > 1
        self.width = max(right for _, right in self._ends) + MARGIN + is_broken * _STUB

    def where(self, place: int) -> tuple[int, int]:
        """Abscissa and ordinate of a place."""
        column = self._column[place]
        return self._x[column], self._y(place, self._row[column])

    def _break_rows(self) -> None:
        """Abscissa and row of each column; rows are about equally long."""
        columns = self._layering.columns
        step = min(_WIDEST, max(_NARROWEST, ROW_WIDTH // max(len(columns), 1)))
        rooms = [self._room(places) for places in columns]
        total = sum(before + step + after for before, after in rooms)
        limit = min(ROW_WIDTH, MARGIN + math.ceil(total / math.ceil(total / ROW_WIDTH)) + step)
        right = 0
        for before, after in rooms:
            x = right + before + step
            if not self._ends or x + after > limit:
                start = MARGIN + (_STUB if self._ends else 0)
                x = start + before
                self._ends.append((start, x))
            right = x + after
            self._ends[-1] = (self._ends[-1][0], right)
            self._x.append(x)
            self._row.append(len(self._ends) - 1)

    def _room(self, places: Sequence[int]) -> tuple[int, int]:
        """Room for the names before and after the marks of a column."""
        before = after = 0
        for place in places:
            if place in self._names:
                room = math.ceil(_LETTER * len(self._names[place])) + 8
                if place in self._inputs:
                    before = max(before, room)
                else:
                    after = max(after, room)
        return before, after

    def _stack_rows(self) -> int:
        """Put each row below the one before; the height of all of them."""
        heights = self._layering.heights
        spans = [(math.inf, -math.inf)] * len(self._ends)
        for index, places in enumerate(self._layering.columns):
            here = [heights[place] for place in places]
            # What goes on below ends at the height where it goes on.
            for row in {self._row[index], self._row[max(index - 1, 0)]}:
                low, high = spans[row]
                spans[row] = min(low, *here), max(high, *here)
        y = float(MARGIN)
        for low, high in spans:
            self.starts.append(round(y))
            self._top.append(y - low)
            y += high - low + ROW_GAP
        return math.ceil(y - ROW_GAP + MARGIN)

    def _y(self, place: int, row: int) -> int:
        return round(self._layering.heights[place] + self._top[row])

    def shape(self, places: Sequence[int]) -> str:
        """A line through places of columns one after the other, or from far to far."""
        parts: list[str] = []
        is_curved = False
        for a, b in pairwise(places):
            row, below = self._row[self._column[a]], self._row[self._column[b]]
            x, y = self._x[self._column[a]], self._y(a, row)
            u, v = self._x[self._column[b]], self._y(b, below)
            if not parts:
                parts.append(f"M{x} {y}")
            if row != below:
                is_near = self._column[b] - self._column[a] == 1
                exit_at = self._ends[row][1] + _STUB if is_near else x + _STUB // 2
                enter_at = self._ends[below][0] - _STUB if is_near else u - _STUB // 2
                drop = self._y(b, row) - y if is_near else 0
                parts.append(_curve(exit_at - x, drop, is_curved=False))
                parts.append(f"M{enter_at} {v}h{u - enter_at}")
                is_curved = False
            else:
                parts.append(_curve(u - x, v - y, is_curved=is_curved))
                is_curved = v != y
        return "".join(parts)


def _curve(x: int, y: int, *, is_curved: bool) -> str:
    """A step to the right that starts and ends level; short where it goes on from such a curve."""
    if not y:
        return f"h{x}"
    half = x // 2
    return f"s{x - half} {y} {x} {y}" if is_curved else f"c{half} 0 {x - half} {y} {x} {y}"
