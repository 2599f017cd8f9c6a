"""Activations whose truth is known: each fact is right or open, none is wrong."""

import sys
import time
from collections import Counter

import pytest

from gradiometer.question.activation import activation
from known_answers import activation_truths as truths

MOST_UNKNOWN = 0
"""How many facts are open now; a change may lower it, never raise it."""
MOST_SECONDS = 5.0
"""Processor time of one function; the goal is 1, the rest is room for a slow machine."""


@pytest.fixture(scope="module")
def judged():
    rows = []
    for row in truths.ROWS:
        start = time.process_time()
        answer = activation(row["f"], set=row.get("set"))
        rows.append((row["f"], truths.judge(row, answer), time.process_time() - start))
    return rows


def test_there_are_enough_different_functions():
    assert len({(row["f"], str(row.get("set"))) for row in truths.ROWS}) == len(truths.ROWS) >= 60
    assert all(row["because"].strip() for row in truths.ROWS)


def test_no_fact_is_wrong(judged):
    wrong = [(f, name) for f, found, _ in judged for name, word in found.items() if word == "wrong"]
    assert not wrong


def test_few_facts_are_unknown(judged, capsys):
    counts = Counter(word for _, facts, _ in judged for word in facts.values())
    with capsys.disabled():
        sys.stdout.write(f"\n{len(judged)} activations: {dict(counts)}\n")
    unknown = [(f, name) for f, facts, _ in judged for name, w in facts.items() if w == "unknown"]
    assert len(unknown) <= MOST_UNKNOWN, unknown


def test_no_function_takes_long(judged):
    assert not [(f, seconds) for f, _, seconds in judged if seconds > MOST_SECONDS]


@pytest.mark.parametrize(
    ("name", "value"),
    [("range", ["[0, oo)"]), ("monotone", "increasing"), ("lipschitz", "~1.00001"),
     ("limits", ["-1", "2"]), ("kinks", [["0", "0", "1"]]), ("minimum", "-1")],
)  # fmt: skip
def test_a_wrong_truth_is_noticed(name, value):
    [row] = [row for row in truths.ROWS if row["f"] == "sin(x)^2+cos(x)^2"]
    answer = activation("2*sigmoid(2x)-1-tanh(x)")
    right = row | {"range": ["[0, 0]"], "minimum": "0", "limits": ["0", "0"]}
    assert "wrong" not in truths.judge(right, answer).values()
    assert "wrong" in truths.judge(right | {name: value}, answer).values()
