"""Kernels of every rule of the catalogue take the steps of the engine of arrays.

Rules, settings and starts are drawn from what each entry declares.
"""

import math

import numpy as np
import pytest
from flint import fmpq
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from gradiometer.catalog import list_entries, read_entry
from gradiometer.errors import GradiometerError
from gradiometer.formula import evaluate_float, from_float, to_float
from gradiometer.model import read_objective, read_optimizer, settle
from gradiometer.numeric import begin_reference, draw_normal, plan_runs, step_reference

STEPS = 6
FAR = 1e8
"""Beyond this, one unit of the last place is no small distance any more."""
NEAR = 1e-13
"""Tables may hold a power of the step a unit of the last place away from that of the arrays."""
CURVES = ("double_well", "kink", "huber", "quartic")


def list_rules():
    """Every entry, and every dialect of it."""
    return [
        name
        for entry in list_entries("optimizer")
        for name in (
            entry,
            *(f"{entry}.{d}" for d in read_entry("optimizer", entry).get("dialects", ())),
        )
    ]


RULES = list_rules()


@st.composite
def numbers_in(draw, parameter):
    """A value of a parameter: its default, or one of its domain."""
    if parameter.is_flag:
        return fmpq(draw(st.integers(0, 1)))
    low, high = (None if end is None else fmpq(round(1000 * to_float(end.value)), 1000)
                 for end in (parameter.domain.lower, parameter.domain.upper))  # fmt: skip
    low = fmpq(0) if low is None else low
    high = low + 2 if high is None else high
    part = fmpq(draw(st.integers(1, 15)), 16)
    if parameter.is_integer:
        return low + draw(st.integers(1, 4))
    drawn = low + part * (high - low)
    usual = parameter.default
    return draw(st.sampled_from([drawn, usual])) if isinstance(usual, fmpq) else drawn


@st.composite
def bound_rules(draw, name):
    """The rule of that name with settings of its domains."""
    optimizer = read_optimizer(name)
    chosen = {
        p.name: draw(numbers_in(p))
        for p in optimizer.parameters.values()
        if p.default is None or isinstance(p.default, fmpq)
    }
    try:
        texts = {key: str(value) for key, value in chosen.items()}
        return optimizer.bind(settle([optimizer.owner], texts)["optimizer"])
    except GradiometerError:
        # Some settings are refused together with others.
        assume(False)


def run_reference(rule, landscape, run, start):
    """The last position of one run, that ends where something is no number or far away."""
    state = begin_reference(rule, np.array([start]))
    for _ in range(STEPS):
        at = state.position[0]
        memory = [value for array in state.memory.values() for value in array.ravel()]
        if not all(map(math.isfinite, (at, *memory))) or abs(at) > FAR:
            break
        place = landscape.loss.pieces.index(landscape.loss.piece_at(from_float(float(at))))
        slope = landscape.float_slopes[place]({"x": float(at)})
        loss = evaluate_float(landscape.loss.pieces[place].formula, {"x": float(at)})
        # The gradient's own noise has the coordinates before.
        noise = draw_normal(0, run=run, step=state.step, coordinate=1).reshape(1)
        state = step_reference(rule, state, np.array([slope]), noise=noise, loss=np.array([loss]))
    return state.position[0]


def check(rule, curve, starts):
    landscape = read_objective(curve)
    landscape = landscape.bind(settle([landscape.owner], {})["objective"])
    expected = np.array([run_reference(rule, landscape, *place) for place in enumerate(starts)])
    found = plan_runs(rule, landscape, repeats=False).run(starts, steps=STEPS, far=FAR).position
    np.testing.assert_allclose(found, expected, rtol=NEAR, atol=1e-300)


STARTS = st.lists(st.floats(-3, 3), min_size=1, max_size=5)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), name=st.sampled_from(RULES), curve=st.sampled_from(CURVES), starts=STARTS)
def test_a_kernel_takes_the_steps_of_arrays(data, name, curve, starts):
    check(data.draw(bound_rules(name)), curve, starts)


@pytest.mark.slow
@pytest.mark.parametrize("name", RULES)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), curve=st.sampled_from(CURVES[:2]), starts=STARTS)
def test_each_kernel_takes_the_steps_of_arrays(name, data, curve, starts):
    check(data.draw(bound_rules(name)), curve, starts)
