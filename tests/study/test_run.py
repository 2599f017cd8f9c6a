"""Each question of a study is answered on its own, and each claim is checked."""

import json

import pytest

from gradiometer.errors import GradiometerError
from gradiometer.study import read_study, run_study, to_page

STUDY = """\
schema_version = 1
title = "T"
about = "A"

[[question]]
id = "size"
ask = "parameters"
title = "Size"
text = "How many?"
networks = "3-2-1"
[[question.claim]]
fact = "parameters"
equals = 11
[[question.claim]]
text = "Without biases."
fact = "weights"
equals = 9
[[question.claim]]
text = "It is beautiful."
open = "Beauty is not decided here."

[[question]]
id = "broken"
ask = "gradient"
computation = "c = 1/a"
at = { a = 0 }
[[question.claim]]
says = "dc/da = 1"

[[question]]
id = "own"
ask = "trajectory"
objective = "valley"
set = { learning_rate = "1/4", s = 3 }
start = "-1/2"
steps = 10
[[question.claim]]
fact = "continuous"
equals = true

[define.objective.valley]
parameters = { s = { default = 2, domain = "(0, oo)" } }
pieces = [{ on = "(-oo, 0]", f = "-x" }, { on = "(0, oo)", f = "s*x" }]
"""


def _read(tmp_path, text):
    path = tmp_path / "study.toml"
    path.write_text(text, encoding="utf-8")
    return read_study(path)


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return run_study(_read(tmp_path_factory.mktemp("study"), STUDY))


def test_question_without_an_answer_does_not_lose_the_others(result):
    answered = {part.question.id: part.answer is not None for part in result.questions}
    assert answered == {"size": True, "broken": False, "own": True}
    assert "DomainError" in result.questions[1].error


def test_claims_about_no_answer_are_undecided(result):
    claim = result.questions[1].claims[0]
    assert (claim.holds, claim.status) == (None, "unknown")
    assert "no answer" in claim.because


def test_claims_are_checked(result):
    right, wrong, beauty = result.questions[0].claims
    assert (right.holds, wrong.holds, beauty.holds) == (True, False, None)
    assert wrong.text == "Without biases. [weights = 9]"
    assert (beauty.text, beauty.status) == ("It is beautiful.", "unknown")
    assert beauty.because == "Beauty is not decided here."


def test_definition_stands_in_for_its_name(result):
    answer = result.questions[2].answer
    assert answer.inputs["objective"] == "valley"
    assert result.questions[2].claims[0].holds is True


def test_summary_counts(result):
    assert result.summary == {
        "questions": 3,
        "errors": 1,
        "claims": 5,
        "true": 2,
        "false": 1,
        "undecided": 2,
    }


def test_json_is_strict_and_stable(result, tmp_path):
    again = run_study(_read(tmp_path, STUDY)).to_json()
    assert again == result.to_json()
    read = json.loads(again, parse_constant=pytest.fail)
    assert read["schema"] == "gradiometer/study-1"
    assert read["questions"][0]["answer"]["question"] == "parameters"
    assert read["questions"][0]["claims"][1]["holds"] is False
    assert read["questions"][1]["answer"] is None


def test_page_has_a_section_for_each_question(result):
    page = to_page(result)
    assert (page.title, page.about) == ("T", "A")
    assert [section.id for section in page.sections] == ["size", "broken", "own"]
    assert page.sections[0].command == "gradiometer parameters 3-2-1"
    assert page.sections[0].claims == result.questions[0].claims
    assert page.sections[1].error
    assert page.sections[2].command == ""


def test_questions_are_announced(tmp_path):
    seen = []
    run_study(_read(tmp_path, STUDY), on_question=lambda question: seen.append(question.id))
    assert seen == ["size", "broken", "own"]


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('fact = "parameters"', 'fact = "parametres"', "12:"),
        ('says = "dc/da = 1"', 'says = "dc/da"', "28:"),
        ('computation = "c = 1/a"', 'computation = "c = 1/b"', "26:8"),
        ("s*x", "s*y", "43:67"),
        ("steps = 10", "steps = -10", "36:"),
    ],
)
def test_what_cannot_be_read_is_an_error_of_the_file(old, new, place, tmp_path):
    text = STUDY.replace("c = 1/a", "c = 1*a") if "1/a" not in old else STUDY
    study = _read(tmp_path, text.replace(old, new))
    with pytest.raises(GradiometerError) as caught:
        run_study(study)
    assert f"study.toml:{place}" in str(caught.value)


def test_run_that_cannot_begin_is_an_error_of_its_question(tmp_path):
    text = """\
schema_version = 1
title = "T"
[[question]]
id = "1"
ask = "trajectory"
objective = "1/x"
start = 0
"""
    (part,) = run_study(_read(tmp_path, text)).questions
    assert part.answer is None
    assert "no value at the start x = 0" in part.error
