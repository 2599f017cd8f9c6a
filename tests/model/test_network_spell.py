"""Networks written as text and as TOML."""

import pytest

from gradiometer.errors import LimitError, UsageError
from gradiometer.model import (
    Chain,
    read_network_toml,
    read_network_tree,
    to_network_text,
    to_network_toml,
)
from gradiometer.model.network_tree import Branches, Input, Layer, Repeat, Use

RELU = Chain((Layer("relu"),))


@pytest.mark.parametrize(
    "text",
    [
        "100-20-1",
        "784\nrelu",
        "784\ndense(10, bias=false)",
        "input(3, n)\nrelu",
        "tokens(1024)\nembedding(50257, 768)",
        "residual { conv(64, 3) }",
        "add { relu | identity }",
        "repeat 3 as i { relu }",
        "repeat(n + 1, as=i) { relu }",
        "x: 3x8x8\nuse(x)",
        "relu\ninput(3)",
    ],
)
def test_canonical_text_is_written_as_it_is(text):
    assert to_network_text(read_network_tree(text)) == text


def test_long_bodies_stand_on_lines_of_their_own():
    text = "concat { " + "; ".join(f"conv({k}00, 3, padding=1)" for k in range(1, 5)) + " | relu }"
    assert to_network_text(read_network_tree(text)).splitlines() == [
        "concat {",
        *(f"    conv({k}00, 3, padding=1)" for k in range(1, 5)),
        "|",
        "    relu",
        "}",
    ]


@pytest.mark.parametrize(
    "tree",
    [
        Chain(),
        Chain((Layer("two words"),)),
        Chain((Layer("repeat"),)),
        Chain((Layer("a", ("1, 2",)),)),
        Chain((Layer("a", ("b=c",)),)),
        Chain((Layer("a", (" b",)),)),
        Chain((Layer("a", ("",)),)),
        Chain((Layer("a", ("1) ; relu(2",)),)),
        Chain((Layer("a", (), (("k", "1"), ("k", "2"))),)),
        Chain((Layer("a", (), (("k", ""),)),)),
        Chain((Layer("a", name="b: relu; c"),)),
        Chain((Use("a b"),)),
        Chain((Repeat("3", RELU, "i j"),)),
        Chain((Branches("add", (RELU,)),)),
        Chain((Input(()), Layer("relu"))),
        Chain((Input(("0",)), Layer("relu"))),
    ],
)
def test_tree_without_a_text_is_refused(tree):
    with pytest.raises(UsageError):
        to_network_text(tree)
    with pytest.raises(UsageError):
        to_network_toml(tree)


def test_tree_deeper_than_is_read_is_refused():
    tree = RELU
    for _ in range(5_000):
        tree = Chain((Repeat("2", tree),))
    with pytest.raises(LimitError):
        to_network_text(tree)


def test_settings_that_are_keys_of_the_table_stand_apart_in_toml():
    tree = read_network_tree("a(1, name=x, stride=2)")
    text = to_network_toml(tree)
    assert "settings = { name = \"x\", stride = 2 }" in text  # fmt: skip
    assert read_network_toml(text) == tree
