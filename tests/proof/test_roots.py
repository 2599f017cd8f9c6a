"""Parameters that give wanted means: all of them, none else, and a certificate that says so."""

import json

import pytest
from flint import arb, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from gradiometer.errors import CertificateError, UndecidedError
from gradiometer.formula import evaluate, parse, precision, to_ball, to_text
from gradiometer.proof import check, find_roots, read_digits, solve_exactly
from gradiometer.proof.check_family import Family, expand
from gradiometer.proof.check_tail import Ray
from proof.mutants import mutants, with_own_fingerprint

LEAKY = "max(x, 0) + a*min(x, 0)"
SELU = "s*where(x > 0, x, a*(e^x - 1))"


def find(formula, box, law=1, **wanted):
    ends = {name: (fmpq(*low), fmpq(*high)) for name, (low, high) in box.items()}
    values = {fact: parse(value).tree for fact, value in wanted.items()}
    return find_roots(parse(formula).tree, ends, values, variance=fmpq(law))


def leaky(low=(-2, 1), high=(2, 1), law=1, **wanted):
    return find(LEAKY, {"a": (low, high)}, law, **(wanted or {"gain": "13/10"}))


def selu():
    box = {"s": ((1, 16), (16, 1)), "a": ((1, 16), (16, 1))}
    return find(SELU, box, mean="0", second_moment="1")


def is_near(digits, formula):
    """Whether the digits are those of a constant formula."""
    value, allowed = read_digits(digits)
    with precision(256):
        return bool(abs(to_ball(evaluate(parse(formula).tree, {})) - arb(value)) <= arb(allowed))


def test_both_slopes_with_one_gain_are_found():
    (below,), (above,) = leaky().digits
    assert is_near(above, "sqrt(2/1.3^2 - 1)")
    assert is_near(below, "-sqrt(2/1.3^2 - 1)")


def test_the_constants_of_selu_follow_from_mean_0_and_variance_1():
    ((scale, alpha),) = selu().digits
    # Source: Klambauer et al. 2017, equation 14, for the fixed point (0, 1).
    published = "-sqrt(2/pi)/(erfc(1/sqrt(2))*exp(1/2) - 1)"
    assert is_near(alpha, published)
    assert alpha == "1.67326324235437728481704299167e0"
    second = f"(1/2 + ({published})^2*(e^2*erfc(sqrt(2))/2 - 2*sqrt(e)*erfc(1/sqrt(2))/2 + 1/2))"
    assert is_near(scale, f"1/sqrt{second}")
    assert scale == "1.05070098735548049341933498529e0"


def test_a_gain_that_no_slope_gives_is_proved_to_have_none():
    found = leaky(gain="3/2")
    assert found.digits == []
    assert set(found.certificate["evidence"]["cells"]) <= {"empty", "split 0"}


@pytest.mark.parametrize(
    ("wanted", "value", "variance"),
    [
        ("mean", "(1 - a)/sqrt(2*pi)", 1),
        ("second_moment", "(1 + a^2)/2", 1),
        ("second_moment", "3*(1 + a^2)/2", 3),
        ("slope_second_moment", "(1 + a^2)/2", 3),
        ("variance", "(1 + a^2)/2 - (1 - a)^2/(2*pi)", 1),
        ("gain", "sqrt(2/(1 + a^2))", 3),
        ("critical_weight_variance", "2/(1 + a^2)", 1),
    ],
)
def test_each_fact_leads_back_to_the_slope(wanted, value, variance):
    text = to_text(parse(value.replace("a", "(1/4)")).tree)
    rows = leaky((0, 1), (2, 1), variance, **{wanted: text}).digits
    assert rows == [["2.50000000000000000000000000000e-1"]]


def test_chi_leads_back_to_the_parameter():
    # f = x + a*x^2 has E f^2 = 1 + 3*a^2 and E f'^2 = 1 + 4*a^2.
    found = find("x + a*x^2", {"a": ((1, 16), (16, 1))}, chi="5/4")
    assert is_near(found.digits[0][0], "1")


@pytest.mark.parametrize(
    ("formula", "low", "high", "fact"),
    [
        ("ln(1 + e^(b*x))/b", (1, 16), (16, 1), "mean"),
        ("x*sigmoid(b*x)", (0, 1), (4, 1), "second_moment"),
        ("(x + sqrt(x^2 + b))/2", (1, 16), (16, 1), "second_moment"),
        ("max(x, 0) + min(0, b*(e^(x/b) - 1))", (1, 16), (16, 1), "variance"),
        ("tanh(b*x)", (-4, 1), (-1, 16), "slope_second_moment"),
    ],
)
def test_parameters_inside_functions_are_found_too(formula, low, high, fact):
    tree, truth = parse(formula).tree, fmpq(3, 4) * (1 if high[0] > 0 else -1)
    with precision(176):
        signs = {"b": 1 if low[0] >= 1 else -1 if high[0] < 0 else 0}
        family = Family(tree, signs, fmpq(1))
        at = {"b": arb(truth)}
        means = {of: family.mean(of, at) for of in ("value", "square", "slope_square")}
        square = means["square"] - means["value"] ** 2 * (fact == "variance")
        size = {"mean": means["value"], "slope_second_moment": means["slope_square"]}
        text = size.get(fact, square).str(40, radius=False)
    rows = find(formula, {"b": (low, high)}, **{fact: text}).digits
    assert [is_near(row[0], str(truth)) for row in rows].count(True) == 1


@pytest.mark.parametrize(
    "formula",
    ["x + abs(x - a)", "min(max(x, 0), a)", "where(x > a, x, 0)", "x/(1 + e^(-x)) + max(a, 0)"],
)
def test_a_breakpoint_that_moves_is_not_guessed_at(formula):
    with pytest.raises(UndecidedError):
        find(formula, {"a": ((-2, 1), (2, 1))}, second_moment="1")


def test_a_double_solution_is_left_to_algebra():
    with pytest.raises(UndecidedError, match="double"):
        leaky(gain="sqrt(2)")
    on = (fmpq(-2), fmpq(2))
    wanted = ("gain", parse("sqrt(2)").tree)
    (root,) = solve_exactly(parse(LEAKY).tree, "a", on, wanted, variance=fmpq(1))
    assert to_text(root) == "0"


@settings(max_examples=25, deadline=None)
@given(st.fractions(-2, 2, max_denominator=50), st.integers(1, 4))
def test_a_slope_with_a_known_second_moment_is_found_again(slope, variance):
    a = fmpq(slope.numerator, slope.denominator)
    wanted = ("second_moment", parse(str(variance * (1 + a * a) / 2)).tree)
    ends = (fmpq(-3), fmpq(3))
    exact = solve_exactly(parse(LEAKY).tree, "a", ends, wanted, variance=fmpq(variance))
    assert [to_text(root) for root in exact] == sorted({str(-abs(a)), str(abs(a))})[:2]
    if a != 0:
        rows = leaky((-3, 1), (3, 1), variance, second_moment=to_text(wanted[1])).digits
        assert len(rows) == 2
        assert all(
            is_near(row[0], f"({value})")
            for row, value in zip(rows, (-abs(a), abs(a)), strict=True)
        )


def test_a_mean_of_a_family_is_that_of_each_member():
    """Boxes of parameters enclose what points give."""
    family = Family(parse("x*sigmoid(b*x) + c*tanh(b)").tree, {"b": 0, "c": 0}, fmpq(2))
    with precision(64):
        box = {"b": arb(1).union(arb(fmpq(5, 4))), "c": arb(0).union(arb(1))}
        for of in ("value", "square", "slope_square"):
            whole = family.mean(of, box)
            for b, c in ((1, 0), (fmpq(9, 8), fmpq(1, 3)), (fmpq(5, 4), 1)):
                assert whole.overlaps(family.mean(of, {"b": arb(b), "c": arb(c)}))
            low, high = (family.mean(of, {"b": arb(b), "c": arb(0)}) for b in (1, fmpq(5, 4)))
            slope = family.slope(of, {**box, "c": arb(0)}, "b")
            assert ((high - low) * 4).overlaps(slope)


def test_a_formula_is_split_into_factors_of_parameters_and_of_the_input():
    rows = expand(parse("s*(a*(e^x - 1) + x)/2").tree)
    assert {(to_text(f), to_text(b)) for f, b in rows} == {("s*a/2", "e^x - 1"), ("s/2", "x")}


def test_a_tail_is_bounded_for_every_parameter_of_a_ball():
    far = arb(0, 1)
    with precision(64):
        whole = Ray("x", 1, fmpq(8), {"a": far}).above(parse("ln(2 + a^2*x^2)*e^(a*x)").tree)
        for value in (fmpq(-1), fmpq(0), fmpq(1, 3), fmpq(1)):
            for x in (8, 20):
                size = to_ball(evaluate(parse("ln(2 + a^2*x^2)*e^(a*x)").tree,
                                        {"a": value, "x": fmpq(x)}))  # fmt: skip
                bound = whole.constant + whole.linear * x + whole.square * x * x
                assert size.log() <= bound.upper()


TRUE_AS_WELL = {
    # The opposite function has the same moments, and the gain of these does not see the variance.
    ("problem", "formula", "opposite"), ("problem", "variance", "a little more"),
    # A home that is a little wider or narrower holds the same solution.
    *(("evidence", "homes", home, "box", 0, end, "a little more")
      for home in (0, 1) for end in ("lower", "upper")),
}  # fmt: skip


@pytest.mark.parametrize("part", ["problem", "claim", "evidence"])
def test_an_edited_certificate_is_refused(part):
    certificate = json.loads(json.dumps(leaky().certificate))
    check(certificate)
    count = 0
    for path, edited in mutants(certificate, part):
        with pytest.raises(CertificateError):
            check(edited)
        if (part, *path) not in TRUE_AS_WELL:
            with pytest.raises(CertificateError):
                check(with_own_fingerprint(edited))
            count += 1
    assert count >= 20


def forged(claim=None, **evidence):
    """The certificate of both slopes, with other parts and a fingerprint that fits."""
    found = json.loads(json.dumps(leaky().certificate))
    found["claim"] = claim or found["claim"]
    found["evidence"] |= evidence
    return with_own_fingerprint(found)


def parts():
    certificate = leaky().certificate
    return certificate["claim"]["roots"], certificate["evidence"]


def forgeries():
    roots, evidence = parts()
    homes, cells = evidence["homes"], evidence["cells"]
    wide = {"digits": homes[0]["digits"], "box": [{"lower": "-2", "upper": "2"}]}
    without = [c.replace("home 1", "empty") for c in cells]
    again = [*homes, homes[0]]
    away = [{"lower": "1", "upper": "3/2"}]
    return {
        "a solution is not claimed": forged({"roots": roots[:1]}),
        "a solution is hidden": forged({"roots": roots[:1]}, homes=homes[:1], cells=without),
        "a home is called empty": forged(cells=without),
        "all is called empty": forged({"roots": []}, homes=[], cells=["empty"]),
        "one home for two": forged({"roots": roots[:1]}, homes=[wide], cells=["home 0"]),
        "one solution twice": forged({"roots": [*roots, roots[0]]}, homes=again),
        "a home without its solution": forged(homes=[{**homes[0], "box": away}, homes[1]]),
        "the homes are swapped": forged(homes=homes[::-1]),
        "a cell is left out": forged(cells=cells[:-1]),
        "a cell too many": forged(cells=[*cells, "empty"]),
        "a cell in a home that is elsewhere": forged(cells=["home 0"]),
        "a home that is not there": forged(cells=[c.replace("home 1", "home 2") for c in cells]),
        "an axis that is not there": forged(cells=["split 1", *cells[1:]]),
        "a cell of another kind": forged(cells=["full", *cells[1:]]),
        "no cells": forged(cells=[]),
    }


@pytest.mark.parametrize("name", list(forgeries()))
def test_a_forged_certificate_is_refused(name):
    with pytest.raises(CertificateError):
        check(forgeries()[name])


def test_a_box_that_ends_next_to_a_solution_hides_it_neither_way():
    value = "42828956637154014785/100000000000000000000"
    low = fmpq(42828956637154014785, 10**20)
    beside = leaky((int(low.p), int(low.q)), (2, 1)).digits
    assert len(beside) == 1
    assert leaky((int(low.p) + 1, int(low.q)), (2, 1)).digits == []
    assert read_digits(beside[0][0])[0] > evaluate(parse(value).tree, {})
