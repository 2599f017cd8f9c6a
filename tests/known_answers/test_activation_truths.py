"""Activations whose truth is known, some written down blind: no fact is wrong."""

import sys
import time
from collections import Counter

import pytest

from gradiometer.proof import check
from gradiometer.question.activation import activation
from known_answers import activation_truths as truths

MOST_UNKNOWN = 0
"""How many facts are open now; a change may lower it, never raise it."""
MOST_SECONDS = 5.0
"""Processor time of one function; the goal is 1, the rest is room for a slow machine."""


MOST_UNKNOWN_HELD_OUT = 402
"""The same for the functions that were written down before they were asked about."""


@pytest.fixture(scope="module")
def judged():
    return judge_all(truths.ROWS)


@pytest.fixture(scope="module")
def held_out():
    return judge_all(truths.HELD_OUT)


def judge_all(known):
    rows = []
    for row in known:
        start = time.process_time()
        answer = activation(row["f"], set=row.get("set"))
        spent = time.process_time() - start
        rows.append((row["f"], truths.judge(row, answer), spent, answer.certificate))
    return rows


def test_there_are_enough_different_functions():
    for known, least in ((truths.ROWS, 60), (truths.HELD_OUT, 60)):
        assert len({(row["f"], str(row.get("set"))) for row in known}) == len(known) >= least
        assert all(row["because"].strip() for row in known)
    assert not {row["f"] for row in truths.ROWS} & {row["f"] for row in truths.HELD_OUT}


def test_no_fact_is_wrong(judged, held_out):
    rows = [*judged, *held_out]
    wrong = [(row[0], name) for row in rows for name, word in row[1].items() if word == "wrong"]
    assert not wrong


def test_all_certificates_of_held_out_functions_are_accepted(held_out):
    certificates = [certificate for *_, certificate in held_out if certificate is not None]
    assert len(certificates) >= 75
    for certificate in certificates:
        check(certificate)


def test_few_facts_are_unknown(judged, held_out, capsys):
    for title, rows, most in (
        ("activations", judged, MOST_UNKNOWN),
        ("held-out activations", held_out, MOST_UNKNOWN_HELD_OUT),
    ):
        counts = Counter(word for _, facts, *_ in rows for word in facts.values())
        with capsys.disabled():
            sys.stdout.write(f"\n{len(rows)} {title}: {dict(counts)}\n")
        unknown = [
            (f, name) for f, facts, *_ in rows for name, w in facts.items() if w == "unknown"
        ]
        assert len(unknown) <= most, unknown


def test_no_function_takes_long(judged, held_out):
    rows = [*judged, *held_out]
    assert not [(f, seconds) for f, _, seconds, _ in rows if seconds > MOST_SECONDS]


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
