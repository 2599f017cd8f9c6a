"""Where branches meet: both sides are said, and no single derivative is claimed without reason."""

import random

import pytest
from flint import fmpq

from gradiometer.formula import evaluate, parse_assignments
from gradiometer.proof.check_graph import check_graph
from gradiometer.question.gradient import gradient


def _ask(computation, **at):
    answer = gradient(computation, at=at)
    certificate = answer.certificate
    check_graph(certificate["problem"], certificate["claim"], certificate["evidence"])
    return answer


@pytest.mark.parametrize(
    ("computation", "at", "left", "right"),
    [
        ("c = abs(a)", 0, -1, 1),
        ("c = relu(a)", 0, 0, 1),
        ("c = max(a, 1 - a)", "1/2", -1, 1),
        ("c = min(3a, 2)", "2/3", 3, 0),
        ("c = clip(a, 0, 1)", 0, 0, 1),
        ("c = clip(a, 0, 1)", 1, 1, 0),
        ("c = relu(a)*5 - 2*abs(a)", 0, 2, 3),
        ("c = where(a <= 0, 0, a)", 0, 0, 1),
        ("c = where(a < 0 or a > 1, a^2, a)", 1, 1, 2),
        ("c = exp(relu(a)) + 1", 0, 0, 1),
    ],
)
def test_both_sides_of_a_kink_are_stated(computation, at, left, right):
    answer = _ask(computation, a=at)
    assert answer.facts["derivatives"].status == "unknown"
    assert answer.facts["one_sided"].value == {"a": {"left": left, "right": right}}
    assert any("from the left" in warning for warning in answer.warnings)


@pytest.mark.parametrize(
    ("computation", "slope"),
    [
        ("c = relu(a) - relu(-a)", 1),
        ("c = abs(a)^2", 0),
        ("c = max(a, a)", 1),
        ("c = a*abs(a)", 0),
        ("c = where(a <= 0, 0, a^2)", 0),
        ("c = max(a, 0) + min(a, 0)", 1),
        ("c = clip(a, a, a)", 1),
    ],
)
def test_a_derivative_that_both_sides_agree_on_is_proved(computation, slope):
    answer = _ask(computation, a=0)
    assert answer.facts["derivatives"].value == {"a": slope}
    assert answer.facts["derivatives"].status == "proved"


@pytest.mark.parametrize(
    ("computation", "at"),
    [
        ("c = sign(a)", {"a": 0}),
        ("c = floor(a)", {"a": 2}),
        ("c = where(a < 0, 1, a)", {"a": 0}),
        ("c = where(a == 0, 5, a)", {"a": 0}),
        ("c = sqrt(a)", {"a": 0}),
        ("c = sqrt(a^2)", {"a": 0}),
        ("c = a^(3/2)", {"a": 0}),
        ("c = where(a^2 <= 0, a, 2a)", {"a": 0}),
    ],
)
def test_no_derivative_is_claimed_at_a_jump_or_an_end(computation, at):
    assert _ask(computation, **at).facts["derivatives"].status == "unknown"


def test_an_input_that_does_not_move_the_kink_keeps_its_derivative():
    facts = _ask("c = relu(a)*b + b^2", a=0, b=3).facts
    assert facts["derivatives"].value == {"a": None, "b": 6}
    assert facts["one_sided"].value == {"a": {"left": 0, "right": 3}}


def test_a_power_of_a_negative_number_has_a_slope_for_its_base_only():
    assert _ask("a^b", a=-2, b=3).facts["derivatives"].value == {"a": 12, "b": None}


def test_a_branch_that_is_not_taken_needs_no_value():
    facts = _ask("c = where(a > 0, ln(a), a - 1)", a=-1).facts
    assert facts["derivatives"].value == {"a": 1}
    assert facts["contributions"].value["a"] == [
        {"via": "ln(a)", "value": 0},
        {"via": "a - 1", "value": 1},
    ]


def test_a_tie_that_balls_leave_open_is_not_decided():
    facts = _ask("c = max(sqrt(a)*sqrt(a), 2)*b", a=2, b=1).facts
    assert facts["derivatives"].value["a"] is None
    assert facts["one_sided"].value["a"] == {"left": None, "right": None}


def test_a_near_tie_is_decided_by_more_precision():
    facts = _ask("c = max(sqrt(a)*sqrt(a) - 1/10^80, 2)", a=2).facts
    assert facts["derivatives"].value == {"a": 0}


PIECES = (
    "max({0}, {1})", "min({0}, {1})", "abs({0})", "relu({0})", "{0} + {1}", "{0} - 2*{1}",
    "3*{0}", "-{0}", "clip({0}, {1}, 2)", "where({0} <= {1}, {0}, {1})",
    "where({0} < 0, 2*{1}, {0})", "where({0} > 1 and {1} <= 2, {0}, 1)",
    "sign({0})", "floor({0})", "max({0}, {1}, 0)", "where(not {0} == {1}, {0}, 0)",
)  # fmt: skip


def _random_computation(seed):
    generator = random.Random(seed)
    names, lines = ["a", "b"], ["p = a + b"]
    names.append("p")
    for number in range(generator.randint(2, 6)):
        shape = generator.choice(PIECES)
        lines.append(f"v{number} = " + shape.format(*generator.choices(names, k=2)))
        names.append(f"v{number}")
    at = {name: fmpq(generator.randint(-2, 2)) for name in "ab"}
    return "; ".join(lines), at


def _value(assignments, at):
    values = dict(at)
    for assignment in assignments:
        values[assignment.name] = evaluate(assignment.formula.tree, values)
    return values[assignments[-1].name]


@pytest.mark.parametrize("first", range(0, 300, 50))
def test_what_is_claimed_at_kinks_is_the_difference_quotient(first):
    """All operations are linear between kinks, so a small quotient is exactly a one-sided slope."""
    tiny = fmpq(1, 10**9)
    for seed in range(first, first + 50):
        text, at = _random_computation(seed)
        answer = _ask(text, **at)
        assignments = parse_assignments(text)
        value = _value(assignments, at)
        assert answer.facts["value"].value == value
        derivatives = answer.facts["derivatives"].value or {}
        sided = answer.facts["one_sided"].value if "one_sided" in answer.facts else {}
        for name in answer.inputs["at"]:
            right = (_value(assignments, at | {name: at[name] + tiny}) - value) / tiny
            left = (value - _value(assignments, at | {name: at[name] - tiny})) / tiny
            claimed = derivatives.get(name)
            assert claimed is None or claimed == left == right, (text, at, name)
            sides = sided.get(name, {"left": None, "right": None})
            assert sides["left"] is None or sides["left"] == left, (text, at, name)
            assert sides["right"] is None or sides["right"] == right, (text, at, name)


def test_most_kinks_are_decided():
    """The claim above would hold for a prover that never says anything."""
    asked = decided = 0
    for seed in range(100):
        text, at = _random_computation(seed)
        derivatives = gradient(text, at=at).facts["derivatives"].value or {}
        asked += 2
        decided += sum(value is not None for value in derivatives.values())
    assert decided > asked / 2


def test_where_paths_are_counted_it_is_said_that_branches_not_taken_are_left_out():
    asked = {"computation": "v = x^2; w = where(v < 3, v, v*x) + x", "at": {"x": 1}}
    facts = gradient(**asked, keep="v", focus=3).facts
    assert facts["path_count"].value["x"] == 4
    assert sum(row["paths"] for row in facts["by_length"].value["x"]) == 2
    for name in ("by_length", "grouped", "focus"):
        assert "not taken" in facts[name].because
    plain = gradient("v = x^2; w = max(v, v*x) + x", at={"x": 2}, keep="v", focus=3).facts
    assert not any("not taken" in plain[n].because for n in ("by_length", "grouped", "focus"))
