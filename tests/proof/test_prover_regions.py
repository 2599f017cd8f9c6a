"""Orbits and regions that floats propose, on maps and made-up checks known by hand."""

from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from flint import arb, fmpq

from gradiometer.errors import CertificateError, DomainError, UndecidedError
from gradiometer.formula import evaluate, parse, precision
from gradiometer.proof import approach, contraction, contraction_guess, find_fate, trap
from gradiometer.proof import fate as fates
from gradiometer.proof.check_tangent import read_motion
from gradiometer.proof.contraction_guess import SharpPath
from gradiometer.proof.scene import Scene
from proof.test_prover_choices import ask

# Runs in floats.


def test_a_run_in_floats_holds_the_states_up_to_the_step_that_is_asked_for():
    scene = Scene(*ask("x^2/2", learning_rate="1/4", momentum="1/2"))
    # v is 1, then 1/2 + 3/4, then 5/8 + 7/16.
    rows = scene.floats.until(3)
    assert scene.floats.names[0] == "x"
    assert rows[:, 0].tolist() == [1, 0.75, 0.4375, 0.171875]
    assert np.abs(rows[:, 1]).tolist() == [0, 1, 1.25, 1.0625]
    assert len(scene.floats.until(1)) == 2
    assert np.allclose(SharpPath(scene.replay).until(3), rows)


def test_a_run_in_floats_follows_its_schedule_and_the_piece_it_is_on():
    scene = Scene(*ask("max(-x, 2*x)", start="1", schedule="1/(k + 1)"))
    assert scene.floats.until(3)[:, 0] == pytest.approx([1, -1, -0.5, -1 / 6])
    assert SharpPath(scene.replay).until(3)[:, 0] == pytest.approx([1, -1, -0.5, -1 / 6])


@pytest.mark.parametrize("is_sharp", [False, True])
def test_a_run_that_overflows_has_no_states(is_sharp):
    scene = Scene(*ask("x^4", start="10", steps=3, learning_rate="1"))
    path = SharpPath(scene.replay) if is_sharp else scene.floats
    with pytest.raises(UndecidedError, match="overflows"):
        path.until(50)
    with pytest.raises(UndecidedError, match="overflows"):
        path.until(50)


def test_floats_know_the_names_of_all_that_is_remembered():
    floats = Scene(*ask("x^2/2", rule="adam", learning_rate="1/4")).floats
    assert floats.names == ("x", "m", "v")
    assert floats.until(1).shape == (2, 3)


# Orbits by Newton.


def refine(objective, start, period=1, **settings):
    scene = Scene(*ask(objective, **settings))
    motion = read_motion(scene.replay, scene.settled_from, frees_powers=True)
    ends = scene.replay.ends({})
    with precision(256):
        return contraction_guess.refine_orbit(
            motion, start, period, lambda place: scene.replay.locate(place, ends)
        )


def test_a_point_that_is_a_short_rational_is_found_exactly_with_its_slope():
    points, slopes = refine("x^2/2 - x/3", [0.4], learning_rate="1/4")
    assert points == [[fmpq(1, 3)]]
    assert slopes.tolist() == [[0.75]]


def test_a_point_that_is_none_is_found_to_many_digits():
    points, slopes = refine("x^3/3 - 2*x", [1.4], learning_rate="1/4")
    ((root,),) = points
    assert abs(root**2 - 2) < fmpq(1, 10**39)
    assert slopes[0, 0] == pytest.approx(1 - 2**0.5 / 2)


def test_the_slopes_of_a_cycle_are_those_of_all_its_steps():
    # Strides of x - (x^3 - x) turn the sign where x^2 = 3, and 1 - (3*3 - 1) is -7.
    points, slopes = refine("x^4/4 - x^2/2", [1.7], period=2, learning_rate="1")
    assert [row[0] > 0 for row in points] == [True, False]
    assert all(abs(row[0] ** 2 - 3) < fmpq(1, 10**38) for row in points)
    assert slopes[0, 0] == pytest.approx(49)


def test_the_memory_of_an_orbit_is_found_too():
    points, slopes = refine("x^2/2 - x/3", [0.4, 0.1], learning_rate="1/4", momentum="1/2")
    assert points == [[fmpq(1, 3), fmpq(0)]]
    # The multipliers of z^2 - (1 + 1/2 - 1/4)*z + 1/2.
    assert np.trace(slopes) == pytest.approx(1.25)
    assert np.linalg.det(slopes) == pytest.approx(0.5)


def test_an_orbit_on_a_line_is_not_isolated():
    with pytest.raises(UndecidedError, match="not isolated"):
        refine("0*x + 2", [0.4], learning_rate="1/4")


def test_how_many_bits_balls_lose_is_the_size_of_all_slopes():
    scene = Scene(*ask("x^2/2", learning_rate="1/4"))
    evidence = {"entry": 1, "names": ["x"], "points": [["0"]], "free": {}}
    assert contraction_guess.measure_loss(scene.replay, evidence) == pytest.approx(np.log2(1.25))
    steep = Scene(*ask("4*x^2", learning_rate="1"))
    assert contraction_guess.measure_loss(steep.replay, evidence) == pytest.approx(np.log2(9))


def test_what_balls_lose_is_counted_at_the_step_after_the_entry():
    rate = {"learning_rate": {"default": "1/8"}}
    rule = {"name": "mine", "parameters": rate, "step": {"x'": "x - learning_rate*t*g"}}
    scene = Scene(*ask("x^2/2", rule=rule, learning_rate="1/8", steps=3))
    evidence = {"entry": 1, "names": ["x"], "points": [["0"]], "free": {}}
    assert contraction_guess.measure_loss(scene.replay, evidence) == pytest.approx(np.log2(1.25))


# Regions.


@pytest.mark.parametrize(
    ("entry", "lost", "bits"),
    [
        (100, 0.5, []),
        (101, 0.0, [512, 587]),
        (1000, 0.5, [767, 1262]),
        (1000, 1.0, [1262]),
        (5000, 0.1, [767, 4262]),
        (5001, 0.1, []),
    ],
)
def test_precisions_for_a_late_entry_follow_from_what_balls_lose(monkeypatch, entry, lost, bits):
    monkeypatch.setattr(contraction, "measure_loss", lambda *_: lost)
    assert contraction._list_ample(None, {"entry": entry}) == bits


def fit(monkeypatch, away, radii, *, accepts, fades=False):
    """The region among made-up ones that a made-up check accepts, by its matrix and its entry."""
    asked = []

    def look(_, read):
        asked.append((float(fmpq(read["matrix"][0][0]).p), read["entry"]))
        if not accepts(*asked[-1]):
            raise UndecidedError("not small enough")

    monkeypatch.setattr(contraction, "find_attractor", look)
    monkeypatch.setattr(contraction, "read_contraction", lambda tried: tried)
    powers = {"p": None} if fades else {}
    monkeypatch.setattr(contraction, "read_motion", lambda *_, **__: SimpleNamespace(powers=powers))
    evidence = {"names": ["x"], "points": [[fmpq(0)]], "factor": "1/2"}
    frames = [(np.array([[float(radius)]]), float(radius)) for radius in radii]
    try:
        found = contraction._fit_region(None, evidence, np.array(away), frames)
    except UndecidedError as error:
        return str(error), asked
    return (float(fmpq(found["matrix"][0][0]).p), found["entry"]), asked


AWAY = [10.0, 5.0, 2.0, 1.0, 0.5]


def test_the_largest_region_that_shrinks_is_taken_where_the_run_enters_it(monkeypatch):
    found, asked = fit(monkeypatch, AWAY, [8, 3, 1], accepts=lambda size, _: size < 8)
    assert found == (3, 2)
    assert asked == [(8, 1), (3, 2)]


def test_a_run_enters_a_region_well_inside_of_it(monkeypatch):
    assert fit(monkeypatch, AWAY, [5], accepts=lambda *_: True)[0] == (5, 2)
    assert fit(monkeypatch, AWAY, [6], accepts=lambda *_: True)[0] == (6, 1)


def test_no_region_is_looked_at_after_one_that_the_run_does_not_enter(monkeypatch):
    said, asked = fit(monkeypatch, AWAY, [1, 0.1, 8], accepts=lambda *_: False)
    assert said == "not small enough"
    assert asked == [(1, 4)]
    said, asked = fit(monkeypatch, AWAY, [0.1], accepts=lambda *_: True)
    assert said == "no region around the orbit is small enough"
    assert asked == []


def test_later_entries_are_tried_where_something_fades(monkeypatch):
    away = [10.0, *[1.0] * 200]
    found, asked = fit(monkeypatch, away, [8], accepts=lambda _, at: at > 100, fades=True)
    assert found == (8, 108)
    assert [at for _, at in asked] == [1, 12, 108]
    found, asked = fit(monkeypatch, away, [8], accepts=lambda _, at: at > 100)
    assert [at for _, at in asked] == [1]
    out_again = [10.0, *[1.0] * 11, 9.0, *[1.0] * 20]
    _, asked = fit(monkeypatch, out_again, [8], accepts=lambda *_: False, fades=True)
    assert [at for _, at in asked] == [1]


def test_points_on_the_way_to_which_every_step_leads_are_proposed():
    replay = SimpleNamespace(
        ends=lambda _: (),
        locate=lambda *_: 0,
        pieces=[SimpleNamespace(slope=parse("x^3", names={"x"}).tree)],
    )
    states = [1 / (count + 1) for count in range(1001)]
    rows = list(approach._propose(replay, states, "1/10"))
    assert {row["rest"] for row in rows} == {"0"}
    assert {row["speed"] for row in rows} == {"1/10"}
    fars = {row["entry"]: evaluate(parse(row["far"]).tree, {}) for row in rows}
    assert list(fars) == [0, 1, 10, 100, 1000]
    for entry, far in fars.items():
        assert 1.004 <= float(far.p) / float(far.q) / states[entry] <= 1.016
    assert [(row["order"], row["parts"]) for row in rows if row["entry"] == 0] == [
        (order, parts) for order in (1, 2, 3, 5) for parts in (1, 30)
    ]
    assert list(approach._propose(replay, [0.0] * 1001, None)) == []


# Attempts.


def fate(word="bounded", *, is_checked=True):
    return fates.Fate(word, "it is made up", {"kind": "none"}, is_checked=is_checked)


def tell(monkeypatch, *outcomes):
    """What is found of a run by attempts that raise or return these."""

    def attempt(outcome):
        def find(scene):
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        return find

    names = [f"attempt_{index}" for index in range(len(outcomes))]
    for name, outcome in zip(names, outcomes, strict=True):
        monkeypatch.setattr(trap, name, attempt(outcome), raising=False)
    monkeypatch.setattr(fates, "_ATTEMPTS", tuple(("trap", name) for name in names))
    return find_fate(*ask("x^2/2", steps=2, learning_rate="1/10"))


def test_the_first_fate_counts_and_reasons_are_told_only_without_one(monkeypatch):
    first, second = fate("bounded"), fate("diverges")
    assert tell(monkeypatch, UndecidedError("no"), first, second) == (first, ())


def test_each_attempt_that_fails_tells_its_reason_in_order(monkeypatch):
    errors = UndecidedError("one"), CertificateError("Two."), DomainError("Three.")
    reasons = ("one", "the checker refused a proof: Two", "Three")
    assert tell(monkeypatch, *errors) == (None, reasons)


def test_a_fate_that_was_not_checked_yet_is_checked(monkeypatch):
    found, (reason,) = tell(monkeypatch, fate(is_checked=False))
    assert found is None
    assert reason.startswith("the checker refused a proof")


def test_balls_are_rounded_to_decimals_and_refused_when_too_large():
    with precision(300):
        third = contraction_guess._to_fraction(arb(fmpq(1, 3)))
        assert third.denominator <= 10**40
        assert abs(3 * third - 1) <= Fraction(3, 10**40)
        with pytest.raises(UndecidedError, match="too large"):
            contraction_guess._to_fraction(arb("nan"))
