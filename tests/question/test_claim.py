"""Statements: true ones are proved, wrong ones refuted at a point, doubtful ones left open."""

import json

import pytest
from flint import fmpq

from gradiometer.errors import FormulaError, UnknownNameError, UsageError
from gradiometer.proof import check
from gradiometer.question.answer import Answer
from gradiometer.question.claim import Claim, check_claim, claim

SOFTPLUS = ("f(x) = ln(e^(3x)+1)",)
LEAKY = ("f(x) = max(x,0) + 0.1*min(x,0)",)
GRAPH = ("v1=a^2; v2=a+b; c=v1*v2",)
POINT = {"a": "-1", "b": "4"}


def ask(says, where=(), at=None, **options):
    answer = claim(says, where=where, at=at, **options)
    json.loads(answer.to_json())
    if answer.certificate is not None:
        check(answer.certificate)
    return answer


def holds(answer):
    return answer.facts["holds"].value


TRUE = [
    ("max(x,0) = (x+|x|)/2", ()),
    ("|x| = max(x,-x)", ()),
    ("sqrt(x^2) = |x|", ()),
    ("relu(x) - relu(-x) = x", ()),
    ("sign(x)*x = |x|", ()),
    ("clip(x, 0, 6) = min(max(x,0),6)", ()),
    ("|x^2-2| = max(x^2-2, 2-x^2)", ()),
    ("max(a,b) = (a+b+|a-b|)/2", ()),
    ("|a*b| = |a|*|b|", ()),
    ("max(a,max(b,c)) = max(max(a,b),c)", ()),
    ("min(a,b) = -max(-a,-b)", ()),
    ("relu(e^x-2) = (e^x-2)*where(x > ln(2), 1, 0)", ()),
    ("tanh(x) = 2*sigmoid(2x) - 1", ()),
    ("softplus(x) - softplus(-x) = x", ()),
    ("x/x = 1", ()),
    ("ln(x^2) = 2*ln(x)", ()),
    ("(a+b)^2 = a^2 + 2a*b + b^2", ()),
    ("x^2 + 1 > 0", ()),
    ("x^2 >= 0", ()),
    ("x < x + 1", ()),
    ("e^x != 0", ()),
    ("x^2 - x + 1 > 0", ()),
    ("relu(x) >= x", ()),
    ("|x| >= max(x, -x)", ()),
    ("tanh(x) < 1", ()),
    ("0.1 + 0.2 = 0.3", ()),
    ("sqrt(2)*sqrt(3) = sqrt(6)", ()),
    ("f'(x) = 3e^(3x)/(e^(3x)+1) = 3/(1+e^(-3x))", SOFTPLUS),
    ("f'(x) = 3*sigmoid(3x)", SOFTPLUS),
    ("f''(x) = f'(x)*(3 - f'(x))", SOFTPLUS),
    ("df/dx = 3/(1+e^(-3x))", SOFTPLUS),
    ("f'(x) > 0", SOFTPLUS),
    ("f(x) = where(x >= 0, x, 0.1x)", LEAKY),
    ("f'(x) = where(x >= 0, 1, 0.1)", LEAKY),
    ("f(2x) = 2*f(x)", LEAKY),
    ("f(x) = 3x + 1", ("f(x) = ln(e^(3x+1))",)),
    ("f'(x) = 3", ("f(x) = ln(e^(3x+1))",)),
    ("f'(x) = 2*|x|", ("f(x) = x*|x|",)),
    ("f'(x) = 1/x", ("f(x) = ln(|x|)",)),
    ("f'(x) = where(x > 0 and x < 6, 1, 0)", ("f(x) = clip(x, 0, 6)",)),
    ("f''(x) = 0", ("f(x) = relu(x)",)),
    ("f(f(x)) = f(x)", ("f(x) = relu(x)",)),
    ("f''(x) = 2*sign(x)", ("f(x) = x*|x|",)),
    ("f(a+b) = f(a) + f(b) + 2a*b", ("f(t) = t^2",)),
    ("(f(x) + g(x))/2 = x", ("f(x) = relu(x)*2; g(x) = 2*min(x,0)",)),
    ("c = a^2*(a+b)", GRAPH),
    ("dc/da = 2a(a+b) + a^2", GRAPH),
    ("dc/da = dc/dv1*dv1/da + dc/dv2*dv2/da", GRAPH),
    ("∂c/∂v1 = v2", GRAPH),
    ("dc/db = v1 = a^2", GRAPH),
]

FALSE = [
    ("x^2 = x^2 + 1e-30", (), {"x": "0"}),
    ("min(max(x,0),6) = max(x,0)", (), {"x": "7"}),
    ("tanh(x) = tanh(x) + max(x-3,0)", (), {"x": "4"}),
    ("tanh(x) = tanh(x) + 0.000001x", (), {"x": "1"}),
    ("sqrt(x^2) = x", (), {"x": "-1"}),
    ("x*Phi(x) = x/2*(1+tanh(sqrt(2/pi)*(x+0.044715x^3)))", (), None),
    ("max(a,b) = (a+b)/2", (), None),
    ("|a+b| = |a| + |b|", (), None),
    ("f'(x) = 3e^x/(e^(3x)+1)", SOFTPLUS, {"x": "1"}),
    ("f'(x) = 3e^(3x)", SOFTPLUS, {"x": "0"}),
    ("f'(x) = 3", SOFTPLUS, {"x": "0"}),
    ("f(x) = 3x + 1", SOFTPLUS, None),
    ("f'(x) = 1", LEAKY, {"x": "-1"}),
    ("f(x) = where(x >= 0, x, 0)", LEAKY, {"x": "-1"}),
    ("f'(x) = where(x == 0, 5, 2*|x|)", ("f(x) = x*|x|",), {"x": "0"}),
    ("f(a+b) = f(a) + f(b)", ("f(t) = t^2",), None),
    ("c = v1 + v2", GRAPH, None),
    ("dc/da = 2a(a+b)", GRAPH, None),
    ("x > 0", (), {"x": "0"}),
    ("3 > 2 > 5", (), {}),
    ("f'(x) = f'(x+1)", ("f(x) = |x|",), {"x": "-1/2"}),
    ("f'(x) = 0", ("f(x) = ln(|x|)",), {"x": "1"}),
    ("x^2 > x", (), {"x": "0"}),
    ("x^2 >= x", (), {"x": "1/2"}),
    ("|x| != x", (), {"x": "0"}),
    ("1/3 = 0.34", (), {}),
    ("pi = 22/7", (), {}),
    ("sqrt(2)*sqrt(3) = sqrt(5)", (), {}),
    ("e^x = 1 + x + x^2/2", (), {"x": "1"}),
]

OPEN = [
    "sqrt(-1 - x^2) = 3",
    "sin(x) <= 1.0000000001",
    "max(a,b) <= |a| + |b|",
]


@pytest.mark.parametrize(("says", "where"), TRUE)
def test_a_true_statement_is_proved(says, where):
    fact = ask(says, where).facts["holds"]
    assert (fact.value, fact.status) == (True, "proved"), fact.because


@pytest.mark.parametrize(("says", "where", "at"), FALSE)
def test_a_wrong_statement_is_refuted_with_a_point(says, where, at):
    answer = ask(says, where)
    fact = answer.facts["holds"]
    assert (fact.value, fact.status) == (False, "proved"), fact.because
    found = answer.facts["counterexample"].value
    if at is not None:
        assert found["at"] == {
            name: fmpq(*map(int, value.split("/"))) for name, value in at.items()
        }
    assert {"left", "right"} < set(found)
    assert answer.certificate is not None or "0.34" in says


@pytest.mark.parametrize("says", OPEN)
def test_what_cannot_be_decided_stays_open(says):
    fact = ask(says).facts["holds"]
    assert (fact.value, fact.status) == (None, "unknown")
    assert fact.because


def test_the_wrong_formula_of_a_computation_is_refuted_at_the_given_point():
    answer = ask("c = v1 + v2", GRAPH, POINT)
    assert holds(answer) is False
    assert answer.facts["counterexample"].value == {
        "at": {"a": fmpq(-1), "b": fmpq(4)}, "left": fmpq(3), "right": fmpq(4)
    }  # fmt: skip
    assert answer.facts["holds"].because == "at a = -1, b = 4 `c` is 3 and `v1 + v2` is 4"


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        ("dc/da = -5", True),
        ("dc/da = -4", False),
        ("c = 3", True),
        ("c > 2", True),
        ("c > 3", False),
        ("c = 3.0", True),
        ("c = 2.9", False),
        ("c = v1 + 2", False),
        ("c = a^2*(a+b)", True),
        ("dc/dv1*dv1/da = (a+b)*1*(2a) = (-1+4)*2*(-1) = -6", True),
        ("dc/da = 2a(a+b) + a^2 = 2(-1)(-1+4) + (-1)^2 = -6 + 1 = -5", True),
        ("dc/da = 2a(a+b) + a^2 = 2(-1)(-1+4) + (-1)^2 = -6 - 1 = -5", False),
    ],
)
def test_at_a_point_numbers_are_compared_there_and_formulas_everywhere(says, expected):
    assert holds(ask(says, GRAPH, POINT)) is expected


def test_a_coincidence_at_the_point_is_named_as_one():
    because = ask("c = v1 + 2", GRAPH, POINT).facts["holds"].because
    assert because.startswith("it holds at a = -1, b = 4 but not in general")


def test_a_point_may_be_irrational():
    answer = ask("c = 2", ("c = a^2",), {"a": "sqrt(2)"})
    assert holds(answer) is True
    assert holds(ask("c = 2.1", ("c = a^2",), {"a": "sqrt(2)"})) is False
    assert holds(ask("c = 3", ("c = a^2",), {"a": "sqrt(2)"})) is False
    assert holds(ask("dc/da = 2.83", ("c = a^2",), {"a": "sqrt(2)"})) is True


def test_a_slope_on_a_branch_is_known_at_points_off_the_joint():
    where = ("y = relu(x*w)",)
    assert holds(ask("dy/dx = 2", where, {"x": 1, "w": 2})) is True
    assert holds(ask("dy/dx = 0", where, {"x": -1, "w": 2})) is True
    assert holds(ask("dy/dx = 1", where, {"x": 0, "w": 2})) is False
    assert holds(ask("dy/dx = where(x*w > 0, w, 5)", where)) is False


def test_a_chain_names_its_first_wrong_step_and_judges_each_step_alone():
    answer = ask("f'(x) = e^(3x)/(e^(3x)+1)*3 = 3e^x/(e^(3x)+1) = 3/(1+e^(-3x))", SOFTPLUS)
    assert holds(answer) is False
    assert "step 2 of 3 is the first that is wrong" in answer.facts["holds"].because
    assert [row["holds"] for row in answer.facts["links"].value] == [True, False, False]


def test_a_joint_without_slope_is_left_out_and_said_so():
    because = ask("f'(x) = where(x >= 0, 1, 0.1)", LEAKY).facts["holds"].because
    assert "x = 0" in because


@pytest.mark.parametrize(
    ("says", "exactly", "expected"),
    [
        ("pi = 3.14", False, True),
        ("pi = 3.14", True, False),
        ("3.1416 = pi", False, True),
        ("pi = 3.15", False, False),
        ("pi = 3", False, False),
        ("1/8 = 0.12", False, True),
        ("1/8 = 0.13", False, True),
        ("1/8 = 0.12", True, False),
        ("1/8 = 0.125", True, True),
        ("-2/3 = -0.67", False, True),
        ("1/800 = 1.3e-3", False, True),
        ("1/800 = 1.2e-3", False, True),
        ("1/800 = 1.4e-3", False, False),
        ("1/800 = 1e-3", False, False),
        ("0.33 = 0.333", False, False),
        ("pi > 3.14", False, True),
        ("pi < 3.14", False, False),
    ],
)
def test_a_decimal_is_rounded_as_it_is_written_unless_it_is_exact(says, exactly, expected):
    assert holds(ask(says, exactly=exactly)) is expected


def test_the_slope_of_a_function_without_value_there_is_not_used():
    assert holds(ask("f'(x) = where(x < 0, 7, 1/x)", ("f(x) = ln(x)",))) is not False


def test_a_slope_by_the_rules_does_not_hide_a_slope_that_exists():
    # sqrt(x^4) has the slope 0 at 0, where the rules divide by zero.
    where = ("f(x) = sqrt(x^4)",)
    assert holds(ask("f'(x) = where(x == 0, 5, 2x)", where)) is not True
    assert holds(ask("f'(x) = 2x", where)) is not False


def test_bound_variables_do_not_catch_other_names():
    where = ("a = x^2; f(x) = a*x",)
    assert holds(ask("f(2) = 2x^2", where)) is True
    assert holds(ask("f(2) = 8", where)) is False


def test_steps_show_what_was_put_in_and_the_decisive_line():
    answer = ask("f'(x) = 3e^x/(e^(3x)+1)", SOFTPLUS)
    assert answer.steps[0].formula == "f'(x) = 3*e^(3*x)/(e^(3*x) + 1)"
    assert "≠" in answer.steps[-1].formula
    assert answer.facts["statement"].value == "f'(x) = 3*e^x/(e^(3*x) + 1)"


def test_ambiguous_readings_are_warned_of():
    assert ask("1/2x = x/2").warnings == ("`1/2x` is read as `(1/2)*x`.",)


@pytest.mark.parametrize(
    ("says", "where", "error", "marked"),
    [
        ("x + 1", (), FormulaError, "x + 1"),
        ("x = ", (), FormulaError, None),
        ("x = (1", (), FormulaError, "("),
        ("g(x) = x", (), UnknownNameError, "g"),
        ("f(x) = 3", (), UnknownNameError, "f"),
        ("c = w1", GRAPH, UnknownNameError, "w1"),
        ("dc/da + zz = 1", GRAPH, UnknownNameError, "zz"),
        ("dc/dz = 1", GRAPH, UnknownNameError, "z"),
        ("dw/da = 1", GRAPH, UnknownNameError, "w"),
        ("x = 1", ("f(x) = ",), FormulaError, None),
        ("x = 1", ("f(x) = 2; 3",), FormulaError, "3"),
        ("x = 1", ("v = 2; v = 3",), FormulaError, "v"),
        ("x = 1", ("c = v; v = 3",), FormulaError, "v"),
        ("x = 1", ("v = v + 1",), FormulaError, "v"),
        ("f(x) = 3", ("f(x) = f(x)",), FormulaError, "f"),
        ("f(x) = 3", ("f(x) = f'(x) + 1",), FormulaError, "f"),
        ("f(x) = 3", ("f(x) = f*x",), FormulaError, "f"),
        ("f'(x) = 3", (), UnknownNameError, "f'"),
        ("x = 1", ("relu(x) = x",), FormulaError, "relu"),
        ("x = 9^9^9", (), FormulaError, None),
        ("x = 1e999999999", (), FormulaError, None),
        ("x = " + "(" * 100_000, (), FormulaError, None),
        ("x.__class__ = 1", (), FormulaError, None),
    ],
)
def test_a_text_that_cannot_be_read_is_refused_with_its_place(says, where, error, marked):
    with pytest.raises(error) as caught:
        claim(says, where=where)
    problem = caught.value
    assert problem.start is not None
    if marked is not None:
        assert problem.text[problem.start : problem.end] == marked


@pytest.mark.parametrize("says", ["f'(x) = 3", "2 + f''(x) = 3", "f(x) = 3"])
def test_a_function_without_a_definition_is_told_how_to_define_it(says):
    with pytest.raises(UnknownNameError, match="`f` is not defined") as caught:
        claim(says)
    assert caught.value.hint.endswith('define it: --where "f(x) = …"')


def test_a_function_may_use_an_earlier_one():
    assert holds(ask("g(x) = 2x + 1", ("f(x) = 2x; g(x) = f(x) + 1",))) is True


def test_a_computation_that_doubles_at_each_line_is_refused():
    lines = "; ".join(f"v{k + 1} = v{k}*v{k}" for k in range(60))
    with pytest.raises(FormulaError, match="parts"):
        claim("v60 = 1", where=(lines,))


@pytest.mark.parametrize(("length", "expected"), [(40, True), (150, None)])
def test_a_long_computation_is_judged_or_left_open(length, expected):
    lines = "; ".join(f"v{k + 1} = v{k} + 1" for k in range(length))
    assert holds(ask(f"v{length} = v0 + {length}", (lines,))) is expected
    assert holds(ask(f"v{length} = v0 + 1", (lines,))) is False


def test_a_computation_too_deep_for_its_names_is_refused():
    lines = "; ".join(f"v{k + 1} = v{k} + 1" for k in range(1200))
    with pytest.raises(FormulaError, match="too deep"):
        claim("v1200 = v0", where=(lines,))


def test_a_point_without_a_value_that_is_needed_is_refused():
    with pytest.raises(UsageError, match="`b`"):
        claim("c = 3", where=GRAPH, at={"a": 1})


def test_a_claim_under_an_activation_speaks_of_its_function():
    from gradiometer.question.activation import activation

    answer = activation("ln(e^(3x)+1)")
    good = check_claim(answer, Claim(says="f'(x) = 3/(1+e^(-3x))"))
    assert (good.holds, good.status, good.text) == (True, "proved", "f'(x) = 3/(1+e^(-3x))")
    bad = check_claim(answer, Claim(says="f'(x) = 3e^x/(e^(3x)+1)"))
    assert bad.holds is False
    assert bad.counterexample is not None
    assert bad.counterexample["at"] == {"x": fmpq(1)}
    check(good.certificate)
    check(bad.certificate)


def test_a_claim_under_a_computation_speaks_of_its_names_at_its_point():
    from gradiometer.question.gradient import gradient

    answer = gradient(*GRAPH, at=POINT)
    expected = {
        "c = v1 + v2": False, "c = a^2*(a+b)": True, "dc/da = -5": True, "dc/da = -6": False,
        "dc/da = 2a(a+b)+a^2": True, "dc/dv1*dv1/da = -6": True, "dc/dv2*dv2/da = 1": True,
    }  # fmt: skip
    for says, holds in expected.items():
        assert check_claim(answer, Claim(says=says)).holds is holds, says
    extra = Claim(says="c = s + v1 - 1", where=("s = v2",))
    assert check_claim(answer, extra).holds is False


def test_an_input_that_is_called_e_hides_the_constant():
    from gradiometer.question.gradient import gradient

    answer = gradient("c = e*a", at={"a": 2, "e": 5})
    assert check_claim(answer, Claim(says="c = 10")).holds is True
    assert check_claim(answer, Claim(says="dc/da = e")).holds is True


def test_a_claim_says_exactly_one_thing():
    answer = Answer("schedule", {}, {})
    for empty in (Claim(), Claim(says="x = 1", fact="values")):
        with pytest.raises(UsageError):
            check_claim(answer, empty)
    assert check_claim(answer, Claim(says="1 + 1 = 2")).holds is True
