"""A network is the same after it was written and read again, as text and as TOML."""

import tomllib

import pytest
from hypothesis import given, settings

from gradiometer.model import (
    read_network_toml,
    read_network_tree,
    to_network_text,
    to_network_toml,
)
from properties.random_networks import trees


@given(trees)
@settings(max_examples=150)
def test_text_of_a_tree_reads_back_as_the_tree(tree):
    text = to_network_text(tree)
    assert read_network_tree(text) == tree
    assert to_network_text(read_network_tree(text)) == text


@given(trees)
@settings(max_examples=60)
def test_one_line_reads_back_as_the_tree(tree):
    text = to_network_text(tree, one_line=True)
    assert "\n" not in text
    assert read_network_tree(text) == tree


@given(trees)
@settings(max_examples=100)
def test_toml_of_a_tree_reads_back_as_the_tree(tree):
    text = to_network_toml(tree)
    tomllib.loads(text)
    assert read_network_toml(text) == tree


@pytest.mark.slow
@given(trees)
@settings(max_examples=3_000)
def test_text_and_toml_agree_on_many_trees(tree):
    assert read_network_tree(to_network_text(tree)) == tree
    assert read_network_toml(to_network_toml(tree)) == tree
