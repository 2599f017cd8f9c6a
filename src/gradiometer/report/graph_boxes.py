"""A small graph as a drawing: a box for each node, a labelled wire for each edge."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, final

from gradiometer.report.canvas import open_svg
from gradiometer.report.graph_reading import Highlight, head_line, to_short, width_of
from gradiometer.report.heights import keep_apart
from gradiometer.report.layering import Layering, place_nodes
from gradiometer.report.palette import reference

CROWDED = 40
"""Edges from which each one shows its gradient only."""

SIGNS = "thick where it is large, dashed where it is negative. Long numbers are rounded."

_NODE_HEIGHT = 62.0
_SEPARATION = 88.0
_BEND = 30.0
_MARGIN = 14.0
_LABEL_HEIGHT = 19.0
_GAP = 78.0
"""Room between two columns besides their labels."""

_BOLD = 1.08
"""How much wider bold letters are."""
_TEXT = "font-size:12.5px;text-anchor:middle;fill:currentColor"
_FAINT = "0.5"
"""Opacity of wires beside a path that stands out."""
_FAINT_BOX = "0.72"
"""Opacity of boxes beside it; their letters can still be read."""


@final
@dataclass(frozen=True)
class Box:
    """A node: its lines of text, the first one bold."""

    lines: tuple[str, ...]
    is_strong: bool = False
    """Whether it lies on the path that stands out."""

    @property
    def width(self) -> float:
        """Room for the longest line; bold ones are wider."""
        first, *others = map(width_of, self.lines)
        return max(first * _BOLD, *(w * (_BOLD if self.is_strong else 1) for w in others), 0) + 22


@final
@dataclass(frozen=True)
class Wire:
    """An edge between two boxes, which are given by number."""

    start: int
    end: int
    note: str
    """First part of its label; empty on a crowded drawing."""
    gradient: str
    """Second part of its label, in the wire's own colour."""
    flow: float
    """Gradient it carries: its sign and size give colour, dashes and thickness."""
    is_bundle: bool = False
    """Whether it stands for paths through nodes that are not drawn."""
    is_strong: bool = False
    """Whether it lies on the path that stands out."""

    @property
    def label(self) -> str:
        """What is written on it."""
        return " ".join(filter(None, (self.note, self.gradient)))


def to_boxes(
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


def tell_wires(wires: Sequence[Wire], number: Mapping[str, int]) -> str:
    """What is written on each wire, for a reader who cannot see them."""
    names = list(number)
    return "; ".join(f"{names[w.start]} to {names[w.end]}: {w.label}" for w in wires)


def draw_boxes(boxes: Sequence[Box], wires: Sequence[Wire]) -> str:
    """The graph as an SVG element, from its inputs on the left to its output on the right.

    Example:
        >>> draw_boxes([Box(("a",)), Box(("c",))], [Wire(0, 1, "", "← 2", 2.0)])[:4]
        '<svg'
    """
    layering = place_nodes(
        len(boxes), [(w.start, w.end) for w in wires], separation=_SEPARATION, bend=_BEND
    )
    return _Drawing(layering, boxes, wires).to_svg()


@final
class _Drawing:
    """The places of one graph in points, and the marks that show it."""

    def __init__(self, layering: Layering, boxes: Sequence[Box], wires: Sequence[Wire]) -> None:
        self.boxes, self.wires = boxes, wires
        self.routes = [layering.route(number) for number in range(len(wires))]
        lowest = min(layering.heights)
        top = _MARGIN + _NODE_HEIGHT / 2 - lowest
        self.y = [height + top for height in layering.heights]
        self.left, self.right = [0.0] * len(self.y), [0.0] * len(self.y)
        self._spread_columns(layering.columns)
        self.width = max(self.right) + _MARGIN
        self.height = max(self.y) + _NODE_HEIGHT / 2 + _MARGIN
        self.leaving = self._find_ports(0)
        self.entering = self._find_ports(-1)
        sizes = [abs(wire.flow) for wire in wires if math.isfinite(wire.flow)]
        self.largest = max(sizes, default=0.0) or 1.0
        self.has_path = any(box.is_strong for box in boxes)

    def _spread_columns(self, columns: Sequence[Sequence[int]]) -> None:
        """Left and right end of every place, columns as far apart as their labels need."""
        labels: dict[int, float] = {}
        for wire in self.wires:
            labels[wire.start] = max(width_of(wire.label), labels.get(wire.start, 0.0))
        x = _MARGIN
        for column in columns:
            nodes = [place for place in column if place < len(self.boxes)]
            width = max((self.boxes[place].width for place in nodes), default=0.0)
            for place in column:
                self.left[place], self.right[place] = x, x + width
            x += width + max((labels.get(place, 0.0) for place in nodes), default=0.0) + _GAP

    def _find_ports(self, end: int) -> list[float]:
        """Where each wire leaves (0) or enters (-1) its node, in the order of the other ends."""
        ports = [0.0] * len(self.routes)
        mine: list[list[int]] = [[] for _ in self.boxes]
        for number, route in enumerate(self.routes):
            mine[route[end]].append(number)
        for node, numbers in enumerate(mine):
            numbers.sort(key=lambda n: self.y[self.routes[n][1 if end == 0 else -2]])
            room = min(14.0, (_NODE_HEIGHT - 14) / max(len(numbers) - 1, 1))
            for place, number in enumerate(numbers):
                ports[number] = self.y[node] + (place - (len(numbers) - 1) / 2) * room
        return ports

    def to_svg(self) -> str:
        """All marks: what stands out lies above the rest, labels and boxes above the wires."""
        strong = [n for n, wire in enumerate(self.wires) if wire.is_strong]
        others = [n for n, wire in enumerate(self.wires) if not wire.is_strong]
        parts = [open_svg(math.ceil(self.width), math.ceil(self.height))]
        wires = [self._wire(number) for number in others]
        parts += (
            [f'<g style="opacity:{_FAINT}">', *wires, "</g>"] if self.has_path and wires else wires
        )
        parts += [self._wire(number) for number in strong]
        parts += self._labels()
        parts += [self._box(number) for number in range(len(self.boxes))]
        return "\n".join([*parts, "</svg>"])

    def _look(self, flow: float) -> tuple[str, str, float]:
        """Colour, dashes and thickness: the sign and the size of the gradient on a wire."""
        if not math.isfinite(flow) or flow == 0:
            return reference("muted"), "1.5 4", 1.5
        thickness = 1.6 + 4.4 * abs(flow) / self.largest
        colour = reference("blue" if flow > 0 else "orange")
        return colour, "" if flow > 0 else f"{thickness + 5:.1f} {thickness + 2.5:.1f}", thickness

    def _points(self, number: int) -> list[tuple[float, float]]:
        """Where the wire runs: its ports, and both ends of every bend."""
        route = self.routes[number]
        points = [(self.right[route[0]], self.leaving[number])]
        for bend in route[1:-1]:
            points += [(self.left[bend], self.y[bend]), (self.right[bend], self.y[bend])]
        return [*points, (self.left[route[-1]] - 9, self.entering[number])]

    def _wire(self, number: int) -> str:
        wire = self.wires[number]
        colour, dashes, thickness = self._look(wire.flow)
        if wire.is_bundle:
            thickness = max(thickness, 3.0)
        points = self._points(number)
        path = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
        for (x, y), (u, v) in itertools.pairwise(points):
            middle = (x + u) / 2
            path.append(f"C{middle:.1f} {y:.1f} {middle:.1f} {v:.1f} {u:.1f} {v:.1f}")
        x, y = points[-1]
        half = 4.5 + thickness / 2
        head = f"M{x - 1:.1f} {y - half:.1f}l10 {half:.1f}l-10 {half:.1f}z"
        dash = f";stroke-dasharray:{dashes}" if dashes else ""
        strokes = [(colour, f"{thickness:.1f}{dash}")]
        if wire.is_bundle:
            strokes.append((reference("paper"), f"{max(thickness / 3, 1.6):.1f}"))
        edge = ""
        if wire.is_strong:
            # A line of ink on both sides is seen without colour too.
            ink = [("currentColor", f"{thickness + 7:.1f}")]
            strokes = [*ink, (reference("paper"), f"{thickness + 3.4:.1f}"), *strokes]
            edge = ";stroke:currentColor;stroke-width:1.8"
        shape = "".join(path)
        lines = "".join(
            f'<path d="{shape}" style="fill:none;stroke:{paint};stroke-width:{width}"/>'
            for paint, width in strokes
        )
        return f'{lines}<path d="{head}" style="fill:{colour}{edge}"/>'

    def _labels(self) -> list[str]:
        """The labels of all wires, those between the same two columns kept apart."""
        spots: dict[float, list[tuple[float, float, int]]] = {}
        for number in range(len(self.wires)):
            (x, y), (u, v) = self._points(number)[:2]
            spots.setdefault(x, []).append(((y + v) / 2, (x + u) / 2, number))
        texts = []
        for column in spots.values():
            column.sort()
            ys = keep_apart([spot[0] for spot in column], [_LABEL_HEIGHT] * (len(column) - 1))
            texts += [
                self._label(spot[1], y, self.wires[spot[2]])
                for spot, y in zip(column, ys, strict=True)
            ]
        return texts

    def _label(self, x: float, y: float, wire: Wire) -> str:
        """A pill on the wire: the note, then the gradient in the wire's colour."""
        width, half = width_of(wire.label) + 8 + 6 * wire.is_strong, _LABEL_HEIGHT / 2 - 0.5
        colour = self._look(wire.flow)[0]
        ring = ";stroke:currentColor;stroke-width:1.2" if wire.is_strong else ""
        note = f"{escape(wire.note)} " if wire.note else ""
        return (
            f'<rect x="{x - width / 2:.1f}" y="{y - half:.1f}" width="{width:.1f}" '
            f'height="{2 * half:g}" rx="{half:g}" style="fill:{reference("paper")}{ring}"/>'
            f'<text x="{x:.1f}" y="{y + 4.4:.1f}" style="{_TEXT}">{note}'
            f'<tspan style="fill:{colour};font-weight:650">{escape(wire.gradient)}</tspan></text>'
        )

    def _box(self, number: int) -> str:
        box = self.boxes[number]
        x, y = self.left[number], self.y[number] - _NODE_HEIGHT / 2
        width = self.right[number] - x
        first = y + 20 if len(box.lines) > 2 else y + 28
        lines = [
            self._text(x + width / 2, first + 17 * place, line, bold=place == 0 or box.is_strong)
            for place, line in enumerate(box.lines)
        ]
        edge = ("currentColor", "3") if box.is_strong else (reference("muted"), "1.2")
        faint = f";opacity:{_FAINT_BOX}" if self.has_path and not box.is_strong else ""
        return (
            f'<g style="stroke-width:{edge[1]}{faint}">'
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{_NODE_HEIGHT:g}" rx="9" '
            f'style="fill:{reference("wash")};stroke:{edge[0]}"/>' + "".join(lines) + "</g>"
        )

    @staticmethod
    def _text(x: float, y: float, text: str, *, bold: bool = False) -> str:
        style = f"{_TEXT};font-weight:650" if bold else _TEXT
        return f'<text x="{x:.1f}" y="{y:.1f}" style="{style}">{escape(text)}</text>'
