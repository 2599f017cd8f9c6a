"""Loss surfaces: pieces, parameters, and what is refused."""

import random

import pytest
from flint import fmpq

from gradiometer.catalog import list_entries
from gradiometer.errors import DomainError, FormulaError, ShapeError, StudyError, UsageError
from gradiometer.formula import (
    check_continuity,
    differentiate_branches,
    evaluate,
    parse,
    precision,
    to_ball,
    to_text,
)
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


def surface(named, coordinates=None, variables=None, **values):
    objective = read_objective(named, coordinates=coordinates, variables=variables)
    return objective.bind_surface(settle([objective.owner], values)["objective"])


def texts(nodes):
    return [to_text(node) for node in nodes]


def test_a_formula_in_several_variables_has_one_slope_for_each():
    bowl = surface("x^2 + c*y^2", variables=("x", "y"), c="10")
    assert bowl.variables == ("x", "y")
    assert texts(bowl.gradient) == ["2*x", "20*y"]


def test_names_that_are_no_variables_are_parameters():
    objective = read_objective("a*u^2 + b*v", variables=("u", "v"))
    assert tuple(objective.parameters) == ("a", "b")


def test_the_only_variable_of_a_formula_becomes_the_position():
    objective = read_objective("w^2 + c", variables=("w",))
    assert (objective.variables, tuple(objective.parameters)) == (("x",), ("c",))


def test_a_formula_over_a_vector_is_written_out():
    assert to_text(surface("sum(x^2)/size(x)", 3).value) == "(x1^2 + x2^2 + x3^2)/3"
    assert to_text(surface("product(tail(x))*first(x)", 3).value) == "x2*x3*x1"
    assert to_text(surface("largest(x) + norm(head(x))", 2).value) == "max(x1, x2) + sqrt(x1^2)"


def test_one_coordinate_of_a_vector_is_the_position_itself():
    objective = read_objective("styblinski_tang", coordinates=1)
    assert objective.variables == ("x",)
    assert len(objective.bind({}).loss.pieces) == 1


def test_a_list_sets_the_number_of_coordinates():
    assert surface("quadratic_form", eigenvalues="1, 10, 100").variables == ("x1", "x2", "x3")
    assert texts(surface("quadratic_form", eigenvalues="4").gradient) == ["4*x"]


def test_a_mean_over_data_is_a_finite_sum_of_its_terms():
    bound = surface("least_squares", inputs="0, 1", targets="1, 2")
    assert len(bound.terms) == 2
    point = {"slope": fmpq(1, 3), "height": fmpq(1, 5)}
    mean = sum(evaluate(term, point) for term in bound.terms) / 2
    assert mean == evaluate(bound.value, point)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("mean((x - u)^2)", 2),
        ("sum((x - u)^2)", 2),
        ("3*mean(u*x) + x^2", 2),
        ("x - mean(u*x)/2 - sum(u)*x", 2),
        ("-mean(u*x)", 2),
        ("x^2*first(u)", 0),
        ("mean(u*x)^2", 0),
        ("mean(u*x)*mean(u + x)", 0),
    ],
)
def test_what_is_linear_in_a_mean_is_a_finite_sum(text, count):
    bound = surface(text, u="1, 5")
    assert len(bound.terms) == count
    at = {"x": fmpq(7, 3)}
    if count:
        assert sum(evaluate(t, at) for t in bound.terms) / count == evaluate(bound.value, at)


@pytest.mark.parametrize("name", list_entries("objective"))
def test_the_gradient_is_that_of_difference_quotients(name):
    objective = read_objective(name)
    bound = objective.bind_surface(settle([objective.owner], {})["objective"])
    draw, step = random.Random(name), fmpq(1, 10**20)
    with precision(300):
        for _ in range(5):
            at = {v: fmpq(draw.randint(-3000, 3000), 1009) for v in bound.variables}
            at |= {"t": fmpq(draw.randint(1, 9))} if bound.depends_on_step else {}
            for variable, slope in zip(bound.variables, bound.gradient, strict=True):
                right, left = (
                    to_ball(evaluate(bound.value, {**at, variable: at[variable] + side}))
                    for side in (step, -step)
                )
                gap = (right - left) / (2 * step) - to_ball(evaluate(slope, at))
                assert abs(gap) < fmpq(1, 10**15)


@pytest.mark.parametrize(
    ("text", "variable", "points"),
    [
        ("max(x, 2y)", "y", {(1, 0): 0, (0, 1): 2, (2, 1): 0}),
        ("min(x, y, 1)", "x", {(0, 2): 1, (2, 0): 0, (3, 2): 0}),
        ("|x|*y + relu(y)", "y", {(-3, 1): 4, (-3, -1): 3, (2, 0): 2}),
        ("clip(x*y, -1, 1)", "x", {(0, 5): 5, (1, 5): 0, (-1, 5): 0}),
        ("where(x < y, x^2, y^2)", "x", {(1, 2): 2, (2, 1): 0, (1, 1): 0}),
        ("sign(x)*x^2 + floor(y)", "x", {(3, 0): 6, (-3, 0): 6}),
        ("exp(max(x, y))", "x", {(0, -1): 1, (-1, 0): 0}),
    ],
)
def test_a_slope_takes_the_branch_that_holds(text, variable, points):
    slope = differentiate_branches(parse(text).tree, variable)
    for (x, y), value in points.items():
        assert evaluate(slope, {"x": fmpq(x), "y": fmpq(y)}) == value


@pytest.mark.parametrize(
    ("named", "how", "error", "part"),
    [
        ("x^2 + y^2", {"variables": ("x", "z")}, UsageError, "no variable `z`"),
        ("x^2 + w", {"variables": ("w",)}, UsageError, "`x` is the position"),
        ("x^2 + y^2", {"coordinates": 2}, ShapeError, "--start x=1,y=1"),
        ("beale", {"coordinates": 3}, ShapeError, "2 variables, not 3"),
        ("beale", {"variables": ("x", "z")}, UsageError, "no variable `z`"),
        ("rosenbrock", {"coordinates": 1}, ShapeError, "2 to 1,000"),
        ("sum(x^2)", {"coordinates": 2000}, ShapeError, "1 to 1,000"),
        ("sum(x^2)*x", {"coordinates": 2}, ShapeError, "write `sum(sum(x^2)*x)`"),
        ("sum(tail(x) - x)", {"coordinates": 3}, ShapeError, "2 and 3"),
    ],
)
def test_variables_that_do_not_fit_are_refused(named, how, error, part):
    with pytest.raises(error) as caught:
        read_objective(named, **how).bind_surface({})
    assert part in str(caught.value)


@pytest.mark.parametrize(
    "table",
    [
        {"formula": "x^2", "variables": ["x", "x"]},
        {"formula": "x^2", "variables": ["x"], "coordinates": 2},
        {"formula": "sum(x^2)", "coordinates": {"like": "a"}},
        {"formula": "sum(x^2)", "coordinates": 0},
        {"formula": "x + y", "variables": ["x", "y"], "parameters": {"y": "1"}},
        {"formula": "x + y", "variables": ["x", "y"], "start": ["1"]},
        {"formula": "x^2", "critical": [{"at": ["0"]}]},
        {"formula": "x^2", "critical": [{"at": ["0"], "kind": "minimun"}]},
        {"formula": "x^2", "critical": [{"at": ["0"], "kind": "minimum", "when": "always"}]},
        pieces(("(-oo, 0]", "x"), ("(0, oo)", "y"), variables=["x", "y"]),
    ],
)
def test_an_entry_whose_points_or_variables_contradict_it_is_refused(table):
    with pytest.raises(StudyError):
        read_objective(table)


def test_a_curve_is_asked_for_only_where_there_is_one_variable():
    with pytest.raises(UsageError, match="2 variables"):
        read_objective("booth").bind({})
