"""`gradiometer verify` finds certificates in what the other commands write, and checks each one."""

import copy
import json

import pytest
from click.testing import CliRunner

from gradiometer.terminal import cli

RUN = ("trajectory", "--objective", "barrier", "--set", "h=1/2", "--set", "learning_rate=3/10")
STUDY = """\
schema_version = 1
title = "T"
[[question]]
id = "1"
ask = "trajectory"
objective = "barrier"
set = { h = "1/2", learning_rate = "3/10" }
[[question]]
id = "2"
ask = "parameters"
networks = "3-2"
"""


def _run(*words):
    return CliRunner().invoke(cli, words, prog_name="gradiometer")


@pytest.fixture(scope="module")
def answer():
    return json.loads(_run(*RUN, "--json").stdout)


@pytest.fixture
def verify(tmp_path):
    def verify(content, *words):
        path = tmp_path / "file.json"
        text = content if isinstance(content, str) else json.dumps(content)
        path.write_text(text, encoding="utf-8")
        return _run("verify", str(path), *words)

    return verify


def test_certificate_of_an_answer_is_accepted(answer, verify):
    for content in (answer, answer["certificate"]):
        outcome = verify(content)
        assert outcome.exit_code == 0, outcome.output
        assert outcome.stdout.startswith("accepted run")


def test_changed_certificate_is_rejected_with_the_reason(answer, verify):
    changed = copy.deepcopy(answer)
    changed["certificate"]["claim"]["lowest"] = "1/100"
    outcome = verify(changed)
    assert outcome.exit_code == 1
    assert outcome.stdout.startswith("rejected run certificate: ")
    row = json.loads(verify(changed, "--json").stdout)["certificates"][0]
    assert row["accepted"] is False
    assert row["reason"]


def test_every_certificate_of_a_study_is_checked(verify, tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(STUDY, encoding="utf-8")
    outcome = verify(_run("study", "run", str(path), "--json").stdout)
    assert outcome.exit_code == 0, outcome.output
    assert "questions.0.answer" in outcome.stdout


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"schema": "gradiometer/certificate-9"}',
        '{"schema": "gradiometer/answer-1", "certificate": null}',
        '{"schema": "gradiometer/study-1", "questions": [1, {"answer": 2, "claims": [3]}]}',
        '{"schema": "gradiometer/certificate-1", "kind": NaN}',
        "[" * 100_000,
        '{"a": ' + "9" * 5000 + "}",
    ],
)
def test_file_without_a_certificate_is_a_bad_file(content, verify):
    outcome = verify(content)
    assert outcome.exit_code == 4, outcome.output
    assert "Traceback" not in outcome.output


@pytest.mark.parametrize(
    "content",
    [
        {"schema": "gradiometer/certificate-1"},
        {"schema": "gradiometer/certificate-1", "kind": [], "problem": {}, "claim": {}},
        {"schema": "gradiometer/answer-1", "certificate": "yes"},
        {"schema": "gradiometer/answer-1", "certificate": {"kind": "all", "parts": []}},
    ],
)
def test_hostile_certificate_is_rejected(content, verify):
    assert verify(content).exit_code == 1
