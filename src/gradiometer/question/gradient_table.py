"""A graph at a point in, the tables of nodes, edges, contributions and paths out."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Context, Decimal
from typing import Any, TypeAlias

from flint import fmpq

from gradiometer.formula import Exact
from gradiometer.model import Graph, GraphPoint, check_size, has_idle_branch, multiply

MOST_PATHS = 1_000
"""All paths are listed up to this number, and none beyond it."""

_MOST_PATH_NODES = 50_000
"""Nodes of all listed paths together."""

_ZERO, _ONE = fmpq(0), fmpq(1)

_Trail: TypeAlias = "tuple[int, _Trail | None]"
"""The last node of a path, and the path before it."""


def node_rows(point: GraphPoint) -> list[dict[str, Any]]:
    """One row for each node; a nameless one that only a condition needs is left out."""
    graph = point.graph
    counts = graph.count_paths()
    return [
        {
            "name": node.name,
            "operation": node.operation_text,
            "value": point.values[index],
            "adjoint": point.adjoints[index],
        }
        for index, node in enumerate(graph.nodes)
        if counts[index] or node.shown is not node.operation
    ]


def edge_rows(point: GraphPoint) -> list[dict[str, Any]]:
    """One row for each edge a gradient can take; an operand used twice has two."""
    nodes = point.graph.nodes
    return [
        {
            "from": nodes[start].name,
            "to": nodes[end].name,
            "local": point.slopes[end][position],
            "flow": point.flow(end, position),
        }
        for start, end, position in point.graph.edges()
    ]


def contribution_rows(point: GraphPoint) -> dict[str, list[dict[str, Any]]]:
    """For each input what reaches it through each node that uses it first."""
    graph = point.graph
    names = {index: name for name, index in graph.inputs.items()}
    sums: dict[str, dict[str, Exact | None]] = {name: {} for name in graph.inputs}
    if graph.output in names:
        sums[names[graph.output]][names[graph.output]] = _ONE
    for start, end, position in graph.edges():
        if start not in names:
            continue
        row, via = sums[names[start]], graph.nodes[end].name
        so_far, flow = row.get(via, _ZERO), point.flow(end, position)
        row[via] = None if so_far is None or flow is None else check_size(so_far + flow)
    return {
        name: [{"via": via, "value": value} for via, value in row.items()]
        for name, row in sums.items()
    }


def say_idle(point: GraphPoint) -> str:
    """That some branches lead nowhere, in a sentence that may follow another; often empty."""
    said = " Branches of `where` that are not taken are no part of these paths."
    return said if has_idle_branch(point) else ""


def path_counts(graph: Graph) -> dict[str, int]:
    """How many paths lead from each input to the output."""
    counts = graph.count_paths()
    return {name: counts[index] for name, index in graph.inputs.items()}


def list_paths(point: GraphPoint) -> list[dict[str, Any]] | None:
    """Every path from an input to the output, the largest first; None when there are too many."""
    graph = point.graph
    if sum(path_counts(graph).values()) > MOST_PATHS or _path_nodes(graph) > _MOST_PATH_NODES:
        return None
    rows = [
        {"path": " -> ".join(graph.nodes[k].name for k in nodes), "input": name, "value": value}
        for name, nodes, value in _walk_paths(point)
    ]
    return sorted(rows, key=lambda row: (-_size(row["value"]), row["path"]))


def _path_nodes(graph: Graph) -> int:
    """Nodes of all paths together."""
    counts, lengths = graph.count_paths(), [0] * len(graph.nodes)
    lengths[graph.output] = 1
    for start, end, _ in reversed(list(graph.edges())):
        lengths[start] += lengths[end] + counts[end]
    return sum(lengths[index] for index in graph.inputs.values())


def _walk_paths(point: GraphPoint) -> Iterator[tuple[str, list[int], Exact | None]]:
    """Name of the input, nodes and value of each path."""
    graph = point.graph
    onward: list[list[tuple[int, int]]] = [[] for _ in graph.nodes]
    for start, end, position in graph.edges():
        onward[start].append((end, position))
    for name, first in graph.inputs.items():
        stack: list[tuple[_Trail, Exact | None]] = [((first, None), _ONE)]
        while stack:
            trail, value = stack.pop()
            if trail[0] == graph.output:
                yield name, _unroll(trail), value
            for end, position in onward[trail[0]]:
                slope = point.slopes[end][position] if point.is_live[end] else _ZERO
                longer = None if slope is None or value is None else multiply(value, slope)
                stack.append(((end, trail), longer))


def _unroll(trail: _Trail | None) -> list[int]:
    nodes: list[int] = []
    while trail is not None:
        nodes.append(trail[0])
        trail = trail[1]
    return nodes[::-1]


def _size(value: Exact | None) -> fmpq:
    """How large a number is, for the order of rows; the middle of a ball decides."""
    return fmpq(-1) if value is None else abs(_middle(value))


def _middle(value: Exact) -> fmpq:
    return value if isinstance(value, fmpq) else value.mid().fmpq()


def round_value(value: Exact, *, digits: int) -> fmpq:
    """The number, or the middle of the ball, rounded to that many significant digits."""
    middle = _middle(value)
    context = Context(prec=digits, Emax=10**9, Emin=-(10**9))
    rounded = context.divide(Decimal(int(middle.p)), Decimal(int(middle.q)))
    top, bottom = rounded.as_integer_ratio()
    return fmpq(top, bottom)
