"""Facts about the paths of a gradient: masses, what cancels, the largest paths and their share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flint import arb, fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import Exact
from gradiometer.model import Flow, GraphPoint, RankedPath, find_flow, rank_paths
from gradiometer.question.answer import Fact, proved, unknown
from gradiometer.question.gradient_table import say_idle
from gradiometer.question.value import INFINITY, Value

MOST_ROWS = 5_000
"""Edges of all inputs together up to which what each brings is listed."""

_Flows = Mapping[str, "Flow | UndecidedError"]


def list_flow_facts(point: GraphPoint, *, top: int | None) -> dict[str, Fact]:
    """The facts about the paths from every input to the output.

    Args:
        point: The graph at a point.
        top: How many of the largest paths to list; None for none.
    """
    flows = {name: _flow(point, index) for name, index in point.graph.inputs.items()}
    facts = {name: _by_input(flows, read, because) for name, (read, because) in _NUMBERS.items()}
    facts["by_length"] = _by_input(flows, _length_rows, _BY_LENGTH + say_idle(point))
    sizes = [len(flow.edges) for flow in flows.values() if isinstance(flow, Flow)]
    for name, (read, because) in _TABLES.items():
        if sum(sizes) > MOST_ROWS:
            facts[name] = unknown(f"More than {MOST_ROWS:,} rows are not listed.")
        else:
            facts[name] = _by_input(flows, read, because)
    return facts if top is None else facts | _rank(flows, top)


def _flow(point: GraphPoint, index: int) -> Flow | UndecidedError:
    try:
        return find_flow(point, index)
    except UndecidedError as error:
        return error


def _by_input(flows: _Flows, read: Callable[[Flow], Value], because: str) -> Fact:
    """One value for each input; None for inputs of which it is not decided."""
    values: dict[str, Value] = {}
    reasons: list[str] = []
    for name, flow in flows.items():
        try:
            if isinstance(flow, UndecidedError):
                raise flow
            values[name] = read(flow)
        except UndecidedError as error:
            values[name] = None
            reasons.append(f"{name}: {error}")
    if values and all(value is None for value in values.values()):
        return unknown(f"Not decided for {'; '.join(reasons)}.")
    return proved(values, because + (f" Not decided for {'; '.join(reasons)}." if reasons else ""))


def _cancellation(flow: Flow) -> Value:
    gradient, mass = flow.gradient, flow.mass
    if _is_zero(mass):
        return "none"
    if _is_zero(gradient):
        return INFINITY
    if isinstance(gradient, arb) and gradient.contains(0):
        raise UndecidedError("the gradient cannot be told from 0")
    return mass / abs(gradient)


def _effective(flow: Flow) -> Value:
    if _is_zero(flow.mass):
        return "none"
    return 1 if flow.path_count == 1 else flow.effective_paths()


def _is_zero(value: Exact) -> bool:
    return isinstance(value, fmpq) and value == 0


_NUMBERS: Mapping[str, tuple[Callable[[Flow], Value], str]] = {
    "mass": (
        lambda flow: flow.mass,
        "The sum of the sizes of all paths from the input; the gradient is their sum with signs.",
    ),
    "positive_mass": (lambda flow: flow.positive, "The sum of the paths that push upward."),
    "negative_mass": (
        lambda flow: flow.negative,
        "The size of the sum of the paths that push downward; the gradient is the positive mass "
        "less this one.",
    ),
    "cancellation": (
        _cancellation,
        "Mass over the size of the gradient: 1 where nothing cancels, large where the gradient is "
        "a small rest of large opposite parts.",
    ),
    "effective_paths": (
        _effective,
        "e to the entropy of the shares of mass: as many equal paths would be as spread out.",
    ),
}


def _length_rows(flow: Flow) -> list[dict[str, Value]]:
    return [
        {
            "length": row.length,
            "paths": row.paths,
            "contribution": row.contribution,
            "mass": row.mass,
        }
        for row in flow.by_length()
    ]


_BY_LENGTH = "All paths by their number of edges; the contributions add up to the derivative."


def _edge_rows(flow: Flow) -> list[dict[str, Value]]:
    nodes = flow.point.graph.nodes
    return [
        {"from": nodes[edge.start].name, "to": nodes[edge.end].name, "contribution": part,
         "mass": mass}
        for edge, part, mass in zip(flow.edges, flow.contributions, flow.masses, strict=True)
    ]  # fmt: skip


def _tangent_rows(flow: Flow) -> list[dict[str, Value]]:
    ends = dict.fromkeys(edge.end for edge in flow.edges)
    nodes, tangents = flow.point.graph.nodes, flow.tangents
    return [{"name": nodes[index].name, "tangent": tangents[index]} for index in ends]


_TABLES: Mapping[str, tuple[Callable[[Flow], Value], str]] = {
    "edge_contributions": (
        _edge_rows,
        "What all paths of the input that take the edge bring together; over any cut between the "
        "input and the output the contributions add up to the derivative.",
    ),
    "tangents": (
        _tangent_rows,
        "The derivative of each node along the input, from the sweep forward; at the output it is "
        "the derivative that the sweep backward finds.",
    ),
}


def _rank(flows: _Flows, top: int) -> dict[str, Fact]:
    ranked: dict[str, list[RankedPath]] = {}

    def largest(flow: Flow) -> list[dict[str, Value]]:
        found = rank_paths(flow, top)
        ranked[_input_name(flow)] = found
        return _path_rows(flow, found)

    facts = {
        "top_paths": _by_input(flows, largest, _RANKED.format("largest by size")),
        "most_positive": _by_input(flows, _signed(top, 1), _RANKED.format("most positive")),
        "most_negative": _by_input(flows, _signed(top, -1), _RANKED.format("most negative")),
    }
    facts["coverage"] = _by_input(
        flows, lambda flow: _coverage(flow, ranked[_input_name(flow)]),
        "What the largest paths that are listed cover, and what all others sum to.",
    )  # fmt: skip
    return facts


_RANKED = (
    "The {} first, those of value 0 left out; equal ones in the order of their edges, read from "
    "the output back. Enclosed values are ranked by their middles."
)


def _signed(top: int, sign: int) -> Callable[[Flow], list[dict[str, Value]]]:
    return lambda flow: _path_rows(flow, rank_paths(flow, top, sign=sign))


def _input_name(flow: Flow) -> str:
    return flow.point.graph.nodes[flow.source].name


def _path_rows(flow: Flow, paths: Sequence[RankedPath]) -> list[dict[str, Value]]:
    return [
        {
            "path": _spell(flow, path),
            "value": path.value,
            "of_gradient": _share(path.value, flow.gradient),
            "of_mass": _share(abs(path.value), flow.mass),
        }
        for path in paths
    ]


def _spell(flow: Flow, path: RankedPath) -> str:
    """The names along a path; of a long one both ends."""
    nodes = flow.point.graph.nodes
    places = [flow.source, *(flow.edges[index].end for index in path.edges)]
    names = [nodes[index].name for index in places]
    if len(names) > _LONGEST:
        left_out = len(names) - _LONGEST
        half = _LONGEST // 2
        names = [*names[:half], f"… {left_out} more …", *names[-half:]]
    return " -> ".join(names)


_LONGEST = 24
"""Nodes of a path that is written in full."""


def _share(part: Exact, whole: Exact) -> Value:
    """The quotient; None where the whole is 0 or may be."""
    if _is_zero(whole) or (isinstance(whole, arb) and whole.contains(0)):
        return None
    return part / whole


def _coverage(flow: Flow, paths: Sequence[RankedPath]) -> dict[str, Any]:
    total: Exact = fmpq(0)
    mass: Exact = fmpq(0)
    for path in paths:
        total, mass = total + path.value, mass + abs(path.value)
    return {
        "listed": len(paths),
        "paths": flow.path_count,
        "of_mass": _share(mass, flow.mass),
        "sum": total,
        "rest": flow.gradient - total,
    }
