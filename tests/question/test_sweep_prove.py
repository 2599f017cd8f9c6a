"""Cells of a sweep that are proved: boundaries, samples, and what floats got wrong."""

from __future__ import annotations

import math

import numpy as np
import pytest
from flint import fmpq

from gradiometer import sweep, trajectory
from gradiometer.errors import GradiometerError, LimitError, UsageError
from gradiometer.formula import ONE, Interval, number
from gradiometer.numeric import LABELS
from gradiometer.proof import check
from gradiometer.question.answer import proved, unknown
from gradiometer.question.sweep_compare import compare_label
from gradiometer.question.sweep_grid import read_grid
from gradiometer.question.sweep_kinds import sort_runs
from gradiometer.question.sweep_run import Ends
from gradiometer.question.sweep_wanted import choose_cells, read_wanted

BOWL = {"objective": "x^2/2", "set": {"learning_rate": "1/2:5/2:5"}, "start": 1, "steps": 3000}
WELL = {"objective": "double_well", "set": {"learning_rate": "1/10:3/2:8"}, "start": "-2:2:9",
        "steps": 200}  # fmt: skip


@pytest.fixture(scope="module")
def mapped():
    return sweep(**WELL, prove=["boundary:4", "sample:6:3", "1,2"])


def test_every_row_of_proofs_is_what_trajectory_proves(mapped):
    rows = mapped.facts["proofs"].value
    assert mapped.facts["proofs"].status == "proved"
    assert len(rows) == mapped.facts["compared"].value["proved"] > 8
    for row in rows[:4]:
        alone = trajectory("double_well", set={"learning_rate": str(row["learning_rate"])},
                           start=str(row["start"]), steps=200)  # fmt: skip
        assert row["verdict"] == alone.facts["verdict"].value
        assert row["limit"] in ("", alone.facts["limit"].value if "limit" in alone.facts else "")
    check(mapped.certificate)


def test_a_cell_that_is_named_is_among_the_proofs(mapped):
    assert "1,2" in [row["cell"] for row in mapped.facts["proofs"].value]
    assert "verdict" not in mapped.facts


def test_both_sides_of_a_change_are_neighbours_of_different_kinds(mapped):
    grid = read_grid(WELL["set"], WELL["start"])
    kinds = mapped.data["kind"].values
    chosen = choose_cells(read_wanted("boundary:4", grid), grid, kinds.ravel())
    assert len(chosen.pairs) == 4
    for one, other in chosen.pairs:
        assert sorted(np.abs(np.subtract(one, other)).tolist()) == [0, 1]
        assert kinds[one] != kinds[other]
    brute = sum(int((np.diff(kinds, axis=axis) != 0).sum()) for axis in (0, 1))
    assert chosen.changes == brute == mapped.facts["boundary"].value["changes"]
    everything = choose_cells(read_wanted("boundary:200", grid), grid, kinds.ravel())
    assert len(set(everything.pairs)) == len(everything.pairs) == brute


def test_a_sample_is_drawn_by_its_seed_and_has_an_interval(mapped):
    fact = mapped.facts["sample"]
    assert fact.status == "measured"
    assert (fact.value["n"], fact.value["seed"]) == (6, 3)
    assert fact.value["interval"].lower <= fact.value["share"] <= fact.value["interval"].upper
    grid = read_grid(WELL["set"], WELL["start"])
    kinds = np.zeros(72, np.int8)
    drawn = [choose_cells(read_wanted(text, grid), grid, kinds).sample
             for text in ("sample:6:3", "sample:6:3", "sample:6:4", "sample:900")]  # fmt: skip
    assert drawn[0] == drawn[1] != drawn[2]
    assert len(set(drawn[3])) == 72


def test_floats_that_go_round_where_a_proof_says_that_the_run_comes_to_rest_are_listed():
    # At 3/2 the signs alternate to the end, between the two smallest floats.
    answer = sweep(**BOWL, prove=["0", "1", "2", "3", "4"])
    rows = answer.facts["contradicted"].value
    assert [(row["cell"], row["verdict"], row["limit"]) for row in rows] == [("2", "converges", 0)]
    assert rows[0]["floats"] == "back at an earlier state"
    assert answer.facts["compared"].value == {
        "cells": 5, "proved": 5, "agree": 4, "contradicted": 1, "open": 0,
    }  # fmt: skip


def test_what_is_not_proved_is_listed_with_its_reason():
    rate = {"learning_rate": "2:2:1"}
    answer = sweep("double_well", set=rate, start="3/10:1:2", prove="sample:2")
    assert answer.facts["undecided"].value[0]["cell"] == "0,0"
    assert len(answer.facts["undecided"].value[0]["because"]) > 20
    assert [row["cell"] for row in answer.facts["proofs"].value] == ["0,1"]


def test_a_cell_without_an_exact_run_takes_nothing_from_the_others():
    answer = sweep("ln(x) + 1/x", start="-1:1:3", set={"learning_rate": "1/10"}, steps=30,
                   prove=["0", "1", "2"])  # fmt: skip
    reasons = {row["cell"]: row["because"] for row in answer.facts["undecided"].value}
    assert reasons["0"] == "The landscape has no value at the start x = -1."
    assert reasons["1"] == "The landscape has no value at the start x = 0."
    assert len(reasons) == 3 - answer.facts["compared"].value["proved"]


def verdict(word, **more):
    return {"verdict": proved(word, ""), **{name: proved(v, "") for name, v in more.items()}}


BOUNDS = Interval(number(fmpq(-1)), ONE, lower_closed=True, upper_closed=True)


@pytest.mark.parametrize(
    ("label", "position", "facts", "word"),
    [
        ("settled", 1.0, verdict("converges", limit=fmpq(1)), "agrees"),
        ("settled", 1.0, verdict("converges", limit=fmpq(-1)), "contradicted"),
        ("settled", 1.0, verdict("converges"), "agrees"),
        ("settled", 1.0, verdict("cycle"), "contradicted"),
        ("settled", 1.0, verdict("bounded"), "open"),
        ("settled", 1.0, {"verdict": unknown("")}, "open"),
        ("repeated", 1.0, verdict("cycle", cycle={"points": [fmpq(2), fmpq(1)]}), "agrees"),
        ("repeated", 1.0, verdict("cycle", cycle={"points": [fmpq(2), fmpq(3)]}), "contradicted"),
        ("repeated", 1.0, verdict("converges", limit=fmpq(1)), "contradicted"),
        ("moving", 1.0, verdict("diverges"), "open"),
        ("diverged", 1e101, verdict("diverges"), "agrees"),
        ("diverged", 1e101, verdict("bounded"), "contradicted"),
        ("not_finite", math.nan, verdict("escapes"), "agrees"),
        ("not_finite", math.nan, verdict("converges", limit=fmpq(1)), "open"),
        ("escaped", 3.0, verdict("escapes"), "agrees"),
        ("escaped", 3.0, verdict("converges", limit=fmpq(1)), "contradicted"),
        ("escaped", 3.0, verdict("converges", limit=fmpq(4)), "agrees"),
        ("escaped", 3.0, verdict("bounded", bounds=BOUNDS), "contradicted"),
        ("escaped", 3.0, verdict("bounded"), "open"),
    ],
)
def test_floats_beside_a_proof(label, position, facts, word):
    assert compare_label(label, [position], facts, (-2.0, 2.0)) == word


@pytest.mark.parametrize(
    ("prove", "error", "said"),
    [
        ("border", UsageError, "says no cells"),
        ("sample", UsageError, "says no cells"),
        ("sample:0", UsageError, "asks for nothing"),
        ("sample:x", UsageError, "no whole number"),
        ("sample:-3", UsageError, "no whole number"),
        ("boundary:1:2", UsageError, "says no cells"),
        ("boundary:900", LimitError, "at most 500 cells"),
        ("9", UsageError, "no cell"),
        ("", UsageError, "no cell"),
    ],
)
def test_cells_that_cannot_be_chosen_are_refused_before_anything_runs(prove, error, said):
    with pytest.raises(error, match=said):
        sweep(**BOWL, prove=["1", prove])


def test_no_change_means_no_proof():
    answer = sweep("x^2/2", start="1:2:3", set={"learning_rate": 1}, steps=9, prove="boundary")
    assert answer.facts["boundary"].value == {"changes": 0, "asked": 0, "proved": 0, "differ": 0}
    assert "proofs" not in answer.facts


def ends(labels, places):
    label = np.array([LABELS.index(word) for word in labels], np.int8)
    return Ends(label, np.ones(len(labels), np.int64), np.array(places, float))


def test_places_of_rest_are_told_apart_and_the_rare_ones_are_one():
    places = [[p] for p in (1, 1.0001, -2, -2, 7, 7, 7, 30, 40)]
    kinds = sort_runs(ends(["settled"] * 9, places))
    assert [(k.words, k.runs) for k in kinds.kinds] == [
        ("at rest near -2", 2), ("at rest near 1", 2), ("at rest near 7", 3),
        ("at rest elsewhere", 2),
    ]  # fmt: skip
    assert kinds.of.tolist() == [1, 1, 0, 0, 2, 2, 2, 3, 3]


def test_a_valley_of_rest_is_said_from_end_to_end():
    places = [[x] for x in np.linspace(0, 1, 2001)]
    kinds = sort_runs(ends(["settled"] * 2001, places))
    assert [k.words for k in kinds.kinds] == ["at rest from 0 to 1"]


def test_places_in_several_variables_are_told_apart():
    kinds = sort_runs(ends(["settled"] * 3 + ["moving"], [[0, 1], [0, 2], [0, 1], [5, 5]]))
    assert [k.words for k in kinds.kinds] == [
        "at rest near (0, 1)", "at rest near (0, 2)", "still moving",
    ]  # fmt: skip
    assert kinds.of.tolist() == [0, 1, 0, 2]


def test_runs_that_leave_an_interval_have_escaped():
    answer = sweep("barrier", set={"h": "1/10:3/10:5", "learning_rate": "3/10"}, steps=50,
                   inside=":1+h", prove=["0", "1", "2", "3", "4"])  # fmt: skip
    labels = np.array(LABELS)[answer.data["label"].values].tolist()
    assert labels == ["escaped", "escaped", "repeated", "repeated", "repeated"]
    assert answer.facts["compared"].value["agree"] == 5


@pytest.mark.parametrize("inside", ["1", "2:1", ":", "1:2:3", "x:1", "1/0:2"])
def test_an_interval_that_is_none_is_refused(inside):
    with pytest.raises(GradiometerError):
        sweep("x^2", start="0:1:3", inside=inside)


@pytest.mark.parametrize(
    ("rate", "period"), [("1/2", 1), ("11/10", 2), ("13/10", 16), ("3/2", 0), ("3", 0)]
)
def test_periods_along_one_axis_are_those_of_the_map(rate, period):
    answer = sweep("double_well", set={"learning_rate": f"{rate}:{rate}:1"}, start="3/10")
    assert answer.data["period"].values.tolist() == [period]
    if period == 2:
        points = trajectory("double_well", set={"learning_rate": rate}, start="3/10")
        exact = sorted(float(point) for point in points.facts["cycle"].value["points"])
        assert np.allclose(np.unique(answer.data["tail"].values.round(9)), exact)


def test_a_tail_goes_on_where_the_run_stood():
    asked = {"objective": "double_well", "optimizer": "adam", "start": "3/10", "steps": 30}
    answer = sweep(**asked, set={"learning_rate": "1/10:1/5:2"})
    for more in (0, 1, 7):
        alone = trajectory(**{**asked, "steps": 30 + more}, set={"learning_rate": "1/5"},
                           engine="float64")  # fmt: skip
        assert answer.data["tail"].values[1, more] == alone.facts["final"].value
