"""Data, epochs and precision as axes of a grid, and schedules that follow the losses of a run."""

from __future__ import annotations

import numpy as np
import pytest

import gradiometer
from gradiometer.errors import UnknownNameError, UsageError
from gradiometer.formula import from_float
from gradiometer.model import read_loss_schedule, settle

SMALL = {"networks": "2-4-1", "data": "moons(count=60)", "activation": "tanh", "batch": 16,
         "precision": "float64", "seeds": 2, "epochs": 3, "set": {"learning_rate": "1/2"}}  # fmt: skip


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
    assert plan.facts["kernels"].value == 4


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
