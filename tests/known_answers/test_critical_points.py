"""Every critical point that an entry of the catalogue names is one: exactly, or by Krawczyk's test.

A point that is no rational zero of the gradient is proved to lie near: the Krawczyk operator of a
small box round it maps the box into itself, so the box holds exactly one zero of the gradient.
"""

import random

import pytest
from flint import arb, arb_mat, fmpq

from gradiometer.catalog import list_entries
from gradiometer.errors import DomainError, UndecidedError
from gradiometer.formula import (
    differentiate_branches,
    evaluate,
    evaluate_float,
    is_smooth,
    precision,
)
from gradiometer.model import read_objective, settle

BITS = 300
TINY = fmpq(1, 10**40)
"""Half the width of the box round a point that a formula gives."""


def surface_of(name, coordinates=None, **values):
    objective = read_objective(name, coordinates=coordinates)
    settled = settle([objective.owner], values)["objective"]
    return objective.bind_surface(settled), objective.list_critical(settled)


def cases():
    for name in list_entries("objective"):
        counts = [None]
        if read_objective(name).is_vector and read_objective(name).follows is None:
            least = read_objective(name).least
            counts = [n for n in (1, 2, 4, 7) if n >= least]
        for count in counts:
            for index, point in enumerate(surface_of(name, count)[1]):
                yield pytest.param(name, count, index, id=f"{name}-{count}-{point.kind}-{index}")


CASES = list(cases())


def number(tree):
    return evaluate(tree, {})


def at_point(surface, numbers):
    return dict(zip(surface.variables, numbers, strict=True))


def gradient_at(surface, point):
    return [evaluate(slope, at_point(surface, point)) for slope in surface.gradient]


def hessian_on(surface, box):
    known = at_point(surface, box)
    return [
        [evaluate(differentiate_branches(slope, name), known) for name in surface.variables]
        for slope in surface.gradient
    ]


def column(numbers):
    return arb_mat([[arb(x)] for x in numbers])


def contains_zero(surface, middle, radius):
    """Whether Krawczyk's operator maps the box round *middle* into its inside."""
    size = len(middle)
    box = [arb(m, arb(radius)) for m in middle]
    slopes = arb_mat(hessian_on(surface, box))
    inverse = arb_mat(hessian_on(surface, [arb(m) for m in middle])).mid().inv().mid()
    unit = arb_mat([[int(i == k) for k in range(size)] for i in range(size)])
    spread = column(box) - column(middle)
    image = column(middle) - inverse * column(gradient_at(surface, middle))
    image += (unit - inverse * slopes) * spread
    return all(box[i].contains_interior(image[i, 0]) for i in range(size))


def signs_of_minors(matrix):
    minors = [arb_mat([row[:k] for row in matrix[:k]]).det() for k in range(1, len(matrix) + 1)]
    return [1 if minor > 0 else -1 if minor < 0 else 0 for minor in minors]


def kind_by_curvature(matrix):
    """What the second derivatives say; None where they decide nothing."""
    signs = signs_of_minors(matrix)
    if 0 in signs:
        return None
    if signs == [1] * len(signs):
        return "minimum"
    return "maximum" if signs == [(-1) ** k for k in range(1, len(signs) + 1)] else "saddle"


def kinds_by_neighbours(surface, point, value):
    """What rational points near by say: whether some are higher, and some lower."""
    draw = random.Random(1)
    higher = lower = False
    for _ in range(300):
        near = [x + fmpq(draw.randint(-50, 50), 50_000) for x in point]
        there = arb(evaluate(surface.value, at_point(surface, near))) - arb(value)
        higher, lower = higher or there > 0, lower or there < 0
    if lower:
        return "saddle" if higher else "maximum"
    # A floor may be flat: nothing near is lower.
    return "minimum"


@pytest.mark.parametrize(("name", "count", "index"), CASES)
def test_a_named_point_is_critical_and_of_its_kind(name, count, index):
    surface, points = surface_of(name, count)
    point = points[index]
    with precision(BITS):
        at = [number(tree) for tree in point.at]
        value = evaluate(surface.value, at_point(surface, at))
        if point.value is not None:
            margin = arb(0, arb(fmpq(point.within or 0)) * 10)
            assert (arb(value) - arb(number(point.value)) + margin).contains(0)
        middle = [arb(x).mid() for x in at]
        found = None
        try:
            slopes = gradient_at(surface, at)
            exact = all(isinstance(slope, fmpq) and slope == 0 for slope in slopes)
            if is_smooth(surface.value):
                assert exact or contains_zero(surface, middle, point.within or TINY)
                found = kind_by_curvature(hessian_on(surface, at))
        except (DomainError, UndecidedError):
            pass  # A kink: the points round it decide.
        if point.kind != "critical":
            kind = found or kinds_by_neighbours(surface, at, value)
            assert kind == point.kind.removeprefix("local ")


@pytest.mark.parametrize(("name", "count", "index"), CASES)
def test_no_sampled_point_lies_below_a_global_minimum(name, count, index):
    surface, points = surface_of(name, count)
    if points[index].kind != "minimum":
        return
    with precision(BITS):
        at = at_point(surface, map(number, points[index].at))
        lowest = float(arb(evaluate(surface.value, at)))
    draw = random.Random(2)
    for _ in range(500):
        x = {name: draw.gauss(0, 1) * 10 ** draw.uniform(-1, 1.2) for name in surface.variables}
        assert evaluate_float(surface.value, x) >= lowest - 1e-12 * max(1, abs(lowest))


def test_a_point_beside_the_truth_would_be_noticed():
    surface, _ = surface_of("himmelblau")
    with precision(BITS):
        near = [arb(fmpq(3584428, 10**6)), arb(fmpq(-1848126, 10**6))]
        assert contains_zero(surface, near, fmpq(1, 10**5))
        assert not contains_zero(surface, near, fmpq(1, 10**8))


def test_entries_with_several_parameters_know_their_point_for_all_values():
    _, (point,) = surface_of("least_squares", inputs="0, 1, 5", targets="2, 4, 12")
    assert [number(tree) for tree in point.at] == [2, 2]
