"""What is wrong with a rule is said with its place, a caret, what is known and what to write."""

import pytest

from gradiometer.errors import FormulaError, GradiometerError, StudyError, render_error
from gradiometer.model import read_optimizer, settle


def table(step, **parts):
    return {"name": "mine", "step": step if isinstance(step, dict) else {"x'": step}, **parts}


BETA = {"parameters": {"beta": {"default": "1/2", "domain": "[0, 1)"}}}


@pytest.mark.parametrize(
    ("step", "marked", "hint"),
    [
        ("x - bta*g", "bta", "write `beta`"),
        ("x - nrom(g)*g", "nrom", "write `norm`"),
        ("x - norm(g, x)*g", "norm(g, x)", "write `norm(u)`"),
        ("x - matmul(g)", "matmul(g)", "write `matmul(u, v)`"),
        ("x - norm*g", "norm", "write norm(…)"),
        ("x - norm(beta)*g", "beta", "write `abs(beta)`"),
        ("x - row_mean(t + 1)*g", "t + 1", "write `t + 1`"),
        ("x - matmul(beta, g)", "beta", "write `beta*g`"),
        ("x - matmul(g, x)", "matmul(g, x)", "write `matmul(g, transpose(x))`"),
        ("x - transpose(g)", "transpose(g)", "write `g`"),
        ("x - matmul(g, transpose(x))", "matmul(g, transpose(x))",
         "write `matmul(u, v)` if a product of matrices is meant"),
        ("matmul(x, transpose(x))", "matmul(x, transpose(x))",
         "transpose it, or give `x'` a value of one shape"),
        ("x - where(g > transpose(x), 1, 2)", "transpose(x)", "write `x`"),
    ],
)  # fmt: skip
def test_a_formula_that_cannot_be_meant_is_shown_with_what_to_write(step, marked, hint):
    with pytest.raises(FormulaError) as caught:
        read_optimizer(table(step, **BETA))
    error = caught.value
    assert error.text[error.start : error.end] == marked
    assert error.hint == hint
    assert str(error.place) == "optimizer `mine`"


def test_what_is_known_is_listed_with_an_unknown_name():
    with pytest.raises(FormulaError) as caught:
        read_optimizer(table("x - bta*g", **BETA))
    assert {"x", "g", "t", "loss", "noise", "beta"} <= set(caught.value.known)


def test_a_state_that_never_gets_a_new_value_is_refused():
    with pytest.raises(StudyError) as caught:
        read_optimizer(table("x - g", state={"m": "0"}))
    assert caught.value.problem == "The rule never gives `m` a new value."
    assert caught.value.hint == "add a line for `m'`"


def test_a_value_outside_its_domain_is_refused():
    optimizer = read_optimizer(table("x - beta*g", **BETA))
    with pytest.raises(GradiometerError, match=r"`beta` = 2 is outside its domain \[0, 1\)"):
        settle([optimizer.owner], {"beta": "2"})


def test_a_state_of_two_shapes_is_refused():
    step = {"m'": "g", "x'": "x - matmul(m', g)"}
    with pytest.raises(FormulaError, match="elsewhere"):
        read_optimizer(table(step, state={"m": "matmul(x, transpose(x))"}))


def test_matrices_that_fit_in_one_shape_only_are_refused_where_no_condition_says_so():
    step = "x - where(rows(x) > columns(x), matmul(transpose(g), g), matmul(g, transpose(g)))"
    # Both branches are square, but neither is the shape of x: only a bound rule can tell.
    optimizer = read_optimizer(table(step))
    with pytest.raises(FormulaError):
        optimizer.bind({}, shape=(2, 3))


FILE = """\
name = "mine"
[parameters]
beta = { default = "1/2", domain = "[0, 1)" }
[state]
m = "0"
[step]
"m'" = "beta*m + g"
"x'" = "x - m'"
"""


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("beta*m + g", "beta*m + grad", "7:18"),
        ("x - m'", "x - norm(beta)*m'", "8:18"),
        ('"1/2"', '"2"', "3:1"),
        ('"m\'" = "beta*m + g"\n"x\'" = "x - m\'"', '"x\'" = "x - g"', "5:1"),
        ("name =", "nmae =", "1:1"),
    ],
)
def test_an_error_in_a_file_names_its_line_and_column(old, new, place, tmp_path):
    path = tmp_path / "mine.toml"
    assert old in FILE
    path.write_text(FILE.replace(old, new), encoding="utf-8")
    with pytest.raises(GradiometerError) as caught:
        read_optimizer(str(path))
    assert str(caught.value.place) == f"{path}:{place}"
    assert "^" in render_error(caught.value)
