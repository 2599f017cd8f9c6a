"""A graph with a few nodes kept and all others eliminated, exactly.

An edge of the small graph is a bundle: all paths between two kept nodes that meet no third one. The
paths of the small graph are sums of paths of the large one, and still add up to the gradient.

Source: Griewank and Walther, Evaluating Derivatives (2008), chapter 9, on elimination of vertices.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import final

from gradiometer.errors import UndecidedError
from gradiometer.formula import Exact
from gradiometer.model.graph_flow import Edge
from gradiometer.model.graph_kink import ONE, ZERO
from gradiometer.model.graph_point import GraphPoint, check_size, multiply, reached_positions


@final
@dataclass(frozen=True)
class Bundle:
    """All paths from one kept node to another that meet no other kept node."""

    start: int
    end: int
    local: Exact
    """The sum of their values: the derivative along the bundle alone."""
    mass: Exact
    """The sum of their sizes."""
    paths: int
    hidden: int
    """How many nodes that are not kept lie on these paths."""


def group_paths(point: GraphPoint, kept: Collection[int]) -> list[Bundle]:
    """The bundles between kept nodes, in the order of the nodes; inputs and output are kept too.

    Args:
        point: The graph at a point.
        kept: Indices of the nodes to keep.

    Raises:
        UndecidedError: If an operation that a gradient meets has no single slope at the point.
    """
    graph = point.graph
    stops = {*kept, *graph.inputs.values(), graph.output}
    return bundle_paths(point, stops, list_onward(point))


def bundle_paths(
    point: GraphPoint, stops: Collection[int], onward: Sequence[Sequence[Edge]]
) -> list[Bundle]:
    """The bundles between exactly these nodes, along the edges that leave each node."""
    return [
        bundle
        for start in sorted(stops)
        if start != point.graph.output and point.is_live[start]
        for bundle in _follow(point, start, stops, onward)
    ]


def list_onward(point: GraphPoint) -> list[list[Edge]]:
    """The edges that leave each node and that a gradient takes."""
    nodes = point.graph.nodes
    onward: list[list[Edge]] = [[] for _ in nodes]
    for end in range(point.graph.output + 1):
        if not point.is_live[end]:
            continue
        for position in reached_positions(point, end):
            slope = point.slopes[end][position]
            if slope is None:
                raise UndecidedError(f"`{nodes[end].name}` has no single slope at the point")
            if position >= nodes[end].gates:
                start = nodes[end].operands[position]
                onward[start].append(Edge(start, end, position, slope))
    return onward


def _follow(
    point: GraphPoint, start: int, stops: Collection[int], onward: Sequence[Sequence[Edge]]
) -> list[Bundle]:
    """The bundles that leave one kept node."""
    # The last number has one bit for each hidden node on the way.
    sums: dict[int, tuple[Exact, Exact, int, int]] = {start: (ONE, ONE, 1, 0)}
    found: list[Bundle] = []
    for node in range(start, point.graph.output + 1):
        if node not in sums:
            continue
        total, mass, count, hidden = sums.pop(node)
        if node in stops and node != start:
            found.append(Bundle(start, node, total, mass, count, hidden.bit_count()))
            continue
        if node != start:
            hidden |= 1 << node
        for edge in onward[node]:
            old = sums.get(edge.end, (ZERO, ZERO, 0, 0))
            sums[edge.end] = (
                check_size(old[0] + multiply(total, edge.local)),
                check_size(old[1] + multiply(mass, abs(edge.local))),
                old[2] + count,
                old[3] | hidden,
            )
    return found
