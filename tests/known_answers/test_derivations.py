"""Derivations with one planted slip: the first wrong line is named, and charged once."""

import tomllib
from collections import Counter
from pathlib import Path

import pytest

from gradiometer.proof import check
from gradiometer.question.claim import claim
from known_answers.write_derivations import TARGET, render

ROOT = Path(__file__).parent
SHARES = 4
FILES = ("derivations.toml", "derivations_by_hand.toml")
ROWS = [
    row
    for name in FILES
    for row in tomllib.loads((ROOT / name).read_text(encoding="utf-8"))["derivations"]
]


def wrong_lines(row):
    """The numbers of the lines that are refuted, and of those that stay open."""
    answer = claim(" = ".join(row["lines"]), where=row.get("where", ()))
    if answer.certificate is not None:
        check(answer.certificate)
    marks = [link["holds"] for link in answer.facts["links"].value]
    numbered = list(enumerate(marks, start=1))
    refuted, still_open = (
        [n for n, mark in numbered if mark is wanted] for wanted in (False, None)
    )
    if refuted:
        assert f"step {refuted[0]} of {len(marks)}" in answer.facts["holds"].because
        assert answer.facts["counterexample"].value["at"]
    return refuted, still_open


def test_there_are_enough_derivations_of_each_kind():
    assert len(ROWS) >= 100
    kinds = Counter(row["slip"] for row in ROWS)
    assert kinds["none"] >= 20
    assert len(kinds) >= 10
    assert all(3 <= len(row["lines"]) <= 6 for row in ROWS)
    assert all(0 <= row["wrong"] < len(row["lines"]) for row in ROWS)


def test_the_file_is_what_the_script_writes():
    assert TARGET.read_text(encoding="utf-8") == render()


@pytest.mark.parametrize("share", range(SHARES))
def test_the_first_wrong_line_is_named_and_charged_once(share):
    rows = ROWS[share::SHARES]
    missed = []
    for row in rows:
        refuted, still_open = wrong_lines(row)
        # A right line is never called wrong, and a wrong one spoils no line after it.
        assert refuted in ([], [row["wrong"]]), row
        if refuted != [row["wrong"]] * bool(row["wrong"]) or still_open:
            missed.append(row)
    assert len(missed) <= 0.02 * len(rows), missed
