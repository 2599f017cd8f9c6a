"""A graph without its nameless links: nodes with one edge into them are skipped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradiometer.numeric.linear_graph import LinearGraph


@final
@dataclass(frozen=True, eq=False)
class Collapsed:
    """A smaller graph with the same paths, one for one."""

    graph: LinearGraph
    node: NDArray[np.int64]
    """For each of its nodes the node of the large graph."""
    place: NDArray[np.int32]
    """For each node of the large graph its place in the small one; -1 for those that are gone."""


def collapse_series(graph: LinearGraph, keep: ArrayLike = ()) -> Collapsed:
    """The graph in which edges skip the nodes that have a single edge into them.

    Each path keeps its value, up to one rounding for each node that it skips, so sums over paths,
    their number and their order stay the same. Sources, the output and *keep* stay.

    Example:
        >>> from gradiometer.numeric import connect
        >>> chain = connect([(0, 1, 2.0), (1, 2, 3.0), (0, 2, 1.0)], sources=[0], output=2)
        >>> collapse_series(chain).graph.local
        array([6., 1.])
    """
    from gradiometer.numeric import kernel_series

    count, edges = graph.node_count, graph.edge_count
    is_kept = np.zeros(count, np.bool_)
    is_kept[np.asarray(keep, np.int64)] = True
    is_kept[graph.sources] = is_kept[graph.output] = True
    origin, place = np.empty((2, count), np.int32)
    first, start = np.zeros(count + 1, np.int64), np.empty(edges, np.int32)
    weight, local = np.empty(count), np.empty(edges)
    nodes, kept = kernel_series.collapse_series(
        graph.first, graph.start, graph.local, is_kept, origin, weight, place, first, start, local
    )
    small = LinearGraph(
        first[: nodes + 1].copy(),
        start[:kept].copy(),
        local[:kept].copy(),
        place[graph.sources],
        int(place[graph.output]),
    )
    return Collapsed(small, np.flatnonzero(place >= 0), place)
