"""Few nodes kept, all others summed up exactly: the paths of the small graph are bundles of paths.

group_paths     one sweep for each kept node: for few kept nodes of a graph of any size
eliminate       node by node, in any kind of number: exact with fractions, for smaller graphs
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar, final

import numpy as np
from numpy.typing import NDArray

from gradiometer.errors import LimitError
from gradiometer.numeric.linear_graph import LinearGraph
from gradiometer.numeric.wide import Wide

Weight = TypeVar("Weight")

MOST_KEPT = 1_000
"""Largest number of nodes that are kept with one sweep each."""

FILL_LIMIT = 2_000_000
"""Largest number of edges that elimination may make besides those it removes."""


@final
@dataclass(frozen=True, eq=False)
class GroupedPaths:
    """Bundles of all paths between kept nodes that touch no other kept node on the way."""

    start: NDArray[np.int32]
    end: NDArray[np.int32]
    """The kept nodes that each bundle leaves and enters, ascending by *start*, then *end*."""
    signed: Wide
    """Sum of the paths of each bundle; the bundles total to the same gradients as the edges."""
    size: Wide
    """Sum of their sizes; they total to the same mass."""
    count: Wide
    """How many paths each bundle holds, rounded."""


def group_paths(graph: LinearGraph, keep: Collection[int]) -> GroupedPaths:
    """The graph of the kept nodes alone, with one bundle for each pair that has a path.

    Raises:
        UsageError: If *keep* names a node that is not there.
        LimitError: If more than `MOST_KEPT` nodes are kept.

    Example:
        >>> from gradiometer.numeric import connect
        >>> edges = [(0, 1, 2.0), (0, 2, 5.0), (1, 3, 3.0), (2, 3, 1.0)]
        >>> bundles = group_paths(connect(edges, sources=[0], output=3), [0, 3])
        >>> bundles.signed.to_float(), bundles.count.to_float()
        (array([11.]), array([2.]))
    """
    from gradiometer.numeric import kernel_group

    kept = np.unique(np.array([graph.check_source(node) for node in keep], np.int32))
    if len(kept) > MOST_KEPT:
        raise LimitError(f"At most {MOST_KEPT:,} nodes are kept.", hint="keep fewer nodes")
    is_kept = np.zeros(graph.node_count, np.uint8)
    is_kept[kept] = 1
    m, x = np.zeros((graph.node_count, 3)), np.zeros((graph.node_count, 3), np.int32)
    starts, ends, mantissas, exponents = [], [], [], []
    for node in kept.tolist():
        low = int(kept[0])
        kernel_group.sweep_bundle(graph.first, graph.start, graph.local, node, low, is_kept, m, x)
        others = kept[: np.searchsorted(kept, node)]
        found = others[m[others, kernel_group.COUNT] != 0]
        starts.append(found)
        ends.append(np.full(len(found), node, np.int32))
        mantissas.append(m[found])
        exponents.append(x[found])
    start, end = np.concatenate(starts), np.concatenate(ends)
    order = np.lexsort((end, start))
    mantissa, exponent = np.concatenate(mantissas)[order], np.concatenate(exponents)[order]
    signed, size, count = (Wide(mantissa[:, k], exponent[:, k]) for k in range(3))
    return GroupedPaths(start[order], end[order], signed, size, count)


@final
@dataclass(frozen=True)
class Elimination(Generic[Weight]):
    """What is left when nodes have been eliminated."""

    weights: Mapping[tuple[int, int], Weight]
    """Sum of all paths for each pair of remaining nodes, ascending; parallel edges are summed."""
    remaining: tuple[int, ...]
    """Nodes that should have gone, but whose elimination makes more edges than the limit."""
    multiplications: int
    """How many products were formed."""


def eliminate(
    edges: Iterable[tuple[int, int, Weight]],
    keep: Collection[int],
    *,
    fill_limit: int = FILL_LIMIT,
) -> Elimination[Weight]:
    """The graph of the kept nodes, by taking away one node after the other.

    Each time the node with the fewest products of edges in and out goes, as Markowitz chose; the
    nodes of a chain cost one product each. A node without a way in or out, and that is not kept,
    takes its edges with it. Any numbers with `+` and `*` will do; with fractions it is exact.

    Args:
        edges: From, to, local derivative; parallel edges are allowed.
        keep: The nodes that stay.
        fill_limit: How many edges may be made in excess of those that go.

    Example:
        >>> from fractions import Fraction
        >>> third = Fraction(1, 3)
        >>> eliminate([(0, 1, third), (1, 2, third), (0, 2, third)], [0, 2]).weights
        {(0, 2): Fraction(4, 9)}
    """
    ahead: dict[int, dict[int, Weight]] = {}
    behind: dict[int, dict[int, Weight]] = {}
    for start, end, weight in edges:
        _join(ahead, behind, start, end, weight)
    kept = set(keep)
    waiting = [(_cost(ahead, behind, v), v) for v in set(ahead) | set(behind) if v not in kept]
    heapq.heapify(waiting)
    fill = products = 0
    left: list[int] = []
    while waiting:
        cost, node = heapq.heappop(waiting)
        now = _cost(ahead, behind, node)
        if now != cost:
            heapq.heappush(waiting, (now, node))
            continue
        before, after = behind.pop(node, {}), ahead.pop(node, {})
        fill += max(0, cost - len(before) - len(after))
        if fill > fill_limit:
            behind[node], ahead[node] = before, after
            left = sorted([node, *(v for _, v in waiting)])
            break
        products += cost
        _bypass(ahead, behind, node, before, after)
    weights = {(u, v): w for u in sorted(ahead) for v, w in sorted(ahead[u].items())}
    return Elimination(weights, tuple(left), products)


def _cost(ahead: dict[int, dict], behind: dict[int, dict], node: int) -> int:
    return len(ahead.get(node, ())) * len(behind.get(node, ()))


def _join(
    ahead: dict[int, dict[int, Weight]],
    behind: dict[int, dict[int, Weight]],
    start: int,
    end: int,
    weight: Weight,
) -> None:
    """Add one edge, or add its weight to the one that is there."""
    row = ahead.setdefault(start, {})
    total = row[end] + weight if end in row else weight  # type: ignore[operator]  # any number adds
    row[end] = total
    behind.setdefault(end, {})[start] = total


def _bypass(
    ahead: dict[int, dict[int, Weight]],
    behind: dict[int, dict[int, Weight]],
    node: int,
    before: dict[int, Weight],
    after: dict[int, Weight],
) -> None:
    """Lead all paths through a node past it."""
    for start in before:
        del ahead[start][node]
    for end in after:
        del behind[end][node]
    for start, first in before.items():
        for end, second in after.items():
            product = first * second  # type: ignore[operator]  # any number multiplies
            _join(ahead, behind, start, end, product)
