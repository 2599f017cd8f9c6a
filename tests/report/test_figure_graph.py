"""Drawings of a computation: the path that stands out, the part that matters, the whole."""

import itertools
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from gradiometer.errors import UsageError
from gradiometer.question import computed
from gradiometer.report import draw_figure, draw_figures, load_renderer
from gradiometer.report.figure_whole import MOST_MARKS
from gradiometer.report.graph_reading import to_percent, to_short
from report.samples import (
    ANSWERS,
    FOCUS,
    GRAPH,
    LADDER,
    POINTED,
    as_arrays,
    graph,
    ladder,
)

CURVE = re.compile(r"([MchsC])([^MchsC]*)")


def lines(svg):
    """Shape and style of every line."""
    return re.findall(r'<path d="([^"]*)" style="fill:none;([^"]*)"', svg)


def trace(shape):
    """Points at which the parts of a drawn line start and end; each jump starts a new list."""
    runs = []
    for command, text in CURVE.findall(shape):
        numbers = list(map(float, text.split()))
        if command == "M":
            runs.append([tuple(numbers)])
            continue
        x, y = runs[-1][-1]
        step = {"h": lambda n: (n[0], 0.0)}.get(command, lambda n: tuple(n[-2:]))(numbers)
        runs[-1].append((x + step[0], y + step[1]))
    return runs


def texts(svg):
    return re.findall(r"<text[^>]*>(.*?)</text>", svg)


def test_path_stands_out_by_thickness_and_ink_and_not_by_colour_alone():
    plain, pointed = draw_figure(GRAPH).svg, draw_figure(POINTED).svg
    assert "currentColor;stroke-width" not in plain
    strong = [style for _, style in lines(pointed) if style.startswith("stroke:currentColor")]
    assert len(strong) == 2, "both edges of the path have a line of ink on each side"
    assert pointed.count('<g style="stroke-width:3">') == 3, "its three boxes have a strong edge"
    assert "opacity" in pointed
    assert "opacity" not in plain


def test_path_is_named_with_value_and_share():
    figure = draw_figure(POINTED)
    said = "The path a → v1 → c stands out: it carries −6, 120 % of the gradient of a."
    assert figure.legend.endswith(said)
    assert said in figure.about


def test_long_path_is_named_by_its_ends():
    path = [f"v{k}" for k in range(100)]
    row = {"input": "v0", "path": path, "edges": [0], "value": 1.0, "share": None}
    answer = replace(POINTED, facts={**POINTED.facts, "highlighted": computed(row, "")})
    legend = draw_figure(answer).legend
    assert "v0 → v1 → v2 → v3 → … 92 more … → v96 → v97 → v98 → v99 stands out" in legend
    assert "%" not in legend


def test_path_of_which_only_the_ends_are_known_is_told_and_not_drawn():
    row = {"input": "a", "path": ["a", "c"], "edges": [], "value": 1.0, "share": 0.5}
    figure = draw_figure(
        replace(POINTED, facts={**POINTED.facts, "highlighted": computed(row, "")})
    )
    assert "A path too long to be drawn leads from a to c: it carries 1, 50 %" in figure.legend
    assert figure.svg == draw_figure(GRAPH).svg


def test_focus_says_how_much_of_the_graph_it_is():
    figure = draw_figure(LADDER)
    assert figure.legend.startswith("3 of 79 nodes, covering 93 % of the mass.")
    assert figure.about.startswith("3 of 79 nodes, covering 93 % of the mass.")


def test_bundle_is_a_double_line_with_its_number_of_paths():
    svg = draw_figure(LADDER).svg
    assert any(text.startswith("63,245,986 paths") for text in texts(svg))
    double = [style for _, style in lines(svg) if "--g-paper" in style]
    assert len(double) == 2, "the bundle's middle, and the ground between the ink of the path"
    alone = draw_figure(replace(LADDER, facts={"focus": LADDER.facts["focus"]}), "focus").svg
    assert len([style for _, style in lines(alone) if "--g-paper" in style]) == 1


def test_path_through_hidden_nodes_stands_out_on_its_bundle():
    svg = draw_figure(LADDER).svg
    assert sum(style.startswith("stroke:currentColor") for _, style in lines(svg)) == 1


def test_part_of_a_small_graph_stands_before_all_of_it():
    focus = computed({**FOCUS, "of": 5}, "")
    figures = draw_figures(replace(GRAPH, facts={**GRAPH.facts, "focus": focus}))
    assert [figure.legend[:6] for figure in figures] == ["3 of 5", "∂ is t"]


def test_dense_part_keeps_the_strongest_wires_and_the_strongest_of_each_node():
    names = [f"n{k}" for k in range(60)]
    nodes = [{"name": name, "operation": "", "value": 1.0, "adjoint": 1.0} for name in names]
    rows = [
        {"from": a, "to": b, "paths": 2, "flow": 1.0, "mass": 2.0 ** -(i + j), "hidden": 1}
        for (i, a), (j, b) in itertools.combinations(enumerate(names), 2)
    ]
    value = {"nodes": nodes, "edges": rows, "coverage": 1.0, "shown": 60, "of": 900}
    figure = draw_figure(replace(LADDER, facts={"focus": computed(value, "")}), "focus")
    drawn = int(re.search(r"Of 1,770 connections (\d+) are drawn", figure.legend)[1])
    assert 40 <= drawn <= 40 + 2 * len(names)
    told = re.findall(r"(n\d+) to (n\d+):", figure.about)
    assert len(told) == drawn
    assert {a for a, _ in told} == set(names[:-1])
    assert {b for _, b in told} == set(names[1:])
    assert ("n0", "n1") in told
    assert ("n30", "n40") not in told


def test_graph_without_a_chosen_part_has_the_whole_only():
    nodes, edges, _ = ladder(40)
    figures = draw_figures(graph(nodes, edges))
    assert [figure.title for figure in figures] == ["The whole computation"]


def test_part_and_whole_stand_on_a_page_under_their_own_names():
    html = load_renderer().to_format(LADDER, "html")
    assert len(re.findall(r'<figure id="[^"]*">', html)) == 2
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))


def test_answer_is_plotted_by_kind():
    renderer = load_renderer()
    assert renderer.to_figure(LADDER) == draw_figure(LADDER, "focus")
    assert renderer.to_figure(LADDER, "whole") == draw_figures(LADDER)[1]
    with pytest.raises(UsageError, match="no figure `part`") as caught:
        renderer.to_figure(LADDER, "part")
    assert caught.value.known == ("uses", "focus", "graph", "whole")
    with pytest.raises(UsageError, match="no figure"):
        renderer.to_figure(GRAPH, "whole")


OTHERS = [n for n, a in ANSWERS.items() if a.question not in ("gradient", "parameters")]


@pytest.mark.parametrize("name", OTHERS)
def test_other_questions_have_one_picture_at_most_and_runs_their_loss_too(name):
    most = 2 if ANSWERS[name].question == "trajectory" else 1
    assert len(draw_figures(ANSWERS[name])) <= most


def test_whole_is_the_same_from_tables_and_from_arrays():
    nodes, edges, path = ladder(40)
    facts = {"focus": computed(FOCUS, ""), "highlighted": computed(path, "")}
    tables = draw_figure(graph(nodes, edges, **facts), "whole")
    arrays = draw_figure(as_arrays(nodes, edges, **facts), "whole")
    drawn = [re.sub(r"<title>.*?</title>", "", figure.svg) for figure in (tables, arrays)]
    assert drawn[0] == drawn[1]
    assert "<title>s2, value 1, gradient 0.5</title>" in arrays.svg
    assert "<title>s2 = p2 + s0, value 1, gradient 0.5</title>" in tables.svg


def whole(steps, **facts):
    nodes, edges, _ = ladder(steps)
    return nodes, edges, draw_figure(graph(nodes, edges, **facts), "whole")


def test_whole_has_a_mark_with_a_tooltip_for_every_node():
    nodes, _, figure = whole(200)
    root = ET.fromstring(figure.to_inline("a"))
    assert sum(e.tag.endswith("title") for e in root.iter()) == len(nodes) + 1
    assert texts(figure.svg) == ["w", "s0", "s199"]


def test_lines_of_the_whole_run_to_the_right_and_stay_on_the_sheet():
    figure = whole(400)[2]
    width, height = map(float, re.search(r'viewBox="0 0 (\S+) (\S+)"', figure.svg).groups())
    assert width < 1100
    for shape, _ in lines(figure.svg):
        for run in trace(shape):
            assert all(u >= x for (x, _), (u, _) in itertools.pairwise(run))
            assert all(0 <= x <= width and 0 <= y <= height for x, y in run)


def test_long_whole_goes_on_in_rows_of_about_the_same_length():
    figure = whole(400)[2]
    rows = int(re.search(r"in (\d+) rows", figure.legend)[1])
    assert rows > 5
    breaks = lines(figure.svg)[0][0]
    assert breaks.count("M") == rows - 1
    marks = [tuple(map(int, m)) for m in re.findall(r'd="M(\d+) (\d+)h0"', figure.svg)]
    bounds = [0, *(int(y) for _, y in re.findall(r"M(\d+) (\d+)h", breaks)), 10**6]
    ends = [max(x for x, y in marks if a <= y < b) for a, b in itertools.pairwise(bounds)]
    assert min(ends) > 0.7 * max(ends)


def test_lines_of_the_whole_have_sign_and_strength():
    styles = [style for _, style in lines(whole(40)[2].svg)]
    thick = [float(w) for s in styles for w in re.findall(r"stroke-width:([\d.]+)", s)]
    assert thick == sorted(thick), "strong lines lie above weak ones"
    dashed = {s for s in styles if "stroke-dasharray" in s and "muted" not in s}
    assert dashed == {s for s in styles if "--g-orange" in s}, "negative ones are dashed"
    assert any("stroke-dasharray:1 3" in s for s in styles), "a zero gradient is dotted"


def test_path_lies_on_top_of_the_whole():
    svg = draw_figure(LADDER, "whole").svg
    faint = svg.index('<g style="opacity')
    assert faint < svg.index("</g>") < svg.index("stroke:currentColor;stroke-width:7.5")
    assert draw_figure(LADDER, "whole").legend.endswith("50 % of the gradient of w.")


def test_whole_of_a_chain_is_as_large_as_its_nodes():
    names = [f"v{k}" for k in range(5000)]
    nodes = [(name, "", 1.0, 1.0) for name in names]
    figure = draw_figure(graph(nodes, [(a, b, 1.0, 1.0) for a, b in itertools.pairwise(names)]))
    assert len(figure.svg) < 110 * len(nodes)


@pytest.mark.slow
def test_edges_that_cross_too_many_columns_are_direct_and_counted():
    names = [f"v{k}" for k in range(1200)]
    back = [(names[k], names[-1 - k], 1.0, -1.0) for k in range(599)]
    chain = [(a, b, 1.0, 1.0) for a, b in itertools.pairwise(names)]
    figure = draw_figure(graph([(name, "", 1.0, 1.0) for name in names], chain + back))
    assert "300 edges across more than 599 columns are drawn straight" in figure.legend
    for run in itertools.chain(*(trace(shape) for shape, _ in lines(figure.svg))):
        assert all(u >= x for (x, _), (u, _) in itertools.pairwise(run))


def test_nodes_that_do_not_lead_to_the_output_are_left_out_and_counted():
    nodes, edges, path = ladder(40)
    facts = {"focus": computed(FOCUS, ""), "highlighted": computed(path, "")}
    more = [("idle", "", 1.0, 0.0), *nodes, ("unused", "", 1.0, 0.0)]
    loose = [("idle", "unused", 1.0, 0.0), *edges, ("w", "unused", 1.0, 0.0)]
    shifted = {**path, "edges": [edge + 1 for edge in path["edges"]]}
    answer = as_arrays(more, loose, **{**facts, "highlighted": computed(shifted, "")})
    figure = draw_figure(replace(answer, inputs={"of": "s39"}), "whole")
    assert figure.svg == draw_figure(as_arrays(nodes, edges, **facts), "whole").svg
    assert "2 more nodes do not lead to the output" in figure.legend


def test_too_large_a_graph_has_no_whole():
    nodes = [(f"v{k}", "", 1.0, 1.0) for k in range(MOST_MARKS + 1)]
    assert draw_figures(graph(nodes, [])) == ()


def test_edges_of_unknown_nodes_do_not_shift_the_path():
    nodes, edges, path = ladder(40)
    shifted = {**path, "edges": [edge + 1 for edge in path["edges"]]}
    row = computed(path, "")
    one = draw_figure(graph(nodes, edges, highlighted=row), "whole")
    more = [("nobody", "w", 1.0, 1.0), *edges]
    other = draw_figure(graph(nodes, more, highlighted=computed(shifted, "")), "whole")
    assert one.svg == other.svg


def test_names_of_nodes_are_escaped_everywhere():
    nodes, edges, _ = ladder(40)
    nodes = [("<b>", *row[1:]) if row[0] == "w" else row for row in nodes]
    edges = [("<b>", *row[1:]) if row[0] == "w" else row for row in edges]
    figure = draw_figure(graph(nodes, edges), "whole")
    ET.fromstring(figure.to_inline("a"))
    assert "<b>" not in figure.svg


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.5e-300, "1.5e−300"), (-1 / 3, "−0.33333"), (None, "?"), (-(10**400), "−1.00e+400")],
)
def test_number_keeps_its_exponent_when_it_is_short(value, text):
    assert to_short(value).startswith(text)
    assert len(to_short(value)) <= 16


def test_share_of_less_than_all_is_not_rounded_to_all():
    assert to_percent(0.99999) == "99.9 %"
    assert to_percent(1.0) == "100 %"
    assert to_percent(-0.25) == "−25 %"
    assert to_percent(1e-9) == "less than 0.001 %"
    assert to_percent(-123.4) == "−12,340 %"


def test_notebook_has_the_telling_picture_only():
    bundle = load_renderer().to_mimebundle(LADDER)
    assert bundle["image/svg+xml"] == draw_figure(LADDER).to_svg()
