"""One path of a gradient on request, and few nodes of a large graph, in both engines."""

import random
from fractions import Fraction

import numpy as np
import pytest
from flint import fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from gradiometer.errors import UnknownNameError, UsageError
from gradiometer.formula import number
from gradiometer.question import gradient_arrays
from gradiometer.question.gradient import gradient
from gradiometer.question.gradient_highlight import read_highlight
from gradiometer.question.gradient_list import answer_list

SHEET = "v1=a^2; v2=a+b; c=v1*v2"
POINT = {"a": "-1", "b": "4"}


def draw(seed, count=90):
    """A random list of sums and products with rational coefficients, and a point."""
    chance = random.Random(seed)
    names, lines = ["a", "b"], []
    for index in range(count):
        x, y = (chance.choice(names[-6:]) for _ in range(2))
        lines.append(chance.choice([f"v{index} = {x} - {y}/2", f"v{index} = {x}/3 + {y}*a"]))
        names.append(f"v{index}")
    at = {name: f"{chance.randint(1, 9)}/{chance.randint(1, 9)}" for name in "ab"}
    return "; ".join([*lines, f"out = {' + '.join(names[-4:])} + b"]), at


def in_float64(text, at, **wanted):
    """The answer of the engine for long lists."""
    if "highlight" in wanted:
        wanted["highlight"] = read_highlight(wanted["highlight"])
    point = {name: number(fmpq(*map(int, value.split("/")))) for name, value in at.items()}
    lines = text.split("; ")
    return answer_list(lines, at=point, inputs={"at": at}, source="list", **wanted)


def highlighted(text, at, wanted):
    return gradient(text, at=at, highlight=wanted).facts["highlighted"]


def test_a_rank_is_of_the_input_with_the_largest_mass():
    fact = highlighted(SHEET, POINT, "1")
    assert fact.status == "proved"
    assert fact.value == {
        "input": "a", "path": ["a", "v1", "c"], "edges": [0, 3], "value": -6,
        "share": fmpq(6, 5), "share_of_mass": fmpq(6, 7),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        ("2", ["a", "v2", "c"]),
        ("a:2", ["a", "v2", "c"]),
        (" b : 1 ", ["b", "v2", "c"]),
        ("b -> v2 -> c", ["b", "v2", "c"]),
        ("b→v2→c", ["b", "v2", "c"]),
    ],
)
def test_a_path_is_asked_for_by_rank_or_by_names(wanted, path):
    assert highlighted(SHEET, POINT, wanted).value["path"] == path
    found = in_float64(SHEET, POINT, highlight=wanted).facts["highlighted"]
    assert (found.value["path"], found.status) == (path, "computed")


def test_of_parallel_edges_the_largest_is_taken_and_that_is_said():
    fact = highlighted("v = a*a; c = a^3*v*v^2", {"a": 2}, "a -> v -> c")
    assert "largest" in fact.because
    fact = highlighted("c = a*b*a", {"a": 2, "b": "5"}, "a -> c")
    assert fact.value["value"] == 10
    fact = highlighted("v = (a*2)*(a*3)", {"a": 1}, "a -> v")
    assert (fact.value["value"], len(fact.value["path"])) == (6, 3)
    assert "no name of their own" in fact.because
    fact = highlighted("c = a^b*1", {"a": 2, "b": 3}, "1")
    assert fact.value["input"] == "a"


def test_parallel_edges_of_two_sizes():
    fact = highlighted("c = where(a > 0, a, b) + a*a", {"a": 1, "b": 1}, "a -> a*a -> c")
    assert "Of 2 parallel edges from `a` to `a*a`" in fact.because


@pytest.mark.parametrize(
    ("wanted", "error", "said", "known", "hint"),
    [
        ("a -> c", UsageError, "no edge from `a` to `c`", ("v1", "v2"), "`a -> v1 -> c`"),
        ("a -> v2", UsageError, "ends at `v2`", ("c",), "`a -> v2 -> c`"),
        ("v1 -> c", UsageError, "no input", ("a", "b"), "`a -> v1 -> c`"),
        ("a -> v3 -> c", UnknownNameError, "called `v3`", ("a", "v1", "b", "v2", "c"), "-> c`"),
        ("d:1", UnknownNameError, "input called `d`", ("a", "b"), ""),
        ("b:2", UsageError, "1 path of a value other than 0", ("a", "b"), "`b:1`"),
        ("0", UsageError, "no rank", (), "`1`"),
        ("a -> -> c", UsageError, "a name is missing", (), "a -> v1 -> c"),
        ("a -> … 3 more … -> c", UsageError, "cannot be read back", (), "rank"),
    ],
)  # fmt: skip
def test_a_path_that_is_not_there_is_refused_with_what_could_be_meant(
    wanted, error, said, known, hint
):
    for ask in (lambda: highlighted(SHEET, POINT, wanted),
                lambda: in_float64(SHEET, POINT, highlight=wanted)):  # fmt: skip
        with pytest.raises(error, match=said) as caught:
            ask()
        assert set(caught.value.known) == set(known)
        assert hint in caught.value.hint
        assert caught.value.place.source == "highlight"


def test_the_path_that_an_error_proposes_is_there():
    with pytest.raises(UsageError) as caught:
        highlighted(SHEET, POINT, "b -> c")
    path = caught.value.hint.split("`")[1]
    assert highlighted(SHEET, POINT, path).value["path"] == ["b", "v2", "c"]


@given(seed=st.integers(0, 10**6), rank=st.integers(1, 5))
@settings(max_examples=12, deadline=None)
def test_the_value_is_the_product_along_its_edges(seed, rank):
    text, at = draw(seed, count=12)
    for ask in (
        lambda wanted: gradient(text, at=at, highlight=wanted),
        lambda wanted: in_float64(text, at, highlight=wanted),
    ):
        answer = ask(f"a:{rank}")
        found, data = answer.facts["highlighted"].value, answer.data
        product = Fraction(1)
        place = data.node.values.tolist().index("a")
        for edge, name in zip(found["edges"], found["path"][1:], strict=True):
            assert int(data.source[edge]) == place
            place = int(data.target[edge])
            assert str(data.node.values[place]) == name
            product *= Fraction(float(data.local[edge]))
        assert name == "out"
        assert float(product) == pytest.approx(float(found["value"]), rel=1e-12)
        # Read back, it is the same path, along the largest of parallel edges.
        again = ask(" -> ".join(found["path"])).facts["highlighted"].value
        assert again["path"] == found["path"]
        assert abs(again["value"]) >= abs(found["value"])


@given(seed=st.integers(0, 10**6))
@settings(max_examples=8, deadline=None)
def test_rows_of_a_focus_that_leave_a_node_add_up_to_its_adjoint(seed):
    text, at = draw(seed)
    exact, floats = gradient(text, at=at), in_float64(text, at)
    for answer, tolerance in ((exact, 0), (floats, 1e-9)):
        focus = answer.facts["focus"].value
        assert focus["shown"] == len(focus["nodes"]) <= 60 < focus["of"]
        sums = {}
        for row in focus["edges"]:
            sums[row["from"]] = sums.get(row["from"], 0) + row["flow"]
        for node in focus["nodes"]:
            if node["name"] in sums:
                off = abs(sums[node["name"]] - node["adjoint"])
                assert off <= tolerance * (1 + abs(node["adjoint"]))
        assert 0 <= focus["coverage"] <= focus["met"] <= 1
    inputs = {"a", "b"} & {row["name"] for row in exact.facts["focus"].value["nodes"]}
    gradients = exact.facts["derivatives"].value
    for row in exact.facts["focus"].value["nodes"]:
        if row["name"] in inputs:
            assert row["adjoint"] == gradients[row["name"]]


def test_a_small_graph_needs_no_focus_unless_it_is_asked_for():
    assert "focus" not in gradient(SHEET, at=POINT).facts
    fact = gradient(SHEET, at=POINT, focus=3).facts["focus"]
    assert fact.value["nodes"][0] == {"name": "a", "operation": "", "value": -1, "adjoint": -5}
    assert fact.value["edges"] == [
        {"from": "a", "to": "v1", "paths": 1, "flow": -6, "mass": 6, "hidden": 0},
        {"from": "a", "to": "c", "paths": 1, "flow": 1, "mass": 1, "hidden": 1},
        {"from": "v1", "to": "c", "paths": 1, "flow": 3, "mass": 3, "hidden": 0},
    ]
    # Paths weigh 6 + 1 from a and 1 from b, and b is not shown.
    assert (fact.value["coverage"], fact.value["met"]) == (fmpq(3, 4), fmpq(7, 8))
    assert "3 of 5 nodes" in fact.because
    assert "75 %" in fact.because
    assert "One input is not among them" in fact.because


def test_the_highlighted_path_is_in_the_focus():
    text, at = draw(3)
    for wanted in ("b:7", "a:9"):
        for answer in (gradient(text, at=at, highlight=wanted, focus=40),
                       in_float64(text, at, highlight=wanted, focus=40)):  # fmt: skip
            names = {row["name"] for row in answer.facts["focus"].value["nodes"]}
            path = answer.facts["highlighted"].value["path"]
            assert len(path) > 40 or set(path) <= names
            assert {path[0], path[-1]} <= names


@pytest.mark.parametrize("focus", [1, 61, True, "9"])
def test_a_focus_of_no_size_is_refused(focus):
    with pytest.raises(UsageError, match="from 2 to 60") as caught:
        gradient(SHEET, at=POINT, focus=focus)
    assert caught.value.place.source == "focus"


def test_at_a_kink_path_and_focus_are_unknown():
    facts = gradient("c = abs(a)*2 + a", at={"a": 0}, highlight="1", focus=3).facts
    assert {facts["highlighted"].status, facts["focus"].status} == {"unknown"}
    facts = in_float64("v = abs(a); c = v*2 + a", {"a": "0"}, highlight="1").facts
    assert facts["highlighted"].status == "unknown"


def test_what_was_asked_stands_in_the_inputs():
    inputs = gradient(SHEET, at=POINT, highlight="b:1", focus=3).inputs
    assert (inputs["highlight"], inputs["focus"]) == ("b:1", 3)


def test_data_holds_the_graph_as_arrays_in_both_engines():
    for answer in (gradient(SHEET, at=POINT), in_float64(SHEET, POINT)):
        data = answer.data
        assert set(data.dims) == {"node", "edge"}
        assert data.source.dtype == data.target.dtype == np.int32
        named = dict(zip(data.node.values.tolist(), data.adjoint.values.tolist(), strict=True))
        expected = {"a": -5, "b": 1, "v1": 3, "v2": 1, "c": 1}
        assert {name: named[name] for name in expected} == expected
        rows = {
            (str(data.node.values[s]), str(data.node.values[t])): (local, flow, mass)
            for s, t, local, flow, mass in zip(
                *(data[key].values.tolist() for key in ("source", "target", "local", "flow")),
                data.mass.values.tolist(), strict=True,
            )
        }  # fmt: skip
        assert rows["a", "v1"] == (-2, -6, 6)
        assert rows["v2", "c"] == (1, 1, 2)


def test_edges_of_data_stand_in_the_order_of_the_fact():
    answer = gradient("v = where(a < b, a*b, b) ; c = v^2 + max(a, v)", at={"a": 1, "b": "5"})
    names = answer.data.node.values
    pairs = [(names[s], names[t]) for s, t in zip(answer.data.source, answer.data.target,
                                                  strict=True)]  # fmt: skip
    assert pairs == [(row["from"], row["to"]) for row in answer.facts["edges"].value]
    assert answer.data.flow.values.tolist() == [
        float(row["flow"]) for row in answer.facts["edges"].value
    ]


def test_data_of_a_large_list_is_left_out(monkeypatch):
    monkeypatch.setattr(gradient_arrays, "MOST_NODES", 4)
    assert not in_float64(SHEET, POINT).arrays


def test_an_expression_is_said_to_keep_its_structure():
    said = "(a+b)*a and a*a+a*b are different computations"
    assert said in gradient("(a+b)*a", at=POINT).facts["nodes"].because
    assert said not in gradient(SHEET, at=POINT).facts["nodes"].because
    one, other = (gradient(text, at=POINT).facts for text in ("(a+b)*a", "a*a+a*b"))
    assert one["derivatives"].value == other["derivatives"].value
    assert one["path_count"].value != other["path_count"].value
