"""Quicker ways through a run say what the slow ones say, and refuse what these refuse."""

from types import SimpleNamespace
from typing import Any

import pytest
from flint import arb, fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import precision, to_ball
from gradiometer.proof import itinerary
from gradiometer.proof.check import check
from gradiometer.proof.check_prefix import BITS, Prefix
from gradiometer.proof.check_walk import read_replay
from gradiometer.proof.itinerary import find_itinerary
from gradiometer.proof.scene import Scene
from gradiometer.proof.settled import find_settled_step
from gradiometer.proof.walk import run_exactly
from gradiometer.question.trajectory import read_run, trajectory

KINK = "max(-x, 3*x/2)"


def course(surface, rule, values, *, start="1/3", steps=3, schedule=None):
    return read_run(
        surface, optimizer=rule, schedule=schedule, set=values, start=start, steps=steps,
        at_kink=None, engine=None, noise=None, seed=0,
    ).course  # fmt: skip


def scene(*given, **more):
    found = course(*given, **more)
    settled = find_settled_step(found)
    return Scene(found, run_exactly(found, settled_from=settled), settled)


@pytest.mark.parametrize(
    ("rule", "values", "schedule"),
    [
        ("adam", {"learning_rate": "1/10", "eps": "1/10"}, None),
        ("amsgrad", {"learning_rate": "1/10", "eps": "1/10"}, None),
        ("adamw", {"eps": "1/7"}, "inverse_time"),
        ("momo", {}, None),
    ],
)
def test_balls_of_a_prefix_hold_what_the_slow_steps_hold(rule, values, schedule):
    replay = read_replay(course(KINK, rule, values, schedule=schedule).to_problem())
    with precision(BITS):
        quick, slow = Prefix(replay), Prefix(replay)
        slow._quick = None
        quick.reach(120)
        slow.reach(120)
    assert quick.pieces == slow.pieces
    with precision(2 * BITS):
        for here, there in zip(quick.states, slow.states, strict=True):
            assert here.keys() == there.keys()
            for name, value in here.items():
                ball, other = to_ball(value), to_ball(there[name])
                assert ball.overlaps(other)
                assert ball.rad() <= 1000 * other.rad() + arb("1e-70")


def test_a_step_that_balls_cannot_decide_is_made_from_the_exact_parameters():
    # As balls, 2*1/10 and 2*1/10 cannot be told from each other; as rationals they are equal.
    step = [["m'", "m/2 + sqrt(g)"], ["x'", "x - where(g*a == 2*b, m', -m')/7"]]
    problem = {
        "rule": {"state": {"m": "0"}, "step": step, "values": {"a": "1/10", "b": "1/10"}},
        "pieces": [{"lower": None, "upper": None, "lower_closed": False, "upper_closed": False,
                    "loss": "2*x"}],
        "schedules": {}, "start": "1", "steps": 5, "side": None,
    }  # fmt: skip
    with precision(BITS):
        prefix = Prefix(read_replay(problem))
        last = prefix.reach(6)
        assert prefix._quick is None
        assert last["x"] < 1


def test_a_period_whose_positions_lie_on_other_pieces_is_refused_before_distances_are_sought():
    found = scene(
        "barrier", "adamw", {"learning_rate": "1/10", "eps": "1/10", "h": "1/2"}, start="0",
        steps=20,
    )  # fmt: skip
    with pytest.raises(UndecidedError, match="on another piece than the run"):
        find_itinerary(found)


@pytest.mark.parametrize(
    ("place", "piece", "stays"),
    [(-1, 0, True), (1, 0, False), (-1, 1, False), (1, 1, True), (3, 1, False), (3, 2, True),
     (0, 0, True), (0, 1, True), (1, 2, False)],
)  # fmt: skip
def test_a_periodic_position_lies_between_the_ends_of_its_piece(place, piece, stays):
    ends = [fmpq(0), fmpq(2), None]
    prefix: Any = SimpleNamespace(replay=SimpleNamespace(ends=lambda _: ends))
    places, pieces = [fmpq(-5), fmpq(place)], [0, piece]
    if stays:
        itinerary._require_pieces(prefix, places, pieces)
        return
    with pytest.raises(UndecidedError, match="on another piece than the run"):
        itinerary._require_pieces(prefix, places, pieces)


def test_a_rule_that_reads_the_loss_has_no_periodic_memory_of_its_own():
    answer = trajectory("abs(x)", optimizer="momo", set={}, start="1/3", steps=4)
    assert answer.facts["verdict"].status in ("proved", "unknown")
    with pytest.raises(UndecidedError):
        find_itinerary(scene("abs(x)", "momo", {}))


@pytest.mark.parametrize(("steps", "kind"), [(20, fmpq), (100, arb)])
def test_only_long_runs_give_up_long_rationals(steps, kind):
    values = {"learning_rate": "1/10", "eps": "1/10"}
    found = course("x^2/2", "amsgrad", values, start="3/2", steps=steps)
    run = run_exactly(found, settled_from=None)
    assert not run.ended
    assert isinstance(run.states[-1].position, kind)
    answer = trajectory("x^2/2", optimizer="amsgrad", set=values, start="3/2", steps=steps)
    assert answer.facts["final"].status == "proved"
    check(answer.certificate)
