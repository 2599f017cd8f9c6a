"""Equality by pieces: every branch is replayed on every part of the line, and no edit survives."""

import json

import pytest

from gradiometer.errors import CertificateError, UndecidedError
from gradiometer.formula import parse
from gradiometer.proof import check, prove_pieces
from proof.mutants import edits, with_own_fingerprint

EQUAL = [
    ("max(x, 0)", "(x + |x|)/2"),
    ("max(x, 0) + min(x, 0)", "x"),
    ("|x - 1| + |x + 1|", "2*max(1, |x|)"),
    ("clip(x, 0, 6)", "min(relu(x), 6)"),
    ("sign(x)*|x|", "x"),
    ("sign(x)", "x/|x|"),
    ("ln(x^2)", "2*ln(|x|)"),
    ("relu(e^x - 2)", "(e^x - 2)*where(e^x > 2, 1, 0)"),
    ("where(x == 7/3, 7/3, x)", "x"),
    ("where(not (x < 0) and x < 1, x, 0)", "where(x >= 0, where(x < 1, x, 0), 0)"),
    ("sqrt(|x|)^2", "max(x, -x)"),
    ("sqrt(x^2)", "|x|"),
    ("softplus(x)", "max(x, 0) + ln(1 + e^(-|x|))"),
]

UNEQUAL = [
    ("max(x, 0)", "(x - |x|)/2"),
    ("where(x < 1, 1, 0)", "where(x <= 1, 1, 0)"),
    ("max(x, 0)", "min(max(x, 0), 1000000)"),
    ("|x - 1|", "where(x > 1, x - 1, 1 - x + 1e-30)"),
    ("sign(x)^2", "1"),
    ("max(0, 1e-20 - |x - 5|)", "0"),
]


def prove(left, right):
    return prove_pieces(parse(left).tree, parse(right).tree, "x")


@pytest.mark.parametrize(("left", "right"), EQUAL)
def test_equal_formulas_have_a_certificate_of_all_their_pieces(left, right):
    certificate = prove(left, right)
    check(json.loads(json.dumps(certificate)))
    evidence = certificate["evidence"]
    assert len(evidence["parts"]) == 2 * len(evidence["points"]) + 1


@pytest.mark.parametrize(("left", "right"), UNEQUAL)
def test_unequal_formulas_have_none(left, right):
    with pytest.raises(UndecidedError):
        prove(left, right)


@pytest.mark.parametrize(("left", "right"), [EQUAL[0], EQUAL[5], EQUAL[7]])
def test_no_edit_of_the_claim_or_the_evidence_is_accepted(left, right):
    certificate = prove(left, right)
    forged = [
        (part, where, with_own_fingerprint({**certificate, part: edited}))
        for part in ("claim", "evidence")
        for where, edited in edits(certificate[part])
    ]
    assert len(forged) >= 20
    assert [path[:-1] for path in map(accepted, forged) if path] == []


def accepted(case):
    """Where the edit was made that the checker lets pass; empty when it does not."""
    part, where, certificate = case
    try:
        check(certificate)
    except CertificateError:
        return ()
    return part, where, certificate["evidence"]


@pytest.mark.parametrize(("left", "right"), UNEQUAL)
def test_the_evidence_of_a_true_statement_does_not_prove_a_false_one(left, right):
    for true in EQUAL:
        certificate = prove(*true)
        problem = {**certificate["problem"], "left": left, "right": right}
        with pytest.raises(CertificateError):
            check(with_own_fingerprint({**certificate, "problem": problem}))


def without(certificate, index):
    """The certificate without one point and without the parts that it makes."""
    evidence = certificate["evidence"]
    points = evidence["points"][:index] + evidence["points"][index + 1 :]
    for keep in (2 * index, 2 * index + 2):
        kept = [*evidence["parts"][: 2 * index], evidence["parts"][keep]]
        parts = [*kept, *evidence["parts"][2 * index + 3 :]]
        yield with_own_fingerprint({**certificate, "evidence": {"points": points, "parts": parts}})


@pytest.mark.parametrize(("left", "right"), [EQUAL[0], EQUAL[2], EQUAL[3], EQUAL[4]])
def test_no_kink_may_be_left_out(left, right):
    certificate = prove(left, right)
    kinks = [i for i, point in enumerate(certificate["evidence"]["points"]) if point != "7"]
    for index in kinks:
        for forged in without(certificate, index):
            with pytest.raises(CertificateError):
                check(forged)


def test_parts_must_stand_in_order():
    certificate = prove("|x - 1| + |x + 1|", "2*max(1, |x|)")
    evidence = certificate["evidence"]
    for points in (evidence["points"][::-1], evidence["points"][:1] * len(evidence["points"])):
        forged = {**certificate, "evidence": {**evidence, "points": points}}
        with pytest.raises(CertificateError):
            check(with_own_fingerprint(forged))


def test_a_part_is_not_void_because_a_branch_that_is_not_taken_is():
    # ln(x) is never carried out below 0, so the left side has a value there.
    with pytest.raises(UndecidedError):
        prove("where(x > 0, x, where(x > 0, ln(x), 5))", "where(x > 0, x, 6)")
