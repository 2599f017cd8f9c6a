"""Sums over all paths against all paths written out, and the laws they keep."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

from gradiometer.errors import LimitError, ShapeError, UsageError
from gradiometer.numeric import (
    COUNT_MODULUS,
    LinearGraph,
    connect,
    count_paths,
    measure_spread,
    split_by_length,
    split_by_use,
    sweep_back,
    sweep_both,
    sweep_edges,
    sweep_forward,
    sweep_signs,
)
from numeric.all_paths import FAR, list_paths, random_graph

CASES = range(1000)


def _chain(count, weight):
    first = np.concatenate([[0], np.arange(count + 1)])
    return LinearGraph(
        first.astype(np.int64),
        np.arange(count, dtype=np.int32),
        np.full(count, float(weight)),
        np.array([0], np.int32),
        count,
    )


def _sum(products):
    return sum(products, Fraction(0))


@pytest.mark.parametrize("tenth", range(10))
def test_every_sum_is_that_over_all_paths(tenth):
    for seed in CASES[tenth::10]:
        graph = random_graph(seed)
        paths, back, signs = list_paths(graph), sweep_back(graph), sweep_signs(graph)
        counts = count_paths(graph)
        for node, found in paths.items():
            products = [product for _, product in found]
            assert back.adjoint.fraction(node) == _sum(products)
            assert back.mass.fraction(node) == _sum(map(abs, products))
            assert signs.positive.fraction(node) == _sum(p for p in products if p > 0)
            assert signs.negative.fraction(node) == -_sum(p for p in products if p < 0)
            assert counts[node] == back.count.fraction(node) == back.residue[node] == len(found)


@pytest.mark.parametrize("tenth", range(10))
def test_every_edge_brings_the_paths_through_it(tenth):
    for seed in CASES[tenth::10]:
        graph = random_graph(seed)
        for source in graph.sources.tolist():
            found = list_paths(graph)[source]
            back, edges = sweep_both(graph, source)
            assert edges.exponent == 0
            for edge in range(graph.edge_count):
                through = [product for path, product in found if edge in path]
                assert Fraction(edges.signed[edge]) == _sum(through)
                assert Fraction(edges.size[edge]) == _sum(map(abs, through))
            _check_conservation(graph, source, back, edges.signed)


def _check_conservation(graph, source, back, flow):
    """What flows into a node flows out; each cut between source and output carries the gradient."""
    gradient = back.adjoint[source].to_float()[0]
    assert sweep_forward(graph, source).tangent[graph.output].to_float()[0] == gradient
    ends = graph.end_of(np.arange(graph.edge_count))
    into, out = np.zeros((2, graph.node_count))
    np.add.at(into, ends, flow)
    np.add.at(out, graph.start, flow)
    inner = np.arange(graph.node_count)
    inner = inner[(inner != source) & (inner != graph.output)]
    assert (into[inner] == out[inner]).all()
    for cut in range(source + 1, graph.output + 1):
        crossing = (graph.start < cut) & (ends >= cut)
        assert flow[crossing].sum() == gradient


def test_a_gradient_is_the_sum_of_its_uses():
    for seed in CASES:
        graph = random_graph(seed)
        back = sweep_back(graph)
        split = split_by_use(back)
        for source in graph.sources.tolist():
            total = _sum(
                split.signed.fraction(k) for k in np.flatnonzero(split.source == source).tolist()
            )
            assert total + (source == graph.output) == back.adjoint.fraction(source)


def test_parts_by_length_are_those_of_all_paths():
    for seed, longest in itertools.product(CASES[:300], (0, 2, 12)):
        graph = random_graph(seed)
        paths, back = list_paths(graph), sweep_back(graph)
        shares = split_by_length(back, longest=longest)
        for row, source in enumerate(graph.sources.tolist()):
            mass = float(back.mass.fraction(source)) or 1.0
            for length in range(longest + 1):
                products = [p for path, p in paths[source] if len(path) == length]
                assert shares.signed[row, length] * mass == pytest.approx(float(_sum(products)))
                size = float(_sum(map(abs, products)))
                assert shares.size[row, length] * mass == pytest.approx(size)
            longer = [p for path, p in paths[source] if len(path) > longest]
            for part, products in (
                (shares.signed_beyond[row], longer),
                (shares.size_beyond[row], map(abs, longer)),
            ):
                assert part * mass == pytest.approx(float(_sum(products)), abs=1e-12 * mass)


def test_spread_is_that_of_all_paths():
    for seed in CASES:
        graph = random_graph(seed)
        spread = measure_spread(sweep_back(graph))
        for node, found in list_paths(graph).items():
            mass = _sum(abs(product) for _, product in found)
            shares = [(float(abs(p) / mass), len(path)) for path, p in found if p]
            mean = sum(share * length for share, length in shares)
            square = sum(share * (length - mean) ** 2 for share, length in shares)
            entropy = -sum(share * math.log(share) for share, _ in shares)
            assert spread.entropy[node] == pytest.approx(entropy, abs=1e-12)
            assert spread.length_mean[node] == pytest.approx(mean)
            assert spread.length_deviation[node] == pytest.approx(math.sqrt(square), abs=1e-6)


def test_sums_beyond_float64_are_right_to_rounding():
    for seed in CASES[:300]:
        graph = random_graph(seed, weights=FAR)
        back, paths = sweep_back(graph), list_paths(graph)
        for node, found in paths.items():
            mass = _sum(abs(product) for _, product in found)
            gradient = _sum(product for _, product in found)
            assert abs(back.mass.fraction(node) - mass) <= mass / 2**48
            assert abs(back.adjoint.fraction(node) - gradient) <= mass / 2**48


@pytest.mark.parametrize("weight", [1e-3, 1e3, -1e-3, 5e-324, -1.7e308])
def test_a_chain_of_a_million_edges_has_a_gradient(weight):
    graph = _chain(1_000_000, weight)
    back, edges = sweep_both(graph, 0)
    log = 1_000_000 * math.log(abs(weight))
    assert back.adjoint[0].log()[0] == pytest.approx(log, rel=1e-9)
    assert back.adjoint[0].sign() == 1
    assert back.mass[0].log()[0] == pytest.approx(log, rel=1e-9)
    scaled = np.log(edges.signed[[0, 500_000, -1]]) + 512 * math.log(2) * edges.exponent
    assert scaled == pytest.approx([log] * 3, rel=1e-9)


def test_two_to_the_million_paths_are_counted():
    count = 1_000_000
    graph = LinearGraph(
        np.concatenate([[0], 2 * np.arange(count + 1)]).astype(np.int64),
        np.repeat(np.arange(count, dtype=np.int32), 2),
        np.ones(2 * count),
        np.array([0], np.int32),
        count,
    )
    back = sweep_back(graph)
    assert back.count[0].log2()[0] == count
    assert back.residue[0] == pow(2, count, COUNT_MODULUS)
    assert measure_spread(back).entropy[0] == pytest.approx(count * math.log(2))
    with pytest.raises(LimitError):
        count_paths(graph)


def test_cancellation_is_mass_over_gradient():
    graph = connect([(0, 2, 3.0), (0, 2, -2.0), (1, 2, 1.0), (1, 2, -1.0)], sources=[0], output=2)
    cancellation = sweep_back(connect([], sources=[0, 1], output=1)).cancellation()
    assert np.isnan(cancellation[0])
    assert cancellation[1] == 1
    assert sweep_back(graph).cancellation().tolist() == [5.0, math.inf, 1.0]


def test_a_bad_graph_is_refused():
    with pytest.raises(ShapeError, match="Edge 0"):
        connect([(1, 1, 1.0)], sources=[0], output=1)
    with pytest.raises(ShapeError, match="Edge 0"):
        connect([(0, 1, math.nan)], sources=[0], output=1)
    with pytest.raises(ShapeError):
        LinearGraph(
            np.array([0, 2]), np.array([0], np.int32), np.ones(1), np.array([0], np.int32), 0
        )
    graph = connect([(0, 1, 1.0)], sources=[0], output=1)
    with pytest.raises(UsageError):
        sweep_forward(graph, 2)
    with pytest.raises(UsageError):
        sweep_edges(sweep_back(connect([], sources=[0], output=0)), sweep_forward(graph, 0))
    with pytest.raises(LimitError):
        split_by_length(sweep_back(graph), longest=10**8)
