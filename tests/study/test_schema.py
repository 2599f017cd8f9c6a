"""The published schema and the starter file say what the reader accepts."""

import json

import pytest

from gradiometer.errors import StudyError, UsageError
from gradiometer.question import QUESTIONS
from gradiometer.study import check_study, run_study, to_schema, write_starter
from gradiometer.study.keys import CLAIM_KEYS, QUESTION_KEYS, TOP_KEYS


def test_schema_is_plain_json():
    schema = to_schema()
    assert json.loads(json.dumps(schema, allow_nan=False)) == schema


def test_schema_has_every_key_and_refuses_others():
    schema = to_schema()
    assert set(schema["properties"]) == set(TOP_KEYS)
    assert set(schema["definitions"]["claim"]["properties"]) == set(CLAIM_KEYS)
    parts = schema["properties"]["question"]["items"]["oneOf"]
    assert [part["properties"]["ask"]["const"] for part in parts] == list(QUESTIONS)
    for part, question in zip(parts, QUESTIONS.values(), strict=True):
        inputs = {item.name.rstrip("_") for item in question.inputs}
        assert set(part["properties"]) == {*QUESTION_KEYS, *inputs}
    for table in (schema, schema["definitions"]["claim"], *parts):
        assert table["additionalProperties"] is False


def test_required_keys_are_those_of_the_questions():
    for part in to_schema()["properties"]["question"]["items"]["oneOf"]:
        entry = QUESTIONS[part["properties"]["ask"]["const"]]
        needed = {item.name for item in entry.inputs if item.required}
        assert set(part["required"]) == {"id", "ask", *needed}


def test_no_key_of_a_question_is_also_an_input():
    names = {item.name for entry in QUESTIONS.values() for item in entry.inputs}
    assert names.isdisjoint(QUESTION_KEYS)


def test_starter_can_be_run(tmp_path):
    path = write_starter(tmp_path / "first.toml")
    study, problems = check_study(path)
    assert not problems
    result = run_study(study)
    assert result.summary["errors"] == 0
    assert {claim.holds for claim in result.claims} == {True, False}


def test_starter_overwrites_nothing(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(StudyError, match="not overwritten"):
        write_starter(path)
    assert path.read_text(encoding="utf-8") == "mine"


def test_starter_needs_a_folder(tmp_path):
    with pytest.raises(UsageError, match="folder"):
        write_starter(tmp_path / "none" / "first.toml")
