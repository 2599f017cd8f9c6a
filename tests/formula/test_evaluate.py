"""Values of trees: exact, certain, or refused; and in float64 as IEEE 754 has it."""

import math

import mpmath
import numpy as np
import pytest
from flint import arb, fmpq
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gradiometer.errors import DomainError, LimitError, UndecidedError, UsageError
from gradiometer.formula import (
    Axis,
    Line,
    apply,
    evaluate,
    evaluate_float,
    holds,
    number,
    parse,
    precision,
)

X = parse("x").tree


def at(text, **values):
    return evaluate(parse(text).tree, {n: fmpq(v) for n, v in values.items()})


def in_floats(text, **values):
    return evaluate_float(parse(text).tree, values)


@pytest.mark.parametrize(
    ("text", "x", "value"),
    [
        ("max(x, 0) + x/3", 2, "8/3"),
        ("clip(x, -1, 1)", 7, "1"),
        ("where(x <= 1, x, 1/0)", 1, "1"),
        ("|x|", -3, "3"),
        ("sign(x)", 0, "0"),
        ("floor(x/2)", -3, "-2"),
        ("x^-3", 2, "1/8"),
        ("x^(1/2)", 9, "3"),
        ("x^(3/2)", 4, "8"),
        ("0^x", 0, "1"),
        ("exp(x)", 0, "1"),
        ("ln(x)", 1, "0"),
        ("sigmoid(x)", 0, "1/2"),
        ("passed(x, 1, 2, 2, 9)", 2, "3"),
        ("(-1)^x", 10**15 + 1, "-1"),
    ],
)
def test_rational_values_stay_rational(text, x, value):
    found = at(text, x=x)
    assert isinstance(found, fmpq)
    assert str(found) == value


@pytest.mark.parametrize(
    ("text", "x"),
    [
        ("1/x", 0),
        ("ln(x)", 0),
        ("ln(x)", -1),
        ("sqrt(x)", -1),
        ("x^-1", 0),
        ("x^(1/2)", -1),
        ("x^(1/3)", -8),
        ("0^(0 - pi + x)", 0),
    ],
)
def test_a_value_that_does_not_exist_is_refused_with_its_place(text, x):
    with pytest.raises(DomainError) as refusal:
        at(text, x=x)
    assert refusal.value.start is not None


@pytest.mark.parametrize(
    ("text", "k"),
    [("2^k", 10**7), ("(1/2)^k", 10**12), ("(2/3)^k", 10**9), ("(1/2)^(-k)", 10**30)],
)
def test_a_power_that_would_fill_the_memory_is_refused(text, k):
    with pytest.raises(LimitError):
        at(text, k=k)


def test_a_branch_that_balls_cannot_choose_is_undecided():
    for text in ("where(sqrt(x)^2 < 2, 1, 2)", "1/(sqrt(x)^2 - 2)", "floor(sqrt(x)^2)"):
        with pytest.raises(UndecidedError):
            at(text, x=2)


def test_a_name_without_a_value_is_a_mistake_of_the_caller():
    with pytest.raises(UsageError):
        at("x + y", x=1)


@pytest.mark.parametrize("text", ["sqrt(x)", "exp(x)", "x^(1/2)", "2^x", "floor(x)", "x^2", "1/x"])
def test_what_a_free_parameter_cannot_do_is_undecided(text):
    line = Line(fmpq(1), fmpq(1), Axis(fmpq(0), fmpq(1)))
    with pytest.raises(UndecidedError):
        evaluate(parse(text).tree, {"x": line})


@pytest.mark.parametrize(
    ("condition", "truth"),
    [("x < 1", False), ("x <= 1", True), ("not x == 1", False), ("x < 0 or x > 1/2", True)],
)
def test_relations_hold_exactly(condition, truth):
    tree = parse(f"where({condition}, 1, 0)").tree.arguments[0]
    assert holds(tree, {"x": fmpq(1)}) is truth


def test_what_is_no_relation_does_not_hold_or_fail():
    with pytest.raises(UsageError):
        holds(X, {"x": fmpq(1)})


SMOOTH = {
    "exp": mpmath.exp,
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "atan": mpmath.atan,
    "tanh": mpmath.tanh,
    "sigmoid": lambda v: 1 / (1 + mpmath.exp(-v)),
    "softplus": lambda v: mpmath.log1p(mpmath.exp(v)),
    "erf": mpmath.erf,
    "erfc": mpmath.erfc,
    "Phi": mpmath.ncdf,
    "sinh": mpmath.sinh,
    "cosh": mpmath.cosh,
    "sqrt": lambda v: mpmath.sqrt(v) if v >= 0 else mpmath.nan,
    "ln": lambda v: mpmath.log(v) if v > 0 else mpmath.nan,
    "abs": abs,
    "relu": lambda v: max(v, mpmath.mpf(0)),
    "neg": lambda v: -v,
}
PAIRS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b if b else mpmath.nan,
    "max": max,
    "min": min,
}

small = st.builds(fmpq, st.integers(-9, 9), st.integers(1, 5))
trees = st.recursive(
    small.map(number) | st.just(X),
    lambda inner: (
        st.builds(apply, st.sampled_from(sorted(SMOOTH)), inner)
        | st.builds(apply, st.sampled_from(sorted(PAIRS)), inner, inner)
    ),
    max_leaves=6,
)


def reference(tree, x):
    """The value at 60 digits with mpmath."""
    if hasattr(tree, "value"):
        return mpmath.mpf(int(tree.value.p)) / int(tree.value.q)
    if hasattr(tree, "name"):
        return x
    parts = [reference(part, x) for part in tree.arguments]
    assume(not any(mpmath.isnan(part) or abs(part) > 200 for part in parts))
    return (SMOOTH | PAIRS)[tree.operator](*parts)


@settings(max_examples=150)
@given(trees, small)
def test_enclosures_contain_what_mpmath_finds_with_fifty_digits(tree, x):
    with mpmath.workdps(60):
        expected = reference(tree, mpmath.mpf(int(x.p)) / int(x.q))
        assume(mpmath.isfinite(expected))
        text = mpmath.nstr(expected, 55)
    with precision(400):
        try:
            found = evaluate(tree, {"x": x})
        except (UndecidedError, DomainError):
            assume(False)
        gap = arb(found) - arb(text)
        assert abs(gap) < arb("1e-45") * (1 + abs(arb(found)))
        assert isinstance(found, fmpq) or found.rel_one_accuracy_bits() > 150


@settings(max_examples=100)
@given(trees, small)
def test_floats_are_near_the_exact_value_where_nothing_cancels(tree, x):
    """Loosely: one wrong operation would be far off."""
    try:
        with precision(400):
            exact = float(arb(evaluate(tree, {"x": x})))
    except (UndecidedError, DomainError):
        assume(False)
    found = evaluate_float(tree, {"x": int(x.p) / int(x.q)})
    assume(math.isfinite(exact) and abs(exact) < 1e12 and not math.isnan(found))
    shaken = [evaluate_float(tree, {"x": int(x.p) / int(x.q) + d}) for d in (-1e-13, 1e-13)]
    spread = max(abs(value - found) for value in shaken)
    assume(spread < 1e-6)
    assert found == pytest.approx(exact, rel=1e-6, abs=1e-6 + 100 * spread)


@pytest.mark.parametrize(
    ("text", "x", "value"),
    [
        ("1/x", 0.0, math.inf),
        ("-1/x", 0.0, -math.inf),
        ("x/x", 0.0, math.nan),
        ("x^3", -1e200, -math.inf),
        ("x^2", -1e200, math.inf),
        ("x^-1", 0.0, math.inf),
        ("sqrt(x)", -1.0, math.nan),
        ("ln(x)", 0.0, -math.inf),
        ("exp(x)", 1000.0, math.inf),
        ("sinh(x)", -1000.0, -math.inf),
        ("sigmoid(x)", -1000.0, 0.0),
        ("softplus(x)", 1000.0, 1000.0),
        ("max(0, x)", math.nan, math.nan),
        ("min(x, 0)", math.nan, math.nan),
        ("sign(x)", math.nan, math.nan),
        ("floor(x)", -math.inf, -math.inf),
        ("where(x < 0, 1, 2)", math.nan, 2.0),
        ("x + 0.2", 0.1, 0.1 + 0.2),
    ],
)
def test_floats_follow_ieee(text, x, value):
    assert in_floats(text, x=x) == pytest.approx(value, rel=0, abs=0, nan_ok=True)


@given(
    st.floats(-1e6, 1e6, width=32),
    st.floats(-1e6, 1e6, width=32),
    st.sampled_from(["x + y", "x - y", "x*y", "x/y", "sqrt(x)", "x^2", "x^3", "x^4"]),
)
def test_each_operation_in_float32_is_that_of_numpy(x, y, text):
    one, two = np.float32(x), np.float32(y)
    with np.errstate(all="ignore"):
        wanted = {"x + y": one + two, "x - y": one - two, "x*y": one * two, "x/y": one / two,
                  "sqrt(x)": np.sqrt(one), "x^2": one * one, "x^3": one * one * one,
                  "x^4": (one * one) * (one * one)}[text]  # fmt: skip
    found = evaluate_float(parse(text).tree, {"x": x, "y": y}, "float32")
    assert found == float(wanted) or (math.isnan(found) and np.isnan(wanted))
