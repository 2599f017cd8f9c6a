"""Several activations side by side: one table, one grid, one figure."""

import json

import pytest
from flint import fmpq

from gradiometer.errors import UsageError
from gradiometer.proof import check
from gradiometer.question import ask, to_value_text
from gradiometer.question.activation import activation
from gradiometer.report import draw_figure, to_format


@pytest.fixture(scope="module")
def answer():
    return activation("relu", compare=["gelu", "hardshrink"])


def test_the_table_has_each_function_s_own_facts(answer):
    rows = {row["function"]: row for row in answer.facts["comparison"].value}
    assert list(rows) == ["relu", "gelu", "hardshrink"]
    for name, row in rows.items():
        alone = activation(name)
        for column in ("range", "monotone", "convex", "lipschitz", "suitable"):
            assert to_value_text(row[column]) == to_value_text(alone.facts[column].value)
    assert rows["relu"]["kinks"] == [0]
    assert rows["hardshrink"]["jumps"] == [fmpq(-1, 2), fmpq(1, 2)]


def test_the_facts_of_the_first_function_stay(answer):
    alone = activation("relu")
    assert {n: answer.facts[n] for n in alone.facts if n not in ("pieces",)} == {
        n: alone.facts[n] for n in alone.facts if n not in ("pieces",)
    }
    assert answer.inputs["compare"] == ["gelu", "hardshrink"]


def test_all_curves_stand_on_one_grid(answer):
    arrays = answer.arrays
    assert list(arrays) == ["x", "f", "slope", "f gelu", "slope gelu", "f hardshrink",
                            "slope hardshrink"]  # fmt: skip
    assert len({len(series.values) for series in arrays.values()}) == 1
    xs = arrays["x"].values
    place = min(range(len(xs)), key=lambda index: abs(xs[index] - 2))
    assert arrays["f"].values[place] == xs[place]
    assert arrays["f gelu"].values[place] == pytest.approx(xs[place], rel=0.03)


def test_the_certificates_of_all_functions_are_accepted(answer):
    check(json.loads(json.dumps(answer.certificate)))


@pytest.mark.parametrize("form", ["text", "markdown", "latex", "html", "json"])
def test_every_format_shows_the_table(answer, form):
    text = to_format(answer, form)
    assert "hardsh" in text
    assert "omparison" in text


def test_columns_hold_every_curve(answer):
    head = to_format(answer, "csv").splitlines()[0]
    assert head == "x,f,slope,f gelu,slope gelu,f hardshrink,slope hardshrink"


def test_the_figure_names_every_function(answer):
    figure = draw_figure(answer)
    assert figure is not None
    assert all(name in figure.svg for name in ("relu", "gelu", "hardshrink"))
    assert "relu, gelu, hardshrink" in figure.about


def test_settings_belong_to_the_first_function_and_dialects_to_the_others():
    answer = ask("activation", formula="leaky_relu", set={"negative_slope": "1/2"},
                 compare=["leaky_relu.keras"])  # fmt: skip
    rows = answer.facts["comparison"].value
    assert [row["function"] for row in rows] == ["leaky_relu", "leaky_relu.keras"]
    assert answer.facts["slope_left"].value == fmpq(1, 2)
    xs, ys = answer.arrays["x"].values, answer.arrays["f leaky_relu.keras"].values
    assert ys[0] == pytest.approx(xs[0] / 5)


@pytest.mark.parametrize(
    ("compare", "problem"),
    [(["gelu", "gelu"], "twice"), (["relu"], "itself"), (["softmax"], "vector"),
     (["gelo"], "no activation"), ([f"{n}*x" for n in range(2, 20)], "At most")],
)  # fmt: skip
def test_a_comparison_that_makes_no_sense_is_refused(compare, problem):
    with pytest.raises(UsageError, match=problem):
        activation("relu", compare=compare)
