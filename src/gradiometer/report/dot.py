"""The graph of a gradient in the DOT language of Graphviz."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradiometer.report.graph_view import (
    GraphView,
    describe_edge,
    describe_node,
    view_graph,
)
from gradiometer.report.palette import light

if TYPE_CHECKING:
    from gradiometer.question import Answer

_THINNEST, _THICKEST = 1.0, 6.0


def to_dot(answer: Answer) -> str:
    """The whole graph from left to right, thick where much flows; a graph without arrays its focus.

    Raises:
        UsageError: If the answer has no graph.
    """
    view = view_graph(answer)
    lines = ["digraph gradient {"]
    if view.note:
        lines.append(f"  // {view.note}")
    lines += [
        "  rankdir=LR;",
        '  node [shape=box, style=rounded, fontname="sans-serif"];',
        '  edge [fontname="sans-serif", fontsize=10];',
    ]
    lines += [_node(view, index) for index in range(len(view.nodes))]
    lines += [_edge(view, index) for index in range(len(view.edges))]
    return "\n".join([*lines, "}"]) + "\n"


def _node(view: GraphView, index: int) -> str:
    node = view.nodes[index]
    label = "\\n".join(map(_escape, describe_node(node)))
    bold = ', style="rounded,bold", penwidth=3' if index in view.lit_nodes else ""
    return f'  "{_escape(node.name)}" [label="{label}"{bold}];'


def _edge(view: GraphView, index: int) -> str:
    edge = view.edges[index]
    start, end = (_escape(view.nodes[k].name) for k in (edge.start, edge.end))
    width = _THINNEST + (_THICKEST - _THINNEST) * edge.size / view.largest
    colour = light("muted" if edge.size == 0 else "orange" if edge.is_negative else "blue")
    bold = ", style=bold, arrowsize=1.5" if index in view.lit_edges else ""
    return (
        f'  "{start}" -> "{end}" [label="{_escape(describe_edge(edge))}", '
        f'penwidth={width:.2f}, color="{colour}"{bold}];'
    )


def _escape(text: str) -> str:
    """The text inside a quoted string."""
    text = "".join(c if c.isprintable() else " " for c in text)
    return text.replace("\\", "\\\\").replace('"', '\\"')
