"""What is told before a training runs: memory, work, and the style for a processor."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

from gradiometer.numeric import (
    DenseStyle,
    Networks,
    Training,
    choose_style,
    predict_memory,
    predict_work,
    run_dense,
)
from gradiometer.numeric.dense_style import _STYLES
from numeric.dense_setup import build_dense, count_parameters, draw_examples, own_numbers


def measure(training: Any, networks: Networks, examples: Any) -> int:
    """The most bytes of arrays that a run held at a time, read at every epoch."""
    # Once before: what compiling takes is not what is asked.
    list(run_dense(training, networks, examples, checks={"same": examples}))
    tracemalloc.start()
    try:
        for epoch in run_dense(training, networks, examples, checks={"same": examples}):
            epoch.parameters()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("count", "examples", "hidden"), [(40, 700, 60), (300, 50, 9)])
def test_memory_stays_below_what_was_told(count: int, examples: int, hidden: int) -> None:
    widths = (6, hidden, 3)
    dense = build_dense(widths)
    given, data = own_numbers(dense), draw_examples("softmax", widths, count=examples)
    start = np.random.default_rng(0).normal(size=(count, count_parameters(widths)))
    # Every other network diverges, so that lanes are packed anew.
    rates = np.where(np.arange(count) % 2, 1e-3, 1e30)
    training = Training(
        dense, 10, 2, style=DenseStyle(8, "float64"),
        rates=lambda a, b: np.broadcast_to(rates, (b - a, 1, count)),
    )  # fmt: skip
    used = measure(training, Networks(start, given, np.arange(count) % 3), data)
    told = predict_memory(training, networks=count, examples=examples, checked=examples)
    assert used <= told
    assert told <= 4 * used + 24 * 2**20


def test_memory_and_work_grow_with_networks_in_proportion() -> None:
    training = Training(build_dense((64, 100, 20, 10)), 64, 40)
    sizes = [predict_memory(training, networks=n, examples=1437) for n in (256, 512, 1024)]
    assert sizes[2] - sizes[1] == pytest.approx(2 * (sizes[1] - sizes[0]), rel=1e-9)
    assert predict_work(training, networks=1, examples=1437) == 40 * 1437 * (
        3 * (6400 + 2000 + 200) - 6400
    )
    checked = predict_work(training, networks=3, examples=1437, checked=10)
    assert checked - 3 * predict_work(training, networks=1, examples=1437) == 3 * 40 * 10 * 8600


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("named", list(_STYLES))
def test_tiles_fit_into_the_registers_of_a_processor(named: str, precision: Any) -> None:
    style = choose_style(precision, features={named: True})
    size, registers, _, _ = _STYLES[named]
    assert style.lanes * np.dtype(precision).itemsize == size
    assert style.rows * style.columns + style.columns + 1 <= registers
    assert style.precision == precision
