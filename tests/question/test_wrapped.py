"""Rules in wrappers in the questions: exact runs, thresholds, kernels and certificates."""

import json

import numpy as np
import pytest
from flint import fmpq

from gradiometer import escape, parameters, trajectory
from gradiometer.model import read_objective, read_optimizer, settle, unroll
from gradiometer.numeric import plan_runs, to_field, trace_floats
from gradiometer.proof import check
from gradiometer.study import check_study, read_study, run_study


def test_clipping_halves_the_rate_on_slopes_of_one():
    half = {"max_delta": "1/2", "learning_rate": "3/10"}
    clipped = escape("barrier", optimizer="clip(sgd)", set=half)
    plain = escape("barrier", optimizer="sgd", set={"learning_rate": "3/20"})
    assert clipped.facts["barrier"].value == plain.facts["barrier"].value
    assert clipped.facts["barrier"].status == "proved"
    check(json.loads(json.dumps(clipped.certificate)))


def test_accumulated_gradients_make_the_plain_run_with_pauses():
    values = {"learning_rate": "3/10"}
    plain = trajectory("abs(x)", set=values, start="1", steps=12)
    many = trajectory("abs(x)", optimizer="multi_steps(sgd)", set={**values, "every_k": 3},
                      start="1", steps=36)  # fmt: skip
    assert list(many.data["x_exact"].values[::3]) == list(plain.data["x_exact"].values)
    # Gradients of one place do not wander, and the state returns with the position.
    assert plain.facts["cycle"].value["period"] == 2
    assert many.facts["cycle"].value["period"] == 6
    assert many.facts["cycle"].status == "proved"
    check(json.loads(json.dumps(many.certificate)))


def test_a_run_behind_a_wall_stays_at_it_and_is_proved_to():
    answer = trajectory("-x", optimizer="project(sgd, high=2)", set={"learning_rate": "1/4"},
                        start="0", steps=40)  # fmt: skip
    assert answer.facts["verdict"].value == "converges"
    assert answer.facts["verdict"].status == "proved"
    assert answer.facts["limit"].value == 2


def test_lookahead_on_a_parabola_multiplies_the_slow_weights():
    values = {"learning_rate": "1/2", "sync_period": 2, "slow_step_size": "1/2"}
    answer = trajectory("x^2/2", optimizer="lookahead(sgd)", set=values, start="1", steps=8)
    # Two steps divide by 4, and the slow weights go half of the way.
    assert answer.facts["final"].value == fmpq(5, 8) ** 4


@pytest.mark.parametrize(
    "named",
    ["clip(adam)", "lookahead(clip(adamw))", "multi_steps(momentum)", "apply_if_finite(adam)",
     "skip_large_updates(ema(sgd))", "average_weights(rmsprop, overwrite_frequency=3)"],
)  # fmt: skip
@pytest.mark.parametrize("objective", ["rosenbrock", "(x^2 - 1)^2/4"])
def test_kernels_take_the_steps_of_a_wrapped_rule(named, objective):
    named = named.replace("momentum", "sgd(momentum=1/2)")
    optimizer, surface = read_optimizer(named), read_objective(objective)
    values = settle([optimizer.owner, surface.owner], {"learning_rate": "1/100"})
    bound = surface.bind_surface(values["objective"])
    count = len(bound.variables)
    code = unroll(optimizer.bind(values["optimizer"]), () if count == 1 else (count,))
    start = np.linspace(-1.5, 1.5, 5 * count).reshape(5, count)
    runs = plan_runs(code, bound, repeats=False).run(start if count > 1 else start[:, 0], steps=60)
    for at in range(5):
        one = trace_floats(code, to_field(bound), start[at], steps=60, rates=lambda step: {})
        np.testing.assert_allclose(np.ravel(runs.position[at]), one.final, rtol=1e-9, atol=1e-12)


def test_what_a_wrapper_remembers_costs_memory():
    rows = parameters(["10-10"], optimizer="multi_steps(adam)").facts["memory_training"].value
    held = {row["part"].rpartition(": ")[2]: row["bytes"] for row in rows if ": " in row["part"]}
    # The 110 numbers of a mean of gradients, and a count for each of two tensors.
    assert held == {"mean_gradient": 440, "done": 8, "adam_m": 440, "adam_v": 440,
                    "step counts": 8}  # fmt: skip


STUDY = """
schema_version = 1
title = "Own wrappers"
[[question]]
id = "own"
ask = "trajectory"
objective = "x^2/2"
optimizer = "halved"
start = 1
steps = 1
set = { learning_rate = 1 }
[[question.claim]]
fact = "final"
equals = "1/2"
[define.optimizer.halved]
rule = "plain"
step = { "x'" = "rule(x, g/2)" }
[define.optimizer.plain]
parameters = { learning_rate = { default = "1/10" } }
step = { "x'" = "x - learning_rate*g" }
"""


def test_a_study_has_its_own_wrapper_around_its_own_rule(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(STUDY, encoding="utf-8")
    (claim,) = run_study(read_study(path)).questions[0].claims
    assert claim.status == "proved"


def test_a_study_whose_wrapper_wraps_itself_is_refused(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(STUDY.replace('rule = "plain"', 'rule = "halved"'), encoding="utf-8")
    _, problems = check_study(path)
    assert problems
