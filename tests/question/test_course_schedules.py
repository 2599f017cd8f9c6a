"""Runs whose learning rate and other parameters change from step to step."""

import pytest
from flint import fmpq

from gradiometer.errors import CertificateError, DomainError, UsageError
from gradiometer.proof import check, make_certificate
from gradiometer.question import ask


def run(**inputs):
    given = {"objective": "x^2/2", "start": "1", "steps": 12, **inputs}
    return ask("trajectory", **given)


def test_momentum_given_by_a_formula_is_stepped_exactly():
    answer = run(set={"learning_rate": "1/10", "momentum": "k/10"}, steps=3)
    x, m = fmpq(1), fmpq(0)
    for step in range(3):
        m = x if step == 0 else fmpq(step, 10) * m + x
        x -= m / 10
    assert answer.facts["final"].value == x
    assert answer.facts["final"].status == "proved"
    assert answer.inputs["set"]["momentum"] == "k/10"


def test_a_schedule_with_momentum_gives_both():
    plain = run(schedule="onecycle", set={"total_steps": "12", "cycle_momentum": "false"})
    cycled = run(schedule="onecycle", set={"total_steps": "12"})
    assert plain.facts["final"].status == cycled.facts["final"].status == "proved"
    assert plain.facts["final"].value != cycled.facts["final"].value
    assert set(cycled.certificate["problem"]["schedules"]) == {"learning_rate", "momentum"}


def test_the_momentum_of_a_schedule_is_beta1_where_the_rule_has_that():
    answer = run(optimizer="adam", schedule="triangular", set={"step_size_up": "4"}, steps=5)
    assert set(answer.certificate["problem"]["schedules"]) == {"learning_rate", "beta1"}


@pytest.mark.parametrize(
    "inputs",
    [
        {"schedule": "cosine", "set": {"T_max": "12"}},
        {"schedule": "warmup for 3, then cosine for 9, then hold"},
        {"schedule": "1/sqrt(k + 1)", "set": {"momentum": "9/10 - k/100"}},
        {"set": {"learning_rate": "inverse_square_root", "weight_decay": "1/(k + 10)"}},
        {"schedule": "tanh_decay", "objective": "barrier", "set": {"h": "1/2"}, "start": "0"},
    ],
)
def test_rates_that_are_no_rationals_are_certified(inputs):
    answer = run(**inputs)
    assert answer.facts["final"].status == "proved"
    check(answer.certificate)


def test_a_certificate_with_another_schedule_is_refused():
    answer = run(schedule="cosine", set={"T_max": "12"})
    old = answer.certificate
    rate = old["problem"]["schedules"]["learning_rate"]
    changed = {**rate, "values": {**rate["values"], "T_max": "13"}}
    problem = {**old["problem"], "schedules": {"learning_rate": changed}}
    forged = make_certificate("run", problem=problem, claim=old["claim"], evidence=old["evidence"])
    with pytest.raises(CertificateError, match="another one"):
        check(forged)


def test_a_negative_rate_in_a_certificate_is_refused():
    old = run(schedule="1/10", steps=2).certificate
    problem = {
        **old["problem"],
        "schedules": {"learning_rate": {"rate": "-1/10", "values": {}}},
    }
    forged = make_certificate("run", problem=problem, claim=old["claim"], evidence=old["evidence"])
    with pytest.raises(CertificateError, match="negative"):
        check(forged)


def test_a_run_settles_where_the_last_of_its_schedules_rests():
    answer = run(schedule="where(k < 3, 1/10, 1/2)", set={"momentum": "max(0, 4 - k)/10"})
    assert answer.facts["verdict"].value == "converges"


def test_a_settled_rate_that_is_a_ball_still_has_a_verdict():
    answer = run(schedule="1/sqrt(min(k, 3) + 2)")
    assert answer.facts["verdict"].value == "converges"
    check(answer.certificate)


@pytest.mark.parametrize(
    ("inputs", "error", "said"),
    [
        ({"schedule": "1/10 - k/20"}, DomainError, "step 3 is negative"),
        ({"schedule": "1/(5 - k)"}, DomainError, "no value"),
        ({"set": {"dampening": "k/4"}}, DomainError, r"outside its domain \[0, 1\]"),
        ({"optimizer": "rprop", "schedule": "onecycle"}, UsageError, "momentum"),
        ({"schedule": "onecycle", "set": {"momentum": "1/2"}}, UsageError, "twice"),
        ({"schedule": "1/2", "set": {"learning_rate": "1/(k+1)"}}, UsageError, "twice"),
        ({"set": {"momentum": "cosin(k)"}}, Exception, "cosin"),
        ({"set": {"momentum": "step(gama=1)"}}, Exception, "gama"),
    ],
)
def test_what_cannot_be_scheduled_is_refused(inputs, error, said):
    with pytest.raises(error, match=said):
        run(**inputs)


def test_the_parameters_of_a_momentum_schedule_are_set_behind_its_name():
    settings = {"momentum": "step(learning_rate=1/2)", "momentum.step_size": "2"}
    answer = run(set={**settings, "learning_rate": "1/10"}, steps=4)
    assert answer.inputs["set"]["momentum.step_size"] == "2"


def test_float64_runs_take_the_rounded_rates():
    answer = ask("escape", objective="barrier", schedule="cosine", set={"T_max": "30"}, steps=20)
    assert "float64_barrier" in answer.facts
