"""A computation without an answer is refused with its line, a mark and a fix."""

import json

import pytest

from gradiometer.errors import GradiometerError, LimitError, StudyError
from gradiometer.question.gradient import gradient
from gradiometer.question.gradient_list import answer_list

AT = {"a": "1", "b": "2"}
LONG = 60_000
"""Lines of a file that is too long for exact numbers."""

SLIPS = {
    # name: (lines, the line that is wrong, what is marked, what is said, what is tried)
    "circle of one": (["c = c*a + b"], 1, "c", "from itself", "name of its own"),
    "circle of two": (["u = v*a", "v = u*b", "c = u + v"], 1, "v", "circle", "without the other"),
    "circle of three": (
        ["d = a*b", "u = v + d", "v = w*a", "w = u*b"], 2, "v", "circle", "without the other",
    ),
    "too early": (["c = v*a", "v = a*b"], 1, "v", "before", "move the assignment of `v`"),
    "unknown": (["v = a*b", "c = v*zz"], 2, "zz", "value", "--at zz=1"),
    "slip of the pen": (["value = a*b", "c = vlue + a"], 2, "vlue", "value", "write `value`"),
    "assigned twice": (["v = a*b", "v = a + b", "c = v"], 2, "v", "assigned twice", "its own"),
    "division by zero": (["v = a - a", "c = b/v"], 2, "b/v", "division by zero", "another point"),
    "logarithm": (["v = a - 9", "c = ln(v)*b"], 2, "ln(v)", "logarithm", "another point"),
    "root": (["v = a - 9", "c = sqrt(v)*b"], 2, "sqrt(v)", "square root", "another point"),
    "comment": (["c = a*b", "# and so on"], 2, "#", "no comment", "leave comments out"),
    "letter": (["é = a*b", "c = 2*a"], 1, "é", "latin small letter e", "Latin or Greek"),
}  # fmt: skip


def _refuse(*args, **options):
    with pytest.raises(GradiometerError) as caught:
        gradient(*args, **options)
    return caught.value


def _check(error, slip):
    _, _, marked, said, tried = SLIPS[slip]
    assert error.text[error.start : error.end].strip() == marked
    assert said in error.problem
    assert tried in error.hint


@pytest.mark.parametrize("slip", SLIPS)
def test_a_typed_computation_is_shown_with_a_mark_under_what_is_wrong(slip):
    text = "; ".join(SLIPS[slip][0])
    error = _refuse(text, at=AT)
    _check(error, slip)
    assert error.text == text
    assert error.place.line is None


@pytest.mark.parametrize("slip", SLIPS)
def test_a_file_is_refused_at_its_line_and_column(tmp_path, slip):
    lines, line = SLIPS[slip][:2]
    path = tmp_path / "sheet.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    error = _refuse(file=str(path), at=AT)
    _check(error, slip)
    assert error.text == lines[line - 1]
    assert (error.place.source, error.place.line) == (str(path), line)
    assert error.place.column == error.start + 1


@pytest.mark.parametrize("slip", [slip for slip in SLIPS if slip not in ("comment", "letter")])
def test_a_json_graph_is_refused_at_the_node(tmp_path, slip):
    lines, line = SLIPS[slip][:2]
    nodes = [dict(zip(("name", "formula"), text.split(" = "), strict=True)) for text in lines]
    path = tmp_path / "graph.json"
    path.write_text(json.dumps({"at": AT, "nodes": nodes}, indent=1), encoding="utf-8")
    error = _refuse(file=str(path))
    _check(error, slip)
    written = path.read_text(encoding="utf-8").splitlines()
    assert written[error.place.line - 1][error.place.column - 1] == "{"
    assert json.dumps(nodes[line - 1]["formula"]) in written[error.place.line + 1]


@pytest.fixture(scope="module")
def long_lines():
    return ["x1 = a + b*a", *(f"x{k} = x{k - 1} + b*x{k - 1}/{k + 10**6}" for k in range(2, LONG))]


@pytest.mark.parametrize("slip", SLIPS)
def test_a_long_file_is_refused_at_its_line(tmp_path, long_lines, slip):
    lines, line, marked, said, tried = SLIPS[slip]
    path = tmp_path / "long.txt"
    path.write_text("\n".join([*long_lines, *lines]) + "\n", encoding="utf-8")
    error = _refuse(file=str(path), at=AT)
    assert (error.place.source, error.place.line) == (str(path), LONG - 1 + line)
    assert error.text.strip() == lines[line - 1]
    assert said in error.problem
    assert tried in error.hint
    if slip not in ("division by zero", "assigned twice", "logarithm", "root"):
        assert error.text[error.start : error.end].strip() == marked


def test_a_circle_of_a_thousand_assignments_is_counted():
    ring = [f"r{k} = r{k + 1} + a" for k in range(999)]
    error = _refuse("; ".join([*ring, "r999 = r0*a", "c = r0"]), at={"a": 1})
    assert "1,000 assignments need each other, r0 -> r1 -> r2" in error.problem
    assert error.hint == "compute `r1` or `r0` without the other"


def test_one_long_chain_that_is_only_out_of_order_is_no_circle(tmp_path):
    path = tmp_path / "order.txt"
    path.write_text("c = v*a\nv = w + 1\nw = a*b\n", encoding="utf-8")
    error = _refuse(file=str(path), at=AT)
    assert "before it is assigned" in error.problem
    assert "move" in error.hint


def test_assignments_parted_by_commas_and_arrows_are_mended():
    assert _refuse("v = a^2, c = v*b", at=AT).hint == "end each assignment with `;`"
    assert _refuse("a -> v; c = v*b", at=AT).hint == "write what is computed, such as `v = a^2`"


def test_all_inputs_without_a_value_are_named_at_once():
    error = _refuse("c = a*b + d")
    assert error.problem == "The input `a` has no value, nor `b`, `d`."
    assert "--at a=1,b=1,d=1" in error.hint


def test_the_mark_stands_in_the_assignment_that_fails_not_in_one_that_contains_its_text():
    text = "w = b/v1 + a; v = a - a; c = b/v; d = w + c"
    error = _refuse(text, at={**AT, "v1": 1})
    assert error.start == text.index("b/v;")
    assert error.hint == "choose another point; here `b` is 2 and `v` is 0"


def test_a_value_for_no_input_is_refused_by_both_engines():
    assert "no input `z`" in _refuse("c = a*b", at={**AT, "z": 1}).problem
    at = {name: _number(1) for name in "abz"}
    with pytest.raises(GradiometerError, match="no input `z`"):
        answer_list(["c = a*b"], at=at, inputs={}, source="long.txt")
    # Another name for an input uses it.
    answer_list(["c = a"], at={"a": _number(1)}, inputs={}, source="long.txt")
    answer_list(["u = a", "c = b*u"], at={n: _number(1) for n in "ab"}, inputs={}, source="x")


def _number(value):
    from gradiometer.formula import number

    return number(str(value))


@pytest.mark.parametrize(
    ("of", "said"), [("zz", "no value called"), ("2*x5 + zz", "zz"), ("2*x5 +", "missing")]
)
def test_an_unknown_output_of_a_long_file_is_a_mistake_of_the_request(
    tmp_path, long_lines, of, said
):
    path = tmp_path / "long.txt"
    path.write_text("\n".join(long_lines), encoding="utf-8")
    error = _refuse(file=str(path), at=AT, of=of)
    assert said in error.problem
    assert (error.place.source, error.place.line) == ("of", None)
    assert error.text == of
    assert len(str(error)) < 2_000


def test_a_value_beyond_float64_is_named(tmp_path, long_lines):
    path = tmp_path / "long.txt"
    path.write_text("\n".join(long_lines), encoding="utf-8")
    error = _refuse(file=str(path), at={"a": "1e400", "b": 1})
    assert "value of `a` is too large" in error.problem


@pytest.mark.parametrize("text", ["", "  \n\n", ";;\n;", " \n" * 600_000])
def test_a_file_without_a_formula_is_a_bad_file(tmp_path, text):
    path = tmp_path / "empty.txt"
    path.write_text(text, encoding="utf-8")
    error = _refuse(file=str(path), at=AT)
    assert error.problem == "There is no formula."
    assert (error.place.source, error.place.line) == (str(path), 1)


def test_a_limit_of_a_typed_computation_has_no_line_of_a_file():
    error = _refuse("c = a^9^9^9*b", at=AT)
    assert isinstance(error, LimitError)
    assert error.place.line is None


NODE = {"name": "c", "formula": "a*b"}


@pytest.mark.parametrize(
    ("graph", "said"),
    [
        ({"nodes": []}, "no nodes"),
        ({"nodes": [{**NODE, "name": "c = a; d"}]}, "one name"),
        ({"nodes": [{**NODE, "name": ""}]}, "one name"),
        ({"nodes": [{**NODE, "name": "v\nw"}]}, "one name"),
        ({"nodes": [{**NODE, "name": 5}]}, "one name"),
        ({"nodes": [{**NODE, "formula": "a; d = b"}]}, "no formula"),
        ({"nodes": [{**NODE, "formula": ["a"]}]}, "no formula"),
        ({"nodes": [{**NODE, "formula": True}]}, "no formula"),
        ({"nodes": [{"name": "c", "operation": ["+"], "operands": ["a", "b"]}]}, "operation"),
        ({"nodes": [{"name": "c", "operation": "<", "operands": ["a", "b"]}]}, "operation"),
        ({"nodes": [{"name": "c", "operation": "+", "operands": ["a"]}]}, "1 operand, "),
        ({"nodes": [{"name": "c", "operation": "*", "operands": ["a", "b", "a"]}]}, "3 operands"),
        ({"nodes": [{"name": "c", "operation": "+", "operands": [["a"], "b"]}]}, "no formula"),
        ({"nodes": [{"name": "c", "operation": "+", "operands": "ab"}]}, "list of operands"),
        ({"nodes": [NODE], "at": {"a": None, "b": 1}}, "no number"),
        ({"nodes": [NODE], "at": [1]}, "table of values"),
        ({"nodes": [NODE], "of": ["c"]}, "name of an output"),
        ({"nodes": [NODE], "at": {"a": float("nan")}}, "no number"),
        ('{"nodes": [], "nodes": []}', "stands twice"),
        ('{"nodes":' * 100_000, "nested"),
        ('{"nodes": [], "at": {"a": 1' + "0" * 6_000 + "}}", "too many digits"),
        ("", "no JSON"),
    ],
)
def test_a_json_graph_of_wrong_types_is_refused(tmp_path, graph, said):
    path = tmp_path / "graph.json"
    path.write_text(graph if isinstance(graph, str) else json.dumps(graph), encoding="utf-8")
    error = _refuse(file=str(path), at=AT)
    assert isinstance(error, StudyError)
    assert said in error.problem
    assert error.place.source == str(path)


def test_a_number_is_a_formula_of_a_json_graph(tmp_path):
    path = tmp_path / "graph.json"
    nodes = [{"name": "k", "formula": 5}, {"name": "c", "formula": "k*a*b"}]
    path.write_text(json.dumps({"nodes": nodes}), encoding="utf-8")
    assert gradient(file=str(path), at=AT).facts["value"].value == 10
