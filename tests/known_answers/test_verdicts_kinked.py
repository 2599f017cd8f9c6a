"""Verdicts on landscapes of straight pieces are the closed forms of their source."""

import tomllib
from pathlib import Path

import pytest
from flint import fmpq

from gradiometer.formula import evaluate, parse, precision, to_ball
from gradiometer.proof import check
from gradiometer.question.trajectory import trajectory

TABLE = tomllib.loads((Path(__file__).parent / "verdicts_kinked.toml").read_text("utf-8"))
CASES = TABLE["case"]


def value(text):
    """The number of a text, as a ball."""
    return to_ball(evaluate(parse(text).tree, {}))


def test_the_table_is_large():
    assert len(CASES) >= 90
    assert len({str(case) for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_verdict_is_the_closed_form(case):
    answer = trajectory(
        case["landscape"], optimizer=case["optimizer"], set=case["set"], start=case["start"],
        steps=case["steps"],
    )  # fmt: skip
    check(answer.certificate)
    facts = answer.facts
    assert facts["verdict"].status == "proved"
    assert facts["verdict"].value == case.get("verdict", facts["verdict"].value)
    with precision(256):
        if "period" in case:
            assert facts["cycle"].value["period"] == case["period"]
        if "width" in case:
            points = [to_ball(point) for point in facts["cycle"].value["points"]]
            spans = [abs(a - b) - value(case["width"]) for a in points for b in points]
            assert any(span.contains(0) for span in spans)
            assert not any(span > 0 for span in spans)
        if "limit" in case:
            assert (to_ball(facts["limit"].value) - value(case["limit"])).contains(0)
        if "inside" in case:
            low, high = map(value, case["inside"])
            bounds, start = facts["bounds"].value, fmpq(*map(int, case["start"].split("/")))
            wide = (high - low) / 100
            assert not bounds.lower.value > low
            assert bounds.lower.value > low - wide
            assert bounds.upper.value >= start
            assert bounds.upper.value < max(high, to_ball(start)) + wide
        if "within" in case and "bounds" in facts:
            bounds, most = facts["bounds"].value, value(case["within"])
            assert -most <= bounds.lower.value
            assert bounds.upper.value <= most
