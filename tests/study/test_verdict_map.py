"""The maps of verdicts: every claim of the study holds, and every proved cell is backed."""

import copy
import json
from pathlib import Path

import pytest

from gradiometer.proof import check
from gradiometer.study import check_study, run_study
from gradiometer.terminal.verify_facts import find_differences

SHEET = Path(__file__).resolve().parents[2] / "studies" / "verdict_map.toml"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def result():
    study, problems = check_study(SHEET)
    assert not problems
    return run_study(study)


def test_every_claim_holds(result):
    assert [part.error for part in result.questions if part.error] == []
    assert [claim.holds for claim in result.claims] == [True] * 10


def test_every_proved_cell_is_backed_by_its_certificate(result):
    for part in result.questions:
        check(part.answer.certificate)
        answer = json.loads(part.answer.to_json())
        parts = answer["certificate"]["parts"]
        asked = {"inputs": answer["inputs"], "question": "sweep"}
        assert find_differences(answer["facts"], parts, **asked) == []
        changed = copy.deepcopy(answer["facts"])
        for row in changed["proofs"]["value"]:
            row["verdict"] = "diverges" if row["verdict"] != "diverges" else "converges"
        found = find_differences(changed, parts, **asked)
        assert len(found) >= len(changed["proofs"]["value"])
