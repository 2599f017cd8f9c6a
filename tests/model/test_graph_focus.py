"""Few nodes of an exact graph: bundles and shares are exactly those of the single paths."""

import random

import pytest
from flint import fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from gradiometer.errors import UndecidedError
from gradiometer.formula import number
from gradiometer.model import focus_graph, read_graph, solve_gradient, weigh_edges


def solve(seed, count=9):
    """A random computation of rational numbers at a point."""
    chance = random.Random(seed)
    names, lines = ["a", "b"], []
    for index in range(count):
        pick = lambda: chance.choice(names[-5:])  # noqa: E731  # a name would say no more
        operation = chance.choice(["{}*{}", "{} + {}", "{} - 2*{}", "{}^2 + {}/3"])
        lines.append(f"v{index} = {operation.format(pick(), pick())}")
        names.append(f"v{index}")
    lines.append(f"w = {names[-1]}*a - b")
    graph = read_graph("; ".join(lines), inputs={"a", "b"}, of="w")
    at = {"a": number(fmpq(chance.randint(-3, 3), 2)), "b": number(fmpq(chance.randint(-3, 3), 5))}
    return solve_gradient(graph, at)[0]


def list_paths(point):
    """Every path from an input to the output: its edges as (start, end, slope)."""
    into = {}
    for start, end, position in point.graph.edges():
        into.setdefault(end, []).append((start, end, point.slopes[end][position]))
    stack = [(point.graph.output, ())]
    while stack:
        node, edges = stack.pop()
        if node in point.graph.inputs.values():
            yield edges
        stack += [(edge[0], (edge, *edges)) for edge in into.get(node, ())]


def size_of(edges):
    size = fmpq(1)
    for edge in edges:
        size *= abs(edge[2])
    return size


@given(seed=st.integers(0, 10**6), most=st.integers(2, 16))
@settings(max_examples=60, deadline=None)
def test_shares_are_those_of_the_single_paths(seed, most):
    point = solve(seed)
    found = focus_graph(point, most=most)
    shown, output = set(found.nodes), point.graph.output
    assert len(shown) <= most
    assert output in shown
    total = inside = met = fmpq(0)
    for path in list_paths(point):
        nodes = {edge[0] for edge in path}
        total += size_of(path)
        inside += size_of(path) if nodes <= shown else 0
        met += size_of(path) if nodes & shown else 0
    assert (found.total, found.inside, found.met) == (total, inside, met)


@given(seed=st.integers(0, 10**6), most=st.integers(2, 16))
@settings(max_examples=60, deadline=None)
def test_bundles_that_leave_a_node_add_up_to_its_adjoint_and_its_mass(seed, most):
    point = solve(seed)
    found = focus_graph(point, most=most)
    for node in set(found.nodes) - {point.graph.output}:
        leaving = [bundle for bundle in found.bundles if bundle.start == node]
        flows = [bundle.local * point.adjoints[bundle.end] for bundle in leaving]
        assert sum(flows, fmpq(0)) == point.adjoints[node]
        masses = [bundle.mass * found.masses[bundle.end] for bundle in leaving]
        assert sum(masses, fmpq(0)) == found.masses[node]


@given(seed=st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_hidden_nodes_are_those_on_the_paths_of_a_bundle(seed):
    point = solve(seed)
    found = focus_graph(point, most=4)
    shown, hidden = set(found.nodes), {}
    into = {}
    for start, end, _ in point.graph.edges():
        into.setdefault(end, []).append(start)
    for end in shown:
        stack = [(end, ())]
        while stack:
            node, between = stack.pop()
            for start in into.get(node, ()):
                if start in shown:
                    hidden.setdefault((start, end), set()).update(between)
                else:
                    stack.append((start, (start, *between)))
    assert {(b.start, b.end): b.hidden for b in found.bundles} == {
        pair: len(nodes) for pair, nodes in hidden.items()
    }


@given(seed=st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_the_mass_of_an_edge_is_that_of_the_paths_that_take_it(seed):
    point = solve(seed)
    cut = sum((size_of(path) for path in list_paths(point)), fmpq(0))
    last = [
        mass
        for mass, (_, end, _) in zip(weigh_edges(point), point.graph.edges(), strict=True)
        if end == point.graph.output
    ]
    assert sum(last, fmpq(0)) == cut


def test_a_wanted_path_is_shown_before_larger_ones():
    text = "v = 9*a; w = a/9; c = v + w"
    graph = read_graph(text, inputs={"a"})
    point, _ = solve_gradient(graph, {"a": number(fmpq(1))})
    names = [node.name for node in graph.nodes]
    path = [names.index(name) for name in ("a", "w", "c")]
    assert set(focus_graph(point, most=3, first=path).nodes) == set(path)
    assert names.index("v") in focus_graph(point, most=3).nodes


def test_where_a_gradient_meets_a_kink_nothing_is_said():
    graph = read_graph("c = abs(a) + a", inputs={"a"})
    point, _ = solve_gradient(graph, {"a": number(fmpq(0))})
    with pytest.raises(UndecidedError, match="no single slope"):
        focus_graph(point, most=3)
