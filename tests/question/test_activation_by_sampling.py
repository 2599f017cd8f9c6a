"""Facts about random piecewise linear functions, against dense exact samples of the formula."""

from itertools import pairwise

from flint import fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from gradiometer.formula import Name, apply, evaluate, number, to_piecewise
from gradiometer.proof import (
    Shape,
    find_convexity,
    find_lipschitz,
    find_monotone,
    find_range,
    find_slope_range,
    is_affine,
)
from gradiometer.proof.extended import Infinite

X = Name("x")
STEP = fmpq(1, 64)
NUMBERS = st.integers(min_value=-4, max_value=4).map(lambda n: number(fmpq(n, 2)))


def branches(inner):
    return st.one_of(
        st.builds(lambda a, b: apply("max", a, b), inner, inner),
        st.builds(lambda a, b: apply("min", a, b), inner, inner),
        st.builds(lambda a: apply("abs", a), inner),
        st.builds(lambda a, b: apply("+", a, b), inner, inner),
        st.builds(lambda c, a: apply("*", c, a), NUMBERS, inner),
        st.builds(lambda a: apply("clip", a, number(-1), number(1)), inner),
    )


LINEAR = st.recursive(st.one_of(st.just(X), NUMBERS), branches, max_leaves=6)


def sample(formula, shape):
    """Points around and far beyond all joints, all joints among them, and the values there."""
    joints = [joint.at.value for joint in shape.joints()]
    points = {fmpq(k, 4) for k in range(-40, 41)}
    for at in joints:
        points |= {at, at - STEP, at + STEP}
    points |= {fmpq(-1000), fmpq(-1001), fmpq(1000), fmpq(1001)}
    points |= {(a + b) / 2 for a in joints for b in joints if a < b}
    ordered = sorted(points)
    return ordered, [evaluate(formula, {"x": point}) for point in ordered]


def secants(points, values):
    pairs = zip(points, points[1:], values, values[1:], strict=False)
    return [(d - c) / (b - a) for a, b, c, d in pairs]


@settings(deadline=None, max_examples=50)
@given(formula=LINEAR)
def test_words_for_rising_and_bending_are_those_of_the_samples(formula):
    shape = Shape(to_piecewise(formula, "x"))
    slopes = secants(*sample(formula, shape))
    rises, falls, rests = (any(test(s) for s in slopes) for test in (
        lambda s: s > 0, lambda s: s < 0, lambda s: s == 0))  # fmt: skip
    word = find_monotone(shape)
    if rises and falls:
        assert word == "none"
    elif rises:
        assert word == ("nondecreasing" if rests else "increasing")
    elif falls:
        assert word == ("nonincreasing" if rests else "decreasing")
    else:
        assert word == "constant"
    bends = [b - a for a, b in pairwise(slopes)]
    up, down = any(b > 0 for b in bends), any(b < 0 for b in bends)
    expected = {(True, True): "none", (True, False): "convex", (False, True): "concave"}
    assert find_convexity(shape) == expected.get((up, down), "affine")
    assert is_affine(shape) is not (up or down)


@settings(deadline=None, max_examples=50)
@given(formula=LINEAR)
def test_range_is_that_of_the_samples(formula):
    shape = Shape(to_piecewise(formula, "x"))
    points, values = sample(formula, shape)
    slopes = secants(points, values)
    [found] = find_range(shape)
    # Beyond all joints the function is a straight line.
    downward = slopes[0] > 0 or slopes[-1] < 0
    upward = slopes[0] < 0 or slopes[-1] > 0
    assert (found.lower is None) is downward
    assert (found.upper is None) is upward
    if found.lower is not None:
        assert (found.lower.value, found.lower_closed) == (min(values), True)
    if found.upper is not None:
        assert (found.upper.value, found.upper_closed) == (max(values), True)


@settings(deadline=None, max_examples=50)
@given(formula=LINEAR)
def test_largest_slope_and_kinks_are_those_of_the_samples(formula):
    shape = Shape(to_piecewise(formula, "x"))
    slopes = secants(*sample(formula, shape))
    found = find_lipschitz(shape)
    assert not isinstance(found, Infinite)
    assert found.value == max(abs(slope) for slope in slopes)
    hull = find_slope_range(shape)
    assert (hull.lower.value, hull.upper.value) == (min(slopes), max(slopes))
    assert all(joint.is_kink for joint in shape.joints())


@settings(deadline=None, max_examples=50)
@given(formula=LINEAR, cut=st.integers(min_value=-3, max_value=3), other=LINEAR)
def test_range_of_a_function_with_a_jump_holds_exactly_its_values(formula, cut, other):
    tree = apply("where", apply("<", X, number(cut)), formula, other)
    shape = Shape(to_piecewise(tree, "x"))
    found = find_range(shape)
    _, values = sample(tree, shape)
    for value in values:
        assert sum(contains(part, value) for part in found) == 1
    for left, right in pairwise(found):
        assert left.upper.value <= right.lower.value


def contains(on, value):
    low = on.lower is None or on.lower.value < value or (
        on.lower.value == value and on.lower_closed)  # fmt: skip
    high = on.upper is None or on.upper.value > value or (
        on.upper.value == value and on.upper_closed)  # fmt: skip
    return low and high
