"""Proofs about smooth runs for ever: false ones are refused, true ones are quick."""

from functools import cache
from time import process_time

import pytest
from flint import arb, fmpq

from gradiometer.errors import CertificateError, UndecidedError
from gradiometer.formula import precision, to_ball
from gradiometer.proof import check, find_fate, find_settled_step, run_exactly
from gradiometer.proof.approach import find_approach
from gradiometer.proof.check_contraction import find_attractor
from gradiometer.proof.check_contraction_read import read_contraction
from gradiometer.proof.check_entry import enclose_run
from gradiometer.proof.check_region import to_dyadic
from gradiometer.proof.check_trap import Grid
from gradiometer.proof.check_walk import read_replay
from gradiometer.proof.scene import Scene
from gradiometer.question import ask, read_run
from gradiometer.question.trajectory import trajectory
from proof.mutants import edited, survivors

RUNS = {
    "a point": ("double_well", {"set": {"learning_rate": "1/2"}}),
    "a cycle": ("double_well", {"set": {"learning_rate": "11/10"}}),
    "momentum": ("logistic_loss", {"set": {"learning_rate": "1", "momentum": "1/2"}}),
    "frozen": (
        "tilted_double_well",
        {
            "optimizer": "rmsprop",
            "set": {"learning_rate": "1/10", "alpha": "9/10", "eps": "11/100"},
        },
    ),
    "adam": (
        "x^2/2",
        {
            "optimizer": "adam",
            "set": {"learning_rate": "1/10", "beta1": "1/2", "beta2": "9/10", "eps": "1/5"},
        },
    ),
    "drifting up": ("x^2/2", {"optimizer": "adagrad", "set": {"learning_rate": "1/2"}}),
    "drifting": (
        "tilted_double_well",
        {"optimizer": "yogi", "set": {"learning_rate": "1/10", "eps": "1/10"}},
    ),
    "a branch": (
        "double_well",
        {
            "optimizer": "radam",
            "set": {"learning_rate": "1/10", "beta2": "9/10", "eps": "1/5", "beta1": "1/2"},
        },
    ),
    "far out": (
        "double_well", {"set": {"learning_rate": "3/2", "momentum": "1/2"}, "start": "3"}
    ),
    "an approach": ("quartic", {"schedule": "1/(k + 1)"}),
    "a region": ("double_well", {"set": {"learning_rate": "3/2"}}),
}  # fmt: skip
KINDS = {"an approach": "approach", "far out": "outer", "a region": "trap"}

STILL_TRUE = {
    "entry more": "a run that is in the region is there one step later too",
    "bits less": "fewer bits may still suffice",
    "bits more": "more bits suffice as well",
    "a little more": "a size, a place or a factor with some slack may be a little different",
    "orders more": "one derivative more shows the same",
    "parts more": "smaller parts show the same",
    "matrix opposite": "a direction and its opposite are one",
    "cells twice": "a cell that is listed twice is one cell",
}
"""Edits of the evidence that may leave a proof of the same claim, and why."""


@cache
def find(name):
    objective, asked = RUNS[name]
    asked = {"optimizer": "sgd", "schedule": None, "set": None, "start": "3/10", **asked}
    request = read_run(objective, steps=4, at_kink=None, engine=None, noise=None, seed=0, **asked)
    course = request.course
    settled = find_settled_step(course)
    run = run_exactly(course, settled_from=settled)
    if name == "an approach":
        # Another proof comes first where rates fade like a power.
        return find_approach(Scene(course, run, settled))
    fate, reasons = find_fate(course, run, settled)
    assert fate is not None, reasons
    return fate


def is_refused(certificate):
    try:
        check(certificate)
    except (CertificateError, UndecidedError):
        return True
    return False


@pytest.mark.parametrize("name", RUNS)
def test_the_kind_is_the_expected_one_and_the_checker_is_quick(name):
    certificate = find(name).certificate
    assert certificate["kind"] == KINDS.get(name, "contraction")
    before = process_time()
    check(certificate)
    assert process_time() - before < 0.5


@pytest.mark.parametrize("name", RUNS)
def test_no_other_claim_is_accepted(name):
    found, count = survivors(find(name).certificate, "claim", is_refused)
    # A wider interval holds the run as well.
    assert [path for path in found if path[0] != "interval"] == []
    assert count >= 25


@pytest.mark.parametrize("name", RUNS)
def test_evidence_that_is_edited_proves_nothing_or_the_same(name):
    found, count = survivors(find(name).certificate, "evidence", is_refused)
    told = {f"{path[0]} {path[-1]}" for path in found} | {str(path[-1]) for path in found}
    for path in found:
        assert {f"{path[0]} {path[-1]}", str(path[-1])} & set(STILL_TRUE), path
    assert count >= 60
    assert told


def test_a_point_that_repels_is_not_accepted():
    certificate = find("a point").certificate
    for factor in ("17/20", "99999/100000", "1", "2"):
        forged = edited(
            certificate,
            (("evidence", "points", 0, 0), "0"),
            (("evidence", "factor"), factor),
            (("claim", "limit"), "0"),
        )
        assert is_refused(forged)


def test_the_other_valley_is_not_accepted():
    certificate = find("a point").certificate
    other = (("evidence", "points", 0, 0), "-1"), (("claim", "limit"), "-1")
    assert is_refused(edited(certificate, *other))
    # From the other side it is the true one.
    assert not is_refused(edited(certificate, *other, (("problem", "start"), "-3/10")))


def test_a_cycle_that_is_run_through_twice_has_no_longer_period():
    certificate = find("a cycle").certificate
    cycle = certificate["claim"]["cycle"]
    twice = {**cycle, "period": 4, "points": cycle["points"] * 2}
    points = certificate["evidence"]["points"] * 2
    forged = edited(certificate, (("evidence", "points"), points), (("claim", "cycle"), twice))
    with pytest.raises(CertificateError, match="shorter period"):
        check(forged)


@pytest.mark.parametrize("eps", ["1/1000", "21/250", "47/1000"])
def test_an_eps_below_the_threshold_is_not_accepted(eps):
    assert is_refused(
        edited(find("frozen").certificate, (("problem", "rule", "values", "eps"), eps))
    )


@pytest.mark.parametrize("step", ["x - learning_rate*sign(g)", "x - learning_rate*g - floor(x)"])
def test_a_step_that_jumps_inside_a_region_is_no_contraction(step):
    """The slope of `sign` and `floor` is 0 on both sides of a jump, which proves nothing there."""
    rule = {"name": "mine", "parameters": {"learning_rate": {"default": "1/10"}},
            "step": {"x'": step}}  # fmt: skip
    facts = trajectory("x^2/2", optimizer=rule, start="1/3", steps=2).facts
    assert facts["verdict"].value in {"unknown", "bounded"}


def test_a_region_across_a_joint_is_not_called_smooth():
    """The kink at 0 lies inside every region around the resting point of this rule."""
    facts = trajectory("|x|", set={"learning_rate": "1/10", "momentum": "1/2"},
                       start="1/30", steps=3).facts  # fmt: skip
    assert facts["verdict"].value != "converges"


def test_rates_with_a_finite_sum_have_no_limit_that_is_called_the_valley():
    facts = trajectory("double_well", schedule="1/(k + 4)^2", start="3/10", steps=3).facts
    assert facts["verdict"].value == "converges"
    assert "limit" not in facts
    certificate = find("an approach").certificate
    faster = (("problem", "schedules", "learning_rate", "rate"), "1/(k + 1)^2")
    assert is_refused(edited(certificate, faster))


@pytest.mark.parametrize(
    ("rate", "momentum", "steps"),
    [("1/10", "0", 5000), ("11/10", "0", 5000), ("13/10", "0", 2000), ("1/10", "9/10", 2000)],
)
def test_an_enclosed_run_keeps_its_digits(rate, momentum, steps):
    """Balls alone are lost after 16 to 71 steps of 53 bits on these runs."""
    request = read_run(
        "double_well", optimizer="sgd", schedule=None, start="3/10", steps=4, at_kink=None,
        set={"learning_rate": rate, "momentum": momentum}, engine=None, noise=None, seed=0,
    )  # fmt: skip
    cloud = enclose_run(read_replay(request.course.to_problem()), steps, bits=64)
    assert cloud.box()[0].rad() < arb(10) ** -12


def test_an_enclosed_run_contains_the_exact_one():
    request = read_run(
        "double_well", optimizer="sgd", schedule=None, start="3/10", steps=8, at_kink=None,
        set={"learning_rate": "1/2", "momentum": "1/3"}, engine=None, noise=None, seed=0,
    )  # fmt: skip
    replay = read_replay(request.course.to_problem())
    x, m, rate, kept = fmpq(3, 10), fmpq(0), fmpq(1, 2), fmpq(1, 3)
    for step in range(1, 11):
        g = x**3 - x
        m = g if step == 1 else kept * m + g
        x -= rate * m
        with precision(80):
            box = enclose_run(replay, step, bits=80).box()
            assert all(ball.contains(to_ball(v)) for ball, v in zip(box, (x, m), strict=True))


def test_a_fixed_point_known_by_two_ends_lies_between_them():
    certificate = find("frozen").certificate
    low, high = certificate["evidence"]["root"]
    beside = str(fmpq(*map(int, high.split("/"))) + fmpq(1, 10**9))
    assert low != high
    assert is_refused(edited(certificate, (("evidence", "points", 0, 0), beside)))


WALLED = {
    "rule": {"state": {}, "step": [["x'", "x - learning_rate*g"]], "values": {}},
    "pieces": [
        {"lower": None, "upper": "3/2", "lower_closed": False, "upper_closed": True,
         "loss": "x^2/2 - 99/100*x"},
        {"lower": "3/2", "upper": None, "lower_closed": False, "upper_closed": False,
         "loss": "-5*x"},
    ],
    "schedules": {"learning_rate": {"rate": "19/10 + cos(k)/100", "values": {}}},
    "start": "0", "steps": 10, "side": None,
}  # fmt: skip
NEAR_THE_WALL = {
    "entry": 0, "bits": 100, "names": ["x"], "points": [["0"]], "matrix": [["11/10"]],
    "factor": "23/25", "free": {}, "cuts": [], "root": ["0", "1"], "drifts": [],
}  # fmt: skip


def test_no_region_around_a_root_reaches_beyond_a_joint():
    # The rest is at 99/100. From 0 a step goes beyond 3/2, from where there is no way back; a
    # region of that size around 0, the place that is written, would end before it.
    replay = read_replay(WALLED)
    with precision(100), pytest.raises(UndecidedError):
        find_attractor(replay, read_contraction(NEAR_THE_WALL))
    apart = {**NEAR_THE_WALL, "matrix": [["1/10"]], "root": ["97/100", "1"], "points": [["1"]]}
    with precision(100):
        assert find_attractor(replay, read_contraction(apart)).points[0].contains(fmpq(99, 100))


@pytest.mark.parametrize(("rate", "is_run"), [("-1/2", False), ("3/2", True)])
def test_a_rate_that_is_negative_later_ends_the_run(rate, is_run):
    # Uphill rates lead to the top of a hill as quickly as others lead to the bottom of a bowl.
    pieces = [{"lower": None, "upper": None, "lower_closed": False, "upper_closed": False,
               "loss": "x^2/2" if is_run else "-x^2/2"}]  # fmt: skip
    schedule = {"rate": f"where(k < 3, 1/10, {rate} - 1/(k + 10))", "values": {}}
    replay = read_replay({**WALLED, "pieces": pieces, "schedules": {"learning_rate": schedule}})
    evidence = {**NEAR_THE_WALL, "entry": 3, "root": None, "matrix": [["1"]], "factor": "3/5"}
    with precision(100):
        if is_run:
            assert find_attractor(replay, read_contraction(evidence)).points == (0,)
        else:
            with pytest.raises(CertificateError, match="negative"):
                find_attractor(replay, read_contraction(evidence))


def test_a_run_beyond_the_largest_float_stays_open():
    # Uphill on exp(-x) slopes soon pass the largest float; nothing may be drawn from them.
    step = {"m'": "m/2 - g/10", "v'": "max(v, m'^2)",
            "x'": "x - learning_rate*m'/(sqrt(v') + 1/1000)"}  # fmt: skip
    rule = {"name": "uphill", "about": "A rule.", "state": {"m": "0", "v": "1"}, "step": step,
            "parameters": {"learning_rate": {"default": "1/5", "domain": "(0, oo)"}}}  # fmt: skip
    answer = ask("trajectory", objective="exp(-x)", optimizer=rule, start="-29/37", steps=60)
    assert answer.facts["verdict"].status == "unknown"


@pytest.mark.parametrize("power", [10**30, -(10**30)])
def test_an_end_out_of_all_proportion_is_refused(power):
    # As a rational it would fill the memory: the library of numbers ends the whole process.
    end = (arb(2) ** power).lower()
    with pytest.raises(UndecidedError, match="proportion"):
        to_dyadic(end)
    with pytest.raises(UndecidedError, match="proportion"):
        Grid(("x",), (fmpq(0),), (fmpq(1),)).cover([1 / end if power < 0 else end])
