"""Proposes a contraction in which some numbers are frozen: whatever they are, the rest shrinks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any, final

from flint import arb, fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    Range,
    compare,
    differentiate,
    evaluate,
    from_float,
    precision,
    to_ball,
    to_float,
)
from gradiometer.proof.check_contraction import bound_drifts, find_attractor
from gradiometer.proof.check_contraction_read import read_contraction
from gradiometer.proof.check_frozen import Frozen, find_stride, freeze, read_change
from gradiometer.proof.check_tangent import Motion, read_motion
from gradiometer.proof.check_walk import Replay
from gradiometer.proof.contraction_frame import find_frozen_frame
from gradiometer.proof.contraction_guess import (
    REFUSALS,
    FloatPath,
    SharpPath,
    explain,
    make_evidence,
    round_short,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_CUTS = (1, 4, 16)
"""Numbers of parts into which a frozen range is cut."""
_FACTOR = "99999/100000"
_ENTRIES = (1, 8, *(part * 2**k for k in range(3, 15) for part in (2, 3)))
"""Steps after which all further steps are asked to shrink distances."""
_ASTRAY: Exception = UndecidedError("what drifts has no bound")
_ROUNDS, _SLACK, _NEARER = 3, 1 / 4, fmpq(1, 2)
"""Attempts to find a range for what drifts, the part of the way to 1 by which a factor is larger at
first than the one that floats find, and how much nearer to 1 it is in each attempt."""
_NEAR = 1e-6
"""How far the start of a drift may be from its float, by its size."""
_BITS = 160
_WIDENINGS = 6
_BEYOND = 11
"""How many times as far as one step a frozen range is carried; `_stretch` says why."""
_LEAST, _SPARE, _MORE_SPARE = 1e-12, 1.01, 1.05
"""The least size of a region, and factors by which numbers in floats are more than enough."""
_WIDER, _NARROWER = 1.01, 0.99
_NEWTON_STEPS = 12
_SCALE = 10**40
"""The parts of 1 in which the place of a root is written."""
_LONGEST, _LONGEST_REST = 10**4, 1000
"""The denominators of short rationals where a run may rest."""
_ALIKE, _FADED = 1e-3, 1e-3
"""How near to one the run is at last, and the part of its size at which a memory is taken for 0."""

Place = tuple[list[fmpq], tuple[fmpq, fmpq] | None]
"""A fixed point, and two places between which its position lies when that is no rational."""


@final
@dataclass(frozen=True)
class Scene:
    """A problem and its run in floats."""

    replay: Replay
    names: tuple[str, ...]
    """The columns of the states."""
    states: Array


def propose_frozen(
    replay: Replay, path: FloatPath | SharpPath, states: Array, period: int
) -> dict[str, Any]:
    """Evidence that all steps to come shrink distances from one point that all of them fix.

    Raises:
        UndecidedError: If none is found.
    """
    if period > 1:
        raise UndecidedError("no cycle is found in which all numbers shrink")
    scene = Scene(replay, path.names, states)
    entries = [n for n in _ENTRIES if n < len(states)]
    motion = read_motion(replay, entries[-1], frees_powers=True)
    _, *memory = motion.names
    reason = "the rest does not shrink for all values of what is frozen"
    for size in range(len(motion.names)):
        for names in combinations(memory, size):
            if size == 0 and not replay.rates.rows and not motion.powers:
                continue
            try:
                last = _propose(scene, entries[-1], names)
            except REFUSALS as error:
                # Ranges are narrowest at the end: what fails there fails everywhere.
                reason = explain(error)
                continue
            return _hasten(scene, entries[:-1], names, last)
    raise UndecidedError(reason)


def _hasten(
    scene: Scene, entries: Sequence[int], names: Sequence[str], found: dict[str, Any]
) -> dict[str, Any]:
    """Evidence with an entry as early as halving finds one: later ones are the easier ones."""
    low, high = 0, len(entries)
    while low < high:
        middle = (low + high) // 2
        try:
            found, high = _propose(scene, entries[middle], names), middle
        except REFUSALS:
            low = middle + 1
    return found


def _measure(away: Array) -> float:
    """The length of a vector, whose square must be a float, too."""
    import numpy as np

    with np.errstate(all="ignore"):
        far = float(np.linalg.norm(away))
    if not np.isfinite(far):
        raise UndecidedError("the run goes farther than floats tell")
    return far


def _propose(scene: Scene, entry: int, names: Sequence[str]) -> dict[str, Any]:
    """Evidence with these names frozen and that entry."""
    import numpy as np

    replay, states = scene.replay, scene.states
    with precision(_BITS):
        motion = read_motion(replay, entry, frees_powers=True)
        kept = [name for name in motion.names if name not in names]
        free = {name: _span(states[entry:, scene.names.index(name)]) for name in names}
        drifts = _list_drifts(motion, names)
        frozen = freeze(replay, motion, entry, free, drifts)
        columns = [scene.names.index(name) for name in kept]
        place, root = _find_place(replay, motion, states[:, columns])
        if root is not None:
            # Where the slope is 0 for no rational, only a stride of 0 shows that a run stays.
            find_stride(motion.pieces[replay.locate(place[0], replay.ends({}))])
        away = states[entry, columns] - np.array([to_float(v) for v in place])
        round_box = np.eye(len(kept)) * max(_measure(away), _LEAST)
        free = _widen(replay, frozen, place, round_box)
        frozen = freeze(replay, motion, entry, free, drifts)
        frame, norm = find_frozen_frame(replay, frozen, place, free)
        far = _measure(np.linalg.solve(frame, away).astype(np.float64))
        radius = max(_MORE_SPARE * far, _LEAST)
        free = _widen(replay, frozen, place, frame * radius)
        evidence = make_evidence(kept, [place], frame * radius, 0.5)
        evidence |= {
            "entry": entry,
            "free": {n: [str(s.lower), str(s.upper)] for n, s in free.items()},
            "root": None if root is None else [str(end) for end in root],
            "drifts": list(drifts),
        }
        if drifts:
            starts = {name: states[entry, scene.names.index(name)] for name in drifts}
            return _fit_drifts(replay, evidence, starts, norm)
        return _fit(replay, evidence, free)


def _list_drifts(motion: Motion, names: Sequence[str]) -> tuple[str, ...]:
    """Those of the names that change by a sum at each step, such as a running sum of squares."""
    found = []
    for row in motion.pieces[0]:
        if row.target[:-1] in names and row.target.endswith("'"):
            with suppress(UndecidedError):
                read_change(row.target[:-1], row.tree)
                found.append(row.target[:-1])
    return tuple(found)


def _fit_drifts(
    replay: Replay, evidence: dict[str, Any], starts: Mapping[str, float], norm: float
) -> dict[str, Any]:
    """The evidence with ranges as wide as what drifts comes in all, by the checker's own bound."""
    factor, reason = round_short(norm + (1 - norm) * _SLACK), _ASTRAY
    for _ in range(_ROUNDS):
        evidence = {**evidence, "factor": str(factor)}
        ways = bound_drifts(replay, read_contraction(evidence))
        free = dict(evidence["free"])
        for name, start in starts.items():
            way = _MORE_SPARE * to_float(ways[name]) + _NEAR * abs(start)
            low, high = max(start - way, 0.0) if start > 0 else start - way, start + way
            free[name] = [str(round_short(low, 9)), str(round_short(high, 9))]
        evidence = {**evidence, "free": free}
        factor = 1 - (1 - factor) * _NEARER
        try:
            find_attractor(replay, read_contraction(evidence))
        except REFUSALS as error:
            reason = error
        else:
            return evidence
    raise reason


def _widen(replay: Replay, frozen: Frozen, place: Sequence[fmpq], frame: Array) -> dict[str, Range]:
    """The frozen ranges, widened until one step keeps them."""
    piece = replay.locate(place[0], replay.ends({}))
    reach = [float((row**2).sum() ** 0.5) for row in frame]
    box = [arb(c, _SPARE * r) for c, r in zip(place, reach, strict=True)]
    free = {name[:-1]: span for name, span in frozen.news.items()}
    for _ in range(_WIDENINGS):
        news = {f"{name}'": span for name, span in free.items()}
        tried = replace(frozen, ranges={**frozen.ranges, **free}, news=news)
        images = tried.reach(piece, box)
        kept = (n in frozen.drifts or free[n].contains(image) for n, image in images.items())
        if all(kept):
            break
        for name, image in images.items():
            if name in frozen.drifts:
                continue
            free[name] = _stretch(free[name], image)
    return free


def _stretch(span: Range, image: Range) -> Range:
    """The range with short ends, well beyond the image where that lies outside.

    A running mean with weight b goes from its range to `b*range + (1 - b)*new`: ten times as far as
    one step goes is enough for b up to 9/10, and a second round for more.
    """
    lower, upper = span.lower, span.upper
    if lower is None or upper is None or image.lower is None or image.upper is None:
        raise UndecidedError("a frozen number has no bound")
    if compare(image.upper, upper) > 0:
        upper = from_float(to_float(upper + (image.upper - upper) * _BEYOND))
    if compare(image.lower, lower) < 0:
        lower = (
            from_float(to_float(lower - (lower - image.lower) * _BEYOND))
            if image.lower < 0
            else fmpq(0)
        )
    return Range(lower, upper)


def _fit(replay: Replay, evidence: dict[str, Any], free: Mapping[str, Range]) -> dict[str, Any]:
    """The evidence with as many parts as are needed."""
    reason: Exception = UndecidedError("the rest does not shrink")
    for count in _CUTS if free else (1,):
        # What does not shrink by a factor next to 1 shrinks by none.
        tried = {**evidence, "factor": _FACTOR, "cuts": _cut(free, count)}
        try:
            find_attractor(replay, read_contraction(tried))
        except REFUSALS as error:
            reason = error
        else:
            return tried
    raise reason


def _cut(free: Mapping[str, Range], count: int) -> list[dict[str, Any]]:
    """The first frozen range in parts that are smaller near zero, since roots bend there."""
    if count == 1:
        return []
    name, span = next(iter(free.items()))
    lower, upper = span.lower, span.upper
    if lower is None or upper is None:
        return []
    ends = [lower + (upper - lower) * fmpq(k * k, count * count) for k in range(count + 1)]
    return [{"name": name, "span": [str(a), str(b)]} for a, b in pairwise(ends)]


def _span(values: Array) -> Range:
    """A range that these floats stay in: from 0 where they fade, else a little wider than they."""
    low, high = float(values.min()), float(values.max())
    upper = round_short(high * _WIDER if high > 0 else high * _NARROWER, 3)
    lower = round_short(low * _NARROWER if low > 0 else low * _WIDER, 3)
    if 0 < low < high / 2:
        lower = fmpq(0)
    return Range(lower, upper if upper > lower else lower)


def _find_place(replay: Replay, motion: Motion, states: Array) -> Place:
    """The fixed point near the last state: exact, or its position between two places."""
    last = [float(value) for value in states[-1]]
    rest = [_nearest(v, float(abs(states[:, i]).max())) for i, v in enumerate(last)][1:]
    near = Fraction(last[0]).limit_denominator(_LONGEST)
    position = fmpq(near.numerator, near.denominator)
    ends = replay.ends({})
    piece = replay.pieces[replay.locate(position, ends)]
    if abs(float(near) - last[0]) < _ALIKE and evaluate(piece.slope, {"x": position}) == 0:
        return [position, *rest], None
    bend = differentiate(piece.slope, "x")
    place = to_ball(fmpq(*last[0].as_integer_ratio()))
    for _ in range(_NEWTON_STEPS):
        step = to_ball(evaluate(piece.slope, {"x": place})) / evaluate(bend, {"x": place})
        place = (place - step).mid()
    middle = (place * arb(_SCALE)).floor().mid().unique_fmpz()
    if middle is None:
        raise UndecidedError("the slope has no zero near the last state")
    ends_of_root = fmpq(middle - 1, _SCALE), fmpq(middle + 2, _SCALE)
    return [fmpq(middle, _SCALE), *rest], ends_of_root


def _nearest(value: float, size: float) -> fmpq:
    if abs(value) <= _FADED * size:
        return fmpq(0)
    near = Fraction(value).limit_denominator(_LONGEST_REST)
    return fmpq(near.numerator, near.denominator)
