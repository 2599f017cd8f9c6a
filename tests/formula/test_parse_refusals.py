"""What is no formula is refused with its place, what is known, and what to try."""

import pytest

from gradiometer.errors import FormulaError, UnknownNameError
from gradiometer.formula import parse

REFUSED = [
    # text, column of the caret, part of the message
    ("", 0, "empty"),
    ("   ", 3, "empty"),
    ("1+", 2, "stops where a number is missing"),
    ("(1+x", 0, "bracket is not closed"),
    ("1+x)", 3, "never opened"),
    ("max(0,1", 3, "bracket is not closed"),
    ("|x", 0, "bar is not closed"),
    ("()", 1, "missing before `)`"),
    ("1 + * 2", 4, "missing before `*`"),
    ("2 3", 2, "write `*` or `^`"),
    ("x 2", 2, "write `*` or `^`"),
    ("0,1", 1, "0.1"),
    ("max(1,,2)", 6, "missing before `,`"),
    ("ln x", 0, "write ln(x)"),
    ("2 + sin^2(x)", 4, "needs brackets"),
    ("max[0,x]", 3, "round brackets"),
    ("{x}]", 3, "never opened"),
    ("x[1]", 1, "round brackets"),
    ("clip(x, 1)", 0, "takes 3 arguments, and 2 are given"),
    ("relu(x, y)", 0, "takes 1 argument, and 2 are given"),
    ("1 + max()", 4, "takes at least 1 argument, and none is given"),
    ("where(x, 1, 2)", 6, "must be a condition"),
    ("max(x > 1, 2)", 4, "this is a condition"),
    ("(x > 1) + 2", 1, "this is a condition"),
    ("where(not x, 1, 2)", 10, "this is a number"),
    ("x > 1", 0, "a number, and this is a statement"),
    ("y = x + 1", 0, "a number, and this is a statement"),
    ("x; y", 1, "assignments"),
    ("\\frac{1}", 0, "curly brackets"),
    ("x + \\", 4, "LaTeX command"),
    ("x.__class__", 1, "attributes"),
    ("().__class__.__bases__[0].__subclasses__()", 2, "attributes"),
    ("__import__('os').system('true')", 0, "begins with a letter"),
    ("'x'", 0, "quotes"),
    ('"x"', 0, "Quotes"),
    ("x!", 1, "factorials"),
    ("x%", 1, "/100"),
    ("1..2", 1, "between digits"),
    ("1_000", 1, "begins with a letter"),
    ("x + у", 4, "cyrillic small letter u"),
    ("x\x00", 1, "number 0"),
    ("√x^2", 0, "How far this root reaches"),
    ("(0, ∞)", 4, "end of an interval"),
]


@pytest.mark.parametrize(("text", "column", "message"), REFUSED, ids=[row[0] for row in REFUSED])
def test_refused_with_its_place(text, column, message):
    with pytest.raises(FormulaError) as caught:
        parse(text)
    error = caught.value
    assert message in f"{error.problem} {error.hint}"
    assert (error.start, error.text) == (column, text)


def test_the_caret_stands_under_the_place():
    with pytest.raises(FormulaError) as caught:
        parse("1 + x.y")
    lines = str(caught.value).splitlines()
    assert lines[1] == "  text:  1 + x.y"
    assert lines[2] == "              ^"


def test_an_unknown_name_is_shown_with_the_known_and_the_nearest():
    with pytest.raises(UnknownNameError) as caught:
        parse("beat1*m", names=["x", "m", "beta1"], functions=["f"])
    error = caught.value
    assert (error.start, error.end) == (0, 5)
    assert error.known == ("x", "m", "beta1", "f")
    assert error.hint == "write `beta1`"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("ab", "write `a*b`"),
        ("1 + xe^x", "write `x*e`"),
        ("x2", "write `x^2` or `2*x`"),
        ("Pi", "write `pi`"),
    ],
)
def test_a_name_that_runs_together_is_taken_apart(text, hint):
    with pytest.raises(UnknownNameError) as caught:
        parse(text, names={"a", "b", "x"})
    assert caught.value.hint == hint


@pytest.mark.parametrize("names", [None, ["x"]])
def test_an_unknown_function_is_not_taken_for_a_factor(names):
    with pytest.raises(UnknownNameError, match=r"Unknown function `sigmod`") as caught:
        parse("1 + sigmod(x)", names=names)
    assert caught.value.start == 4
    assert "sigmoid" in caught.value.hint
    assert "sigmoid" in caught.value.known


def test_a_derivative_of_an_unknown_function_is_refused():
    with pytest.raises(UnknownNameError):
        parse("f'(x)", functions={"f"})


def test_a_function_of_the_caller_needs_brackets():
    with pytest.raises(FormulaError, match="needs brackets"):
        parse("f + 1", functions={"f"})
