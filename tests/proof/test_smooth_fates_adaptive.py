"""RMSProp and Adam on smooth landscapes: no verdict contradicts the run by hand."""

import pytest

from proof.smooth_runs import ADAPTIVE, compare, share_decided


@pytest.mark.parametrize("seed", [1, 2])
def test_no_verdict_on_an_adaptive_rule_contradicts_the_run_by_hand(seed):
    words, wrong = compare(seed, ADAPTIVE, count=50, steps=400)
    assert wrong == []
    assert share_decided(words) >= 0.95, words
