"""Where a run starts: numbers, lists of them, and numbers by name."""

import pytest
from flint import fmpq

from gradiometer.errors import FormulaError
from gradiometer.model import read_start


@pytest.mark.parametrize(
    ("given", "names", "values"),
    [
        ("1/2", (), [fmpq(1, 2)]),
        ("-0.1, 2", (), [fmpq(-1, 10), 2]),
        ("x=1,y = 1/3", ("x", "y"), [1, fmpq(1, 3)]),
        ("max(1, 2), 3", (), [2, 3]),
        (3, (), [3]),
        ([1, "1/2"], (), [1, fmpq(1, 2)]),
        ({"x": "1e-3", "y": 2}, ("x", "y"), [fmpq(1, 1000), 2]),
        (fmpq(2, 3), (), [fmpq(2, 3)]),
    ],
)
def test_a_start_is_read_exactly(given, names, values):
    start = read_start(given)
    assert (start.names, list(start.values)) == (names, values)


def test_named_numbers_are_put_in_the_order_of_the_variables():
    assert read_start("y=2, x=1").arrange(("x", "y")) == (1, 2)
    assert read_start("w=3").arrange(("x",)) == (3,)


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ("x=1, 2", "names some numbers and not others"),
        ("x=1, x=2", "`x` has two numbers"),
        ("1,,2", "missing"),
        ("x=, y=1", "missing"),
        ("x=a", "a"),
    ],
)
def test_a_start_that_cannot_be_read_is_refused(given, part):
    with pytest.raises(FormulaError) as caught:
        read_start(given)
    assert part in str(caught.value)


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ("x=1", "write `--start x=1, y=1`"),
        ("1", "1 number"),
        ("1, 2, 3", "3 numbers"),
    ],
)
def test_a_start_of_the_wrong_length_says_what_is_missing(given, part):
    with pytest.raises(FormulaError) as caught:
        read_start(given).arrange(("x", "y"))
    assert part in str(caught.value)


def test_greek_letters_are_the_names_that_formulas_make_of_them():
    assert read_start("α=1, β₁=2").names == ("alpha", "beta1")
    assert read_start({"α": 1}).names == ("alpha",)
    with pytest.raises(FormulaError, match="two numbers"):
        read_start("α=1, alpha=2")
    with pytest.raises(FormulaError, match="two numbers"):
        read_start({"α": 1, "alpha": 2})
