"""Each operation of formulas, as a kernel computes it in lanes."""

import math

import numpy as np
import pytest

from gradiometer.errors import DomainError
from gradiometer.formula import (
    OPERATORS,
    compile_float,
    evaluate,
    from_float,
    parse,
    precision,
    to_float,
)
from gradiometer.model import read_objective, read_optimizer
from gradiometer.numeric import plan_runs

POINTS = [-740.5, -30.0, -2.5, -1.0, -0.75, -0.0, 0.0, 1e-9, 0.3, 1.0, 1.5, 2.0, 40.25, 709.0]
EXACT = [
    "-x", "abs(x)", "sign(x)", "relu(x)", "max(x, 1, 2*x)", "min(x, 1/2, -x)", "clip(x, -1, 1)",
    "where(x < 1, x/2, 3)", "where(not x >= 1 and x != 0 or x == 2, 1, x)", "floor(x)",
    "passed(x, 0, 1, 2)", "x^2", "x^3", "x^4", "sqrt(x)", "x/3", "3/x", "x - x/7", "x*pi + e",
    "where(x <= 1, where(x > -1, x, 2), x^2)", "1/(x - 1)", "abs(x)^(1/2)",
]  # fmt: skip
NEAR = ["exp(x)", "ln(x)", "sin(x)", "cos(x)", "tan(x)", "atan(x)", "sinh(x)", "cosh(x)", "tanh(x)",
        "sigmoid(x)", "softplus(x)", "erf(x)", "erfc(x)", "Phi(x)", "abs(x)^0.3", "x^5",
        "1.5^x"]  # fmt: skip


def map_once(formula, points, kind="float64"):
    """What one step makes of the points whose new position is the formula."""
    table = {"name": "map", "step": {"x'": formula}}
    plan = plan_runs(read_optimizer(table).bind({}), read_objective("x").bind({}),
                     precision=kind)  # fmt: skip
    return plan.run(points, steps=1, far=math.inf).position


def to_nearest(tree, x):
    """The float next to the exact value; where there is none, what the float engine says."""
    try:
        with precision(200):
            return to_float(evaluate(tree, {"x": from_float(x)}))
    except DomainError:
        return compile_float(tree)({"x": x})


def test_every_operation_is_asked():
    asked = " ".join(EXACT + NEAR)
    missing = [name for name in OPERATORS if name not in ("neg", "^") and name not in asked]
    assert missing == []


@pytest.mark.parametrize("formula", EXACT)
def test_an_exact_operation_has_the_bits_of_the_float_engine(formula):
    run = compile_float(parse(formula, names=("x",)).tree)
    expected = np.array([run({"x": x}) for x in POINTS])
    found = map_once(formula, POINTS)
    assert np.array_equal(found, expected, equal_nan=True)


@pytest.mark.parametrize("formula", NEAR)
def test_a_smooth_function_is_within_four_units_of_the_last_place(formula):
    tree = parse(formula, names=("x",)).tree
    expected = np.array([to_nearest(tree, x) for x in POINTS])
    found = map_once(formula, POINTS)
    same = (found == expected) | (np.isnan(found) & np.isnan(expected))
    with np.errstate(all="ignore"):
        distance = np.abs(found - expected) / np.spacing(np.abs(expected))
    assert (same | (distance <= 4)).all(), (found, expected)


@pytest.mark.parametrize(
    "formula", ["max(x, 1/3)", "exp(x) + x^2/3", "sin(x)/3", "where(x < 1, x/2, 3)"]
)
def test_float32_stays_float32(formula):
    points = [-2.5, 0.3, 1.0, 4.0]
    run = compile_float(parse(formula, names=("x",)).tree)
    found = map_once(formula, points, "float32")
    assert found.dtype == np.float32
    assert np.allclose(found, [run({"x": float(np.float32(x))}) for x in points], rtol=3e-7)
