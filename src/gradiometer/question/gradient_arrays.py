"""The graph of a gradient as arrays: nodes and edges with what flows, for `data`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gradiometer.errors import UndecidedError
from gradiometer.formula import to_float
from gradiometer.model import GraphPoint, weigh_edges
from gradiometer.question.answer import Series
from gradiometer.question.gradient_list_view import label_node
from gradiometer.question.gradient_sweep import Swept

if TYPE_CHECKING:
    import numpy as np

MOST_NODES = 100_000
"""Nodes up to which an answer holds arrays; those of a larger graph would weigh more than it."""

_ABOUT = {
    "node": "name of the node",
    "value": "value of the node",
    "adjoint": "derivative of the output with respect to the node",
    "source": "index of the node that the edge leaves",
    "target": "index of the node that the edge enters",
    "local": "derivative of the target with respect to the source, along this edge alone",
    "flow": "local derivative times the adjoint of the target",
    "mass": "sum of the sizes of all paths from any input that take the edge",
}


def list_arrays(point: GraphPoint) -> dict[str, Series]:
    """Nodes and edges of an exact graph as float64, the edges in the order of the fact `edges`.

    NaN stands where there is no single number.
    """
    graph = point.graph
    edges = list(graph.edges())
    columns = {
        "node": [node.name for node in graph.nodes],
        "value": _to_floats(point.values),
        "adjoint": _to_floats(point.adjoints),
        **_to_indices([e[0] for e in edges], [e[1] for e in edges]),
        "local": _to_floats([point.slopes[end][position] for _, end, position in edges]),
        "flow": _to_floats([point.flow(end, position) for _, end, position in edges]),
    }
    try:
        columns["mass"] = _to_floats(weigh_edges(point))
    except UndecidedError:
        columns["mass"] = [float("nan")] * len(edges)
    return _to_series(columns)


def list_list_arrays(swept: Swept) -> dict[str, Series]:
    """Nodes and edges of a list, without nameless operations of one operand; none of a large one.

    Such an operation is a part of the edge that leads past it.
    """
    import numpy as np

    from gradiometer.numeric import weigh_edges

    graph = swept.small.graph
    if graph.node_count > MOST_NODES:
        return {}
    ends = np.repeat(np.arange(graph.node_count), np.diff(graph.first))
    adjoint = swept.back.adjoint.to_float()
    places = swept.small.node
    with np.errstate(over="ignore", invalid="ignore"):
        flow = graph.local * adjoint[ends]
    columns = {
        "node": [label_node(swept, int(node)) for node in places.tolist()],
        "value": swept.node_value,
        "adjoint": adjoint,
        **_to_indices(graph.start, ends),
        "local": graph.local,
        "flow": flow,
        "mass": weigh_edges(swept.back),
    }
    return _to_series(columns)


def _to_series(columns: Mapping[str, Any]) -> dict[str, Series]:
    nodes = ("node", "value", "adjoint")
    return {
        name: Series(("node",) if name in nodes else ("edge",), values, about=_ABOUT[name])
        for name, values in columns.items()
    }


def _to_indices(starts: Any, ends: Any) -> dict[str, np.ndarray]:
    import numpy as np

    return {"source": np.array(starts, np.int32), "target": np.array(ends, np.int32)}


def _to_floats(values: Any) -> np.ndarray:
    import numpy as np

    return np.array([float("nan") if v is None else to_float(v) for v in values], np.float64)
