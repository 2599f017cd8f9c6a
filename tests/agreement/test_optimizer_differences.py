"""What libraries do differently under one name, on the shortest tapes; live with the libraries."""

import numpy as np
import pytest

from agreement.optimizer_differences import DIFFERENCES
from agreement.optimizer_runs import run_ours


def ends_of(difference):
    """Where each rule is after the tape."""
    return {
        rule: run_ours(rule, settings, difference.gradients, difference.first)[0, -1].ravel()
        for rule, settings in difference.rules.items()
    }


def name_of(difference):
    return difference.what.partition(":")[0]


@pytest.mark.parametrize("difference", DIFFERENCES, ids=name_of)
def test_rules_of_one_name_end_at_different_places(difference):
    ends = list(ends_of(difference).values())
    moved = max(np.abs(end - difference.first.ravel()).max() for end in ends)
    apart = max(np.abs(end - ends[0]).max() for end in ends)
    assert apart > 1e-3 * moved


@pytest.mark.oracle
@pytest.mark.parametrize("difference", DIFFERENCES, ids=name_of)
def test_each_library_ends_there_today(difference):
    pytest.importorskip("torch")
    from agreement.live_optimizers import run_live

    for rule, settings in difference.rules.items():
        ours = ends_of(difference)[rule]
        theirs = run_live(rule, settings, difference.gradients, difference.first)[0, -1].ravel()
        assert theirs == pytest.approx(ours, rel=1e-12, abs=1e-15), rule
