"""Networks of any activation with a plain rule, for tests."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from gradiometer.formula import parse
from gradiometer.model import read_optimizer, settle, unroll
from gradiometer.numeric import Dense, Examples


def build_dense(
    widths: tuple[int, ...],
    activation: Any = "tanh(x)",
    *,
    head: Any = "softmax",
    rule: str = "sgd",
    settings: Any = None,
    scheduled: tuple[str, ...] = ("learning_rate",),
    **more: Any,
) -> Dense:
    """Networks with a catalogue rule."""
    optimizer = read_optimizer(rule)
    bound = unroll(optimizer.bind(settle([optimizer.owner], settings or {})["optimizer"]), ())
    tree = parse(activation).tree if isinstance(activation, str) else activation
    return Dense(widths, tree, head, bound, scheduled, **more)


def count_parameters(widths: tuple[int, ...]) -> int:
    """How many parameters a network has."""
    return sum((a + 1) * b for a, b in pairwise(widths))


def own_numbers(dense: Dense) -> dict[str, Any]:
    """The rule's own numbers for its parameters."""
    return {name: float(dense.rule.values[name]) for name in dense.given
            if name in dense.rule.values}  # fmt: skip


def draw_examples(head: str, widths: tuple[int, ...], *, count: int, seed: int = 0) -> Examples:
    """Random examples for a head."""
    random = np.random.default_rng(seed)
    inputs = random.normal(size=(count, widths[0]))
    if head == "squared":
        return Examples(inputs, targets=random.normal(size=(count, widths[-1])))
    return Examples(inputs, labels=random.integers(0, max(widths[-1], 2), size=count))
