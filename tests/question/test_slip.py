"""A slip is named only when it is proved to give the wrong line."""

import pytest

from gradiometer.formula import compile_float, free_names, parse
from gradiometer.question.slip import find_slip, list_rewrites
from gradiometer.question.slip_rules import ALGEBRA, SLOPES
from gradiometer.question.slip_slope import list_wrong_slopes
from gradiometer.question.statement import read_statement
from gradiometer.question.statement_names import read_names


def slip_of(says, *where):
    left, right = read_statement(says, read_names(where)).sides
    return find_slip(left, right)


@pytest.mark.parametrize("mistake", ALGEBRA, ids=lambda row: f"{row.pattern} to {row.result}")
def test_every_mistake_of_algebra_can_be_made_and_is_one(mistake):
    shown = mistake.pattern.replace("F(", "exp(")
    for name, value in (("n", "2"), ("a", "(p+2)"), ("b", "(q+5)"), ("c", "r"), ("d", "s")):
        for sign in "+-*/^(), ":
            shown = shown.replace(f"{sign}{name}", f"{sign}{value}") if shown != name else value
        if shown.startswith(name) and not shown[1:2].isalpha():
            shown = value + shown[1:]
    tree = parse(shown).tree
    found = [wrong for row, wrong in list_rewrites(tree) if row == mistake]
    assert found, shown
    points = [dict(zip("pqrs", values, strict=True)) for values in
              ((0.3, 0.7, 1.9, 2.3), (-2.7, 0.4, 0.9, -0.6), (1.1, -5.9, 1.4, 0.8))]  # fmt: skip
    right = [compile_float(tree)(point) for point in points]
    assert any([compile_float(wrong)(point) for point in points] != right for wrong in found)


@pytest.mark.parametrize("operator", SLOPES)
def test_every_rule_of_slopes_is_used_with_its_mistakes(operator):
    shown = {
        "neg": "-sin(x)", "power": "(2x+1)^3", "exponential": "2^(3x)", "+": "x^2 + sin(x)",
        "-": "x^2 - sin(x)", "*": "x^2*sin(x)", "/": "x^2/sin(x)", "max": "max(x^2, 3x)",
        "min": "min(x^2, 3x)",
    }.get(operator, f"{operator}(3x)")  # fmt: skip
    tree = parse(shown).tree
    found = {mistake for mistake, _ in list_wrong_slopes(tree, "x")}
    assert set(SLOPES[operator].wrong) <= found
    assert all(free_names(slope) <= {"x"} for _, slope in list_wrong_slopes(tree, "x"))


@pytest.mark.parametrize(
    ("where", "says", "kind"),
    [
        ("f(x) = ln(3x)", "f'(x) = 1/(3x)", "inner derivative"),
        ("f(x) = e^(3x)", "f'(x) = 3e^x", "exponent"),
        ("f(x) = x^5", "f'(x) = 5x^5", "power rule"),
        ("f(x) = x*sin(x)", "f'(x) = cos(x)", "product rule"),
        ("f(x) = x/(x+1)", "f'(x) = 1/(x+1)", "quotient rule"),
        ("f(x) = |x| + x", "f'(x) = 2", "lost kink"),
        ("f(x) = cos(x)", "f'(x) = sin(x)", "sign"),
        ("c = a^2*b^3", "dc/da = 3*a^2*b^2", "wrong variable"),
        ("f(x) = x^3", "f'(x) = 6x", "not differentiated"),
        ("", "sqrt(x^2) = x", "root of a square"),
        ("", "ln(x + y) = ln(x) + ln(y)", "logarithm"),
        ("", "(x + y)^2 = x^2 + y^2", "power of a sum"),
        ("", "x*(y + 3) = x*y + 3", "bracket"),
        ("", "x*y = x + y", "product and sum"),
        ("", "x/y = y/x", "reciprocal"),
        ("", "x + y + 3 = x + 3", "term dropped"),
        ("", "7*8 = 54", "arithmetic"),
        ("", "sin(x + y) = sin(x) + sin(y)", "linear function"),
    ],
)
def test_kind_of_a_slip(where, says, kind):
    assert slip_of(says, *filter(None, [where])).family == kind


@pytest.mark.parametrize("says", ["x^3 + 2x = sin(x)*e^x", "x*y + 7 = tanh(x) - y^5", "|x| = x^4"])
def test_no_slip_is_made_up(says):
    assert slip_of(says) is None


def test_what_a_slip_gives_is_the_wrong_line():
    found = slip_of("f'(x) = 2x*cos(x)", "f(x) = x^2*sin(x)")
    given, said = parse(found.gives).tree, parse("2x*cos(x)").tree
    for x in (0.3, -1.7, 2.9):
        assert compile_float(given)({"x": x}) == pytest.approx(compile_float(said)({"x": x}))
