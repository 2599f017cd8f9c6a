"""Claims whose truth is known: none is judged wrongly, nearly all are decided, proofs replay."""

import tomllib
from pathlib import Path

import pytest

from gradiometer.proof import check
from gradiometer.question.claim import claim

ROWS = tomllib.loads(Path(__file__).with_name("claims.toml").read_text(encoding="utf-8"))["claims"]


def judge(row):
    """Whether the claim holds, None where it is open; a proof or a counterexample is replayed."""
    answer = claim(row["says"], where=row.get("where", ()))
    holds = answer.facts["holds"].value
    if answer.certificate is not None:
        check(answer.certificate)
    if holds is False:
        assert answer.facts["counterexample"].value["left"] is not None
        assert answer.certificate is not None, "a point that nobody can replay"
    return holds, answer.certificate is not None


@pytest.fixture(scope="module")
def judged():
    return [(row, *judge(row)) for row in ROWS]


def test_there_are_enough_claims_and_half_are_false():
    assert len(ROWS) >= 150
    assert len({(row["says"], *row.get("where", ())) for row in ROWS}) == len(ROWS)
    assert 0.4 <= sum(row["holds"] for row in ROWS) / len(ROWS) <= 0.6
    assert all(row["because"].strip() for row in ROWS)


def test_no_claim_is_judged_wrongly(judged):
    wrong = [row for row, holds, _ in judged if holds is not None and holds is not row["holds"]]
    assert not wrong


def test_nearly_all_claims_are_decided(judged):
    still_open = [row["says"] for row, holds, _ in judged if holds is None]
    assert len(still_open) <= 0.05 * len(ROWS), still_open


def test_nearly_all_decisions_have_a_certificate(judged):
    without = [row["says"] for row, holds, has_one in judged if holds is not None and not has_one]
    assert len(without) <= 0.02 * len(ROWS), without
