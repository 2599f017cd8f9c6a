"""Lines that join schedules: what they mean, and what is wrong with them."""

import pytest
from flint import fmpq

from gradiometer.errors import DomainError, FormulaError, UnknownNameError, UsageError
from gradiometer.model import is_schedule_text, read_schedule, settle


def bound(line, **values):
    plan = read_schedule(line)
    return plan.bind(settle([plan.owner], values)["schedule"])


def rates(line, count, **values):
    plan = bound(line, **values)
    return [plan.rate_at(step) for step in range(count)]


def test_then_starts_the_count_of_the_next_part_again():
    assert rates("10 - k for 3, then 5 - k", 6) == [10, 9, 8, 5, 4, 3]


def test_continuing_with_lets_the_next_part_count_on():
    assert rates("10 - k for 3, continuing with 5 - k", 6) == [10, 9, 8, 2, 1, 0]


def test_until_counts_from_the_start_of_the_line():
    assert rates("1 until 2, then 2 until 4, then 3", 6) == [1, 1, 2, 2, 3, 3]
    assert rates("1 for 2, then 2 for 2, then 3", 6) == [1, 1, 2, 2, 3, 3]


def test_hold_keeps_the_rate_that_has_been_reached():
    assert rates("10 - k for 3, then hold", 6) == [10, 9, 8, 7, 7, 7]


def test_a_part_can_repeat():
    assert rates("3 - k repeating every 3", 7) == [3, 2, 1, 3, 2, 1, 3]
    assert rates("3 - k repeating every 2 for 5, then 9", 7) == [3, 2, 3, 2, 3, 9, 9]


def test_a_part_can_be_shifted_cut_off_and_scaled():
    step = {"step.step_size": "2", "step.gamma": "1/2", "learning_rate": "1"}
    half = fmpq(1, 2)
    assert rates("step(k + 2)", 4, **step) == [half, half, half**2, half**2]
    assert rates("max(step, 1/4)", 7, **step)[-1] == fmpq(1, 4)
    assert rates("3*step", 3, **step) == [3, 3, fmpq(3, 2)]


def test_the_learning_rate_counts_once_in_a_product():
    line = "step(step_size=1, gamma=1/2) * step(step_size=1, gamma=1/3)"
    assert rates(line, 3, learning_rate="5") == [5, fmpq(5, 6), fmpq(5, 36)]


def test_a_rate_of_its_own_takes_a_part_out_of_the_shared_one():
    line = "constant(learning_rate=3) for 1, then constant"
    assert rates(line, 2, learning_rate="7") == [3, 7]


def test_brackets_hold_a_line_inside_a_formula():
    assert rates("2*(1 for 2, then 3) + 1", 4) == [3, 3, 7, 7]
    assert rates("(1 for 2, then 3) * (k for 1, then hold)", 4) == [0, 1, 3, 3]


def test_how_long_a_part_lasts_is_how_long_its_schedule_takes():
    assert rates("warmup for 4, then constant", 6, learning_rate="4") == [0, 1, 2, 3, 4, 4]
    assert rates("warmup(warmup_steps=2) for 4, then constant", 3, learning_rate="4") == [0, 2, 4]
    cosine = rates("cosine for 4, then hold", 7, learning_rate="1")
    assert [cosine[0], cosine[2], *cosine[4:]] == [1, fmpq(1, 2), 0, 0, 0]


def test_parts_are_set_by_their_names():
    plan = read_schedule("step for 4, then step(gamma=1/2)")
    assert list(plan.parameters) == [
        "learning_rate", "step.gamma", "step.step_size", "step2.gamma", "step2.step_size",
    ]  # fmt: skip
    settings = {"step.step_size": "1", "step2.step_size": "2", "step.gamma": "1/3"}
    third, half = fmpq(1, 3), fmpq(1, 2)
    values = settle([plan.owner], {**settings, "learning_rate": "1"})["schedule"]
    found = [plan.bind(values).rate_at(step) for step in range(7)]
    assert found == [1, third, third**2, third**3, 1, 1, half]


def test_a_setting_that_two_parts_have_is_asked_back():
    plan = read_schedule("step for 4, then step")
    with pytest.raises(UsageError) as caught:
        settle([plan.owner], {"gamma": "1/2"})
    assert caught.value.known == ("step.gamma", "step2.gamma")


def test_a_schedule_alone_with_settings_keeps_all_that_it_gives():
    plan = read_schedule("onecycle(total_steps=10)")
    values = settle([plan.owner], {})["schedule"]
    ((names, momentum),) = plan.bind_others(values)
    assert names == ("momentum", "beta1")
    assert momentum.rate_at(0) == fmpq(19, 20)


@pytest.mark.parametrize(
    ("line", "error", "said", "marked"),
    [
        ("step for 3", UsageError, "nothing says what comes then", "step for 3"),
        ("step, then hold", UsageError, "How long", "step"),
        ("step(gama=1)", UnknownNameError, "no `gama`", "gama=1"),
        ("1 for 2, then step(gamma=-1)", DomainError, "outside", "gamma=-1"),
        ("step(3, 4)", FormulaError, "`4` is no setting", " 4"),
        ("step(", FormulaError, "not closed", "("),
        ("step for x, then step", UsageError, "`x` is no number", " for x"),
        ("step for 0, then step", UsageError, "`0` is no number", " for 0"),
        ("1 until 5, then 2 until 3, then 4", UsageError, "before it begins", "2 until 3"),
        ("then step", UsageError, "missing", "t"),
        ("hold for 3, then step", UsageError, "Nothing stands before", "hold for 3"),
        ("1 for 3, then stp", UsageError, "no schedule `stp`", ""),
        ("onecycle for 3, then step", UsageError, "also gives `momentum`", "onecycle"),
        ("step repeating every 1.5", UsageError, "`1.5` is no number", "1.5"),
    ],
)
def test_an_error_names_the_part(line, error, said, marked):
    with pytest.raises(error, match=said) as caught:
        read_schedule(line)
    found = caught.value
    if marked:
        assert found.text[found.start : found.end] == marked


def test_an_unknown_schedule_is_met_with_the_nearest_one():
    with pytest.raises(UsageError) as caught:
        read_schedule("cosinus")
    assert caught.value.hint == "write `cosine`"
    with pytest.raises(FormulaError) as caught:
        read_schedule("2*cosin(k)")
    assert caught.value.hint == "write `cosine`"


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("0.9", False), ("1/3", False), ("0.9 - k/100", True), ("cosine", True),
     ("1 for 3, then 2", True), ("CosineAnnealingLR", True), ("true", False)],
)  # fmt: skip
def test_a_text_that_names_a_schedule_is_told_from_a_number(text, is_one):
    assert is_schedule_text(text) == is_one


@pytest.mark.parametrize("alias", ["CosineAnnealingLR", "warmup_cosine_decay_schedule", "SWALR"])
def test_names_of_libraries_are_known(alias):
    assert read_schedule(alias).rate is not None
