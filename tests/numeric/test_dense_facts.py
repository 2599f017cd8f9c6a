"""What epochs tell beside the loss: states, norms, dead units, and where a gradient exploded."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from gradiometer.numeric import DenseStyle, Examples, Networks, Training, draw_order, run_dense
from gradiometer.numeric.dense_epoch import Growth
from numeric.dense_reference import gradient, split
from numeric.dense_setup import build_dense, count_parameters, draw_examples, own_numbers

WIDTHS, COUNT, BATCH = (5, 7, 3, 4), 23, 6
SIZE = count_parameters(WIDTHS)
STYLE = DenseStyle(lanes=8, precision="float64", chunk=4)


def run(dense: Any, networks: Networks, examples: Examples, **more: Any) -> list[Any]:
    """All epochs, with what they hand out."""
    rate = more.pop("rate", 0.1)
    checks = more.pop("checks", None)
    count = len(networks)
    training = Training(
        dense, more.pop("batch", BATCH), more.pop("epochs", 3), style=STYLE,
        rates=lambda a, b: np.broadcast_to(rate, (b - a, 1, count)), **more,
    )  # fmt: skip
    return [(e, e.parameters(), e.states()) for e in
            run_dense(training, networks, examples, checks=checks)]  # fmt: skip


def begin(dense: Any, count: int, scale: float = 0.5) -> Networks:
    """Random networks with one order of examples."""
    start = np.random.default_rng(1).normal(size=(count, SIZE)) * scale
    return Networks(start, own_numbers(dense), np.zeros(count))


def test_states_are_those_of_adam() -> None:
    dense = build_dense(WIDTHS, rule="adam")
    examples = draw_examples("softmax", WIDTHS, count=COUNT)
    networks = begin(dense, 3)
    (first,) = run(dense, networks, examples, epochs=1, batch=COUNT)
    order = draw_order(0, epoch=0, count=COUNT)
    assert examples.labels is not None
    for number in range(3):
        _, slope = gradient(
            networks.parameters[number], WIDTHS, examples.inputs[order], examples.labels[order],
            head="softmax", activation=(np.tanh, lambda z: 1 - np.tanh(z) ** 2),
        )  # fmt: skip
        assert sorted(first[2]) == ["m", "v"]
        assert first[2]["m"][number] == pytest.approx(slope / 10, rel=1e-9, abs=1e-14)
        assert first[2]["v"][number] == pytest.approx(slope**2 / 1000, rel=1e-9, abs=1e-14)
        parts = np.split(slope, np.cumsum([(a + 1) * b for a, b in pairwise(WIDTHS)])[:-1])
        norms = [np.linalg.norm(part) for part in parts]
        assert first[0].gradient_norms[0, :, number] == pytest.approx(norms, rel=1e-9)


def test_norms_of_weights_are_those_of_the_parameters() -> None:
    dense = build_dense(WIDTHS)
    networks, examples = begin(dense, 9), draw_examples("softmax", WIDTHS, count=COUNT)
    for epoch, parameters, _ in run(dense, networks, examples, watch=frozenset(["weights"])):
        for number, row in enumerate(parameters):
            wanted = [np.hypot(np.linalg.norm(w), np.linalg.norm(b)) for w, b in split(row, WIDTHS)]
            assert epoch.weight_norms[:, number] == pytest.approx(wanted, rel=1e-12)
        assert epoch.dead is None


def test_dead_and_saturated_units_are_counted_on_what_is_checked() -> None:
    dense = build_dense(WIDTHS, "clip(x, -1, 1)")
    networks, examples = begin(dense, 9, scale=3), draw_examples("softmax", WIDTHS, count=COUNT)
    few = Examples(examples.inputs[:3], labels=np.zeros(3))
    found = run(dense, networks, examples, rate=1e-3, watch=frozenset(["units"]),
                checks={"few": few, "all": examples})  # fmt: skip
    seen = set()
    for epoch, parameters, _ in found:
        for name, checked in (("few", few), ("all", examples)):
            for number, row in enumerate(parameters):
                value, shares = checked.inputs, []
                for weights, bias in split(row, WIDTHS)[:-1]:
                    z = value @ weights + bias
                    shares.append(((z <= -1) | (z > 1)).all(axis=0).mean())
                    value = np.clip(z, -1, 1)
                assert epoch.dead[name][:, number] == pytest.approx(shares)
                assert epoch.saturated[name][:, number] == pytest.approx(shares)
                seen.update(shares)
    assert len(seen) > 3


def test_watching_units_changes_no_bit() -> None:
    dense = build_dense(WIDTHS)
    networks, examples = begin(dense, 9), draw_examples("softmax", WIDTHS, count=COUNT)
    plain, watched = (
        run(dense, networks, examples, checks={"all": examples}, watch=frozenset(watch))
        for watch in ((), ("units", "weights"))
    )
    assert (plain[-1][1] == watched[-1][1]).all()
    assert (plain[-1][0].checks["all"][0] == watched[-1][0].checks["all"][0]).all()


def test_the_step_of_stopping_stays_and_the_layer_is_named() -> None:
    dense = build_dense(WIDTHS, "x^2/4", head="squared")
    networks, examples = begin(dense, 12), draw_examples("squared", WIDTHS, count=COUNT)
    rates = np.where(np.arange(12) % 3 == 0, 5.0, 1e-4)
    found = run(dense, networks, examples, rate=rates, epochs=4)
    stops = np.array([epoch.stopped for epoch, _, _ in found])
    fast = np.arange(12) % 3 == 0
    assert (stops[-1][fast] >= 0).all()
    assert (stops[-1][~fast] == -1).all()
    for number in np.flatnonzero(fast):
        told = {int(step) for step in stops[:, number] if step >= 0}
        assert len(told) == 1
    last = found[-1][0]
    assert (last.exploded[fast] >= 0).all()
    assert (last.exploded[~fast] == -1).all()
    norms = np.concatenate([epoch.gradient_norms for epoch, _, _ in found])
    for number in np.flatnonzero(fast):
        up_to = norms[: stops[-1][number] + 1, :, number]
        when = [np.argmax(~(row <= 1000 * row[0])) if (~(row <= 1000 * row[0])).any() else 99
                for row in up_to.T]  # fmt: skip
        assert when[last.exploded[number]] == min(when) < 99


def test_the_layer_nearest_the_outputs_is_blamed_first() -> None:
    growth = Growth(3, 3)
    growth.follow(np.ones((2, 3, 3)), 0)
    later = np.ones((2, 3, 3))
    later[1, 1:, 0] = np.nan
    later[0, 0, 1], later[1, 2, 1] = 1e9, 1e9
    growth.follow(later, 2)
    assert growth.blame(np.array([3, 3, 3])).tolist() == [2, 0, -1]
    assert growth.blame(np.array([-1, 1, 3])).tolist() == [-1, -1, -1]
