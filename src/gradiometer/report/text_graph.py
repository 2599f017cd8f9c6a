"""The graph of a gradient in letters: every node with its value, and under it what feeds it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from gradiometer.report.graph_view import (
    GraphView,
    ViewEdge,
    count_nodes,
    has_graph,
    shorten,
    to_label,
    view_focus,
    view_graph,
)

if TYPE_CHECKING:
    from gradiometer.question import Answer

MOST_NODES = 20
"""Nodes up to which the whole graph is drawn, and its focus beyond them."""

_MOST_LINES = 60
"""Lines of a drawing; the rest is counted."""

_BAR = 8
"""Letters of the longest bar."""


@final
@dataclass(frozen=True)
class TextLine:
    """One line of the drawing."""

    text: str
    is_lit: bool
    """Whether the line belongs to the highlighted path."""


@final
@dataclass(frozen=True)
class _Signs:
    branch: str
    last: str
    bar: str
    mark: str
    cut: str


_DRAWN = _Signs("├─", "└─", "█", "◀", "…")
_TYPED = _Signs("|-", "`-", "#", "<", "...")


def draw_text(answer: Answer, *, ascii_only: bool = False, width: int = 80) -> list[TextLine]:
    """The drawing, line by line; empty for an answer without a graph.

    A node stands on a line of its own after all that it is made of, and below it each edge into it
    with its local derivative and its flow: a bar for the size, a mark on the highlighted path.

    Args:
        answer: What to draw.
        ascii_only: Whether only the letters of ASCII are used.
        width: Columns of the screen.
    """
    if not has_graph(answer):
        return []
    is_small = count_nodes(answer) <= MOST_NODES
    view = view_graph(answer) if is_small else view_focus(answer)
    signs = _TYPED if ascii_only else _DRAWN
    rows = _list_rows(view, signs, width)
    lines = [TextLine(row.text if not ascii_only else _to_ascii(row.text), row.is_lit)
             for row in rows[:_MOST_LINES]]  # fmt: skip
    if len(rows) > _MOST_LINES:
        said = f"{signs.cut} {len(rows) - _MOST_LINES} lines more; try --focus 12"
        lines.append(TextLine(said, False))
    if view.note:
        lines.append(TextLine(view.note, False))
    return lines


def _list_rows(view: GraphView, signs: _Signs, width: int) -> list[TextLine]:
    into: dict[int, list[int]] = {}
    for number, edge in enumerate(view.edges):
        into.setdefault(edge.end, []).append(number)
    rows: list[TextLine] = []
    for index, node in enumerate(view.nodes):
        is_lit = index in view.lit_nodes
        is_plain = node.operation in ("", node.name)
        head = shorten(node.name if is_plain else f"{node.name} = {node.operation}", width // 2)
        gradient = f"   gradient {to_label(node.adjoint)}" if node.adjoint is not None else ""
        value = to_label(node.value)
        # A rounded number brings its own sign.
        text = f"{head} {value if value.startswith('≈') else f'= {value}'}{gradient}"
        rows.append(_mark(text, is_lit, signs, width))
        rows += _list_edges(view, into.get(index, ()), signs, width)
    return rows


def _list_edges(
    view: GraphView, numbers: Sequence[int], signs: _Signs, width: int
) -> list[TextLine]:
    names = [shorten(view.nodes[view.edges[k].start].name, width // 4) for k in numbers]
    longest = max(map(len, names), default=0)
    rows = []
    for place, (number, name) in enumerate(zip(numbers, names, strict=True)):
        edge = view.edges[number]
        turn = signs.last if place == len(numbers) - 1 else signs.branch
        bar = signs.bar * math.ceil(_BAR * edge.size / view.largest)
        text = f"  {turn} {name:<{longest}}  {_say(edge)}  {bar}"
        rows.append(_mark(text, number in view.lit_edges, signs, width))
    return rows


def _say(edge: ViewEdge) -> str:
    if edge.local is not None:
        return f"slope {to_label(edge.local)}, flow {to_label(edge.flow)}"
    hidden = f", {edge.hidden:,} hidden" if edge.hidden else ""
    return f"flow {to_label(edge.flow)}{hidden}"


def _mark(text: str, is_lit: bool, signs: _Signs, width: int) -> TextLine:
    mark = f" {signs.mark}" if is_lit else ""
    return TextLine(shorten(text.rstrip(), max(width - len(mark), 8)) + mark, is_lit)


def _to_ascii(text: str) -> str:
    text = text.replace("…", "...").replace("≈", "~")
    return "".join(c if c.isascii() else "?" for c in text)
