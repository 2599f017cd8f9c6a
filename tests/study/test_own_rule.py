"""A user's own update rule, with norms in it, in a study, in a file and in every question."""

import json

import pytest
from flint import fmpq

from gradiometer import escape, parameters, trajectory
from gradiometer.proof import check
from gradiometer.study import read_study, run_study

RULE = """
name = "normed"
[parameters]
learning_rate = { default = "1/10", domain = "(0, oo)" }
[state]
x0 = "x"
m = "0"
[step]
"x0'" = "x0"
"m'" = "m/2 + g/norm(g)"
"x'" = "x - learning_rate*m'*where(axes(x) == 0, 1, sqrt(size(x))) + 0*norm(x - x0)"
"""


@pytest.fixture
def rule(tmp_path):
    path = tmp_path / "normed.toml"
    path.write_text(RULE, encoding="utf-8")
    return str(path)


def test_a_rule_with_a_norm_runs_exactly_and_its_certificate_replays(rule):
    answer = trajectory("kink", optimizer=rule, start="1", steps=3)
    # The slope right of the kink is constant, and over its size it is 1.
    assert answer.facts["final"].value == 1 - fmpq(1, 10) * (1 + fmpq(3, 2) + fmpq(7, 4))
    assert answer.facts["final"].status == "proved"
    check(json.loads(json.dumps(answer.certificate)))


def test_a_rule_that_reads_the_loss_runs_exactly_and_its_certificate_replays():
    """A step of Polyak's length on abs(x) reaches the minimum at once."""
    step = {"x'": "x - where(g == 0, 0, loss*g/norm(g)^2)"}
    polyak = {"name": "polyak", "step": step}
    answer = trajectory("abs(x)", optimizer=polyak, start="7/3", steps=3, at_kink="left")
    assert list(answer.data["x_exact"].values)[:2] == ["7/3", "0"]
    check(json.loads(json.dumps(answer.certificate)))


def test_the_threshold_of_a_barrier_is_found_with_a_rule_that_has_a_norm(rule):
    own = escape("barrier", optimizer=rule, steps=60)
    plain = {
        "name": "signs",
        "parameters": {"learning_rate": {"default": "1/10"}},
        "state": {"m": "0"},
        "step": {"m'": "m/2 + sign(g)", "x'": "x - learning_rate*m'"},
    }
    by_sign = escape("barrier", optimizer=plain, steps=60)
    assert own.facts["barrier"].value == by_sign.facts["barrier"].value
    assert own.facts["barrier"].status == by_sign.facts["barrier"].status


def test_what_a_rule_of_a_file_remembers_is_counted(rule):
    answer = parameters("4-3", optimizer=rule, bias=False)
    parts = {p["part"]: p["bytes"] for p in answer.facts["memory_training"].value}
    assert parts["normed: m"] == parts["normed: x0"] == 4 * 12


STUDY = """
schema_version = 1
title = "An own rule"
[[question]]
id = "run"
ask = "trajectory"
objective = "kink"
optimizer = "normed"
set = { learning_rate = "1/4" }
start = 1
steps = 2
[[question.claim]]
fact = "final"
equals = "3/8"
[[question]]
id = "bytes"
ask = "parameters"
networks = "4-3"
bias = false
optimizer = "normed"
[[question.claim]]
fact = "training_bytes"
equals = 208
"""


def test_a_rule_of_a_study_serves_its_questions(tmp_path):
    path = tmp_path / "study.toml"
    body = RULE.replace('name = "normed"', "").replace("\n[", "\n[define.optimizer.normed.")
    path.write_text(STUDY + body, encoding="utf-8")
    result = run_study(read_study(path))
    assert [part.error for part in result.questions] == ["", ""]
    assert [c.status for part in result.questions for c in part.claims] == ["proved", "computed"]


def test_an_error_in_a_rule_of_a_study_has_its_line(tmp_path):
    from gradiometer.errors import GradiometerError
    from gradiometer.study import check_study

    path = tmp_path / "study.toml"
    body = RULE.replace('name = "normed"', "").replace("\n[", "\n[define.optimizer.normed.")
    text = STUDY + body.replace("norm(g)", "nrom(g)")
    path.write_text(text, encoding="utf-8")
    _, problems = check_study(path)
    line = next(k for k, row in enumerate(text.splitlines(), 1) if "nrom" in row)
    assert len(problems) == 1
    assert isinstance(problems[0], GradiometerError)
    assert problems[0].place.line == line
    assert problems[0].hint == "write `norm`"
