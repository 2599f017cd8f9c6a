"""Runs without labels: the same positions, and nothing else is computed."""

import math
import tracemalloc

import numpy as np
import pytest

from gradiometer.errors import UsageError
from gradiometer.model import read_objective, read_optimizer, settle
from gradiometer.numeric import executor, plan_runs

STARTS = np.random.default_rng(0).uniform(-1.5, 2.5, 150)


def make_plan(rule="adam", curve="barrier", settings=None, **options):
    optimizer, objective = read_optimizer(rule), read_objective(curve)
    values = settle([optimizer.owner, objective.owner], settings or {})
    landscape = (objective.bind if len(objective.variables) == 1 else objective.bind_surface)(
        values["objective"]
    )
    return plan_runs(optimizer.bind(values["optimizer"]), landscape, **options)


@pytest.mark.parametrize(
    ("rule", "curve", "settings"),
    [
        ("sgd", "barrier", {"momentum": "9/10"}),
        ("adam", "double_well", {}),
        ("lion", "rosenbrock", {}),
    ],
)
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_positions_are_those_of_runs_with_labels(rule, curve, settings, precision):
    plans = [
        make_plan(rule, curve, settings, labels=labels, repeats=False, precision=precision)
        for labels in (False, True)
    ]
    starts = STARTS if curve != "rosenbrock" else STARTS.reshape(-1, 2) / 4
    for steps in (0, 1, 300):
        free, judged = (plan.run(starts, steps=steps) for plan in plans)
        assert np.array_equal(free.position, judged.position)
        assert free.count() == {"moving": len(starts)}
        assert (free.step == steps).all()


def test_tables_longer_than_a_stretch_go_on_where_they_were(monkeypatch):
    plan = make_plan(labels=False)
    whole = plan.run(STARTS, steps=100).position
    monkeypatch.setattr(executor, "FREE_STRETCH", 7)
    assert np.array_equal(plan.run(STARTS, steps=100).position, whole)


def test_the_lowest_loss_and_powers_of_each_run_need_no_labels():
    betas = np.linspace(0.5, 0.95, len(STARTS))
    free, judged = (
        make_plan(curve="double_well", labels=labels, lowest=True, repeats=False).run(
            STARTS, steps=300, values={"beta1": betas}
        )
        for labels in (False, True)
    )
    assert np.array_equal(free.position, judged.position)
    assert np.array_equal(free.lowest, judged.lowest)
    assert np.array_equal(free.lowest_step, judged.lowest_step)


def test_an_end_that_is_no_number_is_said_to_be_none():
    plan = make_plan("sgd", "double_well", labels=False)
    found = plan.run([0.5, 1e200, math.nan], steps=5)
    assert list(found.words) == ["moving", "not_finite", "not_finite"]


@pytest.mark.parametrize("asked", [{"inside": (0, 1)}, {"far": 10.0}])
def test_bounds_are_refused_where_nothing_is_compared_with_them(asked):
    with pytest.raises(UsageError, match="without labels"):
        make_plan("sgd", labels=False).run([0.0], steps=1, **asked)


def test_only_what_is_asked_for_is_in_the_kernel():
    free, judged = (make_plan("sgd", labels=labels).source() for labels in (False, True))
    assert "runs" in judged
    assert "runs" not in free
    # Position in, position out: one row of a block.
    assert "(count, 64)" in free


def test_wide_registers_are_asked_for_where_nothing_divides():
    assert "    prefer_wide()" in make_plan("sgd").source()
    assert "    prefer_wide()" not in make_plan("adam").source()


@pytest.mark.parametrize("width", [1, 64, 65, 200])
def test_blocks_begin_with_a_line_of_the_cache_and_lose_nothing(width):
    values = np.arange(3.0 * width).reshape(3, width)
    blocks = executor._to_blocks(values, 64)
    assert blocks.ctypes.data % 64 == 0
    parts = blocks.reshape(-1, 3, 64).transpose(1, 0, 2).reshape(3, -1)
    assert np.array_equal(parts[:, :width], values)
    # What fills the last block is a run that is there anyway.
    assert (parts[:, width:] == values[:, -1:]).all()


def measure_stream(plan, count):
    """The most bytes that a stream of so many runs holds at a time."""
    tracemalloc.start()
    parts = plan.stream(count, lambda a, b: (np.linspace(-1, 1, b - a), {}), steps=3, block=2048)
    assert sum(len(part.step) for part in parts) == count
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_a_stream_needs_the_memory_of_its_blocks_alone():
    plan = make_plan("sgd")
    # What is made once, such as the kernel, is there before.
    measure_stream(plan, 2048)
    # Threads meet by chance, so a peak may double; all results together would be 17 times as much.
    assert measure_stream(plan, 128 * 2048) < 3 * measure_stream(plan, 2 * 2048)
