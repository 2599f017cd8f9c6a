"""Functions that swing for ever, against dense samples; no false edit of a proof is accepted."""

import math

import mpmath
import pytest

from gradiometer.errors import CertificateError, UndecidedError
from gradiometer.formula import (
    REALS,
    compile_float,
    evaluate_float,
    parse,
    parse_interval,
    precision,
    to_text,
)
from gradiometer.proof import Infinite, check
from gradiometer.proof.check_wave import read_swing, to_tangent
from gradiometer.proof.extended import Enclosed
from gradiometer.proof.limit import limit_far
from gradiometer.proof.waves import read_waves
from proof.mutants import BODY, mutants, with_own_fingerprint

SIGNS = {
    "2 + sin(x)": "positive",
    "1 + sin(2x)": "nonnegative",
    "-1 - cos(x/3)": "nonpositive",
    "sin(x)*cos(x) - 1": "negative",
    "sin(x)^3": "mixed",
    "cos(x) + 99/100": "mixed",
    "cos(x) - 1.0000001": "negative",
    "cos(x)^2*sin(3x)^2": "nonnegative",
    "(1 + cos(x))*(2 - cos(x))": "nonnegative",
    "3*sin(x/2) - sin(3x/2)": "mixed",
    "cos(2x) + 2*sin(x)^2 - sin(x)": "nonnegative",
}


def waves_of(text):
    return read_waves(parse(text).tree, "x", REALS)


def samples(text, low=-40, high=40, count=20_000):
    run = compile_float(parse(text).tree)
    return [run({"x": low + (high - low) * k / count}) for k in range(count + 1)]


@pytest.mark.parametrize(("text", "word"), SIGNS.items())
def test_the_sign_of_a_sum_of_waves_is_proved(text, word):
    waves = waves_of(text)
    assert waves.word == word
    proof = waves.certificate()
    assert proof["claim"] == {"sign": word}
    check(proof)
    lowest, highest = min(samples(text)), max(samples(text))
    assert {
        "positive": lowest > 0, "negative": highest < 0, "mixed": lowest < 0 < highest,
        "nonnegative": -1e-9 < lowest < 1e-4, "nonpositive": -1e-4 < highest < 1e-9,
    }[word]  # fmt: skip


@pytest.mark.parametrize(("text", "word"), SIGNS.items())
def test_no_edit_of_a_proof_is_accepted(text, word):
    proof = waves_of(text).certificate()
    for part in BODY:
        for path, edited in mutants(proof, part):
            # Another formula may well have the same sign.
            if (
                path[-1] not in {"scaled", "a little more", "shifted", "opposite"}
                or part == "claim"
            ):
                with pytest.raises(CertificateError):
                    check(with_own_fingerprint(edited))


@pytest.mark.parametrize("word", ["positive", "negative", "zero", "nonpositive", "mixed"])
def test_another_sign_is_refused(word):
    proof = waves_of("1 + sin(2x)").certificate()
    with pytest.raises(CertificateError):
        check(with_own_fingerprint({**proof, "claim": {"sign": word}}))


@pytest.mark.parametrize(
    "text", ["sin(x^2)", "sin(x + 1)", "sin(pi*x)", "sqrt(2)*sin(x)", "sin(x)/cos(x)", "x*sin(x)"]
)
def test_what_is_no_sum_of_waves_is_refused(text):
    body = {"formula": to_text(parse(text).tree), "variable": "x"}
    proof = {**waves_of("sin(x)").certificate(), "problem": body, "claim": {"sign": "mixed"}}
    with pytest.raises(CertificateError):
        check(with_own_fingerprint(proof))


@pytest.mark.parametrize(
    "text",
    ["sin(x)", "cos(3x)", "sin(x)*cos(x) + 1/3", "sin(x) + cos(x)", "2*sin(x)^2 - cos(x)/5",
     "sin(x) + sin(3x)", "cos(x/2) - cos(x/3)", "sin(x)^2*cos(x)"],
)  # fmt: skip
def test_the_bounds_are_the_extremes_of_a_dense_sample(text):
    low, high = waves_of(text).bounds()
    values = samples(text)
    for bound, seen, way in ((low, min(values), -1), (high, max(values), 1)):
        with precision(128):
            known = float(bound.ball if isinstance(bound, Enclosed) else bound.value)
        assert abs(known - seen) < 1e-5
        assert (known - seen) * way > -1e-12


@pytest.mark.parametrize(
    ("text", "left", "right"),
    [("x + sin(x)", -1, 1), ("-x^3*(2 + cos(x))", 1, -1), ("x^2 + x*sin(x)", 1, 1),
     ("x*sin(x)", None, None), ("sin(x)", None, None), ("x*(1 + cos(x))", None, None)],
)  # fmt: skip
def test_the_factor_of_the_highest_power_leads_far_out(text, left, right):
    waves = waves_of(text)
    assert [waves.limit(way) and waves.limit(way).sign for way in (-1, 1)] == [left, right]
    assert waves.may_settle() == (left is not None or text == "x*(1 + cos(x))")


def test_a_growing_swing_that_touches_0_stays_undecided():
    with pytest.raises(UndecidedError):
        waves_of("x*(1 + cos(x))").bounds()


def test_places_of_equal_values_that_balls_cannot_tell_apart_stay_undecided():
    with pytest.raises(UndecidedError):
        waves_of("sin(x) + sin(3x)").extremum(1)


@pytest.mark.parametrize(
    ("text", "period"), [("sin(x)^2", math.pi), ("sin(x/2) + cos(x/3)", 12 * math.pi)]
)
def test_the_least_period_is_that_of_the_common_rate(text, period):
    assert math.isclose(evaluate_float(waves_of(text).period(), {}), period)


def test_only_the_whole_line_and_what_swings_is_read():
    assert read_waves(parse("sin(x)").tree, "x", parse_interval("(0, oo)")) is None
    assert waves_of("sin(x)^2 + cos(x)^2") is None
    assert waves_of("x^2") is None


@pytest.mark.parametrize("text", ["sin(x)^3*cos(2x)", "(1 + sin(x/2))^2 - cos(5x/4)", "3*cos(-2x)"])
def test_the_polynomial_in_the_tangent_is_the_sum_of_waves(text):
    wave = read_swing(parse(text).tree, "x")[0]
    top, most = to_tangent(wave)
    rate = waves_of(text).period()
    with mpmath.workdps(40):
        unit = 2 * mpmath.pi / mpmath.mpf(evaluate_float(rate, {}))
        for x in (0.3, -1.7, 2.9):
            t = mpmath.tan(unit * x / 2)
            value = sum(mpmath.mpf(int(c.p)) / int(c.q) * t**k for k, c in enumerate(top))
            value /= (1 + t * t) ** (most // 2)
            assert abs(value - evaluate_float(parse(text).tree, {"x": x})) < 1e-9


@pytest.mark.parametrize(
    ("text", "limit"),
    [("x + sin(x^2)", 1), ("sin(x)*cos(x^2) - e^x", -1), ("sin(x)*e^(-x^2)", 0),
     ("cos(x)/x", 0), ("x^2 - x*0 + atan(x)*sin(x)", 1)],
)  # fmt: skip
def test_what_is_bounded_changes_no_infinity_and_no_zero(text, limit):
    found = limit_far(parse(text).tree, "x", to_right=True)
    assert (found.sign if isinstance(found, Infinite) else found.value) == limit


@pytest.mark.parametrize("text", ["x*sin(x^2)", "x + x*cos(x^2)", "tan(x)/x", "sin(x^2)/atan(x)"])
def test_what_bounds_do_not_tell_stays_undecided(text):
    with pytest.raises(UndecidedError):
        limit_far(parse(text).tree, "x", to_right=True)
