"""The question `stability`: what it says of points, of what it assumes, and what it refuses."""

import math

import pytest
from flint import fmpq

from gradiometer.errors import GradiometerError, UsageError
from gradiometer.question import ask


def _ask(objective="x^2/2", optimizer="sgd", settings=None, **more):
    return ask("stability", objective=objective, optimizer=optimizer, set=settings or {}, **more)


@pytest.mark.parametrize(
    ("inputs", "said", "hint"),
    [
        ({"vary": "learning_rte"}, "has no parameter `learning_rte`", "--vary learning_rate"),
        ({"vary": "nesterov"}, "is not a number that can be varied", "--vary learning_rate"),
        ({"optimizer": "polyak_sgd"}, "no parameter `learning_rate`", "--vary max_learning_rate"),
        ({"hold": {"v": "1"}}, "remembers no `v`", ""),
        ({"objective": "exp(x)"}, "No critical point of `exp(x)` is found", "--at 1"),
        ({"objective": "x^2 + y^2", "optimizer": "lamb", "at": "x=0,y=0"}, "joins all coordinates",
         "one variable"),
        ({"settings": {"momentum": "2x"}}, "", ""),
        ({"doublings": 7}, "no count from 0 to 6", "write 0"),
        ({"doublings": True}, "`doublings`", ""),
        ({"objective": "x^2 +"}, "", ""),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_with_a_hint(inputs, said, hint):
    with pytest.raises(GradiometerError) as caught:
        _ask(**inputs)
    assert said in caught.value.problem
    assert hint in caught.value.hint


def test_every_critical_point_is_a_row_and_the_first_minimum_is_asked_about():
    answer = _ask("double_well", settings={"learning_rate": "9/10"})
    rows = answer.facts["points"].value
    assert [(row["at"], row["curvature"], row["critical"], row["is"]) for row in rows] == [
        (1, 2, 1, "stable"), (-1, 2, 1, "stable"), (0, -1, "none", "unstable"),
    ]  # fmt: skip
    assert answer.facts["at"].value == 1


def test_critical_points_of_a_formula_are_found_and_it_is_said_that_there_may_be_others():
    answer = _ask("x^4/4 - x^2/2", settings={"learning_rate": "1/2"})
    assert [row["at"] for row in answer.facts["points"].value] == [-1, 1, 0]
    assert "there may be others" in answer.warnings[0]
    assert _ask("3x^2 - x").warnings == ()


@pytest.mark.parametrize(
    ("optimizer", "objective", "reason"),
    [
        ("sign_sgd", "x^2/2", "jumps at rest"),
        ("lion", "x^2/2", "jumps at rest"),
        ("signum", "x^2/2", "jumps at rest"),
        ("sgd", "|x|", "kink"),
        ("sgd", "barrier", "kink"),
        ("adam", "x^4", "unit circle"),
        ("sgd", "x^4", "unit circle"),
        ("adagrad", "x^2/2", "`s` stays on the unit circle"),
        ("noisy_sgd", "x^2/2", "`noise`"),
        ("momo", "x^2/2", "`loss`"),
        ("cocob", "x^2/2", "divides by what vanishes"),
    ],
)
def test_what_is_not_decided_says_why(optimizer, objective, reason):
    facts = _ask(objective, optimizer).facts
    assert facts["critical"].status == facts["safe"].status == facts["stable"].status == "unknown"
    assert reason in facts["critical"].because


@pytest.mark.parametrize(
    ("optimizer", "settings", "least", "most"),
    [
        ("sign_sgd", {"learning_rate": "1/10"}, 0.0, 0.1001),
        ("lion", {"learning_rate": "1/10"}, 0.0, 1.0),
        ("adam", {"learning_rate": "1/100", "eps": "0"}, 2e-4, 0.1),
    ],
)
def test_a_rule_that_cannot_rest_swings(optimizer, settings, least, most):
    swing = _ask("x^2/2", optimizer, settings).facts["swing"]
    assert swing.status == "computed"
    assert least < swing.value <= most


def _follow(optimizer, settings, steps):
    """The largest loss of the last third of a float run from close to a minimum."""
    answer = ask("trajectory", objective="x^2/2", optimizer=optimizer, set=settings, start="1/1000",
                 steps=steps, engine="float64")  # fmt: skip
    losses = answer.arrays["value"].values
    return max((v for v in losses[2 * len(losses) // 3 :] if math.isfinite(v)), default=math.inf)


@pytest.mark.parametrize(
    ("optimizer", "settings", "vary"),
    [
        ("sgd", {"momentum": "9/10"}, "learning_rate"),
        ("sgd", {"momentum": "9/10", "nesterov": "true"}, "learning_rate"),
        ("optimistic_gradient_descent", {}, "learning_rate"),
        ("adam", {"eps": "1/100", "beta2": "9/10"}, "learning_rate"),
        ("nadam.optax", {"eps": "1/100", "beta2": "9/10"}, "learning_rate"),
        ("rmsprop", {"eps": "1/100", "alpha": "1/2"}, "learning_rate"),
        ("schedule_free_sgd", {}, "learning_rate"),
        ("adam", {"learning_rate": "1/100", "beta2": "9/10"}, "eps"),
    ],
)
def test_long_runs_on_both_sides_do_what_was_proved(optimizer, settings, vary):
    facts = _ask("x^2/2", optimizer, settings, vary=vary).facts
    ends = [facts[side].value for side in ("below", "above")]
    assert {row["is"] for row in ends} == {"stable", "unstable"}
    for row in ends:
        worst = _follow(optimizer, {**settings, vary: str(row["rate"])}, 6000)
        if row["is"] == "stable":
            # Averages follow as a power of the step count only.
            assert worst < (1e-10 if optimizer.startswith("schedule_free") else 1e-18)
        else:
            # An adaptive rule swings, the others run away.
            assert worst > (1e-12 if optimizer.startswith(("adam", "nadam", "rms")) else 1)


def test_what_stands_at_its_limit_is_said():
    assert _ask().facts["assumed"].value == "nothing"
    adam = _ask("x^2/2", "adam", hold={"v": "1/100"}).facts["assumed"]
    assert adam.value == "after many steps, v held at 1/100"
    assert adam.status == "proved"


def test_multipliers_of_a_pair_have_a_size():
    answer = _ask(settings={"momentum": "9/10", "learning_rate": "1"})
    first, second = answer.facts["multipliers"].value
    assert float(first["imaginary"]) == -float(second["imaginary"])
    assert math.isclose(float(first["size"]), math.sqrt(0.9))
    assert _ask(settings={"learning_rate": "1/3"}).facts["multipliers"].value == [fmpq(2, 3)]


def test_weight_decay_moves_the_point_of_rest():
    # x^3 - 1 + x/3 vanishes at 0.8514…, where the curvature is 3*x^2.
    answer = _ask("x^4/4 - x", settings={"weight_decay": "1/3"}, at="9/10")
    place, bend = float(answer.facts["at"].value), float(answer.facts["curvature"].value)
    assert math.isclose(place**3 - 1 + place / 3, 0, abs_tol=1e-14)
    assert math.isclose(bend, 3 * place**2)
    assert math.isclose(float(answer.facts["critical"].value), 2 / (bend + 1 / 3))


def test_point_that_the_rule_does_not_rest_at_is_not_decided():
    facts = _ask("x^4/4 - x", "adamw").facts
    assert facts["critical"].status == "unknown"
    assert "does not rest where the gradient vanishes" in facts["critical"].because


def test_figure_data_hold_the_growth_at_each_rate():
    answer = _ask(settings={"momentum": "9/10"})
    rates, growth = (answer.arrays[name].values for name in ("rate", "growth"))
    for rate, size in zip(rates[::40], growth[::40], strict=True):
        roots = [(1.9 - rate + s * complex((1.9 - rate) ** 2 - 3.6) ** 0.5) / 2 for s in (1, -1)]
        assert math.isclose(size, max(map(abs, roots)), rel_tol=1e-6)


@pytest.mark.parametrize(
    ("objective", "settings"),
    [("double_well", {"momentum": "1/2"}), ("lessard", {}), ("x^2/2", {})],
)
def test_doublings_that_cannot_be_found_are_unknown(objective, settings):
    assert _ask(objective, settings=settings, doublings=1).facts["doublings"].status == "unknown"


def test_unknown_input_is_refused():
    with pytest.raises(UsageError):
        _ask(steps=3)


def test_a_landscape_with_a_hole_is_left_open_and_no_error():
    answer = ask("stability", objective="x^2/2 - ln(x)")
    assert answer.facts["critical"].status == "unknown"
    assert "gap" in answer.facts["critical"].because
