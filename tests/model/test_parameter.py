"""Parameters: exact values, domains, owners."""

import pytest
from flint import fmpq

from gradiometer.errors import DomainError, Place, StudyError, UnknownNameError, UsageError
from gradiometer.formula import parse_interval
from gradiometer.model import Owner, Parameter, read_objective, read_optimizer, settle
from gradiometer.model.parameter import is_inside, read_parameters, read_setting, to_setting_text

RATE = Parameter("rate", parse_interval("(0, 1]"), fmpq(1, 2))


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("0.1", "1/10"),
        ("1e-3", "1/1000"),
        (" 1/3 ", "1/3"),
        (1, "1"),
        (0.5, "1/2"),
        ("2^-2", "1/4"),
    ],
)
def test_what_is_typed_is_exact(text, exact):
    assert str(read_setting(RATE, text)) == exact


@pytest.mark.parametrize("text", ["0", "1.0000001", "-1/2", "1e9"])
def test_a_value_outside_the_domain_is_refused_with_the_domain(text):
    with pytest.raises(DomainError) as refusal:
        read_setting(RATE, text)
    assert "(0, 1]" in str(refusal.value)


def test_a_closed_end_belongs_to_the_domain_and_an_open_one_does_not():
    interval = parse_interval("(0, 1]")
    assert [is_inside(fmpq(v), interval) for v in (0, 1, 2)] == [False, True, False]


@pytest.mark.parametrize("text", ["1/2", "2", "-1"])
def test_a_flag_is_true_or_false_and_nothing_else(text):
    with pytest.raises(DomainError):
        read_setting(read_optimizer("sgd").parameters["nesterov"], text)


@pytest.mark.parametrize(
    ("text", "value"), [("true", 1), ("FALSE", 0), (True, 1), (False, 0), ("1", 1), (0, 0)]
)
def test_a_flag_reads_words_and_numbers(text, value):
    assert read_setting(read_optimizer("sgd").parameters["nesterov"], text) == value


@pytest.mark.parametrize("value", ["1/2, 1/3", ["1/2"], [1, 1]])
def test_a_list_is_refused_where_one_number_is_needed(value):
    with pytest.raises(DomainError, match="not a list"):
        read_setting(RATE, value)


def test_a_list_is_read_where_the_default_is_one():
    marks = Parameter("marks", parse_interval("[0, oo)"), (fmpq(1), fmpq(2)))
    assert read_setting(marks, "30, 60,90") == (30, 60, 90)
    assert to_setting_text((fmpq(30), fmpq(1, 2))) == "30, 1/2"


def test_an_unknown_key_of_a_parameter_is_named_with_the_nearest_one():
    with pytest.raises(StudyError) as refusal:
        read_parameters({"a": {"defualt": "1"}}, place=Place("here"))
    assert "default" in str(refusal.value)


def test_an_unknown_parameter_is_refused_with_the_nearest_name():
    with pytest.raises(UnknownNameError) as refusal:
        settle([read_optimizer("adam").owner], {"beat1": "1/2"})
    assert "beta1" in str(refusal.value)


def test_a_name_of_two_owners_needs_its_owner():
    owners = [Owner("optimizer", "a", {"rate": RATE}), Owner("objective", "b", {"rate": RATE})]
    with pytest.raises(UsageError, match="more than one"):
        settle(owners, {"rate": "1/3"})
    values = settle(owners, {"b.rate": "1/3"})
    assert (values["optimizer"]["rate"], values["objective"]["rate"]) == (fmpq(1, 2), fmpq(1, 3))


def test_a_parameter_without_a_value_is_asked_for_unless_it_may_stay_free():
    owner = read_objective("a*x^2").owner
    with pytest.raises(UsageError, match="needs a value of `a`"):
        settle([owner], {})
    assert settle([owner], {}, free=frozenset({"a"})) == {"objective": {}}


@pytest.mark.parametrize("keys", [("learning_rate", "sgd.learning_rate"),
                                  ("optimizer.learning_rate", "sgd.learning_rate")])  # fmt: skip
def test_a_parameter_is_not_set_twice_by_two_spellings(keys):
    owner = read_optimizer("sgd").owner
    with pytest.raises(UsageError, match="set the same parameter"):
        settle([owner], dict(zip(keys, ("1/2", "1/3"), strict=True)))
    assert settle([owner], {keys[0]: "1/3"})["optimizer"]["learning_rate"] == fmpq(1, 3)
