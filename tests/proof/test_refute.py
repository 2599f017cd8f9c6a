"""Counterexamples are certain, simple, and found where sampling near the origin sees nothing."""

import pytest
from flint import fmpq

from gradiometer.formula import RELATIONS, compare, evaluate, parse, parse_interval, precision
from gradiometer.proof import compare_at, find_counterexample, has_value_somewhere


def search(left, right, relation="==", **options):
    return find_counterexample(parse(left).tree, parse(right).tree, relation, **options)


FALSE = [
    ("sqrt(x^2)", "x", "-1"),
    ("min(max(x, 0), 6)", "max(x, 0)", "7"),
    ("tanh(x)", "tanh(x) + max(x - 3, 0)", "4"),
    ("3e^x/(e^(3x) + 1)", "3e^(3x)/(e^(3x) + 1)", "1"),
    ("x^2", "x^2 + 1e-30", "0"),
    ("e^x", "1 + x", "1"),
    ("|x|", "x", "-1"),
    ("max(x, -100)", "x", None),
    ("ln(x - 12345)", "0", None),
    ("max(0, 1/1000 - |x - 3.1415|)", "0", None),
    ("relu(e^x - 2)", "(e^x - 2)*where(x > 0.69, 1, 0)", None),
    ("floor(x + 1/3)", "floor(x)", None),
    ("sin(x)", "x - x^3/6", None),
    ("x*Phi(x)", "x/2*(1 + tanh(sqrt(2/pi)*(x + 0.044715x^3)))", None),
]


@pytest.mark.parametrize(("left", "right", "at"), FALSE)
def test_a_wrong_identity_has_a_point_where_both_values_certainly_differ(left, right, at):
    found = search(left, right)
    assert found is not None
    assert not found.holds
    if at is not None:
        assert found.at == {"x": fmpq(int(at))}
    with precision(400):
        values = [evaluate(parse(text).tree, found.at) for text in (left, right)]
        assert compare(*values) != 0


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("max(x, 0)", "(x + |x|)/2"),
        ("tanh(x)", "2*sigmoid(2x) - 1"),
        ("ln(x^2)", "2*ln(x)"),
        ("sqrt(x)^2", "x"),
        ("erf(x) + erfc(x)", "1"),
        ("|a*b|", "|a|*|b|"),
    ],
)
def test_a_true_identity_is_never_refuted(left, right):
    assert search(left, right) is None


def test_rational_values_are_preferred_to_enclosures():
    found = search("e^x + x", "1 + x^2")
    assert found.is_rational == (found.at == {"x": 0})
    assert search("sqrt(x)", "x").at == {"x": 4}


def test_points_where_a_side_has_no_value_are_passed_over():
    found = search("1/x", "x")
    assert found.at == {"x": 2}
    assert search("sqrt(-1 - x^2)", "3") is None


def test_a_difference_far_below_double_precision_is_seen():
    assert search("e^x", "e^x + 1e-100") is not None
    assert search("sin(x)^2 + cos(x)^2", "1 + 1e-300") is not None


@pytest.mark.parametrize(
    ("left", "relation", "right"),
    [("x^2", ">", "0"), ("x", "<", "x"), ("x^2", ">=", "x"), ("|x|", "!=", "x"), ("x", "<=", "5")],
)
def test_a_wrong_inequality_fails_at_the_point(left, relation, right):
    found = search(left, right, relation)
    values = [evaluate(parse(text).tree, found.at) for text in (left, right)]
    assert not RELATIONS[relation](compare(*values))


def test_a_true_inequality_is_not_refuted():
    assert search("x^2", "0", ">=") is None
    assert search("e^x", "x", ">") is None


def test_several_variables_get_simple_values():
    found = search("a^2*(a + b)", "a^2 + a + b")
    assert all(abs(value) <= 2 for value in found.at.values())
    assert search("max(a, b)", "max(a, b, c - 50)") is not None


def test_a_domain_is_kept():
    positive = {"h": parse_interval("(0, oo)")}
    assert search("|h|", "h", domains=positive) is None
    narrow = {"h": parse_interval("(0, 1/1000)")}
    found = search("h", "0", domains=narrow)
    assert 0 < found.at["h"] < fmpq(1, 1000)


def test_a_guard_without_value_skips_the_point():
    guard = (parse("ln(x)").tree,)
    found = search("1/x", "where(x < 0, 7, 1/x)", defined=guard)
    assert found is None
    assert search("1/x", "where(x < 0, 7, 1/x)").at == {"x": -1}


def test_equal_irrational_values_stay_undecided():
    sides = parse("sqrt(2)*sqrt(3)").tree, parse("sqrt(6)").tree
    assert compare_at(*sides, "==", {}) is None


def test_enclosures_that_are_not_finite_decide_nothing():
    huge = parse("exp(exp(exp(exp(9))))").tree
    assert compare_at(huge, parse("0").tree, "==", {}) is None


def test_sides_that_never_have_a_value_together_are_noticed():
    trees = [parse("sqrt(-1 - x^2)").tree, parse("x").tree]
    assert not has_value_somewhere(trees, ["x"])
    assert has_value_somewhere([parse("ln(x)").tree, parse("x").tree], ["x"])
