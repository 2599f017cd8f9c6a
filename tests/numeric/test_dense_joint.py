"""The lines of every catalogue rule for the tensors of a network, read as plain Python."""

from __future__ import annotations

import importlib.util
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from gradiometer.catalog import list_entries, read_entry
from gradiometer.errors import StudyError
from gradiometer.model import read_optimizer
from gradiometer.model.optimizer_wrap import list_calls
from gradiometer.numeric import (
    DenseStyle,
    JointRule,
    begin_reference,
    draw_normal,
    step_reference,
)
from gradiometer.numeric.dense_begin import begin_states
from gradiometer.numeric.dense_block import list_places
from gradiometer.numeric.program_source import NUMBERS
from numeric.dense_rules import WIDTHS, bind, cut, join, make_dense

LANES, STEPS = 2, 4
FIRST = (WIDTHS[0] + 1) * WIDTHS[1]
"""How many parameters the first layer has."""
SIZE = sum((a + 1) * b for a, b in pairwise(WIDTHS))
HEAD = """
import numpy as np
from gradiometer.numeric import draw_normal
REAL = np.float64
def power(base, exponent):
    return np.power(base, exponent)
def normal(seed, run, step, unit):
    return draw_normal(int(seed), run=int(run), step=int(step), coordinate=int(unit))
class lanes:
    lane_power = staticmethod(power)
    lane_draw_normal = staticmethod(normal)
    lane_exp, lane_ln = np.exp, np.log
class math:
    sqrt = np.sqrt
def update(w, span, first, s, seed):
"""


def make_update(dense: Any, style: Any, path: Any) -> Any:
    """The update of a kernel as a Python function."""
    lines = dense.join(dense.shape(style))[0]
    numbers = "\n".join(f"{name} = np.float64({number})" for number, name in NUMBERS.items())
    body = "\n".join(f"    {line}" for line in lines)
    file = path / "update.py"
    file.write_text(HEAD.replace("def power", f"{numbers}\ndef power", 1) + body)
    spec = importlib.util.spec_from_file_location("update", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.update


def follow(rule: Any, start: Any, slopes: Any, losses: Any, *, seed: int, split: Any) -> Any:
    """Where the slow engine goes, tensor by tensor."""
    parts = split(start)
    states = [begin_reference(rule, part[None]) for part in parts]
    for step in range(STEPS):
        noise = split(draw_normal(0, run=seed, step=step, coordinate=np.arange(SIZE)))
        rows = zip(states, split(slopes[step]), noise, strict=True)
        loss = losses[step : step + 1]
        states = [step_reference(rule, state, slope[None], noise=drawn[None], loss=loss)
                  for state, slope, drawn in rows]  # fmt: skip
    return [state.position[0] for state in states]


def check(text: str, path: Any) -> None:
    """All lanes go where the slow engine goes."""
    optimizer, rule = bind(text)
    turned, as_one = optimizer.has_output_rows, bool(optimizer.whole)
    dense, style = make_dense(JointRule(rule, turned)), DenseStyle(LANES, "float64")
    shape, update = dense.shape(style), make_update(dense, style, path)
    random = np.random.default_rng(3)
    start, slopes = random.normal(size=(LANES, SIZE)), random.normal(size=(STEPS, LANES, SIZE))
    losses, seeds = random.uniform(1, 2, size=(STEPS, LANES)), [5, 2**30 + 3]
    w = np.zeros((shape.length, LANES))
    places = list_places(WIDTHS, shape)
    w[shape.at("parameters") + places] = start.T
    own = {name: [float(dense.rule.values[name])] * LANES for name in dense.given
           if name in dense.rule.values}  # fmt: skip
    own |= {"seed.high": [s >> 24 for s in seeds], "seed.low": [s % 2**24 for s in seeds]}
    for number, name in enumerate(dense.given):
        w[shape.at("given") + number] = own[name]
    begin_states(dense, w, shape, numbers={name: np.array(own[name]) for name in dense.given})
    record = shape.at("record")
    with np.errstate(all="ignore"):
        for step in range(STEPS):
            w[shape.at("gradient") + places] = slopes[step].T
            w[record : record + shape.records] = 0
            w[record] = losses[step]
            update(w, LANES, 0, step, 0)
            squares = np.add.reduceat(slopes[step] ** 2, [0, FIRST], axis=1).T
            assert w[record + 2 : record + 4] == pytest.approx(squares)
            assert (w[shape.at("gradient") + places] == 0).all()

    def split(flat: Any) -> Any:
        return [flat] if as_one else cut(flat, WIDTHS, turned=turned)

    for lane in range(LANES):
        parts = follow(rule, start[lane], slopes[:, lane], losses[:, lane], seed=seeds[lane],
                       split=split)  # fmt: skip
        wanted = parts[0] if as_one else join(parts, turned=turned)
        found = w[shape.at("parameters") + places, lane]
        assert found == pytest.approx(wanted, rel=1e-9, abs=1e-12)
        assert (found != start[lane]).any()


def list_all(kind: str) -> list[str]:
    """The entries of a kind with their dialects."""
    names = []
    for name in list_entries(kind):
        dialects = read_entry(kind, name).get("dialects", ())
        names += [name, *(f"{name}.{dialect}" for dialect in dialects)]
    return names


@pytest.mark.parametrize("name", list_all("optimizer"))
def test_every_optimizer(name: str, tmp_path: Any) -> None:
    check(name, tmp_path)


@pytest.mark.parametrize("name", list_all("wrapper"))
def test_every_wrapper(name: str, tmp_path: Any) -> None:
    check(f"{name}(adam)", tmp_path)


MIXED = ("decay_weights(dog)", "lookahead(clip_by_global_norm(lamb))", "multi_steps(momo)",
         "skip_large_updates(clip_by_norm(adam))", "adaptive_grad_clip(dowg)")  # fmt: skip


@pytest.mark.parametrize("text", MIXED)
def test_a_call_keeps_its_scope_inside_wrappers(text: str, tmp_path: Any) -> None:
    optimizer, rule = bind(text)
    joint = JointRule(rule)
    parts, calls = joint.parts
    # No call of a whole model is left, and all others are.
    left = [node for _, tree in parts.step for node in list_calls(tree)]
    assert not optimizer.whole.intersection(left)
    assert len(calls) == len(set(optimizer.whole))
    dense = make_dense(joint)
    make_update(dense, DenseStyle(LANES, "float64"), tmp_path)


def test_first_values_of_a_whole_model_are_the_same_in_all_tensors() -> None:
    for text in ("dog", "decay_weights(dog)"):
        dense = make_dense(JointRule(bind(text)[1]))
        style = DenseStyle(LANES, "float64")
        shape = dense.shape(style)
        w = np.zeros((shape.length, LANES))
        places = list_places(WIDTHS, shape)
        start = np.random.default_rng(0).normal(size=SIZE)
        w[shape.at("parameters") + places] = start[:, None]
        begin_states(dense, w, shape, numbers={})
        (name,) = [name for name in dense.states if name.endswith("distance")]
        begun = w[shape.at(f"state {dense.states.index(name)}") + places, 0]
        assert begun == pytest.approx(1e-6 * (1 + np.linalg.norm(start)))


def test_a_call_of_two_scopes_is_refused() -> None:
    inner = {"name": "mine", "step": {"x'": "x - g/(1 + sum(g*g))"}}
    wrapper = read_entry("wrapper", "skip_large_updates")
    with pytest.raises(StudyError, match="that of one tensor in one"):
        read_optimizer({**wrapper, "rule": inner})
