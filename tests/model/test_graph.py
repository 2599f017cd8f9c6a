"""A computation read as a graph: its nodes, its names, and what is wrong with a bad one."""

import pytest

from gradiometer.errors import FormulaError, GradiometerError, LimitError, UsageError
from gradiometer.model import read_graph


def _names(text, *inputs, of=""):
    return [node.name for node in read_graph(text, inputs=inputs, of=of).nodes]


def _edges(text, *inputs):
    graph = read_graph(text, inputs=inputs)
    return [(graph.nodes[start].name, graph.nodes[end].name) for start, end, _ in graph.edges()]


def test_assigned_names_name_their_node_and_constants_are_no_nodes():
    assert _names("v1 = a^2; v2 = a + b; c = v1*v2", "a", "b") == ["a", "v1", "b", "v2", "c"]


def test_nameless_operations_are_called_by_their_text():
    assert _names("e = (a+b)*(b+1)", "a", "b") == ["a", "b", "a + b", "b + 1", "e"]


def test_equal_operations_stay_apart():
    assert _names("(a+b)*(a+b)", "a", "b") == ["a", "b", "a + b", "a + b (2)", "(a + b)*(a + b)"]


def test_long_operations_get_a_short_name_that_is_free():
    names = _names("t1 = a*a; c = exp(a + 1000000)*cos(a + 1000000)*exp(2a) + sin(t1)", "a")
    assert "t2" in names
    assert names.count("t1") == 1
    assert all(len(name) <= 40 for name in names)


def test_the_users_structure_is_kept():
    assert len(_edges("(a+b)*a", "a", "b")) == 4
    assert len(_edges("a*a + a*b", "a", "b")) == 6


def test_an_operand_used_twice_has_two_edges():
    assert _edges("c = a*a", "a") == [("a", "c"), ("a", "c")]


def test_another_name_for_a_node_is_a_node():
    graph = read_graph("v = a^2; c = v", inputs={"a"})
    assert [node.operation_text for node in graph.nodes] == ["", "a^2", "v"]


def test_a_named_constant_is_a_node_and_no_input():
    graph = read_graph("k = 3; c = k*a", inputs={"a"})
    assert [node.name for node in graph.nodes] == ["k", "a", "c"]
    assert list(graph.inputs) == ["a"]


def test_the_users_e_is_a_name_and_not_the_constant():
    assert _names("e = a + 1; f = e^2", "a") == ["a", "e", "f"]
    assert _names("x*e", "x", "e") == ["x", "e", "x*e"]


def test_what_the_output_does_not_need_is_left_out_and_said():
    graph = read_graph("v = a*b; w = v + 1; c = w*b", inputs={"a", "b"}, of="v")
    assert [node.name for node in graph.nodes] == ["a", "b", "v"]
    assert graph.idle == ("w", "c")


def test_inputs_stay_although_the_output_does_not_need_them():
    assert list(read_graph("v = a^2; c = v*b", inputs={"a", "b"}, of="v").inputs) == ["a", "b"]


def test_conditions_carry_no_gradient():
    edges = _edges("c = where(a <= b + 1, a^2, d)", "a", "b", "d")
    assert edges == [("a", "a^2"), ("a^2", "c"), ("d", "c")]


def test_paths_are_counted_exactly_however_many_there_are():
    text = "v0 = a; " + "; ".join(f"v{k} = v{k - 1} + v{k - 1}" for k in range(1, 200))
    graph = read_graph(text, inputs={"a"})
    assert graph.count_paths()[graph.inputs["a"]] == 2**199


@pytest.mark.parametrize(
    ("text", "inputs", "marked", "words"),
    [
        ("v = 1; v = 2", (), "v", "assigned twice"),
        ("c = v*a; v = a", ("a",), "v", "before it is assigned"),
        ("v = w; w = v", (), "w", "need each other"),
        ("v = w + u; u = 1; w = 2v", (), "w", "need each other"),
        ("v = v + 1", (), "v", "computed from itself"),
        ("c = a*b", ("a",), "b", "has no value"),
        ("c = a", ("a", "c"), "c", "is computed here"),
        ("c = alpha", ("alpha", "alphq"), "alphq", "no input"),
        ("c = a", ("a",), "d", "no value called"),
    ],
)
def test_a_wrong_name_is_marked(text, inputs, marked, words):
    with pytest.raises(GradiometerError) as caught:
        read_graph(text, inputs=inputs, of="d" if marked == "d" else "")
    error = caught.value
    assert words in error.problem
    assert error.text[error.start : error.end] == marked


def test_the_mark_stands_at_the_use_in_the_right_statement():
    text = "v = a^2;\nc = v*w;\nw = a"
    with pytest.raises(FormulaError) as caught:
        read_graph(text, inputs={"a"})
    assert caught.value.start == text.index("w")


def test_a_slip_is_mended_by_the_nearest_name():
    with pytest.raises(UsageError) as caught:
        read_graph("hidden = a^2; c = hiden*a", inputs={"a"})
    assert "write `hidden`" in caught.value.hint


def test_a_graph_has_a_largest_size():
    sums = "+".join(["a"] * 100)
    text = "; ".join(f"v{k} = {sums}" for k in range(60))
    with pytest.raises(LimitError, match="5,000"):
        read_graph(text, inputs={"a"})
