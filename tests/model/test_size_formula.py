"""Formulas of sizes give exact whole numbers, one an axis, and know what they do not know."""

from fractions import Fraction

import pytest

from gradiometer.errors import DomainError, FormulaError, LimitError
from gradiometer.model.size_formula import read_size, to_size_text


@pytest.mark.parametrize(
    ("text", "values", "result"),
    [
        ("4*width", {"width": 8}, 32),
        ("width/heads", {"width": 8, "heads": 3}, Fraction(8, 3)),
        ("8/4 + 1/2 + 1/2", {}, 3),
        ("3x5", {}, (3, 5)),
        ("?", {}, None),
        ("2*?".replace("?", "n"), {"n": None}, None),
        ("product(space)", {"space": (3, None)}, None),
        ("product(space)", {"space": ()}, 1),
        ("total(space)", {"space": (3, 4)}, 7),
        ("axis(space, 0)", {"space": (3, 4)}, 3),
        ("axes(space)", {"space": (3, None)}, 2),
        ("floor((space - 1)/2) + 1", {"space": (7, 8)}, (4, 4)),
        ("-3", {}, -3),
        ("2^k", {"k": 10}, 1024),
        ("ceil(7/2)", {}, 4),
        ("max(a, b) - min(a, b)", {"a": 3, "b": 8}, 5),
        ("true", {}, True),
        ("same", {}, "same"),
        ("relu", {}, "relu"),
        ("i = 0", {"i": 0}, True),
        ("i < 3", {"i": None}, None),
        ("not bias", {"bias": False}, True),
        ("bias and i < 3", {"bias": True, "i": 5}, False),
        ("bias and i < 3", {"bias": False, "i": None}, False),
        ("a or b", {"a": False, "b": True}, True),
        ("not (a or b)", {"a": False, "b": False}, True),
        ("norm = rms", {"norm": "rms"}, True),
        ("norm != rms", {"norm": "layer"}, True),
        ("bias = true", {"bias": 1}, False),
        ("where(bias, 2, 1)", {"bias": True}, 2),
        ("3*where(i = 0, 2, 1)", {"i": 1}, 3),
        ("where(n > 0, 2, 1)", {"n": None}, None),
        ("space >= kernel", {"space": (3, 2), "kernel": 3}, False),
        ("space >= kernel", {"space": (3, None), "kernel": 3}, None),
    ],
)
def test_value_of_a_formula(text, values, result):
    found = read_size(text).run(values)
    assert found == result
    assert type(found) is type(result)


@pytest.mark.parametrize(
    ("text", "values", "error"),
    [
        ("a + b", {"a": (1, 2), "b": (1, 2, 3)}, DomainError),
        ("a/b", {"a": 1, "b": 0}, DomainError),
        ("a + 1", {"a": "same"}, DomainError),
        ("a + 1", {"a": True}, DomainError),
        ("a < 1", {"a": "same"}, DomainError),
        ("axis(a, 2)", {"a": (1, 2)}, DomainError),
        ("2^n", {"n": 10**9}, LimitError),
        ("2^n", {"n": Fraction(1, 2)}, DomainError),
        ("0^n", {"n": -1}, DomainError),
        ("sqrt(2)", {}, DomainError),
        ("3*(", {}, FormulaError),
    ],
)
def test_what_has_no_value_is_refused(text, values, error):
    with pytest.raises(error):
        read_size(text).run(values)


def test_values_are_spelled_as_they_are_written():
    assert to_size_text((3, None)) == "3x?"
    assert to_size_text(False) == "false"
    assert to_size_text(()) == "()"
