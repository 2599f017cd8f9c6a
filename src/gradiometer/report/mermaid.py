"""The graph of a gradient as a flowchart of Mermaid, within the limits that its pages have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradiometer.report.graph_view import (
    GraphView,
    describe_edge,
    describe_node,
    view_focus,
    view_graph,
)
from gradiometer.report.palette import light

if TYPE_CHECKING:
    from gradiometer.question import Answer

MOST_EDGES = 500
"""Mermaid draws no chart of more edges unless its page sets `maxEdges`."""

MOST_TEXT = 50_000
"""Mermaid draws no longer text unless its page sets `maxTextSize`."""

_PLAIN = frozenset(" .,+-=/()^_")
"""Signs that stand for themselves inside quotes."""

_FEWER = 0.8
"""By how much edges are thinned out until the text is short enough."""


def to_mermaid(answer: Answer) -> str:
    """The graph from left to right; the focus of one that is beyond Mermaid's limits.

    Raises:
        UsageError: If the answer has no graph.
    """
    whole = view_graph(answer)
    # Long before its text is too long a chart has too many edges, so only few are written out.
    text = _write(whole) if len(whole.edges) <= MOST_EDGES else ""
    if text and len(text) <= MOST_TEXT:
        return text
    view = view_focus(answer).keep_largest(MOST_EDGES)
    limits = (
        f"The whole graph is beyond the limits of Mermaid: {MOST_EDGES} edges, "
        f"{MOST_TEXT:,} characters."
    )
    text = _write(view, limits)
    while len(text) > MOST_TEXT and view.edges:
        view = view_focus(answer).keep_largest(int(len(view.edges) * _FEWER))
        text = _write(view, limits)
    return text


def _write(view: GraphView, comment: str = "") -> str:
    note = " ".join(filter(None, (comment, view.note)))
    # A comment that holds braces or semicolons would be read as a directive.
    lines = ["flowchart LR", *([f"  %% {note.replace(';', ',')}"] if note else [])]
    for index, node in enumerate(view.nodes):
        label = "<br/>".join(map(_escape, describe_node(node)))
        lines.append(f'  n{index}["{label}"]')
    lines += [
        f'  n{edge.start} -->|"{_escape(describe_edge(edge))}"| n{edge.end}' for edge in view.edges
    ]
    lines += [_style(view, index) for index in range(len(view.edges))]
    if view.lit_nodes:
        names = ",".join(f"n{index}" for index in sorted(view.lit_nodes))
        lines += ["  classDef lit stroke-width:4px", f"  class {names} lit"]
    return "\n".join(lines) + "\n"


def _style(view: GraphView, index: int) -> str:
    edge = view.edges[index]
    width = 1 + 5 * edge.size / view.largest + 2 * (index in view.lit_edges)
    colour = light("muted" if edge.size == 0 else "orange" if edge.is_negative else "blue")
    return f"  linkStyle {index} stroke-width:{width:.1f}px,stroke:{colour}"


def _escape(text: str) -> str:
    """The text inside a quoted label: what may have a meaning becomes a character code."""
    return "".join(
        c
        if c.isalnum() or c in _PLAIN or not c.isascii()
        else f"#{ord(c)};"
        if c.isprintable()
        else " "
        for c in text
    )
