"""The certificate of a function that swings for ever: what it does in one period and far out."""

from __future__ import annotations

from typing import Any

from flint import arb, fmpq, fmpz

from gradiometer.errors import CertificateError, UndecidedError
from gradiometer.formula import Number, precision
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.check_swing import (
    check_place,
    far_end,
    is_endless,
    place_of,
    slope_of,
    word_of,
)
from gradiometer.proof.check_walk import read_rational
from gradiometer.proof.check_wave import Swing, find_rate
from gradiometer.proof.evidence_ground import Ground
from gradiometer.proof.evidence_signs import spell_exact
from gradiometer.proof.extended import Enclosed, Extended
from gradiometer.proof.waves import Waves

_BITS = 320
_VALUE_BITS = 280
_PLACE_BITS = 124
"""A peak is flat: its value falls by the square of the distance, so its place is wider."""

_SIDES = ((-1, "lower"), (1, "upper"))


def prove_swing(ground: Ground) -> dict[str, Any]:
    """The certificate of how the function and its first two derivatives swing.

    Raises:
        UndecidedError: If it is cut into pieces or does not swing for ever.
    """
    waves = ground.shape.sections[0].waves
    if waves is None:
        raise UndecidedError("the function does not swing for ever")
    rows: list[dict[str, Any]] = []
    swing = waves.swing
    for _ in range(3):
        rows.append(_describe(Waves(waves.node, waves.variable, swing)))
        swing = slope_of(swing)
    period = waves.period()
    places = {f"{side}_at": _find_place(waves, way, rows[0][side]) for way, side in _SIDES}
    return make_certificate(
        "swing",
        problem=ground.problem(),
        claim={
            "period": None if period is None else spell_exact(period),
            "course": rows,
            **{name: place[0] for name, place in places.items()},
        },
        evidence={name: place[1] for name, place in places.items()},
    )


def _describe(waves: Waves) -> dict[str, Any]:
    swing = waves.swing
    row = {"sign": word_of(swing), "left": far_end(swing, -1), "right": far_end(swing, 1)}
    return {**row, **{side: _find_bound(waves, way) for way, side in _SIDES}}


def _find_bound(waves: Waves, way: int) -> Any:
    if not waves.is_periodic:
        return ("oo" if way > 0 else "-oo") if is_endless(waves.swing, way) else None
    try:
        return _spell(waves.bounds()[way > 0])
    except UndecidedError:
        return None


def _spell(value: Extended) -> Any:
    if isinstance(value, Number):
        return spell_exact(value)
    if not isinstance(value, Enclosed):
        raise UndecidedError("a bound is not a number")
    return _widen(value.ball, value.ball, _VALUE_BITS)


def _widen(low: arb, high: arb, bits: int) -> list[str]:
    """Two rationals of few digits, one certainly below and one certainly above."""
    with precision(_BITS):
        ends = [(low * (1 << bits)).lower().floor(), (high * (1 << bits)).upper().ceil()]
        whole = [end.unique_fmpz() for end in ends]
    if whole[0] is None or whole[1] is None:
        raise UndecidedError("a value is not narrowed down")
    return [str(fmpq(whole[0] - 1, fmpz(1) << bits)), str(fmpq(whole[1] + 1, fmpz(1) << bits))]


def _find_place(waves: Waves, way: int, bound: Any) -> tuple[Any, Any]:
    """A place of the least or greatest value and its tangent, as the certificate writes them."""
    try:
        peak = waves.extremum(way)
        if peak is None or bound is None:
            return None, None
        place = _spell_place(waves.swing, peak.tangent)
        check_place(waves.swing, way, bound, place)
    except (UndecidedError, CertificateError):
        return None, None
    return place


def _spell_place(swing: Swing, tangent: fmpq | arb | None) -> tuple[Any, Any]:
    if not isinstance(tangent, arb):
        at = spell_exact(place_of(swing[0], tangent))
        return at, "oo" if tangent is None else str(tangent)
    pair = _widen(tangent, tangent, _PLACE_BITS)
    with precision(_BITS):
        rate = arb(find_rate(swing[0]))
        low, high = (2 * arb(read_rational(end)).atan() / rate for end in pair)
    return _widen(low, high, _PLACE_BITS), pair
