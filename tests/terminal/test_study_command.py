"""`gradiometer study`: a report is written whole, or an older one stays as it was."""

import json

import pytest
from click.testing import CliRunner

from gradiometer.terminal import cli

STUDY = """\
schema_version = 1
title = "A small study"
[[question]]
id = "1"
ask = "parameters"
networks = "3-2-1"
claim = [{ fact = "parameters", equals = 11 }]
"""
REFUTED = STUDY.replace("equals = 11", "equals = 12")
OPEN = STUDY.replace('fact = "parameters", equals = 11', 'text = "Nice.", open = "Taste."')


def _run(*words):
    return CliRunner().invoke(cli, ("study", *words), prog_name="gradiometer")


@pytest.fixture
def write(tmp_path):
    def write(text, name="study.toml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


@pytest.mark.parametrize(
    "text",
    [
        STUDY.replace("networks", "netwoks"),
        STUDY.replace('"parameters"\nnet', '"parametres"\nnet'),
        STUDY.replace('"3-2-1"', "321"),
        STUDY.replace('"3-2-1"', '"3-2-x"'),
        STUDY.replace('fact = "parameters"', 'fact = "parametres"'),
        STUDY.replace('title = "A small study"', "title = "),
        STUDY.replace("schema_version = 1", "schema_version = 99"),
        "",
    ],
)
def test_broken_study_exits_4_and_leaves_an_older_report(text, write, tmp_path):
    report = tmp_path / "report.html"
    report.write_bytes(b"older report \xff")
    outcome = _run("run", write(text), "-o", str(report))
    assert outcome.exit_code == 4
    assert outcome.stdout == ""
    assert f"at:    {tmp_path / 'study.toml'}:" in outcome.stderr
    assert report.read_bytes() == b"older report \xff"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "study.toml"]


def test_misspelt_key_is_answered_with_the_nearest(write):
    outcome = _run("check", write(STUDY.replace("networks", "netwoks")))
    assert outcome.exit_code == 4
    assert "study.toml:6:1\n" in outcome.stderr
    assert "try:   write `networks`." in outcome.stderr


@pytest.mark.parametrize(
    ("suffix", "start"), [("html", "<!doctype"), ("md", "#"), ("json", "{"), ("tex", "\\")]
)
def test_report_is_written(suffix, start, write, tmp_path):
    report = tmp_path / f"report.{suffix}"
    outcome = _run("run", write(STUDY), "-o", str(report))
    assert outcome.exit_code == 0, outcome.output
    text = report.read_text(encoding="utf-8")
    assert text.lower().startswith(start)
    assert "A small study" in text


def test_report_is_the_same_bytes_each_time(write, tmp_path):
    study = write(STUDY)
    reports = [tmp_path / "a.html", tmp_path / "b.html"]
    for report in reports:
        assert _run("run", study, "-o", str(report)).exit_code == 0
    assert reports[0].read_bytes() == reports[1].read_bytes()


def test_json_is_printed_beside_a_report(write, tmp_path):
    report = tmp_path / "report.html"
    outcome = _run("run", write(STUDY), "-o", str(report), "--json")
    assert json.loads(outcome.stdout)["summary"]["true"] == 1
    assert report.is_file()


def test_screen_says_what_became_of_the_claims(write):
    text = _run("run", write(REFUTED)).stdout
    assert "✗ parameters = 12 (proved)" in text
    assert "1 claim: 0 true, 1 refuted, 0 undecided." in text


@pytest.mark.parametrize(
    ("text", "relaxed", "strict"), [(STUDY, 0, 0), (REFUTED, 0, 1), (OPEN, 0, 3)]
)
def test_exit_code_depends_on_claims_only_when_strict(text, relaxed, strict, write):
    study = write(text)
    assert _run("run", study).exit_code == relaxed
    assert _run("run", study, "--strict").exit_code == strict


def test_question_without_an_answer_still_gives_a_report(write, tmp_path):
    broken = '[[question]]\nid = "2"\nask = "gradient"\ncomputation = "c = 1/a"\nat = { a = 0 }\n'
    report = tmp_path / "report.html"
    outcome = _run("run", write(STUDY + broken), "-o", str(report))
    assert outcome.exit_code == 0
    assert "1 of 2 questions without an answer" in outcome.stdout
    assert report.is_file()


def test_csv_holds_no_study(write):
    assert _run("run", write(STUDY), "--format", "csv").exit_code == 2


def test_check_answers_nothing(write, monkeypatch):
    monkeypatch.setattr("gradiometer.study.run.ask", lambda *_, **__: pytest.fail("asked"))
    outcome = _run("check", write(STUDY))
    assert outcome.exit_code == 0
    assert "1 question and 1 claim can be read" in outcome.stdout


def test_new_study_can_be_checked_and_is_not_overwritten(tmp_path):
    path = str(tmp_path / "new.toml")
    assert _run("new", path).exit_code == 0
    assert _run("check", path).exit_code == 0
    assert _run("new", path).exit_code == 4


def test_schema_is_printed():
    assert json.loads(_run("schema").stdout)["title"] == "gradiometer study"


@pytest.mark.parametrize("name", ["run", "check", "new", "schema"])
def test_help_of_every_command_has_an_example(name):
    said = CliRunner().invoke(cli, ["study", name, "--help"]).stdout
    assert "Example" in said
    assert f"gradiometer study {name}" in " ".join(said.split())


def test_help_says_which_options_may_be_repeated():
    said = " ".join(CliRunner().invoke(cli, ["claim", "--help"]).stdout.split())
    assert said.count("May be repeated.") == 3
