"""A large graph as a drawing: a small mark for each node, lines in few classes, rows like a text.

Lines of one class are one path, and ordinates are whole pixels, so ten thousand nodes stay small.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby, pairwise
from typing import final

from gradiometer.report.canvas import open_svg
from gradiometer.report.graph_reading import WholeGraph, shorten
from gradiometer.report.graph_rows import MARGIN, ROW_GAP, Rows
from gradiometer.report.layering import Layering, place_nodes
from gradiometer.report.palette import reference

_SEPARATION, _BEND = 11.0, 4.0
"""Pixels between the middles of two nodes, or of two lines."""
_LABEL_LETTERS = 12
_MOST_LABELS = 40
"""Inputs that are named; the others have their name in the tooltip."""

STRENGTHS = (0.5, 0.1, 0.01, 0.0001)
"""Least share of the largest gradient in each class of lines; the last class has what is less."""
_THICKNESS = (4.0, 2.6, 1.6, 1.0, 0.6)
_OPACITY = (1.0, 0.9, 0.75, 0.6, 0.45)
_UNKNOWN = len(_THICKNESS)
"""Class of a gradient that is zero or not known."""

_FAINT = "0.4"
"""Opacity of what lies beside a path that stands out."""


@final
@dataclass(frozen=True)
class Marked:
    """The drawing and what its caption has to say of it."""

    svg: str
    rows: int
    direct: int
    """Edges too long to be led around the nodes between their ends."""
    longest: int
    """Columns that an edge crosses at most with bends."""


def draw_marks(graph: WholeGraph, path: Sequence[int]) -> Marked:
    """The graph as an SVG element, with the edges of *path* on top.

    Args:
        graph: At least one node.
        path: Numbers of the edges that stand out.
    """
    layering = place_nodes(
        len(graph.names), graph.edges, separation=_SEPARATION, bend=_BEND, join=True
    )
    drawing = _Marks(graph, layering, path)
    rows = len(drawing.rows.starts)
    return Marked(drawing.to_svg(), rows, layering.count_direct(), layering.longest)


@final
class _Marks:
    """One graph in its rows, and the marks that show it."""

    def __init__(self, graph: WholeGraph, layering: Layering, path: Sequence[int]) -> None:
        self.graph, self.layering, self.path = graph, layering, path
        nodes = range(len(graph.names))
        entered = {end for _, end in graph.edges}
        left = {start for start, _ in graph.edges}
        self.inputs = frozenset(node for node in nodes if node not in entered)
        self.outputs = [node for node in nodes if node not in left and node in entered]
        self.labels = self._choose_labels()
        self.rows = Rows(layering, self.labels, inputs=self.inputs)
        sizes = [abs(flow) for flow in graph.flows if math.isfinite(flow)]
        self.largest = max(sizes, default=0.0) or 1.0

    def _choose_labels(self) -> Mapping[int, str]:
        """Names of the inputs with the largest gradient, and of the output."""
        sizes = {node: abs(self.graph.adjoints[node]) for node in self.inputs}
        ranked = sorted(sizes, key=lambda n: (-sizes[n] if sizes[n] >= 0 else 0.0, n))
        chosen = [*ranked[:_MOST_LABELS], *self.outputs]
        return {node: shorten(self.graph.names[node], _LABEL_LETTERS) for node in chosen}

    def to_svg(self) -> str:
        """Weak lines first, then strong ones, the path that stands out, marks and names."""
        parts = [open_svg(self.rows.width, self.rows.height)]
        across = self.rows.width - 2 * MARGIN
        breaks = "".join(f"M{MARGIN} {y - ROW_GAP // 2}h{across}" for y in self.rows.starts[1:])
        if breaks:
            parts.append(f'<path d="{breaks}" style="fill:none;stroke:{reference("faint")}"/>')
        lines = self._lines()
        if self.path:
            lines = [f'<g style="opacity:{_FAINT}">', *lines, "</g>", *self._path_lines()]
        parts += [*lines, *self._nodes(), *self._names()]
        return "\n".join([*parts, "</svg>"])

    def _class_of(self, flow: float) -> tuple[int, bool]:
        """Strength of a line, the strongest 0, and whether its gradient is negative."""
        if not math.isfinite(flow) or flow == 0:
            return _UNKNOWN, False
        share = abs(flow) / self.largest
        return sum(share < least for least in STRENGTHS), flow < 0

    def _runs(self) -> Iterable[tuple[Sequence[int], float]]:
        """Places in a line, and the strongest gradient that it carries."""
        trunks: dict[int, tuple[int, dict[int, float]]] = {}
        for (start, end), bends, flow in zip(
            self.graph.edges, self.layering.bends, self.graph.flows, strict=True
        ):
            if not bends:
                yield (start, end), flow
                continue
            yield (bends[-1], end), flow
            by_length = trunks.setdefault(bends.start, (start, {}))[1]
            by_length[len(bends)] = _stronger(flow, by_length.get(len(bends), 0.0))
        for first, (start, by_length) in trunks.items():
            places = [start, *range(first, first + max(by_length))]
            strongest, flows = 0.0, []
            for length in range(max(by_length), 0, -1):
                strongest = _stronger(strongest, by_length.get(length, 0.0))
                flows.append(strongest)
            links = zip(pairwise(places), reversed(flows), strict=True)
            for _, run in groupby(links, key=lambda link: self._class_of(link[1])):
                kept = list(run)
                yield (kept[0][0][0], *(link[1] for link, _ in kept)), kept[0][1]

    def _lines(self) -> list[str]:
        """One path for each class of lines, the weakest first."""
        shapes: dict[tuple[int, bool], list[str]] = {}
        for places, flow in self._runs():
            shapes.setdefault(self._class_of(flow), []).append(self.rows.shape(places))
        ordered = sorted(shapes.items(), key=lambda item: -item[0][0])
        return [
            f'<path d="{"".join(parts)}" style="fill:none;{_style(*kind)}"/>'
            for kind, parts in ordered
        ]

    def _path_lines(self) -> list[str]:
        """The path that stands out, between two lines of ink that are seen without colour too."""
        shapes = [self.rows.shape(self.layering.route(edge)) for edge in self.path]
        whole = "".join(shapes)
        lines = [
            f'<path d="{whole}" style="fill:none;stroke:{colour};stroke-width:{width}"/>'
            for colour, width in (("currentColor", "7.5"), (reference("paper"), "5"))
        ]
        for edge, shape in zip(self.path, shapes, strict=True):
            flow = self.graph.flows[edge]
            colour = reference("orange" if flow < 0 else "blue" if flow > 0 else "muted")
            dashes = ";stroke-dasharray:6 3.5" if flow < 0 else ""
            style = f"fill:none;stroke:{colour};stroke-width:3{dashes}"
            lines.append(f'<path d="{shape}" style="{style}"/>')
        return lines

    def _nodes(self) -> list[str]:
        """The marks: dots for results, rings for inputs, large ones for the output and the path."""
        on_path = {node for edge in self.path for node in self.graph.edges[edge]}
        large = on_path | set(self.outputs)
        groups: dict[tuple[str, float], list[int]] = {}
        for node in range(len(self.graph.names)):
            if node in self.inputs:
                look = ("currentColor", 12.0 if node in on_path else 8.5)
            else:
                look = ("currentColor", 9.0) if node in large else (reference("muted"), 5.0)
            groups.setdefault(look, []).append(node)
        parts = [
            f'<g style="stroke:{colour};stroke-width:{size:g};stroke-linecap:round">'
            f"{''.join(map(self._dot, nodes))}</g>"
            for (colour, size), nodes in groups.items()
        ]
        holes = "".join(f"{self._start(node)}h0" for node in sorted(self.inputs))
        style = f"stroke:{reference('paper')};stroke-width:5.5;stroke-linecap:round"
        return [*parts, f'<path d="{holes}" style="{style};pointer-events:none"/>']

    def _dot(self, node: int) -> str:
        """A line without length and with round ends: the shortest way to write a dot."""
        text = escape(self.graph.tell(node))
        return f'<path d="{self._start(node)}h0"><title>{text}</title></path>'

    def _start(self, node: int) -> str:
        x, y = self.rows.where(node)
        return f"M{x} {y}"

    def _names(self) -> list[str]:
        """Names of inputs before their marks, of the output after its own, over any line."""
        texts = []
        for node, name in self.labels.items():
            x, y = self.rows.where(node)
            anchor, x = ("end", x - 7) if node in self.inputs else ("start", x + 8)
            texts.append(f'<text x="{x}" y="{y + 4}" text-anchor="{anchor}">{escape(name)}</text>')
        ground = f"paint-order:stroke;stroke-width:3;stroke:{reference('paper')}"
        return [f'<g style="font-size:11px;fill:currentColor;{ground}">', *texts, "</g>"]


def _style(strength: int, is_negative: bool) -> str:
    """Colour, thickness and dashes of a class of lines."""
    if strength == _UNKNOWN:
        return f"stroke:{reference('muted')};stroke-width:.8;opacity:.7;stroke-dasharray:1 3"
    thickness = _THICKNESS[strength]
    colour = reference("orange" if is_negative else "blue")
    dashes = f";stroke-dasharray:{thickness + 3:g} {thickness + 1.5:g}" if is_negative else ""
    return f"stroke:{colour};stroke-width:{thickness:g};opacity:{_OPACITY[strength]:g}{dashes}"


def _stronger(one: float, other: float) -> float:
    """The larger of two gradients; one that is not known is the smallest."""
    size = abs(one) if math.isfinite(one) else -1.0
    return one if size > (abs(other) if math.isfinite(other) else -1.0) else other
