"""Values and slopes of every activation in floats against balls, far out and at kinks."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from flint import fmpq

from gradiometer.catalog import list_entries
from gradiometer.errors import GradiometerError, UsageError
from gradiometer.formula import (
    differentiate,
    evaluate,
    parse,
    precision,
    to_ball,
    to_float,
    to_piecewise,
)
from gradiometer.model import read_activation
from gradiometer.numeric.dense_unit import evaluate_unit

FAR = (-1e6, -1e4, -1000.5, -750.25, -110.5, -89.5, -40.25)
POINTS = sorted(
    {*FAR, *(-x for x in FAR), *(n / 4 for n in range(-30, 31)), 1e-3, -1e-3, 17.75, -17.75}
)
WRITTEN = (
    "(e^x - e^(-x))/(e^x + e^(-x))", "ln(e^(3x) + 1)", "ln(cosh(x))", "2/(1 + e^(-3x)) - 1",
    "x*e^x/(2 + 3e^x)", "sinh(x)/cosh(x)", "max(x, x^2/4)",
)  # fmt: skip
"""What users write without thinking of floats."""


REACH = {"squareplus": (-8.0, np.inf), "log1mexp": (0.25, np.inf)}
"""Where formulas that lose digits by cancellation as they are written are looked at: `x` plus a
root for `x` far below 0, and 1 minus a number near 1."""


@cache
def scalars() -> tuple[str, ...]:
    """Catalogue names of functions of one number."""
    found = []
    for name in list_entries("activation"):
        try:
            read_activation(name)
        except UsageError:
            continue
        found.append(name)
    return tuple(found)


def tree_of(named: str) -> Any:
    """The formula of a catalogue name or a text."""
    return read_activation(named).tree if named in scalars() else parse(named).tree


def exact(tree: Any, x: float) -> tuple[float, float] | None:
    """Value, and slope on the left, by balls of the formula as it is written."""
    pieces, place = to_piecewise(tree, "x"), {"x": fmpq(*x.as_integer_ratio())}
    with precision(256):
        try:
            slope = differentiate(pieces.piece_at(place["x"], side="left").formula, "x")
            found = [to_ball(evaluate(t, place)) for t in (tree, slope)]
        except GradiometerError:
            return None
    assert all(ball.rad() <= 1e-30 * (1 + abs(ball)) for ball in found)
    return to_float(found[0]), to_float(found[1])


@pytest.mark.parametrize("kind", ["float32", pytest.param("float64", marks=pytest.mark.slow)])
@pytest.mark.parametrize("named", [*scalars(), *WRITTEN])
def test_values_and_slopes_are_right_far_out_and_at_kinks(named: str, kind: str) -> None:
    tree = tree_of(named)
    low, high = REACH.get(named, (-np.inf, np.inf))
    near = [x for x in POINTS if low <= x <= high]
    wanted = {x: exact(tree, x) for x in map(float, np.array(near, kind))}
    points = np.array([x for x, found in wanted.items() if found is not None], kind)
    assert len(points) > len(POINTS) / 3
    value, slope, _ = evaluate_unit(tree, points)
    rounding = 40 * np.finfo(kind).eps
    top = float(np.finfo(kind).max)
    for x, got, steep in zip(points, value, slope, strict=True):
        right = wanted[float(x)]
        assert right is not None
        for found, true in zip((float(got), float(steep)), right, strict=True):
            if abs(true) < top:
                # Each slope is a sum of terms that may be as large as `x` and 1.
                assert abs(found - true) <= rounding * max(abs(true), min(abs(x), 8), 1)
            else:
                assert found == np.copysign(np.inf, true)
