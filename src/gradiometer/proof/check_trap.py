"""Replays the certificate that a run stays in a region that no step leaves.

The region is a union of cells of a grid over the states. The image of each cell, by the mean-value
form, must lie in cells of the region. On a joint of the landscape a cell is cut, and each part is
taken with its own piece, so it does not matter to which piece the joint itself counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, TypeAlias, final

from flint import arb, fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import compare, precision, to_ball
from gradiometer.proof.check_contraction_read import MOST_STEPS
from gradiometer.proof.check_entry import enclose_run
from gradiometer.proof.check_fields import fields, read_rational, require
from gradiometer.proof.check_frozen import reads_step
from gradiometer.proof.check_region import to_dyadic
from gradiometer.proof.check_tangent import Motion, read_motion
from gradiometer.proof.check_walk import read_replay

_MOST_CELLS = 20_000

Cell: TypeAlias = tuple[int, ...]


@final
@dataclass(frozen=True)
class Grid:
    """Cells over the states: the cell of index i spans `origin + i*width` to one width more."""

    names: tuple[str, ...]
    origin: tuple[fmpq, ...]
    width: tuple[fmpq, ...]

    def span(self, cell: Cell) -> list[tuple[fmpq, fmpq]]:
        """The two ends of each coordinate of a cell."""
        rows = zip(cell, self.origin, self.width, strict=True)
        return [(start + i * step, start + (i + 1) * step) for i, start, step in rows]

    def cover(self, box: list[arb]) -> Iterator[Cell]:
        """The cells that cover a box.

        Raises:
            UndecidedError: If the box has no bound.
        """
        ranges = []
        for ball, start, step in zip(box, self.origin, self.width, strict=True):
            place = (ball - start) / step
            low, high = place.lower().floor(), place.upper().floor()
            ends = [_to_count(low.lower()), _to_count(high.upper())]
            if ends[1] - ends[0] > _MOST_CELLS:
                raise UndecidedError("the image of a cell is too large")
            ranges.append(range(ends[0], ends[1] + 1))
        return product(*ranges)


def _to_count(value: arb) -> int:
    whole = to_dyadic(value)
    if whole is None:
        raise UndecidedError("the image of a cell has no bound")
    return int(whole.p)


def check_trap(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept that all positions lie in an interval, or raise `CertificateError`."""
    verdict, limit, cycle, interval = fields(claim, "verdict", "limit", "cycle", "interval")
    require([verdict, limit, cycle] == ["bounded", None, None], "The run is bounded.")
    require(isinstance(interval, list) and len(interval) == 2, "An interval has two ends.")
    low, high = map(read_rational, interval)
    entry, bits, names, origin, width, cells = fields(
        evidence, "entry", "bits", "names", "origin", "width", "cells"
    )
    require(type(entry) is int and 0 <= entry <= MOST_STEPS, "`entry` is no step count.")
    require(type(bits) is int and 53 <= bits <= 20_000, "`bits` is no precision.")
    grid = _read_grid(names, origin, width)
    region = _read_cells(cells, len(grid.names))
    replay = read_replay(problem)
    with precision(bits):
        motion = read_motion(replay, entry)
        require(motion.names == grid.names, "The state has other names.")
        rests = set(replay.rates.rows) <= set(replay.rates.resting(entry))
        require(rests and not reads_step(motion), "The rule still changes with the step count.")
        ends = replay.ends({})
        for cell in region:
            left, right = grid.span(cell)[0]
            require(low <= left and right <= high, "A cell lies outside the interval.")
            for image in cell_images(motion, grid.span(cell), ends):
                require(all(c in region for c in grid.cover(image)), "A step leaves the region.")

    def watch(_: int, position: arb) -> None:
        inside = compare(position, low) >= 0 and compare(position, high) <= 0
        require(inside, "A position lies outside the interval.")

    with precision(bits):
        cloud = enclose_run(replay, entry, bits=bits, watch=watch)
        box = dict(zip(cloud.names, cloud.box(), strict=True))
        state = [box[name] for name in grid.names]
        require(all(cell in region for cell in grid.cover(state)), "The run is not in the region.")


def _read_grid(names: Any, origin: Any, width: Any) -> Grid:
    for row in (names, origin, width):
        require(isinstance(row, list) and len(row) == len(names) > 0, "The grid is not complete.")
    require(all(isinstance(name, str) for name in names), "A name is no text.")
    steps = tuple(map(read_rational, width))
    require(all(step > 0 for step in steps), "A cell has no width.")
    return Grid(tuple(names), tuple(map(read_rational, origin)), steps)


def _read_cells(cells: Any, size: int) -> frozenset[Cell]:
    """The cells, written as runs: all but the last index, then the first and the last one."""
    require(isinstance(cells, list) and len(cells) > 0, "There are no cells.")
    found: set[Cell] = set()
    for row in cells:
        whole = isinstance(row, list) and all(type(i) is int for i in row)
        require(whole and len(row) == size + 1, "A run of cells has another size.")
        *head, first, last = row
        require(0 <= last - first <= _MOST_CELLS, "A run of cells is empty.")
        found |= {(*head, index) for index in range(first, last + 1)}
        require(len(found) <= _MOST_CELLS, "There are too many cells.")
    return frozenset(found)


def cell_images(
    motion: Motion, span: list[tuple[fmpq, fmpq]], ends: list[Any]
) -> Iterator[list[arb]]:
    """Boxes that hold the image of a cell, one for each piece of the landscape that it meets.

    Raises:
        UndecidedError: If a step has no value, or two branches, on the cell.
    """
    left, right = span[0]
    for piece, end in enumerate(ends):
        start = None if piece == 0 else ends[piece - 1]
        if end is not None and compare(end, left) < 0:
            continue
        if start is not None and compare(start, right) > 0:
            break
        low = left if start is None or compare(start, left) <= 0 else start
        high = right if end is None or compare(end, right) >= 0 else end
        yield _image(motion, piece, [(low, high), *span[1:]])


def _image(motion: Motion, piece: int, span: list[tuple[Any, Any]]) -> list[arb]:
    known = motion.balls()
    middle = [to_ball((low + high) / 2).mid() for low, high in span]
    box = [to_ball(low).union(to_ball(high)) for low, high in span]
    values, rows = motion.slopes(piece, {**known, **dict(zip(motion.names, box, strict=True))})
    there = motion.images(piece, {**known, **dict(zip(motion.names, middle, strict=True))})
    away = [b - m for b, m in zip(box, middle, strict=True)]
    image = []
    for value, start, row in zip(values, there, rows, strict=True):
        total = to_ball(start)
        for slope, part in zip(row, away, strict=True):
            total += slope * part
        # Both enclosures are right, so their common part is.
        image.append(total.intersection(to_ball(value)))
    return image
