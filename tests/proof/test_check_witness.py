"""Properties that fail at points: true failures are accepted, false ones are not."""

import pytest

from gradiometer.proof import check
from proof.course_samples import samples
from proof.courses import witness
from proof.refusals import check_edits, is_refused

WITNESSES = sorted(samples("witness"))
GELU = "x*Phi(x)"


@pytest.mark.parametrize("name", WITNESSES)
def test_properties_that_fail_are_accepted(name):
    check(samples("witness")[name])


@pytest.mark.parametrize("name", WITNESSES)
def test_no_edit_of_a_witness_is_accepted(name):
    check_edits(samples("witness")[name])


FALSE = {
    "a monotone function": witness("tanh(x)", "monotone", "0", "1", "1", "2"),
    "points in the wrong order": witness(GELU, "monotone", "1", "0", "-2", "-1"),
    "rising twice": witness(GELU, "monotone", "0", "1", "1", "2"),
    "one bend twice": witness(GELU, "convex", "-1", "0", "1", "-1", "0", "1"),
    "bends swapped": witness(GELU, "convex", "-1", "0", "1", "2", "3", "4"),
    "a convex function": witness("x^2", "convex", "-1", "0", "1", "0", "1", "2"),
    "a point twice": witness(GELU, "convex", "2", "2", "4", "-1", "0", "1"),
    "points on a line": witness("max(x, 0)", "affine", "1", "2", "3"),
    "points that do not rise": witness("max(x, 0)", "affine", "1", "0", "-1"),
    "an odd function": witness("tanh(x)", "odd", "1"),
    "an even function": witness("abs(x)", "even", "1"),
    "0 to itself": witness("cosh(x)", "even", "0"),
    "neither has a value": witness("sqrt(1 - x^2)", "odd", "2"),
    "a constant": witness("sin(x)^2 + cos(x)^2", "constant", "0", "1"),
    "no value": witness("ln(x)", "constant", "-1", "1"),
    "no value at a hole": witness("x^2/x", "affine", "-1", "0", "1"),
    "nearly apart": witness("1 + e^(-x^2)", "constant", "1000", "2000"),
    "another property": witness(GELU, "continuous", "1"),
    "too few points": witness(GELU, "monotone", "0", "1"),
    "too many points": witness(GELU, "odd", "1", "2"),
    "a decimal": witness(GELU, "odd", "0.5"),
    "not in lowest terms": witness(GELU, "odd", "2/4"),
}


@pytest.mark.parametrize("name", FALSE)
def test_points_that_show_nothing_are_refused(name):
    assert is_refused(FALSE[name])


def test_the_value_at_a_lone_point_counts():
    text = "where(x < 0, x, where(x > 0, x, 1/10))"
    check(witness(text, "affine", "-1", "0", "1"))
    check(witness(text, "monotone", "1", "2", "0", "1/100"))
