"""Which run-up is chosen, where made-up climbs and bounds have a known best one."""

from types import SimpleNamespace

import pytest
from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.proof import phases
from gradiometer.proof.phases import Below

KINK, ABOVE = fmpq(1), fmpq(2)
WEDGE = SimpleNamespace(kink=KINK)
WAYS = SimpleNamespace(drive="a rule", carry="the same")
NEAR = 1 - fmpq(2, 10**23)
"""As a part of the overshoot, nearer to 1 than a quarter of what is called one number."""
APART = 1 - fmpq(3, 10**23)


class RunUp:
    """Climbs from a table: how far each length climbs, and after how many steps."""

    def __init__(self, tops, *, step=None):
        self.tops, self.step, self.asked = tops, step or {}, []

    def require_start(self, drive, steps):
        self.asked.append(steps)
        if steps not in self.tops:
            raise UndecidedError(f"a run-up of {steps} does not climb")

    def climb(self, steps):
        return self.tops[steps], self.step.get(steps, steps)


def search(run_up, settled=None, *, first=(), above=ABOVE):
    return phases._search(WAYS, WEDGE, run_up, above, settled, first=first)


def test_the_highest_climb_is_chosen_and_its_steps_are_counted_from_the_kink():
    run_up = RunUp({1: fmpq(3, 2), 2: fmpq(7, 4), 3: fmpq(5, 3)}, step={1: 4, 2: 7, 3: 9})
    assert search(run_up) == Below(fmpq(7, 4), 2, 5)


def test_long_run_ups_are_tried_while_short_ones_stay_apart_from_the_bound():
    run_up = RunUp({1: KINK + APART, 8192: KINK + NEAR}, step={8192: 8192})
    lengths = [steps for steps in phases._LENGTHS if steps not in (1, 8192)]
    run_up.tops |= {steps: fmpq(3, 2) for steps in lengths}
    run_up.step = dict.fromkeys(lengths, 0) | {8192: 8195}
    assert search(run_up) == Below(KINK + NEAR, 8192, 3)


@pytest.mark.parametrize("top", [KINK + NEAR, ABOVE])
def test_no_length_is_tried_after_one_that_comes_to_the_bound(top):
    run_up = RunUp({1: top, 2: ABOVE})
    assert search(run_up).after == 1
    assert run_up.asked == [1]


def test_a_limit_at_the_bound_is_passed_by_no_run_up_that_only_comes_near_it():
    settled = Below(KINK + NEAR, None, 6)
    run_up = RunUp(dict.fromkeys(phases._LENGTHS, KINK + NEAR))
    assert search(run_up, settled) is settled
    assert max(run_up.asked) < 1000


def test_a_run_up_that_reaches_the_bound_is_better_than_a_limit_there():
    run_up = RunUp({1: fmpq(3, 2), 2: ABOVE})
    assert search(run_up, Below(KINK + NEAR, None, 6)).after == 2
    assert run_up.asked == [1, 2]


def test_a_limit_apart_from_the_bound_counts_where_it_is_higher():
    climbs = dict.fromkeys((1, 2), KINK + fmpq(1, 2))
    higher, lower = Below(fmpq(7, 4), None, 3), Below(fmpq(5, 4), None, 3)
    assert search(RunUp(climbs), higher) is higher
    assert search(RunUp(climbs), lower).after == 1
    assert search(RunUp(climbs), Below(KINK + APART, None, 3)).after is None
    assert search(RunUp({}), lower) is lower


def test_only_the_lengths_that_promise_most_are_tried_where_these_are_known():
    run_up = RunUp({1: fmpq(3, 2), 5: fmpq(4, 3)})
    assert search(run_up, first=(5,)).after == 5


def test_lengths_are_tried_until_their_steps_are_too_many():
    tops = {1: fmpq(3, 2), 2: fmpq(5, 3), 3: fmpq(7, 4)}
    most = phases._MOST_WORK
    assert search(RunUp(tops, step={1: most, 2: 1})).after == 2
    assert search(RunUp(tops, step={1: most + 1})).after == 1


def test_climbs_that_are_given_up_count_as_long_ones():
    lengths = phases._LENGTHS[:9]
    late = lengths[most := phases._MOST_WORK // phases._LONGEST_CLIMB]
    run_up = RunUp({late: fmpq(3, 2), lengths[most + 1]: fmpq(7, 4)})
    assert search(run_up).after == late
    assert run_up.asked == list(lengths[: most + 1])


def test_without_any_climb_the_last_reason_is_told():
    with pytest.raises(UndecidedError, match="of 7 does not climb"):
        search(RunUp({}), first=(5, 7))


def choose(monkeypatch, simple, returns, belows, crowds=()):
    """The choice between bounds from three lists, each with the climb that is found below it."""
    taken = []

    def give(rows, name="bound"):
        for row in rows:
            if isinstance(row, str):
                raise UndecidedError(row)
            taken.append(row)
            yield row, (), {name: str(row)}

    monkeypatch.setattr(phases, "list_simple_bounds", lambda *_: give(simple))
    monkeypatch.setattr(phases, "list_crowd_bounds", lambda *_: give(crowds, "tail"))
    monkeypatch.setattr(phases, "list_return_bounds", lambda *_: give(returns))
    found = iter(belows)
    monkeypatch.setattr(phases, "_search", lambda *_, first: next(found))
    return phases._choose(WAYS, WEDGE, None, None), taken


def test_the_bound_that_is_nearest_to_its_climb_is_chosen(monkeypatch):
    climbs = [Below(fmpq(2), 3, 1), Below(fmpq(5, 2), 4, 1), Below(fmpq(2), 5, 1)]
    simple, returns = [fmpq(4), fmpq(13, 4)], [fmpq(3)]
    (below, others, evidence), _ = choose(monkeypatch, simple, returns, climbs)
    # The gaps are 2, 1/2 and 1 of the overshoot.
    assert (below, others, evidence) == (climbs[1], fmpq(13, 4), {"bound": "13/4"})


def test_a_gap_is_measured_by_the_overshoot():
    assert phases._gap(Below(fmpq(3), 1, 1), fmpq(4), WEDGE) == 0.5


@pytest.mark.parametrize(("after", "more"), [(None, 1), (3, 2)])
def test_a_tiny_gap_is_enough_for_a_limit_only(monkeypatch, after, more):
    above = [2 + fmpq(1, 10**24), fmpq(2)]
    climbs = [Below(fmpq(2), after, 1), Below(fmpq(2), 3, 1)]
    (_, others, _), taken = choose(monkeypatch, above[:1], above[1:], climbs)
    assert len(taken) == more
    assert others == above[more - 1]


def test_no_bound_is_tried_after_one_that_is_reached(monkeypatch):
    _, taken = choose(monkeypatch, [fmpq(2), fmpq(3)], [], [Below(fmpq(2), 3, 1)])
    assert taken == [fmpq(2)]


def test_a_gap_that_is_not_tiny_is_closed_further(monkeypatch):
    above = [2 + fmpq(1, 10**22), fmpq(2)]
    climbs = [Below(fmpq(2), None, 1), Below(fmpq(2), 3, 1)]
    assert choose(monkeypatch, above[:1], [], climbs, above[1:])[0][1] == 2


@pytest.mark.parametrize(("digits", "is_boxed"), [(24, False), (22, True)])
def test_memories_are_boxed_where_no_other_bound_is_next_to_its_climb(
    monkeypatch, digits, is_boxed
):
    above = [2 + fmpq(1, 10**digits), fmpq(2)]
    climbs = [Below(fmpq(2), 3, 1), Below(fmpq(2), 3, 1)]
    assert choose(monkeypatch, above[:1], [], climbs, above[1:])[0][1] == above[is_boxed]


def test_bounds_that_return_are_tried_where_simple_ones_fail(monkeypatch):
    climb = Below(fmpq(2), 3, 1)
    (below, _, _), _ = choose(monkeypatch, ["no box"], [fmpq(3)], [climb])
    assert below is climb
    with pytest.raises(UndecidedError, match="no plan"):
        choose(monkeypatch, ["no box"], ["no plan"], [])


def test_long_rationals_are_claimed_between_short_ends():
    exact, long = fmpq(3, 7), fmpq(2**2001 + 1, 2**2002)
    assert phases._ends_of(exact, exact) == (exact, exact)
    low, high = phases._ends_of(long, long)
    assert low < long < high
    low, high = phases._ends_of(fmpq(1, 3), fmpq(1, 2))
    assert low <= fmpq(1, 3) < fmpq(1, 2) <= high
