"""Symmetries that hold: odd, even, and a least period."""

from __future__ import annotations

from typing import Any, Literal

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    Interval,
    Name,
    Node,
    Piece,
    apply,
    number,
    sign_of,
    substitute,
    tidy,
)
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.evidence_ground import Ground
from gradiometer.proof.evidence_signs import spell_exact
from gradiometer.proof.identity import find_identity
from gradiometer.proof.shape_symmetry import find_difference, find_waves

_THIRD = 3


def prove_parity(ground: Ground, word: Literal["odd", "even"]) -> dict[str, Any]:
    """The certificate that f(-x) is -f(x) or f(x) for all x, piece by piece.

    Raises:
        UndecidedError: If the formulas of two mirrored pieces do not show it.
    """
    pieces = ground.shape.function.pieces
    rows = [
        {"ends": [None, None], "identity": _mirror(ground, left, right, word)}
        for left, right in zip(pieces, reversed(pieces), strict=True)
    ]
    return make_certificate(
        "symmetry",
        problem=ground.problem(),
        claim={"symmetry": word},
        evidence={"rows": rows},
    )


def _mirror(ground: Ground, left: Piece, right: Piece, word: str) -> dict[str, Any]:
    """The evidence that one piece is the mirror of the other."""
    if not _are_opposite(left.on, right.on):
        raise UndecidedError("the pieces are no mirrors of each other")
    opposite = tidy(apply("neg", Name(ground.variable)))
    mirrored = substitute(right.formula, {ground.variable: opposite})
    if word == "odd":
        mirrored = apply("neg", mirrored)
    return find_identity(left.formula, mirrored)


def _are_opposite(left: Interval, right: Interval) -> bool:
    ends = ((left.lower, right.upper), (left.upper, right.lower))
    return all(_is_opposite(one, other) for one, other in ends)


def _is_opposite(one: Node | None, other: Node | None) -> bool:
    if one is None or other is None:
        return one is other
    return sign_of(apply("+", one, other)) == 0


def prove_period(ground: Ground) -> dict[str, Any]:
    """The certificate of the least period of a sum of waves.

    Raises:
        UndecidedError: If the function is none, or a part of the period may be one.
    """
    period, most = find_waves(ground.shape)
    formula = ground.plots[0].node(0)
    shares = []
    # Where no part can be a period, the last row still shows that the function is not constant.
    for count in range(2, most + 1) if most > 1 else (_THIRD,):
        shift = tidy(apply("/", period, number(count)))
        point = find_difference(formula, ground.variable, shift)
        if point is None:
            raise UndecidedError(f"whether a {count}-th of the period is one")
        shares.append({"k": count, "at": str(point)})
    return make_certificate(
        "symmetry",
        problem=ground.problem(),
        claim={"symmetry": "periodic", "period": spell_exact(period)},
        evidence={"identity": None, "shares": shares},
    )
