"""Formulas over the complex numbers: they agree with the real ones, and know their cuts."""

import pytest
from flint import acb, arb, fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import OPERATORS, compile_analytic, evaluate, parse, precision

SMOOTH = [o.name for o in OPERATORS.values() if o.kind == "smooth"]


@pytest.mark.parametrize("name", SMOOTH)
def test_every_smooth_function_agrees_with_its_real_values(name):
    tree = parse(f"{name}(x)*2 - x/3").tree
    for x in (fmpq(1, 7), fmpq(5, 4), fmpq(9)):
        with precision(150):
            value = compile_analytic(tree, "x")(acb(x), False)
            assert value.real.overlaps(arb(evaluate(tree, {"x": x})))
            assert value.imag.contains(0)
            assert value.real.rad() < 1e-30


@pytest.mark.parametrize("text", ["x^3", "x^(-2)", "x^(3/2)", "x^(1/3)", "2^x", "x^x", "e^(-x)"])
def test_powers_agree_with_their_real_values(text):
    tree, x = parse(text).tree, fmpq(7, 3)
    with precision(150):
        value = compile_analytic(tree, "x")(acb(x), False)
        assert value.real.overlaps(arb(evaluate(tree, {"x": x})))


@pytest.mark.parametrize(
    ("text", "middle"),
    [("sqrt(x)", -1), ("ln(x)", -1), ("x^(1/3)", -1), ("x^(1/2)", -1),
     ("softplus(x)", acb(1, arb.pi())), ("atan(x)", acb(0, 2)), ("atan(x)", acb(0, -2))],
)  # fmt: skip
def test_across_a_cut_there_is_no_analytic_value(text, middle):
    run = compile_analytic(parse(text).tree, "x")
    around = acb(middle) + acb(arb(0, "0.1"), arb(0, "0.1"))
    assert not run(around, True).is_finite()


@pytest.mark.parametrize("text", ["1/x", "tanh(x)", "sigmoid(x)", "tan(x)"])
def test_around_a_pole_there_is_no_finite_value(text):
    poles = {"1/x": 0, "tanh(x)": acb(0, arb.pi() / 2), "sigmoid(x)": acb(0, arb.pi()),
             "tan(x)": arb.pi() / 2}  # fmt: skip
    run = compile_analytic(parse(text).tree, "x")
    around = acb(poles[text]) + acb(arb(0, "0.1"), arb(0, "0.1"))
    assert not run(around, True).is_finite()


def test_a_branch_has_no_analytic_form():
    with pytest.raises(UndecidedError):
        compile_analytic(parse("max(x, 0)").tree, "x")
