"""What the README shows works as it stands there."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from gradiometer.terminal import cli

TEXT = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line.split("#")[0].strip() for line in TEXT.splitlines() if line.startswith("    gradiometer ")
]
BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
VALUES = re.compile(r"^(?P<expression>answer\.facts\S+)\s+# (?P<value>.+)$", re.MULTILINE)


FILES = {
    "derivation.md": "f(x) = ln(e^(3x)+1)\nf'(x) = 3e^(3x)/(e^(3x)+1)\n= 3e^x/(e^(3x)+1)\n",
    "graph.txt": "c = a*b\nd = c + a\n",
}
"""Files that the commands take, as a reader would have them."""
WRONG = ("gradiometer claim \"f'", "gradiometer claim --file")
"""Beginnings of the commands that refute something."""


def test_the_readme_shows_commands_and_python():
    assert len(COMMANDS) >= 10
    assert BLOCKS


def test_shown_commands_work_one_after_the_other(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    wrong = {}
    for command in COMMANDS:
        result = CliRunner().invoke(cli, shlex.split(command)[1:])
        expected = 1 if command.startswith(WRONG) else 0
        if result.exit_code != expected:
            wrong[command] = (result.exit_code, result.output[-300:])
    assert not wrong
    assert (tmp_path / "report.html").exists()


@pytest.mark.parametrize("block", BLOCKS)
def test_shown_python_gives_the_values_in_its_comments(block, tmp_path):
    checks = [f"assert str({m['expression']}) == {m['value'].strip(chr(39))!r}"
              for m in VALUES.finditer(block)]  # fmt: skip
    assert checks
    code = "\n".join([block, *checks, 'assert "landscape_value" in answer.data'])
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "escape.html").exists()
