"""The page about training says what there is: its commands run, its table has every data set."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from gradiometer.catalog import list_entries
from gradiometer.model import read_dataset
from gradiometer.terminal import cli

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "training.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^ {4}gradiometer (training .*)$", PAGE, re.MULTILINE)
ROWS = re.findall(r"^\| (`.*?) \| (.*?) \| (\d+) \|", PAGE, re.MULTILINE)


def test_the_page_has_commands():
    assert len(COMMANDS) >= 3


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_page_is_understood(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"{n},{n % 7},{'ab'[n % 2]}\n" for n in range(40))
    Path("mine.csv").write_text(f"one,two,species\n{rows}")
    outcome = CliRunner().invoke(cli, [*shlex.split(command), "--dry-run"])
    assert outcome.exit_code == 0, outcome.output
    assert "multiply" in outcome.stdout


def test_the_table_has_every_data_set_and_its_size():
    listed = {}
    for names, examples, inputs in ROWS:
        for name in re.findall(r"`(\w+)`", names):
            listed[name] = examples, int(inputs)
    assert set(listed) == set(list_entries("dataset"))
    for name, (examples, inputs) in listed.items():
        data = read_dataset(name)
        assert data.inputs.shape[1] == inputs
        assert examples in (f"{data.count:,}", "`count`")


def test_the_data_set_of_the_page_is_made_as_it_says(tmp_path):
    text = re.search(r'( {4}name = "rings"\n(?: {4}.*\n)+)', PAGE)[1]
    path = tmp_path / "rings.toml"
    path.write_text(re.sub(r"^ {4}", "", text, flags=re.MULTILINE))
    data = read_dataset(str(path))
    radius = (data.inputs**2).sum(axis=1) ** 0.5
    assert data.classes == ("0", "1", "2")
    assert abs(radius - 1 - data.labels).max() < 0.6
