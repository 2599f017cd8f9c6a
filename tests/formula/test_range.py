"""Ranges contain every value, infinite ends included."""

import pytest
from flint import arb, fmpq
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gradiometer.errors import DomainError, UndecidedError, UsageError
from gradiometer.formula import (
    EVERYTHING,
    Range,
    apply,
    at_point,
    compare,
    evaluate,
    evaluate_range,
    hull,
    number,
    parse,
)

small = st.builds(fmpq, st.integers(-9, 9), st.integers(1, 4))
leaves = st.sampled_from([parse("x").tree, parse("y").tree])
ONE = ("neg", "exp", "tanh", "sigmoid", "softplus", "floor", "sign", "relu", "sqrt", "abs")
TWO = ("+", "-", "*", "/", "max", "min")
trees = st.recursive(
    small.map(number) | leaves,
    lambda inner: (
        st.builds(apply, st.sampled_from(ONE), inner)
        | st.builds(apply, st.sampled_from(TWO), inner, inner)
        | st.builds(lambda a, n: apply("^", a, number(n)), inner, st.integers(-3, 4))
        | st.builds(
            lambda a, b, c, d: apply("where", apply("<", a, b), c, d), inner, inner, inner, inner
        )
    ),
    max_leaves=7,
)


def drawn_range(draw, inside):
    """A range that contains *inside*, with infinite ends now and then."""
    lower, upper = draw(st.none() | small), draw(st.none() | small)
    return Range(
        None if lower is None else min(inside, lower),
        None if upper is None else max(inside, upper),
    )


@settings(max_examples=300)
@given(st.data(), trees, small, small)
def test_a_range_contains_the_value_at_every_point_of_the_ranges(data, tree, x, y):
    ranges = {"x": drawn_range(data.draw, x), "y": drawn_range(data.draw, y)}
    try:
        found = evaluate_range(tree, ranges)
        value = evaluate(tree, {"x": x, "y": y})
    except (UndecidedError, DomainError):
        assume(False)
    for end, sign in ((found.lower, 1), (found.upper, -1)):
        if end is not None:
            gap = (value - end) * sign
            # A ball may touch the end; it must not lie beyond it.
            assert gap >= 0 if isinstance(gap, fmpq) else not gap < 0


@settings(max_examples=150)
@given(trees, small, small)
def test_a_range_of_points_is_the_value(tree, x, y):
    try:
        value = evaluate(tree, {"x": x, "y": y})
        found = evaluate_range(tree, {"x": at_point(x), "y": at_point(y)})
    except (UndecidedError, DomainError):
        assume(False)
    assert found.lower is not None
    assert found.upper is not None
    assert (arb(found.lower) - arb(value)).contains(0)
    assert (arb(found.upper) - arb(value)).contains(0)


@pytest.mark.parametrize(
    ("text", "lower", "upper", "found"),
    [
        ("1 - x", 2, None, (None, "-1")),
        ("x^2", -3, 2, ("0", "9")),
        ("x^3", -3, 2, ("-27", "8")),
        ("x^-2", 2, None, ("0", "1/4")),
        ("1/x", None, -2, ("-1/2", "0")),
        ("0*x", None, None, ("0", "0")),
        ("(1/2)^x", 3, None, ("0", "1/8")),
        ("2^x", 3, None, ("8", None)),
        ("abs(x)", -3, 2, ("0", "3")),
        ("max(x, 1)", -5, None, ("1", None)),
        ("min(x, 1)", -5, None, ("-5", "1")),
        ("relu(x)", None, 3, ("0", "3")),
        ("sign(x)", None, None, ("-1", "1")),
        ("passed(x, 1, 5)", 2, None, ("1", "2")),
        ("where(x < 0, 1, 2)", -1, 1, ("1", "2")),
        ("where(1 < 2, x, 1/0)", 0, 1, ("0", "1")),
        ("where(x < 5, 1/0, 1/x)", 5, None, ("0", "1/5")),
        ("where(x <= 5, 1, 2)", 5, None, ("1", "2")),
        ("where(x == 5 or not x < 9, 1, 2)", 6, 8, ("2", "2")),
    ],
)
def test_known_ranges(text, lower, upper, found):
    ends = [None if end is None else fmpq(end) for end in (lower, upper)]
    result = evaluate_range(parse(text).tree, {"x": Range(*ends)})
    assert tuple(None if e is None else str(e) for e in (result.lower, result.upper)) == found


@pytest.mark.parametrize("text", ["1/x", "sqrt(x)", "x^-1", "ln(x)", "tan(x)", "x^x", "x^(1/2)"])
def test_what_may_have_no_value_somewhere_is_undecided(text):
    with pytest.raises(UndecidedError):
        evaluate_range(parse(text).tree, {"x": Range(fmpq(-1), fmpq(1))})


def test_a_name_without_a_range_is_a_mistake_of_the_caller():
    with pytest.raises(UsageError):
        evaluate_range(parse("x").tree, {})


def test_a_hull_contains_its_parts_and_an_infinite_end_stays():
    left, right = Range(fmpq(-1), fmpq(2)), Range(fmpq(0), None)
    both = hull(left, right)
    assert both.contains(left)
    assert both.contains(right)
    assert not left.contains(right)
    assert EVERYTHING.contains(both)
    assert not both.contains(EVERYTHING)


def test_only_a_range_without_zero_has_a_sign():
    assert Range(fmpq(1), None).is_positive()
    assert not Range(fmpq(0), None).is_positive()
    assert Range(None, fmpq(-1)).is_negative()
    assert not Range(None, fmpq(0)).is_negative()
    assert compare(at_point(fmpq(1)).lower, fmpq(1)) == 0


def test_a_part_without_a_value_leaves_the_range_undecided():
    tree = parse("where(k < 2, 1, where(k < 1, 1/(3 - 3), 2))").tree
    with pytest.raises(UndecidedError, match="division by zero"):
        evaluate_range(tree, {"k": Range(fmpq(0), None)})
