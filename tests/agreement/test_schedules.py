"""Schedules give the rates that torch, optax, keras, transformers and timm give."""

import importlib.util
import json
from pathlib import Path

import pytest

from agreement.schedule_cases import (
    JOINED,
    JOINED_STEPS,
    LOSSES,
    PLATEAU,
    STEPS,
    list_cases,
)
from gradiometer.formula import from_float, to_float
from gradiometer.model import read_call, read_loss_schedule, read_schedule, settle

DATA = Path(__file__).parent / "data"
LIBRARIES = ("torch", "optax", "keras", "transformers", "timm")
RECORDED = {
    name: json.loads((DATA / f"schedules_{name}.json").read_text(encoding="utf-8"))
    for name in LIBRARIES
}
ROWS = [(name, row) for name in LIBRARIES for row in RECORDED[name]["rows"]]
PLATEAUS = [(name, row) for name in LIBRARIES for row in RECORDED[name].get("plateau", ())]
NEAR, FAR = 1e-12, 3e-11
"""The largest deviations up to step 300, and up to step 100,000.

Far out a library rounds its argument pi*k/T or its gamma before thousands of steps enlarge that.
"""


def _label(value):
    if isinstance(value, dict):
        return f"{value['schedule']}-{value['set']}-{value.get('losses', '')}"
    return value


def deviation(ours, theirs):
    """The largest relative difference; rates below 1/1000 of the largest one count as that."""
    top = max(map(abs, ours)) / 1000 or 1.0
    return max(abs(a - b) / max(abs(a), top) for a, b in zip(ours, theirs, strict=True))


def bind(library, row):
    plan = read_schedule(f"{row['schedule']}.{library}")
    values = settle([plan.owner], row["set"])["schedule"]
    return plan, values


@pytest.mark.parametrize(("library", "row"), ROWS, ids=_label)
def test_rates_are_those_of_the_library(library, row):
    plan, values = bind(library, row)
    bound = plan.bind(values)
    rates = [bound.float_at(step) for step in row["steps"]]
    near = len(STEPS)
    assert deviation(rates[:near], row["rates"][:near]) < NEAR
    assert deviation(rates, row["rates"]) < FAR


@pytest.mark.parametrize(("library", "row"), ROWS, ids=_label)
def test_the_call_that_is_shown_is_the_call_that_was_recorded(library, row):
    plan, values = bind(library, row)
    assert str(read_call(plan.calls[library], plan.parameters, values)) == row["call"]


@pytest.mark.parametrize(
    ("library", "row"), [case for case in ROWS if "momentum" in case[1]], ids=_label
)
def test_momentum_moves_as_in_the_library(library, row):
    plan, values = bind(library, row)
    ((_, bound),) = plan.bind_others(values)
    assert deviation([bound.float_at(step) for step in STEPS], row["momentum"]) < NEAR


@pytest.mark.parametrize(("library", "row"), PLATEAUS, ids=_label)
def test_losses_are_followed_as_in_the_library(library, row):
    plan = read_loss_schedule(f"plateau.{library}")
    assert plan is not None
    values = settle([plan.owner], row["set"])["schedule"]
    rows = plan.follow([from_float(float(loss)) for loss in LOSSES[row["losses"]]], values)
    rates = [to_float(rows[0]["rate"]), *(to_float(state["rate'"]) for state in rows)]
    assert deviation(rates, row["rates"]) < NEAR


def test_every_schedule_is_recorded_three_times_in_every_library_that_has_it():
    recorded = [(name, row["schedule"], row["set"]) for name, row in ROWS]
    cases = [(case.library, case.entry, case.settings) for case in list_cases()]
    key = str
    assert sorted(recorded, key=key) == sorted(cases, key=key)
    names = [case[:2] for case in cases]
    assert min(names.count(name) for name in names) >= 3


def test_the_recursions_of_pytorch_drift_little_in_300_steps():
    assert max(row.get("drift", 0.0) for _, row in ROWS) < 1e-12


def _bind_line(line):
    plan = read_schedule(line)
    return plan.bind(settle([plan.owner], {"learning_rate": "1"})["schedule"])


@pytest.mark.parametrize(
    ("library", "name"), [(library, name) for library, row in JOINED.items() for name in row]
)
def test_lines_of_several_schedules_are_what_libraries_join(library, name):
    bound = _bind_line(JOINED[library][name])
    recorded = RECORDED[library]["joined"][name]
    rates = [bound.float_at(step) for step in range(JOINED_STEPS)]
    assert deviation(rates, recorded[:JOINED_STEPS]) < NEAR


def test_a_chain_of_pytorch_is_no_product_once_its_cosine_has_ended():
    bound = _bind_line(JOINED["torch"]["ChainedScheduler"])
    recorded = RECORDED["torch"]["joined"]["ChainedScheduler"]
    assert recorded[JOINED_STEPS + 1] > 100 * bound.float_at(JOINED_STEPS + 1)


@pytest.mark.oracle
@pytest.mark.parametrize("library", LIBRARIES)
def test_rates_are_those_of_the_installed_library(library):
    if importlib.util.find_spec(library) is None:
        pytest.skip(f"{library} is not installed")
    from agreement.schedule_oracles import ask_library

    for case in list_cases():
        if case.library != library:
            continue
        plan, values = bind(library, {"schedule": case.entry, "set": case.settings})
        call = read_call(plan.calls[library], plan.parameters, values)
        rate = to_float(values["learning_rate"]) if "learning_rate" in values else 0.1
        found, _ = ask_library(library, call, rate, range(301))
        bound = plan.bind(values)
        rates = [bound.float_at(step) for step in range(301)]
        assert deviation(rates, found) < NEAR, case


@pytest.mark.oracle
@pytest.mark.parametrize("library", sorted(PLATEAU))
def test_losses_are_followed_as_in_the_installed_library(library):
    if importlib.util.find_spec(library) is None:
        pytest.skip(f"{library} is not installed")
    from agreement.plateau_oracles import follow_losses

    plan = read_loss_schedule(f"plateau.{library}")
    assert plan is not None
    for settings in PLATEAU[library]:
        values = settle([plan.owner], settings)["schedule"]
        call = read_call(plan.calls[library], plan.parameters, values)
        for losses in LOSSES.values():
            rows = plan.follow([from_float(float(loss)) for loss in losses], values)
            rates = [to_float(rows[0]["rate"]), *(to_float(state["rate'"]) for state in rows)]
            found = follow_losses(library, call, rates[0], losses)
            assert deviation(rates, found) < NEAR


def test_the_page_of_schedules_says_what_was_recorded():
    from agreement.schedule_table import PAGE, make_page

    assert PAGE.read_text(encoding="utf-8") == make_page()
