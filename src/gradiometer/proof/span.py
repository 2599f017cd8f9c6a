"""Short rational ends of what all positions of a run lie between."""

from __future__ import annotations

from collections.abc import Sequence

from flint import fmpq

from gradiometer.formula import Exact, at_point
from gradiometer.proof.check_region import outward

_DIGITS = 1000
"""The ends are rounded outward by less than this part of the width."""


def shorten_ends(lows: Sequence[Exact], highs: Sequence[Exact]) -> tuple[fmpq, fmpq]:
    """Short rationals below all of *lows* and above all of *highs*, or equal to them."""
    low = min(_end(value, upper=False) for value in lows)
    high = max(_end(value, upper=True) for value in highs)
    return _shorten(low, high - low, -1), _shorten(high, high - low, 1)


def _end(value: Exact, *, upper: bool) -> fmpq:
    around = outward(at_point(value))
    end = around.upper if upper else around.lower
    assert isinstance(end, fmpq)
    return end


def _shorten(value: fmpq, width: fmpq, sign: int) -> fmpq:
    """A rational of few digits beyond the value, by less than a thousandth of the width."""
    if value.q < _DIGITS or width == 0:
        return value
    unit = fmpq(1)
    while unit * _DIGITS > width:
        unit /= 10
    scaled = value / unit
    return unit * (scaled.floor() if sign < 0 else scaled.ceil())
