"""Our rules step as torch, Keras and optax do: against recorded runs, and live."""

import importlib

import numpy as np
import pytest

from agreement.optimizer_record import name_of, read_records, tapes_for
from agreement.optimizer_runs import deviations_of, run_ours
from agreement.optimizer_tapes import SHAPES, TAPES, start_of, tapes_of
from gradiometer.catalog import list_entries, read_entry
from gradiometer.model import list_dialects

NEAR = 1e-12
# What is compared on every run of the tests; the steps after it are marked slow.
FEW = 100

RECORDS = read_records()
# The record's module and the function in it that runs the library, by the name of its data.
LIVE = {
    "torch": ("record_optimizers", "run_torch", "TORCH"),
    "keras": ("record_optimizers", "run_keras", "KERAS"),
    "optax": ("record_optimizers_optax", "run_optax", "OPTAX"),
    "optax_contrib": ("record_optimizers_optax", "run_optax", "CONTRIB"),
    "torch_wrapped": ("record_wrappers", "run_torch", "TORCH"),
    "keras_wrapped": ("record_wrappers", "run_keras", "KERAS"),
    "optax_wrapped": ("record_wrappers_optax", "run_optax", "OPTAX"),
}


def list_runs():
    """Every run of every record, once for each shape."""
    for library, record in RECORDS.items():
        for run in record["runs"]:
            for shape in SHAPES:
                if name_of(shape) in run["positions"]:
                    settings = ",".join(f"{k}={v}" for k, v in run["settings"].items())
                    label = f"{library}-{run['rule']}({settings})-{name_of(shape)}"
                    yield pytest.param(library, run, shape, id=label)


RUNS = list(list_runs())


def deviations(library, run, shape, *, last):
    """How far our run is from the record on each tape, up to a step."""
    kept = RECORDS[library]["steps"][name_of(shape)]
    steps = [step for step in kept if step <= last]
    tables = run["positions"][name_of(shape)]
    gradients, start = tapes_of(tuple(tables), shape), start_of(shape)
    ours = run_ours(
        run["rule"],
        run["settings"],
        gradients,
        start,
        steps=max(steps),
        losses=run.get("losses", False),
    )
    theirs = [[rows[kept.index(step)] for step in steps] for rows in tables.values()]
    theirs = np.array(theirs, dtype=float).reshape(len(tables), len(steps), *shape)
    return dict(zip(tables, deviations_of(ours, theirs, steps), strict=True))


@pytest.mark.parametrize(("library", "run", "shape"), RUNS)
def test_our_first_steps_are_those_of_the_library(library, run, shape):
    found = deviations(library, run, shape, last=FEW)
    assert {tape: far for tape, far in found.items() if not far <= NEAR} == {}


@pytest.mark.slow
@pytest.mark.parametrize(("library", "run", "shape"), RUNS)
def test_our_steps_are_those_of_the_library(library, run, shape):
    found = deviations(library, run, shape, last=10**9)
    assert {tape: far for tape, far in found.items() if not far <= NEAR} == {}


@pytest.mark.oracle
@pytest.mark.parametrize("library", LIVE)
def test_the_library_takes_our_steps_today(library, monkeypatch):
    module, run, cases = LIVE[library]
    # Keras is imported with TensorFlow unless told otherwise.
    monkeypatch.setenv("KERAS_BACKEND", "numpy")
    pytest.importorskip(library.partition("_")[0])
    live = importlib.import_module(f"agreement.{module}")
    far = {}
    for case in getattr(live, cases):
        names = tapes_for(case)
        for shape in case.shapes:
            gradients, start = tapes_of(names, shape), start_of(shape)
            ours = run_ours(case.rule, case.settings, gradients, start, losses=case.losses)
            theirs = getattr(live, run)(case, gradients, start)
            every = range(gradients.shape[1] + 1)
            found = deviations_of(ours, theirs, every)
            far |= {
                (case.rule, str(case.settings), shape, tape): value
                for tape, value in zip(names, found, strict=True)
                if not value <= NEAR
            }
    assert far == {}


def test_a_step_that_is_missed_would_be_noticed():
    gradients, start = tapes_of(TAPES, (3,)), start_of((3,))
    ours = run_ours("adam", {}, gradients, start, steps=10)
    late = np.concatenate([ours[:, :1], ours[:, :-1]], axis=1)
    moved = deviations_of(ours, late, range(11)) > NEAR
    still = {"zeros", "zeros then spike", "denormal"}
    assert {tape for tape, seen in zip(TAPES, moved, strict=True) if not seen} <= still


def _runs_of(name, library):
    spoken = {f"{name}.{library}"}
    entry = read_entry("optimizer", name)
    if library in entry.get("libraries", ()):
        spoken.add(name)
    records = [RECORDS[key] for key in RECORDS if key.partition("_")[0] == library]
    return [run for record in records for run in record["runs"] if run["rule"] in spoken]


@pytest.mark.parametrize("name", list_entries("optimizer"))
def test_every_dialect_of_a_rule_is_compared_with_its_library(name):
    entry = read_entry("optimizer", name)
    if any("noise" in text for text in entry["step"].values()):
        pytest.skip("two libraries never draw the same noise")
    dialects = list_dialects(entry)
    assert dialects, "a rule that no library has cannot be compared"
    for library in dialects:
        found = _runs_of(name, library)
        assert len({str(run["settings"]) for run in found}) >= 2, library
        assert all(len(next(iter(run["positions"].values()))) >= 20 for run in found), library


@pytest.mark.parametrize("name", list_entries("wrapper"))
def test_every_dialect_of_a_wrapper_is_compared_around_two_rules(name):
    dialects = list_dialects(read_entry("wrapper", name))
    assert dialects, "a wrapper that no library has cannot be compared"
    for library in dialects:
        runs = RECORDS[f"{library}_wrapped"]["runs"]
        found = [run for run in runs if run["rule"].startswith(f"{name}.{library}(")]
        assert len({run["rule"] for run in found}) >= 2, library
        assert all(len(next(iter(run["positions"].values()))) >= 20 for run in found), library


@pytest.mark.parametrize("name", list_entries("wrapper"))
def test_a_library_agrees_with_a_wrapper_or_differs_from_it(name):
    entry = read_entry("wrapper", name)
    assert not set(entry.get("libraries", ())) & set(entry.get("dialects", {}))


@pytest.mark.parametrize("name", list_entries("optimizer"))
def test_a_library_agrees_with_a_rule_or_differs_from_it(name):
    entry = read_entry("optimizer", name)
    assert not set(entry.get("libraries", ())) & set(entry.get("dialects", {}))


def test_the_records_say_what_made_them():
    assert set(RECORDS) == set(LIVE)
    for library, record in RECORDS.items():
        assert library.partition("_")[0] in record["made_with"]
        assert record["made_with"]["dtype"] == "float64"
