"""The lines of a worked gradient that follow each path, and the line that adds them up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import Exact, to_latex, to_text
from gradiometer.model import GraphPoint, find_flow, multiply, rank_paths
from gradiometer.question.answer import Step
from gradiometer.question.gradient_line import (
    add_trees,
    multiply_trees,
    rounded_number,
    shown_tree,
    write_equation,
    write_partial,
)

MOST_TERMS = 12
"""Longer sums and products are not written out."""

_MOST_LISTED = 10
"""Paths of one input up to which each has a line."""

_MOST_PATHS = 8
"""Of more paths so many have a line, the largest."""

_MOST_INPUTS = 20
"""Inputs whose paths have lines."""

_MOST_NAMES = 16
"""Nodes of a path that is written in full."""

_MOST_EDGES = 400
"""Edges of a graph whose paths have lines; those of larger ones are listed as facts on request."""

_ZERO, _ONE = fmpq(0), fmpq(1)

_Path: TypeAlias = "tuple[tuple[int, int], ...]"
"""The edges of a path: the later node of each, and which of its operands the earlier one is."""


def write_paths(point: GraphPoint) -> list[Step]:
    """For each input a line for each of its paths, and one that adds them up."""
    graph = point.graph
    if sum(len(node.operands) for node in graph.nodes) > _MOST_EDGES:
        return []
    counts = graph.count_paths()
    inputs = [index for index in graph.inputs.values() if index != graph.output and counts[index]]
    steps: list[Step] = []
    for index in inputs[:_MOST_INPUTS]:
        try:
            steps += _write_input(point, index, counts[index])
        except UndecidedError:
            # A product that balls cannot hold has no line; the chain rule above stands alone.
            continue
    left_out = len(inputs) - _MOST_INPUTS
    if left_out > 0:
        inputs_left = "one more input is" if left_out == 1 else f"{left_out:,} more inputs are"
        steps.append(Step("…", f"The paths of {inputs_left} not written out.", r"\cdots"))
    return steps


def _write_input(point: GraphPoint, index: int, count: int) -> list[Step]:
    """The lines of one input; none where one local derivative is the whole path."""
    if count <= _MOST_LISTED:
        paths, rest = _list_paths(point, index), _ZERO
    else:
        paths, rest = _largest_paths(point, index)
    if count == 1 and len(paths[0]) == 1:
        return []
    values = [_product(point, path) for path in paths]
    steps = [
        _path_step(point, index, path, value) for path, value in zip(paths, values, strict=True)
    ]
    if count > len(paths):
        steps.append(_rest_step(count - len(paths), rest, is_first=not paths))
        values.append(rest)
    known = [value for value in values if value is not None]
    if count > 1 and len(known) == len(values):
        steps.append(_sum_step(point, index, count, known))
    return steps


def _list_paths(point: GraphPoint, index: int) -> list[_Path]:
    """All paths of one input, in the order in which its value is used."""
    graph, counts = point.graph, point.graph.count_paths()
    onward: dict[int, list[tuple[int, int]]] = {}
    for start, end, position in graph.edges():
        onward.setdefault(start, []).append((end, position))
    found: list[_Path] = []
    stack: list[_Path] = [((index, -1),)]
    while stack:
        trail = stack.pop()
        node = trail[-1][0]
        if node == graph.output:
            found.append(trail[1:])
            continue
        stack += [(*trail, edge) for edge in reversed(onward.get(node, [])) if counts[edge[0]]]
    return found


def _largest_paths(point: GraphPoint, index: int) -> tuple[list[_Path], Exact]:
    """The largest paths, and what all others sum to."""
    flow = find_flow(point, index)
    ranked = rank_paths(flow, _MOST_PATHS)
    paths = [
        tuple((flow.edges[edge].end, flow.edges[edge].position) for edge in path.edges)
        for path in ranked
    ]
    # Paths of value 0 are not ranked, so after fewer than asked for nothing is left.
    rest = _ZERO
    if len(ranked) == _MOST_PATHS:
        rest = flow.gradient
        for path in ranked:
            rest -= path.value
    return paths, rest


def _slope(point: GraphPoint, edge: tuple[int, int]) -> Exact | None:
    end, position = edge
    return point.slopes[end][position] if point.is_live[end] else _ZERO


def _product(point: GraphPoint, path: _Path) -> Exact | None:
    value: Exact = _ONE
    for edge in path:
        slope = _slope(point, edge)
        if slope is None:
            return None
        value = multiply(value, slope)
    return value


def _path_step(point: GraphPoint, index: int, path: _Path, value: Exact | None) -> Step:
    """`a -> v1 -> c: -2*3 = -6`."""
    nodes = point.graph.nodes
    trees = [shown_tree(nodes[k]) for k in (index, *(end for end, _ in path))]
    plain = " -> ".join(_both_ends([to_text(tree) for tree in trees], "… {} more …"))
    latex = r" \to ".join(_both_ends([to_latex(tree) for tree in trees], r"\cdots"))
    uses = _say_uses(point, index, path)
    if value is None:
        open_at = next(nodes[end] for end, k in path if _slope(point, (end, k)) is None)
        because = f"{open_at.name} has no single slope here, so the path has no single value{uses}."
        return Step(f"{plain}: ?", because, rf"{latex}:\quad ?")
    slopes = [slope for edge in path if (slope := _slope(point, edge)) is not None]
    product = [multiply_trees([rounded_number(slope) for slope in slopes])]
    because = f"The product of the local derivatives along the path{uses}."
    step = write_equation(("", ""), product if len(slopes) <= MOST_TERMS else [], value, because)
    return replace(step, formula=f"{plain}: {step.formula}", latex=rf"{latex}:\quad {step.latex}")


def _both_ends(parts: Sequence[str], gap: str) -> Sequence[str]:
    """The parts; of many the first and the last ones, with the number of those between."""
    if len(parts) <= _MOST_NAMES:
        return parts
    half = _MOST_NAMES // 2
    return [*parts[:half], gap.format(len(parts) - 2 * half), *parts[-half:]]


def _say_uses(point: GraphPoint, index: int, path: _Path) -> str:
    """Which use of an operand the path takes where an operation uses one several times."""
    nodes, start = point.graph.nodes, index
    said: list[str] = []
    for end, position in path:
        operands = nodes[end].operands[nodes[end].gates :]
        if operands.count(start) > 1:
            use = nodes[end].operands[nodes[end].gates : position + 1].count(start)
            said.append(f"use {use} of {nodes[start].name} in {nodes[end].name}")
        start = end
    if len(said) > 4:
        said = [*said[:4], "…"]
    return f" ({', '.join(said)})" if said else ""


def _rest_step(left_out: int, rest: Exact, *, is_first: bool) -> Step:
    """What the paths without a line sum to."""
    many = left_out < 10**30
    number = f"{left_out:,}" if many else "more than 10^30"
    latex = f"{left_out:,}".replace(",", r"\,") if many else r"\text{more than } 10^{30}"
    other = "" if is_first else "other "
    paths = "path" if left_out == 1 else "paths"
    end = rounded_number(rest)
    step = write_equation(("", ""), [end], rest, "")
    return Step(
        f"{number} {other}{paths}: {step.formula}",
        "Each of them is 0." if is_first else "What all smaller paths sum to.",
        rf"{latex} \text{{ {other}{paths}: }} {step.latex}",
    )


def _sum_step(point: GraphPoint, index: int, count: int, values: Sequence[Exact]) -> Step:
    """`dc/da = -6 + 1 = -5`."""
    graph = point.graph
    node, output = graph.nodes[index], graph.nodes[graph.output]
    number = f"{count:,}" if count < 10**30 else "more than 10^30"
    total = point.adjoints[index]
    if total is None:
        total = _ZERO
        for value in values:
            total += value
    return write_equation(
        write_partial(output, node),
        [add_trees([rounded_number(value) for value in values])],
        total,
        f"The sum of the {number} paths of {node.name}, as the chain rule found.",
    )
