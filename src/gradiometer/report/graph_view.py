"""The graph of an answer as nodes and edges to draw: whole, or the few nodes of its focus."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, final

from gradiometer.errors import UsageError
from gradiometer.report.reading import read_rows, read_value, to_plot_float

if TYPE_CHECKING:
    from gradiometer.question import Answer

_DIGITS = 5
_LONGEST = 40
"""Letters of a name or a formula that a drawing shows."""


@final
@dataclass(frozen=True)
class ViewNode:
    """A node to draw."""

    name: str
    operation: str
    """How it is computed; empty for an input and where only its name is known."""
    value: Any
    adjoint: Any


@final
@dataclass(frozen=True)
class ViewEdge:
    """An edge to draw, or a bundle of all paths between two nodes."""

    start: int
    end: int
    local: Any
    """Local derivative; None for a bundle."""
    flow: Any
    hidden: int = 0
    """Nodes that are not shown on the paths of a bundle."""

    @property
    def size(self) -> float:
        """How large the flow is; 0 where it is no number."""
        size = abs(to_plot_float(self.flow))
        return size if math.isfinite(size) else 0.0

    @property
    def is_negative(self) -> bool:
        """Whether the flow pushes down."""
        return to_plot_float(self.flow) < 0


@final
@dataclass(frozen=True)
class GraphView:
    """Nodes in an order in which every edge points onward."""

    nodes: tuple[ViewNode, ...]
    edges: tuple[ViewEdge, ...]
    lit_nodes: frozenset[int] = frozenset()
    lit_edges: frozenset[int] = frozenset()
    """The highlighted path."""
    note: str = ""
    """What is left out."""

    @property
    def largest(self) -> float:
        """The size of the largest flow, or 1."""
        return max((edge.size for edge in self.edges), default=0.0) or 1.0

    def keep_largest(self, most: int) -> GraphView:
        """The view with at most that many edges, those of the highlighted path among them."""
        if len(self.edges) <= most:
            return self
        order = sorted(
            range(len(self.edges)), key=lambda k: (k not in self.lit_edges, -self.edges[k].size, k)
        )
        kept = sorted(order[:most])
        left_out = f"{len(self.edges) - most:,} edges of small flow are left out."
        return replace(
            self,
            edges=tuple(self.edges[k] for k in kept),
            lit_edges=frozenset(new for new, old in enumerate(kept) if old in self.lit_edges),
            note=" ".join(filter(None, (self.note, left_out))),
        )


def has_graph(answer: Answer) -> bool:
    """Whether the answer holds a graph."""
    return count_nodes(answer) > 0 or _has_focus(answer)


def count_nodes(answer: Answer) -> int:
    """How many nodes the whole graph has that the answer holds; 0 where it holds none."""
    nodes = read_rows(answer, "nodes")
    return len(nodes) or (len(answer.arrays["node"].values) if "source" in answer.arrays else 0)


def _has_focus(answer: Answer) -> bool:
    return isinstance(read_value(answer, "focus"), Mapping)


def view_graph(answer: Answer) -> GraphView:
    """The whole graph where the answer holds it, else its focus.

    Raises:
        UsageError: If the answer has no graph.
    """
    if read_rows(answer, "nodes"):
        return _view_facts(answer)
    if "source" in answer.arrays:
        return _view_arrays(answer)
    return view_focus(answer)


def view_focus(answer: Answer) -> GraphView:
    """The few nodes that the fact `focus` shows; the whole graph where it is small.

    Raises:
        UsageError: If the answer has neither.
    """
    if not has_graph(answer):
        raise UsageError(
            f"The answer to `{answer.question}` has no graph to write.",
            hint="ask for `text` or `json`" if answer.question != "gradient" else "use `--json`",
        )
    if not _has_focus(answer):
        return view_graph(answer)
    value = read_value(answer, "focus")
    nodes = tuple(map(_to_node, value["nodes"]))
    places = {node.name: index for index, node in enumerate(nodes)}
    edges = tuple(
        ViewEdge(places[r["from"]], places[r["to"]], None, r["flow"], int(r["hidden"]))
        for r in value["edges"]
    )
    note = f"{value['shown']:,} of {value['of']:,} nodes; an edge holds all paths between two."
    path = [places[name] for name in _highlighted(answer).get("path", ()) if name in places]
    steps = set(itertools.pairwise(path))
    lit = frozenset(k for k, edge in enumerate(edges) if (edge.start, edge.end) in steps)
    return GraphView(nodes, edges, frozenset(path), lit, note)


def _view_facts(answer: Answer) -> GraphView:
    nodes = tuple(map(_to_node, read_rows(answer, "nodes")))
    places = {node.name: index for index, node in enumerate(nodes)}
    edges = tuple(
        ViewEdge(places[row["from"]], places[row["to"]], row["local"], row["flow"])
        for row in read_rows(answer, "edges")
    )
    lit = frozenset(map(int, _highlighted(answer).get("edges", ())))
    return _light(GraphView(nodes, edges), lit)


def _view_arrays(answer: Answer) -> GraphView:
    columns = {name: series.to_list() for name, series in answer.arrays.items()}
    nodes = tuple(
        ViewNode(name, "", value, adjoint)
        for name, value, adjoint in zip(
            columns["node"], columns["value"], columns["adjoint"], strict=True
        )
    )
    rows = zip(*(columns[key] for key in ("source", "target", "local", "flow")), strict=True)
    edges = tuple(ViewEdge(*row) for row in rows)
    lit = frozenset(map(int, _highlighted(answer).get("edges", ())))
    return _light(GraphView(nodes, edges), lit)


def _light(view: GraphView, lit: frozenset[int]) -> GraphView:
    ends = {end for k in lit for end in (view.edges[k].start, view.edges[k].end)}
    return replace(view, lit_edges=lit, lit_nodes=frozenset(ends))


def _highlighted(answer: Answer) -> Mapping[str, Any]:
    value = read_value(answer, "highlighted")
    return value if isinstance(value, Mapping) else {}


def _to_node(row: Mapping[str, Any]) -> ViewNode:
    return ViewNode(row["name"], row["operation"], row["value"], row["adjoint"])


def to_label(value: Any) -> str:
    """A number for a label."""
    from gradiometer.question import to_value_text

    return "?" if value is None else to_value_text(value, digits=_DIGITS)


def shorten(text: str, most: int = _LONGEST) -> str:
    """The text in printable letters, cut to a length."""
    text = "".join(c if c.isprintable() else "·" for c in text)
    return text if len(text) <= most else text[: most - 1] + "…"


def describe_node(node: ViewNode) -> Sequence[str]:
    """The lines of a node: name and operation, value, derivative of the output."""
    is_plain = node.operation in ("", node.name)
    first = node.name if is_plain else f"{node.name} = {node.operation}"
    lines = [shorten(first), f"value {to_label(node.value)}"]
    return lines if node.adjoint is None else [*lines, f"gradient {to_label(node.adjoint)}"]


def describe_edge(edge: ViewEdge) -> str:
    """The label of an edge: local derivative and flow; of a bundle the nodes hidden on it."""
    if edge.local is not None:
        return f"d {to_label(edge.local)}, flow {to_label(edge.flow)}"
    hidden = f", {edge.hidden:,} hidden" if edge.hidden else ""
    return f"flow {to_label(edge.flow)}{hidden}"
