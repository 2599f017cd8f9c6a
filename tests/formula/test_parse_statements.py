"""Numbers, intervals, lists of assignments and relations."""

import pytest
from flint import fmpq

from gradiometer.errors import DomainError, FormulaError, LimitError, Place, UnknownNameError
from gradiometer.formula import (
    Interval,
    Name,
    apply,
    number,
    parse,
    parse_assignments,
    parse_interval,
    parse_number,
    parse_relation,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", fmpq(1, 10)),
        ("1/1000", fmpq(1, 1000)),
        ("-3", fmpq(-3)),
        ("1e-3", fmpq(1, 1000)),
        ("2^-7", fmpq(1, 128)),
        ("sqrt(4)/3", fmpq(2, 3)),
        (" max(1, 2) ", fmpq(2)),
    ],
)
def test_a_number_is_exact(text, value):
    assert parse_number(text) == value


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("sqrt(2)", DomainError, "not known to be a rational"),
        ("pi^(10^9)", DomainError, "not known to be a rational"),
        ("1/0", DomainError, "division by zero"),
        ("1/(sqrt(2) - sqrt(2))", DomainError, "may be zero"),
        ("abc", UnknownNameError, "Unknown name `abc`"),
        ("abc", UnknownNameError, "write a number"),
        ("", FormulaError, "empty"),
        ("9^9^9", LimitError, "100,000 bits"),
    ],
)
def test_what_is_no_rational_number_is_refused(text, kind, message):
    with pytest.raises(kind, match=message) as caught:
        parse_number(text, place=Place("--set h"))
    assert "at:    --set h" in str(caught.value)
    assert caught.value.text == text


ONE_AND_H = apply("+", number(1), Name("h"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(-oo, 1]", Interval(None, number(1), upper_closed=True)),
        ("[0, oo)", Interval(number(0), None, lower_closed=True)),
        ("(−∞, +∞)", Interval(None, None)),
        ("[0, 1 + h)", Interval(number(0), ONE_AND_H, lower_closed=True)),
        ("{3}", Interval(number(3), number(3), lower_closed=True, upper_closed=True)),
        ("[3, 3]", Interval(number(3), number(3), lower_closed=True, upper_closed=True)),
        ("(-1, max(1, 2))", Interval(number(-1), number(2))),
        ("(0, ln(2))", Interval(number(0), apply("ln", number(2)))),
    ],
)
def test_an_interval_has_exact_ends(text, expected):
    assert parse_interval(text, names=["h"]) == expected


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("", 0, "brackets at both ends"),
        ("3", 0, "brackets at both ends"),
        ("(1, 2", 0, "brackets at both ends"),
        ("(1)", 0, "two ends"),
        ("(1, 2, 3)", 0, "two ends"),
        ("[-oo, 1)", 0, "round bracket"),
        ("(1, oo]", 6, "round bracket"),
        ("(oo, 1)", 1, "wrong side"),
        ("(, 1)", 1, "empty"),
        ("(0, 1 + k)", 8, "Unknown name `k`"),
        ("(0, 1/0)", 3, "division by zero"),
        ("(0, 1 +)", 7, "missing"),
    ],
)
def test_what_is_no_interval_is_refused_in_place(text, column, message):
    with pytest.raises((FormulaError, DomainError), match=message) as caught:
        parse_interval(text, names=["h"])
    assert (caught.value.start, caught.value.text) == (column, text)


@pytest.mark.parametrize("text", ["[1, 0]", "(1, 1)", "[1, 1)", "(ln(2), ln(2)]", "(ln(3), ln(2))"])
def test_an_empty_interval_is_refused(text):
    with pytest.raises(DomainError, match="empty"):
        parse_interval(text)


def test_assignments_keep_their_order_and_places():
    text = "v1=a^2;\n  v2 = a+b ; c=v1*v2;"
    result = parse_assignments(text)
    assert [item.name for item in result] == ["v1", "v2", "c"]
    assert [text[slice(*item.span)] for item in result] == ["v1=a^2", "v2 = a+b", "c=v1*v2"]
    assert result[1].formula == parse("a+b")


def test_a_single_expression_has_no_name():
    (only,) = parse_assignments("a^2 + b")
    assert (only.name, only.formula) == ("", parse("a^2 + b"))


def test_an_assigned_name_is_certain():
    result = parse_assignments("e = a + 1; beta₁ = 2; c = e*pi + beta1(1 - a)")
    assert result[1].name == "beta1"
    assert result[2].formula.tree == parse("e*pi + beta1*(1-a)", names=["a", "e", "beta1"]).tree


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("", 0, "no formula"),
        (" ;\n ", 0, "no formula"),
        ("x = 1;\n y = x +", 15, "missing"),
        ("x = 1; y = x + 9^9^9", 15, "100,000 bits"),
        ("x = 1; f(x) = x^2", 7, "stands one name"),
        ("2x = 3", 0, "stands one name"),
        ("a; b", 0, "needs a name"),
        ("a == b", 0, "single `=`"),
        ("x = 1; max = 3", 7, "belongs to a function"),
        ("y = ", 3, "empty"),
    ],
)
def test_a_broken_list_shows_the_statement_in_the_whole_text(text, column, message):
    with pytest.raises(FormulaError, match=message) as caught:
        parse_assignments(text)
    assert (caught.value.start, caught.value.text) == (column, text)


def test_a_list_may_be_longer_than_a_formula_but_not_endless():
    text = "; ".join(f"v{index} = x + {index}" for index in range(1000))
    assert len(parse_assignments(text)) == 1000
    with pytest.raises(LimitError, match="2,000 assignments"):
        parse_assignments("a=1;" * 2001)
    with pytest.raises(LimitError, match="200,000 characters"):
        parse_assignments("a=1;" * 100_000)


@pytest.mark.parametrize(
    ("text", "sides", "relations"),
    [
        ("a = b = c", ["a", "b", "c"], ("==", "==")),
        ("f(x) >= 0", ["f(x)", "0"], (">=",)),
        ("f'(x) = 3e^x/(e^(3x)+1)", ["f'(x)", "3e^x/(e^(3x)+1)"], ("==",)),
        ("0 < x ≤ where(y == 1, 2, 3)", ["0", "x", "where(y == 1, 2, 3)"], ("<", "<=")),
        ("|a| ≠ |b|", ["|a|", "|b|"], ("!=",)),
    ],
)
def test_a_relation_has_sides_and_signs(text, sides, relations):
    result = parse_relation(text, functions={"f", "f'"})
    assert [side.text for side in result.sides] == sides
    assert result.relations == relations
    assert result.sides == tuple(parse(side, functions={"f", "f'"}) for side in sides)


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("x + 1", 0, "needs a relation"),
        ("= 3", 0, "side of this relation is missing"),
        ("a <", 3, "side of this relation is missing"),
        ("a = b +", 7, "missing"),
        ("a = (b = c)", 5, "statement"),
        ("a = b*q", 6, "Unknown name `q`"),
    ],
)
def test_a_broken_relation_is_refused_in_place(text, column, message):
    with pytest.raises(FormulaError, match=message) as caught:
        parse_relation(text, names=["a", "b", "c", "x"])
    assert (caught.value.start, caught.value.text) == (column, text)
