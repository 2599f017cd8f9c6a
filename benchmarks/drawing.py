"""Drawing a computation in layers: processor time from 118 to 10,021 nodes, beside other layouts.

The computation has steps `w*a + 0.957*b` whose operands are drawn from the last 50 results.
Ours is the layout alone, then the whole picture as SVG; a peer's is its layout, for `dot` with
reading and writing. Each size and each way has a process of its own.
"""

from __future__ import annotations

import importlib.util
import json
import random
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
OPERATIONS = (99, 300, 999, 3000, 9999)
RUNS = 5
SECONDS = 20.0
"""For one process; what takes longer is left out and said."""
STATES, WEIGHTS, WINDOW = 2, 20, 50

Edges = list[tuple[int, int]]


def draw(operations: int) -> tuple[int, Edges]:
    """How many nodes there are, and the edges: two for `w*a`, one for `0.957*b`, two for the sum.

    Weights that no step takes are left out.
    """
    choose = random.Random(0)
    steps = [
        (choose.randrange(WEIGHTS), *(-choose.randint(1, min(WINDOW, STATES + k)) for _ in "ab"))
        for k in range(operations // 3)
    ]
    used = {w: STATES + k for k, w in enumerate(dict.fromkeys(w for w, _, _ in steps))}
    states, count, edges = list(range(STATES)), STATES + len(used), []
    for weight, a, b in steps:
        edges += [
            (used[weight], count), (states[a], count), (states[b], count + 1),
            (count, count + 2), (count + 1, count + 2),
        ]  # fmt: skip
        states.append(count + 2)
        count += 3
    return count, edges


def median_cpu(call: Callable[[], Any]) -> float:
    """The median of processor seconds after a first call that does not count."""
    call()
    times = []
    for _ in range(RUNS):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return statistics.median(times)


def time_layout(count: int, edges: Edges) -> dict[str, float]:
    """Our columns, orders and heights, as the drawing of the whole takes them."""
    from gradiometer.report.layering import place_nodes

    def layout() -> Any:
        return place_nodes(count, edges, separation=11.0, bend=4.0, join=True)

    found = layout()
    return {"cpu": median_cpu(layout), "columns": len(found.columns)}


def time_picture(count: int, edges: Edges) -> dict[str, float]:
    """Our whole picture as SVG text, from an answer with a table of nodes and one of edges."""
    from gradiometer.question import Answer, computed
    from gradiometer.report import draw_figure

    choose = random.Random(1)
    nodes = [
        {"name": f"v{k}", "operation": "", "value": choose.gauss(0, 1), "adjoint": 1.0}
        for k in range(count)
    ]
    rows = [
        {"from": f"v{a}", "to": f"v{b}", "local": 1.0, "flow": choose.gauss(0, 1) ** 5}
        for a, b in edges
    ]
    facts = {"nodes": computed(nodes, "Drawn."), "edges": computed(rows, "Drawn.")}
    answer = Answer("gradient", {}, facts)
    figure = draw_figure(answer, "whole")
    assert figure is not None
    return {
        "cpu": median_cpu(lambda: draw_figure(answer, "whole")),
        "megabytes": len(figure.to_svg().encode()) / 1e6,
    }


def time_dot(count: int, edges: Edges) -> dict[str, float]:
    """Graphviz: text in, SVG out, once."""
    lines = "\n".join(f"{a}->{b};" for a, b in edges)
    text = f"digraph {{rankdir=LR; node [shape=point];\n{lines}\n}}"
    subprocess.run(
        ["dot", "-Tsvg"], input=text, capture_output=True, text=True, check=True, timeout=SECONDS
    )
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"cpu": used.ru_utime + used.ru_stime}


def time_igraph(count: int, edges: Edges) -> dict[str, float]:
    """The layered layout of igraph, a library in C."""
    from igraph import Graph

    graph = Graph(count, edges, directed=True)
    start = time.process_time()
    graph.layout_sugiyama()
    return {"cpu": time.process_time() - start}


def time_grandalf(count: int, edges: Edges) -> dict[str, float]:
    """The layered layout of grandalf, a library in Python."""
    from grandalf.graphs import Edge, Graph, Vertex
    from grandalf.layouts import SugiyamaLayout, VertexViewer

    nodes = [Vertex(k) for k in range(count)]
    for node in nodes:
        node.view = VertexViewer(w=5, h=5)
    graph = Graph(nodes, [Edge(nodes[a], nodes[b]) for a, b in edges])
    start = time.process_time()
    for part in graph.C:
        layout = SugiyamaLayout(part)
        layout.init_all()
        layout.draw()
    return {"cpu": time.process_time() - start}


WAYS = {
    "gradiometer layout": time_layout,
    "gradiometer picture": time_picture,
    "dot": time_dot,
    "igraph sugiyama": time_igraph,
    "grandalf": time_grandalf,
}


def is_installed(way: str) -> bool:
    """Whether a way can be taken on this machine."""
    if way == "dot":
        return shutil.which("dot") is not None
    return importlib.util.find_spec(way.split(maxsplit=1)[0]) is not None


def run_child(way: str, operations: int) -> dict[str, Any] | None:
    """What one process measured; None when it failed or took too long."""
    command = [sys.executable, str(HERE / "drawing.py"), way, str(operations)]
    try:
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, timeout=3 * SECONDS
        )
    except subprocess.TimeoutExpired:
        return None
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None


def time_drawing() -> dict[str, Any]:
    """The times of all ways and sizes; a peer that failed once is not asked for more."""
    results: dict[str, Any] = {}
    for way in filter(is_installed, WAYS):
        rows = results[way] = {}
        for operations in OPERATIONS:
            rows[str(operations)] = run_child(way, operations)
            if rows[str(operations)] is None:
                break
    return results


def write_drawing(results: dict[str, Any]) -> list[str]:
    """The times as lines of Markdown."""
    sizes = [f"{n:,} / {len(e):,}" for n, e in map(draw, OPERATIONS)]
    lines = [
        "| drawing in layers, nodes / edges | " + " | ".join(sizes) + " |",
        "|---" * (len(sizes) + 1) + "|",
    ]
    for way, rows in results.items():
        found = [rows.get(str(n), {}) for n in OPERATIONS]
        cells = [f"> {SECONDS:g} or failed" if row is None else f"{row['cpu']:.2f}" if row else "–"
                 for row in found]  # fmt: skip
        lines.append(f"| {way}, CPU s | " + " | ".join(cells) + " |")
    picture = results.get("gradiometer picture", {})
    sizes = [(picture.get(str(n)) or {}).get("megabytes", 0.0) for n in OPERATIONS]
    return [*lines, "| gradiometer picture, MB | " + " | ".join(f"{s:.2f}" for s in sizes) + " |"]


def main() -> None:
    """All ways and sizes, or in a child one of them."""
    if len(sys.argv) == 1:
        sys.stdout.write("\n".join(write_drawing(time_drawing())) + "\n")
        return
    way, operations = sys.argv[1], int(sys.argv[2])
    sys.stdout.write(json.dumps(WAYS[way](*draw(operations))) + "\n")


if __name__ == "__main__":
    main()
