"""The question `schedule`: the exact rate of each step."""

from fractions import Fraction

import pytest
from flint import arb, fmpq
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


def test_a_rate_that_is_no_rational_is_proved_in_a_ball():
    facts = schedule("cosine", set={"T_max": "6", "learning_rate": "1"}, steps=7).facts
    values = facts["values"]
    assert values.status == "proved"
    # The cosines of thirds of half a turn are rational, and stay so.
    assert [values.value[step] for step in "02346"] == [
        1, fmpq(3, 4), fmpq(1, 2), fmpq(1, 4), 0,
    ]  # fmt: skip
    assert isinstance(values.value["1"], arb)
    assert abs(values.value["1"] - (2 + arb(3).sqrt()) / 4) < 1e-15


def test_facts_say_where_rates_peak_rest_and_rise_again():
    line = "warmup for 5, then cosine for 10, then hold"
    facts = schedule(line, set={"learning_rate": "1"}, steps=20).facts
    assert facts["warmup_end"].value == 5
    assert facts["peak"].value == {"step": 5, "rate": 1}
    assert facts["constant_from"].value == 15
    assert facts["rises_again"].value == "none"
    again = schedule("cosine", set={"T_max": "8"}, steps=20).facts
    assert again["rises_again"].value == 9
    assert again["constant_from"].value is None


def test_an_irrational_rate_that_stays_does_not_change():
    facts = schedule("1/sqrt(min(k, 3) + 2)", steps=8).facts
    assert [row["step"] for row in facts["changes"].value] == [1, 2, 3]
    assert facts["constant_from"].value == 3


def test_a_library_is_compared_at_each_step():
    asked = {"T_max": "10", "learning_rate": "1"}
    answer = schedule("cosine", set=asked, steps=16, compare=["torch", "optax"])
    torch_row, optax_row = answer.facts["compared"].value
    assert torch_row == {"schedule": "cosine.torch", "first_difference": "none"}
    assert optax_row["first_difference"] == 11
    assert optax_row["largest_gap"] == fmpq(1, 2)
    assert optax_row["largest_gap_at"] == 15
    assert answer.facts["settings"].value["cosine.optax"]["T_max"] == "10"
    called = answer.facts["live"].value["torch"]
    assert called.startswith("CosineAnnealingLR(T_max=10, eta_min=0.0)")


def test_another_schedule_can_be_compared_and_set():
    asked = {"step.gamma": "1/2", "learning_rate": "1"}
    answer = schedule("constant", set=asked, steps=40, compare="step")
    (row,) = answer.facts["compared"].value
    assert (row["first_difference"], row["there"]) == (30, fmpq(1, 2))


@pytest.mark.parametrize(
    ("asked", "error", "said"),
    [
        ({"schedule": "rex", "compare": "torch"}, UsageError, "no form in torch"),
        ({"schedule": "rex", "compare": "stp"}, UsageError, "no schedule"),
        ({"schedule": "rex", "set": {"gama": "1"}, "compare": "step"}, GradiometerError, "gama"),
        ({"schedule": "plateau"}, UsageError, "follows losses"),
        ({"schedule": "plateau", "losses": "1,x"}, GradiometerError, "x"),
        ({"schedule": "plateau", "losses": "no/such.txt"}, UsageError, "no file"),
        ({"schedule": "step", "losses": "1,2"}, UsageError, "does not follow"),
    ],
)
def test_a_comparison_or_losses_that_make_no_sense_are_refused(asked, error, said):
    with pytest.raises(error, match=said):
        schedule(**asked)


def test_a_plateau_says_each_reduction_and_its_reason(tmp_path):
    asked = {"patience": "2", "learning_rate": "1"}
    facts = schedule("plateau", set=asked, losses="1, 0.9, 0.9, 0.9, 0.9, 0.5").facts
    (row,) = facts["reductions"].value
    assert (row["step"], row["from"], row["to"]) == (5, 1, fmpq(1, 10))
    assert row["reason"] == "3 losses in a row were not better than 9/10 by the threshold."
    assert facts["best"].value == {"loss": fmpq(1, 2), "step": 5}
    path = tmp_path / "losses.txt"
    path.write_text("1\n0.9\n0.9\n0.9\n0.9\n0.5\n", encoding="utf-8")
    assert schedule("plateau", set=asked, losses=str(path)).facts == facts


def test_a_schedule_that_gives_momentum_lists_it():
    facts = schedule("onecycle", set={"total_steps": "10"}, steps=10).facts
    assert facts["others"].value["momentum"]["2"] == fmpq(17, 20)
    plain = schedule("onecycle", set={"cycle_momentum": "false"}, steps=3).facts
    assert "others" not in plain


@pytest.mark.parametrize("sign", ["+", "-"])
def test_a_change_below_all_digits_is_not_called_none(sign):
    facts = schedule(f"sqrt(2) {sign} k*(1e-300)^5", steps=4).facts
    for name in ("changes", "warmup_end", "rises_again"):
        assert facts[name].status == "unknown"


def test_rates_whose_balls_overlap_are_the_same_by_their_formulas_only():
    def compare(other):
        return schedule("sqrt(k + 2)", compare=other, steps=3).facts["compared"]

    same = compare("(2 + k)^(1/2)")
    assert (same.status, same.value[0]["first_difference"]) == ("proved", "none")
    apart = compare("sqrt(k + 2) + where(k == 1, 1e-100, 0)")
    assert (apart.status, apart.value[0]["first_difference"]) == ("proved", 1)
    doubtful = compare("sqrt(k + 2) + (1e-300)^5")
    assert doubtful.status == "computed"
    assert "whether step 0 has the rate of" in doubtful.because


def test_the_step_of_the_largest_gap_is_proved_by_more_than_floats():
    fact = schedule("sqrt(k)", compare="sqrt(k) + 1 + k*1e-30", steps=4).facts["compared"]
    assert (fact.status, fact.value[0]["largest_gap_at"]) == ("proved", 3)
    equal = schedule("sqrt(k)", compare="sqrt(k) + sqrt(2)", steps=4).facts["compared"]
    assert equal.status == "computed"
    assert "whether step 0 or 2 has the largest gap" in equal.because or "0 or 1" in equal.because


def test_a_branch_that_is_never_taken_needs_no_value():
    facts = schedule("where(k < 5, 1/10, where(k < 2, 1/(3 - 3), 1/20))", steps=8).facts
    assert facts["last"].value == fmpq(1, 20)


@pytest.mark.parametrize(
    ("asked", "rates"),
    [
        # Two turns fall on one step; what optax 0.2.8 itself gives is written down.
        ({"pct_start": "1/2", "pct_final": "1"}, {0: "1/20", 5: "1/10", 9: "1/2", 10: "3/5"}),
        ({"pct_start": "1/2", "pct_final": "1/2"}, {0: "1/20", 5: "1/40", 10: "3/20"}),
    ],
)
def test_optax_keeps_the_later_of_two_turns_at_one_step(asked, rates):
    given = {**asked, "total_steps": "10", "div_factor": "2", "final_div_factor": "1/6"}
    values = schedule("linear_onecycle.optax", set=given, steps=12).facts["values"].value
    assert {step: str(values[str(step)]) for step in rates} == rates
