"""Which cells of a sweep shall be proved: named ones, both sides of changes, or a sample."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from gradiometer.errors import LimitError, Place, UsageError, suggest
from gradiometer.question.sweep_grid import Grid, read_cell

Cell: TypeAlias = tuple[int, ...]

MOST_CELLS = 500
"""Cells that one sweep proves."""

_USUAL_CHANGES = 10
_PLACE = Place("--prove")
_HINT = "write a cell such as `3,17`, or `boundary`, `boundary:20`, `sample:20` or `sample:20:SEED`"


@final
@dataclass(frozen=True)
class Wanted:
    """What shall be proved, as it was asked for."""

    cells: tuple[Cell, ...] = ()
    changes: int = 0
    """The most changes of kind of which both sides are proved."""
    sample: int = 0
    seed: int = 0

    @property
    def is_one_cell(self) -> bool:
        """Whether it is one cell and nothing else, of which all facts are shown."""
        return len(self.cells) == 1 and not self.changes and not self.sample


@final
@dataclass(frozen=True)
class Chosen:
    """The cells to prove."""

    cells: tuple[Cell, ...]
    """Every one of them, once."""
    pairs: tuple[tuple[Cell, Cell], ...]
    """Neighbours of different kinds."""
    changes: int
    """How many such pairs the grid has."""
    sample: tuple[Cell, ...]


def read_wanted(prove: str | Sequence[str] | None, grid: Grid) -> Wanted:
    """What the texts ask for.

    Raises:
        UsageError: If one of them is of no known form, or names no cell.
        LimitError: If there are too many cells.
    """
    cells: dict[Cell, None] = {}
    changes = sample = seed = 0
    for text in [prove] if isinstance(prove, str) else prove or ():
        word, *numbers = (part.strip() for part in text.split(":"))
        if word == "boundary" and len(numbers) <= 1:
            (changes,) = _read_counts(text, numbers or [str(_USUAL_CHANGES)])
        elif word == "sample" and 1 <= len(numbers) <= 2:
            sample = _read_counts(text, numbers[:1])[0]
            seed = _read_counts(text, numbers[1:], least=0)[0] if numbers[1:] else 0
        elif word[:1].isalpha():
            nearest = {"boundary": "boundary", "sample": "sample:20"}.get(
                suggest(word, ("boundary", "sample")) or word, ""
            )
            raise UsageError(f"`{text[:40]}` says no cells to prove.", place=_PLACE,
                             hint=f"write `{nearest}`" if nearest else _HINT)  # fmt: skip
        else:
            cells[read_cell(text, grid)] = None
    sample = min(sample, grid.count)
    total = len(cells) + 2 * changes + sample
    if total > MOST_CELLS:
        problem = f"A sweep proves at most {MOST_CELLS} cells, not {total:,}."
        raise LimitError(problem, place=_PLACE, hint="ask for fewer; a change has two cells")
    return Wanted(tuple(cells), changes, sample, seed)


def _read_counts(text: str, numbers: Sequence[str], *, least: int = 1) -> list[int]:
    if not all(n.isascii() and n.isdecimal() and len(n) < 10 for n in numbers):
        raise UsageError(f"`{text[:40]}` has no whole number.", place=_PLACE, hint=_HINT)
    if any(int(n) < least for n in numbers):
        raise UsageError(f"`{text[:40]}` asks for nothing.", place=_PLACE, hint=_HINT)
    return [int(n) for n in numbers]


def choose_cells(wanted: Wanted, grid: Grid, kinds: NDArray[np.int8]) -> Chosen:
    """The cells that are proved, for a sweep whose runs are of these kinds."""
    pairs, changes = _choose_changes(grid, kinds, wanted.changes)
    drawn = random.Random(wanted.seed).sample(range(grid.count), wanted.sample)
    sample = tuple(_to_cell(grid, number) for number in sorted(drawn))
    sides = (cell for pair in pairs for cell in pair)
    cells = tuple(dict.fromkeys((*wanted.cells, *sides, *sample)))
    return Chosen(cells, pairs, changes, sample)


def _choose_changes(
    grid: Grid, kinds: NDArray[np.int8], most: int
) -> tuple[tuple[tuple[Cell, Cell], ...], int]:
    """Neighbours of different kinds, evenly spread among all of them, and how many all are."""
    if not most:
        return (), 0
    table = kinds.reshape(grid.shape)
    found = list(_list_changes(table))
    total = sum(len(numbers) for numbers, _ in found)
    count = min(most, total)
    chosen = [round(n * (total - 1) / max(count - 1, 1)) for n in range(count)]
    pairs: list[tuple[Cell, Cell]] = []
    begin = 0
    for numbers, below in found:
        for place in chosen:
            if begin <= place < begin + len(numbers):
                number = int(numbers[place - begin])
                pairs.append((_to_cell(grid, number), _to_cell(grid, number + below)))
        begin += len(numbers)
    return tuple(pairs), total


def _list_changes(table: NDArray[np.int8]) -> Iterator[tuple[NDArray[np.int64], int]]:
    """For each axis the numbers of the first cells of such pairs, and how far on the second is."""
    count = np.arange(table.size).reshape(table.shape)
    for axis in range(table.ndim):
        size = table.shape[axis]
        first = np.take(table, range(size - 1), axis) != np.take(table, range(1, size), axis)
        below = int(np.prod(table.shape[axis + 1 :], dtype=np.int64))
        yield np.take(count, range(size - 1), axis)[first], below


def _to_cell(grid: Grid, number: int) -> Cell:
    return tuple(int(at) for at in np.unravel_index(number, grid.shape))
