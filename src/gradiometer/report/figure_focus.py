"""The part of a large computation that its gradient depends on most, with bundles of paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from gradiometer.report.figure import Figure
from gradiometer.report.graph_boxes import CROWDED, SIGNS, Wire, draw_boxes, tell_wires, to_boxes
from gradiometer.report.graph_reading import read_highlight, to_label, to_percent
from gradiometer.report.reading import read_number, read_value

if TYPE_CHECKING:
    from gradiometer.question import Answer

_MOST_WIRES = 40
"""Connections that are drawn, besides the strongest of each node."""


def draw_focus(answer: Answer) -> Figure | None:
    """The nodes of the fact `focus` and what connects them, or None where it is missing."""
    focus = read_value(answer, "focus")
    if not isinstance(focus, Mapping) or not focus.get("nodes"):
        return None
    highlight = read_highlight(answer)
    boxes, number = to_boxes(focus["nodes"], highlight)
    on_path = set(pairwise(name for name in highlight.names if name in number))
    known = [row for row in focus.get("edges", ()) if {row["from"], row["to"]} <= set(number)]
    rows = _choose_rows(known, on_path)
    wires = []
    for row in rows:
        names = str(row["from"]), str(row["to"])
        paths = row.get("paths", 1)
        is_bundle = bool(row.get("hidden")) or paths != 1
        count = _count_paths(paths, is_short=len(rows) > CROWDED) if is_bundle else ""
        gradient, flow = f"← {to_label(row.get('flow'))}", read_number(row, "flow")
        start, end = number[names[0]], number[names[1]]
        wires.append(Wire(start, end, count, gradient, flow, is_bundle, names in on_path))
    size = _tell_size(focus, len(boxes))
    if len(rows) < len(known):
        size += (
            f" Of {len(known):,} connections {len(rows):,} are drawn: those with the most mass, "
            "and the strongest on each side of a node."
        )
    about = (
        f"{size} {len(wires)} connections, from the inputs on the left to the output on the right. "
        f"Gradient (←) of each: {tell_wires(wires, number)}."
    )
    legend = (
        f"{size} A double line is a bundle of paths through nodes that are not drawn, with their "
        f"number; ← is the gradient that a line carries back: {SIGNS}"
    )
    return Figure(
        "The part of the computation that the gradient depends on most",
        f"{about} {highlight.text}".rstrip(),
        draw_boxes(boxes, wires),
        f"{legend} {highlight.text}".rstrip(),
    )


def _choose_rows(
    rows: Sequence[Mapping[str, Any]], on_path: set[tuple[str, str]]
) -> list[Mapping[str, Any]]:
    """The strongest connections, in their order; every node keeps its strongest on each side."""
    if len(rows) <= _MOST_WIRES:
        return list(rows)
    sizes = [abs(read_number(row, "mass", "flow")) for row in rows]
    # What is no number comes last, as a comparison with it says nothing.
    ranked = sorted(range(len(rows)), key=lambda k: (-sizes[k] if sizes[k] >= 0 else 0.0, k))
    chosen = set(ranked[:_MOST_WIRES])
    met: set[tuple[str, str]] = set()
    for index in ranked:
        ends = {("from", str(rows[index]["from"])), ("to", str(rows[index]["to"]))}
        if ends - met or (str(rows[index]["from"]), str(rows[index]["to"])) in on_path:
            chosen.add(index)
        met |= ends
    return [rows[index] for index in sorted(chosen)]


def _count_paths(paths: Any, *, is_short: bool) -> str:
    if is_short:
        return f"{to_label(paths)}×"
    return f"{to_label(paths)} path" + ("" if paths == 1 else "s")


def _tell_size(focus: Mapping[str, Any], drawn: int) -> str:
    """How much of the graph is drawn."""
    of = focus.get("of")
    size = f"{drawn:,} of {of:,} nodes" if isinstance(of, int) else f"{drawn:,} nodes"
    coverage = read_number(focus, "coverage")
    return f"{size}, covering {to_percent(coverage)} of the mass." if coverage >= 0 else f"{size}."
