"""What is said of activation functions, against known truths and against trick formulas."""

import json
import resource
import subprocess
import sys

import pytest
from flint import fmpq

from gradiometer.catalog import list_entries
from gradiometer.errors import GradiometerError, UnknownNameError, UsageError
from gradiometer.formula import from_decimal, precision
from gradiometer.proof import check
from gradiometer.question import INFINITY, MINUS_INFINITY, to_value_text
from gradiometer.question.activation import activation

NAMES = (
    "formula", "derivative", "pieces", "affine", "polynomial", "continuous", "kinks", "jumps",
    "range", "monotone", "convex", "lipschitz", "slope_range", "limit_left", "limit_right",
    "slope_left", "slope_right", "vanishes_left", "vanishes_right", "dead",
    "smoothness", "minimum", "maximum", "odd", "even", "periodic", "suitable", "reasons",
    "dead_fraction", "mean", "second_moment", "variance", "slope_second_moment", "gain",
    "gain_torch", "published_gains", "chi", "critical_weight_variance",
)  # fmt: skip


def shown(formula, **settings):
    """The facts as a person reads them; an undecided one is `unknown`."""
    facts = activation(formula, set=settings or None).facts
    return {
        name: "unknown" if fact.status == "unknown" else to_value_text(fact.value)
        for name, fact in facts.items()
    }


def agrees(formula, /, **expected):
    facts = shown(formula)
    assert {name: facts[name] for name in expected} == expected


@pytest.mark.parametrize("name", list_entries("activation"))
def test_catalogue_entry_has_every_fact_in_order_and_a_proof_that_is_accepted(name):
    answer = activation(name)
    assert tuple(answer.facts) == NAMES
    assert answer.facts["affine"].value is (name == "identity")
    if answer.certificate is not None:
        check(json.loads(json.dumps(answer.certificate)))


def test_leaky_rectifier_is_suitable_and_its_gradient_is_never_0():
    agrees(
        "max(x,0)+0.1*min(x,0)", affine="no", polynomial="no", continuous="yes",
        kinks="[{at: 0, left_slope: 1/10, right_slope: 1}]", jumps="[]", range="(-oo, oo)",
        monotone="increasing", convex="convex", lipschitz="1", slope_range="[1/10, 1]",
        slope_left="1/10", slope_right="1", vanishes_left="no", vanishes_right="no", dead="[]",
        suitable="yes",
    )  # fmt: skip


def test_softplus_of_3x_is_suitable_and_its_gradient_vanishes_on_the_left():
    agrees(
        "ln(e^(3x)+1)", derivative="3*e^(3*x)/(e^(3*x) + 1)", range="(0, oo)", lipschitz="3",
        monotone="increasing", convex="convex", slope_range="(0, 3)", limit_left="0",
        limit_right="oo", slope_left="0", slope_right="3", vanishes_left="yes",
        vanishes_right="no", suitable="yes",
    )  # fmt: skip
    answer = activation("ln(e^(3x)+1)")
    assert "The gradient vanishes on the left." in answer.facts["suitable"].because
    assert answer.warnings == ("The gradient vanishes on the left.",)


def test_logarithm_of_an_exponential_is_affine_and_keeps_the_form_of_the_user():
    agrees(
        "ln(e^(3x+1))", affine="yes", polynomial="yes", convex="affine", lipschitz="3",
        slope_range="{3}", monotone="increasing", suitable="no", formula="ln(e^(3*x + 1))",
    )  # fmt: skip
    steps = [step.formula for step in activation("ln(e^(3x+1))").steps]
    assert steps[:2] == ["f(x) = ln(e^(3x+1))", "f(x) = 3*x + 1"]
    assert "affine" in activation("ln(e^(3x+1))").facts["suitable"].because


KNOWN = {
    "relu": {"range": "[0, oo)", "lipschitz": "1", "dead": "[(-oo, 0)]", "convex": "convex",
             "monotone": "nondecreasing"},
    "relu6": {"range": "[0, 6]", "kinks": "[{at: 0, left_slope: 0, right_slope: 1}, "
              "{at: 6, left_slope: 1, right_slope: 0}]", "convex": "none"},
    "hardtanh": {"range": "[-1, 1]", "dead": "[(-oo, -1), (1, oo)]", "monotone": "nondecreasing",
                 "vanishes_left": "yes", "vanishes_right": "yes"},
    "hardsigmoid": {"range": "[0, 1]", "lipschitz": "1/6"},
    "hardswish": {"range": "[-3/8, oo)", "lipschitz": "3/2", "monotone": "none",
                  "kinks": "[{at: -3, left_slope: 0, right_slope: -1/2}, "
                  "{at: 3, left_slope: 3/2, right_slope: 1}]"},
    "sparse_plus": {"range": "[0, oo)", "kinks": "[]", "convex": "convex", "lipschitz": "1",
                    "dead": "[(-oo, -1]]"},
    "softshrink": {"range": "(-oo, oo)", "dead": "[(-1/2, 1/2)]", "convex": "none"},
    "hardshrink": {"range": "[(-oo, -1/2), {0}, (1/2, oo)]", "monotone": "nondecreasing",
                   "lipschitz": "oo", "continuous": "no"},
    "elu": {"range": "(-1, oo)", "kinks": "[]", "lipschitz": "1", "slope_range": "(0, 1]",
            "vanishes_left": "yes"},
    "selu": {"convex": "none", "monotone": "increasing"},
    "sigmoid": {"range": "(0, 1)", "lipschitz": "1/4", "slope_range": "(0, 1/4]",
                "convex": "none", "vanishes_left": "yes", "vanishes_right": "yes"},
    "tanh": {"range": "(-1, 1)", "lipschitz": "1", "monotone": "increasing"},
    "softsign": {"range": "(-1, 1)", "kinks": "[]", "lipschitz": "1", "slope_range": "(0, 1]"},
    "tanhshrink": {"range": "(-oo, oo)", "monotone": "increasing", "slope_range": "[0, 1)"},
    "logsigmoid": {"range": "(-oo, 0)", "convex": "concave", "vanishes_right": "yes"},
    "identity": {"affine": "yes", "suitable": "no"},
    "step": {"suitable": "no", "range": "[{0}, {1}]"},
    "silu": {"monotone": "none", "convex": "none", "limit_left": "0", "slope_right": "1",
             "suitable": "yes"},
    "gelu": {"monotone": "none", "slope_left": "0", "slope_right": "1", "suitable": "yes"},
}  # fmt: skip


@pytest.mark.parametrize("name", KNOWN)
def test_known_facts_hold(name):
    agrees(name, **KNOWN[name])


def test_largest_slope_of_gelu_is_exact():
    """The slope at sqrt(2) is (1 + erf(1))/2 + 1/(e*sqrt(pi))."""
    assert shown("gelu")["lipschitz"].endswith("≈ 1.128904145")


TRICKS = {
    "max(x,0)+min(x,0)": {"affine": "yes", "suitable": "no", "convex": "affine"},
    "max(x,0)-max(-x,0)": {"affine": "yes", "kinks": "[]"},
    "2*sigmoid(2x)-1-tanh(x)": {"monotone": "constant", "range": "{0}", "dead": "[(-oo, oo)]"},
    "x^3": {"monotone": "increasing", "polynomial": "yes", "slope_range": "[0, oo)",
            "lipschitz": "oo", "suitable": "no"},
    "x^2": {"monotone": "none", "range": "[0, oo)", "convex": "convex", "suitable": "no"},
    "x^4-x^2": {"range": "[-1/4, oo)", "convex": "none"},
    "|x|": {"monotone": "none", "convex": "convex", "range": "[0, oo)", "slope_range": "[-1, 1]"},
    "-|x|": {"convex": "concave", "range": "(-oo, 0]"},
    "7": {"monotone": "constant", "affine": "yes", "range": "{7}", "dead": "[(-oo, oo)]",
          "lipschitz": "0", "suitable": "no"},
    "sign(x)": {"range": "[{-1}, {0}, {1}]", "monotone": "nondecreasing", "suitable": "no",
                "jumps": "[{at: 0, left_value: -1, right_value: 1, value: 0}]"},
    "where(x>0,1,0)": {"monotone": "nondecreasing", "continuous": "no", "convex": "none"},
    "where(x==0,1,x)": {"monotone": "none", "continuous": "no", "suitable": "no",
                        "range": "[(-oo, 0), (0, oo)]", "affine": "no"},
    "where(x==0,0,1/x)": {"suitable": "no", "monotone": "none"},
    "1/x": {"continuous": "no", "monotone": "none", "range": "[(-oo, 0), (0, oo)]",
            "jumps": "[{at: 0, left_value: -oo, right_value: oo, value: undecided}]",
            "suitable": "no"},
    "x-1/x": {"monotone": "none", "slope_range": "(1, oo)"},
    "x^2/x": {"continuous": "no", "lipschitz": "1", "monotone": "increasing"},
    "ln(x)": {"continuous": "no", "limit_left": "unknown", "monotone": "increasing",
              "range": "(-oo, oo)"},
    "where(x > 1/10, x, 20)": {"monotone": "none", "range": "(1/10, oo)"},
    "where(x>0, x, 2*(e^x-1))": {"kinks": "[{at: 0, left_slope: 2, right_slope: 1}]",
                                 "convex": "none", "lipschitz": "2", "range": "(-2, oo)"},
    "sqrt(max(x,0))": {"kinks": "[{at: 0, left_slope: 0, right_slope: oo}]", "convex": "none",
                       "lipschitz": "oo"},
    "max(x,0)^2": {"kinks": "[]", "dead": "[(-oo, 0]]", "lipschitz": "oo"},
    "e^x": {"range": "(0, oo)", "vanishes_left": "yes", "lipschitz": "oo"},
    "e^(-x^2)": {"range": "(0, 1]", "monotone": "none"},
    "e^(x^2)": {"polynomial": "no", "convex": "convex"},
    "atan(x)": {"monotone": "increasing", "lipschitz": "1"},
    "ln(cosh(x))": {"slope_range": "(-1, 1)", "convex": "convex", "range": "[0, oo)"},
    "1/(1+x^2)": {"range": "(0, 1]", "convex": "none"},
    "e^(e^x)": {"range": "(1, oo)", "convex": "convex", "limit_left": "1"},
    "max(e^x-2,0)": {"kinks": "[{at: ln(2) ≈ 0.6931471805…, left_slope: 0, right_slope: 2}]"},
}  # fmt: skip


@pytest.mark.parametrize("formula", TRICKS)
def test_trick_formulas_are_seen_through(formula):
    facts = shown(formula)
    expected = TRICKS[formula]
    got = {name: facts[name] for name in expected}
    assert {k: v.split("≈")[0] for k, v in got.items()} == {
        k: v.split("≈")[0] for k, v in expected.items()
    }


@pytest.mark.parametrize("formula", ["max(x, e^x-2)", "tan(x)", "floor(x)", "x^x"])
def test_what_cannot_be_cut_into_pieces_is_unknown_with_a_reason(formula):
    facts = activation(formula).facts
    assert tuple(facts) == NAMES
    assert {fact.status for name, fact in facts.items() if name != "formula"} == {"unknown"}
    assert all(fact.because.endswith(".") for fact in facts.values())


@pytest.mark.parametrize("formula", ["sin(x^2)", "sin(x)*e^(-x^2)", "1/(1+e^(1/x))", "x*ln(1+x^2)"])
def test_hard_functions_have_unknown_facts_and_no_wrong_ones(formula):
    facts = activation(formula).facts
    assert any(fact.status == "unknown" for fact in facts.values())
    assert facts["affine"].value is False


SMOOTH = {
    "silu": ("[≈ -0.2784645428, oo)", "≈ 1.09983932"),
    "mish": ("[≈ -0.308843413, oo)", "≈ 1.088498161"),
    "gelu": ("[≈ -0.1699712075, oo)", "Phi(sqrt(2)) + e^(-1)/sqrt(pi) ≈ 1.128904145"),
    "0.5*x*(1+tanh(sqrt(2/pi)*(x+0.044715*x^3)))": ("[≈ -0.1700407506, oo)", "≈ 1.128993069"),
    "squareplus": ("(0, oo)", "1"),
    "x*sigmoid(1.702*x)": ("[≈ -0.1636101896, oo)", "≈ 1.09983932"),
    "x^2*e^(-x^2)": ("[0, e^(-1)]", "≈ 0.5872090311"),
    "x*atan(x)": ("[0, oo)", "pi/2 ≈ 1.570796327"),
    "max(x,0)*sigmoid(x)": ("[0, oo)", "≈ 1.09983932"),
}


@pytest.mark.parametrize("formula", SMOOTH)
def test_range_and_lipschitz_constant_of_smooth_functions_are_enclosed(formula):
    """The least value of SiLU is -W(1/e); its largest slope is 1.0998393201288669."""
    facts = activation(formula).facts
    both = tuple(to_value_text(facts[name].value) for name in ("range", "lipschitz"))
    assert both == SMOOTH[formula]
    assert facts["slope_range"].status == facts["monotone"].status == "proved"


def test_least_values_of_smooth_functions_have_30_digits():
    known = {
        "gelu": ("-0.751791524693564457457904946780", "-0.169971207479903661693868470982"),
        "silu": ("-1.27846454276107379510935873902298", "-0.278464542761073795109358739022980"),
    }
    for name, texts in known.items():
        found = activation(name).facts["minimum"].value
        for key, text in zip(("at", "value"), texts, strict=True):
            with precision(200):
                assert abs(found[key] - from_decimal(text)) < 1e-29
                assert found[key].rad() < 1e-30


TRAITS = {
    "relu": ("C^0", "{at: 0, value: 0}", "none", "no", "no", "none"),
    "sparse_plus": ("C^1", "{at: -1, value: 0}", "none", "no", "no", "none"),
    "elu": ("C^1", "none", "none", "no", "no", "none"),
    "tanh": ("C^oo", "none", "none", "yes", "no", "none"),
    "|x|": ("C^0", "{at: 0, value: 0}", "none", "no", "yes", "none"),
    "step": ("discontinuous", "{at: -1, value: 0}", "{at: 0, value: 1}", "no", "no", "none"),
    "hardshrink": ("discontinuous", "none", "none", "yes", "no", "none"),
    "e^(-x^2)": ("C^oo", "none", "{at: 0, value: 1}", "no", "yes", "none"),
    "softsign": ("C^1", "none", "none", "yes", "no", "none"),
    "sin(x)": (
        "C^oo", "{at: -1/2*pi ≈ -1.570796327, value: -1}", "{at: 1/2*pi ≈ 1.570796327, value: 1}",
        "yes", "no", "2*pi ≈ 6.283185307",
    ),
    "sin(x)^2": (
        "C^oo", "{at: 0, value: 0}", "{at: 1/2*pi ≈ 1.570796327, value: 1}", "no", "yes",
        "pi ≈ 3.141592654",
    ),
    "sin(x)^2-cos(x)": (
        "C^oo", "{at: 0, value: -1}", "{at: ≈ 2.094395102, value: ≈ 1.25}", "no", "yes",
        "2*pi ≈ 6.283185307",
    ),
    "cos(3*x/2)+sin(x)": (
        "C^oo", "{at: ≈ -1.934688004, value: ≈ -1.905961119}",
        "{at: ≈ -4.348497303, value: ≈ 1.905961119}", "no", "no", "4*pi ≈ 12.56637061",
    ),
    "sin(x)+sin(3*x)": ("C^oo", "unknown", "unknown", "yes", "no", "2*pi ≈ 6.283185307"),
    "7": ("C^oo", "{at: 0, value: 7}", "{at: 0, value: 7}", "no", "yes", "none"),
    "max(x,0)^3": ("C^2", "{at: 0, value: 0}", "none", "no", "no", "none"),
    "1/x": ("discontinuous", "none", "none", "yes", "no", "none"),
    "where(x<0,0,1+x^2)": ("discontinuous", "{at: -1, value: 0}", "none", "no", "no", "none"),
    "x^4-x^2+e^(-x^2)": (
        "C^oo", "{at: ≈ -0.8595551356, value: ≈ 0.2847122344}", "none", "no", "yes", "none",
    ),
}  # fmt: skip


@pytest.mark.parametrize("formula", TRAITS)
def test_smoothness_extrema_and_symmetry_are_known(formula):
    facts = shown(formula)
    names = ("smoothness", "minimum", "maximum", "odd", "even", "periodic")
    assert tuple(facts[name] for name in names) == TRAITS[formula]


def test_a_function_without_values_is_not_suitable():
    facts = activation("ln(-1-x^2)").facts
    assert facts["suitable"].value is False
    assert facts["range"].status == "unknown"


def test_a_parameter_is_set_exactly():
    slope = activation("leaky_relu", set={"negative_slope": "0.1"}).facts["slope_left"].value
    assert slope == fmpq(1, 10)
    assert activation("max(x, a*x)", set={"a": "1/3"}).facts["slope_left"].value == fmpq(1, 3)


def test_kind_of_the_negative_side_decides_the_kink_of_elu():
    assert activation("elu", set={"alpha": 2}).facts["kinks"].value
    assert activation("celu", set={"alpha": 2}).facts["kinks"].value == []


def test_infinite_values_are_infinities():
    facts = activation("relu").facts
    assert facts["limit_right"].value == INFINITY
    assert activation("x^3").facts["limit_left"].value == MINUS_INFINITY
    assert activation("sign(x)").facts["lipschitz"].value == INFINITY


def test_pieces_keep_their_intervals_formulas_and_slopes():
    [left, point, right] = activation("sign(x)*(x+1)").facts["pieces"].value
    assert (left["formula"], left["slope"]) == ("-(x + 1)", "-1")
    assert (to_value_text(point["on"]), point["slope"]) == ("{0}", None)
    assert (right["formula"], right["slope"]) == ("x + 1", "1")


@pytest.mark.parametrize("formula", ["max(x,0)+0.1*min(x,0)", "ln(e^(3x)+1)", "1/x", "selu"])
def test_json_is_strict_and_the_same_each_time(formula):
    text = activation(formula).to_json()
    assert text == activation(formula).to_json()
    facts = json.loads(text)["facts"]
    assert set(facts["lipschitz"]["value"]) == {"exact", "decimal", "ball"}


def test_every_step_has_latex_and_a_reason():
    for formula in ("max(x,0)+0.1*min(x,0)", "ln(e^(3x)+1)", "ln(e^(3x+1))", "hardshrink", "elu"):
        steps = activation(formula).steps
        assert len(steps) > 3
        assert all(step.latex and step.because.endswith(".") for step in steps)


def test_arrays_show_all_joints():
    arrays = activation("hardswish").arrays
    xs, slopes = arrays["x"].values, arrays["slope"].values
    assert xs[0] < -3 < 3 < xs[-1]
    assert len(xs) == len(arrays["f"].values) == len(slopes)
    assert (slopes[0], slopes[-1]) == (0, 1)


def test_unknown_names_are_refused_with_a_hint():
    with pytest.raises(UsageError, match="relu6"):
        activation("relu7")
    with pytest.raises(UnknownNameError):
        activation("max(x, a*x)")
    with pytest.raises(GradiometerError):
        activation("leaky_relu", set={"slope": 1})
    with pytest.raises(GradiometerError):
        activation("x", set={"a": 1})


def test_an_ambiguous_reading_is_told():
    assert any("1/2x" in warning for warning in activation("1/2x + |x|").warnings)


def test_edited_certificate_is_refused():
    certificate = json.loads(json.dumps(activation("tanh").certificate))
    certificate["parts"][0]["claim"] = {"sign": "negative"}
    with pytest.raises(GradiometerError):
        check(certificate)


def test_a_cold_answer_takes_less_than_a_second_of_the_processor():
    code = "from gradiometer.question.activation import activation; activation('ln(e^(3x)+1)')"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1
