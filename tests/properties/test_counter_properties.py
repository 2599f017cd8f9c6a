"""Counters on any network: lines lead from our number to theirs, and rules of tools hold."""

import math

from hypothesis import given
from hypothesis import strategies as st

from gradiometer.catalog import list_entries
from gradiometer.model import (
    Reconciled,
    count_network,
    read_counter,
    read_network_tree,
    reconcile,
    walk_network,
)

LAYERS = st.sampled_from([
    "conv(4, 3, padding=1)", "conv(6, 1, bias=false)", "conv_transpose(4, 2, stride=2)",
    "batch_norm", "group_norm(2)", "relu", "gelu", "silu", "dropout",
    "residual { conv(4, 1); batch_norm }", "concat { identity | conv(2, 1) }",
])  # fmt: skip
TOOLS = [name for name in list_entries("counter") if name != "accelerate"]


@st.composite
def networks(draw):
    parts = draw(st.lists(LAYERS, min_size=1, max_size=5))
    # Every residual finds four channels, and every group norm an even number of them.
    body = "; conv(4, 1); ".join(parts)
    return f"3x6x5 -> conv(4, 1); {body}; global_avg_pool; dense(3); dense(2, bias=false)"


def _found(text, tool):
    rows = walk_network(read_network_tree(text))
    return rows, {found.measure: found for found in reconcile(rows, read_counter(tool))}


@given(networks(), st.sampled_from(TOOLS))
def test_lines_of_the_whole_are_those_of_its_layers(text, tool):
    rows, found = _found(text, tool)
    for number in found.values():
        assert isinstance(number, Reconciled)
        count = count_network(rows)
        assert number.ours == getattr(count, number.measure)
        apart = [reconcile([row], read_counter(tool)) for row in rows]
        each = [n for own in apart for n in own if n.measure == number.measure]
        whole = [n for n in each if isinstance(n, Reconciled)]
        # A layer alone may have no parameters, which some tools refuse.
        assert sum(n.theirs - n.ours for n in whole) == number.theirs - number.ours
        assert all(line.count and line.because for line in number.lines)


@given(networks())
def test_torchinfo_multiplies_parameters_by_places(text):
    rows, found = _found(text, "torchinfo")
    places = {
        row.path: math.prod(row.shape_out[1:]) if row.kind.startswith("conv") else 1 for row in rows
    }
    expected = sum(row.parameters * places[row.path] for row in rows)
    assert found["multiply_adds"].theirs == expected
    assert found["parameters"].theirs == sum(row.parameters for row in rows)


@given(networks())
def test_the_operations_that_run_are_ours_with_the_biases(text):
    rows, found = _found(text, "ptflops_aten")
    biases = sum(
        math.prod(row.shape_out)
        for row in rows
        if row.kind.startswith(("conv", "dense")) and any(t.name == "bias" for t in row.tensors)
    )
    assert found["multiply_adds"].theirs - found["multiply_adds"].ours == biases
    _, plain = _found(text, "flop_counter")
    assert plain["multiply_adds"].lines == ()


@given(st.integers(1, 4), st.integers(1, 4))
def test_sharing_counts_at_every_call_where_the_rule_says_so(calls, size):
    text = f"{size} -> enc: dense({size})" + "; use(enc)" * (calls - 1)
    rows, found = _found(text, "torchsummary")
    one = size * size + size
    assert one == sum(row.parameters for row in rows)
    assert found["parameters"].theirs == calls * one
    assert _found(text, "torchinfo")[1]["parameters"].theirs == one
