"""Regimes along an axis, step by step: peaks, ties, splits and what ends a search."""

from types import SimpleNamespace

import pytest
from flint import arb, fmpq

from gradiometer.errors import DomainError, LimitError, UndecidedError
from gradiometer.formula import Axis, Line, Split, precision
from gradiometer.proof import Course, regime
from gradiometer.proof.stepper import ExactStepper
from gradiometer.proof.walk import JointSplit, State
from proof.test_prover_choices import part
from proof.test_prover_walks import vars_of
from proof.test_walk import course, pieces

ZERO, ONE = fmpq(0), fmpq(1)


# Regimes.


def explorer(a_course=None, *, domain=None, settled_from=None, steps=3):
    a_course = a_course or course(BARRIER, steps=steps)
    axis = domain or Axis(ZERO, None)
    return regime._Explorer(a_course, "h", axis, ExactStepper(), settled_from)


BARRIER = pieces(("(-oo, 1]", "1 - x"), ("(1, 3]", "x - 1"), ("(3, oo)", "5 - x"))


def branch(position=ZERO, *, axis=None, peak=None, **more):
    axis = axis or Axis(ZERO, fmpq(9))
    return regime._Branch(axis, State(2, position, {}), [0, 1], {}, peak, 1, **more)


def test_a_search_ends_after_eight_whole_runs():
    found = explorer(steps=5)
    for _ in range(8 * 1010):
        found._count_work()
    with pytest.raises(UndecidedError, match="too many different ways"):
        found._count_work()


@pytest.mark.parametrize(
    ("steps", "step", "peak_step", "is_over"),
    [(5, 4, 0, False), (5, 5, 0, True), (5, 5, 5, False), (5, 6, 5, True), (5, 6, 6, False),
     (5, 9, 9, False), (5, 10, 10, True), (5, 4, 4, False)],
)  # fmt: skip
def test_a_run_is_followed_until_it_turns_or_for_twice_its_steps(steps, step, peak_step, is_over):
    told = SimpleNamespace(peak_step=peak_step)
    assert explorer(steps=steps)._is_over(told, step) is is_over


@pytest.mark.parametrize("first", [0, 1, 2])
def test_the_peak_is_the_first_of_the_farthest_positions(first):
    valley = regime.Valley(first, 3, True)
    places = [fmpq(1), fmpq(3), fmpq(-2), fmpq(3), fmpq(-2), fmpq(0)]
    told = SimpleNamespace(peak=None, peak_step=None)
    for step, place in enumerate(places, 10):
        explorer()._note_peak(told, place, step, valley)
    assert (told.peak, told.peak_step) == ((-2, 12) if first else (3, 11))


def test_states_return_from_the_step_on_at_which_the_rule_is_settled():
    state = State(4, ONE, {})
    for settled_from, is_known in ((None, False), (5, False), (4, True), (0, True)):
        key = explorer(settled_from=settled_from)._key(state)
        assert (key is not None) is is_known


def test_more_bits_help_only_where_there_are_balls():
    assert explorer().is_exact() is True
    roots = course(pieces(("(-oo, sqrt(2)]", "x"), ("(sqrt(2), oo)", "-x")))
    with precision(64):
        assert explorer(roots).is_exact() is False
    found = explorer()
    found.current = branch(arb(1))
    assert found.is_exact() is False
    found = explorer()
    found.todo.append(branch(arb(1)))
    assert found.is_exact() is False


@pytest.mark.parametrize(
    ("axis", "parts"),
    [
        (Axis(ZERO, fmpq(9)), [(0, 4), (4, 9)]),
        (Axis(fmpq(4), fmpq(9), lower_closed=True), [(4, 9)]),
        (Axis(ZERO, fmpq(4), upper_closed=True), [(0, 4)]),
        (Axis(None, None), [(None, 4), (4, None)]),
        (Axis(fmpq(4), None, lower_closed=True), [(4, None)]),
    ],
)
def test_a_branch_falls_into_the_parts_on_both_sides_and_the_value_between(axis, parts):
    found, parent = explorer(), branch(Line(ONE, fmpq(2), axis), axis=axis, known={0: 1})
    found.todo = []
    found._split(parent, Split(fmpq(4), 1, axis))
    *sides, point = found.todo
    assert [(row.axis.lower, row.axis.upper) for row in sides] == parts
    assert all(row.known == {0: 1} for row in sides)
    assert (point.axis, point.state.position, point.known) == (4, 9, {})
    assert sides[0].state.position.axis is sides[0].axis
    assert all(row.pieces == [0, 1] and row.pieces is not parent.pieces for row in found.todo)


def test_a_branch_at_a_joint_falls_into_two_parts_that_know_their_order():
    axis = Axis(ZERO, fmpq(9))
    found, parent = explorer(), branch(Line(fmpq(-4), ONE, axis), axis=axis, known={1: -1})
    found.todo = []
    found._split(parent, JointSplit(Split(fmpq(4), 1, axis), 0, -1))
    below, above = found.todo
    assert (below.axis.upper, below.axis.upper_closed) == (4, True)
    assert (above.axis.lower, above.axis.lower_closed) == (4, False)
    assert (below.known, above.known) == ({1: -1, 0: -1}, {1: -1, 0: 1})
    # At the very end of the part the value is one of its own.
    found.todo = []
    closed = Axis(fmpq(4), fmpq(9), lower_closed=True)
    found._split(parent, JointSplit(Split(fmpq(4), 1, closed), 0, -1))
    assert [row.axis for row in found.todo[1:]] == [4]
    with pytest.raises(UndecidedError, match="irrational"):
        found._split(parent, Split(arb(2).sqrt(), 1, axis))


def test_a_peak_goes_along_with_its_part():
    axis, peak = Axis(ZERO, ONE), Line(ONE, fmpq(2), Axis(ZERO, fmpq(9)))
    found = explorer()._part(branch(peak=peak), axis, {})
    assert (found.peak.axis, found.peak.constant) == (axis, 1)
    assert explorer()._part(branch(peak=peak), fmpq(5), {}).peak == 11
    assert explorer()._part(branch(), axis, {}).peak is None


@pytest.mark.parametrize(
    ("start", "side", "tie"),
    [
        ("-1", "left", (2, 1, "left")),
        ("-1", "right", (2, 1, "right")),
        ("-1", None, (2, 1, "left")),
        ("-1/2", "left", (None, None, "left")),
        ("1", "right", (0, 1, "right")),
    ],
)
def test_the_first_joint_that_a_run_stands_on_is_told_with_the_side_taken(start, side, tie):
    asked = Course(*vars_of(course(BARRIER, start=start, learning_rate=1, steps=3)), side=side)
    (found,), bits = regime.find_regimes(
        asked, parameter="h", domain=Axis(ZERO, ONE), stepper=ExactStepper(), settled_from=0
    )
    assert (found.tie_step, found.tie_at, found.tie_side) == tie
    assert bits == 256
    assert found.outcome == "trapped"


@pytest.mark.parametrize(
    ("fails", "exact", "bits"), [(0, False, 256), (1, False, 1024), (4, False, 8192),
                                 (5, False, None), (1, True, None)]
)  # fmt: skip
def test_undecided_regimes_are_looked_at_with_more_bits(monkeypatch, fails, exact, bits):
    asked = []

    class Explorer:
        def __init__(self, *_):
            asked.append(1)

        def explore(self):
            if len(asked) <= fails:
                raise UndecidedError("too wide")
            return ("a part",)

        def is_exact(self):
            return exact

    monkeypatch.setattr(regime, "_Explorer", Explorer)
    given = {"parameter": "h", "domain": None, "stepper": None, "settled_from": None}
    if bits is None:
        with pytest.raises(UndecidedError, match="too wide"):
            regime.find_regimes(None, **given)
        assert len(asked) == (1 if exact else 5)
    else:
        assert regime.find_regimes(None, **given) == (("a part",), bits)


def test_the_order_of_parts_that_meet_in_a_root():
    with precision(64):
        root = arb(2).sqrt()
    at, after = part(root, root, low=True, high=True), part(root, None)
    assert sorted([after, at], key=regime._Position) == [at, after]
    assert at.is_point
    assert not part(root, root, low=True).is_point
    assert not part(root, root, high=True).is_point
    assert not part(ZERO, ONE, low=True, high=True).is_point


@pytest.mark.parametrize(
    ("error", "said"), [(DomainError("A hole."), "A hole"), (LimitError("Too long."), "Too long")]
)
def test_errors_of_the_whole_axis_are_told_as_they_are_before_the_run_begins(
    monkeypatch, error, said
):
    found = explorer()

    def refuse(_, branch):
        branch.is_under_way = under_way
        raise error

    monkeypatch.setattr(regime._Explorer, "_follow", refuse)
    under_way = False
    with pytest.raises(type(error)):
        found.explore()
    found = explorer()
    found.todo[0].axis = Axis(ZERO, ONE)
    with pytest.raises(UndecidedError, match=f"^{said}$"):
        found.explore()
    under_way = True
    with pytest.raises(UndecidedError, match=f"^{said}$"):
        explorer().explore()


def test_an_error_on_the_way_leaves_the_regimes_open():
    rule = {"parameters": {"rate": {"default": "1"}}, "step": {"x'": "x - rate*g/x"}}
    asked = course(BARRIER, rule=rule, start=0, steps=3)
    with pytest.raises(UndecidedError, match="division by zero"):
        explorer(asked).explore()


@pytest.mark.parametrize("at", [fmpq(5), arb(5)])
def test_a_single_value_of_the_parameter_is_a_closed_part(at):
    found = explorer()._regime(branch(axis=at), "stays", 7, 2)
    assert (found.lower, found.upper) == (at, at)
    assert (found.lower_closed, found.upper_closed, found.is_point) == (True, True, True)
    assert (found.outcome, found.step, found.pieces) == ("stays", 7, (0, 1, 2))
    open_one = explorer()._regime(branch(axis=Axis(ONE, None)), "stays", 7, 2)
    assert (open_one.lower, open_one.upper, open_one.is_point) == (1, None, False)
    assert (open_one.lower_closed, open_one.upper_closed) == (False, False)


def test_a_start_in_no_valley_is_outside():
    slide = pieces(("(-oo, 0]", "x"), ("(0, oo)", "-x"))
    for start, piece in ((1, 1), (-1, 0)):
        (found,), _ = regime.find_regimes(
            course(slide, start=start), parameter="h", domain=Axis(ZERO, ONE),
            stepper=ExactStepper(), settled_from=0,
        )  # fmt: skip
        assert (found.outcome, found.step, found.pieces) == ("outside", 0, (piece,))
        assert (found.peak, found.peak_step) == (None, 0)
