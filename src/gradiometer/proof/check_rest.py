"""A critical point of a landscape and the curvatures there, as a certificate claims them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, final

from flint import arb, arb_mat, fmpq, fmpq_mat

from gradiometer.errors import CertificateError
from gradiometer.formula import (
    ZERO,
    Exact,
    Node,
    apply,
    compare,
    differentiate,
    evaluate,
    is_smooth,
    number,
    parse,
    to_ball,
)
from gradiometer.proof.check_fields import fields, read_rational, require

_ZERO = fmpq(0)
_MOST_VARIABLES = 12

_WIDEST = fmpq(1, 10**12)
"""The widest enclosure of a number from -1 to 1; of a larger one it may be wider."""


@final
@dataclass(frozen=True)
class Ends:
    """A number between two rationals, which are the same where it is known exactly."""

    lower: fmpq
    upper: fmpq

    @property
    def value(self) -> Exact:
        """The number: a rational, or a ball that holds it."""
        if self.lower == self.upper:
            return self.lower
        return arb(self.lower).union(arb(self.upper))

    def holds(self, value: Exact) -> bool:
        """Whether a number certainly lies between the ends, which are close together."""
        if self.upper - self.lower > _WIDEST * (1 + abs(self.lower)):
            return False
        return compare(value, self.lower) >= 0 and compare(value, self.upper) <= 0


def read_ends(row: Any) -> Ends:
    """Two ends as a certificate writes them."""
    require(isinstance(row, list) and len(row) == 2, "An enclosure has two ends.")
    ends = Ends(read_rational(row[0]), read_rational(row[1]))
    require(ends.lower <= ends.upper, "An enclosure ends before it begins.")
    return ends


@final
@dataclass(frozen=True)
class Ground:
    """A smooth loss, or the piece of one that holds the critical point."""

    variables: tuple[str, ...]
    gradient: tuple[Node, ...]
    lower: Exact | None = None
    """The left end of the piece; None is infinite."""
    upper: Exact | None = None
    loss: Node = ZERO

    def slope(self, row: int, column: int) -> Node:
        """An entry of the Hessian."""
        return differentiate(self.gradient[row], self.variables[column])


def read_ground(landscape: Any, piece: Any) -> Ground:
    """The loss of a certificate; of one in pieces, piece number *piece*."""
    variables, pieces = fields(landscape, "variables", "pieces")
    require(isinstance(variables, list) and 0 < len(variables) <= _MOST_VARIABLES,
            "There are no variables, or too many.")  # fmt: skip
    require(len(set(variables)) == len(variables), "Two variables share a name.")
    require(isinstance(pieces, list) and type(piece) is int and 0 <= piece < len(pieces),
            "There is no such piece.")  # fmt: skip
    require(len(pieces) == 1 or len(variables) == 1, "Pieces are for one variable.")
    _check_chain(pieces)
    lower, upper, text = (pieces[piece][key] for key in ("lower", "upper", "loss"))
    loss = parse(text, names=set(variables)).tree
    require(is_smooth(loss), "The loss has branches.")
    ends = [None if end is None else evaluate(parse(end).tree, {}) for end in (lower, upper)]
    gradient = tuple(differentiate(loss, name) for name in variables)
    return Ground(tuple(variables), gradient, ends[0], ends[1], loss)


def _check_chain(pieces: Sequence[Any]) -> None:
    """Accept that the pieces follow each other from minus to plus infinity."""
    before: list[Any] = [None, False]
    for row in pieces:
        lower, upper, lower_closed, upper_closed, _ = fields(
            row, "lower", "upper", "lower_closed", "upper_closed", "loss"
        )
        require([lower, lower_closed] == before and type(lower_closed) is bool,
                "The pieces leave a gap or overlap.")  # fmt: skip
        require(type(upper_closed) is bool, "`upper_closed` is no truth value.")
        before = [upper, upper is not None and not upper_closed]
        require(upper is not None or not upper_closed, "Infinity belongs to no piece.")
    require(before == [None, False], "The last piece does not go to infinity.")


def check_rest(ground: Ground, place: Sequence[Ends], pull: fmpq) -> None:
    """Accept that exactly one zero of `gradient + pull*x` lies in the box, inside the piece.

    A zero that is known exactly is the box itself.
    """
    require(len(place) == len(ground.variables), "The point has other coordinates.")
    for end, sign in ((ground.lower, 1), (ground.upper, -1)):
        inside = all(
            end is None or sign * compare(side, end) > 0
            for ends in place
            for side in (ends.lower, ends.upper)
        )
        require(inside, "The point does not lie inside a piece.")
    # A slope such as that of a logarithm has values where the loss has none.
    there = {name: ends.value for name, ends in zip(ground.variables, place, strict=True)}
    finite = to_ball(evaluate(ground.loss, there)).is_finite()
    require(finite, "The loss has no value at the point.")
    fields_ = [
        apply("+", tree, apply("*", number(pull), name))
        for tree, name in zip(ground.gradient, _names(ground), strict=True)
    ]
    if all(ends.lower == ends.upper for ends in place):
        at = {n: e.lower for n, e in zip(ground.variables, place, strict=True)}
        values = [evaluate(tree, at) for tree in fields_]
        require(all(v == 0 for v in values), "The gradient does not vanish there.")
        return
    _check_box(ground, fields_, place, pull)


def _names(ground: Ground) -> list[Node]:
    return [parse(name, names=set(ground.variables)).tree for name in ground.variables]


def _check_box(ground: Ground, trees: Sequence[Node], place: Sequence[Ends], pull: fmpq) -> None:
    """Krawczyk's test: Newton's step takes the box into its own inside."""
    size = len(place)
    middle = [(ends.lower + ends.upper) / 2 for ends in place]
    at = dict(zip(ground.variables, map(arb, middle), strict=True))
    box = {n: to_ball(e.value) for n, e in zip(ground.variables, place, strict=True)}
    slopes = arb_mat(
        [
            [
                to_ball(evaluate(ground.slope(i, j), box)) + (arb(pull) if i == j else 0)
                for j in range(size)
            ]
            for i in range(size)
        ]
    )
    inverse = arb_mat(size, size, [value.mid() for value in slopes.inv().entries()])
    values = arb_mat(size, 1, [to_ball(evaluate(tree, at)) for tree in trees])
    unit = arb_mat(size, size, [int(i == j) for i in range(size) for j in range(size)])
    offsets = arb_mat(
        size, 1, [box[n] - arb(m) for n, m in zip(ground.variables, middle, strict=True)]
    )
    centre = arb_mat(size, 1, [arb(m) for m in middle])
    image = centre - inverse * values + (unit - inverse * slopes) * offsets
    for ends, value in zip(place, image.entries(), strict=True):
        inside = compare(value, ends.lower) > 0 and compare(value, ends.upper) < 0
        require(inside, "The box is not certain to hold one critical point.")


def check_curvatures(
    ground: Ground, place: Sequence[Ends], claimed: Sequence[Ends], frame: Any
) -> None:
    """Accept that each eigenvalue of the Hessian lies in one of the claimed enclosures.

    Args:
        ground: The loss.
        place: A box with the point.
        claimed: Where the eigenvalues are said to be.
        frame: A matrix whose columns are nearly eigenvectors; None in one variable.
    """
    size = len(place)
    apart = all(left.upper < right.lower for left, right in pairwise(claimed))
    require(len(claimed) > 0 and apart, "The enclosures of curvatures touch each other.")
    at = {n: e.value for n, e in zip(ground.variables, place, strict=True)}
    entries = [[evaluate(ground.slope(i, j), at) for j in range(size)] for i in range(size)]
    if size == 1:
        require(frame is None, "One variable needs no frame.")
        require(len(claimed) == 1 and claimed[0].holds(entries[0][0]), "The curvature is wrong.")
        return
    if all(isinstance(value, fmpq) for row in entries for value in row) and all(
        ends.lower == ends.upper for ends in claimed
    ):
        require(frame is None, "Rational curvatures need no frame.")
        _check_rational(entries, claimed)
        return
    require(isinstance(frame, list) and len(frame) == size, "The frame has another size.")
    rows = [[read_rational(text) for text in row] for row in frame]
    columns = arb_mat([[arb(value) for value in row] for row in rows])
    hessian = arb_mat([[to_ball(value) for value in row] for row in entries])
    # A similar matrix that is nearly diagonal; its eigenvalues lie in Gershgorin's discs.
    turned = (columns.inv() * hessian * columns).table()
    filled = [False] * len(claimed)
    for index, row in enumerate(turned):
        radius = arb(0)
        for other, value in enumerate(row):
            radius = radius + (abs(value) if other != index else arb(0))
        disc = row[index] + arb(0, 1) * radius
        homes = [place for place, ends in enumerate(claimed) if _holds(ends, disc)]
        require(len(homes) == 1, "A curvature is in no enclosure, or in several.")
        filled[homes[0]] = True
    # Enclosures that lie apart hold as many eigenvalues as discs.
    require(all(filled), "An enclosure holds no curvature.")


def _holds(ends: Ends, disc: arb) -> bool:
    return bool(disc >= ends.lower) and bool(disc <= ends.upper)


def _check_rational(entries: Sequence[Sequence[Any]], claimed: Sequence[Ends]) -> None:
    """All eigenvalues of a rational matrix, which are rational: the claimed ones."""
    rest = fmpq_mat([list(row) for row in entries]).charpoly()
    for ends in claimed:
        factor = type(rest)([-ends.lower, 1])
        count = 0
        while rest.degree() > 0 and rest(ends.lower) == 0:
            rest, count = divmod(rest, factor)[0], count + 1
        if count == 0:
            raise CertificateError("A claimed curvature is none.")
    require(rest.degree() == 0, "A curvature is missing.")
