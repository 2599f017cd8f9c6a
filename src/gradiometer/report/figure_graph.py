"""A computation as a drawing: values in the nodes, local derivatives and gradient on the edges."""

from __future__ import annotations

import itertools
import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, final

from gradiometer.report.canvas import open_svg
from gradiometer.report.figure import Figure
from gradiometer.report.layering import Layering, Place, keep_apart, place_nodes
from gradiometer.report.palette import reference
from gradiometer.report.reading import read_number, read_rows

if TYPE_CHECKING:
    from gradiometer.question import Answer

_MOST = 60
"""Nodes up to which a drawing can be read."""

_CROWDED = 40
"""Edges from which each one shows its gradient only."""

_LETTER = 7.1
"""Mean width of a letter of 12 px in a system font."""

_NODE_HEIGHT = 62.0
_SEPARATION = 88.0
_BEND = 30.0
_MARGIN = 14.0
_LABEL_HEIGHT = 19.0

_TEXT = "font-size:12.5px;text-anchor:middle;fill:currentColor"


@final
@dataclass(frozen=True)
class _Box:
    name: str
    lines: tuple[str, ...]
    width: float


@final
@dataclass(frozen=True)
class _Wire:
    start: str
    end: str
    local: str
    """Local derivative; empty on a crowded drawing."""
    gradient: str
    flow: float

    @property
    def label(self) -> str:
        return " ".join(filter(None, (self.local, self.gradient)))


def draw_graph(answer: Answer) -> Figure | None:
    """The graph of the computation, or None without nodes or with too many to read."""
    boxes = {box.name: box for box in map(_to_box, read_rows(answer, "nodes"))}
    wires = _read_wires(answer, boxes)
    if not boxes or len(boxes) > _MOST:
        return None
    layering = place_nodes(
        list(boxes), [(w.start, w.end) for w in wires], separation=_SEPARATION, bend=_BEND
    )
    svg = _Drawing(layering, boxes, wires).to_svg()
    flows = "; ".join(f"{w.start} to {w.end}: {w.label}" for w in wires)
    about = (
        f"{len(boxes)} nodes and {len(wires)} edges, from the inputs on the left to the output on "
        f"the right. Local derivative (∂) and gradient (←) of each edge: {flows}."
    )
    legend = (
        "∂ is the local derivative along an edge, ← the gradient it carries back: "
        "thick where it is large, dashed where it is negative."
    )
    return Figure("The computation and the gradient through it", about, svg, legend)


def _to_box(row: Mapping[str, Any]) -> _Box:
    name = str(row.get("name", ""))
    operation = str(row.get("operation") or "")
    first = f"{name} = {operation}" if operation not in {"", name, "input"} else name
    lines = [_shorten(first, 22), f"value {_to_short(row.get('value'))}"]
    if row.get("adjoint") is not None:
        lines.append(f"gradient {_to_short(row['adjoint'])}")
    return _Box(name, tuple(lines), max(map(_width, lines)) + 22)


def _read_wires(answer: Answer, boxes: Mapping[str, _Box]) -> list[_Wire]:
    rows = read_rows(answer, "edges")
    rows = [row for row in rows if row.get("from") in boxes and row.get("to") in boxes]
    wires = []
    for row in rows:
        local = f"∂ {_to_short(row.get('local'))}" if len(rows) <= _CROWDED else ""
        gradient = f"← {_to_short(row.get('flow'))}"
        wires.append(_Wire(row["from"], row["to"], local, gradient, read_number(row, "flow")))
    return wires


def _to_short(value: Any) -> str:
    from gradiometer.question import to_value_text

    text = "?" if value is None else to_value_text(value, digits=5)
    return _shorten(text.replace("-", "−"), 12)


def _shorten(text: str, most: int) -> str:
    text = "".join(c if c.isprintable() else "·" for c in text)
    return text if len(text) <= most else text[: most - 1] + "…"


def _width(text: str) -> float:
    return _LETTER * sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


@final
class _Drawing:
    """The places of one graph in points, and the marks that show it."""

    def __init__(
        self, layering: Layering, boxes: Mapping[str, _Box], wires: Sequence[_Wire]
    ) -> None:
        self.boxes, self.wires, self.routes = boxes, wires, layering.routes
        lowest = min(layering.heights.values())
        top = _MARGIN + _NODE_HEIGHT / 2 - lowest
        self.y = {place: height + top for place, height in layering.heights.items()}
        self.left, self.right = self._spread_columns(layering.columns)
        self.width = max(self.right.values()) + _MARGIN
        self.height = max(self.y.values()) + _NODE_HEIGHT / 2 + _MARGIN
        self.leaving = self._find_ports(0)
        self.entering = self._find_ports(-1)
        sizes = [abs(wire.flow) for wire in wires if math.isfinite(wire.flow)]
        self.largest = max(sizes, default=0.0) or 1.0

    def _spread_columns(
        self, columns: Sequence[Sequence[Place]]
    ) -> tuple[dict[Place, float], dict[Place, float]]:
        """Left and right end of every place, columns as far apart as their labels need."""
        left: dict[Place, float] = {}
        right: dict[Place, float] = {}
        labels = [
            max((_width(w.label) for w in self.wires if w.start in set(column)), default=0.0)
            for column in columns
        ]
        x = _MARGIN
        for column, label in zip(columns, labels, strict=True):
            width = max(
                (self.boxes[place].width for place in column if isinstance(place, str)), default=0.0
            )
            left |= dict.fromkeys(column, x)
            right |= dict.fromkeys(column, x + width)
            x += width + label + 78
        return left, right

    def _find_ports(self, end: int) -> list[float]:
        """Where each wire leaves (0) or enters (-1) its node, in the order of the other ends."""
        ports = [0.0] * len(self.routes)
        for name in self.boxes:
            mine = [n for n, route in enumerate(self.routes) if route[end] == name]
            mine.sort(key=lambda n: self.y[self.routes[n][1 if end == 0 else -2]])
            room = min(14.0, (_NODE_HEIGHT - 14) / max(len(mine) - 1, 1))
            for place, number in enumerate(mine):
                ports[number] = self.y[name] + (place - (len(mine) - 1) / 2) * room
        return ports

    def to_svg(self) -> str:
        parts = [open_svg(math.ceil(self.width), math.ceil(self.height))]
        parts += [self._wire(number) for number in range(len(self.wires))]
        parts += self._labels()
        parts += [self._box(box) for box in self.boxes.values()]
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
        colour, dashes, thickness = self._look(self.wires[number].flow)
        points = self._points(number)
        path = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
        for (x, y), (u, v) in itertools.pairwise(points):
            middle = (x + u) / 2
            path.append(f"C{middle:.1f} {y:.1f} {middle:.1f} {v:.1f} {u:.1f} {v:.1f}")
        x, y = points[-1]
        half = 4.5 + thickness / 2
        dash = f";stroke-dasharray:{dashes}" if dashes else ""
        return (
            f'<path d="{"".join(path)}" '
            f'style="fill:none;stroke:{colour};stroke-width:{thickness:.1f}{dash}"/>'
            f'<path d="M{x - 1:.1f} {y - half:.1f}l10 {half:.1f}l-10 {half:.1f}z" '
            f'style="fill:{colour}"/>'
        )

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

    def _label(self, x: float, y: float, wire: _Wire) -> str:
        """A pill on the wire: the local derivative, then the gradient in the wire's colour."""
        width, half = _width(wire.label) + 8, _LABEL_HEIGHT / 2 - 0.5
        colour = self._look(wire.flow)[0]
        return (
            f'<rect x="{x - width / 2:.1f}" y="{y - half:.1f}" width="{width:.1f}" '
            f'height="{2 * half:g}" rx="{half:g}" style="fill:{reference("paper")}"/>'
            f'<text x="{x:.1f}" y="{y + 4.4:.1f}" style="{_TEXT}">{escape(wire.local)} '
            f'<tspan style="fill:{colour};font-weight:650">{escape(wire.gradient)}</tspan></text>'
        )

    def _box(self, box: _Box) -> str:
        x, y = self.left[box.name], self.y[box.name] - _NODE_HEIGHT / 2
        width = self.right[box.name] - x
        first = y + 20 if len(box.lines) > 2 else y + 28
        lines = [
            self._text(x + width / 2, first + 17 * place, line, bold=place == 0)
            for place, line in enumerate(box.lines)
        ]
        return (
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{_NODE_HEIGHT:g}" rx="9" '
            f'style="fill:{reference("wash")};stroke:{reference("muted")};stroke-width:1.2"/>'
            + "".join(lines)
        )

    @staticmethod
    def _text(x: float, y: float, text: str, *, bold: bool = False) -> str:
        style = f"{_TEXT};font-weight:650" if bold else _TEXT
        return f'<text x="{x:.1f}" y="{y:.1f}" style="{style}">{escape(text)}</text>'
