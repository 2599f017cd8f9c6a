"""Grids of real runs, against one network at a time in NumPy and against what must hold."""

from __future__ import annotations

import math

import numpy as np
import pytest

import gradiometer
from gradiometer.errors import (
    DomainError,
    FormulaError,
    GradiometerError,
    LimitError,
    ShapeError,
    StudyError,
    UnknownNameError,
    UsageError,
)
from gradiometer.numeric import draw_order
from gradiometer.question.training_arrays import Results
from gradiometer.question.training_make import list_places
from gradiometer.question.training_parts import make_parts
from gradiometer.question.training_run import Block, list_blocks, make_runs
from gradiometer.question.training_start import draw_start, find_gain
from numeric.dense_reference import gradient
from question.training_grid import read

# All tests share few kernels: compiling one takes longer than running it.
KERNEL = {"activation": "tanh", "precision": "float64", "batch": 16, "seeds": 2}
SMALL = {**KERNEL, "data": "moons(count=60)", "epochs": 3}
TANH = (np.tanh, lambda z: 1 - np.tanh(z) ** 2)


def run(request, **more):
    """All runs of a request."""
    runs = {}
    for made in make_runs(request, list_blocks(request, list_places(request)), **more):
        runs |= made
    return runs


def same(left, right):
    """Whether two collections of runs are the same to the last bit."""
    return left.keys() == right.keys() and all(
        left[at].stopped == right[at].stopped
        and all(np.array_equal(left[at].curves[name], right[at].curves[name], equal_nan=True)
                for name in left[at].curves)
        for at in left
    )  # fmt: skip


def test_a_cell_is_what_numpy_computes_step_by_step():
    request = read(
        vary="learning_rate=1/10,3/2", schedule="step(step_size=2, gamma=1/4)", seeds=2, epochs=3
    )
    found = run(request)
    cell, seed = 1, 1
    parts = make_parts(request, request.cells[0].data, seed)
    inputs, labels = parts.data.inputs, parts.data.labels
    train, validation = parts.rows["train"], parts.rows["validation"]
    weights, widths = draw_start(request.cells[cell], seed), (2, 4, 1)
    for epoch, rate in enumerate((1.5, 1.5, 0.375)):
        order = draw_order(seed, epoch=epoch, count=len(train))
        losses = []
        for first in range(0, len(train), 16):
            rows = train[order[first : first + 16]]
            loss, slope = gradient(weights, widths, inputs[rows], labels[rows],
                                   head="sigmoid", activation=TANH)  # fmt: skip
            losses += [loss] * len(rows)
            weights = weights - rate * slope
        curves = found[cell, seed].curves
        assert curves["batch_loss"][epoch] == pytest.approx(np.mean(losses), rel=1e-9)
        for name, rows in (("train", train), ("validation", validation)):
            loss, _ = gradient(weights, widths, inputs[rows], labels[rows],
                               head="sigmoid", activation=TANH)  # fmt: skip
            assert curves[f"{name}_loss"][epoch] == pytest.approx(loss, rel=1e-9)
        hidden = np.tanh(inputs[validation] @ weights[:8].reshape(2, 4) + weights[8:12])
        right = (hidden @ weights[12:16] + weights[16] > 0) == labels[validation]
        assert curves["validation_accuracy"][epoch] == pytest.approx(right.mean())


@pytest.mark.parametrize("split", ["each", "one"])
def test_threads_and_blocks_change_no_bit(split):
    request = read(
        vary=["learning_rate=1/100:1:3", "label_noise=0,1/4"],
        optimizer="adam",
        split=split,
        seeds=3,
    )
    whole = run(request, threads=1)
    assert same(whole, run(request, threads=3))
    alone = [Block((place,)) for place in reversed(list_places(request))]
    single = {}
    for made in make_runs(request, alone, threads=2):
        single |= made
    assert same(whole, single)


def test_seeds_have_the_same_start_and_parts_in_all_cells():
    request = read(vary="learning_rate=1/10,1/5", optimizer=["sgd", "adam"])
    starts = [draw_start(cell, 7) for cell in request.cells]
    assert all((start == starts[0]).all() for start in starts)
    assert not (starts[0] == draw_start(request.cells[0], 8))[:8].any()
    assert make_parts(request, request.cells[0].data, 1) is make_parts(
        request, request.cells[0].data, 1
    )
    parts = [
        make_parts(request, request.cells[0].data, seed).rows["test"].tolist()
        for seed in request.seeds
    ]
    assert parts[0] != parts[1]


@pytest.mark.parametrize(
    ("named", "spread"),
    [("he", (2 / 300) ** 0.5), ("lecun_uniform", (1 / 300) ** 0.5), ("glorot", (2 / 380) ** 0.5),
     ("3/fan_in", 0.1), ("gain", (1 / 300) ** 0.5 * 1.5925374197228312)],
)  # fmt: skip
def test_weights_begin_with_the_variance_of_their_formula(named, spread):
    cell = read(networks="2-300-80-1", initialization=named).cells[0]
    table = draw_start(cell, 0)[900 : 900 + 300 * 80]
    assert table.std() == pytest.approx(spread, rel=0.02)
    assert abs(table.mean()) < 4 * spread / len(table) ** 0.5


def test_orthogonal_weights_are_orthogonal():
    cell = read(networks="2-30-8-1", initialization="orthogonal").cells[0]
    table = draw_start(cell, 0)[90 : 90 + 240].reshape(30, 8)
    assert table.T @ table == pytest.approx(np.eye(8), abs=1e-12)


def test_gain_of_a_rectifier_is_that_of_he():
    assert find_gain(read(activation="relu").cells[0].activation) == pytest.approx(math.sqrt(2))
    gained, plain = (
        read(activation="relu", initialization=name).cells[0] for name in ("gain", "he")
    )
    # The last layer is followed by nothing.
    assert draw_start(gained, 3)[:12] == pytest.approx(draw_start(plain, 3)[:12])


def test_a_rate_that_overflows_is_a_verdict():
    answer = gradiometer.training("2-4-1", **SMALL, loss="squared",
                                  vary="learning_rate=1/10,1e30")  # fmt: skip
    calm, wild = answer.facts["diverged"].value
    assert (calm["share"], wild["share"]) == (0, 1)
    assert calm["first_step"] is None
    assert wild["first_step"] in range(5)
    assert wild["layer"] in (1, 2)
    assert answer.facts["test_loss"].value[1]["mean"] is None
    assert (
        answer.facts["best"].value["learning_rate"]
        == answer.facts["best_rate"].value[0]["learning_rate"]
    )
    stopped = np.array(answer.data["stopped"])
    assert (stopped[0] == -1).all()
    assert (stopped[1] >= 0).all()
    assert np.isnan(np.array(answer.data["train_loss"])[1]).all()


def test_every_fact_is_measured_with_a_count():
    answer = gradiometer.training("2-4-1", **SMALL, vary="learning_rate=1/10,1/5")
    assert {fact.status for fact in answer.facts.values()} == {"measured"}
    for name in ("test_accuracy", "train_loss", "loss_gap", "diverged", "vanishing_ratio"):
        assert [row["n"] for row in answer.facts[name].value] == [2, 2]
    assert answer.to_json() == gradiometer.training(
        "2-4-1", **SMALL, vary="learning_rate=1/10,1/5").to_json()  # fmt: skip


def test_one_seed_has_no_interval():
    answer = gradiometer.training("2-4-1", **{**SMALL, "seeds": 1})
    assert answer.facts["test_loss"].value[0]["interval"] is None
    assert "no interval" in answer.warnings[0]


def test_arrays_are_labelled():
    answer = gradiometer.training(
        ["2-4-1", "2-4-3-1"], **SMALL, schedule=["constant", "step"], vary="learning_rate=1/10,1/5"
    )
    data = answer.data
    assert data["train_loss"].dims == ("cell", "seed", "epoch")
    assert data["gradient_norm"].shape == (8, 2, 3, 3)
    assert np.isnan(data["gradient_norm"].values[0, 0, 0, 2])
    assert data["learning_rate"].values.tolist() == [0.1, 0.2] * 4
    assert data["schedule"].values[:4].tolist() == ["constant"] * 2 + ["step"] * 2
    assert data["network"].values[3:5].tolist() == ["2-4-1", "2-4-3-1"]
    assert data["rate"].shape == (8, 3)


def test_schedules_count_epochs_or_steps():
    by_epoch, by_step = (
        gradiometer.training("2-4-1", **SMALL, schedule="1/(k + 1)", per=per).data["rate"].values[0]
        for per in ("epoch", "step")
    )
    assert by_epoch.tolist() == [1, 1 / 2, 1 / 3]
    # Three batches of 16 make an epoch of 36 examples.
    assert by_step.tolist() == [1, 1 / 4, 1 / 7]


def test_numbers_that_a_cell_has_no_use_for_make_no_cell():
    request = read(optimizer=["sgd", "adam"], vary="beta1=1/2,9/10")
    assert [cell.axes["beta1"] for cell in request.cells] == [None, *request.axes["beta1"]]


def test_regression_has_no_accuracy():
    answer = gradiometer.training("d-4-k", data="linear(count=60)", epochs=2, **KERNEL)
    assert not {name for name in answer.facts if "accuracy" in name}
    assert answer.facts["test_loss"].value[0]["n"] == 2


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["cross_entropy", "sigmoid", "squared"])
@pytest.mark.parametrize("widths", ["d-6-k", "d-6-2"])
def test_every_loss_learns_classes(loss, widths):
    answer = gradiometer.training(
        widths,
        data="moons(count=200)",
        loss=loss,
        epochs=30,
        set={"learning_rate": "1/2"},
        **KERNEL,
    )
    assert answer.facts["train_accuracy"].value[0]["mean"] > 0.8


def test_label_noise_and_dropout_are_felt():
    answer = gradiometer.training(
        "2-4-1", data="moons(count=200)", epochs=20, set={"learning_rate": "1/2"},
        vary=["dropout=0,1/2", "label_noise=0,2/5"], **KERNEL,
    )  # fmt: skip
    clean, noisy, dropped, _ = (row["mean"] for row in answer.facts["train_accuracy"].value)
    assert clean > noisy + 0.1
    assert clean > dropped


@pytest.mark.parametrize(
    ("given", "kind", "said"),
    [
        ({"networks": "3-4-1"}, ShapeError, "has 2 inputs"),
        ({"networks": "2-4-5"}, ShapeError, "needs 2 or 1 outputs"),
        ({"networks": "2-x-1"}, FormulaError, "`x` is no width"),
        ({"networks": "2-2000000-1"}, LimitError, "parameters"),
        ({"data": "moon"}, UsageError, "moon"),
        ({"optimizer": "sdg"}, UsageError, "sdg"),
        ({"precision": "float16"}, UsageError, "never `float16`"),
        ({"vary": "epochs=1,5/2"}, UsageError, "`epochs` = 5/2"),
        ({"schedule": "stp"}, GradiometerError, "stp"),
        ({"loss": "hinge"}, UsageError, "no loss `hinge`"),
        ({"initialization": "hee"}, UsageError, "no initialization `hee`"),
        ({"initialization": "0 - 1/fan_in"}, DomainError, "the variance"),
        ({"set": {"momentun": "1/2"}}, UnknownNameError, "momentun"),
        ({"set": {"momentum": "0"}, "vary": "momentum=0,1/2"}, UsageError, "set and varied"),
        ({"vary": "beta1=0,1/2"}, UnknownNameError, "beta1"),
        ({"vary": "learning_rate"}, UsageError, "says no values"),
        ({"vary": "learning_rate=1:2"}, UsageError, "no range"),
        ({"vary": "learning_rate=0:2:3:log"}, UsageError, "begins at 0"),
        ({"vary": "schedule=1,2"}, UsageError, "giving it more than once"),
        ({"vary": "learning_rate=1e-5:1:900:log", "seeds": 100}, LimitError, "20,000 runs"),
        ({"vary": "batch=1/2,3"}, DomainError, "no number of examples"),
        ({"dropout": "1"}, DomainError, "is no share"),
        ({"compare": "optimizer"}, UsageError, "does not vary"),
        ({"target_accuracy": 2}, UsageError, "no accuracy to reach"),
        ({"epochs": 0}, UsageError, "epochs"),
        ({"validation": "1/2", "test": "1/2"}, UsageError, "leave nothing"),
        ({"range_test": "1:2"}, UsageError, "no range of rates"),
        ({"sharpness": -1}, UsageError, "no number of epochs"),
        ({"per": "steps"}, UsageError, "never `steps`"),
    ],
)  # fmt: skip
def test_bad_requests_are_refused_by_name(given, kind, said):
    with pytest.raises(kind, match=said):
        gradiometer.training(**{"networks": "2-4-1", **SMALL, **given})


@pytest.mark.parametrize(
    ("text", "said"),
    [("a,y\n1,0\nx,1\n", "x"), ("a,y\n1,0\n,1\n", "missing|empty"),
     ("a,y\n1,0\n2,0\n", "one class")],
)  # fmt: skip
def test_bad_files_are_refused(tmp_path, text, said):
    path = tmp_path / "mine.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises((StudyError, UsageError), match=said):
        gradiometer.training("1-2-1", data=str(path))


def test_layers_are_told_for_each_layer():
    request = read(networks="2-4-3-1", vary="learning_rate=1/10,1/5")
    results = Results(request, run(request))
    assert results.curves["dead_units"].shape == (2, 2, 3, 3)
    assert np.isfinite(results.curves["dead_units"][..., :2]).all()
    assert np.isnan(results.curves["dead_units"][..., 2]).all()
