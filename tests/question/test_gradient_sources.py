"""A computation from a file, a JSON graph or a function is the computation that its text writes."""

import json
import math
import random
import tracemalloc

import numpy as np
import pytest

from gradiometer.errors import GradiometerError, UsageError
from gradiometer.formula import number, to_float
from gradiometer.question.gradient import gradient
from gradiometer.question.gradient_list import answer_list

SHEET = "v1 = a^2\nv2 = a + b\nc = v1*v2\n"
POINT = {"a": "-1", "b": "4"}


def test_a_file_of_lines_is_read_as_the_same_text(tmp_path):
    path = tmp_path / "sheet.txt"
    path.write_text(SHEET, encoding="utf-8")
    found = gradient(file=str(path), at=POINT).to_dict()
    assert found["facts"] == gradient(SHEET, at=POINT).to_dict()["facts"]


def test_a_json_graph_has_formulas_or_operations_and_may_hold_the_point(tmp_path):
    nodes = [
        {"name": "v1", "operation": "^", "operands": ["a", 2]},
        {"name": "v2", "operation": "+", "operands": ["a", "b"]},
        {"name": "m", "operation": "max", "operands": ["v1", "-1/2", "b"]},
        {"name": "c", "formula": "v1*v2 + 0*m"},
    ]
    path = tmp_path / "graph.json"
    path.write_text(json.dumps({"nodes": nodes, "at": POINT, "of": "c"}), encoding="utf-8")
    facts = gradient(file=str(path)).facts
    assert facts["derivatives"].value == {"a": -5, "b": 1}
    assert gradient(file=str(path), at={"b": "5"}).facts["value"].value == 4


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "no JSON"),
        ("[]", "list of nodes"),
        ('{"nodes": [], "point": {}}', "point"),
        ('{"nodes": [{"name": "v"}]}', "neither"),
        ('{"nodes": [{"name": "v", "operation": "tang", "operands": ["a"]}]}', "tang"),
        ('{"nodes": [{"name": "v", "formulas": "a"}]}', "formulas"),
    ],
)
def test_a_json_file_that_is_no_graph_is_refused(tmp_path, content, said):
    path = tmp_path / "graph.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(GradiometerError, match=said) as caught:
        gradient(file=str(path), at={"a": 1})
    assert caught.value.place.source == str(path)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("v=a^2\nc = v*/2\n", 2, "missing"),
        ("v=a^2\nc = v/(a-1)\n", 2, "division by zero"),
        ("v=c^2\nc = v/(a-1)\n", 1, "circle"),
        ("v=a^2\n\nc = ln(v-2)\n", 3, "logarithm"),
        ("v=a^2\nv=2\n", 2, "assigned twice"),
        ("v=a^2+q\nz=2\n", 1, "no value"),
    ],
)
def test_a_line_of_a_file_that_cannot_be_used_is_shown_alone(tmp_path, text, line, said):
    path = tmp_path / "bad.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(GradiometerError, match=said) as caught:
        gradient(file=str(path), at={"a": 1})
    assert (caught.value.place.source, caught.value.place.line) == (str(path), line)
    assert caught.value.text == text.splitlines()[line - 1]


def test_a_file_that_is_missing_binary_or_a_folder_is_refused(tmp_path):
    binary = tmp_path / "b.txt"
    binary.write_bytes(b"v = a\xff")
    for path in (tmp_path / "missing.txt", binary, tmp_path):
        with pytest.raises(GradiometerError) as caught:
            gradient(file=str(path), at={"a": 1})
        assert caught.value.place.source == str(path)
    with pytest.raises(UsageError):
        gradient()
    with pytest.raises(UsageError):
        gradient("a", file="x", at={"a": 1})


def test_a_function_is_traced_with_the_branch_that_the_point_takes():
    def network(x, w):
        hidden = (x * w).named("hidden")
        slope = hidden if hidden > 0 else hidden / 10
        return np.tanh(slope) + abs(x) - 2**w + max(x, w)

    answer = gradient(network, at={"x": "-1/2", "w": "3"})
    written = "hidden = x*w; out = tanh(hidden/10) + |x| - 2^w + w"
    expected = gradient(written, at={"x": "-1/2", "w": "3"}).facts["derivatives"].value
    found = answer.facts["derivatives"].value
    for name in ("x", "w"):
        assert to_float(found[name]) == pytest.approx(to_float(expected[name]), rel=1e-15)
    assert "hidden = x*w" in answer.inputs["computation"]


def test_outputs_of_a_function_are_chosen_or_summed():
    def pair(a, b):
        return a * b, a + b

    assert gradient(pair, at=POINT, of="output1").facts["derivatives"].value["a"] == 4
    answer = gradient(pair, at=POINT, of="2*output1 - output2")
    assert answer.facts["derivatives"].value == {"a": 7, "b": -3}
    assert "2 outputs" in answer.warnings[0]


def test_a_number_that_would_lose_its_trace_is_refused():
    for function in (lambda a: math.exp(a + 1), lambda a: np.floor(a + 1), lambda a: "a", _of_b):
        with pytest.raises(UsageError):
            gradient(function, at={"a": "1"})


def _of_b(b):
    return b


def _random_list(seed, count):
    chance = random.Random(seed)
    names, lines = ["a", "b"], []
    for k in range(count):
        x, y = chance.choices(names[-20:], k=2)
        c = chance.randint(-9, 9) / 8
        shape = [f"{c}*{x} + {y}/4", f"{x}*{y}", f"{x} - {c}", f"max({x}, {y})", f"0.3*{x}"]
        lines.append(f"v{k} = {chance.choice(shape)}")
        names.append(f"v{k}")
    return lines


def _compare(seed):
    """How many inputs both engines give a derivative for; where both do, they agree."""
    lines = [*_random_list(seed, 40), "out = v39 + 0*a + 0*b"]
    exact = gradient("; ".join(lines), at={"a": "1/3", "b": "-0.7"}, top=5).facts
    at = {"a": number("1/3"), "b": number("-7/10")}
    floats = answer_list(lines, at=at, inputs={"top": 5}, source="list").facts
    assert floats["value"].value.contains(exact["value"].value)
    compared = 0
    for name in ("a", "b"):
        masses = exact["mass"].value
        slope = (floats["derivatives"].value or {}).get(name)
        if slope is None or masses is None or masses[name] is None:
            continue
        compared += 1
        assert slope.contains(exact["derivatives"].value[name])
        for fact in ("mass", "positive_mass", "negative_mass"):
            near = pytest.approx(to_float(exact[fact].value[name]), rel=1e-9, abs=1e-12)
            assert floats[fact].value[name] == near
        # Paths of equal size stand in the order of other edges there.
        best = [abs(to_float(row["value"])) for row in exact["top_paths"].value[name]]
        found = [abs(row["value"]) for row in floats["top_paths"].value[name]]
        assert found == pytest.approx(best, rel=1e-12)
    return compared


def test_float_answers_hold_the_exact_numbers():
    assert sum(map(_compare, range(40))) >= 20


def test_a_long_chain_is_answered_in_float64_with_what_its_paths_carry(tmp_path):
    path = tmp_path / "chain.txt"
    count = 30_000
    lines = ["x1 = x0 + 0.001*x0", *(f"x{k} = x{k - 1} + 0.001*x{k - 1}" for k in range(2, count))]
    path.write_text("\n".join(lines), encoding="utf-8")
    answer = gradient(file=str(path), at={"x0": 1}, top=3)
    facts = answer.facts
    assert answer.certificate is None
    expected = 1.001 ** (count - 1)
    assert float(facts["derivatives"].value["x0"]) == pytest.approx(expected, rel=1e-9)
    assert facts["path_count"].value["x0"]["log2"] == pytest.approx(count - 1)
    values = [row["value"] for row in facts["top_paths"].value["x0"]]
    assert values == [1.0, 0.001, 0.001]
    assert answer.warnings[0].endswith("not exact.")


def test_a_comparison_of_equal_numbers_in_a_function_is_said():
    answer = gradient(lambda a: a if a > 0 else -a, at={"a": 0})
    assert "`a` with `0`, which are equal at the point" in answer.warnings[0]
    # Its derivative there does not exist, whatever the branch that was taken says.
    assert answer.facts["derivatives"].status == "unknown"
    assert {name for name, fact in answer.facts.items() if fact.status == "proved"} == {"value"}
    assert gradient(lambda a: a if a > 0 else -a, at={"a": 1}).warnings == ()


def test_a_function_that_fails_says_where():
    for function, said in (
        (lambda a: 1 / (a - a), "1/t1"),
        (lambda a: np.log(a - 1), "ln(t1)"),
        (lambda a: [], ""),
    ):
        with pytest.raises(GradiometerError) as caught:
            gradient(function, at={"a": 1})
        assert caught.value.text == said
        assert caught.value.hint


def test_a_line_of_a_long_list_costs_bounded_memory():
    def lines(count):
        chance = random.Random(4)
        names = ["a", "b"]
        for k in range(count):
            x, y = chance.choices(names[-50:], k=2)
            yield f"v{k} = {chance.randrange(1, 86) / 1000}*{x} + 0.957*{y}\n"
            names.append(f"v{k}")

    at, count = {"a": number("1/3"), "b": number("2")}, 50_000
    answer_list(lines(1_000), at=at, inputs={}, source="list")
    tracemalloc.start()
    try:
        answer_list(lines(count), at=at, inputs={}, source="list")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # A million lines keep below 600 MB with what the interpreter and compiled kernels take.
    assert most <= 650 * count


def _keep_the_first(kept):
    def function(a):
        kept.append(a * 2)
        return kept[0] + a

    return function


def _go_on_after_an_error(a):
    try:
        return 1 / a + math.sqrt(a)
    except Exception:
        return a * 0


def test_a_function_that_goes_on_after_a_refusal_is_refused():
    for at, said in (("0", "division by zero"), ("4", "lose its trace")):
        with pytest.raises(GradiometerError, match=said):
            gradient(_go_on_after_an_error, at={"a": at})


def test_a_number_kept_from_an_earlier_call_is_refused():
    function = _keep_the_first([])
    assert gradient(function, at={"a": 2}).facts["derivatives"].value == {"a": 3}
    with pytest.raises(UsageError, match="another call"):
        gradient(function, at={"a": 3})


def test_numbers_of_a_function_are_exact_or_refused():
    large = 2**53 + 1
    answer = gradient(lambda a: a - np.int64(large), at={"a": 0})
    assert answer.facts["value"].value == -large
    for constant in (np.longdouble(2) ** 62 + 1, "2"):
        with pytest.raises(UsageError, match="no number that can be traced"):
            gradient(lambda a, c=constant: a * c, at={"a": 1})


def test_what_a_function_does_not_use_at_the_point_is_said():
    answer = gradient(lambda a, b: a * a if a > b else b, at={"a": 3, "b": 1})
    assert answer.facts["derivatives"].value == {"a": 6}
    assert any("does not use `b`" in warning for warning in answer.warnings)
    constant = gradient(lambda a: 3, at={"a": 1})
    assert constant.facts["value"].value == 3
    assert constant.facts["derivatives"].value == {}


def test_an_operation_that_is_not_traced_is_no_wrong_call():
    with pytest.raises(UsageError, match="fails with traced numbers"):
        gradient(lambda a: a % 1, at={"a": 1})
    with pytest.raises(UsageError, match="cannot be called"):
        gradient(lambda b: b, at={"a": 1})


def test_what_has_no_bound_in_float64_is_unknown():
    idle = "".join(f"; z{k} = x + {k}" for k in range(2_000))
    near_zero = "u = x + 0.2 - 0.3 + 1e-18; y = ln(u); z = y*y; w = z + 1/x"
    answer = gradient(near_zero + idle, at={"x": "0.1"}, of="w")
    assert [answer.facts[name].status for name in ("value", "derivatives")] == ["unknown"] * 2
    exact = gradient(near_zero, at={"x": "0.1"})
    assert exact.facts["derivatives"].status == "proved"
    partly = gradient("c = abs(x)*y + y" + idle, at={"x": 0, "y": 2}, of="c").facts["derivatives"]
    assert partly.status == "computed"
    assert partly.value["x"] is None
    assert "x" in partly.because.rpartition("None stands for")[2]


def test_a_decimal_of_a_json_graph_is_read_as_it_is_written(tmp_path):
    path = tmp_path / "graph.json"
    node = '{"name": "c", "operation": "*", "operands": ["a", 1234567890123456789.25]}'
    path.write_text(f'{{"nodes": [{node}], "at": {{"a": 1.00000000000000000001}}}}')
    facts = gradient(file=str(path)).facts
    assert facts["derivatives"].value == {"a": number("4938271560493827157/4").value}
    assert facts["value"].value != facts["derivatives"].value["a"]
    path.write_text(f'{{"nodes": [{node}], "at": {{"a": 1e999999999}}}}')
    with pytest.raises(GradiometerError, match="exponent"):
        gradient(file=str(path))
