"""Which plans bound climbs that return, on made-up rules whose boxes are known by hand."""

from types import SimpleNamespace

import pytest
from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import Range
from gradiometer.proof import phases_bound
from gradiometer.proof.check_climb import RunUp as Climbs
from gradiometer.proof.check_phases import read_ways
from gradiometer.proof.check_region import contains
from gradiometer.proof.check_returns import LEFT, RIGHT, Plan
from gradiometer.proof.check_wedge import read_wedge
from proof.test_prover_choices import ask
from proof.test_prover_climbs import SLOPES, WEDGE, Memories, wedge_problem
from proof.test_prover_parts import span

# Boxes of states on both sides.


def close(monkeypatch, keeps, *, standing=(), seeds=(), cap=None, shift=1):
    """Closed boxes of a map that goes to the other side by `x -> -(keeps*x) -+ shift`."""
    asked = []

    def follow(drive, wedge, side, box, *, first):
        asked.append((side, first))
        turn = -shift if side == RIGHT else shift
        ends = sorted(-keeps * end + turn for end in (box["x"].lower, box["x"].upper))
        return SimpleNamespace(exits={"x": Range(*ends)})

    monkeypatch.setattr(phases_bound, "follow_side", follow)
    opening = SimpleNamespace(standing=standing)
    found = phases_bound._close(None, WEDGE, opening, seeds, plan=Plan(6, 30), cap=cap or {})
    assert {first for _, first in asked} == {7}
    return found, follow


def box(low, high):
    return {"x": span(low, high)}


def test_closed_boxes_hold_what_comes_and_lead_into_each_other(monkeypatch):
    half = fmpq(1, 2)
    found, follow = close(monkeypatch, half, standing=[(LEFT, box(-3, -1))], seeds=[box(-5, -4)])
    assert set(found) == {LEFT, RIGHT}
    for side in (LEFT, RIGHT):
        exits = follow(None, None, side, found[side], first=7).exits
        assert contains(found[1 - side], exits)
    # The standing runs at -3 to -1 come to the right by 3/2 to 5/2, those at -5 by 7/2.
    assert contains(found[RIGHT], box("3/2", "7/2"))
    assert contains(found[LEFT], box(-5, -4))
    assert found[LEFT]["x"].lower == -5


def test_standing_runs_on_the_right_come_to_the_left(monkeypatch):
    found, _ = close(monkeypatch, fmpq(0), standing=[(RIGHT, box(4, 9))])
    assert found == {LEFT: box(-1, -1), RIGHT: box(1, 1)}


def test_where_no_run_returns_there_is_nothing_to_close():
    opening, plan = SimpleNamespace(standing=()), Plan(6, 30)
    assert phases_bound._close(None, WEDGE, opening, [None, None], plan=plan, cap={}) == {}


def test_a_swing_that_grows_is_not_closed(monkeypatch):
    with pytest.raises(UndecidedError, match="ever wider"):
        close(monkeypatch, fmpq(2), seeds=[box(-5, -4)])


# Plans.


def bound(monkeypatch, *, peaks, tail=None, lasts=3, plan=None):
    asked = {}
    opening = SimpleNamespace(peaks=peaks, arrivals="arrivals")
    found = {
        "open_runs": opening,
        "begin_tail": tail,
        "_hold_run_up": box(0, 1),
        "_find_cap": "a cap",
        "_close": {RIGHT: box(2, 3)},
        "bound_returns": fmpq(9),
    }
    for name, value in found.items():

        def call(*given, name=name, value=value, **more):
            asked[name] = (given, more)
            return value

        monkeypatch.setattr(phases_bound, name, call)
    said = phases_bound._bound_returns("drive", WEDGE, Memories(lasts), plan or Plan(4, 9))
    return said, asked


@pytest.mark.parametrize(("tail", "exits"), [(None, None), (SimpleNamespace(exits="out"), "out")])
def test_a_plan_tells_the_best_run_up_from_all_others(monkeypatch, tail, exits):
    peaks = {2: fmpq(3, 2), 5: fmpq(7, 4), 6: fmpq(1)}
    (others, lengths, evidence), asked = bound(monkeypatch, peaks=peaks, tail=tail)
    assert (others, lengths) == (9, (5,))
    assert evidence == {"run_up": {"x": ["0", "1"]}, "crowd": 4, "alone": 9,
                        "closed": [None, {"x": ["2", "3"]}]}  # fmt: skip
    assert asked["_close"][0][3] == ["arrivals", exits]
    assert asked["_close"][1]["cap"] == "a cap"
    assert asked["bound_returns"][1]["without"] == 5
    assert asked["bound_returns"][0][3] is tail
    assert asked["begin_tail"][0][-1] == box(0, 1)


def test_plans_without_a_crossing_or_with_too_many_steps_are_given_up(monkeypatch):
    with pytest.raises(UndecidedError, match="no run crosses"):
        bound(monkeypatch, peaks={})
    with pytest.raises(UndecidedError, match="too long"):
        bound(monkeypatch, peaks={1: fmpq(2)}, lasts=phases_bound._MOST_WORK)


def test_plans_are_tried_one_after_the_other_and_the_last_reason_is_told(monkeypatch):
    def attempt(drive, wedge, run_up, plan):
        if plan.crowd in refused:
            raise UndecidedError(f"not {plan.crowd}")
        return plan.crowd

    monkeypatch.setattr(phases_bound, "_bound_returns", attempt)
    first, second, third = (plan.crowd for plan in phases_bound._PLANS)
    refused = set()
    assert list(phases_bound.list_return_bounds(None, None, None)) == [first, second, third]
    refused = {first, second}
    found = phases_bound.list_return_bounds(None, None, None)
    assert next(found) == third
    with pytest.raises(UndecidedError, match=f"not {second}"):
        next(found)


def test_boxes_of_which_no_bound_follows_are_left_out(monkeypatch):
    boxes = [{"m": span(0, 1)}, {"m": span(0, 2)}, {"m": span(0, 3)}]
    asked = []

    def list_boxes(drive, run_up, slopes):
        asked.append(slopes)
        return iter(boxes)

    def bound_all(drive, wedge, box, run_up):
        if box["m"].upper == 2:
            raise UndecidedError("too wide")
        return box["m"].upper * 10

    monkeypatch.setattr(phases_bound, "_list_boxes", list_boxes)
    monkeypatch.setattr(phases_bound, "bound_all", bound_all)
    assert list(phases_bound.list_simple_bounds(None, WEDGE, None)) == [
        (10, (), {"memory": {"m": ["0", "1"]}}),
        (30, (), {"memory": {"m": ["0", "3"]}}),
    ]
    assert asked == [SLOPES]


def test_a_real_rule_has_a_box_of_memories_that_both_slopes_keep():
    course, _, _ = ask("abs(x)", learning_rate="1/10", momentum="1/2")
    wedge = read_wedge(wedge_problem(course))
    ways, run_up = read_ways(wedge), Climbs(wedge)
    found = phases_bound._find_cap(ways.drive, run_up, wedge)
    (memory,) = found.values()
    # A sum of slopes -2 or 3 of which half is kept lies between -4 and 6.
    assert (memory.lower, memory.upper) == (-4, 6)
