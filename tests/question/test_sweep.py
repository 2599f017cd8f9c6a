"""Millions of settings in floats, any one of them proved."""

import numpy as np
import pytest
from flint import fmpq

from gradiometer import sweep, trajectory
from gradiometer.errors import GradiometerError, LimitError, UsageError
from gradiometer.numeric import LABELS
from gradiometer.proof import check

BOWL = {"objective": "x^2/2", "set": {"learning_rate": "1/2:5/2:5"}, "start": 1}


def words(answer):
    return np.array(LABELS)[answer.data["label"].values]


def test_labels_of_descent_on_a_parabola_are_those_of_its_rate():
    answer = sweep(**BOWL, steps=3000)
    # At 3/2 the signs alternate to the end, between the two smallest floats.
    assert words(answer).tolist() == ["settled", "settled", "repeated", "repeated", "diverged"]
    assert answer.facts["labels"].status == "computed"
    assert answer.facts["runs"].value == 5
    assert answer.data["learning_rate"].values.tolist() == [0.5, 1, 1.5, 2, 2.5]
    assert answer.certificate is None


@pytest.mark.parametrize(
    ("cell", "verdict", "label"),
    [("0", "converges", "settled"), ("3", "cycle", "repeated"), ("4", "diverges", "diverged")],
)
def test_any_cell_is_proved_on_request(cell, verdict, label):
    answer = sweep(**BOWL, steps=3000, prove=cell)
    assert (answer.facts["verdict"].value, answer.facts["verdict"].status) == (verdict, "proved")
    assert answer.facts["cell"].value["label"] == label
    assert answer.facts["cell"].status == "computed"
    check(answer.certificate)


def test_each_cell_is_the_run_of_trajectory():
    asked = {"objective": "double_well", "optimizer": "adam", "steps": 40}
    answer = sweep(**asked, set={"learning_rate": "1/100:1:3:log", "beta1": "0:9/10:4"},
                   start="-2:3/2:5")  # fmt: skip
    assert answer.data["position"].dims == ("learning_rate", "beta1", "start")
    assert answer.data["position"].shape == (3, 4, 5)
    for cell in ((0, 0, 0), (1, 2, 3), (2, 3, 4), (2, 1, 0)):
        at = dict(zip(answer.data["position"].dims, cell, strict=True))
        place = answer.data.isel(at)
        values = {n: float(place[n].values) for n in ("learning_rate", "beta1")}
        exact = {n: str(fmpq(*v.as_integer_ratio())) for n, v in values.items()}
        start = str(fmpq(*float(place["start"].values).as_integer_ratio()))
        alone = trajectory(**asked, set=exact, start=start, engine="float64").facts["final"]
        assert float(place["position"].values) == alone.value


def test_a_landscape_and_a_schedule_have_axes_too():
    answer = sweep("barrier", set={"h": "1/10:3/10:5", "learning_rate": "3/10"}, steps=50)
    inside = answer.data["position"].values < 2
    assert inside.tolist() == [False, False, True, True, True]
    answer = sweep("x^2/2", schedule="step", start=1, steps=30,
                   set={"learning_rate": "1/10:1/2:2", "gamma": "1/2:1:2", "step_size": 5},
                   prove="1,1")  # fmt: skip
    assert answer.facts["final"].value == fmpq(1, 2) ** 30
    assert answer.data["position"].values[1, 1] == 0.5**30
    assert answer.data["position"].values[1, 0] > 0.5**30


def test_starts_in_several_variables_are_a_map():
    answer = sweep("x^2 + y^4", start="x=-1:1:3,y=1/2", set={"learning_rate": "1/4"}, steps=20,
                   prove="2")  # fmt: skip
    assert answer.data["position_0"].values.tolist() == [-(0.5**20), 0, 0.5**20]
    assert answer.facts["final"].value["x"] == fmpq(1, 2**20)


def test_float32_is_another_engine():
    asked = {"objective": "x^4/4", "start": "1/10:9/10:3", "set": {"learning_rate": "1/3"}}
    long, short = (sweep(**asked, steps=9, engine=e).data["position"] for e in
                   ("float64", "float32"))  # fmt: skip
    assert short.dtype == np.float32
    assert np.allclose(long, short, rtol=1e-5)
    assert (long.values != short.values).any()


@pytest.mark.parametrize(
    ("asked", "error", "said"),
    [
        ({"objective": "x^2"}, UsageError, "needs a range"),
        ({"objective": "x^2", "start": "0:1"}, UsageError, "no range"),
        ({"objective": "x^2", "start": "0:1:9:log"}, UsageError, "not positive"),
        ({"objective": "x^2", "start": "0:1:99999999"}, LimitError, "at most"),
        ({"objective": "x^2", "start": "0:1:3", "prove": "3"}, UsageError, "no cell"),
        ({"objective": "x^2", "start": "0:1:3", "prove": "1,1"}, UsageError, "no cell"),
        ({"objective": "x^2", "set": {"learning_rate": "-1:1:3"}}, GradiometerError, "learning"),
        ({"objective": "x^2", "set": {"learning_rate": "1:-1:3"}}, GradiometerError, "learning"),
        ({"objective": "x^2", "set": {"rate": "1:2:3"}}, GradiometerError, "rate"),
        ({"objective": "x^2", "set": {"nesterov": "0:1:3"}}, UsageError, "whole"),
        ({"objective": "x^2", "start": "y=0:1:3"}, GradiometerError, "x"),
        ({"objective": "x^2", "start": "0:1:3", "engine": "ball"}, UsageError, "engine"),
    ],
)  # fmt: skip
def test_what_cannot_be_swept_is_refused(asked, error, said):
    with pytest.raises(error, match=said):
        sweep(**asked)


@pytest.mark.parametrize(
    ("objective", "has_holes"),
    [("ln(x)", True), ("x*ln(x)", True), ("1/x", True), ("sqrt(1 + x^2)", False),
     ("x^2/(1 + x^2)", False), ("double_well", False), ("barrier", False)],
)  # fmt: skip
def test_a_loss_with_holes_is_warned_of(objective, has_holes):
    answer = sweep(objective, start="1/4:2:3", steps=5)
    assert any("no value" in text for text in answer.warnings) == has_holes


@pytest.mark.parametrize("asked", [{"set": {"learning_rate": "1:2:3"}}, {"start": "-1:1:3:log"}])
def test_a_single_run_of_a_range_is_sent_to_sweep(asked):
    with pytest.raises(UsageError, match="single run has one") as caught:
        trajectory("x^2", **asked)
    assert "gradiometer sweep" in caught.value.hint
