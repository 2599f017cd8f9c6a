"""The enclosure of a run up to its entry: quick balls and the careful form hold the same state."""

import pytest
from flint import arb

from gradiometer.formula import precision
from gradiometer.proof.check_entry import enclose_run
from gradiometer.proof.check_walk import read_replay
from gradiometer.question.trajectory import read_run, trajectory

RUNS = {
    "adam": ("cosh(x)", {"learning_rate": "1/10", "eps": "1/10"}),
    "sgd": ("double_well", {"learning_rate": "1/10", "momentum": "1/2"}),
}


def enclose(rule, steps, bits):
    surface, values = RUNS[rule]
    request = read_run(
        surface, optimizer=rule, schedule=None, set=values, start="3/10", steps=3, at_kink=None,
        engine=None, noise=None, seed=0,
    )  # fmt: skip
    return enclose_run(read_replay(request.course.to_problem()), steps, bits=bits)


@pytest.mark.parametrize("rule", RUNS)
def test_many_bits_enclose_the_same_state_as_few(rule):
    careful, quick = (enclose(rule, 120, bits) for bits in (400, 1200))
    with precision(1200):
        for here, there in zip(careful.box(), quick.box(), strict=True):
            assert here.overlaps(there)
            assert there.rad() < here.rad() < arb("1e-30")


def test_balls_that_lose_all_their_digits_give_way_to_the_careful_form():
    # Balls alone lose more digits on the double well than 512 bits have in so many steps.
    cloud = enclose("sgd", 1500, 512)
    with precision(512):
        assert cloud.box()[0].rad() < arb("1e-100")


@pytest.mark.parametrize("steps", [0, 3, 500])
def test_a_rotation_is_found_however_few_steps_are_asked_for(steps):
    facts = trajectory(
        "max(-x, 3*x/2)", set={"learning_rate": "1/10"}, start="7/3", steps=steps
    ).facts
    assert facts["cycle"].value["period"] == 5
