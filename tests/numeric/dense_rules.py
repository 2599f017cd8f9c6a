"""Any catalogue rule on networks, tensor by tensor with the slow engine of rules."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from gradiometer.formula import parse
from gradiometer.model import Optimizer, Rule, read_optimizer, settle
from gradiometer.numeric import (
    Dense,
    DenseStyle,
    Examples,
    Networks,
    Training,
    begin_reference,
    draw_normal,
    draw_order,
    run_dense,
    step_reference,
)
from numeric.dense_reference import gradient

WIDTHS, COUNT, BATCH, EPOCHS = (2, 3, 2), 10, 4, 2
TANH = (np.tanh, lambda z: 1 - np.tanh(z) ** 2)


def bind(text: str, settings: Any = None) -> tuple[Optimizer, Rule]:
    """A catalogue rule, perhaps in wrappers, with its usual parameters."""
    optimizer = read_optimizer(text)
    return optimizer, optimizer.bind(settle([optimizer.owner], settings or {})["optimizer"])


def cut(flat: Any, widths: Sequence[int], *, turned: bool = True) -> list[Any]:
    """Weights as PyTorch holds them, one row for each output, and biases, layer by layer."""
    parts, at = [], 0
    for fan_in, fan_out in pairwise(widths):
        table = flat[at : at + fan_in * fan_out].reshape(fan_in, fan_out)
        at += fan_in * fan_out
        parts += [table.T if turned else table, flat[at : at + fan_out]]
        at += fan_out
    return parts


def join(parts: Sequence[Any], *, turned: bool = True) -> Any:
    """The parameters in the order of networks."""
    return np.concatenate([(part.T if turned and part.ndim > 1 else part).ravel()
                           for part in parts])  # fmt: skip


def follow(
    rule: Rule, start: Any, examples: Examples, *, seed: int, as_one: bool, turned: bool = True
) -> tuple[list[float], Any]:
    """Losses and last parameters; *as_one* takes the whole network for one vector."""

    def split(flat: Any) -> list[Any]:
        return [flat] if as_one else cut(flat, WIDTHS, turned=turned)

    position, losses, step = start, [], 0
    states = [begin_reference(rule, part[None]) for part in split(position)]
    for epoch in range(EPOCHS):
        order = draw_order(seed, epoch=epoch, count=COUNT)
        for first in range(0, COUNT, BATCH):
            rows = order[first : first + BATCH]
            loss, slope = gradient(
                position, WIDTHS, examples.inputs[rows], examples.labels[rows],
                head="softmax", activation=TANH,
            )  # fmt: skip
            losses.append(loss)
            drawn = draw_normal(0, run=seed, step=step, coordinate=np.arange(len(start)))
            noises = split(drawn)
            states = [
                step_reference(rule, state, part[None], loss=np.array([loss]), noise=noise[None])
                for state, part, noise in zip(states, split(slope), noises, strict=True)
            ]
            rows = [state.position[0] for state in states]
            position = rows[0] if as_one else join(rows, turned=turned)
            step += 1
    return losses, position


def train(dense: Dense, start: Any, examples: Examples, *, seed: int, **more: Any) -> Any:
    """Losses and last parameters in the kernel, of two networks alike."""
    given = {name: float(dense.rule.values[name]) for name in dense.given
             if name in dense.rule.values}  # fmt: skip
    networks = Networks(np.stack([start, start]), given, np.array([seed, seed]))
    style = DenseStyle(lanes=8, precision="float64", chunk=4)
    training = Training(dense, BATCH, EPOCHS, style=style, **more)
    rows = [(e.losses[:, 1], e.parameters()[1]) for e in run_dense(training, networks, examples)]
    return np.concatenate([losses for losses, _ in rows]), rows[-1][1]


def make_dense(rule: Any, **more: Any) -> Dense:
    """Networks of tanh with that rule."""
    return Dense(WIDTHS, parse("tanh(x)").tree, "softmax", rule, **more)


def make_start() -> tuple[Any, Examples]:
    """Parameters and examples."""
    random = np.random.default_rng(5)
    inputs, labels = random.normal(size=(COUNT, 2)), random.integers(0, 2, size=COUNT)
    size = sum((a + 1) * b for a, b in pairwise(WIDTHS))
    return random.normal(size=size), Examples(inputs, labels=labels)
