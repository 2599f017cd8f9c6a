"""Replays the certificate that a run in several variables goes out of all bounds.

It speaks of steps that are affine maps with a point of rest c. States are `c + C*(u, w)`, where u
is the part that grows. A step takes u to `A*u + B*w` and w to `D*u + E*w`. While `|w| <= |u|`,
the new u is at least `s - |B|` times as long, where `|A*u| >= s*|u|`, and the new w is at most
`|D| + |E|` times as long as u. Where the first number is above 1 and not below the second one, the
state stays in this cone for ever and u grows geometrically. Since the coordinates of the position
are at least some positive share of u in the cone, the position goes out of all bounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

from flint import arb, arb_mat, fmpq

from gradiometer.errors import CertificateError, UndecidedError
from gradiometer.formula import precision, to_ball
from gradiometer.proof.check_basin import MOST_STEPS
from gradiometer.proof.check_fields import fields, read_rational, require
from gradiometer.proof.check_jacobian import enclose_state, read_smooth_step
from gradiometer.proof.check_matrix import (
    length,
    read_matrix,
    shrinks,
    stretches,
    to_column,
    to_matrix,
)
from gradiometer.proof.check_trail import Replay, read_journey

_EVIDENCE = ("entry", "bits", "centre", "matrix", "growing", "stretch", "kept", "share")


@final
@dataclass(frozen=True)
class Cone:
    """States in which a part that grows is the larger one."""

    entry: int
    """The steps after which the run is in it."""
    bits: int
    centre: tuple[fmpq, ...]
    matrix: list[list[fmpq]]
    growing: int
    """How many numbers of the state, in the coordinates of the matrix, are the part that grows."""
    stretch: fmpq
    """Each step makes that part longer by this factor at least, as far as it decides itself."""
    kept: fmpq
    """Each step makes the rest this many times as long at most, as far as it decides itself."""
    share: fmpq
    """The position is at least this many times as far out as that part is long."""


def check_cone(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept that a run diverges, or raise `CertificateError`."""
    verdict, limit, cycle, interval = fields(claim, "verdict", "limit", "cycle", "interval")
    require(verdict == "diverges", "The run diverges.")
    require(limit is None and cycle is None and interval is None, "It has no limit and no cycle.")
    replay, cone = read_journey(problem), read_cone(evidence)
    with precision(cone.bits):
        require_growth(replay, cone)
        enter_cone(replay, cone)


def read_cone(evidence: Any) -> Cone:
    """The evidence of a certificate, with all its parts of the right kind."""
    entry, bits, centre, matrix, growing, stretch, kept, share = fields(evidence, *_EVIDENCE)
    require(type(entry) is int and 0 <= entry <= MOST_STEPS, "`entry` is no step count.")
    require(type(bits) is int and 53 <= bits <= 20_000, "`bits` is no precision.")
    require(isinstance(centre, list) and len(centre) > 0, "There is no centre.")
    require(type(growing) is int and 0 < growing <= len(centre), "`growing` is no number of rows.")
    place, rows = tuple(map(read_rational, centre)), read_matrix(matrix, len(centre))
    factors = map(read_rational, (stretch, kept, share))
    return Cone(entry, bits, place, rows, growing, *factors)


def require_growth(replay: Replay, cone: Cone) -> None:
    """Return where every state of the cone stays in it, and its position goes ever further out.

    Raises:
        CertificateError: If that is not shown.
        UndecidedError: If the map is not known to be affine.
    """
    step = read_smooth_step(replay, cone.entry)
    if not step.is_affine:
        raise UndecidedError("the step is not affine")
    if not step.is_total:
        raise UndecidedError("the loss or the step may have no value far out")
    require(len(step.names) == len(cone.centre), "The centre has another size.")
    there = step.image(list(cone.centre))
    rests = all(isinstance(a, fmpq) and a == b for a, b in zip(there, cone.centre, strict=True))
    require(rests, "The centre is no point of rest.")
    m, size = cone.growing, len(cone.centre)
    frame = to_matrix(cone.matrix)
    turned = _invert(cone) * step.slopes(list(map(to_ball, cone.centre))) * frame
    grows, rest = range(m), range(m, size)
    require(cone.stretch > 0, "The stretch is not positive.")
    _require_stretch(_part(turned, grows, grows), cone.stretch)
    growth = to_ball(cone.stretch) - _norm(turned, grows, rest)
    require(bool(growth > 1), "The part that should grow does not.")
    if rest:
        require(shrinks(_part(turned, rest, rest), cone.kept), "The rest may keep more.")
        kept = _norm(turned, rest, grows) + to_ball(cone.kept)
        require(cone.kept >= 0 and bool(kept <= growth), "The state may leave the cone.")
    places = range(len(replay.variables))
    require(cone.share > 0, "The share is not positive.")
    _require_stretch(_part(frame, places, grows), cone.share + _above(_norm(frame, places, rest)))


def _part(matrix: arb_mat, rows: range, columns: range) -> arb_mat:
    return arb_mat(len(rows), len(columns), [matrix[i, j] for i in rows for j in columns])


def _norm(matrix: arb_mat, rows: range, columns: range) -> arb:
    """An upper bound of how much longer this part makes a vector."""
    return length([matrix[i, j] for i in rows for j in columns])


def _above(number: arb) -> fmpq:
    top, exponent = number.abs_upper().man_exp()
    return fmpq(top) * fmpq(2) ** int(exponent)


def _require_stretch(matrix: arb_mat, factor: fmpq) -> None:
    require(stretches(matrix, factor), "A vector may not become longer by the factor.")


def _invert(cone: Cone) -> arb_mat:
    try:
        return to_matrix(cone.matrix).inv()
    except ZeroDivisionError:
        raise CertificateError("The matrix of the cone cannot be inverted.") from None


def enter_cone(replay: Replay, cone: Cone) -> None:
    """Return where the run is certainly in the cone after its entry.

    Raises:
        UndecidedError: If that is not certain at this precision.
    """
    state = enclose_state(replay, cone.entry)
    away = [number - to_ball(middle) for number, middle in zip(state, cone.centre, strict=True)]
    parts = (_invert(cone) * to_column(away)).entries()
    long, short = parts[: cone.growing], parts[cone.growing :]
    least = arb(0)
    for part in long:
        least = least.max(abs(part).lower())
    # The longest number is a lower bound of the length of them all.
    if not (least > 0 and length(short) <= least):
        raise UndecidedError("the run is not certain to be in the cone")
