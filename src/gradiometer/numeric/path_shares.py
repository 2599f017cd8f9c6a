"""How the mass is spread over the paths: how many count, and how long they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from gradiometer.errors import LimitError, UsageError
from gradiometer.numeric.sweep import BackwardSweep

MOST_CELLS = 50_000_000
"""Largest number of float64 that the sweep by length may hold."""


@final
@dataclass(frozen=True, eq=False)
class PathSpread:
    """For each node what a path from it to the output is like, drawn in proportion to its size."""

    entropy: NDArray[np.float64]
    """Entropy of the shares of the mass, in nats."""
    length_mean: NDArray[np.float64]
    """Mean number of edges."""
    length_deviation: NDArray[np.float64]
    """Standard deviation of the number of edges."""

    def effective_count(self) -> NDArray[np.float64]:
        """How many equal paths would have this entropy; infinite beyond float64."""
        with np.errstate(over="ignore"):
            return np.exp(self.entropy)


def measure_spread(back: BackwardSweep) -> PathSpread:
    """Effective number of paths and their length, for every node.

    Source: L. Du et al., Generalizing backpropagation for gradient-based interpretability (2023),
    for the entropy of gradient paths; here it is summed along the drawing of a path.

    Example:
        >>> from gradiometer.numeric import connect, sweep_back
        >>> graph = connect([(0, 1, 2.0), (0, 1, -2.0)], sources=[0], output=1)
        >>> measure_spread(sweep_back(graph)).effective_count()
        array([2., 1.])
    """
    from gradiometer.numeric import kernel_sweep

    graph = back.graph
    entropy, mean, square = np.zeros((3, graph.node_count))
    kernel_sweep.sweep_spread(
        graph.first, graph.start, graph.local, graph.output,
        back.mass.mantissa, back.mass.exponent, entropy, mean, square,
    )  # fmt: skip
    return PathSpread(entropy, mean, np.sqrt(np.maximum(square - mean**2, 0.0)))


@final
@dataclass(frozen=True, eq=False)
class LengthShares:
    """For each source the parts of its mass by the number of edges of the path, over its mass."""

    signed: NDArray[np.float64]
    """Contribution to the gradient; row: source, column: length."""
    size: NDArray[np.float64]
    """Contribution to the mass."""
    signed_beyond: NDArray[np.float64]
    """Contribution to the gradient of all longer paths."""
    size_beyond: NDArray[np.float64]
    """Contribution to the mass of all longer paths."""


def split_by_length(back: BackwardSweep, *, longest: int) -> LengthShares:
    """Gradient and mass of every source by length of path, up to *longest* edges.

    All numbers are shares of the mass of the source, so they neither overflow nor underflow.

    Raises:
        UsageError: If *longest* is negative.
        LimitError: If the rows that live at the same time hold more than `MOST_CELLS` numbers.

    Example:
        >>> from gradiometer.numeric import connect, sweep_back
        >>> graph = connect([(0, 1, 3.0), (0, 2, 1.0), (1, 2, -1.0)], sources=[0], output=2)
        >>> split_by_length(sweep_back(graph), longest=2).signed
        array([[ 0.  ,  0.25, -0.75]])
    """
    from gradiometer.numeric import kernel_sweep

    if longest < 0:
        raise UsageError("A length is not negative.", hint="write `longest=0` or more")
    graph, mass = back.graph, back.mass
    sources, row = np.unique(graph.sources, return_inverse=True)
    slot = np.full(graph.node_count, -1, np.int32)
    slot[sources] = np.arange(len(sources))
    arrays = (graph.first, graph.start, graph.local, graph.output)
    live = kernel_sweep.count_rows(*arrays, mass.mantissa, slot)
    shape = (len(sources) + live, longest + 1)
    if 2 * shape[0] * shape[1] > MOST_CELLS:
        raise LimitError(
            f"{shape[0]:,} rows of {shape[1]:,} lengths are more than fit.",
            hint="ask for shorter paths",
        )
    signed, size = np.zeros((2, *shape))
    kernel_sweep.sweep_lengths(
        *arrays, mass.mantissa, mass.exponent, slot, len(sources), signed, size
    )
    signed, size = signed[row], size[row]
    whole = back.adjoint[graph.sources].over(mass[graph.sources])
    has_path = (mass[graph.sources].mantissa != 0).astype(np.float64)
    return LengthShares(
        signed,
        size,
        np.where(has_path == 0, 0.0, whole - signed.sum(axis=1)),
        np.maximum(has_path - size.sum(axis=1), 0.0),
    )
