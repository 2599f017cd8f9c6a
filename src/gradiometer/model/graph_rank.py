"""The largest paths of a gradient, one after the other, without listing the others.

Each node keeps its best paths so far and asks the nodes before it for one more only when needed,
so the work grows with the number of edges and of paths asked for, not with the number of paths.

Source: Jiménez and Marzal, Computing the K shortest paths (1999); Huang and Chiang, Better k-best
parsing (2005), algorithm 3.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TypeAlias, final

from flint import arb

from gradiometer.formula import Exact
from gradiometer.model.graph_flow import Flow
from gradiometer.model.graph_kink import ONE
from gradiometer.model.graph_point import multiply


@final
@dataclass(frozen=True)
class RankedPath:
    """A path from an input to the output."""

    edges: tuple[int, ...]
    """Places of its edges in the flow, the input's first."""
    value: Exact
    """The product of its local derivatives."""


_Candidate: TypeAlias = "tuple[_Size, int, int]"
"""How large a path is, its last edge, and its rank among the paths to where that edge starts."""


@final
class _Size:
    """A size in a heap: the largest stands first."""

    __slots__ = ("value",)

    def __init__(self, value: Exact) -> None:
        self.value = value

    def __lt__(self, other: _Size) -> bool:
        return bool(self.value > other.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Size) and bool(self.value == other.value)

    __hash__ = None  # type: ignore[assignment]  # a place in an order, not a key


@final
@dataclass
class _Node:
    """The best paths to one node so far."""

    found: list[_Candidate] = field(default_factory=list)
    waiting: list[_Candidate] = field(default_factory=list)
    is_open: bool = True
    """Whether the rival that follows the last path found does not wait yet."""
    is_done: bool = False
    """Whether there are no more paths."""


def rank_paths(flow: Flow, count: int, *, sign: int = 0) -> list[RankedPath]:
    """The paths with the largest values, the largest first.

    Paths of equal size stand in the order of their edges, read from the output back. Where slopes
    are balls, middles decide; what they cannot tell apart differs by less than 20 digits show.

    Args:
        flow: All paths from one input.
        count: How many are wanted; fewer are returned where there are fewer that are not 0.
        sign: 1 for the most positive paths, -1 for the most negative ones, 0 for the largest size.
    """
    order = _Order(flow, signed=sign != 0)
    target = order.target(1 if sign == 0 else sign)
    paths: list[RankedPath] = []
    while len(paths) < count and order.ask(target, len(paths)):
        edges = order.trace(target, len(paths))
        value: Exact = ONE
        for index in edges:
            value = multiply(value, flow.edges[index].local)
        paths.append(RankedPath(edges, value))
    return paths


@final
class _Order:
    """The nodes of a flow, each with its paths in order; doubled by sign where signs matter."""

    def __init__(self, flow: Flow, *, signed: bool) -> None:
        self._flow, self._signed = flow, signed
        self._sizes = [_middle(abs(edge.local)) for edge in flow.edges]
        self._nodes: dict[int, _Node] = {self._key(flow.source, 1): _Node()}
        self._nodes[self._key(flow.source, 1)].found.append((_Size(ONE), -1, 0))
        self._start()

    def _key(self, node: int, sign: int) -> int:
        return 2 * node + (self._signed and sign < 0)

    def target(self, sign: int) -> int:
        """The output, reached by paths of that sign."""
        return self._key(self._flow.output, sign)

    def _start(self) -> None:
        """The best path to every node, and the rivals that wait."""
        last = -1
        for index, edge in enumerate(self._flow.edges):
            if edge.end != last:
                self._settle(last)
                last = edge.end
            if self._sizes[index] == 0:
                continue
            for sign in (1, -1) if self._signed else (1,):
                before = self._nodes.get(self._key(edge.start, sign))
                if before is not None and before.found:
                    end = self._key(edge.end, sign if _is_positive(edge.local) else -sign)
                    candidate = self._candidate(before, index, 0)
                    heapq.heappush(self._nodes.setdefault(end, _Node()).waiting, candidate)
        self._settle(last)

    def _settle(self, node: int) -> None:
        for sign in (1, -1) if self._signed else (1,):
            entry = self._nodes.get(self._key(node, sign))
            if entry is not None and entry.waiting and not entry.found:
                entry.found.append(heapq.heappop(entry.waiting))

    def _candidate(self, before: _Node, index: int, rank: int) -> _Candidate:
        return (_Size(_middle(before.found[rank][0].value * self._sizes[index])), index, rank)

    def _before(self, key: int, index: int) -> int:
        """The node where an edge into *key* starts, with the sign that paths must have there."""
        edge, sign = self._flow.edges[index], -1 if key % 2 else 1
        return self._key(edge.start, sign if _is_positive(edge.local) else -sign)

    def ask(self, key: int, rank: int) -> bool:
        """Whether the node has a path of that rank; it is found if it was not yet."""
        stack = [(key, rank)]
        while stack:
            here, wanted = stack[-1]
            node = self._nodes.get(here)
            if node is None or node.is_done or len(node.found) > wanted:
                stack.pop()
            elif node.is_open:
                missing = self._open_rival(here, node)
                if missing is not None:
                    stack.append(missing)
            elif node.waiting:
                node.found.append(heapq.heappop(node.waiting))
                node.is_open = True
            else:
                node.is_done = True
        node = self._nodes.get(key)
        return node is not None and len(node.found) > rank

    def _open_rival(self, key: int, node: _Node) -> tuple[int, int] | None:
        """Let the path wait that follows the last one along the same edge; else what it needs."""
        _, index, used = node.found[-1]
        if index >= 0:
            origin = self._before(key, index)
            before = self._nodes[origin]
            if len(before.found) > used + 1:
                heapq.heappush(node.waiting, self._candidate(before, index, used + 1))
            elif not before.is_done:
                return origin, used + 1
        node.is_open = False
        return None

    def trace(self, key: int, rank: int) -> tuple[int, ...]:
        """The edges of the path of that rank, from the input on."""
        edges: list[int] = []
        while True:
            _, index, used = self._nodes[key].found[rank]
            if index < 0:
                return tuple(reversed(edges))
            edges.append(index)
            key, rank = self._before(key, index), used


def _middle(value: Exact) -> Exact:
    return value.mid() if isinstance(value, arb) else value


def _is_positive(value: Exact) -> bool:
    return bool(_middle(value) > 0)
