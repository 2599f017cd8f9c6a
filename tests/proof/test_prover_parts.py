"""Parts of provers that only propose, on numbers whose answers are known by hand."""

from fractions import Fraction
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from flint import arb, fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import Range, from_decimal
from gradiometer.proof import (
    approach,
    contraction_frozen,
    contraction_guess,
    doubling,
    excursion,
    outer,
    phases_bound,
    stability,
    stability_rest,
    step_bound,
    trap,
    verdict,
)


def span(low, high):
    return Range(
        None if low is None else fmpq(*map(int, f"{low}/1".split("/")[:2])),
        None if high is None else fmpq(*map(int, f"{high}/1".split("/")[:2])),
    )


# Boxes that grow.


@pytest.mark.parametrize(
    ("part", "cap", "met"),
    [
        ((-3, 3), (-1, 1), (-1, 1)),
        ((-1, 1), (-3, 3), (-1, 1)),
        ((-1, 3), (-3, 1), (-1, 1)),
        ((None, None), (-1, 1), (-1, 1)),
        ((None, 0), (None, 1), (None, 0)),
        ((0, None), (-1, None), (0, None)),
        ((-1, 1), (None, None), (-1, 1)),
        ((2, 3), (-1, 1), (2, 3)),
        ((1, 3), (-1, 1), (1, 1)),
        ((2, None), (-1, 1), (2, None)),
    ],
)
def test_what_lies_beyond_a_cap_is_cut_off_unless_nothing_is_left(part, cap, met):
    assert phases_bound._meet(span(*part), span(*cap)) == span(*met)
    assert excursion._meet({"m": span(*part)}, {"m": span(*cap)}) == {"m": span(*met)}


def test_without_a_cap_nothing_is_cut_off():
    box = {"m": span(0, 1)}
    assert excursion._meet(box, None) == box


@pytest.mark.parametrize(
    ("inner", "outer_", "middle"),
    [
        ((0, 2), (-4, 8), (-2, 5)),
        ((0, 2), (None, 8), (None, 5)),
        ((0, 2), (-4, None), (-2, None)),
    ],
)
def test_halfway_between_two_ranges_both_ends_are_halfway(inner, outer_, middle):
    assert excursion._halfway(span(*inner), span(*outer_)) == span(*middle)


@pytest.mark.parametrize(("count", "high"), [(0, 3), (2, 3), (3, 4), (4, 4), (5, 5), (7, 7)])
def test_boxes_grow_plainly_at_first_and_then_by_ever_larger_margins(count, high):
    old, there = {"x": span(0, 2), "m": span(0, 2)}, {"x": span(1, 3), "m": span(0, 3)}
    assert excursion._widen(old, there, count) == {"x": span(0, high), "m": span(0, high)}


def test_ends_of_the_memory_that_still_move_late_are_given_up_but_none_of_the_position():
    old, there = {"x": span(0, 2), "m": span(0, 2)}, {"x": span(1, 3), "m": span(0, 3)}
    assert excursion._widen(old, there, 30) == {"x": span(0, 3), "m": span(0, None)}


@pytest.mark.parametrize(("count", "high"), [(0, 3), (3, 3), (4, 4), (5, 5), (6, 7), (20, None)])
def test_boxes_of_memories_grow_likewise(count, high):
    grown = phases_bound._choose_growth(count)(span(0, 2), span(0, 3))
    assert (grown.upper is None) if high is None else grown == span(0, high)


def test_a_box_that_grows_stays_within_the_cap_but_holds_what_was_reached():
    old, box = {"m": span(0, 2)}, {"m": span(0, 3)}
    late = phases_bound._PLAIN_ROUNDS + 3
    assert phases_bound._grow(None, box, late, {}) == box
    assert phases_bound._grow(old, box, 0, {}) == box
    assert phases_bound._grow(old, box, late, {}) == {"m": span(0, 11)}
    assert phases_bound._grow(old, box, late, {"m": span(-1, 5)}) == {"m": span(0, 5)}
    assert phases_bound._grow(old, box, late, {"m": span(-1, 2)}) == {"m": span(0, 3)}


def test_ranges_are_tidied_outward_and_only_where_an_end_is_no_rational():
    assert phases_bound._tidy(span(0, 2)) == span(0, 2)
    assert phases_bound._tidy(span(0, None)) == span(0, None)
    root = arb(2).sqrt()
    tidy = phases_bound._tidy(Range(fmpq(0), root))
    assert tidy.lower == 0
    assert isinstance(tidy.upper, fmpq)
    assert fmpq(2) < tidy.upper**2 < fmpq(2) + fmpq(1, 10**6)
    single = phases_bound._tidy(span(2, 2))
    assert single.lower is single.upper


# Numbers that are rounded.


@pytest.mark.parametrize(
    ("value", "near"),
    [(0.0, ["0"]), (1.0, ["1"]), (0.32, ["1/3", "3/10", "3/8", "1/4"]), (-0.5, ["-1/2"])],
)
def test_short_rationals_nearby_come_nearest_first(value, near):
    found = approach._near(value)
    assert found[: len(near)] == [Fraction(text) for text in near]
    assert len(set(found)) == len(found)
    assert min(found) <= value <= max(found)


def test_both_whole_neighbours_of_a_float_are_near_it():
    found = approach._near(2.4)
    assert {Fraction(2), Fraction(3), Fraction(12, 5)} <= set(found)
    assert all(abs(float(row) - 2.4) <= 1 for row in found)


@pytest.mark.parametrize(
    ("value", "size", "near"),
    [(0.0009, 1.0, "0"), (0.002, 1.0, "1/500"), (-0.5, 1.0, "-1/2"), (0.002, 3.0, "0")],
)
def test_what_has_nearly_faded_is_taken_to_rest_at_zero(value, size, near):
    assert contraction_frozen._nearest(value, size) == fmpq(near)


def test_a_bracket_lies_narrowly_around_its_middle():
    half = fmpq(1, 2**20)
    ends = doubling._round(arb(fmpq(1, 3)), half)
    assert ends.upper - ends.lower == 2 * half
    assert abs((ends.upper + ends.lower) / 2 - fmpq(1, 3)) <= half / 16
    assert (ends.upper + ends.lower) / 2 * 2**24 == (2**24) // 3


@pytest.mark.parametrize("root", ["3", "1/1024", "-7/2", "1000000"])
def test_ends_around_a_root_are_narrow_by_its_size_and_short(root):
    root = fmpq(root)
    ends = stability._enclose(arb(root))
    width = abs(root) * stability._FINEST
    assert ends.upper - ends.lower == 2 * width
    middle = (ends.upper + ends.lower) / 2
    assert abs(middle - root) <= width / 8
    assert middle.q <= 16 / width


def test_ends_around_zero_have_a_width_of_their_own():
    ends = stability._enclose(arb(0))
    assert (ends.lower, ends.upper) == (-stability._FINEST, stability._FINEST)


def test_a_box_around_a_point_is_as_narrow_as_its_size_asks():
    for value in (fmpq(0), fmpq(1, 4), fmpq(-8)):
        ends = stability_rest._box(arb(value))
        assert (ends.lower + ends.upper) / 2 == value
        assert (ends.upper - ends.lower) / 2 == stability_rest._RADIUS * max(1, abs(value))


@pytest.mark.parametrize("step", ["1/3", "2", "-1/3", "123456789123456789"])
def test_a_step_is_rounded_to_what_it_is_at_least(step):
    size = abs(fmpq(step))
    found = step_bound._round_down(fmpq(step))
    assert size * (1 - fmpq(1, 10**10)) <= found <= size
    assert found == size or found.q < 10**25


def test_a_short_rational_a_little_below_a_float():
    for value in (0.0, 1.0, -1.0, 250.0):
        low = trap._round_down(value)
        assert value - 2e-4 * (1 + abs(value)) <= float(low.p) / float(low.q) < value


# What floats propose.


def test_the_shortest_periods_after_which_a_run_is_nearly_back():
    turns = np.array([[0.0], [1.0], [3.0]] * 20)
    assert contraction_guess.find_periods(turns) == [3, 6]
    assert contraction_guess.find_periods(turns[:4]) == [3]
    assert contraction_guess.find_periods(np.ones((5, 1))) == [1, 2]
    assert contraction_guess.find_periods(np.arange(9.0)[:, None]) == []
    pair = np.array([[0.0, 5.0], [1.0, 5.0]] * 9)
    assert contraction_guess.find_periods(pair) == [2, 4]
    assert contraction_guess.find_periods(np.full((3, 1), np.inf)) == []


def test_states_are_near_by_the_size_of_the_run():
    rows = np.array([[1000.0], [1.0], [1.0 + 5e-4]])
    assert contraction_guess.find_periods(rows) == [1]
    assert contraction_guess.find_periods(rows[1:]) == []
    assert contraction_guess.find_periods(rows[1:], 1e-3) == [1]


def test_no_period_longer_than_the_longest_is_looked_for():
    size = contraction_guess.LONGEST_PERIOD
    assert contraction_guess.find_periods(np.array([*range(size)] * 2)[:, None]) == [size]
    assert contraction_guess.find_periods(np.array([*range(size + 1)] * 2)[:, None]) == []


def test_an_orbit_is_as_long_as_the_part_that_repeats():
    a, b, near = [fmpq(1)], [fmpq(2)], [1 + fmpq(1, 10**21)]
    assert contraction_guess.reduce_period([a, b, near, b]) == 2
    assert contraction_guess.reduce_period([a, near, a]) == 1
    assert contraction_guess.reduce_period([a, b, b]) == 3
    assert contraction_guess.reduce_period([a, b, a]) == 3
    assert contraction_guess.reduce_period([a, [1 + fmpq(1, 10**19)]]) == 2
    assert contraction_guess.reduce_period([a]) == 1


def test_coordinates_shrink_a_turn_that_stretches_its_own():
    slopes = np.array([[0.5, 40.0], [0.0, 0.25]])
    frame, norm = contraction_guess.find_frame(slopes, [1.0, 1.0])
    turned = np.linalg.inv(frame) @ slopes @ frame
    assert norm == pytest.approx(np.linalg.norm(turned, 2))
    assert norm == pytest.approx(0.5)


@pytest.mark.parametrize("slopes", [[[1.0]], [[-1.0]], [[0.5, 0.0], [0.0, 1.5]]])
def test_there_are_no_coordinates_that_shrink_a_map_which_does_not_attract(slopes):
    with pytest.raises(UndecidedError, match="does not attract"):
        contraction_guess.find_frame(np.array(slopes), [1.0] * len(slopes))


def test_the_longest_direction_of_coordinates_has_the_length_of_a_unit():
    frame, norm = contraction_guess.find_frame(np.array([[0.5, 0.0], [0.0, 0.1]]), [8.0, 2.0])
    assert np.abs(frame[0]).max() == pytest.approx(8.0)
    assert np.abs(frame[1]).max() == pytest.approx(2.0)
    assert norm == pytest.approx(0.5)


def test_a_metric_of_a_map_with_one_direction_shrinks_it():
    # Both eigenvalues are 1/2, with a single direction.
    matrix = np.array([[0.5, 1.0], [0.0, 0.5]])
    metric = contraction_guess._solve_lyapunov(matrix, 0.75)
    assert np.allclose(metric, np.eye(2) + matrix.T @ metric @ matrix / 0.75**2)
    _, norm = contraction_guess.find_frame(matrix, [1.0, 1.0])
    assert 0.5 < norm <= 0.75 + 1e-9


def test_a_range_that_fades_begins_at_zero_and_any_other_is_a_little_wider():
    values = contraction_frozen._span(np.array([4.0, 1.0, 0.5]))
    assert (values.lower, values.upper) == (0, from_decimal("4.04"))
    values = contraction_frozen._span(np.array([3.0, 4.0]))
    assert (values.lower, values.upper) == (from_decimal("2.97"), from_decimal("4.04"))
    values = contraction_frozen._span(np.array([-4.0, -3.0]))
    assert (values.lower, values.upper) == (from_decimal("-4.04"), from_decimal("-2.97"))
    values = contraction_frozen._span(np.array([0.0, 0.0]))
    assert (values.lower, values.upper) == (0, 0)
    values = contraction_frozen._span(np.array([2.0, 4.0]))
    assert values.lower == from_decimal("1.98")


def test_a_range_is_stretched_far_beyond_where_it_leads_and_not_below_zero_without_need():
    stretch = contraction_frozen._stretch
    for found, known in (
        (stretch(span(0, 1), span(0, 2)), (0, 12)),
        (stretch(span(0, 1), span(-1, 1)), (-11, 1)),
        (stretch(span(2, 3), span(1, 3)), (0, 3)),
        (stretch(span(0, 1), span("1/4", "1/2")), (0, 1)),
    ):
        assert (found.lower, found.upper) == known
    for open_one in ((span(None, 1), span(0, 1)), (span(0, 1), span(0, None))):
        with pytest.raises(UndecidedError, match="no bound"):
            stretch(*open_one)


def test_a_range_is_cut_into_parts_that_are_smaller_near_zero():
    free = {"v": span(0, 16), "w": span(0, 1)}
    assert contraction_frozen._cut(free, 1) == []
    ends = [0, 1, 4, 9, 16]
    assert contraction_frozen._cut(free, 4) == [
        {"name": "v", "span": [str(low), str(high)]} for low, high in pairwise(ends)
    ]
    assert contraction_frozen._cut({"v": span(3, 7)}, 2)[0]["span"] == ["3", "4"]
    assert contraction_frozen._cut({"v": span(0, None)}, 4) == []


def test_cells_in_a_row_are_written_as_a_run():
    cells = {(0, 1), (0, 2), (0, 3), (0, 7), (2, 3)}
    assert list(trap._list_runs(cells)) == [[0, 1, 3], [0, 7, 7], [2, 3, 3]]
    assert list(trap._list_runs({(4,), (5,), (-1,)})) == [[-1, -1], [4, 5]]


def test_a_run_is_far_out_where_its_memory_is_small_beside_the_distance():
    rows = [[8.0, 0.0], [-3.0, 1.0], [-4.0, 2.5], [5.0, 2.0], [9.0, 0.0]]
    path = SimpleNamespace(names=("x", "m"), rows=rows)
    assert outer._find_entry(path, 0, 4.0, {"m": 0.5}) == 0
    assert outer._find_entry(path, 1, 4.0, {"m": 0.5}) == 3
    assert outer._find_entry(path, 1, 3.0, {"m": 0.5}) == 1
    assert outer._find_entry(path, 1, 6.0, {"m": 0.5}) == 4
    assert outer._find_entry(path, 1, 10.0, {"m": 0.5}) is None
    assert outer._find_entry(path, 5, 1.0, {"m": 0.5}) is None


# Ranges of the states of a run that goes downhill.


def test_a_range_is_widened_to_the_next_threshold_beyond_each_end_that_moved():
    marks = [fmpq(0), fmpq(-2), fmpq(4)]
    for old, wider, known in (
        ((0, 1), (0, 2), (0, 4)),
        ((0, 1), (-1, 1), (-2, 1)),
        ((0, 1), (-2, 4), (-2, 4)),
        ((0, 1), (0, 5), (0, None)),
        ((0, 1), (-3, 1), (None, 1)),
        ((1, 2), (1, 2), (1, 2)),
        ((1, 2), (-1, 3), (-2, 4)),
    ):
        assert verdict._widen(span(*old), span(*wider), marks) == span(*known)


def test_thresholds_are_zero_the_slopes_and_their_squares():
    assert verdict._thresholds(span(-3, None)) == [0, -3, 9]
    assert verdict._thresholds(span(-3, 2)) == [0, -3, 9, 2, 4]


def test_the_extreme_of_some_numbers():
    values = [fmpq(1), fmpq(3), fmpq(-2)]
    assert verdict._extreme(values, largest=True) == 3
    assert verdict._extreme(values, largest=False) == -2
    assert verdict._extreme([], largest=True) is None


def test_the_inner_one_of_two_ends():
    assert verdict._inner(fmpq(1), fmpq(2), larger=True) == 2
    assert verdict._inner(fmpq(1), fmpq(2), larger=False) == 1
    assert verdict._inner(fmpq(2), fmpq(1), larger=True) == 2
    assert verdict._inner(fmpq(2), fmpq(1), larger=False) == 1
    assert verdict._inner(fmpq(1), None, larger=True) == 1
