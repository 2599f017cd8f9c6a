"""Loss surfaces: pieces, parameters, and what is refused."""

import pytest
from flint import fmpq

from gradiometer.errors import DomainError, FormulaError, StudyError, UsageError
from gradiometer.formula import check_continuity, evaluate
from gradiometer.model import read_objective, settle


def landscape(named, **values):
    objective = read_objective(named)
    return objective.bind(settle([objective.owner], values)["objective"])


def pieces(*rows, **parts):
    return {"pieces": [{"on": on, "f": f} for on, f in rows], **parts}


def loss(surface, x):
    x = fmpq(x)
    return evaluate(surface.loss.piece_at(x).formula, {"x": x})


@pytest.mark.parametrize(
    ("x", "value"),
    [("0", "1"), ("1", "0"), ("3/2", "1/2"), ("7/4", "1/4"), ("2", "0"), ("3", "-3")],
)
def test_the_barrier_is_that_of_its_definition(x, value):
    surface = landscape("barrier", h="1/2", beta="3")
    top, _, bottom = x.partition("/")
    assert str(loss(surface, fmpq(int(top), int(bottom or 1)))) == value


def test_the_barrier_joins_at_every_joint_for_all_heights():
    check_continuity(read_objective("barrier").bind({}).loss)


def test_the_barrier_marks_its_height_and_the_parabola_marks_nothing():
    assert read_objective("barrier").barrier == "h"
    assert read_objective("quadratic").barrier is None


def test_a_formula_with_branches_falls_into_its_pieces():
    surface = landscape("max(|x| - 1, 0)")
    ends = [None if p.on.upper is None else str(p.on.upper.value) for p in surface.loss.pieces]
    assert ends == ["-1", "1", None]


def test_other_names_than_x_are_parameters_that_need_a_value():
    with pytest.raises(UsageError, match="`a`"):
        landscape("a*x^2")
    assert loss(landscape("a*x^2", a="3"), 2) == 12


@pytest.mark.parametrize(
    ("table", "error"),
    [
        (pieces(), StudyError),
        (pieces(("(-oo, 0]", "x")), StudyError),
        (pieces(("(-oo, 0]", "x"), ("(1, oo)", "x")), StudyError),
        (pieces(("(-oo, 0]", "x"), ("[0, oo)", "x")), StudyError),
        (pieces(("(-oo, 0)", "x"), ("(0, oo)", "x")), StudyError),
        (pieces(("(0, oo)", "x"), ("(-oo, 0]", "x")), StudyError),
        (pieces(("(-oo, oo)", "y")), FormulaError),
        (pieces(("(-oo, oo)", "x"), formula="x"), StudyError),
        ({"name": "nothing"}, StudyError),
        (pieces(("(-oo, oo)", "x"), parameters={"x": {"default": "1"}}), StudyError),
        ({"pieces": [{"on": "(-oo, oo)"}]}, StudyError),
        ("quadratik", UsageError),
    ],
)
def test_a_surface_that_cannot_be_meant_is_refused(table, error):
    with pytest.raises(error):
        read_objective(table)


def test_a_value_outside_the_domain_is_refused():
    with pytest.raises(DomainError):
        landscape("barrier", h="0")
