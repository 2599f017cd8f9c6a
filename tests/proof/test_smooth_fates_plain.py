"""Descent and momentum on smooth landscapes: no verdict contradicts the run by hand."""

import pytest

from proof.smooth_runs import ADAPTIVE, PLAIN, compare, share_decided


@pytest.mark.parametrize("seed", [1, 2])
def test_no_verdict_on_descent_or_momentum_contradicts_the_run_by_hand(seed):
    words, wrong = compare(seed, PLAIN, count=110, steps=400)
    assert wrong == []
    assert share_decided(words) >= 0.97, words


@pytest.mark.slow
def test_no_verdict_contradicts_many_long_runs_by_hand(capsys):
    for kinds in (PLAIN, ADAPTIVE):
        words, wrong = compare(99, kinds, count=1000, steps=6000)
        with capsys.disabled():
            print(f"\n{share_decided(words):.1%} of {words.total()} decided: {dict(words)}")
        assert wrong == []
        assert share_decided(words) >= 0.97
