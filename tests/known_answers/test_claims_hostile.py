"""Claims made to be judged wrongly: none is, proofs replay, and counterexamples are others' too."""

import sys
import tomllib
from collections import Counter
from pathlib import Path

import mpmath
import pytest

from gradiometer.formula import parse
from gradiometer.proof import check
from gradiometer.question.claim import claim
from known_answers.other_values import holds_between, value_of

ROWS = tomllib.loads(Path(__file__).with_name("claims_hostile.toml").read_text(encoding="utf-8"))[
    "claims"
]
MOST_OPEN = 70
"""How many claims are open now; a change may lower it, never raise it."""
DIGITS = 900
"""Enough to see gaps of 1e-300 beside numbers such as 1e400."""


def answer_of(row):
    return claim(row["says"], where=row.get("where", ()), exactly=row.get("exactly", False))


def parts_of(certificate):
    if certificate is None:
        return []
    return certificate["parts"] if certificate["kind"] == "all" else [certificate]


@pytest.fixture(scope="module")
def judged():
    return [(row, answer_of(row)) for row in ROWS]


def test_there_are_enough_claims_and_half_are_false():
    assert len(ROWS) >= 250
    assert len({(row["says"], *row.get("where", ()), row.get("exactly")) for row in ROWS}) == len(
        ROWS
    )
    assert 0.4 <= sum(row["holds"] for row in ROWS) / len(ROWS) <= 0.6
    assert all(row["because"].strip() for row in ROWS)


def test_no_hostile_claim_is_judged_wrongly(judged, capsys):
    said = [(row, answer.facts["holds"].value) for row, answer in judged]
    counts = Counter(
        "undecided" if holds is None else "right" if holds is row["holds"] else "wrong"
        for row, holds in said
    )
    with capsys.disabled():
        sys.stdout.write(f"\n{len(said)} hostile claims: {dict(counts)}\n")
    assert not [row for row, holds in said if holds is not None and holds is not row["holds"]]
    assert counts["undecided"] <= MOST_OPEN


def test_all_certificates_of_hostile_claims_are_accepted(judged):
    certificates = [a.certificate for _, a in judged if a.certificate is not None]
    assert len(certificates) >= 180
    for certificate in certificates:
        check(certificate)


def test_counterexamples_fail_by_other_code(judged):
    refuted = [(row, a) for row, a in judged if a.facts["holds"].value is False]
    assert len(refuted) >= 100
    for row, answer in refuted:
        [part] = [p for p in parts_of(answer.certificate) if p["kind"] == "counterexample"]
        left, right, relation = (part["problem"][key] for key in ("left", "right", "relation"))
        with mpmath.workdps(DIGITS):
            at = {name: value_of(parse(v).tree, {}) for name, v in part["evidence"]["at"].items()}
            sides = [value_of(parse(side).tree, at) for side in (left, right)]
            assert not holds_between(relation, *sides), row
