"""A fact against a claimed value, kind by kind, and the paths that lead to a part."""

import pytest
from flint import arb, fmpq

from gradiometer.errors import FormulaError, UsageError
from gradiometer.formula import Interval, evaluate, number, parse, parse_interval, precision
from gradiometer.proof import check
from gradiometer.question.answer import Answer, Fact, computed, proved, unknown
from gradiometer.question.claim import Claim, check_claim
from gradiometer.question.value import INFINITY, MINUS_INFINITY

with precision(256):
    BALL = evaluate(parse("pi/1000").tree, {})

FACTS = {
    "barrier": proved(BALL, "an enclosure"),
    "float64_barrier": computed(0.0024340624, "a run"),
    "parameters": proved(fmpq(12141), "counted"),
    "count": proved(7, "counted"),
    "rate": proved(fmpq(1, 3), "exact"),
    "root": proved(parse("3*sqrt(3)/2 - 1").tree, "exact"),
    "lipschitz": proved(INFINITY, "unbounded"),
    "limit_left": proved(MINUS_INFINITY, "no bound"),
    "range": proved(parse_interval("(0, oo)"), "limits"),
    "slope_range": proved(parse_interval("[1/10, 1]"), "pieces"),
    "irrational": proved(Interval(parse("-ln(2)").tree, None, lower_closed=True), "ends"),
    "affine": proved(False, "two slopes"),
    "suitable": proved(value=True, because="bent"),
    "verdict": proved("cycle", "returns"),
    "measured": Fact(1.5, "measured", "20 runs"),
    "formula": proved("ln(e^(3*x) + 1)", "as given"),
    "derivative": proved(parse("3/(1 + e^(-3x))").tree, "chain rule"),
    "cycle": proved({"period": 2, "points": [fmpq(9, 10), fmpq(6, 5)], "from_step": 3}, "seen"),
    "contributions": proved(
        {"a": [{"via": "v1", "value": fmpq(-6)}, {"via": "v2", "value": fmpq(1)}]}, "paths"
    ),
    "kinks": proved([{"at": fmpq(0), "left_slope": fmpq(1, 10), "right_slope": fmpq(1)}], "joints"),
    "values": proved([{"step": 0, "rate": fmpq(1, 10)}, {"step": 15, "rate": fmpq(1, 20)}], ""),
    "half": proved({"value": None, "at": fmpq(1)}, "partly"),
    "open": unknown("nobody could tell"),
}
ANSWER = Answer("escape", {}, FACTS)


def judge(fact, equals, **options):
    return check_claim(ANSWER, Claim(fact=fact, equals=equals, **options))


TRUE = [
    ("barrier", "0.00314"), ("barrier", "3.14159e-3"), ("barrier", 0.0031416),
    ("parameters", 12141), ("parameters", "12,141"), ("parameters", "+12141"),
    ("parameters", "100*100 + 2141"), ("parameters", 12141.0), ("count", 7), ("count", "7.0"),
    ("rate", "1/3"), ("rate", "0.333"), ("rate", 0.33), ("rate", "2/6"),
    ("root", "1.598"), ("root", "3*sqrt(3)/2 - 1"), ("root", "sqrt(27)/2 - 1"),
    ("lipschitz", "oo"), ("lipschitz", "inf"), ("lipschitz", "∞"), ("limit_left", "-oo"),
    ("range", "(0, oo)"), ("slope_range", "[0.1, 1]"), ("slope_range", "[1/10, 1]"),
    ("irrational", "[-ln(2), oo)"), ("irrational", "[ln(1/2), oo)"), ("irrational", "[-0.69, oo)"),
    ("affine", False), ("affine", "no"), ("suitable", True), ("suitable", "yes"),
    ("verdict", "cycle"), ("formula", "ln(1 + e^(3x))"), ("formula", "softplus(3x)"),
    ("derivative", "3*sigmoid(3x)"), ("derivative", "3e^(3x)/(e^(3x)+1)"),
    ("cycle.period", 2), ("cycle.points", ["0.9", "6/5"]), ("cycle", {"period": 2}),
    ("cycle.points.1", "6/5"), ("contributions.a.v1", -6), ("contributions.a.v2", "1"),
    ("contributions.a", [{"via": "v1", "value": "-6"}, {"value": 1}]),
    ("kinks", [{"at": 0}]), ("kinks.0.left_slope", "0.1"), ("values.15", "0.05"),
    ("values.0", "1/10"), ("half.at", 1),
]  # fmt: skip

FALSE = [
    ("barrier", "0.00315"), ("barrier", "0"), ("parameters", 12020), ("parameters", "12,020"),
    ("rate", "0.334"), ("rate", "1/4"), ("rate", "oo"), ("root", "1.599"),
    ("root", "sqrt(27)/2 - 2"), ("lipschitz", 3), ("limit_left", "oo"), ("range", "[0, oo)"),
    ("range", "(1, oo)"), ("range", "(0, 1)"), ("slope_range", "(0.1, 1]"), ("affine", True),
    ("affine", "linear"), ("suitable", "no"), ("verdict", "escapes"), ("count", True),
    ("formula", "3x + 1"), ("derivative", "3e^x/(e^(3x)+1)"), ("cycle.period", 3),
    ("cycle.points", ["6/5", "9/10"]), ("cycle.points", ["9/10"]), ("kinks", []),
    ("contributions.a.v1", 6), ("contributions.a", [{"via": "v2"}, {"via": "v1"}]),
    ("values.15", "0.2"), ("cycle", {"period": 2, "from_step": 4}),
]  # fmt: skip


@pytest.mark.parametrize(("fact", "equals"), TRUE)
def test_a_right_value_holds_with_the_status_of_the_fact(fact, equals):
    result = judge(fact, equals)
    assert (result.holds, result.status) == (True, "proved"), result.because
    if result.certificate is not None:
        check(result.certificate)


@pytest.mark.parametrize(("fact", "equals"), FALSE)
def test_a_wrong_value_is_refuted_and_the_right_one_named(fact, equals):
    result = judge(fact, equals)
    assert (result.holds, result.status) == (False, "proved"), result.because
    assert ", not " in result.because
    if result.certificate is not None:
        check(result.certificate)


def test_the_right_value_stands_in_the_reason():
    assert judge("barrier", "0.0024").because == "`barrier`: ≈ 0.003141592654, not 0.0024."
    assert judge("cycle", {"period": 3}).because == "`cycle.period`: 2, not 3."
    assert judge("parameters", 12020).because == "`parameters`: 12141, not 12020."
    counted = Answer("parameters", {}, {"parameters": proved(12141, "counted")})
    wrong = check_claim(counted, Claim(fact="parameters", equals="12020"))
    assert wrong.because == "`parameters`: 12,141, not 12,020."
    assert judge("verdict", "cycle").because == "`verdict`: cycle."
    assert judge("affine", "yes").because == "`affine`: no, not yes."


@pytest.mark.parametrize(
    ("fact", "equals", "because"),
    [
        ("small", "0.012", "`small`: 1/80 = 0.0125, which 0.012 as rounded fits."),
        ("small", "0.0125", "`small`: 1/80."),
        ("barrier", "0.00314", "`barrier`: ≈ 0.003141592654, which 0.00314 as rounded fits."),
        ("rate", "0.33", "`rate`: 1/3 ≈ 0.3333333333, which 0.33 as rounded fits."),
        ("irrational", "[-0.69, oo)",
         "`irrational`: [-ln(2), oo), which [-0.69, oo) as rounded fits."),
    ],
)  # fmt: skip
def test_a_decimal_that_only_fits_as_rounded_says_so(fact, equals, because):
    facts = {**FACTS, "small": proved(fmpq(1, 80), "exact")}
    assert (
        check_claim(Answer("escape", {}, facts), Claim(fact=fact, equals=equals)).because == because
    )


@pytest.mark.parametrize(
    ("fact", "equals", "holds"),
    [
        ("rate", "0.333", False),
        ("slope_range", "[0.1, 1]", True),
        ("irrational", "[-0.69, oo)", False),
        ("parameters", 12141, True),
        ("cycle.points", [0.9, 1.2], True),
    ],
)
def test_exactly_turns_rounding_off(fact, equals, holds):
    assert judge(fact, equals, exactly=True).holds is holds


def test_an_enclosure_excludes_but_never_equals():
    assert judge("barrier", "pi/1000").holds is None
    assert judge("barrier", "0.0031", exactly=True).holds is False
    assert judge("barrier", "1/318").holds is False


@pytest.mark.parametrize(
    ("equals", "exactly", "holds"),
    [
        ("0.002434", False, True),
        (0.0024340624, True, True),
        ("0.002435", False, False),
        ("0.0024340624000000001", True, True),
        ("0.00243406240000001", True, None),
        ("1/400", False, False),
    ],
)
def test_a_computed_fact_gives_computed_results(equals, exactly, holds):
    result = judge("float64_barrier", equals, exactly=exactly)
    assert result.holds is holds
    assert result.status == ("unknown" if holds is None else "computed")


def test_a_measured_fact_gives_measured_results():
    assert judge("measured", "1.5").status == "measured"


def test_what_is_unknown_stays_unknown_with_its_reason():
    result = judge("open", 3)
    assert (result.holds, result.status) == (None, "unknown")
    assert "nobody could tell" in result.because
    assert judge("half.value", 1).holds is None
    assert judge("half", {"value": 1, "at": 2}).holds is False


def test_an_unknown_fact_is_refused_with_the_known_ones():
    with pytest.raises(UsageError) as caught:
        judge("barier", 1)
    assert caught.value.hint == "write `barrier`"
    assert "peak" in caught.value.known


def test_a_fact_that_only_other_inputs_have_leaves_the_claim_open():
    result = judge("peak_step", 1)
    assert (result.holds, result.status) == (None, "unknown")
    assert result.because == "The answer has no `peak_step` for these inputs."


@pytest.mark.parametrize(
    ("fact", "because"),
    [
        ("cycle.perod",
         "`cycle` has no part `perod`: the parts are `period`, `points`, `from_step`."),
        ("contributions.b.v1", "`contributions` has no part `b`: the only part is `a`."),
        ("contributions.a.w1", "`contributions.a` has no row `w1`: the rows are `v1`, `v2`."),
        ("cycle.points.7", "`cycle.points` has no row `7`: the rows are `0`, `1`."),
        ("kinks.5.at", "`kinks` has no row `5`: the only row is `0`."),
        ("rate.x", "`rate` is 1/3, it has no part `x`."),
    ],
)  # fmt: skip
def test_a_part_that_is_not_there_refutes_the_claim_and_names_those_that_are(fact, because):
    result = judge(fact, 1)
    assert (result.holds, result.status, result.because) == (False, "proved", because)


@pytest.mark.parametrize(
    ("fact", "equals", "because"),
    [
        ("count", [7], "`count`: 7, not [7]."),
        ("rate", {"a": 1}, "`rate`: 1/3, not {a: 1}."),
        ("rate", "(0, 1)", "`rate`: 1/3, not (0, 1)."),
        ("rate", "none", "`rate`: 1/3, not none."),
        ("range", 3, "`range`: (0, oo), not 3."),
        ("range", "none", "`range`: (0, oo), not none."),
        ("range", "(-oo, 0) u (0, oo)", "`range`: (0, oo), not (-oo, 0) u (0, oo)."),
        ("union", "(-oo, oo)", "`union`: (-oo, 0) ∪ (0, oo), not (-oo, oo)."),
        ("union", "(-oo, 0) u [0, oo)", "`union`: (-oo, 0) ∪ (0, oo), not (-oo, 0) u [0, oo)."),
        ("union", "yes", "`union`: (-oo, 0) ∪ (0, oo), not yes."),
        ("cycle", {"perid": 2},
         "`cycle` has no part `perid`: the parts are `period`, `points`, `from_step`."),
    ],
)  # fmt: skip
def test_a_value_of_another_kind_is_refuted_with_what_is_true(fact, equals, because):
    union = proved([parse_interval("(-oo, 0)"), parse_interval("(0, oo)")], "pieces")
    answer = Answer("escape", {}, {**FACTS, "union": union})
    result = check_claim(answer, Claim(fact=fact, equals=equals))
    assert (result.holds, result.status, result.because) == (False, "proved", because)


@pytest.mark.parametrize(
    "equals",
    ["(-oo,0) u (0,oo)", "(-oo, 0) ∪ (0, oo)", "(-oo,0)U(0,oo)", ["(-oo, 0)", "(0, oo)"]],
)
def test_several_intervals_may_be_written_as_a_union_or_as_a_list(equals):
    union = proved([parse_interval("(-oo, 0)"), parse_interval("(0, oo)")], "pieces")
    result = check_claim(Answer("escape", {}, {"union": union}), Claim(fact="union", equals=equals))
    assert (result.holds, result.status) == (True, "proved")


def test_a_claim_without_a_value_is_refused():
    with pytest.raises(UsageError, match="does not say"):
        judge("rate", None)


@pytest.mark.parametrize(("fact", "equals"), [("empty", "none"), ("empty", [])])
def test_an_empty_list_is_none(fact, equals):
    answer = Answer("escape", {}, {"empty": proved([], "nothing")})
    assert check_claim(answer, Claim(fact=fact, equals=equals)).because == "`empty`: none."


@pytest.mark.parametrize("equals", ["0.1x", "1 +", "", "9^9^9", "1.0e999999999", "[1, 2"])
def test_a_value_that_cannot_be_read_is_refused_with_its_place(equals):
    with pytest.raises((FormulaError, UsageError)):
        judge("rate", equals)
    with pytest.raises((FormulaError, UsageError)):
        judge("range", equals)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"fact": "barrier", "equals": "0.002434"}, "barrier = 0.002434"),
        ({"fact": "barrier", "equals": "0.5", "exactly": True}, "barrier = 0.5 (exactly)"),
        ({"fact": "affine", "equals": False}, "affine = no"),
        ({"fact": "cycle.points", "equals": ["9/10", 1.2]}, "cycle.points = [9/10, 1.2]"),
        ({"says": " f'(x) = 3 "}, "f'(x) = 3"),
    ],
)
def test_a_claim_has_a_text_for_people(options, text):
    assert Claim(**options).text == text


def test_a_spelled_function_is_compared_as_a_function():
    from gradiometer.question.activation import activation

    bent = activation("max(x,0)+0.1*min(x,0)")
    claims = {
        ("derivative", "where(x >= 0, 1, 0.1)"): True,
        ("derivative", "where(x >= 0, 1, 0.2)"): False,
        ("derivative", bent.facts["derivative"].value): True,
        ("formula", "where(x >= 0, x, x/10)"): True,
        ("formula", "x"): False,
    }
    for (fact, equals), holds in claims.items():
        result = check_claim(bent, Claim(fact=fact, equals=equals))
        assert (result.holds, result.status) == (holds, "proved"), result.because
        assert result.text == f"{fact} = {equals}"


def test_a_text_that_is_no_single_formula_is_not_taken_for_a_different_one():
    answer = Answer("other", {}, {"slope": proved("0.1 for x < 0; 1 for x > 0", "")})
    assert check_claim(answer, Claim(fact="slope", equals="sign(x)")).holds is None


def test_a_number_tree_is_a_number():
    answer = Answer("activation", {}, {"derivative": proved(number(3), "")})
    assert check_claim(answer, Claim(fact="derivative", equals=3)).holds is True
    assert check_claim(answer, Claim(fact="derivative", equals="3.1")).holds is False
    assert isinstance(BALL, arb)


@pytest.mark.parametrize(("verdict", "holds"), [(True, True), (False, False), (None, None)])
def test_a_measured_verdict_comes_with_its_numbers(verdict, holds):
    told = {"verdict": verdict, "effect": 0.25, "n": 8, "p": 0.5}
    answer = Answer("training", {}, {"claims": Fact({"reduces_gap": told}, "measured", "Paired.")})
    claim = Claim(fact="claims.reduces_gap.verdict", equals=True)
    result = check_claim(answer, claim)
    assert result.holds is holds
    assert "(effect 0.25, n 8, p 0.5)" in result.because
    assert result.status == ("unknown" if verdict is None else "measured")
