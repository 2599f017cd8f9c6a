"""The signs that a formula shows by its form are all that it takes."""

import itertools

import pytest
from flint import fmpq

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import compare, evaluate, free_names, parse, possible_signs

PLACES = [fmpq(n, 2) for n in (-6, -3, -2, -1, 0, 1, 2, 3, 4)]
FORMULAS = [
    "x^p", "x^(2*p)", "x^(p + p)", "0^p", "(x^2)^p", "(0*x)^p", "abs(x)^p", "(x - 1)^(2*p)",
    "x^(1/2)", "x^(3/2)", "x^2", "x^(-2)", "x^3", "(-1)^p", "2^p", "x^(p^2)", "x^abs(p)",
    "max(x, 1)", "min(x, -1)", "max(x, p)", "min(x, p, 2)", "max(x^2, p)", "abs(x)", "abs(x) + 1",
    "sqrt(x)", "x*p", "x/p", "-x^2", "x^2 + p^2", "x^2 - p",
]  # fmt: skip


def signs_at_places(tree):
    """The signs that occur at places where the formula has a value."""
    names = sorted(free_names(tree))
    found = set()
    for values in itertools.product(PLACES, repeat=len(names)):
        try:
            found.add(compare(evaluate(tree, dict(zip(names, values, strict=True))), fmpq(0)))
        except (GradiometerError, UndecidedError):
            continue
    return found


@pytest.mark.parametrize("text", FORMULAS)
def test_no_sign_that_occurs_is_left_out(text):
    tree = parse(text).tree
    assert signs_at_places(tree) <= possible_signs(tree, {})


@pytest.mark.parametrize(
    ("text", "signs"),
    [("abs(x) + 1", {1}), ("max(x, 1)", {1}), ("min(x, -1)", {-1}), ("max(x^2, p)", {0, 1}),
     ("(x^2)^p", {0, 1}), ("(x^2 + 1)^p", {1}), ("x^(1/2)", {0, 1})],
)  # fmt: skip
def test_signs_that_the_form_excludes_are_left_out(text, signs):
    assert possible_signs(parse(text).tree, {}) == signs
