"""Points and cycles that attract: what is proposed of them, on runs known by hand."""

from types import SimpleNamespace

import numpy as np
import pytest
from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.proof import contraction, contraction_guess
from gradiometer.proof.scene import Scene
from proof.test_prover_choices import ask


def refuse(*_, **__):
    raise UndecidedError("It is made up.")


# Points and cycles that attract.


def look(monkeypatch, periods, *, smooth=(), frozen=(), neutral=False, equal=False):
    """What is asked of a run whose states have these periods after so many steps, and is found."""
    asked = []

    def find_periods(states, near=contraction_guess.NEAR):
        key = (int(states[0, 0]), "x" if states.shape[1] == 1 else "")
        return periods.get((*key, "far") if near == contraction_guess.HOPELESS else key, [])

    def propose(kind, accepted):
        def call(replay, path, states, period):
            asked.append((kind, path.kind, int(states[0, 0]), period))
            if (path.kind, int(states[0, 0])) not in accepted:
                raise UndecidedError(f"No {kind} one.")
            return {"found": kind}

        return call

    def path(kind):
        def until(steps):
            asked.append((kind, steps))
            return np.array([[float(steps), 1.0]])

        return SimpleNamespace(until=until, kind=kind)

    monkeypatch.setattr(contraction, "find_periods", find_periods)
    monkeypatch.setattr(contraction, "SharpPath", lambda _: path("sharp"))
    monkeypatch.setattr(contraction, "_propose_smooth", propose("smooth", smooth))
    monkeypatch.setattr(contraction, "propose_frozen", propose("frozen", frozen))
    monkeypatch.setattr(contraction, "_conclude", lambda _, evidence: evidence["found"])
    scene = SimpleNamespace(replay=None, is_neutral=neutral, strides_are_equal=equal,
                            floats=path("floats"))  # fmt: skip
    try:
        return contraction.find_contraction(scene), asked
    except UndecidedError as error:
        return str(error), asked


def test_an_orbit_is_proposed_as_soon_as_a_run_is_nearly_periodic(monkeypatch):
    found, asked = look(monkeypatch, {(1000, ""): [3, 6]}, smooth=[("floats", 1000)])
    assert found == "smooth"
    assert asked == [("floats", 200), ("floats", 1000), ("smooth", "floats", 1000, 3)]
    found, asked = look(monkeypatch, {(200, ""): [2]}, frozen=[("floats", 200)])
    assert found == "frozen"
    assert asked == [("floats", 200), ("smooth", "floats", 200, 2), ("frozen", "floats", 200, 2)]


def test_a_run_that_no_orbit_repels_is_not_followed_with_many_digits(monkeypatch):
    known = "no point or cycle of at most 128 steps"
    said, asked = look(monkeypatch, {})
    assert said.startswith(known)
    assert asked == [("floats", 200), ("floats", 1000), ("floats", 4000)]
    near = {(4000, "", "far"): [7], (8000, "", "far"): [7]}
    said, asked = look(monkeypatch, near)
    assert [row[1] for row in asked] == [200, 1000, 4000, 8000, 12_000]
    said, asked = look(monkeypatch, {(200, ""): [1]})
    assert said == "No frozen one"
    assert [row for row in asked if len(row) == 2] == [
        ("floats", 200), ("floats", 1000), ("floats", 4000), ("sharp", 1000), ("sharp", 4000)
    ]  # fmt: skip
    found, _ = look(monkeypatch, {(1000, ""): [1]}, smooth=[("sharp", 1000)])
    assert found == "smooth"


def test_a_position_that_rests_is_enough_after_many_steps(monkeypatch):
    rests = {(200, "x"): [1], (4000, "x"): [1, 2]}
    found, asked = look(monkeypatch, rests, frozen=[("floats", 4000)])
    assert found == "frozen"
    assert [row for row in asked if len(row) > 2] == [("frozen", "floats", 4000, 1)]
    _, asked = look(monkeypatch, {(4000, "x"): [2, 4]}, frozen=[("floats", 4000)])
    assert [row for row in asked if len(row) > 2] == []


@pytest.mark.parametrize("name", ["neutral", "equal"])
def test_where_no_two_runs_come_closer_no_orbit_attracts(monkeypatch, name):
    said, asked = look(monkeypatch, {(200, ""): [1]}, smooth=[("floats", 200)], **{name: True})
    assert said.startswith("no point or cycle")
    assert asked == []


def found_orbit(*points):
    return SimpleNamespace(points=[fmpq(p) for p in points], multipliers=["2/3"])


def test_a_limit_and_a_cycle_are_claimed_and_told(monkeypatch):
    monkeypatch.setattr(contraction, "spell_cycle", lambda found: f"cycle of {len(found.points)}")
    one, two = found_orbit("1/3"), found_orbit("1/3", "2")
    limit = {"verdict": "converges", "limit": contraction.spell(fmpq(1, 3)), "cycle": None}
    assert contraction._claim(one) == {**limit, "interval": None}
    cycle = {"verdict": "cycle", "limit": None, "cycle": "cycle of 2", "interval": None}
    assert contraction._claim(two) == cycle
    fate = contraction._fate(one, {"kind": "k"}, 7)
    assert (fate.word, fate.limit, fate.orbit, fate.is_checked) == (
        "converges", fmpq(1, 3), None, True
    )  # fmt: skip
    assert fate.because.startswith("after step 7 the run is in a region that each step maps")
    fate = contraction._fate(two, {"kind": "k"}, 7)
    assert (fate.word, fate.limit, fate.is_checked) == ("cycle", None, True)
    assert (fate.orbit.points, fate.orbit.multipliers) == (two.points, ["2/3"])
    assert "a region that 2 steps map into itself" in fate.because


def conclude(monkeypatch, enough, *, entry=5, names=("x",), free=(), ample=()):
    """At which precision a contraction is concluded, where so many bits are enough."""
    asked = []

    def replay(_, read):
        asked.append(read.bits)
        if read.bits < enough:
            raise UndecidedError(f"not with {read.bits}")
        return "found"

    monkeypatch.setattr(contraction, "_list_ample", lambda *_: list(ample))
    monkeypatch.setattr(contraction, "read_contraction", lambda row: SimpleNamespace(**row))
    monkeypatch.setattr(contraction, "replay_contraction", replay)
    monkeypatch.setattr(contraction, "_claim", lambda found: {"said": found})
    monkeypatch.setattr(contraction, "_fate", lambda *given: given)
    evidence = {"entry": entry, "names": list(names), "free": {name: [] for name in free}}
    scene = SimpleNamespace(replay=None, problem={"name": "p"})
    try:
        return contraction._conclude(scene, evidence), asked
    except UndecidedError as error:
        return str(error), asked


def test_a_contraction_is_concluded_at_the_first_precision_that_is_enough(monkeypatch):
    (found, certificate, entry), asked = conclude(monkeypatch, 600, ample=[512])
    assert (found, entry, asked) == ("found", 5, [512, 160, 640])
    assert certificate["claim"] == {"said": "found"}
    assert certificate["evidence"]["bits"] == 640
    assert conclude(monkeypatch, 10_000) == ("not with 2560", [160, 640, 2560])
    assert conclude(monkeypatch, 1, entry=200_000)[1] == [160]
    for more in ({"free": ("m",)}, {"names": ("x", "m")}):
        said, asked = conclude(monkeypatch, 1, entry=50_001, **more)
        assert (said, asked) == ("the run is not enclosed up to its entry", [])
        assert conclude(monkeypatch, 1, entry=50_000, **more)[1] == [160]


def smooth(monkeypatch, objective, states, period=1, **settings):
    """What is proposed for made-up states: evidence, distances, sizes, and the units."""
    scene = Scene(*ask(objective, steps=3, **settings))
    asked = {}

    def fit(replay, evidence, away, frames):
        return {**evidence, "away": away, "frames": frames, "units": asked["units"]}

    def find_frame(slopes, units):
        asked["units"] = np.array(units).tolist()
        return 2 * np.eye(len(slopes)), 0.5

    monkeypatch.setattr(contraction, "_fit_region", fit)
    monkeypatch.setattr(contraction, "find_frame", find_frame)
    path = SimpleNamespace(names=scene.floats.names)
    return contraction._propose_smooth(scene.replay, path, np.array(states), period)


def test_distances_from_a_point_are_proposed_with_regions_by_its_size(monkeypatch):
    states = [[9.0, 0.0], [4.0, 3.0], [3 + 1e-3, 0.0]]
    found = smooth(monkeypatch, "x^2/2 - 3*x", states, learning_rate="1/4", momentum="1/2")
    assert found["points"] == [["3", "0"]]
    assert found["factor"] == "5/8"
    assert found["units"] == [3, 3]
    # The momentum of the first step is none.
    assert found["away"][0] == np.inf
    assert found["away"][1:] == pytest.approx([10**0.5 / 2, 5e-4])
    assert [radius for _, radius in found["frames"][:3]] == [4, 1, 0.25]
    for frame, radius in found["frames"][:3]:
        assert frame.tolist() == (2 * np.eye(2) * radius).tolist()
    found = smooth(monkeypatch, "x^2/2", [[1.0], [0.1]], learning_rate="1/4")
    assert (found["points"], found["units"]) == ([["0"]], [1])
    assert found["frames"][0][1] == 1


def test_a_coordinate_that_is_nearly_nothing_has_the_unit_of_the_largest(monkeypatch):
    numbers = {"learning_rate": {"default": "1/4"}}
    step = {"m'": "x/10^14", "x'": "x - learning_rate*g*(1 + m)"}
    rule = {"name": "mine", "parameters": numbers, "state": {"m": "0"}, "step": step}
    objective, states = "x^2/2 - 300*x", [[300.0, 0.0]] * 3
    found = smooth(monkeypatch, objective, states, rule=rule, learning_rate="1/4")
    assert found["points"] == [["300", "3/1000000000000"]]
    assert found["units"] == [300, 300]


def test_a_cycle_that_is_a_point_is_one_and_units_are_those_of_all_points(monkeypatch):
    curve = "x^4/4 - x^2/2"
    states = [[1.1], [0.9], [-1.05]]
    found = smooth(monkeypatch, curve, states, period=2, learning_rate="1/4")
    assert found["points"] == [["-1"]]
    # Strides turn the sign where x^2 = 3.
    found = smooth(monkeypatch, curve, [[-1.75], [1.75]], period=2, learning_rate="1")
    assert len(found["points"]) == 2
    assert found["units"] == [pytest.approx(3**0.5)]
    near, far = 1.75 - 3**0.5, 1.75 + 3**0.5
    assert sorted(found["away"]) == pytest.approx([near / 2, far / 2])


def test_distances_before_a_rule_settles_do_not_count(monkeypatch):
    late = {"schedule": "min(k + 1, 4)/16"}
    found = smooth(monkeypatch, "x^2/2", [[1.0]] * 30, **late)
    settled = contraction._find_settled(Scene(*ask("x^2/2", steps=3, **late)).replay, 30)
    assert settled > 1
    assert np.isinf(found["away"][:settled]).all()
    assert found["away"][settled:] == pytest.approx(0.5)


def test_a_rule_that_changes_for_ever_is_not_smooth(monkeypatch):
    rate = {"learning_rate": {"default": "1/8"}}
    rule = {"name": "mine", "parameters": rate, "step": {"x'": "x - learning_rate*g*t/(t + 1)"}}
    with pytest.raises(UndecidedError, match="changes with the step count"):
        smooth(monkeypatch, "x^2/2", [[1.0]] * 9, rule=rule, learning_rate="1/8")
    with pytest.raises(UndecidedError, match="changes with the step count"):
        smooth(monkeypatch, "x^2/2", [[1.0]] * 9, schedule="1/(k + 1)")


def test_powers_of_a_rule_fade_and_are_no_change_of_it(monkeypatch):
    numbers = {"learning_rate": {"default": "1/8"}, "b": {"default": "1/2"}}
    step = {"x'": "x - learning_rate*g/(1 - b^t)"}
    rule = {"name": "mine", "parameters": numbers, "step": step}
    scene = Scene(*ask("x^2/2", rule=rule, steps=3, learning_rate="1/8"))
    assert contraction._find_settled(scene.replay, 100) == 0
    found = smooth(monkeypatch, "x^2/2", [[1.0]] * 9, rule=rule, learning_rate="1/8")
    assert found["points"] == [["0"]]
    entries = []
    monkeypatch.undo()

    def refuse_all(_, read):
        entries.append(read.entry)
        refuse()

    monkeypatch.setattr(contraction, "find_attractor", refuse_all)
    evidence = {"names": ["x"], "points": [[fmpq(0)]], "factor": "1/2"}
    away = np.array([5.0, *[0.1] * 300])
    with pytest.raises(UndecidedError, match="made up"):
        contraction._fit_region(scene.replay, evidence, away, [(np.eye(1), 1.0)])
    assert entries == [1, 12, 108]
