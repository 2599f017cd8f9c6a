"""Finds a region that no step of a run leaves, where neither a limit nor a cycle is found."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING, Any

from flint import arb, fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import precision, to_float
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.check_tangent import read_motion
from gradiometer.proof.check_trap import Cell, Grid, cell_images
from gradiometer.proof.check_walk import Replay
from gradiometer.proof.contraction_guess import REFUSALS, explain, round_short
from gradiometer.proof.fate import Fate
from gradiometer.proof.scene import Scene

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_STEPS = 1500
_FIRST = 100
"""Steps after which the run is taken to be where it stays."""
_COUNTS = {1: (64, 512), 2: (48, 120)}
"""Cells across the region, by the number of coordinates."""
_MOST_CELLS = 3000
_THIN = 1e-12
"""The width of a region in a coordinate that does not move."""
_BLUR = 1e-9
"""How far the run may be from its states in floats."""
_MARGIN = 1e-4
_BITS = 128


def find_region(scene: Scene) -> Fate:
    """The fate of a run that stays in a region for ever.

    Raises:
        UndecidedError: If no such region is found.
    """
    settled_from, replay, path = scene.settled_from, scene.replay, scene.floats
    if settled_from is None:
        raise UndecidedError("the rule changes with the step count for ever")
    if all(scene.straight):
        raise UndecidedError("no region is looked for between straight pieces")
    motion = read_motion(replay, settled_from)
    counts = _COUNTS.get(len(motion.names))
    if counts is None:
        raise UndecidedError("no region is looked for where much is remembered")
    states = path.until(_STEPS)[:, [path.names.index(name) for name in motion.names]]
    reason = UndecidedError("no region is found that the run never leaves")
    with precision(_BITS):
        for count in counts:
            try:
                grid, cells = _close(replay, motion, states, count)
                return _conclude(scene, grid, cells, states, settled_from)
            except REFUSALS as error:
                reason = UndecidedError(explain(error))
    raise reason


def _close(replay: Replay, motion: Any, states: Array, count: int) -> tuple[Grid, set[Cell]]:
    """The cells that the run visits, and all that these lead to."""
    import numpy as np

    late = states[_FIRST:]
    low, high = late.min(axis=0), late.max(axis=0)
    widths = tuple(round_short(float(w) / count, 3) for w in np.maximum(high - low, _THIN))
    origin = tuple(round_short(float(v), 4) for v in low)
    grid = Grid(motion.names, origin, widths)
    ends = replay.ends({})
    steps, starts = (np.array([to_float(v) for v in row]) for row in (widths, origin))
    found = {tuple(map(int, row)) for row in np.floor((late - starts) / steps)}
    waiting = list(found)
    while waiting:
        for image in cell_images(motion, grid.span(waiting.pop()), ends):
            for cell in grid.cover(image):
                if cell not in found:
                    found.add(cell)
                    waiting.append(cell)
        if len(found) > _MOST_CELLS:
            raise UndecidedError("no region is found that the run never leaves")
    return grid, found


def _conclude(scene: Scene, grid: Grid, cells: set[Cell], states: Array, settled: int) -> Fate:
    inside = (
        step
        for step in range(settled, len(states))
        if all(cell in cells for cell in grid.cover([arb(v, _BLUR) for v in states[step]]))
    )
    entry = next(inside, None)
    if entry is None:
        raise UndecidedError("the run is not certain to be in the region")
    low, high = grid.span(min(cells))[0][0], grid.span(max(cells))[0][1]
    before = states[: entry + 1, 0]
    ends = (
        min(low, _round_down(float(before.min()))),
        max(high, -_round_down(-float(before.max()))),
    )
    evidence = {
        "entry": entry,
        "bits": _BITS,
        "names": list(grid.names),
        "origin": [str(v) for v in grid.origin],
        "width": [str(v) for v in grid.width],
        "cells": list(_list_runs(cells)),
    }
    claim = {
        "verdict": "bounded", "limit": None, "cycle": None,
        "interval": [str(end) for end in ends],
    }  # fmt: skip
    certificate = make_certificate("trap", problem=scene.problem, claim=claim, evidence=evidence)
    because = (
        f"after step {entry} the run is in a region of {len(cells)} cells of states that each step "
        "maps into the region"
    )
    return Fate("bounded", because, certificate, interval=ends)


def _round_down(value: float) -> fmpq:
    """A short rational a little below the float."""
    return round_short(value - _MARGIN * (1 + abs(value)), 6)


def _list_runs(cells: Iterable[Cell]) -> Iterable[list[int]]:
    """The cells as runs of the last index."""
    for head, group in groupby(sorted(cells), key=lambda cell: cell[:-1]):
        last = [cell[-1] for cell in group]
        first = last[0]
        for here, there in zip(last, [*last[1:], None], strict=True):
            if there != here + 1:
                yield [*head, first, here]
                first = there if there is not None else first
