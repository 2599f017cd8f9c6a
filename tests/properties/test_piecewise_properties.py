"""The piecewise form has the values of the formula, for formulas that nobody chose."""

from itertools import pairwise

from flint import arb, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from gradiometer.errors import DomainError, UndecidedError
from gradiometer.formula import (
    Name,
    apply,
    differentiate_pieces,
    evaluate,
    find_joints,
    number,
    precision,
    to_piecewise,
)

X = Name("x")
NUMBERS = st.fractions(min_value=-3, max_value=3, max_denominator=4).map(
    lambda value: number(fmpq(value.numerator, value.denominator))
)
POINTS = st.fractions(min_value=-6, max_value=6, max_denominator=12).map(
    lambda value: fmpq(value.numerator, value.denominator)
)


def branches(inner):
    """Formulas one level deeper, all of them piecewise linear."""
    return st.one_of(
        st.builds(lambda a, b: apply("max", a, b), inner, inner),
        st.builds(lambda a, b: apply("min", a, b), inner, inner),
        st.builds(lambda a: apply("abs", a), inner),
        st.builds(lambda a: apply("relu", a), inner),
        st.builds(lambda a, b: apply("+", a, b), inner, inner),
        st.builds(lambda a, b: apply("-", a, b), inner, inner),
        st.builds(lambda c, a: apply("*", c, a), NUMBERS, inner),
        st.builds(
            lambda a, c, d: apply("clip", a, apply("min", c, d), apply("max", c, d)),
            inner, NUMBERS, NUMBERS,
        ),
    )  # fmt: skip


def choices(inner):
    """Formulas with conditions and quotients, which may jump or have no value."""
    relations = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
    conditions = st.builds(apply, relations, inner, NUMBERS)
    return st.one_of(
        branches(inner),
        st.builds(lambda c, a, b: apply("where", c, a, b), conditions, inner, inner),
        st.builds(
            lambda c, d, a, b: apply("where", apply("and", c, apply("not", d)), a, b),
            conditions, conditions, inner, inner,
        ),
        st.builds(lambda a: apply("sign", a), inner),
        st.builds(lambda a, b: apply("/", a, apply("-", X, b)), inner, NUMBERS),
        st.builds(lambda a: apply("^", a, number(2)), inner),
    )  # fmt: skip


LINEAR = st.recursive(st.one_of(st.just(X), NUMBERS), branches, max_leaves=8)
ANY_BRANCHES = st.recursive(st.one_of(st.just(X), NUMBERS), choices, max_leaves=5)


def value(formula, at):
    """The exact value, or None where there is none."""
    try:
        return evaluate(formula, {"x": at})
    except DomainError:
        return None


def value_of_pieces(pieces, at):
    try:
        piece = pieces.piece_at(at)
    except DomainError:
        return None
    return evaluate(piece.formula, {"x": at})


def is_equal(left, right):
    """Whether two values are the same rational, or balls that overlap."""
    if left is None or right is None:
        return left is right
    if isinstance(left, fmpq) and isinstance(right, fmpq):
        return left == right
    return arb(left).overlaps(arb(right))


@settings(deadline=None, max_examples=40)
@given(formula=LINEAR, points=st.lists(POINTS, min_size=8, max_size=8))
def test_piecewise_linear_form_is_the_formula(formula, points):
    pieces = to_piecewise(formula, "x")
    ends = [piece.on.lower.value for piece in pieces.pieces if piece.on.lower is not None]
    for at in points + ends:
        assert value_of_pieces(pieces, at) == value(formula, at)


@settings(deadline=None, max_examples=40)
@given(formula=ANY_BRANCHES, points=st.lists(POINTS, min_size=8, max_size=8))
def test_form_with_conditions_is_the_formula_or_undecided(formula, points):
    try:
        pieces = to_piecewise(formula, "x")
    except UndecidedError:
        return
    ends = [end.value for piece in pieces.pieces for end in (piece.on.lower, piece.on.upper)
            if hasattr(end, "value")]  # fmt: skip
    for at in points + ends:
        with precision(200):
            assert is_equal(value_of_pieces(pieces, at), value(formula, at))


@settings(deadline=None, max_examples=40)
@given(formula=LINEAR)
def test_pieces_are_sorted_adjacent_and_cover_the_line(formula):
    pieces = to_piecewise(formula, "x").pieces
    assert pieces[0].on.lower is None
    assert pieces[-1].on.upper is None
    for left, right in pairwise(pieces):
        assert left.on.upper == right.on.lower
        assert left.on.upper_closed != right.on.lower_closed


@settings(deadline=None, max_examples=40)
@given(formula=LINEAR)
def test_continuous_formulas_have_kinks_only_and_the_slopes_of_secants(formula):
    pieces = to_piecewise(formula, "x")
    step = fmpq(1, 10**6)
    for joint in find_joints(pieces):
        assert joint.is_kink
        assert not joint.is_jump
        at, here = joint.at.value, value(formula, joint.at.value)
        assert joint.value.value == here
        assert joint.right_slope.value == (value(formula, at + step) - here) / step
        assert joint.left_slope.value == (here - value(formula, at - step)) / step


@settings(deadline=None, max_examples=40)
@given(formula=LINEAR, at=POINTS)
def test_slope_between_joints_is_the_slope_of_a_secant(formula, at):
    pieces = to_piecewise(formula, "x")
    # Ends have small denominators, so this point lies inside a piece.
    at += fmpq(1, 9973)
    slope = evaluate(differentiate_pieces(pieces).piece_at(at).formula, {"x": at})
    step = fmpq(1, 10**9)
    assert slope == (value(formula, at + step) - value(formula, at)) / step
