"""Critical points of a landscape, exactly or in narrow boxes, and the curvatures there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

from flint import acb_mat, arb, arb_mat, fmpq, fmpq_mat

from gradiometer.errors import DomainError, UndecidedError
from gradiometer.formula import Exact, evaluate, from_decimal, to_ball
from gradiometer.proof.check_rest import Ends, Ground
from gradiometer.proof.spelling import spell_lower, spell_upper

_NEWTON_STEPS = 60
_RADIUS = fmpq(1, 2**160)
"""Half the side of a box, for a coordinate up to 1."""
_STILL = _RADIUS / 1024
"""The step of Newton after which a point is known well enough."""
_FRAME_BITS = 200


@final
@dataclass(frozen=True)
class Rest:
    """A critical point with its curvatures."""

    place: tuple[Ends, ...]
    curvatures: tuple[Ends, ...]
    """Different ones, from the lowest."""
    frame: tuple[tuple[fmpq, ...], ...] | None
    """Columns that are nearly eigenvectors, where the checker needs them."""


def find_rest(ground: Ground, near: Sequence[Exact], pull: fmpq) -> Rest:
    """The zero of `gradient + pull*x` near a point.

    Raises:
        UndecidedError: If Newton's steps find none.
    """
    place = _solve(ground, near, pull)
    return Rest(place, *_find_curvatures(ground, place))


def _solve(ground: Ground, near: Sequence[Exact], pull: fmpq) -> tuple[Ends, ...]:
    exact = [value for value in near if isinstance(value, fmpq)]
    if len(exact) == len(near):
        at = dict(zip(ground.variables, exact, strict=True))
        values = [evaluate(tree, at) for tree in ground.gradient]
        if all(v + pull * x == 0 for v, x in zip(values, exact, strict=True)):
            return tuple(Ends(value, value) for value in exact)
        closer = _step_exactly(ground, exact, values, pull)
        if closer is not None:
            return tuple(Ends(value, value) for value in closer)
    point = [arb(to_ball(value).mid()) for value in near]
    for _ in range(_NEWTON_STEPS):
        step = _newton(ground, point, pull)
        point = [arb((x - d).mid()) for x, d in zip(point, step, strict=True)]
        if all(abs(d) < arb(_STILL) for d in step):
            return tuple(_box(x) for x in point)
    raise UndecidedError("no critical point is found near by")


def _step_exactly(
    ground: Ground, point: Sequence[fmpq], values: Sequence[Exact], pull: fmpq
) -> list[fmpq] | None:
    """The exact zero after one of Newton's steps, as there is on a quadratic."""
    size = len(point)
    at: dict[str, Exact] = dict(zip(ground.variables, point, strict=True))
    rows = [[evaluate(ground.slope(i, j), at) for j in range(size)] for i in range(size)]
    numbers = [v for row in (*rows, values) for v in row if isinstance(v, fmpq)]
    if len(numbers) != size * (size + 1):
        return None
    slopes = fmpq_mat(size, size, numbers[: size * size])
    slopes = slopes + fmpq_mat(size, size, [pull * (i == j) for i in range(size)
                                            for j in range(size)])  # fmt: skip
    right = fmpq_mat(size, 1, [v + pull * x for v, x in zip(numbers[size * size :], point,
                                                           strict=True)])  # fmt: skip
    try:
        moved = [x - d for x, d in zip(point, slopes.solve(right).entries(), strict=True)]
    except ZeroDivisionError:
        return None
    there: dict[str, Exact] = dict(zip(ground.variables, moved, strict=True))
    ends = [evaluate(tree, there) for tree in ground.gradient]
    exact = all(v + pull * x == 0 for v, x in zip(ends, moved, strict=True))
    return moved if exact else None


def _newton(ground: Ground, point: Sequence[arb], pull: fmpq) -> list[arb]:
    size = len(point)
    at: dict[str, Exact] = dict(zip(ground.variables, point, strict=True))
    try:
        values = arb_mat(
            size, 1,
            [to_ball(evaluate(tree, at)) + pull * x
             for tree, x in zip(ground.gradient, point, strict=True)],
        )  # fmt: skip
        slopes = arb_mat(
            [
                [to_ball(evaluate(ground.slope(i, j), at)) + (pull if i == j else 0)
                 for j in range(size)]
                for i in range(size)
            ]
        )  # fmt: skip
        return list(slopes.solve(values).entries())
    except (ZeroDivisionError, DomainError):
        raise UndecidedError("the curvature vanishes near the critical point") from None


def _box(value: arb) -> Ends:
    middle = _rational(value)
    radius = _RADIUS * max(fmpq(1), abs(middle))
    return Ends(middle - radius, middle + radius)


def _rational(value: arb) -> fmpq:
    """The midpoint of a ball, rounded to a number of moderate length."""
    top, power = value.mid().man_exp()
    exact = fmpq(top) * fmpq(2) ** int(power)
    scale = fmpq(2**_FRAME_BITS)
    return fmpq((exact * scale).floor()) / scale


def _find_curvatures(
    ground: Ground, place: Sequence[Ends]
) -> tuple[tuple[Ends, ...], tuple[tuple[fmpq, ...], ...] | None]:
    size = len(place)
    at = {n: e.value for n, e in zip(ground.variables, place, strict=True)}
    entries = [[evaluate(ground.slope(i, j), at) for j in range(size)] for i in range(size)]
    if size == 1:
        return (to_ends(entries[0][0]),), None
    exact = [[value for value in row if isinstance(value, fmpq)] for row in entries]
    if all(len(row) == size for row in exact):
        _, factors = fmpq_mat(exact).charpoly().factor()
        if all(factor.degree() == 1 for factor, _ in factors):
            roots = sorted(-factor[0] / factor[1] for factor, _ in factors)
            return tuple(Ends(root, root) for root in roots), None
    return _find_discs(arb_mat([[to_ball(v) for v in row] for row in entries]))


def _find_discs(
    hessian: arb_mat,
) -> tuple[tuple[Ends, ...], tuple[tuple[fmpq, ...], ...]]:
    """Gershgorin's discs after a turn to the eigenvectors, those that touch joined."""
    size = hessian.nrows()
    middle = acb_mat([[value.mid() for value in row] for row in hessian.table()])
    try:
        _, vectors = middle.eig(right=True, algorithm="approx")
        frame = tuple(tuple(_rational(v.real) for v in row) for row in vectors.table())
        columns = arb_mat([[arb(value) for value in row] for row in frame])
        rows = (columns.inv() * hessian * columns).table()
    except (ValueError, ZeroDivisionError) as error:
        raise UndecidedError(f"the curvatures are not told apart: {error}") from None
    discs: list[Ends] = []
    for index in range(size):
        radius = sum((abs(v) for j, v in enumerate(rows[index]) if j != index), arb(0))
        discs.append(to_ends(arb(rows[index][index], radius)))
    joined: list[Ends] = []
    for disc in sorted(discs, key=lambda ends: (ends.lower, ends.upper)):
        if joined and disc.lower <= joined[-1].upper:
            last = joined.pop()
            joined.append(Ends(last.lower, max(last.upper, disc.upper)))
        else:
            joined.append(disc)
    return tuple(joined), frame


def to_ends(value: Exact) -> Ends:
    """Rational ends round a number."""
    return Ends(from_decimal(spell_lower(value)), from_decimal(spell_upper(value)))


def spell_rest(rest: Rest) -> dict[str, Any]:
    """Point and curvatures as a certificate writes them."""
    return {
        "at": [[str(e.lower), str(e.upper)] for e in rest.place],
        "curvatures": [[str(e.lower), str(e.upper)] for e in rest.curvatures],
    }
