"""Rules that join numbers of tensors on networks, compiled, against steps written down by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradiometer.catalog import list_entries
from gradiometer.errors import UnknownNameError
from gradiometer.numeric import JointRule, Networks, Training, draw_order, run_dense
from numeric.dense_reference import gradient
from numeric.dense_rules import (
    BATCH,
    COUNT,
    EPOCHS,
    TANH,
    WIDTHS,
    bind,
    cut,
    follow,
    join,
    make_dense,
    make_start,
    train,
)


@pytest.mark.slow
@pytest.mark.parametrize("name", list_entries("optimizer"))
def test_steps_of_every_optimizer_are_those_of_numpy(name: str) -> None:
    optimizer, rule = bind(name)
    start, examples = make_start()
    turned = optimizer.has_output_rows
    losses, end = train(make_dense(JointRule(rule, turned)), start, examples, seed=3)
    wanted, last = follow(rule, start, examples, seed=3, as_one=bool(optimizer.whole),
                          turned=turned)  # fmt: skip
    assert losses == pytest.approx(wanted, rel=1e-9)
    assert end == pytest.approx(last, rel=1e-8, abs=1e-12)
    assert (end != start).any()


def train_by_hand(start: Any, examples: Any, step: Any) -> tuple[list[float], Any]:
    """Losses and last parameters where *step* moves all tensors at once."""
    position, losses, memory = start, [], {}
    count = 0
    for epoch in range(EPOCHS):
        order = draw_order(3, epoch=epoch, count=COUNT)
        for first in range(0, COUNT, BATCH):
            rows = order[first : first + BATCH]
            loss, slope = gradient(position, WIDTHS, examples.inputs[rows], examples.labels[rows],
                                   head="softmax", activation=TANH)  # fmt: skip
            losses.append(loss)
            count += 1
            tensors = list(zip(cut(position, WIDTHS), cut(slope, WIDTHS), strict=True))
            position = join(step(tensors, memory, count))
    return losses, position


def clipped_lars(tensors: Any, memory: Any, count: int) -> list[Any]:
    """LARS of optax behind a clip by the norm of all gradients."""
    norm = np.sqrt(sum((g**2).sum() for _, g in tensors))
    moved = []
    for number, (x, g) in enumerate(tensors):
        d = (g if norm < 0.05 else g / norm * 0.05) + 0.1 * x
        ratio = 0.5 * np.linalg.norm(x) / np.linalg.norm(d)
        memory[number] = 0.9 * memory.get(number, 0.0) + 0.1 * ratio * d
        moved.append(x - memory[number])
    return moved


def lamb(tensors: Any, memory: Any, count: int) -> list[Any]:
    """LAMB as its paper has it."""
    moved = []
    for number, (x, g) in enumerate(tensors):
        m, v = memory.get(number, (0.0, 0.0))
        memory[number] = m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        u = m / (1 - 0.9**count) / (np.sqrt(v / (1 - 0.999**count)) + 1e-6) + 0.1 * x
        moved.append(x - 0.01 * np.linalg.norm(x) / np.linalg.norm(u) * u)
    return moved


@pytest.mark.parametrize(
    ("text", "step"),
    [("clip_by_global_norm(lars(weight_decay=1/10, trust_coefficient=1/2), max_norm=1/20)",
      clipped_lars),
     ("lamb(learning_rate=1/100, weight_decay=1/10)", lamb)],
)  # fmt: skip
def test_steps_are_those_written_down(text: str, step: Any) -> None:
    _, rule = bind(text)
    start, examples = make_start()
    losses, end = train(make_dense(JointRule(rule)), start, examples, seed=3)
    wanted, last = train_by_hand(start, examples, step)
    assert losses == pytest.approx(wanted, rel=1e-9)
    assert end == pytest.approx(last, rel=1e-9)


def test_a_number_for_no_parameter_is_refused() -> None:
    start, examples = make_start()
    dense = make_dense(JointRule(bind("lars")[1]))
    networks = Networks(start[None], {"momentun": 0.5}, np.array([0]))
    with pytest.raises(UnknownNameError, match="momentun"):
        next(run_dense(Training(dense, 4, 1), networks, examples))
