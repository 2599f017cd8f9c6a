"""Full-batch training ends at the edge of stability: sharpness settles at the rule's threshold.

Source: Cohen et al. 2021 for gradient descent (2/rate) and with momentum (2(1 + beta)/rate), Cohen
et al. 2022 for Adam, whose preconditioned sharpness settles near 38/rate for beta1 = 0.9. Here the
network 1-24-24-1 of tanh learns a Chebyshev polynomial of degree 4 at 20 points, as in the former.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from gradiometer.numeric import (
    DenseStyle,
    Examples,
    Networks,
    Training,
    find_sharpness,
    run_dense,
)
from numeric.dense_setup import build_dense, own_numbers

WIDTHS, COUNT, EVERY = (1, 24, 24, 1), 20, 50
X = np.linspace(-1, 1, COUNT)[:, None]
EXAMPLES = Examples(X, targets=np.cos(4 * np.arccos(X)))


def draw_start() -> Any:
    """Normal weights of variance one over the inputs."""
    random, parts = np.random.default_rng(0), []
    for a, b in pairwise(WIDTHS):
        parts += [random.normal(size=a * b) / np.sqrt(a), np.zeros(b)]
    return np.concatenate(parts)


def follow_sharpness(rule: str, rates: Any, *, steps: int, own: Any) -> Any:
    """Sharpness times rate along the run, shape (looks, networks)."""
    # A rule that is bound without momentum has no place for one.
    settings = {"momentum": "1/2"} if rule == "sgd" else {}
    dense = build_dense(WIDTHS, "tanh(x)", head="squared", rule=rule, settings=settings)
    start = np.repeat(draw_start()[None], len(rates), axis=0)
    networks = Networks(start, {**own_numbers(dense), **own}, np.zeros(len(rates)))
    training = Training(
        dense, COUNT, steps, style=DenseStyle(8, "float64"),
        rates=lambda a, b: np.broadcast_to(rates, (b - a, 1, len(rates))),
    )  # fmt: skip
    found = []
    for epoch in run_dense(training, networks, EXAMPLES):
        if (epoch.number + 1) % EVERY:
            continue
        scale = None
        if rule == "adam":
            # As the rule divides: the square root of the corrected average, and eps.
            scale = np.sqrt(epoch.states()["v"] / (1 - 0.999 ** (epoch.number + 1))) + 1e-8
        sharpness = find_sharpness(
            dense, epoch.parameters(), EXAMPLES, preconditioner=scale, tolerance=1e-2
        )
        assert (sharpness.residual <= 1e-2 * sharpness.value).all()
        found.append(sharpness.value * rates)
    return np.array(found)


def test_gradient_descent_and_momentum_settle_at_their_thresholds() -> None:
    rates, momentum = np.array([0.08, 0.15, 0.16, 0.02]), np.array([0, 0, 0.5, 0])
    threshold = 2 * (1 + momentum)
    found = follow_sharpness("sgd", rates, steps=2000, own={"momentum": momentum})
    share = found[len(found) // 2 :].mean(axis=0) / threshold
    assert share[:3] == pytest.approx([1, 1, 1], abs=0.04)
    # A small rate is still far below: nothing but the rate holds sharpness at the threshold.
    assert found[-1, 3] / 2 < 0.5


def test_preconditioned_sharpness_of_adam_settles_near_38() -> None:
    rates = np.array([3e-3, 5e-3, 1e-4])
    found = follow_sharpness("adam", rates, steps=1500, own={})
    share = found[len(found) // 2 :].mean(axis=0) / 38
    assert share[:2] == pytest.approx([1, 1], abs=0.1)
    assert share[2] < 0.1
