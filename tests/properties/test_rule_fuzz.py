"""Hostile rules: token soup, damaged rules and strange tables are run or refused, and never crash.

The texts are drawn from seeds, so every run reads the same ones.
"""

import random

import numpy as np
import pytest
from flint import fmpq

from gradiometer import trajectory
from gradiometer.catalog import list_entries, read_entry
from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.model import NUMBER, read_optimizer, settle, unroll
from gradiometer.model.rule_words import FUNCTIONS
from gradiometer.numeric import run_rule_tape

SHAPES = [(), (1,), (3,), (2, 3), (3, 1)]
TOKENS = [
    *"+-*/^(),=<>'0123xgtm[]", "x", "g", "m", "n", "loss", "noise", "p", "d", "x'", "m'", "t",
    "where(", "max(", "sqrt(", "and", "or", "not ", "==", "<=", "1e-9", "1e400", "9^9^9", "1/0",
    *(f"{name}(" for name in FUNCTIONS), *FUNCTIONS, "matmul(x, transpose(g))", "norm(g)",
    "rows(x)", "∞", "√", "\x00", "{x}", r"\frac{1}{g}", "__import__('os')", "m[0]", "x[0]'",
]  # fmt: skip
PIECES = [
    "x", "g", "m", "n", "p", "t", "2", "norm(g)", "mean(x)", "row_mean(g)", "column_max(x)",
    "transpose(g)", "matmul(g, transpose(x))", "size(x)", "axes(g)", "rows(m)", "loss", "1/(p - 3)",
    "sum(1)", "sqrt(g)", "ln(x)", "where(p > 1/(p - 3), x, g)", "where(rows(x) > 1, g, norm(x))",
]  # fmt: skip


def soup(draw):
    return " ".join(draw.choice(TOKENS) for _ in range(draw.randint(1, 8)))


def formula(draw):
    """A formula that is readable, though its parts need not fit."""
    left, right = draw.choice(PIECES), draw.choice(PIECES)
    function = draw.choice([*FUNCTIONS, "exp", "abs", "floor"])
    return draw.choice([
        f"{left} + {right}", f"{left}*{right}", f"{left}/{right}", f"{left} - {function}({right})",
        f"max({left}, {right})", f"where({left} > {right}, {right}, {left})", f"({left})^{right}",
        f"matmul({left}, {right})", f"{function}({left}*{right}) + x",
    ])  # fmt: skip


def table_of(draw, text):
    step = {"n'": text(draw), "m'": text(draw), "d": text(draw), "x'": f"x - ({text(draw)})*d"}
    if draw.random() < 0.2:
        step = dict(draw.sample(list(step.items()), len(step)))
    return {
        "name": "fuzz",
        "parameters": {"p": {"default": draw.choice(["3", "1/2", "0"])}},
        "state": {"m": draw.choice(["0", "x", text(draw)]), "n": draw.choice(["1", "norm(x)"])},
        "step": step,
    }  # fmt: skip


def use(table, draw):
    """Everything that may be done with a rule; says how far it came."""
    optimizer = read_optimizer(table)
    rule = optimizer.bind(settle([optimizer.owner], {})["optimizer"])
    rule.settled(5)
    shape = draw.choice(SHAPES)
    code = unroll(rule, shape)
    assert {name[:-1] for name, _ in code.step if name.endswith("'")} >= set(code.coordinates)
    numbers = np.random.default_rng(draw.randint(0, 9))
    start, tape = numbers.normal(size=shape), numbers.normal(size=(2, *shape))
    noise = numbers.normal(size=(2, *shape))
    found = run_rule_tape(rule, tape, start, noise=noise, loss=[1.0, 2.0])
    assert found.shape == (3, *shape)
    assert all(kind != NUMBER for name, kind in rule.kinds.items() if name in ("x", "g"))
    trajectory("abs(x)", optimizer=table, start="1/3", steps=4)
    return "run"


def outcome(table, draw):
    try:
        return use(table, draw)
    except GradiometerError:
        return "refused"


@pytest.mark.parametrize("seed", range(4))
def test_token_soup_is_refused_or_run(seed):
    draw = random.Random(seed)
    found = [outcome(table_of(draw, soup), draw) for _ in range(60)]
    assert found.count("refused") > 40


@pytest.mark.parametrize("seed", range(6))
def test_readable_formulas_are_refused_or_run(seed):
    draw = random.Random(seed)
    found = [outcome(table_of(draw, formula), draw) for _ in range(25)]
    assert 0 < found.count("run") < len(found)


def damage(draw, text):
    at = draw.randrange(len(text))
    return text[:at] + draw.choice(["", draw.choice(TOKENS)]) + text[at + draw.randint(0, 3) :]


@pytest.mark.parametrize("name", list_entries("optimizer"))
def test_a_damaged_rule_of_the_catalogue_is_refused_or_run(name):
    draw = random.Random(name)
    for _ in range(5):
        table = dict(read_entry("optimizer", name))
        key = draw.choice(list(table["step"]))
        table["step"] = {**table["step"], key: damage(draw, table["step"][key])}
        outcome(table, draw)


@pytest.mark.parametrize(
    "table",
    [
        {}, {"step": None}, {"step": []}, {"step": "x"}, {"step": {"x'": None}},
        {"step": {"x'": {}}}, {"step": {"": "x", "x'": "x"}}, {"step": {"x'": ""}},
        {"step": {"x'": "x"}, "state": 3}, {"step": {"x'": "x"}, "state": {"m": []}},
        {"step": {"x'": "x"}, "parameters": 3}, {"step": {"x'": "x"}, "parameters": {"p": None}},
        {"step": {"x'": "x", "x''": "x"}}, {"step": {"x'": "x"}, "counter_bytes": "4"},
        {"step": {"a b": "x", "x'": "x"}}, {"step": {"x'": "x" * 5000}},
        {"step": {"x'": "x", "a[0]": "1"}}, {"step": {"e": "2", "x'": "x - e*g"}},
        {"step": {"sin": "2", "x'": "x"}}, {"step": {"x'": "x"}, "libraries": 3, "dialects": 4},
    ],
)  # fmt: skip
def test_a_strange_table_is_refused_or_run(table):
    outcome(table, random.Random(0))


def test_a_condition_without_a_value_is_refused_with_its_text():
    table = {
        "name": "mine",
        "parameters": {"p": {"default": "0"}},
        "step": {"x'": "x - where(1/p > 2, g, 0)"},
    }
    optimizer = read_optimizer(table)
    with pytest.raises(GradiometerError) as caught:
        optimizer.bind({"p": fmpq(0)})
    error = caught.value
    assert error.text[error.start : error.end] == "1/p"


def test_a_tensor_too_large_to_unroll_is_refused():
    rule = read_optimizer("adam").bind({})
    with pytest.raises(GradiometerError, match="more than 100,000 assignments"):
        unroll(rule, (1000, 1000))


def test_undecided_is_no_crash_of_a_question():
    assert not issubclass(UndecidedError, GradiometerError)
    answer = trajectory("abs(x)", optimizer={"step": {"x'": "x - sign(sqrt(2)*g - sqrt(2))"}})
    assert answer.facts["verdict"].status in ("unknown", "proved")
