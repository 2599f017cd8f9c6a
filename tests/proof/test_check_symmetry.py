"""Odd, even and periodic functions: true claims are accepted, false ones are not."""

import pytest

from gradiometer.proof import check
from proof.course_samples import samples
from proof.courses import identity, periodic, symmetry
from proof.mutants import edited
from proof.refusals import check_edits, is_refused

SYMMETRIES = sorted(samples("symmetry"))


@pytest.mark.parametrize("name", SYMMETRIES)
def test_symmetries_of_known_functions_are_accepted(name):
    check(samples("symmetry")[name])


@pytest.mark.parametrize("name", SYMMETRIES)
def test_no_edit_of_the_evidence_of_a_symmetry_is_accepted(name):
    check_edits(samples("symmetry")[name])


NONE = [None, None]
X = identity("x", "x")
ZERO = identity("0", "0")
FALSE = {
    "a polynomial": symmetry("x^2 + x", "odd", [NONE, identity("x^2 + x", "x^2 + x")]),
    "odd for even": symmetry("abs(x)", "odd", [NONE, identity("-x", "-x")]),
    "even for odd": symmetry("tanh(x)", "even", [NONE, identity("tanh(x)", "-tanh(-x)")]),
    "relu": symmetry("max(x, 0)", "even", [NONE, ZERO]),
    "one closed end too many": symmetry(
        "where(x >= 1/2, x, where(x >= -1/2, 0, x))", "odd", [NONE, X], [NONE, ZERO], [NONE, X]
    ),
    "half a domain": symmetry("sqrt(x)", "even", [NONE, identity("sqrt(x)", "sqrt(x)")]),
    "a value at 0": symmetry("where(x > 0, x, where(x < 0, x, 1))", "odd", [NONE, X],
                             [NONE, identity("1", "1")], [NONE, X]),
    "a value at 0 on one side": symmetry("where(x >= 0, x + 1, x - 1)", "odd",
                                         [NONE, identity("x - 1", "x - 1")],
                                         [NONE, identity("x + 1", "x + 1")]),
    "one end without value": symmetry(
        "where(x > -1, where(x <= 1, 1, ln(-1)), ln(-1))", "even", [NONE, identity("1", "1")]
    ),
    "too few rows": symmetry("where(abs(x) > 1/2, x, 0)", "odd", [NONE, X]),
    "no rows": symmetry("x", "odd"),
    "twice the period": periodic("sin(x)", "4*pi", (2, "1")),
    "half the period": periodic("sin(x)", "pi", (3, "1")),
    "no share": periodic("sin(x)", "2*pi"),
    "a share that may be a period": periodic("sin(x)^2", "2*pi", (2, "1")),
    "a constant": periodic("sin(x)^2 + cos(x)^2", "2*pi", (2, "1")),
    "no common period": periodic("sin(x) + sin(pi*x)", "2*pi", (3, "1")),
    "no wave": periodic("x", "1", (3, "1")),
    "a wave over a wave": periodic("sin(x)/(2 + sin(x))", "2*pi", (3, "1")),
    "a wave of a square": periodic("sin(x^2)", "2*pi", (3, "1")),
    "a missing share": periodic("sin(2*x)*sin(3*x)", "2*pi", (2, "1"), (3, "1")),
    "another share": periodic("sin(x) + cos(3*x/2)", "4*pi", (2, "1"), (4, "1")),
    "a rising wave": periodic("x + sin(x)", "2*pi", (3, "1")),
}  # fmt: skip


@pytest.mark.parametrize("name", FALSE)
def test_a_false_symmetry_is_refused(name):
    assert is_refused(FALSE[name])


def test_a_continuous_joint_may_belong_to_either_side():
    check(symmetry("where(x >= 0, x, -x)", "even", [NONE, identity("-x", "-x")]))


def test_the_ends_of_sections_may_be_shown_by_identities():
    sample = samples("symmetry")["hardshrink"]
    half = identity("-1/2", "-1/2")
    check(edited(sample, (("evidence", "rows", 0, "ends", 1), half)))
    assert is_refused(edited(sample, (("evidence", "rows", 0, "ends", 0), half)))
