"""Few nodes of a large graph to look at, and all paths between them in bundles.

All inputs count together, and each sweep visits only what lies between the chosen nodes, so that a
graph of a million operations takes a fraction of a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from gradiometer.errors import UsageError
from gradiometer.numeric.linear_graph import LinearGraph, connect
from gradiometer.numeric.sweep import BackwardSweep, sweep_back
from gradiometer.numeric.wide import Wide

MOST_IN_VIEW = 62
"""Nodes that are chosen at most."""

_SLOWER_BACK = 3
"""A node costs that much more in a sweep backward, which writes to what each edge leaves."""


@final
@dataclass(frozen=True, eq=False)
class View:
    """Few nodes, and the bundles of all paths between two of them that meet no third one."""

    nodes: NDArray[np.int32]
    """Ascending; the output is among them."""
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    """The nodes that each bundle leaves and enters."""
    flow: Wide
    """What all paths to the output that begin with the bundle add up to."""
    mass: Wide
    """The sum of their sizes."""
    count: Wide
    """How many paths each bundle holds, rounded."""
    hidden: NDArray[np.int64]
    """How many nodes that are not shown lie on them."""
    inside: float
    """Share of the mass of all inputs on the paths that visit no other node."""
    met: float
    """Share on the paths that begin at or visit one of the nodes before the output."""


def choose_view(
    back: BackwardSweep,
    *,
    most: int = 60,
    paths: Iterable[Sequence[int] | NDArray[np.integer]] = (),
    first: Sequence[int] = (),
) -> View:
    """At most *most* nodes and the bundles between them: *first*, *paths*, then the most mass.

    Args:
        back: The backward sweep.
        most: How many nodes.
        paths: The nodes of paths, the most important path first; one that does not fit is left out.
        first: The nodes of a path that comes before all others; of too many those with most mass.

    Raises:
        UsageError: If *most* is below 2 or above 62.

    Example:
        >>> from gradiometer.numeric import connect, sweep_back
        >>> edges = [(0, 1, 9.0), (0, 2, 1.0), (1, 3, 1.0), (2, 3, 1.0)]
        >>> view = choose_view(sweep_back(connect(edges, sources=[0], output=3)), most=3)
        >>> view.nodes, view.flow.to_float(), view.hidden, view.inside
        (array([0, 1, 3], dtype=int32), array([9., 1., 1.]), array([0, 1, 0]), 0.9)
    """
    if not 2 <= most <= MOST_IN_VIEW:
        raise UsageError(f"A view has from 2 to {MOST_IN_VIEW} nodes, not {most}.")
    graph = back.graph
    is_source, ahead = _sweep_mass(graph)
    total = ahead[graph.output]
    through = _share_through(ahead, back.mass, total)
    nodes = np.array(sorted(_choose(graph, through, most, paths, first)), np.int32)
    return _bundle(back, nodes, is_source, total)


def weigh_edges(back: BackwardSweep) -> NDArray[np.float64]:
    """For each edge the mass of the paths from any input that take it.

    Example:
        >>> from gradiometer.numeric import connect, sweep_back
        >>> graph = connect([(0, 1, 9.0), (0, 2, -1.0), (1, 2, 2.0)], sources=[0], output=2)
        >>> weigh_edges(sweep_back(graph))
        array([18.,  1., 18.])
    """
    graph = back.graph
    _, ahead = _sweep_mass(graph)
    ends = np.repeat(np.arange(graph.node_count), np.diff(graph.first))
    local = Wide(np.abs(graph.local), np.zeros(graph.edge_count, np.int32))
    return ahead[graph.start].times(back.mass[ends]).times(local).to_float()


def _sweep_mass(graph: LinearGraph) -> tuple[NDArray[np.bool_], Wide]:
    """Which nodes are sources, and for each node the mass of the paths from all of them."""
    from gradiometer.numeric import kernel_focus

    is_source = np.zeros(graph.node_count, np.bool_)
    is_source[graph.sources] = True
    m, x = np.zeros(graph.node_count), np.zeros(graph.node_count, np.int32)
    kernel_focus.sweep_mass(graph.first, graph.start, graph.local, is_source, graph.output, m, x)
    return is_source, Wide(m, x)


def _share_through(ahead: Wide, back: Wide, total: Wide) -> NDArray[np.float64]:
    """Share of the mass that passes each node."""
    if total.mantissa[0] == 0:
        return np.zeros(len(back))
    with np.errstate(all="ignore"):
        product = ahead.mantissa * back.mantissa / total.mantissa[0]
        shift = ahead.exponent + back.exponent - total.exponent[0]
        if not shift.any():
            return product
        return np.ldexp(product, np.clip(shift, -6, 6) * 512)


def _choose(
    graph: LinearGraph,
    through: NDArray[np.float64],
    most: int,
    paths: Iterable[Sequence[int] | NDArray[np.integer]],
    first: Sequence[int],
) -> set[int]:
    chosen = {graph.output, *first[:1]}
    rest = np.array([node for node in first if node not in chosen], np.int64)
    chosen |= set(rest[np.argsort(-through[rest], kind="stable")][: most - len(chosen)].tolist())
    for path in paths:
        wider = chosen.union(map(int, path))
        if len(wider) <= most:
            chosen = wider
    for node in _largest(through, 2 * most):
        if len(chosen) < most and through[node] > 0:
            chosen.add(node)
    return chosen


def _largest(share: NDArray[np.float64], count: int) -> list[int]:
    """The places of the largest shares, equal ones in their order."""
    if len(share) > count:
        least = np.partition(share, len(share) - count)[len(share) - count]
        above = np.flatnonzero(share > least)
        equal = np.flatnonzero(share == least)[: count - len(above)]
        places = np.sort(np.concatenate([above, equal]))
    else:
        places = np.arange(len(share))
    return places[np.argsort(-share[places], kind="stable")].tolist()


@final
class _Bundler:
    """The chosen nodes with a bit each, and what lies between them."""

    def __init__(
        self, graph: LinearGraph, nodes: NDArray[np.int32], is_source: NDArray[np.bool_]
    ) -> None:
        from gradiometer.numeric import kernel_focus

        count = graph.node_count
        self.graph, self.nodes, self.kernel = graph, nodes, kernel_focus
        self.bit = np.full(count, -1, np.int8)
        self.bit[is_source] = kernel_focus.OTHERS
        self.bit[nodes] = np.arange(len(nodes))
        self.ahead, self.behind = np.zeros(count, np.uint64), np.zeros(count, np.uint64)
        self.arrays = (graph.first, graph.start)
        kernel_focus.mark_nodes(*self.arrays, self.bit, graph.output, self.ahead, self.behind)
        ways = kernel_focus.count_work(self.bit, self.ahead, self.behind, graph.output)
        self.is_onward = ways[0] <= _SLOWER_BACK * ways[1]

    def sweep(self) -> tuple[list[tuple[int, int]], tuple[NDArray[np.float64], NDArray[np.int32]]]:
        """Start and end of every bundle with its sums, swept the way that takes less time."""
        from gradiometer.numeric.kernel import run_both

        places = list(enumerate(self.nodes.tolist()))
        one, other = self._make_rows(), self._make_rows()
        parts = run_both(
            lambda: self._sweep(places[::2], *one), lambda: self._sweep(places[1::2], *other)
        )
        rows = sorted(row for part in parts for row in part)
        mantissa = np.array([row[1] for row in rows]).reshape(-1, 3)
        exponent = np.array([row[2] for row in rows], np.int32).reshape(-1, 3)
        return [row[0] for row in rows], (mantissa, exponent)

    def _make_rows(self) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
        count = self.graph.node_count
        return np.empty((count, 3)), np.empty((count, 3), np.int32)

    def _sweep(
        self, places: Iterable[tuple[int, int]], m: NDArray[np.float64], x: NDArray[np.int32]
    ) -> list[tuple[tuple[int, int], Any, Any]]:
        local = self.graph.local
        seen = self.ahead if self.is_onward else self.behind
        found = []
        for which, node in places:
            others = self.nodes[_has_bit(seen[self.nodes], which)].tolist()
            if others and self.is_onward:
                self.kernel.sweep_onward(
                    *self.arrays, local, which, node + 1, others[-1], self.bit, seen, m, x
                )
            elif others:
                self.kernel.sweep_backward(
                    *self.arrays, local, which, node, 0, self.bit, seen, m, x
                )
            for other in others:
                pair = (node, other) if self.is_onward else (other, node)
                found.append((pair, m[other].tolist(), x[other].tolist()))
        return found

    def share_missed(self, total: Wide) -> float:
        """Share of the mass on the paths that meet no chosen node before the output."""
        which = int(self.bit[self.graph.output])
        is_missed = (self.bit == self.kernel.OTHERS) & _has_bit(self.behind, which)
        if not is_missed.any():
            return 0.0
        m, x = self._make_rows()
        self.kernel.sweep_backward(
            *self.arrays, self.graph.local, which, self.graph.output, 0, self.bit, self.behind, m, x
        )
        size = self.kernel.SIZE
        return float(sum(Wide(m[is_missed, size], x[is_missed, size]).over(total)))

    def count_hidden(self, rows: list[tuple[int, int]]) -> NDArray[np.int64]:
        """For each bundle how many nodes lie on it that are not shown."""
        table = np.zeros((64, 64), np.int64)
        self.kernel.count_hidden(self.bit, self.ahead, self.behind, self.graph.output, table)
        place = np.array(rows, np.int64).reshape(-1, 2)
        return table[self.bit[place[:, 0]], self.bit[place[:, 1]]]


def _has_bit(bits: NDArray[np.uint64], which: int) -> NDArray[np.bool_]:
    return (bits >> np.uint64(which)) & np.uint64(1) != 0


def _bundle(
    back: BackwardSweep, nodes: NDArray[np.int32], is_source: NDArray[np.bool_], total: Wide
) -> View:
    found = _Bundler(back.graph, nodes, is_source)
    rows, (mantissa, exponent) = found.sweep()
    place = np.array(rows, np.int32).reshape(-1, 2)
    start, end = place[:, 0], place[:, 1]
    has_mass = total.mantissa[0] != 0
    return View(
        nodes,
        start,
        end,
        Wide(mantissa[:, 0], exponent[:, 0]).times(back.adjoint[end]),
        Wide(mantissa[:, 1], exponent[:, 1]).times(back.mass[end]),
        Wide(mantissa[:, 2], exponent[:, 2]),
        found.count_hidden(rows),
        _share_inside(back.graph, nodes, is_source, total) if has_mass else 0.0,
        max(0.0, 1.0 - found.share_missed(total)) if has_mass else 0.0,
    )


def _share_inside(
    graph: LinearGraph, nodes: NDArray[np.int32], is_source: NDArray[np.bool_], total: Wide
) -> float:
    """Share of the mass on the paths along edges between chosen nodes alone."""
    new = {node: place for place, node in enumerate(nodes.tolist())}
    edges = [
        (new[start], place, local)
        for node, place in new.items()
        for start, local in zip(
            graph.start[graph.first[node] : graph.first[node + 1]].tolist(),
            graph.local[graph.first[node] : graph.first[node + 1]].tolist(),
            strict=True,
        )
        if start in new
    ]
    sources = [place for node, place in new.items() if is_source[node]]
    if not sources:
        return 0.0
    back = sweep_back(connect(edges, sources=sources, output=new[graph.output]))
    return float(sum(back.mass[place].over(total)[0] for place in sources))
