"""Compiled runs: the same bits as single float runs, in any block, group and thread."""

import math

import numpy as np
import pytest
from flint import fmpq

from gradiometer.catalog import list_entries
from gradiometer.formula import from_float
from gradiometer.model import read_objective, read_optimizer
from gradiometer.numeric import advance_float, begin_float, plan_runs

STEPS = 60
SMOOTH = ("double_well", "quadratic")


def defaults(entry):
    return {p.name: p.default for p in entry.parameters.values() if p.default is not None}


def bind_rule(name, **values):
    optimizer = read_optimizer(name)
    return optimizer.bind({**defaults(optimizer), **values})


def bind_surface(name, **values):
    objective = read_objective(name)
    return objective.bind({**defaults(objective), **values})


def single_run(rule, landscape, start, steps):
    """Positions of one run, the piece chosen by comparing exactly."""
    state = begin_float(rule, from_float(start))
    positions = [state.position]
    for _ in range(steps):
        at = state.position
        if not math.isfinite(at):
            positions.append(at)
            continue
        piece = landscape.loss.piece_at(from_float(at))
        slope = landscape.float_slopes[landscape.loss.pieces.index(piece)]
        state = advance_float(rule, state, slope, None)
        positions.append(state.position)
    return positions


def flags(optimizer):
    """Each combination of flags with its other parameters at their defaults."""
    chosen = [{}]
    for parameter in optimizer.parameters.values():
        if parameter.is_flag:
            chosen = [{**c, parameter.name: fmpq(v)} for c in chosen for v in (0, 1)]
    return chosen


def cases():
    for name in list_entries("optimizer"):
        for chosen in flags(read_optimizer(name)):
            yield pytest.param(name, chosen, id=f"{name}{''.join(map(str, chosen.values()))}")


@pytest.mark.parametrize(("name", "chosen"), list(cases()))
@pytest.mark.parametrize("surface", ["barrier", "double_well", "kink", "quadratic"])
def test_each_rule_makes_the_same_bits_as_a_single_run(name, chosen, surface):
    rule, landscape = bind_rule(name, **chosen), bind_surface(surface)
    starts = [-1.5, -0.3, 0.0, 0.7, 1.0, 2.6]
    plan = plan_runs(rule, landscape, repeats=False)
    for steps in (1, STEPS):
        found = plan.run(starts, steps=steps)
        expected = [single_run(rule, landscape, start, steps)[-1] for start in starts]
        assert np.array_equal(found.position, expected, equal_nan=True)
