"""AdaGrad, Yogi and RAdam on smooth landscapes: no verdict contradicts the run by hand."""

import pytest

from proof.smooth_runs import REMEMBERING, compare, share_decided


@pytest.mark.parametrize("seed", [1])
def test_no_verdict_on_a_rule_that_remembers_contradicts_the_run_by_hand(seed):
    words, wrong = compare(seed, REMEMBERING, count=40, steps=400)
    assert wrong == []
    assert share_decided(words) >= 0.85, words
