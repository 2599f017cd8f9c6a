"""What provers choose among periods, regimes, thresholds, places and ends, as is known by hand."""

from itertools import pairwise, permutations
from types import SimpleNamespace

import numpy as np
import pytest
from flint import arb, fmpq

from gradiometer.errors import DomainError, UndecidedError
from gradiometer.formula import Axis, Line, parse, precision
from gradiometer.proof import (
    Regime,
    Threshold,
    basin,
    contraction_frozen,
    find_settled_step,
    itinerary,
    regime,
    run_exactly,
    stability,
    stability_rest,
    step_bound,
)
from gradiometer.proof.check_rest import Ends, read_ground
from gradiometer.question.course import read_request


def ask(objective, *, start="1", steps=30, schedule=None, rule="sgd", **settings):
    """A course with its run in exact numbers and the step at which its rule settles."""
    given = {name: str(value) for name, value in settings.items()}
    request = read_request(objective, optimizer=rule, schedule=schedule, settings=given,
                           start=start, steps=steps, at_kink=None)  # fmt: skip
    settled = find_settled_step(request.course)
    return request.course, run_exactly(request.course, settled_from=settled), settled


# Periods of pieces.


@pytest.mark.parametrize(
    ("pieces", "least", "period"),
    [
        ([0, 1] * 20, 12, 2),
        ([0] * 40, 12, 1),
        ([0, 0, 1] * 20, 12, 3),
        ([0] * 14, 12, 1),
        ([0] * 13, 12, None),
        ([1, *[0] * 13], 12, 1),
        ([1, *[0] * 12], 12, None),
        ([*[1] * 30, *[0] * 12], 12, None),
        ([*range(10)] * 3, 12, None),
        ([*range(10)] * 4, 12, 10),
        ([*range(10)] * 4, 29, 10),
        ([*range(10)] * 4, 30, None),
        ([*range(40)], 12, None),
    ],
)
def test_a_period_of_pieces_is_the_shortest_that_holds_for_long_enough(pieces, least, period):
    assert itinerary._shortest(pieces, least) == period


def test_a_period_of_the_last_pieces_and_one_of_many_of_them_are_proposed():
    pieces = [1, *[0] * 14] * 6
    assert list(itinerary._propose(pieces)) == [[0], [0, 1, *[0] * 13]]
    assert list(itinerary._propose([0, 1] * 20)) == [[1, 0]]
    assert list(itinerary._propose([0, 1] * 20 + [0])) == [[0, 1]]
    assert list(itinerary._propose([*range(40)])) == []


def test_a_memory_is_rounded_only_where_it_is_long():
    short = fmpq(5, 2**47)
    assert itinerary._rounded(short) == short
    for long in (fmpq(1, 3**40), fmpq(-5, 3**40), fmpq(7, 3) + fmpq(1, 3**40)):
        near = itinerary._rounded(long)
        assert 0 <= long - near <= fmpq(1, 2**48)
        assert 2**48 % int(near.q) == 0
    root = itinerary._rounded(arb(2).sqrt())
    assert abs(root**2 - 2) < fmpq(1, 2**45)


def test_reasons_read_on_in_a_sentence():
    assert itinerary._say(DomainError("The loss has a hole.")) == "the loss has a hole"
    assert itinerary._say(UndecidedError("Nothing is known")) == "nothing is known"


# Regimes along the axis of a parameter.


def part(lower, upper, *, low=False, high=False, outcome="stays", step=1, peak=None):
    return Regime(lower, upper, low, high, outcome, step, (0,), peak, step, None, None, "left")


def test_regimes_come_in_the_order_of_the_axis_and_points_before_what_follows_them():
    zero, one, two = fmpq(0), fmpq(1), fmpq(2)
    rows = [
        part(None, zero),
        part(zero, zero, low=True, high=True),
        part(zero, one),
        part(one, two, low=True),
        part(two, two, low=True, high=True),
        part(fmpq(2), None),
    ]
    for turned in permutations(rows):
        assert sorted(turned, key=regime._Position) == rows


def test_neighbours_with_one_outcome_are_one_regime_with_the_later_step():
    zero, one, two = fmpq(0), fmpq(1), fmpq(2)
    rows = (
        part(zero, one, low=True, step=3),
        part(one, one, low=True, high=True, step=7),
        part(one, two, step=5),
        part(two, None, low=True, outcome="escapes"),
    )
    first, last = regime.merge(rows)
    assert (first.lower, first.upper, first.lower_closed, first.upper_closed) == (0, 2, True, False)
    assert first.step == 7
    assert last == rows[-1]


@pytest.mark.parametrize(
    ("signs", "start", "last"),
    [
        ([1, -1], 0, 0),
        ([-1, 1, -1], 0, 1),
        ([-1, 1, -1], 1, 1),
        ([1, 0, -1], 0, 1),
        ([-1, 0, -1], 0, 2),
        ([-1, -1, 1], 0, 2),
        ([1, -1, 1, -1], 1, 2),
        ([0, -1], 0, 1),
        ([1, 1, -1], 0, 1),
    ],
)
def test_a_valley_ends_before_the_first_slope_that_falls_after_one_that_rises(signs, start, last):
    assert regime._edge(signs, start) == last


@pytest.mark.parametrize(
    ("signs", "has"),
    [([-1, 1], True), ([1, -1], False), ([1], False), ([-1], False), ([-1, 0, 1], True),
     ([1, -1, 1], True), ([0, 1], False), ([-1, 0], False)],
)  # fmt: skip
def test_a_bottom_is_a_falling_slope_with_a_rising_one_behind_it(signs, has):
    assert regime._has_bottom(signs) is has


def test_a_valley_lies_between_two_tops_or_there_is_no_barrier():
    def ground(*slopes):
        trees = tuple(parse(str(slope)).tree for slope in slopes)
        values = [fmpq(slope) for slope in slopes]
        return SimpleNamespace(trees=trees, slopes=trees, slope=lambda index, _: values[index])

    assert regime.find_valley(ground(1, -1, 1, -1), 1) == regime.Valley(1, 2, True)
    assert regime.find_valley(ground(1, -1, 1, -1), 3) == regime.Valley(3, 3, False)
    assert regime.find_valley(ground(-1, 1, -1), 0) == regime.Valley(0, 1, True)
    assert regime.find_valley(ground(1, -1, 1), 2) == regime.Valley(1, 2, True)
    assert regime.find_valley(ground(1, 0, -1), 0) == regime.Valley(0, 1, False)
    with pytest.raises(DomainError, match="no barrier"):
        regime.find_valley(ground(-1, 1), 0)
    valley = regime.Valley(1, 2, True)
    assert [valley.holds(piece) for piece in range(4)] == [False, True, True, False]


def test_a_threshold_tells_its_top_its_stay_and_whether_it_is_final():
    zero, one, two = fmpq(0), fmpq(1), fmpq(2)
    low = part(zero, one, outcome="escapes", step=4)
    high = part(one, two, outcome="escapes", step=9)
    stay, trapped = part(two, None, peak=fmpq(5)), part(two, None, outcome="trapped", step=6)
    threshold = Threshold((low, high, stay), 64, None)
    assert threshold.top is high
    assert threshold.staying is stay
    assert threshold.peak == 5
    assert threshold.last_step == 9
    assert not threshold.is_final
    final = Threshold((low, trapped), 64, None)
    assert final.is_final
    assert (final.top, final.staying, final.peak) == (low, trapped, None)
    nowhere = Threshold((stay,), 64, None)
    assert nowhere.top is None
    assert Threshold((low,), 64, None).staying is None
    moving = part(two, None, peak=Line(zero, one, Axis(two, None)))
    assert Threshold((moving,), 64, None).peak is None


# Stability.


@pytest.mark.parametrize(
    ("term", "power", "spelled"),
    [("0", 2, ""), ("1", 1, "z"), ("-a", 0, "(-a)"), ("b", 0, "b"), ("1", 0, "1"),
     ("b", 1, "(b)*z"), ("b", 2, "(b)*z^2"), ("1", 3, "z^3")],
)  # fmt: skip
def test_terms_of_a_polynomial_are_spelled_as_one_writes_them(term, power, spelled):
    assert stability._spell_power(term, power) == spelled


def test_rational_roots_are_exact_and_other_real_ones_lie_in_narrow_ends():
    with precision(256):
        # (x - 1/2)(x^2 + 1), then (x + 3)(x^2 - 2).
        assert stability._find_roots([fmpq(-1, 2), fmpq(1), fmpq(-1, 2), fmpq(1)]) == [
            Ends(fmpq(1, 2), fmpq(1, 2))
        ]
        found = stability._find_roots([fmpq(-6), fmpq(-2), fmpq(3), fmpq(1)])
        found.sort(key=lambda ends: ends.lower)
        assert found[0] == Ends(fmpq(-3), fmpq(-3))
        for ends, sign in zip(found[1:], (-1, 1), strict=True):
            squares = sorted((ends.lower**2, ends.upper**2))
            assert squares[0] < 2 < squares[1]
            assert sign * ends.lower > 0
        (ends, other) = stability._find_roots([-(arb(2).sqrt() ** 2), arb(0), arb(1)])
        assert {ends.lower > 0, other.lower > 0} == {True, False}


def test_a_place_counts_inside_a_domain_without_its_ends():
    one = Ends(fmpq(1), fmpq(1))
    assert stability._is_inside(one, (fmpq(0), fmpq(2)))
    assert stability._is_inside(one, (fmpq(0), None))
    assert not stability._is_inside(one, (fmpq(1), None))
    assert not stability._is_inside(one, (fmpq(0), fmpq(1)))


def ground_of(loss, *names):
    row = {"lower": None, "upper": None, "lower_closed": False, "upper_closed": False, "loss": loss}
    return read_ground({"variables": list(names), "pieces": [row]}, 0)


def test_a_rest_at_a_given_rational_is_exact_although_the_slope_is_flat_there():
    # Under a pull of 1 the sum of slope and pull is (x - 1)^2, where Newton has nothing to go by.
    flat = ground_of("(x - 1)^3/3 - x^2/2", "x")
    rest = stability_rest.find_rest(flat, [fmpq(1)], fmpq(1))
    assert rest.place == (Ends(fmpq(1), fmpq(1)),)
    assert rest.curvatures == (Ends(fmpq(-1), fmpq(-1)),)


def test_one_step_of_newton_is_exact_on_a_quadratic_under_a_pull():
    bowl = ground_of("x^2/2 - x + y^2 + x*y/2", "x", "y")
    rest = stability_rest.find_rest(bowl, [fmpq(0), fmpq(0)], fmpq(1, 2))
    # (3/2)x + y/2 = 1 and x/2 + (5/2)y = 0.
    assert [ends.lower for ends in rest.place] == [fmpq(5, 7), fmpq(-1, 7)]
    assert all(ends.lower == ends.upper for ends in rest.place)


def test_a_rest_that_is_no_rational_lies_in_a_narrow_box():
    with precision(400):
        rest = stability_rest.find_rest(ground_of("x^3/3 - 2*x", "x"), [fmpq(1)], fmpq(0))
    ends = rest.place[0]
    assert ends.lower**2 < 2 < ends.upper**2
    assert ends.upper - ends.lower <= 4 * stability_rest._RADIUS
    assert rest.curvatures[0].lower ** 2 < 8 < rest.curvatures[0].upper ** 2


def test_curvatures_in_several_variables_are_exact_where_they_are_rational():
    bowl = ground_of("x^2 + y^2 + x*y", "x", "y")
    rest = stability_rest.find_rest(bowl, [fmpq(0), fmpq(0)], fmpq(0))
    assert [ends.lower for ends in rest.curvatures] == [1, 3]
    assert rest.frame is None


def test_curvatures_that_are_no_rationals_lie_in_narrow_discs():
    with precision(256):
        bowl = ground_of("x^2/2 + 3*y^2/2 + x*y", "x", "y")
        rest = stability_rest.find_rest(bowl, [fmpq(0), fmpq(0)], fmpq(0))
    # They are 2 - sqrt(2) and 2 + sqrt(2).
    assert len(rest.curvatures) == 2
    for ends, sign in zip(rest.curvatures, (-1, 1), strict=True):
        squares = sorted(((ends.lower - 2) ** 2, (ends.upper - 2) ** 2))
        assert squares[0] <= 2 <= squares[1]
        assert sign * (ends.lower - 2) > 0
        assert ends.upper - ends.lower < fmpq(1, 10**20)


# Worst gradients.


def test_worst_gradients_grow_from_the_largest_one_back():
    bound = SimpleNamespace(weights=(fmpq(1), fmpq(6), fmpq(1, 2)), attained=True)
    rows = step_bound._list_gradients(bound)
    assert len(rows) == step_bound._STEPS
    assert abs(rows[0]) == step_bound._LARGE
    assert rows[-2] / rows[-1] == 6
    assert {later / now for now, later in pairwise(rows[:-1])} == {2}


def test_a_bound_without_weights_is_reached_by_one_gradient_after_none():
    lone = step_bound._list_gradients(SimpleNamespace(weights=None, attained=True))
    assert lone == [step_bound._LARGE]
    rows = step_bound._list_gradients(SimpleNamespace(weights=None, attained=False))
    assert rows == [*[fmpq(0)] * (step_bound._STEPS - 1), step_bound._LARGE]


# Places where a run rests.


def rest_of(slope, states):
    replay = SimpleNamespace(
        ends=lambda _: (),
        locate=lambda *_: 0,
        pieces=[SimpleNamespace(slope=parse(slope, names={"x"}).tree)],
    )
    return contraction_frozen._find_place(replay, None, np.array(states))


def test_a_run_rests_at_a_short_rational_with_what_it_remembers_then():
    place, root = rest_of("3*x - 1", [[1.0, 5.0, 0.2], [0.4, 2.0, 0.3], [1 / 3, 0.004, 0.25]])
    assert place == [fmpq(1, 3), fmpq(0), fmpq(1, 4)]
    assert root is None


def test_a_run_rests_between_two_places_where_that_is_no_short_rational():
    with precision(160):
        place, root = rest_of("x^2 - 2", [[1.0, 1.0], [1.4142, 0.5]])
    low, high = root
    assert low**2 < 2 < high**2
    assert high - low == fmpq(3, 10**40)
    assert low < place[0] < high
    assert place[1] == fmpq(1, 2)


# Entries and directions in several variables.


def test_the_fastest_directions_come_first_and_the_rest_is_narrow():
    frame, count, stretch = basin._split_growing(np.diag([0.5, 3.0, 2.0]))
    assert count == 1
    assert stretch == pytest.approx(3 * (1 - 1e-4))
    assert np.abs(frame).argmax(axis=0).tolist() == [1, 2, 0]
    assert np.abs(frame).max(axis=0).tolist() == pytest.approx([1, 1 / 16, 1 / 16])


def test_directions_that_turn_are_taken_in_pairs():
    turn = np.array([[0.0, -2.0, 0.0], [2.0, 0.0, 0.0], [0.0, 0.0, 0.5]])
    frame, count, stretch = basin._split_growing(turn)
    assert count == 2
    assert stretch == pytest.approx(2 * (1 - 1e-4))
    assert np.linalg.matrix_rank(frame) == 3
    assert np.allclose(frame[2, :2], 0)


def test_how_much_grows_is_halfway_to_what_comes_next_where_that_is_near():
    _, count, stretch = basin._split_growing(np.diag([1.00001, 1.0, 0.5]))
    assert count == 1
    assert stretch == pytest.approx(1.000005, abs=1e-9)
    with pytest.raises(UndecidedError, match="too near to 1"):
        basin._split_growing(np.diag([1.0, 0.5]))


def test_the_share_of_the_position_is_what_grows_less_what_does_not():
    frame = np.array([[1.0, 0.25], [0.5, 3.0]])
    assert basin._measure_share(frame, 1, 1) == pytest.approx(0.9 * 0.75)


def test_a_point_is_short_only_where_it_rests_exactly():
    third = [arb(fmpq(1, 3)).mid()]
    with precision(200):
        third = [arb(fmpq(1, 3)).mid()]
        assert basin._shorten(SimpleNamespace(image=lambda place: place), third) == [fmpq(1, 3)]
        moved = basin._shorten(SimpleNamespace(image=lambda place: [*place, fmpq(0)]), third)
    assert moved == [fmpq(10**40 // 3, 10**40)]
