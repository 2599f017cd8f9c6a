"""What reaches each input of a linearised graph, and by which edges: sums over all paths.

    one sweep back     gradient, mass, cancellation, number of paths, for all inputs
    one sweep ahead    with it, the contribution of every edge to one input's gradient
    a sweep of shares  effective number of paths, their mean length, parts by length

Each costs one step for each edge. A path that holds an edge of weight 0 counts as a path.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from gradiometer.errors import LimitError, UsageError
from gradiometer.numeric.linear_graph import LinearGraph
from gradiometer.numeric.wide import Wide

MOST_COUNTED = 10_000
"""Largest number of nodes for which paths are counted exactly."""

COUNT_MODULUS = 2**61 - 1
"""Numbers of paths are known modulo this prime at any size."""


@final
@dataclass(frozen=True, eq=False)
class BackwardSweep:
    """For each node the sums over all paths from it to the output; index with `graph.sources`."""

    graph: LinearGraph
    adjoint: Wide
    """Sum of the paths: the derivative of the output with respect to the node."""
    mass: Wide
    """Sum of the sizes of all paths."""
    count: Wide
    """Number of paths, rounded."""
    residue: NDArray[np.int64]
    """Number of paths modulo `COUNT_MODULUS`, exactly."""
    rows: tuple[NDArray[np.float64], NDArray[np.int32]]
    """Mantissas and exponents as the kernels hold them, one row for each node."""

    def cancellation(self) -> NDArray[np.float64]:
        """Mass over the size of the gradient, at least 1; infinite for 0, NaN without a path."""
        quotient = np.abs(self.mass.over(self.adjoint))
        return np.where(self.mass.mantissa == 0, np.nan, quotient)


def sweep_back(graph: LinearGraph) -> BackwardSweep:
    """Gradient, mass and number of paths of every node, from one backward sweep.

    Example:
        >>> from gradiometer.numeric import connect
        >>> graph = connect([(0, 1, 3.0), (0, 2, 1.0), (1, 2, -2.0)], sources=[0], output=2)
        >>> back = sweep_back(graph)
        >>> back.adjoint[0].to_float(), back.mass[0].to_float(), back.count[0].to_float()
        (array([-5.]), array([7.]), array([2.]))
    """
    from gradiometer.numeric import kernel_sweep

    count = graph.node_count
    m, x = np.zeros((count, 3)), np.zeros((count, 3), np.int32)
    residue = np.zeros(count, np.int64)
    kernel_sweep.sweep_back(graph.first, graph.start, graph.local, graph.output, m, x, residue)
    adjoint, mass, number = (Wide(m[:, k], x[:, k]) for k in range(3))
    return BackwardSweep(graph, adjoint, mass, number, residue, (m, x))


@final
@dataclass(frozen=True, eq=False)
class SignSweep:
    """For each node the paths from it to the output by their sign."""

    positive: Wide
    """Sum of the positive paths."""
    negative: Wide
    """Sum of the sizes of the negative paths."""


def sweep_signs(graph: LinearGraph) -> SignSweep:
    """How much pushes up and how much down; each is right to its own size, however small.

    Example:
        >>> from gradiometer.numeric import connect
        >>> graph = connect([(0, 1, 3.0), (0, 2, 1.0), (1, 2, -2.0)], sources=[0], output=2)
        >>> signs = sweep_signs(graph)
        >>> signs.positive[0].to_float(), signs.negative[0].to_float()
        (array([1.]), array([6.]))
    """
    from gradiometer.numeric import kernel_sweep

    m, x = np.zeros((graph.node_count, 2)), np.zeros((graph.node_count, 2), np.int32)
    kernel_sweep.sweep_signs(graph.first, graph.start, graph.local, graph.output, m, x)
    return SignSweep(Wide(m[:, 0], x[:, 0]), Wide(m[:, 1], x[:, 1]))


@final
@dataclass(frozen=True, eq=False)
class ForwardSweep:
    """For each node up to the output the sums over all paths from one source to it."""

    source: int
    tangent: Wide
    """Sum of the paths: the derivative of the node with respect to the source."""
    mass: Wide
    """Sum of the sizes of the paths."""
    rows: tuple[NDArray[np.float64], NDArray[np.int32]]
    """Mantissas and exponents as the kernels hold them, one row for each node."""


def sweep_forward(graph: LinearGraph, source: int) -> ForwardSweep:
    """Derivative of every node with respect to one source, from one forward sweep.

    Raises:
        UsageError: If *source* is no node of the graph.

    Example:
        >>> from gradiometer.numeric import connect
        >>> graph = connect([(0, 1, 3.0), (0, 2, 1.0), (1, 2, -2.0)], sources=[0], output=2)
        >>> sweep_forward(graph, 0).tangent.to_float()
        array([ 1.,  3., -5.])
    """
    from gradiometer.numeric import kernel_sweep

    source = graph.check_source(source)
    m, x = np.zeros((graph.node_count, 2)), np.zeros((graph.node_count, 2), np.int32)
    kernel_sweep.sweep_forward(graph.first, graph.start, graph.local, source, graph.output, m, x)
    return ForwardSweep(source, Wide(m[:, 0], x[:, 0]), Wide(m[:, 1], x[:, 1]), (m, x))


@final
@dataclass(frozen=True, eq=False)
class EdgeContributions:
    """For each edge the sums over all paths from one source through it, over `2^(512*exponent)`.

    What enters a node between source and output leaves it: the sums over its edges are equal.
    """

    source: int
    signed: NDArray[np.float64]
    """Contribution to the gradient."""
    size: NDArray[np.float64]
    """Contribution to the mass."""
    exponent: int
    """0 whenever the mass is in the range of float64; what is 2^-1000 times smaller is 0."""


def sweep_edges(back: BackwardSweep, ahead: ForwardSweep) -> EdgeContributions:
    """The contribution of every edge to the gradient of one source.

    Raises:
        UsageError: If the output is not the last node that *ahead* reached.

    Example:
        >>> from gradiometer.numeric import connect
        >>> graph = connect([(0, 1, 3.0), (0, 2, 1.0), (1, 2, -2.0)], sources=[0], output=2)
        >>> sweep_edges(sweep_back(graph), sweep_forward(graph, 0)).signed
        array([-6.,  1., -6.])
    """
    from gradiometer.numeric import kernel_sweep

    graph = back.graph
    if len(ahead.mass) != graph.node_count:
        raise UsageError("Both sweeps must be of the same graph.")
    signed, size = np.empty(graph.edge_count), np.empty(graph.edge_count)
    # Mantissas near 1 of a step of 2^512 still fit, so float64 is left only beyond 2^±768.
    exponent = int(back.mass.exponent[ahead.source])
    unit = 0 if abs(exponent) <= 1 else exponent
    kernel_sweep.contribute(
        graph.first, graph.start, graph.local, *back.rows, *ahead.rows, unit, signed, size
    )
    return EdgeContributions(ahead.source, signed, size, unit)


@final
@dataclass(frozen=True, eq=False)
class SourceEdges:
    """The edges that leave the sources, and what each brings to the gradient of its source."""

    edge: NDArray[np.int64]
    source: NDArray[np.int32]
    signed: Wide


def split_by_use(back: BackwardSweep) -> SourceEdges:
    """The gradient of every source by the place of its use, from the backward sweep alone.

    The contributions of the edges that leave a source add up to its gradient; a source that is
    also the output has a path without edges besides.

    Example:
        >>> from gradiometer.numeric import connect
        >>> graph = connect([(0, 1, 3.0), (0, 2, 1.0), (1, 2, -2.0)], sources=[0], output=2)
        >>> split = split_by_use(sweep_back(graph))
        >>> split.edge, split.signed.to_float()
        (array([0, 1]), array([-6.,  1.]))
    """
    from gradiometer.numeric import kernel_sweep

    graph = back.graph
    is_source = np.zeros(graph.node_count, np.bool_)
    is_source[graph.sources] = True
    edge = np.flatnonzero(is_source[graph.start])
    m, x = np.empty(len(edge)), np.empty(len(edge), np.int32)
    kernel_sweep.scale_edges(graph.local[edge], *back.rows, graph.end_of(edge), m, x)
    return SourceEdges(edge, graph.start[edge], Wide(m, x))


def sweep_both(graph: LinearGraph, source: int) -> tuple[BackwardSweep, EdgeContributions]:
    """The backward sweep and the contribution of every edge; the two sweeps run side by side.

    Raises:
        UsageError: If *source* is no node of the graph.
    """
    from gradiometer.numeric.kernel import run_both

    graph.check_source(source)
    back, ahead = run_both(lambda: sweep_back(graph), lambda: sweep_forward(graph, source))
    return back, sweep_edges(back, ahead)


def count_paths(graph: LinearGraph) -> tuple[int, ...]:
    """The exact number of paths from each node to the output.

    Raises:
        LimitError: If there are more than `MOST_COUNTED` nodes; see `BackwardSweep.count` there.

    Example:
        >>> from gradiometer.numeric import connect
        >>> chain = connect([(k // 2, k // 2 + 1, 1) for k in range(200)], sources=[0], output=100)
        >>> count_paths(chain)[0] == 2**100
        True
    """
    if graph.node_count > MOST_COUNTED:
        raise LimitError(
            f"Paths are counted exactly for at most {MOST_COUNTED:,} nodes.",
            hint="use the logarithm and the residue of the backward sweep",
        )
    first, start = graph.first.tolist(), graph.start.tolist()
    counts = [0] * graph.node_count
    counts[graph.output] = 1
    for node in range(graph.output, -1, -1):
        if counts[node]:
            for edge in range(first[node], first[node + 1]):
                counts[start[edge]] += counts[node]
    return tuple(counts)
