"""The worked derivation of a gradient: values forward, slopes, then the chain rule backward."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    Exact,
    Name,
    Node,
    Number,
    apply,
    free_names,
    substitute,
    to_decimal,
    to_latex,
    to_rational_text,
    to_text,
)
from gradiometer.model import Gradient, GraphNode, GraphPoint, slope_tree
from gradiometer.question.answer import Step
from gradiometer.question.gradient_table import round_value

_MOST_NODES = 40
"""Larger graphs show the chain rule of their inputs only, and at most this many lines."""

_MOST_TERMS = 12
"""Longer sums are not written out."""

_LONGEST = 16
"""Characters of a number that is written in full; others are rounded."""

_DIGITS = 7
"""Significant digits of a rounded number."""


def write_steps(point: GraphPoint, found: Gradient) -> tuple[Step, ...]:
    """Every line with its numbers, in the order in which a reader would work."""
    graph = point.graph
    computed = [k for k, node in enumerate(graph.nodes) if node.operation is not None]
    inputs = list(graph.inputs.values())
    if len(graph.nodes) > _MOST_NODES:
        steps = [_chain_step(point, found, index) for index in inputs[:_MOST_NODES]]
        return tuple(step for step in steps if step is not None)
    steps = [_value_step(point, index) for index in computed]
    for index in computed:
        node = graph.nodes[index]
        if point.is_live[index]:
            edges = range(node.gates, len(node.operands))
            steps += [_slope_step(point, index, position) for position in edges]
    backward = [index for index in reversed(computed) if index != graph.output]
    steps += [_chain_step(point, found, index) for index in (*backward, *inputs)]
    return tuple(step for step in steps if step is not None)


def _value_step(point: GraphPoint, index: int) -> Step | None:
    node, value = point.graph.nodes[index], point.values[index]
    if value is None or node.operation is None:
        return None
    head = _shown(node)
    trees = [] if node.operation == head else [node.operation]
    if free_names(node.operation):
        trees.append(_insert(node.operation, point))
    return _equation((to_text(head), to_latex(head)), trees, value, f"Value of {node.name}.")


def _slope_step(point: GraphPoint, index: int, position: int) -> Step:
    """The local derivative for one operand; one that stands twice has two."""
    node, slope = point.graph.nodes[index], point.slopes[index][position]
    operand = point.graph.nodes[node.operands[position]]
    uses = node.operands[node.gates :].count(node.operands[position])
    use = node.operands[node.gates : position + 1].count(node.operands[position])
    which = f", use {use} of {uses}" if uses > 1 else ""
    head = _partial(node, operand)
    if slope is None:
        reason = f"{node.operation_text} has no single slope here{which}."
        return Step(f"{head[0]} = ?", reason, f"{head[1]} = ?")
    formula = _slope_formula(point, index, position)
    if formula is None:
        because = f"Local derivative of {node.name} on the branch taken{which}."
        return _equation(head, [], slope, because)
    trees = [formula, _insert(formula, point)] if free_names(formula) else [formula]
    return _equation(head, trees, slope, f"Local derivative of {node.name}{which}.")


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
    return substitute(slope, {f"u{k}": _shown(n) for k, n in enumerate(operands)})


def _chain_step(point: GraphPoint, found: Gradient, index: int) -> Step | None:
    """`dc/da = dc/dv*dv/da + …` with its numbers; None where one local derivative says it all."""
    graph = point.graph
    node, output = graph.nodes[index], graph.nodes[graph.output]
    head = _partial(output, node)
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
        return _equation(head, [], value, f"{output.name} does not depend on {node.name}.")
    if list(ends) == [graph.output] and len(ends[graph.output]) == 1:
        return None
    if sum(map(len, ends.values())) > _MOST_TERMS:
        because = f"Chain rule: the contributions through {len(ends)} nodes add up."
        return _equation(head, [], value, because)
    terms = [_chain_term(point, index, end, positions) for end, positions in ends.items()]
    symbols = (" + ".join(t[0][0] for t in terms), " + ".join(t[0][1] for t in terms))
    flows = [point.flow(end, position) for end, ks in ends.items() for position in ks]
    trees = [_add([tree for _, tree in terms]), _add([_number(f) for f in flows if f is not None])]
    vias = " and ".join(graph.nodes[end].name for end in ends)
    because = f"Chain rule through {vias}." if len(ends) < 4 else "Chain rule."
    return _equation(head, trees, value, because, symbols=symbols)


def _chain_term(
    point: GraphPoint, index: int, end: int, positions: Sequence[int]
) -> tuple[tuple[str, str], Node]:
    """What one later node brings: in symbols (plain and LaTeX), and as a tree of numbers."""
    graph = point.graph
    node, via, output = graph.nodes[index], graph.nodes[end], graph.nodes[graph.output]
    slopes = [point.slopes[end][position] for position in positions]
    numbers = _add([_number(slope) for slope in slopes if slope is not None])
    local = _partial(via, node)
    if end != graph.output:
        outer, adjoint = _partial(output, via), point.adjoints[end]
        tree = numbers if adjoint is None else apply("*", _number(adjoint), numbers)
        return (f"{outer[0]}*{local[0]}", rf"{outer[1]} \cdot {local[1]}"), tree
    formulas = [_slope_formula(point, end, position) for position in positions]
    if None in formulas:
        return (to_text(numbers), to_latex(numbers)), numbers
    tree = _add([formula for formula in formulas if formula is not None])
    return (to_text(tree), to_latex(tree)), numbers


def _open_step(found: Gradient, node: GraphNode, head: tuple[str, str]) -> Step | None:
    """The line of an input whose gradient meets a place without a single slope."""
    sides = found.sides.get(node.name)
    if sides is None or node.operation is not None:
        return None
    if sides.derivative is not None:
        because = "Branches meet on the way, and the slopes from the left and the right agree."
        return _equation(head, [], sides.derivative, because)
    if sides.left is None or sides.right is None:
        return Step(f"{head[0]} = ?", "Branches meet on the way.", f"{head[1]} = ?")
    left, right = _number(sides.left), _number(sides.right)
    return Step(
        f"{head[0]} = {to_text(left)} from the left, {to_text(right)} from the right",
        "Branches meet here: there is no single derivative.",
        rf"{head[1]} = {to_latex(left)} \text{{ from the left, }} {to_latex(right)} "
        r"\text{ from the right}",
    )


def _equation(
    head: tuple[str, str],
    trees: Sequence[Node],
    value: Exact,
    because: str,
    *,
    symbols: tuple[str, str] = ("", ""),
) -> Step:
    """`head = tree = … = value`; a part that repeats the one before is left out."""
    end = _number(value)
    plain = [head[0], symbols[0], *map(to_text, trees), to_text(end)]
    latex = [head[1], symbols[1], *map(to_latex, trees), to_latex(end)]
    is_rounded = not (isinstance(value, fmpq) and end == Number(value))
    return Step(
        _join(plain, " ≈ " if is_rounded else " = "),
        because,
        _join(latex, r" \approx " if is_rounded else " = "),
    )


def _join(parts: Sequence[str], last: str) -> str:
    kept: list[str] = []
    for part in parts:
        if part and (not kept or kept[-1] != part):
            kept.append(part)
    return last.join([" = ".join(kept[:-1]), kept[-1]]) if len(kept) > 1 else kept[0]


def _shown(node: GraphNode) -> Node:
    return node.shown if node.shown is not None else Name(node.name)


def _partial(of: GraphNode, by: GraphNode) -> tuple[str, str]:
    """The derivative of one node by another, plain and in LaTeX."""
    above, below = _shown(of), _shown(by)
    plain = "/".join(
        f"d{to_text(n)}" if isinstance(n, Name) else f"d({to_text(n)})" for n in (above, below)
    )
    top, bottom = (
        to_latex(n) if isinstance(n, Name) else rf"\left({to_latex(n)}\right)"
        for n in (above, below)
    )
    return plain, rf"\frac{{\partial {top}}}{{\partial {bottom}}}"


def _number(value: Exact) -> Number:
    """The number as it is written in a line, rounded when it is long or a ball."""
    if isinstance(value, fmpq) and len(to_rational_text(value)) <= _LONGEST:
        return Number(value)
    rounded = round_value(value, digits=_DIGITS)
    return Number(rounded, to_decimal(rounded))


def _add(trees: Sequence[Node]) -> Node:
    return reduce(lambda left, right: apply("+", left, right), trees)


def _insert(tree: Node, point: GraphPoint) -> Node:
    """The formula with the value of each name in its place."""
    values = {
        node.name: _number(value)
        for node, value in zip(point.graph.nodes, point.values, strict=True)
        if value is not None and isinstance(node.shown, Name)
    }
    return substitute(tree, values)
