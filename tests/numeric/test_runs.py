"""Compiled runs: the same bits as single float runs, in any block, group and thread."""

import math
import re

import numpy as np
import pytest
from flint import fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from gradiometer.catalog import list_entries
from gradiometer.errors import UnknownNameError, UsageError
from gradiometer.formula import evaluate_float, from_float, parse
from gradiometer.model import read_objective, read_optimizer
from gradiometer.numeric import (
    advance_float,
    begin_float,
    begin_reference,
    plan_runs,
    runs,
    step_reference,
)

STARTS = [-1.5, -0.3, 0.0, 0.7, 1.0, 2.6]


def defaults(entry):
    return {p.name: p.default for p in entry.parameters.values() if p.default is not None}


def bind_rule(name, **values):
    optimizer = read_optimizer(name)
    return optimizer.bind({**defaults(optimizer), **values})


def bind_curve(name, **values):
    objective = read_objective(name)
    return objective.bind({**defaults(objective), **values})


def rosenbrock():
    objective = read_objective("rosenbrock")
    return objective.bind_surface(defaults(objective))


def constant(value):
    return lambda known: value


def single_run(rule, landscape, start, steps):
    """Positions of one run, the piece chosen by comparing exactly; it ends where it overflows."""
    state = begin_float(rule, from_float(start))
    positions = [state.position]
    losses = []
    for _ in range(steps + 1):
        at = state.position
        if not math.isfinite(at) or any(not math.isfinite(v) for v in state.memory.values()):
            break
        piece = landscape.loss.piece_at(from_float(at))
        losses.append(evaluate_float(piece.formula, {"x": at}))
        slope = landscape.float_slopes[landscape.loss.pieces.index(piece)]
        state = advance_float(rule, state, slope, {}, constant(losses[-1]))
        positions.append(state.position)
    return positions[: steps + 1], losses


def flags(optimizer):
    """Each combination of flags, the other parameters at their defaults."""
    chosen = [{}]
    for parameter in optimizer.parameters.values():
        if parameter.is_flag:
            chosen = [{**c, parameter.name: fmpq(v)} for c in chosen for v in (0, 1)]
    return chosen


CASES = [
    pytest.param(name, chosen, id=f"{name}{''.join(map(str, chosen.values()))}")
    for name in list_entries("optimizer")
    for chosen in flags(read_optimizer(name))
]
QUICK = [case for case in CASES if case.id in ("adam00", "adam0", "rprop", "sgd1", "rmsprop1")]


def assert_same_bits(name, chosen, surface, steps=60):
    rule, landscape = bind_rule(name, **chosen), bind_curve(surface)
    plan = plan_runs(rule, landscape, repeats=False)
    for count in (1, steps):
        found = plan.run(STARTS, steps=count)
        expected = [single_run(rule, landscape, start, count)[0][-1] for start in STARTS]
        assert np.array_equal(found.position, expected, equal_nan=True), count


@pytest.mark.parametrize(("name", "chosen"), QUICK)
@pytest.mark.parametrize("surface", ["barrier", "double_well"])
def test_a_kernel_makes_the_bits_of_a_single_run(name, chosen, surface):
    assert_same_bits(name, chosen, surface)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "chosen"), CASES)
@pytest.mark.parametrize("surface", ["barrier", "double_well", "kink", "huber", "quartic"])
def test_each_rule_makes_the_bits_of_a_single_run(name, chosen, surface):
    assert_same_bits(name, chosen, surface)


def step_many(rule, surface, start, steps, dtype):
    """The slow engine on a surface in several variables."""
    state = begin_reference(rule, np.asarray(start, dtype), dtype=dtype)
    for _ in range(steps):
        x, y = state.position.T
        slope = -2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)
        state = step_reference(rule, state, np.stack(slope, axis=1).astype(dtype))
    return state.position


@pytest.mark.parametrize("name", ["sgd", "adam", "lamb"])
def test_a_rule_of_two_variables_follows_the_slow_engine(name):
    start = np.random.default_rng(1).uniform(-1, 1, (70, 2))
    rule = bind_rule(name)
    found = plan_runs(rule, rosenbrock()).run(start, steps=30)
    expected = step_many(rule, rosenbrock(), start, 30, np.float64)
    # Slopes are summed in another order there, so the last bits differ.
    assert np.allclose(found.position, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_float32_has_the_bits_of_the_slow_engine(name):
    rule = bind_rule(name)
    plan = plan_runs(rule, bind_curve("quadratic"), precision="float32")
    found = plan.run(STARTS, steps=40)
    state = begin_reference(rule, np.float32(STARTS), dtype=np.float32)
    for _ in range(40):
        state = step_reference(rule, state, state.position)
    assert found.position.dtype == np.float32
    # The table of powers is rounded once from float64, the slow engine's powers are not.
    assert np.allclose(found.position, state.position, rtol=5e-7)
    assert name != "sgd" or np.array_equal(found.position, state.position)


@pytest.fixture(scope="module")
def adam():
    return plan_runs(bind_rule("adam"), bind_curve("barrier", h=fmpq(1, 4)))


def random_starts(count, seed=0):
    return np.random.default_rng(seed).uniform(-2, 3, count)


def test_threads_and_groups_change_nothing(adam, monkeypatch):
    starts = random_starts(1000)
    first = adam.run(starts, steps=300, threads=1, inside=(-2, 1.4))
    monkeypatch.setattr(runs, "GROUP", 128)
    for threads in (1, 2, 5):
        again = adam.run(starts, steps=300, threads=threads, inside=(-2, 1.4))
        assert np.array_equal(first.position, again.position)
        assert np.array_equal(first.label, again.label)
        assert np.array_equal(first.step, again.step)


@pytest.mark.parametrize("lanes", [32, 128])
def test_the_length_of_a_block_changes_nothing(adam, lanes):
    starts = random_starts(300)
    other = plan_runs(bind_rule("adam"), bind_curve("barrier", h=fmpq(1, 4)), lanes=lanes)
    first, again = adam.run(starts, steps=200), other.run(starts, steps=200)
    assert np.array_equal(first.position, again.position)
    assert np.array_equal(first.step, again.step)


@pytest.mark.parametrize("bad", [math.nan, math.inf, 1e300, -1e200])
def test_a_lane_that_is_no_number_leaves_its_neighbours_alone(bad):
    plan = plan_runs(bind_rule("sgd", momentum=fmpq(9, 10)), read_objective("x^4/4").bind({}))
    starts = random_starts(64)
    mixed = starts.copy()
    mixed[[3, 17, 40]] = bad
    clean, found = plan.run(starts, steps=150), plan.run(mixed, steps=150)
    others = np.delete(np.arange(64), [3, 17, 40])
    assert np.array_equal(clean.position[others], found.position[others])
    assert np.array_equal(clean.label[others], found.label[others])
    assert set(found.words[[3, 17, 40]]) <= {"not_finite", "diverged"}


def judge(positions, low, high, far):
    """Label and step of one run, from its positions alone."""
    for step, x in enumerate(positions):
        if not math.isfinite(x):
            return "not_finite", step
        if abs(x) > far:
            return "diverged", step
        if not low <= x <= high:
            return "escaped", step
    return None, len(positions) - 1


@settings(max_examples=40, deadline=None)
@given(st.floats(0.01, 4), st.floats(-2, 3), st.floats(0, 3), st.integers(0, 400))
def test_labels_and_their_steps_are_those_of_a_single_run(rate, low, width, steps):
    rule = bind_rule("sgd", learning_rate=from_float(rate))
    landscape = bind_curve("double_well")
    starts = random_starts(6, seed=steps)
    plan = PLANS.setdefault("sgd", plan_runs(rule, landscape))
    found = plan.run(
        starts, steps=steps, values={"learning_rate": rate}, inside=(low, low + width), far=50.0
    )
    for at, start in enumerate(starts):
        positions, _ = single_run(rule, landscape, start, steps)
        word, step = judge(positions, low, low + width, 50.0)
        if word is None:
            assert found.words[at] in ("moving", "settled", "repeated")
        else:
            assert (found.words[at], found.step[at]) == (word, step)


PLANS = {}


def test_overflow_is_recorded_with_its_step():
    rule, curve = bind_rule("sgd", learning_rate=fmpq(1)), read_objective("x^4/4").bind({})
    found = plan_runs(rule, curve).run([3.0], steps=50, far=math.inf)
    positions, _ = single_run(rule, curve, 3.0, 50)
    assert found.words[0] == "not_finite"
    assert found.step[0] == next(i for i, x in enumerate(positions) if not math.isfinite(x))


@pytest.mark.parametrize(
    ("rate", "curve", "word"),
    [
        (fmpq(1), "quadratic", "settled"),
        (fmpq(2), "quadratic", "repeated"),
        (1, "kink", "repeated"),
    ],
)
def test_states_that_come_back_end_a_run(rate, curve, word):
    rule = bind_rule("sgd", learning_rate=fmpq(rate))
    found = plan_runs(rule, bind_curve(curve)).run([0.5, 3.25], steps=100_000)
    assert list(found.words) == [word, word]
    assert (found.step < 100).all()


@settings(max_examples=20, deadline=None)
@given(st.floats(0.05, 1.9), st.integers(100, 3000))
def test_a_run_that_is_said_to_repeat_does(rate, steps):
    """Momentum on a kink has cycles of many lengths."""
    rule = bind_rule("sgd", learning_rate=from_float(rate), momentum=fmpq(1, 2))
    landscape = bind_curve("kink", b=fmpq(1, 2))
    plan = PLANS.setdefault("kink", plan_runs(rule, landscape))
    start = 0.3
    found = plan.run([start], steps=steps, values={"learning_rate": rate})
    if found.words[0] not in ("settled", "repeated"):
        assert found.step[0] == steps
        return
    end = int(found.step[0])
    positions, _ = single_run(rule, landscape, start, end + 600)
    assert positions[end] == found.position[0]
    assert positions[end] in positions[:end] or positions[end] == positions[end + 1]
    period = next(p for p in range(1, 600) if positions[end + p] == positions[end])
    assert positions[end : end + 100 - period] == positions[end + period : end + 100]


def test_the_lowest_loss_counts_the_first_and_the_last_position():
    rule, landscape = bind_rule("sgd", learning_rate=fmpq(3, 10)), bind_curve("double_well")
    plan = plan_runs(rule, landscape, lowest=True)
    for steps in (0, 1, 7, 100):
        found = plan.run(STARTS, steps=steps, inside=(-1.2, 2))
        for at, start in enumerate(STARTS):
            _, losses = single_run(rule, landscape, start, int(found.step[at]))
            assert found.lowest[at] == min(losses)
            assert found.lowest_step[at] == losses.index(min(losses))


@pytest.mark.parametrize("name", ["learning_rate", "beta1", "beta2", "eps"])
def test_a_parameter_of_each_run_is_what_one_for_all_would_be(name):
    curve = bind_curve("double_well")
    values = np.array([0.001, 0.25, 0.5, 0.75, 0.9])
    together = plan_runs(bind_rule("adam"), curve).run(0.3, steps=50, values={name: values})
    for at, value in enumerate(values):
        rule = bind_rule("adam", **{name: from_float(float(value))})
        alone = plan_runs(rule, curve).run([0.3], steps=50)
        # Powers by the step are products there: at most half a unit of the last place and a bit.
        assert together.position[at] == pytest.approx(alone.position[0], rel=1e-14)


def test_a_landscape_of_each_run_is_what_one_for_all_would_be():
    heights = np.array([0.125, 0.25, 0.5])
    objective, rule = read_objective("barrier"), bind_rule("adam", learning_rate=fmpq(1, 20))
    free = plan_runs(rule, objective.bind({"beta": fmpq(1)}))
    found = free.run(0.0, steps=200, values={"h": heights})
    for at, height in enumerate(heights):
        bound = bind_curve("barrier", h=from_float(float(height)))
        assert found.position[at] == single_run(rule, bound, 0.0, 200)[0][-1]


def test_a_schedule_gives_the_rate_of_each_step():
    rule, curve = bind_rule("sgd", momentum=fmpq(9, 10)), bind_curve("quadratic")
    tree = parse("1/(k + 2)", names=("k",)).tree
    by_formula = plan_runs(rule, curve, schedules={"learning_rate": tree})
    by_table = plan_runs(rule, curve, schedules={"learning_rate": None})
    rates = 1 / (np.arange(50) + 2)
    first = by_formula.run(STARTS, steps=50)
    second = by_table.run(STARTS, steps=50, values={"learning_rate": rates})
    assert np.array_equal(first.position, second.position)
    state = begin_float(rule, from_float(STARTS[0]))
    for k in range(50):
        state = advance_float(rule, state, lambda known: known["x"], {"learning_rate": 1 / (k + 2)})
    assert first.position[0] == state.position


def test_blocks_of_a_stream_are_the_runs_of_one_call(adam):
    starts = random_starts(100)
    whole = adam.run(starts, steps=40)
    parts = list(adam.stream(100, lambda a, b: (starts[a:b], {}), steps=40, block=33))
    assert [len(part.step) for part in parts] == [33, 33, 33, 1]
    assert np.array_equal(np.concatenate([part.position for part in parts]), whole.position)


def test_no_run_is_no_run(adam):
    assert len(adam.run([], steps=10).position) == 0
    assert list(adam.run([0.5], steps=0).position) == [0.5]


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"beta": 1.0}, UnknownNameError),
        ({"learning_rate": [0.1, 0.2, 0.3]}, UsageError),
    ],
)
def test_bad_values_are_refused(adam, values, error):
    with pytest.raises(error):
        adam.run([0.0, 1.0], steps=1, values=values)


def test_a_parameter_without_a_value_is_named():
    free = plan_runs(bind_rule("sgd"), read_objective("barrier").bind({"beta": fmpq(1)}))
    with pytest.raises(UsageError, match="`h` has no value"):
        free.run([0.0], steps=1)


CHANGES = {
    "a sum is a difference": (r"\(beta1 \* m\) \+ ", "(beta1 * m) - "),
    "a relation is open": ("x <= ONE", "x < ONE"),
    "a root is missing": (r"math.sqrt\(", "("),
    "a quotient is a product": (r"divide\((\w+), \w+, (\w+), LOW, HIGH\)", r"(\1 * \2)"),
    "a state is not written": (r"w\[i \+ 64\] = m_new", "w[i + 64] = m"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_kernel_is_noticed(change, monkeypatch):
    old, new = CHANGES[change]
    rule, landscape = bind_rule("adam"), bind_curve("barrier")
    plan = plan_runs(rule, landscape, repeats=False)
    whole = runs.write_source

    def write_changed(*arguments):
        text, count = re.subn(old, new, whole(*arguments))
        assert count
        return text

    monkeypatch.setattr(runs, "write_source", write_changed)
    found = plan.run(STARTS, steps=20).position
    expected = [single_run(rule, landscape, start, 20)[0][-1] for start in STARTS]
    assert not np.array_equal(found, expected, equal_nan=True)
