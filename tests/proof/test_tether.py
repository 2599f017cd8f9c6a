"""Bounds of rules whose steps are short: against long runs in floats, other rules, and mutants."""

from __future__ import annotations

import copy
import random
from math import ceil
from typing import Any

import pytest
from flint import arb, fmpq

import gradiometer
from gradiometer.errors import CertificateError, UndecidedError
from gradiometer.formula import to_float
from gradiometer.proof import check, find_settled_step, fingerprint, run_exactly
from gradiometer.proof.check_tether import bound_mean
from gradiometer.proof.scene import Scene
from gradiometer.proof.tether import find_tether
from gradiometer.question.course import read_request

LANDSCAPES = (("x^4/4", "1"), ("abs(x) + x^4", "-6/5"))
RULES = (
    *("adam", "adam.keras", "amsgrad", "rmsprop", "rmsprop.keras", "adagrad", "lion", "adamw"),
    *("nadam", "nadam.keras", "nadam.optax", "nadamw", "radam", "radam.optax", "adamax", "adamaxw"),
)


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


def prove(
    objective: str, optimizer: str, start: str, *, rate: str = "1/10", **values: str
) -> tuple[float, float]:
    """Bounds that the checker accepts, whatever else may be proved of the run."""
    request = read_request(
        objective, optimizer=optimizer, schedule=None, settings={"learning_rate": rate, **values},
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


@pytest.mark.parametrize(
    ("rule", "values"),
    [("ademamix", {"beta3": "99/100"}), ("simplified_ademamix", {"beta1": "9/10", "alpha": "2"}),
     ("nadam", {"momentum_decay": "1/10"}), ("adamax", {"beta1": "1/2", "beta2": "3/4"})],
)  # fmt: skip
def test_other_values_leave_bounds_too(rule: str, values: dict[str, str]) -> None:
    low, high = prove("x^2/2 + abs(x)", rule, "3/2", **values)
    run = gradiometer.trajectory("x^2/2 + abs(x)", optimizer=rule, start="3/2", steps=20_000,
                                 set={"learning_rate": "1/10", **values},
                                 engine="float64")  # fmt: skip
    positions = run.arrays["x"].to_list()
    assert low <= min(positions) <= max(positions) <= high


@pytest.mark.parametrize(
    ("rule", "values"),
    [("ademamix", {}), ("adabelief", {}), ("adamax", {"beta1": "999/1000", "beta2": "1/2"}),
     ("adan", {}), ("radam", {"beta1": "9/10", "beta2": "4/5"}), ("novograd", {}),
     ("nadamw", {"weight_decay": "11"})],
)  # fmt: skip
def test_rules_whose_steps_have_no_bound_or_do_not_point_home_are_left_open(
    rule: str, values: dict[str, str]
) -> None:
    with pytest.raises(UndecidedError):
        prove("x^2/2", rule, "1/3", **values)


def test_a_rule_that_climbs_is_not_held() -> None:
    step = {"m'": "9/10*m + g/10", "u'": "max(19/20*u, abs(g))"}
    for sign, share, held in (("-", "1 + (1/2)^t", True), ("+", "1 + (1/2)^t", False),
                              ("-", "1 - 2*(99/100)^t", False)):  # fmt: skip
        own: Any = {"name": "own", "parameters": {"learning_rate": {"default": "1"}},
               "state": {"m": "0", "u": "0"},
               "step": {**step, "x'": f"x {sign} learning_rate*({share})*m'/u'"}}  # fmt: skip
        if held:
            prove("x^2/2", own, "1/3")
        else:
            with pytest.raises(UndecidedError):
                prove("x^2/2", own, "1/3")


def test_a_rule_that_once_moved_otherwise_is_left_open() -> None:
    # Until step 30 the mean takes no slopes; then it would take them up from another value.
    own: Any = {"name": "own", "parameters": {"learning_rate": {"default": "1"}},
           "state": {"m": "0", "u": "0"},
           "step": {"m'": "where(t < 30, m - g, 9/10*m + g/10)", "u'": "max(19/20*u, abs(g))",
                    "x'": "x - learning_rate*(1 + (1/2)^t)*m'/u'"}}  # fmt: skip
    with pytest.raises(UndecidedError):
        prove("x^2/2", own, "1/3")


def test_bounds_of_a_bowl_are_tight() -> None:
    answer = ask("x^2/2", "adam", start="1/3", steps=400)
    bounds = answer.facts["bounds"]
    assert bounds.status == "proved"
    low, high = (float(n.value) for n in (bounds.value.lower, bounds.value.upper))
    # The start is the farthest position; a step is at most 0.0073 and memory turns in some ten.
    assert 1 / 3 <= high < 0.45
    assert low > -0.3


@pytest.mark.parametrize(
    ("objective", "rule", "start", "rate", "far"),
    [
        ("x^4 + x^2", "lion", "1/3", "1/100", 1.2),
        ("double_well", "adam", "1/3", "1/100", 2),
        ("x^2/2", "lion", "3/2", "1/10", 10),
        ("cosh(x)", "lion", "3/2", "1/10", 30),
    ],
)
def test_a_run_comes_to_a_wall_from_nearby(
    objective: str, rule: str, start: str, rate: str, far: float
) -> None:
    # With the largest slope anywhere in place of a mean, these are 4 times as wide, or unknown.
    low, high = prove(objective, rule, start, rate=rate)
    assert -far < low < high < far
    run = gradiometer.trajectory(objective, optimizer=rule, start=start, steps=20_000,
                                 set={"learning_rate": rate}, engine="float64")  # fmt: skip
    positions = run.arrays["x"].to_list()
    assert low <= min(positions) <= max(positions) <= high


@pytest.mark.parametrize("seed", range(40))
def test_no_mean_is_below_its_bound(seed: int) -> None:
    # Slopes fall from part to part, and the run came as straight from the far end as it could.
    random.seed(seed)
    keeps = random.choice([fmpq(0), fmpq(1, 2), fmpq(9, 10), fmpq(99, 100)])
    width = random.choice([0.3, 1.0, 2.5, 7.9])
    back = [fmpq(random.randint(-9, 5)) for _ in range(16)]
    home = fmpq(random.randint(1, 9))
    bound = to_float(bound_mean(keeps, home, back, arb(width)))
    least = [min([home, *back[: part + 1]]) for part in range(16)]
    k, total, closest = to_float(keeps), 0.0, float("inf")
    for steps in range(1, 3000):
        # Two steps and more before it passed the end.
        part = min(15, ceil((steps + 1) / width) - 1)
        total += (1 - k) * k ** (steps - 1) * to_float(least[part])
        fade = 1 - k**steps
        assert total / fade >= bound - 1e-9
        assert total >= min(0.0, bound) - 1e-9
        closest = min(closest, total / fade - bound)
    assert closest < 1e-6


def test_longer_first_steps_leave_less_of_a_bound() -> None:
    back = [fmpq(3 - part) for part in range(16)]
    near, far = (bound_mean(fmpq(9, 10), fmpq(4), back, arb(w)) for w in (8, 2))
    assert to_float(near) > 0 > to_float(far)


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
        step["v'"] = step["v'"].replace("d^2", "d").replace("g^2", "g")
    else:
        step["m'"] = step["m'"].replace("*d", "*x").replace("*g", "*x")
    problem["rule"]["step"] = [[name, step[name]] for name, _ in problem["rule"]["step"]]


@pytest.mark.parametrize("rule", ["adam", "nadamw"])
@pytest.mark.parametrize("kind", range(10))
def test_edited_certificates_are_refused(kind: int, rule: str) -> None:
    random.seed(kind)
    certificate = tether(ask("x^2/2", rule, start="1/3"))
    assert certificate is not None
    check(certificate)
    edit(certificate, kind)
    with pytest.raises(CertificateError):
        check(sealed(certificate))
