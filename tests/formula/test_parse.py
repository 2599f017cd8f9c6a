"""What a formula's text means: precedence, products without a sign, names and functions."""

import pytest
from flint import fmpq

from gradiometer.errors import FormulaError, Place, UsageError
from gradiometer.formula import (
    Apply,
    Constant,
    Name,
    Number,
    apply,
    evaluate,
    number,
    parse,
)

A, B, C, X, Y, Z = (Name(name) for name in "abcxyz")
E, PI = Constant("e"), Constant("pi")
ONE, TWO, THREE = number(1), number(2), number(3)


def tree(text, **options):
    return parse(text, **options).tree


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a+b*c", apply("+", A, apply("*", B, C))),
        ("a-b-c", apply("-", apply("-", A, B), C)),
        ("a/b/c", apply("/", apply("/", A, B), C)),
        ("a^b^c", apply("^", A, apply("^", B, C))),
        ("-x^2", apply("neg", apply("^", X, TWO))),
        ("(-x)^2", apply("^", apply("neg", X), TWO)),
        ("-x*y", apply("*", apply("neg", X), Y)),
        ("2^-x", apply("^", TWO, apply("neg", X))),
        ("2^-x*y", apply("*", apply("^", TWO, apply("neg", X)), Y)),
        ("x - -y", apply("-", X, apply("neg", Y))),
        ("+x", X),
        ("--x", apply("neg", apply("neg", X))),
        ("x**2", apply("^", X, TWO)),
        ("((x))", X),
    ],
)
def test_operators_bind_as_on_paper(text, expected):
    assert tree(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3x", apply("*", THREE, X)),
        ("2(x+1)", apply("*", TWO, apply("+", X, ONE))),
        ("x(1-x)", apply("*", X, apply("-", ONE, X))),
        ("(a)(b)", apply("*", A, B)),
        ("a b c", apply("*", apply("*", A, B), C)),
        ("3e^(2x)", apply("*", THREE, apply("^", E, apply("*", TWO, X)))),
        ("3e^x", apply("*", THREE, apply("^", E, X))),
        ("2pi x", apply("*", apply("*", TWO, PI), X)),
        ("x^2y", apply("*", apply("^", X, TWO), Y)),
        ("2sin(x)y", apply("*", apply("*", TWO, apply("sin", X)), Y)),
        ("2|x|", apply("*", TWO, apply("abs", X))),
        ("-2x", apply("*", apply("neg", TWO), X)),
        ("x/2y", apply("*", apply("/", X, TWO), Y)),
    ],
)
def test_factors_may_stand_side_by_side(text, expected):
    assert tree(text) == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", fmpq(1, 10)),
        (".5", fmpq(1, 2)),
        ("3.", fmpq(3)),
        ("1e-3", fmpq(1, 1000)),
        ("1e−3", fmpq(1, 1000)),
        ("2.5E+2", fmpq(250)),
        ("1e400", fmpq(10) ** 400),
        ("9" * 60, fmpq(10) ** 60 - 1),
        ("0.30000000000000004", fmpq(30000000000000004, 10**17)),
    ],
)
def test_numbers_are_exact_and_keep_their_text(text, value):
    assert tree(text) == Number(value)
    assert tree(text).text == text


def test_a_number_before_e_is_a_factor_unless_an_exponent_follows():
    assert tree("3e") == apply("*", THREE, E)
    assert tree("3e-x") == apply("-", apply("*", THREE, E), X)
    assert tree("3e-2") == Number(fmpq(3, 100))


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("x−y", "x-y"),
        ("x×y·z", "x*y*z"),
        ("x÷y", "x/y"),
        ("x²+x⁻¹", "x^2+x^(-1)"),
        ("−x²", "-x^2"),
        ("x¹⁰y", "x^10*y"),
        ("2π", "2*pi"),
        ("√(x+1)", "sqrt(x+1)"),
        ("√x", "sqrt(x)"),
        ("λx+β₁", "lambda*x+beta1"),
        ("σ(x)·Φ(y)", "sigmoid(x)*Phi(y)"),
        ("where(x≤1, x, y)", "where(x<=1, x, y)"),
        ("where(x≥1 and y≠2, x, y)", "where(x>=1 and y!=2, x, y)"),
        ("arctan(x)", "atan(x)"),
    ],
)
def test_printed_signs_mean_what_plain_ones_mean(written, plain):
    assert tree(written) == tree(plain)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("|x|", apply("abs", X)),
        ("|x|y", apply("*", apply("abs", X), Y)),
        ("|x||y|", apply("*", apply("abs", X), apply("abs", Y))),
        ("||x||", apply("abs", apply("abs", X))),
        ("|x-|y||", apply("abs", apply("-", X, apply("abs", Y)))),
        ("x/(1+|x|)", apply("/", X, apply("+", ONE, apply("abs", X)))),
        ("|(|x|y)|", apply("abs", apply("*", apply("abs", X), Y))),
    ],
)
def test_bars_close_as_soon_as_they_can(text, expected):
    assert tree(text) == expected


@pytest.mark.parametrize("text", ["|x|x|", "|x|y|z|", "x|y|z|w|", "|x|y + z|w|", "|x|y|z||"])
def test_bars_that_pair_in_two_ways_are_refused(text):
    with pytest.raises(FormulaError, match=r"two ways[\s\S]*try:   write abs"):
        parse(text)


def test_conditions_hold_relations_logic_and_chains():
    assert tree("where(0 < x <= 1, x, y)") == apply(
        "where", apply("and", apply("<", number(0), X), apply("<=", X, ONE)), X, Y
    )
    assert tree("where(not x < 1 or x = 2 and y > 3, 1, 0)") == apply(
        "where",
        apply(
            "or",
            apply("not", apply("<", X, ONE)),
            apply("and", apply("==", X, TWO), apply(">", Y, THREE)),
        ),
        ONE,
        number(0),
    )


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("1/2x", "`1/2x` is read as `(1/2)*x`."),
        ("1/2 (x+1)", "`1/2 (x+1)` is read as `(1/2)*(x+1)`."),
        ("y + 3x/2y", "`3x/2y` is read as `(3x/2)*y`."),
        ("e^-x^2", "`e^-x^2` is read as `e^(-x^2)`."),
        ("3e^2x", "`e^2x` is read as `(e^2)*x`."),
        ("f(x)", "`f(…)` is read as the product `f*(…)`."),
        ("log(x)", "`log` is read as the natural logarithm `ln`."),
        ("√2x", "`√2x` is read as `√(2)*x`."),
    ],
)
def test_a_doubtful_passage_is_read_in_one_stated_way(text, note):
    assert parse(text).notes == (note,)


@pytest.mark.parametrize(
    "text",
    ["x/2*y", "(1/2)x", "x(1-x)", "e^(-x^2)", "2^-x", "x^2y", "a/b", "e^x (1+x)", "3x^2", "ln(x)"],
)
def test_a_plain_formula_has_no_notes(text):
    assert parse(text).notes == ()


def test_what_the_note_says_is_what_the_tree_is():
    assert tree("1/2x") == tree("(1/2)*x") != tree("1/(2*x)")
    assert tree("e^-x^2") == tree("e^(-(x^2))")
    assert tree("3e^2x") == tree("3*(e^2)*x".replace("3*(e^2)", "(3*(e^2))"))


def test_constants_give_way_to_a_variable_of_the_same_name():
    assert tree("e*pi") == apply("*", E, PI)
    assert tree("e*pi", names={"e"}) == apply("*", Name("e"), PI)


def test_primes_belong_to_names():
    assert tree("m'/2") == apply("/", Name("m'"), TWO)
    assert tree("x’") == Name("x'")


def test_a_function_of_the_caller_is_applied():
    assert tree("f'(x) + f(0)", functions={"f", "f'"}) == apply(
        "+", Apply("f'", (X,)), Apply("f", (number(0),))
    )


def test_a_bracket_after_a_known_variable_is_a_factor():
    assert tree("beta(1-x)", names=["beta", "x"]) == tree("beta*(1-x)")
    assert parse("beta(1-x)", names=["beta", "x"]).notes == ()


def test_a_greek_name_is_known_by_its_word_or_its_letter():
    assert tree("λ*x", names=["lambda", "x"]) == apply("*", Name("lambda"), X)
    assert tree("λ*x", names=["λ", "x"]) == apply("*", Name("λ"), X)
    assert tree("σ*x", names=["sigma", "x"]) == apply("*", Name("sigma"), X)


@pytest.mark.parametrize("name", ["max", "log", "where", "and", "σ"])
def test_a_variable_may_not_have_the_name_of_a_function(name):
    with pytest.raises(UsageError, match="belongs to a function"):
        parse("x", names=["x", name])


def test_spans_point_into_the_text():
    text = "1 + (9 ^ 9)*x"
    power = tree(text).arguments[1].arguments[0]
    assert text[slice(*power.span)] == "9 ^ 9"


def test_an_error_says_where_the_text_stands():
    with pytest.raises(FormulaError) as caught:
        parse("1+", place=Place("--objective"))
    assert "at:    --objective" in str(caught.value)


def test_the_value_does_not_depend_on_the_spelling():
    values = {"x": fmpq(-7, 3), "y": fmpq(2)}
    plain = evaluate(tree("max(x,0) + 0.1*min(x,0) - abs(x)*y^2"), values)
    assert evaluate(tree("max(x,0) + min(x,0)/10 − |x|y²"), values) == plain == fmpq(-287, 30)
