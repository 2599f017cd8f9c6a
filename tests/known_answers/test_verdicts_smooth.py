"""Verdicts on smooth landscapes that closed forms give, each with its source."""

import tomllib
from pathlib import Path

import pytest
from flint import arb

from gradiometer.formula import from_decimal, precision, to_ball
from gradiometer.question.trajectory import trajectory

CASES = tomllib.loads(Path(__file__).with_name("verdicts_smooth.toml").read_text())["case"]
NEAR = arb(10) ** -15


def name_of(case):
    parts = [case["objective"], case.get("optimizer", "sgd"), *case["set"].values(), case["start"]]
    return " ".join([*parts, case.get("schedule", "")]).strip()


def ask(case):
    optional = {key: case[key] for key in ("optimizer", "schedule") if key in case}
    return trajectory(
        case["objective"], set=case["set"], start=case["start"], steps=4, **optional
    ).facts


def are_near(found, text):
    with precision(200):
        gap = to_ball(found) - to_ball(from_decimal(text))
        return bool(abs(gap) < NEAR)


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_the_verdict_is_that_of_the_closed_form(case):
    facts = ask(case)
    assert (facts["verdict"].value, facts["verdict"].status) == (case["verdict"], "proved")
    limit = facts.get("limit")
    if "limit" in case:
        assert are_near(limit.value, case["limit"])
    elif case["verdict"] == "converges":
        assert limit is None
    if case["verdict"] == "cycle":
        check_cycle(facts["cycle"].value, case)
    if case["verdict"] == "bounded":
        half = from_decimal(case["within"])
        interval = facts["bounds"].value
        assert -half <= interval.lower.value < interval.upper.value <= half


def check_cycle(cycle, case):
    assert cycle["period"] == case["period"] == len(cycle["points"])
    if "points" in case:
        turns = [case["points"][k:] + case["points"][:k] for k in range(case["period"])]
        assert any(all(map(are_near, cycle["points"], turn)) for turn in turns)
    if "multipliers" in case:
        assert len(cycle["multipliers"]) == len(case["multipliers"])
        assert all(map(are_near, cycle["multipliers"], case["multipliers"]))


def test_there_are_enough_cases_and_each_has_a_source():
    assert len(CASES) >= 60
    assert all(case["source"] for case in CASES)
