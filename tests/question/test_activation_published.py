"""Published gains beside the certified ones: what each is meant as, and which digits are off."""

import math
from dataclasses import dataclass
from functools import cache

import pytest
from flint import arb, fmpq

from gradiometer.catalog import list_entries, read_entry, read_reference
from gradiometer.errors import StudyError
from gradiometer.formula import evaluate, precision, to_ball
from gradiometer.model import read_activation
from gradiometer.question import ask
from gradiometer.question.activation import activation


@dataclass(frozen=True)
class Row:
    """One published constant, as this test knows it."""

    name: str
    source: str
    value: float
    of: str
    right: int | str


# Source of the values: google-deepmind/deepmind-research, nfnets/base.py (`nonlinearities`);
# pabloppp/pytorch-tools, torchtools/nn/magnitude_preserving.py; NVlabs/edm2,
# training/networks_edm2.py (`mp_silu`); NVlabs/stylegan2-ada-pytorch, torch_utils/ops/bias_act.py;
# huggingface/pytorch-image-models, timm/models/nfnet.py (`_nonlin_gamma`).
ROWS = [
    Row("identity", "brock2021", 1.0, "deviation", "all"),
    Row("celu", "brock2021", 1.270926833152771, "deviation", 4),
    Row("elu", "brock2021", 1.2716004848480225, "deviation", 3),
    Row("gelu.jax", "brock2021", 1.7015043497085571, "deviation", 3),
    Row("gelu_tanh", "brock2021", 1.7015043497085571, "deviation", 3),
    Row("gelu", "timm", 1.7015043497085571, "deviation", 3),
    Row("leaky_relu", "brock2021", 1.70590341091156, "deviation", 3),
    Row("logsigmoid", "brock2021", 1.9193484783172607, "deviation", 4),
    Row("relu", "brock2021", 1.7139588594436646, "deviation", 3),
    Row("relu6", "brock2021", 1.7131484746932983, "deviation", 4),
    Row("selu", "brock2021", 1.0008515119552612, "deviation", 3),
    Row("sigmoid", "brock2021", 4.803835391998291, "deviation", 3),
    Row("silu", "brock2021", 1.7881293296813965, "deviation", 3),
    Row("softsign", "brock2021", 2.338853120803833, "deviation", 3),
    Row("softplus", "brock2021", 1.9203323125839233, "deviation", 3),
    Row("tanh", "brock2021", 1.5939117670059204, "deviation", 3),
    Row("silu", "karras2024", 0.596, "root", 3),
    Row("silu", "torchtools", 0.596, "root", 3),
    Row("gelu", "torchtools", 0.652, "root", 3),
    Row("silu", "karras2020", math.sqrt(2), "second_moment", 1),
    Row("relu", "karras2020", math.sqrt(2), "second_moment", "all"),
    Row("leaky_relu.keras", "karras2020", math.sqrt(2), "second_moment", 2),
    Row("identity", "pytorch_nn", 1.0, "second_moment", "all"),
    Row("relu", "pytorch_nn", math.sqrt(2), "second_moment", "all"),
    Row("leaky_relu", "pytorch_nn", math.sqrt(20000 / 10001), "second_moment", "all"),
    Row("tanh", "pytorch_nn", 5 / 3, "second_moment", 1),
    Row("sigmoid", "pytorch_nn", 1.0, "second_moment", 0),
    Row("selu", "pytorch_nn", 0.75, "second_moment", 1),
]
MEANS = {
    "second_moment": "1/sqrt(E f(z)^2)", "deviation": "1/sqrt(Var f(z))", "root": "sqrt(E f(z)^2)",
}  # fmt: skip


@cache
def found(name):
    return activation(name).facts


def ball(value):
    with precision(256):
        return to_ball(value if isinstance(value, fmpq | arb) else evaluate(value, {}))


def simpson(f, low=-12.0, high=12.0, count=200_000):
    """An independent mean over a normal number; the pieces of the functions meet at its nodes."""
    step = (high - low) / count
    total = 0.0
    for index in range(count + 1):
        x = low + step * index
        weight = 1 if index in (0, count) else 4 if index % 2 else 2
        total += weight * f(x) * math.exp(-x * x / 2)
    return total * step / 3 / math.sqrt(2 * math.pi)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name}-{row.source}")
def test_each_constant_stands_beside_the_certified_one(row):
    facts = found(row.name)
    (said,) = (r for r in facts["published_gains"].value if r["source"] == row.source)
    assert facts["published_gains"].status == "proved"
    assert float(ball(said["value"])) == pytest.approx(row.value, rel=1e-16)
    assert said["means"] == MEANS[row.of]
    with precision(256):
        second, variance = (ball(facts[n].value) for n in ("second_moment", "variance"))
        root = second.sqrt()
        truth = {"second_moment": 1 / root, "deviation": 1 / variance.sqrt(), "root": root}[row.of]
        assert truth.overlaps(ball(said["certified"]))
        assert ball(said["difference"]).overlaps(ball(said["value"]) - truth)
    assert said["right_digits"] == row.right


def test_every_constant_of_the_catalogue_is_in_the_list_above():
    names = [
        name
        for entry in list_entries("activation")
        for name in (entry, *(f"{entry}.{d}" for d in _dialects(entry)))
    ]
    listed = {
        (name, row["source"])
        for name in names
        if read_activation(name).published or read_activation(name).gain_torch
        for row in found(name)["published_gains"].value
    }
    known = {(row.name, row.source) for row in ROWS}
    follows_its_slope = {(f"leaky_relu.{d}", "pytorch_nn") for d in ("keras", "keras_layer")}
    assert listed == known | follows_its_slope
    assert all(read_reference(source)["title"] for _, source in listed)


def _dialects(entry):
    return read_entry("activation", entry).get("dialects", {})


@pytest.mark.parametrize(
    ("name", "f"),
    [("silu", lambda x: x / (1 + math.exp(-x))), ("tanh", math.tanh),
     ("softsign", lambda x: x / (1 + abs(x)))],
)  # fmt: skip
def test_another_integration_agrees_that_the_monte_carlo_digits_are_off(name, f):
    mean, second = simpson(f), simpson(lambda x: f(x) ** 2)
    (row,) = (r for r in found(name)["published_gains"].value if r["source"] == "brock2021")
    certified = 1 / math.sqrt(second - mean * mean)
    assert float(ball(row["certified"])) == pytest.approx(certified, rel=1e-9)
    assert float(ball(row["difference"])) == pytest.approx(
        float(ball(row["value"])) - certified, abs=1e-9
    )
    assert "brock2021" in found(name)["published_gains"].because


def test_rounded_constants_are_not_called_off():
    said = found("gelu")["published_gains"].because
    assert "timm differs" in said
    assert "torchtools" not in said


def test_constants_are_for_the_parameters_and_the_variance_they_were_published_for():
    other = activation("leaky_relu", set={"negative_slope": "1/3"}).facts["published_gains"].value
    assert [row["source"] for row in other] == ["pytorch_nn"]
    assert activation("tanh", variance=2).facts["published_gains"].value == []
    assert found("mish")["published_gains"].value == []
    sources = [row["source"] for row in found("softplus.torch")["published_gains"].value]
    assert sources == []


def test_the_table_is_shown():
    from gradiometer.report import to_format

    text = to_format(ask("activation", formula="tanh"), "text")
    assert "published gains" in text
    assert "brock2021" in text


@pytest.mark.parametrize(
    "published",
    [
        {"source": "brock2021", "value": "1"},
        {"source": "brock2021", "of": "root"},
        {"source": "brock2021", "value": "1", "of": "gain"},
        {"source": "brock2021", "value": "1", "of": "root", "note": ""},
    ],
)
def test_a_constant_that_does_not_say_what_it_is_is_refused(published):
    with pytest.raises(StudyError):
        read_activation({"name": "f", "formula": "x", "published": [published]})
