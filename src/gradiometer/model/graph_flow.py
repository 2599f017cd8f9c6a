"""The gradient of one input as a sum over paths: what every edge and every length brings.

Two sweeps answer for all edges at once. The mass of an input is the sum of the sizes of its paths;
set beside the gradient it says how much of what flows cancels. Numbers are exact while the slopes
are rational, and balls otherwise.

Source: Mohri, Semiring frameworks and algorithms for shortest-distance problems (2002), for sums
over paths in a semiring; Bauer, Computational graphs and rounding error (1974), for masses.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, final

from flint import arb

from gradiometer.errors import UndecidedError
from gradiometer.formula import Exact, to_ball
from gradiometer.model.graph_kink import ONE, ZERO
from gradiometer.model.graph_point import GraphPoint, check_size, multiply, reached_positions

MOST_BY_LENGTH = 400_000
"""Edges times longest path up to which contributions are told apart by length."""


class Edge(NamedTuple):
    """One edge that a gradient takes; an operand used twice has two."""

    start: int
    end: int
    position: int
    """Which operand of the later node it is."""
    local: Exact


@final
@dataclass(frozen=True)
class LengthRow:
    """All paths of one length."""

    length: int
    """Number of edges."""
    paths: int
    contribution: Exact
    mass: Exact


@final
@dataclass(frozen=True)
class Flow:
    """All paths from one input to the output."""

    point: GraphPoint
    source: int
    edges: tuple[Edge, ...]
    """Every edge on such a path, those into earlier nodes first."""

    @property
    def output(self) -> int:
        """The node at which all paths end."""
        return self.point.graph.output

    @cached_property
    def tangents(self) -> Sequence[Exact]:
        """Derivative of each node along the input."""
        return self._forward(edge.local for edge in self.edges)

    @cached_property
    def adjoints(self) -> Sequence[Exact]:
        """Derivative of the output along each node on a path."""
        return self._backward(edge.local for edge in self.edges)

    @property
    def gradient(self) -> Exact:
        """The derivative of the output along the input: the sum of all paths."""
        return self.tangents[self.output]

    @cached_property
    def contributions(self) -> tuple[Exact, ...]:
        """For each edge the sum of all paths that take it."""
        return tuple(
            multiply(multiply(self.tangents[e.start], e.local), self.adjoints[e.end])
            for e in self.edges
        )

    @cached_property
    def masses(self) -> tuple[Exact, ...]:
        """For each edge the sum of the sizes of all paths that take it."""
        sizes = [abs(edge.local) for edge in self.edges]
        before, after = self._forward(sizes), self._backward(sizes)
        return tuple(
            multiply(multiply(before[e.start], size), after[e.end])
            for e, size in zip(self.edges, sizes, strict=True)
        )

    @cached_property
    def mass(self) -> Exact:
        """The sum of the sizes of all paths."""
        return self._forward(abs(edge.local) for edge in self.edges)[self.output]

    @property
    def positive(self) -> Exact:
        """The sum of the paths that push up."""
        return (self.mass + self.gradient) / 2

    @property
    def negative(self) -> Exact:
        """The size of the sum of the paths that push down."""
        return (self.mass - self.gradient) / 2

    @cached_property
    def path_count(self) -> int:
        """How many paths there are; parallel edges are different paths."""
        counts = [0] * len(self.point.graph.nodes)
        counts[self.source] = 1
        for edge in self.edges:
            counts[edge.end] += counts[edge.start]
        return counts[self.output]

    def effective_paths(self) -> arb:
        """How many equal paths would be as spread out: e to the entropy of the shares of mass.

        Raises:
            UndecidedError: If the mass is 0, or a ball may be.
        """
        mass = to_ball(self.mass)
        if mass.contains(0):
            raise UndecidedError("no path is certainly different from 0")
        pairs = [(arb(0), arb(0))] * len(self.point.graph.nodes)
        pairs[self.source] = (arb(1), arb(0))
        for edge in self.edges:
            size = abs(to_ball(edge.local))
            if size == 0:
                continue
            if size.contains(0):
                raise UndecidedError("a local derivative cannot be told from 0")
            weight, spread = pairs[edge.start]
            more = (weight * size, spread * size + weight * size * size.log())
            so_far = pairs[edge.end]
            pairs[edge.end] = (so_far[0] + more[0], so_far[1] + more[1])
        return (mass.log() - pairs[self.output][1] / mass).exp()

    def by_length(self) -> list[LengthRow]:
        """Contribution and mass of the paths of each length, the shortest first.

        Raises:
            UndecidedError: If the paths are too long and too many for a table.
        """
        if len(self.edges) * self._longest > MOST_BY_LENGTH:
            raise UndecidedError("the graph is too large to tell its paths apart by length")
        rows: list[dict[int, tuple[int, Exact, Exact]]] = [{} for _ in self.point.graph.nodes]
        rows[self.source] = {0: (1, ONE, ONE)}
        for edge in self.edges:
            for length, (count, total, mass) in rows[edge.start].items():
                old = rows[edge.end].get(length + 1, (0, ZERO, ZERO))
                rows[edge.end][length + 1] = (
                    old[0] + count,
                    check_size(old[1] + multiply(total, edge.local)),
                    check_size(old[2] + multiply(mass, abs(edge.local))),
                )
        return [LengthRow(length, *row) for length, row in sorted(rows[self.output].items())]

    @property
    def _longest(self) -> int:
        lengths = [0] * len(self.point.graph.nodes)
        for edge in self.edges:
            lengths[edge.end] = max(lengths[edge.end], lengths[edge.start] + 1)
        return lengths[self.output]

    def _forward(self, weights: Iterable[Exact]) -> list[Exact]:
        sums: list[Exact] = [ZERO] * len(self.point.graph.nodes)
        sums[self.source] = ONE
        for edge, weight in zip(self.edges, weights, strict=True):
            sums[edge.end] = check_size(sums[edge.end] + multiply(sums[edge.start], weight))
        return sums

    def _backward(self, weights: Iterable[Exact]) -> list[Exact]:
        sums: list[Exact] = [ZERO] * len(self.point.graph.nodes)
        sums[self.output] = ONE
        for edge, weight in reversed(list(zip(self.edges, weights, strict=True))):
            sums[edge.start] = check_size(sums[edge.start] + multiply(sums[edge.end], weight))
        return sums


def find_flow(point: GraphPoint, source: int) -> Flow:
    """All paths of the graph from one input to the output.

    Args:
        point: The graph at a point.
        source: The index of an input.

    Raises:
        UndecidedError: If an operation on such a path has no single slope at the point.

    Example:
        >>> from flint import fmpq
        >>> from gradiometer.formula import Number
        >>> from gradiometer.model.graph import read_graph
        >>> from gradiometer.model.graph_side import solve_gradient
        >>> graph = read_graph("c = a^2*(a + b)", inputs={"a", "b"})
        >>> point, _ = solve_gradient(graph, {"a": Number(fmpq(-1)), "b": Number(fmpq(4))})
        >>> flow = find_flow(point, graph.inputs["a"])
        >>> flow.gradient, flow.mass
        (-5, 7)
    """
    nodes = point.graph.nodes
    is_reached = [False] * len(nodes)
    is_reached[source] = True
    edges: list[Edge] = []
    for end in range(source + 1, point.graph.output + 1):
        if not point.is_live[end]:
            continue
        for position in reached_positions(point, end):
            start, slope = nodes[end].operands[position], point.slopes[end][position]
            if not is_reached[start] or (position < nodes[end].gates and slope is not None):
                continue
            if slope is None:
                raise UndecidedError(f"`{nodes[end].name}` has no single slope at the point")
            edges.append(Edge(start, end, position, slope))
            is_reached[end] = True
    return Flow(point, source, tuple(edges))
