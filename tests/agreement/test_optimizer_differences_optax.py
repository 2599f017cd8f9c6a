"""What is said of optax's differences holds, of our texts and of the library itself."""

import importlib

import numpy as np
import pytest

from agreement.optimizer_differences_optax import DIFFERENCES
from gradiometer.catalog import list_entries, read_entry
from gradiometer.model import list_dialects, read_optimizer, settle
from gradiometer.numeric import run_rule_tape

NEAR = 1e-12


def positions(rule, settings, difference):
    """The positions of a rule of ours after each step of the difference's tape."""
    optimizer = read_optimizer(rule)
    bound = optimizer.bind(settle([optimizer.owner], dict(settings))["optimizer"], shape=(1,))
    tape = np.array(difference.tape, dtype=float)[:, None]
    losses = np.full(len(tape), difference.loss)
    return run_rule_tape(bound, tape, np.zeros(1), difference.rates or None, loss=losses)[1:, 0]


def label(difference):
    return f"{difference.rule} and {difference.other}: {difference.about}"


@pytest.fixture(params=DIFFERENCES, ids=label)
def difference(request):
    return request.param


def test_dialect_steps_as_optax_does(difference):
    ours = positions(difference.rule, difference.settings, difference)
    agrees = np.allclose(ours, difference.theirs, rtol=NEAR, atol=0, equal_nan=True)
    assert agrees == difference.is_said


def test_other_rule_steps_as_is_said(difference):
    settings = difference.other_settings
    settings = difference.settings if settings is None else settings
    ours = positions(difference.other, settings, difference)
    assert ours == pytest.approx(difference.others, rel=NEAR, abs=0)


def test_both_differ_by_more_than_a_rounding_of_float64(difference):
    theirs, others = np.array(difference.theirs), np.array(difference.others)
    apart = ~np.isclose(theirs, others, rtol=1e-10, atol=0)
    assert apart.any()
    if difference.kind == "rounding" and difference.theirs != (0,):
        assert np.allclose(theirs, others, rtol=1e-6)


@pytest.mark.oracle
def test_optax_does_so_today(difference):
    pytest.importorskip("optax")
    live = importlib.import_module("agreement.record_optimizers_optax")
    theirs = live.run_difference(difference)
    assert theirs == pytest.approx(difference.theirs, rel=NEAR, abs=0, nan_ok=True)


@pytest.mark.oracle
def test_every_optimizer_of_optax_has_its_text():
    optax = pytest.importorskip("optax")
    live = importlib.import_module("optax._src.alias")
    made = {name for name in vars(live) if name.islower() and name in dir(optax)}
    made = {name for name in made if callable(getattr(live, name))}
    # It reads gradients along a line of its own choice, which no rule of one gradient can say.
    assert made - set(list_entries("optimizer")) == {"lbfgs"}
    assert all("optax" in list_dialects(read_entry("optimizer", name)) for name in made - {"lbfgs"})
