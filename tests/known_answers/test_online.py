"""Losses that change from step to step, on which Adam goes the wrong way and AMSGrad does not.

Source: Reddi, Kale and Kumar (2018), theorem 1 and its synthetic example.
"""

import math

import numpy as np
import pytest
from flint import fmpq

from gradiometer.errors import CertificateError, UsageError
from gradiometer.model import read_objective, read_optimizer, settle, unroll
from gradiometer.numeric import plan_runs, to_field, trace_compiled, trace_floats
from gradiometer.proof import check, make_certificate
from gradiometer.question import ask

# Adam without bias correction, as the paper writes it.
ADAM = {
    "name": "plain_adam",
    "parameters": {
        "learning_rate": {"default": "1/2"},
        "beta1": {"default": "9/10"},
        "beta2": {"default": "99/100"},
    },
    "state": {"m": "0", "v": "0", "u": "0"},
    "step": {
        "m'": "beta1*m + (1 - beta1)*g",
        "v'": "beta2*v + (1 - beta2)*g^2",
        "u'": "max(u, v')",
        "x'": "x - learning_rate*m'/sqrt(v')",
    },
}
AMSGRAD = {**ADAM, "name": "plain_amsgrad",
           "step": {**ADAM["step"], "x'": "x - learning_rate*m'/sqrt(u')"}}  # fmt: skip
PROJECT = {"name": "box", "step": {"y": "rule(x, g)", "x'": "clip(y, -1, 1)"}}


def projected(rule):
    return {**PROJECT, "rule": rule}


def run(rule, strong, *, steps, engine="ball", eta="1/2", **values):
    return ask(
        "trajectory", objective="reddi_online", optimizer=rule, schedule="eta/sqrt(k + 1)",
        steps=steps, engine=engine,
        set={"strong": strong, "eta": eta, **values},
    )  # fmt: skip


@pytest.mark.parametrize("strong", [3, 10])
def test_adam_never_leaves_the_worst_point_for_good(strong):
    beta2 = f"1/{1 + strong**2}"
    answer = run(projected(ADAM), strong, steps=300, beta1=0, beta2=beta2)
    places = answer.data["x"].values
    assert (places[::3] == 1).all()
    assert answer.facts["final"].status == "proved"
    assert answer.facts["final"].value == 1
    assert answer.certificate is not None
    assert answer.facts["verdict"].status == "unknown"


@pytest.mark.parametrize("strong", [3, 10])
def test_amsgrad_reaches_the_optimum(strong):
    beta2 = f"1/{1 + strong**2}"
    answer = run(projected(AMSGRAD), strong, steps=1501, engine="float64", beta1=0, beta2=beta2)
    assert min(answer.data["x"].values) == -1
    proved = run(projected(AMSGRAD), strong, steps=601, beta1=0, beta2=beta2).facts["final"]
    assert proved.status == "proved"
    assert float(proved.value) < -0.99


@pytest.mark.slow
def test_the_synthetic_example_ends_where_the_paper_says():
    values = {"weak": 10, "period": 101}
    adam = run(projected(ADAM), 1010, steps=1_000_000, engine="float64", **values)
    amsgrad = run(projected(AMSGRAD), 1010, steps=3_000_000, engine="float64", **values)
    assert float(adam.facts["final"].value) > 0.99
    assert float(amsgrad.facts["final"].value) == pytest.approx(-0.9985, abs=5e-4)


def forge(certificate, problem=None, claim=None):
    """The certificate with other words in it and a fingerprint that fits."""
    return make_certificate(
        "trail",
        problem={**certificate["problem"], **(problem or {})},
        claim={**certificate["claim"], **(claim or {})},
    )


def test_a_run_that_comes_back_is_no_cycle_while_the_loss_changes():
    # With a constant rate the whole state has period 3, and the losses have too; t has none.
    answer = ask(
        "trajectory", objective="reddi_online", optimizer="project(sgd)", steps=60,
        set={"strong": 2, "learning_rate": "1/8"},
    )  # fmt: skip
    places = answer.data["x"].values
    assert (places[3:] == places[:-3]).all()
    assert answer.facts["verdict"].status == "unknown"
    assert answer.facts["cycle"].status == "unknown"
    certificate = answer.certificate
    check(certificate)
    points = [[["1", "1"]], [["3/4", "3/4"]], [["7/8", "7/8"]]]
    forged = forge(certificate, claim={"returns": {"from_step": 0, "period": 3, "points": points}})
    with pytest.raises(CertificateError, match="still changes with the step"):
        check(forged)


@pytest.mark.parametrize("change", ["strong", "t + 1", "t - 1"])
def test_a_certificate_of_another_loss_is_not_accepted(change):
    certificate = run(projected(ADAM), 3, steps=30, beta1=0, beta2="1/10").certificate
    check(certificate)
    text = certificate["problem"]["loss"]
    changed = {"strong": ("3*x", "4*x"), "t + 1": ("t", "(t + 1)"), "t - 1": ("t", "(t - 1)")}
    loss = text.replace(*changed[change])
    assert loss != text
    forged = forge(certificate, problem={"loss": loss})
    with pytest.raises(CertificateError):
        check(forged)


def pieces_of(text, rule="sgd", **values):
    objective, optimizer = read_objective(text), read_optimizer(rule)
    surface = objective.bind_surface(settle([objective.owner], {})["objective"])
    return unroll(optimizer.bind(settle([optimizer.owner], values)["optimizer"]), ()), surface


@pytest.mark.parametrize("steps", [1, 2, 7, 1000, 25_000])
@pytest.mark.parametrize(
    "text",
    [
        "where(t - 3*floor((t - 1)/3) == 1, 3*x, -x)",
        "(x - 1/t)^2",
        # The lowest loss is that of the last step, whatever the length.
        "x^2/2 - t",
    ],
)
def test_the_compiled_run_sees_the_losses_of_the_interpreted_one(text, steps):
    code, surface = pieces_of(text, learning_rate="1/16")
    field = to_field(surface)
    one = trace_floats(code, field, (1.0,), steps=steps, rates=lambda step: {}, is_settled=True)
    two = trace_compiled(code, field, (1.0,), steps=steps, is_settled=True)
    assert one.steps == two.steps
    np.testing.assert_allclose(np.ravel(one.positions), np.ravel(two.positions), rtol=1e-12)
    np.testing.assert_allclose(one.losses, two.losses, rtol=1e-12)
    assert (one.lowest_step, one.period, two.period) == (two.lowest_step, None, None)
    assert math.isclose(one.lowest, two.lowest, rel_tol=1e-12)
    np.testing.assert_allclose(one.lowest_at, two.lowest_at, rtol=1e-12)


def test_many_runs_on_a_changing_loss_take_the_steps_of_one():
    code, surface = pieces_of("where(t - 3*floor((t - 1)/3) == 1, 2*x, -x)", learning_rate="1/8")
    starts = np.linspace(-1, 1, 70)
    runs = plan_runs(code, surface).run(starts, steps=90)
    assert (runs.words == "moving").all()
    field = to_field(surface)
    for at in (0, 33, 69):
        one = trace_floats(code, field, (starts[at],), steps=90, rates=lambda step: {})
        assert runs.position[at] == one.final[0]
    with pytest.raises(UsageError, match="changes from step to step"):
        plan_runs(code, surface, lowest=True)


def test_a_moving_bowl_is_followed_exactly():
    # x' = x - (x - t) = t: the run stands where the bowl was one step before.
    answer = ask("trajectory", objective="(x - t)^2/2", set={"learning_rate": 1}, steps=9, start=0)
    assert answer.facts["final"].value == 9
    assert list(answer.data["value"].values) == [0.5] * 10
    assert answer.facts["lowest"].value == fmpq(1, 2)


MOVING = {
    "name": "moving",
    "formula": "max(x, h*t)",
    "parameters": {"h": {"default": "1", "domain": "(0, oo)", "barrier": True}},
}


def test_a_loss_that_changes_has_no_threshold_and_no_side():
    with pytest.raises(UsageError, match="changes with the step `t`"):
        ask("escape", objective=MOVING)
    with pytest.raises(UsageError, match="no joints to choose a side of"):
        ask("trajectory", objective="reddi_online", at_kink="left")


def test_t_may_still_be_a_variable():
    answer = ask("trajectory", objective="t^2 + y^2", start="t=1,y=2", steps=1,
                 set={"learning_rate": "1/4"})  # fmt: skip
    assert answer.facts["final"].value == {"t": fmpq(1, 2), "y": 1}
