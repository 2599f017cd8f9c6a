"""Float64 runs: the rule's operations in its own order, each rounded."""

import math

import pytest
from flint import fmpq

from gradiometer.formula import from_float
from gradiometer.model import read_objective, read_optimizer
from gradiometer.numeric import advance_float, begin_float


def bound(rule, **values):
    optimizer = read_optimizer(rule)
    known = {p.name: p.default for p in optimizer.parameters.values()}
    return optimizer.bind({**known, **{n: fmpq(v) for n, v in values.items()}})


def steps(rule, slope, start, count, rates=None):
    state = begin_float(rule, start)
    positions = [state.position]
    for step in range(count):
        rate = {} if rates is None else {"learning_rate": float(rates[step])}
        state = advance_float(rule, state, lambda known: slope(known["x"]), rate)
        positions.append(state.position)
    return positions


def test_a_step_of_descent_is_rounded_as_written():
    rule = bound("sgd", learning_rate=fmpq(1, 10))
    x, expected = 0.3, [0.3]
    for _ in range(50):
        x = x - 0.1 * (3 * x + 0.0 * x)
        expected.append(x)
    assert steps(rule, lambda x: 3 * x, from_float(0.3), 50) == expected


def test_a_thousand_additions_of_a_thousandth_pass_one():
    """In exact arithmetic they reach 1; in float64 they end just above."""
    adam = bound("adam", eps=0)
    end = steps(adam, lambda x: -1.0, fmpq(0), 1000)[-1]
    assert end == pytest.approx(1, abs=1e-12)
    assert end > 1


def test_a_schedule_gives_the_rate_of_each_step():
    rule = read_optimizer("sgd").bind({"momentum": fmpq(0), "weight_decay": fmpq(0),
                                       "nesterov": fmpq(0), "dampening": fmpq(0)})  # fmt: skip
    assert steps(rule, lambda x: 1.0, fmpq(0), 2, [fmpq(1, 2), fmpq(1, 4)]) == [0.0, -0.5, -0.75]


def test_a_run_that_leaves_the_floats_is_infinite_and_no_error():
    rule = bound("sgd", learning_rate=fmpq(10))
    cubic = read_objective("x^4/4").bind({})
    (slope,) = cubic.float_slopes
    state = begin_float(rule, fmpq(10))
    for _ in range(12):
        state = advance_float(rule, state, slope, {})
    assert not math.isfinite(state.position)


def test_adam_without_eps_at_zero_gradient_is_nan():
    assert math.isnan(steps(bound("adam", eps=0), lambda x: 0.0, fmpq(0), 1)[-1])


def test_the_first_buffer_is_the_gradient_itself_even_with_dampening():
    rule = bound("sgd", learning_rate=1, momentum=fmpq(1, 2), dampening=fmpq(1, 2))
    assert steps(rule, lambda x: 1.0, fmpq(0), 3) == [0.0, -1.0, -2.0, -3.0]
