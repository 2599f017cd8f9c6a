"""Closed forms of what optimizers do on simple gradients, derived by hand or published."""

import numpy as np
import pytest

from gradiometer.model import read_optimizer, settle
from gradiometer.numeric import run_rule_tape


def walk(rule, tape, *, start=0.0, rates=None, **settings):
    """The positions of a rule on a tape of gradients, from the start on."""
    optimizer = read_optimizer(rule)
    asked = {name: str(value).lower() for name, value in settings.items()}
    bound = optimizer.bind(settle([optimizer.owner], asked)["optimizer"])
    return run_rule_tape(bound, tape, start, rates)


def steps(rule, tape, **settings):
    """How far each step goes."""
    return np.diff(walk(rule, tape, **settings))


@pytest.mark.parametrize("gradient", [3.0, -0.25, 1e-6])
@pytest.mark.parametrize(("beta1", "beta2"), [(0.9, 0.999), (0.5, 0.9)])
def test_adam_on_a_constant_gradient_always_steps_by_its_share(gradient, beta1, beta2):
    # Both corrections cancel: -lr g/(|g| + eps), whatever the betas and the step.
    found = steps("adam", [gradient] * 50, learning_rate="1/8", beta1=beta1, beta2=beta2)
    assert found == pytest.approx([-gradient / (abs(gradient) + 1e-8) / 8] * 50, rel=1e-10)


def test_adam_of_keras_divides_eps_by_the_root_of_the_correction():
    found = steps("adam.keras", [1e-6] * 50, learning_rate="1/8")
    t = np.arange(1, 51)
    hat = 1e-7 / np.sqrt(1 - 0.999**t)
    assert found == pytest.approx(-1e-6 / (1e-6 + hat) / 8, rel=1e-10)


def test_first_step_on_a_tiny_gradient_is_99_and_24_hundredths_of_the_rate():
    assert steps("adam", [1e-6], learning_rate=1)[0] == pytest.approx(-0.990, abs=1e-3)
    assert steps("adam.keras", [1e-6], learning_rate=1)[0] == pytest.approx(-0.240, abs=1e-3)


@pytest.mark.parametrize(
    ("rule", "alpha", "first"), [("rmsprop", 0.99, 10.0), ("rmsprop.keras", 0.9, 3.16228)]
)
def test_rmsprop_on_a_constant_gradient_begins_with_long_steps(rule, alpha, first):
    # Without a correction of the bias, step t is lr/sqrt(1 - alpha^t).
    found = -steps(rule, [1e3] * 30, learning_rate=1)
    assert found == pytest.approx(1 / np.sqrt(1 - alpha ** np.arange(1, 31)), rel=1e-9)
    assert found[0] == pytest.approx(first, rel=1e-5)


@pytest.mark.parametrize(("rule", "initial"), [("adagrad", 0.0), ("adagrad.keras", 0.1)])
def test_adagrad_on_a_constant_gradient_goes_as_the_root_of_the_steps(rule, initial):
    found = -steps(rule, [1.0] * 100, learning_rate=1, eps="1e-12")
    assert found == pytest.approx(1 / np.sqrt(np.arange(1, 101) + initial), rel=1e-9)


@pytest.mark.parametrize(
    ("rule", "first"), [("adadelta", 3.1622e-3), ("adadelta.keras", 1.4142e-3)]
)
def test_adadelta_begins_with_the_root_of_eps(rule, first):
    assert -steps(rule, [1.0], learning_rate=1)[0] == pytest.approx(first, rel=1e-3)


def test_nadam_has_three_first_steps_of_three_libraries():
    # mu_1 = beta1 (1 - 0.96^psi/2): psi is 0.004 in torch and 1 in Keras.
    assert steps("nadam", [1.0], learning_rate=1)[0] == pytest.approx(-1.0564518, rel=1e-6)
    assert steps("nadam.keras", [1.0], learning_rate=1)[0] == pytest.approx(-1.0627877, rel=1e-6)


def test_radam_steps_as_momentum_five_times_and_then_carefully():
    found = -steps("radam", [1.0] * 6, learning_rate=1)
    assert found[:5] == pytest.approx([1.0] * 5)
    assert found[5] == pytest.approx(0.0258, abs=1e-4)


@pytest.mark.parametrize("rule", ["lion", "lion.keras"])
def test_lion_always_steps_by_the_rate(rule):
    tape = [0.3, -2.0, 1e-9, 5.0]
    assert np.abs(steps(rule, tape, learning_rate="1/8")) == pytest.approx([1 / 8] * 4)


def test_momentum_on_a_constant_gradient_is_a_geometric_sum():
    found = -steps("sgd", [2.0] * 40, learning_rate="1/8", momentum="9/10")
    assert found == pytest.approx(0.25 * (1 - 0.9 ** np.arange(1, 41)) / 0.1)


def test_torch_takes_the_first_gradient_undamped():
    found = -steps("sgd", [1.0, 1.0], learning_rate=1, momentum="1/2", dampening="1/4")
    assert found.tolist() == [1.0, 0.5 + 0.75]


@pytest.mark.parametrize("rule", ["adamw", "adamw.keras", "lion"])
def test_decoupled_decay_holds_the_weights_at_one_over_it(rule):
    # Where sign(g) + w x = 0; Chen et al. (2310.05898), Xie and Li (2024).
    found = walk(rule, [-1.0] * 3000, learning_rate="1/16", weight_decay="1/4")
    assert found[-1] == pytest.approx(4.0, rel=1e-6)


@pytest.mark.parametrize(
    ("beta1", "beta2", "most"), [(0.9, 0.999, 7.270), (0.9, 0.95, 1.165), (0.95, 0.99, 1.682)]
)
def test_adam_takes_its_longest_step_after_gradients_that_grow_by_beta2_over_beta1(
    beta1, beta2, most
):
    # sup |m|/sqrt(v) = (1 - beta1)/sqrt((1 - beta2)(1 - beta1^2/beta2)), by Cauchy and Schwarz;
    # Kingma and Ba (2015, 2.1) give less, as the corrections fade with a long quiet start.
    growth = beta2 / beta1
    tape = np.concatenate([np.zeros(300), growth ** np.arange(-400.0, 1.0)])
    found = np.abs(steps("adam", tape, learning_rate=1, beta1=beta1, beta2=beta2, eps="1e-300")[-1])
    bound = (1 - beta1) / np.sqrt((1 - beta2) * (1 - beta1**2 / beta2))
    assert bound == pytest.approx(most, abs=1e-3)
    last = len(tape)
    assert found == pytest.approx(bound * np.sqrt(1 - beta2**last) / (1 - beta1**last), rel=1e-8)


@pytest.mark.parametrize(("rule", "fourth"), [("sgd", -0.0344), ("sgd.keras", -0.2539)])
def test_a_lower_rate_acts_at_once_only_outside_the_buffer(rule, fourth):
    found = np.diff(walk(rule, [1.0] * 4, rates=[0.1, 0.1, 0.1, 0.01], momentum="9/10"))
    assert found[:3] == pytest.approx([-0.1, -0.19, -0.271])
    assert found[3] == pytest.approx(fourth, abs=5e-5)


@pytest.mark.parametrize(
    ("rule", "end"), [("adam", 0.9), ("adam.keras", 0.99), ("adamw", 0.99), ("adamw.keras", 0.99)]
)
def test_weight_decay_alone_moves_adam_by_the_rate_or_by_its_product(rule, end):
    found = walk(rule, [0.0], start=1.0, learning_rate="1/10", weight_decay="1/10")
    assert found[-1] == pytest.approx(end, abs=1e-6)


def test_decay_without_coupling_is_that_of_adam_without_decay():
    tape = np.cos(np.arange(50.0))
    assert walk("adamw", tape, weight_decay=0) == pytest.approx(walk("adam", tape), rel=1e-14)


def test_amsgrad_keeps_the_largest_second_mean_before_its_correction():
    assert walk("adam", [10.0, 0.1], learning_rate=1, amsgrad=True)[-1] == pytest.approx(
        -1.677, abs=1e-3
    )


def test_momentum_of_torch_and_keras_agree_at_a_constant_rate():
    tape = np.cos(np.arange(100.0))
    for nesterov in (False, True):
        both = [
            walk(rule, tape, learning_rate="1/8", momentum="9/10", nesterov=nesterov)
            for rule in ("sgd", "sgd.keras")
        ]
        assert both[0] == pytest.approx(both[1], rel=1e-12)


def test_orthogonal_steps_of_muon_have_singular_values_near_one():
    optimizer = read_optimizer("muon")
    asked = {"learning_rate": "1", "weight_decay": "0"}
    bound = optimizer.bind(settle([optimizer.owner], asked)["optimizer"], shape=(2, 3))
    tape = np.array([[[1.0, -2.0, 0.5], [0.25, 1.0, 3.0]]])
    moved = run_rule_tape(bound, tape, np.zeros((2, 3)))[-1]
    # Jordan et al. (2024): each lies in about (0.7, 1.2).
    assert all(0.6 < value < 1.3 for value in np.linalg.svd(moved)[1])
