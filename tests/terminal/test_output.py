"""An answer goes where it is wanted, whole or not at all, in the form that is wanted."""

import json
import os
import stat

import pytest
from click.testing import CliRunner

from gradiometer.terminal import cli
from gradiometer.terminal.output import wants_color


def _run(*words):
    return CliRunner().invoke(cli, ("parameters", "3-2", *words), prog_name="gradiometer")


@pytest.mark.parametrize(
    ("suffix", "start"),
    [
        (".json", "{"),
        (".html", "<!"),
        (".md", "#"),
        (".tex", "\\"),
        (".txt", "parameters"),
    ],
)
def test_suffix_chooses_the_form(suffix, start, tmp_path):
    path = tmp_path / f"answer{suffix}"
    outcome = _run("-o", str(path))
    assert outcome.exit_code == 0, outcome.output
    assert outcome.stdout == ""
    assert outcome.stderr == f"wrote {path}\n"
    text = path.read_text(encoding="utf-8")
    assert text.lower().startswith(start)
    assert text.endswith("\n")


def test_arrays_are_written_as_csv(tmp_path):
    path = tmp_path / "rates.csv"
    words = ["schedule", "constant", "--steps", "3", "-o", str(path)]
    assert CliRunner().invoke(cli, words).exit_code == 0
    assert len(path.read_text(encoding="utf-8").splitlines()) == 4


def test_format_wins_over_the_suffix(tmp_path):
    path = tmp_path / "answer.txt"
    _run("-o", str(path), "--format", "json")
    assert json.loads(path.read_text(encoding="utf-8"))["question"] == "parameters"


def test_json_beside_a_file_of_another_form_gives_both(tmp_path):
    path = tmp_path / "answer.html"
    outcome = _run("-o", str(path), "--json")
    assert json.loads(outcome.stdout)["question"] == "parameters"
    assert path.read_text(encoding="utf-8").lower().startswith("<!doctype")


def test_json_into_a_file_of_json_prints_nothing(tmp_path):
    path = tmp_path / "answer.json"
    assert _run("-o", str(path), "--json").stdout == ""
    assert path.is_file()


def test_json_is_byte_stable(tmp_path):
    first, second = (_run("--json").stdout_bytes for _ in range(2))
    assert first == second
    _run("-o", str(tmp_path / "answer.json"))
    assert (tmp_path / "answer.json").read_bytes() == first


@pytest.mark.parametrize("name", ["none/answer.json", ".", "answer.docx", "answer"])
def test_unusable_file_is_refused_before_the_work(name, tmp_path, monkeypatch):
    monkeypatch.setattr("gradiometer.terminal.asking.ask", lambda *_, **__: pytest.fail("asked"))
    outcome = _run("-o", str(tmp_path / name))
    assert outcome.exit_code == 2
    assert "UsageError" in outcome.stderr
    assert list(tmp_path.iterdir()) == []


def test_old_file_stays_when_writing_fails(tmp_path, monkeypatch):
    path = tmp_path / "answer.json"
    path.write_text("old", encoding="utf-8")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    outcome = _run("-o", str(path))
    assert outcome.exit_code == 2
    assert "No space left on device" in outcome.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["answer.json"]
    assert path.read_text(encoding="utf-8") == "old"


def test_link_keeps_pointing_at_the_written_file(tmp_path):
    target, link = tmp_path / "real.json", tmp_path / "link.json"
    target.write_text("old", encoding="utf-8")
    link.symlink_to(target)
    assert _run("-o", str(link)).exit_code == 0
    assert link.is_symlink()
    assert json.loads(target.read_text(encoding="utf-8"))["question"] == "parameters"


def test_pipe_is_written_to_and_not_replaced(tmp_path):
    path = tmp_path / "answer.json"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert _run("-o", str(path)).exit_code == 0
        assert json.loads(os.read(reader, 1_000_000))["question"] == "parameters"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(path.stat().st_mode)


def test_dash_is_standard_output():
    assert _run("-o", "-").stdout == _run().stdout


def test_two_formats_contradict_each_other():
    assert _run("--json", "--format", "html").exit_code == 2


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"NO_COLOR": "", "FORCE_COLOR": ""}, False),
        ({}, False),
    ],
)
def test_colour_follows_the_variables(variables, wanted, monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert wants_color() is wanted
    shown = CliRunner().invoke(cli, ["parameters", "3-2"], color=True).stdout
    assert ("\x1b[" in shown) is wanted


def test_steps_are_printed_on_request():
    assert len(_run("--explain").stdout) > len(_run().stdout)
