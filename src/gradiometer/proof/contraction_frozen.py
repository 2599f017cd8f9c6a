"""Proposes a contraction in which some numbers are frozen: whatever they are, the rest shrinks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations, islice, pairwise, product
from typing import TYPE_CHECKING, Any, final

from flint import arb, fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    Range,
    at_point,
    compare,
    differentiate,
    evaluate,
    from_float,
    precision,
    to_ball,
    to_float,
)
from gradiometer.proof.check_contraction import find_attractor, read_contraction
from gradiometer.proof.check_frozen import Frozen, freeze
from gradiometer.proof.check_tangent import Motion, read_motion
from gradiometer.proof.check_walk import Replay
from gradiometer.proof.contraction_guess import (
    REFUSALS,
    FloatPath,
    SharpPath,
    explain,
    find_frames,
    make_evidence,
    round_short,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_SAMPLES = 16
"""Corners of the frozen ranges at which slopes are looked at in floats."""
_CUTS = (1, 4, 16)
"""Numbers of parts into which a frozen range is cut."""
_FACTORS = ("99/100", "999/1000", "99999/100000")
_TIGHT = 0.9999
"""Factors from here on are worth a search for better coordinates."""
_BITS = 160
_ENTRIES = (1, *(2**k for k in range(3, 16)))
"""Steps at which a run may enter the region."""
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
_COARSE, _FINE = 0.25, 1e-4
"""The first change of coordinates that is tried, and the last one."""

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
    memory = motion.names[1:]
    reason = "the rest does not shrink for all values of what is frozen"
    for size in range(len(memory) + 1):
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


def _propose(scene: Scene, entry: int, names: Sequence[str]) -> dict[str, Any]:
    """Evidence with these names frozen and that entry."""
    import numpy as np

    replay, states = scene.replay, scene.states
    with precision(_BITS):
        motion = read_motion(replay, entry, frees_powers=True)
        kept = [name for name in motion.names if name not in names]
        free = {name: _span(states[entry:, scene.names.index(name)]) for name in names}
        frozen = freeze(replay, motion, entry, free)
        columns = [scene.names.index(name) for name in kept]
        place, root = _find_place(replay, motion, states[:, columns])
        away = states[entry, columns] - np.array([to_float(v) for v in place])
        round_box = np.eye(len(kept)) * max(float(np.linalg.norm(away)), _LEAST)
        free = _widen(replay, frozen, place, round_box)
        frozen = freeze(replay, motion, entry, free)
        frame = _find_frame(replay, frozen, place, free)
        far = float(np.linalg.norm(np.linalg.solve(frame, away)))
        radius = max(_MORE_SPARE * far, _LEAST)
        free = _widen(replay, frozen, place, frame * radius)
        evidence = make_evidence(kept, [place], frame * radius, 0.5)
        evidence |= {
            "entry": entry,
            "free": {n: [str(s.lower), str(s.upper)] for n, s in free.items()},
            "root": None if root is None else [str(end) for end in root],
        }
        return _fit(replay, evidence, free)


def _widen(replay: Replay, frozen: Frozen, place: Sequence[fmpq], frame: Array) -> dict[str, Range]:
    """The frozen ranges, widened until one step keeps them."""
    piece = replay.locate(place[0], replay.ends({}))
    reach = [float((row**2).sum() ** 0.5) for row in frame]
    box = [to_ball(c) + arb(0, _SPARE * r) for c, r in zip(place, reach, strict=True)]
    free = {name[:-1]: span for name, span in frozen.news.items()}
    for _ in range(_WIDENINGS):
        news = {f"{name}'": span for name, span in free.items()}
        tried = replace(frozen, ranges={**frozen.ranges, **free}, news=news)
        images = tried.reach(piece, box)
        if all(free[name].contains(image) for name, image in images.items()):
            break
        for name, image in images.items():
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
    """The evidence with a factor, and with as many parts as are needed."""
    reason: Exception = UndecidedError("the rest does not shrink")
    for count in _CUTS if free else (1,):
        found = None
        # What does not shrink by the largest factor shrinks by none of them.
        for factor in reversed(_FACTORS):
            tried = {**evidence, "factor": factor, "cuts": _cut(free, count)}
            try:
                find_attractor(replay, read_contraction(tried))
            except REFUSALS as error:
                reason = error
                break
            found = tried
        if found is not None:
            return found
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


def _find_frame(
    replay: Replay, frozen: Frozen, place: Sequence[fmpq], free: Mapping[str, Range]
) -> Array:
    """Coordinates in which the step shrinks distances at all corners of the frozen ranges."""
    import numpy as np

    piece = replay.locate(place[0], replay.ends({}))
    box = [to_ball(value) for value in place]
    matrices = []
    for corner in islice(_corners(frozen, free), _SAMPLES):
        rows = corner.slopes(piece, box)
        matrices.append(np.array([[float(entry.mid()) for entry in row] for row in rows]))
    frames = [(_worst(frame, matrices), frame) for frame in find_frames(matrices)]
    if not frames:
        raise UndecidedError("the rest does not shrink for all values of what is frozen")
    norm, frame = min(frames, key=lambda pair: pair[0])
    if norm >= _TIGHT:
        norm, frame = _improve(frame, norm, matrices)
    if norm >= 1:
        raise UndecidedError("the rest does not shrink for all values of what is frozen")
    return frame


def _worst(frame: Array, matrices: Sequence[Array]) -> float:
    """The largest factor by which one of the matrices stretches a vector in these coordinates."""
    import numpy as np

    stack = np.linalg.inv(frame) @ np.stack(matrices) @ frame
    return float(np.linalg.svd(stack, compute_uv=False).max())


def _improve(frame: Array, norm: float, matrices: Sequence[Array]) -> tuple[float, Array]:
    """Coordinates with a smaller largest factor, found by small changes of one entry at a time."""
    import numpy as np

    step = _COARSE
    while step > _FINE and norm >= _TIGHT:
        before = norm
        for i, j in product(range(len(frame)), repeat=2):
            for sign in (-step, step):
                # One column is added to another one, or made longer.
                change = np.eye(len(frame))
                change[i, j] += sign
                tried = frame @ change
                if (found := _worst(tried, matrices)) < norm:
                    norm, frame = found, tried
        step = step if norm < before else step / 2
    return norm, frame / np.abs(frame).max()


def _corners(frozen: Frozen, free: Mapping[str, Range]) -> Iterator[Frozen]:
    """The step with each frozen number at an end of its range."""
    open_names = [n for n, span in frozen.ranges.items() if not span.is_single and n != "t"]
    spans = [frozen.ranges[name] for name in open_names]
    for values in product(*(((s.lower, s.upper)) for s in spans)):
        given = zip(open_names, values, strict=True)
        fixed = {name: at_point(value) for name, value in given if value is not None}
        news = {f"{name}'": fixed[name] for name in free if name in fixed}
        # Whether the corner is kept does not matter for its slopes.
        ranges = {**frozen.ranges, **fixed, **{n: free[n] for n in free}}
        yield replace(frozen, ranges=ranges, news={**frozen.news, **news})
