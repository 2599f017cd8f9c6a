"""Exact walks: which piece a position is on, when a rule settles, how a run ends."""

import pytest
from flint import arb, fmpq

from gradiometer.errors import DomainError, UndecidedError
from gradiometer.model import read_objective, read_optimizer, read_schedule, settle
from gradiometer.proof import Course, find_settled_step, run_exactly, survey


def course(objective, *, rule="sgd", start=0, steps=50, schedule=None, side=None, **values):
    optimizer, surface = read_optimizer(rule), read_objective(objective)
    owners = [optimizer.owner, surface.owner]
    plan = None
    if schedule is not None:
        plan = read_schedule(schedule)
        owners.append(plan.owner)
    given = settle(owners, {name: str(value) for name, value in values.items()})
    if plan is not None:
        given["optimizer"].pop("learning_rate", None)
    return Course(
        optimizer.bind(given["optimizer"]),
        surface.bind(given["objective"]),
        fmpq(start),
        steps,
        {} if plan is None else {"learning_rate": plan.bind(given["schedule"])},
        side,
    )


def pieces(*rows):
    return {"pieces": [{"on": on, "f": f} for on, f in rows]}


def walk_through(a_course):
    return run_exactly(a_course, settled_from=find_settled_step(a_course))


WITH_POINT = pieces(("(-oo, 0)", "-x"), ("{0}", "0"), ("(0, oo)", "x"))
LEFT_CLOSED = pieces(("(-oo, 0]", "-x"), ("(0, oo)", "x"))
RIGHT_CLOSED = pieces(("(-oo, 0)", "-x"), ("[0, oo)", "x"))
EMPTY = {
    "parameters": {"w": {"default": "0"}},
    **pieces(("(-oo, 0)", "-x"), ("[0, w)", "7*x"), ("[w, oo)", "x")),
}


@pytest.mark.parametrize(
    ("table", "side", "piece"),
    [
        (LEFT_CLOSED, None, 0),
        (LEFT_CLOSED, "left", 0),
        (LEFT_CLOSED, "right", 1),
        (RIGHT_CLOSED, None, 1),
        (RIGHT_CLOSED, "left", 0),
        (RIGHT_CLOSED, "right", 1),
        (WITH_POINT, None, 1),
        (WITH_POINT, "left", 0),
        (WITH_POINT, "right", 2),
        (EMPTY, None, 2),
        (EMPTY, "left", 0),
        (EMPTY, "right", 2),
    ],
    ids=str,
)
def test_exactly_at_a_joint_the_side_says_which_piece_is_taken(table, side, piece):
    ground = survey(course(table).landscape)
    assert ground.locate(fmpq(0), side) == piece
    assert ground.locate(fmpq(-1), side) == 0
    assert ground.locate(fmpq(1), side) == len(table["pieces"]) - 1


def test_a_ball_over_a_joint_is_on_no_piece():
    with pytest.raises(UndecidedError):
        survey(course(LEFT_CLOSED).landscape).locate(arb(0, 1e-30), None)


def test_a_landscape_whose_pieces_run_backwards_is_refused():
    with pytest.raises(DomainError, match="before it begins"):
        survey(course(EMPTY, w=-1).landscape)


@pytest.mark.parametrize(
    ("asked", "step"),
    [
        ({}, 0),
        ({"momentum": "9/10"}, 1),
        ({"rule": "adam"}, None),
        ({"schedule": "constant"}, 0),
        ({"schedule": "multistep", "milestones": "3, 7"}, 7),
        ({"schedule": "1/(k + 1)"}, None),
        ({"schedule": "where(k < 5, 1/10, 1/20)"}, 5),
        ({"schedule": "max(1/10, 1 - k/20)"}, 18),
    ],
    ids=str,
)
def test_a_rule_is_settled_from_one_of_its_own_numbers_on(asked, step):
    assert find_settled_step(course("quadratic", **asked)) == step


def test_a_warm_up_in_the_rule_itself_ends():
    rule = {
        "parameters": {"last": {"default": "7"}},
        "step": {"x'": "x - where(t <= last, t/last, 1)*g/10"},
    }
    assert find_settled_step(course("quadratic", rule=rule)) == 7


def test_a_state_that_returns_before_the_rule_settles_is_no_cycle():
    """With the rate 1 the run goes to and fro between 1/2 and -1/2; with 1/3 it does not."""
    run = walk_through(course("kink", schedule="where(k < 9, 1, 1/3)", start="1/2", steps=30))
    assert run.states[0].position == run.states[2].position == run.states[4].position
    assert run.repeats_from is not None
    assert run.repeats_from >= 9


def test_a_run_on_rationals_that_grow_goes_on_as_balls_and_ends_honestly():
    run = walk_through(course("double_well", start="3/10", learning_rate="3/2", steps=400))
    assert isinstance(run.states[-1].position, arb)
    assert run.ended == "" or run.undecided


def test_adam_without_eps_has_no_step_where_every_gradient_was_zero():
    flat = pieces(("(-oo, 0]", "-x"), ("(0, oo)", "0"))
    run = walk_through(course(flat, rule="adam", start=1, eps=0, steps=5))
    assert len(run.states) == 1
    assert "division by zero" in run.ended


def test_a_start_on_the_lowest_point_is_a_fixed_state():
    run = walk_through(course("quadratic", start=0))
    assert (run.repeats_from, run.period) == (0, 1)


@pytest.mark.parametrize("rate", ["1e-300", "1e300"])
def test_tiny_and_huge_rates_stay_exact(rate):
    run = walk_through(course("kink", start="1/3", learning_rate=rate, steps=3))
    top = fmpq(10) ** 300 if rate == "1e300" else fmpq(1, 10) ** 300
    assert run.states[1].position == fmpq(1, 3) - top


@pytest.mark.parametrize("formula", ["1/x", "ln(x)", "sqrt(x - 1)"])
def test_start_without_a_value_is_said(formula):
    with pytest.raises(DomainError, match="has no value at the start x = 0"):
        walk_through(course(formula))
