"""Random runs whose rate fades: long runs by hand come ever closer to the proved limits."""

import random

import pytest

from properties.random_fading import FAMILIES, tally


def show(words, capsys):
    with capsys.disabled():
        print("", *(f"{key}: {count}" for key, count in sorted(words.items())), sep="\n  ")


@pytest.mark.parametrize("seed", range(2))
def test_no_limit_contradicts_a_run_by_hand(seed, capsys):
    words, wrong = tally(random.Random(seed), 21)
    show(words, capsys)
    assert wrong == []
    decided = sum(count for (_, word), count in words.items() if word == "converges")
    assert decided >= 12


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 130))
def test_no_limit_contradicts_a_run_by_hand_of_thousands(seed, capsys):
    words, wrong = tally(random.Random(seed), 20 * len(FAMILIES))
    show(words, capsys)
    assert wrong == []


def test_false_limits_are_contradicted():
    words, wrong = tally(random.Random(1), 14, spoil=True)
    decided = sum(count for (_, word), count in words.items() if word == "converges")
    assert len(wrong) >= 0.9 * decided
