"""Networks trained side by side in one kernel, against one network at a time in NumPy."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from gradiometer.errors import ShapeError, UsageError
from gradiometer.formula import parse
from gradiometer.model import read_optimizer, settle, unroll
from gradiometer.numeric import (
    Dense,
    DenseStyle,
    Examples,
    Networks,
    Training,
    begin_reference,
    draw_order,
    run_dense,
    step_reference,
)
from numeric.dense_reference import gradient

TANH = (np.tanh, lambda z: 1 - np.tanh(z) ** 2)
WIDTHS = (5, 7, 3, 4)
COUNT, BATCH, EPOCHS = 23, 6, 3


def bind(name: str) -> Any:
    """A catalogue rule with its usual parameters."""
    optimizer = read_optimizer(name)
    return optimizer.bind(settle([optimizer.owner], {})["optimizer"])


def build(name: str = "sgd", *, head: Any = "softmax", widths: Any = WIDTHS, **more: Any) -> Dense:
    """Networks of tanh with a catalogue rule, whose learning rate comes from a table."""
    tree = parse("tanh(x)").tree
    rule = unroll(bind(name), ())
    return Dense(widths, tree, head, rule, ("learning_rate",), **more)


def size(widths: tuple[int, ...]) -> int:
    """How many parameters a network has."""
    return sum((a + 1) * b for a, b in pairwise(widths))


def given(dense: Dense) -> dict[str, Any]:
    """The rule's own numbers for its parameters."""
    return {name: float(dense.rule.values[name]) for name in dense.given
            if name in dense.rule.values}  # fmt: skip


def make(head: str, widths: tuple[int, ...], *, seed: int = 0) -> tuple[Examples, Any]:
    """Random examples for a head, and what NumPy compares with."""
    random = np.random.default_rng(seed)
    inputs = random.normal(size=(COUNT, widths[0]))
    if head == "squared":
        targets = random.normal(size=(COUNT, widths[-1]))
        return Examples(inputs, targets=targets), targets
    labels = random.integers(0, max(widths[-1], 2), size=COUNT)
    return Examples(inputs, labels=labels), labels


def follow(
    dense: Dense, start: Any, examples: Examples, wanted: Any, *, seed: int, rate: float
) -> tuple[list[float], Any]:
    """Losses of all steps and the last parameters, by the slow engine of rules."""
    rule = bind(dense.rule.name)
    state, losses = begin_reference(rule, start[None, :]), []
    for epoch in range(EPOCHS):
        order = draw_order(seed, epoch=epoch, count=COUNT)
        for first in range(0, COUNT, BATCH):
            rows = order[first : first + BATCH]
            loss, slope = gradient(
                state.position[0], dense.widths, examples.inputs[rows], wanted[rows],
                head=dense.head, activation=TANH,
            )  # fmt: skip
            losses.append(loss)
            state = step_reference(rule, state, slope[None, :], rates={"learning_rate": rate})
    return losses, state.position[0]


def train(dense: Dense, networks: Networks, examples: Any, *, rates: Any, **more: Any) -> list[Any]:
    """All epochs, with constant rates."""
    count = len(networks)
    training = Training(
        dense, BATCH, EPOCHS, rates=lambda a, b: np.broadcast_to(rates, (b - a, 1, count)),
        **{"style": DenseStyle(lanes=8, precision="float64", chunk=4), **more},
    )  # fmt: skip
    return [(e, e.parameters()) for e in run_dense(training, networks, examples)]


RULES = ("adam", "lion", "rprop")


MORE = ("sgd", "adamw", "rmsprop", "adagrad", "nadam", "adabelief")


@pytest.mark.parametrize(
    "name", [*RULES, *(pytest.param(name, marks=pytest.mark.slow) for name in MORE)]
)
def test_steps_are_those_of_numpy(name: str) -> None:
    dense, count = build(name), 11
    examples, wanted = make("softmax", WIDTHS)
    start = np.random.default_rng(1).normal(size=(count, size(WIDTHS))) / 2
    seeds, rates = np.arange(count) % 3, np.geomspace(1e-3, 0.3, count)
    found = train(dense, Networks(start, given(dense), seeds), examples, rates=rates)
    for number in (0, 3, count - 1):
        losses, end = follow(dense, start[number], examples, wanted, seed=int(seeds[number]),
                             rate=float(rates[number]))  # fmt: skip
        run = np.concatenate([epoch.losses[:, number] for epoch, _ in found])
        assert run == pytest.approx(losses, rel=1e-10)
        assert found[-1][1][number] == pytest.approx(end, rel=1e-8, abs=1e-10)


@pytest.mark.parametrize(
    ("head", "widths"),
    [("softmax", (5, 4)), ("sigmoid", (5, 6, 1)), ("squared", (1, 3, 2))],
)
def test_heads_are_those_of_numpy(head: Any, widths: tuple[int, ...]) -> None:
    dense = build(head=head, widths=widths)
    examples, wanted = make(head, widths)
    start = np.random.default_rng(2).normal(size=(3, size(widths)))
    found = train(dense, Networks(start, given(dense), np.zeros(3)), examples, rates=0.1)
    losses, end = follow(dense, start[1], examples, wanted, seed=0, rate=0.1)
    assert np.concatenate([epoch.losses[:, 1] for epoch, _ in found]) == pytest.approx(losses)
    assert found[-1][1][1] == pytest.approx(end, rel=1e-10)


def test_results_do_not_depend_on_threads_lanes_or_neighbours() -> None:
    dense = build("adam")
    examples, _ = make("softmax", WIDTHS)
    start = np.random.default_rng(3).normal(size=(20, size(WIDTHS)))
    rates, seeds = np.geomspace(1e-3, 0.1, 20), np.arange(20)
    whole = train(dense, Networks(start, given(dense), seeds), examples, rates=rates, threads=1)
    style = DenseStyle(lanes=4, precision="float64", chunk=4, rows=3, columns=2)
    other = train(dense, Networks(start, given(dense), seeds), examples, rates=rates, threads=3,
                  style=style)  # fmt: skip
    alone = train(dense, Networks(start[7:8], given(dense), seeds[7:8]), examples,
                  rates=rates[7:8])  # fmt: skip
    assert (whole[-1][1] == other[-1][1]).all()
    assert (whole[-1][1][7] == alone[-1][1][0]).all()


def test_a_network_that_diverges_stops_alone_and_says_when() -> None:
    dense, count = build(head="squared", widths=(5, 6, 2)), 24
    examples, _ = make("squared", (5, 6, 2))
    start = np.random.default_rng(4).normal(size=(count, size((5, 6, 2))))
    rates = np.full(count, 0.01)
    fast = np.arange(count) % 5 != 0
    mixed = train(dense, Networks(start, given(dense), np.zeros(count)), examples,
                  rates=np.where(fast, 1e4, rates))  # fmt: skip
    calm = train(dense, Networks(start, given(dense), np.zeros(count)), examples, rates=rates)
    stopped = mixed[-1][0].stopped
    assert ((stopped >= 0) == fast).all()
    assert stopped[fast].max() < 3 * -(-COUNT // BATCH)
    assert (mixed[-1][1][~fast] == calm[-1][1][~fast]).all()
    assert np.isnan(mixed[-1][0].loss[fast]).all()


def test_checks_go_forward_only() -> None:
    dense = build()
    examples, wanted = make("softmax", WIDTHS)
    start = np.random.default_rng(5).normal(size=(2, size(WIDTHS)))
    training = Training(dense, BATCH, 1, rates=lambda a, b: np.full((b - a, 1, 2), 0.1),
                        style=DenseStyle(8, "float64"))  # fmt: skip
    networks = Networks(start, given(dense), np.zeros(2))
    (plain,) = [e.parameters() for e in run_dense(training, networks, examples)]
    (epoch,) = list(run_dense(training, networks, examples, checks={"same": examples}))
    after = epoch.parameters()
    assert (after == plain).all()
    loss, _ = gradient(after[0], WIDTHS, examples.inputs, wanted, head="softmax", activation=TANH)
    assert epoch.checks["same"][0][0] == pytest.approx(loss)
    assert epoch.checks["same"][1][0] * COUNT == pytest.approx(
        round(epoch.checks["same"][1][0] * COUNT)
    )


def test_dropped_units_follow_from_the_seed() -> None:
    dense = build(drops=True)
    examples, _ = make("softmax", WIDTHS)
    start = np.repeat(np.random.default_rng(6).normal(size=(1, size(WIDTHS))), 4, axis=0)
    own = {**given(dense), "dropout": np.array([0.0, 0.5, 0.5, 0.5])}
    seeds = np.array([1, 1, 1, 2])
    end = train(dense, Networks(start, own, seeds), examples, rates=0.1)[-1][1]
    plain = train(build(), Networks(start, given(build()), seeds), examples, rates=0.1)[-1][1]
    assert (end[0] == plain[0]).all()
    assert (end[1] == end[2]).all()
    assert (end[1] != end[0]).mean() > 0.5
    assert (end[1] != end[3]).any()


def test_sets_of_examples_side_by_side_change_no_bit() -> None:
    widths = (5, 6, 2)
    dense = build(head="squared", widths=widths)
    sets = [make("squared", widths, seed=seed)[0] for seed in range(3)]
    start = np.random.default_rng(8).normal(size=(6, size(widths)))
    splits, seeds = np.array([0, 1, 2, 2, 0, 1]), np.array([0, 1, 2, 2, 3, 1])
    together = Networks(start, given(dense), seeds, splits=splits)
    training = Training(dense, BATCH, 2, rates=lambda a, b: np.full((b - a, 1, 6), 0.01),
                        style=DenseStyle(8, "float64", chunk=4))  # fmt: skip
    (*_, last) = run_dense(training, together, sets, checks={"same": sets})
    for number, split in enumerate(splits):
        own = Networks(start[number : number + 1], given(dense), seeds[number : number + 1])
        alone = replace(training, rates=lambda a, b: np.full((b - a, 1, 1), 0.01))
        (*_, end) = run_dense(alone, own, sets[split], checks={"same": sets[split]})
        assert (end.losses[:, 0] == last.losses[:, number]).all()
        assert end.checks["same"][0][0] == last.checks["same"][0][number]
        assert (end.parameters()[0] == last.parameters()[number]).all()


def test_float32_follows_float64() -> None:
    dense = build()
    examples, _ = make("softmax", WIDTHS)
    start = np.random.default_rng(7).normal(size=(3, size(WIDTHS)))
    networks = Networks(start, given(dense), np.zeros(3))
    double = train(dense, networks, examples, rates=0.1)
    single = train(dense, networks, examples, rates=0.1, style=DenseStyle(16, "float32"))
    assert single[-1][0].loss == pytest.approx(double[-1][0].loss, rel=1e-5)


def test_wrong_shapes_are_refused() -> None:
    dense = build()
    examples, _ = make("softmax", WIDTHS)
    networks = Networks(np.zeros((2, size(WIDTHS))), given(dense), np.zeros(2))
    narrow = Examples(examples.inputs[:, :3], labels=examples.labels)
    strange = Examples(examples.inputs, labels=np.full(COUNT, 4))
    with pytest.raises(ShapeError, match="have 82 parameters"):
        train(dense, Networks(np.zeros((2, 5)), given(dense), np.zeros(2)), examples, rates=0.1)
    with pytest.raises(ShapeError, match="take 5 numbers"):
        train(dense, networks, narrow, rates=0.1)
    with pytest.raises(ShapeError, match="from 0 to 3"):
        train(dense, networks, strange, rates=0.1)
    with pytest.raises(ShapeError, match="one of 1 sets of examples"):
        train(dense, replace(networks, splits=np.array([0, 1])), examples, rates=0.1)
    short = Examples(examples.inputs[:9], labels=np.zeros(9))
    with pytest.raises(ShapeError, match="have one size"):
        train(dense, networks, [examples, short], rates=0.1)
    with pytest.raises(UsageError, match="`weight_decay` has no value"):
        train(dense, replace(networks, given={}), examples, rates=0.1)
