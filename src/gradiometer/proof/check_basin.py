"""Replays the certificate that a run in several variables converges, whatever its later steps.

States near the claimed limit are `c + A*y` with a vector y of length at most 1. By the mean-value
form a step takes such a y to `d + G*y` with G in a matrix of balls. Where `|d| + |G| <= 1` and
`|G| < 1` the step maps the region into itself and shrinks all distances by the same factor, so it
holds exactly one point of rest, and whoever enters it comes ever closer to that point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

from flint import arb, fmpq

from gradiometer.errors import CertificateError, UndecidedError
from gradiometer.formula import precision, to_ball
from gradiometer.proof.check_fields import fields, read_rational, require
from gradiometer.proof.check_jacobian import enclose_state, read_smooth_step
from gradiometer.proof.check_matrix import length, read_matrix, shrinks, to_column, to_matrix
from gradiometer.proof.check_trail import Replay, read_journey
from gradiometer.proof.check_walk import spell

MOST_STEPS = 200_000
_EVIDENCE = ("entry", "bits", "centre", "matrix", "factor")


@final
@dataclass(frozen=True)
class Basin:
    """A region of states that a run does not leave again."""

    entry: int
    """The steps after which the run is in it."""
    bits: int
    centre: tuple[fmpq, ...]
    matrix: list[list[fmpq]]
    factor: fmpq
    """By this factor every step shrinks all distances in it."""


def check_basin(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept that a run converges to a point, or raise `CertificateError`."""
    verdict, limit, cycle, interval = fields(claim, "verdict", "limit", "cycle", "interval")
    require(cycle is None and interval is None, "Nothing is shown about cycles or bounds.")
    require(verdict == "converges", "The run converges.")
    replay, basin = read_journey(problem), read_basin(evidence)
    with precision(basin.bits):
        found = find_limit(replay, basin)
        enter_basin(replay, basin)
        said = dict(zip(replay.variables, map(spell, found), strict=True))
    require(limit == said, "The limit is another one.")


def read_basin(evidence: Any) -> Basin:
    """The evidence of a certificate, with all its parts of the right kind."""
    entry, bits, centre, matrix, factor = fields(evidence, *_EVIDENCE)
    require(type(entry) is int and 0 <= entry <= MOST_STEPS, "`entry` is no step count.")
    require(type(bits) is int and 53 <= bits <= 20_000, "`bits` is no precision.")
    require(isinstance(centre, list) and len(centre) > 0, "There is no centre.")
    place = tuple(map(read_rational, centre))
    return Basin(entry, bits, place, read_matrix(matrix, len(place)), read_rational(factor))


def find_limit(replay: Replay, basin: Basin) -> list[Any]:
    """The coordinates of the point that every run in the region converges to.

    Raises:
        CertificateError: If a step is not shown to map the region into itself and to shrink it.
        UndecidedError: If a step may have no value or no slope there.
    """
    step = read_smooth_step(replay, basin.entry)
    require(len(step.names) == len(basin.centre), "The centre has another size.")
    spread = measure_region(basin.matrix, list(basin.centre))
    inverse = _invert(basin)
    there = step.image(list(basin.centre))
    gap = [after - now for after, now in zip(there, basin.centre, strict=True)]
    missed = inverse * to_column([to_ball(entry) for entry in gap])
    slopes = inverse * step.slopes(spread) * to_matrix(basin.matrix)
    factor, offset = to_ball(basin.factor), length(missed.entries())
    require(0 <= basin.factor < 1, "The factor does not shrink.")
    require(shrinks(slopes, basin.factor), "The step does not shrink distances by the factor.")
    require(bool(offset + factor <= 1), "The step does not map the region into itself.")
    if all(isinstance(entry, fmpq) and entry == 0 for entry in gap):
        return list(basin.centre[: len(replay.variables)])
    # The point of rest is this near to the centre, in the lengths of y.
    share = (offset / (1 - factor)).abs_upper()
    return [
        to_ball(middle) + arb(0, (share * length([arb(entry) for entry in row])).abs_upper())
        for middle, row in zip(basin.centre, basin.matrix, strict=True)
    ][: len(replay.variables)]


def measure_region(matrix: Sequence[Sequence[fmpq]], centre: Sequence[fmpq]) -> list[arb]:
    """A ball for each number of a state that holds it everywhere in the region."""
    return [
        to_ball(middle) + arb(0, length([arb(entry) for entry in row]))
        for middle, row in zip(centre, matrix, strict=True)
    ]


def _invert(basin: Basin) -> Any:
    try:
        return to_matrix(basin.matrix).inv()
    except ZeroDivisionError:
        raise CertificateError("The matrix of the region cannot be inverted.") from None


def enter_basin(replay: Replay, basin: Basin) -> None:
    """Return where the run is certainly in the region after its entry.

    Raises:
        UndecidedError: If that is not certain at this precision.
    """
    state = enclose_state(replay, basin.entry)
    away = [number - to_ball(middle) for number, middle in zip(state, basin.centre, strict=True)]
    if not length((_invert(basin) * to_column(away)).entries()) <= 1:
        raise UndecidedError("the run is not certain to be in the region")
