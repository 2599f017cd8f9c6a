"""The worked derivation of a gradient, in the order in which a reader would work.

Values forward, local derivatives, the chain rule backward from the output, then the paths of each
input one by one, and their sum.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradiometer.errors import UndecidedError
from gradiometer.formula import Node, apply, free_names, substitute, to_latex, to_text
from gradiometer.model import Gradient, GraphNode, GraphPoint, slope_tree
from gradiometer.question.answer import Step
from gradiometer.question.gradient_line import (
    add_trees,
    insert_values,
    rounded_number,
    shown_tree,
    write_equation,
    write_partial,
)
from gradiometer.question.gradient_paths import MOST_TERMS, write_paths

_MOST_NODES = 40
"""Larger graphs show the chain rule of at most so many inputs only, then the paths."""


def write_steps(point: GraphPoint, found: Gradient) -> tuple[Step, ...]:
    """Every line with its numbers, in the order in which a reader would work."""
    graph = point.graph
    computed = [k for k, node in enumerate(graph.nodes) if node.operation is not None]
    inputs = list(graph.inputs.values())
    if len(graph.nodes) > _MOST_NODES:
        steps = [_chain_step(point, found, index) for index in inputs[:_MOST_NODES]]
        return (*(step for step in steps if step is not None), *write_paths(point))
    steps = [_value_step(point, index) for index in computed]
    for index in computed:
        node = graph.nodes[index]
        if point.is_live[index]:
            edges = range(node.gates, len(node.operands))
            steps += [_slope_step(point, index, position) for position in edges]
    backward = [index for index in reversed(computed) if index != graph.output]
    steps += [_chain_step(point, found, index) for index in (*backward, *inputs)]
    return (*(step for step in steps if step is not None), *write_paths(point))


def _value_step(point: GraphPoint, index: int) -> Step | None:
    node, value = point.graph.nodes[index], point.values[index]
    if value is None or node.operation is None:
        return None
    head = shown_tree(node)
    trees = [] if node.operation == head else [node.operation]
    if free_names(node.operation):
        trees.append(insert_values(node.operation, point))
    return write_equation((to_text(head), to_latex(head)), trees, value, f"Value of {node.name}.")


def _slope_step(point: GraphPoint, index: int, position: int) -> Step:
    """The local derivative for one operand; one that stands twice has two."""
    node, slope = point.graph.nodes[index], point.slopes[index][position]
    operand = point.graph.nodes[node.operands[position]]
    uses = node.operands[node.gates :].count(node.operands[position])
    use = node.operands[node.gates : position + 1].count(node.operands[position])
    which = f", use {use} of {uses}" if uses > 1 else ""
    if index == point.graph.output and point.graph.count_paths()[node.operands[position]] > uses:
        # The derivative along all paths is spelled the same.
        which += ", its other operands held"
    head = write_partial(node, operand)
    if slope is None:
        reason = f"{node.operation_text} has no single slope here{which}."
        return Step(f"{head[0]} = ?", reason, f"{head[1]} = ?")
    formula = _slope_formula(point, index, position)
    if formula is None:
        because = f"Local derivative of {node.name} on the branch taken{which}."
        return write_equation(head, [], slope, because)
    trees = [formula, insert_values(formula, point)] if free_names(formula) else [formula]
    return write_equation(head, trees, slope, f"Local derivative of {node.name}{which}.")


def _slope_formula(point: GraphPoint, index: int, position: int) -> Node | None:
    """The local derivative in the reader's names; None for an operation with branches."""
    node = point.graph.nodes[index]
    if node.template is None:
        return None
    try:
        slope = slope_tree(node.template, position)
    except UndecidedError:
        return None
    operands = (point.graph.nodes[operand] for operand in node.operands)
    return substitute(slope, {f"u{k}": shown_tree(n) for k, n in enumerate(operands)})


def _chain_step(point: GraphPoint, found: Gradient, index: int) -> Step | None:
    """`dc/da = dc/dv*dv/da + …` with its numbers; None where one local derivative says it all."""
    graph = point.graph
    node, output = graph.nodes[index], graph.nodes[graph.output]
    head = write_partial(output, node)
    ends: dict[int, list[int]] = {}
    for start, end, position in graph.edges():
        if start == index and point.is_live[end]:
            ends.setdefault(end, []).append(position)
    value = point.adjoints[index]
    if index == graph.output:
        return None
    if value is None:
        return _open_step(found, node, head)
    if not ends:
        return write_equation(head, [], value, f"{output.name} does not depend on {node.name}.")
    if list(ends) == [graph.output] and len(ends[graph.output]) == 1:
        return None
    if sum(map(len, ends.values())) > MOST_TERMS:
        because = f"Chain rule: the contributions through {len(ends)} nodes add up."
        return write_equation(head, [], value, because)
    terms = [_chain_term(point, index, end, positions) for end, positions in ends.items()]
    symbols = (" + ".join(t[0][0] for t in terms), " + ".join(t[0][1] for t in terms))
    trees = [add_trees([tree for _, tree in terms])]
    vias = " and ".join(graph.nodes[end].name for end in ends)
    because = f"Chain rule through {vias}." if len(ends) < 4 else "Chain rule."
    return write_equation(head, trees, value, because, symbols=symbols)


def _chain_term(
    point: GraphPoint, index: int, end: int, positions: Sequence[int]
) -> tuple[tuple[str, str], Node]:
    """What one later node brings: in symbols (plain and LaTeX), and as a tree of numbers."""
    graph = point.graph
    node, via, output = graph.nodes[index], graph.nodes[end], graph.nodes[graph.output]
    slopes = [point.slopes[end][position] for position in positions]
    numbers = add_trees([rounded_number(slope) for slope in slopes if slope is not None])
    local = write_partial(via, node)
    if end != graph.output:
        outer, adjoint = write_partial(output, via), point.adjoints[end]
        tree = numbers if adjoint is None else apply("*", rounded_number(adjoint), numbers)
        return (f"{outer[0]}*{local[0]}", rf"{outer[1]} \cdot {local[1]}"), tree
    formulas = [_slope_formula(point, end, position) for position in positions]
    if None in formulas:
        return (to_text(numbers), to_latex(numbers)), numbers
    tree = add_trees([formula for formula in formulas if formula is not None])
    return (to_text(tree), to_latex(tree)), numbers


def _open_step(found: Gradient, node: GraphNode, head: tuple[str, str]) -> Step | None:
    """The line of an input whose gradient meets a place without a single slope."""
    sides = found.sides.get(node.name)
    if sides is None or node.operation is not None:
        return None
    if sides.derivative is not None:
        because = "Branches meet on the way, and the slopes from the left and the right agree."
        return write_equation(head, [], sides.derivative, because)
    if sides.left is None or sides.right is None:
        return Step(f"{head[0]} = ?", "Branches meet on the way.", f"{head[1]} = ?")
    left, right = rounded_number(sides.left), rounded_number(sides.right)
    return Step(
        f"{head[0]} = {to_text(left)} from the left, {to_text(right)} from the right",
        "Branches meet here: there is no single derivative.",
        rf"{head[1]} = {to_latex(left)} \text{{ from the left, }} {to_latex(right)} "
        r"\text{ from the right}",
    )
