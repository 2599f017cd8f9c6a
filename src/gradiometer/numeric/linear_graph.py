"""A computation linearised at a point: a weighted acyclic graph as flat arrays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from gradiometer.errors import ShapeError, UsageError

_MOST = 2**31 - 1


@final
@dataclass(frozen=True, eq=False)
class LinearGraph:
    """Nodes in topological order; the edges into node `v` are `first[v]` to `first[v + 1] - 1`.

    An edge is known by its place in *start* and *local*. Parallel edges are different edges.
    A path is a sequence of edges from one of the *sources* to the *output*, its value the product
    of their local derivatives; the gradient is the sum of all paths.
    """

    first: NDArray[np.int64]
    start: NDArray[np.int32]
    """The node that each edge leaves."""
    local: NDArray[np.float64]
    """The derivative of the node that an edge enters with respect to the one it leaves."""
    sources: NDArray[np.int32]
    """The inputs."""
    output: int

    def __post_init__(self) -> None:
        count, edges = len(self.first) - 1, len(self.start)
        if count < 1 or self.first[0] != 0 or self.first[-1] != edges or max(count, edges) > _MOST:
            raise ShapeError("`first` must have one entry more than there are nodes.")
        if len(self.local) != edges:
            raise ShapeError(f"There are {edges} edges and {len(self.local)} local derivatives.")
        if not 0 <= self.output < count or (
            len(self.sources) and not (0 <= self.sources.min() <= self.sources.max() < count)
        ):
            raise ShapeError(f"The output and the sources must be among the {count:,} nodes.")
        self._check_edges()

    def _check_edges(self) -> None:
        from gradiometer.numeric import kernel_sweep

        bad = kernel_sweep.first_bad_edge(self.first, self.start, self.local)
        if bad >= 0:
            raise ShapeError(
                f"Edge {bad} does not lead to a later node, or its local derivative is not finite.",
                hint="sort the nodes so that every edge leads to a later one",
            )

    @property
    def node_count(self) -> int:
        """How many nodes there are."""
        return len(self.first) - 1

    @property
    def edge_count(self) -> int:
        """How many edges there are."""
        return len(self.start)

    def end_of(self, edges: NDArray[np.integer]) -> NDArray[np.int64]:
        """The nodes that *edges* enter."""
        return np.searchsorted(self.first, edges, side="right") - 1

    def check_source(self, source: int) -> int:
        """The source itself.

        Raises:
            UsageError: If it is no node of the graph.
        """
        if not 0 <= source < self.node_count:
            raise UsageError(f"There is no node {source} among {self.node_count:,}.")
        return int(source)


def connect(
    edges: Iterable[tuple[int, int, float]], *, sources: Iterable[int], output: int
) -> LinearGraph:
    """The graph of edges (from, to, local derivative), which are numbered by the node they enter.

    Edges into the same node keep their order. There are as many nodes as the largest index says.

    Raises:
        ShapeError: If an edge does not lead to a later node.

    Example:
        >>> graph = connect([(0, 1, 2.0), (0, 1, 3.0)], sources=[0], output=1)
        >>> graph.first, graph.start
        (array([0, 0, 2]), array([0, 0], dtype=int32))
    """
    rows, inputs = list(edges), list(sources)
    ends = np.array([row[1] for row in rows], np.int64)
    order = np.argsort(ends, kind="stable")
    start = np.array([row[0] for row in rows], np.int32)[order]
    count = 1 + max([output, *inputs, *(max(row[0], row[1]) for row in rows)])
    first = np.searchsorted(ends[order], np.arange(count + 1))
    local = np.array([row[2] for row in rows], np.float64)[order]
    return LinearGraph(first, start, local, np.array(inputs, np.int32), output)
