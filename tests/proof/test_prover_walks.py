"""Exact walks and regimes step by step: joints, holes, precisions, ties and splits of an axis."""

from types import SimpleNamespace

import pytest
from flint import arb, fmpq

from gradiometer.errors import DomainError, LimitError, UndecidedError
from gradiometer.formula import Axis, Line, precision
from gradiometer.proof import Course, run_exactly, survey, walk
from gradiometer.proof.walk import JointSplit, State
from proof.test_walk import EMPTY, LEFT_CLOSED, RIGHT_CLOSED, WITH_POINT, course, pieces

ZERO, ONE = fmpq(0), fmpq(1)
HOLES = "abs(x) + x/abs(x) + (x - 2)/abs(x - 2)"
THREE = pieces(("(-oo, 0)", "-x"), ("[0, 1]", "x"), ("(1, 2)", "1"), ("[2, oo)", "x - 1"))


def vars_of(a_course):
    return a_course.rule, a_course.landscape, a_course.start, a_course.steps, a_course.schedules


# Joints and holes.


@pytest.mark.parametrize(
    ("table", "holes"),
    [(LEFT_CLOSED, {}), (RIGHT_CLOSED, {}), (WITH_POINT, {}), (HOLES, {1: 0, 2: 2}), (THREE, {})],
)
def test_holes_are_the_joints_that_belong_to_no_piece(table, holes):
    ground = survey(course(table).landscape)
    assert ground.holes == holes
    assert ground.thin == tuple(
        table is WITH_POINT and index == 1 for index in range(len(ground.ends))
    )


@pytest.mark.parametrize(
    ("start", "hole"), [("1/2", 0), ("5/2", 2), ("3/4", None), ("9/4", None), ("-3/4", None)]
)
def test_a_run_ends_in_a_hole_and_nowhere_else(start, hole):
    run = run_exactly(course(HOLES, start=start, learning_rate="1/2", steps=3), settled_from=None)
    assert run.ended == ("" if hole is None else f"The landscape has no value at x = {hole}")
    assert not run.undecided
    assert len(run.states) == len(run.losses) == len(run.pieces) == (4 if hole is None else 1)


def test_only_rational_joints_are_ones_to_stand_on():
    ground = survey(course(THREE).landscape)
    assert [ground.is_joint(fmpq(place)) for place in (0, 1, 2, 3)] == [True] * 3 + [False]
    assert ground.is_joint(fmpq(1, 2)) is False
    assert ground.is_joint(arb(1)) is False
    roots = pieces(("(-oo, sqrt(2)]", "x"), ("(sqrt(2), oo)", "-x"))
    with precision(64):
        assert survey(course(roots).landscape).is_joint(ONE) is False


def test_at_a_joint_thin_pieces_are_passed_by():
    ground = survey(course(WITH_POINT).landscape)
    assert [ground.at_joint(0, side) for side in ("left", None, "right")] == [0, 1, 2]
    empty = survey(course(EMPTY).landscape)
    assert [empty.at_joint(0, side) for side in ("left", None, "right")] == [0, 2, 2]
    closed = survey(course(LEFT_CLOSED).landscape)
    assert [closed.at_joint(0, side) for side in ("left", None, "right")] == [0, 0, 1]


def test_a_position_beyond_a_closed_end_is_on_no_piece():
    ground = survey(course(LEFT_CLOSED).landscape)
    short = walk.Ground(
        ((None, ZERO), (ZERO, ONE)), ((False, True), (False, True)), (False, False), *[()] * 3, {}
    )
    assert ground.locate(fmpq(5), None) == 1
    assert short.locate(ONE, None) == 1
    with pytest.raises(DomainError, match="beyond the last piece"):
        short.locate(fmpq(2), None)


# A position that moves with the parameter.


def at_edge(constant, slope, axis, *, closed=((False, True), (True, False)), side=None, **known):
    ground = walk.Ground(((None, ZERO), (ZERO, None)), closed, (False, False), *[()] * 3, {})
    return ground.locate(Line(fmpq(constant), fmpq(slope), axis), side, **known)


LEFT_TIE = ((False, True), (False, False))
RIGHT_TIE = ((False, False), (True, False))


@pytest.mark.parametrize("closed", [LEFT_TIE, RIGHT_TIE])
@pytest.mark.parametrize("slope", [1, -1])
def test_an_axis_is_split_where_the_position_meets_a_joint_inside(closed, slope):
    with pytest.raises(JointSplit) as caught:
        at_edge(-slope, slope, Axis(ZERO, fmpq(5), lower_closed=True), closed=closed)
    split = caught.value
    assert (split.at, split.joint, split.direction) == (1, 0, slope)
    assert split.tie == (-1 if closed is LEFT_TIE else 1)
    (below, first), (above, second) = split.joined()
    assert (below.lower, below.upper, above.lower, above.upper) == (0, 1, 1, 5)
    assert (first, second) == (-slope, slope)
    # The value itself belongs to the part whose order with the joint is that of the tie.
    assert below.upper_closed is (split.tie == -slope)
    assert above.lower_closed is (split.tie == slope)
    assert below.lower_closed
    assert not above.upper_closed


@pytest.mark.parametrize(
    ("closed", "slope", "axis", "piece"),
    [
        # h in [0, 5) at the position h or -h; the closed end itself is the joint.
        (RIGHT_TIE, 1, Axis(ZERO, fmpq(5), lower_closed=True), 1),
        (LEFT_TIE, -1, Axis(ZERO, fmpq(5), lower_closed=True), 0),
        (LEFT_TIE, 1, Axis(fmpq(-5), ZERO, upper_closed=True), 0),
        (RIGHT_TIE, -1, Axis(fmpq(-5), ZERO, upper_closed=True), 1),
        (LEFT_TIE, 1, Axis(ZERO, fmpq(5), lower_closed=True), None),
        (RIGHT_TIE, -1, Axis(ZERO, fmpq(5), lower_closed=True), None),
        (RIGHT_TIE, 1, Axis(fmpq(-5), ZERO, upper_closed=True), None),
        (LEFT_TIE, -1, Axis(fmpq(-5), ZERO, upper_closed=True), None),
    ],
)
def test_a_part_that_only_ends_at_a_joint_is_kept_where_the_joint_counts_to_it(
    closed, slope, axis, piece
):
    if piece is not None:
        assert at_edge(0, slope, axis, closed=closed) == piece
    else:
        with pytest.raises(JointSplit):
            at_edge(0, slope, axis, closed=closed)


def test_a_known_order_is_not_asked_for_again():
    axis = Axis(ZERO, fmpq(5), lower_closed=True)
    assert at_edge(-1, 1, axis, known={0: -1}) == 0
    assert at_edge(-1, 1, axis, known={0: 1}) == 1


# Long numbers and precisions.


def test_long_numbers_go_on_as_balls_and_endless_ones_end_the_run():
    # All steps share a number of bits, or each adds some: few steps or slow growth.
    for step, bits in ((1, 100_000), (20, 100_000), (40, 50_000), (100, 20_000), (200, 20_000),
                       (300, 30_000), (999, 99_900), (2000, 50_000), (10**6, 20_000)):  # fmt: skip
        assert isinstance(walk._shorten(fmpq(2**bits + 1), step), arb)
        assert isinstance(walk._shorten(fmpq(2 ** (bits - 2) + 1), step), fmpq)
    assert walk._shorten(fmpq(1, 3), 1) == fmpq(1, 3)
    assert walk._shorten(arb(0), 1) == 0
    huge = arb(2) ** walk.MOST_EXPONENT
    assert walk._shorten(huge, 1) == huge
    assert not walk._shorten(arb("inf"), 1).is_finite()
    for value in (huge * 4, 1 / (huge * 4)):
        with pytest.raises(LimitError, match="outside"):
            walk._shorten(value, 1)


def test_a_memory_beside_a_ball_is_one_too():
    rule = SimpleNamespace(
        values={}, state={"m": None}, exact_step=(("m'", lambda _: ONE), ("x'", lambda k: k["x"]))
    )
    for position, kind in ((ONE, fmpq), (arb(1), arb)):
        after = walk.advance(rule, State(4, position, {"m": ZERO}), ZERO, {})
        assert after.step == 5
        assert isinstance(after.memory["m"], kind)


def test_a_state_returns_only_where_all_of_it_is_rational():
    assert walk._key(State(3, ONE, {"b": fmpq(2), "a": fmpq(3)})) == (1, 3, 2)
    assert walk._key(State(3, ONE, {"b": arb(2)})) is None
    assert walk._key(State(3, arb(1), {})) is None


def test_balls_are_computed_anew_with_more_bits_until_an_answer_is_sharp():
    few = run_exactly(course("quadratic", start=1, steps=5), settled_from=0, as_balls=True)
    assert (few.bits, few.undecided, few.ended) == (256, False, "")
    # Each step of this run costs about two bits.
    for steps in (100, 300):
        chaos = course("double_well", start="3/10", learning_rate="3/2", steps=steps)
        run = run_exactly(chaos, settled_from=0, as_balls=True)
        assert (run.bits, run.undecided, len(run.states)) == (1024, False, steps + 1)
    assert run.states[-1].position.rel_one_accuracy_bits() > walk._SHARP
    assert run.period is None


def test_a_run_that_may_stand_on_a_joint_has_an_end():
    roots = pieces(("(-oo, sqrt(2)]", "x"), ("(sqrt(2), oo)", "-x"))
    rule = {"parameters": {}, "step": {"x'": "sqrt(2) + 0*g"}}
    run = run_exactly(course(roots, rule=rule), settled_from=0)
    assert (len(run.states), run.undecided, run.bits) == (1, True, walk.LAST_BITS)
    assert run.ended


def test_a_memory_may_begin_with_the_first_rate_of_a_schedule():
    rule = {"parameters": {"learning_rate": {"default": "1"}}, "state": {"m": "learning_rate*x"},
            "step": {"m'": "m/2", "x'": "x - learning_rate*g - m'"}}  # fmt: skip
    run = run_exactly(course("quadratic", rule=rule, schedule="1/(k + 2)", start=3, steps=1),
                      settled_from=None)  # fmt: skip
    assert run.states[0].memory == {"m": fmpq(3, 2)}
    assert run.states[1].memory == {"m": fmpq(3, 4)}


@pytest.mark.parametrize(("side", "position"), [("left", 1), ("right", -7), (None, 1)])
def test_the_loss_at_a_joint_is_that_of_its_piece_whichever_slope_is_taken(side, position):
    cliff = pieces(("(-oo, 0]", "-x"), ("(0, oo)", "7*x + 5"))
    asked = Course(*vars_of(course(cliff, learning_rate=1, steps=1)), side=side)
    run = run_exactly(asked, settled_from=None)
    assert run.losses[0] == 0
    assert run.states[1].position == position


def test_a_cycle_is_as_long_as_the_steps_between_equal_states():
    told = {"pieces": (), "losses": (), "bits": 64}
    states = tuple(State(step, ONE, {}) for step in range(8))
    assert walk.Run(states, repeats_from=3, **told).period == 4
    assert walk.Run(states, repeats_from=None, **told).period is None


def test_the_last_precision_is_taken_as_it_is(monkeypatch):
    asked = []

    def run(course, settled_from, bits, *, as_balls):
        asked.append(bits)
        state = State(0, arb(1, 1), {})
        return walk.Run((state,) if is_known else (), (), (), None, bits, "lost", True)

    monkeypatch.setattr(walk, "_run", run)
    is_known = True
    assert run_exactly(None, settled_from=None).bits == walk.LAST_BITS
    assert asked == [256, 1024, 2048, 4096, 8192]
    is_known = False
    with pytest.raises(UndecidedError, match="at the start is not decided: lost"):
        run_exactly(None, settled_from=None)


@pytest.mark.parametrize(
    ("value", "is_sharp", "has_digits"),
    [
        (fmpq(1, 3), True, True),
        (arb(1, fmpq(1, 2**100)), True, True),
        (arb(1, fmpq(1, 2**60)), False, True),
        (arb(1, fmpq(1, 4)), False, False),
    ],
)
def test_balls_need_digits_to_step_and_more_to_be_shown(value, is_sharp, has_digits):
    assert walk._is_sharp(value) is is_sharp
    assert walk._has_digits(value) is has_digits
