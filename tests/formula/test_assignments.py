"""Steps as lists of operations give what their trees give."""

from math import isnan

import pytest
from flint import arb, fmpq
from hypothesis import given
from hypothesis import strategies as st

from gradiometer.errors import DomainError, UndecidedError
from gradiometer.formula import (
    Range,
    compile_assignments,
    compile_float_assignments,
    compile_range_assignments,
    evaluate,
    evaluate_float,
    evaluate_range,
    parse,
    precision,
    settle_branches,
    to_ball,
    to_text,
)

TEXTS = [
    "a*x + (1 - a)*y^2",
    "where(x > 1, x/y, y - x)",
    "max(x, y, a) + min(x, a)",
    "x/(sqrt(y^2 + a) + 1/10)",
    "clip(x, -a, a)*sin(x)",
    "where(x == 0 or not y < x, a^3, a^x)",
    "cos(pi/3)*x + e^(-y^2)",
    "sign(x)*abs(y) - x",
]
numbers = st.fractions(-3, 3, max_denominator=12).map(lambda v: fmpq(v.numerator, v.denominator))
A = fmpq(3, 7)


def rows_of(text):
    return [("z", parse(text).tree), ("w", parse("z^2 + z*x").tree)]


@pytest.mark.parametrize("text", TEXTS)
@given(x=numbers, y=numbers)
def test_exact_values_are_those_of_the_trees(text, x, y):
    rows, known = rows_of(text), {"a": A, "x": x, "y": y}
    try:
        z = evaluate(rows[0][1], known)
    except DomainError:
        with pytest.raises(DomainError):
            compile_assignments(rows, ["w"], {"a": A})({"x": x, "y": y})
        return
    found = compile_assignments(rows, ["w", "z"], {"a": A})({"x": x, "y": y})
    for value, wanted in zip(found, (evaluate(rows[1][1], {**known, "z": z}), z), strict=True):
        assert to_ball(value).overlaps(to_ball(wanted))


@pytest.mark.parametrize("text", TEXTS)
@given(x=numbers, y=numbers)
def test_float_values_are_those_of_the_trees(text, x, y):
    known = {"a": 3 / 7, "x": float(x), "y": float(y)}
    rows = rows_of(text)
    z = evaluate_float(rows[0][1], known)
    (found,) = compile_float_assignments(rows, ["z"], {"a": 3 / 7})(known)
    assert found == pytest.approx(z, rel=1e-12, abs=1e-12) or (isnan(found) and isnan(z))


@pytest.mark.parametrize("text", TEXTS)
@given(x=numbers, y=numbers, more=st.fractions(0, 1, max_denominator=8))
def test_ranges_are_those_of_the_trees(text, x, y, more):
    tree = parse(text).tree
    ranges = {
        "a": Range(A, A),
        "x": Range(x, x + fmpq(more.numerator, more.denominator)),
        "y": Range(y, y),
    }
    run = compile_range_assignments([("z", tree, lambda span: span)], ["z"], {"a": ranges["a"]})
    try:
        wanted = evaluate_range(tree, ranges)
    except (UndecidedError, DomainError):
        with pytest.raises((UndecidedError, DomainError)):
            run(ranges)
        return
    (found,) = run(ranges)
    for one, other in ((found.lower, wanted.lower), (found.upper, wanted.upper)):
        assert (one is None) == (other is None)
        assert one is None or to_ball(one).overlaps(to_ball(other))


def test_what_has_no_value_is_refused_even_where_nothing_reads_it():
    rows = [("y", parse("1/x").tree), ("z", parse("x").tree)]
    with pytest.raises(DomainError):
        compile_assignments(rows, ["z"], {})({"x": fmpq(0)})
    with pytest.raises(UndecidedError):
        compile_assignments(rows, ["z"], {})({"x": arb(0, 1)})


def test_a_square_of_a_ball_across_zero_is_not_negative():
    with precision(64):
        (value,) = compile_assignments([("y", parse("x^2").tree)], ["y"], {})({"x": arb(0, 1)})
    assert value > arb(-0.1)


@pytest.mark.parametrize(
    ("lower", "upper", "text"), [(2, 3, "x"), (-1, 0, "1/x"), (0, 2, "where(x > 1, x, 1/x)")]
)
def test_a_branch_is_settled_only_where_all_values_agree(lower, upper, text):
    tree = parse("where(x > 1, x, 1/x)").tree
    assert to_text(settle_branches(tree, {"x": Range(fmpq(lower), fmpq(upper))})) == text
    assert settle_branches(tree, {}) == tree
