"""Values, slopes, kinks and branches of tapes against the formula stage and the exact graphs."""

import math
import random

import numpy as np
import pytest
from flint import arb, fmpq

from gradiometer.errors import DomainError, ShapeError, UnknownNameError
from gradiometer.formula import FUNCTIONS, OPERATORS, Apply, Name, evaluate_float, parse
from gradiometer.model import read_graph, solve_gradient
from gradiometer.numeric import (
    CODES,
    CONSTANT,
    INPUT,
    Tape,
    find_unsettled,
    linearise,
    run_tape,
    sweep_back,
    write_tape,
)
from numeric.random_tapes import SMOOTH, random_tape

POINTS = (-2.5, -1.0, -0.3, 0.4, 1.0, 1.7, 6.5, 30.0)


def _arity(name):
    low, high = OPERATORS[name].arity
    return low if high == low else 3


def _run(name, *values):
    inputs = ["input"] * len(values)
    return run_tape(write_tape([*inputs, (name, tuple(range(len(values))))]), values)


def test_every_operator_has_a_code():
    assert set(CODES) == set(OPERATORS)
    assert len(set(CODES.values()) | {INPUT, CONSTANT}) == len(CODES) + 2


@pytest.mark.parametrize("name", [n for n in OPERATORS if OPERATORS[n].kind not in {"logic"}])
def test_an_operation_has_the_value_of_its_formula(name):
    generator = random.Random(name)
    names = [f"u{k}" for k in range(_arity(name))]
    tree = Apply(name, tuple(map(Name, names)))
    if name == "where":
        tree = Apply(name, (Apply("<", (Name("u0"), Name("u1"))), Name("u1"), Name("u2")))
    elif OPERATORS[name].kind == "relation":
        tree = parse(f"where(u0 {name} u1, 1, 0)", names=names).tree
    compared = 0
    for _ in range(60):
        values = [generator.choice(POINTS) for _ in names]
        expected = evaluate_float(tree, dict(zip(names, values, strict=True)))
        rows = ["input"] * len(values) + [(name, tuple(range(len(values))))]
        if name == "where":
            rows = ["input"] * 3 + [("<", (0, 1)), ("where", (3, 1, 2))]
        try:
            found = run_tape(write_tape(rows), values).value[-1]
        except DomainError:
            assert not math.isfinite(expected) or name == "ln"
            continue
        assert found == pytest.approx(expected, rel=2e-15, abs=0)
        compared += 1
    assert compared >= 20


@pytest.mark.parametrize(
    "name", [n for n in CODES if OPERATORS[n].kind in {"smooth", "arithmetic"}]
)
def test_a_slope_is_that_of_the_exact_graph(name):
    values = (0.75, 2.5)[: _arity(name)]
    for sign in (1, -1):
        point = [values[0] * (sign if name not in {"ln", "sqrt", "^"} else 1), *values[1:]]
        letters = "ab"[: len(point)]
        text = f"{name}({', '.join(letters)})" if name in FUNCTIONS else f"a {name} b"
        text = "-a" if name == "neg" else text
        exact = _exact_gradient(text, dict(zip(letters, point, strict=True)))
        run = _run(name, *point)
        for slope, letter in zip(run.slope, letters, strict=True):
            assert abs(slope - float(exact[letter])) <= 4e-15 * abs(slope)


def _exact_gradient(text, at):
    graph = read_graph(text, inputs=at)
    trees = {name: parse(_spelling(value), names=()).tree for name, value in at.items()}
    _, gradient = solve_gradient(graph, trees)
    return {name: _middle(value) for name, value in gradient.derivatives.items()}


def _spelling(value):
    top, bottom = float(value).as_integer_ratio()
    return f"{top}/{bottom}"


def _middle(value):
    return value if isinstance(value, fmpq) else (value.mid() if isinstance(value, arb) else None)


def test_slopes_far_out_do_not_cancel():
    for name, x, expected in (
        ("tanh", 30.0, 4 * math.exp(-60)),
        ("sigmoid", 60.0, math.exp(-60)),
        ("sigmoid", -60.0, math.exp(-60)),
        ("softplus", -60.0, math.exp(-60)),
    ):
        assert _run(name, x).slope[0] == pytest.approx(expected, rel=1e-14)


def test_gradients_of_random_tapes_are_those_of_the_exact_graphs():
    for seed in range(150):
        case = random_tape(seed, SMOOTH)
        linearised = linearise(run_tape(case.tape, case.point))
        back = sweep_back(linearised.graph)
        exact = case.exact_gradient()
        masses = back.mass[case.tape.inputs].to_float()
        found = back.adjoint[case.tape.inputs].to_float()
        for value, mass, true in zip(found, masses, exact, strict=True):
            assert abs(value - float(_middle(true))) <= 1e-11 * (mass + 1)


@pytest.mark.parametrize(
    ("name", "values", "slopes"),
    [
        ("relu", (0.0,), [0.0]),
        ("abs", (0.0,), [0.0]),
        ("sign", (0.0,), [0.0]),
        ("floor", (2.0,), [0.0]),
        ("sqrt", (0.0,), [0.0]),
        ("max", (1.0, 3.0, 3.0), [0.0, 1.0, 0.0]),
        ("min", (1.0, 1.0, 3.0), [1.0, 0.0, 0.0]),
        ("clip", (5.0, 0.0, 5.0), [1.0, 0.0, 0.0]),
        ("clip", (0.0, 0.0, 5.0), [1.0, 0.0, 0.0]),
        ("passed", (1.0, 1.0, 2.0), [0.0, 0.0, 0.0]),
        ("^", (0.0, 2.0), [0.0, 0.0]),
        ("<=", (1.0, 1.0), [0.0, 0.0]),
    ],
)
def test_a_kink_that_is_hit_is_reported(name, values, slopes):
    run = _run(name, *values)
    assert run.kinks.tolist() == [len(values)]
    assert run.slope.tolist() == slopes
    assert _run(name, *(value + 0.25 * (k + 1) for k, value in enumerate(values))).kinks.size == 0


def test_a_constant_has_no_kink():
    tape = write_tape(["input", 0.0, ("relu", (1,)), 2.0, ("^", (0, 3)), ("+", (2, 4))])
    run = run_tape(tape, [0.0])
    assert run.kinks.size == 0
    assert linearise(run).graph.start.tolist() == [0, 4]


def test_branches_are_reported():
    rows = ["input", "input", ("<", (0, 1)), ("where", (2, 0, 1)), ("max", (0, 1, 3))]
    tape = write_tape([*rows, ("clip", (4, 0, 1)), ("relu", (5,)), ("abs", (0,))])
    run = run_tape(tape, [-1.0, 2.0])
    assert run.branching.tolist() == [3, 4, 5, 6, 7]
    assert run.branch.tolist() == [0, 1, 0, 1, 0]
    assert run_tape(tape, [3.0, 2.0]).branch.tolist() == [1, 0, 2, 1, 1]


def test_a_condition_carries_no_gradient_but_its_edge_is_a_kink():
    tape = write_tape(["input", "input", ("<", (0, 1)), ("where", (2, 0, 1))])
    run = run_tape(tape, [1.0, 1.0])
    assert run.kinks.tolist() == [2, 3]
    assert linearise(run).graph.start.tolist() == [0, 1]
    assert find_unsettled(linearise(run)).all()
    assert not find_unsettled(linearise(run_tape(tape, [1.0, 2.0]))).any()


def test_only_inputs_that_meet_a_kink_are_unsettled():
    rows = ["input", "input", "input", ("abs", (0,)), ("max", (3, 1)), ("relu", (2,))]
    tape = write_tape([*rows, ("+", (4, 5))])
    # The maximum takes the second input, so the kink of the absolute value does not matter.
    assert find_unsettled(linearise(run_tape(tape, [0.0, 1.0, 0.0]))).tolist() == [0, 0, 1]
    # A slope of 0 hides no kink behind it: sqrt(u^2) is |u|.
    square = write_tape(["input", ("*", (0, 0)), ("sqrt", (1,))])
    assert find_unsettled(linearise(run_tape(square, [0.0]))).tolist() == [True]


@pytest.mark.parametrize(
    ("name", "values", "reason"),
    [
        ("/", (1.0, 0.0), "division by zero"),
        ("^", (0.0, -1.0), "division by zero"),
        ("^", (-2.0, 0.5), "power"),
        ("ln", (-1.0,), "logarithm"),
        ("sqrt", (-1.0,), "square root"),
        ("exp", (1000.0,), "beyond the range"),
        ("*", (1e200, 1e200), "beyond the range"),
    ],
)
def test_an_operation_without_a_value_is_named(name, values, reason):
    with pytest.raises(DomainError, match=reason) as caught:
        _run(name, *values)
    assert caught.value.start == len(values)
    assert f"`{name}`" in caught.value.problem


def test_a_bad_tape_is_refused():
    with pytest.raises(UnknownNameError) as caught:
        write_tape(["input", ("sqroot", (0,))])
    assert caught.value.hint == "write `sqrt`"
    for rows in (["input", ("+", (0,))], ["input", ("exp", (1,))], ["input", ("exp", (-1,))]):
        with pytest.raises(ShapeError):
            write_tape(rows)
    with pytest.raises(ShapeError):
        write_tape(["input", math.inf])
    tape = write_tape(["input", ("exp", (0,))])
    with pytest.raises(ShapeError):
        run_tape(tape, [1.0, 2.0])
    with pytest.raises(DomainError):
        run_tape(tape, [math.nan])
    with pytest.raises(ShapeError):
        Tape(tape.opcode, tape.first[:-1], tape.operand, tape.constants, 1)


def test_a_chain_of_a_million_operations_runs():
    count = 1_000_000
    opcode = np.full(count + 1, CODES["sin"], np.uint8)
    opcode[0] = INPUT
    first = np.concatenate([[0], np.arange(count + 1)]).astype(np.int64)
    tape = Tape(opcode, first, np.arange(count, dtype=np.int32), np.array([]), count)
    run = run_tape(tape, 1.0)
    # Iterating the sine tends to 0 like sqrt(3/n).
    assert run.value[-1] == pytest.approx(math.sqrt(3 / count), rel=1e-4)
    assert sweep_back(linearise(run).graph).adjoint[0].to_float()[0] > 0
