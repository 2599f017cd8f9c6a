"""Verdicts on random runs of many rules: none contradicts a run by hand, and few stay open."""

from collections import Counter

import pytest

from properties.random_verdicts import ADAPTIVE, FIRST_ORDER, Tally, tally


def show(found, capsys):
    with capsys.disabled():
        print("", *found.report(), *found.unknown, sep="\n  ")


def share(found, ground, rules):
    decided, count = found.decided(ground, rules)
    return decided / count


@pytest.mark.parametrize("seed", range(8))
def test_no_verdict_contradicts_a_run_by_hand(seed, capsys):
    found = tally(seed, 256)
    show(found, capsys)
    assert found.wrong == []
    assert sum(map(Counter.total, found.words.values())) == 256
    assert share(found, "kinked", FIRST_ORDER) >= 0.97
    assert share(found, "smooth", (*FIRST_ORDER, *ADAPTIVE)) >= 0.95


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1000, 1098, 7))
def test_no_verdict_contradicts_a_run_by_hand_of_a_hundred_thousand(first, capsys):
    found = Tally()
    for seed in range(first, first + 7):
        found.join(tally(seed, 1000))
    show(found, capsys)
    assert found.wrong == []
    assert sum(map(Counter.total, found.words.values())) == 7000
    assert share(found, "kinked", FIRST_ORDER) >= 0.99
    assert share(found, "smooth", FIRST_ORDER) >= 0.97
    assert share(found, "smooth", ADAPTIVE) >= 0.95


def test_a_false_verdict_is_contradicted():
    found = tally(3, 40, spoil=True)
    decided = sum(row.total() - row["unknown"] for row in found.words.values())
    assert len(found.wrong) >= 0.9 * decided
