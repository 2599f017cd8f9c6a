"""Rankings of paths against all paths sorted exactly, and the best of 2^100000."""

import heapq
import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

from gradiometer.errors import LimitError, UsageError
from gradiometer.numeric import (
    LinearGraph,
    connect,
    cover,
    grow_path_tree,
    rank_all,
    rank_paths,
    sweep_back,
)
from numeric.all_paths import FAR, NEAR, PLAIN, list_paths, random_graph

POOLS = {"plain": PLAIN, "near": NEAR, "far": FAR}


def _sorted_paths(found, order):
    """Edges and product of the paths of one sign or of all: by exact size, then by edges."""
    signs = {"size": (1, -1), "positive": (1,), "negative": (-1,)}[order]
    kept = [(path, p) for path, p in found if p and (1 if p > 0 else -1) in signs]
    return sorted(kept, key=lambda row: (-abs(row[1]), row[0]))


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("order", ["size", "positive", "negative"])
def test_the_whole_ranking_is_exact(pool, order):
    for seed in range(1000 if pool == "plain" else 200):
        graph = random_graph(seed, weights=POOLS[pool])
        expected = _sorted_paths(list_paths(graph)[0], order)
        tree = grow_path_tree(graph, by_sign=order != "size")
        found = rank_paths(tree, 0, most=len(expected) + 5, order=order)
        assert len(found) == len(expected)
        assert [tuple(found.edges(k).tolist()) for k in range(len(found))] == [
            path for path, _ in expected
        ]
        assert found.length.tolist() == [len(path) for path, _ in expected]
        for rank, (_, product) in enumerate(expected):
            error = abs(found.value.fraction(rank) - product)
            assert error <= abs(product) / 2**53 * (1 + Fraction(1, 2**40))


def test_products_are_compared_beyond_pairs_of_float64():
    # (1 + d)(1 - d) is 1 - 2^-104; 30 of them differ from 29 by as much.
    d, count = 2.0**-52, 30
    edges = []
    for k in range(count):
        edges += [(2 * k, 2 * k + 1, 1.0), (2 * k, 2 * k + 1, 1 + d)]
        edges += [(2 * k + 1, 2 * k + 2, 1.0), (2 * k + 1, 2 * k + 2, 1 - d)]
    graph = connect(edges, sources=[0], output=2 * count)
    found = rank_paths(grow_path_tree(graph), 0, most=2000)
    products = [
        math.prod(Fraction(float(graph.local[k])) for k in found.edges(rank).tolist())
        for rank in range(len(found))
    ]
    keys = [(-p, tuple(found.edges(k).tolist())) for k, p in enumerate(products)]
    assert keys == sorted(keys)
    gaps = [1 - after / before for before, after in itertools.pairwise(products)]
    assert any(0 < gap < Fraction(1, 2**90) for gap in gaps)


def _residual_chain(weights):
    """The product of `1 + w`: each step has an edge of weight 1 and one of weight `w`."""
    count = len(weights)
    local = np.ones(2 * count)
    local[1::2] = weights
    first = np.concatenate([[0], 2 * np.arange(count + 1)]).astype(np.int64)
    start = np.repeat(np.arange(count, dtype=np.int32), 2)
    return LinearGraph(first, start, local, np.array([0], np.int32), count)


def _smallest_sums(sizes, count):
    """The *count* smallest sums of subsets of positive numbers, ascending."""
    sizes = np.sort(sizes)[: count + 1].tolist()
    found, waiting = [0.0], [(sizes[0], 0)]
    while len(found) < count:
        total, last = heapq.heappop(waiting)
        found.append(total)
        if last + 1 < len(sizes):
            heapq.heappush(waiting, (total + sizes[last + 1], last + 1))
            heapq.heappush(waiting, (total - sizes[last] + sizes[last + 1], last + 1))
    return np.array(found)


def test_a_thousand_of_the_paths_of_a_long_residual_chain_are_the_best_subsets():
    weights = np.random.default_rng(5).normal(size=100_000)
    graph = _residual_chain(weights)
    found = rank_paths(grow_path_tree(graph), 0, most=1000)
    logs = np.log(np.abs(weights))
    best = np.maximum(logs, 0).sum()
    # A step of the best path that is turned costs the size of the logarithm of its weight.
    expected = best - _smallest_sums(np.abs(logs), 1000)
    assert np.abs(found.value.log() - expected).max() <= 1e-8
    costs = np.abs(logs)
    for rank in (0, 1, 999):
        edges = found.edges(rank)
        turned = (edges % 2 == 1) != (logs > 0)
        assert best - costs[turned].sum() == pytest.approx(expected[rank], abs=1e-8)
        assert found.value.sign()[rank] == (-1) ** np.count_nonzero(weights[edges % 2 == 1] < 0)


def test_a_thousand_of_two_to_the_hundred_thousand_ties_are_in_order():
    found = rank_paths(grow_path_tree(_residual_chain(np.ones(100_000))), 0, most=1000)
    ways = [(found.edges(k) % 2).tolist() for k in range(0, 1000, 111)]
    assert (found.value.to_float() == 1).all()
    # The first paths count up in binary at the end of the chain.
    numbers = [sum(bit << (len(way) - 1 - at) for at, bit in enumerate(way)) for way in ways]
    assert numbers == list(range(0, 1000, 111))


def test_paths_of_one_sign_of_a_chain():
    graph = _residual_chain(np.array([2.0, -3.0, 0.5]))
    tree = grow_path_tree(graph, by_sign=True)
    assert rank_paths(tree, 0, order="positive").value.to_float().tolist() == [2, 1, 1, 0.5]
    negative = rank_paths(tree, 0, order="negative").value.to_float().tolist()
    assert negative == [-6, -3, -3, -1.5]
    assert rank_paths(tree, 0, most=0, order="negative").value.to_float().tolist() == []


def test_coverage_says_what_is_left():
    graph = _residual_chain(np.array([2.0, -3.0, 0.5]))
    back = sweep_back(graph)
    found = rank_paths(grow_path_tree(graph), 0, most=3)
    coverage = cover(found, back)
    assert found.value.to_float().tolist() == [-6, -3, -3]
    assert coverage.gradient_share == pytest.approx(-12 / -9)
    assert coverage.mass_share == pytest.approx(12 / 18)
    assert coverage.rest.to_float().tolist() == [3]
    assert cover(rank_paths(grow_path_tree(graph), 0, most=8), back).rest.to_float() == [0]


def test_coverage_of_numbers_beyond_float64():
    graph = _residual_chain(np.full(400, 1e4))
    coverage = cover(rank_paths(grow_path_tree(graph), 0, most=401), sweep_back(graph))
    # One path takes all steps, 400 leave one out: (1e4)^400*(1 + 400/1e4) of (1 + 1e4)^400.
    share = math.exp(400 * math.log1p(-1 / 10001)) * 1.04
    assert coverage.mass_share == pytest.approx(share, rel=1e-9)
    assert coverage.gradient_share == pytest.approx(share, rel=1e-9)


def test_a_source_without_a_path_has_none():
    graph = connect([(1, 2, 1.0), (0, 1, 0.0)], sources=[0], output=2)
    assert len(rank_paths(grow_path_tree(graph), 0)) == 0
    itself = rank_paths(grow_path_tree(graph), 2)
    assert itself.value.to_float().tolist() == [1]
    assert itself.edges(0).size == 0


def test_a_request_that_does_not_fit_the_tree_is_refused():
    graph = connect([(0, 1, 1.0)], sources=[0], output=1)
    for tree, order in (
        (grow_path_tree(graph), "positive"),
        (grow_path_tree(graph, by_sign=True), "size"),
    ):
        with pytest.raises(UsageError) as caught:
            rank_paths(tree, 0, order=order)
        assert "by_sign" in caught.value.hint
    with pytest.raises(UsageError):
        rank_paths(grow_path_tree(graph), 7)
    with pytest.raises(LimitError):
        rank_paths(grow_path_tree(graph), 0, most=10**9)


@pytest.mark.parametrize("order", ["size", "positive", "negative"])
def test_sources_that_are_ranked_together_are_ranked_as_alone(order):
    for seed in range(60):
        graph = random_graph(seed, weights=POOLS["near"])
        tree = grow_path_tree(graph, by_sign=order != "size")
        together = rank_all(tree, [(node, order) for node in range(graph.node_count)], most=20)
        for node, found in enumerate(together):
            alone = rank_paths(tree, node, most=20, order=order)
            assert found.value.mantissa.tolist() == alone.value.mantissa.tolist()
            for rank in range(len(alone)):
                assert found.edges(rank).tolist() == alone.edges(rank).tolist()


def test_a_part_of_a_path_is_cut_from_the_whole():
    for seed in range(60):
        graph = random_graph(seed, weights=PLAIN)
        found = rank_paths(grow_path_tree(graph), 0, most=20)
        for rank in range(len(found)):
            whole = found.edges(rank).tolist()
            for skip in range(len(whole) + 1):
                assert found.edges(rank, skip=skip).tolist() == whole[skip:]
                assert found.edges(rank, skip=skip, most=2).tolist() == whole[skip : skip + 2]


def test_the_end_of_a_path_with_many_detours_is_cut_from_the_whole():
    weights = np.random.default_rng(5).uniform(0.1, 3.0, 2000)
    found = rank_paths(grow_path_tree(_residual_chain(weights)), 0, most=300)
    for rank in range(0, 300, 37):
        whole = found.edges(rank)
        for skip in (1, 2, 3, 64, 999, 1998, 1999):
            assert found.edges(rank, skip=skip).tolist() == whole[skip:].tolist()
