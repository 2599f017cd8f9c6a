"""Where one side of a true statement has no value, the answer says so."""

import pytest

from gradiometer.question.answer import Answer
from gradiometer.question.claim import Claim, check_claim, claim


@pytest.mark.parametrize(
    ("says", "point"),
    [
        ("ln(x^2) = 2*ln(x)", "at x = -1 `2*ln(x)` has none"),
        ("e^(ln(x)) = x", "at x = 0 `e^(ln(x))` has none"),
        ("sqrt(x)^2 = x", "at x = -1 `sqrt(x)^2` has none"),
        ("x/x = 1", "at x = 0 `x/x` has none"),
        ("(x^2-1)/(x-1) = x+1", "at x = 1 `(x^2-1)/(x-1)` has none"),
        ("x*(x-100)/(x-100) = x", "at x = 100 `x*(x-100)/(x-100)` has none"),
        ("(x-7)*y/(x-7) = y", "at x = 7, y = 3 `(x-7)*y/(x-7)` has none"),
        ("ln(x-100) - ln(x-100) = 0", "at x = 0 `ln(x-100) - ln(x-100)` has none"),
    ],
)
def test_a_point_at_which_one_side_has_no_value_is_named(says, point):
    answer = claim(says)
    fact = answer.facts["holds"]
    note = f"oth sides are equal wherever both have a value; {point}"
    assert (fact.value, fact.status) == (True, "proved")
    assert f"; b{note}" in fact.because
    assert answer.warnings == (f"B{note}.",)
    assert "wherever both sides have a value" in answer.facts["statement"].because
    assert note in check_claim(Answer("schedule", {}, {}), Claim(says=says)).because


@pytest.mark.parametrize(
    "says", ["(a+b)^2 = a^2 + 2a*b + b^2", "1/(2x) = 1/x/2", "tanh(x) < 1", "x + 0*ln(2) = x"]
)
def test_sides_with_the_same_domain_get_no_note(says):
    answer = claim(says)
    assert answer.facts["holds"].value is True
    assert answer.warnings == () or says.startswith("1/(2x)")
    assert "has none" not in answer.facts["holds"].because


def test_the_point_of_a_kink_is_named_once():
    because = claim("f'(x) = sign(x)", where=("f(x) = |x|",)).facts["holds"].because
    assert because.count("x = 0") == 1


def test_an_order_between_sides_with_different_domains_does_not_crash():
    fact = claim("ln(x^2) >= 2*ln(x)").facts["holds"]
    assert fact.value is not False
    assert fact.because
