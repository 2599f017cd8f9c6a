"""Worked computation graphs from well-known teaching material, answered with the same numbers."""

from fractions import Fraction

import pytest
from flint import fmpq

from gradiometer.formula import to_float
from gradiometer.question.gradient import gradient


def _facts(computation, **at):
    return {name: fact.value for name, fact in gradient(computation, at=at).facts.items()}


@pytest.mark.parametrize("at", [{"a": -1, "b": 4}, {"a": 1, "b": -4}])
def test_problem_sheet_product_of_a_square_and_a_sum(at):
    facts = _facts("v1=a^2; v2=a+b; c=v1*v2", **at)
    assert facts["derivatives"]["a"] == -5
    assert facts["contributions"]["a"] == [{"via": "v1", "value": -6}, {"via": "v2", "value": 1}]


def test_problem_sheet_value_paths_and_counts():
    facts = _facts("v1=a^2; v2=a+b; c=v1*v2", a=-1, b=4)
    assert facts["value"] == 3
    assert [(row["path"], row["value"]) for row in facts["paths"]] == [
        ("a -> v1 -> c", -6),
        ("a -> v2 -> c", 1),
        ("b -> v2 -> c", 1),
    ]
    assert facts["path_count"] == {"a": 2, "b": 1}


def test_stanford_notes_on_backpropagation_first_circuit():
    facts = _facts("q = x + y; f = q*z", x=-2, y=5, z=-4)
    assert facts["value"] == -12
    assert facts["derivatives"] == {"x": -4, "y": -4, "z": 3}


def test_stanford_notes_on_backpropagation_sigmoid_of_two_inputs():
    facts = _facts("dot = w0*x0 + w1*x1 + w2; f = sigmoid(dot)", w0=2, x0=-1, w1=-3, x1=-2, w2=-3)
    assert to_float(facts["value"]) == pytest.approx(0.7310585786, abs=1e-10)
    expected = {
        "w0": -0.1966119332,
        "x0": 0.3932238665,
        "w1": -0.3932238665,
        "x1": -0.5898357997,
        "w2": 0.1966119332,
    }
    found = {name: to_float(value) for name, value in facts["derivatives"].items()}
    assert found == pytest.approx(expected, abs=1e-10)


def test_colah_on_computational_graphs_first_example():
    facts = _facts("c = a + b; d = b + 1; e = c*d", a=2, b=1)
    assert facts["value"] == 6
    assert facts["derivatives"] == {"a": 2, "b": 5}
    assert facts["contributions"]["b"] == [{"via": "c", "value": 2}, {"via": "d", "value": 3}]


def test_colah_on_computational_graphs_nine_paths_factor():
    x = ("2", "3", "5")
    y = ("7", "11", "13")
    names = "; ".join(f"p{k} = {k}*X" for k in x)
    ends = " + ".join(f"{k}*Y" for k in y)
    facts = _facts(f"{names}; Y = p2 + p3 + p5; Z = {ends}", X=1)
    assert facts["path_count"] == {"X": 9}
    assert facts["derivatives"] == {"X": (2 + 3 + 5) * (7 + 11 + 13)}
    products = sorted((int(a) * int(b) for a in x for b in y), reverse=True)
    assert [row["value"] for row in facts["paths"]] == products


def test_karpathy_neuron_with_tanh():
    facts = _facts(
        "n = x1*w1 + x2*w2 + b; o = tanh(n)", x1=2, x2=0, w1=-3, w2=1, b="6.8813735870195432"
    )
    assert to_float(facts["value"]) == pytest.approx(0.7071067812, abs=1e-10)
    found = {name: to_float(value) for name, value in facts["derivatives"].items()}
    expected = {"x1": -1.5, "w1": 1.0, "x2": 0.5, "w2": 0.0, "b": 0.5}
    assert found == pytest.approx(expected, abs=1e-12)
    assert facts["derivatives"]["w2"] == fmpq(0)


def test_karpathy_expression_a_sum_used_twice():
    facts = _facts("b = a + a; c = b + b", a=3)
    assert facts["derivatives"] == {"a": 4}
    assert [row["value"] for row in facts["paths"]] == [1, 1, 1, 1]
    assert facts["contributions"] == {"a": [{"via": "b", "value": 4}]}


def test_micrograd_first_check():
    facts = _facts("z = 2*x + 2 + x; q = relu(z) + z*x; h = relu(z*z); y = h + q + q*x", x=-4)
    assert facts["value"] == -20
    assert facts["derivatives"] == {"x": 46}


def test_micrograd_front_page_example():
    facts = _facts(
        "c0 = a + b; d0 = a*b + b^3; c1 = c0 + c0 + 1; c2 = c1 + 1 + c1 + (-a);"
        "d1 = d0 + d0*2 + relu(b + a); d2 = d1 + 3*d1 + relu(b - a);"
        "e = c2 - d2; f = e^2; g = f/2.0 + 10.0/f",
        a=-4,
        b=2,
    )
    assert round(to_float(facts["value"]), 4) == 24.7041
    assert round(to_float(facts["derivatives"]["a"]), 4) == 138.8338
    assert round(to_float(facts["derivatives"]["b"]), 4) == 645.5773


def test_residual_chain_has_a_path_for_every_subset_of_its_blocks():
    weights = [Fraction(1, 2), Fraction(-3, 7), Fraction(5), Fraction(2, 9), Fraction(-4)]
    text = "; ".join(f"x{k} = x{k - 1} + w{k}*x{k - 1}" for k in range(1, 6)).replace("x0", "x")
    at = {"x": 1, **{f"w{k}": w for k, w in enumerate(weights, start=1)}}
    facts = _facts(text, **at)
    product = Fraction(1)
    subsets = [Fraction(1)]
    for weight in weights:
        product *= 1 + weight
        subsets += [weight * part for part in subsets]
    assert facts["derivatives"]["x"] == fmpq(product.numerator, product.denominator)
    assert facts["path_count"]["x"] == 2**5
    found = sorted(row["value"] for row in facts["paths"] if row["input"] == "x")
    assert found == sorted(fmpq(s.numerator, s.denominator) for s in subsets)


def test_stanford_notes_on_backpropagation_max_gate():
    facts = _facts("p = x*y; m = max(z, w); s = p + m; f = 2*s", x=3, y=-4, z=2, w=-1)
    assert facts["value"] == -20
    assert facts["derivatives"] == {"x": -8, "y": 6, "z": 2, "w": 0}
    assert facts["branches"][0]["follows"] == "z"


def test_griewank_and_walther_evaluation_trace():
    """Evaluating Derivatives, chapter 1, tables 1.1 to 1.3, worked there with four places."""
    facts = _facts(
        "v1 = x1/x2; v2 = sin(v1); v3 = exp(x2); v4 = v1 - v3; v5 = v2 + v4; y = v5*v4",
        x1="1.5",
        x2="0.5",
    )
    found = [facts["value"], facts["derivatives"]["x1"], facts["derivatives"]["x2"]]
    # Every line of the tables is rounded before the next one is worked out.
    assert [to_float(value) for value in found] == pytest.approx([2.0167, 3.0118, -13.7239], 1e-4)


def test_baydin_and_others_survey_of_automatic_differentiation():
    """Automatic differentiation in machine learning: a survey (2018), tables 2 and 3."""
    facts = _facts("y = ln(x1) + x1*x2 - sin(x2)", x1=2, x2=5)
    assert round(to_float(facts["value"]), 3) == 11.652
    assert facts["derivatives"]["x1"] == fmpq(11, 2)
    assert round(to_float(facts["derivatives"]["x2"]), 3) == 1.716


def test_product_of_speelpenning_leaves_each_factor_out_once():
    """Griewank and Walther, Evaluating Derivatives (2008), section 3.3."""
    names = [f"x{k}" for k in range(1, 8)]
    at = {name: Fraction(k, 3) for k, name in enumerate(names, start=2)}
    facts = _facts("; ".join(["p1 = x1", *(f"p{k} = p{k - 1}*x{k}" for k in range(2, 8))]), **at)
    product = Fraction(1)
    for value in at.values():
        product *= value
    for name, value in at.items():
        rest = product / value
        assert facts["derivatives"][name] == fmpq(rest.numerator, rest.denominator)
        assert facts["mass"][name] == facts["derivatives"][name]
        assert facts["cancellation"][name] == 1


def test_gradient_of_a_residual_chain_comes_from_paths_of_middle_length():
    """Veit et al., Residual networks behave like ensembles (2016): lengths are binomial."""
    weight = Fraction(1, 4)
    text = "; ".join(f"x{k} = x{k - 1} + {weight}*x{k - 1}" for k in range(1, 9)).replace("x0", "x")
    rows = _facts(text, x=1)["by_length"]["x"]
    taken = [row["paths"] for row in rows]
    assert taken == [1, 8, 28, 56, 70, 56, 28, 8, 1]
    total = (1 + weight) ** 8
    assert sum(row["contribution"] for row in rows) == fmpq(total.numerator, total.denominator)
