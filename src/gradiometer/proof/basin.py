"""What becomes of a run in several variables: floats propose a region, the checker proves it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from flint import arb, arb_mat, fmpq, fmpq_mat

from gradiometer.errors import CertificateError, GradiometerError, UndecidedError
from gradiometer.formula import Exact, precision, to_ball, to_float
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.check import check
from gradiometer.proof.check_basin import enter_basin, find_limit, read_basin
from gradiometer.proof.check_cone import enter_cone, read_cone, require_growth
from gradiometer.proof.check_jacobian import SmoothStep, read_smooth_step
from gradiometer.proof.check_trail import Replay, read_journey
from gradiometer.proof.contraction_guess import (
    REFUSALS,
    explain,
    find_frame,
    round_short,
    to_floats,
    to_rationals,
)
from gradiometer.proof.spelling import spell
from gradiometer.proof.trail import Journey
from gradiometer.proof.trail_certificate import to_trail_problem

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_LENGTHS = (500, 4_000, 20_000)
"""Steps of the run after each of which a point of rest is looked for."""
_BITS = (160, 640, 2560, 10_240)
"""Precisions of the enclosure of the run up to its entry."""
_SHARP = 256
_DIGITS = 40
_SCALE, _STILL = 10**_DIGITS, fmpq(1, 10 ** (_DIGITS + 10))
"""Parts of 1 in which a point is written, and a step of Newton that changes none of them."""
_NEWTON_STEPS = 20
_LONGEST = 10**6
"""The denominator of a point that is taken for a short rational."""
_SIZES = tuple(2 * 4.0**-power for power in range(40))
"""Sizes of regions that are tried, as parts of the farthest state."""
_WITHIN = 0.9
"""The part of a region, or of a share, in which floats are certain enough."""
_SLACK = 1 / 4
"""The part of the way to 1 by which a factor is larger than the one that floats find."""
_ROOM = 2
"""How many times the rest of the state what leads has to exceed at the entry."""
_LEAST_GROWTH = 1 + 1e-9
_ALIKE, _REAL = 1 - 1e-6, 1e-12
"""Eigenvalues of the same size by floats, and the imaginary part of one that is real."""
_WORST = 1e8
"""The condition of directions that are too close to each other."""
_NARROW, _MOST_SLACK = 1 / 16, 1 - 1e-4
"""How small the rest of a state is beside what grows, and how much of its growth is claimed."""
_FAR = arb(10) ** 30
"""A run of an affine map that is this far out is not coming back."""


@final
@dataclass(frozen=True)
class Outcome:
    """A verdict about all steps to come of a run in several variables."""

    word: str
    """`converges` or `diverges`."""
    because: str
    """One sentence, without a full stop."""
    certificate: Mapping[str, Any]
    limit: tuple[Exact, ...] | None = None


def find_outcome(journey: Journey, settled_from: int | None) -> tuple[Outcome | None, str]:
    """What becomes of the run for ever where the checker accepts a proof, else None and why not.

    Args:
        journey: What is run.
        settled_from: The number of steps after which every step is the same map, or None.
    """
    if settled_from is None:
        return None, "the rule or the loss changes with the step count for ever"
    try:
        replay = read_journey(to_trail_problem(journey))
        step = read_smooth_step(replay, settled_from)
        with precision(_SHARP):
            outcome = _search(journey, replay, step, settled_from)
        check(outcome.certificate)
    except CertificateError as error:
        return None, f"the checker refused a proof: {explain(error)}"
    except (GradiometerError, UndecidedError, ArithmeticError) as error:
        return None, explain(error)
    return outcome, ""


def _search(journey: Journey, replay: Replay, step: SmoothStep, first: int) -> Outcome:
    path = _Path(replay, step, first)
    reason = "the run has not come near a point of rest"
    if step.is_affine:
        return _propose_affine(journey, replay, step, path)
    for steps in _LENGTHS:
        path.until(steps)
        try:
            return _propose_basin(journey, replay, step, path)
        except REFUSALS as error:
            reason = explain(error)
    raise UndecidedError(reason)


@final
class _Path:
    """The states of the run with many digits, which prove nothing."""

    def __init__(self, replay: Replay, step: SmoothStep, first: int) -> None:
        self.replay, self.step, self.first = replay, step, first
        memory = {name: _middle(value) for name, value in replay.begin().items()}
        self.state: tuple[tuple[Any, ...], dict[str, Any]] = (
            tuple(map(_middle, replay.start)), memory
        )  # fmt: skip
        self.rows = [self._row()]

    def _row(self) -> list[arb]:
        return [*self.state[0], *self.state[1].values()]

    def until(self, steps: int) -> list[list[arb]]:
        """The states up to that step."""
        while len(self.rows) <= steps:
            point, memory = self.state
            done = len(self.rows) - 1
            loss = self.replay.loss(self.replay.place(point, done))
            point, memory = self.replay.advance(point, memory, loss, done)
            memory = {name: _middle(value) for name, value in memory.items()}
            self.state = (tuple(map(_middle, point)), memory)
            if not all(abs(number) < _FAR for number in self._row()):
                raise UndecidedError("the run goes far out")
            self.rows.append(self._row())
        return self.rows


def _middle(value: Any) -> arb:
    return to_ball(value).mid()


def _propose_basin(journey: Journey, replay: Replay, step: SmoothStep, path: _Path) -> Outcome:
    centre, slopes = _refine(step, path.rows[-1])
    return _fit_basin(journey, replay, path, centre, to_floats(slopes))


def _refine(step: SmoothStep, start: Sequence[arb]) -> tuple[list[fmpq], arb_mat]:
    """The point of rest near a state, and the slopes there, by Newton."""
    size, place = len(start), list(start)
    one = arb_mat(size, size, [int(i == j) for i in range(size) for j in range(size)])
    for _ in range(_NEWTON_STEPS):
        slopes = step.slopes(place)
        gap = [to_ball(after) - now for after, now in zip(step.image(place), place, strict=True)]
        try:
            change = (one - slopes).mid().solve(arb_mat(size, 1, gap).mid()).entries()
        except ZeroDivisionError:
            raise UndecidedError("the point of rest is not isolated") from None
        place = [(now + move).mid() for now, move in zip(place, change, strict=True)]
        if all(abs(move) < _STILL for move in change):
            return _shorten(step, place), slopes
    raise UndecidedError("no point of rest is found near the end of the run")


def _shorten(step: SmoothStep, place: Sequence[arb]) -> list[fmpq]:
    """The point as short rationals where these rest exactly, else as decimals."""
    whole = [_to_rational(number) for number in place]
    short = [_simplify(number) for number in whole]
    try:
        if step.image(short) == short:
            return short
    except REFUSALS:
        pass
    return whole


def _to_rational(number: arb) -> fmpq:
    whole = (number * arb(_SCALE) + arb(0.5)).floor().mid().unique_fmpz()
    if whole is None:
        raise UndecidedError("a point of rest is too far out")
    return fmpq(whole, _SCALE)


def _simplify(number: fmpq) -> fmpq:
    from fractions import Fraction

    short = Fraction(int(number.p), int(number.q)).limit_denominator(_LONGEST)
    return fmpq(short.numerator, short.denominator)


def _fit_basin(
    journey: Journey, replay: Replay, path: _Path, centre: Sequence[fmpq], slopes: Array
) -> Outcome:
    """The largest region of some sizes that the checker accepts, and the run's entry into it."""
    import numpy as np

    frame, norm = find_frame(slopes, [1.0] * len(slopes))
    states = np.array([[float(number) for number in row] for row in path.rows])
    middle = np.array([to_float(number) for number in centre])
    away = np.linalg.norm(np.linalg.solve(frame, (states - middle).T), axis=0)
    away[: path.first] = np.inf
    reason = "no region around the point of rest is small enough"
    largest = float(away[np.isfinite(away)].max())
    for radius in [largest * size for size in _SIZES]:
        inside = np.flatnonzero(away <= _WITHIN * radius)
        if not len(inside):
            break
        evidence = {
            "entry": int(inside[0]),
            "bits": _BITS[0],
            "centre": [str(number) for number in centre],
            "matrix": to_rationals(frame * radius),
            "factor": str(round_short(norm + (1 - norm) * _SLACK)),
        }
        try:
            find_limit(replay, read_basin(evidence))
        except REFUSALS as error:
            reason = explain(error)
            continue
        return _conclude_basin(journey, replay, evidence)
    raise UndecidedError(reason)


def _conclude_basin(journey: Journey, replay: Replay, evidence: dict[str, Any]) -> Outcome:
    tried = _sharpen(evidence, lambda tried: enter_basin(replay, read_basin(tried)))
    with precision(tried["bits"]):
        limit = find_limit(replay, read_basin(tried))
        said = dict(zip(replay.variables, map(spell, limit), strict=True))
    claim = {"verdict": "converges", "limit": said, "cycle": None, "interval": None}
    certificate = make_certificate(
        "basin", problem=to_trail_problem(journey), claim=claim, evidence=tried
    )
    because = (
        f"after step {tried['entry']} the run is in a region that each step maps into itself and "
        "in which all distances from this point shrink by a factor below 1"
    )
    return Outcome("converges", because, certificate, tuple(limit))


def _sharpen(evidence: dict[str, Any], enter: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """The evidence with the first precision at which the run certainly enters."""
    for bits in _BITS:
        tried = {**evidence, "bits": bits}
        try:
            with precision(bits):
                enter(tried)
        except UndecidedError:
            continue
        return tried
    raise UndecidedError("the run is not enclosed up to its entry")


def _propose_affine(journey: Journey, replay: Replay, step: SmoothStep, path: _Path) -> Outcome:
    """An affine map has one point of rest, and its slopes decide about every run at once."""
    import numpy as np

    centre = _solve(step)
    floats = to_floats(step.slopes([to_ball(number) for number in centre]))
    path.until(path.first + 1)
    if float(np.abs(np.linalg.eigvals(floats)).max()) < 1:
        return _fit_basin(journey, replay, path, centre, floats)
    return _fit_cone(journey, replay, path, centre, floats)


def _solve(step: SmoothStep) -> list[fmpq]:
    """The point of rest of an affine map with rational slopes."""
    size = len(step.names)
    columns = [step.image([fmpq(int(i == j)) for i in range(size)]) for j in range(size)]
    first = step.image([fmpq(0)] * size)
    if not all(isinstance(number, fmpq) for row in (first, *columns) for number in row):
        raise UndecidedError("the point of rest is no rational")
    rows = [[fmpq(int(i == j)) - (columns[j][i] - first[i]) for j in range(size)]
            for i in range(size)]  # fmt: skip
    try:
        found = fmpq_mat(rows).solve(fmpq_mat([[number] for number in first]))
    except ZeroDivisionError:
        raise UndecidedError("the point of rest is not isolated") from None
    return [found[i, 0] for i in range(size)]


def _fit_cone(
    journey: Journey, replay: Replay, path: _Path, centre: Sequence[fmpq], slopes: Array
) -> Outcome:
    """Coordinates in which a part of the state grows and leads, and the run's entry there."""
    import numpy as np

    frame, count, stretch = _split_growing(slopes)
    size = len(frame)
    inverse = np.linalg.inv(frame)
    middle = [to_ball(number) for number in centre]
    turn = arb_mat(size, size, [arb(float(entry)) for entry in inverse.ravel()])
    for entry in range(path.first, _LENGTHS[0]):
        state = path.until(entry)[entry]
        gaps = [number - rest for number, rest in zip(state, middle, strict=True)]
        parts = [abs(part) for part in (turn * arb_mat(size, 1, gaps)).entries()]
        leads = max(map(float, parts[:count]))
        if leads > 0 and _ROOM * sum(map(float, parts[count:])) < leads:
            break
    else:
        raise UndecidedError("the growing part of the state does not come to lead")
    evidence = {
        "entry": entry,
        "bits": _BITS[0],
        "centre": [str(number) for number in centre],
        "matrix": to_rationals(frame),
        "growing": count,
        "stretch": str(round_short(stretch)),
        "kept": str(round_short((1 + stretch) / 2)),
        "share": str(round_short(_measure_share(frame, count, len(replay.variables)))),
    }
    require_growth(replay, read_cone(evidence))
    tried = _sharpen(evidence, lambda tried: enter_cone(replay, read_cone(tried)))
    claim = {"verdict": "diverges", "limit": None, "cycle": None, "interval": None}
    certificate = make_certificate(
        "cone", problem=to_trail_problem(journey), claim=claim, evidence=tried
    )
    because = (
        f"from step {entry} on a part of the state grows by a factor above 1 at each step, and the "
        "rest of the state never catches up with it"
    )
    return Outcome("diverges", because, certificate)


def _split_growing(slopes: Array) -> tuple[Array, int, float]:
    """Coordinates with the fastest directions first, their number, and how much they grow.

    Raises:
        UndecidedError: If no direction grows.
    """
    import numpy as np

    found = np.linalg.eig(slopes)
    values: Any = found[0]
    vectors: Any = found[1]
    order = np.argsort(-np.abs(values))
    values, vectors = values[order], vectors[:, order]
    sizes = np.abs(values)
    if sizes[0] <= _LEAST_GROWTH:
        raise UndecidedError("an eigenvalue of the step is too near to 1 in size")
    count = int((sizes >= sizes[0] * _ALIKE).sum())
    columns, taken = [], 0
    while taken < len(values):
        column = vectors[:, taken]
        if abs(values[taken].imag) > _REAL * sizes[taken]:
            columns += [column.real, column.imag]
            taken += 2
        else:
            columns.append(column.real)
            taken += 1
    frame = np.array(columns).T
    if not np.isfinite(frame).all() or np.linalg.cond(frame) > _WORST:
        raise UndecidedError("the directions of the step are too close to each other")
    # What lies between the growing part and the rest of an eigenvalue's size is left as slack.
    rest = float(sizes[count]) if count < len(sizes) else 0.0
    stretch = max((float(sizes[0]) + max(rest, 1.0)) / 2, float(sizes[0]) * _MOST_SLACK)
    # A narrow cone: the rest is small beside what grows.
    return np.hstack([frame[:, :count], frame[:, count:] * _NARROW]), count, stretch


def _measure_share(frame: Array, count: int, variables: int) -> float:
    import numpy as np

    least = float(np.linalg.svd(frame[:variables, :count], compute_uv=False).min())
    return _WITHIN * (least - float(np.linalg.norm(frame[:variables, count:])))
