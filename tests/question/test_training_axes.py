"""Data, epochs and precision as axes of a grid, and schedules that follow the losses of a run."""

from __future__ import annotations

import numpy as np
import pytest

import gradiometer
from gradiometer.catalog import list_entries, read_entry
from gradiometer.errors import UnknownNameError, UsageError
from gradiometer.formula import from_float
from gradiometer.model import read_loss_schedule, settle
from gradiometer.numeric import DenseStyle, begin_reference, draw_order, step_reference
from gradiometer.numeric.dense_source import write_dense
from gradiometer.question.training_make import make_all
from gradiometer.question.training_parts import make_parts
from gradiometer.question.training_run import make_dense
from gradiometer.question.training_start import draw_start
from numeric.dense_reference import gradient
from question.training_grid import read

TANH = (np.tanh, lambda z: 1 - np.tanh(z) ** 2)

SMALL = {"networks": "2-4-1", "data": "moons(count=60)", "activation": "tanh", "batch": 16,
         "precision": "float64", "seeds": 2, "epochs": 3,
         "set": {"learning_rate": "1/2"}}  # fmt: skip


def ask(**given):
    """The answer for a small grid."""
    return gradiometer.training(**{**SMALL, **given})


def row(answer, fact, **wanted):
    """The row of a fact whose columns are these."""
    (found,) = [r for r in answer.facts[fact].value
                if all(str(r[name]) == value for name, value in wanted.items())]  # fmt: skip
    return found


def test_epochs_are_an_axis_whose_cells_end_at_their_own_last_epoch():
    both = ask(epochs=3, vary="epochs=2,4")
    for epochs in (2, 4):
        alone = ask(epochs=epochs)
        for fact in ("test_loss", "train_loss", "loss_gap"):
            wanted = alone.facts[fact].value[0]
            found = row(both, fact, epochs=str(epochs))
            assert str(found) == str({"epochs": found["epochs"], **wanted})
    losses = both.arrays["test_loss"].values
    assert np.isnan(losses[0][:, 2:]).all()
    assert np.isfinite(losses[1]).all()
    assert np.isnan(both.arrays["rate"].values[0][2:]).all()


def test_data_and_precision_are_axes():
    names = ("moons(count=60)", "circles(count=80)")
    both = ask(data=list(names), precision=["float64", "float32"])
    assert both.facts["runs"].value["cells"] == 4
    for name in names:
        alone = ask(data=name)
        found = row(both, "test_loss", data=name, precision="float64")
        assert found["mean"] == alone.facts["test_loss"].value[0]["mean"]
        single = row(both, "test_loss", data=name, precision="float32")
        assert single["mean"] == pytest.approx(found["mean"], rel=1e-4)
    plan = ask(data=list(names), precision=["float64", "float32"], dry_run=True)
    assert plan.facts["examples"].value[names[1]]["train"] == 48
    assert plan.facts["kernels"].value == 2


def test_classes_and_numbers_are_not_compared():
    with pytest.raises(UsageError, match="no measure fits both"):
        ask(data=["moons(count=60)", "sine(count=60)"], networks="d-4-1")


PLATEAU = "plateau(patience=0, factor=1/4, threshold=1/20)"


def test_rates_follow_the_validation_losses_of_each_run():
    answer = ask(schedule=PLATEAU, epochs=8, set={"learning_rate": "4"}, seeds=3)
    plan = read_loss_schedule(PLATEAU)
    values = settle([plan.owner], {"learning_rate": "4"})["schedule"]
    losses, rates = (answer.arrays[n].values[0] for n in ("validation_loss", "followed_rate"))
    for seed in range(3):
        exact = plan.follow([from_float(float(x)) for x in losses[seed]], values)
        assert rates[seed].tolist() == pytest.approx([float(step["rate"]) for step in exact])
    assert len({tuple(row) for row in rates.tolist()}) > 1
    # What a run does with these rates is what it does where they are written down.
    for seed in range(3):
        written = 0
        for k, rate in reversed(list(enumerate(rates[seed]))):
            written = f"where(k <= {k}, {from_float(float(rate))}, {written})"
        alone = ask(schedule=written, epochs=8, set={}, seeds=1, seed=seed)
        assert (alone.arrays["train_loss"].values[0][0]
                == answer.arrays["train_loss"].values[0][seed]).all()  # fmt: skip


def test_a_wrong_setting_of_a_plateau_is_named():
    with pytest.raises(UnknownNameError, match="patiense"):
        ask(schedule="plateau(patiense=3)")


def test_a_plateau_without_a_rate_to_give_is_refused():
    with pytest.raises(UsageError, match="learning_rate"):
        ask(schedule="plateau", optimizer="polyak_sgd", set={})


def follow_schedule(request, cell, run):
    """The losses of all batches of a cell's first run, by the slow engine of rules."""
    seed = request.seeds[0]
    parts = make_parts(request, cell.data, seed)
    rows = parts.rows["train"]
    inputs, labels = parts.data.inputs[rows], parts.data.labels[rows]
    state, losses, steps = begin_reference(cell.rule, draw_start(cell, seed)[None]), [], 0
    plan = cell.follower.begin() if cell.follower else {}
    for epoch in range(cell.epochs):
        order = draw_order(seed, epoch=epoch, count=len(rows))
        rates = {name: row.float_at(epoch) for name, row in cell.schedules.items()}
        rates |= {"learning_rate": plan["rate"]} if plan else {}
        total = 0.0
        for first in range(0, len(rows), cell.batch):
            some = order[first : first + cell.batch]
            loss, slope = gradient(state.position[0], cell.widths, inputs[some], labels[some],
                                   head=cell.head, activation=TANH)  # fmt: skip
            total += loss * len(some)
            state = step_reference(cell.rule, state, slope[None], rates=rates)
            steps += 1
        losses.append(total / len(rows))
        if cell.follower:
            measured = float(run.curves["validation_loss"][epoch])
            plan = cell.follower.step(plan, measured, epoch + 1)
    return losses


def test_every_schedule_of_the_catalogue_trains():
    names = [*list_entries("schedule"), *(f"plateau.{d}" for d in ("keras", "optax"))]
    request = read(schedule=names, seeds=1, epochs=4)
    assert len(request.cells) == len(names)
    runs = make_all(request, None)
    for number, cell in enumerate(request.cells):
        run = runs[number, 0]
        wanted = follow_schedule(request, cell, run)
        assert run.curves["batch_loss"] == pytest.approx(wanted, rel=1e-9), names[number]


def test_a_quick_look_says_what_it_left_out():
    given = {"epochs": 40, "seeds": 5, "vary": "learning_rate=1/100:1:7:log", "dry_run": True}
    answer = ask(set={}, quick=True, **given)
    assert answer.facts["plan"].value["runs"] == 6
    assert answer.inputs["epochs"] == 5
    assert answer.warnings == (
        "Quick: 5 epochs in place of 40.", "Quick: 2 seeds in place of 5.",
        "Quick: learning_rate = 1/100, 1/10, 1 in place of learning_rate=1/100:1:7:log.",
    )  # fmt: skip
    assert ask(quick=True, dry_run=True, epochs=3).warnings == ()


REFUSED = ()
"""Catalogue rules that networks are not trained with: none is left."""


def list_all(kind):
    """The entries of a kind with their dialects."""
    return [name if not dialect else f"{name}.{dialect}" for name in list_entries(kind)
            for dialect in ("", *read_entry(kind, name).get("dialects", ()))]  # fmt: skip


@pytest.mark.parametrize("kind", ["optimizer", "wrapper"])
def test_every_rule_of_the_catalogue_is_taken(kind):
    for name in list_all(kind):
        if name not in REFUSED:
            text = name if kind == "optimizer" else f"{name}(sgd)"
            (cell,) = read(optimizer=text).cells
            source = write_dense(make_dense([cell]), DenseStyle(8, "float64"))
            assert "def advance(" in source
