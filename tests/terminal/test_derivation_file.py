"""A derivation in a file: its exit codes, where its mistakes are, and files that are none."""

import json
import re

import pytest
from click.testing import CliRunner

from gradiometer.terminal.program import cli

RIGHT = "f(x) = ln(e^(3x)+1)\nf'(x) = 3e^(3x)/(e^(3x)+1)\n = 3/(1+e^(-3x))\n"
WRONG = "f(x) = ln(e^(3x)+1)\n\nf'(x) = 3e^x/(e^(3x)+1)\n = 3/(e^(2x)+e^(-x))\n"
OPEN = "sqrt(x*y) = sqrt(x)*sqrt(y)\n"


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def ask(content, *flags):
        if content is not None:
            data = content.encode() if isinstance(content, str) else content
            (tmp_path / "derivation.md").write_bytes(data)
        return CliRunner().invoke(cli, ["claim", "--file", "derivation.md", *flags])

    return ask


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (RIGHT, 0), (WRONG, 1), (OPEN, 3), ("f(x) = x\nf'(x) = 1 +\n", 4), ("", 4),
        ("only words\n", 4), (bytes(range(256)), 4), (b"x = x\0", 4), (None, 4),
        ("x" * 1_000_000, 5), ("x = x\n" * 100_000, 5), ("\n" * 100_000, 5),
        ("x = " + " " * 300_000 + "x", 4), ("x = " + "(" * 3000 + "x" + ")" * 3000, 4),
        (r"\[" * 100_000, 4), ("```\n" * 4_999, 4), ("x = x, " * 50_000, 4),
        (RIGHT.replace("\n", "\r\n"), 0), ("\ufeff" + RIGHT, 0), (RIGHT.replace("\n", "\r"), 0),
    ],
    ids=range(20),
)  # fmt: skip
def test_exit_code_of_a_file(run, content, code):
    outcome = run(content)
    assert outcome.exit_code == code, outcome.stderr
    assert bool(outcome.stderr) == (code >= 4)


def test_the_first_wrong_line_is_named_with_its_file(run):
    said = " ".join(run(WRONG).stdout.split())
    assert "derivation.md:3 is the first that is wrong, f'(x) = 3e^x/(e^(3x)+1)" in said
    assert "likely the exponent lost its factor" in said


def test_an_unreadable_line_has_line_column_and_caret(run):
    said = run("f(x) = x^2\n\n - f'(x) = 2x +* 3 → ①\n").stderr
    assert "derivation.md:3:16" in said
    text, caret = said.splitlines()[2:4]
    assert text[caret.index("^")] == "*"


def test_a_folder_is_no_derivation(tmp_path):
    outcome = CliRunner().invoke(cli, ["claim", "--file", str(tmp_path)])
    assert outcome.exit_code == 4
    assert "Is a directory" in outcome.stderr


@pytest.mark.parametrize("form", ["markdown", "latex", "html"])
def test_every_form_shows_all_lines(run, form):
    said = re.sub(r"<[^>]*>|[\\{}]|textasciicircum", "", run(WRONG, "--format", form).stdout)
    assert said.count("definition") == 1
    assert "laid down" in said
    assert "the exponent lost its factor" in said


def test_json_lists_how_every_line_was_read(run):
    facts = json.loads(run(WRONG, "--json").stdout)["facts"]
    rows = facts["lines"]["value"]
    assert [row["role"] for row in rows] == ["definition", "statement", "statement"]
    assert [row["holds"] for row in rows] == ["", False, True]
    assert rows[1]["read"] == "f'(x) = 3*e^x/(e^(3*x) + 1)"
    assert facts["first_wrong"]["value"]["line"]["exact"] == "3"
    assert facts["charged"]["value"]["exact"] == "1"


def test_steps_are_typed_and_their_mistakes_are_mistakes_of_typing():
    steps = ["--steps", "f(x) = x^2", "--steps", "f'(x) = 2x"]
    assert CliRunner().invoke(cli, ["claim", *steps]).exit_code == 0
    assert CliRunner().invoke(cli, ["claim", *steps, "--steps", "= 2 +"]).exit_code == 2
    assert CliRunner().invoke(cli, ["claim"]).exit_code == 2


STUDY = """
schema_version = 1
title = "Derivations"
[[question]]
id = "1"
ask = "claim"
file = "derivation.md"
[[question]]
id = "2"
ask = "activation"
formula = "ln(e^(3x)+1)"
claim = [{ steps = ["f'(x) = 3e^x/(e^(3x)+1)", "= 3/(e^(2x)+e^(-x))"] }]
"""


def test_a_study_checks_derivations_from_its_own_folder(tmp_path):
    folder = tmp_path / "studies"
    folder.mkdir()
    (folder / "derivation.md").write_text(WRONG, encoding="utf-8")
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    outcome = CliRunner().invoke(cli, ["study", "check", str(folder / "study.toml")])
    assert outcome.exit_code == 0, outcome.stderr
    asked = ["study", "run", str(folder / "study.toml"), "--strict", "-o", str(tmp_path / "r.html")]
    outcome = CliRunner().invoke(cli, asked)
    assert outcome.exit_code == 1, outcome.stderr
    said = " ".join(outcome.stdout.split())
    assert said.count("likely the exponent lost its factor") == 2


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('"= 3/(e^(2x)+e^(-x))"', '"= 3/(e^(2x"', "study.toml:12:"),
        ("derivation.md", "missing.md", "study.toml"),
        ("steps = [", "step = [", "study.toml:12:"),
    ],
)
def test_a_mistake_in_a_study_shows_at_check(tmp_path, old, new, place):
    (tmp_path / "derivation.md").write_text(WRONG, encoding="utf-8")
    (tmp_path / "study.toml").write_text(STUDY.replace(old, new), encoding="utf-8")
    outcome = CliRunner().invoke(cli, ["study", "check", str(tmp_path / "study.toml")])
    assert outcome.exit_code == 4
    assert place in outcome.stderr


def test_a_mistake_in_a_derivation_is_shown_in_its_own_file(tmp_path):
    (tmp_path / "derivation.md").write_text("1 = 1\n2 = +\n", encoding="utf-8")
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    for command in ("check", "run"):
        outcome = CliRunner().invoke(cli, ["study", command, str(tmp_path / "study.toml")])
        assert outcome.exit_code == 4
        assert "derivation.md:2:" in outcome.stderr
