"""All that is said of one input of a large computation, its parts computed side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from gradiometer.numeric.best_paths import BestPaths, Coverage, cover, grow_path_tree, rank_paths
from gradiometer.numeric.linear_graph import LinearGraph
from gradiometer.numeric.sweep import BackwardSweep, EdgeContributions, sweep_both


@final
@dataclass(frozen=True, eq=False)
class PathAnalysis:
    """Gradient, mass and number of paths, the contribution of every edge, and the best paths."""

    back: BackwardSweep
    edges: EdgeContributions
    paths: BestPaths
    coverage: Coverage


def analyse_paths(graph: LinearGraph, source: int, *, most: int = 10) -> PathAnalysis:
    """The sweeps and the *most* best paths for one source, on two processor cores.

    Raises:
        UsageError: If *source* is no node of the graph.
        LimitError: If more paths are asked for than can be ranked.

    Example:
        >>> from gradiometer.numeric import connect
        >>> graph = connect([(0, 1, 3.0), (0, 2, 1.0), (1, 2, -2.0)], sources=[0], output=2)
        >>> found = analyse_paths(graph, 0, most=1)
        >>> found.edges.signed, found.paths.value.to_float(), found.coverage.gradient_share
        (array([-6.,  1., -6.]), array([-6.]), 1.2)
    """
    from gradiometer.numeric.kernel import run_both

    graph.check_source(source)
    paths, (back, edges) = run_both(
        lambda: rank_paths(grow_path_tree(graph), source, most=most),
        lambda: sweep_both(graph, source),
    )
    return PathAnalysis(back, edges, paths, cover(paths, back))
