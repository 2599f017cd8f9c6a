"""The largest distance of two functions: known values, and certificates that bear no edit."""

import copy
import json

import pytest
from flint import fmpq
from mpmath import findroot, mp, mpf, ncdf, sqrt, tanh

from gradiometer.errors import CertificateError, UndecidedError
from gradiometer.formula import evaluate_float, from_decimal, parse, to_float
from gradiometer.model import read_activation
from gradiometer.proof import check, find_distance, fingerprint
from gradiometer.proof.check_settling import bound_from
from gradiometer.question import INFINITY
from gradiometer.question.activation import activation

PAIRS = [
    ("gelu", "gelu_tanh"), ("relu", "gelu"), ("silu", "gelu"), ("softplus", "relu"),
    ("softplus", "softplus.torch"), ("hardtanh", "tanh"), ("sigmoid", "hardsigmoid"),
    ("tanh", "softsign"), ("hardswish", "silu"), ("mish", "silu"), ("x/(1+x^2)", "0"),
]  # fmt: skip


def distance(left, right):
    return find_distance(*[read_activation(name).tree for name in (left, right)])


@pytest.mark.parametrize(("left", "right"), PAIRS)
def test_no_sample_is_further_apart_and_the_certificate_is_accepted(left, right):
    found = distance(left, right)
    check(json.loads(json.dumps(found.certificate)))
    trees = [read_activation(name).tree for name in (left, right)]
    most = to_float(found.upper)
    for n in range(-3000, 3001):
        x = n / 100 + 1e-5
        size = abs(evaluate_float(trees[0], {"x": x}) - evaluate_float(trees[1], {"x": x}))
        assert size <= most + 1e-13
        if size > most * (1 - 1e-15) - 1e-14 and most > 1e-3:
            assert any(low - fmpq(1, 10**5) < fmpq(n, 100) < high for low, high in found.places)


def test_the_two_forms_of_gelu_are_less_than_half_a_thousandth_apart():
    with mp.workdps(40):

        def gap(x):
            return x * ncdf(x) - x / 2 * (1 + tanh(sqrt(2 / mp.pi) * (x + mpf("0.044715") * x**3)))

        at = findroot(lambda x: mp.diff(gap, x), mpf("2.7"))
        expected = from_decimal(str(mp.nstr(abs(gap(at)), 30)))
        place = from_decimal(str(mp.nstr(at, 20)))
    found = distance("gelu", "gelu_tanh")
    assert abs(found.lower - expected) < fmpq(1, 10**25)
    assert [low < sign * place < high for sign, (low, high) in
            zip((-1, 1), found.places, strict=True)] == [True, True]  # fmt: skip


def test_softplus_of_torch_is_furthest_from_the_plain_one_right_of_its_threshold():
    found = distance("softplus", "softplus.torch")
    assert to_float(found.lower) == pytest.approx(2.0611536e-9, rel=1e-7)
    assert [round(to_float(end), 9) for end in found.places[0]] == [20.0, 20.0]


@pytest.fixture(scope="module")
def certificate():
    return distance("relu", "gelu").certificate


EDITS = {
    "smaller upper": lambda c: c["claim"].update(upper=c["claim"]["lower"]),
    "much smaller upper": lambda c: c["claim"].update(lower="1/10", upper="1/9"),
    "larger lower": lambda c: c["claim"].update(lower="1/5", upper="1/4"),
    "a place less": lambda c: c["claim"]["at"].pop(),
    "a place elsewhere": lambda c: c["claim"].update(at=[["5", "6"]]),
    "a cell less": lambda c: c["evidence"]["pieces"][0].pop(1),
    "no cells": lambda c: c["evidence"].update(pieces=[]),
    "equal by word": lambda c: c["evidence"].update(pieces=["zero"] * 2),
    "a tail too early": lambda c: c["evidence"]["pieces"][0].__setitem__(0, "-1/4"),
    "a witness elsewhere": lambda c: c["evidence"]["witness"].update(at="lower"),
    "another function": lambda c: c["problem"].update(g="x/2*Phi(x)"),
    "one more field": lambda c: c["claim"].update(more="1"),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_certificate_is_refused(certificate, name):
    edited = copy.deepcopy(certificate)
    EDITS[name](edited)
    body = (edited["problem"], edited["claim"], edited["evidence"])
    edited["fingerprint"] = fingerprint(*body)
    with pytest.raises(CertificateError):
        check(edited)


@pytest.mark.parametrize(
    "pair", [("sin(x)", "cos(x)"), ("ln(x)", "0"), ("x", "0"), ("relu", "relu")]
)
def test_what_is_not_proved_finite_and_positive_is_left_open(pair):
    with pytest.raises(UndecidedError):
        distance(*pair)


@pytest.mark.parametrize(
    "text",
    ["x*Phi(-x)", "x^2*e^(-x)", "1 - tanh(x)", "x - ln(1 + e^x)", "erfc(x)*x", "x/(1 + x^2)",
     "tanh(ln(1 + e^x)) - 1", "sigmoid(-x)", "1 - erf(x)", "softplus(-x)", "3 + e^(-x^2)"],
)  # fmt: skip
def test_far_out_no_sample_exceeds_the_bound(text):
    tree = parse(text).tree
    bound = float(bound_from(tree, "x", fmpq(4)).abs_upper())
    sizes = [abs(evaluate_float(tree, {"x": 4 + n / 7})) for n in range(400)]
    assert max(sizes) <= bound * (1 + 1e-9) + 1e-14
    assert bound < 1000 * max(sizes) + 1e-300


@pytest.mark.parametrize(
    "text", ["x", "sin(x)", "e^x", "x^2*tanh(x)", "1/(x - 5)", "e^(5 - x^2)*x^99"]
)
def test_what_does_not_settle_from_there_on_gets_no_bound(text):
    with pytest.raises(CertificateError):
        bound_from(parse(text).tree, "x", fmpq(4))


def test_equal_and_ever_more_distant_functions_are_told_by_algebra():
    facts = activation("relu", compare="(x+abs(x))/2").facts
    assert (facts["distance"].value, facts["distance"].status) == (0, "proved")
    facts = activation("relu", compare="leaky_relu").facts
    assert (facts["distance"].value, facts["distance"].status) == (INFINITY, "proved")


def test_a_distance_without_a_proof_is_unknown_and_says_what_samples_show():
    fact = activation("sin(x)", compare="cos(x)").facts["distance"]
    assert (fact.value, fact.status) == (None, "unknown")
    assert "Samples on [-8, 8] reach 1.41421" in fact.because


@pytest.mark.parametrize(
    ("left", "right"), [("x/x", "1"), ("where(x==0,5,x)", "x"), ("ln(x)", "x")]
)
def test_a_hole_or_a_lone_point_is_no_equality(left, right):
    fact = activation(left, compare=right).facts["distance"]
    assert (fact.value, fact.status) == (None, "unknown")


def test_three_functions_have_no_single_distance():
    assert "distance" not in activation("relu", compare=["gelu", "silu"]).facts
