"""Limits far out where one part has none but stays between two bounds."""

from __future__ import annotations

from collections.abc import Callable

from gradiometer.errors import UndecidedError
from gradiometer.formula import ZERO, Apply, Node, Number, free_names
from gradiometer.proof.extended import Infinite, Limit

_BOUNDED = {"sin", "cos", "tanh", "sigmoid", "erf", "erfc", "Phi", "atan"}


def limit_by_bounds(node: Apply, variable: str, limit_of: Callable[[Node], Limit]) -> Limit | None:
    """The limit of infinity plus, nothing times, or what is bounded by; None for anything else.

    Args:
        node: A sum, difference, product or quotient.
        variable: Its variable.
        limit_of: Finds the limit of a part on the side that is looked at.
    """
    if node.operator not in {"+", "-", "*", "/"}:
        return None
    left, right = node.arguments
    if node.operator == "/":
        goes_to = _limit(right, limit_of) if is_bounded(left, variable) else None
        return ZERO if isinstance(goes_to, Infinite) else None
    for part, other in ((left, right), (right, left)):
        found = _limit(part, limit_of) if is_bounded(other, variable) else None
        if node.operator == "*" and found == ZERO:
            return ZERO
        if node.operator != "*" and isinstance(found, Infinite):
            flips = node.operator == "-" and part is right
            return Infinite(-found.sign) if flips else found
    return None


def is_bounded(node: Node, variable: str) -> bool:
    """Whether the form shows that all values lie between two numbers."""
    if variable not in free_names(node):
        return True
    if not isinstance(node, Apply):
        return False
    if node.operator in _BOUNDED:
        return True
    if node.operator == "^":
        base, power = node.arguments
        whole = isinstance(power, Number) and power.value.q == 1 and power.value > 0
        return whole and is_bounded(base, variable)
    return node.operator in {"+", "-", "*", "neg"} and all(
        is_bounded(part, variable) for part in node.arguments
    )


def _limit(node: Node, limit_of: Callable[[Node], Limit]) -> Limit | None:
    try:
        return limit_of(node)
    except UndecidedError:
        return None
