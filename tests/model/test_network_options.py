"""Options that change a whole network."""

import pytest

from gradiometer.errors import FormulaError, UsageError
from gradiometer.model import (
    read_network_tree,
    to_network_text,
    with_activation,
    without_bias,
)


def spelled(tree):
    return to_network_text(tree, one_line=True)


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("3-2-1", "3; dense(2, bias=false); dense(1, bias=false)"),
        ("repeat 2 { dense(3) }", "repeat 2 { dense(3, bias=false) }"),
        ("residual { dense(3); relu }", "residual { dense(3, bias=false); relu }"),
        ("experts(4, active=1) { dense(3) }", "experts(4, active=1) { dense(3, bias=false) }"),
        ("dense(3, bias=true)", "dense(3, bias=true)"),
        ("dense(3, true)", "dense(3, true)"),
        ("conv(3)", "conv(3)"),
    ],
)
def test_no_bias_reaches_every_dense_layer_that_does_not_say_otherwise(text, changed):
    assert spelled(without_bias(read_network_tree(text))) == changed


def test_kinds_with_a_bias_are_named_by_the_caller():
    tree = read_network_tree("conv(3, 3); dense(3)")
    assert spelled(without_bias(tree, positions={"conv": 6})) == "conv(3, 3, bias=false); dense(3)"


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("4-3-2-1", "4; dense(3); relu; dense(2); relu; dense(1)"),
        ("4-1", "4-1"),
        ("4-3 -> tanh -> dense(1)", "4; dense(3); tanh; dense(1)"),
        ("4-3-1 -> softmax", "4; dense(3); relu; dense(1); softmax"),
    ],
)
def test_activation_stands_between_dense_layers(text, changed):
    assert spelled(with_activation(read_network_tree(text), "relu")) == changed


def test_activation_may_have_values():
    tree = with_activation(read_network_tree("4-3-1"), "leaky_relu(0.1)")
    assert spelled(tree) == "4; dense(3); leaky_relu(0.1); dense(1)"


@pytest.mark.parametrize("activation", ["", "relu; tanh", "3-2", "repeat 2 { relu }", "a: relu"])
def test_what_is_no_activation_is_refused(activation):
    with pytest.raises((FormulaError, UsageError)):
        with_activation(read_network_tree("3-2-1"), activation)


def test_activation_is_not_guessed_inside_braces():
    with pytest.raises(UsageError, match="inside braces"):
        with_activation(read_network_tree("4; repeat 3 { dense(4) }"), "relu")
