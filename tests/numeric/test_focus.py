"""Few nodes of a graph: their bundles lose no path, and the shares are those of single paths."""

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradiometer.errors import UsageError
from gradiometer.numeric import choose_view, connect, focus, sweep_back, weigh_edges


def draw(seed, nodes=14, inputs=3):
    """A random graph with parallel edges and weights of both signs."""
    chance = random.Random(seed)
    edges = []
    for end in range(inputs, nodes):
        for _ in range(chance.randint(1, 3)):
            weight = chance.choice([-3.0, -1.0, -0.5, 0.25, 1.0, 2.0, 0.0])
            edges.append((chance.randrange(max(0, end - 6), end), end, weight))
    return connect(edges, sources=range(inputs), output=nodes - 1)


def list_paths(graph):
    """Every path from a source to the output: its edges."""
    found = []
    stack = [(graph.output, ())]
    while stack:
        node, edges = stack.pop()
        if node in graph.sources:
            found.append(edges)
        into = range(graph.first[node], graph.first[node + 1])
        stack += [(int(graph.start[edge]), (edge, *edges)) for edge in into]
    return found


def value_of(graph, edges):
    return math.prod(float(graph.local[edge]) for edge in edges)


def nodes_of(graph, edges):
    return [*graph.start[list(edges)].tolist(), graph.output]


@pytest.mark.parametrize("slower", [0, 3, 10**9])
@given(seed=st.integers(0, 10**6), most=st.integers(2, 14))
@settings(max_examples=40, deadline=None)
def test_bundles_that_leave_a_node_add_up_to_all_its_paths(slower, seed, most):
    with pytest.MonkeyPatch.context() as patch:
        # Both directions of the sweep are tried, whichever would be faster.
        patch.setattr(focus, "_SLOWER_BACK", slower)
        back = sweep_back(draw(seed))
        view = choose_view(back, most=most)
    assert len(view.nodes) <= most
    assert back.graph.output in view.nodes
    for node in view.nodes.tolist():
        if node != back.graph.output:
            leaves = view.start == node
            assert sum(view.flow[leaves].to_float()) == pytest.approx(
                back.adjoint[node].to_float()[0], abs=1e-9
            )
            assert sum(view.mass[leaves].to_float()) == pytest.approx(
                back.mass[node].to_float()[0], abs=1e-9
            )


@given(seed=st.integers(0, 10**6), most=st.integers(2, 12))
@settings(max_examples=60, deadline=None)
def test_shares_and_bundles_are_those_of_the_single_paths(seed, most):
    graph = draw(seed, nodes=12)
    view = choose_view(sweep_back(graph), most=most)
    shown = set(view.nodes.tolist())
    mass = inside = met = 0.0
    hidden, counts = {}, {}
    for path in list_paths(graph):
        nodes, size = nodes_of(graph, path), abs(value_of(graph, path))
        mass += size
        inside += size * (set(nodes) <= shown)
        met += size * bool(set(nodes[:-1]) & shown)
    for start, end, between in list_bundles(graph, shown):
        counts[start, end] = counts.get((start, end), 0) + 1
        hidden.setdefault((start, end), set()).update(between)
    pairs = list(zip(view.start.tolist(), view.end.tolist(), strict=True))
    assert pairs == sorted(counts)
    assert view.count.to_float().tolist() == [counts[pair] for pair in pairs]
    assert view.hidden.tolist() == [len(hidden[pair]) for pair in pairs]
    if mass:
        assert view.inside == pytest.approx(inside / mass, abs=1e-12)
        assert view.met == pytest.approx(met / mass, abs=1e-12)


def list_bundles(graph, shown):
    """Every path between two shown nodes that meets no third: its ends and the nodes between."""
    for end in shown:
        stack = [(end, ())]
        while stack:
            node, between = stack.pop()
            for edge in range(graph.first[node], graph.first[node + 1]):
                start = int(graph.start[edge])
                if start in shown:
                    yield start, end, between
                else:
                    stack.append((start, (start, *between)))


@given(seed=st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_the_mass_of_an_edge_is_that_of_the_paths_that_take_it(seed):
    graph = draw(seed)
    expected = np.zeros(graph.edge_count)
    for path in list_paths(graph):
        for edge in path:
            expected[edge] += abs(value_of(graph, path))
    assert weigh_edges(sweep_back(graph)) == pytest.approx(expected, abs=1e-9)


def test_a_wanted_path_comes_first_and_a_longer_one_keeps_its_ends():
    graph = connect([(k, k + 1, 2.0) for k in range(30)], sources=[0], output=30)
    back = sweep_back(graph)
    path = list(range(31))
    assert choose_view(back, most=40, first=path).nodes.tolist() == path
    few = choose_view(back, most=5, first=path)
    assert len(few.nodes) == 5
    assert {0, 30} <= set(few.nodes.tolist())
    assert few.hidden.sum() == 26


def test_numbers_beyond_float64_keep_their_shares():
    chain = [(k, k + 1, 1e200) for k in range(20)]
    view = choose_view(sweep_back(connect(chain, sources=[0], output=20)), most=3)
    assert view.met == 1.0
    assert view.flow[0].log2()[0] == pytest.approx(20 * math.log2(1e200))


@pytest.mark.parametrize("most", [1, 63])
def test_a_view_of_one_node_or_of_too_many_is_refused(most):
    with pytest.raises(UsageError, match="from 2 to 62"):
        choose_view(sweep_back(draw(1)), most=most)
