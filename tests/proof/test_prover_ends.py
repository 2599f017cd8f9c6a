"""Ends and caps that floats and boxes propose, on slopes and maps whose answer is known by hand."""

from math import inf
from types import SimpleNamespace

import numpy as np
import pytest
from flint import fmpq

from gradiometer.formula import Range
from gradiometer.proof import excursion, tether_ends
from gradiometer.proof.tether_ends import Need
from gradiometer.question.course import read_request


def landscape_of(objective):
    given = {"learning_rate": "1"}
    request = read_request(objective, optimizer="sgd", schedule=None, settings=given, start="0",
                           steps=1, at_kink=None)  # fmt: skip
    return request.course.landscape


def test_a_mean_turns_after_as_many_slopes_as_outweigh_what_it_remembers():
    home, away = np.array([[1.0], [3.0]]), np.array([[3.0, 0.0, -5.0]])
    # Half of the mean is kept: 3 away and 1 home turn after 2 slopes, 3 and 3 after 1.
    assert tether_ends._count(home, away, 0.5).tolist() == [[2, 0, 0], [1, 0, 0]]
    assert tether_ends._count(home, away, 0).tolist() == [[0, 0, 0], [0, 0, 0]]
    assert tether_ends._count(home, away, 0.25).tolist() == [[1, 0, 0], [1, 0, 0]]


def test_a_mean_remembers_least_what_was_longest_ago():
    least, away = np.array([[4.0, 2.0, -8.0]]), np.array([1.0, 2.0, 3.0])
    # Weights 1, then 1/2 and 1/2, then 1/2, 1/4 and 1/4, from the nearest place on.
    assert tether_ends._remember(least, away, 0.5).tolist() == [[4.0, 2.0, -3.0]]
    assert tether_ends._remember(least, away, 0).tolist() == [[4.0, 2.0, 2.0]]


@pytest.mark.parametrize("away", [[0.0, 0.0, 0.0], [1.0, inf, inf]])
def test_without_a_bound_of_earlier_steps_a_mean_may_be_all_of_the_least_slope(away):
    least = np.array([[4.0, 2.0, -8.0]])
    assert tether_ends._remember(least, np.array(away), 0.5).tolist() == least.tolist()


def test_rooms_are_what_both_tables_ask_and_infinite_where_no_place_is_left():
    far = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    same = np.full((3, 5), 3.0)
    right, left = tether_ends._find_rooms([same, same], far)
    assert right.tolist() == left.tolist() == [[3, 3, inf], [3, 3, inf], [inf, inf, inf]]
    # One more step where the opposite end lies beyond 4, as it does for an inner end at 4.
    more = np.array([[1.0, 1.0, 1.0, 2.0, 2.0]] * 3)
    right, left = tether_ends._find_rooms([more, np.ones((3, 5))], far)
    assert right.tolist() == [[1, 2, inf], [1, 2, inf], [inf, inf, inf]]
    assert left.tolist() == [[1, 1, inf], [1, 1, inf], [inf, inf, inf]]


@pytest.mark.parametrize(
    ("objective", "keeps", "room"),
    [
        ("abs(x)", 0.0, (1, 1)),
        ("abs(x)", 0.5, (3, 3)),
        # A slope of 8 outweighs one of 1 at once; the other way it takes 4 slopes.
        ("max(-x, 8*x)", 0.5, (5, 2)),
    ],
)
def test_inner_ends_are_close_to_the_run_where_all_slopes_point_home(objective, keeps, room):
    need = Need((-1.0, 2.0), 0.5, inf, keeps)
    (inner, found), *_ = tether_ends.list_inner(landscape_of(objective), need, most=1)
    assert inner == (fmpq(-1025, 1000), fmpq(2025, 1000))
    assert found == room


def test_slopes_are_those_at_the_places_and_not_finite_where_there_is_none():
    slopes = tether_ends._sample(landscape_of("abs(x)"), np.array([-2.0, 0.5, 3.0]))
    assert slopes.tolist() == [-1, 1, 1]
    holes = tether_ends._sample(landscape_of("x^2 + 1/x"), np.array([0.0, 1.0]))
    assert not np.isfinite(holes[0])
    assert holes[1] == 1


class Field:
    """A map of one memory for every slope, `m' = keeps*m + [-1, 1]`."""

    ends = ((None, None),)

    def __init__(self, keeps):
        self.keeps = fmpq(keeps)

    def slopes(self, piece, where):
        assert (where.lower, where.upper) == (None, None)
        return Range(fmpq(-1), fmpq(1))

    def step(self, box, slopes):
        low, high = (end and end * self.keeps for end in (box["m"].lower, box["m"].upper))
        return {
            "x": box["x"],
            "m": Range(
                None if low is None else low + slopes.lower,
                None if high is None else high + slopes.upper,
            ),
        }


def find_cap(keeps):
    point = Range(fmpq(0), fmpq(0))
    return excursion._find_cap(Field(keeps), {0: {"x": point, "m": point}})


@pytest.mark.parametrize(("keeps", "high"), [("1/2", 2), ("3/4", 4), ("9/10", 10), ("0", 1)])
def test_a_cap_is_hardly_wider_than_what_a_mean_can_reach(keeps, high):
    cap = find_cap(keeps)
    assert (cap["x"].lower, cap["x"].upper) == (None, None)
    for end in (-cap["m"].lower, cap["m"].upper):
        assert high <= end <= high + fmpq(1, 50)


def test_a_memory_that_grows_has_no_cap():
    cap = find_cap("2")
    assert cap is None or (cap["m"].lower, cap["m"].upper) == (None, None)


def test_a_cap_that_cannot_be_computed_is_none():
    field = Field("1/2")
    point = Range(fmpq(0), fmpq(0))

    def refuse(*_):
        raise excursion.UndecidedError("the slope has no bound")

    field.slopes = refuse
    assert excursion._find_cap(field, {0: {"x": point, "m": point}}) is None


def test_what_lies_between_a_box_and_a_wider_one_is_halved_towards_the_least_one():
    wide = {"x": Range(None, None), "m": Range(fmpq(-100), fmpq(50))}
    point = {"x": Range(None, None), "m": Range(fmpq(0), fmpq(0))}
    found = excursion._tighten(Field("1/2"), Range(fmpq(-1), fmpq(1)), point, wide)
    # Both ends shrink by the same part.
    assert 2 <= found["m"].upper <= 2 + fmpq(1, 50)
    assert found["m"].lower == -2 * found["m"].upper


def test_boxes_are_narrowed_while_each_narrowing_wins_enough(monkeypatch):
    widths = iter([fmpq(10), fmpq(8), fmpq(79, 10), fmpq(1)])

    def follow(field, piece, box):
        half = next(widths) / 2
        exits = [(0, {"m": Range(-half, half)})]
        return SimpleNamespace(low=-half, high=half, exits=exits)

    monkeypatch.setattr(excursion, "follow", follow)
    start = {"m": Range(fmpq(-9), fmpq(9))}
    flow = SimpleNamespace(low=fmpq(-9), high=fmpq(9), exits=[(0, start)])
    monkeypatch.setattr(excursion, "contains", lambda *_: True)
    _, low, high = excursion._settle(None, (0, start), {0: start}, {0: flow})
    # From 18 to 10 and 8 it wins much, and by a tenth it wins too little to go on.
    assert (low, high) == (fmpq(-79, 20), fmpq(79, 20))


def test_a_narrowing_that_leads_out_of_its_box_is_not_taken(monkeypatch):
    start = {"m": Range(fmpq(-9), fmpq(9))}
    flow = SimpleNamespace(low=fmpq(-9), high=fmpq(9), exits=[(0, start)])
    narrow = SimpleNamespace(low=fmpq(-1), high=fmpq(1), exits=[(0, start)])
    monkeypatch.setattr(excursion, "follow", lambda *_: narrow)
    monkeypatch.setattr(excursion, "contains", lambda *_: False)
    assert excursion._settle(None, (0, start), {0: start}, {0: flow}) == ({0: start}, -9, 9)
