"""A graph as DOT, Mermaid, JSON and letters: everything that is written can be read again."""

import json
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gradiometer
from gradiometer.errors import UsageError
from gradiometer.formula import number
from gradiometer.question import ask
from gradiometer.question.gradient_list import answer_list
from gradiometer.report import GRAPH_FORMATS, to_format, to_terminal
from gradiometer.report.mermaid import MOST_EDGES, MOST_TEXT
from gradiometer.report.text_graph import draw_text

SHEET_INPUTS = {
    "computation": "v1=a^2; v2=a+b; c=v1*v2", "at": {"a": "-1", "b": "4"}, "highlight": "1",
}  # fmt: skip
SHEET = ask("gradient", **SHEET_INPUTS)

DOT_STRING = r'"(?:[^"\\]|\\.)*"'
DOT_VALUE = rf"(?:{DOT_STRING}|[\w.]+)"
DOT_LIST = rf"\[{DOT_VALUE}={DOT_VALUE}(?:, \w+={DOT_VALUE})*\]"
DOT_LINE = re.compile(
    rf"digraph \w+ {{|}}|  //.*|  \w+=\w+;|  (?:node|edge) {DOT_LIST};"
    rf"|  (?P<node>{DOT_STRING}) {DOT_LIST};"
    rf"|  (?P<start>{DOT_STRING}) -> (?P<end>{DOT_STRING}) {DOT_LIST};"
)
MERMAID_TEXT = r'"(?:[^"#;<>\[\]{}|`*]|#\d+;|<br/>)*"'
MERMAID_LINE = re.compile(
    r"flowchart LR|  %%[^;{}]*"
    rf"|  (?P<node>n\d+)\[{MERMAID_TEXT}\]"
    rf"|  (?P<start>n\d+) -->\|{MERMAID_TEXT}\| (?P<end>n\d+)"
    r"|  linkStyle (?P<link>\d+) stroke-width:[\d.]+px,stroke:#[0-9a-f]{6}"
    r"|  classDef lit stroke-width:\dpx|  class n\d+(?:,n\d+)* lit"
)


def read_lines(text, grammar):
    """Nodes, edges and styled links of an export; a line outside its grammar fails."""
    found = {"node": [], "edge": [], "link": []}
    for line in text.splitlines():
        match = grammar.fullmatch(line)
        assert match, line
        groups = match.groupdict()
        if groups.get("node"):
            found["node"].append(groups["node"])
        if groups.get("start"):
            found["edge"].append((groups["start"], groups["end"]))
        if groups.get("link"):
            found["link"].append(int(groups["link"]))
    assert {end for edge in found["edge"] for end in edge} <= set(found["node"])
    assert len(set(found["node"])) == len(found["node"])
    return found


def draw(seed, count):
    """A random computation with the operations that have signs a format could mistake."""
    chance = random.Random(seed)
    names, lines = ["a", "b'"], []
    forms = ["{x}*{y} + 1/3", "max({x}, {y})", "where({x} < {y}, {x}, 2*{y})", "abs({x})^2 - {y}"]
    for index in range(count):
        x, y = (chance.choice(names[-5:]) for _ in range(2))
        lines.append(f"v{index} = {chance.choice(forms)}".format(x=x, y=y))
        names.append(f"v{index}")
    last = chance.choice(["out = {x} + {y} + a*b'", "out = tanh({x}/1000)*{y} - a*b'"])
    lines.append(last.format(x=names[-1], y=names[-2]))
    at = {name: f"{chance.randint(1, 9)}/{chance.randint(10, 19)}" for name in ("a", "b'")}
    return "; ".join(lines), at


@given(seed=st.integers(0, 10**6), count=st.integers(0, 9))
@settings(max_examples=25, deadline=None)
def test_every_export_parses_and_has_all_nodes_and_edges(seed, count):
    text, at = draw(seed, count)
    answer = ask("gradient", computation=text, at=at)
    rows = answer.facts["edges"].value
    names = [row["name"] for row in answer.facts["nodes"].value]
    dot = read_lines(to_format(answer, "dot"), DOT_LINE)
    assert [name.strip('"') for name in dot["node"]] == names
    assert dot["edge"] == [(f'"{row["from"]}"', f'"{row["to"]}"') for row in rows]
    mermaid = read_lines(to_format(answer, "mermaid"), MERMAID_LINE)
    assert len(mermaid["node"]) == len(names)
    assert len(mermaid["edge"]) == len(mermaid["link"]) == len(rows)
    graph = json.loads(to_format(answer, "graph"))
    assert [(edge["from"], edge["to"]) for edge in graph["edges"]] == [
        (row["from"], row["to"]) for row in rows
    ]


@given(seed=st.integers(0, 10**6), count=st.integers(0, 9))
@settings(max_examples=15, deadline=None)
def test_an_exported_graph_reads_back_as_the_same_answer(seed, count, tmp_path_factory):
    text, at = draw(seed, count)
    path = tmp_path_factory.mktemp("graph") / "graph.json"
    answer = ask("gradient", computation=text, at=at)
    path.write_text(to_format(answer, "graph"), encoding="utf-8")
    assert ask("gradient", file=str(path)).to_json() == answer.to_json()


@pytest.mark.parametrize(
    ("text", "at", "of"),
    [
        ("(a+b)*(a+b)*a", {"a": "-1", "b": "4"}, None),
        ("c = a*b; d = a + c; e = 3", {"a": "2", "b": "1/3"}, "c + 2*d"),
        ("c = a*b; d = a", {"a": "2", "b": "1/3"}, "b"),
        ("α = π*x; γ = sin(α)*x'", {"x": "0.1", "x'": "sqrt(2)"}, None),
        ("sin(a*b) + cos(a*b)*exp(a - b)*ln(a + b)*sqrt(a + 2*b)", {"a": "1", "b": "2"}, None),
        ("k = 3; m = 2 + k", {}, None),
    ],
)
def test_also_expressions_sums_and_idle_lines_read_back(text, at, of, tmp_path):
    path = tmp_path / "graph.json"
    answer = ask("gradient", computation=text, at=at, of=of)
    path.write_text(to_format(answer, "graph"), encoding="utf-8")
    assert ask("gradient", file=str(path)).to_json() == answer.to_json()


def test_dot_shows_local_derivative_flow_and_the_highlighted_path():
    text = to_format(SHEET, "dot")
    assert "  rankdir=LR;" in text
    row = next(line for line in text.splitlines() if '"a" -> "v1"' in line)
    assert 'label="d -2, flow -6"' in row
    assert "penwidth=6.00" in row
    assert "style=bold" in row
    assert "style=bold" not in next(line for line in text.splitlines() if '"b" -> "v2"' in line)


def test_names_are_escaped():
    answer = ask("gradient", computation="where(a < b, a, 2)*abs(a)", at={"a": "1", "b": "2"})
    mermaid = to_format(answer, "mermaid")
    assert "#60;" in mermaid
    read_lines(mermaid, MERMAID_LINE)
    read_lines(to_format(answer, "dot"), DOT_LINE)


def large(count=260):
    lines = [f"v{k} = v{k - 1}*a + v{max(k - 3, 0)}*b/2" for k in range(1, count)]
    return "; ".join(["v0 = a*b", *lines])


def test_a_graph_beyond_the_limits_of_mermaid_is_its_focus_and_that_is_said():
    answer = ask("gradient", computation=large(), at={"a": "1/2", "b": "3/4"})
    text = to_format(answer, "mermaid")
    found = read_lines(text, MERMAID_LINE)
    assert len(found["node"]) <= 60
    assert len(found["edge"]) <= MOST_EDGES
    assert len(text) <= MOST_TEXT
    assert "beyond the limits of Mermaid" in text
    assert len(read_lines(to_format(answer, "dot"), DOT_LINE)["node"]) > 500


def test_a_list_in_float64_is_written_from_its_arrays():
    at = {name: number("1/2") for name in ("a", "b")}
    lines = large(90).split("; ")
    answer = answer_list(lines, at=at, inputs={"file": "list.txt"}, source="list.txt")
    dot = read_lines(to_format(answer, "dot"), DOT_LINE)
    assert len(dot["node"]) == answer.data.sizes["node"]
    assert len(dot["edge"]) == answer.data.sizes["edge"]
    with pytest.raises(UsageError, match="too long for one text"):
        to_format(answer, "graph")


@pytest.mark.parametrize("name", GRAPH_FORMATS)
def test_an_answer_without_a_graph_says_so(name):
    with pytest.raises(UsageError, match="no graph to write") as caught:
        to_format(ask("parameters", networks=["3-2"]), name)
    assert caught.value.hint


def test_the_suffix_names_the_format(tmp_path):
    for suffix, first in ((".dot", "digraph"), (".gv", "digraph"), (".mmd", "flowchart")):
        path = gradiometer.gradient(**SHEET_INPUTS).save(tmp_path / f"graph{suffix}")
        assert path.read_text(encoding="utf-8").startswith(first)


def test_the_drawing_has_every_node_and_every_edge_and_marks_the_path():
    lines = draw_text(SHEET)
    assert [line.text for line in lines][:3] == [
        "a = -1   gradient -5 ◀",
        "v1 = a^2 = 1   gradient 3 ◀",
        "  └─ a  slope -2, flow -6  ████████ ◀",
    ]
    assert len(lines) == 5 + 5
    assert sum(line.is_lit for line in lines) == 3 + 2


def test_in_ascii_the_drawing_has_only_its_letters():
    text = "\n".join(line.text for line in draw_text(SHEET, ascii_only=True))
    assert text.isascii()
    assert "`- a  slope -2, flow -6  ######## <" in text
    assert "├" not in to_terminal(SHEET, ascii_only=True)


@pytest.mark.parametrize("width", [40, 80])
def test_a_large_graph_is_drawn_by_its_focus_within_the_screen(width):
    answer = ask("gradient", computation=large(60), at={"a": "1/2", "b": "3/4"})
    lines = draw_text(answer, width=width)
    assert max(len(line.text) for line in lines[:-1]) <= width
    assert "nodes that lead" not in lines[0].text
    assert "60 of" in lines[-1].text
    assert "lines more" in lines[-2].text
    assert "\ngraph\n" in to_terminal(answer, width=width)


def test_tables_of_different_columns_stand_apart():
    answer = ask("gradient", computation=large(60), at={"a": "1/2", "b": "3/4"})
    text = to_terminal(answer, width=120)
    assert re.search(r"^focus: nodes\nname +operation", text, re.MULTILINE)
    assert re.search(r"^focus: edges\nfrom +to +paths", text, re.MULTILINE)
