"""Verdicts on runs hold for all steps to come, or are unknown."""

import pytest
from flint import fmpq

from gradiometer.formula import to_ball
from gradiometer.question.trajectory import trajectory


def verdict(objective, **asked):
    fact = trajectory(objective, **asked).facts["verdict"]
    assert (fact.status == "proved") == (fact.value != "unknown")
    return fact.value


def rule(step, **parts):
    parameters = {"learning_rate": {"default": "1/10"}}
    return {"name": "mine", "parameters": parameters, "step": {"x'": step}, **parts}


def valley(left, right):
    return {
        "pieces": [{"on": "(-oo, 0]", "f": f"-({left})*x"}, {"on": "(0, oo)", "f": f"({right})*x"}]
    }


@pytest.mark.parametrize("schedule", ["(1/2)^k", "1/(k + 1)^2", "1/10^k", "step", "1/(k + 1)"])
def test_a_run_downhill_with_fading_strides_is_not_called_divergent(schedule):
    """All but the last rates have a finite sum; the last run goes to infinity, which stays open."""
    known = "unknown" if schedule == "1/(k + 1)" else "converges"
    assert verdict("-x", schedule=schedule, steps=60) == known


def test_a_rate_of_zero_stands_still_and_does_not_diverge():
    assert verdict("-x", schedule="0", steps=0) in ("unknown", "bounded")
    assert verdict("-x", schedule="0", steps=3) == "converges"


@pytest.mark.parametrize("steps", [0, 1, 20])
@pytest.mark.parametrize("start", ["-5", "0", "7"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_run_downhill_with_a_constant_rate_diverges(optimizer, start, steps):
    found = verdict("-x", optimizer=optimizer, start=start, steps=steps)
    assert found == "diverges" or (optimizer == "adam" and steps == 0)


@pytest.mark.parametrize("steps", [0, 1])
def test_a_rule_that_goes_to_and_fro_downhill_does_not_run_away(steps):
    """x' = max(10, 21 - x) stays in [10, oo) and is a cycle of two."""
    back_and_forth = rule("max(10, 21 - x) + 0*learning_rate*g")
    assert verdict("-x", optimizer=back_and_forth, start="10", steps=steps) == "bounded"
    assert verdict("-x", optimizer=back_and_forth, start="10", steps=9) == "cycle"


@pytest.mark.parametrize(
    ("bend", "found"),
    [
        ("x - 10*learning_rate*(1 - learning_rate)*g", "converges"),
        ("x - learning_rate*g + learning_rate^2", "unknown"),
        ("x - learning_rate*g + learning_rate*learning_rate", "unknown"),
        ("x - learning_rate*learning_rate*learning_rate*g", "unknown"),
        ("(1 - learning_rate)*x", "converges"),
    ],
)
def test_a_rule_that_bends_with_the_rate_reaches_no_limit_that_is_named(bend, found):
    """From some step on the factor of x stays between 0 and 1 for two of them; where that ends
    depends on the sum of the rates. The next two are pushed away from 0 at each step, and the
    cubes of the rates have a finite sum, so that run ends far from every special point."""
    asked = {"optimizer": rule(bend), "schedule": "1/(k + 2)", "start": "3", "steps": 40}
    assert verdict("x^2/2", **asked) == found
    assert "limit" not in trajectory("x^2/2", **asked).facts


def test_rates_inside_a_range_whose_ends_are_safe_can_still_diverge():
    """Rates 0 and 1/2 in turn: the factor 1 - 10*r*(1 - r) is 1 at both ends, -3/2 between."""
    bent = rule("x - 10*learning_rate*(1 - learning_rate)*g")
    plan = "max(0, min(1, k/2 - floor(k/2)))"
    assert verdict("x^2/2", optimizer=bent, schedule=plan, start="3", steps=50) == "unknown"


@pytest.mark.parametrize("objective", ["-x", "x", "5", "-x^2/2"])
def test_a_landscape_without_a_minimum_has_no_convergent_fading_run(objective):
    found = verdict(objective, schedule="1/(k + 2)", start="3", steps=20)
    assert found in ("unknown", "converges" if objective == "5" else "unknown")


@pytest.mark.parametrize(
    ("objective", "asked", "found"),
    [
        # Jumps from the right-hand valley over both tops of a cubic.
        ("x^3 - 3*x", {"set": {"learning_rate": "4"}, "start": "3/2", "steps": 1}, "escapes"),
        ("x^3 - 3*x", {"set": {"learning_rate": "1"}, "start": "-3", "steps": 1}, "diverges"),
        ("barrier", {"set": {"h": "1/10", "learning_rate": "3/10"}, "start": "5"}, "diverges"),
        ("barrier", {"set": {"h": "1/10", "learning_rate": "3/10"}, "start": "0"}, "escapes"),
        # Exactly on the top the run first goes back, crosses the valley, and never leaves it.
        ("barrier", {"set": {"h": "1/2", "learning_rate": "3/10"}, "start": "3/2"}, "cycle"),
    ],
)
def test_escaping_is_running_away_after_a_rise(objective, asked, found):
    assert verdict(objective, **{"steps": 60, **asked}) == found


def test_a_barrier_on_the_left_is_passed_like_one_on_the_right():
    mirrored = {
        "pieces": [
            {"on": "(-oo, -11/10)", "f": "x + 6/5"},
            {"on": "[-11/10, -1)", "f": "-1 - x"},
            {"on": "[-1, oo)", "f": "1 + x"},
        ]
    }
    assert verdict(mirrored, set={"learning_rate": "3/10"}, steps=40) == "escapes"


@pytest.mark.parametrize("momentum", ["0", "1/2", "9/10"])
@pytest.mark.parametrize("nesterov", [False, True])
def test_a_parabola_downwards_diverges_unless_the_run_stands_on_its_top(momentum, nesterov):
    asked = {"set": {"momentum": momentum, "nesterov": nesterov}, "steps": 12}
    assert verdict("-x^2/2", start="1/100", **asked) == "diverges"
    assert verdict("-x^2/2", start="0", **asked) == "converges"


@pytest.mark.parametrize("factor", ["1", "-1"])
def test_a_multiplier_of_size_one_is_decided_by_the_run_itself(factor):
    objective = "x" if factor == "1" else "x^2"
    asked = {"set": {"learning_rate": "1"}, "start": "3", "steps": 12}
    assert verdict(objective, **asked) == ("diverges" if factor == "1" else "cycle")


def test_a_run_that_leaves_the_domain_of_the_loss_has_no_verdict():
    for steps in (0, 10):
        asked = {"set": {"learning_rate": "3/2"}, "start": "1", "steps": steps}
        assert verdict("x^2/2 + 0*ln(x)", **asked) == "unknown"


def test_plateaus_hold_a_run_and_momentum_may_carry_it_on():
    flat = {
        "pieces": [
            {"on": "(-oo, 0]", "f": "-x"},
            {"on": "(0, 5]", "f": "0"},
            {"on": "(5, oo)", "f": "x - 5"},
        ]
    }
    asked = {"start": "-1/2", "steps": 40}
    plain = trajectory(flat, set={"learning_rate": "1"}, **asked)
    assert plain.facts["limit"].value == fmpq(1, 2)
    heavy = {"learning_rate": "1", "momentum": "1/2"}
    # The buffer halves at each step of the plateau, so what is left of the way is known.
    carried = trajectory(flat, set=heavy, **asked)
    assert carried.facts["verdict"].value == "converges"
    assert to_ball(carried.facts["limit"].value).contains(fmpq(3, 2))


@pytest.mark.parametrize("decay", ["1/10", "1"])
def test_weight_decay_pulls_a_run_downhill_to_a_fixed_point(decay):
    """-1 + decay*x = 0 at x = 1/decay."""
    answer = trajectory("-x", set={"weight_decay": decay, "learning_rate": "1/2"}, steps=30)
    assert answer.facts["verdict"].value == "converges"
    assert answer.facts["limit"].value == 1 / fmpq(decay.split("/")[0] == "1") / (
        fmpq(1, 10) if decay == "1/10" else fmpq(1)
    )


def test_adam_on_a_parabola_stays_between_bounds():
    assert verdict("quadratic", optimizer="adam", start="1", steps=40) == "bounded"


def test_a_run_that_keeps_turning_at_a_kink_of_irrational_slope_stays_in_a_region():
    found = verdict(valley("sqrt(2)", "1"), set={"learning_rate": "1"}, start="1/3", steps=60)
    assert found == "bounded"
