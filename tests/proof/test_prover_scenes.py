"""What attempts share, and which of them are asked, on rules that differ from step to step."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from flint import fmpq

from gradiometer.errors import DomainError, UndecidedError
from gradiometer.proof import fate as fates
from gradiometer.proof import find_fate, rotation, separate, tether, trap
from gradiometer.proof import scene as scenes
from gradiometer.proof.scene import Scene
from gradiometer.question.course import read_request
from proof.test_prover_choices import ask

RATES = {"learning_rate": {"default": "1/10"}}


def scene_of(step, objective="abs(x)", **more):
    """The scene of a rule that is written by hand."""
    rule = {"name": "mine", "parameters": RATES, "step": step}
    return Scene(*ask(objective, rule=rule, learning_rate="1/10", **more))


# What attempts share.


@pytest.mark.parametrize(
    ("square", "decays", "are_equal"),
    [("", False, True), ("", True, False), ("v", False, False), ("v", True, False)],
)
def test_strides_are_equal_where_neither_a_size_nor_a_place_is_in_them(
    monkeypatch, square, decays, are_equal
):
    pull = SimpleNamespace(square=square, decays=decays)
    monkeypatch.setattr(scenes, "read_pull", lambda _: pull)
    signs = Scene(*ask("x^2/2", rule="sign_sgd", learning_rate="1/10"))
    assert signs.strides_are_equal is are_equal


@pytest.mark.parametrize("rule", ["sgd", "adam", "rmsprop"])
def test_a_rule_without_a_sign_is_not_looked_at_for_equal_strides(monkeypatch, rule):
    def refuse(_):
        raise AssertionError("looked at")

    monkeypatch.setattr(scenes, "read_pull", refuse)
    assert Scene(*ask("x^2/2", rule=rule, learning_rate="1/10")).strides_are_equal is False


@pytest.mark.parametrize(
    ("step", "are_equal"),
    [
        ("x - learning_rate*sign(g)", True),
        ("x - learning_rate*where(t <= 1, g, sign(g))", True),
        ("x - learning_rate*where(t <= 2, g, sign(g))", False),
        ("x - learning_rate*g*sign(x)", False),
        ("x/2 - learning_rate*sign(g)", False),
    ],
)
def test_strides_are_equal_from_the_second_step_on(step, are_equal):
    assert scene_of({"x'": step}).strides_are_equal is are_equal


@pytest.mark.parametrize(
    ("step", "objective", "is_neutral"),
    [
        ("x - learning_rate*g", "abs(x)", True),
        ("x - learning_rate*g", "x^2/2", False),
        ("x - learning_rate*g", "max(x^2, x)", False),
        ("x - learning_rate*(g + x)", "abs(x)", False),
        ("x - learning_rate*(g + x)", "x^2/2", False),
        ("x - learning_rate*where(t <= 1, g + x, g)", "abs(x)", True),
        ("x - learning_rate*where(t <= 2, g + x, g)", "abs(x)", False),
    ],
)
def test_a_run_that_is_moved_stays_moved_where_no_later_step_reads_the_place(
    step, objective, is_neutral
):
    assert scene_of({"x'": step}, objective).is_neutral is is_neutral


def test_the_run_in_floats_takes_its_first_step_as_it_is():
    scene = scene_of({"x'": "x - where(t <= 1, 1/2, 1/10)*g"}, "x^2/2")
    assert scene.floats.until(2)[:, 0] == pytest.approx([1, 0.5, 0.45])


# Attempts.


def test_only_the_first_attempt_is_asked_for_a_limit(monkeypatch):
    asked = []

    def attempt(name):
        def find(_):
            asked.append(name)
            raise UndecidedError(f"{name} fails")

        return find

    names = ("first", "second", "third")
    for name in names:
        monkeypatch.setattr(trap, name, attempt(name), raising=False)
    monkeypatch.setattr(fates, "_ATTEMPTS", tuple(("trap", name) for name in names))
    run = ask("x^2/2", steps=2, learning_rate="1/10")
    assert find_fate(*run, to_limit=True) == (None, ("first fails",))
    assert find_fate(*run) == (None, ("first fails", "second fails", "third fails"))
    assert asked == ["first", "first", "second", "third"]


# Rotations.


def test_a_rotation_begins_at_its_own_step_however_far_the_run_has_been_followed():
    scene = Scene(*ask("max(-x, 2*x)", start="-1", learning_rate="1/10"))
    scene.prefix.reach(30)
    fate = rotation.find_rotation(scene)
    assert (fate.orbit.from_step, fate.orbit.points[0]) == (8, scene.prefix.states[8]["x"])
    assert fate.interval == (-1, fmpq(1, 10))


@pytest.mark.parametrize(
    ("objective", "reason"),
    [
        ("x", "the run does not come to a kink"),
        ("max(-x, x^2)", "a slope depends on the position"),
        ("max(x, 2*x)", "no valley is there"),
    ],
)
def test_why_there_is_no_rotation_is_said_of_the_kink(objective, reason):
    with pytest.raises(UndecidedError, match=reason):
        rotation.find_rotation(Scene(*ask(objective, learning_rate="1/10")))


# Tethers.


@pytest.mark.parametrize(("steps", "first"), [(1, 1), (2, 2), (20, 20), (60, 60), (61, 60)])
def test_a_tether_is_tied_at_the_last_step_or_at_one_that_is_calm(steps, first):
    run = ask("x^2/2", rule="sign_sgd", learning_rate="1/1000", start="1/3", steps=steps)
    fate = tether.find_curved_tether(Scene(*run))
    assert fate.certificate["evidence"]["from"] == first
    low, high = fate.interval
    assert low < fmpq(1, 3) - fmpq(steps, 1000)
    assert high >= fmpq(1, 3)


def test_a_run_without_a_step_is_not_tied():
    course, run, settled = ask("x^2/2", rule="sign_sgd", learning_rate="1/10")
    start = replace(run, states=run.states[:1], pieces=run.pieces[:1], losses=run.losses[:1])
    with pytest.raises(UndecidedError, match="too short"):
        tether.find_curved_tether(Scene(course, start, settled))


# Coordinates one by one.


def test_why_a_coordinate_has_no_verdict_is_told(monkeypatch):
    request = read_request("abs(x) + y^2", optimizer="sgd", schedule=None, at_kink=None, steps=9,
                           settings={"learning_rate": "1/10"}, start="x=1,y=1/3")  # fmt: skip
    journey = request.journey

    def refuse(*_):
        raise DomainError("It has a hole.")

    monkeypatch.setattr(separate, "prove_end", refuse)
    assert separate.find_separate(journey) == (None, "It has a hole")
    monkeypatch.setattr(separate, "prove_end", lambda *_: "it is dark")
    assert separate.find_separate(journey) == (None, "of `x` alone nothing is proved: it is dark")


def test_many_coordinates_are_not_looked_at_one_by_one():
    crowd = SimpleNamespace(start=[fmpq(0)] * 9)
    assert separate.find_separate(crowd) == (
        None,
        "there are too many variables to look at one by one",
    )
