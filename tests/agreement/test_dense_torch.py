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
    JointRule,
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


def lars(parameters: Any, memory: dict[int, Any]) -> None:
    """LARS as its paper has it, with the learning rate inside the buffer."""
    import torch

    for number, x in enumerate(parameters):
        d = x.grad + 0.01 * x
        ratio = 0.02 * torch.linalg.norm(x) / torch.linalg.norm(d)
        memory[number] = 0.9 * memory.get(number, 0.0) + 0.5 * ratio * d
        x.sub_(memory[number])


def lamb(parameters: Any, memory: dict[int, Any]) -> None:
    """LAMB with its corrections for the start."""
    import torch

    memory[-1] = count = memory.get(-1, 0) + 1
    for number, x in enumerate(parameters):
        m, v = memory.get(number, (0.0, 0.0))
        memory[number] = m, v = 0.9 * m + 0.1 * x.grad, 0.999 * v + 0.001 * x.grad**2
        u = m / (1 - 0.9**count) / (torch.sqrt(v / (1 - 0.999**count)) + 1e-6)
        x.sub_(0.005 * torch.linalg.norm(x) / torch.linalg.norm(u) * u)


def clipped(parameters: Any, memory: dict[int, Any]) -> None:
    """Momentum behind PyTorch's own clip by the norm of all gradients."""
    import torch

    with torch.enable_grad():
        torch.nn.utils.clip_grad_norm_(parameters, 0.2)
    if not memory:
        memory[0] = torch.optim.SGD(parameters, lr=0.05, momentum=0.9)
    memory[0].step()


JOINT = {
    "lars(trust_coefficient=1/50, weight_decay=1/100, learning_rate=1/2)": lars,
    "lamb(learning_rate=5e-3)": lamb,
    "clip_by_global_norm.torch(sgd(learning_rate=1/20, momentum=9/10), max_norm=1/5)": clipped,
}


@pytest.mark.parametrize("text", list(JOINT))
def test_rules_that_read_norms_are_those_of_torch(text: str) -> None:
    torch = pytest.importorskip("torch")
    random = np.random.default_rng(0)
    x, y = random.normal(size=(COUNT, 6)), random.integers(0, 3, size=COUNT)
    size = sum((a + 1) * b for a, b in pairwise(WIDTHS))
    start = random.normal(size=(1, size)) / 2
    optimizer = read_optimizer(text)
    bound = optimizer.bind(settle([optimizer.owner], {})["optimizer"])
    rule = JointRule(bound, optimizer.has_output_rows)
    dense = Dense(WIDTHS, read_activation("tanh").tree, "softmax", rule)
    given = {n: float(rule.values[n]) for n in dense.given}
    training = Training(dense, BATCH, EPOCHS, style=DenseStyle(8, "float64"))
    found = list(run_dense(training, Networks(start, given, np.array([3])), Examples(x, labels=y)))
    curve = np.concatenate([epoch.losses[:, 0] for epoch in found])
    parameters = []
    at = 0
    for fan_in, fan_out in pairwise(WIDTHS):
        table = start[0, at : at + fan_in * fan_out].reshape(fan_in, fan_out).T.copy()
        at += fan_in * fan_out
        parameters += [torch.tensor(table, requires_grad=True),
                       torch.tensor(start[0, at : at + fan_out], requires_grad=True)]  # fmt: skip
        at += fan_out
    memory: dict[int, Any] = {}
    wanted, inputs, labels = [], torch.tensor(x), torch.tensor(y)
    for epoch in range(EPOCHS):
        order = draw_order(3, epoch=epoch, count=COUNT)
        for first in range(0, COUNT, BATCH):
            rows = torch.tensor(order[first : first + BATCH])
            z = inputs[rows]
            for number in range(0, len(parameters), 2):
                z = z @ parameters[number].T + parameters[number + 1]
                z = torch.tanh(z) if number + 2 < len(parameters) else z
            loss = torch.nn.functional.cross_entropy(z, labels[rows])
            for part in parameters:
                part.grad = None
            loss.backward()
            with torch.no_grad():
                JOINT[text](parameters, memory)
            wanted.append(loss.item())
    assert len(wanted) == 240
    assert curve == pytest.approx(wanted, rel=1e-5)
    assert wanted[-1] < wanted[0]
