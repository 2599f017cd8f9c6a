"""The checker of formula certificates: every edit that makes one wrong is refused."""

import copy

import pytest

from gradiometer.errors import CertificateError
from gradiometer.formula import parse, parse_interval
from gradiometer.proof import (
    certify_counterexample,
    check,
    find_counterexample,
    fingerprint,
    prove_equal,
    sign_on,
)


def sealed(certificate):
    """The certificate with the fingerprint of what it now says."""
    body = (certificate["problem"], certificate["claim"], certificate["evidence"])
    return {**certificate, "fingerprint": fingerprint(*body)}


def edited(certificate, path, value):
    changed = copy.deepcopy(certificate)
    part = changed
    for key in path[:-1]:
        part = part[key]
    if value is None:
        del part[path[-1]]
    else:
        part[path[-1]] = value
    return sealed(changed)


def refuse(certificate, path, value):
    check(certificate)
    keys = [int(key) if key.isdigit() else key for key in path.split(".")]
    with pytest.raises(CertificateError):
        check(edited(certificate, keys, value))


IDENTITY = prove_equal(
    parse("3/(1 + e^(-3x)) + ln(e^x)").tree, parse("3 - 3/(e^(3x) + 1) + x").tree
)

IDENTITY_EDITS = [
    ("problem.left", "3/(1 + e^(-3*x))"),
    ("problem.left", "2/(1 + e^(-3*x)) + ln(e^x)"),
    ("problem.left", "3/(1 + e^(-2*x)) + ln(e^x)"),
    ("problem.left", "3/(1 + e^(-3*y)) + ln(e^x)"),
    ("problem.left", "3/(1 + e^(-3*x)) + ln(e^(2*x))"),
    ("problem.left", "3/(1 + e^(-3*x)) + ln(x)"),
    ("problem.left", 3),
    ("problem.left", "3/(1 + e^("),
    ("problem.left", None),
    ("problem.right", "3 - 3/(e^(3*x) + 1)"),
    ("problem.right", "3 + 3/(e^(3*x) + 1) + x"),
    ("problem.right", "3 - 3/(e^(3*x) + 1) + x + 1/1000000000000000000000000000000"),
    ("problem.right", " 3 - 3/(e^(3*x) + 1) + x"),
    ("problem.relation", "<="),
    ("problem.relation", "!="),
    ("problem.more", "x"),
    ("claim.holds", False),
    ("claim.holds", 1),
    ("claim.holds", "true"),
    ("claim.holds", None),
    ("claim.more", True),
    ("evidence.generators", []),
    ("evidence.generators", ["e^x", "e^x"]),
    ("evidence.generators", ["e^(2*x)"]),
    ("evidence.generators", ["e^x", "sin(x)"]),
    ("evidence.generators", ["e^x + 1"]),
    ("evidence.generators", ["x"]),
    ("evidence.generators", "e^x"),
    ("evidence.generators", None),
    ("evidence.numerator", "x*e^(3*x) + 3*e^(3*x)"),
    ("evidence.numerator", "x*e^(3*x) + 3*e^(3*x) + 2*x"),
    ("evidence.numerator", "1/x"),
    ("evidence.denominator", "e^(3*x) + 2"),
    ("evidence.denominator", "e^(2*x) + 1"),
    ("evidence.denominator", "0"),
    ("evidence.denominator", None),
]


@pytest.mark.parametrize(("path", "value"), IDENTITY_EDITS)
def test_an_edited_identity_is_refused(path, value):
    refuse(IDENTITY, path, value)


SIGN = sign_on(
    parse("(e^x - 1)*(e^x - 2)/(e^x + 1)").tree, "x", parse_interval("(0, ln(2)]")
).certificate

SIGN_EDITS = [
    *(("claim.sign", word) for word in ("negative", "positive", "zero", "nonnegative", "mixed")),
    ("claim.sign", -1),
    ("claim.sign", None),
    ("problem.formula", "(e^x - 1)*(e^x - 2)"),
    ("problem.formula", "(e^x - 1)*(e^x - 3)/(e^x + 1)"),
    ("problem.formula", "(e^x - 1)*(e^x - 2)/(e^x - 1)"),
    ("problem.formula", "-(e^x - 1)*(e^x - 2)/(e^x + 1)"),
    ("problem.formula", "(e^y - 1)*(e^y - 2)/(e^y + 1)"),
    ("problem.variable", "y"),
    ("problem.variable", 1),
    ("problem.on", "(0, ln(2))"),
    ("problem.on", "(-1, ln(2)]"),
    ("problem.on", "(0, 1]"),
    ("problem.on", "(0, oo)"),
    ("problem.on", "(-oo, ln(2)]"),
    ("problem.on", "{ln(2)}"),
    ("problem.on", "(ln(2), 0]"),
    ("problem.on", None),
    ("evidence.numerator.0", "3"),
    ("evidence.numerator.1", "3"),
    ("evidence.numerator.2", "2"),
    ("evidence.numerator.2", "0"),
    ("evidence.numerator.0", 2),
    ("evidence.numerator.0", "4/2"),
    ("evidence.numerator", []),
    ("evidence.denominator.0", "2"),
    ("evidence.denominator.0", "-1"),
    ("evidence.denominator", ["0"]),
    ("evidence.generator", "x"),
    ("evidence.generator", "e^(2*x)"),
    ("evidence.generator", "e^(-x)"),
    ("evidence.generators", []),
    ("evidence.generators", ["e^(2*x)", "ln(2)"]),
    ("evidence.generators", ["e^x", "ln(3)"]),
    ("evidence.more", []),
]


@pytest.mark.parametrize(("path", "value"), SIGN_EDITS)
def test_an_edited_sign_is_refused(path, value):
    refuse(SIGN, path, value)


@pytest.mark.parametrize(
    ("formula", "on", "word"),
    [
        ("1/x", "(-1, 1)", "mixed"),
        ("1/x^2", "(-1, 1)", "positive"),
        ("x^2 - 2", "(1, 2)", "negative"),
        ("x^3 - x", "(-2, 2)", "positive"),
        ("x^2", "(-1, 1)", "positive"),
        ("(x - 1)^3", "(0, 2)", "nonnegative"),
    ],
)
def test_a_wrong_sign_made_from_scratch_is_refused(formula, on, word):
    good = sign_on(parse("1 + 0*x").tree, "x", parse_interval("(0, 1)")).certificate
    top, _, bottom = formula.partition("/")
    numbers = {"x": ["0", "1"], "x^2": ["0", "0", "1"], "1": ["1"], "": ["1"]}
    numbers |= {"x^2 - 2": ["-2", "0", "1"], "x^3 - x": ["0", "-1", "0", "1"]}
    numbers |= {"(x - 1)^3": ["-1", "3", "-3", "1"]}
    forged = copy.deepcopy(good)
    forged["problem"] = {"formula": formula, "variable": "x", "on": on}
    forged["claim"] = {"sign": word}
    forged["evidence"] |= {"numerator": numbers[top], "denominator": numbers[bottom]}
    with pytest.raises(CertificateError):
        check(sealed(forged))


_SIDES = (parse("3e^x/(e^(3x) + 1)").tree, parse("3/(1 + e^(-3x))").tree)
_FOUND = find_counterexample(*_SIDES)
COUNTEREXAMPLE = certify_counterexample(*_SIDES, _FOUND)

COUNTEREXAMPLE_EDITS = [
    ("claim.holds", True),
    ("claim.holds", 0),
    ("claim.holds", None),
    ("problem.left", "3/(1 + e^(-3*x))"),
    ("problem.left", "3*e^(3*x)/(e^(3*x) + 1)"),
    ("problem.left", "3*e^x/(e^(3*y) + 1)"),
    ("problem.left", "ln(-x)*0"),
    ("problem.left", "1/(x - 1)"),
    ("problem.left", "3*e^x/("),
    ("problem.left", 5),
    ("problem.right", "3*e^x/(e^(3*x) + 1)"),
    ("problem.right", "3*e^x/(1 + e^(3*x))"),
    ("problem.right", "y"),
    ("problem.right", None),
    ("problem.relation", "!="),
    ("problem.relation", "<"),
    ("problem.relation", "<="),
    ("problem.relation", "="),
    ("problem.relation", ["=="]),
    ("problem.more", "x"),
    ("evidence.at", {}),
    ("evidence.at", {"y": "1"}),
    ("evidence.at", {"x": "1", "y": "1"}),
    ("evidence.at", {"x": "0"}),
    ("evidence.at", {"x": 1}),
    ("evidence.at", {"x": "2/2"}),
    ("evidence.at", {"x": "oo"}),
    ("evidence.at", [1]),
    ("evidence.at", None),
    ("evidence.more", "x"),
]


@pytest.mark.parametrize(("path", "value"), COUNTEREXAMPLE_EDITS)
def test_an_edited_counterexample_is_refused(path, value):
    refuse(COUNTEREXAMPLE, path, value)


@pytest.mark.parametrize("certificate", [IDENTITY, SIGN, COUNTEREXAMPLE])
def test_an_edit_without_a_new_fingerprint_is_refused(certificate):
    changed = copy.deepcopy(certificate)
    changed["problem"]["more"] = ""
    with pytest.raises(CertificateError, match="fingerprint"):
        check(changed)
