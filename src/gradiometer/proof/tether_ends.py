"""Proposes inner and outer ends for a rule of bounded steps, from slopes in floats."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf, log, nan
from typing import TYPE_CHECKING, TypeAlias, final

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import compare, to_float
from gradiometer.model import Landscape
from gradiometer.proof.check_pull import Pull
from gradiometer.proof.check_region import Field
from gradiometer.proof.check_tether import bound_slopes, count_turns
from gradiometer.proof.contraction_guess import round_short
from gradiometer.proof.walk import survey

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_ZERO = fmpq(0)

Ends: TypeAlias = tuple[fmpq, fmpq, fmpq, fmpq]
"""Outer, inner, inner and outer end, from left to right."""

_PLACES, _RATIO, _FIRST = 320, 1.05, 0.05
"""Places on each side, each further out by that ratio; the first one as a part of a step."""
_STRIDE = 5
"""Every so many of these places is tried as an inner end."""
_INSIDE = 65
"""Places between which the run has been."""
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
    keeps: float
    """What the slowest mean keeps of itself."""


@final
@dataclass(frozen=True)
class Side:
    """The slopes on one side of the span, positive where they point home."""

    worst: Array
    """The least one from an inner end, by its index, up to a place."""
    home: Array
    """The largest one from the span up to a place."""
    away: Array
    """The largest one that points away from the span, likewise."""


def list_inner(
    landscape: Landscape, need: Need, *, most: int
) -> Iterator[tuple[tuple[fmpq, fmpq], tuple[int, int]]]:
    """Pairs of inner ends, the narrowest bounds first, with the room in steps that each needs."""
    import numpy as np

    low, high = need.span
    far = _FIRST * _RATIO ** np.arange(_PLACES)
    inner = far[::_STRIDE]
    with np.errstate(all="ignore"):
        inside = _sample(landscape, np.linspace(low, high, _INSIDE))
        left = _look(-_sample(landscape, low - need.reach * far), -inside)
        right = _look(_sample(landscape, high + need.reach * far), inside)
        seen = set()
        for slack in _SLACKS[:most]:
            rooms = _find_rooms(left, right, far, (need.keeps, slack))
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


def _look(slopes: Array, inside: Array) -> Side:
    """A side, from its slopes and those between the places where the run has been."""
    import numpy as np

    sound = np.isfinite(slopes)
    least = np.where(sound, slopes, -np.inf)
    worst = np.full((len(slopes[::_STRIDE]), len(slopes)), np.inf)
    for row, index in enumerate(range(0, len(slopes), _STRIDE)):
        worst[row, index:] = np.minimum.accumulate(least[index:])
    home = np.maximum.accumulate(np.where(sound, slopes, np.inf))
    away = np.maximum.accumulate(-least)
    return Side(worst, np.maximum(home, inside.max()), np.maximum(away, -inside.min()))


def _find_rooms(
    left: Side, right: Side, far: Array, given: tuple[float, float]
) -> tuple[Array, Array]:
    """How many steps outer ends lie beyond inner ones, for all pairs; infinite where none does.

    Args:
        left: The slopes on the left.
        right: The slopes on the right.
        far: The distances of the places from the span, in steps.
        given: What means keep, and the part of the slopes that point home that counts.
    """
    import numpy as np

    inner, last = far[::_STRIDE], len(far) - 1
    rows, columns = np.ogrid[: len(inner), : len(inner)]
    rooms = np.ones((len(inner), len(inner))), np.ones((len(inner), len(inner)))
    for _ in range(_ROUNDS):
        outer = [
            np.searchsorted(far, ends + _SPARE * room)
            for ends, room in zip((inner[:, None], inner[None, :]), rooms, strict=True)
        ]
        beyond = [places > last for places in outer]
        places = [np.minimum(places, last) for places in outer]
        home = left.worst[rows, places[0]], right.worst[columns, places[1]]
        away = (
            np.maximum(left.away[places[0]], right.home[places[1]]),
            np.maximum(right.away[places[1]], left.home[places[0]]),
        )
        fresh = [
            np.maximum(room, np.where(out, np.inf, 1 + _count(point, off, given)))
            for room, out, point, off in zip(rooms, beyond, home, away, strict=True)
        ]
        if all(np.array_equal(new, old) for new, old in zip(fresh, rooms, strict=True)):
            break
        rooms = fresh[0], fresh[1]
    return rooms


def _count(home: Array, away: Array, given: tuple[float, float]) -> Array:
    """After how many slopes that point home a mean does."""
    import numpy as np

    keeps, slack = given
    wrong = ~(home > 0)
    if keeps == 0:
        return np.where(wrong, np.inf, 0.0)
    share = slack * home / (slack * home + np.maximum(away, 0) / slack)
    return np.where(wrong, np.inf, np.ceil(np.log(share) / log(keeps)))


def move_outer(field: Field, pull: Pull, inner: tuple[fmpq, fmpq], room: tuple[int, int]) -> Ends:
    """Outer ends that are far enough out, found by moving them until they are.

    Raises:
        UndecidedError: If a slope on the way may not point home, or they move ever further.
    """
    left, right = inner
    reach = to_float(pull.reach)
    for _ in range(_MOVES):
        low = round_short(to_float(left) - _SPARE * room[0] * reach)
        high = round_short(to_float(right) + _SPARE * room[1] * reach)
        least, most = bound_slopes(field, low, high)
        nearest = -bound_slopes(field, low, left)[1], bound_slopes(field, right, high)[0]
        if not all(compare(slope, _ZERO) > 0 for slope in nearest):
            raise UndecidedError("a slope between inner and outer end may not point home")
        wanted = (
            1 + count_turns(pull.keeps, nearest[0], most),
            1 + count_turns(pull.keeps, nearest[1], -least),
        )
        if wanted[0] <= room[0] and wanted[1] <= room[1]:
            return low, left, right, high
        room = max(room[0], wanted[0]), max(room[1], wanted[1])
    raise UndecidedError("the outer ends move ever further out")
