"""Doublings of periods: what is proposed of them, on maps that are known by hand."""

from itertools import pairwise
from types import SimpleNamespace

import pytest
from flint import arb, fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import parse, precision
from gradiometer.model import read_optimizer
from gradiometer.proof import Subject, doubling
from gradiometer.proof.check_rest import Ends


def subject_of(loss="x^2/2", rule="sgd", domain=("0", None), **values):
    """A rule with a free rate on a curve."""
    optimizer = read_optimizer(rule)
    given = {n: p.default for n, p in optimizer.parameters.items() if n != "learning_rate"}
    given |= {name: fmpq(value) for name, value in values.items()}
    row = {"lower": None, "upper": None, "lower_closed": False, "upper_closed": False, "loss": loss}
    names = [name for name in "xyz" if name in loss]
    landscape = {"variables": names, "pieces": [row]}
    ends = tuple(None if end is None else fmpq(end) for end in domain)
    return Subject(optimizer.bind(given), "learning_rate", ends, {}, landscape)


# Doublings.


def test_each_doubling_is_looked_for_from_the_last_one_and_by_the_last_way(monkeypatch):
    asked = []

    def find(subject, step, place, way, *, period):
        asked.append((place, way, period))
        if period == 8:
            raise UndecidedError("lost")
        rate = Ends(fmpq(3 + len(asked)), fmpq(9))
        return doubling.Doubling(period, rate, {}), place + 0.5

    monkeypatch.setattr(doubling, "_find_next", find)
    monkeypatch.setattr(doubling, "read_map", lambda *_: None)
    found = doubling.find_doublings(subject_of(), 1.0, 3.0, most=5)
    assert [row.period for row in found] == [2, 4]
    assert asked == [(1.0, (3.0, 1.5), 2), (1.5, (4.0, 1.0), 4), (2.0, (5.0, 1.0), 8)]
    asked.clear()
    assert len(doubling.find_doublings(subject_of(), 1.0, 3.0, most=1)) == 1


def test_secants_begin_a_little_beyond_the_last_doubling(monkeypatch):
    asked = []
    monkeypatch.setattr(doubling, "_settle", lambda *given: asked.append(given) or 0.25)
    monkeypatch.setattr(doubling, "_solve",
                        lambda *given: asked.append(given) or (arb(5), arb(0.5)))  # fmt: skip
    monkeypatch.setattr(doubling, "check", lambda certificate: asked.append(certificate["claim"]))
    row, place = doubling._find_next(subject_of(), "map", 1.0, (3.0, 2.0), period=4)
    start = 3 + 2 * doubling._FIRST
    assert asked[0] == ("map", 1.0, start, 4)
    assert asked[1] == ("map", 0.25, (start, start + 2 * doubling._SECOND), 4)
    half, wide = doubling._HALF, doubling._HALF * doubling._ROOM
    assert row.rate == Ends(5 - half, 5 + half)
    box = [str(fmpq(1, 2) - wide), str(fmpq(1, 2) + wide)]
    assert asked[2] == {"period": 4, "rate": [str(5 - half), str(5 + half)], "place": box}
    assert (row.period, place) == (4, 0.5)


def settle(text, near, rate, period):
    step = parse(text, names={"x", "r", "a"}).tree
    step = SimpleNamespace(step=step, values={"a": fmpq(2)}, parameter="r")
    return doubling._settle(step, near, rate, period)


def test_a_float_run_ends_on_a_point_of_its_cycle():
    assert settle("x/2 + r/a", 7.0, 3.0, 1) == pytest.approx(3)
    assert settle("sqrt(x)", 0.0, 3.0, 1) == pytest.approx(1)
    # r*x*(1 - x) has a cycle of two points at 16/5 and of four at 7/2.
    for rate, period in ((3.2, 2), (3.2, 4), (3.5, 4)):
        place = settle("r*x*(1 - x)", 0.3, rate, period)
        there = place
        for _ in range(period):
            there = rate * there * (1 - there)
        assert there == pytest.approx(place)
    for rate, period in ((3.2, 1), (3.5, 2), (3.8, 4)):
        with pytest.raises(UndecidedError, match="no cycle"):
            settle("r*x*(1 - x)", 0.3, rate, period)


def made_up(multiplier):
    """A map whose cycle is at 1/8 for every rate, with this multiplier."""
    rates = []

    def newton(box, rate, period):
        return (box + arb(0.125)) / 2 if abs(box - 0.125) > 1e-9 else arb(0.125)

    def orbit(place, rate, period):
        rates.append(float(rate))
        return [place], multiplier(rate)

    return SimpleNamespace(newton=newton, orbit=orbit), rates


def test_secants_find_where_the_multiplier_is_minus_one():
    with precision(400):
        step, rates = made_up(lambda rate: 1 - rate * rate)
        rate, point = doubling._solve(step, 0.125, (1.0, 1.25), 2)
        assert abs(rate**2 - 2) < arb(2) ** -200
        assert point == 0.125
        assert rates[:2] == [1.0, 1.25]
        # 1.25 + (2 - 1.25^2)/(1.25^2 - 1)*0.25 is the secant through both.
        assert rates[2] == pytest.approx(1.25 + 0.4375 * 0.25 / 0.5625)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_secant_is_at_most_four_times_as_long_as_the_one_before(sign):
    with precision(400):
        step, rates = made_up(lambda rate: 99 - sign * rate)
        rate, _ = doubling._solve(step, 0.125, (1.0, 1.0 + sign / 8), 2)
        assert rate == 100 * sign
    ways = [sign * (b - a) for a, b in pairwise(rates)]
    assert ways[:4] == [0.125, 0.5, 2, 8]


def test_a_point_is_polished_until_it_moves_no_more():
    with precision(400):
        step, _ = made_up(lambda rate: rate)
        assert doubling._polish(step, arb(7), arb(1), 2) == 0.125
        step = SimpleNamespace(newton=lambda box, *_: box + 1)
        with pytest.raises(UndecidedError, match="lost"):
            doubling._polish(step, arb(7), arb(1), 2)


def test_a_doubling_that_no_secant_comes_to_is_not_found():
    step, _ = made_up(lambda rate: arb(1) + 1 / (1 + rate * rate))
    with precision(400), pytest.raises(UndecidedError, match="not found"):
        doubling._solve(step, 0.125, (1.0, 1.25), 2)
