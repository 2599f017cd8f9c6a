"""Itineraries, places of rest and ends of tethers, each part on numbers known by hand."""

from types import SimpleNamespace

import pytest
from flint import arb, fmpq

from gradiometer.errors import CertificateError, UndecidedError
from gradiometer.formula import evaluate, parse, precision, to_ball
from gradiometer.proof import fading, itinerary, tether_ends
from gradiometer.proof.check_itinerary import Visit
from gradiometer.proof.check_motion import Mean, Motion
from gradiometer.proof.check_tube import Near
from gradiometer.proof.scene import Scene
from proof.test_prover_choices import ask
from proof.test_prover_fades import valley

ONE = fmpq(1)


# Itineraries.


@pytest.mark.parametrize(
    ("size", "period", "found"),
    [(31, 10, 10), (30, 10, None), (1201, 400, 400), (1204, 401, None), (7, 2, None), (19, 4, 4)],
)
def test_periods_are_found_up_to_the_longest(size, period, found):
    pieces = [index % period for index in range(size)]
    assert itinerary._shortest(pieces, 1 if period > 4 else 12) == found


def motion_of(*rows, memory=(), means=None, values=None):
    names = {"x", "g", "t", *memory, *(target for target, _ in rows), *(values or {})}
    step = tuple((target, parse(text, names=names).tree) for target, text in rows)
    return Motion(60, step, means or {}, tuple(memory), values or {})


ROWS = [("s", "g*2"), ("m'", "m/2 + s"), ("n'", "n/3 + m'"), ("x'", "x - n'")]


@pytest.mark.parametrize(
    ("name", "kept", "read"),
    [
        ("m", {"m'", "s"}, {"m"}),
        ("n", {"n'", "m'", "s"}, {"n", "m"}),
        ("x", {"x'", "n'", "m'", "s"}, {"x", "n", "m"}),
    ],
)
def test_a_part_depends_on_what_its_assignments_read(name, kept, read):
    assert itinerary._targets(motion_of(*ROWS, memory=("m", "n")), name) == (kept, read)


def test_a_mean_depends_on_itself_and_on_what_enters_it():
    mean = Mean(fmpq(1, 2), parse("s + n", names={"s", "n"}).tree)
    motion = motion_of(("s", "g*2"), ("m'", "m"), ("n'", "n/3"), memory=("m", "n"),
                       means={"m": mean})  # fmt: skip
    assert itinerary._targets(motion, "m") == ({"m'", "s"}, {"m", "n"})
    assert itinerary._targets(motion, "n") == ({"n'"}, {"n"})


def slopes_of(*values):
    return [parse(str(value)).tree for value in values]


@pytest.mark.parametrize("rough", ["0", "7/3", "-1/5"])
def test_the_periodic_values_of_a_part_solve_its_map_over_a_period(rough):
    motion = motion_of(("m'", "m/2 + g"), memory=("m",))
    values, factor = itinerary._solve_part(
        motion, "m", slopes_of(1, -2, 3), {}, {"m": evaluate(parse(rough).tree, {})}
    )
    assert factor == fmpq(1, 8)
    # m/2 + 1, then /2 - 2, then /2 + 3 is m/8 + 9/4.
    assert values == [fmpq(18, 7), fmpq(16, 7), fmpq(-6, 7)]
    assert values[2] / 2 + 3 == values[0]


def test_the_periodic_values_of_a_part_follow_those_of_the_parts_that_it_reads():
    motion = motion_of(("m'", "g"), ("n'", "-n/3 + m'"), memory=("m", "n"))
    known = {"m": [fmpq(3), fmpq(1)]}
    values, factor = itinerary._solve_part(motion, "n", slopes_of(1, 3), known, {"n": ONE})
    assert factor == fmpq(1, 9)
    assert values == [3, 0]
    motion = motion_of(("n'", "n/2 + m"), memory=("m", "n"))
    values, _ = itinerary._solve_part(motion, "n", slopes_of(1, 3), known, {"n": ONE})
    assert [value / 2 + part for value, part in zip(values, known["m"], strict=True)] == (
        [values[1], values[0]]
    )


@pytest.mark.parametrize("keeps", ["1", "-1", "2"])
def test_a_part_that_does_not_shrink_does_not_settle(keeps):
    motion = motion_of(("m'", f"{keeps}*m + g"), memory=("m",))
    with pytest.raises(UndecidedError, match="does not settle"):
        itinerary._solve_part(motion, "m", slopes_of(1), {}, {"m": ONE})


def test_periodic_values_that_are_not_rational_are_refused():
    motion = motion_of(("m'", "m/2 + sqrt(2)*g"), memory=("m",))
    with precision(128), pytest.raises(CertificateError, match="not rational"):
        itinerary._solve_part(motion, "m", slopes_of(1), {}, {"m": ONE})


def test_the_slowest_factor_is_that_of_what_still_moves_and_that_of_all():
    rates = {"a": fmpq(1, 2), "b": fmpq(-3, 4), "c": fmpq(0)}

    def ask_for(**gaps):
        gaps = {name: fmpq(gaps.get(name, 0)) for name in rates}
        return itinerary._slowest(None, rates, gaps, 3)

    assert ask_for(a=1) == {fmpq(1, 2), fmpq(3, 4)}
    assert ask_for(b=1) == {fmpq(3, 4)}
    assert ask_for(c=1) == ask_for() == {fmpq(0), fmpq(3, 4)}
    assert itinerary._slowest(None, {}, {}, 3) == {0}


def go_round(monkeypatch, total, *, name="m", fails=False):
    steps = [SimpleNamespace(centre="early"), SimpleNamespace(centre=total)]

    def follow(replay, motion, done, settled):
        if fails and settled.state[name].spread:
            raise UndecidedError("too wide")
        return settled.state, steps

    monkeypatch.setattr(itinerary, "follow", follow)
    settled = itinerary.Settled([0], {name: Near(ONE, ONE)}, ONE)
    return itinerary._go_round(SimpleNamespace(replay=None), None, 60, settled), steps


def test_a_period_has_to_lead_back(monkeypatch):
    for fails in (False, True):
        with pytest.raises(UndecidedError, match="do not add up to 0"):
            go_round(monkeypatch, fmpq(1, 10**9), fails=fails)
        with pytest.raises(CertificateError, match="not rational"):
            go_round(monkeypatch, arb(0), fails=fails)
    # A position that is solved along with the memory returns by itself.
    for total in (fmpq(1), arb(1)):
        found, steps = go_round(monkeypatch, total, name="x")
        assert found == ({"x": Near(ONE, ONE)}, steps)


def test_a_period_is_not_told_where_the_distances_of_the_run_are_too_large(monkeypatch):
    found, steps = go_round(monkeypatch, fmpq(0))
    assert found == ({"m": Near(ONE, ONE)}, steps)
    assert go_round(monkeypatch, fmpq(0), fails=True)[0] is None


def test_a_memory_settles_with_the_first_factor_that_is_slow_enough(monkeypatch):
    asked = []

    def spread(prefix, motion, done, settled, gaps, *, first):
        asked.append((settled.shrink, first))
        if settled.shrink < least:
            raise UndecidedError("too fast")
        return settled, "tour"

    monkeypatch.setattr(itinerary, "_solve", lambda *_: (
        {"a": fmpq(1), "b": fmpq(-2)}, {"a": fmpq(1, 2), "b": fmpq(3, 4)}))  # fmt: skip
    monkeypatch.setattr(itinerary, "_go_round", lambda *given: ("round", given[-1].state["a"]))
    monkeypatch.setattr(itinerary, "_spread", spread)
    monkeypatch.setattr(itinerary, "find_visits", lambda *given: ("visits", given[-1]))
    prefix = SimpleNamespace(states={60: {"a": fmpq(3), "b": fmpq(-2)}})
    motion = SimpleNamespace(convert=lambda state: state)
    least = fmpq(7, 10)
    found, visits = itinerary._settle(prefix, motion, 60, [0, 1])
    # From 1/2 on by an eighth, a half and seven eighths of the way to 1.
    assert asked == [(fmpq(9, 16), ("round", Near(ONE, fmpq(2)))), (fmpq(3, 4), None)]
    assert (found.shrink, found.pieces, visits) == (fmpq(3, 4), [0, 1], ("visits", "tour"))
    assert {name: part.centre for name, part in found.state.items()} == {"a": 1, "b": -2}
    least = fmpq(2)
    with pytest.raises(UndecidedError, match="too fast"):
        itinerary._settle(prefix, motion, 60, [0, 1])
    assert asked[-1] == (fmpq(31, 32), None)


def test_an_interval_holds_the_way_and_all_visits():
    states = [{"x": fmpq(value)} for value in (0, 3, -1, 99)]
    visits = [Visit(fmpq(1), fmpq(0), fmpq(4)), Visit(fmpq(-2), fmpq(0), fmpq(1, 2))]
    prefix = SimpleNamespace(states=states)
    assert itinerary._interval(prefix, 2, visits) == (-3, 5)
    assert itinerary._interval(prefix, 2, visits[1:]) == (fmpq(-5, 2), 3)
    assert itinerary._interval(prefix, 0, visits[1:]) == (fmpq(-5, 2), 0)
    assert itinerary._interval(prefix, 3, visits) == (-3, 99)
    near = [Visit(fmpq(1), fmpq(0), fmpq(0))]
    for done, ends in enumerate([(0, 1), (0, 3), (-1, 3), (-1, 99)]):
        assert itinerary._interval(prefix, done, near) == ends


def solve(motion, *slopes, course=(0,), ends=(None,), **state):
    state = {name: fmpq(value) for name, value in state.items()}
    pieces = [SimpleNamespace(slope=parse(text, names={"x"}).tree) for text in slopes]
    replay = SimpleNamespace(pieces=pieces, ends=lambda values: ends)
    return itinerary._solve(SimpleNamespace(states={60: state}, replay=replay), motion, course)


def test_parts_of_the_memory_are_solved_one_after_the_other_whatever_their_order():
    rows = [("m'", "m/2 + g"), ("n'", "n/3 + m'"), ("x'", "x - n'")]
    for memory in (("m", "n"), ("n", "m")):
        centres, rates = solve(motion_of(*rows, memory=memory), "2", x=0, m=1, n=1)
        assert (centres, rates) == ({"m": 4, "n": 6}, {"m": fmpq(1, 2), "n": fmpq(1, 3)})
    moving = [("m'", "m/2 + g"), ("x'", "x/2 - m'")]
    centres, rates = solve(motion_of(*moving, memory=("m",)), "2", x=0, m=1)
    assert (centres, rates) == ({"m": 4, "x": -8}, {"m": fmpq(1, 2), "x": fmpq(1, 2)})


def test_parts_that_depend_on_each_other_and_slopes_that_bend_are_refused():
    rows = [("m'", "m/2 + n"), ("n'", "n/3 + m"), ("x'", "x - n'")]
    with pytest.raises(UndecidedError, match="depend on each other"):
        solve(motion_of(*rows, memory=("m", "n")), "2", x=0, m=1, n=1)
    rows = [("m'", "m/2 + g"), ("x'", "x - m'")]
    with pytest.raises(UndecidedError, match="depends on the position"):
        solve(motion_of(*rows, memory=("m",)), "2", "x", course=(0, 1), x=0, m=1)


@pytest.mark.parametrize(
    ("left", "right", "piece", "holds"),
    [(None, "-8", 0, True), (None, "-81/10", 0, False), ("-8", None, 1, True),
     ("-79/10", None, 1, False), ("-9", "-8", 1, True), ("-9", "-17/2", 1, False)],
)  # fmt: skip
def test_a_position_that_is_solved_lies_on_its_piece(left, right, piece, holds):
    motion = motion_of(("m'", "m/2 + g"), ("x'", "x/2 - m'"), memory=("m",))
    ends = [None if end is None else fmpq(end) for end in (left, right)][1 - piece :]
    slopes, state = ["2"] * (piece + 1), {"x": 0, "m": 1}
    if holds:
        found = solve(motion, *slopes, course=(piece,), ends=ends, **state)[0]
        assert found == {"m": 4, "x": -8}
    else:
        with pytest.raises(UndecidedError, match="on another piece"):
            solve(motion, *slopes, course=(piece,), ends=ends, **state)


def test_an_itinerary_is_the_same_however_far_the_run_has_been_followed():
    run = ask("max(-x, 2*x)", learning_rate="1/7", momentum="1/2", start="1/3", steps=60)
    fresh, followed = Scene(*run), Scene(*run)
    followed.prefix.reach(400)
    first, second = (itinerary.find_itinerary(scene) for scene in (fresh, followed))
    assert first.certificate == second.certificate
    assert first.certificate["evidence"]["from"] == itinerary._HORIZONS[0]


# Fading rates, and ends of tethers.


@pytest.mark.parametrize("root", [0.0, 2.0, -3.0])
def test_nothing_rests_where_what_leads_falls_through_zero_at_the_very_place(root):
    assert fading._list_brackets(lambda x: to_ball(fmpq(int(root)) - x), root) == []


def test_a_joint_between_later_pieces_is_a_place_too():
    ends = [(None, fmpq(-4)), (fmpq(-4), ONE), (ONE, fmpq(5)), (fmpq(5), None)]
    four = valley("-1", "-1", "1", "1", ends=ends)
    for low, high, joint in ((0, 2, 1), (1, 2, 1), (0, 1, 1), (-5, 0, -4), (4, 9, 5)):
        place = fading._close_in(four, None, (fmpq(low), fmpq(high)))
        assert place.rest == (joint, joint)


def test_a_place_that_halving_meets_lies_inside_of_what_is_said():
    root = fmpq(1, 2048)
    smooth = valley("x", ends=[(None, None)])
    place = fading._close_in(smooth, lambda x: to_ball(x - root), (fmpq(0), ONE))
    assert place.rest == (0, fmpq(1, 1024))


def move_outer(monkeypatch, counts, room):
    asked, given = [], iter(counts)

    def count(field, pull, ends, longest):
        asked.append(ends)
        return next(given)

    monkeypatch.setattr(tether_ends, "count_outward", count)
    pull = SimpleNamespace(reach=fmpq(1, 2))
    return tether_ends.move_outer(None, pull, (fmpq(-1), fmpq(3)), room, ONE), asked


def ends_for(left, right):
    return (fmpq(-1) - left * fmpq(505, 1000), -1, 3, 3 + right * fmpq(505, 1000))


def test_outer_ends_are_drawn_in_while_fewer_steps_are_needed(monkeypatch):
    found, asked = move_outer(monkeypatch, [(4, 2), (3, 2), (3, 2)], (10, 5))
    assert asked == [ends_for(10, 5), ends_for(5, 3), ends_for(4, 3)]
    assert found == asked[-1]
    # Fewer steps are allowed for than are needed then: the ends before count.
    found, asked = move_outer(monkeypatch, [(4, 2), (5, 2)], (10, 5))
    assert found == asked[0]
    found, asked = move_outer(monkeypatch, [(4, 2), (4, 3)], (10, 5))
    assert found == asked[0]


def test_outer_ends_are_moved_out_on_the_side_that_needs_it(monkeypatch):
    found, asked = move_outer(monkeypatch, [(4, 2)] * 3, (3, 7))
    assert asked == [ends_for(3, 7), ends_for(5, 7), ends_for(5, 3)]
    assert found == asked[-1]
    found, asked = move_outer(monkeypatch, [(2, 6), (2, 6), (2, 6)], (3, 5))
    assert asked == [ends_for(3, 5), ends_for(3, 7)]
    assert found == ends_for(3, 7)
    counts = [(room, 0) for room in range(3, 9)]
    with pytest.raises(UndecidedError, match="ever further out"):
        move_outer(monkeypatch, counts, (3, 1))
