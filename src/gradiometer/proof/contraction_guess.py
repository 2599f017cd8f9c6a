"""What floats propose about the long run: an orbit, and coordinates in which it attracts.

Nothing here proves anything; the checker does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import isfinite
from typing import TYPE_CHECKING, Any, final

from flint import arb, arb_mat, fmpq

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import (
    collapse,
    compile_float_assignments,
    from_float,
    precision,
    to_ball,
    to_float,
)
from gradiometer.numeric import begin_float
from gradiometer.proof.check_fields import read_rational
from gradiometer.proof.check_tangent import Motion, read_motion
from gradiometer.proof.check_walk import Replay
from gradiometer.proof.walk import Course, survey

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

REFUSALS = (GradiometerError, UndecidedError, ArithmeticError)
"""What a proposal meets that the checker refuses, or that floats cannot compute."""

LONGEST_PERIOD = 128
NEAR, HOPELESS = 1e-6, 1e-3
"""States this near to each other, by the size of the run, may be the same point of a cycle; where
none is nearer than the second number, a longer run is not likely to help."""
SHARP_BITS = 1024
_FARTHEST = 1e100
_BITS = 160
"""The precision of what is proposed first."""
_DIGITS = 40
_SCALE, _STILL = 10**_DIGITS, fmpq(1, 10 ** (_DIGITS + 10))
"""Parts of 1 in which a point is written, and a step of Newton that changes none of them."""
_NEWTON_STEPS = 12
_LONGEST = 10**6
"""The denominator of a point that is taken for a short rational."""
_SAME = fmpq(1, 10**20)
"""Points of an orbit this near to each other are one."""
_INSIDE = 1 - 1e-12
"""What the size of every eigenvalue has to be below."""
_GUESSED_LOSS = 0.75
"""Decimal places of a point that is no short rational."""


@final
class FloatPath:
    """The states of a run in float64, taken when they are asked for."""

    def __init__(self, course: Course, motion: Motion) -> None:
        """Begin at the start; *motion* is the step as the checker reads it."""
        self.course, self.names = course, motion.names
        ends = survey(course.landscape).ends
        self.uppers = [None if end is None else to_float(end) for _, end in ends]
        fixed = {name: to_float(value) for name, value in motion.values.items()}
        wanted = [f"{name}'" for name in motion.names]
        self.steps = [
            compile_float_assignments([(row.target, row.tree) for row in rows], wanted, fixed)
            for rows in motion.pieces
        ]
        begun = begin_float(course.rule, course.start, course.float_rates(0))
        known = {**begun.memory, "x": begun.position}
        self.rows = [[known[name] for name in self.names]]

    def until(self, steps: int) -> Array:
        """The states up to that step; fewer when a number overflows."""
        import numpy as np

        while len(self.rows) <= steps:
            here = self.rows[-1]
            # What has overflowed before is not to come back from there.
            there = self._advance(here) if abs(here[0]) < _FARTHEST else here
            if not abs(there[0]) < _FARTHEST:
                raise UndecidedError("the run in float64 overflows")
            self.rows.append(there)
        return np.array(self.rows[: steps + 1])

    def _advance(self, here: list[float]) -> list[float]:
        done, place = len(self.rows) - 1, here[0]
        known = dict(zip(self.names, here, strict=True))
        known["t"] = float(done + 1)
        if self.course.schedules:
            known.update(self.course.float_rates(done))
        piece = 0
        for end in self.uppers:
            if end is None or place <= end:
                break
            piece += 1
        return self.steps[piece](known)


@final
class SharpPath:
    """The states of a run with many digits: a float is drawn into a point that repels the run."""

    def __init__(self, replay: Replay) -> None:
        """Begin at the start."""
        self.replay, self.motion = replay, read_motion(replay, 0, frees_powers=True)
        self.names = self.motion.names
        with precision(SHARP_BITS):
            begun = replay.begin()
            self.ends = replay.ends({})
            self.state = [to_ball(begun[name]).mid() for name in self.names]
            self.pieces = self.motion.compile_pieces()
            self.counted = self.motion.later_steps(1)
        self.rows = [[float(value) for value in self.state]]

    def until(self, steps: int) -> Array:
        """The states up to that step, rounded to floats."""
        import numpy as np

        with precision(SHARP_BITS):
            while len(self.rows) <= steps:
                known = {**self.replay.rates.at(len(self.rows) - 1), **next(self.counted)}
                known |= dict(zip(self.names, self.state, strict=True))
                piece = self.replay.locate(self.state[0], self.ends)
                self.state = [to_ball(value).mid() for value in self.pieces[piece](known)]
                if not abs(self.state[0]) < _FARTHEST:
                    raise UndecidedError("the run overflows")
                self.rows.append([float(value) for value in self.state])
        return np.array(self.rows)


def explain(error: Exception) -> str:
    """The reason without a full stop, as it reads on in a sentence."""
    return getattr(error, "problem", str(error)).rstrip(".")


def find_periods(states: Array, near: float = NEAR) -> list[int]:
    """The shortest periods after which the run is nearly where it was."""
    import numpy as np

    size = np.maximum(np.abs(states).max(axis=0), 1e-300)
    if not np.isfinite(size).all():
        # A number that the position never reads may have overflowed.
        return []
    gaps = np.abs((states[-1] - states[-1 - LONGEST_PERIOD : -1]) / size).max(axis=1)[::-1]
    return [int(index) + 1 for index in np.flatnonzero(gaps < near)[:2]]


def refine_orbit(
    motion: Motion, start: Sequence[float], period: int, locate: Any
) -> tuple[list[list[fmpq]], Array]:
    """The points of the periodic orbit near a state, and the slopes of one period, by Newton.

    Raises:
        UndecidedError: If that does not converge.
    """
    known = {**motion.balls(), **dict.fromkeys(motion.powers, fmpq(0))}
    size = len(motion.names)
    place = [to_ball(from_float(value)) for value in start]
    for _ in range(_NEWTON_STEPS):
        orbit, slopes = _go_round(motion, known, place, period, locate)
        gap = [end - begin for end, begin in zip(orbit.pop(), place, strict=True)]
        try:
            change = (slopes - _identity(size)).mid().solve(arb_mat(size, 1, gap).mid()).entries()
        except ZeroDivisionError:
            raise UndecidedError("the orbit is not isolated") from None
        place = [(old - step).mid() for old, step in zip(place, change, strict=True)]
        if all(abs(step) < _STILL for step in change):
            return _shorten(orbit, motion, known, locate), to_floats(slopes)
    raise UndecidedError("the orbit that floats propose is not found exactly")


def to_floats(matrix: arb_mat) -> Array:
    """The middles of the entries."""
    import numpy as np

    return np.array([[float(entry.mid()) for entry in row] for row in matrix.table()])


def _identity(size: int) -> arb_mat:
    return arb_mat(size, size, [int(i == j) for i in range(size) for j in range(size)])


def _go_round(
    motion: Motion, known: dict[str, Any], place: list[Any], period: int, locate: Any
) -> tuple[list[list[Any]], arb_mat]:
    orbit, slopes = [place], _identity(len(place))
    for _ in range(period):
        here = dict(zip(motion.names, orbit[-1], strict=True))
        there, rows = motion.slopes(locate(orbit[-1][0]), {**known, **here})
        part = arb_mat(len(rows), len(rows), [entry for row in rows for entry in row]).mid()
        slopes = part * slopes
        orbit.append([to_ball(value).mid() for value in there])
    return orbit, slopes


def _shorten(
    orbit: list[list[Any]], motion: Motion, known: dict[str, Any], locate: Any
) -> list[list[fmpq]]:
    """The points as short rationals where these form an exact orbit, else as decimals."""
    whole = [[_to_fraction(value) for value in place] for place in orbit]
    short = [[value.limit_denominator(_LONGEST) for value in place] for place in whole]
    points = [[fmpq(v.numerator, v.denominator) for v in place] for place in short]
    known = {**motion.values, **dict.fromkeys(motion.powers, fmpq(0))}
    try:
        for index, place in enumerate(points):
            here = dict(zip(motion.names, place, strict=True))
            there = motion.images(locate(place[0]), {**known, **here})
            goal = points[(index + 1) % len(points)]
            if any(collapse(a - b) != 0 for a, b in zip(there, goal, strict=True)):
                break
        else:
            return points
    except REFUSALS:
        pass
    return [[fmpq(v.numerator, v.denominator) for v in place] for place in whole]


def _to_fraction(value: arb) -> Fraction:
    scaled = (value * arb(_SCALE)).mid()
    whole = (scaled + arb(0.5)).floor().mid().unique_fmpz()
    if whole is None:
        raise UndecidedError("a point of the orbit is too large")
    return Fraction(int(whole), _SCALE)


def reduce_period(points: list[list[fmpq]]) -> int:
    """The length of the orbit without repetition."""
    for period in range(1, len(points)):
        if len(points) % period == 0 and all(
            abs(a - b) < _SAME
            for here, there in zip(points, points[period:] + points[:period], strict=True)
            for a, b in zip(here, there, strict=True)
        ):
            return period
    return len(points)


def find_frame(slopes: Array, units: Sequence[float]) -> tuple[Array, float]:
    """Coordinates in which the matrix shrinks every vector, and by which factor.

    Args:
        slopes: The slopes of one period.
        units: The natural size of each coordinate.

    Raises:
        UndecidedError: If there are none, since an eigenvalue is not inside the unit circle.
    """
    import numpy as np

    scale = np.array(units)
    scaled = slopes * scale / scale[:, None]
    frames = find_frames([scaled])
    norms = [float(np.linalg.norm(np.linalg.inv(f) @ scaled @ f, 2)) for f in frames]
    if not norms:
        raise UndecidedError("the orbit that floats propose does not attract")
    best = int(np.argmin(norms))
    return scale[:, None] * frames[best], norms[best]


def find_frames(matrices: Sequence[Array]) -> list[Array]:
    """Coordinates in which one of the matrices, or their mean, shrinks every vector."""
    import numpy as np

    metrics: list[Array] = []
    for matrix in matrices:
        if not np.isfinite(matrix).all():
            continue
        values, vectors = np.linalg.eig(matrix)
        radius = float(np.abs(values).max())
        if radius >= _INSIDE:
            continue
        if np.linalg.cond(vectors) < 1e3:
            inverse = np.linalg.inv(vectors)
            metrics.append(np.real(inverse.conj().T @ inverse))
        metrics.append(_solve_lyapunov(matrix, (1 + radius) / 2))
    if len(matrices) > 1 and metrics:
        metrics.append(sum(metrics[1:], metrics[0]))
    frames = [np.linalg.inv(np.linalg.cholesky(metric).T) for metric in metrics]
    # A frame whose longest direction has the length of a unit.
    return [frame / np.abs(frame).max() for frame in frames]


def _solve_lyapunov(matrix: Array, radius: float) -> Array:
    """The metric `sum of (M/r)^k^T (M/r)^k`, in which M shrinks everything by r at least."""
    import numpy as np

    step = matrix / radius
    size = len(step)
    flat: Any = np.linalg.solve(np.eye(size * size) - np.kron(step.T, step.T), np.eye(size).ravel())
    return flat.reshape(size, size)


def measure_loss(replay: Replay, evidence: Mapping[str, Any]) -> float:
    """How many bits balls lose at a step near the first point of an orbit, about.

    Balls add up errors that numbers may cancel, so every slope counts by its size.
    """
    import numpy as np

    motion = read_motion(replay, evidence["entry"], frees_powers=True)
    names = evidence["names"]
    with precision(64):
        known = {**motion.balls(), **motion.at_step(evidence["entry"] + 1, {})}
        known |= replay.rates.at(evidence["entry"])
        known |= {name: to_ball(fmpq(0)) for name in motion.names}
        place = [to_ball(read_rational(text)) for text in evidence["points"][0]]
        known |= dict(zip(names, place, strict=True))
        moves = {name: np.eye(len(names))[row] for row, name in enumerate(names)}
        try:
            piece = replay.locate(place[0], replay.ends({}))
            for row in motion.pieces[piece]:
                known[row.target] = row.value(known)
                if row.target.removesuffix("'") in evidence["free"]:
                    continue
                moves[row.target] = sum(
                    (abs(to_float(run(known))) * moves[name]
                     for name, _, run in row.slopes if name in moves),
                    np.zeros(len(names)),
                )  # fmt: skip
        except REFUSALS:
            return _GUESSED_LOSS
    matrix = np.array([moves[f"{name}'"] for name in names])
    if not np.isfinite(matrix).all():
        return _GUESSED_LOSS
    return float(np.log2(max(np.abs(np.linalg.eigvals(matrix)).max(), 1.0)))


def to_rationals(matrix: Array) -> list[list[str]]:
    """The entries, each rounded to a few digits, as certificates write them."""
    return [[str(round_short(float(entry))) for entry in row] for row in matrix]


def round_short(value: float, digits: int = 6) -> fmpq:
    """The rational of the float rounded to that many significant digits.

    Raises:
        UndecidedError: If the float is no finite number.
    """
    if not isfinite(value):
        raise UndecidedError("a number of the run in float64 overflows")
    rounded = Fraction(f"{value:.{digits}g}")
    return fmpq(rounded.numerator, rounded.denominator)


def make_evidence(
    names: Sequence[str], points: Sequence[Sequence[Any]], frame: Array, factor: Any
) -> dict[str, Any]:
    """The evidence of a contraction with nothing frozen, its entry still to be found."""
    return {
        "entry": 0,
        "bits": _BITS,
        "names": list(names),
        "points": [[str(value) for value in place] for place in points],
        "matrix": to_rationals(frame),
        "factor": factor if isinstance(factor, str) else str(round_short(factor)),
        "free": {},
        "cuts": [],
        "root": None,
        "drifts": [],
    }
