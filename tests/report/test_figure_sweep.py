"""Pictures of sweeps: maps over two axes, lines over one, and frames that lead to proofs."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from gradiometer import sweep
from gradiometer.report import draw_figure, to_format
from gradiometer.report.sweep_reading import find_boxes, read_ruler

WELL = {"objective": "double_well", "set": {"learning_rate": "1/10:2:9"}, "steps": 200}


@pytest.fixture(scope="module")
def mapped():
    return sweep(**WELL, start="-2:2:11", prove=["boundary:3", "4,5"])


@pytest.fixture(scope="module")
def lined():
    return sweep(**{**WELL, "steps": 1000}, start="3/10", prove=["0", "8"])


def texts(figure):
    return re.findall(r"<text[^>]*>(.*?)</text>", figure.svg)


def test_a_map_names_its_axes_and_kinds_and_has_no_raster(mapped):
    figure = draw_figure(mapped)
    words = texts(figure)
    assert {"learning rate", "start", "proved"} <= set(words)
    for row in mapped.facts["kinds"].value:
        assert f"{row['kind']}: {row['runs']:,}" in words
    ET.fromstring(figure.to_inline("a"))
    assert "<image" not in figure.svg


def test_kinds_are_told_apart_without_colour(mapped):
    kinds = len(mapped.facts["kinds"].value)
    hatches = set(re.findall(r"fill: ?url\(#(\w+)\)", draw_figure(mapped).svg))
    assert kinds - 1 <= len(hatches), "one kind may do without a hatch"


def test_a_frame_leads_to_the_row_of_its_proof(mapped):
    page = to_format(mapped, "html")
    frames = re.findall(r'<a href="#([^"]+)" aria-label="([^"]+)">', page)
    rows = mapped.facts["proofs"].value
    assert len(frames) == len(rows) > 3
    for target, label in frames:
        row = rows[int(target.rpartition("-")[2])]
        assert page.count(f'id="{target}"') == 1
        assert label.startswith(f"cell {row['cell']}: {row['verdict']}")
        inside = page.partition(f'id="{target}"')[2].partition("</tr>")[0]
        assert row["cell"] in inside


def test_a_picture_with_links_is_no_image_to_a_reader_but_alone_it_has_none(mapped):
    figure = draw_figure(mapped)
    assert ET.fromstring(figure.to_inline("a")).get("role") == "group"
    alone = figure.to_svg()
    assert "<a " not in alone
    assert ET.fromstring(alone).get("role") == "img"


def test_a_line_draws_all_points_of_a_cycle_and_names_its_axis(lined):
    figure = draw_figure(lined)
    assert figure.title == "What becomes of the runs, by learning rate"
    assert "Where each run stands after the last step and 63 more" in texts(figure)
    assert " proved." in figure.about
    strokes = re.findall(r'd="([^"]*)"', figure.svg)
    chaos = max(strokes, key=len)
    assert chaos.count("M") > 60, "a run without a period stands at many places"


def test_a_cell_that_floats_get_wrong_is_crossed_out():
    answer = sweep("x^2/2", set={"learning_rate": "1/2:5/2:5"}, start=1, steps=3000,
                   prove=["1", "2"])  # fmt: skip
    figure = draw_figure(answer)
    assert {"proved", "proved, not as floats say"} <= set(texts(figure))
    assert "1 of them not as floats say" in figure.about


def test_a_logarithmic_axis_is_drawn_so(mapped):
    given = {"learning_rate": "1/1000:1:7:log", "momentum": "0:9/10:3"}
    answer = sweep("x^2/2", set=given, start=1, steps=30)
    assert "learning rate, logarithmic scale" in texts(draw_figure(answer))
    edges = read_ruler(answer, "learning_rate", 99).edges
    assert np.allclose(edges[1:] / edges[:-1], edges[1] / edges[0])
    assert "learning rate, logarithmic scale" not in texts(draw_figure(mapped))


def test_large_grids_are_drawn_by_some_of_their_values():
    answer = sweep("x^2/2", set={"learning_rate": "1:2:300"}, start="1:2:200", steps=20)
    figure = draw_figure(answer)
    assert "120 of 300 values of learning rate are drawn." in figure.legend
    assert len(figure.svg) < 200_000


def test_axes_beyond_two_are_said():
    given = {"learning_rate": "1:2:3", "momentum": "1/5:2/5:2"}
    figure = draw_figure(
        sweep("x^2/2", set=given, start="1:2:2", steps=20, prove=["0,0,0", "0,0,1"])
    )
    assert figure.legend == "Drawn at the first of 2 values of start, 1."
    assert "1 cell is proved" in figure.about


@pytest.mark.parametrize(
    "asked",
    [
        {"objective": "x^2", "start": "1:1:1", "set": {"learning_rate": "1:1:1"}},
    ],
)
def test_one_cell_has_no_picture(asked):
    assert draw_figure(sweep(**asked)) is None


@pytest.mark.parametrize(
    "asked",
    [
        {"objective": "x^2", "start": "1:2:2", "set": {"learning_rate": "5:9:3"}},
        {"objective": "x^2", "start": "2:1:3"},
        {"objective": "x^2 + y^2", "start": "x=1:2:3,y=1"},
        {"objective": "x^2 + y^2", "start": "x=1:2:3,y=2:1:4"},
        {"objective": "x^4", "start": "9:9:1", "set": {"learning_rate": "2:3:3"}},
        {"objective": "-x", "start": "0:1:3", "inside": ":3"},
        {"objective": "1/x", "start": "-1:1:3", "set": {"learning_rate": "1:1e20:4:log"}},
    ],
)
def test_runs_that_go_anywhere_can_be_drawn(asked):
    figure = draw_figure(sweep(**asked, steps=300))
    ET.fromstring(figure.to_svg())
    assert not re.search(r"[\" ]nan[\" ]", figure.svg)


@pytest.mark.parametrize("seed", range(20))
def test_boxes_cover_each_cell_once(seed):
    mask = np.random.default_rng(seed).random((7, 9)) < (seed + 1) / 22
    covered = np.zeros(mask.shape, int)
    for top, bottom, left, right in find_boxes(mask):
        covered[top:bottom, left:right] += 1
    assert (covered == mask).all()
