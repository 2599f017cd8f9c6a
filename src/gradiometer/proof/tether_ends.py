"""Proposes inner and outer ends for a rule of bounded steps, from slopes in floats."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf, log, nan
from typing import TYPE_CHECKING, TypeAlias, final

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import Exact, to_float
from gradiometer.model import Landscape
from gradiometer.proof.check_pull import Pull
from gradiometer.proof.check_region import Field
from gradiometer.proof.check_tether import count_outward
from gradiometer.proof.contraction_guess import round_short
from gradiometer.proof.walk import survey

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Ends: TypeAlias = tuple[fmpq, fmpq, fmpq, fmpq]
"""Outer, inner, inner and outer end, from left to right."""

_PLACES, _RATIO, _FIRST = 160, 1.1, 0.05
"""Places on each side, each further out by that ratio; the first one as a part of a step."""
_STRIDE = 2
"""Every so many of these places is tried as an inner end."""
_INSIDE = 33
"""Places between which the run has been."""
_ROOMS = 34
"""Numbers of steps beyond inner ends that are tried."""
_ROUNDS = 40
_MOVES = 6
_SLACKS = (0.97, 0.8, 0.5)
"""The checker's bounds of slopes are wider than those between the places that are looked at."""
_SPARE = 1.01
"""A little more room than needed, since ends are rounded."""


@final
@dataclass(frozen=True)
class Need:
    """What a run and its rule ask of the ends."""

    span: tuple[float, float]
    """Where the run has been, which the inner ends must hold."""
    reach: float
    """No step is longer than this."""
    stride: float
    """None of the steps made before is longer than so many times that; infinite if unknown."""
    keeps: float
    """What the slowest mean keeps of itself."""


@final
@dataclass(frozen=True)
class Side:
    """One side of the span, seen so that the outer end lies on the right."""

    places: Array
    """All places from the far left to the far right, in steps."""
    slopes: Array
    """The slopes there, positive where they point home."""
    first: int
    """The index of the first place beyond the span."""


def list_inner(
    landscape: Landscape, need: Need, *, most: int
) -> Iterator[tuple[tuple[fmpq, fmpq], tuple[int, int]]]:
    """Pairs of inner ends, the narrowest bounds first, with the room in steps that each needs."""
    import numpy as np

    low, high = need.span
    far = _FIRST * _RATIO ** np.arange(_PLACES)
    inner, width = far[::_STRIDE], (high - low) / need.reach
    places = np.concatenate((-far[::-1], np.linspace(0, width, _INSIDE), width + far))
    with np.errstate(all="ignore"):
        slopes = _sample(landscape, low + need.reach * places)
        right = Side(places, slopes, _PLACES + _INSIDE)
        left = Side(width - places[::-1], -slopes[::-1], _PLACES + _INSIDE)
        seen = set()
        for slack in _SLACKS[:most]:
            tables = [_tabulate(side, need, slack) for side in (left, right)]
            rooms = _find_rooms(tables, far)
            widths = inner[:, None] + inner[None, :] + rooms[0] + rooms[1]
            row, column = divmod(int(np.argmin(widths)), len(inner))
            if (row, column) in seen or not np.isfinite(widths[row, column]):
                continue
            seen.add((row, column))
            ends = low - need.reach * float(inner[row]), high + need.reach * float(inner[column])
            room = int(rooms[0][row, column]), int(rooms[1][row, column])
            yield (round_short(ends[0]), round_short(ends[1])), room


def _sample(landscape: Landscape, places: Array) -> Array:
    """The slopes at some places in floats; not a number where there is none."""
    import numpy as np

    uppers = [inf if end is None else to_float(end) for _, end in survey(landscape).ends]
    found = []
    for place in places.tolist():
        piece = next(index for index, end in enumerate(uppers) if place <= end)
        try:
            found.append(landscape.float_slopes[piece]({"x": place}))
        except (ArithmeticError, ValueError):
            found.append(nan)
    return np.array(found, dtype=float)


def _tabulate(side: Side, need: Need, slack: float) -> Array:
    """How many steps the outer end lies beyond each inner one, for each opposite outer end."""
    import numpy as np

    slopes = np.where(np.isfinite(side.slopes), side.slopes, -np.inf)
    found = np.full((len(range(0, _PLACES, _STRIDE)), _PLACES), np.inf)
    rooms = np.unique(np.floor(1.25 ** np.arange(_ROOMS)))
    for row in range(len(found)):
        index = side.first + row * _STRIDE
        begin = side.places[index]
        ends = np.searchsorted(side.places, begin + _SPARE * rooms)
        tried = rooms[ends < len(slopes)]
        beyond = np.minimum.accumulate(slopes[index:])
        home = beyond[ends[: len(tried)] - index]
        tried, home = tried[home > 0], home[home > 0]
        if not len(tried):
            continue
        back = np.minimum.accumulate(slopes[index - 1 :: -1])
        least = np.minimum(home[:, None], back[None, :])
        mean = _remember(least, (begin - side.places[index - 1 :: -1]) / need.stride, need.keeps)
        turns = _count(slack * home[:, None], -mean / slack, need.keeps)
        holds = (1 + turns <= tried[:, None])[:, -_PLACES:]
        best = tried[np.argmax(holds, axis=0)]
        found[row] = np.where(holds.any(axis=0), best, np.inf)
    return found


def _remember(least: Array, away: Array, keeps: float) -> Array:
    """What a mean is at least where the run passes the inner end, for each opposite outer end."""
    import numpy as np

    left = keeps ** np.maximum(0, np.floor(away) - 1)
    if not np.isfinite(away).all() or not away.any():
        left = np.ones_like(away)
    shares = np.concatenate(([1.0], left[:-1])) - left
    parts = np.where(shares > 0, shares * least, 0)
    return np.cumsum(parts, axis=1) + np.where(left > 0, left * least, 0)


def _count(home: Array, away: Array, keeps: float) -> Array:
    """After how many slopes that point home a mean does."""
    import numpy as np

    if keeps == 0:
        return np.zeros(np.broadcast_shapes(home.shape, away.shape))
    return np.ceil(np.log(home / (home + np.maximum(away, 0))) / log(keeps))


def _find_rooms(tables: list[Array], far: Array) -> tuple[Array, Array]:
    """The rooms on both sides for all pairs of inner ends; infinite where none is found."""
    import numpy as np

    inner, last = far[::_STRIDE], len(far) - 1
    rows, columns = np.ogrid[: len(inner), : len(inner)]
    rooms = np.ones((len(inner),) * 2), np.ones((len(inner),) * 2)
    for _ in range(_ROUNDS):
        outer = [
            np.searchsorted(far, ends + _SPARE * room)
            for ends, room in zip((inner[:, None], inner[None, :]), rooms, strict=True)
        ]
        lost = (outer[0] > last) | (outer[1] > last)
        outer = [np.minimum(place, last) for place in outer]
        found = tables[0][rows, outer[1]], tables[1][columns, outer[0]]
        fresh = [
            np.maximum(r, np.where(lost, np.inf, f)) for r, f in zip(rooms, found, strict=True)
        ]
        if all(np.array_equal(new, old) for new, old in zip(fresh, rooms, strict=True)):
            break
        rooms = fresh[0], fresh[1]
    return rooms


def move_outer(
    field: Field, pull: Pull, inner: tuple[fmpq, fmpq], room: tuple[int, int], longest: Exact
) -> Ends:
    """Outer ends that are far enough out, and no further than some moves take them.

    Raises:
        UndecidedError: If a slope on the way may not point home, or they move ever further.
    """
    left, right = inner
    reach, best = to_float(pull.reach), None
    for _ in range(_MOVES):
        low = round_short(to_float(left) - _SPARE * room[0] * reach)
        high = round_short(to_float(right) + _SPARE * room[1] * reach)
        ends = low, left, right, high
        turns = count_outward(field, pull, ends, longest)
        wanted = 1 + turns[0], 1 + turns[1]
        if wanted[0] <= room[0] and wanted[1] <= room[1]:
            best = ends
            if wanted == room:
                break
            room = wanted
        elif best is not None:
            break
        else:
            room = max(room[0], wanted[0]), max(room[1], wanted[1])
    if best is None:
        raise UndecidedError("the outer ends move ever further out")
    return best
