"""A tree with branches in, its derivative as a tree with the same branches out.

Where branches meet, the slope is that of the branch that is taken there: `max` and `min` take the
first of equal arguments, `abs` and `relu` have slope 0 at 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gradiometer.formula.derivative import differentiate
from gradiometer.formula.tidy import tidy
from gradiometer.formula.tree import (
    OPERATORS,
    ZERO,
    Apply,
    Name,
    Node,
    apply,
    free_names,
    is_smooth,
    map_children,
    substitute,
)


def differentiate_branches(node: Node, variable: str) -> Node:
    """The derivative with respect to *variable*, branch by branch.

    Example:
        >>> from gradiometer.formula import parse, to_text
        >>> to_text(differentiate_branches(parse("max(x, 2y)^2").tree, "y"))
        '2*max(x, 2*y)*where(x >= 2*y, 0, 2)'
    """
    if variable not in free_names(node):
        return ZERO
    if is_smooth(node):
        return differentiate(node, variable)
    if isinstance(node, Apply) and OPERATORS[node.operator].kind == "piecewise":
        return tidy(_branches(node, variable))
    # Each part with branches stands as a name of its own, and the chain rule does the rest.
    parts: dict[Node, Name] = {}

    def hide(current: Node) -> Node:
        if isinstance(current, Apply) and OPERATORS[current.operator].kind == "piecewise":
            return parts.setdefault(current, Name(f"branch {len(parts)}"))
        return map_children(current, hide)

    outer = hide(node)
    shown: dict[str, Node] = {name.name: part for part, name in parts.items()}
    slope = differentiate(outer, variable)
    for part, name in parts.items():
        inner = differentiate_branches(part, variable)
        if inner != ZERO:
            slope = apply("+", slope, apply("*", differentiate(outer, name.name), inner))
    return tidy(substitute(slope, shown))


def _branches(node: Apply, variable: str) -> Node:
    """The derivative of a function with branches."""
    return _SLOPES[node.operator](
        node.arguments, lambda part: differentiate_branches(part, variable)
    )


def _largest(arguments: tuple[Node, ...], slope: Callable[[Node], Node], sign: str = ">=") -> Node:
    first, *rest = arguments
    if not rest:
        return slope(first)
    other = rest[0] if len(rest) == 1 else apply("max" if sign == ">=" else "min", *rest)
    below = _largest(tuple(rest), slope, sign)
    return _where(apply(sign, first, other), slope(first), below)


def _clip(arguments: tuple[Node, ...], slope: Callable[[Node], Node]) -> Node:
    part, low, high = arguments
    inside = apply("max", part, low)
    return _where(
        apply("<=", inside, high),
        _where(apply(">=", part, low), slope(part), slope(low)),
        slope(high),
    )


def _choice(arguments: tuple[Node, ...], slope: Callable[[Node], Node]) -> Node:
    condition, if_true, if_false = arguments
    return _where(condition, slope(if_true), slope(if_false))


def _where(condition: Node, if_true: Node, if_false: Node) -> Node:
    return if_true if if_true == if_false else apply("where", condition, if_true, if_false)


_SLOPES: Mapping[str, Callable[[tuple[Node, ...], Callable[[Node], Node]], Node]] = {
    "abs": lambda parts, slope: apply("*", apply("sign", parts[0]), slope(parts[0])),
    "clip": _clip,
    # Steps are flat wherever they are not at a jump.
    "floor": lambda parts, slope: ZERO,
    "max": _largest,
    "min": lambda parts, slope: _largest(parts, slope, "<="),
    "passed": lambda parts, slope: ZERO,
    "relu": lambda parts, slope: _where(apply(">", parts[0], ZERO), slope(parts[0]), ZERO),
    "sign": lambda parts, slope: ZERO,
    "where": _choice,
}
"""The slope of each function with branches, given how its parts are differentiated."""
