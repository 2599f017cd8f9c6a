"""Update rules: read from text, bound to exact values, settled where their conditions are."""

import pytest
from flint import fmpq

from gradiometer.errors import StudyError, UnknownNameError, UsageError
from gradiometer.formula import parse
from gradiometer.model import rate_range, read_optimizer


def bound(name="sgd", **values):
    optimizer = read_optimizer(name)
    known = {p.name: p.default for p in optimizer.parameters.values()}
    return optimizer.bind({**known, **{n: fmpq(v) for n, v in values.items()}})


def rule(step, **parts):
    return {"name": "mine", "step": step, **parts}


def test_plain_descent_remembers_nothing_and_does_not_read_the_step_count():
    plain = bound()
    assert plain.state == {}
    assert not plain.depends_on_step
    assert set(plain.values) == {"learning_rate", "weight_decay"}


def test_momentum_reads_the_step_count_in_the_first_step_only():
    heavy = bound(momentum=fmpq(9, 10))
    assert set(heavy.state) == {"m"}
    assert heavy.settled(1).depends_on_step
    assert not heavy.settled(2).depends_on_step


def test_adam_reads_the_step_count_for_ever():
    assert bound("adam").settled(10**6).depends_on_step


def test_what_never_reaches_the_position_is_left_out():
    table = rule({"m'": "m + g", "n'": "n + m", "x'": "x - g"}, state={"m": "0", "n": "0"})
    assert read_optimizer(table).bind({}).state == {}


def test_what_reaches_the_position_through_another_name_is_kept():
    table = rule({"m'": "m + n", "n'": "g", "x'": "x - m'"}, state={"m": "0", "n": "0"})
    assert set(read_optimizer(table).bind({}).state) == {"m", "n"}


@pytest.mark.parametrize(
    ("condition", "from_step", "depends"),
    [
        ("t == 1", 2, False),
        ("t == 1", 1, True),
        ("t <= 10", 11, False),
        ("t <= 10", 10, True),
        ("t != 4", 5, False),
        ("10 < t", 11, False),
        ("not (t > 3)", 4, False),
        ("t > 3 and t < 9", 9, False),
        ("t > 3 or g > 0", 4, False),
        ("t == t", 1, True),
        ("t > 2*t", 5, True),
    ],
)
def test_a_condition_on_the_step_count_is_settled_exactly_when_all_later_steps_agree(
    condition, from_step, depends
):
    table = rule({"x'": f"x - where({condition}, 1, 2)*g"})
    assert read_optimizer(table).bind({}).settled(from_step).depends_on_step is depends


@pytest.mark.parametrize(
    ("table", "error"),
    [
        (rule({}), StudyError),
        (rule({"x'": "x", "m'": "1"}), StudyError),
        (rule({"x'": "x"}, state={"m": "0"}), StudyError),
        (rule({"g": "1", "x'": "x"}), StudyError),
        (rule({"x": "1", "x'": "x"}), StudyError),
        (rule({"x'": "x - rate*g"}), UnknownNameError),
        (rule({"x'": "x - m'", "m'": "g"}, state={"m": "0"}), UnknownNameError),
        (rule({"x'": "x"}, state={"x": "0"}), StudyError),
        (rule({"x'": "x"}, parameters={"t": {"default": "1"}}), StudyError),
        ({**rule({"x'": "x"}), "stpe": {}}, StudyError),
        ("admm", UsageError),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(table, error):
    with pytest.raises(error):
        read_optimizer(table)


def test_a_rule_written_for_a_certificate_reads_back_the_same():
    problem = bound("adam").to_problem()
    again = [(target, parse(text).tree) for target, text in problem["step"]]
    assert again == list(bound("adam").step)
    assert problem["values"]["beta2"] == "999/1000"


@pytest.mark.parametrize(
    ("rate", "first", "lower", "upper"),
    [
        ("1/10", 0, "1/10", "1/10"),
        ("1/(k + 1)", 4, "0", "1/5"),
        ("gamma^k", 3, "0", "1/8"),
        ("passed(k, 3, 5)", 5, "2", "2"),
        ("passed(k, 3, 5)", 4, "1", "2"),
        ("max(1 - k/10, 1/100)", 0, "1/100", "1"),
    ],
)
def test_the_rates_to_come_lie_in_a_known_range(rate, first, lower, upper):
    found = rate_range(parse(rate).tree, {"gamma": fmpq(1, 2)}, from_step=first)
    assert (str(found.lower), str(found.upper)) == (lower, upper)
