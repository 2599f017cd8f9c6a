"""The checker accepts a change of the verdict only between two runs that cannot end alike."""

import json

import pytest
from flint import fmpq

from gradiometer.errors import CertificateError
from gradiometer.proof import check, make_certificate
from gradiometer.proof.check_change import Ending, is_change
from gradiometer.question.trajectory import trajectory
from proof.mutants import edits, with_own_fingerprint


@pytest.fixture(scope="module")
def certificate():
    answer = trajectory("x^2/2", start="1", steps=4, between="learning_rate=1:3:3")
    return json.loads(json.dumps(answer.certificate["parts"][0]))


def is_refused(forged):
    try:
        check(forged)
    except CertificateError:
        return True
    return False


def test_the_certificate_is_accepted(certificate):
    check(certificate)


def test_no_edit_of_problem_or_claim_is_accepted(certificate):
    count = 0
    for part in ("problem", "claim"):
        for path, edited in edits(certificate[part]):
            forged = with_own_fingerprint({**certificate, part: edited})
            count += 1
            assert is_refused(forged), path
    assert count > 100


def pair(certificate, left, right, values):
    """A certificate of a change between two certificates of runs."""
    said = [
        {"value": value, "verdict": run["claim"]["verdict"], **more}
        for value, (run, more) in zip(values, (left, right), strict=True)
    ]
    width = str(fmpq(*map(int, values[1].split("/"))) - fmpq(*map(int, values[0].split("/"))))
    return make_certificate(
        "change",
        problem={"parameter": "learning_rate", "from": left[0]["problem"],
                 "to": right[0]["problem"]},
        claim={"from": said[0], "to": said[1], "width": width},
        evidence={"from": left[0], "to": right[0]},
    )  # fmt: skip


def run_at(rate, objective="x^2/2", start="1", **more):
    answer = trajectory(objective, start=start, steps=4, set={"learning_rate": rate, **more})
    certificate = json.loads(json.dumps(answer.certificate))
    return certificate["parts"][0] if certificate["kind"] == "all" else certificate


LIMIT, CYCLE = {"limit": "0"}, {"period": 2}


def test_two_runs_of_our_own_choice_are_accepted(certificate):
    check(pair(certificate, (run_at("1/2"), LIMIT), (run_at("2"), CYCLE), ("1/2", "2")))


@pytest.mark.parametrize(
    ("left", "right", "values"),
    [
        # Both do the same.
        ((run_at, "1/2", {}, LIMIT), (run_at, "3/2", {}, LIMIT), ("1/2", "3/2")),
        # The values are in the wrong order, or are not those of the runs.
        ((run_at, "2", {}, CYCLE), (run_at, "1/2", {}, LIMIT), ("2", "1/2")),
        ((run_at, "1/2", {}, LIMIT), (run_at, "2", {}, CYCLE), ("1", "2")),
        # They start elsewhere, run on another curve, or differ in another parameter.
        ((run_at, "1/2", {"start": "2"}, LIMIT), (run_at, "2", {}, CYCLE), ("1/2", "2")),
        ((run_at, "1/2", {"objective": "x^2/3"}, LIMIT), (run_at, "2", {}, CYCLE), ("1/2", "2")),
        ((run_at, "1/2", {"weight_decay": "1/9"}, LIMIT), (run_at, "2", {}, CYCLE), ("1/2", "2")),
        # The words are not those of the certificates.
        ((run_at, "1/2", {}, CYCLE), (run_at, "2", {}, CYCLE), ("1/2", "2")),
        ((run_at, "1/2", {}, LIMIT), (run_at, "2", {}, {"period": 3}), ("1/2", "2")),
    ],
)
def test_two_runs_that_are_no_change_are_refused(certificate, left, right, values):
    parts = [(make(rate, **asked), more) for make, rate, asked, more in (left, right)]
    with pytest.raises(CertificateError):
        check(pair(certificate, *parts, values))


@pytest.mark.parametrize("side", ["from", "to"])
def test_a_change_within_a_change_is_refused(certificate, side):
    forged = json.loads(json.dumps(certificate))
    forged["evidence"][side] = certificate
    with pytest.raises(CertificateError, match="no run"):
        check(with_own_fingerprint(forged))


def end(word, value=1, *, limit=None, period=None, is_endless=False):
    return Ending(fmpq(value), word, limit, period, is_endless)


@pytest.mark.parametrize(
    ("left", "right", "differ"),
    [
        (end("converges"), end("cycle", period=2), True),
        (end("converges"), end("cycle", period=1), False),
        (end("converges"), end("bounded"), False),
        (end("cycle", period=2), end("bounded"), False),
        (end("cycle", period=2), end("cycle", period=3), True),
        (end("cycle", period=2), end("cycle", period=2), False),
        (end("bounded"), end("diverges", is_endless=True), True),
        (end("bounded"), end("escapes", is_endless=True), True),
        # Strides of a run that escapes may fade: then it has a limit behind the barrier.
        (end("bounded"), end("escapes"), False),
        (end("converges", limit="9"), end("escapes"), False),
        (end("cycle", period=2), end("escapes"), True),
        (end("escapes"), end("diverges", is_endless=True), False),
        (end("escapes", is_endless=True), end("diverges", is_endless=True), False),
        (end("converges", limit="-1"), end("converges", limit="1"), True),
        (end("converges", 1, limit="-1"), end("converges", 2, limit="1"), False),
        (end("converges", limit="1"), end("converges", limit="~1.0000000001"), False),
        (end("converges", limit="~0±1e3"), end("converges", limit="1"), False),
        (end("converges", limit="~0±1e-30"), end("converges", limit="1"), True),
        (end("converges"), end("converges", limit="1"), False),
        (end("converges", limit="~2."), end("converges", limit="~3."), False),
    ],
)  # fmt: skip
def test_only_what_one_run_cannot_do_is_a_change(left, right, differ):
    assert is_change(left, right) is differ
    assert is_change(right, left) is differ
