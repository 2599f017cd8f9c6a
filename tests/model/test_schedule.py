"""Schedules: the exact rate of each step."""

import pytest
from flint import fmpq

from gradiometer.errors import DomainError, FormulaError, StudyError, UsageError
from gradiometer.model import read_schedule, settle


def bound(named, **values):
    plan = read_schedule(named)
    return plan.bind(settle([plan.owner], values)["schedule"])


def test_a_constant_schedule_never_changes():
    plan = bound("constant", learning_rate="1/7")
    assert {plan.rate_at(step) for step in (0, 1, 10**6)} == {fmpq(1, 7)}


@pytest.mark.parametrize(("step", "drops"), [(0, 0), (29, 0), (30, 1), (59, 1), (60, 2), (61, 2)])
def test_step_drops_exactly_at_the_multiples_of_its_size(step, drops):
    assert bound("step").rate_at(step) == fmpq(1, 10 ** (1 + drops))


@pytest.mark.parametrize(
    ("step", "drops"), [(0, 0), (2, 0), (3, 2), (4, 2), (7, 3), (8, 3), (100, 3)]
)
def test_multistep_drops_at_its_milestones_and_twice_at_a_double_one(step, drops):
    plan = bound("multistep", milestones="7, 3, 3", gamma="1/2", learning_rate="1")
    assert plan.rate_at(step) == fmpq(1, 2**drops)


def test_a_formula_in_k_is_a_schedule_and_its_other_names_are_parameters():
    plan = bound("a/(k + 1)", a="3")
    assert [plan.rate_at(step) for step in range(3)] == [3, fmpq(3, 2), 1]


@pytest.mark.parametrize("formula", ["1 - k", "sqrt(2) - k", "ln(k)", "1/(k - 5)"])
def test_a_rate_that_is_negative_or_missing_is_refused(formula):
    plan = bound(formula)
    with pytest.raises(DomainError):
        list(map(plan.rate_at, range(8)))


def test_a_rate_of_zero_is_a_rate():
    assert bound("max(3 - k, 0)").rate_at(9) == 0


@pytest.mark.parametrize(
    ("named", "error"),
    [
        ("contsant", UsageError),
        ("lr", UsageError),
        ("1/(k", FormulaError),
        ({"name": "empty"}, StudyError),
        ({"schedule": {"learning_rate": "1"}, "extra": 1}, StudyError),
    ],
)
def test_a_schedule_that_cannot_be_meant_is_refused(named, error):
    with pytest.raises(error):
        read_schedule(named)


def test_a_list_where_a_number_belongs_is_refused():
    table = {
        "parameters": {"marks": {"default": ["1", "2"]}},
        "schedule": {"learning_rate": "1/(marks + 1)"},
    }
    with pytest.raises(DomainError, match="is a list"):
        bound(table)
