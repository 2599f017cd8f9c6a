"""Every catalogue optimizer on networks, against NumPy tensor by tensor."""

from __future__ import annotations

from typing import Any

import pytest

from gradiometer.catalog import list_entries
from gradiometer.numeric import JointRule
from numeric.dense_rules import bind, follow, make_dense, make_start, train

JOINT = ("lars", "lamb")


def check(text: str, settings: Any = None, *, rel: float = 1e-9, turned: bool = True) -> None:
    """The kernel makes the same steps as NumPy."""
    optimizer, rule = bind(text, settings)
    start, examples = make_start()
    dense = make_dense(JointRule(rule, turned))
    losses, end = train(dense, start, examples, seed=3)
    wanted, last = follow(rule, start, examples, seed=3, as_one=bool(optimizer.whole),
                          turned=turned)  # fmt: skip
    assert losses == pytest.approx(wanted, rel=rel)
    assert end == pytest.approx(last, rel=rel, abs=1e-12)
    assert (end != start).any()


@pytest.mark.parametrize("name", [*list_entries("optimizer")])
def test_steps_of_every_optimizer_are_those_of_numpy(name: str) -> None:
    check(name)
