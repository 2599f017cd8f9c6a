"""One-sided limits: true ones are accepted, false ones are not, whatever the steps."""

import pytest
from flint import fmpq

from gradiometer.errors import CertificateError
from gradiometer.formula import parse, parse_interval, tidy
from gradiometer.proof import check
from gradiometer.proof.check_far_limit import check_far_limit
from gradiometer.proof.check_limit import read_limit
from gradiometer.proof.check_limit_rules import limit_of
from proof.course_samples import samples
from proof.courses import V, far, limit, parts, pole, rewrite, sections, signs_of, tree
from proof.refusals import check_edits, is_refused

LIMITS = sorted(samples("limit"))


@pytest.mark.parametrize("name", LIMITS)
def test_known_limits_are_accepted(name):
    check(samples("limit")[name])


@pytest.mark.parametrize("name", LIMITS)
def test_no_edit_of_a_limit_is_accepted(name):
    check_edits(samples("limit")[name])


PHI = ("sqrt(2)", "Phi(sqrt(2)*x)", "Phi(x)")
BENT = ("sqrt(x^2 + x + 1)",)
WRONG = [
    ("2*erf(x) + Phi(x)", PHI, ["4", "2", "0", "oo", "-oo"]),
    ("(erf(x) + Phi(x))/(1 + Phi(x))", PHI, ["2", "1/2", "0", "oo"]),
    ("(1 + Phi(x))/(1 + erf(x)^2)", PHI, ["2", "1/2", "0", "oo"]),
    ("x^3*(1 - erf(x)) + x^2*(Phi(x) - 1)", PHI, ["1", "-1", "oo"]),
    ("2*erf(x) + atan(x)*2/pi", ("pi", "erf(x)", "atan(x)"), ["4", "2", "1"]),
    ("x*(2/pi*atan(x) - 1)", ("pi", "atan(x)"), ["0", "-1", "oo", "-oo"]),
    ("x^2*(2/pi*atan(x) - 1)", ("pi", "atan(x)"), ["0", "-1", "oo"]),
    ("sqrt(x^2 + x + 1) - x", BENT, ["0", "1", "oo", "-oo"]),
    ("x - sqrt(x^2 + x + 1)", BENT, ["0", "1/2", "oo"]),
    ("x*sqrt(x^2 + x + 1) - x^2", BENT, ["0", "1/2", "-oo"]),
    ("sqrt(x^4 + x^2 + 1) - x^2", ("sqrt(x^4 + x^2 + 1)",), ["0", "1/2", "oo", "-oo"]),
    ("(x + 1)/x", (), ["0", "oo", f"{10**40 + 1}/{10**40}"]),
    ("e^(2*x)/(1 + e^x)", ("e^x",), ["0", "1", "-oo"]),
    ("sin(x)", ("sin(x)",), ["0", "1"]),
    ("x*sin(x)", ("sin(x)",), ["0", "oo"]),
    ("x + x*sin(x)", ("sin(x)",), ["oo"]),
]


@pytest.mark.parametrize(("text", "generators", "wrong"), WRONG)
def test_no_wrong_limit_far_out_is_accepted(text, generators, wrong):
    for claimed in wrong:
        for start in ("1", "4", "64"):
            assert is_refused(limit(text, claimed, far(claimed, *generators, start=start)))


FAR = [
    ("(1 + Phi(x))/(1 + erf(x)^2)", PHI, "1", "1"),
    ("x^3*(1 - erf(x)) + x^2*(Phi(x) - 1)", PHI, "0", "1"),
    ("x^2*(2/pi*atan(x) - 1)", ("pi", "atan(x)"), "-oo", "1"),
    ("x*sqrt(x^2 + x + 1) - x^2", BENT, "oo", "1"),
    ("e^(2*x)/(1 + e^x)", ("e^x",), "oo", "1"),
]


@pytest.mark.parametrize(("text", "generators", "claimed", "start"), FAR)
def test_limits_far_out_are_accepted(text, generators, claimed, start):
    check(limit(text, claimed, far(claimed, *generators, start=start)))


NO_WAY = {
    "oo - oo": ("x - x^2", "0", parts(far("oo"), far("oo"))),
    "oo*0": ("x*e^(-x)", "0", parts(far("oo"), far("0", "e^(-x)"))),
    "a wave settles": ("sin(x)", "0", parts(far("oo"))),
    "a tail on the other side of 0": ("tanh(x)", "1", far("1", "e^(2*x)", start="-1")),
    "a bound that is too small": (
        "3*sin(x)*e^(-x)", "0",
        {"by": "squeeze", "factor": "e^(-x)", "other": "3*sin(x)", "bound": "1",
         "generators": ["sin(x)", "e^(-x)"], "how": far("0", "e^(-x)")},
    ),
    "a factor that does not fall": (
        "sin(x)*(1 + e^(-x))", "0",
        {"by": "squeeze", "factor": "1 + e^(-x)", "other": "sin(x)", "bound": "1",
         "generators": ["sin(x)", "e^(-x)"], "how": far("1", "e^(-x)")},
    ),
    "another formula": ("x + 1", "oo", rewrite("x + 2", [], far("oo"))),
}  # fmt: skip


@pytest.mark.parametrize("name", NO_WAY)
def test_steps_that_show_nothing_are_refused(name):
    assert is_refused(limit(*NO_WAY[name]))


def test_a_tail_beyond_the_section_is_refused():
    text = "where(x > 5, 1/x, x)"
    assert is_refused(limit(text, "0", far("0", start="2"), section=1))
    check(limit(text, "0", far("0", start="6"), section=1))


def test_rewriting_by_a_formula_without_values_is_refused():
    how = rewrite("e^(3*ln(x))", ["ln(x)"], far("-oo", "ln(x)", start="-1"))
    assert is_refused(limit("x^3", "-oo", how, end="lower"))


def test_a_pole_goes_the_way_of_its_signs():
    left = pole(signs_of(tree("1/x"), sections("1/x")[0].on, ())[0], V, V)
    check(limit("1/x", "-oo", left))
    assert is_refused(limit("1/x", "oo", left))
    assert is_refused(limit("1/x", "-oo", left, section=1, end="lower"))
    assert is_refused(limit("x/x", "oo", left, section=1, end="lower"))


def test_a_power_of_zero_to_zero_has_no_limit_by_value():
    on = parse_interval("(0, oo)")
    with pytest.raises(CertificateError, match="may fall to 0"):
        read_limit(tree("x^x"), on, "lower", V, frozenset())


WAVES = [
    ("(2 + x)/(2 + x + sin(x))", "1", ["0", "2", "oo"]),
    # Far out this stays between 1/3 and 1 and has no limit.
    ("(2 + x)/(1 + (2 + sin(x))*(1 + x))", None, ["0", "1", "1/2", "1/3", "oo"]),
    # The denominator may be as steep as x, or not grow at all.
    ("(2 + x)/(1 + (1 + sin(x))*x)", None, ["0", "1", "1/2", "oo"]),
    ("x^2/(1 + (1 + sin(x))*x)", None, ["0", "oo"]),
]


@pytest.mark.parametrize(("text", "known", "wrong"), WAVES)
def test_quotients_of_waves_have_no_other_limits(text, known, wrong):
    def show(claimed):
        value = 1 if claimed == "oo" else _node(claimed)
        check_far_limit(tree(text), value, [tree("sin(x)")], start=fmpq(4), to_right=True)

    if known is not None:
        show(known)
    for claimed in wrong:
        with pytest.raises(CertificateError):
            show(claimed)


RULES = {
    ("+", (1, 1)): 1,
    ("+", (1, "5")): 1,
    ("-", (1, -1)): 1,
    ("*", (-1, "-2")): 1,
    ("/", ("3", -1)): "0",
    ("exp", (-1,)): "0",
    ("ln", ("0",)): -1,
    ("erfc", (-1,)): "2",
    ("sqrt", ("4",)): "2",
}


@pytest.mark.parametrize(("operator", "arguments"), RULES)
def test_rules_of_limits(operator, arguments):
    nodes = [_node(a) for a in arguments]
    found = limit_of(operator, nodes, None)
    expected = RULES[operator, arguments]
    assert found == (expected if isinstance(expected, int) else _node(expected))


OPEN = [("+", (1, -1)), ("-", (1, 1)), ("*", (1, "0")), ("/", (1, 1)), ("sin", (1,)),
        ("tan", (1,)), ("ln", (-1,)), ("sqrt", (-1,))]  # fmt: skip


@pytest.mark.parametrize(("operator", "arguments"), OPEN)
def test_what_the_rules_leave_open_is_refused(operator, arguments):
    nodes = [_node(a) for a in arguments]
    with pytest.raises(CertificateError):
        limit_of(operator, nodes, None)


POWERS = [
    ((1, "2"), "2", 1), ((-1, "2"), "2", 1), ((-1, "3"), "3", -1), ((-1, "-3"), "-3", "0"),
    (("0", "-2"), "-2", 1), (("2", 1), "x", 1), (("1/2", 1), "x", "0"), (("1/2", -1), "x", 1),
    ((1, "1"), "x", 1), ((1, -1), "x", "0"), (("0", "2"), "x", "0"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "exponent", "expected"), POWERS)
def test_rules_of_powers(arguments, exponent, expected):
    nodes = [_node(a) for a in arguments]
    found = limit_of("^", nodes, _node(exponent))
    assert found == (expected if isinstance(expected, int) else _node(expected))


@pytest.mark.parametrize(
    ("arguments", "exponent"),
    [((1, "0"), "x"), (("1", 1), "x"), (("0", "0"), "x"), (("0", "-1"), "-1"), ((-1, "1/2"), "1/2"),
     ((-1, 1), "x")],
)  # fmt: skip
def test_powers_that_may_go_anywhere_are_refused(arguments, exponent):
    with pytest.raises(CertificateError):
        limit_of("^", [_node(a) for a in arguments], _node(exponent))


def _node(text):
    return tidy(parse(text).tree) if isinstance(text, str) else text
