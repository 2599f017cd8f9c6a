"""The course of a function or of its slope on each piece: signs, turns, and limits at the ends."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from flint import arb, fmpq, fmpz

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import Interval, Node, evaluate, precision, to_ball, to_text
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.evidence_ground import Ground, Plot
from gradiometer.proof.evidence_limit import spell_limit
from gradiometer.proof.evidence_signs import Zero, spell_exact
from gradiometer.proof.extended import Infinite, Limit, compare_extended
from gradiometer.proof.limit import End
from gradiometer.proof.turns import exact_value

Order: TypeAlias = Literal[0, 1]

_BITS = 256
_UNIT_BITS = 240
"""Ends of enclosures are multiples of 2 to the power of minus this."""


def prove_profile(ground: Ground, order: Order) -> dict[str, Any]:
    """The certificate of the course of the function (order 0) or of its slope (order 1).

    What is not known of a piece is left open in it.

    Raises:
        UndecidedError: If a derivative or what stands under a root cannot be shown.
    """
    rows = [_describe(ground, plot, order) for plot in ground.plots]
    points = []
    for piece in ground.shape.function.pieces:
        at = piece.on.lower
        if order == 0 and piece.on.is_point and at is not None:
            value = exact_value(piece.formula, ground.variable, at)
            points.append({"at": spell_exact(at), "value": spell_exact(value)})
    return make_certificate(
        "profile",
        problem=ground.problem(order=order),
        claim={"sections": [claim for claim, _ in rows], "points": points},
        evidence={"sections": [evidence for _, evidence in rows]},
    )


def prove_limit(ground: Ground, index: int, side: End, *, order: Order) -> dict[str, Any]:
    """The certificate of one limit of the function (order 0) or of its slope (order 1).

    Raises:
        UndecidedError: If it is not known, or how it comes about is not shown.
    """
    plot = ground.plots[index]
    limit, how = plot.limit(order, side)
    return make_certificate(
        "limit",
        problem=ground.problem(section=index, end=side, order=order),
        claim={"limit": spell_limit(limit)},
        evidence={"forms": plot.forms(order), "how": how},
    )


def _describe(ground: Ground, plot: Plot, order: Order) -> tuple[dict[str, Any], dict[str, Any]]:
    evidence: dict[str, Any] = {"forms": plot.forms(order + 1), "roots": plot.roots}
    claim: dict[str, Any] = {"on": spell_interval(plot.section.piece.on)}
    try:
        signed = plot.signs(order + 1)
        turns = [_describe_turn(plot, order, place) for place in signed.places]
        claim |= {"signs": signed.signs, "turns": turns}
        evidence["signs"] = signed.evidence
    except (UndecidedError, GradiometerError):
        claim |= {"signs": None, "turns": []}
        evidence["signs"] = None
    for side in ("lower", "upper"):
        claim[side], claim[f"{side}_attained"], evidence[side] = _show_end(
            ground, plot, order, side
        )
    return claim, evidence


def _show_end(
    ground: Ground, plot: Plot, order: Order, side: End
) -> tuple[str | None, bool, dict[str, Any] | None]:
    """The limit at an end, whether it is a value there, and how it comes about."""
    try:
        limit, how = plot.limit(order, side)
        attained = _is_attained(ground, plot, order, side, limit)
        spelled = spell_limit(limit)
    except (UndecidedError, GradiometerError):
        return None, False, None
    return spelled, attained, {"limit": spelled, "how": how}


def _is_attained(ground: Ground, plot: Plot, order: Order, side: End, limit: Limit) -> bool:
    """Whether the limit is a value, or the one-sided slope, at that end.

    Raises:
        UndecidedError: If the function has a value there and its formula shows none.
    """
    at = plot.end(side)
    if at is None or isinstance(limit, Infinite):
        return False
    if plot.is_closed(side):
        return True
    if order == 0:
        return False
    value = ground.shape.value_at(at)
    if value is None:
        return False
    return compare_extended(exact_value(plot.node(0), plot.variable, at), value) == 0


def _describe_turn(plot: Plot, order: Order, place: Zero) -> dict[str, Any]:
    formula = plot.node(order)
    if isinstance(place, tuple):
        value = _enclose(formula, plot.variable, place)
        return {"at": [str(end) for end in place], "value": value}
    at = spell_exact(place)
    return {"at": at, "value": spell_exact(exact_value(formula, plot.variable, place))}


def _enclose(formula: Node, variable: str, place: tuple[fmpq, fmpq]) -> list[str]:
    """Two rationals with all values between two points, as balls show them."""
    with precision(_BITS):
        box = arb(place[0]).union(arb(place[1]))
        value = to_ball(evaluate(formula, {variable: box}))
        if not value.is_finite():
            raise UndecidedError(f"`{to_text(formula)}` has no enclosure")
        # A little room, since a ball may be rounded in another way when it is computed again.
        value = arb(value.mid(), 2 * value.rad())
        scaled = [end * (1 << _UNIT_BITS) for end in (value.lower(), value.upper())]
        whole = [scaled[0].floor().unique_fmpz(), scaled[1].ceil().unique_fmpz()]
    if whole[0] is None or whole[1] is None:
        raise UndecidedError("a value is not narrowed down")
    return [str(fmpq(end, fmpz(1) << _UNIT_BITS)) for end in whole if end is not None]


def spell_interval(on: Interval) -> str:
    """An interval of positive length as a certificate writes it."""
    lower = "-oo" if on.lower is None else spell_exact(on.lower)
    upper = "oo" if on.upper is None else spell_exact(on.upper)
    return f"{'[' if on.lower_closed else '('}{lower}, {upper}{']' if on.upper_closed else ')'}"
