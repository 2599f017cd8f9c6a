"""Derivations of several lines with one planted slip: the right line, its kind, charged once."""

import tomllib
from collections import Counter
from pathlib import Path

import pytest

from gradiometer.proof import check
from gradiometer.question.claim import claim
from known_answers.derivation_layouts import KINDS, LAYOUTS
from known_answers.test_derivations import ROWS

ROOT = Path(__file__).parent
TEXTS = tomllib.loads((ROOT / "derivation_texts.toml").read_text(encoding="utf-8"))["derivation"]
SHARES = 4


def judge(path, text):
    """The first wrong line (0 for none), the kind of its slip, and how many lines are charged."""
    path.write_text(text, encoding="utf-8", newline="")
    answer = claim(file=str(path))
    if answer.certificate is not None:
        check(answer.certificate)
    facts = answer.facts
    wrong = facts["first_wrong"].value["line"] if "first_wrong" in facts else 0
    slip = facts["slip"].value if "slip" in facts else None
    marks = [row["holds"] for row in facts["lines"].value]
    charged = facts["charged"].value if "charged" in facts else 0
    assert (facts["holds"].value is False) == (wrong > 0)
    return wrong, slip and slip["kind"], charged, None in marks


def test_there_are_enough_derivations_with_and_without_a_slip():
    right = [row for row in TEXTS if row["wrong"] == 0]
    assert len(TEXTS) + len(ROWS) >= 200
    assert len(right) + sum(row["wrong"] == 0 for row in ROWS) >= 50
    assert len({kind for row in TEXTS for kind in row.get("slip", ())}) >= 15


@pytest.mark.parametrize("row", TEXTS, ids=lambda row: row["about"])
def test_document_is_judged_right_and_its_slip_is_named(row, tmp_path):
    wrong, kind, charged, is_open = judge(tmp_path / "derivation.md", row["text"])
    assert wrong == row["wrong"]
    assert charged == row.get("charged", int(row["wrong"] > 0))
    assert not is_open
    assert kind in row["slip"] if row["wrong"] else kind is None


@pytest.mark.parametrize("share", range(SHARES))
def test_layouts_of_a_derivation_have_the_same_first_wrong_line(share, tmp_path):
    rows = ROWS[share::SHARES]
    missed, named = [], Counter()
    for place, row in enumerate(rows):
        text, before = LAYOUTS[place % len(LAYOUTS)](row)
        wrong, kind, charged, is_open = judge(tmp_path / "derivation.md", text)
        # A right line is never charged, whatever stands before it.
        assert wrong in (0, before + row["wrong"]), text
        assert charged <= 1, text
        missed += [text] * (is_open or wrong != (before + row["wrong"] if row["wrong"] else 0))
        if row["slip"] in KINDS:
            named[kind in KINDS[row["slip"]]] += 1
    assert len(missed) <= 0.02 * len(rows), missed
    assert named[True] >= 0.8 * named.total(), named
