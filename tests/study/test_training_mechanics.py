"""The study of five problems: what is right is proved, what is wrong is refuted, each with why."""

import json
from pathlib import Path

import pytest

from gradiometer.study import check_study, run_study

SHEET = Path(__file__).resolve().parents[2] / "studies" / "training_mechanics.toml"

HOLDS = {
    "1.1": [True, True, None],
    "1.2": [True, True, True],
    "1.3": [True, None, None, None],
    "1.4": [False],
    "1.5": [True, None, False, True, None],
    "2.1": [True, True, True, True, True],
    "2.2": [True, False, True, False, True, True, True, True],
    "2.3": [True, True, True, True, True, True, None, False],
    "3.1": [True, True, True, True],
    "3.2": [True, False, True, True, True, True],
    "4.1": [False, True],
    "4.2": [False, True],
    "4.3": [True, True],
    "5.1": [False],
    "5.2": [True],
    "5.3": [True, True, True, True],
    "5.4": [False],
    "5.5": [False],
    "5.6": [False, True],
    "5.7": [True],
}
"""Question → what becomes of each of its claims."""


@pytest.fixture(scope="module")
def result():
    study, problems = check_study(SHEET)
    assert not problems
    return run_study(study)


@pytest.fixture(scope="module")
def answers(result):
    return {part.question.id: part.answer for part in result.questions}


def test_every_question_has_an_answer(result):
    assert [part.error for part in result.questions if part.error] == []
    assert [part.question.id for part in result.questions] == list(HOLDS)


@pytest.mark.parametrize("name", HOLDS)
def test_claims_of(name, result):
    part = next(part for part in result.questions if part.question.id == name)
    assert [claim.holds for claim in part.claims] == HOLDS[name], part.claims


def test_every_decided_claim_is_proved_or_measured_on_data(result):
    parts = {part.question.id: part.claims for part in result.questions}
    measured = [claim for claim in parts.pop("1.5") if claim.holds is not None]
    assert {claim.status for claim in measured} == {"measured"}
    decided = [claim for claims in parts.values() for claim in claims if claim.holds is not None]
    computed = [claim.text for claim in decided if claim.status != "proved"]
    assert computed == [
        "h_max = 0.002434, as a program in float64 finds it. [float64_barrier = 0.002434]"
    ]


def test_every_claim_has_its_reason(result):
    assert all(claim.because for claim in result.claims)


def test_refuted_statement_has_a_point_to_check(result):
    part = next(part for part in result.questions if part.question.id == "2.2")
    assert part.claims[1].counterexample["at"].keys() == {"x"}


def test_barriers(answers):
    assert str(answers["5.5"].facts["barrier"].value) == "1/5"
    exact = {name: answers[name].to_dict()["facts"]["barrier"]["value"] for name in ("5.6", "5.7")}
    assert float(exact["5.6"]["decimal"]) == pytest.approx(0.003434062, abs=1e-9)
    assert float(exact["5.7"]["decimal"]) == pytest.approx(0.002434062, abs=1e-9)


def test_result_is_strict_json_and_the_same_each_time(result):
    study, _ = check_study(SHEET)
    text = result.to_json()
    assert run_study(study).to_json() == text
    json.loads(text, parse_constant=pytest.fail)
