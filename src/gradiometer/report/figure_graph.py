"""A computation as a drawing: values in the nodes, local derivatives and gradient on the edges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from gradiometer.report.figure import Figure
from gradiometer.report.graph_boxes import Box, Wire, draw_boxes
from gradiometer.report.graph_reading import (
    MOST_BOXES,
    Highlight,
    head_line,
    read_highlight,
    to_percent,
    to_short,
)
from gradiometer.report.reading import read_number, read_rows, read_value

if TYPE_CHECKING:
    from gradiometer.question import Answer

_CROWDED = 40
"""Edges from which each one shows its gradient only."""

_SIGNS = "thick where it is large, dashed where it is negative."


def draw_graph(answer: Answer) -> Figure | None:
    """The whole graph in boxes, or the part that matters most of a large one.

    None stands where there are no nodes, or too many to read and no part chosen from them.
    """
    nodes = read_rows(answer, "nodes")
    highlight = read_highlight(answer)
    if 0 < len(nodes) <= MOST_BOXES:
        return _draw_detail(nodes, read_rows(answer, "edges"), highlight)
    focus = read_value(answer, "focus")
    if isinstance(focus, Mapping) and focus.get("nodes"):
        return _draw_focus(focus, highlight)
    return None


def _draw_detail(
    nodes: Sequence[Mapping[str, Any]], edges: Sequence[Mapping[str, Any]], highlight: Highlight
) -> Figure:
    boxes, number = _to_boxes(nodes, highlight)
    wires = []
    for index, row in enumerate(edges):
        start, end = number.get(str(row.get("from"))), number.get(str(row.get("to")))
        if start is None or end is None:
            continue
        local = f"∂ {to_short(row.get('local'))}" if len(edges) <= _CROWDED else ""
        gradient, flow = f"← {to_short(row.get('flow'))}", read_number(row, "flow")
        is_strong = index in highlight.edges
        wires.append(Wire(start, end, local, gradient, flow, is_strong=is_strong))
    about = (
        f"{len(boxes)} nodes and {len(wires)} edges, from the inputs on the left to the output on "
        f"the right. Local derivative (∂) and gradient (←) of each edge: {_tell(wires, number)}."
    )
    legend = (
        "∂ is the local derivative along an edge, ← the gradient it carries back: "
        if len(edges) <= _CROWDED
        else "← is the gradient that an edge carries back: "
    ) + _SIGNS
    return Figure(
        "The computation and the gradient through it",
        _join(about, highlight.text),
        draw_boxes(boxes, wires),
        _join(legend, highlight.text),
    )


def _draw_focus(focus: Mapping[str, Any], highlight: Highlight) -> Figure:
    boxes, number = _to_boxes(focus["nodes"], highlight)
    on_path = set(pairwise(name for name in highlight.names if name in number))
    rows = focus.get("edges", ())
    wires = []
    for row in rows:
        names = str(row.get("from")), str(row.get("to"))
        if not set(names) <= set(number):
            continue
        is_bundle = bool(row.get("hidden")) or row.get("paths") not in (None, 1)
        # A path may pass an edge or a bundle beside it; it is shown on what leads there.
        wires.append(
            Wire(
                number[names[0]], number[names[1]],
                _count_paths(row.get("paths"), is_short=len(rows) > _CROWDED) if is_bundle else "",
                f"← {to_short(row.get('flow'))}", read_number(row, "flow"),
                is_bundle, names in on_path,
            )
        )  # fmt: skip
    size = _tell_size(focus, len(boxes))
    about = (
        f"{size} {len(wires)} connections, from the inputs on the left to the output on the right. "
        f"Gradient (←) of each: {_tell(wires, number)}."
    )
    legend = (
        f"{size} A double line is a bundle of paths through nodes that are not drawn, with their "
        f"number; ← is the gradient that a line carries back: {_SIGNS}"
    )
    return Figure(
        "The part of the computation that the gradient depends on most",
        _join(about, highlight.text),
        draw_boxes(boxes, wires),
        _join(legend, highlight.text),
    )


def _to_boxes(
    rows: Sequence[Mapping[str, Any]], highlight: Highlight
) -> tuple[list[Box], dict[str, int]]:
    """A box for each row, and the number of each name."""
    boxes, number = [], {}
    for row in rows:
        name = str(row.get("name", ""))
        lines = [head_line(name, row.get("operation")), f"value {to_short(row.get('value'))}"]
        if row.get("adjoint") is not None:
            lines.append(f"gradient {to_short(row['adjoint'])}")
        number[name] = len(boxes)
        boxes.append(Box(tuple(lines), name in highlight.names))
    return boxes, number


def _count_paths(paths: Any, *, is_short: bool) -> str:
    if is_short:
        return f"{to_short(paths)}×"
    return f"{to_short(paths)} path" + ("" if paths == 1 else "s")


def _tell_size(focus: Mapping[str, Any], drawn: int) -> str:
    """How much of the graph is drawn."""
    of = focus.get("of")
    size = f"{drawn:,} of {of:,} nodes" if isinstance(of, int) else f"{drawn:,} nodes"
    coverage = read_number(focus, "coverage")
    return f"{size}, covering {to_percent(coverage)} of the mass." if coverage >= 0 else f"{size}."


def _tell(wires: Sequence[Wire], number: Mapping[str, int]) -> str:
    names = list(number)
    return "; ".join(f"{names[w.start]} to {names[w.end]}: {w.label}" for w in wires)


def _join(*sentences: str) -> str:
    return " ".join(filter(None, sentences))
