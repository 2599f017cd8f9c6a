"""One float run with its way: interpreted, compiled, and by the NumPy reference."""

import math

import numpy as np
import pytest

from gradiometer.formula import compile_float
from gradiometer.model import read_objective, read_optimizer, settle, unroll
from gradiometer.numeric import (
    begin_reference,
    choose_stride,
    step_reference,
    to_field,
    trace_compiled,
    trace_floats,
)


def course(objective, rule="sgd", *, variables=None, coordinates=None, **values):
    surface = read_objective(objective, variables=variables, coordinates=coordinates)
    optimizer = read_optimizer(rule)
    settled = settle([optimizer.owner, surface.owner], values)
    count = len(surface.variables)
    landscape = (
        surface.bind(settled["objective"])
        if count == 1
        else surface.bind_surface(settled["objective"])
    )
    bound = optimizer.bind(settled["optimizer"])
    return bound, unroll(bound, (count,) if count > 1 else ()), to_field(landscape)


def no_rates(step):
    return {}


def by_reference(rule, field, start, steps, dtype=np.float64):
    slopes = [compile_float(tree) for tree in field.gradient]
    height = compile_float(field.loss)
    state = begin_reference(rule, np.array([start]), dtype=dtype)
    rows = [tuple(start)]
    for _ in range(steps):
        here = dict(zip(field.variables, map(float, state.position[0]), strict=True))
        gradient = [[slope(here) for slope in slopes]]
        state = step_reference(rule, state, gradient, loss=[height(here)])
        rows.append(tuple(map(float, state.position[0])))
    return rows


CASES = [
    ("rosenbrock", "sgd", (-1.2, 1.0), {"learning_rate": "1/1000", "momentum": "9/10"}),
    ("rosenbrock", "adam", (-1.2, 1.0), {"learning_rate": "1/10"}),
    ("beale", "rmsprop", (1.0, 1.0), {"learning_rate": "1/100"}),
    ("wood", "adamw", (-3.0, -1.0, -3.0, -1.0), {"learning_rate": "1/10"}),
    ("quadratic_turned", "lamb", (1.0, 1.0), {"learning_rate": "1/10"}),
]


@pytest.mark.parametrize(("objective", "rule", "start", "values"), CASES)
def test_the_way_is_that_of_the_numpy_reference(objective, rule, start, values):
    bound, code, field = course(objective, rule, **values)
    trail = trace_floats(code, field, start, steps=60, rates=no_rates)
    # NumPy's power may differ from the library's in the last bit.
    wanted = np.array(by_reference(bound, field, start, 60))
    assert np.allclose(np.array(trail.positions), wanted, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(("objective", "rule", "start", "values"), CASES)
def test_the_compiled_way_has_the_same_bits(objective, rule, start, values):
    _, code, field = course(objective, rule, **values)
    slow = trace_floats(code, field, start, steps=300, rates=no_rates)
    fast = trace_compiled(code, field, start, steps=300)
    assert fast.positions == slow.positions
    assert (fast.lowest, fast.lowest_step, fast.lowest_at) == (
        slow.lowest, slow.lowest_step, slow.lowest_at,
    )  # fmt: skip


def test_float32_rounds_each_step_to_float32():
    _, code, field = course("booth", "sgd", learning_rate="1/20")
    trail = trace_compiled(code, field, (0.0, 0.0), steps=30, precision="float32")
    x = np.zeros(2, np.float32)
    f = np.float32
    for point in trail.positions[1:]:
        a, b = x[0] + f(2) * x[1] - f(7), f(2) * x[0] + x[1] - f(5)
        x = x - f(0.05) * np.array([f(2) * a + f(2) * b * f(2), f(2) * a * f(2) + f(2) * b], f)
        assert np.allclose(point, x, rtol=1e-6)
        assert all(np.float32(number) == number for number in point)


def test_long_runs_are_thinned_evenly_and_keep_their_end():
    _, code, field = course("sphere", "sgd", learning_rate="1/10000")
    trail = trace_compiled(code, field, (1.0, 2.0), steps=25_001)
    assert choose_stride(25_001) == 3
    assert trail.steps[:3] == (0, 3, 6)
    assert trail.steps[-2:] == (24_999, 25_001)
    whole = trace_compiled(code, field, (1.0, 2.0), steps=9)
    assert trail.positions[3] == whole.positions[9]


def test_the_lowest_point_between_kept_ones_is_found():
    _, code, field = course("|x|", "sgd", learning_rate="3/10")
    slow = trace_floats(code, field, (1.0,), steps=10_000, rates=no_rates)
    fast = trace_compiled(code, field, (1.0,), steps=50_000)
    assert fast.stride == 5
    assert (fast.lowest_step, fast.lowest_at) == (slow.lowest_step, slow.lowest_at)
    assert fast.lowest_step % 5 != 0


@pytest.mark.parametrize("trace", ["interpreted", "compiled"])
def test_the_first_step_that_is_not_finite_ends_the_run(trace):
    _, code, field = course("x^4 + y^2", "sgd", variables=("x", "y"), learning_rate="1")
    start = (3.0, 1.0)
    if trace == "interpreted":
        trail = trace_floats(code, field, start, steps=100, rates=no_rates)
    else:
        trail = trace_compiled(code, field, start, steps=100)
    x, step = 3.0, 0
    while math.isfinite(x) and math.isfinite(x * x * (x * x)):
        x, step = x - 4.0 * (x * x * x), step + 1
    assert trail.not_finite == trail.last == step


@pytest.mark.parametrize("steps", [101, 20_001])
def test_a_cycle_of_floats_is_found_at_the_end(steps):
    _, code, field = course("|x|", "sgd", learning_rate="1/4")
    trail = trace_compiled(code, field, (1.125,), steps=steps, is_settled=True)
    assert (trail.period, trail.still) == (2, 0)


def test_a_run_at_rest_is_seen_to_rest():
    _, code, field = course("x^2", "sgd", learning_rate="1/2")
    for trail in (
        trace_floats(code, field, (3.0,), steps=200, rates=no_rates, is_settled=True),
        trace_compiled(code, field, (3.0,), steps=30_000, is_settled=True),
    ):
        assert trail.period == 1
        assert trail.still > 0


def test_ends_of_pieces_lie_where_the_exact_ones_do():
    """The float nearest to 1/3 lies below it, so it belongs to the left piece."""
    kink = {"pieces": [{"on": "(-oo, 1/3)", "f": "-x"}, {"on": "[1/3, oo)", "f": "x - 2/3"}]}
    _, code, field = course(kink, "sgd", learning_rate="1")
    assert trace_floats(code, field, (1 / 3,), steps=1, rates=no_rates).final[0] > 1


@pytest.mark.slow
def test_ten_million_steps_take_seconds():
    _, code, field = course("double_well", "sgd", learning_rate="1/100")
    trail = trace_compiled(code, field, (3.0,), steps=10_000_000)
    assert trail.final == (1.0,)


@pytest.mark.parametrize(("objective", "rule", "start", "values"), CASES)
def test_the_compiled_way_has_the_same_bits_in_float32(objective, rule, start, values):
    _, code, field = course(objective, rule, **values)
    slow = trace_floats(code, field, start, steps=100, rates=no_rates, kind="float32")
    fast = trace_compiled(code, field, start, steps=100, precision="float32")
    assert fast.positions == slow.positions
