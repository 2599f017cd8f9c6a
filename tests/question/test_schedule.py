"""The question `schedule`: the exact rate of each step."""

from fractions import Fraction

import pytest
from flint import fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from gradiometer.errors import DomainError, GradiometerError, LimitError, UsageError
from gradiometer.question.schedule import schedule


def test_values_are_listed_by_step_from_zero():
    values = schedule("step", set={"step_size": "2", "learning_rate": "1"}, steps=5).facts["values"]
    assert list(values.value) == ["0", "1", "2", "3", "4"]
    assert values.value["4"] == fmpq(1, 100)
    assert values.status == "proved"


def test_changes_name_the_step_that_first_has_the_new_rate():
    asked = {"milestones": "3, 5", "learning_rate": "1", "gamma": "1/2"}
    changes = schedule("multistep", set=asked, steps=8).facts["changes"].value
    assert [(row["step"], row["from"], row["to"]) for row in changes] == [
        (3, 1, fmpq(1, 2)),
        (5, fmpq(1, 2), fmpq(1, 4)),
    ]


positive = st.builds(Fraction, st.integers(1, 50), st.integers(1, 50))


@settings(max_examples=40)
@given(rate=positive, gamma=positive, size=st.integers(1, 9), steps=st.integers(1, 40))
def test_step_is_its_closed_form(rate, gamma, size, steps):
    asked = {"learning_rate": str(rate), "gamma": str(gamma), "step_size": str(size)}
    facts = schedule("step", set=asked, steps=steps).facts
    expected = [rate * gamma ** (k // size) for k in range(steps)]
    assert [Fraction(str(v)) for v in facts["values"].value.values()] == expected
    assert Fraction(str(facts["total"].value)) == sum(expected)
    assert Fraction(str(facts["last"].value)) == expected[-1]


@settings(max_examples=40)
@given(gamma=positive, marks=st.lists(st.integers(0, 30), min_size=1, max_size=5))
def test_multistep_multiplies_by_gamma_at_every_milestone(gamma, marks):
    asked = {"gamma": str(gamma), "milestones": [str(m) for m in marks], "learning_rate": "1"}
    values = schedule("multistep", set=asked, steps=32).facts["values"].value
    expected = [gamma ** sum(m <= k for m in marks) for k in range(32)]
    assert [Fraction(str(v)) for v in values.values()] == expected


def test_a_schedule_is_also_a_formula():
    facts = schedule("1/(k + 1)", steps=4).facts
    assert facts["total"].value == fmpq(25, 12)
    assert facts["first"].value == 1


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"steps": 0}, UsageError),
        ({"steps": "5"}, UsageError),
        ({"steps": True}, UsageError),
        ({"steps": 10**7}, LimitError),
        ({"set": {"gamma": "0"}}, DomainError),
        ({"set": {"step_size": "1/2"}}, DomainError),
        ({"set": {"gama": "1"}}, GradiometerError),
    ],
    ids=str,
)
def test_a_bad_request_is_refused(asked, error):
    with pytest.raises(error):
        schedule("step", **asked)


@pytest.mark.parametrize("formula", ["1 - k", "1/(3 - k)", "ln(k + 1/2)"])
def test_a_rate_that_is_no_rate_is_refused(formula):
    with pytest.raises(DomainError):
        schedule(formula, steps=10)


def test_the_json_is_the_same_when_asked_again():
    assert schedule("step").to_json() == schedule("step").to_json()
