"""Escapes of the sample landscape, from inside and from outside its valley."""

import pytest
from flint import fmpq

from gradiometer.proof import check
from gradiometer.question import ask


def _ask(**inputs):
    return ask("escape", objective="barrier", **inputs)


def _rows(answer):
    return [(row["from"], row["to"], row["outcome"]) for row in answer.facts["regimes"].value]


def test_descent_crosses_barriers_below_a_fifth():
    answer = _ask(set={"learning_rate": "3/10"})
    assert answer.facts["barrier"].value == fmpq(1, 5)
    assert answer.facts["attained"].value is False
    assert [row[2] for row in _rows(answer)] == ["escapes", "trapped"]
    assert answer.facts["barrier"].status == "proved"
    check(answer.certificate)


def test_the_threshold_itself_is_crossed_with_the_slope_of_the_right_piece():
    answer = _ask(set={"learning_rate": "3/10"}, at_kink="right")
    assert answer.facts["barrier"].value == fmpq(1, 5)
    assert answer.facts["attained"].value is True


@pytest.mark.parametrize(("at_kink", "barrier"), [(None, 3434062), ("right", 2434062)])
def test_adam_meets_the_kink_exactly_at_step_1000(at_kink, barrier):
    answer = _ask(optimizer="adam", set={"eps": "0"}, at_kink=at_kink)
    facts = answer.facts
    assert abs(facts["barrier"].value - fmpq(barrier, 10**9)) < fmpq(1, 10**12)
    assert facts["barrier"].status == "proved"
    assert facts["at_kink"].value["step"] == 1000
    assert abs(facts["at_kink"].value["left"] - fmpq(3434062, 10**9)) < fmpq(1, 10**12)
    assert abs(facts["at_kink"].value["right"] - fmpq(2434062, 10**9)) < fmpq(1, 10**12)
    assert facts["float64_barrier"].value == pytest.approx(0.002434062, abs=1e-12)
    assert facts["float64_barrier"].status == "computed"
    check(answer.certificate)


def test_float64_leaves_the_exact_run_at_the_kink():
    rounding = _ask(optimizer="adam", set={"eps": "0"}).facts["rounding"].value
    assert rounding["step"] == 1000
    assert rounding["exact"] == 1
    assert rounding["float64"] > 1


@pytest.mark.parametrize("start", ["6/5", "13/10", "2"])
def test_a_start_beyond_the_top_is_outside_and_never_called_trapped(start):
    answer = _ask(set={"learning_rate": "3/10"}, start=start)
    edge = fmpq(*map(int, (start + "/1").split("/")[:2])) - 1
    assert _rows(answer)[0] == (fmpq(0), edge, "outside")
    assert _rows(answer)[1][2] == "trapped"
    assert answer.facts["barrier"].value == "none"
    low = ask("trajectory", objective="barrier", start=start,
              set={"learning_rate": "3/10", "h": str(edge / 2)})  # fmt: skip
    assert low.facts["verdict"].value in ("diverges", "escapes")
    check(answer.certificate)
