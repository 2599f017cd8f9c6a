"""Steps of optax's rules that are known in closed form."""

from math import sqrt

import numpy as np
import pytest

from gradiometer.model import read_optimizer, settle
from gradiometer.numeric import run_rule_tape

NEAR = 1e-12


def steps_of(rule, tape, *, start=0.0, loss=None, **settings):
    """The moves along a tape of gradients of one coordinate."""
    optimizer = read_optimizer(rule)
    texts = {name: str(value) for name, value in settings.items()}
    bound = optimizer.bind(settle([optimizer.owner], texts)["optimizer"], shape=(1,))
    gradients = np.array(tape, dtype=float)[:, None]
    return np.diff(run_rule_tape(bound, gradients, np.array([start]), loss=loss)[:, 0])


def positions_of(rule, tape, **rest):
    """The positions after each gradient of the tape."""
    return rest.get("start", 0.0) + np.cumsum(steps_of(rule, tape, **rest))


@pytest.mark.parametrize("gradient", [3.0, 1e-6])
def test_adam_steps_by_the_same_under_a_constant_gradient(gradient):
    # Both bias corrections cancel: the step is learning_rate*g/(g + eps) for every beta and t.
    steps = steps_of("adam.optax", [gradient] * 50, learning_rate="1/8")
    assert steps == pytest.approx([-gradient / (gradient + 1e-8) / 8] * 50, rel=NEAR)


def test_rmsprop_starts_too_far_and_comes_back():
    steps = steps_of("rmsprop.optax", [1.0] * 60, learning_rate=1, eps=0)
    assert steps == pytest.approx([-1 / sqrt(1 - 0.9**t) for t in range(1, 61)], rel=NEAR)
    assert steps[0] == pytest.approx(-sqrt(10), rel=NEAR)


def test_rmsprop_with_its_bias_corrected_does_not():
    steps = steps_of("rmsprop.optax", [1.0] * 60, learning_rate=1, eps=0, bias_correction="true")
    assert steps == pytest.approx([-1.0] * 60, rel=NEAR)


def test_adagrad_slows_with_the_root_of_the_step():
    steps = steps_of("adagrad.optax", [1.0] * 60, learning_rate=1, eps=0)
    assert steps == pytest.approx([-1 / sqrt(t + 0.1) for t in range(1, 61)], rel=NEAR)


def test_adadelta_starts_with_the_root_of_eps():
    (step,) = steps_of("adadelta.optax", [2.0])
    assert step == pytest.approx(-2 * sqrt(1e-6) / sqrt(0.1 * 4 + 1e-6), rel=NEAR)


@pytest.mark.parametrize(
    ("rule", "settings"),
    [("lion.optax", {"weight_decay": 0}), ("sign_sgd", {}), ("signum", {})],
)
def test_rules_of_signs_step_by_the_rate(rule, settings):
    steps = steps_of(rule, [1e-9, 1e9, 2.0], learning_rate="1/4", **settings)
    assert steps == pytest.approx([-0.25] * 3, rel=NEAR)


def test_radam_makes_five_plain_steps():
    steps = steps_of("radam.optax", [2.0] * 6, learning_rate=1)
    assert steps[:5] == pytest.approx([-2.0] * 5, rel=NEAR)
    assert steps[5] == pytest.approx(-0.0258, abs=5e-5)


def test_momentum_of_gradient_descent_fills_as_a_geometric_sum():
    steps = steps_of("sgd.optax", [1.0] * 30, learning_rate=1, momentum="9/10")
    expected = [-(1 - 0.9**t) / (1 - 0.9) for t in range(1, 31)]
    assert steps == pytest.approx(expected, rel=NEAR)


@pytest.mark.parametrize(
    ("rule", "settings"), [("adamw.optax", {"eps": 0}), ("lion.optax", {}), ("adamaxw", {"eps": 0})]
)
def test_decay_without_the_gradient_holds_the_weights_at_its_inverse(rule, settings):
    # The step is learning_rate*(1 + weight_decay*x), which is zero at x = -1/weight_decay.
    tape = [1.0] * 20
    steps = steps_of(rule, tape, start=-4.0, learning_rate="1/2", weight_decay="1/4", **settings)
    assert steps == pytest.approx([0.0] * 20, abs=1e-14)


@pytest.mark.parametrize(("beta2", "bound"), [("19/20", 1.165), ("999/1000", 7.270)])
def test_the_longest_step_of_adam_is_attained(beta2, bound):
    # Cauchy-Schwarz: gradients that grow by beta2/beta1 make |m|/sqrt(v) as large as it can be.
    first, second = 0.9, {"19/20": 0.95, "999/1000": 0.999}[beta2]
    exact = (1 - first) / sqrt((1 - second) * (1 - first**2 / second))
    count = 700
    tape = [(second / first) ** (k - count) for k in range(count)]
    last = steps_of("adam.optax", tape, learning_rate=1, beta2=beta2, eps=0)[-1]
    filled = sqrt(1 - second**count) / (1 - first**count)
    assert -last / filled == pytest.approx(exact, rel=1e-9)
    assert exact == pytest.approx(bound, abs=5e-4)


def test_amsgrad_keeps_the_largest_corrected_mean():
    corrected = positions_of("amsgrad", [10.0, 0.1], learning_rate=1, eps=0)
    biased = positions_of("adam.torch", [10.0, 0.1], learning_rate=1, eps=0, amsgrad="true")
    assert corrected == pytest.approx([-1, -1.479], abs=5e-4)
    assert biased == pytest.approx([-1, -1.677], abs=5e-4)


def test_nadam_looks_ahead_with_all_its_momentum():
    (step,) = steps_of("nadam.optax", [1.0], learning_rate=1, eps=0)
    assert step == pytest.approx(-(0.9 * 0.1 / (1 - 0.9**2) + 1), rel=NEAR)


def test_rprop_makes_each_step_a_step_late():
    tape = [1.0, 1.0, -1.0, -1.0]
    late = positions_of("rprop.optax", tape, learning_rate="1/10")
    prompt = positions_of("rprop.torch", tape, learning_rate="1/10")
    assert late == pytest.approx([0, -0.1, -0.1, -0.1], rel=NEAR)
    assert prompt == pytest.approx([-0.1, -0.22, -0.22, -0.16], rel=NEAR)


def test_polyak_halves_the_distance_on_a_parabola():
    # f = x^2/2 at x = 2^-k: the rate is f/g^2 = 1/2.
    places = 2.0 ** -np.arange(20)
    steps = steps_of("polyak_sgd", places, start=1.0, loss=places**2 / 2)
    assert steps == pytest.approx(-places / 2, rel=NEAR)


def test_adopt_looks_before_it_steps():
    steps = steps_of("adopt", [2.0, 2.0], learning_rate=1)
    assert steps[0] == 0
    assert steps[1] == pytest.approx(-0.1, rel=NEAR)


def test_fromage_shrinks_the_weights_without_a_gradient():
    steps = steps_of("fromage", [0.0], start=2.0, learning_rate=1)
    assert 2 + steps[0] == pytest.approx(sqrt(2), rel=NEAR)


def test_schedule_free_descent_averages_its_path():
    # With a constant rate the fast position is -t and its mean over the steps is -(t + 1)/2.
    places = positions_of("schedule_free_sgd", [1.0] * 30, learning_rate=1)
    expected = [0.1 * -t + 0.9 * -(t + 1) / 2 for t in range(1, 31)]
    assert places == pytest.approx(expected, rel=NEAR)
