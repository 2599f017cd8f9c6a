"""Claims about all steps to come that are false of odd rules, and must never be accepted."""

import json

import pytest
from flint import fmpq

from gradiometer.errors import CertificateError
from gradiometer.formula import Range, hull
from gradiometer.proof import check, make_certificate
from gradiometer.proof.check import fingerprint
from gradiometer.question import ask


def certify(kind, *, step, state, pieces, start, claim, evidence, schedules=None):
    """A certificate made by hand, with the fingerprint that belongs to it."""
    rows, before = [], (None, False)
    for upper, closed, loss in pieces:
        rows.append(
            {"lower": before[0], "upper": upper, "lower_closed": before[1],
             "upper_closed": closed, "loss": loss}
        )  # fmt: skip
        before = (upper, not closed)
    problem = {
        "rule": {"state": state, "step": step, "values": {"r": "1/10"}},
        "pieces": rows,
        "schedules": schedules or {},
        "start": start,
        "steps": 50,
        "side": None,
    }
    said = {"verdict": None, "limit": None, "cycle": None, "interval": None, **claim}
    return make_certificate(kind, problem=problem, claim=said, evidence=evidence)


HILL = [("0", True, "x"), (None, False, "-x")]


def descend(step, memory):
    """The claim that the run goes down the right side of a hill for ever."""
    return certify(
        "descent", step=step, state={"m": "0"}, pieces=HILL, start="1/10",
        claim={"verdict": "diverges"}, evidence={"from": 1, "memory": {"m": memory}},
    )  # fmt: skip


def test_a_memory_of_slopes_goes_downhill_for_ever():
    check(descend([["m'", "m/2 + g"], ["x'", "x - r*(g + m')"]], ["-2", "0"]))


@pytest.mark.parametrize("line", ["x'", "m/2 + x'/2", "x' + 0*g"])
def test_a_memory_of_the_new_position_pulls_the_run_back(line):
    # With m = x the run comes to rest at 100, where m/1000 balances the slope.
    with pytest.raises(CertificateError):
        check(descend([["x'", "x - (r*g + m/1000)"], ["m'", line]], ["0", "1"]))


def test_ranges_join_to_the_smallest_range_with_all_of_them():
    joined = hull(Range(fmpq(0), fmpq(1)), Range(fmpq(-1), fmpq(2)), Range(fmpq(0), fmpq(3)))
    assert (joined.lower, joined.upper) == (-1, 3)


@pytest.mark.parametrize("condition", ["sqrt(x) < 100", "1/(t - 500) < 100"])
def test_a_run_whose_condition_loses_its_value_is_not_bounded_for_ever(condition):
    # Left of 0 the root has no value, and at step 500 the quotient has none: the run ends there.
    boxes = [
        {"piece": 0, "box": {"x": ["-1", "0"]}},
        {"piece": 1, "box": {"x": ["0", "1"]}},
    ]
    certificate = certify(
        "excursion", step=[["x'", f"x - 5*r*where({condition}, g, g/2)"]], state={},
        pieces=[("0", True, "-x"), (None, False, "x")], start="1/3",
        claim={"verdict": "bounded", "interval": ["-1", "1"]},
        evidence={"from": 0, "boxes": boxes},
    )  # fmt: skip
    with pytest.raises(CertificateError):
        check(certificate)


def approach(start, limit):
    """The claim that plain descent on `x^2/2 - ln(x)` converges, in which its slope rests."""
    return certify(
        "contraction", step=[["x'", "x - 5*r*g"]], state={},
        pieces=[(None, False, "x^2/2 - ln(x)")], start=start,
        claim={"verdict": "converges", "limit": limit},
        evidence={
            "entry": 30, "bits": 200, "names": ["x"], "points": [[limit]], "matrix": [["1/100"]],
            "factor": "1/2", "free": {}, "cuts": [], "root": None, "drifts": [],
        },
    )  # fmt: skip


def test_a_run_converges_where_its_loss_has_a_value():
    check(approach("2", "1"))


def test_no_run_converges_where_its_loss_has_no_value():
    with pytest.raises(CertificateError):
        check(approach("-2", "-1"))


def test_no_run_leaps_to_where_its_loss_has_no_value():
    certificate = certify(
        "excursion", step=[["x'", "x - 5*r*g"]], state={},
        pieces=[("0", True, "0*ln(x) - x"), (None, False, "x")], start="1/3",
        claim={"verdict": "bounded", "interval": ["-1", "1"]},
        evidence={"from": 0, "boxes": [
            {"piece": 0, "box": {"x": ["-1", "0"]}}, {"piece": 1, "box": {"x": ["0", "1"]}},
        ]},
    )  # fmt: skip
    with pytest.raises(CertificateError):
        check(certificate)


def rest_of_barrier(loss, place):
    """The certificate of `(x - 1)^2` with another loss of the same curvature, and another point."""
    certificate = ask("stability", objective="(x - 1)^2", optimizer="sgd").certificate
    made = json.loads(json.dumps(certificate))
    (part,) = (p for p in made.get("parts", [made]) if p["kind"] == "stability")
    part["problem"]["landscape"]["pieces"][0]["loss"] = loss
    part["claim"]["at"] = [[place, place]]
    bodies = (part[name] for name in ("problem", "claim", "evidence"))
    return {**part, "fingerprint": fingerprint(*bodies)}


def test_a_point_is_stable_only_where_its_loss_has_a_value():
    check(rest_of_barrier("x^2/2 - ln(x)", "1"))
    with pytest.raises(CertificateError):
        check(rest_of_barrier("x^2/2 - ln(x)", "-1"))
