"""What to look at in a graph with exact numbers: one path that is asked for, and few nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from flint import arb, fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import Exact
from gradiometer.model import (
    Flow,
    GraphPoint,
    check_size,
    find_flow,
    focus_graph,
    multiply,
    rank_paths,
)
from gradiometer.question.answer import Fact, proved, unknown
from gradiometer.question.gradient_highlight import (
    Highlight,
    Links,
    NamedPath,
    no_such_rank,
    trace_names,
    unknown_input,
)
from gradiometer.question.gradient_table import node_rows, say_idle
from gradiometer.question.value import Value

MOST_SHOWN = 60
"""Nodes of a graph that is still drawn whole, and of a focus."""

MOST_WRITTEN = 1_000
"""Nodes of a highlighted path whose names are written one by one."""

PATH = (
    "The value of a path is the product of its local derivatives. Its edges are given by their row "
    "in the fact `edges`, the first row being 0."
)


@final
@dataclass(frozen=True)
class Highlighted:
    """The fact, and the nodes of the path; none where it is not decided."""

    fact: Fact
    nodes: tuple[int, ...] = ()


def find_highlight(point: GraphPoint, wanted: Highlight) -> Highlighted:
    """The fact `highlighted` and the nodes of its path.

    Raises:
        UnknownNameError: If a name is not there.
        UsageError: If there is no such path.
    """
    try:
        flow, edges, notes = _find_path(point, wanted)
        nodes = (flow.source, *(flow.edges[edge].end for edge in edges))
        return Highlighted(_path_fact(flow, edges, nodes, notes), nodes)
    except UndecidedError as error:
        return Highlighted(unknown(f"Not decided: {error}."))


def _find_path(point: GraphPoint, wanted: Highlight) -> tuple[Flow, Sequence[int], Sequence[str]]:
    inputs = point.graph.inputs
    if wanted.names:
        name = wanted.names[0]
        # What is no input has no paths of its own; the search says so.
        source = inputs.get(name, next(iter(inputs.values()), point.graph.output))
        flow = find_flow(point, source)
        found: NamedPath = trace_names(_to_links(flow), wanted.names)
        return flow, found.edges, found.notes
    if wanted.input and wanted.input not in inputs:
        raise unknown_input(_to_links(find_flow(point, point.graph.output)), wanted.input)
    flow = find_flow(point, inputs[wanted.input]) if wanted.input else _heaviest(point)
    paths = rank_paths(flow, wanted.rank)
    if len(paths) < wanted.rank:
        name = point.graph.nodes[flow.source].name
        raise no_such_rank(_to_links(flow), wanted, input_name=name, count=len(paths))
    which = f"It is number {wanted.rank} of this input by size"
    notes = [
        which + (", of all inputs the one with the largest mass." if not wanted.input else ".")
    ]
    return flow, paths[-1].edges, notes


def _heaviest(point: GraphPoint) -> Flow:
    """The paths of the input with the largest mass; enclosed masses by their middles."""
    if not point.graph.inputs:
        return find_flow(point, point.graph.output)
    flows = [find_flow(point, index) for index in point.graph.inputs.values()]
    best = flows[0]
    for flow in flows[1:]:
        if _middle(flow.mass) > _middle(best.mass):
            best = flow
    return best


def _middle(value: Exact) -> Any:
    return value.mid() if isinstance(value, arb) else value


def _to_links(flow: Flow) -> Links:
    graph = flow.point.graph
    into: dict[int, list[tuple[int, int, float]]] = {}
    onward: dict[int, dict[int, None]] = {}
    leads = {graph.output}
    for number, edge in reversed(list(enumerate(flow.edges))):
        into.setdefault(edge.end, []).insert(0, (number, edge.start, _size(edge.local)))
        if edge.end in leads:
            leads.add(edge.start)
            onward[edge.start] = {edge.end: None, **onward.get(edge.start, {})}
    places = {node.name: index for index, node in enumerate(graph.nodes)}
    return Links(
        graph.inputs,
        graph.output,
        places.get,
        tuple(places),
        lambda node: graph.nodes[node].name,
        lambda node: graph.nodes[node].shown is not graph.nodes[node].operation,
        lambda node: into.get(node, ()),
        lambda node: tuple(onward.get(node, ())),
    )


def _size(value: Exact) -> float:
    """A number that orders the sizes of slopes; beyond float64 it is the nearest one there is."""
    size = abs(_middle(value))
    return min(max(float(arb(size)), 5e-324 if size else 0.0), 1.7e308)


def _path_fact(
    flow: Flow, edges: Sequence[int], nodes: Sequence[int], notes: Sequence[str]
) -> Fact:
    graph = flow.point.graph
    value: Exact = fmpq(1)
    for edge in edges:
        value = check_size(multiply(value, flow.edges[edge].local))
    rows = {(end, position): row for row, (_, end, position) in enumerate(graph.edges())}
    places = [rows[flow.edges[edge].end, flow.edges[edge].position] for edge in edges]
    is_short = len(nodes) <= MOST_WRITTEN
    shown = nodes if is_short else (nodes[0], nodes[-1])
    cut = () if is_short else (f"Of its {len(nodes):,} nodes only both ends are named.",)
    return proved(
        {
            "input": graph.nodes[flow.source].name,
            "path": [graph.nodes[node].name for node in shown],
            "edges": places if is_short else [],
            "value": value,
            "share": _share(value, flow.gradient),
            "share_of_mass": _share(abs(value), flow.mass),
        },
        " ".join([PATH, *notes, *cut]),
    )


def _share(part: Exact, whole: Exact) -> Value:
    if (isinstance(whole, arb) and whole.contains(0)) or whole == 0:
        return None
    return part / whole


def list_focus(point: GraphPoint, *, most: int | None, first: Sequence[int]) -> dict[str, Fact]:
    """The fact `focus`, where the graph is too large to be drawn whole or *most* asks for it."""
    if most is None and len(node_rows(point)) <= MOST_SHOWN:
        return {}
    graph = point.graph
    total = sum(count > 0 for count in graph.count_paths())
    try:
        found = focus_graph(point, most=most or MOST_SHOWN, first=first)
        edges = [
            {
                "from": graph.nodes[bundle.start].name,
                "to": graph.nodes[bundle.end].name,
                "paths": bundle.paths,
                "flow": multiply(bundle.local, _adjoint(point, bundle.end)),
                "mass": multiply(bundle.mass, found.masses[bundle.end]),
                "hidden": bundle.hidden,
            }
            for bundle in found.bundles
        ]
    except UndecidedError as error:
        return {"focus": unknown(f"Not decided: {error}.")}
    nodes = [
        {
            "name": graph.nodes[node].name,
            "operation": graph.nodes[node].operation_text,
            "value": point.values[node],
            "adjoint": point.adjoints[node],
        }
        for node in found.nodes
    ]
    shares = {
        "coverage": _share(found.inside, found.total),
        "met": _share(found.met, found.total),
    }
    hidden = len(graph.inputs) - len(set(graph.inputs.values()) & set(found.nodes))
    value = {"nodes": nodes, "edges": edges, **shares, "shown": len(nodes), "of": total}
    return {"focus": proved(value, say_focus(value, hidden) + say_idle(point))}


def _adjoint(point: GraphPoint, node: int) -> Exact:
    adjoint = point.adjoints[node]
    if adjoint is None:
        raise UndecidedError(f"`{point.graph.nodes[node].name}` has no certain derivative")
    return adjoint


def say_focus(value: Mapping[str, Any], hidden_inputs: int) -> str:
    """What the focus shows and what it leaves out, in a sentence or two."""
    said = f"{value['shown']:,} of {value['of']:,} nodes that lead to the output. "
    if value["coverage"] is not None:
        said += (
            f"Of the mass of all inputs together {_percent(value['coverage'])} runs only through "
            f"them, {_percent(value['met'])} begins at one of them or meets one. "
        )
    said += (
        "A row of edges holds all paths between two of these nodes that meet no third one, with "
        "the nodes hidden on them; the rows that leave a node add up to its adjoint."
    )
    if hidden_inputs == 1:
        said += " One input is not among them."
    elif hidden_inputs:
        said += f" {hidden_inputs:,} inputs are not among them."
    return said


def _percent(share: Any) -> str:
    """A share in percent, rounded so that only what is whole or nothing reads so."""
    if isinstance(share, fmpq | int) and share in (0, 1):
        return f"{100 * share} %"
    number = float(arb(share).mid()) if isinstance(share, fmpq | arb) else float(share)
    if number < 0.001:
        return "less than 0.1 %"
    return "more than 99.9 %" if number > 0.999 else f"{100 * number:.3g} %"
