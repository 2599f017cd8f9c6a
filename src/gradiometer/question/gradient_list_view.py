"""What to look at in a long list: one path that is asked for, and few nodes, in float64."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flint import arb

from gradiometer.formula import precision
from gradiometer.question.answer import Fact, computed, unknown
from gradiometer.question.gradient_highlight import (
    Highlight,
    Links,
    no_such_rank,
    trace_names,
    unknown_input,
)
from gradiometer.question.gradient_list_facts import to_number, to_numbers, to_share
from gradiometer.question.gradient_sweep import Swept
from gradiometer.question.gradient_view import (
    MOST_SHOWN,
    MOST_WRITTEN,
    PATH,
    Highlighted,
    say_focus,
)

if TYPE_CHECKING:
    import numpy as np

    from gradiometer.numeric import BestPaths

_LABEL = re.compile(r"\S+ of line (\d+)(?: \(operation (\d+)\))?\Z")
_BITS = 96
_MOST_KNOWN = 10_000
_MOST_NEXT = 1_000


def label_node(swept: Swept, node: int) -> str:
    """A name of a node that no other has: the user's, else its operation and where it stands."""
    if node == swept.output:
        return swept.output_name
    name = swept.legend.name_of(node)
    if name:
        return name
    legend = swept.legend
    number = node - legend.leaves
    if number < 0:
        return f"constant {node - len(legend.inputs) + 1}"
    line = int(legend.line[number])
    first, last = legend.line.searchsorted([line, line + 1]).tolist()
    said = f"{legend.operators[legend.code[node] - 2]} of line {line}"
    return said if last - first == 1 else f"{said} (operation {number - first + 1})"


def _find_node(swept: Swept, name: str) -> int | None:
    """The place in the small graph of a name or a label; None where there is none."""
    node = swept.legend.names.get(name)
    if name == swept.output_name:
        node = swept.output
    found = _LABEL.match(name)
    if node is None and found:
        first = int(swept.legend.line.searchsorted(int(found[1])))
        node = swept.legend.leaves + first + int(found[2] or 1) - 1
        if node >= len(swept.small.place) or label_node(swept, node) != name:
            return None
    if node is None or node >= len(swept.small.place) or swept.small.place[node] < 0:
        return None
    return int(swept.small.place[node])


def find_list_highlight(swept: Swept, wanted: Highlight) -> Highlighted:
    """The fact `highlighted` and the nodes of its path in the small graph.

    Raises:
        UnknownNameError: If a name is not there.
        UsageError: If there is no such path.
    """
    links = _to_links(swept)
    if wanted.names:
        found = trace_names(links, wanted.names)
        name, notes = wanted.names[0], found.notes
        edges: Sequence[int] = found.edges
    else:
        name, edges = _find_ranked(swept, wanted, links)
        which = f"It is number {wanted.rank} of this input by size"
        notes = (which + ("." if wanted.input else ", of all inputs the one with the most mass."),)
    if name in swept.unsettled:
        return Highlighted(unknown(f"Not decided: the gradient of `{name}` meets a kink."))
    import numpy as np

    places = np.asarray(edges, np.int64)
    nodes = [links.inputs[name], *swept.small.graph.end_of(places).tolist()]
    return Highlighted(_path_fact(swept, name, places, nodes, notes), tuple(nodes))


def _find_ranked(swept: Swept, wanted: Highlight, links: Links) -> tuple[str, Sequence[int]]:
    from gradiometer.numeric import grow_path_tree, rank_paths

    if wanted.input and wanted.input not in links.inputs:
        raise unknown_input(links, wanted.input)
    name = wanted.input or swept.heaviest
    tree = grow_path_tree(swept.small.graph)
    paths = rank_paths(tree, links.inputs[name], most=wanted.rank)
    if len(paths) < wanted.rank:
        raise no_such_rank(links, wanted, input_name=name, count=len(paths))
    return name, paths.edges(wanted.rank - 1).tolist()


def _to_links(swept: Swept) -> Links:
    small, legend = swept.small, swept.legend
    graph, count = small.graph, swept.back.count.mantissa

    def into(node: int) -> list[tuple[int, int, float]]:
        begin, end = int(graph.first[node]), int(graph.first[node + 1])
        sizes = abs(graph.local[begin:end]).tolist()
        return list(zip(range(begin, end), graph.start[begin:end].tolist(), sizes, strict=True))

    def onward(node: int) -> list[int]:
        ends = graph.end_of((graph.start == node).nonzero()[0])
        return list(dict.fromkeys(ends[count[ends] != 0].tolist()))[:_MOST_NEXT]

    return Links(
        {name: int(small.place[legend.names[name]]) for name in legend.inputs},
        graph.output,
        lambda name: _find_node(swept, name),
        [*legend.names][:_MOST_KNOWN],
        lambda node: label_node(swept, int(small.node[node])),
        lambda node: bool(swept.legend.name_of(int(small.node[node]))),
        into,
        onward,
    )


def _path_fact(
    swept: Swept, name: str, edges: np.ndarray, nodes: Sequence[int], notes: Sequence[str]
) -> Fact:
    source = nodes[0]
    with precision(_BITS):
        value = arb(1)
        for local in swept.small.graph.local[edges].tolist():
            value *= local
        gradient = to_number(swept.back.adjoint, source)
        mass = to_number(swept.back.mass, source)
        shares = {
            "share": _divide(value, gradient),
            "share_of_mass": _divide(abs(value), mass),
        }
    is_short = len(nodes) <= MOST_WRITTEN
    shown = nodes if is_short else (nodes[0], nodes[-1])
    cut = () if is_short else (f"Of its {len(nodes):,} nodes only both ends are named.",)
    row = {
        "input": name,
        "path": [label_node(swept, int(swept.small.node[node])) for node in shown],
        "edges": edges.tolist() if is_short else [],
        "value": _to_float(value),
        **shares,
    }
    how = PATH.replace("row in the fact `edges`, the first row", "place in `data`, the first one")
    return computed(row, " ".join([how, *notes, *cut]))


def _divide(part: arb, whole: Any) -> float | None:
    return None if whole == 0 else float((part / whole).mid())


def _to_float(value: arb) -> float | arb:
    """The nearest float64, or the ball beyond the range of float64."""
    number = float(value.mid())
    is_inside = math.isfinite(number) and (number != 0 or value == 0)
    return number if is_inside else value


def list_short_paths(ranked: Mapping[str, BestPaths], most: int | None) -> list[list[int]]:
    """The nodes of the ranked paths that fit into a focus of *most*, the largest path first."""
    rows: list[tuple[float, int, BestPaths, int]] = []
    for number, paths in enumerate(ranked.values()):
        sizes = paths.value.log2().tolist()
        short = (paths.length < (most or MOST_SHOWN)).nonzero()[0].tolist()
        rows += [(-sizes[rank], number, paths, rank) for rank in short]
    rows.sort(key=lambda row: (row[0], row[1], row[3]))
    return [paths.tree.graph.start[paths.edges(rank)].tolist() for _, _, paths, rank in rows]


def list_list_focus(
    swept: Swept, paths: Sequence[Sequence[int]], *, most: int | None, first: Sequence[int]
) -> dict[str, Fact]:
    """The fact `focus`, where the graph is too large to be drawn whole or *most* asks for it.

    Args:
        swept: The list after its sweeps.
        paths: The nodes of the largest paths, see `list_short_paths`.
        most: How many nodes to show.
        first: Nodes of a path that comes before all others.
    """
    from gradiometer.numeric import choose_view

    total = int((swept.back.count.mantissa != 0).sum())
    if most is None and total <= MOST_SHOWN:
        return {}
    most = most or MOST_SHOWN
    view = choose_view(swept.back, most=most, paths=paths, first=first)
    names = {node: label_node(swept, int(swept.small.node[node])) for node in view.nodes.tolist()}
    edges = [
        {
            "from": names[start],
            "to": names[end],
            "paths": count,
            "flow": flow,
            "mass": mass,
            "hidden": hidden,
        }
        for start, end, count, flow, mass, hidden in zip(
            view.start.tolist(),
            view.end.tolist(),
            to_numbers(view.count),
            to_numbers(view.flow),
            to_numbers(view.mass),
            view.hidden.tolist(),
            strict=True,
        )
    ]
    value = {
        "nodes": [_node_row(swept, node, name) for node, name in names.items()],
        "edges": edges,
        "coverage": to_share(view.inside),
        "met": to_share(view.met),
        "shown": len(names),
        "of": total,
    }
    unseen = set(swept.small.graph.sources.tolist()) - set(names)
    return {"focus": computed(value, say_focus(value, len(unseen)))}


def _node_row(swept: Swept, node: int, name: str) -> dict[str, Any]:
    place = int(swept.small.node[node])
    number = place - swept.legend.leaves
    operator = swept.legend.operators[swept.legend.code[place] - 2] if number >= 0 else ""
    return {
        "name": name,
        "operation": operator,
        "value": float(swept.node_value[node]),
        "adjoint": to_number(swept.back.adjoint, node),
    }
