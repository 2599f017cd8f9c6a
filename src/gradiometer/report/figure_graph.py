"""A computation as a drawing: values in the nodes, local derivatives and gradient on the edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradiometer.report.figure import Figure
from gradiometer.report.graph_boxes import CROWDED, SIGNS, Wire, draw_boxes, tell_wires, to_boxes
from gradiometer.report.graph_reading import MOST_BOXES, read_highlight, to_label
from gradiometer.report.reading import read_number, read_rows

if TYPE_CHECKING:
    from gradiometer.question import Answer


def draw_graph(answer: Answer) -> Figure | None:
    """The whole graph in boxes, or None without nodes or with too many to read."""
    nodes, edges = read_rows(answer, "nodes"), read_rows(answer, "edges")
    if not 0 < len(nodes) <= MOST_BOXES:
        return None
    highlight = read_highlight(answer)
    boxes, number = to_boxes(nodes, highlight)
    wires = []
    for index, row in enumerate(edges):
        start, end = number.get(str(row.get("from"))), number.get(str(row.get("to")))
        if start is None or end is None:
            continue
        local = f"∂ {to_label(row.get('local'))}" if len(edges) <= CROWDED else ""
        gradient, flow = f"← {to_label(row.get('flow'))}", read_number(row, "flow")
        is_strong = index in highlight.edges
        wires.append(Wire(start, end, local, gradient, flow, is_strong=is_strong))
    about = (
        f"{len(boxes)} nodes and {len(wires)} edges, from the inputs on the left to the output on "
        "the right. Local derivative (∂) and gradient (←) of each edge: "
        f"{tell_wires(wires, number)}."
    )
    legend = (
        "∂ is the local derivative along an edge, ← the gradient it carries back: "
        if len(edges) <= CROWDED
        else "← is the gradient that an edge carries back: "
    ) + SIGNS
    return Figure(
        "The computation and the gradient through it",
        f"{about} {highlight.text}".rstrip(),
        draw_boxes(boxes, wires),
        f"{legend} {highlight.text}".rstrip(),
    )
