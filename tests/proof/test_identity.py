"""Identities: proved with a certificate that replays, else undecided, never proved when wrong."""

import pytest
from hypothesis import given, settings

from formula.test_ratio_trees import POINTS, differs, rewrite, trees
from gradiometer.errors import UndecidedError
from gradiometer.formula import Name, apply, differentiate, number, parse, to_text
from gradiometer.proof import check, prove_equal


def prove(left, right):
    certificate = prove_equal(parse(left).tree, parse(right).tree)
    check(certificate)
    return certificate


TRUE = [
    ("(x + 1)^2", "x^2 + 2x + 1"),
    ("tanh(x)", "2*sigmoid(2x) - 1"),
    ("tanh(x)", "(e^x - e^(-x))/(e^x + e^(-x))"),
    ("x*tanh(softplus(x))", "x*(e^(2x) + 2e^x)/(e^(2x) + 2e^x + 2)"),
    ("x*sigmoid(1.702x)", "x/(1 + e^(-1.702x))"),
    ("0.5x*(1 + tanh(sqrt(2/pi)*(x + 0.044715x^3)))", "x*sigmoid(sqrt(8/pi)*(x + 0.044715x^3))"),
    ("ln(e^(3x + 1))", "3x + 1"),
    ("-ln(1 + e^(-x))", "x - softplus(x)"),
    ("x*Phi(x)", "x/2*(1 + erf(x/sqrt(2)))"),
    ("x*(1 + erf(sqrt(2)*x/2))", "x*(1 + erf(x/sqrt(2)))"),
    ("sqrt(2)*sqrt(3)", "sqrt(6)"),
    ("a^2*(a + b)", "a^3 + a^2*b"),
    ("e^(h*x)*e^b", "e^(b + x*h)"),
    ("beta^t*(1 - beta)", "beta^t - beta*beta^t"),
    ("(2^x)^(3/2)", "2^x*2^(x/2)"),
    ("sin(x)^2", "1 - cos(x)^2"),
    ("ln(2x^3)", "3*ln(x) + ln(2)"),
]


@pytest.mark.parametrize(("left", "right"), TRUE)
def test_a_true_identity_is_proved_and_replayed(left, right):
    assert prove(left, right)["claim"] == {"holds": True}


def test_the_slope_of_softplus_with_a_factor_is_proved_and_the_wrong_one_is_not():
    slope = differentiate(parse("ln(e^(3x) + 1)").tree, "x")
    check(prove_equal(slope, parse("3/(1 + e^(-3x))").tree))
    with pytest.raises(UndecidedError):
        prove_equal(slope, parse("3e^x/(e^(3x) + 1)").tree)


def test_the_normal_form_of_both_sides_stands_in_the_evidence():
    assert prove("3/(1 + e^(-3x))", "3*e^(3x)/(e^(3x) + 1)")["evidence"] == {
        "generators": ["e^(3*x)"],
        "numerator": "3*e^(3*x)",
        "denominator": "e^(3*x) + 1",
    }


FALSE = [
    ("x^2", "x^2 + 1e-30"),
    ("sqrt(x^2)", "x"),
    ("ln(x^2)", "2*ln(x)"),
    ("tanh(x)", "2*sigmoid(x) - 1"),
    ("(a + b)^2", "a^2 + b^2"),
    ("e^(x^2)", "(e^x)^2"),
    ("ln(a + b)", "ln(a) + ln(b)"),
    ("Phi(x)", "sigmoid(1.702x)"),
    ("sqrt(2) + sqrt(3)", "sqrt(5)"),
    ("(-2)^x", "e^(x*ln(2))"),
    ("sin(x)", "cos(x)"),
    ("max(x, 0)", "x"),
]


@pytest.mark.parametrize(("left", "right"), FALSE)
def test_a_near_miss_is_never_proved(left, right):
    with pytest.raises(UndecidedError):
        prove(left, right)


def test_names_that_read_as_constants_are_not_certified():
    with pytest.raises(UndecidedError, match="`e`"):
        prove_equal(Name("e"), Name("e"))
    with pytest.raises(UndecidedError, match="`y`"):
        prove_equal(Name("y"), apply("+", Name("y"), number(0)), names=["x"])


@settings(max_examples=80)
@given(trees())
def test_a_rewritten_formula_is_proved_equal_or_undecided(node):
    reason = ""
    try:
        check(prove_equal(node, rewrite(node)))
    except UndecidedError as error:
        reason = str(error)
    # What fails is size, domain or replay, never the equality of the normal forms.
    assert "differ" not in reason, to_text(node)


@settings(max_examples=80)
@given(trees(leaves=4), trees(leaves=4))
def test_formulas_with_different_values_are_never_proved_equal(left, right):
    if any(differs(left, right, point) for point in POINTS):
        with pytest.raises(UndecidedError):
            prove_equal(left, right)
