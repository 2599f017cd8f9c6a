"""The unrolled code of a rule, exactly and in float64, takes the steps of the engine of arrays."""

import numpy as np
import pytest
from flint import fmpq
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gradiometer.formula import evaluate, evaluate_float, to_float
from gradiometer.model import read_optimizer, settle, unroll
from gradiometer.numeric import run_rule_tape
from properties.random_rules import SHAPES, rules


def bind(table):
    optimizer = read_optimizer(table)
    return optimizer.bind(settle([optimizer.owner], {})["optimizer"])


def run_unrolled(code, tape, start, *, exact):
    """All positions of the scalar code, as rows of numbers; rationals or floats."""
    number = (lambda v: fmpq(int(v))) if exact else float
    values = code.values if exact else code.float_values
    lines = code.exact_step if exact else code.float_step
    first = evaluate if exact else evaluate_float
    positions = [[number(v) for v in np.ravel(start)]]
    opening = {**values, **dict(zip(code.coordinates, positions[0], strict=True))}
    memory = {name: first(tree, opening) for name, tree in code.states}
    for k, gradient in enumerate(tape):
        known = {**values, **memory, "t": number(k + 1)}
        known |= dict(zip(code.coordinates, positions[-1], strict=True))
        known |= dict(zip(code.gradients, map(number, np.ravel(gradient)), strict=True))
        for target, run in lines:
            known[target] = run(known)
        memory = {name: known[f"{name}'"] for name, _ in code.states}
        positions.append([known[f"{name}'"] for name in code.coordinates])
    return positions


@settings(max_examples=50)
@given(table=rules(exact=True), shape=SHAPES, seed=st.integers(0, 99))
def test_exact_unrolled_code_takes_the_steps_of_arrays_of_whole_numbers(table, shape, seed):
    numbers = np.random.default_rng(seed)
    start, tape = numbers.integers(-2, 3, shape), numbers.integers(-2, 3, (2, *shape))
    rule = bind(table)
    expected = run_unrolled(unroll(rule, shape), tape, start, exact=True)
    # Beyond this the arrays round, and have no reason to agree.
    assume(max(abs(v) for row in expected for v in row) < 2**20)
    found = run_rule_tape(rule, tape, start).reshape(3, -1)
    assert [[fmpq(int(v)) for v in row] for row in found] == expected


@settings(max_examples=50)
@given(table=rules(exact=False), shape=SHAPES, seed=st.integers(0, 99))
def test_unrolled_code_in_float64_rounds_as_the_arrays_do(table, shape, seed):
    numbers = np.random.default_rng(seed)
    start, tape = numbers.normal(size=shape), numbers.normal(size=(3, *shape))
    rule = bind(table)
    expected = run_unrolled(unroll(rule, shape), tape, start, exact=False)
    found = run_rule_tape(rule, tape, start).reshape(4, -1)
    np.testing.assert_array_equal(found, np.array(expected))


NEWTON_SCHULZ = {
    "name": "newton_schulz",
    "parameters": {"beta": {"default": "19/20"}, "learning_rate": {"default": "1/50"}},
    "state": {"m": "0"},
    "step": {
        "m'": "beta*m + (1 - beta)*g",
        "y0": "where(rows(x) > columns(x), transpose(m'), m')",
        "z0": "y0/(norm(y0) + 1e-7)",
        **{
            key: text
            for k in range(5)
            for key, text in (
                (f"a{k}", f"matmul(z{k}, transpose(z{k}))"),
                (f"b{k}", f"-4.7750*a{k} + 2.0315*matmul(a{k}, a{k})"),
                (f"z{k + 1}", f"3.4445*z{k} + matmul(b{k}, z{k})"),
            )
        },
        "o": "where(rows(x) > columns(x), transpose(z5), z5)",
        "x'": "x - learning_rate*sqrt(max(1, rows(x)/columns(x)))*o",
    },
}


def newton_schulz(matrix):
    """The five steps as Muon's authors write them, in NumPy."""
    y = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    y = y / (np.sqrt((y**2).sum()) + 1e-7)
    for _ in range(5):
        a = y @ y.T
        y = 3.4445 * y + (-4.7750 * a + 2.0315 * a @ a) @ y
    return y.T if matrix.shape[0] > matrix.shape[1] else y


@pytest.mark.parametrize("shape", [(2, 3), (3, 2), (4, 4), (1, 3)])
def test_five_newton_schulz_steps_are_those_of_numpy(shape):
    numbers = np.random.default_rng(7)
    start, tape = numbers.normal(size=shape), numbers.normal(size=(4, *shape))
    rule = bind(NEWTON_SCHULZ)
    found = run_rule_tape(rule, tape, start)
    position, memory, scale = start, np.zeros(shape), max(1, shape[0] / shape[1]) ** 0.5
    for k, gradient in enumerate(tape):
        memory = 0.95 * memory + 0.05 * gradient
        position = position - 0.02 * scale * newton_schulz(memory)
        np.testing.assert_allclose(found[k + 1], position, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("shape", [(2, 3), (3, 2)])
def test_five_newton_schulz_steps_agree_in_scalar_code_exactly_and_in_float64(shape):
    numbers = np.random.default_rng(7)
    start, tape = numbers.integers(-3, 4, shape), numbers.integers(-3, 4, (2, *shape))
    rule = bind(NEWTON_SCHULZ)
    code = unroll(rule, shape)
    found = run_rule_tape(rule, tape, start).reshape(3, -1)
    np.testing.assert_array_equal(found, np.array(run_unrolled(code, tape, start, exact=False)))
    exact = run_unrolled(code, tape, start, exact=True)
    np.testing.assert_allclose(
        found, np.array([[to_float(v) for v in row] for row in exact]), rtol=1e-12
    )
