"""Courses of functions and of slopes: true ones are accepted, false ones are not."""

import pytest

from gradiometer.errors import CertificateError
from gradiometer.proof import check
from gradiometer.proof.check_boxes import replay
from proof.course_samples import samples
from proof.mutants import edited
from proof.refusals import check_edits, is_refused

PROFILES = sorted(samples("profile"))
SLOPES = sorted(samples("slope"))
COSTLY = {"gelu", "silu", "inverse root"}
FIRST = ("claim", "sections", 0)
SHOWN = ("evidence", "sections", 0)


@pytest.mark.parametrize("name", PROFILES)
def test_courses_of_known_functions_are_accepted(name):
    check(samples("profile")[name])


@pytest.mark.parametrize("name", SLOPES)
def test_courses_of_known_slopes_are_accepted(name):
    check(samples("slope")[name])


@pytest.mark.parametrize("name", PROFILES)
def test_no_edit_of_a_course_is_accepted(name):
    check_edits(samples("profile")[name], evidence=name not in COSTLY)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(COSTLY))
def test_no_edit_of_signs_by_boxes_is_accepted(name):
    check_edits(samples("profile")[name])


@pytest.mark.parametrize("name", SLOPES)
def test_no_edit_of_the_course_of_a_slope_is_accepted(name):
    check_edits(samples("slope")[name], evidence=name not in COSTLY)


FALSE = {
    "a turn is missing": ("gelu", ((*FIRST, "signs"), [1]), ((*FIRST, "turns"), [])),
    "signs are swapped": ("gelu", ((*FIRST, "signs"), [1, -1])),
    "a turn is at another bracket": (
        "gelu", ((*FIRST, "turns", 0, "at"), ["-1", "-1/2"]),
    ),
    "a bracket lies outside": ("gelu", ((*FIRST, "turns", 0, "at"), ["2", "3"])),
    "an exact value stands for a number between bounds": (
        "gelu", ((*FIRST, "turns", 0, "value"), "-17/100"),
    ),
    "a maximum is a bit higher": (
        "bell", ((*FIRST, "turns", 0, "value"), f"{10**40 + 1}/{10**40}"),
    ),
    "an open end is attained": ("hardshrink", ((*FIRST, "upper_attained"), True)),
    "a hole is attained": ("hole", ((*FIRST, "upper_attained"), True)),
    "infinity is attained": ("tanh", ((*FIRST, "upper_attained"), True)),
    "a closed end is not attained": ("root", ((*FIRST, "lower_attained"), False)),
    "a limit is a bit off": (
        "tanh",
        ((*FIRST, "upper"), f"{10**40 + 1}/{10**40}"),
        ((*SHOWN, "upper", "limit"), f"{10**40 + 1}/{10**40}"),
        ((*SHOWN, "upper", "how", "limit"), f"{10**40 + 1}/{10**40}"),
    ),
    "a limit of the other side": (
        "tanh",
        ((*FIRST, "upper"), "-1"),
        ((*SHOWN, "upper", "limit"), "-1"),
        ((*SHOWN, "upper", "how", "limit"), "-1"),
    ),
    "a lone point has another value": ("lone point", (("claim", "points", 0, "value"), "1")),
    "a lone point is passed over": ("lone point", (("claim", "points"), [])),
    "a section is closed at the wrong end": ("relu6", ((*FIRST, "on"), "(-oo, 0]")),
    "a value is attained where nothing is claimed": (
        "root",
        ((*FIRST, "lower"), None),
        ((*SHOWN, "lower"), None),
    ),
    "signs are claimed without evidence": ("cube", ((*SHOWN, "signs"), None)),
    "a root is not looked at": ("root", ((*SHOWN, "roots"), [])),
    "a pole goes the other way": (
        "reciprocal", ((*FIRST, "upper"), "oo"), ((*SHOWN, "upper", "limit"), "oo"),
    ),
    "a value beyond infinity": ("cube", ((*SHOWN, "upper", "how"), {"by": "value"})),
    "a form of another function": (
        "cube",
        (
            (*SHOWN, "forms", 0),
            {
                "formula": "2*x^2",
                "identity": {"generators": [], "numerator": "2*x^2", "denominator": "1"},
            },
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FALSE)
def test_a_false_course_is_refused(name):
    sample, *changes = FALSE[name]
    assert is_refused(edited(samples("profile")[sample], *changes))


SLOPES_FALSE = {
    "a slope is attained beside a jump": ("hardshrink", ((*FIRST, "upper_attained"), True)),
    "a slope is not attained at a kink": ("relu", ((*FIRST, "upper_attained"), False)),
    "a slope is attained at a hole": ("hole", ((*FIRST, "upper_attained"), True)),
    "a slope has lone points": (
        "relu", (("claim", "points"), [{"at": "0", "value": "0"}]),
    ),
    "the function instead of its slope": ("elu", (("problem", "order"), 0)),
}  # fmt: skip


@pytest.mark.parametrize("name", SLOPES_FALSE)
def test_a_false_course_of_a_slope_is_refused(name):
    sample, *changes = SLOPES_FALSE[name]
    assert is_refused(edited(samples("slope")[sample], *changes))


BY_LOGARITHM = {
    "form": "1", "factor": "e^(3*ln(x))", "generators": ["ln(x)", "e^(3*ln(x))"], "bits": 256,
    "left": "-1", "right": "1", "ends": ["-1", "1"], "cells": ["+"],
}  # fmt: skip


def test_a_form_without_values_on_half_of_the_section_is_refused():
    """e^(3*ln(x)) has the normal form x^3 and is positive wherever it has a value."""
    identity = {"generators": ["ln(x)"], "numerator": "x^3", "denominator": "1"}
    forged = edited(
        samples("profile")["cube"],
        (("problem", "formula"), "x^4/4"),
        ((*SHOWN, "forms", 0), {"formula": "e^(3*ln(x))", "identity": identity}),
        ((*SHOWN, "signs"), {"by": "boxes", "evidence": BY_LOGARITHM}),
    )
    problem = {"formula": "e^(3*ln(x))", "variable": "x", "on": "(-oo, oo)"}
    assert replay(problem, BY_LOGARITHM) == ([1], [])
    with pytest.raises(CertificateError, match="may have no value somewhere"):
        check(forged)


def test_a_factor_that_may_be_negative_is_refused():
    factor = {
        "by": "factor", "factor": "x", "rest": "1", "generators": [],
        "signs": {"by": "sign", "points": [], "parts": [{"sign": "positive", "evidence": {}}]},
    }  # fmt: skip
    forged = edited(
        samples("profile")["cube"],
        (("problem", "formula"), "x^2/2"),
        ((*SHOWN, "forms", 0), {"formula": "x", "identity": None}),
        ((*SHOWN, "signs"), factor),
    )
    with pytest.raises(CertificateError, match="factor may not be positive"):
        check(forged)


def test_a_function_without_a_stretch_is_refused():
    forged = edited(samples("profile")["cube"], (("problem", "formula"), "x + 0*sqrt(-x^2)"))
    assert is_refused(forged)
