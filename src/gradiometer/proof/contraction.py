"""Finds the point or cycle that attracts a run: floats propose it, the checker proves it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gradiometer.errors import UndecidedError
from gradiometer.formula import precision, to_float
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.check_contraction import (
    Attractor,
    find_attractor,
    replay_contraction,
    spell_cycle,
)
from gradiometer.proof.check_contraction_read import read_contraction
from gradiometer.proof.check_entry import AMPLE
from gradiometer.proof.check_frozen import reads_step
from gradiometer.proof.check_tangent import read_motion
from gradiometer.proof.check_walk import Replay
from gradiometer.proof.contraction_frozen import propose_frozen
from gradiometer.proof.contraction_guess import (
    HOPELESS,
    REFUSALS,
    FloatPath,
    SharpPath,
    explain,
    find_frame,
    find_periods,
    make_evidence,
    measure_loss,
    reduce_period,
    refine_orbit,
)
from gradiometer.proof.fate import Fate, Orbit
from gradiometer.proof.scene import Scene
from gradiometer.proof.spelling import spell

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

LENGTHS = (200, 1000, 4000, 8000, 12_000, 20_000)
"""Steps of the float run after each of which an attracting orbit is looked for."""
_LATER = ((1, 0), (2, 10), (8, 100))
"""Later entries that are tried where the step itself fades: so many times as late, and more."""
HOPELESS_AT = 4000
"""Steps after which a run that is nowhere near a cycle is given up."""
SHARP_LENGTHS = (1000, 4000)
"""The same for a run with many digits."""
_EARLIEST, _LATEST = 101, 5000
"""Entries at which balls that are precise enough are quicker than a mean-value image of the run."""
_MOST_WORK = 200_000
"""Steps up to the entry, times the entries of their slopes: more would take many seconds."""
_SETTLING = (0, 1, 2, 5, *(10 * 2**k for k in range(20)))
"""Steps after which conditions on the step count may have been decided for good."""
_LEAST_UNIT = 1e-12
"""A coordinate below this part of the largest one has no size of its own."""
_SLACK = 1 / 4
"""The part of the way to 1 by which a factor is larger than the one that floats find."""
_RADII = tuple(4.0**-power for power in range(30))
"""Sizes of regions that are tried, as parts of the size of the orbit."""
_WITHIN = 0.9
"""The part of a region in which a float run is certain enough to have entered it."""
_SPARE_BITS = 192
"""Bits beyond those that balls lose on the way, about."""
BITS = (160, 640, 2560)
"""Precisions of the enclosure of the run up to its entry."""


def find_contraction(scene: Scene) -> Fate:
    """The fate of a run that comes ever closer to a point or a cycle.

    Raises:
        UndecidedError: If no such orbit is found and proved.
    """
    replay = scene.replay
    reason = "no point or cycle of at most 128 steps attracts the run in float64"
    if scene.is_neutral or scene.strides_are_equal:
        raise UndecidedError(reason)
    repelled = False
    for path, lengths in ((scene.floats, LENGTHS), (SharpPath(replay), SHARP_LENGTHS)):
        for steps in lengths:
            states = path.until(steps)
            periods = find_periods(states)
            proposals = (_propose_smooth, propose_frozen) if periods else ()
            if not periods and steps >= HOPELESS_AT and 1 in find_periods(states[:, :1]):
                # The position rests, and what still moves may stay open.
                periods, proposals = [1], (propose_frozen,)
            if not periods and steps >= HOPELESS_AT and not find_periods(states, HOPELESS):
                break
            for propose in proposals:
                try:
                    evidence = propose(replay, path, states, periods[0])
                    return _conclude(scene, evidence)
                except REFUSALS as error:
                    reason, repelled = explain(error), True
        if not repelled:
            break
    raise UndecidedError(reason)


def _conclude(scene: Scene, evidence: dict[str, Any]) -> Fate:
    """The fate with its certificate, at the first precision at which the checker accepts it."""
    reason: Exception = UndecidedError("the run is not enclosed up to its entry")
    size = len(evidence["names"]) + len(evidence["free"])
    if evidence["entry"] * size**2 > _MOST_WORK:
        raise reason
    for bits in (*_list_ample(scene.replay, evidence), *BITS):
        tried = {**evidence, "bits": bits}
        read = read_contraction(tried)
        try:
            found = replay_contraction(scene.replay, read)
        except UndecidedError as error:
            reason = error
            continue
        with precision(bits):
            claim = _claim(found)
        certificate = make_certificate(
            "contraction", problem=scene.problem, claim=claim, evidence=tried
        )
        return _fate(found, certificate, read.entry)
    raise reason


def _list_ample(replay: Replay, evidence: Mapping[str, Any]) -> list[int]:
    """Precisions at which balls alone may last to a late entry, which is far quicker."""
    entry = evidence["entry"]
    if not _EARLIEST <= entry <= _LATEST:
        return []
    often = 512 + 3 * entry // 4
    lost = measure_loss(replay, evidence)
    enough = max(AMPLE, _SPARE_BITS + int(1.15 * lost * entry))
    return [enough, often] if enough < often else [often]


def _claim(found: Attractor) -> dict[str, Any]:
    cycle = len(found.points) > 1
    return {
        "verdict": "cycle" if cycle else "converges",
        "limit": None if cycle else spell(found.points[0]),
        "cycle": spell_cycle(found) if cycle else None,
        "interval": None,
    }


def _fate(found: Attractor, certificate: Mapping[str, Any], entry: int) -> Fate:
    if len(found.points) == 1:
        because = (
            f"after step {entry} the run is in a region that each step maps into itself and in "
            "which all distances from this point shrink by a factor below 1"
        )
        return Fate("converges", because, certificate, limit=found.points[0], is_checked=True)
    period = len(found.points)
    because = (
        f"after step {entry} the run is in a region that {period} steps map into itself and in "
        "which they shrink all distances by a factor below 1, so it comes ever closer to the "
        "one cycle through it"
    )
    orbit = Orbit(found.points, found.multipliers)
    return Fate("cycle", because, certificate, orbit=orbit, is_checked=True)


def _propose_smooth(
    replay: Replay, path: FloatPath | SharpPath, states: Array, period: int
) -> dict[str, Any]:
    """Evidence in which every coordinate shrinks."""
    import numpy as np

    settled = _find_settled(replay, len(states))
    motion = read_motion(replay, settled, frees_powers=True)
    if reads_step(motion) or not replay.rates.is_at_rest(settled):
        raise UndecidedError("the rule changes with the step count for ever")
    columns = [path.names.index(name) for name in motion.names]
    states = states[:, columns]
    with precision(256):
        ends = replay.ends({})

        def locate(place: Any) -> int:
            return replay.locate(place, ends)

        points, slopes = refine_orbit(motion, states[-1], period, locate)
        shorter = reduce_period(points)
        if shorter < period:
            points, slopes = refine_orbit(motion, states[-1], shorter, locate)
    floats = np.array([[to_float(value) for value in place] for place in points])
    units = np.abs(floats).max(axis=0)
    units[units <= _LEAST_UNIT * units.max()] = units.max() or 1.0
    frame, norm = find_frame(slopes, units)
    factor = norm + (1 - norm) * _SLACK
    evidence = make_evidence(motion.names, points, frame, factor)
    away = np.linalg.norm(np.linalg.solve(frame, (states - floats[0]).T), axis=0)
    away[:settled] = np.inf
    top = float(np.abs(floats[0]).max() + 1)
    return _fit_region(replay, evidence, away, [(frame * (top * r), top * r) for r in _RADII])


def _find_settled(replay: Replay, steps: int) -> int:
    """The least number of steps, about, after which no condition on the step count is open."""
    for done in _SETTLING:
        if done >= steps:
            break
        motion = read_motion(replay, done, frees_powers=True)
        if not reads_step(motion) and replay.rates.is_at_rest(done):
            return done
    return min(1, steps - 1)


def _fit_region(
    replay: Replay,
    evidence: dict[str, Any],
    away: Array,
    frames: Sequence[tuple[Array, float]],
) -> dict[str, Any]:
    """The evidence with the largest region that shrinks, and the step at which the run enters it.

    Args:
        replay: The problem.
        evidence: Points and factor.
        away: How far the run is from the orbit after each step.
        frames: Coordinates of regions, with their size; the largest first.

    Raises:
        UndecidedError: If no region is small enough, or the float run enters none.
    """
    import numpy as np

    reason = "no region around the orbit is small enough"
    for frame, radius in frames:
        inside = np.flatnonzero(away <= _WITHIN * radius)
        if not len(inside):
            # Smaller ones are entered even later.
            break
        entry = int(inside[0])
        fades = bool(read_motion(replay, entry, frees_powers=True).powers)
        for times, more in _LATER if fades else _LATER[:1]:
            later = times * entry + more
            if later >= len(away) or away[later] > _WITHIN * radius:
                continue
            tried = make_evidence(
                evidence["names"], evidence["points"], frame, evidence["factor"]
            ) | {"entry": later}
            try:
                with precision(BITS[0]):
                    find_attractor(replay, read_contraction(tried))
            except REFUSALS as error:
                reason = explain(error)
            else:
                return tried
    raise UndecidedError(reason)
