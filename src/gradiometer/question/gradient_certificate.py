"""A solved graph in, the certificate that a checker replays out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flint import arb, fmpq

from gradiometer.formula import Exact, size_in_bits, to_decimal, to_rational_text
from gradiometer.model import Gradient, GraphPoint
from gradiometer.proof import make_certificate
from gradiometer.question.gradient_table import contribution_rows, round_value

_TINY = arb(fmpq(1, 10**200))
_MOST_BITS = 2_000
"""Longer rationals are written rounded, as balls are."""
_DIGITS = 20


def certify_gradient(point: GraphPoint, found: Gradient, at: Mapping[str, str]) -> dict[str, Any]:
    """The certificate of value, derivatives and contributions.

    Its evidence is the value and the adjoint of every node. A ball is written rounded.
    """
    graph = point.graph
    contributions = {
        name: [{"via": row["via"], "value": _spell(row["value"])} for row in rows]
        for name, rows in contribution_rows(point).items()
    }
    sides = {
        name: {"left": _spell(both.left), "right": _spell(both.right)}
        for name, both in found.sides.items()
    }
    derivatives = {name: _spell(value) for name, value in found.derivatives.items()}
    nodes = [
        {"name": node.name, "value": _spell(value), "adjoint": _spell(adjoint)}
        for node, value, adjoint in zip(graph.nodes, point.values, point.adjoints, strict=True)
    ]
    return make_certificate(
        "graph",
        problem={
            "computation": graph.text,
            "at": dict(at),
            "of": graph.nodes[graph.output].name,
        },
        claim={
            "value": _spell(point.values[graph.output]),
            "derivatives": derivatives,
            "contributions": contributions,
            "one_sided": sides,
        },
        evidence={"nodes": nodes},
    )


def _spell(value: Exact | None) -> str | None:
    """The number as text; a ball that cannot be told from zero is written `~0`."""
    if value is None:
        return None
    if isinstance(value, arb) and value.abs_upper() < _TINY:
        return "~0"
    if isinstance(value, fmpq) and size_in_bits(value) <= _MOST_BITS:
        return to_rational_text(value)
    return "~" + to_decimal(round_value(value, digits=_DIGITS), digits=_DIGITS)
