"""Affine forms and polynomials are read exactly, and nothing else is taken for one."""

import pytest
from flint import arb, fmpq
from hypothesis import given
from hypothesis import strategies as st

from gradiometer.errors import UndecidedError
from gradiometer.formula import Affine, evaluate, parse, to_affine, to_polynomial

ZERO, ONE = fmpq(0), fmpq(1)
FORMS = {name: Affine(ZERO, {name: ONE}) for name in ("x", "m")}
small = st.builds(fmpq, st.integers(-20, 20), st.integers(1, 9))

AFFINE = [
    "3",
    "x",
    "-(x - 2*m)/4",
    "a*x + (1 - a)*m + a^2",
    "(x + m)*(a - a)",
    "x*2*(1/3)",
    "x/(a + 1)",
    "sqrt(4)*x",
]


@pytest.mark.parametrize("text", AFFINE)
@given(x=small, m=small, a=st.integers(1, 9).map(fmpq))
def test_an_affine_form_has_the_values_of_its_formula(text, x, m, a):
    tree = parse(text).tree
    form = to_affine(tree, FORMS, {"a": a})
    assert form.at({"x": x, "m": m}) == evaluate(tree, {"x": x, "m": m, "a": a})


@pytest.mark.parametrize(
    "text",
    ["x*x", "x^2", "x*m", "1/x", "abs(x)", "max(x, m)", "where(x < 0, x, m)", "x/0", "exp(x)"],
)
def test_what_is_not_affine_is_undecided(text):
    with pytest.raises(UndecidedError):
        to_affine(parse(text).tree, FORMS, {})


def test_a_coefficient_that_a_ball_cannot_tell_from_zero_is_not_zero():
    tiny = "(10^(-400) + sqrt(2)*sqrt(3) - sqrt(6))*x*x"
    with pytest.raises(UndecidedError):
        to_affine(parse(tiny).tree, FORMS, {})
    assert to_affine(parse("(2 - sqrt(4))*x*x + m").tree, FORMS, {}).at({"x": ONE, "m": ONE}) == 1


PAIR = {"x": {(1, 0): ONE}, "r": {(0, 1): ONE}}


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("x - r*(2*x - 3)", {(1, 0): 1, (1, 1): -2, (0, 1): 3}),
        ("(x + r)*(x - r)", {(2, 0): 1, (0, 2): -1}),
        ("x - x", {}),
        ("-x/4", {(1, 0): fmpq(-1, 4)}),
        ("7", {(0, 0): 7}),
        ("a*r", {(0, 1): 5}),
    ],
)
def test_polynomials_in_two_names_have_their_coefficients(text, terms):
    assert dict(to_polynomial(parse(text).tree, PAIR, {"a": fmpq(5)})) == terms


@pytest.mark.parametrize("text", ["x/r", "x^2", "max(x, r)", "1/(x - x)", "where(r > 0, x, 1)"])
def test_what_is_no_polynomial_is_undecided(text):
    with pytest.raises(UndecidedError):
        to_polynomial(parse(text).tree, PAIR, {})


def test_a_ball_that_may_be_zero_stays_among_the_coefficients():
    terms = to_polynomial(parse("(sqrt(2)*sqrt(3) - sqrt(6))*x").tree, PAIR, {})
    assert isinstance(terms[1, 0], arb)
