"""Polynomials and affine functions: true claims are accepted, false ones are not."""

import pytest

from gradiometer.proof import check
from proof.course_samples import samples
from proof.courses import V, far, form, identity, rewrite
from proof.refusals import check_edits, is_refused

FORMS = sorted(samples("form"))
NO = (False, False, False)
X = identity("x", "x")
ZERO = identity("0", "0")


@pytest.mark.parametrize("name", FORMS)
def test_forms_of_known_functions_are_accepted(name):
    check(samples("form")[name])


@pytest.mark.parametrize("name", FORMS)
def test_no_edit_of_a_form_is_accepted(name):
    check_edits(samples("form")[name])


def coefficients(text, claims, numbers, *identities):
    """The certificate by coefficients."""
    return form(text, claims, by="coefficients", coefficients=numbers, identities=list(identities))


FALSE = {
    "a lone point beside a line": coefficients(
        "where(x < 0, x, where(x > 0, x, 1))", (True, True, True), ["0", "1"], X, X
    ),
    "half a line": coefficients(
        "where(x >= 0, x, ln(-1))", (True, True, True), ["0", "1"], X),
    "a line of degree 2": coefficients("x", (True, True, True), ["0", "1", "0"], X),
    "a square is affine": coefficients(
        "x^2", (True, True, True), ["0", "0", "1"], identity("x^2", "x^2")
    ),
    "one branch is forgotten": coefficients("max(x, 0)", (True, True, True), ["0", "1"], X),
    "another branch": coefficients("max(x, 0)", (True, True, True), ["0", "1"], X, X),
    "a bit off": coefficients("x", (True, True, True), ["0", f"{10**40 + 1}/{10**40}"], X),
    "a polynomial is none by settling": form(
        "x", NO, by="settles", section=0, end="upper", order=1,
        forms=[{"formula": "1", "identity": None}], how=V, points=["1", "2"],
    ),
    "an infinite limit settles": form(
        "x^2", NO, by="settles", section=0, end="upper", order=0, forms=[], how=far("oo"),
        points=["1", "2"],
    ),
    "a finite end": form(
        "max(x, 0)", NO, by="settles", section=1, end="lower", order=0, forms=[], how=V,
        points=["1", "2"],
    ),
    "a polynomial over 1": form("x", NO, by="normal", section=0, generators=[]),
    "a quotient that cancels": form("(x^2 - 1)/(x - 1)", NO, by="normal", section=0, generators=[]),
    "an exponential that cancels": form(
        "x + e^x/e^x", NO, by="normal", section=0, generators=["e^x"]
    ),
    "a number under e": form("x + e", NO, by="normal", section=0, generators=["e"]),
    "a root that is none": form(
        "sqrt(x)", NO, by="normal", section=0, generators=["sqrt(x)"]
    ),
    "equal branches": form(
        "where(x > 0, x, where(x < 0, x, 1))", NO, by="differ", sections=[0, 1],
        coefficients=[["0", "1"], ["0", "1"]], identities=[X, X],
    ),
    "one branch twice": form(
        "max(x, 0)", NO, by="differ", sections=[1, 1], coefficients=[["0"], ["0", "1"]],
        identities=[ZERO, X],
    ),
    "a whole domain": form("x", NO, by="domain"),
    "no evidence": form("x", (True, True, True), by="guess"),
    "nearly a polynomial on half a line": form("1/x", (False, False, True), by="domain"),
}  # fmt: skip


@pytest.mark.parametrize("name", FALSE)
def test_a_false_form_is_refused(name):
    assert is_refused(FALSE[name])


def test_zero_is_a_polynomial():
    check(coefficients("0*x", (True, True, True), ["0"], ZERO))


def test_a_wave_that_falls_settles():
    how = {"by": "squeeze", "factor": "e^(-x)", "other": "sin(x)", "bound": "1",
           "generators": ["sin(x)", "e^(-x)"], "how": far("0", "e^(-x)")}  # fmt: skip
    check(form("sin(x)*e^(-x)", NO, by="settles", section=0, end="upper", order=0, forms=[],
               how=how, points=["1", "2"]))  # fmt: skip


def test_a_line_is_no_wave_that_settles():
    how = rewrite("1", [], V)
    assert is_refused(form("x/x", NO, by="settles", section=1, end="upper", order=0, forms=[],
                           how=how, points=["1", "2"]))  # fmt: skip
