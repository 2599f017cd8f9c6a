"""Bounds of rules whose steps are short: against long runs in floats, other rules, and mutants."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest

import gradiometer
from gradiometer.errors import CertificateError
from gradiometer.formula import to_float
from gradiometer.proof import check, find_settled_step, fingerprint, run_exactly
from gradiometer.proof.scene import Scene
from gradiometer.proof.tether import find_tether
from gradiometer.question.course import read_request

LANDSCAPES = (("x^4/4", "1"), ("abs(x) + x^4", "-6/5"))
RULES = ("adam", "adam.keras", "amsgrad", "rmsprop", "rmsprop.keras", "adagrad", "lion", "adamw")


def ask(objective: str, optimizer: str, **more: Any) -> gradiometer.Answer:
    """A short run, so that long ones test what is said of all steps."""
    return gradiometer.trajectory(objective, optimizer=optimizer, **{"steps": 80, **more})


def tether(answer: gradiometer.Answer) -> dict[str, Any] | None:
    """The certificate of bounds in an answer."""
    rows = (answer.certificate or {}).get("parts", [answer.certificate])
    found = [copy.deepcopy(dict(row)) for row in rows if row and row["kind"] == "tether"]
    return found[0] if found else None


def sealed(certificate: dict[str, Any]) -> dict[str, Any]:
    """The certificate with a fingerprint that fits."""
    parts = (certificate[k] for k in ("problem", "claim", "evidence"))
    return {**certificate, "fingerprint": fingerprint(*parts)}


def prove(objective: str, optimizer: str, start: str) -> tuple[float, float]:
    """Bounds that the checker accepts, whatever else may be proved of the run."""
    request = read_request(
        objective, optimizer=optimizer, schedule=None, settings={"learning_rate": "1/10"},
        start=start, steps=80, at_kink=None,
    )  # fmt: skip
    settled = find_settled_step(request.course)
    run = run_exactly(request.course, settled_from=settled)
    fate = find_tether(Scene(request.course, run, settled))
    check(fate.certificate)
    assert fate.interval is not None
    return to_float(fate.interval[0]), to_float(fate.interval[1])


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(("objective", "start"), LANDSCAPES)
def test_long_runs_stay_between_proved_bounds(rule: str, objective: str, start: str) -> None:
    low, high = prove(objective, rule, start)
    run = gradiometer.trajectory(objective, optimizer=rule, start=start, steps=20_000,
                                 set={"learning_rate": "1/10"}, engine="float64")  # fmt: skip
    positions = run.arrays["x"].to_list()
    assert len(positions) > 1000
    assert low <= min(positions) <= max(positions) <= high


def test_bounds_of_a_bowl_are_tight() -> None:
    answer = ask("x^2/2", "adam", start="1/3", steps=400)
    bounds = answer.facts["bounds"]
    assert bounds.status == "proved"
    low, high = (float(n.value) for n in (bounds.value.lower, bounds.value.upper))
    # The start is the farthest position; a step is at most 0.0073 and memory turns in some ten.
    assert 1 / 3 <= high < 0.45
    assert low > -0.3


def test_a_landscape_that_leads_away_has_no_bounds() -> None:
    for objective in ("-x^2/2", "-x"):
        assert tether(ask(objective, "adam", start="1/3", set={"learning_rate": "1/10"})) is None


def test_means_that_forget_slower_than_squares_have_no_greatest_step() -> None:
    # sup |m|/sqrt(v) is infinite where beta1^2 >= beta2.
    values = {"beta1": "9/10", "beta2": "1/2", "learning_rate": "1/10"}
    assert tether(ask("x^2/2", "adam", start="1/3", set=values)) is None


def edit(certificate: dict[str, Any], kind: int) -> None:
    """Make a false or unshown certificate of a true one."""
    problem, claim, evidence = (certificate[k] for k in ("problem", "claim", "evidence"))
    step = dict(problem["rule"]["step"])
    if kind == 0:
        claim["interval"][random.randrange(2)] = "0"
    elif kind == 1:
        evidence["from"] = 10**6
    elif kind == 2:
        evidence["inner"] = list(claim["interval"])
    elif kind == 3:
        problem["rule"]["values"]["learning_rate"] = "10"
    elif kind == 4:
        step["x'"] = step["x'"].replace("x - ", "x + ", 1)
    elif kind == 5:
        problem["pieces"][0]["loss"] = "-x^2/2"
    elif kind == 6:
        problem["rule"]["values"]["beta2"] = "1/2"
    elif kind == 7:
        problem["start"] = "5"
    elif kind == 8:
        step["v'"] = step["v'"].replace("d^2", "d")
    else:
        step["m'"] = step["m'"].replace("*d", "*x")
    problem["rule"]["step"] = [[name, step[name]] for name, _ in problem["rule"]["step"]]


@pytest.mark.parametrize("kind", range(10))
def test_edited_certificates_are_refused(kind: int) -> None:
    random.seed(kind)
    certificate = tether(ask("x^2/2", "adam", start="1/3"))
    assert certificate is not None
    check(certificate)
    edit(certificate, kind)
    with pytest.raises(CertificateError):
        check(sealed(certificate))
