"""A large computation as a drawing of all its nodes and edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradiometer.report.figure import Figure
from gradiometer.report.graph_reading import MOST_BOXES, read_graph, read_highlight

if TYPE_CHECKING:
    from gradiometer.question import Answer

MOST_MARKS = 20_000
"""Nodes up to which a graph is drawn as a whole."""
MOST_LINES = 60_000
"""Edges up to which a graph is drawn as a whole."""


def draw_whole(answer: Answer) -> Figure | None:
    """The whole graph in small marks; None where boxes show it better, or it is too large."""
    from gradiometer.report.graph_marks import STRENGTHS, draw_marks

    graph = read_graph(answer, most_nodes=MOST_MARKS, most_edges=MOST_LINES)
    if graph is None or len(graph.names) <= MOST_BOXES:
        return None
    highlight = read_highlight(answer)
    path = [edge for edge, row in enumerate(graph.rows) if row in highlight.edges]
    marked = draw_marks(graph, path)
    size = f"All {len(graph.names):,} nodes and {len(graph.edges):,} edges, from left to right"
    size += f" in {marked.rows} rows, one below the other." if marked.rows > 1 else "."
    if graph.left_out:
        size += f" {graph.left_out:,} more nodes do not lead to the output."
    shares = ", ".join(f"1/{1 / share:,.0f}" for share in STRENGTHS)
    legend = (
        f"{size} Rings are inputs, the large dot is the output; a pointer on a mark shows its "
        "value and gradient. A line is thick where the gradient that it carries back is large "
        f"(steps at {shares} of the largest), dashed where it is negative, dotted where it is "
        "zero. Long lines of one node run together, as thick as the strongest of them, until they "
        "turn to their ends."
    )
    if marked.direct:
        legend += (
            f" {marked.direct:,} edges across more than {marked.longest:,} columns are drawn "
            "straight to their end, or as two stubs where that is in another row."
        )
    text = f" {highlight.text}" if highlight.text else ""
    return Figure("The whole computation", f"{size}{text}", marked.svg, f"{legend}{text}")
