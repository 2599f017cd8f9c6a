"""Certificates whose rule or landscape has no value somewhere in what is claimed are refused."""

import json

import pytest

from gradiometer.errors import CertificateError
from gradiometer.proof import check
from gradiometer.question.escape import escape
from gradiometer.question.stability import stability
from proof.mutants import with_own_fingerprint


def parts_of(answer):
    certificate = json.loads(json.dumps(answer.certificate))
    return certificate.get("parts", [certificate])


@pytest.fixture(scope="module")
def regimes():
    return parts_of(escape("barrier", set={"learning_rate": "1/10"}))[0]


@pytest.fixture(scope="module")
def doubling():
    answer = stability("x^4/4 - x^2/2", at="1", doublings=1)
    return next(part for part in parts_of(answer) if part["kind"] == "doubling")


def with_loss(certificate, piece, text):
    copied = json.loads(json.dumps(certificate))
    copied["problem"]["run"]["pieces"][piece]["loss"] += text
    return with_own_fingerprint(copied)


@pytest.mark.parametrize("piece", range(4))
@pytest.mark.parametrize("text", [" + 0*ln(h - 1)", " + sqrt(h - 1)", " + 0/(h - 1/10)"])
def test_no_regimes_of_a_landscape_without_a_value_for_some_of_them(regimes, piece, text):
    with pytest.raises(CertificateError):
        check(with_loss(regimes, piece, text))


@pytest.mark.parametrize("text", ["", " + 1/h", " + sqrt(h)", " + ln(1 + h)"])
def test_regimes_of_a_landscape_with_a_value_for_all_of_them(regimes, text):
    check(with_loss(regimes, 0, text))


def test_what_has_no_value_at_a_closed_end_is_refused(regimes):
    forged = with_loss(regimes, 0, " + 1/h")
    forged["problem"]["domain"] = ["0", None, True, False]
    with pytest.raises(CertificateError):
        check(with_own_fingerprint(forged))


@pytest.mark.parametrize("domain", [["0", "1/2"], ["2", None], ["-5", "-1"]])
def test_a_doubling_lies_inside_the_domain_of_its_parameter(doubling, domain):
    check(doubling)
    copied = json.loads(json.dumps(doubling))
    copied["problem"]["domain"] = domain
    with pytest.raises(CertificateError):
        check(with_own_fingerprint(copied))
