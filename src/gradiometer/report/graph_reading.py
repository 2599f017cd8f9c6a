"""What the drawings of a computation need from an answer: its graph, and the path to point out."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, final

from gradiometer.report.reading import read_number, read_rows, read_value, to_plot_float

if TYPE_CHECKING:
    from gradiometer.question import Answer

MOST_BOXES = 60
"""Nodes up to which a drawing with a box for each can be read."""

LETTER = 7.1
"""Mean width of a letter of 12.5 px in a system font."""

_NAMED = 8
"""Nodes of a path up to which all are named in a caption."""

_LARGE = 10**9
"""Integers from here on are written with an exponent."""

_LEAST_PERCENT = 0.001

_NUMBER_LETTERS = 16
"""Letters of a number; its exponent must not be cut off."""


@final
@dataclass(frozen=True)
class Highlight:
    """The path that is pointed out, and the sentence that names it."""

    names: tuple[str, ...] = ()
    """Its nodes, from the input to the output."""
    edges: frozenset[int] = frozenset()
    """Its edges, as rows of all edges."""
    text: str = ""


@final
@dataclass(frozen=True)
class WholeGraph:
    """Every node that the output needs, and every edge between them."""

    names: tuple[str, ...]
    edges: tuple[tuple[int, int], ...]
    """First and last node of each edge."""
    rows: tuple[int, ...]
    """Row of each edge in the table of all edges."""
    flows: tuple[float, ...]
    """Gradient on each edge; NaN where it is not known."""
    adjoints: tuple[float, ...]
    """Derivative of the output with respect to each node; NaN where it is not known."""
    tell: Callable[[int], str]
    """What there is to say of a node."""
    left_out: int = 0
    """Nodes from which no edge leads on to the output."""


def read_highlight(answer: Answer) -> Highlight:
    """The path of the fact `highlighted`; an empty one where there is none."""
    row = read_value(answer, "highlighted")
    if not isinstance(row, Mapping) or not row.get("path"):
        return Highlight()
    names = tuple(map(str, row["path"]))
    edges = frozenset(map(int, row.get("edges") or ()))
    shown = names
    if len(names) > _NAMED + 1:
        half = _NAMED // 2
        shown = (*names[:half], f"… {len(names) - 2 * half:,} more …", *names[-half:])
    text = f"The path {' → '.join(shown)} stands out: it"
    if not edges:
        # Of a very long path only the ends are known here.
        text, names = f"A path too long to be drawn leads from {names[0]} to {names[-1]}: it", ()
    text += f" carries {to_short(row.get('value'))}"
    share = read_number(row, "share")
    if abs(share) < math.inf:
        text += f", {to_percent(share)} of the gradient of {row.get('input')}"
    return Highlight(names, edges, f"{text}.")


def read_graph(answer: Answer, *, most_nodes: int, most_edges: int) -> WholeGraph | None:
    """All nodes that the output needs and their edges, from the tables or else from the arrays.

    None stands where neither has them, or where there are more than is wanted.
    """
    nodes, edges = read_rows(answer, "nodes"), read_rows(answer, "edges")
    if nodes:
        is_small = len(nodes) <= most_nodes and len(edges) <= most_edges
        graph = _read_tables(nodes, edges) if is_small else None
    elif answer.facts.get("focus"):
        # Labelled arrays take long to load; only a list too long for tables has them.
        sizes = answer.data.sizes
        is_small = sizes.get("node", math.inf) <= most_nodes and sizes["edge"] <= most_edges
        graph = _read_arrays(answer) if is_small else None
    else:
        return None
    return None if graph is None else _keep_needed(graph, answer.inputs.get("of"))


def _keep_needed(graph: WholeGraph, output: Any) -> WholeGraph:
    """The graph without the nodes from which nothing leads to the output."""
    if output not in graph.names:
        return graph
    before: list[list[int]] = [[] for _ in graph.names]
    for start, end in graph.edges:
        before[end].append(start)
    waiting = [graph.names.index(output)]
    needed = set(waiting)
    while waiting:
        found = set(before[waiting.pop()]) - needed
        needed |= found
        waiting += found
    nodes = sorted(needed)
    number = {node: index for index, node in enumerate(nodes)}
    edges = [k for k, (_, end) in enumerate(graph.edges) if end in number]
    return WholeGraph(
        tuple(graph.names[node] for node in nodes),
        tuple((number[graph.edges[k][0]], number[graph.edges[k][1]]) for k in edges),
        tuple(graph.rows[k] for k in edges),
        tuple(graph.flows[k] for k in edges),
        tuple(graph.adjoints[node] for node in nodes),
        lambda node: graph.tell(nodes[node]),
        len(graph.names) - len(nodes),
    )


def _read_tables(
    nodes: Sequence[Mapping[str, Any]], edges: Sequence[Mapping[str, Any]]
) -> WholeGraph:
    names = tuple(str(row.get("name")) for row in nodes)
    number = {name: index for index, name in enumerate(names)}
    known = [
        (index, row)
        for index, row in enumerate(edges)
        if row.get("from") in number and row.get("to") in number
    ]

    def tell(node: int) -> str:
        row = nodes[node]
        return _tell(names[node], row.get("operation"), row.get("value"), row.get("adjoint"))

    return WholeGraph(
        names,
        tuple((number[row["from"]], number[row["to"]]) for _, row in known),
        tuple(index for index, _ in known),
        tuple(read_number(row, "flow") for _, row in known),
        tuple(read_number(row, "adjoint") for row in nodes),
        tell,
    )


def _read_arrays(answer: Answer) -> WholeGraph:
    data = answer.data
    names = tuple(map(str, data["node"].values.tolist()))
    edges = zip(data["source"].values.tolist(), data["target"].values.tolist(), strict=True)
    values, adjoints = (data[key].values.tolist() for key in ("value", "adjoint"))
    return WholeGraph(
        names,
        tuple(edges),
        tuple(range(data.sizes["edge"])),
        tuple(map(to_plot_float, data["flow"].values.tolist())),
        tuple(map(to_plot_float, adjoints)),
        lambda node: _tell(names[node], None, values[node], adjoints[node]),
    )


def _tell(name: str, operation: Any, value: Any, adjoint: Any) -> str:
    lines = [head_line(name, operation)]
    lines += [f"value {to_short(value)}"] if value is not None else []
    lines += [f"gradient {to_short(adjoint)}"] if adjoint is not None else []
    return ", ".join(lines)


def head_line(name: str, operation: Any) -> str:
    """The name of a node and what it is computed from."""
    text = str(operation or "")
    return shorten(f"{name} = {text}" if text not in {"", name, "input"} else name, 22)


def to_short(value: Any) -> str:
    """A value in few letters."""
    from gradiometer.question import to_value_text

    if isinstance(value, float):
        text = f"{value:.5g}"
    elif isinstance(value, int) and abs(value) >= _LARGE:
        text = f"{Decimal(value):.3g}"
    else:
        text = "?" if value is None else to_value_text(value, digits=5)
    return shorten(text.replace("-", "−"), _NUMBER_LETTERS)


def to_label(value: Any) -> str:
    """A value for a label beside an arrow, where a sign of rounding would be read as another one.

    Example:
        >>> to_label(0.123456789)
        '0.12346'
    """
    return to_short(value).removeprefix("≈ ")


def to_percent(share: float) -> str:
    """A share of 1 as a percentage; less than all is never rounded to all, nor some to nothing."""
    size = abs(100 * share)
    if size < _LEAST_PERCENT:
        return f"less than {_LEAST_PERCENT:g} %"
    text = f"{size:,.0f}" if size >= 1000 else f"{size:.3g}"
    if text == "100" and size < 100:
        text = "99.9"
    return ("−" if share < 0 else "") + text + " %"


def shorten(text: str, most: int) -> str:
    """The text in at most so many letters, all of them printable."""
    text = "".join(c if c.isprintable() else "·" for c in text)
    return text if len(text) <= most else text[: most - 1] + "…"


def width_of(text: str) -> float:
    """About how wide a text of 12.5 px is."""
    return LETTER * sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
