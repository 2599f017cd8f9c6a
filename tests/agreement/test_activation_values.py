"""Our activations have the values of PyTorch, Keras and JAX: recorded, and live if installed."""

import json

import pytest

from agreement.record_activations import CASES, DATA, FLOAT32, RUN, points_of
from gradiometer.formula import evaluate_float
from gradiometer.model import read_activation

RECORDED = json.loads(DATA.read_text(encoding="utf-8"))


def name_of(row):
    options = ", ".join(f"{key}={value}" for key, value in row["options"].items())
    return f"{row['library']}.{row['function']}({options})"


def near(row):
    """Equal to 12 decimals; the libraries and we round in other orders."""
    error = 2e-7 if (row["library"], row["function"]) in FLOAT32 else 1e-12
    return pytest.approx(row["values"], rel=error, abs=error)


@pytest.mark.parametrize("row", RECORDED["rows"], ids=name_of)
def test_our_formula_has_the_values_of_the_library(row):
    tree = read_activation(row["activation"], settings=row["settings"]).tree
    points = points_of(row["activation"])
    assert [evaluate_float(tree, {"x": x}) for x in points] == near(row)


@pytest.mark.parametrize(
    ("library", "function", "other"),
    [("torch", "Softplus", "softplus"), ("jax", "gelu", "gelu"), ("keras", "gelu", "gelu.jax"),
     ("keras", "leaky_relu", "leaky_relu"), ("keras", "LeakyReLU", "leaky_relu.keras")],
)  # fmt: skip
def test_the_recorded_values_tell_the_dialects_apart(library, function, other):
    asked = (library, function, {})
    rows = [r for r in RECORDED["rows"] if (r["library"], r["function"], r["options"]) == asked]
    tree = read_activation(other).tree
    values = [evaluate_float(tree, {"x": x}) for x in points_of(other)]
    assert values != near(rows[0])


def test_the_record_says_what_made_it_and_holds_every_case():
    made = RECORDED["made_with"]
    assert made["torch"].startswith("2.13.0")
    assert (made["keras"], made["jax"], made["dtype"]) == ("3.15.1", "0.10.2", "float64")
    keys = ("library", "function", "options", "activation", "settings")
    assert [tuple(row[key] for key in keys) for row in RECORDED["rows"]] == list(CASES)
    assert all(len(row["values"]) == len(points_of(row["activation"])) for row in RECORDED["rows"])


@pytest.mark.oracle
@pytest.mark.parametrize("row", RECORDED["rows"], ids=name_of)
def test_the_library_has_the_recorded_values_today(row):
    pytest.importorskip(row["library"])
    if row["library"] == "keras":
        pytest.importorskip("jax", reason="Keras is asked with JAX behind it")
    again = RUN[row["library"]](row["function"], row["options"], points_of(row["activation"]))
    assert again == pytest.approx(row["values"], rel=1e-14, abs=1e-300)
