"""Worked computation graphs from well-known teaching material, answered with the same numbers."""

import math
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


def test_goodfellow_and_others_chain_of_three_functions():
    """Deep Learning (2016), section 6.5: x = f(w), y = f(x), z = f(y), here with squares."""
    facts = _facts("x = w^2; y = x^2; z = y^2", w=2)
    assert facts["value"] == 2**8
    assert facts["derivatives"]["w"] == 8 * 2**7
    assert [(row["path"], row["value"]) for row in facts["paths"]] == [
        ("w -> x -> y -> z", (2 * 2) * (2 * 4) * (2 * 16))
    ]


def test_griewank_and_walther_lighthouse():
    """Evaluating Derivatives (2008), section 2.1: y1 = nu*tan(w*t)/(gamma - tan(w*t))."""
    point = {"nu": "3/2", "gamma": "5", "omega": "1/4", "t": "2"}
    text = "v1 = omega*t; v2 = tan(v1); v3 = gamma - v2; v4 = nu*v2; y1 = v4/v3; y2 = gamma*y1"
    facts = {name: fact.value for name, fact in gradient(text, at=point, of="y1").facts.items()}
    nu, gamma, omega, t, tangent = 1.5, 5.0, 0.25, 2.0, math.tan(0.5)
    outer = nu * gamma / (gamma - tangent) ** 2 * (1 + tangent**2)
    expected = {
        "omega": outer * t,
        "t": outer * omega,
        "gamma": -nu * tangent / (gamma - tangent) ** 2,
        "nu": tangent / (gamma - tangent),
    }
    found = {name: to_float(value) for name, value in facts["derivatives"].items()}
    assert found == pytest.approx(expected, rel=1e-14)
    # The tangent reaches the quotient above and below: the two paths of the text.
    assert facts["path_count"] == {"omega": 2, "t": 2, "gamma": 1, "nu": 1}


def test_nielsen_gradient_of_the_first_bias_is_one_product():
    """Neural Networks and Deep Learning (2015), chapter 5, the chain of four sigmoid neurons."""
    text = "; ".join(
        ["z1 = w1*x + b1", "a1 = sigmoid(z1)"]
        + [line for k in (2, 3, 4) for line in (f"z{k} = w{k}*a{k - 1} + b{k}",
                                                f"a{k} = sigmoid(z{k})")]
        + ["C = (y - a4)^2/2"]
    )  # fmt: skip
    weights = [0.5, -1.5, 2.0, 0.75]
    at = {"x": "1", "y": "1", **{f"b{k}": "0.25" for k in range(1, 5)}}
    at |= {f"w{k}": str(w) for k, w in enumerate(weights, start=1)}
    facts = _facts(text, **at)
    value, product = 1.0, 1.0
    for k, weight in enumerate(weights):
        value = 1 / (1 + math.exp(-(weight * value + 0.25)))
        product *= value * (1 - value) * (weight if k else 1)
    assert facts["path_count"]["b1"] == 1
    assert to_float(facts["derivatives"]["b1"]) == pytest.approx(product * (value - 1), rel=1e-13)
    # Each slope of the sigmoid is at most 1/4, which is why the gradient vanishes.
    assert abs(product) <= 0.25**4 * abs(weights[1] * weights[2] * weights[3])


def test_mazur_step_by_step_backpropagation():
    """A step by step backpropagation example (2015): two inputs, two hidden, two output neurons."""
    text = (
        "net_h1 = w1*i1 + w2*i2 + b1; h1 = sigmoid(net_h1);"
        "net_h2 = w3*i1 + w4*i2 + b1; h2 = sigmoid(net_h2);"
        "net_o1 = w5*h1 + w6*h2 + b2; o1 = sigmoid(net_o1);"
        "net_o2 = w7*h1 + w8*h2 + b2; o2 = sigmoid(net_o2);"
        "E1 = (0.01 - o1)^2/2; E2 = (0.99 - o2)^2/2; E = E1 + E2"
    )
    hundredths = (15, 20, 25, 30, 40, 45, 50, 55)
    weights = {f"w{k}": f"0.{part}" for k, part in enumerate(hundredths, start=1)}
    at = {"i1": "0.05", "i2": "0.10", "b1": "0.35", "b2": "0.60", **weights}
    facts = _facts(text, **at)
    assert to_float(facts["value"]) == pytest.approx(0.298371109, abs=1e-9)
    assert to_float(facts["derivatives"]["w5"]) == pytest.approx(0.082167041, abs=1e-9)
    assert to_float(facts["derivatives"]["w1"]) == pytest.approx(0.000438568, abs=1e-9)
    # What the hidden neuron gets from either output, which the text adds up to 0.036350306.
    parts = [to_float(row["flow"]) for row in facts["edges"] if row["from"] == "h1"]
    assert parts == pytest.approx([0.055399425, -0.019049119], abs=1e-9)
    assert sum(parts) == pytest.approx(0.036350306, abs=1e-9)


def test_stanford_lecture_on_a_maximum_whose_argument_is_used_twice():
    """CS224n, lecture on backpropagation: f = (x + y)*max(y, z) at x = 1, y = 2, z = 0."""
    facts = _facts("a = x + y; b = max(y, z); f = a*b", x=1, y=2, z=0)
    assert facts["value"] == 6
    assert facts["derivatives"] == {"x": 2, "y": 5, "z": 0}
    assert facts["contributions"]["y"] == [{"via": "a", "value": 2}, {"via": "b", "value": 3}]


def test_pytorch_introduction_to_autograd():
    """A 60 minute blitz: Q = 3a^3 - b^2 at a = (2, 3), b = (6, 4), summed over both entries."""
    facts = _facts("Q1 = 3*a1^3 - b1^2; Q2 = 3*a2^3 - b2^2; Q = Q1 + Q2", a1=2, a2=3, b1=6, b2=4)
    assert facts["derivatives"] == {"a1": 36, "b1": -12, "a2": 81, "b2": -8}


def test_pytorch_tutorial_mean_of_squares():
    """Autograd tutorial: the mean of 3*(x + 2)^2 over four ones is 27, each slope 4.5."""
    lines = [f"y{k} = x{k} + 2; z{k} = y{k}*y{k}*3" for k in range(4)]
    facts = _facts(
        "; ".join(lines) + "; out = (z0 + z1 + z2 + z3)/4",
        **dict.fromkeys(("x0", "x1", "x2", "x3"), 1),
    )
    assert facts["value"] == 27
    assert set(facts["derivatives"].values()) == {fmpq(9, 2)}


def test_tensorflow_guide_square_of_a_square():
    """Introduction to gradients: y = x*x, z = y*y at x = 1 and 3 gives 4 and 108."""
    for x, slope in ((1, 4), (3, 108)):
        facts = _facts("y = x*x; z = y*y", x=x)
        assert facts["derivatives"] == {"x": slope}
        assert facts["path_count"] == {"x": 4}


def test_dive_into_deep_learning_twice_the_squared_length():
    """Section 2.5: y = 2*x.x at x = (0, 1, 2, 3) is 28 with slopes 4x."""
    names = [f"x{k}" for k in range(4)]
    text = "y = 2*(" + " + ".join(f"{name}*{name}" for name in names) + ")"
    facts = _facts(text, **{name: k for k, name in enumerate(names)})
    assert facts["value"] == 28
    assert facts["derivatives"] == {name: 4 * k for k, name in enumerate(names)}
