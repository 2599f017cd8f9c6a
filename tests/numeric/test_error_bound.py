"""Certified error bars against exact rationals and balls: they always hold, and are of use."""

from fractions import Fraction

import numpy as np
import pytest
from flint import arb, fmpq

from gradiometer.errors import ShapeError
from gradiometer.formula import precision
from gradiometer.numeric import (
    bound_gradient,
    bound_tape_gradient,
    bound_values,
    connect,
    linearise,
    run_tape,
    sweep_back,
    write_tape,
)
from numeric.all_paths import FAR, NEAR, list_paths, random_graph
from numeric.random_tapes import RATIONAL, SMOOTH, random_tape

BITS = 400


def _gap(exact, computed):
    """At least and at most how far the true value is from a wide number."""
    shown = fmpq(*Fraction(computed).as_integer_ratio())
    if isinstance(exact, fmpq):
        gap = abs(exact - shown)
        return gap, gap
    with precision(BITS):
        gap = abs(exact - arb(shown))
        return gap.lower().fmpq(), gap.upper().fmpq()


def _audit(vocabulary, seeds, operations):
    """Bounds over true errors of all inputs of random tapes; each bound must hold."""
    ratios = []
    for seed in seeds:
        case = random_tape(seed, vocabulary, operations=operations)
        linearised = linearise(run_tape(case.tape, case.point))
        bound = bound_tape_gradient(linearised)
        back = sweep_back(linearised.graph)
        assert (bound.adjoint.mantissa == back.adjoint.mantissa).all()
        assert (bound.adjoint.exponent == back.adjoint.exponent).all()
        for node, exact in zip(case.tape.inputs.tolist(), case.exact_gradient(), strict=True):
            assert exact is not None
            error = bound.error_float()[node]
            if not np.isfinite(error):
                ratios.append(np.inf)
                continue
            least, most = _gap(exact, back.adjoint.fraction(node))
            allowed = fmpq(*Fraction(float(error)).as_integer_ratio())
            # A ball is far narrower than the error of a float64.
            assert most <= allowed, (seed, node, case.text)
            if least > 0:
                ratios.append(float(Fraction(int(allowed.p), int(allowed.q))) / float(least))
    return np.array(ratios)


def test_the_bound_holds_on_rational_graphs():
    ratios = _audit(RATIONAL, range(400), 12)
    # The other gradients came out exact.
    assert len(ratios) > 200
    assert np.isfinite(ratios).mean() > 0.99
    assert np.median(ratios) < 20


def test_the_bound_holds_where_functions_are_taken():
    ratios = _audit(SMOOTH, range(300), 10)
    assert len(ratios) > 200
    assert np.isfinite(ratios).mean() > 0.95
    assert np.median(ratios) < 300


@pytest.mark.parametrize("weights", [NEAR, FAR], ids=["near", "far"])
def test_the_bound_holds_for_sums_of_exact_local_derivatives(weights):
    tight = 0
    for seed in range(300):
        graph = random_graph(seed, weights=weights)
        bound = bound_gradient(graph)
        for node, found in list_paths(graph).items():
            exact = sum((product for _, product in found), Fraction(0))
            error = abs(bound.adjoint.fraction(node) - exact)
            assert error <= bound.error.fraction(node)
            mass = sum((abs(product) for _, product in found), Fraction(0))
            assert bound.error.fraction(node) <= 64 * mass / 2**53
            tight += error > 0 and bound.error.fraction(node) < 8 * error
    assert tight > 50


def test_errors_of_inputs_and_constants_are_carried_on():
    tape = write_tape(["input", 0.1, ("*", (0, 1)), ("*", (2, 2))])
    linearised = linearise(run_tape(tape, [1 / 3]))
    bound = bound_tape_gradient(
        linearised, input_error=abs(1 / 3) * 2**-53, constant_error=[0.1 * 2**-53]
    )
    meant = 2 * Fraction(1, 10) ** 2 * Fraction(1, 3)
    error = abs(bound.adjoint.fraction(0) - meant)
    assert 0 < error <= Fraction(bound.error_float()[0])
    # Without these errors the bound is for the numbers as they were rounded.
    rounded = 2 * Fraction(0.1) ** 2 * Fraction(1 / 3)
    narrow = bound_tape_gradient(linearised)
    assert abs(narrow.adjoint.fraction(0) - rounded) <= Fraction(narrow.error_float()[0])
    assert narrow.error_float()[0] < bound.error_float()[0]


def test_a_branch_that_may_be_another_widens_the_bound():
    tape = write_tape(["input", 3.0, ("/", (0, 1)), ("/", (0, 1)), ("-", (2, 3)), ("relu", (4,))])
    run = run_tape(tape, [1.0])
    bound = bound_values(run)
    # The true difference is 0, so the slope of relu may be 0 or 1.
    assert bound.slope_error[-1] == 1
    assert 0 < bound.value_error[-1] < 1e-15
    far = write_tape(["input", 3.0, ("/", (0, 1)), ("relu", (2,))])
    assert bound_values(run_tape(far, [1.0])).slope_error[-1] == 0


def test_a_divisor_that_may_be_zero_leaves_no_bound():
    rows = ["input", 3.0, 0.1, ("/", (0, 1)), ("*", (0, 2)), ("-", (3, 4)), ("/", (0, 5))]
    tape = write_tape(rows)
    at = 1.0
    safe = bound_tape_gradient(linearise(run_tape(tape, [at])))
    assert safe.error_float()[0] < 1e-11
    unsafe = bound_tape_gradient(linearise(run_tape(tape, [at])), constant_error=[0.0, 0.5])
    assert np.isinf(unsafe.error_float()[0])


def test_what_rests_on_the_library_is_said():
    def rests(*rows):
        run = run_tape(write_tape(["input", 2.0, 3.0, *rows]), [1.5])
        return bound_values(run).rests_on_library

    assert not rests(("sqrt", (0,)), ("^", (3, 1)), ("max", (0, 3, 4)), ("/", (5, 0)))
    assert rests(("^", (0, 2)))
    # The slope for an exponent is a logarithm, also where the exponent is 2.
    assert bound_values(
        run_tape(write_tape(["input", "input", ("^", (0, 1))]), [3, 2])
    ).rests_on_library
    assert rests(("exp", (0,)))


def test_a_chain_beyond_float64_has_a_bound():
    graph = connect([(k, k + 1, 0.001) for k in range(3000)], sources=[0], output=3000)
    bound = bound_gradient(graph)
    exact = Fraction(0.001) ** 3000
    error = abs(bound.adjoint.fraction(0) - exact)
    assert 0 < error <= bound.error.fraction(0) <= exact * 3100 / 2**53
    assert bound.error_float()[0] == 5e-324


def test_bad_errors_are_refused():
    graph = connect([(0, 1, 0.1)], sources=[0], output=1)
    for errors in (np.ones(2), np.array([-1.0]), np.array([np.nan])):
        with pytest.raises(ShapeError):
            bound_gradient(graph, slope_error=errors)
    run = run_tape(write_tape(["input", ("exp", (0,))]), [1.0])
    for errors in ([1.0, 2.0], -1.0, np.nan):
        with pytest.raises(ShapeError):
            bound_values(run, input_error=errors)


def test_what_has_no_bound_keeps_none_on_the_way_back():
    # The logarithm may be that of 0; a path around it has a bound of its own.
    around = ("/", (1, 0))
    tape = write_tape(
        ["input", 1.0, ("*", (0, 1)), ("ln", (2,)), ("*", (3, 3)), around, ("+", (4, 5))]
    )
    linearised = linearise(run_tape(tape, [1e-17]))
    for error, is_bounded in ((1e-18, True), (1e-17, False)):
        found = bound_tape_gradient(linearised, input_error=error).error_float()[0]
        assert np.isfinite(found) == is_bounded
    graph = connect([(0, 1, 0.1), (1, 2, 0.1), (2, 3, 0.1), (0, 3, 0.1)], sources=[0], output=3)
    errors = np.where(graph.start > 0, np.inf, 0.0)
    bound = bound_gradient(graph, slope_error=errors)
    assert bound.error_float()[:3].tolist() == [np.inf] * 3
