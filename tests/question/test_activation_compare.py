"""Several activations side by side: one table, one grid, one figure."""

import json
import math
import re

import pytest
from flint import fmpq

from gradiometer.errors import UsageError
from gradiometer.formula import evaluate, from_float, precision, to_float, to_piecewise
from gradiometer.model import read_activation
from gradiometer.proof import Shape, check
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
    alone, together = (a.to_dict()["facts"] for a in (activation("relu"), answer))
    assert {name: together[name] for name in alone} == alone
    assert answer.inputs["compare"] == ["gelu", "hardshrink"]


def test_all_curves_stand_on_one_grid(answer):
    arrays = answer.arrays
    curves = ["x", "f", "slope", "f gelu", "slope gelu", "f hardshrink", "slope hardshrink"]
    assert list(arrays)[:7] == curves
    assert set(arrays) - set(curves) == {
        f"{kind} bounds{name}" for kind in ("f", "slope") for name in ("", " gelu", " hardshrink")
    }
    assert len({len(arrays[name].values) for name in curves}) == 1
    xs = arrays["x"].values
    place = min(range(len(xs)), key=lambda index: abs(xs[index] - 2))
    assert arrays["f"].values[place] == xs[place]
    assert arrays["f gelu"].values[place] == pytest.approx(xs[place], rel=0.03)
    assert set(answer.data.dims) == {"x", "cell", "end"}


def test_a_joint_has_the_limits_from_both_sides_and_the_value(answer):
    xs = list(answer.arrays["x"].values)
    assert [x for x in set(xs) if xs.count(x) == 3] == sorted({-0.5, 0.0, 0.5})
    assert all(xs.count(x) in (1, 3) for x in xs)
    at = xs.index(0.5)
    assert answer.arrays["f hardshrink"].values[at : at + 3] == [0.0, 0.0, 0.5]
    slopes = answer.arrays["slope hardshrink"].values[at : at + 3]
    assert [slopes[0], slopes[2]] == [0.0, 1.0]
    assert math.isnan(slopes[1])


@pytest.mark.parametrize(
    "formula", ["gelu", "selu", "tanh(1000000*x)", "sin(40*x)", "hardswish", "x/(1/1000+|x|)"]
)
def test_bounds_hold_every_point_between_two_of_the_grid(formula):
    answer = activation("relu", compare=formula)
    xs = answer.arrays["x"].values
    shape = Shape(to_piecewise(read_activation(formula).tree, "x"))
    for cell in range(0, len(xs) - 1, 7):
        low, high = xs[cell], xs[cell + 1]
        for share in (0.1, 0.37, 0.8) if low < high else ():
            x = low + share * (high - low)
            section = next(s for s in shape.sections if _reaches(s, x))
            for kind, node in (("f", section.piece.formula), ("slope", section.slope)):
                least, most = answer.arrays[f"{kind} bounds {formula}"].values[cell]
                with precision(20000):
                    value = to_float(evaluate(node, {"x": from_float(x)}))
                assert least <= value <= most
                slack = 0.15 * (1 + abs(value)) if kind == "f" else math.inf
                assert most - least <= slack or formula.startswith(("tanh(", "sin(", "x/("))


def _reaches(section, x):
    ends = [None if e is None else to_float(evaluate(e, {})) for e in
            (section.open.lower, section.open.upper)]  # fmt: skip
    return (ends[0] is None or ends[0] < x) and (ends[1] is None or x < ends[1])


def test_a_kink_narrower_than_the_grid_is_not_stepped_over():
    answer = activation("relu", compare="x + 1/1000000*tanh(1000000*(x - 1/3))")
    slopes = [y for y in answer.arrays["slope x + 1/1000000*tanh(1000000*(x - 1/3))"].values
              if math.isfinite(y)]  # fmt: skip
    assert max(slopes) > 1.9
    assert min(slopes) == pytest.approx(1)


def test_extrema_and_joints_are_points_of_the_grid():
    answer = activation("gelu", compare=["hardswish", "silu"])
    lowest = {"f": -0.16997120747990366, "f hardswish": -3 / 8, "f silu": -0.2784645427610738}
    for name, value in lowest.items():
        assert min(answer.arrays[name].values) == pytest.approx(value, abs=1e-15)


def test_no_curve_leaves_the_plot_for_a_function_that_is_not_known():
    figure = draw_figure(activation("relu", compare=["tan(x)"]))
    assert figure is not None
    assert "tan(x) (not known)" in figure.svg


def test_peaks_that_would_flatten_all_curves_are_cut_off_and_this_is_said():
    steep = draw_figure(activation("relu", compare="tanh(1000000*x)"))
    assert "cut off" in steep.svg
    assert "Slopes that are far larger than the others are cut off." in steep.about
    assert "cut off" not in draw_figure(activation("relu", compare="gelu")).about


def test_the_same_entry_with_other_settings_may_be_compared():
    answer = activation("leaky_relu", set={"negative_slope": "1/2"}, compare="leaky_relu")
    names = [row["function"] for row in answer.facts["comparison"].value]
    assert names == ["leaky_relu negative_slope=1/2", "leaky_relu"]
    with pytest.raises(UsageError, match="itself"):
        activation("leaky_relu", set={"negative_slope": "1/100"}, compare="leaky_relu")


@pytest.mark.parametrize("count", [2, 12])
def test_every_function_has_its_own_colour_and_stroke(count):
    names = ["relu", "gelu", "silu", "mish", "elu", "selu", "celu", "softplus", "tanh", "sigmoid",
             "hardswish", "softsign"][:count]  # fmt: skip
    svg = draw_figure(activation(names[0], compare=names[1:])).svg
    styles = re.findall(r'<path d="[^"]*"[^>]*style="fill: none; ([^"]*)"', svg)
    looks = {
        (re.search(r"stroke: (var\([^)]*\)|[^;]*)", style)[1],
         (re.search(r"stroke-dasharray: ([^;]*)", style) or [0, ""])[1])
        for style in styles if "stroke-width: 1.8" in style
    }  # fmt: skip
    assert len(looks) == count


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
     (["ReLU"], "itself"), (["silu", "swish"], "twice, once as `silu`"),
     (["gelo"], "no activation"), ([f"{n}*x" for n in range(2, 20)], "At most")],
)  # fmt: skip
def test_a_comparison_that_makes_no_sense_is_refused(compare, problem):
    with pytest.raises(UsageError, match=problem):
        activation("relu", compare=compare)
