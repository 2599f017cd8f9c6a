"""Which pictures an answer about networks has."""

import pytest

from gradiometer.question.parameters import parameters
from gradiometer.report.figure import draw_figures


def _titles(answer):
    return [figure.title for figure in draw_figures(answer)]


def test_bars_that_differ_much_are_drawn_on_both_scales():
    answer = parameters("100-100-20-1")
    assert _titles(answer) == ["Parameters by layer", "Parameters by layer, logarithmic"]
    assert _titles(parameters("10-10-10")) == ["Parameters by layer"]


def test_only_the_largest_layers_of_a_deep_network_are_drawn():
    assert _titles(parameters("resnet50"))[0] == "Parameters of the 30 largest layers"


def test_blocks_of_networks_of_different_depth_stand_side_by_side():
    figure = draw_figures(parameters(["gpt2(layers=2)", "gpt2(layers=3)"]))[0]
    assert figure.about.count("blocks.*.attention") == 2


@pytest.mark.parametrize("networks", [["100-w-1"], ["100-w-1", "9-w-w-1"]])
def test_a_varied_setting_is_drawn_as_a_curve(networks):
    figures = draw_figures(parameters(networks, vary="w=1:9"))
    assert [figure.title for figure in figures] == ["Parameters by w"]
    assert "from 103 at w 1 to 919 at 9" in figures[0].about
