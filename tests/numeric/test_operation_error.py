"""Error bounds of single operations: at the point, and wherever the true operands may be."""

import random
from fractions import Fraction

import pytest
from flint import arb, fmpq

from gradiometer.errors import DomainError
from gradiometer.formula import OPERATORS, Apply, Name, differentiate, evaluate, precision
from gradiometer.numeric import CODES, bound_values, run_tape, write_tape

SMOOTH = [name for name in CODES if OPERATORS[name].kind in {"smooth", "arithmetic"}]
SIZES = (1e-300, 1e-20, 1e-8, 1e-3, 0.3, 1.0, 3.0, 20.0, 600.0)
SHARES = (0.0, 1e-15, 1e-6, 0.01, 0.3)


def _exact(number):
    return fmpq(*Fraction(float(number)).as_integer_ratio())


def _is_within(true, computed, error):
    """Whether the whole ball of a true value lies within the error of a computed one."""
    gap = abs(true - _exact(computed))
    most = gap if isinstance(gap, fmpq) else gap.upper().fmpq()
    return most <= _exact(error)


def _points(generator, arity):
    sizes = [generator.choice(SIZES) * generator.uniform(0.5, 2) for _ in range(arity)]
    point = [generator.choice((1, -1)) * size for size in sizes]
    if arity == 2 and generator.random() < 0.5:
        point[1] = float(generator.randint(-4, 6))
    return point, [abs(x) * generator.choice(SHARES) for x in point]


@pytest.mark.parametrize("name", SMOOTH)
def test_a_bound_holds_at_every_place_the_true_operands_may_be(name):
    generator, checked = random.Random(name), 0
    names = [f"u{k}" for k in range(OPERATORS[name].arity[0])]
    tree = Apply(name, tuple(map(Name, names)))
    slopes = [differentiate(tree, letter) for letter in names]
    for _ in range(400):
        point, errors = _points(generator, len(names))
        try:
            rows = ["input"] * len(point) + [(name, tuple(range(len(point))))]
            run = run_tape(write_tape(rows), point)
        except DomainError:
            continue
        bound = bound_values(run, input_error=errors)
        if run.kinks.size or not bound.value_error[-1] < 1e300:
            continue
        for _ in range(2):
            true = {
                letter: _exact(x) + _exact(error) * fmpq(generator.randint(-8, 8), 8)
                for letter, x, error in zip(names, point, errors, strict=True)
            }
            checked += _check(tree, slopes, true, run, bound)
    assert checked > 150


def _check(tree, slopes, true, run, bound):
    """1 after the value and the slopes at the true operands were found within their bounds."""
    try:
        with precision(3000):
            value = evaluate(tree, true)
            exact = [evaluate(slope, true) for slope in slopes]
    except DomainError:
        return 0
    assert _is_within(value, run.value[-1], bound.value_error[-1]), true
    for slope, computed, error in zip(exact, run.slope, bound.slope_error, strict=True):
        if error < 1e300 and not (isinstance(slope, arb) and not slope.is_finite()):
            assert _is_within(slope, computed, error), true
    return 1
