"""The paths that bring most to a gradient, one after the other, without listing the others.

Paths are ordered by the exact size of their product, equal ones by their edges from the source on;
so the order is the same everywhere, also among millions of ties. A path is kept as the detours it
takes from the best paths to the output: the first thousand of 2^100000 paths cost little more than
the first one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, final

import numpy as np
from numpy.typing import NDArray

from gradiometer.errors import LimitError, UsageError
from gradiometer.numeric.linear_graph import LinearGraph
from gradiometer.numeric.sweep import BackwardSweep
from gradiometer.numeric.wide import STEP, Wide

Order = Literal["size", "positive", "negative"]
"""All paths by their size, or only those of one sign."""

MOST_PATHS = 10_000_000
"""Largest number of paths that are ranked."""


@final
@dataclass(frozen=True, eq=False)
class PathTree:
    """The best path from every node to the output: made once, asked for every source."""

    graph: LinearGraph
    by_sign: bool
    """Whether the best path of each sign is known, or only the best by size."""
    edges: Any
    tree: Any
    """Arrays of the kernels."""

    @cached_property
    def jump(self) -> NDArray[np.int32]:
        """For each state one far along its best path."""
        from gradiometer.numeric import kernel_tree

        jump = np.empty(len(self.tree.edge), np.int32)
        kernel_tree.grow_jumps(self.edges, self.tree, int(self.by_sign), jump)
        return jump


def grow_path_tree(graph: LinearGraph, *, by_sign: bool = False) -> PathTree:
    """The tree of best paths; edges of weight 0 are left out, for their paths bring nothing.

    Args:
        graph: The linearised computation.
        by_sign: Whether paths of one sign will be asked for.
    """
    from gradiometer.numeric import kernel_tree

    count, states = graph.node_count, graph.node_count << by_sign
    edges = kernel_tree.Edges(
        graph.local,
        np.empty(graph.edge_count, np.int32),
        np.zeros(count + 1, np.int32),
        np.empty(graph.edge_count, np.int32),
    )
    tree = kernel_tree.Tree(
        np.empty(states, np.int32),
        np.zeros(states, np.int32),
        np.zeros(states, np.uint8),
        np.zeros((states, 2)),
        np.zeros(states, np.int32),
        np.zeros(states, np.int64),
    )
    kernel_tree.group_by_start(graph.first, graph.start, *edges[1:])
    kernel_tree.grow_tree(graph.first, graph.start, graph.output, int(by_sign), edges, tree)
    return PathTree(graph, by_sign, edges, tree)


@final
@dataclass(frozen=True, eq=False)
class BestPaths:
    """Paths from one source, the best one first; fewer than asked for when there are no more."""

    tree: PathTree
    source: int
    value: Wide
    """Product of the local derivatives of each path, rounded once."""
    length: NDArray[np.int64]
    """Number of edges of each path."""
    _state: int
    _paths: Any
    _detours: Any
    _found: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.length)

    def edges(self, rank: int, *, skip: int = 0, most: int | None = None) -> NDArray[np.int32]:
        """The edges of the path at *rank* (0 is the best), from the source to the output.

        Args:
            rank: Which path.
            skip: How many edges at its start are left out; a long way is jumped over.
            most: How many edges after them are given; all when left out.
        """
        from gradiometer.numeric import kernel_queue, kernel_tree

        chain: list[int] = []
        path = int(self._found[rank])
        while path > 0:
            chain.append(int(self._paths.link[path, kernel_queue.PLACE]))
            path = int(self._paths.link[path, kernel_queue.BEFORE])
        record = self._detours.record[self._detours.place[chain[::-1], 0]]
        skip = min(max(skip, 0), int(self.length[rank]))
        rest = int(self.length[rank]) - skip
        route = np.empty(rest if most is None else min(max(most, 0), rest), np.int32)
        tails, taken = record[:, 1].astype(np.int64), record[:, 0].astype(np.int64)
        kernel_tree.expand_path(
            self.tree.edges,
            self.tree.tree,
            self.tree.jump if skip else np.empty(0, np.int32),
            int(self.tree.by_sign),
            self._state,
            tails,
            taken,
            skip,
            route,
        )
        return route


def rank_paths(tree: PathTree, source: int, *, most: int = 10, order: Order = "size") -> BestPaths:
    """The *most* best paths from *source* to the output.

    Raises:
        UsageError: If *source* is no node, or the tree does not know signs that *order* asks for.
        LimitError: If *most* is above `MOST_PATHS`.

    Example:
        >>> from gradiometer.numeric import connect
        >>> graph = connect([(0, 1, 3.0), (0, 2, 1.0), (1, 2, -2.0)], sources=[0], output=2)
        >>> paths = rank_paths(grow_path_tree(graph), 0)
        >>> paths.value.to_float(), paths.edges(0)
        (array([-6.,  1.]), array([0, 2], dtype=int32))
    """
    return rank_all(tree, [(source, order)], most=most)[0]


def rank_all(
    tree: PathTree, wanted: Iterable[tuple[int, Order]], *, most: int = 10
) -> list[BestPaths]:
    """The *most* best paths for each pair of a source and an order.

    Best paths from different sources soon run together, and what is found out about the common
    part is used again: many sources cost little more than one.

    Raises:
        UsageError: If a source is no node, or the tree does not know signs that an order asks for.
        LimitError: If *most* is above `MOST_PATHS`.

    Example:
        >>> from gradiometer.numeric import connect
        >>> graph = connect([(0, 2, 3.0), (1, 2, 1.0), (2, 3, -2.0)], sources=[0, 1], output=3)
        >>> both = rank_all(grow_path_tree(graph), [(0, "size"), (1, "size")])
        >>> [paths.value.to_float().tolist() for paths in both]
        [[-6.0], [-2.0]]
    """
    from gradiometer.numeric import kernel_detours

    if not 0 <= most <= MOST_PATHS:
        raise LimitError(f"At most {MOST_PATHS:,} paths are ranked.", hint="ask for fewer")
    detours = kernel_detours.Detours(
        np.empty((64, 4), np.int32),
        np.empty((64, 2)),
        np.empty((64, 2), np.int64),
        np.empty((1024, 4), np.int32),
        np.zeros(2, np.int64),
    )
    roots = np.full(len(tree.tree.edge), kernel_detours.UNKNOWN, np.int32)
    ranked: list[BestPaths] = []
    for source, order in wanted:
        _check_order(tree, order)
        start = tree.graph.check_source(source)
        paths, detours = _search(tree, (start, order), most, detours, roots)
        ranked.append(paths)
    return ranked


def _check_order(tree: PathTree, order: Order) -> None:
    if order != "size" and not tree.by_sign:
        raise UsageError("This tree does not know signs.", hint="grow it with `by_sign=True`")
    if order == "size" and tree.by_sign:
        raise UsageError("This tree ranks one sign.", hint="grow it with `by_sign=False`")


def _search(
    tree: PathTree, wanted: tuple[int, Order], most: int, detours: Any, roots: NDArray[np.int32]
) -> tuple[BestPaths, Any]:
    """The best paths, and the arrays of detours, to which new ones were added."""
    from gradiometer.numeric import kernel_queue

    source, order = wanted
    state = (source << 1) | (order == "negative") if tree.by_sign else source
    # Each path that is taken out of the queue puts at most three into it.
    room = 3 * most + 1
    paths = kernel_queue.Paths(
        np.empty((room, 6), np.int32),
        np.empty((room, 2)),
        np.empty((room, 2), np.int64),
        np.zeros(1, np.int64),
    )
    found = np.empty(most, np.int64)
    count = 0
    if most and tree.tree.size[state, 0] != 0:
        count, detours = kernel_queue.search(
            tree.edges, tree.tree, int(tree.by_sign), state, detours, roots, paths, found
        )
    chosen = found[:count]
    link = paths.link[chosen]
    sign = np.where(link[:, kernel_queue.ODD] == 1, -1.0, 1.0)
    value = Wide(sign * paths.size[chosen].sum(axis=1), link[:, kernel_queue.ORDER])
    length = link[:, kernel_queue.HOPS].astype(np.int64)
    return BestPaths(tree, source, value, length, state, paths, detours, chosen), detours


@final
@dataclass(frozen=True)
class Coverage:
    """How much of a gradient and of its mass some paths are."""

    gradient_share: float
    """Their sum over the gradient; infinite or NaN where the gradient is 0."""
    mass_share: float
    """The sum of their sizes over the mass; NaN where there is no path."""
    rest: Wide
    """The gradient less their sum, one number."""


def cover(paths: BestPaths, back: BackwardSweep) -> Coverage:
    """What the paths cover of the gradient of their source, and what is left.

    Example:
        >>> from gradiometer.numeric import connect, sweep_back
        >>> graph = connect([(0, 1, 3.0), (0, 2, 1.0), (1, 2, -2.0)], sources=[0], output=2)
        >>> found = rank_paths(grow_path_tree(graph), 0, most=1)
        >>> coverage = cover(found, sweep_back(graph))
        >>> coverage.gradient_share, round(coverage.mass_share, 3), coverage.rest.to_float()
        (1.2, 0.857, array([1.]))
    """
    at = paths.source
    gradient, mass = back.adjoint[at], back.mass[at]
    unit = int(mass.exponent[0])
    shift = (np.clip(paths.value.exponent.astype(np.int64) - unit, -5, 5) * STEP).astype(np.int32)
    parts = np.ldexp(paths.value.mantissa, shift).tolist()
    whole = math.ldexp(float(gradient.mantissa[0]), STEP * (int(gradient.exponent[0]) - unit))
    total, size = math.fsum(parts), math.fsum(map(abs, parts))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = float(np.float64(total) / np.float64(whole))
        covered = float(np.float64(size) / mass.mantissa[0])
    rest = math.fsum([whole, *(-part for part in parts)])
    return Coverage(share, covered, Wide(np.array([rest]), np.array([unit], np.int32)))
