"""Fates on landscapes of straight pieces are what long exact runs do; few stay open."""

from collections import Counter

import pytest

from properties.random_kinks import ADAPTIVE, FIRST_ORDER, decide


def tally(seeds, rules, capsys):
    """The share that is decided, after no long run contradicts any verdict."""
    words, unknown = Counter(), []
    for seed in seeds:
        said, word, against = decide(seed, rules)
        assert not against, (seed, said, against)
        words[word] += 1
        unknown += [said] if word == "unknown" else []
    with capsys.disabled():
        print(f"\n{dict(words)}", *unknown, sep="\n  ")
    return 1 - words["unknown"] / sum(words.values())


@pytest.mark.parametrize("part", range(2))
def test_momentum_and_sign_rules_are_decided(part, capsys):
    assert tally(range(10 * part, 10 * part + 10), FIRST_ORDER, capsys) >= 0.9


def test_adam_and_rmsprop_are_decided(capsys):
    assert tally(range(6), ADAPTIVE, capsys) >= 0.83


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_more_momentum_and_sign_rules_are_decided(part, capsys):
    assert tally(range(40 * part, 40 * part + 40), FIRST_ORDER, capsys) >= 0.95


@pytest.mark.slow
@pytest.mark.parametrize("part", range(2))
def test_more_adam_and_rmsprop_are_decided(part, capsys):
    assert tally(range(12 * part, 12 * part + 12), ADAPTIVE, capsys) >= 0.83


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_many_momentum_and_sign_rules_are_decided(part, capsys):
    assert tally(range(1000 + 120 * part, 1120 + 120 * part), FIRST_ORDER, capsys) >= 0.97


@pytest.mark.slow
@pytest.mark.parametrize("part", range(8))
def test_many_adam_and_rmsprop_are_decided(part, capsys):
    assert tally(range(1000 + 50 * part, 1050 + 50 * part), ADAPTIVE, capsys) >= 0.88
