"""The plain engine of update rules over arrays: many runs, many coordinates, both precisions."""

import numpy as np
import pytest
from flint import fmpq

from gradiometer.errors import ShapeError, UnknownNameError, UsageError
from gradiometer.model import read_optimizer, settle
from gradiometer.numeric import (
    advance_float,
    begin_float,
    begin_reference,
    run_rule_tape,
    step_reference,
)


def bind(named, **values):
    optimizer = read_optimizer(named)
    return optimizer.bind(settle([optimizer.owner], values)["optimizer"])


def own(step, **parts):
    return bind({"name": "mine", "step": {"x'": step}, **parts})


@pytest.mark.parametrize("name", ["sgd", "adam", "rmsprop", "adadelta", "adamax", "rprop"])
def test_many_numbers_at_once_step_as_each_does_alone(name):
    rule = bind(name, learning_rate="1/100")
    starts, slopes = np.array([1.0, -0.5, 1e-6]), np.array([[1.0, 2.0, -3.0], [0.1, -2.0, 1e-9]])
    state = begin_reference(rule, starts)
    alone = [begin_float(rule, fmpq(float(s).as_integer_ratio()[0],
                                    float(s).as_integer_ratio()[1])) for s in starts]  # fmt: skip
    for row in slopes:
        state = step_reference(rule, state, row)
        alone = [advance_float(rule, one, lambda _, g=float(g): g, {})
                 for one, g in zip(alone, row, strict=True)]  # fmt: skip
    np.testing.assert_allclose(state.position, [one.position for one in alone], rtol=1e-15)


def test_every_parameter_may_differ_from_run_to_run():
    optimizer = read_optimizer("adam")
    swept = ("learning_rate", "beta1")
    rule = optimizer.bind({p.name: p.default for p in optimizer.parameters.values()
                           if p.name not in swept})  # fmt: skip
    rates = {"learning_rate": [0.1, 0.01], "beta1": [0.0, 0.9]}
    gradients = np.ones((2, 3)) * [[1.0, 2.0, -1.0]]
    state = begin_reference(rule, np.zeros((2, 3)), rates=rates)
    state = step_reference(rule, state, gradients, rates=rates)
    state = step_reference(rule, state, -gradients / 2, rates=rates)
    for run in range(2):
        single = bind("adam", learning_rate=str(rates["learning_rate"][run]),
                      beta1=str(rates["beta1"][run]))  # fmt: skip
        tape = [gradients[run], -gradients[run] / 2]
        np.testing.assert_allclose(
            state.position[run], run_rule_tape(single, tape, np.zeros(3))[-1], rtol=1e-15
        )


def test_a_run_that_is_not_a_number_leaves_the_others_alone():
    rule = own("x - g/norm(g)*(1 + largest(x))")
    state = begin_reference(rule, np.ones((3, 4)))
    gradients = np.ones((3, 4))
    gradients[1, 2] = np.nan
    after = step_reference(rule, state, gradients).position
    assert np.isnan(after[1]).all()
    assert np.isfinite(after[[0, 2]]).all()


def test_float32_stays_float32_and_rounds_there():
    rule = bind("lamb", learning_rate="1/10")
    tape = np.linspace(-1, 1, 12).reshape(2, 2, 3)
    single = run_rule_tape(rule, tape, np.ones((2, 3)), dtype=np.float32)
    double = run_rule_tape(rule, tape, np.ones((2, 3)))
    assert single.dtype == np.float32
    assert not np.array_equal(single, double)
    np.testing.assert_allclose(single, double, rtol=1e-5)


def test_a_rate_for_each_step_is_taken_in_its_step():
    rule = bind("sgd")
    found = run_rule_tape(rule, [1.0, 1.0, 1.0], 0.0, [1.0, 0.5, 0.25])
    assert found.tolist() == [0.0, -1.0, -1.5, -1.75]


def test_the_start_the_loss_and_the_noise_may_be_read():
    step = {"s'": "s", "x'": "s - loss*g + noise"}
    rule = bind({"name": "mine", "state": {"s": "x"}, "step": step})
    found = run_rule_tape(
        rule, [[1.0, 2.0]] * 2, [5.0, 6.0], loss=[1.0, 10.0], noise=[[0.5, 0.0], [0.0, 0.25]]
    )
    assert found.tolist() == [[5.0, 6.0], [4.5, 4.0], [-5.0, -13.75]]


@pytest.mark.parametrize("name", ["loss", "noise"])
def test_what_a_rule_reads_must_be_given(name):
    with pytest.raises(UsageError, match=f"`{name}`"):
        run_rule_tape(own(f"x - {name}*g"), [1.0], 0.0)


def test_an_unknown_parameter_and_a_wrong_shape_are_refused():
    rule = bind("adam")
    with pytest.raises(UnknownNameError) as caught:
        run_rule_tape(rule, [1.0], 0.0, {"beat1": 0.5})
    assert caught.value.hint == "write `beta1`"
    with pytest.raises(ShapeError):
        run_rule_tape(rule, [[1.0, 2.0]], 0.0)
    with pytest.raises(ShapeError):
        step_reference(rule, begin_reference(rule, np.zeros((2, 3))), np.zeros((2, 4)))
    with pytest.raises(ShapeError):
        begin_reference(rule, np.zeros((2, 3)), rates={"eps": [1.0, 2.0, 3.0]})
    with pytest.raises(ShapeError):
        begin_reference(rule, np.zeros((2, 3, 4, 5)))


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("sum(x)", 21.0), ("mean(x)", 3.5), ("norm(x)", np.sqrt(91.0)), ("largest(x)", 6.0),
        ("size(x)", 6.0), ("rows(x)", 2.0), ("columns(x)", 3.0), ("axes(x)", 2.0),
        ("row_sum(x)", [[6.0] * 3, [15.0] * 3]), ("row_mean(x)", [[2.0] * 3, [5.0] * 3]),
        ("row_max(x)", [[3.0] * 3, [6.0] * 3]), ("column_sum(x)", [[5.0, 7.0, 9.0]] * 2),
        ("column_mean(x)", [[2.5, 3.5, 4.5]] * 2), ("column_max(x)", [[4.0, 5.0, 6.0]] * 2),
        ("matmul(matmul(x, transpose(x)), x)", None), ("erf(x) + Phi(x) - sigmoid(-x)", None),
        ("where(x > 3 and not (x == 5), x, floor(x/2))", [[0.0, 1.0, 1.0], [4.0, 2.0, 6.0]]),
    ],
)  # fmt: skip
def test_functions_of_a_matrix_are_those_of_numpy(formula, expected):
    from math import erf, erfc, exp, sqrt

    start = np.arange(1.0, 7.0).reshape(2, 3)
    if formula.startswith("matmul"):
        expected = start @ start.T @ start
    elif formula.startswith("erf"):
        expected = np.vectorize(lambda v: erf(v) + erfc(-v / sqrt(2)) / 2 - 1 / (1 + exp(v)))(start)
    found = run_rule_tape(own(f"0*x + {formula}"), np.zeros((1, 2, 3)), start)[-1]
    np.testing.assert_allclose(found, np.broadcast_to(expected, (2, 3)), rtol=1e-14)
