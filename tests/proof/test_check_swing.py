"""Functions that swing for ever: claims agree with samples, and no false one is accepted."""

from fractions import Fraction
from functools import cache

import pytest

from gradiometer.formula import compile_float, differentiate, evaluate_float, parse, to_piecewise
from gradiometer.model import read_activation
from gradiometer.proof import Shape, agrees, check, derive
from gradiometer.proof.check_swing import slope_of
from gradiometer.proof.check_wave import read_swing
from gradiometer.question.activation import activation
from gradiometer.question.activation_proofs import list_proofs
from proof.mutants import edited, survivors
from proof.refusals import is_refused

PURE = (
    "sin(x)", "cos(3x)", "sin(x)^2", "sin(x)^3", "2 + cos(x/3)", "sin(x) + cos(2x)",
    "sin(x) + cos(x)", "3*sin(x) + 4*cos(x)", "cos(x) + cos(2x)", "sin(x/2)*cos(x/3)",
    "sin(2x) + sin(4x)", "-1 - cos(x)",
)  # fmt: skip
GROWING = (
    "x*sin(x)", "x + sin(x)^2", "cos(x) - x", "x + sin(x)", "2*x + sin(x)", "x^2*sin(x)",
    "x^2/2 + sin(x)", "x^3 + x^2*sin(x)", "-x^2*(2 + sin(x))", "x*(1 + sin(x))",
    "x^2*(1 + cos(x)) - x^3", "cos(x) - x^2",
)  # fmt: skip
SETTLED = ("sin(x)", "cos(3x)", "sin(x)^2", "x*sin(x)", "x + sin(x)^2", "cos(x) - x", "x + sin(x)",
           "sin(x) + cos(x)", "3*sin(x) + 4*cos(x)", "cos(x) + cos(2x)", "x^2*sin(x)")  # fmt: skip
FACTS = (
    "range", "minimum", "maximum", "monotone", "convex", "slope_range", "lipschitz", "periodic",
    "limit_left", "limit_right", "slope_left", "slope_right", "vanishes_left", "vanishes_right",
    "dead", "polynomial", "affine", "suitable",
)  # fmt: skip


@cache
def proof_of(text):
    model = read_activation(text)
    return list_proofs(model, Shape(to_piecewise(model.tree, "x"))).parts["swing"]


def derivatives(text):
    trees = [parse(text).tree]
    while len(trees) < 3:
        trees.append(differentiate(trees[-1], "x"))
    return trees


def values(tree, low, high, count=6_000):
    points = [low + (high - low) * k / count for k in range(count + 1)]
    run = compile_float(tree)
    return [run({"x": x}) for x in points]


def ends(bound):
    return [float(Fraction(end)) for end in (bound if isinstance(bound, list) else [bound, bound])]


def at(place):
    if isinstance(place, list):
        return sum(map(float, map(Fraction, place))) / 2
    return evaluate_float(parse(place).tree, {})


@pytest.mark.parametrize("text", PURE)
def test_bounds_and_places_agree_with_samples(text):
    claim = proof_of(text)["claim"]
    for tree, row in zip(derivatives(text), claim["course"], strict=True):
        found = values(tree, -40, 40)
        assert ends(row["lower"])[0] == pytest.approx(min(found), abs=1e-3)
        assert ends(row["upper"])[1] == pytest.approx(max(found), abs=1e-3)
        assert ends(row["lower"])[0] <= min(found) + 1e-12
        assert ends(row["upper"])[1] >= max(found) - 1e-12
        assert (row["left"], row["right"]) == ("none", "none")
    tree = parse(text).tree
    for side in ("lower", "upper"):
        if claim[f"{side}_at"] is not None:
            there = evaluate_float(tree, {"x": at(claim[f"{side}_at"])})
            assert there == pytest.approx(ends(claim["course"][0][side])[0], abs=1e-12)


@pytest.mark.parametrize("text", PURE)
def test_the_period_is_one_and_the_least(text):
    tree, period = parse(text).tree, at(proof_of(text)["claim"]["period"])
    here = values(tree, 0, 3, 50)
    assert values(tree, period, period + 3, 50) == pytest.approx(here, abs=1e-9)
    for part in range(2, 13):
        shifted = values(tree, period / part, period / part + 3, 50)
        assert max(abs(a - b) for a, b in zip(here, shifted, strict=True)) > 1e-3


@pytest.mark.parametrize("text", [*PURE, *GROWING])
def test_signs_and_far_ends_agree_with_samples(text):
    for tree, row in zip(derivatives(text), proof_of(text)["claim"]["course"], strict=True):
        found = values(tree, -300, 300, 30_000)
        least, most = min(found), max(found)
        if row["sign"] is not None:
            assert {
                "positive": least > 0, "negative": most < 0, "mixed": least < 0 < most,
                "nonnegative": -1e-9 < least < 1e-2, "nonpositive": -1e-2 < most < 1e-9,
            }[row["sign"]]  # fmt: skip
        for end, side in (("left", -1), ("right", 1)):
            far = values(tree, side * 1e5, side * 1.001e5, 5_000)
            if row[end] in ("oo", "-oo"):
                sign = 1 if row[end] == "oo" else -1
                assert min(sign * value for value in far) > 1e4
            elif row[end] == "none":
                assert max(far) - min(far) > 0.1


@pytest.mark.parametrize("text", [*PURE, *GROWING])
def test_the_product_rule_is_the_derivative(text):
    swing = read_swing(parse(text).tree, "x")
    for tree in derivatives(text):
        assert read_swing(tree, "x") == swing
        swing = slope_of(swing)


def row(order, name):
    return ("claim", "course", order, name)


def place(side, spelled, tangent):
    return (("claim", f"{side}_at"), spelled), (("evidence", f"{side}_at"), tangent)


LEAST = f"-{10**30 + 1}/{10**30}"
FURTHER = f"-{10**30 + 3}/{10**30}"
INSIDE = f"-{10**30 - 1}/{10**30}"
FALSE = {
    "a lower bound is below the least value": ("sin(x)", (row(0, "lower"), LEAST)),
    "a lower bound is above the least value": ("sin(x)", (row(0, "lower"), INSIDE)),
    "an upper bound is above the greatest value": ("sin(x)", (row(0, "upper"), "2")),
    "an upper bound is a middle value": ("sin(x)", (row(0, "upper"), "0")),
    "two rationals a bit below the least value": ("sin(x)", (row(0, "lower"), [FURTHER, LEAST])),
    "two rationals a bit above the least value": ("sin(x)", (row(0, "lower"), [INSIDE, "0"])),
    "all between two rationals is below": ("sin(x)", (row(0, "lower"), ["-3", "-2"])),
    "all between two rationals is above": ("sin(x)", (row(0, "upper"), ["1/2", "3/4"])),
    "half the period": ("sin(x)", (("claim", "period"), "pi")),
    "twice the period": ("sin(x)", (("claim", "period"), "4*pi")),
    "the period of one wave only": ("sin(x) + cos(2x)", (("claim", "period"), "pi")),
    "no period of what repeats": ("sin(x)^2", (("claim", "period"), None)),
    "a period of what grows": ("x + sin(x)", (("claim", "period"), "2*pi")),
    "no change of sign": ("sin(x)", (row(0, "sign"), "nonnegative")),
    "a slope that touches 0 is positive": ("x + sin(x)", (row(1, "sign"), "positive")),
    "a slope that touches 0 has both signs": ("x + sin(x)^2", (row(1, "sign"), "mixed")),
    "a convex function": ("sin(x)", (row(2, "sign"), "nonnegative")),
    "a sign where nothing shows one": ("x^2/2 + sin(x)", (row(0, "sign"), "mixed")),
    "the other extreme place": ("sin(x)", *place("lower", "1/2*pi", "1")),
    "a place that is none": ("sin(x)", *place("lower", "0", "0")),
    "the tangent of another place": ("sin(x)", (("claim", "lower_at"), "1/2*pi")),
    "a place a period further": ("sin(x)", (("claim", "lower_at"), "3/2*pi")),
    "a place without a tangent": ("sin(x)", (("evidence", "lower_at"), None)),
    "a tangent without a place": ("sin(x)", (("claim", "lower_at"), None)),
    "infinity is another place": ("cos(3x)", *place("upper", "1/3*pi", "oo")),
    "a place beside the peak": ("sin(x) + cos(x)", *place("upper", ["1", "2"], ["3/4", "1"])),
    "one of two places": ("sin(x) + cos(2x)", *place("upper", ["0", "1"], ["1/10", "1/5"])),
    "a place of what has none": ("x*sin(x)", *place("lower", "0", "0")),
    "a limit of what repeats": ("sin(x)", (row(0, "right"), "oo")),
    "a limit of a slope that repeats": ("x + sin(x)", (row(1, "left"), "oo")),
    "the limit of the other side": ("cos(x) - x", (row(0, "left"), "-oo")),
    "a limit of swings that grow": ("x*sin(x)", (row(0, "right"), "oo")),
    "no limit of what tends to infinity": ("x + sin(x)", (row(0, "right"), "none")),
    "no limit where that is open": ("x*(1 + sin(x))", (row(0, "right"), "none")),
    "infinity where that is open": ("x*(1 + sin(x))", (row(0, "right"), "oo")),
    "a bound of swings that grow": ("x*sin(x)", (row(0, "lower"), "0")),
    "an infinite bound of what is bounded": ("sin(x)", (row(0, "upper"), "oo")),
    "an infinite bound on the bounded side": ("x^2/2 + sin(x)", (row(0, "lower"), "-oo")),
    "an infinite bound of a bounded slope": ("x + sin(x)", (row(1, "upper"), "oo")),
    "another formula": ("sin(x)", (("problem", "formula"), "sin(2*x)")),
    "a formula that is flat": ("sin(x)", (("problem", "formula"), "sin(x)^2 + cos(x)^2")),
    "a formula with pieces": ("sin(x)", (("problem", "formula"), "max(sin(x), 0)")),
    "a formula without a value at a point": ("sin(x)", (("problem", "formula"), "sin(x)*x/x")),
    "a rate that is not rational": ("sin(x)", (("problem", "formula"), "sin(pi*x)")),
    "a chirp": ("sin(x)", (("problem", "formula"), "sin(x^2)")),
}


@pytest.mark.parametrize("name", FALSE)
def test_a_false_claim_is_refused_though_its_fingerprint_fits(name):
    text, *changes = FALSE[name]
    check(proof_of(text))
    assert is_refused(edited(proof_of(text), *changes))


def says_less(path):
    """Whether an edit leaves a finite bound out, or moves one end of an enclosure."""
    return path[-2] in ("lower", "upper") or (
        path[-3] in ("lower", "upper", "lower_at", "upper_at")
    )


@pytest.mark.parametrize("text", ["sin(x)", "sin(x) + cos(x)", "x + sin(x)^2", "x*(1 + sin(x))"])
def test_single_edits_are_refused_unless_they_say_less(text):
    for part in ("claim", "evidence"):
        found, count = survivors(proof_of(text), part, is_refused)
        assert [path for path in found if not says_less((None, None, *path))] == []
        assert count > 5


@pytest.mark.parametrize("text", SETTLED)
def test_facts_of_what_swings_are_proved(text):
    answer = activation(text)
    assert {name: answer.facts[name].status for name in FACTS} == dict.fromkeys(FACTS, "proved")
    check(answer.certificate)


def test_rates_too_far_apart_are_left_open():
    facts = activation("100*sin(x/50) + cos(x)").facts
    assert facts["range"].status != "proved"


def test_what_is_not_claimed_does_not_follow():
    proof = proof_of("sin(x) + cos(2x)")
    assert "maximum" not in derive("sin(x) + cos(2*x)", {}, [proof])
    bare = {**proof, "claim": {**proof["claim"], "course": [
        {**line, "lower": None, "upper": None, "sign": None, "left": None, "right": None}
        for line in proof["claim"]["course"]
    ]}}  # fmt: skip
    found = derive("sin(x) + cos(2*x)", {}, [bare])
    assert set(found) == {"periodic", "dead", "affine", "polynomial", "suitable"}


def test_facts_that_differ_do_not_agree():
    derived = derive("sin(x)", {}, [proof_of("sin(x)")])
    number = {"exact": "1", "decimal": "1", "ball": None}
    assert agrees(number, derived["lipschitz"])
    assert not agrees({**number, "exact": "2", "decimal": "2"}, derived["lipschitz"])
    assert derived["limit_left"] == derived["monotone"] == derived["convex"] == "none"
    assert derive("sin(2*x)", {}, [proof_of("sin(x)")]) == {}
