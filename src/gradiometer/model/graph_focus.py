"""Few nodes of a graph that carry much of what flows, chosen for a drawing; their sums are exact.

Which nodes are shown is a matter of taste, so floats may choose them. What is said about the chosen
ones is not: bundles, masses and shares are exact, or balls.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias, final

from flint import arb

from gradiometer.formula import Exact
from gradiometer.model.graph_flow import Edge
from gradiometer.model.graph_group import Bundle, bundle_paths, list_onward
from gradiometer.model.graph_kink import ONE, ZERO
from gradiometer.model.graph_point import GraphPoint, check_size, multiply

_Onward: TypeAlias = "Sequence[Sequence[Edge]]"


@final
@dataclass(frozen=True)
class GraphFocus:
    """Few nodes, and all paths between them in bundles."""

    nodes: tuple[int, ...]
    """Ascending; the output is among them."""
    bundles: tuple[Bundle, ...]
    """Those that leave a node add up to its adjoint."""
    total: Exact
    """The mass of the paths from all inputs."""
    inside: Exact
    """The mass of those that visit no other node."""
    met: Exact
    """The mass of those that begin at or visit one of the nodes before the output."""
    masses: tuple[Exact, ...]
    """For each node of the graph the mass of the paths from it to the output."""


def focus_graph(point: GraphPoint, *, most: int, first: Sequence[int] = ()) -> GraphFocus:
    """At most *most* nodes: those of the largest paths from any input, then those with most mass.

    Args:
        point: The graph at a point.
        most: How many nodes, at least 2.
        first: Nodes of a path that are shown before all others; of too many those with most mass.

    Raises:
        UndecidedError: If an operation that a gradient meets has no single slope at the point.
    """
    graph = point.graph
    onward = list_onward(point)
    inputs = list(graph.inputs.values())
    before = _sweep_ahead(onward, inputs, lambda _: True)
    after = _sweep_back(onward, graph.output)
    weight = [_log(a) + _log(b) for a, b in zip(before, after, strict=True)]
    chosen = _choose(point, onward, weight, most=most, first=first)
    inside = _sweep_ahead(
        onward,
        [node for node in inputs if node in chosen],
        lambda edge: edge.start in chosen and edge.end in chosen,
    )
    missed = _sweep_ahead(
        onward,
        [node for node in inputs if node not in chosen],
        lambda edge: edge.end not in chosen or edge.end == graph.output,
    )
    total = before[graph.output]
    return GraphFocus(
        tuple(sorted(chosen)),
        tuple(bundle_paths(point, chosen, onward)),
        total,
        inside[graph.output],
        total - missed[graph.output],
        tuple(after),
    )


def weigh_edges(point: GraphPoint) -> list[Exact]:
    """For each edge of the graph the mass of the paths from any input that take it.

    Raises:
        UndecidedError: If an operation that a gradient meets has no single slope at the point.
    """
    onward = list_onward(point)
    before = _sweep_ahead(onward, list(point.graph.inputs.values()), lambda _: True)
    after = _sweep_back(onward, point.graph.output)
    masses = {
        (edge.end, edge.position): multiply(
            multiply(before[edge.start], abs(edge.local)), after[edge.end]
        )
        for row in onward
        for edge in row
    }
    return [masses.get((end, position), ZERO) for _, end, position in point.graph.edges()]


def _sweep_ahead(
    onward: _Onward, sources: Collection[int], allows: Callable[[Edge], bool]
) -> list[Exact]:
    """For each node the mass of the paths from the sources to it along allowed edges."""
    sums: list[Exact] = [ZERO] * len(onward)
    for node in sources:
        sums[node] = ONE
    for edges in onward:
        for edge in edges:
            if allows(edge):
                more = multiply(sums[edge.start], abs(edge.local))
                sums[edge.end] = check_size(sums[edge.end] + more)
    return sums


def _sweep_back(onward: _Onward, output: int) -> list[Exact]:
    """For each node the mass of the paths from it to the output."""
    sums: list[Exact] = [ZERO] * len(onward)
    sums[output] = ONE
    for node in range(output, -1, -1):
        for edge in onward[node]:
            sums[node] = check_size(sums[node] + multiply(abs(edge.local), sums[edge.end]))
    return sums


def _choose(
    point: GraphPoint,
    onward: _Onward,
    weight: Sequence[float],
    *,
    most: int,
    first: Sequence[int],
) -> set[int]:
    output = point.graph.output
    by_weight = sorted(
        (node for node, size in enumerate(weight) if size > -math.inf),
        key=lambda node: (-weight[node], node),
    )
    chosen = {output, *first[:1]}
    rest = sorted(set(first) - chosen, key=lambda node: (-weight[node], node))
    chosen |= set(rest[: most - len(chosen)])
    for path in _list_paths(point, onward, most):
        wider = chosen.union(path)
        if len(wider) <= most:
            chosen = wider
    for node in by_weight:
        if len(chosen) < most:
            chosen.add(node)
    return chosen


def _list_paths(point: GraphPoint, onward: _Onward, most: int) -> Iterator[list[int]]:
    """The largest path through each edge, the largest first; those of too many nodes left out."""
    count = point.graph.output + 1
    before, back = [-math.inf] * count, [-1] * count
    after, ahead = [-math.inf] * count, [-1] * count
    for node in point.graph.inputs.values():
        if node < count:
            before[node] = 0.0
    after[point.graph.output] = 0.0
    edges = [(edge, _log(edge.local)) for row in onward for edge in row]
    for edge, size in edges:
        if before[edge.start] + size > before[edge.end]:
            before[edge.end], back[edge.end] = before[edge.start] + size, edge.start
    for edge, size in reversed(edges):
        if after[edge.end] + size > after[edge.start]:
            after[edge.start], ahead[edge.start] = after[edge.end] + size, edge.end
    ranked = sorted(
        (-(before[e.start] + size + after[e.end]), place) for place, (e, size) in enumerate(edges)
    )
    for size, place in ranked:
        if size == math.inf:
            return
        edge = edges[place][0]
        path = [*_follow(back, edge.start, most), *_follow(ahead, edge.end, most)]
        if len(path) <= most:
            yield path


def _follow(links: Sequence[int], node: int, most: int) -> list[int]:
    """The node and those that links lead to; one more than *most* at the most."""
    path: list[int] = []
    while node >= 0 and len(path) <= most:
        path.append(node)
        node = links[node]
    return path


def _log(value: Exact) -> float:
    """The logarithm of the size of a number, of a ball that of its middle."""
    middle = abs(value.mid() if isinstance(value, arb) else arb(value))
    return float(middle.log()) if middle > 0 else -math.inf
