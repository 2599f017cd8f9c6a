"""What is said of a function of a normal number: gains, gradients in deep networks, conventions."""

import json
import time
from functools import cache

import pytest
from flint import arb, fmpq

from gradiometer.errors import GradiometerError, UsageError
from gradiometer.formula import evaluate, parse, precision, to_ball, to_piecewise
from gradiometer.model import read_activation
from gradiometer.proof import Shape, check
from gradiometer.question import ask, to_value_text
from gradiometer.question.activation import activation
from gradiometer.question.activation_moments import MOMENT_FACTS, list_moments


@cache
def facts(formula, variance="1"):
    found = activation(formula, variance=variance).facts
    return {name: found[name] for name in MOMENT_FACTS}


def ball(fact):
    assert fact.status == "proved"
    with precision(200):
        value = fact.value
        return to_ball(value if isinstance(value, fmpq | arb) else evaluate(value, {}))


def is_near(fact, text, digits):
    with precision(200):
        return abs(ball(fact) - to_ball(evaluate(parse(text).tree, {}))) < arb(10) ** -digits


def test_the_rectifier_has_exact_facts():
    found = {name: to_value_text(fact.value).split(" ≈")[0] for name, fact in facts("relu").items()}
    found.pop("published_gains")
    assert found == {
        "dead_fraction": "1/2", "mean": "1/sqrt(2*pi)", "second_moment": "1/2",
        "variance": "1/2 - 1/(2*pi)", "slope_second_moment": "1/2", "gain": "sqrt(2)",
        "gain_torch": "sqrt(2)", "chi": "1", "critical_weight_variance": "2",
    }  # fmt: skip


# Gains and gradients of a published table of means over the standard normal law.
GAINS = [
    ("relu6", "1.414213565", "1.000000002"), ("elu", "1.245198301", "1.035904719"),
    ("selu", "1", "1.071574992"), ("sigmoid", "1.846228545", "0.1528270117"),
    ("tanh", "1.592537420", "1.177807232"), ("softplus", "1.041866836", "0.3184589837"),
    ("gelu", "1.533530441", "1.072031598"), ("hardtanh", "1.392036140", "1.322891542"),
    ("atan(x)", "1.491207618", "1.111850080"), ("sin(x)", "1.520866623", "1.313035285"),
    ("e^(-x^2)", "1.495348781", "4/5"),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "gain", "chi"), GAINS)
def test_gain_and_chi_are_those_of_the_table(formula, gain, chi):
    found = facts(formula)
    assert is_near(found["gain"], gain, 9)
    assert is_near(found["chi"], chi, 9)


# The divisors of silu and gelu in use elsewhere, and the sigmoid's gain, are roots of E f^2.
@pytest.mark.parametrize(("formula", "divisor"), [("silu", 0.596), ("gelu", 0.652)])
def test_gain_is_one_over_the_known_divisor(formula, divisor):
    assert float(1 / ball(facts(formula)["gain"])) == pytest.approx(divisor, abs=5e-4)


TORCH = {
    "identity": ("1", False), "relu": ("sqrt(2)", False), "sigmoid": ("1", True),
    "tanh": ("5/3", True), "selu": ("3/4", True), "leaky_relu": ("sqrt(2/(1 + 1/100^2))", False),
}  # fmt: skip


@pytest.mark.parametrize("name", TORCH)
def test_gain_of_torch_is_told_with_whether_it_is_a_convention(name):
    text, is_convention = TORCH[name]
    fact = facts(name)["gain_torch"]
    assert is_near(fact, text, 40)
    assert ("a convention" in fact.because) is is_convention
    assert ("which is the gain by the second moment" in fact.because) is not is_convention


def test_gain_of_torch_follows_the_slope_of_a_leaky_rectifier():
    found = activation("leaky_relu", set={"negative_slope": "1/5"}).facts
    assert is_near(found["gain_torch"], "sqrt(2/(1 + 1/25))", 40)
    assert found["chi"].value == 1


@pytest.mark.parametrize("formula", ["gelu", "max(x,0)", "tanh(x)"])
def test_what_torch_does_not_list_has_no_gain_there(formula):
    assert facts(formula)["gain_torch"].value == "none"


def test_gain_says_what_the_standard_deviation_would_give_when_the_mean_is_not_0():
    assert "By the standard deviation it would be 4.80" in facts("sigmoid")["gain"].because
    assert "By the standard deviation" not in facts("tanh")["gain"].because
    assert "By the standard deviation" not in facts("selu")["gain"].because
    assert "second moment" in facts("tanh")["gain"].because


@pytest.mark.parametrize("name", ["gain", "chi", "critical_weight_variance"])
def test_deep_networks_are_spoken_of_at_infinite_width_only(name):
    for formula in ("relu", "sigmoid"):
        assert "at infinite width, at initialisation" in facts(formula)[name].because


def test_variance_is_the_second_moment_less_the_squared_mean():
    found = facts("sigmoid")
    assert is_near(found["variance"], "0.29337903585809 - 1/4", 13)
    assert facts("x^2")["variance"].value == 2


@pytest.mark.parametrize("variance", ["1/4", "2", "9"])
def test_a_rectifier_is_the_same_at_every_variance(variance):
    found = facts("relu", variance)
    assert found["chi"].value == 1
    assert to_value_text(found["gain"].value).startswith("sqrt(2)")
    assert found["dead_fraction"].value == fmpq(1, 2)
    assert found["second_moment"].value == parse_rational(variance) / 2


def parse_rational(text):
    top, _, bottom = text.partition("/")
    return fmpq(int(top), int(bottom or 1))


def test_edge_of_chaos_of_tanh_is_at_its_known_weight_variance():
    """Where the variance of the biases is 1/20, z has variance 0.570047881641 at the edge."""
    found = facts("tanh", "0.570047881641")
    assert is_near(found["critical_weight_variance"], "1.76095463961", 10)


def test_a_function_without_slope_has_no_critical_weights():
    found = facts("step")
    assert found["dead_fraction"].value == 1
    assert found["chi"].value == 0
    assert found["critical_weight_variance"].value == "none"
    zero = facts("0")
    assert (zero["gain"].value, zero["chi"].value) == ("none", "none")


@pytest.mark.parametrize(
    ("formula", "missing", "known"),
    [("e^(x^2/3)", {"second_moment", "slope_second_moment", "gain", "chi"}, {"mean"}),
     ("ln(x)", {"mean", "gain", "chi", "dead_fraction"}, set()),
     ("sqrt(max(x,0))", {"slope_second_moment", "chi", "critical_weight_variance"}, {"gain"}),
     ("max(x, e^x-2)", set(MOMENT_FACTS), set())],
)  # fmt: skip
def test_a_mean_that_does_not_exist_is_unknown_with_a_reason(formula, missing, known):
    found = facts(formula)
    for name in missing:
        assert found[name].status == "unknown"
        assert found[name].because.endswith(".")
    assert all(found[name].status == "proved" for name in known)


@pytest.mark.parametrize("variance", ["0", "-1", "1e-9", "1e9", "x", ""])
def test_a_variance_that_is_none_is_refused(variance):
    with pytest.raises(GradiometerError):
        activation("relu", variance=variance)


def test_a_refused_variance_has_a_hint():
    with pytest.raises(UsageError, match="between"):
        activation("relu", variance="-1")


def test_the_variance_is_among_the_inputs_and_the_proofs_are_accepted():
    answer = activation("gelu", variance="0.5")
    assert answer.inputs["variance"] == "1/2"
    assert answer.certificate is not None
    parts = json.loads(json.dumps(answer.certificate))["parts"]
    moments = [part for part in parts if part["kind"] == "moment"]
    assert {part["problem"]["of"] for part in moments} == {
        "dead",
        "value",
        "square",
        "slope_square",
    }
    for part in moments:
        check(part)


@pytest.mark.parametrize("formula", ["relu", "selu", "gelu", "mish", "sigmoid"])
def test_thirty_digits_are_certified(formula):
    for name in ("mean", "second_moment", "slope_second_moment"):
        found = ball(facts(formula)[name])
        assert found.rad() <= abs(found) * 1e-29


@pytest.mark.parametrize("formula", ["gelu", "mish", "silu", "ln(e^(3x)+1)"])
def test_all_means_together_take_little_time(formula):
    model = read_activation(formula)
    shape = Shape(to_piecewise(model.tree, "x"))
    before = time.process_time()
    list_moments(model, shape, fmpq(1))
    assert time.process_time() - before < 0.4


def test_the_variance_is_an_input_of_the_question():
    answer = ask("activation", formula="relu", variance="1/2")
    assert answer.facts["second_moment"].value == fmpq(1, 4)
    assert "N(0, 1/2)" in answer.facts["mean"].because
