"""Sums over paths, edge by edge, against the enumeration of every path of random graphs."""

import math
import random

import pytest
from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import Number
from gradiometer.model import find_flow, group_paths, rank_paths, read_graph, solve_gradient

SHARES, OF_EACH = 8, 125


def random_point(seed):
    """A graph with reused values, repeated operands, zero and equal slopes, at a rational point."""
    chance = random.Random(seed)
    names, lines = ["a", "b"], []
    for number in range(chance.randint(2, 9)):
        x, y = chance.choices(names, k=2)
        factor = chance.randint(-3, 3)
        text = chance.choice(
            [f"{factor}*{x} + {y}", f"{x}*{y}", f"{x} - {y}", f"{x}*{x}", f"{x} + {x} + {y}"]
        )
        lines.append(f"v{number} = {text}")
        names.append(f"v{number}")
    graph = read_graph("; ".join([*lines, "out = " + " + ".join(names)]), inputs={"a", "b"})
    at = {name: Number(fmpq(chance.randint(-9, 9), chance.randint(1, 4))) for name in "ab"}
    return solve_gradient(graph, at)[0]


def walk_paths(flow):
    """Every path as its edges and its value."""
    leaving = {}
    for place, edge in enumerate(flow.edges):
        leaving.setdefault(edge.start, []).append(place)
    stack, found = [(flow.source, (), fmpq(1))], []
    while stack:
        node, trail, value = stack.pop()
        if node == flow.output:
            found.append((trail, value))
        for place in leaving.get(node, ()):
            edge = flow.edges[place]
            stack.append((edge.end, (*trail, place), value * edge.local))
    return found


def total(values):
    return sum(values, fmpq(0))


@pytest.mark.parametrize("share", range(SHARES))
def test_a_thousand_random_graphs_agree_with_every_path_listed(share):
    for seed in range(share * OF_EACH, (share + 1) * OF_EACH):
        point = random_point(seed)
        for index in point.graph.inputs.values():
            flow = find_flow(point, index)
            paths = walk_paths(flow)
            _compare_sums(flow, paths)
            _compare_edges(flow, paths)
            _compare_ranks(flow, [row for row in paths if row[1]])
            _compare_spread(flow, [abs(value) for _, value in paths if value])


def _compare_sums(flow, paths):
    values = [value for _, value in paths]
    assert flow.path_count == len(paths)
    assert flow.gradient == total(values) == flow.point.adjoints[flow.source]
    assert flow.mass == total(map(abs, values))
    assert flow.positive == total(value for value in values if value > 0)
    assert flow.negative == -total(value for value in values if value < 0)
    for row in flow.by_length():
        here = [value for trail, value in paths if len(trail) == row.length]
        assert (row.paths, row.contribution, row.mass) == (
            len(here), total(here), total(map(abs, here)),
        )  # fmt: skip
    assert sum(row.paths for row in flow.by_length()) == len(paths)


def _compare_edges(flow, paths):
    for place in range(len(flow.edges)):
        taken = [value for trail, value in paths if place in trail]
        assert flow.contributions[place] == total(taken)
        assert flow.masses[place] == total(map(abs, taken))
    _check_cuts(flow)


def _check_cuts(flow):
    """What flows into a node flows out of it, and every cut carries the whole derivative."""
    into, out = {}, {}
    for edge, part in zip(flow.edges, flow.contributions, strict=True):
        into[edge.end] = into.get(edge.end, 0) + part
        out[edge.start] = out.get(edge.start, 0) + part
    for node in set(into) & set(out):
        leads_on = flow.adjoints[node] is not None
        assert leads_on
        assert into[node] == out[node]
    for cut in range(flow.source, flow.output):
        crossing = [
            part
            for edge, part in zip(flow.edges, flow.contributions, strict=True)
            if edge.start <= cut < edge.end
        ]
        assert total(crossing) == flow.gradient


def _check_random_cuts(flow, chance):
    """Whatever set of nodes holds the input and not the output, its net outflow is the derivative.

    The whole of what crosses counts when nothing flows back into the set.
    """
    parts = list(zip(flow.edges, flow.contributions, strict=True))
    for _ in range(5):
        inside = {k for k in range(flow.output) if chance.random() < 0.5} | {flow.source}
        inside.discard(flow.output)
        out = total(p for e, p in parts if e.start in inside and e.end not in inside)
        back = total(p for e, p in parts if e.start not in inside and e.end in inside)
        assert out - back == flow.gradient
        # Earlier nodes stand first, so one pass takes in all that a node needs.
        for edge, _ in reversed(parts):
            if edge.end in inside:
                inside.add(edge.start)
        crossing = [p for e, p in parts if e.start in inside and e.end not in inside]
        assert not [e for e, _ in parts if e.start not in inside and e.end in inside]
        assert total(crossing) == flow.gradient


@pytest.mark.parametrize("share", range(4))
def test_over_random_cuts_the_contributions_add_up_to_the_derivative(share):
    for seed in range(5000 + 100 * share, 5100 + 100 * share):
        point = random_point(seed)
        chance = random.Random(seed)
        for index in point.graph.inputs.values():
            flow = find_flow(point, index)
            if index == flow.output:
                continue
            into, out = {}, {}
            for edge, part in zip(flow.edges, flow.contributions, strict=True):
                into[edge.end] = into.get(edge.end, 0) + part
                out[edge.start] = out.get(edge.start, 0) + part
            inner = (set(into) | set(out)) - {flow.source, flow.output}
            assert all(into.get(node, 0) == out.get(node, 0) for node in inner)
            _check_random_cuts(flow, chance)


def _compare_ranks(flow, paths):
    for sign, wanted in (
        (0, paths),
        (1, [row for row in paths if row[1] > 0]),
        (-1, [row for row in paths if row[1] < 0]),
    ):
        ordered = sorted(wanted, key=lambda row: (-abs(row[1]), row[0][::-1]))
        found = rank_paths(flow, len(paths) + 1, sign=sign)
        assert [(path.edges, path.value) for path in found] == ordered
        assert rank_paths(flow, 3, sign=sign) == found[:3]


def _compare_spread(flow, sizes):
    if not sizes:
        with pytest.raises(UndecidedError):
            flow.effective_paths()
        return
    mass = float(total(sizes))
    entropy = -math.fsum(float(size) / mass * math.log(float(size) / mass) for size in sizes)
    assert float(flow.effective_paths()) == pytest.approx(math.exp(entropy), rel=1e-9)


@pytest.mark.parametrize("share", range(4))
def test_bundles_keep_every_sum_of_paths(share):
    for seed in range(2000 + 50 * share, 2050 + 50 * share):
        point = random_point(seed)
        graph = point.graph
        chance = random.Random(seed)
        kept = [k for k in range(len(graph.nodes)) if chance.random() < 0.3]
        sums = [fmpq(0)] * len(graph.nodes)
        counts, masses = [0] * len(graph.nodes), [fmpq(0)] * len(graph.nodes)
        sums[graph.output], counts[graph.output], masses[graph.output] = fmpq(1), 1, fmpq(1)
        for bundle in sorted(group_paths(point, kept), key=lambda row: -row.start):
            sums[bundle.start] += bundle.local * sums[bundle.end]
            masses[bundle.start] += bundle.mass * masses[bundle.end]
            counts[bundle.start] += bundle.paths * counts[bundle.end]
        for index in graph.inputs.values():
            flow = find_flow(point, index)
            assert (sums[index], counts[index], masses[index]) == (
                flow.gradient, flow.path_count, flow.mass,
            )  # fmt: skip


def test_a_residual_chain_of_300_blocks_gives_its_best_subsets_at_once():
    count = 300
    weights = [fmpq(k % 17 + 1, 40) for k in range(count)]
    lines = [f"x{k + 1} = x{k} + {w.p}/{w.q}*x{k}" for k, w in enumerate(weights)]
    graph = read_graph("; ".join(lines), inputs={"x0"})
    flow = find_flow(solve_gradient(graph, {"x0": Number(fmpq(1))})[0], graph.inputs["x0"])
    assert flow.path_count == 2**count
    found = [path.value for path in rank_paths(flow, 40)]
    largest = max(weights)
    ties = weights.count(largest)
    assert found[0] == 1
    assert found[1 : ties + 1] == [largest] * ties
    assert found == sorted(found, reverse=True)


def test_a_kink_on_the_way_leaves_the_flow_undecided():
    graph = read_graph("c = |a| + b", inputs={"a", "b"})
    at = {"a": Number(fmpq(0)), "b": Number(fmpq(2))}
    point, _ = solve_gradient(graph, at)
    with pytest.raises(UndecidedError, match="no single slope"):
        find_flow(point, graph.inputs["a"])
    assert find_flow(point, graph.inputs["b"]).gradient == 1
