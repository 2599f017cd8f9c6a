"""Grouped graphs keep every path sum, and a focus knows what it covers."""

import random
from fractions import Fraction

import numpy as np
import pytest

from gradiometer.errors import LimitError, UsageError
from gradiometer.numeric import (
    connect,
    eliminate,
    group_paths,
    sweep_back,
)
from numeric.all_paths import NEAR, list_paths, random_graph


def _edges(graph):
    ends = graph.end_of(np.arange(graph.edge_count)).tolist()
    weights = [Fraction(float(weight)) for weight in graph.local]
    return list(zip(graph.start.tolist(), ends, weights, strict=True))


def _nodes_of(graph, path):
    ends = graph.end_of(np.array(path, np.int64)).tolist()
    return [int(graph.start[path[0]]), *ends] if path else [graph.output]


def _bundles(graph, kept):
    """Products of all paths between kept nodes that touch no other one, by their ends."""
    found = {}
    for end in kept:
        part = connect(_edges(graph), sources=[0], output=graph.node_count - 1)
        part = type(part)(part.first, part.start, part.local, part.sources, end)
        for start, paths in list_paths(part).items():
            for path, product in paths:
                inner = _nodes_of(part, path)[1:-1]
                if path and start in kept and not kept.intersection(inner):
                    found.setdefault((start, end), []).append(product)
    return dict(sorted(found.items()))


def _keep_some(graph, seed):
    generator = random.Random(seed)
    inner = range(graph.node_count)
    return {0, graph.output, *generator.sample(inner, generator.randint(0, min(3, len(inner))))}


def test_bundles_are_sums_of_the_paths_between_kept_nodes():
    for seed in range(300):
        graph = random_graph(seed)
        kept = _keep_some(graph, seed)
        expected, found = _bundles(graph, kept), group_paths(graph, kept)
        assert list(zip(found.start.tolist(), found.end.tolist(), strict=True)) == list(expected)
        for k, products in enumerate(expected.values()):
            assert found.signed.fraction(k) == sum(products)
            assert found.size.fraction(k) == sum(map(abs, products))
            assert found.count.fraction(k) == len(products)


def test_elimination_is_exact_in_any_order_of_nodes():
    for seed in range(300):
        graph = random_graph(seed, weights=NEAR)
        kept = _keep_some(graph, seed)
        expected = {ends: sum(products) for ends, products in _bundles(graph, kept).items()}
        done = eliminate(_edges(graph), kept)
        assert done.remaining == ()
        assert done.weights == expected


def test_a_grouped_graph_has_the_gradient_of_the_whole():
    for seed in range(300):
        graph = random_graph(seed)
        kept = sorted(_keep_some(graph, seed))
        found = group_paths(graph, kept)
        place = {node: k for k, node in enumerate(kept)}
        rows = [
            (place[u], place[v], w)
            for u, v, w in zip(
                found.start.tolist(), found.end.tolist(), found.signed.to_float(), strict=True
            )
        ]
        small = connect(rows, sources=[0], output=place[graph.output])
        assert sweep_back(small).adjoint.fraction(0) == sweep_back(graph).adjoint.fraction(0)


def test_a_chain_collapses_with_one_product_for_each_node():
    count = 20_000
    done = eliminate([(k, k + 1, 1) for k in range(count)], [0, count])
    assert done.weights == {(0, count): 1}
    assert done.multiplications == count - 1


def test_markowitz_takes_the_cheap_node_first():
    # Node 1 has one way in and many out, so the others must go before it.
    edges = [(0, 1, 1), *((1, k, 1) for k in range(2, 12)), *((k, 12, 1) for k in range(2, 12))]
    done = eliminate(edges, [0, 12])
    assert done.weights == {(0, 12): 10}
    assert done.multiplications == 11


def test_elimination_stops_at_the_limit_and_stays_right():
    edges = [(u, 10, Fraction(u + 1)) for u in range(10)]
    edges += [(10, v, Fraction(1, v)) for v in range(11, 21)]
    done = eliminate(edges, [*range(10), *range(11, 21)], fill_limit=50)
    assert done.remaining == (10,)
    assert done.weights == {(u, v): w for u, v, w in edges}
    whole = eliminate(edges, [*range(10), *range(11, 21)])
    assert len(whole.weights) == 100
    assert whole.weights[3, 12] == Fraction(4, 12)


def test_bad_requests_are_refused():
    graph = connect([(0, 1, 1.0)], sources=[0], output=1)
    with pytest.raises(UsageError):
        group_paths(graph, [0, 5])
    long = connect([(k, k + 1, 1.0) for k in range(2000)], sources=[0], output=2000)
    with pytest.raises(LimitError):
        group_paths(long, range(2000))
