"""How one line of a worked gradient is spelled: `dc/da = … = value`, plain and in LaTeX."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from flint import fmpq

from gradiometer.formula import (
    Exact,
    Name,
    Node,
    Number,
    apply,
    substitute,
    to_decimal,
    to_latex,
    to_rational_text,
    to_text,
    walk,
)
from gradiometer.model import GraphNode, GraphPoint
from gradiometer.question.answer import Step
from gradiometer.question.gradient_table import round_value

_LONGEST = 16
"""Characters of a number that is written in full; others are rounded."""

_DIGITS = 7
"""Significant digits of a rounded number."""


def write_equation(
    head: tuple[str, str],
    trees: Sequence[Node],
    value: Exact,
    because: str,
    *,
    symbols: tuple[str, str] = ("", ""),
) -> Step:
    """`head = tree = … = value`; a part that repeats the one before is left out.

    A part with a rounded number stands behind `≈`, and so does a value that is rounded itself or
    follows from such a part.
    """
    end = rounded_number(value)
    is_rounded = not (isinstance(value, fmpq) and end == Number(value))
    parts = [(head, False), (symbols, False)]
    parts += [((to_text(tree), to_latex(tree)), _has_rounded(tree)) for tree in trees]
    parts.append(((to_text(end), to_latex(end)), is_rounded or parts[-1][1]))
    return Step(
        _join([(text[0], about) for text, about in parts], "≈"),
        because,
        _join([(text[1], about) for text, about in parts], r"\approx"),
    )


def _join(parts: Sequence[tuple[str, bool]], nearly: str) -> str:
    line = last = ""
    for text, is_rounded in parts:
        if text and text != last:
            line = f"{line} {nearly if is_rounded else '='} {text}" if line else text
            last = text
    return line


def _has_rounded(tree: Node) -> bool:
    """Whether a number in it was rounded; one that the user wrote has a place in a text."""
    return any(isinstance(n, Number) and n.text != "" and n.span is None for n in walk(tree))


def shown_tree(node: GraphNode) -> Node:
    """How the node stands in a line: its name, or its operation where it has none."""
    return node.shown if node.shown is not None else Name(node.name)


def write_partial(of: GraphNode, by: GraphNode) -> tuple[str, str]:
    """The derivative of one node by another, plain and in LaTeX."""
    above, below = shown_tree(of), shown_tree(by)
    plain = "/".join(
        f"d{to_text(n)}" if isinstance(n, Name) else f"d({to_text(n)})" for n in (above, below)
    )
    top, bottom = (
        to_latex(n) if isinstance(n, Name) else rf"\left({to_latex(n)}\right)"
        for n in (above, below)
    )
    return plain, rf"\frac{{\partial {top}}}{{\partial {bottom}}}"


def rounded_number(value: Exact) -> Number:
    """The number as it is written in a line, rounded when it is long or a ball."""
    if isinstance(value, fmpq) and len(to_rational_text(value)) <= _LONGEST:
        return Number(value)
    rounded = round_value(value, digits=_DIGITS)
    return Number(rounded, to_decimal(rounded))


def add_trees(trees: Sequence[Node]) -> Node:
    """The trees as one sum, in their order."""
    return reduce(lambda left, right: apply("+", left, right), trees)


def multiply_trees(trees: Sequence[Node]) -> Node:
    """The trees as one product, in their order."""
    return reduce(lambda left, right: apply("*", left, right), trees)


def insert_values(tree: Node, point: GraphPoint) -> Node:
    """The formula with the value of each name in its place."""
    values = {
        node.name: rounded_number(value)
        for node, value in zip(point.graph.nodes, point.values, strict=True)
        if value is not None and isinstance(node.shown, Name)
    }
    return substitute(tree, values)
