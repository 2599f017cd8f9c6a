"""Rules of whole tensors: kinds of names, bound for a shape, written out by coordinates."""

import pytest
from flint import fmpq

from gradiometer.errors import FormulaError, ShapeError, StudyError
from gradiometer.formula import to_text
from gradiometer.model import count_values, read_optimizer, settle, unroll


def bound(step, *, shape=(), state=None, **values):
    """A rule of the given assignments, bound for a shape."""
    table = {
        "name": "mine",
        "step": {"x'": step} if isinstance(step, str) else step,
        "state": state or {},
        "parameters": {name: {"default": str(value)} for name, value in values.items()},
    }
    optimizer = read_optimizer(table)
    return optimizer.bind(settle([optimizer.owner], {})["optimizer"], shape=shape)


def last(rule):
    return to_text(dict(rule.step)["x'"])


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("x - sum(g)", "x - g"),
        ("x - g/norm(g)", "x - g/abs(g)"),
        ("x - mean(g) - largest(g)", "x - g - g"),
        ("x - row_mean(g)*column_max(g)", "x - g*g"),
        ("x - matmul(matmul(g, transpose(x)), g)", "x - g*x*g"),
        ("x - g/size(x)*rows(x)*columns(g)", "x - g/1*1*1"),
        ("x - where(axes(x) == 2, matmul(g, transpose(g)), g)", "x - g"),
        ("x - where(rows(x) > columns(x), 2, 3)*g", "x - 3*g"),
    ],
)
def test_for_a_single_number_functions_of_tensors_are_plain_arithmetic(written, meant):
    assert last(bound(written)) == meant


def test_a_rule_bound_for_a_number_still_knows_its_norm_for_a_vector():
    rule = bound("x - g/norm(g)")
    assert last(rule) == "x - g/abs(g)"
    assert last(rule.for_shape((3,))) == "x - g/norm(g)"


def test_conditions_on_the_shape_are_settled_and_what_they_drop_is_not_remembered():
    step = {
        "v'": "v + g^2",
        "r'": "r + row_mean(g^2)",
        "x'": "x - g/where(axes(x) == 2, r', v')",
    }
    state = {"v": "0", "r": "0"}
    assert set(bound(step, state=state).state) == {"v"}
    assert set(bound(step, state=state, shape=(2, 3)).state) == {"r"}


def test_a_shape_that_another_shape_decides_is_settled_too():
    step = {"u": "where(rows(x) > columns(x), transpose(g), g)", "x'": "x - rows(u)*g"}
    assert last(bound(step, shape=(5, 2))) == "x - 2*g"
    assert last(bound(step, shape=(2, 5))) == "x - 2*g"


def test_kinds_grow_until_nothing_changes():
    step = {
        "n'": "n + sum(r)",
        "r'": "r*n + row_max(g)",
        "c'": "c + column_sum(g)",
        "l'": "l + matmul(g, transpose(g))",
        "m'": "r' + c' + n'",
        "x'": "x - matmul(l', g) - m'",
    }
    rule = bound(step, state=dict.fromkeys("nrclm", "0"), shape=(2, 3))
    found = {name: str(rule.kinds[name]) for name in "nrcl"}
    assert found == {"n": "number", "r": "row", "c": "column", "l": "R by R"}
    assert str(rule.kinds["m'"]) == "tensor"
    counts = {name: count_values(rule.kinds[name], (2, 3)) for name in "nrcl"}
    assert counts == {"n": 1, "r": 2, "c": 3, "l": 4}


def test_a_first_value_may_be_the_start():
    rule = bound({"s'": "s", "x'": "x - g*norm(x - s)"}, state={"s": "x"}, shape=(2,))
    assert unroll(rule, (2,)).states == tuple((f"s[{i}]", bound_name(f"x[{i}]")) for i in (0, 1))


def bound_name(name):
    from gradiometer.formula import Name

    return Name(name)


def test_a_number_spread_over_a_tensor_means_the_same_before_and_after_a_condition_is_settled():
    step = "x - sum(where(flag == 1, x, 1))*g"
    code = unroll(bound(step, flag=fmpq(0)), (3,))
    assert to_text(dict(code.step)["sum_1"]) == "1 + 1 + 1"


def test_unrolled_code_has_one_abbreviation_for_what_is_used_twice():
    code = unroll(bound({"x'": "x - g/norm(x + g)*norm(x + g)"}), (2,))
    assert [target for target, _ in code.step] == [
        "part_1[0]", "part_1[1]", "norm_2", "x[0]'", "x[1]'",
    ]  # fmt: skip


def test_unrolled_code_of_a_number_is_the_rule_itself():
    rule = read_optimizer("adam").bind({})
    code = unroll(rule, ())
    assert code.step == rule.step
    assert code.coordinates == ("x",)


def test_names_of_a_matrix_have_rows_and_columns():
    code = unroll(bound({"r'": "r + row_sum(g)", "x'": "x - r'*g"}, state={"r": "0"}), (2, 3))
    assert [name for name, _ in code.states] == ["r[0]", "r[1]"]
    assert code.coordinates[3:] == ("x[1,0]", "x[1,1]", "x[1,2]")
    assert to_text(dict(code.step)["x[1,2]'"]) == "x[1,2] - r[1]'*g[1,2]"


def test_an_abbreviation_of_ours_takes_no_name_of_the_rule():
    code = unroll(bound({"norm_1": "2", "x'": "x - norm_1*g/norm(g)"}), (2,))
    assert [target for target, _ in code.step][:2] == ["norm_1", "norm_2"]


@pytest.mark.parametrize("shape", [(0,), (2, -1), (2, 0)])
def test_a_shape_without_coordinates_is_refused(shape):
    with pytest.raises(ShapeError):
        bound("x - g").for_shape(shape)


def test_three_axes_are_not_unrolled():
    with pytest.raises(ShapeError):
        unroll(bound("x - g"), (2, 2, 2))


@pytest.mark.parametrize("name", ["norm", "row_mean", "size"])
def test_the_name_of_a_function_of_rules_is_no_name_of_anything_else(name):
    with pytest.raises(StudyError):
        bound({name: "2*g", "x'": "x - g"})
    with pytest.raises(StudyError):
        bound({f"{name}'": "2*g", "x'": "x - g"}, state={name: "0"})


def test_elsewhere_a_formula_knows_no_norm():
    from gradiometer.formula import parse

    with pytest.raises(FormulaError, match="Unknown function `norm`"):
        parse("norm(x) + 1", names=("x",))
