"""Numbers with a free parameter: their sign on a part of the axis, or a request to split it."""

import pytest
from flint import arb, fmpq
from hypothesis import given
from hypothesis import strategies as st

from gradiometer.errors import UndecidedError
from gradiometer.formula import Axis, Line, Split, at_parameter, collapse, compare, on_axis

small = st.builds(fmpq, st.integers(-20, 20), st.integers(1, 9))


def line(constant, slope, lower=None, upper=None, **closed):
    ends = [None if end is None else fmpq(end) for end in (lower, upper)]
    return Line(fmpq(constant), fmpq(slope), Axis(*ends, **closed))


@given(
    form=st.tuples(small, small),
    ends=st.tuples(small, st.builds(fmpq, st.integers(1, 9), st.integers(1, 9))),
    closed=st.tuples(st.booleans(), st.booleans()),
    share=st.integers(1, 9),
)
def test_a_sign_holds_at_every_value_of_the_part(form, ends, closed, share):
    lower, width = ends
    upper = lower + width
    drawn = Line(*form, Axis(lower, upper, *closed))
    belonging = [lower + width * fmpq(share, 10), *[lower][: closed[0]], *[upper][: closed[1]]]
    sign = root = None
    try:
        sign = drawn.sign()
    except Split as split:
        root = split.at
    if root is None:
        assert {compare(drawn.at(point), fmpq(0)) for point in belonging} == {sign}
    else:
        assert drawn.at(root) == 0
        assert lower < root < upper or root in belonging


@given(small, small, small, small, small)
def test_arithmetic_is_that_of_the_values(a, b, c, d, h):
    axis = Axis(None, None)
    left, right = Line(a, b, axis), Line(c, d, axis)
    assert (left + right).at(h) == left.at(h) + right.at(h)
    assert (left - right).at(h) == left.at(h) - right.at(h)
    assert (3 - left).at(h) == 3 - left.at(h)
    assert (left * c).at(h) == left.at(h) * c
    assert (-left).at(h) == -left.at(h)
    assert (left / 7).at(h) == left.at(h) / 7


def test_what_is_no_line_is_undecided():
    form = line(1, 2)
    for act in (lambda: form * form, lambda: 1 / form, lambda: form / form, lambda: form**2):
        with pytest.raises(UndecidedError):
            act()
    assert (form * line(3, 0)).slope == 6


def test_a_root_at_an_open_end_splits_nothing_and_at_a_closed_one_the_end_off():
    assert line(-1, 1, 1, 2).sign() == 1
    assert line(-2, 1, 1, 2).sign() == -1
    with pytest.raises(Split) as split:
        line(-1, 1, 1, 2, lower_closed=True).sign()
    assert split.value.inner_sign() == 1
    with pytest.raises(Split) as split:
        line(-2, 1, 1, 2, upper_closed=True).sign()
    assert split.value.inner_sign() == -1


def test_a_split_inside_falls_into_two_open_parts_that_keep_the_outer_ends():
    with pytest.raises(Split) as found:
        line(-1, 1, 0, 3, lower_closed=True).sign()
    below, above = found.value.parts()
    assert found.value.inner_sign() is None
    assert (below.lower, below.upper, below.lower_closed, below.upper_closed) == (0, 1, True, False)
    assert (above.lower, above.upper, above.lower_closed, above.upper_closed) == (
        1,
        3,
        False,
        False,
    )


def test_a_ball_too_wide_for_a_sign_is_undecided():
    with pytest.raises(UndecidedError):
        Line(arb(0, 1), fmpq(0), Axis(None, None)).sign()
    with pytest.raises(UndecidedError):
        Line(arb(-1, 0.1), fmpq(1), Axis(fmpq(1), None)).sign()


def test_only_a_line_that_is_certainly_constant_becomes_a_number():
    assert collapse(line(4, 0)) == 4
    uncertain = Line(fmpq(4), arb(0, 1e-30), Axis(None, None))
    assert collapse(uncertain) is uncertain
    assert at_parameter(line(1, 2), fmpq(3)) == 7
    assert on_axis(line(1, 2), Axis(fmpq(0), None)).axis.lower == 0
    assert on_axis(fmpq(5), Axis(None, None)) == 5
