"""Certificates about what becomes of a run for ever are accepted, and no false edit of one is."""

from fractions import Fraction

import pytest

from gradiometer.errors import CertificateError
from gradiometer.formula import evaluate, precision, to_ball
from gradiometer.proof import check
from gradiometer.proof.check_walk import read_replay
from gradiometer.question.trajectory import trajectory
from proof.mutants import mutants, with_own_fingerprint

RATE = {"learning_rate": "1/10"}
HILL = {
    "name": "hill",
    "pieces": [
        {"on": "(-oo, 0]", "f": "-x"},
        {"on": "(0, 1/10]", "f": "x"},
        {"on": "(1/10, oo)", "f": "1/5 - x"},
    ],
}
RUNS = {
    "a rotation": ("max(-x, 21*x/13)", {"set": RATE, "start": "1/3", "steps": 6}),
    "a rotation without return": ("max(-x, sqrt(2)*x)", {"set": RATE, "start": "1/3", "steps": 6}),
    "a cycle that is approached": (
        "abs(x)",
        {"set": {**RATE, "momentum": "1/2"}, "start": "33/100", "steps": 30},
    ),
    "a cycle of sign steps": (
        "abs(x)",
        {"optimizer": "lion", "set": {**RATE, "beta2": "1/2"}, "start": "1/3", "steps": 30},
    ),
    "an excursion": (
        "max(-x, 2*x)",
        {"optimizer": "adam", "set": {**RATE, "eps": "0"}, "start": "1/3", "steps": 20},
    ),
    "a descent": (
        HILL,
        {"optimizer": "sgd.keras", "set": {**RATE, "momentum": "9/10"}, "start": "-1", "steps": 60},
    ),
}
KINDS = {
    "a rotation": ("rotation", "cycle"),
    "a rotation without return": ("rotation", "bounded"),
    "a cycle that is approached": ("itinerary", "cycle"),
    "a cycle of sign steps": ("itinerary", "cycle"),
    "an excursion": ("excursion", "bounded"),
    "a descent": ("descent", "escapes"),
}

TRUE_CLAIMS = {
    # A wider interval holds the run as well.
    ("interval", 0, "a little more"),
    ("interval", 0, "opposite"),
    ("interval", 1, "a little more"),
    ("interval", 1, "opposite"),
}


@pytest.fixture(scope="module")
def parts():
    """The part of each answer that speaks of all steps to come."""
    found = {}
    for name, (surface, options) in RUNS.items():
        certificate = trajectory(surface, **options).certificate
        rows = certificate.get("parts", [certificate])
        (found[name],) = [part for part in rows if part["kind"] != "run"]
    return found


@pytest.mark.parametrize("name", RUNS)
def test_the_certificate_is_of_its_kind_and_accepted(parts, name):
    check(parts[name])
    assert (parts[name]["kind"], parts[name]["claim"]["verdict"]) == KINDS[name]


def accepted(certificate, part):
    """The paths of the edits that the checker accepts once the fingerprint fits again."""
    survivors, count = set(), 0
    for path, mutant in mutants(certificate, part):
        count += 1
        with pytest.raises(CertificateError):
            check(mutant)
        try:
            check(with_own_fingerprint(mutant))
        except CertificateError:
            continue
        survivors.add(path)
    return survivors, count


@pytest.mark.parametrize("name", RUNS)
def test_no_edit_of_what_is_claimed_is_accepted_but_a_wider_interval(parts, name):
    survivors, count = accepted(parts[name], "claim")
    assert survivors <= TRUE_CLAIMS
    assert count >= 15


@pytest.mark.parametrize("name", RUNS)
def test_only_evidence_that_shows_the_same_is_accepted(parts, name):
    survivors, count = accepted(parts[name], "evidence")
    assert {path for path in survivors if not shows_the_same(path)} == set()
    assert count - len(survivors) >= 12


def shows_the_same(path):
    """Whether the edited evidence is another proof: a later start, a wider box, a slower rate."""
    if path[0] == "boxes":
        return path[-1] in ("a little more", "twice")
    return path in {("from", "more"), ("returns", "missing"), ("shrink", "a little more")} or (
        path[0] == "memory" and path[-1] in ("a little more", "missing")
    )


@pytest.mark.parametrize("name", RUNS)
def test_edits_of_the_problem_are_accepted_only_where_the_claim_is_true_of_them(parts, name):
    survivors, count = 0, 0
    for _, mutant in mutants(parts[name], "problem"):
        count += 1
        forged = with_own_fingerprint(mutant)
        try:
            check(forged)
        except CertificateError:
            continue
        survivors += 1
        assert is_true(forged["problem"], forged["claim"])
    assert count - survivors >= 100


def is_true(problem, claim):
    """Whether a long run of its own agrees with the claim."""
    with precision(2048):
        places = run(read_replay(problem), 300)
    if claim["interval"] is not None:
        low, high = map(Fraction, claim["interval"])
        slack = Fraction(1, 10**12)
        assert all(low - slack <= place <= high + slack for place in places)
    if claim["verdict"] == "cycle" and claim["cycle"]["points"]:
        points = [Fraction(text.lstrip("~")) for text in claim["cycle"]["points"]]
        tail = places[-len(points) :]
        turns = [points[turn:] + points[:turn] for turn in range(len(points))]
        return any(all(abs(a - b) < 1e-9 for a, b in zip(t, tail, strict=True)) for t in turns)
    if claim["verdict"] == "escapes":
        return places[-1] > max(places[:-1])
    return True


def run(replay, steps):
    """The positions of the problem's run, rounded."""
    ends, states, places = replay.ends({}), [replay.begin()], []
    for done in range(steps):
        state = states[-1]
        places.append(Fraction(float(to_ball(state["x"]))))
        piece = replay.pieces[replay.locate(state["x"], ends)]
        states.append(replay.advance(state, evaluate(piece.slope, {"x": state["x"]}), done))
        if done > 60:
            states[-1] = {name: to_ball(value) for name, value in states[-1].items()}
    return places
