"""What to look at of a computation: a sum of outputs, the branches taken, the nodes to keep."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Any

from flint import fmpq

from gradiometer.errors import Place, UndecidedError, unknown_name
from gradiometer.formula import Apply, Exact, parse, parse_assignments, plain_name
from gradiometer.model import SLOPES, Graph, GraphPoint, group_paths
from gradiometer.question.answer import Fact, proved, unknown
from gradiometer.question.gradient_table import say_idle

_NAME = re.compile(r"[^\W\d]\w*'*")
_MOST_BUNDLES = 2_000


def join_sum(computation: str, of: str) -> tuple[str, str]:
    """The computation and the name of its output; a sum of outputs becomes an assignment.

    Raises:
        FormulaError: If *of* is neither a name nor a formula.
    """
    if not of.strip() or is_name(of):
        return computation, plain_name(of.strip()) if of.strip() else ""
    parse(of, place=Place("of"))
    taken = {item.name for item in parse_assignments(computation, place=Place("computation"))}
    names = itertools.chain(["output"], (f"output{number}" for number in itertools.count(2)))
    name = next(name for name in names if name not in taken)
    return f"{computation.rstrip().rstrip(';')}; {name} = {of.strip()}", name


def is_name(of: str) -> bool:
    """Whether the text is a single name."""
    return _NAME.fullmatch(of.strip()) is not None


def find_kept(graph: Graph, keep: Sequence[str]) -> list[int]:
    """The nodes with these names; without names those that the user named.

    Raises:
        UnknownNameError: If there is no such node.
    """
    places = {node.name: index for index, node in enumerate(graph.nodes)}
    if not keep:
        return [index for index, node in enumerate(graph.nodes) if node.shown is not node.operation]
    names = [plain_name(part.strip()) for text in keep for part in text.split(",")]
    for name in names:
        if name not in places:
            raise unknown_name(
                name,
                places,
                problem=f"The computation has no node called `{name}`.",
                text=name,
                start=0,
                end=len(name),
                place=Place("keep"),
            )
    return [places[name] for name in dict.fromkeys(names)]


def list_group_facts(point: GraphPoint, kept: Sequence[int]) -> dict[str, Fact]:
    """The graph of the kept nodes, where others are left out of it."""
    graph = point.graph
    stops = {*kept, *graph.inputs.values(), graph.output}
    live = {index for index in range(graph.output + 1) if point.is_live[index]}
    if live <= stops:
        return {}
    try:
        bundles = group_paths(point, kept)
    except UndecidedError as error:
        return {"grouped": unknown(f"Not decided: {error}.")}
    if len(bundles) > _MOST_BUNDLES:
        return {"grouped": unknown(f"More than {_MOST_BUNDLES:,} bundles are not listed.")}
    names = [node.name for node in graph.nodes]
    rows = [
        {
            "from": names[bundle.start],
            "to": names[bundle.end],
            "local": bundle.local,
            "mass": bundle.mass,
            "paths": bundle.paths,
        }
        for bundle in bundles
    ]
    left_out = len(live - stops)
    because = (
        f"{left_out} node{'s are' if left_out > 1 else ' is'} eliminated exactly: a row is the sum "
        "of all paths between two kept nodes that meet no third one, and the paths along the rows "
        "still add up to the derivatives."
    )
    because += say_idle(point)
    return {"grouped": proved(rows, because)}


def list_branch_facts(point: GraphPoint) -> dict[str, Fact]:
    """Which branch each operation takes that has some, and which stand exactly at a kink."""
    rows: list[dict[str, Any]] = []
    for index, node in enumerate(point.graph.nodes):
        template = node.template
        if not isinstance(template, Apply) or not point.is_live[index]:
            continue
        if template.operator == "where" or template.operator in SLOPES:
            rows.append(
                {
                    "name": node.name,
                    "operation": node.operation_text,
                    "follows": _say_branch(point, index),
                    "at_kink": None in point.slopes[index],
                }
            )
    if not rows:
        return {}
    because = (
        "An operation with branches follows one of its operands near the point; exactly at a kink "
        "it follows several, and there is no single local derivative."
    )
    return {"branches": proved(rows, because)}


def _say_branch(point: GraphPoint, index: int) -> str:
    node, slopes = point.graph.nodes[index], point.slopes[index]
    names = [_sign_word(s) + point.graph.nodes[k].name
             for k, s in zip(node.operands, slopes, strict=True) if _moves(s)]  # fmt: skip
    if None in slopes:
        return "several"
    return " and ".join(names) if names else "a constant"


def _moves(slope: Exact | None) -> bool:
    return slope is None or not (isinstance(slope, fmpq) and slope == 0)


def _sign_word(slope: Exact | None) -> str:
    return "-" if isinstance(slope, fmpq) and slope < 0 else ""
