"""Our float64 steps are PyTorch's: against recorded runs, and live where PyTorch is installed."""

import json

import pytest

from agreement.record_torch import CASES, DATA, SETTINGS, losses, run_torch
from agreement.record_torch import LANDSCAPES as NAMES
from gradiometer.formula import from_float
from gradiometer.model import read_objective, read_optimizer, settle
from gradiometer.numeric import advance_float, begin_float

RECORDED = json.loads(DATA.read_text(encoding="utf-8"))
KEYS = {"lr": "learning_rate", "lr_decay": "decay", "initial_accumulator_value": "initial"}


def settings_of(options):
    """The options of PyTorch under our names."""
    given = {KEYS.get(name, name): value for name, value in options.items() if name != "betas"}
    betas = options.get("betas")
    return {**given, **({"beta1": betas[0], "beta2": betas[1]} if betas else {})}


def run_ours(rule, options, landscape, start, steps):
    """The positions of our float64 run on a catalogue landscape."""
    optimizer, objective = read_optimizer(rule), read_objective(NAMES[landscape])
    asked = {name: str(value) for name, value in settings_of(options).items()}
    asked |= {name: str(value) for name, value in SETTINGS[landscape].items()}
    values = settle([optimizer.owner, objective.owner], asked)
    bound = optimizer.bind(values["optimizer"])
    surface = objective.bind(values["objective"])
    ends = [float(str(p.on.upper.value.p)) / float(str(p.on.upper.value.q))
            for p in surface.loss.pieces if p.on.upper is not None]  # fmt: skip
    state = begin_float(bound, from_float(start))
    positions = [state.position]
    for _ in range(steps):
        slope = surface.float_slopes[sum(state.position > end for end in ends)]
        state = advance_float(bound, state, slope, {})
        positions.append(state.position)
    return positions


def name_of(run):
    options = ", ".join(f"{k}={v}" for k, v in run["options"].items())
    return f"{run['rule']}({options}) on {run['landscape']} from {run['start']}"


def until_a_branch_differs(expected, landscape):
    """The steps before the recorded run comes so near a joint that one rounding may decide."""
    joints = {"kink": [0], "steep kink": [0], "barrier": [1, 1.25, 1.5], "quadratic": []}
    for step, x in enumerate(expected):
        if any(abs(x - joint) < 1e-9 for joint in joints[landscape]):
            return step
    return len(expected)


@pytest.mark.parametrize("run", RECORDED["runs"], ids=name_of)
def test_float_steps_are_those_that_torch_took(run):
    expected = run["positions"]
    ours = run_ours(run["rule"], run["options"], run["landscape"], run["start"], len(expected) - 1)
    last = until_a_branch_differs(expected, run["landscape"])
    assert last > 10, "the record must not stand on a joint early on"
    assert ours[:last] == pytest.approx(expected[:last], rel=1e-12, abs=1e-13)


def test_the_record_says_what_made_it():
    assert RECORDED["made_with"]["torch"].startswith("2.13.0")
    assert RECORDED["made_with"]["dtype"] == "float64"
    assert len(RECORDED["runs"]) == 2 * len(CASES) * len(NAMES)


@pytest.mark.oracle
@pytest.mark.parametrize("run", RECORDED["runs"], ids=name_of)
def test_torch_takes_the_recorded_steps_today(run):
    torch = pytest.importorskip("torch")
    loss = losses(torch)[run["landscape"]]
    again = run_torch(torch, run["rule"], run["options"], loss, start=run["start"])
    assert again == pytest.approx(run["positions"], rel=1e-12, abs=1e-13)
