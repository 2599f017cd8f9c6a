"""Intervals, claims, ranges of rates and thresholds, against numbers from tables and by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from flint import fmpq

import gradiometer
from gradiometer.errors import UsageError
from gradiometer.model import read_optimizer, settle, unroll
from gradiometer.question.training_arrays import Results
from gradiometer.question.training_claims import list_claims
from gradiometer.question.training_interval import (
    adjust_holm,
    bound_share,
    estimate_mean,
    find_probability,
    find_quantile,
    find_tail,
)
from gradiometer.question.training_range import read_sweep
from gradiometer.question.training_range_rules import RULES, read_rates, smooth_losses
from gradiometer.question.training_result import Run
from gradiometer.question.training_sensitivity import find_range, list_sensitivity
from gradiometer.question.training_threshold import find_linear_part
from question.training_grid import read


@pytest.mark.parametrize(
    ("freedom", "quantile"), [(1, 12.7062047), (4, 2.7764451), (9, 2.2621572), (30, 2.0422725)]
)
def test_quantiles_are_those_of_the_tables(freedom, quantile):
    assert find_quantile(freedom) == pytest.approx(quantile, abs=1e-7)
    assert find_tail(quantile, freedom) == pytest.approx(0.05, abs=1e-8)


def test_intervals_hold_the_mean_as_often_as_they_say():
    draws = np.random.default_rng(0).normal(size=(2000, 5))
    hits = [abs(found.mean) <= found.half for found in map(estimate_mean, draws)]
    assert np.mean(hits) == pytest.approx(0.95, abs=0.015)


def test_an_interval_needs_two_numbers():
    assert estimate_mean([math.nan, 3.0]).half is None
    assert estimate_mean([math.nan]) is None
    assert estimate_mean([2.0, 2.0]).half == 0


def test_share_of_runs_has_the_exact_interval():
    # Clopper and Pearson: all of five.
    assert bound_share(5, 5) == pytest.approx((0.025 ** (1 / 5), 1.0))
    assert bound_share(1, 10) == pytest.approx((0.0025286, 0.4450161), abs=1e-6)


def test_holm_counts_the_smallest_most_often():
    assert adjust_holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_equal_differences_prove_no_more_than_their_signs():
    assert find_probability([2.0] * 5) == 1 / 16
    assert find_probability([0.0] * 5) == 1
    assert find_probability([1.0]) is None


def made_up(request, curve):
    """Results whose curves are what a function of cell and seed says."""
    runs = {}
    for cell in range(len(request.cells)):
        for seed in request.seeds:
            curves = curve(request.cells[cell], seed)
            runs[cell, seed] = Run({n: np.array(v, float) for n, v in curves.items()}, -1, -1)
    return Results(request, runs)


def curves_of(accuracy, *, gap, speed):
    """Curves of three epochs that end with this accuracy and gap."""
    losses = [1.0, *((0.5, 0.25) if speed else (0.8, 0.25))]
    return {
        "train_loss": losses,
        **{f"{part}_loss": [1.0, 0.9, 0.25 + gap] for part in ("validation", "test")},
        **{f"{part}_accuracy": [0.1, 0.2, accuracy] for part in ("train", "validation", "test")},
        "gradient_norm": np.ones((3, 2)), "weight_norm": np.ones((3, 2)),
    }  # fmt: skip


@pytest.mark.parametrize(("better", "verdict"), [(0.1, True), (-0.1, False), (0.0, None)])
def test_claims_follow_paired_differences(better, verdict):
    request = read(schedule=["constant", "step"], seeds=8, epochs=3)
    noise = np.random.default_rng(1).normal(size=8) / 100

    def curve(cell, seed):
        more = better if cell.axes["schedule"] == "step" else 0.0
        # What seeds have in common is far larger than the difference, and falls out of pairs.
        shared = 0.3 * math.sin(seed)
        own = noise[seed] if cell.axes["schedule"] == "step" else 0.0
        return curves_of(0.5 + shared + more + own, gap=0.2 - more + own, speed=False)

    claims = list_claims(made_up(request, curve))["claims"].value
    assert claims["improves_accuracy"]["verdict"] is verdict
    assert claims["improves_accuracy"]["effect"] == pytest.approx(better, abs=0.02)
    assert claims["improves_accuracy"]["n"] == 8
    assert claims["reduces_gap"]["verdict"] is verdict
    speed = claims["converges_faster"]
    assert (speed["verdict"], speed["effect"], speed["p"]) == (None, 0, 1)
    assert "less_sensitive" not in claims


def test_speed_is_judged_where_both_arrive():
    request = read(schedule=["constant", "step"], seeds=8, epochs=3, target_loss="1/2")
    results = made_up(request, lambda cell, seed: {
        **curves_of(0.5, gap=0.2, speed=True),
        "validation_loss": [0.9, 0.4, 0.3] if cell.axes["schedule"] == "step" else [0.9, 0.8, 0.7],
    })  # fmt: skip
    found = list_claims(results)["claims"].value["converges_faster"]
    assert (found["verdict"], found["effect"]) == (True, 2)


def test_several_values_have_a_row_each():
    request = read(optimizer=["sgd", "adam", "lion"], seeds=3, epochs=3)
    results = made_up(request, lambda cell, seed: curves_of(0.5, gap=0.1, speed=True))
    rows = list_claims(results)["claims"].value["improves_accuracy"]
    assert [row["optimizer"] for row in rows] == ["adam", "lion"]


def test_a_schedule_that_widens_the_range_of_rates_is_less_sensitive():
    request = read(
        schedule=["constant", "step"], vary="learning_rate=1e-3:1:7:log", seeds=6, epochs=3
    )
    wobble = np.random.default_rng(2).integers(0, 2, size=6)

    def curve(cell, seed):
        place = request.axes["learning_rate"].index(cell.axes["learning_rate"])
        # Four or five good rates with the schedule, two without.
        good = range(2, 6 + wobble[seed]) if cell.axes["schedule"] == "step" else range(3, 5)
        top = 0.9 + 0.01 * (place == 4)
        return curves_of(top if place in good else 0.5, gap=0.1, speed=True)

    results = made_up(request, curve)
    claim = list_claims(results)["claims"].value["less_sensitive"]
    assert claim["verdict"] is True
    assert claim["effect"] == pytest.approx(1 + wobble.mean() / 2, abs=0.01)
    constant, step = list_sensitivity(results)["sensitivity"].value
    assert constant["decades"] == pytest.approx(0.5, abs=1e-5)
    assert (step["from"], constant["from"]) == (fmpq(1, 100), request.axes["learning_rate"][3])


def test_claims_compare_the_best_rates_or_all():
    request = read(schedule=["constant", "step"], vary="learning_rate=1/10,1", seeds=6, epochs=3)
    jitter = np.random.default_rng(3).normal(size=6) / 1000

    def curve(cell, seed):
        is_step, is_fast = cell.axes["schedule"] == "step", cell.axes["learning_rate"] == 1
        height = {(0, 0): 0.8, (0, 1): 0.5, (1, 0): 0.4, (1, 1): 0.9}[is_step, is_fast]
        return curves_of(height + is_step * jitter[seed], gap=0.1, speed=True)

    at_best = list_claims(made_up(request, curve))["claims"].value["improves_accuracy"]
    everywhere = replace(request, compares_best=False)
    at_all = list_claims(made_up(everywhere, curve))["claims"].value["improves_accuracy"]
    assert at_best["effect"] == pytest.approx(0.1, abs=0.01)
    assert at_all["effect"] == pytest.approx((0.9 - 0.5 + 0.4 - 0.8) / 2, abs=0.01)


def test_a_range_ends_at_the_first_gap():
    assert find_range([0.99, 0.2, 1.0, 0.96, 0.94], 0.05) == (2, 3)
    assert find_range([-1.0, -1.04, -2.0], 0.05) == (0, 1)
    assert find_range([-math.inf, -math.inf], 0.05) is None


@pytest.mark.parametrize(
    ("name", "settings", "threshold"),
    [
        ("sgd", {}, 2), ("sgd", {"momentum": "9/10"}, 3.8),
        ("sgd", {"momentum": "1/2", "nesterov": "true"}, 1.5),
        ("adam", {}, 38), ("adam", {"beta1": "1/2"}, 6), ("amsgrad", {}, 38), ("rmsprop", {}, 2),
    ],
)  # fmt: skip
def test_thresholds_are_the_published_ones(name, settings, threshold):
    optimizer = read_optimizer(name)
    rule = unroll(optimizer.bind(settle([optimizer.owner], settings)["optimizer"]), ())
    part = find_linear_part(rule)
    for rate in (1e-3, 1.0):
        values = {**rule.float_values, "learning_rate": rate}
        assert part.find_threshold(values) == pytest.approx(threshold, rel=1e-6)


def test_thresholds_of_own_rules_are_those_of_their_bowls():
    def find(state, step, rate):
        table = {"name": "own", "parameters": {"learning_rate": {"default": "1"}},
                 "state": state, "step": step}  # fmt: skip
        optimizer = read_optimizer(table)
        rule = unroll(optimizer.bind(settle([optimizer.owner], {})["optimizer"]), ())
        return find_linear_part(rule).find_threshold({"learning_rate": rate})

    # Twice the gradient: unstable at half the sharpness.
    assert find({}, {"x'": "x - 2*learning_rate*g"}, 0.5) == pytest.approx(1, rel=1e-6)
    # A pull of 1/4 takes from what the slope may pull: rate*(s + 1/4) = 2.
    pulled = {"x'": "x - learning_rate*(g + x/4)"}
    assert find({}, pulled, 1.0) == pytest.approx(1.75, rel=1e-6)
    assert find({}, pulled, 2.0) == pytest.approx(1.5, rel=1e-6)


def test_limits_follow_the_rate_where_weights_decay():
    answer = gradiometer.training(
        "2-3-1", data="moons(count=40)", optimizer="sgd", schedule="step(step_size=1, gamma=1/4)",
        set={"weight_decay": "1", "learning_rate": "1"}, epochs=3, batch=100,
        seeds=1, sharpness=1,
    )  # fmt: skip
    rates = [1, 1 / 4, 1 / 16]
    limits = answer.arrays["sharpness_threshold"].to_list()[0]
    assert limits == pytest.approx([2 / rate - 1 for rate in rates], rel=1e-6)


def test_differences_that_are_equal_but_for_rounding_prove_nothing_with_two_seeds():
    differences = [29 / 30 - 28 / 30, 12 / 30 - 11 / 30]
    assert differences[0] != differences[1]
    assert find_probability(differences) == 0.5


def test_accuracies_are_shares_of_whole_numbers():
    answer = gradiometer.training("d-4-k", data="iris", epochs=3, seeds=2)
    for name, count in (("validation_accuracy", 30), ("train_accuracy", 90)):
        for row in answer.arrays[name].to_list()[0]:
            # So that a target of 9/10 is reached with 27 of 30.
            assert all(share == round(share * count) / count for share in row)


@pytest.mark.parametrize("wish", [{"label_noise": "1/10"}, {"target_accuracy": "1/2"}])
def test_numbers_to_learn_have_no_labels(wish):
    with pytest.raises(UsageError, match="numbers to learn"):
        gradiometer.training("d-4-1", data="diabetes", epochs=1, seeds=1, **wish)


def test_a_rule_of_signs_has_no_threshold():
    optimizer = read_optimizer("lion")
    rule = unroll(optimizer.bind(settle([optimizer.owner], {})["optimizer"]), ())
    part = find_linear_part(rule)
    assert part is None or part.find_threshold(rule.float_values) is None


def test_adam_is_scaled_by_its_mean_of_squares():
    optimizer = read_optimizer("adam")
    rule = unroll(optimizer.bind(settle([optimizer.owner], {})["optimizer"]), ())
    scale = find_linear_part(rule).scale(np.array([4.0, 9.0]), 10, rule.float_values)
    root = np.sqrt(np.array([4.0, 9.0]) / (1 - 0.999**10)) + 1e-8
    assert scale == pytest.approx(root * (1 - 0.9**10))


def test_range_rules_read_a_loss_that_is_known():
    sweep = read_sweep("1e-4:10:400")
    rates = sweep.list_rates()
    # Falls between 1e-3 and 1, fastest in the middle, and explodes behind.
    where = np.log10(rates)
    losses = 1 / (1 + np.exp(4 * (where + 1.5))) + np.where(where > 0, 10 ** (4 * where) - 1, 0)
    found = read_rates(rates, losses + 0.05)
    assert found["cycle_low"] < found["steepest"] < found["cycle_high"]
    assert found["minimum/10"] == pytest.approx(found["cycle_high"] / 10)
    assert 1e-3 < found["valley"] < found["steepest"]
    assert set(found) == set(RULES)


def test_range_rules_have_nothing_to_say_about_a_flat_loss():
    rates = np.geomspace(1e-4, 1, 200)
    noise = np.random.default_rng(0).normal(size=200) / 100
    assert all(math.isnan(rate) for rate in read_rates(rates, 1 + noise).values())
    falling = read_rates(rates, np.linspace(2, 1, 200))
    assert math.isnan(falling["minimum/10"])
    assert falling["steepest"] > 0


def test_smoothing_has_no_pull_from_its_start():
    assert smooth_losses(np.full(50, 3.0)) == pytest.approx(3.0)
