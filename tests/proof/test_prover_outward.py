"""Approaches, ways out and regions: what is proposed of runs, on parts known by hand."""

from types import SimpleNamespace

import numpy as np
import pytest
from flint import arb, fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import Range, parse
from gradiometer.proof import approach, outer, trap


def tree(text):
    return parse(text, names={"x"}).tree


def span(low, high):
    return Range(*(None if end is None else fmpq(end) for end in (low, high)))


def refuse(*_, **__):
    raise UndecidedError("It is made up.")


# Points that are never passed.


def put(**changes):
    """Evidence of an approach."""
    row = {"entry": 7, "rest": "1/3", "far": "5", "order": 2, "parts": 30}
    return {**row, **changes}


def search(monkeypatch, rows, outcomes, rates=(), speed=None):
    """What is found of this evidence, where the checker says these of its parts."""
    asked = []

    def check(replay, entry, ends, sizes, speed):
        asked.append((entry, ends, sizes, speed))
        outcome = outcomes[len(asked) - 1]
        if outcome is None:
            raise UndecidedError(f"No {len(asked)}.")
        return outcome

    monkeypatch.setattr(approach, "require_approach", check)
    monkeypatch.setattr(approach, "_propose", lambda *_: iter(rows))
    replay = SimpleNamespace(rates=SimpleNamespace(rows=rates))
    return approach._search(replay, [], speed), asked


def test_the_first_evidence_that_reaches_its_point_counts(monkeypatch):
    rows = [put(entry=entry) for entry in (0, 1, 10)]
    (found, _), asked = search(monkeypatch, rows, [False, True, True])
    assert found == (rows[1], True)
    assert asked[1] == (1, (fmpq(1, 3), fmpq(5)), (2, 30), None)
    (found, _), _ = search(monkeypatch, rows, [False, None, False])
    assert found == (rows[0], False)
    (found, reason), _ = search(monkeypatch, rows, [None, None, None])
    assert (found, reason) == (None, "No 3")
    (found, reason), asked = search(monkeypatch, [], [])
    assert (found, reason, asked) == (None, approach._NONE, [])


def test_where_rates_change_the_first_evidence_counts_that_holds(monkeypatch):
    rows = [put(entry=entry) for entry in (0, 1, 10)]
    (found, _), asked = search(monkeypatch, rows, [None, False, True], {"rate": 1}, "1/10")
    assert found == (rows[1], False)
    assert [row[3] for row in asked] == ["1/10", "1/10"]


@pytest.mark.parametrize(
    ("rates", "least", "speeds"),
    [((), 1, []), ((1,), "1/5", ["1/10"]), ((1,), "1/10", ["1/10"]), ((1,), "1/20", ["1/1000"]),
     ((1,), "1/2000", [])],
)  # fmt: skip
def test_the_largest_speed_that_all_rates_keep_is_asked_for(monkeypatch, rates, least, speeds):
    def check(_, entry, speed):
        if entry or speed > fmpq(least):
            refuse()

    monkeypatch.setattr(approach, "require_endless", check)
    replay = SimpleNamespace(rates=SimpleNamespace(rows=rates))
    assert approach._list_speeds(replay) == speeds


def approach_with(monkeypatch, answers, *, state=(), names=("x",)):
    """The fate where a search says these for each speed, and what is asked of it."""
    asked = []

    def look(replay, states, speed):
        asked.append((states, speed))
        return answers[speed]

    monkeypatch.setattr(approach, "_search", look)
    monkeypatch.setattr(approach, "_list_speeds", lambda _: ["1/10"])
    # The first step may differ from all later ones.
    motions = {1: SimpleNamespace(names=names)}
    monkeypatch.setattr(approach, "read_motion", lambda _, done: motions[done])
    floats = SimpleNamespace(until=lambda steps: np.array([[steps, 5.0], [2.0, 6.0]]))
    course = SimpleNamespace(rule=SimpleNamespace(state=state))
    scene = SimpleNamespace(course=course, replay=None, floats=floats, problem={})
    return approach.find_approach(scene), asked


def test_a_run_that_may_stop_short_of_its_point_has_no_limit_that_is_known(monkeypatch):
    weak, strong = (put(), False), (put(entry=9), True)
    fate, asked = approach_with(monkeypatch, {None: (strong, "")})
    assert (fate.word, fate.limit, asked) == ("converges", fmpq(1, 3), [([1000.0, 2.0], None)])
    assert fate.certificate["claim"]["limit"] == "1/3"
    assert "after step 9 the run is between 1/3 and 5" in fate.because
    assert "short" not in fate.because
    fate, asked = approach_with(monkeypatch, {None: (weak, ""), "1/10": (strong, "")})
    assert (fate.limit, len(asked)) == (fmpq(1, 3), 2)
    fate, _ = approach_with(monkeypatch, {None: (weak, ""), "1/10": (None, "")})
    assert (fate.word, fate.limit) == ("converges", None)
    assert fate.certificate["claim"]["limit"] is None
    assert "may let it stop short" in fate.because


def test_no_point_is_looked_for_without_need(monkeypatch):
    for changes in ({"state": ("m",)}, {"names": ("x", "m")}):
        with pytest.raises(UndecidedError, match="no region is found"):
            approach_with(monkeypatch, {None: ((put(), True), "")}, **changes)
    with pytest.raises(UndecidedError, match="because"):
        approach_with(monkeypatch, {None: (None, "because")})


def test_points_are_proposed_only_where_the_slope_vanishes_and_has_a_value():
    replay = SimpleNamespace(ends=lambda _: (), locate=lambda place, _: int(place > 0),
                             pieces=[SimpleNamespace(slope=tree("log(x)")),
                                     SimpleNamespace(slope=tree("3*x - 1"))])  # fmt: skip
    rows = list(
        approach._propose(replay, [2 - k * (5 / 3 - 1e-9) / 1000 for k in range(1001)], None)
    )
    assert {row["rest"] for row in rows} == {"1/3"}
    assert rows[0]["far"] == str(fmpq(1, 3) + fmpq(168, 100))
    assert approach._near(-0.32)[0] == -1 / approach.Fraction(3)


# Ways out.


def form(**coefficients):
    return SimpleNamespace(coefficients={name: fmpq(v) for name, v in coefficients.items()})


def test_what_all_but_the_slope_adds_counts_by_its_size():
    bounds = {"m": 0.5, "n": 4.0}
    assert outer._weigh(form(x=-2, m=-3, g=9), bounds) == 3.5
    assert outer._weigh(form(n="1/2"), bounds) == 2
    assert outer._weigh(form(g=1), bounds) == 0


@pytest.mark.parametrize(
    ("slope", "far", "steep", "order"),
    [
        # From 4 on the cube rises faster than 12 times the place, and 64 > 1.05*48.
        ("x^3", 4, "12", 1),
        ("-x^3", 4, "12", 1),
        ("x^3", 4, "15", 1),
        ("x^3", 4, "77/5", None),
        ("-x^3", 4, "77/5", None),
        ("x^3", "1/2", "1/5", 1),
        ("x^3", "1/2", "1/4", None),
        # Ranges tell that the third derivative is positive from 4 on, and not the first ones.
        ("x^4 - 2*x^3", 4, "1", 3),
        ("2*x^3 - x^4", 4, "1", 3),
        ("x^4 - 2*x^3", 1, "1", None),
        ("log(x - 5)", 4, "1/100", None),
        ("x^3", 4, "0", 1),
    ],
)
def test_the_order_of_a_proof_that_a_slope_is_steep_is_the_least(slope, far, steep, order):
    assert outer._find_order(tree(slope), fmpq(far), fmpq(steep)) == order


def propose(rows, growth, sides=("x^3", "x^3"), **coefficients):
    """The first evidence for a run with these states and `x' = x + (-1/4)*g` or so."""
    pieces = [SimpleNamespace(slope=tree(side)) for side in sides]
    path = SimpleNamespace(names=("x",), rows=[[float(row)] for row in rows])
    forms = {"x": form(**{"x": 1, "g": "-1/4", **coefficients})}
    replay = SimpleNamespace(pieces=pieces)
    return next(outer._propose(replay, forms, path, 1, fmpq(growth)), None)


def test_the_least_distance_is_proposed_outside_which_slopes_are_steep_enough():
    # A step grows by 2 where the slope is 4*(2 + 1) times the place, which is so from 4 on.
    found = propose([9, 3, -4, 5, 100], 2)
    assert found == {"entry": 3, "bits": outer._BITS, "radius": "4", "slope": "303/25",
                     "weights": {}, "orders": [1, 1]}  # fmt: skip
    # 1.01*4*(4 + 1) is 20.2, so that a distance of 4 is too near.
    assert propose([9, 3, -4, 5, 100], 4)["radius"] == "8"
    assert propose([9, 3, -4, 5, 100], 4)["entry"] == 4
    assert propose([9, 3, -4, 5, 100], 2, x=-3)["slope"] == "101/5"
    assert propose([9, 3, -4, 5, 100], 2, g=1)["slope"] == "303/100"
    assert propose([9, 3, -4], 2) is None
    assert propose([9, 100], 2, sides=("x^3", "x")) is None
    assert propose([9, 100], 2, sides=("x", "x^3")) is None
    assert propose([9, 100], 2, sides=("x^3", "7", "x^3"))["orders"] == [1, 1]
    assert propose([9, 100], 2, sides=("x^4 - 7*x^2 + x", "x^3"))["radius"] == "4"
    assert propose([9, 100], 2, g=0) is None


def test_a_far_distance_is_reached_by_a_little_more():
    assert propose([0, 4.002], 2) is None
    assert propose([0, 4.005], 2)["entry"] == 1


def find_outer(monkeypatch, *, settled=3, blows=True, proposals=(), refused=()):
    asked, growths = [], []

    def until(steps):
        asked.append(steps)
        if blows:
            refuse()

    def suggest(replay, forms, path, settled, growth):
        growths.append(growth)
        return iter(proposals)

    def check(certificate):
        if certificate["evidence"]["entry"] in refused:
            refuse()

    monkeypatch.setattr(outer, "check", check)
    monkeypatch.setattr(outer, "_propose", suggest)
    monkeypatch.setattr(outer, "read_motion", lambda *_: None)
    monkeypatch.setattr(outer, "read_forms", lambda _: {})
    scene = SimpleNamespace(settled_from=settled, replay=None, problem={},
                            floats=SimpleNamespace(until=until))  # fmt: skip
    try:
        return outer.find_outer(scene), asked, growths
    except UndecidedError as error:
        return str(error), asked, growths


def test_the_first_way_out_that_is_accepted_counts(monkeypatch):
    rows = [{"entry": entry, "radius": "8"} for entry in (1, 2)]
    fate, asked, growths = find_outer(monkeypatch, proposals=rows, refused=(1,))
    assert (fate.word, fate.certificate["evidence"], fate.is_checked) == ("diverges", rows[1], True)
    assert (asked, growths) == ([2000], [10])
    assert "from step 2 on the distance from 0 is at least 8" in fate.because
    said, _, growths = find_outer(monkeypatch, proposals=rows, refused=(1, 2))
    assert said == "It is made up"
    assert growths == [10, 2, fmpq(11, 10), fmpq(101, 100)]
    assert find_outer(monkeypatch)[0].startswith("the landscape does not grow fast enough")
    assert find_outer(monkeypatch, settled=5000)[1] == [5000]
    assert find_outer(monkeypatch, settled=None)[0].startswith("the rule changes")
    assert find_outer(monkeypatch, blows=False)[0].endswith("does not blow up")


def test_bounds_of_memories_are_positive_and_settle_slowly_too():
    still = outer._bound_memory({"x": form(g=-2), "m": form(m="1/2")}, fmpq(2))
    assert 0 < still["m"] < 1e-8
    # With m' = 13/5*m + g the bound is 13/20 of itself and 1/2.
    slow = outer._bound_memory({"x": form(g=-2), "m": form(m="13/5", g=1)}, fmpq(4))
    assert slow["m"] == pytest.approx(0.5 / 0.35, rel=0.01)
    both = outer._bound_memory({"x": form(x=2, g=-1), "m": form(x=1, n="1/2"), "n": form(g=3)},
                               fmpq(4))  # fmt: skip
    # The second is 3*(1 + 2/4) at most, and the first a quarter of 1 and of half of that.
    assert both["n"] == pytest.approx(4.5, rel=0.01)
    assert both["m"] == pytest.approx((1 + 2.25) / 4, rel=0.01)


# Regions of cells.


def test_cells_are_as_wide_as_the_run_asks_in_each_coordinate(monkeypatch):
    monkeypatch.setattr(trap, "cell_images", lambda *_: [])
    states = np.array([[50.0, 50.0]] * trap._FIRST + [[1.0, -2.0], [1.5, 6.0], [3.0, 2.0]])
    replay = SimpleNamespace(ends=lambda _: ())
    grid, cells = trap._close(replay, SimpleNamespace(names=("x", "m")), states, 4)
    assert (grid.origin, grid.width) == ((fmpq(1), fmpq(-2)), (fmpq(1, 2), fmpq(2)))
    assert cells == {(0, 0), (1, 4), (4, 2)}
    assert all(type(part) is int for cell in cells for part in cell)


def test_a_coordinate_that_does_not_move_has_a_thin_cell(monkeypatch):
    monkeypatch.setattr(trap, "cell_images", lambda *_: [])
    states = np.array([[1.0, 7.0]] * (trap._FIRST + 2))
    replay = SimpleNamespace(ends=lambda _: ())
    grid, cells = trap._close(replay, SimpleNamespace(names=("x", "m")), states, 4)
    assert grid.width == (fmpq(1, 4 * 10**12),) * 2
    assert cells == {(0, 0)}


def test_a_region_that_grows_without_an_end_is_given_up(monkeypatch):
    def shift(motion, box, ends):
        return [[(arb(low) + arb(high)) / 2 + 1 for low, high in box]]

    monkeypatch.setattr(trap, "cell_images", shift)
    states = np.array([[0.0]] * trap._FIRST + [[0.0], [8.0]])
    with pytest.raises(UndecidedError, match="never leaves"):
        trap._close(SimpleNamespace(ends=lambda _: ()), SimpleNamespace(names=("x",)), states, 8)


def test_what_comes_after_the_entry_does_not_widen_the_interval():
    grid = trap.Grid(("x",), (fmpq(0),), (fmpq(1),))
    scene = SimpleNamespace(problem={})
    states = np.array([[5.0], [-3.0], [1.5], [9.0]])
    low, high = trap._conclude(scene, grid, {(0,), (1,)}, states, 0).interval
    assert -3 - fmpq(1, 1000) < low < -3
    assert 5 < high < 5 + fmpq(1, 1000)


def find_region(monkeypatch, *, settled=2, straight=(False,), names=("m", "x"), closed=(64, 512)):
    asked = []

    def close(replay, motion, states, count):
        asked.append((states.tolist(), count))
        if count not in closed:
            raise UndecidedError(f"Not with {count}.")
        return "grid", count

    def conclude(scene, grid, cells, states, settled):
        return grid, cells, settled

    monkeypatch.setattr(trap, "_close", close)
    monkeypatch.setattr(trap, "_conclude", conclude)
    monkeypatch.setattr(trap, "read_motion", lambda *_: SimpleNamespace(names=names))

    def until(steps):
        return np.array([[steps, 1.0, 2.0]])

    floats = SimpleNamespace(until=until, names=("x", "m", "n"))
    scene = SimpleNamespace(settled_from=settled, replay=None, floats=floats, straight=straight)
    try:
        return trap.find_region(scene), asked
    except UndecidedError as error:
        return str(error), asked


def test_regions_are_tried_with_few_cells_and_then_with_more(monkeypatch):
    state = [[1.0, float(trap._STEPS)]]
    assert find_region(monkeypatch, closed=(48,)) == (("grid", 48, 2), [(state, 48)])
    found, asked = find_region(monkeypatch, closed=(120,), straight=(True, False))
    assert found == ("grid", 120, 2)
    assert asked == [(state, 48), (state, 120)]
    assert find_region(monkeypatch, closed=())[0] == "Not with 120"
    assert find_region(monkeypatch, names=("x",))[0] == ("grid", 64, 2)
    assert "changes" in find_region(monkeypatch, settled=None)[0]
    assert "straight" in find_region(monkeypatch, straight=(True, True))[0]
    assert "remembered" in find_region(monkeypatch, names=("x", "m", "n"))[0]
