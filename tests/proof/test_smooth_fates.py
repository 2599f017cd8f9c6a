"""Random runs on smooth landscapes: no verdict contradicts the run by hand, and few are open."""

import random
from collections import Counter

import pytest

from gradiometer.question.trajectory import trajectory
from proof.smooth_runs import contradicts, draw_landscape, draw_rule, grid, simulate


def compare(seed, count, steps):
    """How often each verdict was given, and the contradictions."""
    rng, words, wrong = random.Random(seed), Counter(), []
    for _ in range(count):
        (formula, slope), (rule, settings, step) = draw_landscape(rng), draw_rule(rng)
        start = grid(rng, -2, 2, 40)
        facts = trajectory(formula, optimizer=rule, set=settings, start=start, steps=3).facts
        words[facts["verdict"].value] += 1
        why = contradicts(facts, simulate(slope, step, settings, start, steps))
        if why:
            wrong.append((formula, rule, settings, start, why))
    return words, wrong


def decided(words):
    return 1 - words["unknown"] / words.total()


@pytest.mark.parametrize("seed", range(4))
def test_no_verdict_contradicts_the_run_by_hand(seed):
    words, wrong = compare(seed, 80, 900)
    assert wrong == []
    assert decided(words) >= 0.9, words


@pytest.mark.slow
def test_no_verdict_contradicts_many_long_runs_by_hand(capsys):
    words, wrong = compare(99, 2000, 6000)
    with capsys.disabled():
        print(f"\n{decided(words):.1%} of {words.total()} smooth runs decided: {dict(words)}")
    assert wrong == []
    assert decided(words) >= 0.9
