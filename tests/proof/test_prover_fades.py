"""Parts of the provers of fading rates, of counted steps and of coordinates, known by hand."""

from types import SimpleNamespace

import numpy as np
import pytest
from flint import arb, fmpq

from gradiometer.errors import CertificateError, UndecidedError
from gradiometer.formula import Range, parse, precision, to_ball, to_float
from gradiometer.proof import (
    contraction_frame,
    fading,
    find_settled_step,
    judge,
    run_exactly,
    separate,
    stride,
)
from gradiometer.proof.check_stride_system import Echo, Plain
from gradiometer.question.trajectory import read_run

# Rates that fade.


def test_ends_are_widened_by_a_room_on_each_side():
    assert fading._widen((-1.0, 2.0), [0.5, 0.25]) == (fmpq(-3, 2), fmpq(9, 4))


@pytest.mark.parametrize(
    ("lead", "last", "roots"),
    [
        # It falls through 0 at 0, where nothing rests.
        (lambda x: to_ball((x + 1) * x * (x - 3)), 0.5, [-1, 3]),
        (lambda x: to_ball((x + 4) * x * (x - 1)), 0.25, [1, -4]),
        (lambda x: to_ball(x - 7), 0.0, [7]),
        (lambda x: to_ball(x + 7), 100.0, [-7]),
        (lambda x: to_ball(7 - x), 0.0, []),
        # Zero at the very place counts on both sides.
        (lambda x: to_ball(x - 2), 2.0, [2, 2]),
    ],
)
def test_places_are_looked_for_between_signs_that_rise_the_nearest_first(lead, last, roots):
    found = fading._list_brackets(lead, last)
    assert len(found) == len(roots)
    for (low, high), root in zip(found, roots, strict=True):
        assert low <= root <= high
        assert to_float(high - low) <= 1 + 0.3 * abs(root - last)


def test_places_behind_one_without_a_value_are_not_looked_at():
    def lead(x):
        if x > 1:
            raise UndecidedError("there is no value")
        # It rises through 0 at 2, behind that place, and at -3.
        return to_ball(x - 2 if x > -2 else x + 3)

    ((low, high),) = fading._list_brackets(lead, 0.0)
    assert low <= -3 <= high < -2


@pytest.mark.parametrize(
    ("lead", "ends", "root"),
    [
        (lambda x: to_ball(x - fmpq(1, 3)), (0, 1), fmpq(1, 3)),
        (lambda x: to_ball(x + fmpq(7, 999)), (-1, 0), fmpq(-7, 999)),
        (to_ball, (-1, 0), 0),
        (lambda x: to_ball(x * x - 2), (1, 2), None),
        (lambda x: to_ball(x - fmpq(1, 1009)), (0, 1), None),
    ],
)
def test_a_place_is_guessed_where_it_is_a_short_rational(lead, ends, root):
    assert fading._guess(lead, *map(fmpq, ends)) == root


def valley(*trees, ends):
    field = SimpleNamespace(ends=ends, replay=None)
    return SimpleNamespace(trees=[parse(text, names={"x"}).tree for text in trees], field=field)


ONE = fmpq(1)
SMOOTH = [(None, None)]
JOINED = [(None, ONE), (ONE, None)]


def test_a_place_that_is_no_short_rational_is_closed_in():
    with precision(256):
        place = fading._close_in(
            valley("x", ends=SMOOTH), lambda x: to_ball(x * x - 2), (fmpq(1), fmpq(2))
        )
        low, high = place.rest
        assert low * low < 2 < high * high
        assert 0 < high - low < fmpq(1, 10**30)
        assert place.is_steep == (False, False)
    exact = fading._close_in(
        valley("x", ends=SMOOTH), lambda x: to_ball(x - fmpq(1, 2)), (fmpq(0), fmpq(3))
    )
    assert exact.rest == (fmpq(1, 2), fmpq(1, 2))
    assert exact.is_steep == (False, False)


@pytest.mark.parametrize(
    ("left", "right", "steep"),
    [("-1", "1", (True, True)), ("x - 1", "2", (False, True)), ("-3", "x - 1", (True, False)),
     ("x - 1", "2*x - 2", (False, False))],
)  # fmt: skip
def test_a_joint_is_the_place_and_is_steep_where_the_slope_jumps(left, right, steep):
    place = fading._close_in(valley(left, right, ends=JOINED), None, (fmpq(0), fmpq(1)))
    assert place.rest == (1, 1)
    assert place.is_steep == steep


def test_a_piece_of_one_point_tells_no_slope_and_joints_elsewhere_are_no_places():
    three = valley("-1", "0", "1", ends=[(None, ONE), (ONE, ONE), (ONE, None)])
    assert fading._find_steep(three, (ONE, ONE)) == (True, True)
    assert fading._find_steep(three, (fmpq(0), ONE)) == (True, True)
    far = fading._close_in(
        valley("x", "x", ends=JOINED), lambda x: to_ball(x - 3), (fmpq(2), fmpq(4))
    )
    assert far.rest == (3, 3)


def test_a_ball_is_rounded_outward_by_little():
    with precision(128):
        for middle, radius in (
            (fmpq(1, 3), (1, 10**6)),
            (fmpq(-2000, 3), (1, 64)),
            (fmpq(0), (1, 2)),
        ):
            ball = arb(middle, radius[0] / radius[1])
            low, high = fading._round_outward(ball)
            assert low < ball.lower()
            assert ball.upper() < high
            assert high - low < fmpq(206, 100) * fmpq(*radius)
            assert max(low.q, high.q) <= 10**11


def test_a_run_is_held_by_ends_that_leave_the_room_it_needs():
    needs = [(to_ball(fmpq(3)), to_ball(fmpq(1, 100)))] * 9
    fade = SimpleNamespace(place=fmpq(1), find_rooms=lambda *_: needs.pop())
    low, high = fading._find_outer(fade, (fmpq(-1), fmpq(2)), (fmpq(0), fmpq(0)))
    assert fmpq(-5) < low < -4
    assert fmpq(201, 100) < high < fmpq(5, 2)
    assert len(needs) >= 7


def test_a_room_that_grows_with_the_ends_holds_nothing():
    def find_rooms(outer, inner, _):
        return to_ball(inner[0] - outer[0]), to_ball(fmpq(0))

    fade = SimpleNamespace(place=fmpq(0), find_rooms=find_rooms)
    with pytest.raises(UndecidedError, match="ever further out"):
        fading._find_outer(fade, (fmpq(-1), fmpq(1)), (fmpq(0), fmpq(0)))


# Steps whose factors read the step count.


def echo(*, direct=1, out=1, takes=1, keeps=1):
    numbers = [fmpq(value) for value in (keeps, takes, out, direct)]
    return Echo(None, *numbers, None, None, False)


@pytest.mark.parametrize(
    ("system", "signs"),
    [
        (echo(), [1, 1, 1, 1]),
        (echo(direct=-1), [-1, 1, 1, 1]),
        (echo(out=-1), [1, -1, -1, -1]),
        (echo(takes=-2), [1, -1, -1, -1]),
        (echo(keeps=fmpq(-1, 2)), [1, 1, -1, 1]),
        (echo(keeps=0, out=-1, takes=-1, direct=-2), [-1, 1, 1, 1]),
        (echo(direct=0), [1, 1, 1, 1]),
        (echo(takes=0, direct=-1), [-1, 1, 1, 1]),
        (echo(takes=fmpq(-1, 3), keeps=fmpq(-3)), [1, -1, 1, -1]),
    ],
)
def test_worst_gradients_have_the_signs_of_their_weights(system, signs):
    assert list(stride._list_signs(system))[:4] == signs


def test_each_of_the_worst_gradients_hides_the_one_before():
    found = stride._list_gradients(echo(direct=-1), 5)
    assert found[:2] == [10**12, 10**15]
    assert found[-1] == -(fmpq(10) ** 12) * fmpq(1000) ** (len(found) - 1)
    assert stride._list_gradients(Plain(fmpq(1)), 5) == [10**12]


def test_gradients_make_up_for_what_is_remembered_of_those_before():
    half = fmpq(1, 2)
    memory = SimpleNamespace(names=["m"], matrix=[[half]], entry=[fmpq(1)], shift=([-half], ONE))
    system = SimpleNamespace(memory=memory, begin=None)
    # With m of 0, 1 and 1/2 + 2 in units of 10^12/2, and from each gradient m/2 taken off.
    found = stride._to_gradients(system, [fmpq(1), fmpq(2), fmpq(-2)])
    unit = fmpq(10) ** 12 / 2
    assert found == [unit, unit * fmpq(3, 2), unit * fmpq(-13, 4)]
    # The first one may enter otherwise, here as 3 of it.
    other = SimpleNamespace(memory=memory, begin=([fmpq(3)], ONE))
    found = stride._to_gradients(other, [fmpq(1), fmpq(2), fmpq(-2)])
    assert found == [unit, unit * half, unit * fmpq(-15, 4)]


def test_short_numbers_are_near_and_on_the_side_that_is_asked_for():
    third, long = fmpq(1, 3), fmpq(10**30 + 1, 3 * 10**30)
    assert stride._shorten(third) == third
    assert stride._shorten(long, stride._MARGIN) == long
    assert stride._shorten(long) != long
    assert abs(stride._shorten(long) - third) < fmpq(1, 10**16)
    with precision(256):
        root = to_ball(fmpq(2)).sqrt()
        for value in (root, -root):
            low, high = (stride._shorten(value, side * stride._MARGIN) for side in (-1, 1))
            assert low < value
            assert value < high
            assert high - low < fmpq(1, 10**29)


@pytest.mark.parametrize("step", [fmpq(1, 3), fmpq(-2, 3), fmpq(10**9, 7), fmpq(3)])
def test_what_is_reached_is_rounded_down_by_little(step):
    found = stride._round_down(step)
    assert abs(step) * (1 - fmpq(1, 10**10)) < found <= abs(step)


def test_spans_are_tried_until_one_is_enough_and_the_last_reason_is_told(monkeypatch):
    def find(begun, lines, kinds, span):
        if span[1] < 300:
            raise UndecidedError(f"{span} is too short")
        return span

    monkeypatch.setattr(stride, "find_stride_bound", find)
    assert stride._look_ahead({}, (), {}) == (1024, (1, 1024))
    monkeypatch.setattr(stride, "_SPANS", (16, 256))
    with pytest.raises(UndecidedError, match=r"\(1, 256\) is too short"):
        stride._look_ahead({}, (), {})


# Coordinates in which frozen steps shrink, and coordinates alone.


def test_entries_that_vary_are_mixed_unless_they_are_many():
    two = np.array([[[1.0, 2.0], [3.0, 4.0]], [[1.0, 5.0], [3.0, 0.0]]])
    found = {tuple(matrix.flatten()) for matrix in contraction_frame._mix_entries(two)}
    assert found == {(1, 2, 3, 4), (1, 2, 3, 0), (1, 5, 3, 4), (1, 5, 3, 0)}
    many = np.array([np.zeros((3, 3)), np.ones((3, 3))])
    assert contraction_frame._mix_entries(many) is many
    four = np.array([np.zeros((2, 2)), np.ones((2, 2))])
    assert len(contraction_frame._mix_entries(four)) == 16


def test_corners_are_all_ends_and_new_values_of_what_is_free_are_the_old_ones():
    frozen = SimpleNamespace(ranges={"v": Range(fmpq(1), fmpq(2)), "t": Range(fmpq(5), None)})
    found = list(contraction_frame._corners(frozen, {"m": Range(fmpq(-1), fmpq(3))}))
    assert sorted(map(repr, found)) == sorted(
        repr({"v": v, "t": 5.0, "m": m, "m'": m}) for v in (1.0, 2.0) for m in (-1.0, 3.0)
    )


def test_a_refusal_of_coordinates_alone_tells_its_reason(monkeypatch):
    journey = SimpleNamespace(start={"x": 0}, surface=SimpleNamespace(variables=("x",)))
    monkeypatch.setattr(separate, "to_trail_problem", lambda _: {})
    for error, told in (
        (CertificateError("It is not so."), "the checker refused a proof: It is not so"),
        (UndecidedError("nothing is known"), "nothing is known"),
    ):
        monkeypatch.setattr(separate, "split_problem", lambda _, e=error: (_ for _ in ()).throw(e))
        assert separate.find_separate(journey) == (None, told)
    monkeypatch.setattr(separate, "find_basin", lambda *_: (None, "first"))
    assert separate.find_outcome(journey, None) == (None, "first; nothing is known")
    many = SimpleNamespace(start=dict.fromkeys("abcdefghi", 0))
    outcome, told = separate.find_separate(many)
    assert outcome is None
    assert "too many variables" in told
    eight = SimpleNamespace(start=dict.fromkeys("abcdefgh", 0), surface=journey.surface)
    assert separate.find_separate(eight) == (None, "nothing is known")


# Steps that are counted.


@pytest.mark.parametrize(("steps", "word"), [(4, "unknown"), (5, "diverges")])
def test_a_region_is_asked_of_the_steps_to_come_and_not_of_the_last_one(steps, word):
    turning = {
        "name": "turning",
        "parameters": {"learning_rate": {"default": "1/10"}},
        "step": {"x'": "x - where(t > 5, 1, -1)*learning_rate*g"},
    }
    course = read_run(
        "-x", optimizer=turning, start="0", steps=steps, schedule=None, set=None, at_kink=None,
        engine=None, noise=None, seed=0,
    ).course  # fmt: skip
    settled = find_settled_step(course)
    assert judge(course, run_exactly(course, settled_from=settled), settled).word == word
