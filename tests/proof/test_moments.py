"""Means over a normal number, against closed forms that were worked out apart, and mpmath."""

import time

import mpmath
import pytest
from flint import arb, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from gradiometer.errors import UndecidedError
from gradiometer.formula import evaluate, parse, precision, to_ball, to_piecewise, to_text
from gradiometer.model import read_activation
from gradiometer.proof import Shape, check, find_moment, is_odd


def read(formula):
    tree = read_activation(formula).tree
    return Shape(to_piecewise(tree, "x")), tree


def mean(formula, of, variance: int | fmpq = 1):
    shape, tree = read(formula)
    return find_moment(shape, tree, of, variance=fmpq(variance)).value


def ball(value):
    with precision(200):
        return to_ball(value if isinstance(value, fmpq | arb) else evaluate(value, {}))


def constant(text):
    with precision(200):
        return to_ball(evaluate(parse(text).tree, {}))


# Truncated moments of the rectifiers by integration by parts; Gauss error units by the moments of
# two correlated normal numbers; ELU by completing the square; the arc tangent by Stein's identity.
KNOWN = [
    ("relu", "dead", "1/2"), ("relu", "value", "1/sqrt(2*pi)"), ("relu", "square", "1/2"),
    ("relu", "slope_square", "1/2"),
    ("relu6", "dead", "1/2 + Phi(-6)"), ("relu6", "slope_square", "1/2 - Phi(-6)"),
    ("hardtanh", "dead", "2*Phi(-1)"), ("hardtanh", "square", "1 - 2*e^(-1/2)/sqrt(2*pi)"),
    ("leaky_relu", "square", "10001/20000"), ("leaky_relu", "dead", "0"),
    ("elu", "square", "1 + e^2*Phi(-2) - 2*e^(1/2)*Phi(-1)"),
    ("elu", "slope_square", "1/2 + e^2*Phi(-2)"),
    ("gelu", "value", "1/(2*sqrt(pi))"), ("gelu", "square", "1/3 + 1/(2*sqrt(3)*pi)"),
    ("gelu", "slope_square", "1/3 + 2/(3*sqrt(3)*pi)"),
    ("sigmoid", "value", "1/2"), ("squareplus", "square", "3/2"),
    ("atan(x)", "slope_square", "1/2"), ("sin(x)", "square", "(1 - e^(-2))/2"),
    ("sin(x)", "slope_square", "(1 + e^(-2))/2"), ("e^(-x^2)", "square", "1/sqrt(5)"),
    ("e^x", "value", "e^(1/2)"), ("e^x", "square", "e^2"), ("tanh", "value", "0"),
    ("sign(x)", "square", "1"), ("sign(x)", "dead", "1"), ("step", "value", "1/2"),
    ("x^4", "value", "3"), ("x^3", "square", "15"), ("sqrt(|x|)", "square", "sqrt(2/pi)"),
    ("max(x-7,0)^2", "value", "50*Phi(-7) - 7*e^(-49/2)/sqrt(2*pi)"),
    ("e^(x^2/8)", "square", "sqrt(2)"), ("cosh(x)", "value", "e^(1/2)"),
    ("where(x==0,1,x)", "value", "0"), ("0", "square", "0"),
    ("ln(e^(3x+1))", "square", "10"),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "of", "expected"), KNOWN)
def test_mean_is_that_of_the_closed_form(formula, of, expected):
    found, true = ball(mean(formula, of)), constant(expected)
    assert found.overlaps(true)
    assert found.rad() <= 1e-29 * max(1.0, abs(float(true)))


# Ten digits of a table that was computed with other software and other cuts.
TABLE = [
    ("relu6", "square", "0.49999999807527"), ("elu", "value", "0.1605205723"),
    ("selu", "slope_square", "1.07157499246"), ("sigmoid", "square", "0.29337903585809"),
    ("sigmoid", "slope_square", "0.0448362413502"), ("tanh", "square", "0.39429449039784"),
    ("tanh", "slope_square", "0.464402902448"), ("softplus", "value", "0.8060591833"),
    ("softplus", "square", "0.92124590885930"), ("softplus", "slope_square", "0.293379035858"),
    ("logsigmoid", "value", "-0.8060591833"), ("hardtanh", "dead", "0.317310507863"),
    ("hardsigmoid", "dead", "0.002699796063"), ("hardswish", "dead", "0.001349898032"),
    ("sparse_plus", "dead", "0.158655253931"), ("softshrink", "dead", "0.382924922548"),
    ("atan(x)", "square", "0.44970091643490"), ("selu", "square", "1"),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "of", "expected"), TABLE)
def test_mean_is_that_of_the_table(formula, of, expected):
    assert abs(float(ball(mean(formula, of))) - float(expected)) < 1e-10


def test_the_mean_of_selu_is_0_only_to_the_digits_of_its_constants():
    found = mean("selu", "value")
    assert isinstance(found, arb)
    assert -2e-32 < float(found) < -1e-32
    assert not found.contains(0)


def test_values_are_exact_where_the_pieces_are_polynomials():
    assert mean("relu", "square") == fmpq(1, 2)
    for formula, of, text in (
        ("relu", "value", "1/sqrt(2*pi)"),
        ("hardtanh", "dead", "2*Phi(-1)"),
        ("relu6", "slope_square", "1/2 - Phi(-6)"),
    ):
        value = mean(formula, of)
        assert not isinstance(value, arb | fmpq)
        assert to_text(value) == text
    assert mean("x^3", "value") == 0
    assert mean("leaky_relu", "square") == fmpq(10001, 20000)


def test_another_variance_scales_what_is_homogeneous():
    assert mean("relu", "square", 4) == 2
    assert mean("relu", "dead", 4) == fmpq(1, 2)
    assert ball(mean("relu", "value", 2)).overlaps(constant("1/sqrt(pi)"))
    assert ball(mean("hardtanh", "dead", fmpq(1, 4))).overlaps(constant("2*Phi(-2)"))
    assert ball(mean("e^x", "value", fmpq(1, 2))).overlaps(constant("e^(1/4)"))
    assert ball(mean("cos(x)", "value", 9)).overlaps(constant("e^(-9/2)"))


def integrate(formula, of, variance):
    """The same mean by mpmath, cut at the kinks."""
    shape, _ = read(formula)
    total = mpmath.mpf(0)
    far = (mpmath.mpf(-30), mpmath.mpf(30))
    for section in shape.sections:
        node = section.slope if of == "slope_square" else section.piece.formula
        low, high = (
            beyond if end is None else mpmath.mpf(float(evaluate(end, {})))
            for end, beyond in zip((section.open.lower, section.open.upper), far, strict=True)
        )
        power = 1 if of == "value" else 2

        def weighed(x, node=node, power=power):
            value = ball(evaluate(node, {"x": fmpq(*float(x).as_integer_ratio())}))
            density = mpmath.exp(-x * x / (2 * variance)) / mpmath.sqrt(2 * mpmath.pi * variance)
            return mpmath.mpf(float(value)) ** power * density

        steps = [low + (high - low) * mpmath.mpf(k) / 12 for k in range(13)]
        total += mpmath.quad(weighed, steps, maxdegree=5)
    return float(total)


@pytest.mark.parametrize(
    "formula", ["silu", "mish", "softsign", "selu", "tanhshrink", "squareplus"]
)
@pytest.mark.parametrize("of", ["value", "square", "slope_square"])
def test_mpmath_agrees_to_ten_digits(formula, of):
    assert float(ball(mean(formula, of, 2))) == pytest.approx(
        integrate(formula, of, 2), abs=1e-10, rel=1e-10
    )


@pytest.mark.parametrize(
    ("formula", "of"),
    [("ln(x)", "value"), ("where(x>0,1/x,0)", "value"), ("e^(x^2)", "value"),
     ("e^(x^2/2)", "value"), ("e^(x^2/4)", "square"), ("sqrt(max(x,0))", "slope_square"),
     ("1/x", "square"), ("e^(e^x)", "value"), ("x^2/x", "square"), ("tan(x)+x", "square")],
)  # fmt: skip
def test_a_mean_without_an_enclosure_is_undecided(formula, of):
    with pytest.raises(UndecidedError):
        mean(formula, of)


@pytest.mark.parametrize(
    ("formula", "odd"),
    [("tanh", True), ("x^3", True), ("hardshrink", True), ("sign(x)", True), ("softsign", True),
     ("relu", False), ("sigmoid", False), ("x^2", False), ("x^3+1/1000000", False),
     ("where(x>1,x,0)", False)],
)  # fmt: skip
def test_oddness_is_decided_by_algebra(formula, odd):
    assert is_odd(read(formula)[0]) is odd


NUMBERS = st.integers(min_value=-6, max_value=6)


@settings(deadline=None, max_examples=25)
@given(a=NUMBERS, b=NUMBERS, cut=NUMBERS, variance=st.integers(min_value=1, max_value=5))
def test_closed_forms_and_integration_agree_on_random_polynomials(a, b, cut, variance):
    """The certificate integrates numerically what the recursion gave in closed form."""
    text = f"where(x < {cut}, ({a})*x^2 + x - 1, ({b})*x^3 + ({a}))"
    shape, tree = read(text)
    for of in ("value", "square", "slope_square", "dead"):
        check(find_moment(shape, tree, of, variance=fmpq(variance)).certificate)


@pytest.mark.parametrize("formula", ["gelu", "mish", "sigmoid", "selu"])
def test_each_mean_takes_less_than_a_third_of_a_second(formula):
    shape, tree = read(formula)
    for of in ("value", "square", "slope_square"):
        before = time.process_time()
        find_moment(shape, tree, of, variance=fmpq(1))
        assert time.process_time() - before < 0.3
