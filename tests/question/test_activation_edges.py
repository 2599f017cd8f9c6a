"""What is said where the domain ends, has a hole, or holds a point apart from the others."""

from functools import cache

import pytest

from gradiometer.question import ask, to_value_text

_APART = ("where(x>=1,x,where(x==0,5,ln(-1)))", "where(x>1,x,where(x>=1,7,ln(-1)))")


@cache
def facts(formula):
    return ask("activation", formula=formula).facts


@pytest.mark.parametrize(
    ("formula", "slopes"),
    [
        ("exp(2*ln(x))", "(0, oo)"),
        ("where(x>0,x^2,ln(-1))", "(0, oo)"),
        ("where(x>=0,x^2,ln(-1))", "[0, oo)"),
        ("where(x>0,x^2,where(x==0,1,ln(-1)))", "(0, oo)"),
        ("where(x>0,x^2,where(x<0,x,1))", "(0, oo)"),
        ("where(x>0,x^2,0)", "[0, oo)"),
        ("where(x>1,x^2,where(x<1,5*x,1))", "[2, oo)"),
        ("where(x>1,x^2,where(x<1,5*x,0))", "(2, oo)"),
    ],
)
def test_a_slope_is_taken_only_where_the_function_has_a_value(formula, slopes):
    fact = facts(formula)["slope_range"]
    assert (fact.status, to_value_text(fact.value)) == ("proved", slopes)


@pytest.mark.parametrize("formula", _APART)
def test_a_point_apart_leaves_the_steepest_chord_open(formula):
    found = facts(formula)
    assert all(found[name].status == "unknown" for name in ("lipschitz", "jumps", "monotone"))


def test_a_hole_alone_does_not_break_convexity():
    assert facts("x^3/x")["convex"].status == "unknown"
    assert facts("x^4/x")["convex"].value == "none"
    assert facts("x/|x|")["convex"].value == "none"


def test_single_points_alone_are_no_reason_to_fail():
    found = facts("x+0*sqrt(-x^2)")
    assert found["suitable"].value is False
    assert found["range"].status == "unknown"


def test_ends_that_are_one_number_in_two_spellings_leave_no_gap():
    found = facts("where(x<sqrt(2),x,where(x>=2/sqrt(2),x,0))")
    assert found["continuous"].value is True
