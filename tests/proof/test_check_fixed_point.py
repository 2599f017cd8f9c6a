"""Fixed points of the variance map: true ones are accepted, false ones are not."""

from decimal import Context

import pytest
from flint import fmpq

from gradiometer.proof import check
from proof.course_samples import RELU, SPLIT, samples
from proof.courses import V, fixed_point, joints, profile
from proof.mutants import edited
from proof.refusals import check_edits, is_refused

POINTS = sorted(samples("fixed_point"))


@pytest.mark.parametrize("name", POINTS)
def test_known_fixed_points_are_accepted(name):
    check(samples("fixed_point")[name])


@pytest.mark.parametrize("name", sorted(set(POINTS) - {"tanh falls", "kink at 0"}))
def test_no_edit_of_a_fixed_point_is_accepted(name):
    check_edits(samples("fixed_point")[name])


@pytest.mark.parametrize(
    ("weight", "bias", "claims"),
    [
        ("2", "0", ("0", "1", True)),
        ("2", "0", ("0", "1", False)),
        ("1", "0", ("every", "1/2", False)),
        ("1", "0", ("0", "1/2", False)),
        ("1", "0", ("0", "1", True)),
        ("1", "1", ("2", "1", True)),
        ("1", "1", ("0", "1/2", True)),
        ("3", "1", ("-2", "3/2", True)),
        ("3", "1", ("every", "3/2", False)),
        ("2", "1", ("every", "1", False)),
        ("1", "-1", ("-2", "1/2", True)),
        ("0", "1", ("1", "0", True)),
        ("-1", "1", ("2/3", "-1/2", True)),
    ],
)
def test_false_fixed_points_of_two_half_lines_are_refused(weight, bias, claims):
    assert is_refused(fixed_point(RELU, weight, bias, claims, by="line"))


@pytest.mark.parametrize(
    ("text", "bias"),
    [
        ("where(x > 0, x, where(x < 0, 2*x, 5))", "0"),
        ("x^2/x", "0"),
        ("x^2", "0"),
        ("max(x, 1)", "0"),
        ("tanh(x)", "0"),
        ("max(x, 0) + max(x - 1, 0)", "0"),
        ("sqrt(x)^2", "0"),
        (SPLIT, "0"),
    ],
)
def test_other_functions_are_no_half_lines(text, bias):
    for claims in (("0", "1/4", True), ("0", "1/20", True), ("0", "1/10", True)):
        assert is_refused(fixed_point(text, "1/10", bias, claims, by="line"))


def test_a_value_at_0_has_no_weight_beside_a_bias():
    text = "where(x > 0, x, where(x < 0, 2*x, 5))"
    check(fixed_point(text, "1/10", "1", ("4/3", "1/4", True), by="line"))


def at_zero(text, weight, claims, *hows, bias="0", **more):
    """The certificate of the fixed point 0."""
    shown = joints(text, [], *hows)["evidence"]
    return fixed_point(text, weight, bias, claims, by="zero", joints=shown, **more)


BOTH = ((None, (V, V)), ((V, V), None))
FALSE_AT_ZERO = {
    "equal slopes beside a jump": at_zero(SPLIT, "1/2", ("0", "1/2", False), *BOTH),
    "a kink has chi": at_zero(RELU, "1", ("0", "1", False), *BOTH),
    "the other slope of a kink": at_zero(RELU, "1", ("0", "0", False), *BOTH),
    "a value at 0": at_zero("cosh(x)", "1", ("0", "0", False), (None, None)),
    "a bias": at_zero("tanh(x)", "2", ("0", "2", False), (None, None), bias="1"),
    "another chi": at_zero("tanh(x)", "2", ("0", "4", False), (None, None)),
    "no square": at_zero("2*x + x^3", "1", ("0", "2", False), (None, None)),
    "another point": at_zero("tanh(x)", "2", ("1", "2", False), (None, None)),
    "no other point, unseen": at_zero("tanh(x)", "2", ("0", "2", True), (None, None)),
    "bounds beside chi": at_zero("erf(x)", "1", ("0", ["13/10", "7/5"], False), (None, None)),
}


@pytest.mark.parametrize("name", FALSE_AT_ZERO)
def test_what_is_false_at_zero_is_refused(name):
    assert is_refused(FALSE_AT_ZERO[name])


def test_chi_of_an_irrational_slope_lies_between_bounds():
    # chi is 4/pi.
    check(at_zero("erf(x)", "1", ("0", ["127/100", "32/25"], False), (None, None)))


def test_zero_is_the_only_fixed_point_of_a_flat_function_alone():
    falls = samples("fixed_point")["tanh falls"]
    assert is_refused(edited(falls, (("claim", "unique"), False)))
    for weight in ("1", "2"):
        changes = (("problem", "weight_variance"), weight), (("claim", "chi"), weight)
        assert is_refused(edited(falls, *changes))


def test_a_steep_side_keeps_zero_from_being_the_only_fixed_point():
    slopes = profile(
        "where(x > 0, 2*x, x)", 1,
        {"ends": (("1", V), ("1", V)), "attained": (False, True)},
        {"ends": (("2", V), ("2", V)), "attained": (True, False)},
    )  # fmt: skip
    shown = {"claim": slopes["claim"], "evidence": slopes["evidence"]}
    text = "where(x > 0, 2*x, x)"
    check(at_zero(text, "1/5", ("0", None, True), *BOTH, profile=shown))
    assert is_refused(at_zero(text, "1/4", ("0", None, True), *BOTH, profile=shown))
    nothing = edited(slopes, (("claim", "sections", 1, "upper"), None),
                     (("evidence", "sections", 1, "upper"), None))  # fmt: skip
    shown = {"claim": nothing["claim"], "evidence": nothing["evidence"]}
    assert is_refused(at_zero(text, "1/5", ("0", None, True), *BOTH, profile=shown))


def digits(value):
    """Thirty significant digits of a positive rational."""
    number = Context(prec=30).divide(
        *map(Context(prec=200).create_decimal, (int(value.p), int(value.q)))
    )
    sign, found, _ = number.as_tuple()
    text = "".join(map(str, found)).ljust(30, "0")
    return f"{'-' * sign}{text[0]}.{text[1:]}e{number.adjusted()}"


def lowest(text):
    """The rational in lowest terms."""
    top, _, bottom = text.partition("/")
    return str(fmpq(int(top), int(bottom or 1)))


NEAR = (1 - fmpq(1, 10**10), 1 + fmpq(1, 10**10))


def between(*, point=NEAR, chi=("333333333/1000000000", "333333334/1000000000"), bias="3/4",
            squares=None, slopes=None, unique=False):  # fmt: skip
    """A certificate about x^2 with w = 1/12: the map is q^2/4 + bias, and chi is q/3."""
    squares = squares or [digits(3 * q * q) for q in point]
    slopes = slopes or [digits(4 * q) for q in point]
    return fixed_point(
        "x^2", "1/12", bias, ([str(q) for q in point], [lowest(end) for end in chi], unique),
        by="between", moments={"square": squares, "slope_square": slopes},
    )  # fmt: skip


def test_a_fixed_point_between_two_variances_is_accepted():
    check(between())
    check(between(point=tuple(3 * q for q in NEAR), chi=("999999/1000000", "1000001/1000000")))
    unclaimed = edited(between(), (("claim", "chi"), None),
                       (("evidence", "moments", "slope_square"), None))  # fmt: skip
    check(unclaimed)


FALSE_BETWEEN = {
    "no fixed point there": between(point=tuple(2 * q for q in NEAR), chi=("1/2", "1")),
    "another bias": between(bias="1"),
    "both on one side": between(point=(1 - fmpq(2, 10**10), 1 - fmpq(1, 10**10))),
    "too wide": between(point=(fmpq(9, 10), fmpq(11, 10)), chi=("0", "1")),
    "ends swapped": between(point=NEAR[::-1]),
    "one end": between(point=(NEAR[0], NEAR[0])),
    "chi too small": between(chi=("333333332/1000000000", "333333333/1000000000")),
    "chi too large": between(chi=("333333334/1000000000", "333333335/1000000000")),
    "chi exact": between(chi=("1/3", "333333334/1000000000")),
    "chi of no width": edited(between(), (("claim", "chi"), "1/3")),
    "the only one": between(unique=True),
    "squares swapped": between(squares=[digits(3 * q * q) for q in NEAR[::-1]]),
    "squares a bit off": between(squares=[digits(3 * q * q - fmpq(1, 10**20)) for q in NEAR]),
    "slopes a bit off": between(slopes=[digits(4 * q + fmpq(1, 10**25)) for q in NEAR]),
    "a mean is missing": between(squares=[digits(3 * NEAR[0] ** 2)]),
    "chi without means": edited(between(), (("evidence", "moments", "slope_square"), None)),
    "means without chi": edited(between(), (("claim", "chi"), None)),
}


@pytest.mark.parametrize("name", FALSE_BETWEEN)
def test_what_is_false_between_two_variances_is_refused(name):
    assert is_refused(FALSE_BETWEEN[name])
