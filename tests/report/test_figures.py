"""Each kind of figure: what is drawn, what is not, and how it stands on a page of its own."""

import itertools
import math
import re
import xml.etree.ElementTree as ET

import pytest
from flint import fmpq
from hypothesis import given
from hypothesis import strategies as st

import gradiometer
from gradiometer.errors import UsageError
from gradiometer.question import Answer, Series, proved
from gradiometer.report import draw_figure
from gradiometer.report.figure_activation import _Break, split_line
from report.samples import (
    ANSWERS,
    CLAIM,
    DIVERGING,
    graph,
)

DRAWN = [name for name, answer in ANSWERS.items() if answer is not CLAIM]


def texts(figure):
    """Everything that is written in a figure, its name and description apart."""
    return re.findall(r"<text[^>]*>(.*?)</text>", figure.svg)


@pytest.fixture(scope="module")
def figures():
    return {name: draw_figure(ANSWERS[name]) for name in DRAWN}


@pytest.mark.parametrize("name", DRAWN)
def test_figure_is_one_named_and_described_element(name, figures):
    root = ET.fromstring(figures[name].to_inline("a"))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.get("role") == "img"
    title, about = root.get("aria-labelledby").split()
    found = {element.get("id"): element.text for element in root.iter() if element.get("id")}
    assert found[title] == figures[name].title
    assert found[about] == figures[name].about
    assert len(found[about]) > 20


@pytest.mark.parametrize("name", DRAWN)
def test_figure_has_no_fixed_colour_font_or_reference_outside(name, figures):
    svg = figures[name].svg
    assert re.findall(r"(?<!,)#[0-9a-f]{6}\b", re.sub(r'href="#[^"]*"', "", svg)) == []
    assert "<style" not in svg
    assert "<image" not in svg
    assert "DejaVu" not in svg
    assert set(re.findall(r"https?://[^\"]*", svg)) == {"http://www.w3.org/2000/svg"}


def test_two_figures_on_a_page_share_no_id(figures):
    parts = [
        figures[name].to_inline(prefix) for name in DRAWN for prefix in ("a" + name, "b" + name)
    ]
    ids = list(itertools.chain.from_iterable(re.findall(r'\bid="([^"]+)"', part) for part in parts))
    assert len(ids) == len(set(ids))


def test_saved_figure_knows_light_and_dark_by_itself(tmp_path, figures):
    path = figures["leaky"].save(tmp_path / "leaky.svg")
    text = path.read_text(encoding="utf-8")
    ET.fromstring(text)
    assert "prefers-color-scheme:dark" in text
    with pytest.raises(UsageError, match="png"):
        figures["leaky"].save(tmp_path / "leaky.png")


def test_question_without_a_picture_has_none():
    assert draw_figure(CLAIM) is None
    assert draw_figure(Answer("no such question", {}, {})) is None


@pytest.mark.parametrize(
    "question", ["activation", "schedule", "trajectory", "escape", "parameters", "stability"]
)
def test_answer_without_arrays_has_no_picture(question):
    assert draw_figure(Answer(question, {}, {})) is None


def test_kink_is_named_at_its_place(figures):
    assert "kink at 0" in texts(figures["leaky"])
    assert "kinks at 0" in figures["leaky"].about
    assert "no kink" in figures["sign"].about
    assert "jumps at 0" in figures["sign"].about


def test_safe_values_are_shaded_up_to_the_critical_one(figures):
    written = texts(figures["stability"])
    assert {"safe", "critical 3.8", "best 0.0026", "learning rate"} <= set(written)
    assert "below 1 for learning rate from 0 to 3.8" in figures["stability"].about


XS = [-2.0, -1.0, 0.0, 1.0, 2.0]


def test_curve_stops_at_a_jump_and_starts_again_at_its_other_side():
    lines = split_line(XS, [0, 0, 5, 1, 1], [_Break(0.0, 0.0, 1.0, 5.0)])
    assert lines == [([-2, -1, 0], [0, 0, 0]), ([0, 1, 2], [1, 1, 1])]


def test_slope_is_not_joined_across_a_kink_between_samples():
    lines = split_line(XS, [1, 1, 1, 3, 3], [_Break(0.5, 1.0, 3.0)])
    assert lines == [([-2, -1, 0, 0.5], [1, 1, 1, 1]), ([0.5, 1, 2], [3, 3, 3])]


def test_gap_in_the_samples_is_a_gap_in_the_line():
    lines = split_line(XS, [1, 1, math.nan, 2, 2], [])
    assert lines == [([-2, -1], [1, 1]), ([1, 2], [2, 2])]


@given(
    st.lists(st.floats(-5, 5), min_size=2, max_size=12, unique=True),
    st.lists(st.floats(-5, 5), max_size=4, unique=True),
)
def test_no_line_runs_over_a_break(xs, places):
    xs = sorted(xs)
    lines = split_line(xs, [1.0] * len(xs), [_Break(p, 0.0, 2.0) for p in places])
    for line, _ in lines:
        assert line == sorted(line)
        assert not any(line[0] < place < line[-1] for place in places)


def test_points_of_a_cycle_are_ringed_and_the_rest_of_the_run_left_out(figures):
    written = texts(figures["descent"])
    assert "cycle of period 2" in written
    assert "lowest 0.1 (step 3)" in written
    assert "the first 12 of 103 iterates are drawn" in figures["descent"].about


def test_diverging_run_is_drawn_while_it_can_be_seen(figures):
    shown = int(re.search(r"the first (\d+) of 2000", figures["diverging"].about)[1])
    assert 5 <= shown <= 15
    sizes = [abs(x) for x in DIVERGING.arrays["x"].values[:shown]]
    assert max(sizes) < 100


@pytest.mark.parametrize("x", [math.inf, math.nan, 1e300, None])
def test_run_that_leaves_the_numbers_can_be_drawn(x):
    arrays = {
        "step": Series(("step",), [0, 1, 2]),
        "x": Series(("step",), [1.0, 2.0, x]),
        "value": Series(("step",), [1.0, 4.0, x]),
        "landscape_x": Series(("landscape_x",), [0.0, 1.0, 3.0]),
        "landscape_value": Series(("landscape_x",), [0.0, 1.0, math.inf]),
    }
    figure = draw_figure(Answer("trajectory", {}, {"verdict": proved("unknown", "")}, (), arrays))
    assert figure is not None
    assert "nan" not in figure.svg.lower().replace("nano", "")


def test_regimes_are_named_and_their_parameter_too(figures):
    written = texts(figures["escape"])
    assert {"escapes", "trapped", "h"} <= set(written)
    assert "farthest point x = 1.0034341" in written, "numbers keep their digits"
    assert "trapped from 0.003434062 to inf" in figures["escape"].about


def test_networks_stand_side_by_side_with_their_counts(figures):
    written = texts(figures["parameters"])
    assert {"100-100-20-1", "100-20-100-1", "10,000", "layer 3", "20", "100"} <= set(written)


def test_graph_shows_values_local_derivatives_and_gradients(figures):
    svg = figures["graph"].svg
    assert "gradient −5" in svg
    assert "∂ −2" in svg
    assert "← −6" in svg
    dashed = [line for line in svg.splitlines() if "stroke-dasharray" in line]
    assert len(dashed) == 1, "one edge carries a negative gradient"
    widths = [float(w) for w in re.findall(r"fill:none;[^\"]*stroke-width:([\d.]+)", svg)]
    assert max(widths) == widths[0], "the edge with the largest gradient is the thickest"


def test_names_of_nodes_are_escaped_and_shortened():
    name = "<b>&" + "n" * 60
    answer = graph([(name, "", fmpq(1), fmpq(1)), ("c", "", None, None)], [(name, "c", None, None)])
    svg = draw_figure(answer).to_inline("a")
    ET.fromstring(svg)
    assert "<b>" not in svg
    assert "&lt;b&gt;&amp;nnn" in svg
    assert "n" * 25 not in svg.partition("</desc>")[2]


def test_graph_of_up_to_sixty_nodes_has_a_box_for_each():
    nodes = [(f"v{k}", "", fmpq(k), fmpq(1)) for k in range(61)]
    assert draw_figure(graph(nodes, []), "graph") is None
    assert draw_figure(graph(nodes, []), "whole") is not None
    assert draw_figure(graph(nodes[:60], []), "graph").svg.count("<rect") == 60
    assert draw_figure(graph(nodes[:60], []), "whole") is None


def test_parallel_edges_are_two_lines():
    nodes = [("a", "", fmpq(3), fmpq(6)), ("c", "a*a", fmpq(9), fmpq(1))]
    svg = draw_figure(graph(nodes, [("a", "c", fmpq(3), fmpq(3))] * 2)).svg
    lines = re.findall(r'<path d="(M[^"]*C[^"]*)"', svg)
    assert len(set(lines)) == 2


@pytest.mark.parametrize("name", ["leaky", "descent", "graph"])
def test_figure_is_drawn_again_to_the_same_bytes(name, figures):
    assert draw_figure(ANSWERS[name]) == figures[name]


SURFACE_RUNS = {
    "valley": {"objective": "rosenbrock", "set": {"learning_rate": "1/1000"}, "steps": 200},
    "away": {
        "objective": "x^2 + y^2",
        "start": "x=1, y=2",
        "set": {"learning_rate": 2},
        "steps": 40,
    },
    "still": {"objective": "booth", "start": "1, 3", "steps": 3},
}


@pytest.mark.parametrize("name", SURFACE_RUNS)
def test_a_run_in_two_variables_is_drawn_on_lines_of_equal_loss(name):
    figure = draw_figure(gradiometer.trajectory(**SURFACE_RUNS[name]))
    assert figure.title == "The run on its surface"
    assert "start" in figure.svg
    assert figure.svg.count("<path") > 5 or name == "still"


def test_the_end_is_marked_only_where_it_is_in_the_picture():
    inside, outside = (
        draw_figure(gradiometer.trajectory(**SURFACE_RUNS[n])) for n in ("valley", "away")
    )
    assert ">end<" in inside.svg
    assert ">end<" not in outside.svg
    assert "leaves the picture" in outside.about


def test_the_loss_is_drawn_above_its_lowest_value():
    figure = draw_figure(gradiometer.trajectory(**SURFACE_RUNS["valley"]), "loss")
    assert "loss above its lowest value, logarithmic scale" in figure.svg
    assert "24.2 at step 0" in figure.about


def test_a_loss_below_zero_is_drawn_on_a_plain_scale():
    figure = draw_figure(gradiometer.trajectory("-x", steps=5), "loss")
    assert "logarithmic" not in figure.svg


def test_rates_are_drawn_where_a_schedule_gives_them():
    run = {"objective": "x^2", "start": 1, "steps": 5}
    assert draw_figure(gradiometer.trajectory(**run), "rate") is None
    figure = draw_figure(gradiometer.trajectory(**run, schedule="1/(k + 2)"), "rate")
    assert "from 0.5 to 0.166667" in figure.about


def test_many_coordinates_are_drawn_step_by_step():
    figure = draw_figure(gradiometer.trajectory("sphere", start="1, 2, 3", steps=5))
    assert figure.title == "The coordinates at each step"
    assert ">x3<" in figure.svg
