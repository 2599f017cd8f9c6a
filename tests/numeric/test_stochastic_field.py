"""Stochastic gradients: the same numbers for the same seed, and the right ones on average."""

import numpy as np
import pytest
from flint import fmpq

from gradiometer.errors import DomainError, LimitError, UsageError
from gradiometer.formula import evaluate_float
from gradiometer.model import read_objective, read_optimizer, settle, unroll
from gradiometer.numeric import (
    GradientNoise,
    make_stochastic,
    to_field,
    trace_compiled,
    trace_floats,
)

LINE = read_objective("least_squares")
SURFACE = LINE.bind_surface(settle([LINE.owner], {})["objective"])
FIELD = to_field(SURFACE)
HERE = {"slope": 0.3, "height": -0.2}


def noisy(kind, size, *, seed=1, steps=40):
    noise = GradientNoise(kind, fmpq(size), seed)
    return make_stochastic(noise, FIELD, steps=steps, term_gradients=SURFACE.term_gradients)


def gradients(draws, steps):
    return np.array([
        [evaluate_float(tree, {**HERE, **{n: float(t[step]) for n, t in draws.tables.items()}})
         for tree in draws.field.gradient]
        for step in range(steps)
    ])  # fmt: skip


def whole():
    return np.array([evaluate_float(tree, HERE) for tree in FIELD.gradient])


@pytest.mark.parametrize(("kind", "size"), [("gaussian", 1), ("minibatch", 2), ("cyclic", 3)])
def test_the_same_seed_gives_the_same_numbers(kind, size):
    first, second = (noisy(kind, size).tables for _ in range(2))
    assert all(np.array_equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize(("kind", "size"), [("gaussian", 1), ("minibatch", 2)])
def test_another_seed_gives_other_numbers(kind, size):
    first, second = noisy(kind, size).tables, noisy(kind, size, seed=2).tables
    assert any(not np.array_equal(first[name], second[name]) for name in first)


def test_a_longer_run_begins_with_the_same_numbers():
    short, long = noisy("minibatch", 2).tables, noisy("minibatch", 2, steps=400).tables
    assert all(np.array_equal(short[name], long[name][:40]) for name in short)


@pytest.mark.parametrize(
    ("kind", "size"), [("gaussian", "1/2"), ("minibatch", 1), ("minibatch", 3)]
)
def test_on_average_it_is_the_whole_gradient(kind, size):
    size = fmpq(1, 2) if size == "1/2" else size
    steps = 4000
    rows = gradients(noisy(kind, size, steps=steps), steps)
    error = rows.std(axis=0) / steps**0.5
    assert (abs(rows.mean(axis=0) - whole()) < 5 * error).all()


def test_the_deviation_of_normal_draws_is_the_one_that_was_asked_for():
    rows = gradients(noisy("gaussian", 3, steps=4000), 4000)
    assert rows.std(axis=0) == pytest.approx([3, 3], rel=0.06)
    assert abs(np.corrcoef(rows.T)[0, 1]) < 0.06


def test_terms_in_turn_make_the_whole_gradient_of_each_round():
    rows = gradients(noisy("cyclic", 1), 40)
    assert rows.reshape(10, 4, 2).mean(axis=1) == pytest.approx(np.tile(whole(), (10, 1)))
    assert np.array_equal(rows[:4], rows[4:8])


def test_a_batch_of_all_terms_in_turn_is_the_whole_gradient():
    assert gradients(noisy("cyclic", 4), 3) == pytest.approx(np.tile(whole(), (3, 1)))


@pytest.mark.parametrize(("kind", "size"), [("gaussian", "1/10"), ("minibatch", 2), ("cyclic", 1)])
def test_kernel_and_interpreter_make_the_same_run(kind, size):
    size = fmpq(1, 10) if size == "1/10" else size
    draws = noisy(kind, size, steps=80)
    adam = read_optimizer("adam")
    rule = adam.bind(settle([adam.owner], {"learning_rate": "1/20"})["optimizer"])
    code = unroll(rule, (2,))
    columns = {name: table.tolist() for name, table in draws.tables.items()}
    slow = trace_floats(
        code, draws.field, (0.0, 0.0), steps=80, rates=lambda step: {},
        draws=lambda step: {name: column[step] for name, column in columns.items()},
    )  # fmt: skip
    fast = trace_compiled(code, draws.field, (0.0, 0.0), steps=80, draws=draws.tables)
    assert fast.positions == slow.positions


def test_a_landscape_that_is_no_finite_sum_has_no_batches():
    noise = GradientNoise("minibatch", fmpq(1))
    with pytest.raises(UsageError, match="no sum or mean"):
        make_stochastic(noise, FIELD, steps=3)


def test_more_terms_than_there_are_cannot_be_taken():
    with pytest.raises(DomainError, match="4 terms, and 5"):
        noisy("minibatch", 5)


def test_draws_without_end_are_refused():
    with pytest.raises(LimitError, match="may draw"):
        noisy("gaussian", 1, steps=10**9)
