"""What a certificate about all starts claims, and that no edit of the claim is accepted."""

import pytest

from gradiometer import escape
from gradiometer.errors import CertificateError
from gradiometer.proof import check
from proof.mutants import mutants, with_own_fingerprint

ASKED = {
    "descent": ("sgd", {"learning_rate": "1/10"}),
    "momentum": ("sgd", {"learning_rate": "1", "momentum": "9/10"}),
    "signs": ("lion", {"learning_rate": "1", "beta1": "1/2", "beta2": "3/4"}),
    "balls": ("adam", {"learning_rate": "1", "beta2": "1/2", "eps": "1/10"}),
    "returns": ("rmsprop", {"momentum": "1/2"}),
    "crowd": ("asgd", {"learning_rate": "1/10"}),
}
WEDGE = {
    "name": "wedge",
    "parameters": {"h": {"default": "1", "domain": "(0, oo)", "barrier": True}},
    "pieces": [
        {"on": "(-oo, 1]", "f": "2*(1 - x)"},
        {"on": "(1, 1 + h/3]", "f": "3*(x - 1)"},
        {"on": "(1 + h/3, oo)", "f": "1 + 2*h - 3*x"},
    ],
}


def list_none(*parts):
    return iter(())


@pytest.fixture(scope="module")
def certificates():
    found = {}
    for name, (rule, settings) in ASKED.items():
        with pytest.MonkeyPatch.context() as patch:
            if name == "returns":
                # Quicker bounds would do, and none that tells returns apart would be seen.
                patch.setattr("gradiometer.proof.phases.list_crowd_bounds", list_none)
            answer = escape(WEDGE, optimizer=rule, set=settings, start="any")
        assert answer.facts["overshoot"].status == "proved", name
        found[name] = answer.certificate
    return found


@pytest.mark.parametrize("name", ASKED)
def test_certificate_is_accepted(certificates, name):
    check(certificates[name])


@pytest.mark.parametrize("name", ["descent", "momentum", "signs", "balls", "crowd"])
def test_no_edit_of_the_claim_is_accepted(certificates, name):
    count = 0
    for path, mutant in mutants(certificates[name], "claim"):
        # What ever longer run-ups come to may be left open.
        if path[:1] == ("settled",) and mutant["claim"].get("settled", 0) is None:
            continue
        with pytest.raises(CertificateError):
            check(mutant)
        count += 1
    assert count > 60


@pytest.mark.parametrize("name", ["descent", "momentum", "signs", "balls", "crowd"])
def test_no_other_rule_or_landscape_fits_the_claim(certificates, name):
    certificate = certificates[name]
    run = certificate["problem"]["run"]
    rate = {**run["rule"], "values": {**run["rule"]["values"], "learning_rate": "11/10"}}
    steep = [{**run["pieces"][0], "loss": "5*(1 - x)"}, *run["pieces"][1:]]
    gentle = [run["pieces"][0], {**run["pieces"][1], "loss": "x - 1"}, *run["pieces"][2:]]
    edits = [{**run, "rule": rate}]
    edits += [{**run, "pieces": steep}] if name != "signs" else []
    # How far plain descent goes in one step does not depend on the slope that it meets then.
    is_single = name in ("descent", "crowd")
    edits += [{**run, "side": "right"}] if is_single else [{**run, "pieces": gentle}]
    for edited in edits:
        mutant = {**certificate, "problem": {**certificate["problem"], "run": edited}}
        with pytest.raises(CertificateError):
            check(with_own_fingerprint(mutant))


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("name", ["momentum", "balls"])
def test_a_landscape_with_a_hole_is_refused(certificates, name, place):
    certificate = certificates[name]
    run = certificate["problem"]["run"]
    pieces = [dict(piece) for piece in run["pieces"]]
    # The slope is the same everywhere, but no run passes 1 - 1/100, or goes past 3.
    pieces[place]["loss"] += ("+ 0*ln(99/100 - x)", "+ 0*ln(3 - x)")[place]
    mutant = {**certificate["problem"], "run": {**run, "pieces": pieces}}
    with pytest.raises(CertificateError):
        check(with_own_fingerprint({**certificate, "problem": mutant}))


@pytest.mark.parametrize("name", ["momentum", "signs", "balls"])
def test_a_box_that_is_too_small_is_refused(certificates, name):
    certificate = certificates[name]
    box = certificate["evidence"]["memory"]
    for part in box:
        low, _ = box[part]
        mutant = {**certificate, "evidence": {"memory": {**box, part: [low, low]}}}
        with pytest.raises(CertificateError):
            check(with_own_fingerprint(mutant))


def test_returns_that_are_left_out_are_refused(certificates):
    certificate = certificates["returns"]
    assert set(certificate["evidence"]) == {"run_up", "crowd", "alone", "closed"}
    for side in (0, 1):
        closed = list(certificate["evidence"]["closed"])
        closed[side] = None
        mutant = {**certificate, "evidence": {**certificate["evidence"], "closed": closed}}
        with pytest.raises(CertificateError):
            check(with_own_fingerprint(mutant))


def test_starts_are_part_of_the_problem(certificates):
    certificate = certificates["descent"]
    mutant = {**certificate, "problem": {**certificate["problem"], "starts": "x = 0"}}
    with pytest.raises(CertificateError, match="somewhere else"):
        check(with_own_fingerprint(mutant))
