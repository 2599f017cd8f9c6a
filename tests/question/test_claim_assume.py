"""Claims under assumptions: no point outside of them refutes, and every proof can be replayed."""

from fractions import Fraction

import pytest

import gradiometer
from gradiometer.errors import FormulaError
from gradiometer.proof import check
from gradiometer.question.claim import claim

TRUE = [
    ("ln(x*y) = ln(x) + ln(y)", "x > 0; y > 0"),
    ("sqrt(x*y) = sqrt(x)*sqrt(y)", "x >= 0; y >= 0"),
    ("sqrt(x^2) = x", "x >= 0"),
    ("sqrt(x^2) = -x", "x < 0"),
    ("|x| = x", "0 < x < 1"),
    ("|x*y| = x*y", "x > 0; y > 0"),
    ("x^2 < x", "0 < x < 1"),
    ("x^2 <= x", "0 <= x <= 1"),
    ("x + 1/x >= 2", "x > 0"),
    ("ln(x^2) = 2*ln(x)", "x > 0"),
    ("(x + y)/2 >= sqrt(x*y)", "x > 0; y > 0"),
    ("x/y > 0", "x > 0; 0 < y"),
    ("max(x, 3) = x", "x >= 3"),
    ("a^2 + b^2 >= 2*a*b", ""),
]
FALSE = [
    ("sqrt(x^2) = x", "x > -1"),
    ("x^2 < x", "0 <= x <= 1"),
    ("x^2 < x", "x > 0"),
    ("|x*y| = x*y", "x > 0"),
    ("ln(x*y) = ln(x)*ln(y)", "x > 0; y > 0"),
    ("max(x, 3) = x", "x > 2"),
    ("x = y", "x > y"),
    ("x >= y", "x + y > 0; x > 0"),
]


@pytest.mark.parametrize(("says", "where"), TRUE)
def test_true_claim_is_proved_under_its_assumptions(says, where):
    answer = claim(says, where=[where] if where else [])
    assert answer.facts["holds"].value is True
    assert answer.facts["holds"].status == "proved"
    if answer.certificate is not None:
        check(answer.certificate)


@pytest.mark.parametrize(("says", "where"), FALSE)
def test_counterexample_lies_inside_the_assumptions(says, where):
    answer = claim(says, where=[where])
    assert answer.facts["holds"].value is False
    point = answer.facts["counterexample"].value["at"]
    names = {"x": 1, "y": 1} | {name: Fraction(str(value)) for name, value in point.items()}
    for part in where.split(";"):
        here = part.replace("x", f"({names['x']})").replace("y", f"({names['y']})")
        assert claim(here).facts["holds"].value is True


@pytest.mark.parametrize(
    ("says", "where"),
    [("sqrt(x^2) = x", "x > y; y > 0"), ("x = 3", "x > 1; x < 1"), ("x = 1", "x^2 < 0")],
)
def test_what_is_beyond_the_assumptions_is_left_open(says, where):
    assert claim(says, where=[where]).facts["holds"].value is None


def test_an_assumption_stands_beside_definitions():
    answer = claim("f(x) = x", where=["f(x) = |x|; x > 0"])
    assert answer.facts["holds"].value is True
    with pytest.raises(FormulaError):
        gradiometer.claim("x = x", where=["x > +"])


def test_an_assumption_does_not_make_an_equation_of_a_definition():
    answer = claim("f(-1) = 0", where=["f(x) = where(x > 0, x, 0)"])
    assert answer.facts["holds"].value is True
