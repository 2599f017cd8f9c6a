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


def test_the_steps_of_the_sheet_end_in_the_chain_rule():
    formulas = [step.formula for step in gradient(SHEET, at=POINT).steps]
    assert "v1 = a^2 = (-1)^2 = 1" in formulas
    assert "dv1/da = 2*a = 2*(-1) = -2" in formulas
    assert formulas[-2] == ("dc/da = dc/dv1*dv1/da + dc/dv2*dv2/da = 3*(-2) + 1*1 = -6 + 1 = -5")
    assert all(step.because and step.latex for step in gradient(SHEET, at=POINT).steps)


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
