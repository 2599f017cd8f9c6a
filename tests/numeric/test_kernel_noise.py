"""Random gradients: the same numbers in kernels and in arrays, in any order."""

import numpy as np
import pytest

from gradiometer.errors import UsageError
from gradiometer.formula import compile_float
from gradiometer.model import read_objective, read_optimizer, settle
from gradiometer.numeric import (
    Noise,
    begin_reference,
    choose_batch,
    draw_normal,
    perturb_gradients,
    plan_runs,
    step_reference,
)

STEPS = 25
RUNS = np.arange(70)


def bind_rule(named, **values):
    optimizer = read_optimizer(named)
    return optimizer.bind(settle([optimizer.owner], values)["optimizer"])


def bowl():
    table = {"name": "bowl", "variables": ["x", "y"], "formula": "x^2/2 + y^2"}
    return read_objective(table).bind_surface({})


def slopes_of_bowl(position):
    return position * [1.0, 2.0]


def follow(rule, start, gradient, steps=STEPS):
    state = begin_reference(rule, start)
    for k in range(steps):
        state = step_reference(rule, state, gradient(state.position, k))
    return state.position


@pytest.mark.parametrize("scale", [0.25, np.linspace(0, 1, 70)])
def test_gaussian_noise_is_that_of_the_slow_engine(scale):
    rule = bind_rule("sgd", learning_rate="1/8", momentum="1/2")
    start = np.random.default_rng(0).uniform(-1, 1, (70, 2))
    plan = plan_runs(rule, bowl(), noise=Noise(is_gaussian=True))
    found = plan.run(start, steps=STEPS, values={"scale": scale}, seed=-5)
    expected = follow(rule, start, lambda x, k: perturb_gradients(
        slopes_of_bowl(x), scale, seed=-5, run=RUNS, step=k))  # fmt: skip
    assert np.array_equal(found.position, expected)
    assert set(found.words) == {"moving"}


def least_squares():
    objective = read_objective("least_squares")
    values = settle([objective.owner], {})["objective"]
    return objective.bind_surface(values)


def test_minibatches_are_those_of_the_slow_engine():
    surface, batch = least_squares(), 3
    parts = surface.term_gradients
    names = surface.variables
    compiled = [[compile_float(tree) for tree in part] for part in parts]

    def gradient(position, k):
        chosen = choose_batch(batch, len(parts), seed=9, run=RUNS, step=k)
        rows = []
        for at, drawn in zip(position, chosen, strict=True):
            known = dict(zip(names, at.tolist(), strict=True))
            shares = [np.count_nonzero(drawn == j) for j in range(len(parts))]
            terms = [[share * slope(known) for slope in part]
                     for share, part in zip(shares, compiled, strict=True)]  # fmt: skip
            rows.append([sum(column[1:], column[0]) / batch for column in zip(*terms, strict=True)])
        return rows

    rule = bind_rule("sgd", learning_rate="1/32")
    start = np.random.default_rng(0).uniform(-1, 1, (70, len(names)))
    plan = plan_runs(rule, surface, noise=Noise(batch=batch))
    found = plan.run(start, steps=STEPS, seed=9)
    assert np.allclose(found.position, follow(rule, start, gradient), rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_a_rule_may_draw_noise_itself(precision):
    rule = bind_rule({
        "name": "langevin", "parameters": {"rate": {"default": "1/8"}},
        "step": {"x'": "x - rate*g + sqrt(2*rate)*noise"},
    })  # fmt: skip
    plan = plan_runs(rule, read_objective("x^2/2").bind({}), precision=precision)
    found = plan.run(np.zeros(70), steps=STEPS, seed=1)
    real = np.dtype(precision).type
    x = np.zeros(70, real)
    for k in range(STEPS):
        noise = draw_normal(1, run=RUNS, step=np.asarray(k), coordinate=np.asarray(1))
        x = x - real(0.125) * x + np.sqrt(real(0.25)) * noise.astype(precision)
    assert np.array_equal(found.position, x)


def test_draws_do_not_depend_on_blocks_and_threads():
    rule = bind_rule("adam", learning_rate="1/8")
    plan = plan_runs(rule, bowl(), noise=Noise(is_gaussian=True))
    start = np.ones((300, 2))
    values = {"scale": 0.5}
    whole = plan.run(start, steps=STEPS, values=values, seed=3, threads=1)
    parts = plan.stream(300, lambda a, b: (start[a:b], values), steps=STEPS, block=77, seed=3)
    assert np.array_equal(np.concatenate([p.position for p in parts]), whole.position)
    other = plan.run(start, steps=STEPS, values=values, seed=4)
    assert not (other.position == whole.position).any()


def test_a_batch_needs_a_sum():
    plan = plan_runs(bind_rule("sgd"), bowl(), noise=Noise(batch=2))
    with pytest.raises(UsageError, match="no sum"):
        plan.run(np.zeros((1, 2)), steps=1)


def test_a_negative_batch_is_refused():
    with pytest.raises(UsageError):
        Noise(batch=-1)
