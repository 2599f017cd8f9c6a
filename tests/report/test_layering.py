"""Places of the nodes of a graph: forward edges, room between neighbours, few crossings."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradiometer.errors import InternalError
from gradiometer.report.crossings import count_crossings
from gradiometer.report.heights import keep_apart
from gradiometer.report.layering import place_nodes

JOINED = pytest.mark.parametrize("join", [False, True])


@st.composite
def graphs(draw):
    """How many nodes, and edges that point forward once the nodes are put in some order."""
    count = draw(st.integers(1, 14))
    order = draw(st.permutations(range(count)))
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
    edges = draw(st.lists(pairs, max_size=25))
    return count, [(order[a], order[b]) for a, b in edges if a < b]


def place(count, edges, **options):
    return place_nodes(count, edges, separation=10.0, bend=4.0, **options)


def routes(layering):
    return [layering.route(edge) for edge in range(len(layering.edges))]


def links(layering):
    """Pairs of places that a line joins, each once."""
    return {pair for route in routes(layering) for pair in itertools.pairwise(route)}


@JOINED
@settings(max_examples=60)
@given(graph=graphs())
def test_every_edge_runs_one_column_at_a_time_to_the_right(graph, join):
    count, edges = graph
    layering = place(count, edges, join=join)
    column = {p: k for k, places in enumerate(layering.columns) for p in places}
    assert set(column) == set(range(len(layering.heights)))
    assert sum(map(len, layering.columns)) == len(layering.heights)
    for (start, end), route in zip(edges, routes(layering), strict=True):
        assert (route[0], route[-1]) == (start, end)
        assert [column[p] for p in route] == list(range(column[start], column[end] + 1))


@settings(max_examples=60)
@given(graphs())
def test_column_of_a_node_is_its_longest_path_and_an_input_stands_at_its_first_use(graph):
    count, edges = graph
    columns = place(count, edges).columns
    column = {p: k for k, places in enumerate(columns) for p in places}
    for node in range(count):
        before = [column[a] for a, b in edges if b == node]
        after = [column[b] for a, b in edges if a == node]
        if before:
            assert column[node] > max(before)
        elif after:
            assert column[node] == min(after) - 1


@JOINED
@settings(max_examples=60)
@given(graph=graphs())
def test_nodes_of_a_column_have_room(graph, join):
    count, edges = graph
    layering = place(count, edges, join=join)
    for places in layering.columns:
        for a, b in itertools.pairwise(places):
            distance = layering.heights[b] - layering.heights[a]
            least = 10.0 if a < count and b < count else 4.0 if a >= count and b >= count else 7.0
            assert distance >= least - 1e-6


@settings(max_examples=60)
@given(graphs())
def test_joined_edges_of_one_node_share_their_bends(graph):
    layering = place(*graph, join=True)
    owners = {}
    for (start, _), bends in zip(layering.edges, layering.bends, strict=True):
        for bend in bends:
            assert owners.setdefault(bend, start) == start
    longest = {}
    for (start, _), bends in zip(layering.edges, layering.bends, strict=True):
        longest[start] = max(longest.get(start, 0), len(bends))
    assert len(owners) == sum(longest.values())


def crossings(layering):
    rank = [0] * len(layering.heights)
    for places in layering.columns:
        for position, p in enumerate(places):
            rank[p] = position
    after = [[] for _ in rank]
    for a, b in links(layering):
        after[a].append(b)
    return rank, after, count_crossings(layering.columns, rank, after)


@settings(max_examples=60)
@given(graphs())
def test_crossings_are_counted_as_by_looking_at_every_pair(graph):
    layering = place(*graph)
    rank, _, counted = crossings(layering)
    column = {p: k for k, places in enumerate(layering.columns) for p in places}
    pairs = itertools.combinations(links(layering), 2)
    assert counted == sum(
        column[a] == column[c] and (rank[a] - rank[c]) * (rank[b] - rank[d]) < 0
        for (a, b), (c, d) in pairs
    )


@settings(max_examples=60)
@given(graphs())
def test_order_has_no_more_crossings_than_the_one_it_started_from(graph):
    layering = place(*graph)
    _, after, fewest = crossings(layering)
    unsorted = [sorted(places) for places in layering.columns]
    rank = {p: k for places in unsorted for k, p in enumerate(places)}
    assert fewest <= count_crossings(unsorted, [rank[p] for p in range(len(rank))], after)


def test_crossing_that_can_be_undone_is_undone():
    heights = place(4, [(0, 3), (1, 2)]).heights
    assert (heights[0] < heights[1]) == (heights[3] < heights[2])


def test_tangle_that_barycentres_leave_is_undone_by_swaps():
    edges = [(0, 4), (1, 6), (2, 4), (2, 7), (3, 4), (3, 6)]
    assert crossings(place(8, edges))[2] == 0


def test_chain_is_a_straight_line():
    layering = place(4, list(itertools.pairwise(range(4))))
    assert len(set(layering.heights)) == 1


def test_circle_is_refused():
    with pytest.raises(InternalError, match="cycle"):
        place(3, [(0, 1), (1, 2), (2, 1)])


def test_longest_edges_are_direct_when_there_would_be_too_many_bends():
    chain = list(itertools.pairwise(range(100)))
    layering = place(100, [*chain, (0, 99), (0, 5)], most_bends=50)
    assert layering.bends[-2] == range(0)
    assert len(layering.bends[-1]) == 4
    assert layering.longest < 98
    assert layering.count_direct() == 1
    assert place(100, [*chain, (0, 99), (0, 5)]).count_direct() == 0


def test_chain_of_a_hundred_thousand_nodes_is_laid_out():
    layering = place(10**5, list(itertools.pairwise(range(10**5))), join=True)
    assert len(layering.columns) == 10**5
    assert set(layering.heights) == {0.0}


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
