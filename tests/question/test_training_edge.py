"""On all examples at once, networks grow sharper up to the threshold of their rule and stay there.

Source: Cohen et al. (2021) for gradient descent, 2/rate, and momentum, 2(1 + beta)/rate; Cohen et
al. (2022) for Adam, 38/rate of the scaled Hessian where beta1 = 9/10. The tolerance is a tenth of
the threshold at each look in the last two fifths of the run, and a twentieth for their mean.
"""

import numpy as np
import pytest

import gradiometer


@pytest.mark.slow
@pytest.mark.parametrize(
    ("optimizer", "settings", "threshold"),
    [
        ("sgd", {"learning_rate": "1"}, 2.0),
        ("sgd", {"learning_rate": "1", "momentum": "1/2"}, 3.0),
        ("adam", {"learning_rate": "3/100"}, 38 / 0.03),
    ],
)
def test_sharpness_settles_at_the_threshold(optimizer, settings, threshold):
    answer = gradiometer.training(
        "4-16-3", data="iris", activation="tanh", initialization="glorot", loss="squared",
        optimizer=optimizer, set=settings, batch=150, epochs=4500 if optimizer == "adam" else 3000,
        seeds=1, split="one", validation=0, test=0, precision="float64", sharpness=300,
    )  # fmt: skip
    sharp = answer.data["sharpness"].values[0, 0]
    limits = answer.data["sharpness_threshold"].values[0]
    assert limits == pytest.approx(threshold, rel=1e-6)
    seen = sharp[np.isfinite(sharp)] / threshold
    late = seen[3 * len(seen) // 5 :]
    assert seen[0] < 0.9 or optimizer == "sgd"
    assert abs(late - 1).max() < 0.1, seen
    assert abs(late.mean() - 1) < 0.05, seen
    losses = answer.data["train_loss"].values[0, 0]
    assert losses[-1] < losses[len(losses) // 2]


@pytest.mark.slow
def test_heavy_momentum_rises_to_the_threshold_and_is_thrown_back():
    answer = gradiometer.training(
        "4-16-3", data="iris", activation="tanh", initialization="glorot", loss="squared",
        set={"learning_rate": "7/10", "momentum": "9/10"}, batch=150, epochs=6000, seeds=8,
        split="one", validation=0, test=0, precision="float64", sharpness=300,
    )  # fmt: skip
    (row,) = answer.facts["sharpness"].value
    assert row["threshold"] == pytest.approx(2 * 1.9 / 0.7, rel=1e-5)
    assert row["diverged"] == 1 / 4
    assert row["peak_interval"].lower < 1 < row["peak_interval"].upper
    assert row["peak_interval"].upper - row["peak_interval"].lower < 0.15
    # The average of the last half lies below, and by how much is no accident of one reading.
    assert 0.8 < row["late_interval"].lower < row["late_interval"].upper < 1
    ratios = answer.data["sharpness"].values[0] / row["threshold"]
    seen = [curve[np.isfinite(curve)] for curve in ratios if np.isfinite(curve[-1])]
    assert len(seen) == row["n"] == 6
    assert max(curve.max() for curve in seen) < 1.1
    late = [curve[len(curve) // 2 :].mean() for curve in seen]
    assert row["late_ratio"] == pytest.approx(np.mean(late), rel=1e-5)
    assert row["peak_ratio"] == pytest.approx(np.mean([c.max() for c in seen]), rel=1e-5)
    # Most of the runs fall back from the threshold at once, and not by little.
    assert sum(np.diff(curve).min() < -0.1 for curve in seen) >= 4
