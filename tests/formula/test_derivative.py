"""Derivatives of smooth formulas, against slopes of balls and against known forms."""

import pytest
from flint import arb, fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import differentiate, evaluate, parse, precision, tidy, to_text

STEP = fmpq(1, 2**80)

SMOOTH = (
    "x^3 - 2x + 1",
    "1/(1 + x^2)",
    "(x + 1)/(x^2 + 2)",
    "x^(-3)",
    "x^(3/2)",
    "2^x",
    "x^x",
    "e^(3x)",
    "exp(-x^2)",
    "ln(e^(3x) + 1)",
    "sqrt(x^2 + 1)",
    "sin(2x)*cos(x)",
    "tan(x/3)",
    "atan(x)",
    "sinh(x) + cosh(2x)",
    "tanh(3x)",
    "sigmoid(2x)",
    "softplus(-x)",
    "erf(x) - erfc(2x)",
    "x*Phi(x)",
    "x*tanh(ln(1 + e^x))",
    "-(x^2)/e^x",
)


@pytest.mark.parametrize("text", SMOOTH)
@pytest.mark.parametrize("at", [fmpq(1, 3), fmpq(7, 5)])
def test_derivative_is_the_limit_of_difference_quotients(text, at):
    formula = parse(text).tree
    with precision(400):
        slope = evaluate(differentiate(formula, "x"), {"x": at})
        ahead, behind = (evaluate(formula, {"x": at + step}) for step in (STEP, -STEP))
        assert abs(arb(slope) - arb(ahead - behind) / arb(2 * STEP)) < arb(2) ** -120


@pytest.mark.parametrize(
    ("text", "slope"),
    [
        ("3", "0"),
        ("h*x", "h"),
        ("x^2", "2*x"),
        ("3x + 1", "3"),
        ("e^x", "e^x"),
        ("ln(x)", "1/x"),
        ("h^2", "0"),
    ],
)
def test_derivative_has_no_idle_zeros_and_ones(text, slope):
    assert to_text(differentiate(parse(text).tree, "x")) == slope


@pytest.mark.parametrize("text", ["max(x, 0)", "abs(x)", "floor(x)", "where(x > 0, x, 0)"])
def test_derivative_of_a_piecewise_formula_is_not_guessed(text):
    with pytest.raises(UndecidedError):
        differentiate(parse(text).tree, "x")


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("0*x + 1*y", "y"),
        ("x^1 + 0", "x"),
        ("x - (-2)", "x + 2"),
        ("2*(3*x)", "6*x"),
        ("(1/2)^3", "1/8"),
        ("ln(e)", "1"),
        ("--x", "x"),
        ("0*e^x", "0"),
    ],
)
def test_tidy_folds_constants(text, short):
    assert to_text(tidy(parse(text).tree)) == short


@pytest.mark.parametrize("text", ["0/x", "0*ln(x)", "x^0/x", "0*(1/x)", "2^9999"])
def test_tidy_keeps_what_has_no_value_everywhere_or_is_too_large(text):
    tree = parse(text).tree
    assert not hasattr(tidy(tree), "value")
