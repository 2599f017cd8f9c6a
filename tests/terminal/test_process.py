"""The command as a process: fast to start, quiet in a pipe, the same as a module."""

import os
import resource
import shlex
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "gradiometer"]
MOST_SECONDS = 0.3
"""Twice what help may take, because tests share their processor."""


def _run(*words, **more):
    return subprocess.run(
        [*COMMAND, *words], check=False, capture_output=True, text=True, encoding="utf-8", **more
    )


def test_help_is_there_at_once():
    times = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        outcome = _run("--help")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
        assert outcome.returncode == 0
    # Processor time, because a clock on the wall also measures what else the machine does.
    assert statistics.median(times) < MOST_SECONDS, times


def test_module_is_the_command():
    outcome = _run("parameters", "3-2-1")
    assert outcome.returncode == 0
    assert outcome.stdout.startswith("parameters")
    assert outcome.stderr == ""


def test_closed_pipe_is_quiet():
    # An unbuffered standard output drops what a closed pipe does not take, and says nothing.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    with subprocess.Popen(
        [*COMMAND, "schedule", "constant", "--steps", "20000", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    ) as process:
        process.stdout.read(1)
        process.stdout.close()
        said = process.stderr.read()
    assert process.returncode == 141
    assert said == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is full")
@pytest.mark.parametrize("words", [("parameters", "3-2"), ("--help",), ("--version",), ("doctor",)])
def test_full_standard_output_is_said_and_no_defect(words):
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        outcome = subprocess.run(
            [*COMMAND, *words], check=False, stdout=full, stderr=subprocess.PIPE, text=True
        )
        silent = subprocess.run([*COMMAND, *words], check=False, stdout=full, stderr=full)
    assert outcome.returncode == silent.returncode == 74
    assert outcome.stderr == "cannot write to the standard output: No space left on device\n"


@pytest.mark.skipif(os.name != "posix", reason="descriptors are closed by the shell")
@pytest.mark.parametrize("words", ["parameters 3-2", "--help", "--version", "activation '?'"])
def test_closed_standard_output_is_said_and_no_defect(words):
    command = f"{shlex.quote(sys.executable)} -m gradiometer {words}"

    def run(line):
        return subprocess.run(line, check=False, shell=True, capture_output=True, text=True)

    outcome = run(f"{command} >&-")
    refused = "?" in words
    assert outcome.returncode == (2 if refused else 74)
    said = "FormulaError" if refused else "cannot write to the standard output: it is closed\n"
    assert outcome.stderr.startswith(said)
    assert run(f"{command} >&- 2>&-").returncode == (2 if refused else 74)


def test_file_needs_no_standard_output(tmp_path):
    path = tmp_path / "a.json"
    words = [sys.executable, "-m", "gradiometer", "parameters", "3-2", "-o", str(path)]
    assert subprocess.run(f"{shlex.join(words)} >&- 2>&-", check=False, shell=True).returncode == 0
    assert path.read_text(encoding="utf-8").startswith("{")


def test_characters_the_screen_cannot_show_are_replaced():
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    outcome = _run("parameters", "3-2-1", env=environment)
    assert outcome.returncode == 0
    assert "parameters" in outcome.stdout


def test_text_that_is_no_unicode_is_refused():
    outcome = _run(b"activation", b"x\xff")
    assert outcome.returncode == 2
    assert "FormulaError" in outcome.stderr


def test_study_is_run_from_any_folder(tmp_path):
    sheet = ROOT / "studies" / "training_mechanics.toml"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    outcome = _run("study", "check", str(sheet), cwd=tmp_path, env=environment)
    assert outcome.returncode == 0, outcome.stderr
