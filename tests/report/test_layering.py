"""Places of the nodes of a graph: forward edges, room between neighbours, few crossings."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradiometer.report.layering import keep_apart, place_nodes


@st.composite
def graphs(draw):
    """Names in topological order and edges that point forward."""
    count = draw(st.integers(1, 14))
    names = [f"n{k}" for k in range(count)]
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
    edges = draw(st.lists(pairs, max_size=25))
    return names, [(names[a], names[b]) for a, b in edges if a < b]


def place(names, edges):
    return place_nodes(names, edges, separation=10.0, bend=4.0)


@settings(max_examples=60)
@given(graphs())
def test_every_edge_runs_one_column_at_a_time_to_the_right(graph):
    names, edges = graph
    layering = place(names, edges)
    column = {p: k for k, places in enumerate(layering.columns) for p in places}
    assert set(names) <= set(column)
    for (start, end), route in zip(edges, layering.routes, strict=True):
        assert (route[0], route[-1]) == (start, end)
        assert [column[p] for p in route] == list(range(column[start], column[end] + 1))


@settings(max_examples=60)
@given(graphs())
def test_nodes_of_a_column_have_room(graph):
    layering = place(*graph)
    for places in layering.columns:
        for a, b in itertools.pairwise(places):
            is_pair = isinstance(a, str) and isinstance(b, str)
            distance = layering.heights[b] - layering.heights[a]
            assert distance >= (10.0 if is_pair else 4.0) - 1e-6


def test_crossing_that_can_be_undone_is_undone():
    layering = place(["a", "b", "c", "d"], [("a", "d"), ("b", "c")])
    heights = layering.heights
    assert (heights["a"] < heights["b"]) == (heights["d"] < heights["c"])


def test_chain_is_a_straight_line():
    names = ["a", "b", "c", "d"]
    layering = place(names, list(itertools.pairwise(names)))
    assert len({layering.heights[name] for name in names}) == 1


WISHES = st.lists(st.floats(-50, 50), min_size=1, max_size=10)


@given(WISHES, st.data())
def test_kept_apart_is_in_order_and_as_near_as_any_other_place(wished, data):
    gaps = data.draw(st.lists(st.floats(0, 9), min_size=len(wished) - 1, max_size=len(wished) - 1))
    kept = keep_apart(wished, gaps)
    assert all(b - a >= gap - 1e-9 for a, b, gap in zip(kept, kept[1:], gaps, strict=False))
    other = list(itertools.accumulate(gaps, initial=data.draw(st.floats(-60, 60))))
    assert cost(kept, wished) <= cost(other, wished) + 1e-6
    assert keep_apart(kept, gaps) == pytest.approx(kept)


def cost(places, wished):
    return sum((a - b) ** 2 for a, b in zip(places, wished, strict=True))


def test_places_that_already_fit_do_not_move():
    assert keep_apart([0.0, 5.0, 9.0], [5.0, 4.0]) == [0.0, 5.0, 9.0]
