"""The slope of a formula with kinks as one formula, which at a kink is the slope on its left."""

from __future__ import annotations

from gradiometer.errors import GradiometerError
from gradiometer.formula.branch_slope import differentiate_branches
from gradiometer.formula.derivative import differentiate
from gradiometer.formula.lower import to_piecewise
from gradiometer.formula.steady import to_steady
from gradiometer.formula.tree import Name, Node, apply, is_smooth


def differentiate_left(node: Node, variable: str) -> Node:
    """The derivative for floats: steady far out, and the slope on the left at kinks and jumps.

    A formula whose kinks cannot be found exactly is differentiated branch by branch, and has the
    slope of the branch that it takes there.

    Example:
        >>> from gradiometer.formula import parse, to_text
        >>> to_text(differentiate_left(parse("max(x, 0)").tree, "x"))
        'where(x <= 0, 0, 1)'
        >>> to_text(differentiate_left(parse("1/(1 + e^(-x))").tree, "x"))
        'sigmoid(x)*(1 - sigmoid(x))'
    """
    steady = to_steady(node)
    if is_smooth(steady):
        return to_steady(differentiate(steady, variable))
    try:
        pieces = to_piecewise(steady, variable).pieces
        slopes = [
            (piece.on.upper, to_steady(differentiate(piece.formula, variable)))
            for piece in pieces
            if not piece.on.is_point
        ]
    except GradiometerError:
        return to_steady(differentiate_branches(steady, variable))
    return _choose(slopes, variable)


def _choose(slopes: list[tuple[Node | None, Node]], variable: str) -> Node:
    """The slope up to each end, from left to right, as choices within choices."""
    if not slopes:
        return Name(variable)
    chosen = slopes[-1][1]
    for (end, slope), (_, following) in zip(slopes[-2::-1], slopes[:0:-1], strict=True):
        if end is not None and slope != following:
            chosen = apply("where", apply("<=", Name(variable), end), slope, chosen)
    return chosen
