"""What networks cost, alone and side by side."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradiometer.errors import UsageError
from gradiometer.question.parameters import parameters

DEEP, WIDE = "100-100-20-1", "100-20-100-1"


def _value(fact, *networks, bias=True):
    return parameters(list(networks), bias=bias).facts[fact].value


@pytest.mark.parametrize(
    ("network", "weights", "trained"), [(DEEP, 12_020, 12_141), (WIDE, 4_100, 4_221)]
)
def test_the_two_networks_of_the_sheet(network, weights, trained):
    assert _value("weights", network) == weights
    assert _value("parameters", network) == trained
    assert _value("parameters", network, bias=False) == weights
    assert _value("biases", network, bias=False) == 0


@pytest.mark.parametrize(
    ("network", "count"),
    [
        ("784-30-10", 23_860),
        ("784-100-10", 79_510),
        ("784-128-10", 101_770),
        ("784-300-100-10", 266_610),
        ("784-512-512-10", 669_706),
        ("2-16-16-1", 337),
    ],
)
def test_counts_of_well_known_networks(network, count):
    assert _value("parameters", network) == count


def test_every_layer_shows_its_sum():
    rows = _value("layers", DEEP)
    assert [row["formula"] for row in rows] == ["100*100 + 100", "100*20 + 20", "20*1 + 1"]
    assert [row["parameters"] for row in rows] == [10_100, 2_020, 21]


def test_several_networks_are_keyed_by_their_text():
    assert _value("weights", DEEP, WIDE) == {DEEP: 12_020, WIDE: 4_100}
    assert set(_value("layers", DEEP, " 100 - 20-100-1")) == {DEEP, WIDE}


def test_the_difference_adds_up_row_by_row():
    rows = _value("difference", DEEP, WIDE, bias=False)
    assert [row["difference"] for row in rows] == [-8_000, 0, 80]
    assert sum(row["difference"] for row in rows) == -7_920
    assert _value("total_difference", DEEP, WIDE, bias=False) == -7_920


def test_a_layer_that_is_missing_counts_nothing():
    rows = _value("difference", "3-2", "3-2-1")
    assert rows[1] == {"layer": 2, "3-2": 0, "3-2-1": 3, "difference": 3}


def test_every_further_network_is_compared_with_the_first():
    totals = _value("total_difference", "3-2", "3-2-1", "3-1", "3-2")
    assert totals == {"3-2-1": 3, "3-1": -4, "3-2 (2)": 0}


def test_the_same_network_twice_has_no_difference():
    assert _value("total_difference", DEEP, DEEP) == 0
    assert _value("difference", "3-2", "3-2") == [
        {"layer": 1, "3-2": 8, "3-2 (2)": 8, "difference": 0}
    ]


def test_the_steps_say_why_the_counts_differ():
    answer = parameters([DEEP, WIDE], bias=False)
    formulas = [step.formula for step in answer.steps]
    assert formulas[0] == "100*100 + 100*20 + 20*1 = 12,020"
    assert formulas[1] == "100*20 + 20*100 + 100*1 = 4,100"
    assert formulas[2] == "-8000 + 0 + 80 = -7920"
    assert "100*20 = 2,000 against 100*100 = 10,000" in answer.steps[2].because


def test_everything_is_proved():
    facts = parameters([DEEP, WIDE]).facts
    # What is kept for the way back is what torch was seen to keep.
    seen = {name for name, fact in facts.items() if fact.status == "computed"}
    assert seen == {"memory_training", "training_bytes"}
    assert {fact.status for name, fact in facts.items() if name not in seen} == {"proved"}


def test_one_text_is_one_network():
    assert parameters("3-2-1").inputs == {"networks": ["3-2-1"], "bias": True}


@pytest.mark.parametrize("call", [{"networks": []}, {"networks": "3-2", "bias": "no"},
                                  {"networks": [32]}])  # fmt: skip
def test_a_request_that_lacks_something_is_refused(call):
    with pytest.raises(UsageError):
        parameters(**call)


@given(st.lists(st.lists(st.integers(1, 500), min_size=2, max_size=6), min_size=2, max_size=2),
       st.booleans())  # fmt: skip
def test_rows_add_up_to_totals(shapes, bias):
    texts = ["-".join(map(str, widths)) for widths in shapes]
    facts = parameters(texts, bias=bias).facts
    for text, widths in zip(texts, shapes, strict=True):
        weights = sum(a * b for a, b in itertools.pairwise(widths))
        biases = sum(widths[1:]) if bias else 0
        assert facts["weights"].value[text] == weights
        assert facts["parameters"].value[text] == weights + biases
        assert sum(row["parameters"] for row in facts["layers"].value[text]) == weights + biases
    rows = facts["difference"].value
    assert sum(row["difference"] for row in rows) == facts["total_difference"].value
    assert all(row[texts[1]] - row[texts[0]] == row["difference"] for row in rows)


def test_the_answer_is_strict_json_and_the_same_each_time():
    assert parameters([DEEP, WIDE]).to_json() == parameters([DEEP, WIDE]).to_json()


def test_one_weight_is_no_plural():
    assert parameters("1-1").facts["parameters"].because == "1 weight and 1 bias."
    assert parameters("1-2").facts["parameters"].because == "2 weights and 2 biases."
    bare = parameters("1-1", bias=False).facts["parameters"]
    assert bare.because == "1 weight; there are no biases."
