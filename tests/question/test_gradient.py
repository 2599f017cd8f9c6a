"""What the question `gradient` says, and what it refuses to say."""

import json
import math
from fractions import Fraction

import pytest
from flint import arb, fmpq

from gradiometer.errors import DomainError, FormulaError, LimitError, UsageError
from gradiometer.formula import precision, to_float
from gradiometer.question.gradient import gradient

SHEET = "v1=a^2; v2=a+b; c=v1*v2"
POINT = {"a": "-1", "b": "4"}


def _facts(computation, **at):
    return gradient(computation, at=at).facts


def _derivatives(computation, **at):
    return _facts(computation, **at)["derivatives"].value


def test_tables_of_the_sheet_are_complete():
    facts = gradient(SHEET, at=POINT).facts
    rows = [tuple(row.values()) for row in facts["nodes"].value]
    assert rows == [
        ("a", "", -1, -5),
        ("v1", "a^2", 1, 3),
        ("b", "", 4, 1),
        ("v2", "a + b", 3, 1),
        ("c", "v1*v2", 3, 1),
    ]
    edges = [tuple(row.values()) for row in facts["edges"].value]
    assert edges == [
        ("a", "v1", -2, -6),
        ("a", "v2", 1, 1),
        ("b", "v2", 1, 1),
        ("v1", "c", 3, 3),
        ("v2", "c", 1, 1),
    ]


def test_everything_about_the_sheet_is_proved():
    answer = gradient(SHEET, at=POINT)
    assert {fact.status for fact in answer.facts.values()} == {"proved"}
    assert answer.warnings == ()


def _formulas(computation, at, **more):
    return [step.formula for step in gradient(computation, at=at, **more).steps]


def test_the_steps_of_the_sheet_run_forward_then_backward_then_along_each_path():
    formulas = _formulas(SHEET, POINT)
    assert formulas == [
        "v1 = a^2 = (-1)^2 = 1",
        "v2 = a + b = -1 + 4 = 3",
        "c = v1*v2 = 1*3 = 3",
        "dv1/da = 2*a = 2*(-1) = -2",
        "dv2/da = 1",
        "dv2/db = 1",
        "dc/dv1 = v2 = 3",
        "dc/dv2 = v1 = 1",
        "dc/da = dc/dv1*dv1/da + dc/dv2*dv2/da = 3*(-2) + 1*1 = -5",
        "dc/db = dc/dv2*dv2/db = 1*1 = 1",
        "a -> v1 -> c: -2*3 = -6",
        "a -> v2 -> c: 1*1 = 1",
        "dc/da = -6 + 1 = -5",
        "b -> v2 -> c: 1*1 = 1",
    ]
    assert all(step.because and step.latex for step in gradient(SHEET, at=POINT).steps)


def test_a_single_edge_needs_no_line_besides_its_local_derivative():
    assert not [line for line in _formulas("c = a*b", {"a": 2, "b": 3}) if "->" in line]


def test_paths_that_differ_only_in_the_use_of_an_operand_are_told_apart():
    steps = [s for s in gradient("v = a*a; c = v + a", at={"a": 3}).steps if "->" in s.formula]
    assert [step.formula for step in steps] == [
        "a -> v -> c: 3*1 = 3", "a -> v -> c: 3*1 = 3", "a -> c: 1",
    ]  # fmt: skip
    assert "use 1 of a in v" in steps[0].because
    assert "use 2 of a in v" in steps[1].because
    assert "use" not in steps[2].because


def test_of_many_paths_the_largest_have_lines_and_the_others_are_summed():
    text = "; ".join(f"x{k} = x{k - 1} + x{k - 1}*{k}" for k in range(1, 6)).replace("x0", "x")
    formulas = _formulas(text, {"x": 1})
    lines = [line for line in formulas if line.startswith("x ->")]
    values = [int(line.split()[-1]) for line in lines]
    # Each path takes a subset of the factors 1 to 5; the factor 1 doubles every product.
    assert values == [120, 120, 60, 60, 40, 40, 30, 30]
    assert "24 other paths: 220" in formulas
    assert formulas[-1] == "dx5/dx = 120 + 120 + 60 + 60 + 40 + 40 + 30 + 30 + 220 = 720"
    assert formulas[-1].endswith(f"= {2 * 3 * 4 * 5 * 6}")


def test_a_path_through_a_kink_has_no_product_and_no_sum_is_claimed():
    formulas = _formulas("v = |a|; c = v + a", {"a": 0})
    assert "a -> v -> c: ?" in formulas
    assert "a -> c: 1" in formulas
    assert [line for line in formulas if line.startswith("dc/da")] == [
        "dc/da = 1", "dc/da = 0 from the left, 2 from the right",
    ]  # fmt: skip


def test_a_local_derivative_is_told_from_the_whole_one_of_the_same_name():
    steps = [s for s in gradient("v = a^2; c = v*a", at={"a": 3}).steps if "dc/da" in s.formula]
    assert [step.because for step in steps] == [
        "Local derivative of c, its other operands held.",
        "Chain rule through v and c.",
        "The sum of the 2 paths of a, as the chain rule found.",
    ]


def test_rounded_numbers_never_stand_behind_an_equals_sign():
    for step in gradient("v = exp(a); c = v*v + a/3", at={"a": 2}).steps:
        for part in step.formula.split(" = ")[1:]:
            assert "." not in part.split(" ≈ ")[0]


def test_steps_of_a_large_graph_stay_few_and_short():
    text = "; ".join(f"x{k} = x{k - 1}/2 + x{k - 1}" for k in range(1, 500)).replace("x0", "x")
    wide = " + ".join(f"y{k}*y{k}" for k in range(60))
    for steps in (
        gradient(text, at={"x": 1}).steps,
        gradient(f"c = {wide}", at={f"y{k}": k for k in range(60)}).steps,
    ):
        assert 0 < len(steps) < 300
        assert all(len(step.formula) < 500 for step in steps)


def test_the_output_can_be_any_named_value():
    facts = gradient(SHEET, at=POINT, of="v1").facts
    assert facts["value"].value == 1
    assert facts["derivatives"].value == {"a": -2, "b": 0}
    assert facts["contributions"].value == {"a": [{"via": "v1", "value": -2}], "b": []}


def test_the_derivative_of_an_input_by_itself_is_one():
    facts = gradient("a", at={"a": 7}).facts
    assert facts["derivatives"].value == {"a": 1}
    assert facts["contributions"].value == {"a": [{"via": "a", "value": 1}]}
    assert facts["paths"].value == [{"path": "a", "input": "a", "value": 1}]


def test_a_constant_has_no_inputs():
    facts = gradient("k = 2; c = k^3", at={}).facts
    assert facts["value"].value == 8
    assert facts["derivatives"].value == {}


@pytest.mark.parametrize(
    "value", ["1/10", "0.1", "1e-1", 0.1, Fraction(1, 10), fmpq(1, 10)], ids=repr
)
def test_a_decimal_is_read_as_it_is_written(value):
    answer = gradient("3a", at={"a": value})
    assert answer.facts["value"].value == fmpq(3, 10)
    assert answer.inputs["at"] == {"a": "1/10"}


def test_a_point_may_be_a_root():
    facts = _facts("a^2 + a", a="sqrt(2)")
    assert to_float(facts["derivatives"].value["a"]) == pytest.approx(2 * math.sqrt(2) + 1)
    assert facts["derivatives"].status == "proved"


def test_a_root_of_a_square_stays_rational():
    assert _derivatives("sqrt(a)*b", a="9/4", b=1) == {"a": fmpq(1, 3), "b": fmpq(3, 2)}


def test_balls_hold_the_value_to_many_digits():
    value = _facts("exp(a)*sin(b)/ln(c)", a=1, b=2, c=3)["value"].value
    with precision(500):
        exact = arb(1).exp() * arb(2).sin() / arb(3).log()
        assert value.contains(exact)
    assert value.rel_accuracy_bits() > 100


def test_cancellation_in_balls_is_met_by_more_precision():
    value = _facts("exp(a)*exp(-a) - 1 + b", a=100, b="1e-30")["value"].value
    assert to_float(value) == pytest.approx(1e-30, rel=1e-12)


def test_more_paths_than_can_be_listed_are_counted():
    text = "v0 = a; " + "; ".join(f"v{k} = v{k - 1}*v{k - 1}" for k in range(1, 12))
    facts = gradient(text, at={"a": 1}).facts
    assert facts["path_count"].value == {"a": 2**11}
    assert facts["paths"].status == "unknown"
    assert "2,048" in facts["paths"].because
    assert facts["derivatives"].value == {"a": 2**11}


def test_the_point_stands_in_the_order_of_first_use():
    answer = gradient(SHEET, at={"b": 4, "a": -1})
    assert list(answer.inputs["at"]) == ["a", "b"]
    assert answer.to_json() == gradient(SHEET, at=POINT).to_json()


def test_a_doubtful_passage_is_said_as_it_was_read():
    answer = gradient("v = 1/2a; c = v^2", at={"a": 2})
    assert answer.warnings == ("`1/2a` is read as `(1/2)*a`.",)


def test_the_answer_is_strict_json():
    body = json.loads(gradient("c = tanh(a)*relu(b)", at={"a": 1, "b": 0}).to_json())
    assert body["facts"]["derivatives"]["value"]["b"] is None
    assert body["facts"]["value"]["value"]["exact"] == "0"


@pytest.mark.parametrize(
    ("computation", "at", "error"),
    [
        ("1/(a - b)", {"a": 2, "b": 2}, DomainError),
        ("c = ln(a)", {"a": 0}, DomainError),
        ("c = sqrt(a)", {"a": -1}, DomainError),
        ("c = a", {"a": "1/0"}, DomainError),
        ("c = a", {"a": "b"}, FormulaError),
        ("c = a", {"a": "9^9^9"}, LimitError),
        ("c = a", {"a": float("nan")}, UsageError),
        ("c = a", {"a": True}, UsageError),
        ("c = a", {"a": None}, UsageError),
        ("c = a", [("a", 1)], UsageError),
        ("c = exp(exp(a))", {"a": 100}, LimitError),
        ("c = a b", {"a": 1, "b": 2, "ab": 3}, Exception),
    ],
)
def test_a_request_without_an_answer_is_refused(computation, at, error):
    with pytest.raises(error):
        gradient(computation, at=at)


def test_a_value_that_explodes_is_refused_with_its_place():
    text = "v0 = a; " + "; ".join(f"v{k} = v{k - 1}^2" for k in range(1, 60))
    with pytest.raises(LimitError) as caught:
        gradient(text, at={"a": "3/2"})
    assert caught.value.text.endswith("^2")


def test_a_value_too_long_for_exact_numbers_is_answered_in_float64_with_bounds():
    text = "v0 = a; " + "; ".join(f"v{k} = (v{k - 1}^2 + 1)/2" for k in range(1, 40))
    answer = gradient(text, at={"a": "2/3"})
    assert answer.facts["derivatives"].status == "computed"
    assert "bits" in answer.warnings[0]
    exact = fmpq(2, 3)
    slope = fmpq(1)
    for _ in range(12):
        slope, exact = slope * exact, (exact**2 + 1) / 2
    short = gradient("; ".join(text.split("; ")[:13]), at={"a": "2/3"})
    assert short.facts["derivatives"].value["a"] == slope


def test_a_value_that_cannot_be_told_from_a_pole_is_unknown():
    answer = gradient("c = 1/(sqrt(a)*sqrt(a) - 2)", at={"a": 2})
    assert answer.facts["value"].status == "unknown"
    assert answer.facts["path_count"].value == {"a": 2}
    assert answer.certificate is None
