"""Coordinates in which a step shrinks distances, whatever frozen numbers it reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice, product
from typing import TYPE_CHECKING

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    Range,
    compile_float_assignments,
    to_float,
)
from gradiometer.proof.check_frozen import Frozen
from gradiometer.proof.check_walk import Replay
from gradiometer.proof.contraction_guess import (
    find_frames,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


_SAMPLES = 16
"""Corners of the frozen ranges at which slopes are looked at in floats."""
_MOST_MIXED = 4
"""Entries of a matrix that are moved to their ends independently of each other."""
_TIGHT = 0.9999
"""Factors from here on are worth a search for better coordinates."""
_COARSE, _FINER = 0.25, 0.5
"""The first change of coordinates that is tried, and the part of it that is tried when no change
helps any more."""
_CHANGES = 200
"""Changes of coordinates that are tried one after the other, each with both signs."""
_EQUAL = 1e-12
"""The part of its size by which a number may be off by rounding."""


def find_frozen_frame(
    replay: Replay, frozen: Frozen, place: Sequence[fmpq], free: Mapping[str, Range]
) -> tuple[Array, float]:
    """Coordinates in which the step shrinks distances at all corners of the frozen ranges.

    Also gives the largest factor by which it does.
    """
    import numpy as np

    piece = replay.locate(place[0], replay.ends({}))
    slopes = _compile_slopes(frozen, piece)
    box = {name: to_float(value) for name, value in zip(frozen.names, place, strict=True)}
    found = [slopes({**corner, **box}) for corner in islice(_corners(frozen, free), _SAMPLES)]
    matrices = np.unique(np.array(found), axis=0)
    if not np.isfinite(matrices).all():
        raise UndecidedError("a slope is not bounded while a frozen number runs through its range")
    frames = [*find_frames(list(matrices)), *find_frames([matrices.mean(axis=0)])]
    if not frames:
        raise UndecidedError("the rest does not shrink for all values of what is frozen")
    # Ranges lose what ties entries to each other: best are coordinates that need no such tie.
    loose = _mix_entries(matrices)
    norm, frame = min(((_worst(f, loose), f) for f in frames), key=lambda pair: pair[0])
    if norm >= 1:
        norm, frame = min(((_worst(f, matrices), f) for f in frames), key=lambda pair: pair[0])
    if norm >= _TIGHT:
        norm, frame = _improve(frame, norm, matrices)
    if norm >= 1:
        raise UndecidedError("the rest does not shrink for all values of what is frozen")
    return frame, norm


def _mix_entries(matrices: Array) -> Array:
    """The matrices whose entries are each at an end of their range, where these are not many."""
    import numpy as np

    low, high = matrices.min(axis=0), matrices.max(axis=0)
    places = np.argwhere(high - low > _EQUAL * np.abs(high))
    if len(places) > _MOST_MIXED:
        return matrices
    found = []
    for ends in product((low, high), repeat=len(places)):
        mixed = low.copy()
        for (i, j), end in zip(places, ends, strict=True):
            mixed[i, j] = end[i, j]
        found.append(mixed)
    return np.array(found)


def _compile_slopes(frozen: Frozen, piece: int) -> Callable[[Mapping[str, float]], Array]:
    """The derivatives of what is not frozen as a matrix of floats, at the values of all names."""
    import numpy as np

    rows, factors = [], []
    for row in frozen.motion.pieces[piece]:
        if row.target in frozen.news:
            continue
        rows.append((row.target, row.tree))
        for name, tree, _ in row.slopes:
            if name not in frozen.news and f"{name}'" not in frozen.news:
                rows.append((f"{row.target} by {name}", tree))
                factors.append((row.target, name))
    fixed = {name: to_float(value) for name, value in frozen.motion.values.items()}
    run = compile_float_assignments(rows, [f"{t} by {n}" for t, n in factors], fixed)
    units = dict(zip(frozen.names, np.eye(len(frozen.names)), strict=True))

    def call(values: Mapping[str, float]) -> Array:
        moves = {**units, **{target: np.zeros(len(units)) for target, _ in rows}}
        # What is too large for a float makes the matrix one that is refused.
        with np.errstate(all="ignore"):
            for (target, name), factor in zip(factors, run(values), strict=True):
                moves[target] = moves[target] + factor * moves[name]
        return np.array([moves[f"{name}'"] for name in frozen.names])

    return call


def _worst(frame: Array, matrices: Array) -> float:
    """The largest factor by which one of the matrices stretches a vector in these coordinates."""
    import numpy as np

    stack = np.linalg.inv(frame) @ matrices @ frame
    return float(np.linalg.svd(stack, compute_uv=False).max())


def _improve(frame: Array, norm: float, matrices: Array) -> tuple[float, Array]:
    """Coordinates with a smaller largest factor, found by small changes of one entry at a time."""
    import numpy as np

    step = _COARSE
    for _ in range(_CHANGES // frame.size):
        before = norm
        for i, j in product(range(len(frame)), repeat=2):
            for sign in (-step, step):
                # One column is added to another one, or made longer.
                change = np.eye(len(frame))
                change[i, j] += sign
                tried = frame @ change
                if (found := _worst(tried, matrices)) < norm:
                    norm, frame = found, tried
        step = step if norm < before else step * _FINER
        if norm < _TIGHT:
            break
    return norm, frame / np.abs(frame).max()


def _corners(frozen: Frozen, free: Mapping[str, Range]) -> Iterator[dict[str, float]]:
    """The values of all names at the ends of ranges, those of frozen coordinates included."""
    ranges = {**frozen.ranges, **free}
    ends = [sorted({*_float_ends(span)}) for span in ranges.values()]
    for values in product(*ends):
        known = dict(zip(ranges, values, strict=True))
        # A frozen number and its new value are far from each other at no step.
        yield {**known, **{f"{name}'": known[name] for name in free}}


def _float_ends(span: Range) -> Iterator[float]:
    for end in (span.lower, span.upper):
        if end is not None:
            yield to_float(end)
