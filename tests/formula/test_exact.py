"""Exact numbers: texts, roots, comparisons, decimals that lose nothing they show."""

from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from threading import Event

import pytest
from flint import arb, ctx, fmpq, fmpz
from hypothesis import given
from hypothesis import strategies as st

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    compare,
    exact_sqrt,
    from_ball_text,
    from_decimal,
    from_float,
    precision,
    refine,
    size_in_bits,
    to_ball_text,
    to_decimal,
    to_float,
)

rationals = st.fractions(max_denominator=10**9)


def exactly(value):
    return fmpq(value.numerator, value.denominator)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (fmpq(17, 5), "3.4"),
        (fmpq(1, 3), "0.33333333333333333333"),
        (fmpq(-1, 8), "-0.125"),
        (fmpq(0), "0"),
        (fmpq(10) ** 30, "1e+30"),
        (fmpq(1, 10**9), "1e-09"),
        (0.1, "0.1"),
        (float("inf"), "inf"),
        (-float("inf"), "-inf"),
        (float("nan"), "nan"),
    ],
)
def test_decimals_are_short_where_they_are_exact_and_twenty_digits_elsewhere(value, text):
    assert to_decimal(value) == text


@pytest.mark.parametrize("exponent", [-3_000_000, -1_000_100, 1_000_100, 3_000_000])
def test_decimals_of_any_size_keep_their_size(exponent):
    value = arb(10) ** fmpz(exponent)
    mantissa, _, power = to_decimal(value).partition("e")
    assert abs(float(mantissa) * 10.0 ** (int(power) - exponent) - 1) < 1e-10


@pytest.mark.parametrize(
    ("ball", "text"),
    [
        (arb(1, 1e-6), "1.00000"),
        (arb(fmpq(1, 3), 1e-3), "0.33"),
        (arb(0, 1e-30), "0"),
        (arb(1e-22, 1e-20), "0"),
        (arb(-7, 2), "-7"),
    ],
    ids=str,
)
def test_a_ball_shows_no_digit_that_is_not_certain(ball, text):
    assert float(to_decimal(ball)) == float(text)
    assert len(to_decimal(ball)) <= len(text)


@given(rationals)
def test_a_decimal_is_within_half_a_unit_of_its_twentieth_digit(value):
    shown = Fraction(to_decimal(exactly(value)))
    assert abs(shown - value) <= abs(value) / 10**19


@given(rationals)
def test_a_float_is_the_nearest_one(value):
    assert to_float(exactly(value)) == float(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_is_read_exactly(value):
    assert to_float(from_float(value)) == value


@pytest.mark.parametrize("text", ["0.1", "1/10", "1e-1", "10e-2"])
def test_texts_of_a_tenth_are_a_tenth(text):
    assert from_decimal(text) == fmpq(1, 10)


@given(rationals.filter(lambda v: v >= 0))
def test_the_root_of_a_square_is_rational_and_others_are_enclosed(value):
    square = exactly(value) ** 2
    assert exact_sqrt(square) == exactly(value)
    root = exact_sqrt(exactly(value))
    assert (
        (root * root - exactly(value)).contains(0)
        if isinstance(root, arb)
        else (root * root == exactly(value))
    )


def test_a_root_of_a_negative_number_or_of_an_unknown_sign_is_none():
    with pytest.raises(ValueError, match="negative"):
        exact_sqrt(fmpq(-1))
    with pytest.raises(UndecidedError):
        exact_sqrt(arb(0, 1))


@given(rationals, rationals)
def test_rationals_are_compared_as_numbers(left, right):
    assert compare(exactly(left), exactly(right)) == (left > right) - (left < right)


def test_overlapping_balls_are_not_ordered():
    with pytest.raises(UndecidedError):
        compare(arb(1, 0.1), arb(1.05, 0.1))
    with pytest.raises(UndecidedError):
        compare(arb("nan"), arb(1))
    assert compare(arb(1), fmpq(1)) == 0
    assert compare(arb(1, 0.1), arb(2, 0.1)) == -1


def test_threads_set_the_precision_one_after_the_other():
    """Interleaved, the later block would set back what the earlier one had set."""
    before, inside, asked = ctx.prec, Event(), Event()

    def enter_later():
        inside.wait()
        asked.set()
        with precision(200):
            return ctx.prec

    with ThreadPoolExecutor(1) as pool:
        later = pool.submit(enter_later)
        with precision(96):
            inside.set()
            asked.wait()
            with pytest.raises(TimeoutError):
                later.result(timeout=0.1)
            assert ctx.prec == 96
        assert later.result() == 200
    assert ctx.prec == before


def test_precision_is_raised_until_an_order_is_decided_and_set_back():
    near = fmpq(1) + fmpq(1, 10**300)
    decided = refine(lambda: compare(arb(near).log(), arb(0)))
    assert decided == 1
    with pytest.raises(UndecidedError):
        refine(lambda: compare(arb(2).sqrt() ** 2, arb(2)), most=512)
    before = arb(1) / 3
    with precision(1000):
        assert (arb(1) / 3).rel_accuracy_bits() > 900
    assert (arb(1) / 3).rel_accuracy_bits() == before.rel_accuracy_bits()


@given(rationals, st.integers(1, 60))
def test_the_text_of_a_ball_contains_the_ball(value, digits):
    ball = arb(exactly(value)).exp() if abs(value) < 100 else arb(exactly(value)).sin()
    middle, radius = to_ball_text(ball, digits=digits)
    assert from_ball_text(middle, radius).contains(ball)
    low, high = Fraction(middle) - Fraction(radius), Fraction(middle) + Fraction(radius)
    assert arb(exactly(low)) <= ball.upper()
    assert arb(exactly(high)) >= ball.lower()


def test_the_size_of_a_number_is_that_of_its_two_parts():
    assert size_in_bits(fmpq(255, 256)) == 8 + 9
    assert size_in_bits(arb(1)) == 0
