"""Trees as text that reads back, as LaTeX and as MathML."""

import xml.etree.ElementTree as ET

import pytest
from flint import fmpq

from gradiometer.formula import (
    FUNCTIONS,
    OPERATORS,
    Apply,
    Name,
    Number,
    apply,
    evaluate,
    number,
    parse,
    substitute,
    to_latex,
    to_mathml,
    to_text,
)

X = Name("x")
MATHML = "{http://www.w3.org/1998/Math/MathML}"


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        ("3x", "3*x"),
        ("-x^2", "-x^2"),
        ("(-x)^2", "(-x)^2"),
        ("-(a*b)", "-(a*b)"),
        ("-a*b", "-a*b"),
        ("a-(b-c)", "a - (b - c)"),
        ("(a-b)-c", "a - b - c"),
        ("a*(b*c)", "a*(b*c)"),
        ("1/2x", "1/2*x"),
        ("1/(2x)", "1/(2*x)"),
        ("a--b", "a - (-b)"),
        ("2*-x", "2*(-x)"),
        ("a^b^c", "a^(b^c)"),
        ("(a^b)^c", "(a^b)^c"),
        ("e^-x", "e^(-x)"),
        ("|x|", "abs(x)"),
        ("0.10x", "0.10*x"),
        ("1e−3", "1e-3"),
        ("max(a,b)", "max(a, b)"),
        ("where(0<x<1 or not y=2,1,-x)", "where(0 < x and x < 1 or not (y == 2), 1, -x)"),
        ("where((a<1 or b<1) and c<-1,1,0)", "where((a < 1 or b < 1) and c < -1, 1, 0)"),
    ],
)
def test_text_has_the_brackets_it_needs(written, spelled):
    node = parse(written).tree
    assert to_text(node) == spelled
    assert parse(spelled).tree == node


@pytest.mark.parametrize("value", [fmpq(1, 10), fmpq(-1, 10), fmpq(-3), fmpq(7), fmpq(22, 7)])
@pytest.mark.parametrize(
    "place", ["c", "c*x", "x*c", "x/c", "x - c", "c^3", "-c", "max(x, c)", "x^2/c*x"]
)
def test_a_number_of_any_sign_reads_back_with_its_value(value, place):
    node = substitute(parse(place).tree, {"c": Number(value)})
    point = {"x": fmpq(5, 3)}
    assert evaluate(parse(to_text(node)).tree, point) == evaluate(node, point)


def test_a_number_is_spelled_by_its_text_only_when_that_is_its_value():
    assert to_text(Number(fmpq(1, 10), "0.1")) == "0.1"
    assert to_text(Number(fmpq(1, 5), "0.1")) == "1/5"
    assert to_text(Number(fmpq(2), "max(1,2)")) == "2"
    assert to_text(Number(fmpq(-1, 10), "-0.1")) == "-0.1"


@pytest.mark.parametrize(
    ("written", "latex"),
    [
        ("3x", "3 x"),
        ("2*3", r"2 \cdot 3"),
        ("1/2x", r"\frac{1}{2} x"),
        ("-x^2", "-x^{2}"),
        ("(-x)^2", r"\left(-x\right)^{2}"),
        ("-(a*b)", "-a b"),
        ("-(a+b)", r"-\left(a + b\right)"),
        ("a-(b-c)", r"a - \left(b - c\right)"),
        ("a*-b", r"a \left(-b\right)"),
        ("(a/b)^2", r"\left(\frac{a}{b}\right)^{2}"),
        ("e^(-x)", "e^{-x}"),
        ("2pi", r"2 \pi"),
        ("ln(x)^2", r"\left(\ln\left(x\right)\right)^{2}"),
        ("a*ln(x)", r"a \, \ln\left(x\right)"),
        ("max(x,0)", r"\max\left(x, 0\right)"),
        ("sqrt(x)", r"\sqrt{x}"),
        ("|x|", r"\left|x\right|"),
        ("floor(x)", r"\left\lfloor x\right\rfloor"),
        ("sigmoid(x)", r"\sigma\left(x\right)"),
        ("Phi(x)", r"\Phi\left(x\right)"),
        ("atan(x)", r"\arctan\left(x\right)"),
        ("relu(x)", r"\operatorname{relu}\left(x\right)"),
        ("v1*v12", "v_{1} v_{12}"),
        ("x_max", r"x_{\mathrm{max}}"),
        ("learning_rate*x", r"\mathrm{learning\_rate} \cdot x"),
        ("lambda*beta1^t", r"\lambda \beta_{1}^{t}"),
        ("eps", r"\varepsilon"),
        ("m'", "m'"),
        ("2.5e-3", r"2.5 \cdot 10^{-3}"),
        ("1e-3", "10^{-3}"),
        (
            "where(x<=0, 0, where(x<1 and y!=2, x, 1))",
            r"\begin{cases} 0 & \text{if } x \le 0 \\ "
            r"x & \text{if } x < 1 \text{ and } y \ne 2 \\ 1 & \text{otherwise} \end{cases}",
        ),
    ],
)
def test_latex_is_what_a_page_shows(written, latex):
    assert to_latex(parse(written).tree) == latex


def test_a_fraction_of_a_number_is_bracketed_where_a_sign_would_run_on():
    assert to_latex(apply("*", X, number("-1/10"))) == r"x \left(-\frac{1}{10}\right)"
    assert to_latex(apply("^", number("1/10"), X)) == r"\left(\frac{1}{10}\right)^{x}"


def _example(operator):
    """A tree with *operator* in it that is a number."""
    least, most = operator.arity
    arguments = [Name(name) for name in ("a", "b", "c")[: most or max(2, least)]]
    if operator.name == "where":
        arguments[0] = apply("<", X, number(1))
    if operator.kind == "logic":
        arguments = [apply("<", argument, number(1)) for argument in arguments]
    node = apply(operator.name, *arguments)
    condition = operator.kind in {"logic", "relation"}
    return apply("where", node, X, number(0)) if condition else node


@pytest.mark.parametrize("operator", OPERATORS.values(), ids=lambda operator: operator.name)
def test_every_operator_has_all_three_spellings(operator):
    node = _example(operator)
    assert parse(to_text(node)).tree == node
    assert to_latex(node).count("{") == to_latex(node).count("}")
    element = ET.fromstring(to_mathml(node))
    assert element.tag == f"{MATHML}math"
    letters = "".join(element.itertext())
    assert "\\" not in letters
    assert all(name in letters for name in "abc"[: operator.arity[1] or 2] if name != "a")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_function_is_shown_as_a_product_of_letters(name):
    element = ET.fromstring(to_mathml(_example(OPERATORS[name])))
    shown = [part.text for part in element.iter() if part.text]
    signs = {"sqrt": None, "abs": "|", "floor": "⌊", "where": "{"}
    expected = signs.get(name, {"sigmoid": "σ", "Phi": "Φ", "atan": "arctan"}.get(name, name))
    assert expected in shown if expected else element.find(f".//{MATHML}msqrt") is not None


def test_mathml_keeps_a_word_in_one_element():
    shown = [part.text for part in ET.fromstring(to_mathml(Name("learning_rate"))).iter()]
    assert "learning_rate" in shown


def test_mathml_is_made_of_latex_too():
    assert to_mathml("x^{2}") == to_mathml(parse("x^2").tree)


def test_an_unknown_function_keeps_its_name():
    assert to_text(Apply("f'", (X,))) == "f'(x)"
    assert to_latex(Apply("f'", (X,))) == r"f'\left(x\right)"
    assert to_latex(Apply("loss", (X,))) == r"\operatorname{loss}\left(x\right)"
