"""The study of worst cases: every statement in it is proved."""

from pathlib import Path

import pytest

from gradiometer.proof import check
from gradiometer.study import check_study, run_study

SHEET = Path(__file__).resolve().parents[2] / "studies" / "worst_cases.toml"


@pytest.fixture(scope="module")
def result():
    study, problems = check_study(SHEET)
    assert not problems
    return run_study(study)


def test_every_claim_is_proved(result):
    assert [part.error for part in result.questions if part.error] == []
    assert [(claim.holds, claim.status) for claim in result.claims] == [(True, "proved")] * 8


def test_every_answer_has_a_certificate_that_is_accepted(result):
    for part in result.questions:
        check(part.answer.certificate)


def test_a_study_says_what_is_wrong_with_a_question_about_stability(tmp_path):
    sheet = tmp_path / "study.toml"
    sheet.write_text(
        'schema_version = 1\ntitle = "t"\n[[question]]\nid = "1"\nask = "stability"\n'
        'objective = "x^2/2"\nvary = "beta7"\n'
    )
    _, problems = check_study(sheet)
    assert len(problems) == 1
    assert "beta7" in problems[0].problem
