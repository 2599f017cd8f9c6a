"""The page of open questions: each of them is asked, and is open."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from gradiometer.terminal import cli

PAGE = Path(__file__).parents[2] / "docs" / "unknown.md"
ROW = re.compile(r"^\| `(?P<command>[^`]+)` \| `(?P<fact>\w+)` \| (?P<why>.+) \|$", re.MULTILINE)


def list_rows() -> list[tuple[str, str]]:
    """The commands of the page, each with the fact that stays open."""
    return [(m["command"], m["fact"]) for m in ROW.finditer(PAGE.read_text(encoding="utf-8"))]


def test_the_page_has_rows() -> None:
    assert len(list_rows()) >= 12


@pytest.mark.parametrize(("command", "fact"), list_rows())
def test_what_the_page_calls_open_is_open(command: str, fact: str) -> None:
    found = CliRunner().invoke(cli, [*shlex.split(command), "--json"])
    assert found.exit_code in (0, 3), found.output
    facts = json.loads(found.stdout)["facts"]
    assert facts[fact]["status"] == "unknown"
    assert facts[fact]["because"]
