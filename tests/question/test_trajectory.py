"""The question `trajectory`: facts, statuses, arrays, refusals."""

import json
import math

import pytest
from flint import arb, fmpq

from gradiometer.errors import DomainError, FormulaError, GradiometerError, LimitError, UsageError
from gradiometer.proof import check
from gradiometer.question.trajectory import trajectory

CYCLE = {"h": "1/2", "learning_rate": "3/10"}


def facts(objective, **asked):
    return trajectory(objective, **asked).facts


def test_a_proved_fact_has_a_certificate_that_is_accepted():
    answer = trajectory("barrier", set=CYCLE)
    in_floats = ("rounding", "rounding_float32", "float64", "float32")
    assert {answer.facts[name].status for name in in_floats} == {"computed"}
    others = [fact for name, fact in answer.facts.items() if name not in in_floats]
    assert {fact.status for fact in others} == {"proved"}
    check(answer.certificate)


def test_a_run_without_a_certificate_claims_nothing_as_proved():
    """Adam without eps stands on a plateau: 0/0."""
    flat = {"pieces": [{"on": "(-oo, 0]", "f": "-x"}, {"on": "(0, oo)", "f": "0"}]}
    answer = trajectory(flat, optimizer="adam", set={"eps": "0"}, start="1", steps=5)
    assert answer.certificate is None
    assert answer.facts["verdict"].status == "unknown"
    assert "proved" not in {answer.facts[n].status for n in ("lowest", "final", "lowest_at")}
    assert any("division by zero" in warning for warning in answer.warnings)


def test_the_last_position_of_a_cycle_is_that_of_the_asked_step():
    assert facts("barrier", set=CYCLE, steps=1000)["final"].value == fmpq(6, 5)
    assert facts("barrier", set=CYCLE, steps=1001)["final"].value == fmpq(9, 10)


def test_no_steps_leave_the_start_where_it_is():
    found = facts("x^2", start="3", steps=0)
    assert found["final"].value == 3
    assert found["lowest"].value == 9


def test_the_iterates_are_arrays_with_exact_texts():
    answer = trajectory("barrier", set=CYCLE, steps=6)
    data = answer.data
    assert list(data["x_exact"].values) == ["0", "3/10", "3/5", "9/10", "6/5", "9/10", "6/5"]
    assert data["x"].values.tolist() == [0.0, 0.3, 0.6, 0.9, 1.2, 0.9, 1.2]
    assert data["value"].values[3] == pytest.approx(0.1)
    assert data["step"].values.tolist() == list(range(7))


def test_a_schedule_gives_the_rates_of_the_run():
    answer = trajectory("-x", schedule="1/(k + 1)", steps=4)
    assert answer.arrays["x_exact"].values == ["0", "1", "3/2", "11/6", "25/12"]


def test_a_landscape_with_a_jump_is_said_to_have_one():
    step = {"pieces": [{"on": "(-oo, 0]", "f": "-x"}, {"on": "(0, oo)", "f": "x + 1"}]}
    answer = trajectory(step, steps=3, start="1")
    assert answer.facts["continuous"].value is False
    assert answer.facts["continuous"].status == "proved"
    assert answer.warnings


@pytest.mark.parametrize("side", [None, "left", "right"])
def test_exactly_on_a_kink_the_side_decides(side):
    answer = trajectory("kink", set={"learning_rate": "1/2"}, steps=1, at_kink=side)
    assert answer.facts["final"].value == fmpq(-1 if side == "right" else 1, 2)


@pytest.mark.parametrize(
    ("objective", "rate", "start"),
    [
        ("double_well", "3", "1/10"),  # grows like 3^(3^t)
        ("x^4/4", "10", "10"),
    ],
)
def test_a_run_that_exact_numbers_cannot_follow_ends_with_a_warning(objective, rate, start):
    answer = trajectory(objective, set={"learning_rate": rate}, start=start, steps=3000)
    # What becomes of it is proved from the steps that were enclosed.
    assert answer.facts["verdict"].value == "diverges"
    assert answer.facts["final"].status == "computed"
    assert "The run ends after step" in answer.warnings[0]
    json.loads(answer.to_json())


def test_a_run_that_shrinks_doubly_fast_is_enclosed_round_its_limit():
    """x' = x^2: after a dozen steps no digit is certain, but the size is."""
    answer = trajectory("x^2/2 - x^3/3", set={"learning_rate": "1"}, start="1/2", steps=40)
    final = answer.facts["final"].value
    assert final.contains(0)
    assert abs(final) < arb(10) ** -1000
    number = answer.to_dict()["facts"]["final"]["value"]
    assert number["decimal"] == "0"
    assert answer.facts["limit"].value == 0
    run = next(part for part in answer.certificate["parts"] if part["kind"] == "run")
    assert run["claim"]["final"].startswith("~0±1e-")
    check(answer.certificate)


@pytest.mark.parametrize("rate", ["1e-30", "1e30"])
def test_extreme_rates_do_not_leave_exact_arithmetic(rate):
    found = facts("quadratic", set={"learning_rate": rate}, start="1", steps=20)
    assert found["verdict"].value == ("converges" if rate == "1e-30" else "diverges")


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"steps": -1}, UsageError),
        ({"steps": 1.5}, UsageError),
        ({"steps": True}, UsageError),
        ({"steps": 10**9}, LimitError),
        ({"at_kink": "up"}, UsageError),
        ({"start": "y"}, FormulaError),
        ({"start": "sqrt(2)"}, GradiometerError),
        ({"set": {"learning_rate": "0"}}, DomainError),
        ({"set": {"learning_rate": "1, 2"}}, DomainError),
        ({"set": {"momentum": "-1"}}, DomainError),
        ({"set": {"nesterov": "1/2"}}, DomainError),
        ({"set": {"rate": "1"}}, GradiometerError),
        ({"optimizer": "adma"}, UsageError),
        ({"schedule": "contsant"}, UsageError),
        ({"schedule": "1/k"}, GradiometerError),
    ],
    ids=str,
)
def test_a_bad_request_is_refused(asked, error):
    def ask():
        answer = trajectory("x^2", **asked)
        if answer.warnings:
            raise DomainError(answer.warnings[0])

    with pytest.raises(error):
        ask()


def test_a_schedule_that_the_rule_never_reads_is_refused():
    rule = {"parameters": {"lr": {"default": "1/10"}}, "step": {"x'": "x - lr*g"}}
    with pytest.raises(UsageError, match="learning_rate"):
        trajectory("x^2", optimizer=rule, schedule="1/(k + 1)")


@pytest.mark.parametrize("objective", ["x^999999", "9^9^9*x", "(1/2)^(10^12)*x", "x*" * 3000 + "x"])
def test_a_formula_that_would_not_end_is_refused_or_answered_soon(objective):
    try:
        answer = trajectory(objective, steps=3, start="3")
    except GradiometerError:
        return
    assert answer.facts["final"].status in ("proved", "computed")


def test_the_json_is_strict_and_the_same_when_asked_again():
    def ask():
        return trajectory("barrier", optimizer="adam", set={"h": "1/2"}, steps=40).to_json()

    first = ask()
    assert first == ask()
    json.loads(first, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("engine", [None, "exact", "float64"])
def test_the_side_of_a_jump_chooses_the_slope_and_not_the_loss(side, engine):
    # The function is 0 at 0, whichever slope is taken there.
    answer = trajectory(
        "where(x < 0, 1 - x, x)", set={"learning_rate": 1}, start=1, steps=1, at_kink=side,
        engine=engine,
    )  # fmt: skip
    assert answer.facts["lowest"].value == 0
    assert answer.facts["lowest_step"].value == 1
    if engine != "float64":
        assert answer.facts["lowest"].status == "proved"
        check(answer.certificate)


@pytest.mark.parametrize(
    ("objective", "word"), [("-5*x/3", "diverges"), ("x^2", "converges"), ("abs(x)", "cycle")]
)
def test_a_new_value_that_nothing_remembers_is_no_part_of_the_state(objective, word):
    rule = {
        "name": "idle",
        "about": "The new value of `m` is read, and the old one is not.",
        "reference": "own",
        "parameters": {"learning_rate": {"default": "1/2", "domain": "(0, oo)"}},
        "state": {"m": "1/2"},
        "step": {"m'": "sign(g)", "x'": "x - learning_rate*m'"},
    }
    start = {"converges": 0, "cycle": "1/4"}.get(word, 1)
    answer = trajectory(objective, optimizer=rule, start=start, steps=5)
    assert (answer.facts["verdict"].value, answer.warnings) == (word, ())
    assert answer.facts["verdict"].status == "proved"


def test_a_run_ends_where_no_piece_has_a_value():
    answer = trajectory("where(x > 0, 1 + x, 1/x)", set={"learning_rate": 1}, start=1, steps=3)
    assert answer.facts["final"].value == 1
    assert "no value at x = 0" in answer.warnings[0]


@pytest.mark.parametrize("engine", ["float64", "float32"])
def test_floats_refuse_a_start_without_a_value_and_call_leaving_the_domain_no_divergence(engine):
    with pytest.raises(DomainError, match="no value at the start"):
        trajectory("ln(-x)", start=1, engine=engine)
    asked = {"set": {"learning_rate": 1}, "start": "1/10", "engine": engine}
    answer = trajectory("ln(x)", **asked, steps=5)
    assert answer.facts["verdict"].value == "unknown"
    assert "no value" in answer.facts["verdict"].because
    # To the right of the last piece there is nothing to draw.
    assert math.isnan(trajectory("ln(-x)", **asked | {"start": -1}, steps=1).arrays[
        "landscape_value"
    ].values[-1])  # fmt: skip


def test_a_clipped_stride_is_bounded():
    rule = {"name": "clipped", "step": {"x'": "x - clip(g, -1, 1)/4"}}
    answer = trajectory("7*x + abs(x)", optimizer=rule, start=1, steps=3)
    assert answer.facts["verdict"].value == "diverges"
    assert answer.facts["verdict"].status == "proved"


@pytest.mark.parametrize(
    ("engine", "steps"), [("float64", 50), ("float32", 50), ("float32", 30001)]
)
def test_the_first_loss_that_is_no_number_is_found_by_every_engine(engine, steps):
    # The rule does not read the slope, so the state stays finite where the loss is not.
    rule = {"name": "walk", "step": {"x'": "x - 1/4"}}
    facts = trajectory("ln(x - 1)", optimizer=rule, start=4, steps=steps, engine=engine).facts
    assert facts["not_finite"].value == 12
    assert facts["final"].value == 1


@pytest.mark.parametrize("engine", [None, "float64"])
@pytest.mark.parametrize("text", ["max(sqrt(-1), x)", "ln(-x^2)"])
def test_a_landscape_without_any_value_is_refused(text, engine):
    with pytest.raises(DomainError, match="no value anywhere"):
        trajectory(text, start=1, engine=engine)
