"""Pictures of training runs: what is drawn is what the arrays hold, and nothing of lost runs."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest

from gradiometer.question import Series
from gradiometer.report import draw_figure
from gradiometer.report.figure import KINDS, draw_figures
from gradiometer.report.training_grid import MOST, choose_best, find_band, name_cells
from report.training_sample import EPOCHS, RATES, SCHEDULES, make_answer


@pytest.fixture(scope="module")
def answer():
    return make_answer()


@pytest.fixture(scope="module")
def figures(answer):
    return dict(zip(KINDS["training"], draw_figures(answer), strict=True))


def texts(figure):
    return re.findall(r"<text[^>]*>(.*?)</text>", figure.svg)


@pytest.mark.parametrize("kind", KINDS["training"])
def test_a_picture_follows_the_page(kind, figures):
    svg = figures[kind].svg
    assert ET.fromstring(figures[kind].to_inline("a")).get("role") == "img"
    assert re.findall(r"(?<!,)#[0-9a-f]{6}\b", re.sub(r'href="#[^"]*"', "", svg)) == []
    assert "<image" not in svg
    assert len(figures[kind].about) > 60
    assert len(svg) < 150_000


def test_curves_are_those_of_the_best_rates_by_name(answer, figures):
    cells, said = choose_best(answer)
    assert [shown.cell for shown in cells] == [2, 7, 12]
    assert [shown.label for shown in cells] == [f"rate 0.1, {name}" for name in SCHEDULES] or [
        shown.label for shown in cells
    ] == [f"{name}, rate 0.1" for name in SCHEDULES]
    assert "best learning rate" in said
    assert all(shown.label in texts(figures["training"]) for shown in cells)


def test_a_band_reaches_from_the_lowest_to_the_highest_run(answer):
    band = find_band(answer, "train_loss", 2)
    rows = answer.arrays["train_loss"].values[2]
    assert np.array_equal(band.low, rows.min(axis=0))
    assert np.array_equal(band.high, rows.max(axis=0))
    assert np.allclose(band.middle, rows.mean(axis=0))
    assert len(band.epochs) == EPOCHS


def test_a_run_that_stopped_is_in_no_band(answer):
    cell = RATES.index(1.0)
    rows = answer.arrays["train_loss"].values[cell]
    band = find_band(answer, "train_loss", cell)
    assert np.array_equal(band.high, rows[1:].max(axis=0))
    lost = find_band(answer, "train_loss", RATES.index(10.0))
    # Where every run stops there is nothing else to show than how they went until then.
    assert lost.epochs[-1] == 5


def test_the_map_says_where_runs_diverge(figures):
    figure = figures["training_map"]
    assert texts(figure).count("3 of 3") == 3
    assert sum("(1✕)" in text for text in texts(figure)) == 1
    assert "constant: runs diverge from 1 on." in figure.about
    assert f"{SCHEDULES[1]}: runs diverge from 10 on." in figure.about


def test_the_map_shows_the_mean_of_the_runs_that_ended(answer, figures):
    values = answer.arrays["validation_accuracy"].values
    assert f"{values[2, :, -1].mean():.3g}" in texts(figures["training_map"])
    kept = values[RATES.index(1.0), 1:, -1].mean()
    assert f"{kept:.3g} (1✕)" in texts(figures["training_map"])


def test_a_map_without_a_lost_run_says_so(answer):
    stopped = Series(("cell", "seed"), np.full((15, 3), -1))
    assert "No run diverges" in draw_figure(make_answer(stopped=stopped), "training_map").about


def test_without_a_varied_rate_there_is_no_map(answer):
    same = Series(("cell",), [0.1] * 15)
    assert draw_figure(make_answer(learning_rate=same), "training_map") is None


def test_layers_are_told_by_their_number(figures):
    assert [text for text in texts(figures["training_layers"]) if text.startswith("layer")] == [
        "layer 1", "layer 2", "layer 3", "layer 4",
    ]  # fmt: skip


def test_sharpness_stands_beside_its_threshold(answer, figures):
    about = figures["training_sharpness"].about
    measured = answer.arrays["sharpness"].values[0, :, 36].mean()
    assert f"{measured:.4g} beside 2000" in about
    assert f"{MOST} of 15 cells" in about
    assert draw_figure(make_answer(sharpness=None), "training_sharpness") is None


def test_a_range_test_shows_what_each_rule_suggests(figures):
    figure = figures["training_range"]
    assert [text for text in texts(figure) if ": " in text] == [
        "valley: 0.1, good on the grid",
        "steepest: 0.5, not among the good ones of the grid",
        "minimum/10: 0.2",
        "cycle_low: no good suggestion",
    ]
    assert "valley: 0.1" in figure.about
    assert draw_figure(make_answer(range_loss=None), "training_range") is None


def test_regression_has_no_share_of_right_answers():
    plain = make_answer(train_accuracy=None, validation_accuracy=None)
    assert not any("right answers" in text for text in texts(draw_figure(plain, "training")))
    assert "validation loss" in draw_figure(plain, "training_map").about


def test_without_a_part_held_back_the_training_part_is_shown():
    figure = draw_figure(make_answer(validation_loss=None, validation_accuracy=None), "training")
    assert any(text.startswith("training loss") for text in texts(figure))


def test_a_plan_without_runs_has_no_picture(answer):
    assert draw_figures(replace(answer, arrays={})) == ()


def test_everything_lost_is_still_drawn(answer):
    stopped = Series(("cell", "seed"), np.full((15, 3), 7))
    lost = Series(("cell", "seed", "epoch"), np.full((15, 3, EPOCHS), np.nan))
    first = np.full((15, 3, EPOCHS), np.nan)
    first[:, :, 0] = 1e30
    made = make_answer(stopped=stopped, validation_accuracy=lost, validation_loss=lost,
                       train_loss=Series(("cell", "seed", "epoch"), first))  # fmt: skip
    assert draw_figure(made, "training") is not None
    assert texts(draw_figure(made, "training_map")).count("3 of 3") == 15


def test_many_cells_are_cut_to_what_can_be_told_apart(answer):
    cells, said = choose_best(replace(answer, facts={}))
    assert len(cells) == MOST
    assert f"first {MOST} of 15" in said
    assert len({(shown.colour, str(shown.stroke)) for shown in name_cells(answer, range(15))}) == 15


def test_a_long_name_is_shortened(answer):
    long = Series(("cell",), [f"{'warmup then ' * 9}{cell}" for cell in range(15)])
    assert all(len(shown.label) <= 44 for shown in name_cells(make_answer(schedule=long), [0, 1]))
