"""Certificates of regimes are accepted, and no false edit of one is."""

import pytest

from gradiometer.errors import CertificateError
from gradiometer.proof import check
from gradiometer.question.escape import escape
from proof.mutants import mutants, with_own_fingerprint

TENT = {
    "name": "tent",
    "parameters": {"h": {"domain": "(0, 3]", "barrier": True}},
    "pieces": [
        {"on": "(-oo, 0]", "f": "-x"},
        {"on": "(0, 1]", "f": "h*x"},
        {"on": "(1, oo)", "f": "h + 1 - x"},
    ],
}
ASKED = {
    "a cycle or an escape": ("barrier", {"set": {"learning_rate": "3/10"}, "steps": 30}),
    "momentum, right of joints": (
        "barrier",
        {"set": {"learning_rate": "3/10", "momentum": "1/2"}, "steps": 30, "at_kink": "right"},
    ),
    "adam on a kink": (
        "barrier",
        {
            "optimizer": "adam",
            "set": {"learning_rate": "1/10", "eps": "0"},
            "steps": 30,
            "at_kink": "left",
        },
    ),
    "a slope that is the parameter": (
        TENT,
        {"set": {"learning_rate": "5/4"}, "start": "-2", "steps": 5},
    ),
}


@pytest.fixture(scope="module")
def certificates():
    found = {}
    for name, (surface, options) in ASKED.items():
        certificate = escape(surface, **options).certificate
        parts = certificate["parts"] if certificate["kind"] == "all" else [certificate]
        found[name] = parts[0]
    return found


def accepted(certificate, part):
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


@pytest.mark.parametrize("name", ASKED)
def test_the_certificate_of_regimes_is_accepted(certificates, name):
    check(certificates[name])
    assert len(certificates[name]["claim"]["regimes"]) >= 2


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("part", ["claim", "evidence"])
def test_no_edit_of_claim_or_evidence_is_accepted(certificates, name, part):
    survivors, count = accepted(certificates[name], part)
    assert not survivors
    assert part == "evidence" or count >= 20


def is_harmless(name, path):
    """Whether the regimes stay the same after this edit of the problem."""
    where, edit = path[1:-1], path[-1]
    if where == ("side",):
        # The pieces contain their right ends, so None says the same as "left".
        return name != "momentum, right of joints" and edit in ("left", "missing")
    if where[:2] == ("rule", "state"):
        # The first step of `sgd` overwrites its buffer; -0 and 2*0 are 0.
        return name == "momentum, right of joints" or edit in ("opposite", "scaled")
    if where == ("rule", "step", 0, 1):
        return name.startswith("adam") and edit == "scaled"  # without eps, g and 2*g step alike
    if where == ("rule", "values", "beta2"):
        return True  # where all slopes have size 1, the corrected second moment is 1
    if where == ("steps",):
        return name != "a slope that is the parameter" and edit in ("less", "more")
    if where[:1] != ("pieces",) or where[2] != "loss":
        return False
    if edit in ("shifted", "a little more"):
        return True  # slopes alone decide, and these edits keep them
    return where[1] >= 2 or (where[1], edit) in {(0, "opposite"), (1, "scaled")}


@pytest.mark.parametrize("name", ASKED)
def test_only_edits_that_leave_the_run_alone_are_accepted(certificates, name):
    survivors, count = accepted(certificates[name], "problem")
    assert {path for path in survivors if not is_harmless(name, path)} == set()
    assert count >= 20
