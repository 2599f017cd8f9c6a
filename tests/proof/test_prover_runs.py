"""What becomes of runs, and what the attempts to prove it share, as is known by hand."""

from types import SimpleNamespace

import pytest
from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import Range, parse, to_text
from gradiometer.proof import (
    contraction,
    itinerary,
    outer,
    rotation,
    tether,
    verdict,
    walk,
)
from gradiometer.proof.scene import Scene
from proof.test_prover_choices import ask

# Runs that are judged.


def test_a_run_that_meets_no_rising_slope_diverges_downhill():
    found = verdict.judge(*ask("-abs(x)", learning_rate="1/10"))
    assert found.word == "diverges"
    assert "never meets a rising slope" in found.because
    assert "to the right" in found.because


def test_a_run_that_has_crossed_a_top_escapes_downhill_on_either_side():
    hill = {"name": "hill", "pieces": [{"on": "(-oo, 0]", "f": "-x"}, {"on": "(0, 1/10]", "f": "x"},
                                       {"on": "(1/10, oo)", "f": "1/5 - x"}]}  # fmt: skip
    mirror = {"name": "hill", "pieces": [{"on": "(-oo, -1/10)", "f": "1/5 + x"},
                                         {"on": "[-1/10, 0)", "f": "-x"},
                                         {"on": "[0, oo)", "f": "x"}]}  # fmt: skip
    for landscape, start, side in ((hill, "-1/20", "right"), (mirror, "1/20", "left")):
        found = verdict.judge(*ask(landscape, start=start, learning_rate="1/3"))
        assert found.word == "escapes"
        assert f"downhill to the {side}" in found.because


def test_a_run_on_one_slope_has_no_top_on_its_way():
    course, run, _ = ask("-abs(x)", learning_rate="1/10")
    assert verdict._crosses_top(walk.survey(course.landscape), run, 1) is False


def test_a_narrow_rise_on_the_way_leaves_it_open_whether_a_top_was_passed():
    # Only within 1/1000 of 51/100 does the slope rise, which is between all places looked at.
    narrow = {"name": "narrow", "pieces": [
        {"on": "(-oo, 1]", "f": "-x + atan(1000*(x - 51/100))/500"},
        {"on": "(1, oo)", "f": "-x + atan(490)/500"},
    ]}  # fmt: skip
    course, run, _ = ask(narrow, start="0", steps=12, learning_rate="1/4")
    with pytest.raises(UndecidedError, match="not certain"):
        verdict._crosses_top(walk.survey(course.landscape), run, 1)


def test_a_slope_falls_on_a_range_where_none_of_its_values_rises():
    ground = SimpleNamespace(trees=[parse("x - 1", names={"x"}).tree])
    below, around = Range(fmpq(-1), fmpq(1)), Range(fmpq(0), fmpq(2))
    assert verdict._falls(ground, 0, below, 1)
    assert not verdict._falls(ground, 0, around, 1)
    assert not verdict._falls(ground, 0, around, -1)
    assert verdict._falls(ground, 0, Range(fmpq(1), fmpq(2)), -1)
    assert not verdict._falls(ground, 0, Range(None, None), 1)
    assert verdict._rises(ground, 0, Range(fmpq(2), fmpq(3)), 1)
    assert not verdict._rises(ground, 0, around, 1)
    assert verdict._rises(ground, 0, Range(fmpq(-2), fmpq(0)), -1)
    assert not verdict._rises(ground, 0, Range(fmpq(2), fmpq(3)), -1)


@pytest.mark.parametrize(
    ("slope", "beta1", "beta2", "period"),
    [("3", "2/3", "4/5", 26), ("3", "9/10", "9/10", 8), ("7/2", "9/10", "9/10", 18)],
)
def test_a_cycle_is_listed_from_the_step_at_which_it_begins(slope, beta1, beta2, period):
    asked = ask(f"max(-x, {slope}*x)", rule="lion", start="1/3", steps=60, learning_rate="1/7",
                beta1=beta1, beta2=beta2)  # fmt: skip
    scene = Scene(*asked)
    fate = itinerary.find_itinerary(scene)
    first = fate.orbit.from_step
    assert first is not None
    assert len(fate.orbit.points) == period
    assert fate.orbit.points[0] == scene.prefix.reach(first)["x"]


def test_a_run_around_a_kink_arrives_when_it_is_within_a_stride_of_it():
    scene = Scene(*ask("max(-x, 2*x)", start="-1", learning_rate="1/10"))
    fate = rotation.find_rotation(scene)
    # Strides of 1/10 to the right and 1/5 to the left, the latter at 0 too: [-1/5, 1/10).
    assert fate.certificate["evidence"]["from"] == 8
    assert (fate.word, fate.orbit.period, fate.orbit.from_step) == ("cycle", 3, 8)
    assert sorted(fate.orbit.points) == [fmpq(-1, 5), fmpq(-1, 10), fmpq(0)]


def test_a_run_that_has_no_kink_to_turn_at_is_not_followed():
    with pytest.raises(UndecidedError):
        rotation.find_rotation(Scene(*ask("x", learning_rate="1/10")))


def test_what_the_memory_is_at_most_beside_the_distance_is_settled():
    scene = Scene(*ask("x^4/4", start="100", steps=3, learning_rate="1/10", momentum="1/2"))
    forms = outer.read_forms(outer.read_motion(scene.replay, scene.settled_from))
    bounds = outer._bound_memory(forms, fmpq(2))
    (name,) = bounds
    # The velocity is v' = v/2 + g and x' = x - v/20 - g/10, so that v' = v/2 + 10*(x - v/20 - x').
    # With |x'| = 2|x| the ratio b of |v| to |x| settles where b = (b/2 + 10*(1 + b/20))/2 + 10.
    assert bounds[name] == pytest.approx(30, rel=0.01)
    assert outer._bound_memory(forms, fmpq(1, 4)) is None


def test_a_rule_is_settled_after_its_last_condition_on_the_step_count():
    scene = Scene(*ask("x^2/2", learning_rate="1/10"))
    assert contraction._find_settled(scene.replay, 100) == 0
    fading = Scene(*ask("x^2/2", schedule="1/(k + 1)"))
    assert contraction._find_settled(fading.replay, 100) == 1
    assert contraction._find_settled(fading.replay, 1) == 0


def test_tethers_are_told_apart_by_the_landscape():
    straight, curved = (Scene(*ask(f, learning_rate="1/10")) for f in ("abs(x)", "x^2/2"))
    with pytest.raises(UndecidedError, match="every slope is constant"):
        tether.find_curved_tether(straight)
    with pytest.raises(UndecidedError, match="changes along the landscape"):
        tether.find_straight_tether(curved)


def test_what_attempts_share_is_known_of_a_run():
    course, run, settled = ask("abs(x)", learning_rate="1/10")
    scene = Scene(course, run, settled)
    assert scene.straight == (True, True)
    assert scene.is_neutral
    assert not scene.strides_are_equal
    assert scene.problem["start"] == "1"
    signs = Scene(*ask("x^2/2", rule="sign_sgd", learning_rate="1/10"))
    assert signs.straight == (False,)
    assert signs.strides_are_equal
    assert not signs.is_neutral
    assert to_text(signs.replay.pieces[0].slope) == "x"
