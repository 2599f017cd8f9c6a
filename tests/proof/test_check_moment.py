"""What the checker says of certificates about means, of edited ones above all."""

import copy
import json

import pytest
from flint import arb, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from gradiometer.errors import CertificateError
from gradiometer.formula import evaluate, parse, precision, to_ball, to_piecewise
from gradiometer.model import read_activation
from gradiometer.proof import Shape, check, find_moment, fingerprint, make_certificate
from gradiometer.proof.check_tail import Ray


def certificate(formula="gelu", of="square", variance=1):
    tree = read_activation(formula).tree
    shape = Shape(to_piecewise(tree, "x"))
    found = find_moment(shape, tree, of, variance=fmpq(variance)).certificate
    return json.loads(json.dumps(found))


def edited(part, key, value):
    result = copy.deepcopy(certificate())
    result[part][key] = value
    body = (result["problem"], result["claim"], result["evidence"])
    result["fingerprint"] = fingerprint(*body)
    return result


DIGITS = "4.25221482570298674918554416385e-1"


def test_the_certificate_is_accepted():
    assert certificate()["claim"]["digits"] == DIGITS
    check(certificate())


MUTATIONS = [
    ("claim", "digits", DIGITS.replace("385e", "386e")),
    ("claim", "digits", DIGITS.replace("385e", "384e")),
    ("claim", "digits", DIGITS.replace("4.2", "4.3")),
    ("claim", "digits", "-" + DIGITS),
    ("claim", "digits", "+" + DIGITS),
    ("claim", "digits", DIGITS.replace("e-1", "e0")),
    ("claim", "digits", DIGITS.replace("e-1", "e-01")),
    ("claim", "digits", DIGITS.replace("e-1", "e-2")),
    ("claim", "digits", DIGITS.replace("e-1", "e-99")),
    ("claim", "digits", DIGITS.replace("385e", "38e")),
    ("claim", "digits", DIGITS.replace("385e", "3850e")),
    ("claim", "digits", DIGITS.replace("385e", "38500e")),
    ("claim", "digits", "0"),
    ("claim", "digits", "0.425221482570298674918554416385"),
    ("claim", "digits", 0.4252214825702987),
    ("claim", "digits", None),
    ("claim", "digits", "nan"),
    ("claim", "digits", "oo"),
    ("claim", "radius", "1"),
    ("evidence", "radius", "14"),
    ("problem", "of", "value"),
    ("problem", "of", "slope_square"),
    ("problem", "of", "dead"),
    ("problem", "of", "cube"),
    ("problem", "of", ["square"]),
    ("problem", "variance", "2"),
    ("problem", "variance", "-1"),
    ("problem", "variance", "0"),
    ("problem", "variance", "1.0"),
    ("problem", "variance", 1),
    ("problem", "formula", "x*Phi(x) + 1/1000000000000000000000000000000"),
    ("problem", "formula", "x*sigmoid(17/10*x)"),
    ("problem", "formula", "x * Phi(x)"),
    ("problem", "formula", "y*Phi(y)"),
    ("problem", "formula", "where(x > 0, x*Phi(x), 1/x)"),
    ("problem", "formula", "ln(x)"),
    ("problem", "formula", 7),
    ("problem", "law", "normal"),
]


@pytest.mark.parametrize(("part", "key", "value"), MUTATIONS)
def test_an_edited_certificate_is_refused(part, key, value):
    with pytest.raises(CertificateError):
        check(edited(part, key, value))


@pytest.mark.parametrize("key", ["formula", "of", "variance"])
def test_a_missing_field_is_refused(key):
    result = certificate()
    del result["problem"][key]
    result["fingerprint"] = fingerprint(result["problem"], result["claim"], result["evidence"])
    with pytest.raises(CertificateError):
        check(result)


@pytest.mark.parametrize(
    ("formula", "of", "digits"),
    [("e^(x^2)", "value", "1.00000000000000000000000000000e0"),
     ("e^(x^2/2)", "value", "1.00000000000000000000000000000e50"),
     ("e^(x^3)", "value", "1.00000000000000000000000000000e0"),
     ("where(x > 0, 1/x, 0)", "value", "1.00000000000000000000000000000e0"),
     ("sqrt(x)", "value", "4.11089515014300219285640811163e-1"),
     ("where(x > 100, e^(x^2), 0)", "value", "0")],
)  # fmt: skip
def test_a_mean_that_does_not_exist_is_refused(formula, of, digits):
    problem = {"formula": formula, "of": of, "variance": "1"}
    with pytest.raises(CertificateError):
        check(make_certificate("moment", problem=problem, claim={"digits": digits}))


@pytest.mark.parametrize("place", [20, 40])
def test_a_spike_far_out_is_not_missed(place):
    """Beyond every sample the function is large enough to count."""
    formula = f"x*Phi(x) + where(x > {place}, e^(x^2/2 - x), 0)"
    problem = {"formula": formula, "of": "value", "variance": "1"}
    digits = certificate(of="value")["claim"]["digits"]
    with pytest.raises(CertificateError):
        check(make_certificate("moment", problem=problem, claim={"digits": digits}))


GROWING = [
    "x", "x^2 - 3*x", "x*Phi(x)", "x/(1+e^(-x))", "e^(2*x)/(e^x+1)^2", "ln(1+e^(3*x))",
    "1/(x^2-x+1)",
    "(x+sqrt(x^2+4))/2", "e^(x^2/10)*sin(x)", "x*tanh(ln(1+e^x))", "atan(x)*x^3", "cosh(x)/x",
    "ln(cosh(x))", "2^(x/3)", "x^(-3)*e^(-x)", "ln(x^2+1)^2", "softplus(x^2)", "erfc(x)/x^2",
    "e^(-x^3)", "e^(-x^4)", "1/sqrt(x^2+1)", "ln(e^(-x^2))", "sinh(x-1)", "x/e^x", "1/cosh(x)",
    "x/sigmoid(2*x-1)",
]  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(
    formula=st.sampled_from(GROWING),
    other=st.sampled_from(GROWING),
    sign=st.sampled_from("+-*"),
    side=st.sampled_from((-1, 1)),
)
def test_bounds_far_out_are_above_all_samples(formula, other, sign, side):
    tree = parse(f"({formula}) {sign} ({other})").tree
    start = fmpq(9)
    with precision(400):
        try:
            growth = Ray("x", side, start).above(tree)
        except CertificateError:
            return
        for t in (start, fmpq(19, 2), fmpq(13), fmpq(31), fmpq(80)):
            size = abs(to_ball(evaluate(tree, {"x": side * t})))
            bound = growth.constant + growth.linear * t + growth.square * t * t
            assert not size > 0 or not size.log() > bound


@pytest.mark.parametrize("formula", GROWING)
def test_a_bound_is_found_on_one_side_at_least(formula):
    tree = parse(formula).tree
    found = 0
    for side in (-1, 1):
        try:
            Ray("x", side, fmpq(9)).above(tree)
            found += 1
        except CertificateError:
            continue
    assert found


def test_the_tail_of_a_normal_law_is_known():
    """P(|z| > 2) on one side, and the mean of e^z from 2 on, which is e^(1/2)*P(z > 1)."""
    with precision(100):
        ray = Ray("x", 1, fmpq(2))
        one = ray.above(parse("1").tree).tail(fmpq(2), fmpq(1))
        assert one.overlaps((arb(2) / arb(2).sqrt()).erfc() / 2)
        power = ray.above(parse("e^x").tree).tail(fmpq(2), fmpq(1))
        assert power.overlaps((arb(1) / 2).exp() * (arb(1) / arb(2).sqrt()).erfc() / 2)


def test_a_number_that_balls_cannot_tell_from_zero_still_grows():
    """The exponent is 1e-33*t, below what 100 bits see of sqrt(2)*sqrt(3) - sqrt(6)."""
    tree = parse("ln(e^((sqrt(2)*sqrt(3) - sqrt(6) + 1e-33)*x))").tree
    start, far = fmpq(2), fmpq(10) ** 12
    with precision(100):
        growth = Ray("x", 1, start).above(tree)
        bound = growth.constant + growth.linear * far + growth.square * far * far
    with precision(400):
        assert arb(fmpq(far, fmpq(10) ** 33)).log() < bound
