"""Limits of runs whose rate fades are those of the theorems, and of sums in closed form."""

import tomllib
from fractions import Fraction
from pathlib import Path

import pytest

from gradiometer.formula import evaluate, parse, precision, to_ball
from gradiometer.proof import check
from gradiometer.question.trajectory import trajectory

TABLE = tomllib.loads((Path(__file__).parent / "verdicts_fading.toml").read_text("utf-8"))
CASES = TABLE["case"]


def test_the_table_is_large():
    assert len(CASES) >= 40
    assert len({str(case) for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_limit_is_that_of_the_source(case):
    answer = trajectory(
        case["landscape"], optimizer=case["optimizer"], schedule=case["schedule"],
        set=case["set"], start=case["start"], steps=30,
    )  # fmt: skip
    check(answer.certificate)
    facts = answer.facts
    assert (facts["verdict"].status, facts["verdict"].value) == ("proved", "converges")
    with precision(256):
        if "limit" in case:
            limit = to_ball(facts["limit"].value)
            assert (limit - to_ball(evaluate(parse(case["limit"]).tree, {}))).contains(0)
            assert limit.rad() < 1e-12
        else:
            bounds, (low, high) = facts["limit_bounds"].value, map(Fraction, case["within"])
            ends = (Fraction(str(bounds.lower.value)), Fraction(str(bounds.upper.value)))
            assert ends[1] - ends[0] < 1
            assert max(ends[0], low) <= min(ends[1], high)
