"""The question `trajectory` in several variables, with every engine, and what is refused."""

import json
import math

import pytest
from flint import arb, fmpq

from gradiometer.errors import DomainError, FormulaError, GradiometerError, ShapeError, UsageError
from gradiometer.formula import to_float
from gradiometer.proof import check
from gradiometer.question.trajectory import trajectory

BOWL = {"objective": "x^2 + 10*y^2", "start": "x=1, y=2", "set": {"learning_rate": "1/50"}}
VALLEY = {"objective": "rosenbrock", "set": {"learning_rate": "1/1000"}}


def test_a_formula_takes_its_variables_from_the_start():
    answer = trajectory(**BOWL, steps=2)
    assert answer.facts["final"].value == {"x": fmpq(576, 625), "y": fmpq(18, 25)}
    assert answer.inputs["start"] == "x=1, y=2"
    assert answer.facts["final"].status == "proved"
    check(answer.certificate)


@pytest.mark.parametrize("start", [{"x": 1, "y": "2"}, "y=2,x=1", "x = 1, y = 4/2"])
def test_a_start_may_be_written_in_other_ways(start):
    found = trajectory(**{**BOWL, "start": start}, steps=1).facts["final"].value
    assert found == {"x": fmpq(24, 25), "y": fmpq(6, 5)}


def test_other_names_of_the_formula_are_parameters():
    asked = {"objective": "u^2/a + v^2", "start": "u=1, v=1"}
    answer = trajectory(**asked, set={"a": 2, "learning_rate": "1/2"}, steps=1)
    assert answer.facts["final"].value == {"u": fmpq(1, 2), "v": 0}
    with pytest.raises(UsageError, match="`a`"):
        trajectory(**asked)


def test_an_entry_starts_where_runs_on_it_usually_do():
    assert trajectory("rosenbrock", steps=0).inputs["start"] == "x1=-6/5, x2=1"
    assert trajectory("lessard", steps=0).inputs["start"] == "33/10"
    assert trajectory("barrier", steps=0).inputs["start"] == "0"


def test_the_start_says_how_many_coordinates_there_are():
    assert set(trajectory("rastrigin", start="1, 2, 3", steps=1).facts["final"].value) == {
        "x1", "x2", "x3",
    }  # fmt: skip
    assert trajectory("sphere", start="1/2", steps=0).facts["final"].value == fmpq(1, 2)


def test_a_list_of_curvatures_says_it_too():
    answer = trajectory("quadratic_form", set={"eigenvalues": "1, 2, 4", "learning_rate": "1/4"})
    assert answer.facts["final"].value["x3"] == 0
    assert set(answer.facts["final"].value) == {"x1", "x2", "x3"}


def test_without_an_engine_rationals_go_on_as_balls_and_long_runs_as_floats():
    words = {steps: trajectory(**VALLEY, steps=steps).facts["engine"] for steps in (5, 60, 3000)}
    assert {steps: fact.value for steps, fact in words.items()} == {
        5: "exact", 60: "ball", 3000: "float64",
    }  # fmt: skip
    assert "2,000 steps" in words[3000].because
    assert "up to step 8" in words[60].because


def test_a_run_that_balls_cannot_follow_is_made_in_floats_which_is_said():
    chaos = {"objective": "(x^2 - 1)^2/4 + y^2", "start": "x=1/3, y=1"}
    answer = trajectory(**chaos, set={"learning_rate": "8/5"}, steps=2000)
    assert answer.facts["engine"].value == "float64"
    assert "enclosure" in answer.facts["engine"].because
    assert "proved" not in {fact.status for fact in answer.facts.values()}


def test_an_enclosure_that_got_too_wide_is_said_with_its_step():
    chaos = {"objective": "(x^2 - 1)^2/4 + y^2", "start": "x=1/3, y=1"}
    asked = {**chaos, "set": {"learning_rate": "8/5"}, "steps": 20_000}
    answer = trajectory(**asked, engine="ball")
    # The way of y alone is followed, which runs away whatever x does.
    assert answer.facts["verdict"].value == "diverges"
    assert answer.facts["final"].status == "computed"
    assert any("too wide" in warning for warning in answer.warnings)


@pytest.mark.parametrize("engine", ["exact", "ball", "float64", "float32"])
@pytest.mark.parametrize("asked", [BOWL, {"objective": "(x - 1)^2", "start": "4"}])
def test_all_engines_agree(engine, asked):
    wanted = trajectory(**asked, steps=20).facts["final"].value
    answer = trajectory(**asked, steps=20, engine=engine)
    assert (answer.inputs["engine"], answer.facts["engine"].value) == (engine, engine)
    found = answer.facts["final"].value
    for name in wanted if isinstance(wanted, dict) else (None,):
        here, there = (found[name], wanted[name]) if name else (found, wanted)
        near = here if isinstance(here, float) else to_float(here)
        assert near == pytest.approx(to_float(there), rel=1e-5)


def test_floats_prove_nothing():
    for engine in ("float64", "float32"):
        answer = trajectory(**BOWL, engine=engine)
        assert answer.certificate is None
        assert {fact.status for fact in answer.facts.values()} <= {"computed", "unknown"}


def test_an_exact_cycle_in_two_variables_is_proved():
    answer = trajectory("|x| + 2*|y|", start="x=1, y=1", set={"learning_rate": "3/10"})
    assert (answer.facts["verdict"].value, answer.facts["verdict"].status) == ("cycle", "proved")
    cycle = answer.facts["cycle"].value
    assert (cycle["period"], cycle["from_step"]) == (2, 3)
    assert cycle["points"][0] == {"x": fmpq(1, 10), "y": fmpq(2, 5)}
    check(answer.certificate)


def test_an_exact_rest_is_proved_to_converge():
    answer = trajectory("sphere", start="1, 2", set={"learning_rate": "1/2"})
    assert answer.facts["verdict"].value == "converges"
    assert answer.facts["verdict"].status == "proved"


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ({"objective": "x^4 + y^4", "start": "x=3, y=1", "set": {"learning_rate": 1}}, "diverges"),
        (
            {"objective": "|x| + |y|", "start": "x=9/8, y=5/8", "set": {"learning_rate": "1/4"}},
            "cycle",
        ),
        (
            {"objective": "x^2 + y^2", "start": "x=1, y=1", "set": {"learning_rate": "1/2"}},
            "converges",
        ),
    ],
)
def test_what_floats_look_like_at_the_end_is_computed(asked, word):
    fact = trajectory(**asked, engine="float64").facts["verdict"]
    assert (fact.value, fact.status) == (word, "computed")


def test_a_float_run_that_still_moves_has_no_verdict():
    fact = trajectory(**VALLEY, steps=3000).facts["verdict"]
    assert (fact.value, fact.status) == ("unknown", "unknown")
    assert "still moves" in fact.because


def test_the_first_number_that_is_not_finite_is_said_with_its_step():
    asked = {"objective": "x^4 + y^4", "start": "x=3, y=1", "set": {"learning_rate": 1}}
    answer = trajectory(**asked, engine="float64")
    assert answer.facts["not_finite"].value == answer.arrays["step"].values[-1]
    assert any("no longer finite" in warning for warning in answer.warnings)
    assert json.loads(answer.to_json())["facts"]["not_finite"]["status"] == "computed"


def test_the_nearest_critical_point_is_measured():
    answer = trajectory("booth", start="2, 3", steps=0)
    near = answer.facts["nearest_critical"].value
    assert near == {"at": {"x": 1, "y": 3}, "kind": "minimum", "distance": 1}
    far = trajectory("himmelblau", start="x=3.58, y=-1.85", steps=0).facts["nearest_critical"]
    assert isinstance(far.value["distance"], arb)
    assert abs(to_float(far.value["distance"]) - math.dist((3.58, -1.85), (3.584428340330492,
        -1.848126526964404))) < 1e-12  # fmt: skip


def test_rounding_is_found_where_it_first_changes_a_branch():
    """0.1 + 0.1 + 0.1 is more than 0.3 in float64."""
    asked = {"objective": "max(x - 3/10, 0) + max(3/10 - x, 0) + 0*y", "start": "x=0, y=1"}
    rounding = trajectory(**asked, set={"learning_rate": "1/10"}, steps=9).facts["rounding"]
    assert rounding.value["step"] == 3
    assert rounding.value["exact"]["x"] == fmpq(3, 10)
    assert rounding.value["float64"]["x"] == 0.30000000000000004
    assert rounding.status == "computed"


def test_a_smooth_run_has_no_branch_to_change():
    assert trajectory(**BOWL, steps=9).facts["rounding"].value == "none"


def test_rounding_at_a_joint_of_a_curve_is_found_too():
    asked = {"set": {"h": "1/2", "learning_rate": "1/10"}, "steps": 40, "at_kink": "right"}
    rounding = trajectory("barrier", **asked).facts["rounding"].value
    assert rounding["step"] == 10
    assert rounding["exact"] == 1
    assert rounding["float64"] == 0.9999999999999999


def test_iterates_are_arrays_by_variable():
    data = trajectory(**BOWL, steps=4).data
    assert data["x"].values.tolist() == pytest.approx([0.96**k for k in range(5)])
    assert data["y"].values.tolist() == pytest.approx([2 * 0.6**k for k in range(5)])
    assert data["value"].dims == ("step",)
    assert data["surface_value"].dims == ("surface_y", "surface_x")


def test_a_variable_with_the_name_of_another_array_is_told_apart():
    answer = trajectory("step^2 + value^2", start="step=1, value=2", steps=1,
                        set={"learning_rate": "1/4"})  # fmt: skip
    assert list(answer.arrays["position_step"].values) == [1.0, 0.5]
    assert list(answer.arrays["step"].values) == [0, 1]


@pytest.mark.parametrize("objective", ["x^2", "x^2 + y^2"])
def test_long_runs_keep_evenly_spaced_iterates(objective):
    start = "x=1" if objective == "x^2" else "x=1, y=1"
    answer = trajectory(objective, start=start, steps=25_000, engine="float64",
                        set={"learning_rate": "1/1000"})  # fmt: skip
    steps = answer.arrays["step"]
    assert list(steps.values[:3]) == [0, 3, 6]
    assert steps.values[-1] == 25_000
    assert "every 3" in steps.about


def test_noise_is_the_same_for_the_same_seed():
    asked = {**BOWL, "noise": "gaussian:0.1", "steps": 50}
    first, again, other = (trajectory(**asked, seed=seed) for seed in (7, 7, 8))
    assert first.to_json() == again.to_json()
    assert first.facts["final"].value != other.facts["final"].value
    assert (first.inputs["noise"], first.inputs["seed"]) == ("gaussian:0.1", 7)
    assert first.facts["final"].status == "computed"


def test_a_rule_that_draws_for_itself_runs_in_floats():
    rule = {"name": "jump", "step": {"x'": "x - r*g + r*noise"}, "parameters": {"r": "1/10"}}
    answer = trajectory("x^2 + y^2", start="x=1, y=1", optimizer=rule, steps=20, seed=3)
    assert answer.inputs["seed"] == 3
    place = answer.facts["final"].value
    assert place["x"] != place["y"]
    with pytest.raises(UsageError, match="draws are floats"):
        trajectory("x^2 + y^2", start="x=1, y=1", optimizer=rule, engine="exact")


def test_losses_in_turn_make_the_cycle_of_the_counterexample():
    answer = trajectory("reddi", noise="cyclic:1", steps=6, set={"learning_rate": "1/10"})
    assert list(answer.arrays["x"].values) == pytest.approx([0, -0.3, -0.2, -0.1, -0.4, -0.3, -0.2])


@pytest.mark.parametrize(
    ("asked", "error", "part"),
    [
        ({"objective": "x^2 + y^2", "start": "1, 2, 3"}, ShapeError, "--start x=1,y=1"),
        ({"objective": "booth", "start": "1"}, ShapeError, "2 variables, not 1"),
        ({"objective": "booth", "start": "x=1"}, FormulaError, "write `--start x=1, y=1`"),
        ({"objective": "booth", "start": "x=1, z=2"}, UsageError, "no variable `z`"),
        ({"objective": "rosenbrock", "start": "1"}, ShapeError, "2 to 1,000"),
        ({"objective": "x^2 + y^2", "start": "x=1"}, UsageError, "`y`"),
        ({"objective": "x^2", "start": "x=1, y=1"}, UsageError, "no variable `y`"),
        ({"objective": "x^2", "engine": "float16"}, UsageError, "write `float"),
        ({"objective": "cosh(x)", "start": 1, "engine": "exact"}, UsageError, "`cosh`"),
        ({"objective": "ackley", "start": "1, 2", "engine": "exact"}, UsageError, "--engine ball"),
        ({"objective": "x^2", "noise": "minibatch:1"}, UsageError, "no sum or mean"),
        ({"objective": "reddi", "noise": "minibatch:4"}, DomainError, "3 terms"),
        ({"objective": "reddi", "noise": "minibatch:1.5"}, DomainError, "terms"),
        ({"objective": "x^2", "noise": "gaussian:-1"}, DomainError, "not negative"),
        ({"objective": "x^2", "noise": "gauss"}, UsageError, "write `--noise gaussian:0.1`"),
        ({"objective": "x^2", "noise": "gaussian:1", "engine": "ball"}, UsageError, "floats"),
        ({"objective": "x^2", "seed": "a"}, UsageError, "`seed`"),
        ({"objective": "1/x + y^2", "start": "x=0, y=1"}, DomainError, "no value at the start"),
    ],
)
def test_what_cannot_be_run_is_refused_with_a_hint(asked, error, part):
    with pytest.raises(error) as caught:
        trajectory(**asked)
    assert part in str(caught.value)
    assert isinstance(caught.value, GradiometerError)


def test_a_run_in_several_variables_has_worked_steps():
    steps = [step.formula for step in trajectory(**BOWL, steps=3).steps]
    assert steps[0] == "gradient in x: 2*x"
    assert steps[3] == "step 1: x = 24/25, y = 6/5"
    assert steps[-1] == "verdict: converges"


@pytest.mark.parametrize("engine", [None, "float64"])
def test_a_side_of_a_kink_is_refused_where_there_are_more_than_two(engine):
    asked = {"start": "x=1, y=0", "set": {"learning_rate": 1}, "steps": 6, "engine": engine}
    with pytest.raises(UsageError, match="no side that is `right`"):
        trajectory("abs(x) + y^2", **asked, at_kink="right")


def test_where_branches_meet_on_the_way_it_is_said_which_slope_was_taken():
    asked = {"start": "x=1, y=1", "set": {"learning_rate": 1}}
    # The slope of abs(y) counts as 0 from there on, so the run rests.
    met = trajectory("abs(x)/2 + abs(y)", **asked, steps=3)
    assert any("After step 1 branches" in warning and "`y` = `0`" in warning
               for warning in met.warnings)  # fmt: skip
    assert trajectory("abs(x)/2 + abs(y - 1/3)", **asked, steps=1).warnings == ()
    # No slope is taken at the last position.
    assert trajectory("abs(x)/2 + abs(y)", **asked, steps=1).warnings == ()


def test_greek_names_of_a_formula_may_be_given_a_start():
    found = trajectory("α^2 + β^2", start="α=1, β=2", steps=0).facts["final"].value
    assert found == {"alpha": 1, "beta": 2}
