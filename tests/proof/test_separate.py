"""Runs whose coordinates do not see each other: verdicts put together, and what is refused."""

import json
import random

import pytest
from flint import fmpq

import gradiometer
from gradiometer.errors import CertificateError, UndecidedError
from gradiometer.proof import check
from gradiometer.proof.check_separate import join_words, split_problem
from proof.mutants import edits, with_own_fingerprint

RATE = {"learning_rate": "1/10"}


def ask(objective, start, rule="sgd", *, steps=60, **more):
    rate = {} if "schedule" in more else RATE
    return gradiometer.trajectory(
        objective, start=start, optimizer=rule, set=rate, steps=steps, **more
    )


def part(answer):
    """The certificate of the coordinates, if there is one."""
    rows = answer.certificate.get("parts", [answer.certificate])
    found = [json.loads(json.dumps(row)) for row in rows if row["kind"] == "separate"]
    return found[0] if found else None


@pytest.mark.parametrize(
    ("objective", "start", "word", "limit"),
    [
        ("abs(x) + y^2", "x=1,y=1/3", "converges", {"x": "0", "y": "0"}),
        ("x^2 - y^2", "x=1,y=0", "converges", {"x": "0", "y": "0"}),
        ("-(x^2 - y^2)", "x=0,y=1", "converges", {"x": "0", "y": "0"}),
        ("3*(relu(x) + y^2)/2", "x=3/2,y=1", "converges", {"x": "0", "y": "0"}),
        ("max(x, 0) + min(x, 0) + y^2", "x=0,y=1", "diverges", None),
        ("abs(abs(x) - 1) + y", "x=1/5,y=1", "diverges", None),
        ("clip(x, -1, 1) + y^2", "x=3,y=1", "converges", {"x": "3", "y": "0"}),
    ],
)
def test_coordinates_are_judged_one_by_one(objective, start, word, limit):
    answer = ask(objective, start)
    certificate = part(answer)
    check(certificate)
    assert (answer.facts["verdict"].status, answer.facts["verdict"].value) == ("proved", word)
    assert certificate["claim"]["limit"] == limit
    long = ask(objective, start, steps=3000, engine="float64").facts["final"].value
    if limit is None:
        assert max(map(abs, long.values())) > 100
    else:
        # A float run may pass a kink that the exact one meets, and go on by one step.
        assert all(abs(long[name] - float(place)) < 0.16 for name, place in limit.items())


@pytest.mark.parametrize("rule", ["sgd", "adam", "lion", "rmsprop"])
def test_rates_that_fade_come_to_the_kink_in_each_coordinate(rule):
    answer = ask("abs(x) + abs(y - 2)/2", "x=1/7,y=1/3", rule, schedule="1/(5 + k)")
    assert answer.facts["verdict"].value == "converges"
    assert part(answer)["claim"]["limit"] == {"x": "0", "y": "2"}


@pytest.mark.parametrize(
    ("objective", "rule", "why"),
    [
        ("x*y + abs(x)", "sgd", "several variables"),
        ("abs(x + y) + x^2", "sgd", "several variables"),
        ("abs(x) + y^2", "lars", "mixes"), ("abs(x^2 - 2) + y^2", "sgd", "irrational"),
        ("sqrt(abs(x)) + y^2", "sgd", "no value"), ("abs(x - 1/3) + y^2", "sgd", "neither"),
    ],
)  # fmt: skip
def test_other_runs_stay_open(objective, rule, why):
    answer = ask(objective, "x=1,y=1", rule)
    assert part(answer) is None
    assert answer.facts["verdict"].status == "unknown"
    assert why in answer.facts["verdict"].because


def test_a_kink_has_the_slope_of_the_formula():
    problem = part(ask("max(x, 0) + min(x, 0) + y^2", "x=0,y=1"))["problem"]
    pieces = split_problem(problem)[0]["pieces"]
    # There both branches count, so that the slope is 2, and 1 everywhere else.
    assert [piece["loss"] for piece in pieces] == ["x", "2*x", "x"]
    assert (pieces[1]["lower"], pieces[1]["upper"], pieces[1]["upper_closed"]) == ("0", "0", True)


@pytest.mark.parametrize("loss", ["clip(x, 0, 0)", "clip(x - 1/10, -1/10, -1/10)"])
def test_a_slope_may_jump_where_values_do_not(loss):
    # The slope of `clip` at both of its ends is 1, so that the run makes one step and stays.
    answer = ask(f"{loss} + y^2", "x=0,y=1")
    assert answer.facts["final"].value["x"] == fmpq(-1, 10)
    assert part(answer)["claim"]["limit"] == {"x": "-1/10", "y": "0"}


@pytest.mark.parametrize("hole", ["0*ln(10 - x)", "0*sqrt(100 - x)", "0/(x - 7)", "0*ln(10 - y)"])
def test_a_loss_without_a_value_somewhere_is_not_split(hole):
    assert part(ask(f"-x^2 + y^2 + {hole}", "x=1,y=1/3", steps=3)) is None


def test_a_loss_that_changes_is_not_split():
    problem = {**part(ask("abs(x) + y^2", "x=1,y=1"))["problem"], "loss": "abs(x) + t*y^2"}
    with pytest.raises(UndecidedError, match="changes"):
        split_problem(problem)


@pytest.mark.parametrize("seed", range(2))
def test_edited_certificates_are_refused(seed):
    certificate = part(ask(("abs(x) + y^2", "x^2 - y^2")[seed], ("x=1,y=1/3", "x=1,y=0")[seed]))
    every = [(key, path, edited) for key in ("problem", "claim", "evidence")
             for path, edited in edits(certificate[key])]  # fmt: skip
    for key, _, edited in random.Random(seed).sample(every, 60):
        with pytest.raises(CertificateError):
            check(with_own_fingerprint({**certificate, key: edited}))


def test_a_coordinate_whose_run_may_end_is_not_put_to_others():
    assert join_words(["diverges", "bounded"]) == "diverges"
    # A certificate of the first steps alone says `unknown`; at a later one there may be no value.
    with pytest.raises(CertificateError, match="not all steps"):
        join_words(["diverges", "unknown"])


def test_parts_of_other_runs_are_refused():
    one, other = part(ask("abs(x) + y^2", "x=1,y=1/3")), part(ask("abs(x) + y^2", "x=2,y=1/3"))
    parts = [other["evidence"]["parts"][0], one["evidence"]["parts"][1]]
    with pytest.raises(CertificateError, match="another run"):
        check(with_own_fingerprint({**one, "evidence": {"parts": parts}}))
    with pytest.raises(CertificateError, match="another run"):
        check(with_own_fingerprint({**one, "evidence": {"parts": one["evidence"]["parts"][::-1]}}))


def test_a_run_whose_loss_ends_on_the_way_is_refused_alone():
    # Ten steps go by before the run comes to 10, where the loss has no value.
    whole = json.loads(json.dumps(part(ask("-x^2 + abs(y)", "x=1,y=1/2", steps=3))))
    alone = whole["evidence"]["parts"][0]
    check(alone)
    alone["problem"]["pieces"][0]["loss"] += " + 0*ln(10 - x)"
    with pytest.raises(CertificateError):
        check(with_own_fingerprint(alone))
