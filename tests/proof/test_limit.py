"""Limits of smooth formulas at the ends of an interval."""

import pytest

from gradiometer.errors import UndecidedError
from gradiometer.formula import parse, parse_interval, to_text
from gradiometer.proof import Infinite, limit_far, limit_inside


def shown(limit):
    if isinstance(limit, Infinite):
        return "oo" if limit.sign > 0 else "-oo"
    return to_text(limit)


@pytest.mark.parametrize(
    ("text", "left", "right"),
    [
        ("7", "7", "7"),
        ("-x^3 + x", "oo", "-oo"),
        ("(2x^2 + 1)/(3x^2 - x)", "2/3", "2/3"),
        ("x/(1 + x^2)", "0", "0"),
        ("(x^3 + 1)/(1 - x^2)", "oo", "-oo"),
        ("x*e^x", "0", "oo"),
        ("x^9*e^(-x/2)", "-oo", "0"),
        ("x/(1 + e^(-x))", "0", "oo"),
        ("tanh(x)", "-1", "1"),
        ("x - tanh(x)", "-oo", "oo"),
        ("ln(1 + e^(3x))", "0", "oo"),
        ("ln(2 + 1/x)", "ln(2)", "ln(2)"),
        ("atan(-2x)", "pi/2", "-(pi/2)"),
        ("e^(e^x)", "1", "oo"),
        ("x*Phi(x)", "0", "oo"),
        ("x^3*e^(-x^2)", "0", "0"),
        ("e^x*erfc(x)", "0", "0"),
        ("Phi(x) + x*e^(-x^2/2)", "0", "1"),
        ("sqrt(x^2 + 1)", "oo", "oo"),
        ("(1 + x^2)^(-1/3)", "0", "0"),
    ],
)
def test_limit_far_out_is(text, left, right):
    tree = parse(text).tree
    found = [limit_far(tree, "x", to_right=side) for side in (False, True)]
    assert list(map(shown, found)) == [left, right]


@pytest.mark.parametrize(
    ("text", "to_right"),
    [
        ("sin(x)", True),
        ("x + x*sin(x)", False),
        ("sqrt(x^2 + 1) - x*sin(x)", True),
        ("e^(x^2)*Phi(x)", False),
        ("ln(x)", False),
    ],
)
def test_a_limit_beyond_the_rules_is_undecided(text, to_right):
    with pytest.raises(UndecidedError):
        limit_far(parse(text).tree, "x", to_right=to_right)


@pytest.mark.parametrize(
    ("text", "on", "end", "limit"),
    [
        ("1/x", "(0, oo)", "lower", "oo"),
        ("1/x", "(-oo, 0)", "upper", "-oo"),
        ("1/(x - 1)^2", "(-oo, 1)", "upper", "oo"),
        ("(x^2 - 1)/(x - 1)", "(1, oo)", "lower", "2"),
        ("ln(x)", "(0, oo)", "lower", "-oo"),
        ("e^(1/x)", "(-oo, 0)", "upper", "0"),
        ("e^(1/x)", "(0, 1)", "lower", "oo"),
        ("sqrt(x)", "[0, oo)", "lower", "0"),
        ("1/(2*sqrt(x))", "(0, oo)", "lower", "oo"),
    ],
)
def test_limit_at_an_end_is_one_sided(text, on, end, limit):
    assert shown(limit_inside(parse(text).tree, "x", parse_interval(on), end)) == limit


@pytest.mark.parametrize(
    ("text", "left", "right"),
    [
        ("sqrt(x^2 + 1) - x", "oo", "0"),
        ("x + sqrt(x^2 + 4)", "0", "oo"),
        ("x/sqrt(x^2 + 4)", "-1", "1"),
        ("sqrt(4*x^2 + 1)/x", "-2", "2"),
    ],
)
def test_limits_with_roots_are_found_by_squares(text, left, right):
    found = [shown(limit_far(parse(text).tree, "x", to_right=side)) for side in (False, True)]
    assert found == [left, right]


@pytest.mark.parametrize(
    ("text", "left", "right"),
    [
        ("x*(1 + tanh(sqrt(2/pi)*(x + x^3/20)))", "0", "oo"),
        ("(e^(pi*x) - x)/(2*e^(pi*x) + 1)", "oo", "1/2"),
        ("x^3/(1 + e^(-x^3))", "0", "oo"),
        ("x*e^(x^2)/(e^(x^2) + 1)", "-oo", "oo"),
        ("(sqrt(2)*e^(pi*x) + x)/(e^(pi*x) + 3*x)", "1/3", "sqrt(2)"),
    ],
)
def test_limits_with_one_growing_power_are_those_of_its_leading_terms(text, left, right):
    found = [shown(limit_far(parse(text).tree, "x", to_right=side)) for side in (False, True)]
    assert found == [left, right]
