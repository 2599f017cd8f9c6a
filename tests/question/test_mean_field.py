"""What is said of deep networks of a function: the variance they keep, and their phase."""

from functools import cache

import pytest
from flint import arb, fmpq

from gradiometer.errors import GradiometerError, UndecidedError, UsageError
from gradiometer.formula import parse, precision, to_ball, to_piecewise
from gradiometer.proof import Shape, check, estimate_moment, find_moment
from gradiometer.question import activation_mean_field, ask
from gradiometer.question.activation_mean_field import MEAN_FIELD_FACTS

_EDGE = ("tanh", "1.76095463961", "0.05")


@cache
def answer(formula, weight, bias):
    return ask("activation", formula=formula, weight_variance=weight, bias_variance=bias)


def facts(formula, weight, bias):
    return [answer(formula, weight, bias).facts[name] for name in MEAN_FIELD_FACTS]


def values(formula, weight, bias):
    found = facts(formula, weight, bias)
    assert all(fact.status == "proved" for fact in found)
    return [fact.value for fact in found]


def test_the_edge_of_chaos_of_tanh_is_the_known_one():
    point, chi, phase = facts(*_EDGE)
    assert point.status == chi.status == "proved"
    with precision(200):
        assert abs(point.value - to_ball(fmpq(570047881641, 10**12))) < arb("1e-11")
        assert abs(chi.value - 1) < arb("1e-9")
    assert phase.value != "edge"


@pytest.mark.parametrize(
    ("formula", "weight", "bias", "expected"),
    [("relu", "2", "0", ["every", 1, "edge"]),
     ("max(x,0)", "2", "0", ["every", 1, "edge"]),
     ("relu", "1", "0", [0, fmpq(1, 2), "ordered"]),
     ("relu", "3", "0", [0, fmpq(3, 2), "chaotic"]),
     ("relu", "1", "1/10", [fmpq(1, 5), fmpq(1, 2), "ordered"]),
     ("relu", "2", "1/10", ["none", "none", "none"]),
     ("leaky_relu", "1", "1", [fmpq(20000, 9999), fmpq(10001, 20000), "ordered"]),
     ("tanh", "1/2", "0", [0, fmpq(1, 2), "ordered"]),
     ("tanh", "1", "0", [0, 1, "edge"]),
     ("x^2", "1", "0", [0, 0, "ordered"])],
)  # fmt: skip
def test_facts_are_exact_where_algebra_gives_them(formula, weight, bias, expected):
    assert values(formula, weight, bias) == expected


def test_zero_is_said_to_be_alone_only_where_the_slopes_show_it():
    assert "only one" in facts("tanh", "1/2", "0")[0].because
    assert "only one" not in facts("tanh", "1", "0")[0].because
    assert "only one" not in facts("x^2", "1", "0")[0].because


@pytest.mark.parametrize(
    ("formula", "weight", "bias", "phase"),
    [("tanh", "2", "0", "chaotic"), ("sigmoid", "2", "1", "ordered"),
     ("hardtanh", "2", "1/10", "chaotic")],
)  # fmt: skip
def test_a_certified_point_solves_the_equation(formula, weight, bias, phase):
    point, chi, named = values(formula, weight, bias)
    assert named == phase
    shape, law = Shape(to_piecewise(read(formula), "x")), from_ball(point)
    made = float(estimate_moment(shape, "square", variance=law)) * float(arb(fmpq(*split(weight))))
    assert made + float(arb(fmpq(*split(bias)))) == pytest.approx(float(point), rel=1e-11)
    slope = float(estimate_moment(shape, "slope_square", variance=law))
    assert slope * float(arb(fmpq(*split(weight)))) == pytest.approx(float(chi), rel=1e-11)
    assert point.rad() < arb("1e-9")
    assert chi.rad() < arb("1e-9")


def read(formula):
    text = {"sigmoid": "1/(1+e^(-x))", "hardtanh": "clip(x,-1,1)", "tanh": "tanh(x)"}[formula]
    return parse(text).tree


def from_ball(ball):
    return fmpq(round(float(ball) * 10**15), 10**15)


def split(text):
    top, _, bottom = text.partition("/")
    return int(top), int(bottom or 1)


def test_every_fact_speaks_of_infinite_width_and_a_proof_claims_no_uniqueness():
    for asked in (_EDGE, ("relu", "2", "0"), ("tanh", "1/2", "0")):
        for fact in facts(*asked):
            assert "at infinite width, at initialisation" in fact.because
    because = facts(*_EDGE)[0].because
    assert "At least one" in because
    assert "not claimed" in because


def test_certificates_of_both_ends_are_replayed():
    certificate = answer(*_EDGE).certificate
    assert certificate is not None
    check(certificate)
    (kept,) = (part for part in certificate["parts"] if part["kind"] == "fixed_point")
    low, high = (fmpq(*map(int, end.split("/"))) for end in kept["claim"]["point"])
    assert 0 < high - low < high / 10**9
    moments = kept["evidence"]["moments"]
    assert [len(moments[name]) for name in ("square", "slope_square")] == [2, 2]


def test_a_point_that_is_not_certified_is_only_computed(monkeypatch):
    def refuse(*_, variance, **__):
        raise UndecidedError("it is not certified")

    monkeypatch.setattr(activation_mean_field, "find_moment", refuse)
    found = ask("activation", formula="tanh(x)", weight_variance="2", bias_variance="0").facts
    assert [found[name].status for name in MEAN_FIELD_FACTS] == ["computed", "computed", "unknown"]
    assert found["fixed_point"].value == pytest.approx(0.61796476977, rel=1e-9)


@pytest.mark.parametrize("formula", ["ln(x)", "max(x, e^x-2)", "e^(x^2/3)", "ln(-1-x^2)"])
def test_what_cannot_be_decided_is_unknown(formula):
    assert {fact.status for fact in facts(formula, "1", "1")} == {"unknown"}


def test_a_jump_leaves_the_phase_open():
    point, chi, phase = facts("step", "2", "1")
    assert point.value.contains(2)
    assert chi.value == 0
    assert phase.status == "unknown"
    assert "jump" in phase.because


def test_facts_are_there_only_when_asked_for():
    found = ask("activation", formula="relu")
    assert not set(MEAN_FIELD_FACTS) & set(found.facts)
    assert "weight_variance" not in found.inputs
    given = answer("relu", "2", "0").inputs
    assert (given["weight_variance"], given["bias_variance"]) == ("2", "0")


@pytest.mark.parametrize(
    "given",
    [{"weight_variance": "2"}, {"bias_variance": "0"},
     {"weight_variance": "0", "bias_variance": "1"},
     {"weight_variance": "1", "bias_variance": "-1"}],
)  # fmt: skip
def test_one_variance_alone_or_a_bad_one_is_refused(given):
    with pytest.raises(UsageError, match="_variance"):
        ask("activation", formula="relu", **given)


def test_an_unreadable_variance_is_refused():
    with pytest.raises(GradiometerError):
        ask("activation", formula="relu", weight_variance="two", bias_variance="0")


def test_an_estimate_agrees_with_the_certified_mean():
    tree = parse("tanh(x)").tree
    shape = Shape(to_piecewise(tree, "x"))
    found = find_moment(shape, tree, "square", variance=fmpq(2)).value
    assert isinstance(found, arb)
    near = estimate_moment(shape, "square", variance=fmpq(2))
    assert float(near) == pytest.approx(float(found), rel=1e-14)


def test_equal_slopes_beside_a_jump_are_no_derivative():
    formula = "where(x>0,x+1/1000000,where(x<0,x-1/1000000,0))"
    point, chi, phase = facts(formula, "1/2", "0")
    # The checker asks for continuity at 0, which the point alone does not need.
    assert (point.status, point.value) == ("computed", 0)
    assert (chi.status, phase.status) == ("unknown", "unknown")


@pytest.mark.parametrize("at_zero", ["5", "ln(-1)"])
def test_a_variance_of_0_is_kept_only_where_f_of_0_is_0(at_zero):
    found = facts(f"where(x>0,x,where(x<0,2*x,{at_zero}))", "1/10", "0")
    assert all(fact.status == "unknown" for fact in found)
    # A bias keeps q away from 0, so the value there does not count: q = 1/4 q + 3.
    assert facts(f"where(x>0,x,where(x<0,2*x,{at_zero}))", "1/10", "3")[0].value == 4


def test_a_falling_line_counts_as_a_line():
    assert [str(value) for value in values("|x|", "1", "0")] == ["every", "1", "edge"]
    assert [str(value) for value in values("-x", "1/2", "1")] == ["2", "1/2", "ordered"]


@pytest.mark.parametrize(
    ("formula", "weight", "bias", "way"),
    [("relu", "2", "0", "line"), ("tanh", "1/2", "0", "zero"), ("tanh", "2", "0", "between"),
     ("sign(x)", "1", "0.1", "between")],
)  # fmt: skip
def test_the_kept_variance_has_a_certificate_of_its_own(formula, weight, bias, way):
    found = answer(formula, weight, bias)
    check(found.certificate)
    parts = [part for part in found.certificate["parts"] if part["kind"] == "fixed_point"]
    assert [part["evidence"]["by"] for part in parts] == [way]
    laws = [p["problem"]["variance"] for p in found.certificate["parts"] if p["kind"] == "moment"]
    assert set(laws) == {"1"}
