"""Few nodes kept, all others summed up exactly: the paths of the small graph are bundles of paths.

group_paths     one sweep for each kept node: for few kept nodes of a graph of any size
eliminate       node by node, in any kind of number: exact with fractions, for smaller graphs
choose_focus    which nodes to keep, and how much of the mass they carry
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar, final

import numpy as np
from numpy.typing import NDArray

from gradiometer.errors import LimitError, UsageError
from gradiometer.numeric.best_paths import grow_path_tree, rank_paths
from gradiometer.numeric.linear_graph import LinearGraph
from gradiometer.numeric.sweep import BackwardSweep, ForwardSweep, sweep_back
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


@final
@dataclass(frozen=True, eq=False)
class Focus:
    """Few nodes that carry much of the mass between a source and the output."""

    nodes: NDArray[np.int32]
    """Ascending; the source and the output are among them."""
    inside: float
    """Share of the mass of the paths that visit no other node."""
    touched: float
    """Share of the mass of the paths that visit one of them between source and output."""


def choose_focus(
    back: BackwardSweep, ahead: ForwardSweep, *, most: int = 60, paths: int = 200
) -> Focus:
    """At most *most* nodes to show: those of the best paths, then those with most mass.

    A path whose nodes do not fit any more is left out, and a shorter one may still follow.

    Raises:
        UsageError: If *most* is below 2.

    Example:
        >>> from gradiometer.numeric import connect, sweep_back, sweep_forward
        >>> edges = [(0, 1, 9.0), (0, 2, 1.0), (1, 3, 1.0), (2, 3, 1.0)]
        >>> graph = connect(edges, sources=[0], output=3)
        >>> focus = choose_focus(sweep_back(graph), sweep_forward(graph, 0), most=3)
        >>> focus.nodes, focus.inside
        (array([0, 1, 3], dtype=int32), 0.9)
    """
    if most < 2:
        raise UsageError("A focus holds the source and the output.", hint="write `most=2` or more")
    graph, source = back.graph, ahead.source
    chosen = {source, graph.output}
    best = rank_paths(grow_path_tree(graph), source, most=paths)
    for rank in np.flatnonzero(best.length < most).tolist():
        visited = chosen.union(graph.start[best.edges(rank)].tolist())
        if len(visited) <= most:
            chosen = visited
    through = _mass_through(back, ahead)
    for node in np.argsort(-through, kind="stable")[: 2 * most].tolist():
        if len(chosen) < most and through[node] > 0:
            chosen.add(node)
    nodes = np.array(sorted(chosen), np.int32)
    mass = back.mass[source]
    is_chosen = np.zeros(graph.node_count, np.bool_)
    is_chosen[nodes] = True
    within = is_chosen[graph.start] & np.repeat(is_chosen, np.diff(graph.first))
    inside = _mass_between(graph, source, within, mass)
    is_chosen[[source, graph.output]] = False
    direct = _mass_between(graph, source, ~is_chosen[graph.start], mass)
    return Focus(nodes, inside, max(0.0, 1.0 - direct) if mass.mantissa[0] else 0.0)


def _mass_through(back: BackwardSweep, ahead: ForwardSweep) -> NDArray[np.float64]:
    """Share of the mass that passes each node."""
    total = back.mass[ahead.source]
    if total.mantissa[0] == 0:
        return np.zeros(len(back.mass))
    a, b = ahead.mass, back.mass
    with np.errstate(all="ignore"):
        product = a.mantissa * b.mantissa / total.mantissa[0]
        shift = a.exponent.astype(np.int64) + b.exponent - int(total.exponent[0])
        return np.ldexp(product, (np.clip(shift, -6, 6) * 512).astype(np.int32))


def _mass_between(
    graph: LinearGraph, source: int, is_allowed: NDArray[np.bool_], mass: Wide
) -> float:
    """Share of the mass of a source on the paths along allowed edges."""
    if mass.mantissa[0] == 0:
        return 0.0
    local = np.where(is_allowed, np.abs(graph.local), 0.0)
    part = LinearGraph(graph.first, graph.start, local, graph.sources, graph.output)
    return float(sweep_back(part).mass[source].over(mass)[0])
