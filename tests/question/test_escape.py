"""The question `escape`: thresholds with their regimes, and float64 beside them."""

import json
from itertools import pairwise

import pytest
from flint import fmpq

from gradiometer.errors import DomainError, GradiometerError, UsageError
from gradiometer.proof import check
from gradiometer.question.escape import escape
from gradiometer.question.value import INFINITY

RATE = {"learning_rate": "3/10"}


def test_every_proved_fact_is_backed_by_an_accepted_certificate():
    answer = escape("barrier", set=RATE)
    for name in ("barrier", "attained", "peak", "peak_step", "regimes"):
        assert answer.facts[name].status == "proved"
    check(answer.certificate)


def test_the_regimes_cover_the_domain_without_gap_or_overlap():
    answer = escape("barrier", set={**RATE, "momentum": "1/2"}, steps=40)
    rows = answer.facts["regimes"].value
    assert (rows[0]["from"], rows[0]["from_closed"]) == (0, False)
    assert rows[-1]["to"] == INFINITY
    for left, right in pairwise(rows):
        assert left["to"] == right["from"]
        assert left["to_closed"] != right["from_closed"]
        assert left["outcome"] != right["outcome"]


def test_float64_is_said_beside_the_exact_threshold_and_never_proved():
    answer = escape("barrier", set=RATE)
    assert answer.facts["float64_barrier"].status == "computed"
    assert answer.facts["float64_barrier"].value == pytest.approx(0.2, abs=1e-15)


def test_rounding_names_the_first_step_on_another_piece():
    answer = escape("barrier", set={"learning_rate": "1/10"}, steps=30, at_kink="right")
    rounding = answer.facts["rounding"]
    assert rounding.status == "computed"
    assert rounding.value["step"] == 10
    assert rounding.value["exact"] == 1
    assert rounding.value["float64"] == 0.9999999999999999


def test_at_a_kink_met_exactly_both_slopes_are_answered():
    answer = escape("barrier", set={"learning_rate": "1/10"}, steps=30)
    both = answer.facts["at_kink"].value
    left = escape("barrier", set={"learning_rate": "1/10"}, steps=30, at_kink="left")
    right = escape("barrier", set={"learning_rate": "1/10"}, steps=30, at_kink="right")
    assert both["left"] == left.facts["barrier"].value
    assert both["right"] == right.facts["barrier"].value
    assert (both["step"], both["at"]) == (10, 1)
    assert answer.certificate["kind"] == "all"
    check(answer.certificate)


def test_a_run_that_never_leaves_has_no_threshold():
    table = {
        "parameters": {"h": {"domain": "(0, oo)", "barrier": True}},
        "pieces": [
            {"on": "(-oo, 0]", "f": "-x"},
            {"on": "(0, 1 + h]", "f": "x"},
            {"on": "(1 + h, oo)", "f": "2 + 2*h - x"},
        ],
    }
    answer = escape(table, set={"learning_rate": "1/10"}, start="1/2", steps=40)
    assert answer.facts["barrier"].value == "none"
    assert answer.facts["barrier"].status == "proved"
    assert answer.facts["attained"].value is False


@pytest.mark.parametrize(
    ("objective", "asked", "error"),
    [
        ("quadratic", {}, UsageError),
        ("barrier", {"set": {"h": "1"}}, UsageError),
        ("barrier", {"set": {"barrier.h": "1"}}, UsageError),
        ("barrier", {"set": {"beta": "0"}}, DomainError),
        ("barrier", {"steps": -1}, UsageError),
        ("barrier", {"start": "h"}, GradiometerError),
    ],
    ids=str,
)
def test_a_bad_request_is_refused(objective, asked, error):
    with pytest.raises(error):
        escape(objective, **asked)


@pytest.mark.parametrize("beta", ["1/2", "2", "7"])
def test_what_lies_beyond_the_top_does_not_move_the_threshold_of_descent(beta):
    answer = escape("barrier", set={**RATE, "beta": beta})
    assert answer.facts["barrier"].value == fmpq(1, 5)


def test_scaling_a_landscape_scales_the_threshold_of_descent_by_the_square():
    def threshold(scale):
        table = {
            "parameters": {"h": {"domain": "(0, oo)", "barrier": True}},
            "pieces": [
                {"on": "(-oo, 0]", "f": f"-{scale}*x"},
                {"on": f"(0, h/{scale}]", "f": f"{scale}*x"},
                {"on": f"(h/{scale}, oo)", "f": f"2*h - {scale}*x"},
            ],
        }
        return escape(table, set=RATE, steps=60).facts["barrier"].value

    assert threshold(3) == 9 * threshold(1)


def test_the_json_is_strict_and_the_same_when_asked_again():
    first = escape("barrier", set=RATE, steps=40).to_json()
    assert first == escape("barrier", set=RATE, steps=40).to_json()
    json.loads(first, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def test_slopes_where_rounding_parts_the_runs_are_numbers():
    value = escape("barrier", optimizer="adam", set={"eps": 0}).facts["rounding"].value
    assert (value["exact_slope"], value["float64_slope"]) == (-1, 1)
