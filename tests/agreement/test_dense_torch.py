"""Networks trained side by side against the same networks in PyTorch, one at a time."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from gradiometer.model import read_activation, read_optimizer, settle, unroll
from gradiometer.numeric import (
    Dense,
    DenseStyle,
    Examples,
    Networks,
    Training,
    draw_order,
    run_dense,
)

pytestmark = pytest.mark.oracle
WIDTHS, COUNT, BATCH, EPOCHS = (6, 12, 8, 3), 90, 16, 40
"""240 steps."""
RULES = {
    "sgd": ("SGD", {}),
    "momentum": ("SGD", {"momentum": 0.9}),
    "adam": ("Adam", {}),
    "adamw": ("AdamW", {}),
    "rmsprop": ("RMSprop", {}),
}
ACTIVATIONS = {"relu": "relu", "tanh": "tanh", "gelu": "gelu", "silu": "silu"}


def train_torch(
    start: Any, x: Any, y: Any, *, rule: str, activation: str, rate: float
) -> list[float]:
    """The losses of all steps of one network."""
    import torch

    layers = []
    at = 0
    for fan_in, fan_out in pairwise(WIDTHS):
        weight = torch.tensor(start[at : at + fan_in * fan_out].reshape(fan_in, fan_out))
        at += fan_in * fan_out
        bias = torch.tensor(start[at : at + fan_out])
        at += fan_out
        layers.append((weight.requires_grad_(), bias.requires_grad_()))
    name, settings = RULES[rule]
    parameters = [part for layer in layers for part in layer]
    optimizer = getattr(torch.optim, name)(parameters, lr=rate, **settings)
    function = getattr(torch.nn.functional, ACTIVATIONS[activation])
    losses, inputs, labels = [], torch.tensor(x), torch.tensor(y)
    for epoch in range(EPOCHS):
        order = draw_order(3, epoch=epoch, count=COUNT)
        for first in range(0, COUNT, BATCH):
            rows = torch.tensor(order[first : first + BATCH])
            z = inputs[rows]
            for number, (weight, bias) in enumerate(layers):
                z = z @ weight + bias
                z = function(z) if number + 1 < len(layers) else z
            loss = torch.nn.functional.cross_entropy(z, labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses


@pytest.mark.parametrize("rule", list(RULES))
@pytest.mark.parametrize("activation", list(ACTIVATIONS))
def test_loss_curves_are_those_of_torch(rule: str, activation: str) -> None:
    pytest.importorskip("torch")
    random = np.random.default_rng(0)
    x, y = random.normal(size=(COUNT, 6)), random.integers(0, 3, size=COUNT)
    size = sum((a + 1) * b for a, b in pairwise(WIDTHS))
    start = random.normal(size=(2, size)) / 2
    optimizer = read_optimizer("sgd" if rule == "momentum" else rule)
    settings = {"momentum": "9/10"} if rule == "momentum" else {}
    bound = unroll(optimizer.bind(settle([optimizer.owner], settings)["optimizer"]), ())
    tree = read_activation(activation).tree
    dense = Dense(WIDTHS, tree, "softmax", bound, ("learning_rate",))
    rate = 0.05 if RULES[rule][0] == "SGD" else 0.005
    given = {n: float(bound.values[n]) for n in dense.given}
    training = Training(dense, BATCH, EPOCHS, style=DenseStyle(8, "float64"),
                        rates=lambda a, b: np.full((b - a, 1, 2), rate))  # fmt: skip
    networks = Networks(start, given, np.array([3, 3]))
    found = list(run_dense(training, networks, Examples(x, labels=y)))
    curve = np.concatenate([epoch.losses[:, 1] for epoch in found])
    wanted = train_torch(start[1], x, y, rule=rule, activation=activation, rate=rate)
    assert len(wanted) == 240
    assert curve == pytest.approx(wanted, rel=1e-5)
