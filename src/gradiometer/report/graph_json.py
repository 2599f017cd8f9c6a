"""The graph of a gradient as JSON: nodes and edges for other programs, and what reads back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gradiometer.errors import UsageError
from gradiometer.report.graph_view import has_graph, view_graph

if TYPE_CHECKING:
    from gradiometer.question import Answer


def to_graph_json(answer: Answer) -> str:
    """The computation with its point, and its nodes and edges with what was found.

    `gradiometer gradient --file` reads `computation`, `at` and `of`, and computes the rest anew.

    Raises:
        UsageError: If the answer has no graph, or its computation stands in a file of its own.
    """
    from gradiometer.formula import parse_assignments
    from gradiometer.question import to_json_value

    if not has_graph(answer):
        view_graph(answer)
    computation = answer.inputs.get("computation")
    if not isinstance(computation, str):
        raise UsageError(
            "The computation is too long for one text, so its graph is not written.",
            hint=f"keep the file `{answer.inputs.get('file', '')}`, or use `--format dot`",
        )
    view = view_graph(answer)
    at = dict(answer.inputs.get("at") or {})
    of = str(answer.inputs.get("of") or "")
    is_name = of in at or of in {item.name for item in parse_assignments(computation)}
    document: dict[str, Any] = {
        "computation": computation,
        "at": at,
        # An output without a name is the last expression, which is what is meant without `of`.
        **({"of": of} if is_name else {}),
        "nodes": [
            {
                "name": node.name,
                "operation": node.operation,
                "value": to_json_value(node.value),
                "adjoint": to_json_value(node.adjoint),
            }
            for node in view.nodes
        ],
        "edges": [
            {
                "from": view.nodes[edge.start].name,
                "to": view.nodes[edge.end].name,
                "local": to_json_value(edge.local),
                "flow": to_json_value(edge.flow),
            }
            for edge in view.edges
        ],
    }
    if view.lit_edges:
        document["highlighted"] = sorted(view.lit_edges)
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2) + "\n"
